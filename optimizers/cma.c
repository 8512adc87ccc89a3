// SPDX-License-Identifier: GPL-3.0-or-later
// cma.c - a normal distribution that learns from ranked samples (CMA-ES)

#include "cma.h"

#include <assert.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

static const double tolerance_value = 1e-12, tolerance_step = 1e-12;
static const double largest_growth = 1e4, largest_condition = 1e14;

// ---- constants --------------------------------------------------------------

size_t cma_lambda(size_t n)
{
    return 4 + (size_t)floor(3 * log((double)n));
}

// (sum w)^2 / sum w^2: how many equally weighted samples w is worth.
static double effective(const double *weight, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        sum += weight[i];
        squares += weight[i] * weight[i];
    }
    return squares > 0 ? sum * sum / squares : 0;
}

// Equations 49-53: positive weights sum to 1, negative ones to what keeps C
// positive definite.
static void scale_weights(double *weight, size_t lambda, size_t n,
                          const struct cma_rates *rates)
{
    size_t mu = lambda / 2;
    double mu_eff_minus = effective(weight + mu, lambda - mu);
    double alpha = 1 + rates->c_1 / rates->c_mu;
    alpha = fmin(alpha, 1 + 2 * mu_eff_minus / (rates->mu_eff + 2));
    alpha =
        fmin(alpha, (1 - rates->c_1 - rates->c_mu) / ((double)n * rates->c_mu));
    double plus = 0, minus = 0;
    for (size_t i = 0; i < lambda; i++) {
        plus += fmax(weight[i], 0);
        minus += fmax(-weight[i], 0);
    }
    for (size_t i = 0; i < lambda; i++)
        weight[i] = weight[i] >= 0 ? weight[i] / plus
                    : n > CMA_FULL ? 0
                                   : alpha * weight[i] / minus;
}

struct cma_rates cma_rates(size_t n, size_t lambda, struct arena *arena)
{
    assert(n >= 1 && lambda >= 4);
    double N = (double)n, *weight = arena_doubles(arena, lambda);
    for (size_t i = 0; i < lambda; i++)
        weight[i] = log(((double)lambda + 1) / 2) - log((double)i + 1);
    double mu_eff = effective(weight, lambda / 2);
    struct cma_rates r = {.mu_eff = mu_eff, .weight = weight};
    r.c_1 = 2 / ((N + 1.3) * (N + 1.3) + mu_eff);
    r.c_1 *= fmin(1, (double)lambda / 6);
    r.c_mu = 2 * (mu_eff - 1.75 + 1 / mu_eff) / ((N + 2) * (N + 2) + mu_eff);
    r.c_c = (4 + mu_eff / N) / (N + 4 + 2 * mu_eff / N);
    if (n > CMA_FULL) {
        r.c_1 = fmin(0.5, r.c_1 * (N + 2) / 3);
        r.c_mu *= (N + 2) / 3;
        r.c_c = 4 / (N + 4);
    }
    r.c_mu = fmin(1 - r.c_1, r.c_mu);
    r.c_sigma = fmin(0.5, (mu_eff + 2) / (N + mu_eff + 3));
    r.d_sigma = 1 + 2 * fmax(0, sqrt((mu_eff - 1) / (N + 1)) - 1) + r.c_sigma;
    r.chi = sqrt(N) * (1 - 1 / (4 * N) + 1 / (21 * N * N));
    scale_weights(weight, lambda, n, &r);
    return r;
}

// ---- state ------------------------------------------------------------------

static size_t size_of(const struct cma *cma)
{
    return cma->separable ? cma->n : cma->n * cma->n;
}

static void allocate(struct cma *cma, struct arena *arena)
{
    size_t n = cma->n;
    cma->mean = arena_doubles(arena, n);
    cma->path_sigma = arena_doubles(arena, n);
    cma->path_c = arena_doubles(arena, n);
    cma->deviation = arena_doubles(arena, n);
    cma->covariance = arena_doubles(arena, size_of(cma));
    cma->vectors = cma->separable ? NULL : arena_doubles(arena, n * n);
}

