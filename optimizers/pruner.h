// SPDX-License-Identifier: GPL-3.0-or-later
// pruner.h - algorithms that stop a hopeless trial early
//
// A decision is a pure function of the set of reported facts (trial, step,
// value) and the options, never of their order of arrival: shuffled, late and
// repeated reports lead to the same decision. A "stop" is made sticky by the
// caller. Values are minimised; step is whatever the worker counts, >= 0.
//
// The registry is pruners.def. A pruner never includes another one; what can be
// combined with any of them is done by pruner_decide.

#ifndef CUMAE_PRUNER_H
#define CUMAE_PRUNER_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "error.h"
#include "history.h"
#include "option.h"

struct pruner_task {
    const struct history *history;
    size_t number;         // the trial to decide on
    const double *options; // [n_options] those that the pruner published
    uint64_t seed;         // of the study
    struct arena *arena;   // scratch memory
};

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

    // Decides on a trial from history->series and fills *verdict completely.
    // A NaN report prunes under every pruner but nop. To be called through
    // pruner_decide.
    void (*decide)(const struct pruner_task *task,
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

// Asks the pruner, and lets a trial that it would stop go on while its patience
// lasts (PRUNER_PATIENCE). A report that is not a number stops it all the same.
void pruner_decide(const struct pruner *pruner, const struct pruner_task *task,
                   struct pruner_verdict *verdict);

// The end of the table of a pruner that may be told to be patient: its verdict
// "stop" counts only when the least of the last patience + 1 reports is worse
// than the least before them by more than min_delta. So a trial that still
// improves goes on, whatever the others do. The rule is that of Optuna's
// PatientPruner, which wraps another pruner object; here any pruner takes the
// two options, so that a study names one algorithm with one flat set of them.
#define PRUNER_PATIENCE                                                        \
    {"patience",                                                               \
     OPTION_INT,                                                               \
     NAN,                                                                      \
     0,                                                                        \
     1e9,                                                                      \
     "go on until so many reports in a row brought nothing better; unset: "    \
     "stop at once"},                                                          \
    {                                                                          \
        "min_delta", OPTION_REAL, 0, 0, HUGE_VAL,                              \
            "with patience: a value worse by up to this is as good"            \
    }

// For pruners: prunes, because `value` at `step` is worse than `limit`, called
// limit_name ("the median", a static text), of n_trials trials (0: not said).
void pruner_stop(struct pruner_verdict *verdict, int64_t step, double value,
                 const char *limit_name, double limit, size_t n_trials);

// For the caller of a pruner whose objective is maximised: rewrites the
// reason with the numbers in the user's sign.
void pruner_explain_maximised(struct pruner_verdict *verdict);

#endif
