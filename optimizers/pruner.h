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
};

struct pruner {
    const char *name;
    const char *help; // one line
    const struct option *options;
    size_t n_options;

    // Do the options make sense together? NULL: always.
    int (*check)(const double *options, struct error *err);

    // Decides on trial `number` from history->series. A NaN report prunes
    // under every pruner but nop.
    void (*decide)(const struct history *history, size_t number,
                   const double *options, uint64_t seed, struct arena *arena,
                   struct pruner_verdict *verdict);
};

extern const struct pruner *const pruners[];
extern const size_t n_pruners;

// The pruner with this name, or NULL.
const struct pruner *pruner_find(const char *name);

#endif
