// SPDX-License-Identifier: GPL-3.0-or-later
// cma.h - a normal distribution that learns from ranked samples (CMA-ES)
//
// The covariance matrix adaptation evolution strategy of N. Hansen, "The CMA
// evolution strategy: a tutorial", arXiv:1604.00772: equations 5-7 for
// sampling, 8-9 for the mean, 43-44 for the step size, 45-47 for the
// covariance with negative weights, 48-58 for the constants. Deviations:
//   * c_1, c_mu and c_sigma are those of pycma 4.5, which differ a little
//     (a twelfth fewer samples on ellipsoids), without its changes to d_sigma
//   * the exponent of the step size is at most 1 per generation
//   * the eigenvectors are renewed every floor(n / lambda) generations, which
//     is every one up to n = 20
//   * samples may come from an older distribution, or from elsewhere; a step
//     longer than sqrt(n) + 2 n / (n + 2) in the metric of C is shortened to
//     that, and one from elsewhere has no negative weight (pycma's rules for
//     injected solutions)
//   * above CMA_FULL dimensions C is diagonal (Ros, Hansen, "A simple
//     modification in CMA-ES achieving linear time and space complexity",
//     PPSN 2008): its learning rates grow by (n + 2) / 3, no weight is negative
//
// Notation: n dimensions, lambda samples per generation; a step is
// y = (x - mean) / sigma, distributed as N(0, C), C = B diag(d^2) B'.

#ifndef CUMAE_CMA_H
#define CUMAE_CMA_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "rng.h"

enum { CMA_FULL = 100 };

// What follows from n and lambda.
struct cma_rates {
    double mu_eff;
    double c_1, c_mu;     // learning rates of C
    double c_c;           // of the path of C
    double c_sigma;       // of the path of sigma
    double d_sigma;       // damping of sigma
    double chi;           // the mean length of an n-dimensional N(0, 1)
    const double *weight; // [lambda] of the samples, best first
};

struct cma {
    size_t n;
    bool separable;
    size_t generation, renewed; // renewed: when B and d were computed
    double sigma0, sigma;
    double *mean;               // [n]
    double *path_sigma;         // [n]
    double *path_c;             // [n]
    double *covariance;         // [n x n], row by row; [n] when separable
    double *vectors;            // [n x n] eigenvector k in row k; or NULL
    double *deviation;          // [n] d
    bool degenerate;            // C is no longer a covariance in doubles
    double flat_low, flat_high; // of the values of the last `flat` generations
    size_t flat;
};

// lambda of the tutorial, 4 + floor(3 ln n); n >= 1.
size_t cma_lambda(size_t n);

// The constants for lambda >= 4 samples in n dimensions.
struct cma_rates cma_rates(size_t n, size_t lambda, struct arena *arena);

// N(mean, sigma^2 I) in n >= 1 dimensions. Memory is the arena's.
struct cma *cma_new(size_t n, const double *mean, double sigma,
                    struct arena *arena);

// N(mean, covariance) for a positive definite matrix, row by row; of which a
// diagonal one is made above CMA_FULL dimensions. sigma is the geometric mean
// of its deviations.
struct cma *cma_new_shaped(size_t n, const double *mean,
                           const double *covariance, struct arena *arena);

// An independent copy.
struct cma *cma_copy(const struct cma *cma, struct arena *arena);

// The same in memory that another one of n dimensions has.
void cma_assign(struct cma *cma, const struct cma *from);

// The variance of coordinate k of a step.
double cma_variance(const struct cma *cma, size_t k);

// Draws a step: sigma times it, plus the mean, is a sample. Writes
// scratch[0..n).
void cma_step(const struct cma *cma, struct rng *rng, double *scratch,
              double *step);

// Learns from lambda >= 4 steps, row by row, best first; these are shortened
// in place where they are too long. `best` and `worst` are values of the
// generation's samples, for cma_converged.
struct cma_generation {
    size_t lambda;
    double *steps;        // [lambda x n]
    const bool *injected; // [lambda] not samples; NULL: all are
    double best, worst;
};
void cma_update(struct cma *cma, const struct cma_generation *generation,
                struct arena *arena);

// Is there nothing left to do for this distribution? All values were within
// 1e-12 for 10 + ceil(30 n / lambda) generations, steps are below 1e-12 or
// above 1e4 of the first ones, C's condition number is above 1e14, or a step
// changes nothing in doubles.
bool cma_converged(const struct cma *cma, size_t lambda);

#endif
