// SPDX-License-Identifier: GPL-3.0-or-later
// cholesky.h - symmetric positive definite matrices, factored and inverted
//
// An n x n matrix is kept column by column, `stride` >= n doubles apart; only
// the upper triangle is read and written. Its factor U is upper triangular
// with A = U^T U, so that a column of U depends on the columns before it alone
// and a row can be appended. Halves are treated recursively, which leaves
// nearly all of the work to BLAS (Gustavson, "Recursion leads to automatic
// variable blocking for dense linear-algebra algorithms", IBM J. Res. Dev. 41,
// 1997): the OpenBLAS packages come without LAPACKE.

#ifndef CUMAE_CHOLESKY_H
#define CUMAE_CHOLESKY_H

#include <stdbool.h>
#include <stddef.h>

// Replaces the matrix by its factor U; false when it is not positive definite,
// and then the triangle is spoiled.
bool cholesky_factor(double *matrix, size_t n, size_t stride);

// Replaces a factor U by the inverse of U^T U.
void cholesky_invert(double *factor, size_t n, size_t stride);

// x becomes U^-T x (`transposed`), or U^-1 x.
void cholesky_solve(const double *factor, size_t n, size_t stride,
                    bool transposed, double *x);

// Each of the m columns of x, `stride` apart as well, becomes U^-T of itself.
void cholesky_solve_many(const double *factor, size_t n, size_t stride,
                         size_t m, double *x);

#endif