struct cma *cma_new(size_t n, const double *mean, double sigma,
                    struct arena *arena)
{
    assert(n >= 1);
    struct cma *cma = arena_zeros(arena, 1, sizeof *cma);
    cma->n = n;
    cma->separable = n > CMA_FULL;
    cma->sigma0 = cma->sigma = sigma;
    allocate(cma, arena);
    size_t size = size_of(cma), stride = cma->separable ? 1 : n + 1;
    memset(cma->covariance, 0, size * sizeof(double));
    for (size_t k = 0; k < n; k++) {
        cma->mean[k] = mean[k];
        cma->path_sigma[k] = cma->path_c[k] = 0;
        cma->deviation[k] = cma->covariance[k * stride] = 1;
    }
    if (cma->vectors)
        memcpy(cma->vectors, cma->covariance, size * sizeof(double));
    return cma;
}

void cma_assign(struct cma *cma, const struct cma *from)
{
    assert(cma->n == from->n);
    struct cma own = *cma;
    size_t bytes = from->n * sizeof(double);
    size_t matrix = size_of(from) * sizeof(double);
    *cma = *from;
    cma->mean = memcpy(own.mean, from->mean, bytes);
    cma->path_sigma = memcpy(own.path_sigma, from->path_sigma, bytes);
    cma->path_c = memcpy(own.path_c, from->path_c, bytes);
    cma->deviation = memcpy(own.deviation, from->deviation, bytes);
    cma->covariance = memcpy(own.covariance, from->covariance, matrix);
    cma->vectors = own.vectors;
    if (own.vectors && from->vectors)
        memcpy(own.vectors, from->vectors, matrix);
}

struct cma *cma_copy(const struct cma *from, struct arena *arena)
{
    struct cma *cma = arena_alloc(arena, sizeof *cma);
    *cma = *from;
    allocate(cma, arena);
    cma_assign(cma, from);
    return cma;
}

double cma_variance(const struct cma *cma, size_t k)
{
    return cma->covariance[k * (cma->separable ? 1 : cma->n + 1)];
}

// ---- the metric of C --------------------------------------------------------

// out = B' y, the coordinates of y along the axes.
static void to_axes(const struct cma *cma, const double *y, double *out)
{
    size_t n = cma->n;
    if (cma->separable)
        memcpy(out, y, n * sizeof *out);
    for (size_t k = 0; k < n && !cma->separable; k++) {
        const double *axis = cma->vectors + k * n;
        double sum = 0;
        for (size_t j = 0; j < n; j++)
            sum += axis[j] * y[j];
        out[k] = sum;
    }
}

// out = B a; not in place.
static void from_axes(const struct cma *cma, const double *a, double *out)
{
    size_t n = cma->n;
    if (cma->separable) {
        memcpy(out, a, n * sizeof *out);
        return;
    }
    memset(out, 0, n * sizeof *out);
    for (size_t k = 0; k < n; k++)
        for (size_t j = 0; j < n; j++)
            out[j] += a[k] * cma->vectors[k * n + j];
}

// |C^-1/2 y|^2
static double square_length(const struct cma *cma, const double *y,
                            double *scratch)
{
    double sum = 0;
    to_axes(cma, y, scratch);
    for (size_t k = 0; k < cma->n; k++) {
        double z = scratch[k] / cma->deviation[k];
        sum += z * z;
    }
    return sum;
}

void cma_step(const struct cma *cma, struct rng *rng, double *scratch,
              double *step)
{
    for (size_t k = 0; k < cma->n; k++)
        scratch[k] = cma->deviation[k] * rng_normal(rng);
    from_axes(cma, scratch, step);
}

// LAPACK leaves the sign open, and its kernels differ between processors: a
// vector's largest component is positive.
static void choose_sign(double *vector, size_t n)
{
    double largest = 0;
    for (size_t k = 0; k < n; k++)
        largest = fabs(vector[k]) > fabs(largest) ? vector[k] : largest;
    for (size_t k = 0; k < n && largest < 0; k++)
        vector[k] = -vector[k];
}

