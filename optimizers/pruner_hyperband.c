// SPDX-License-Identifier: GPL-3.0-or-later
// pruner_hyperband.c - successive halving with several first rungs
//
// Each trial belongs to one of S brackets; bracket s is a ladder (rung.h) that
// begins at min_resource * factor^s, so that slow starters get their chance in
// the later ones. Trials are compared within their bracket. L. Li et al.,
// "Hyperband", JMLR 18, 2018; S = floor(log_factor(max / min)) + 1, and the
// shares of the brackets, S factor^(S-1-s) / (S - s), are Optuna's.
//
// A trial's bracket is drawn from (seed, number). While max_resource is not
// set, the largest step reported in the study stands for it, and a trial may
// change its bracket when that grows: state it where it is known.

#include "pruner.h"

#include <math.h>

#include "rng.h"
#include "rung.h"

enum { MIN_RESOURCE, MAX_RESOURCE, FACTOR };

static const struct option options_table[] = {
    {"min_resource", OPTION_INT, 1, 1, 1e15,
     "step of the first decision in the first bracket"},
    {"max_resource", OPTION_INT, NAN, 1, 1e15,
     "last step of a full trial; unset: the largest step reported so far"},
    {"reduction_factor", OPTION_REAL, 3, 1.5, 100,
     "one in so many trials goes on at each decision"},
    PRUNER_PATIENCE,
};

struct brackets {
    uint64_t seed;
    size_t n;
    double factor;
    size_t mine; // the bracket asked about
};

static int check(const double *options, struct error *err)
{
    if (options[MAX_RESOURCE] <= options[MIN_RESOURCE])
        return error_set(err, ERROR_INVALID,
                         "max_resource must be above min_resource, "
                         "not %g <= %g",
                         options[MAX_RESOURCE], options[MIN_RESOURCE]);
    return 0;
}

static double largest_step(const struct history *history)
{
    int64_t largest = 0;
    for (size_t i = 0; i < history->n; i++) {
        const struct series *series = &history->series[i];
        if (series->n && series->step[series->n - 1] > largest)
            largest = series->step[series->n - 1];
    }
    return (double)largest;
}

static size_t bracket_count(double first, double factor, double last)
{
    size_t n = 1;
    double rung = first * factor;
    while (rung <= last) {
        n++;
        rung *= factor;
    }
    return n;
}

static size_t bracket_of(const struct brackets *brackets, size_t number)
{
    // the complement keeps this stream apart from the sampler's
    struct rng rng = rng_at(~brackets->seed, number);
    double share[128];
    for (size_t s = 0; s < brackets->n; s++)
        share[s] =
            pow(brackets->factor, -(double)s) / (double)(brackets->n - s);
    return rng_choose(&rng, share, brackets->n);
}

static bool same_bracket(const void *context, size_t number)
{
    const struct brackets *brackets = context;
    return bracket_of(brackets, number) == brackets->mine;
}

static void decide(const struct pruner_task *task,
                   struct pruner_verdict *verdict)
{
    *verdict = (struct pruner_verdict){0};
    const double *options = task->options;
    double first = options[MIN_RESOURCE], factor = options[FACTOR];
    bool stated = !isnan(options[MAX_RESOURCE]);
    double last = stated ? options[MAX_RESOURCE] : largest_step(task->history);
    struct brackets brackets = {
        .seed = task->seed,
        .n = bracket_count(first, factor, last),
        .factor = factor,
    };
    brackets.mine = bracket_of(&brackets, task->number);
    struct rung_ladder ladder = {
        .first = first * pow(factor, (double)brackets.mine),
        .factor = factor,
        .last = stated ? last : INFINITY,
    };
    rung_decide(task, ladder, (struct curve_peers){same_bracket, &brackets},
                verdict);
}

const struct pruner pruner_hyperband = {
    .name = "hyperband",
    .help = "successive halving in several brackets with different starts",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .check = check,
    .decide = decide,
};
