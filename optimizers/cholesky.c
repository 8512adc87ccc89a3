// SPDX-License-Identifier: GPL-3.0-or-later
// cholesky.c - symmetric positive definite matrices, factored and inverted

#include "cholesky.h"

#include <cblas.h>
#include <math.h>

enum { SMALL = 24 }; // not worth a call of BLAS

// The four parts of a matrix that is cut in two both ways.
struct parts {
    size_t first, second;
    double *corner, *side, *rest; // above left, above right, below right
};

static struct parts cut(double *a, size_t n, size_t stride)
{
    size_t half = n / 2;
    return (struct parts){.first = half,
                          .second = n - half,
                          .corner = a,
                          .side = a + half * stride,
                          .rest = a + half * stride + half};
}

static bool factor_small(double *a, size_t n, size_t stride)
{
    for (size_t j = 0; j < n; j++) {
        double *column = a + j * stride;
        for (size_t i = 0; i <= j; i++) {
            const double *other = a + i * stride;
            double sum = column[i];
            for (size_t k = 0; k < i; k++)
                sum -= other[k] * column[k];
            if (i < j)
                column[i] = sum / other[i];
            else if (sum > 0 && isfinite(sum))
                column[j] = sqrt(sum);
            else
                return false;
        }
    }
    return true;
}

bool cholesky_factor(double *a, size_t n, size_t stride)
{
    if (n <= SMALL)
        return factor_small(a, n, stride);
    struct parts p = cut(a, n, stride);
    int first = (int)p.first, second = (int)p.second, ld = (int)stride;
    if (!cholesky_factor(p.corner, p.first, stride))
        return false;
    cblas_dtrsm(CblasColMajor, CblasLeft, CblasUpper, CblasTrans, CblasNonUnit,
                first, second, 1, p.corner, ld, p.side, ld);
    cblas_dsyrk(CblasColMajor, CblasUpper, CblasTrans, second, first, -1,
                p.side, ld, 1, p.rest, ld);
    return cholesky_factor(p.rest, p.second, stride);
}

// U becomes V = U^-1, column by column.
static void reverse_small(double *a, size_t n, size_t stride)
{
    for (size_t j = 0; j < n; j++) {
        double *column = a + j * stride, last = 1 / column[j];
        for (size_t i = 0; i < j; i++) {
            double sum = 0;
            for (size_t k = i; k < j; k++)
                sum += a[k * stride + i] * column[k];
            column[i] = -sum * last;
        }
        column[j] = last;
    }
}

static void reverse(double *a, size_t n, size_t stride)
{
    if (n <= SMALL) {
        reverse_small(a, n, stride);
        return;
    }
    struct parts p = cut(a, n, stride);
    int first = (int)p.first, second = (int)p.second, ld = (int)stride;
    cblas_dtrsm(CblasColMajor, CblasRight, CblasUpper, CblasNoTrans,
                CblasNonUnit, first, second, -1, p.rest, ld, p.side, ld);
    reverse(p.corner, p.first, stride);
    reverse(p.rest, p.second, stride);
    cblas_dtrmm(CblasColMajor, CblasLeft, CblasUpper, CblasNoTrans,
                CblasNonUnit, first, second, 1, p.corner, ld, p.side, ld);
}

// V becomes V V^T: entry (i, j), i <= j, needs the columns from j on alone.
static void square_small(double *a, size_t n, size_t stride)
{
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i <= j; i++) {
            double sum = 0;
            for (size_t k = j; k < n; k++)
                sum += a[k * stride + i] * a[k * stride + j];
            a[j * stride + i] = sum;
        }
}

static void square(double *a, size_t n, size_t stride)
{
    if (n <= SMALL) {
        square_small(a, n, stride);
        return;
    }
    struct parts p = cut(a, n, stride);
    int first = (int)p.first, second = (int)p.second, ld = (int)stride;
    square(p.corner, p.first, stride);
    cblas_dsyrk(CblasColMajor, CblasUpper, CblasNoTrans, first, second, 1,
                p.side, ld, 1, p.corner, ld);
    cblas_dtrmm(CblasColMajor, CblasRight, CblasUpper, CblasTrans, CblasNonUnit,
                first, second, 1, p.rest, ld, p.side, ld);
    square(p.rest, p.second, stride);
}

void cholesky_invert(double *factor, size_t n, size_t stride)
{
    reverse(factor, n, stride);
    square(factor, n, stride);
}

void cholesky_solve(const double *factor, size_t n, size_t stride,
                    bool transposed, double *x)
{
    cblas_dtrsv(CblasColMajor, CblasUpper,
                transposed ? CblasTrans : CblasNoTrans, CblasNonUnit, (int)n,
                factor, (int)stride, x, 1);
}

void cholesky_solve_many(const double *factor, size_t n, size_t stride,
                         size_t m, double *x)
{
    cblas_dtrsm(CblasColMajor, CblasLeft, CblasUpper, CblasTrans, CblasNonUnit,
                (int)n, (int)m, 1, factor, (int)stride, x, (int)stride);
}