// Renews B and d. Rounding may leave an eigenvalue at or below zero: it is
// lifted, and cma_converged ends the run.
static void renew(struct cma *cma)
{
    size_t n = cma->n, size = size_of(cma);
    double largest = 0;
    for (size_t i = 0; i < size; i++)
        cma->degenerate |= !isfinite(cma->covariance[i]);
    if (cma->degenerate)
        return;
    if (cma->separable) {
        memcpy(cma->deviation, cma->covariance, size * sizeof(double));
    } else {
        memcpy(cma->vectors, cma->covariance, size * sizeof(double));
        // Column by column for LAPACK is row by row for us.
        int info = LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', (int)n,
                                  cma->vectors, (int)n, cma->deviation);
        cma->degenerate |= info != 0;
        for (size_t k = 0; k < n; k++)
            choose_sign(cma->vectors + k * n, n);
    }
    for (size_t k = 0; k < n; k++)
        largest = fmax(largest, cma->deviation[k]);
    for (size_t k = 0; k < n; k++) {
        double least = fmax(largest * 1e-20, 1e-300);
        cma->degenerate |= !(cma->deviation[k] > 0);
        cma->deviation[k] = sqrt(fmax(cma->deviation[k], least));
    }
    cma->renewed = cma->generation;
}

struct cma *cma_new_shaped(size_t n, const double *mean,
                           const double *covariance, struct arena *arena)
{
    struct cma *cma = cma_new(n, mean, 1, arena);
    for (size_t i = 0; i < size_of(cma); i++)
        cma->covariance[i] = covariance[cma->separable ? i * (n + 1) : i];
    renew(cma);
    double logs = 0;
    for (size_t k = 0; k < n; k++)
        logs += log(cma->deviation[k]) / (double)n;
    cma->sigma = cma->sigma0 = exp(logs);
    for (size_t k = 0; k < n; k++)
        cma->deviation[k] /= cma->sigma;
    for (size_t i = 0; i < size_of(cma); i++)
        cma->covariance[i] /= cma->sigma * cma->sigma;
    return cma;
}

// ---- learning ---------------------------------------------------------------

// Shortens the steps that are too long; writes |C^-1/2 y|^2 of each.
static void shorten(const struct cma *cma, const struct cma_generation *g,
                    double *square, double *scratch)
{
    double N = (double)cma->n, limit = sqrt(N) + 2 * N / (N + 2);
    for (size_t i = 0; i < g->lambda; i++) {
        double *y = g->steps + i * cma->n;
        square[i] = square_length(cma, y, scratch);
        if (square[i] <= limit * limit)
            continue;
        double factor = limit / sqrt(square[i]);
        for (size_t k = 0; k < cma->n; k++)
            y[k] *= factor;
        square[i] = limit * limit;
    }
}

// C += c y y'
static void add_square(struct cma *cma, double c, const double *y)
{
    size_t n = cma->n;
    for (size_t j = 0; j < n && cma->separable; j++)
        cma->covariance[j] += c * y[j] * y[j];
    // The lower triangle, which LAPACK calls the upper one.
    for (size_t j = 0; j < n && !cma->separable; j++)
        for (size_t k = 0; k <= j; k++)
            cma->covariance[j * n + k] += c * y[j] * y[k];
}

static double weight_of(const struct cma_generation *g,
                        const struct cma_rates *r, size_t i)
{
    return g->injected && g->injected[i] ? fmax(r->weight[i], 0) : r->weight[i];
}

// Equation 47.
static void learn_covariance(struct cma *cma, const struct cma_generation *g,
                             const struct cma_rates *r, const double *square,
                             bool stalled)
{
    double sum = 0, shrink = stalled ? r->c_c * (2 - r->c_c) : 0;
    for (size_t i = 0; i < g->lambda; i++)
        sum += weight_of(g, r, i);
    double keep = 1 + r->c_1 * shrink - r->c_1 - r->c_mu * sum;
    for (size_t i = 0; i < size_of(cma); i++)
        cma->covariance[i] *= keep;
    add_square(cma, r->c_1, cma->path_c);
    for (size_t i = 0; i < g->lambda; i++) {
        double w = weight_of(g, r, i);
        if (w < 0)
            w *= (double)cma->n / (square[i] + 1e-8);
        add_square(cma, r->c_mu * w, g->steps + i * cma->n);
    }
}

