// SPDX-License-Identifier: GPL-3.0-or-later
// kind_contour.h - studies of kind contour: what is told, and when to stop
//
// Points come from contour_sampler.h, by the plan in the definition. The curves
// are the objectives of the study; the error of a curve is an outcome without
// bounds, CONTOUR_ERROR and the name of the curve. An invalid point is
// infeasible and has no numbers.

#ifndef CUMAE_KIND_CONTOUR_H
#define CUMAE_KIND_CONTOUR_H

#include "../optimizers/contour_plan.h"
#include "definition.h"
#include "outcome.h"

#define CONTOUR_ERROR "err."

struct ahead_item;
struct ask;
struct live;
struct message;
struct tell;

// What a message says about a point, in the words of contours. Numbers are
// finite and in range; whether they are those of the study is not known yet.
struct told_curves {
    const char *invalid; // why there is no value; NULL: there are values
    enum contour_target target;
    size_t n, n_errors;
    const char *name[STUDY_MAX_OBJECTIVES], *error_name[STUDY_MAX_OBJECTIVES];
    double value[STUDY_MAX_OBJECTIVES], error[STUDY_MAX_OBJECTIVES];
};

// The member of a tell for a target: "mu_up" or "cls".
const char *kind_contour_word(enum contour_target target);

// The member that a message has: that, or "invalid".
const char *kind_contour_what(const struct told_curves *told);

// The rest is what kind.h has of each kind.

// Puts what a tell says in the words of contours into the message: its numbers,
// or that the point is invalid. ERROR_INVALID for what another kind of study is
// told, for another target, and for curves that are unknown or missing.
int kind_contour_resolve(const struct live *live, const struct tell *tell,
                         struct message *message, struct error *err);

// May a trial end in this state with these numbers? An infeasible one loses
// them. ERROR_INVALID for a pruned one and for numbers that are out of range.
int kind_contour_check(const struct definition *definition,
                       enum trial_state state, struct outcome *outcome,
                       struct error *err);

size_t kind_contour_room(const struct live *live);
const char *kind_contour_done(const struct live *live, char *detail);
int kind_contour_choose(struct live *live, struct ask *ask, struct arena *arena,
                        struct ahead_item *item, struct error *err);

#endif
