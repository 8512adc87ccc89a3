// SPDX-License-Identifier: GPL-3.0-or-later
// pruning.h - a history and a pruner for a test, and what the pruner decides

#ifndef CUMAE_TESTS_PRUNING_H
#define CUMAE_TESTS_PRUNING_H

#include <check.h>

#include "pruner.h"

static struct arena arena;
static struct space space;
static struct history history;
static const struct pruner *pruner;
static double options[OPTION_MAX];

static inline void setup(void)
{
    arena_init(&arena);
    space_init(&space);
    history_init(&history, &space);
}

static inline void teardown(void)
{
    history_done(&history);
    space_done(&space);
    arena_done(&arena);
}

static inline void choose(const char *name)
{
    pruner = pruner_find(name);
    ck_assert_ptr_nonnull(pruner);
    option_defaults(pruner->options, pruner->n_options, options);
}

static inline void set(const char *name, double value)
{
    struct error err = {0};
    ck_assert_msg(option_set(pruner->options, pruner->n_options, name, value,
                             options, &err) == 0,
                  "%s", err.message);
}

static inline struct pruner_verdict decide(size_t number)
{
    struct pruner_verdict verdict;
    struct pruner_task task = {&history, number, options, 1, &arena};
    pruner_decide(pruner, &task, &verdict);
    arena_reset(&arena);
    return verdict;
}

#endif
