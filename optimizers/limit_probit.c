// SPDX-License-Identifier: GPL-3.0-or-later
// limit_probit.c - a probability that changes along a line, learnt from counts

#include "limit_probit.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "cholesky.h"
#include "normal.h"

enum { SIZE = LIMIT_PROBIT_DEGREE + 1 };

static const double HALF_LN_2PI = 0.91893853320467274178;

static double log_density(double z)
{
    return -0.5 * z * z - HALF_LN_2PI;
}

static double weight_of(const struct limit_probit_data *data, size_t i)
{
    return data->weight ? data->weight[i] : 1;
}

static double penalty(const struct limit_probit_data *data, unsigned power)
{
    if (!data->ridge || power == 0)
        return 0;
    return power == 1 ? 1e-4 : 1e-3;
}

static void powers(double x, unsigned degree, double *row)
{
    row[0] = 1;
    for (unsigned i = 1; i <= degree; i++)
        row[i] = row[i - 1] * x;
}

// Adds f * row row^T to the upper triangle.
static void add_square(double f, const double *row, unsigned degree,
                       double matrix[SIZE * SIZE])
{
    for (unsigned j = 0; j <= degree; j++)
        for (unsigned i = 0; i <= j; i++)
            matrix[j * SIZE + i] += f * row[i] * row[j];
}

static bool solve(double matrix[SIZE * SIZE], unsigned degree, double *x)
{
    for (unsigned i = 0; i <= degree; i++)
        if (!(matrix[i * SIZE + i] > 0))
            return false;
    if (!cholesky_factor(matrix, degree + 1, SIZE))
        return false;
    cholesky_solve(matrix, degree + 1, SIZE, true, x);
    cholesky_solve(matrix, degree + 1, SIZE, false, x);
    return true;
}

// Least squares of the probits of (k + 1/2) / (n + 1).
static bool start(const struct limit_probit_data *data,
                  struct limit_probit *probit)
{
    double matrix[SIZE * SIZE] = {0}, row[SIZE];
    memset(probit->theta, 0, sizeof probit->theta);
    for (size_t i = 0; i < data->n; i++) {
        double w = weight_of(data, i) * data->toys[i];
        double z =
            -normal_quantile((data->hits[i] + 0.5) / (data->toys[i] + 1));
        powers(data->x[i], probit->degree, row);
        add_square(w, row, probit->degree, matrix);
        for (unsigned j = 0; j <= probit->degree; j++)
            probit->theta[j] += w * z * row[j];
    }
    for (unsigned j = 0; j <= probit->degree; j++)
        matrix[j * SIZE + j] += penalty(data, j);
    return solve(matrix, probit->degree, probit->theta);
}

// The penalised ln likelihood, weighted.
static double likelihood(const struct limit_probit_data *data,
                         const struct limit_probit *probit)
{
    double sum = 0;
    for (size_t i = 0; i < data->n; i++) {
        double z = limit_probit_z(probit, data->x[i]);
        double misses = data->toys[i] - data->hits[i];
        sum += weight_of(data, i) * (data->hits[i] * normal_log_cdf(-z) +
                                     misses * normal_log_cdf(z));
    }
    for (unsigned j = 0; j <= probit->degree; j++)
        sum -= 0.5 * penalty(data, j) * probit->theta[j] * probit->theta[j];
    return sum;
}

// The score, and adds the information to the upper triangle.
static void derive(const struct limit_probit_data *data,
                   const struct limit_probit *probit, double score[SIZE],
                   double information[SIZE * SIZE])
{
    double row[SIZE];
    for (unsigned j = 0; j <= probit->degree; j++) {
        score[j] = -penalty(data, j) * probit->theta[j];
        information[j * SIZE + j] += penalty(data, j);
    }
    for (size_t i = 0; i < data->n; i++) {
        double z = limit_probit_z(probit, data->x[i]);
        double log_p = normal_log_cdf(-z), log_q = normal_log_cdf(z);
        double expected = data->toys[i] * exp(log_p), w = weight_of(data, i);
        double step = exp(log_density(z) - log_p - log_q);
        double known = data->toys[i] * exp(2 * log_density(z) - log_p - log_q);
        powers(data->x[i], probit->degree, row);
        for (unsigned j = 0; j <= probit->degree; j++)
            score[j] += w * (expected - data->hits[i]) * step * row[j];
        add_square(w * known, row, probit->degree, information);
    }
}

// Moves by the step, or by the first of its halves that does not lose.
static void move(const struct limit_probit_data *data, const double *step,
                 struct limit_probit *probit)
{
    struct limit_probit from = *probit;
    double before = likelihood(data, probit);
    for (double part = 1; part > 1e-4; part /= 2) {
        for (unsigned j = 0; j <= probit->degree; j++)
            probit->theta[j] = from.theta[j] + part * step[j];
        double after = likelihood(data, probit);
        if (after >= before - 1e-12 * fabs(before))
            return;
    }
    *probit = from;
}

// The inverse of the information, all of it.
static bool covary(const struct limit_probit_data *data,
                   struct limit_probit *probit)
{
    double score[SIZE], *matrix = probit->covariance;
    memset(matrix, 0, sizeof probit->covariance);
    derive(data, probit, score, matrix);
    if (!cholesky_factor(matrix, probit->degree + 1, SIZE))
        return false;
    cholesky_invert(matrix, probit->degree + 1, SIZE);
    for (unsigned j = 0; j <= probit->degree; j++)
        for (unsigned i = 0; i < j; i++)
            matrix[i * SIZE + j] = matrix[j * SIZE + i];
    return true;
}

bool limit_probit_fit(const struct limit_probit_data *data, unsigned degree,
                      struct limit_probit *probit)
{
    assert(degree <= LIMIT_PROBIT_DEGREE);
    *probit = (struct limit_probit){.degree = degree};
    if (!start(data, probit))
        return false;
    for (unsigned i = 0; i < LIMIT_PROBIT_ITERATIONS; i++) {
        double step[SIZE], information[SIZE * SIZE] = {0}, largest = 0;
        derive(data, probit, step, information);
        if (!solve(information, degree, step))
            return false;
        move(data, step, probit);
        for (unsigned j = 0; j <= degree; j++)
            largest = fmax(largest, fabs(step[j]));
        if (!isfinite(largest))
            return false;
        if (largest < 1e-9)
            return covary(data, probit);
    }
    return false;
}

double limit_probit_z(const struct limit_probit *probit, double x)
{
    double z = 0;
    for (unsigned j = probit->degree + 1; j-- > 0;)
        z = z * x + probit->theta[j];
    return z;
}

double limit_probit_log(const struct limit_probit *probit, double x)
{
    return normal_log_cdf(-limit_probit_z(probit, x));
}

double limit_probit_slope(double z)
{
    return -exp(log_density(z) - normal_log_cdf(-z));
}

double limit_probit_variance(const struct limit_probit *probit, double x)
{
    double row[SIZE], sum = 0;
    powers(x, probit->degree, row);
    for (unsigned j = 0; j <= probit->degree; j++)
        for (unsigned i = 0; i <= probit->degree; i++)
            sum += row[i] * row[j] * probit->covariance[j * SIZE + i];
    double slope = limit_probit_slope(limit_probit_z(probit, x));
    return slope * slope * sum;
}
