// SPDX-License-Identifier: GPL-3.0-or-later
// contour.h - where a curve such as an exclusion contour runs, in few points
//
// A pure function of (domain, results, pending points, settings, seed, number)
// says what the worker that asks does: a point of an even design at first, then
// the point of largest randomised straddle (contour_choose.h), or nothing. What
// is expensive is a model of the first results, which can be kept: the caller
// asks contour_fit_length which, so that a kept one and a fresh one are the
// same. Results since then enter with their values.
//
// Reading: contour_domain.h, contour_target.h, contour_field.h for the data,
// contour_grid.h and contour_lines.h for what comes out.

#ifndef CUMAE_CONTOUR_H
#define CUMAE_CONTOUR_H

#include "contour_choose.h"
#include "contour_domain.h"
#include "contour_field.h"

struct contour_settings {
    size_t initial;         // points of the even design, of those told and
                            // pending; at least 2
    size_t max_points;      // told and pending; 0: any number
    double stop_area;       // converged when for each curve the misclassified
                            // fraction that is expected is below, and so is
                            // what the last five results changed; 0: never
    size_t min_unevaluated; // new points are made while fewer are pending; 0:
                            // always
};

struct contour_study {
    const struct contour_domain *domain;
    struct contour_settings settings;
    uint64_t seed;
    size_t n_curves;                      // 1 .. CONTOUR_MAX_CURVES
    const struct contour_result *results; // [n] in the order of telling
    size_t n;
    const double *pending; // [n_pending x space->n]
    size_t n_pending;
};

struct contour_model {
    struct arena arena;
    struct contour_field field;
    struct contour_outlook outlook;
    double area[CONTOUR_MAX_CURVES]; // expected misclassified fractions
    bool converged;
};

// Of n results, how many the model must have seen: all up to 50, then in steps
// of 5 %.
size_t contour_fit_length(size_t n);

// The model of the first n results, whatever is pending, for these settings.
// Never NULL, immutable; free with contour_model_free.
struct contour_model *contour_model_new(const struct contour_study *study,
                                        size_t n);
void contour_model_free(struct contour_model *model);

enum contour_action {
    CONTOUR_POINT,     // evaluate it
    CONTOUR_WAIT,      // enough points are pending
    CONTOUR_CONVERGED, // the expected misclassified area is small enough
    CONTOUR_SPENT,     // max_points
    CONTOUR_EXHAUSTED, // all allowed points were tried
};

// Says what to do as trial `number`, and writes its point. The model is that of
// contour_fit_length(study->n) results.
enum contour_action contour_next(const struct contour_study *study,
                                 const struct contour_model *model,
                                 uint64_t number, struct arena *arena,
                                 double *point);

#endif
