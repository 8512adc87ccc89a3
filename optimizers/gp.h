// SPDX-License-Identifier: GPL-3.0-or-later
// gp.h - a Gaussian process: what values are likely where
//
// y(x) = f(x) + noise; f has mean 0 and covariance s^2 m(r) with the Matern-5/2
// correlation of matern.h (Rasmussen and Williams, "Gaussian processes for
// machine learning", MIT Press 2006, chapters 2 and 5). The parameters
//   theta = (ln l_1 .. ln l_d, ln s^2, ln noise)
// are those of largest posterior density, with the priors
//   ln l_k ~ N(ln 0.25 + 1/4 ln d, 1), 1/2 ln d from d = 50 on; 0.5 for 0.25
//            where k is a category
//   ln s^2 ~ N(0, 1.5^2), ln noise ~ N(-7, 3^2)
// so y should have mean 0 and variance 1, and points lie in the unit cube.
// K = s^2 m + noise I + diag(v) = U^T U, see cholesky.h, where v_i is what is
// known of the noise of value i beforehand, such as its statistical error.

#ifndef CUMAE_GP_H
#define CUMAE_GP_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "matern.h"

struct gp {
    struct matern_points points; // n of at most `stride`
    double *y;                   // [stride]
    double *variance;            // [stride] v
    double *weight;              // [d] 1 / l^2
    double scale, noise;         // s^2 and the noise's variance
    double *factor;              // [stride x stride] U
    double *whitened;            // [stride] U^-T y
    double *alpha;               // [stride] K^-1 y
};

// Data to learn theta from.
struct gp_data {
    struct matern_points points;
    const double *y;        // [points.n]
    const double *variance; // [points.n] v, NULL: 0
    double least_noise;     // bound of the noise's variance
};

// Makes room for n points of d coordinates; there are none yet.
struct matern_points gp_points(size_t n, size_t d,
                               const enum matern_distance *distance,
                               struct arena *arena);

// Appends x[d]; there is room.
void gp_points_add(struct matern_points *points, const double *x);

// Copies the coordinates of point i to x[d].
void gp_points_get(const struct matern_points *points, size_t i, double *x);

// Prepares to call gp_loss.
struct gp_loss;
struct gp_loss *gp_loss_new(const struct gp_data *data, struct arena *arena);

// - ln posterior density of theta[d + 2], up to a constant, and its gradient;
// 1e25 when K is not positive definite, and then the gradient is 0.
double gp_loss(struct gp_loss *loss, const double *theta, double *gradient);

// Finds theta[d + 2] for n >= 1 points: from two starts on at most 128 of them,
// then from the better end on all, with as many steps as fit in a bounded
// amount of work. Returns the loss.
double gp_learn(const struct gp_data *data, struct arena *arena, double *theta);

// The process given the data, with room for `room` points in all. When K
// cannot be factored, more noise is added, from 1e-8 to 1e-2; false when even
// that does not help.
bool gp_condition(struct gp *gp, const struct gp_data *data,
                  const double *theta, size_t room, struct arena *arena);

// The same with room for more points; *gp is only read.
struct gp gp_widen(const struct gp *gp, size_t room, struct arena *arena);

// Appends a point, with the variance v of its value, in O(n^2); y = NaN: the
// value that is believed there, the mean (kriging believer: Ginsbourger, Le
// Riche and Carraro, "Kriging is well-suited to parallelize optimization",
// 2010). gp_solve must follow.
void gp_append(struct gp *gp, const double *x, double y, double variance);

// Computes alpha, after some gp_append.
void gp_solve(struct gp *gp);

// ln of the probability density of the values from point `from` on, given those
// before.
double gp_evidence(const struct gp *gp, size_t from);

// Mean of f at the data's point i.
double gp_mean_at(const struct gp *gp, size_t i);

// Mean and standard deviation of f at x[d].
struct gp_prediction {
    double mean, sd;
};
struct gp_prediction gp_predict(const struct gp *gp, const double *x,
                                struct arena *arena);

// The same, with derivatives by the coordinates (0 for categories and inactive
// ones).
struct gp_prediction gp_predict_slope(const struct gp *gp, const double *x,
                                      struct arena *arena, double *mean_slope,
                                      double *sd_slope);

// Predicts at m points, x [m x d] point by point.
void gp_predict_many(const struct gp *gp, const double *x, size_t m,
                     struct arena *arena, struct gp_prediction *out);

#endif
