// SPDX-License-Identifier: GPL-3.0-or-later
// contour_plan.h - what a study of a contour is after, and its history as the
// results of a contour
//
// The objectives of such a study are its curves, minimised; constraint c of its
// history is the error of curve c, as it was told. A point that is infeasible
// is an invalid one. One that failed, or that a curve does not know what to
// make of, has told nothing, but was tried.

#ifndef CUMAE_CONTOUR_PLAN_H
#define CUMAE_CONTOUR_PLAN_H

#include <stdint.h>

#include "contour.h"
#include "history.h"

enum {
    // Results that inform a contour; later ones do not, for what they would
    // cost grows with their square.
    CONTOUR_MOST_RESULTS = 500,
};

enum contour_target {
    CONTOUR_LN_MU_UP, // curves are limits on the signal strength
    CONTOUR_LN_CLS    // curves are CLs at a signal strength of 1
};

struct contour_plan {
    struct arena arena; // of the features
    struct contour_settings settings;
    enum contour_target target;
    double cl; // in (0, 1): the contour is where CLs = 1 - cl
    size_t n_features;
    const char *feature_text[CONTOUR_MAX_FEATURES];
    struct expression feature[CONTOUR_MAX_FEATURES]; // numbers
};

// On the heap, with nothing set. Free with contour_plan_free; NULL is fine.
struct contour_plan *contour_plan_new(void);
void contour_plan_free(struct contour_plan *plan);

// Adds a feature over the parameters of a space. ERROR_INVALID: there are
// CONTOUR_MAX_FEATURES already, or the text is no number (expression.h).
int contour_plan_add_feature(struct contour_plan *plan, const char *text,
                             const struct space *space, struct error *err);

// Where points may lie, by the restrictions of the space and the features; what
// it needs is in the arena and lent by plan and space. May take half a second
// with very long expressions. ERROR_INVALID as contour_domain_init.
int contour_plan_domain(const struct contour_plan *plan,
                        const struct space *space, uint64_t seed,
                        struct arena *arena, struct contour_domain *domain,
                        struct error *err);

// What a curve is told by a value and its error (NaN: exact), both in the
// user's terms; y is NaN for what is no limit or no CLs. Where errors are
// larger than a CLs, that counts as its size: no toy of 500 is 0 +- 0.002, and
// as good as 0.002 +- 0.002.
struct contour_value contour_plan_value(const struct contour_plan *plan,
                                        double value, double error);

// The first n results of the history, at most CONTOUR_MOST_RESULTS.
size_t contour_plan_results(const struct contour_plan *plan,
                            const struct history *history, size_t n,
                            struct arena *arena,
                            const struct contour_result **results);

#endif