// Equations 43-44, with the mean's step along the axes in `along`; returns
// h_sigma = 0, that sigma is growing and C's path should wait for it.
static bool learn_sigma(struct cma *cma, const struct cma_rates *r,
                        const double *whitened)
{
    double gain = sqrt(r->c_sigma * (2 - r->c_sigma) * r->mu_eff), square = 0;
    for (size_t k = 0; k < cma->n; k++) {
        double *p = &cma->path_sigma[k];
        *p = (1 - r->c_sigma) * *p + gain * whitened[k];
        square += *p * *p;
    }
    double length = sqrt(square), N = (double)cma->n;
    double settled =
        sqrt(1 - pow(1 - r->c_sigma, 2 * ((double)cma->generation + 1)));
    double change = r->c_sigma / r->d_sigma * (length / r->chi - 1);
    cma->sigma *= exp(fmin(1, change));
    return length / settled >= (1.4 + 2 / (N + 1)) * r->chi;
}

// Counts the generations in which no value differed.
static void watch_values(struct cma *cma, double best, double worst)
{
    bool first = cma->generation == 0;
    double low = first ? best : fmin(best, cma->flat_low);
    double high = first ? worst : fmax(worst, cma->flat_high);
    bool flat = high - low <= tolerance_value; // not of infinite values
    cma->flat = flat ? cma->flat + 1 : 0;
    cma->flat_low = flat ? low : best;
    cma->flat_high = flat ? high : worst;
}

void cma_update(struct cma *cma, const struct cma_generation *g,
                struct arena *arena)
{
    size_t n = cma->n, lambda = g->lambda;
    assert(lambda > 0);
    struct cma_rates r = cma_rates(n, lambda, arena);
    double *square = arena_doubles(arena, lambda);
    double *mean_step = arena_zeros(arena, n, sizeof(double));
    double *along = arena_doubles(arena, n);
    double *whitened = arena_doubles(arena, n);
    shorten(cma, g, square, along);
    for (size_t i = 0; i < lambda / 2; i++)
        for (size_t k = 0; k < n; k++)
            mean_step[k] += r.weight[i] * g->steps[i * n + k];
    to_axes(cma, mean_step, along);
    for (size_t k = 0; k < n; k++) {
        cma->mean[k] += cma->sigma * mean_step[k];
        along[k] /= cma->deviation[k];
    }
    from_axes(cma, along, whitened);
    bool stalled = learn_sigma(cma, &r, whitened);
    double gain = stalled ? 0 : sqrt(r.c_c * (2 - r.c_c) * r.mu_eff);
    for (size_t k = 0; k < n; k++)
        cma->path_c[k] = (1 - r.c_c) * cma->path_c[k] + gain * mean_step[k];
    learn_covariance(cma, g, &r, square, stalled);
    watch_values(cma, g->best, g->worst);
    cma->generation++;
    if (cma->generation - cma->renewed >= n / lambda)
        renew(cma);
}

// ---- the end ----------------------------------------------------------------

bool cma_converged(const struct cma *cma, size_t lambda)
{
    size_t n = cma->n;
    double least = INFINITY, largest = 0, widest = 0;
    bool moves = true;
    for (size_t k = 0; k < n; k++) {
        double spread = sqrt(cma_variance(cma, k));
        least = fmin(least, cma->deviation[k]);
        largest = fmax(largest, cma->deviation[k]);
        widest = fmax(widest, fmax(spread, fabs(cma->path_c[k])));
        // NaN counts as no movement.
        moves &= cma->mean[k] + 0.2 * cma->sigma * spread != cma->mean[k];
        moves &= isfinite(cma->mean[k]);
    }
    double condition = largest / least;
    size_t patience = 10 + (30 * n + lambda - 1) / lambda;
    return cma->degenerate || !moves || cma->flat >= patience ||
           !isfinite(cma->sigma) ||
           cma->sigma * widest < tolerance_step * cma->sigma0 ||
           cma->sigma * largest > largest_growth * cma->sigma0 ||
           condition * condition > largest_condition;
}
