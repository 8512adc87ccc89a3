// SPDX-License-Identifier: GPL-3.0-or-later
// pruner.h - algorithms that stop a hopeless trial early
//
// A decision is a pure function of the set of reported facts (trial, step,
// value) and the options, never of their order of arrival: shuffled, late and
// repeated reports lead to the same decision. A "stop" is made sticky by the
// caller. Values are minimised; step is whatever the worker counts, >= 0.
//
// The registry is pruners.def. A pruner never includes another one.

#ifndef CUMAE_PRUNER_H
#define CUMAE_PRUNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "error.h"
#include "history.h"
#include "option.h"

struct pruner_verdict {
    bool prune;
    char reason[160]; // why, for people: numbers and the step

    // What pruner_stop wrote the reason from.
    double value, limit;
    int64_t step;
    size_t n_trials;
    const char *limit_name; // static text; NULL: the reason has no values
};

struct pruner {
    const char *name;
    const char *help; // one line
    const struct option *options;
    size_t n_options;

    // Do the options make sense together? NULL: always.
    int (*check)(const double *options, struct error *err);

    // Decides on trial `number` from history->series and fills *verdict
    // completely. A NaN report prunes under every pruner but nop.
    void (*decide)(const struct history *history, size_t number,
                   const double *options, uint64_t seed, struct arena *arena,
                   struct pruner_verdict *verdict);

    // Turns options that a user stated for a maximised objective into those
    // for the minimised one that `decide` sees. To be called once, after
    // `check`. NULL: the options are the same for both.
    void (*negate)(double *options);
};

extern const struct pruner *const pruners[];
extern const size_t n_pruners;

// The pruner with this name, or NULL.
const struct pruner *pruner_find(const char *name);

// For pruners: prunes, because `value` at `step` is worse than `limit`, called
// limit_name ("the median", a static text), of n_trials trials (0: not said).
void pruner_stop(struct pruner_verdict *verdict, int64_t step, double value,
                 const char *limit_name, double limit, size_t n_trials);

// For the caller of a pruner whose objective is maximised: rewrites the
// reason with the numbers in the user's sign.
void pruner_explain_maximised(struct pruner_verdict *verdict);

#endif
