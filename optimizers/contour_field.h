// SPDX-License-Identifier: GPL-3.0-or-later
// contour_field.h - what the points that were told say about all others
//
// Each curve (observed, expected ...) has a Gaussian process (gp.h) over the
// coordinates of contour_domain.h, learnt from the points that told it, around
// their mean and in units of their standard deviation, each with its own known
// noise. Points that a worker called invalid have no values. As soon as there
// is one, a further process learns +1 for invalid and -1 for all others, and
// the probability to be valid is that of its being below 0.

#ifndef CUMAE_CONTOUR_FIELD_H
#define CUMAE_CONTOUR_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "contour_domain.h"
#include "contour_target.h"
#include "gp.h"

enum { CONTOUR_MAX_CURVES = 8 };

// A point that was told: a value per curve (y = NaN: not of this one), or NULL
// for an invalid point.
struct contour_result {
    const double *point;               // [space->n]
    const struct contour_value *value; // [n_curves] or NULL
};

struct contour_curve {
    bool known; // else nothing was told of it
    double mean, scale;
    struct gp gp; // of (y - mean) / scale
};

struct contour_field {
    size_t n_curves;
    struct contour_curve curve[CONTOUR_MAX_CURVES];
    bool doubted;    // some points are invalid
    struct gp doubt; // of +1 invalid, -1 valid
    size_t n_seen;   // results
    size_t n_places; // the coordinates of all points, pending ones too
    double *place;   // [n_places x d]
};

// Learns from the first n results; a place that no coordinates belong to is
// skipped.
void contour_field_fit(struct contour_field *field,
                       const struct contour_domain *domain, size_t n_curves,
                       const struct contour_result *results, size_t n,
                       struct arena *arena);

// The same with results n_seen .. n - 1, and with m pending points
// [m x space->n], whose value is believed to be the mean: what is then still
// unknown is what other points can tell.
struct contour_field contour_field_look(const struct contour_field *field,
                                        const struct contour_domain *domain,
                                        const struct contour_result *results,
                                        size_t n, const double *pending,
                                        size_t m, struct arena *arena);

// Mean and standard deviation of a curve at m places x[m x d]; the curve is
// known.
void contour_field_predict(const struct contour_field *field, size_t curve,
                           const double *x, size_t m,
                           struct gp_prediction *out);

// The probability of m places to be valid.
void contour_field_valid(const struct contour_field *field, const double *x,
                         size_t m, struct arena *arena, double *out);

#endif
