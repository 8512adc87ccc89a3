// SPDX-License-Identifier: GPL-3.0-or-later
// contour_domain.h - where points of a contour may lie, and how a model sees
// them
//
// A point is allowed when all constraints hold and all features are finite
// there. A model sees coordinates x[d]: the features, each scaled so that it
// spans [0, 1] over the allowed points, or without features the parameters
// themselves, linear or in the logarithm as they are searched. Features decide
// how many points a contour takes: they should make the value change at the
// same rate everywhere, as log(m1 - m2 + 20) does next to a diagonal.
//
// The allowed points are known by a sample: Sobol points with a digital shift
// drawn from the seed, less those that are not allowed. It is the start design,
// the candidates for the next point, and what areas are averaged over.

#ifndef CUMAE_CONTOUR_DOMAIN_H
#define CUMAE_CONTOUR_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "error.h"
#include "expression.h"
#include "space.h"

enum {
    CONTOUR_MIN_PARAMS = 2,
    CONTOUR_MAX_PARAMS = 4,
    CONTOUR_MAX_FEATURES = 8,
    CONTOUR_MAX_CONSTRAINTS = 20,
    CONTOUR_SAMPLE = 2048,        // allowed points
    CONTOUR_MIN_SAMPLE = 16,      // fewer are an error
    CONTOUR_TRIED = 1 << 16,      // Sobol points that are looked at, fewer when
    CONTOUR_MOST_STEPS = 1 << 26, // they would take more steps of expressions
};

struct contour_domain {
    // The caller's, lent:
    const struct space *space;
    size_t n_constraints, n_features;
    const struct expression *constraints; // truths
    const struct expression *features;    // numbers; none: the parameters

    size_t d; // coordinates
    double low[CONTOUR_MAX_FEATURES], width[CONTOUR_MAX_FEATURES];
    size_t n;      // sample
    double *point; // [n x space->n]
    double *x;     // [n x d]
};

// Fills what is not the caller's. ERROR_INVALID: not 2 to 4 parameters, one
// that is not a float or an int or has a condition, too many or the wrong kind
// of expressions, or fewer than CONTOUR_MIN_SAMPLE of the points that are
// looked at allowed.
int contour_domain_init(struct contour_domain *domain, uint64_t seed,
                        struct arena *arena, struct error *err);

// Do the constraints hold at a point, whose numbers may lie between the steps?
bool contour_domain_allows(const struct contour_domain *domain,
                           const double *point);

// Writes the coordinates x[d] of a point; false, when one is not finite.
bool contour_domain_place(const struct contour_domain *domain,
                          const double *point, double *x);

#endif
