// SPDX-License-Identifier: GPL-3.0-or-later
// matern.h - the Matern-5/2 correlation between points of any space
//
//   m(r) = (1 + sqrt5 r + 5/3 r^2) e^(-sqrt5 r),  r^2 = sum_k w_k D_k(x, x')
//
// with the weight w_k = 1 / l_k^2 of coordinate k. D_k is the squared
// difference of numbers and 0 or 1 for equal and different categories. A
// coordinate that is inactive (NaN) in both points adds nothing, in one of them
// as much as a distance of 1.
//
// Points are kept coordinate by coordinate and treated a vector at a time:
// arrays over points have room for n rounded up to MATERN_LANES.

#ifndef CUMAE_MATERN_H
#define CUMAE_MATERN_H

#include <stdbool.h>
#include <stddef.h>

enum { MATERN_LANES = 8 };

enum matern_distance {
    MATERN_NUMBER,
    MATERN_CATEGORY,
    MATERN_NUMBER_OR_NONE, // may be inactive
    MATERN_CATEGORY_OR_NONE,
};

struct matern_points {
    size_t n, d;
    size_t stride;                        // a multiple of MATERN_LANES, >= n
    const enum matern_distance *distance; // [d]
    double *x;                            // [d x stride], padded with numbers
};

// The least multiple of MATERN_LANES that is >= n.
size_t matern_padded(size_t n);

// The correlation m of x[d] with the first n points, and, if slope is not NULL,
// s with dm / d(r^2) = -s / 2: s = 5/3 (1 + sqrt5 r) e^(-sqrt5 r). What is
// written beyond n has no meaning.
void matern_correlate(const struct matern_points *points, size_t n,
                      const double *x, const double *weight,
                      double *correlation, double *slope);

// sum_i c_i D_k(x, point i) over the first n points; c is 0 beyond n.
double matern_distances(const struct matern_points *points, size_t n, size_t k,
                        double x, const double *c);

// sum_i c_i (x - coordinate k of point i) over the first n points in which k
// is active: what moves along k, up to a factor. 0 for categories.
double matern_pull(const struct matern_points *points, size_t n, size_t k,
                   double x, const double *c);

#endif
