// SPDX-License-Identifier: GPL-3.0-or-later
// sampler_grid.c - every cell of a finite space once, in shuffled order
//
// The order is a permutation of the cell numbers, drawn from the seed: a
// Feistel network whose rounds are Philox blocks (Luby, Rackoff, "How to
// construct pseudorandom permutations from pseudorandom functions", SIAM J.
// Comput. 17, 1988), restricted to 0 .. count-1 by walking its cycles (Black,
// Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002). Nothing is
// stored per cell. The suggestion is the first cell in this order that no trial
// holds; a lost or cancelled trial gives its cell back. Cells that the
// restrictions of the space forbid are passed over.
//
// The model is the set of cells that a prefix of the results holds, and how far
// the order is used up. It changes the time that an answer takes, not the
// answer.

#include "sampler.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "grid.h"
#include "memory.h"
#include "restriction.h"
#include "rng.h"

enum { RESOLUTION };

enum { MOST_RESTRICTED = 1 << 20 }; // all are looked at when none is left

static const struct option options[] = {
    [RESOLUTION] = {"resolution", OPTION_INT, 0, 0, 1000,
                    "levels of a continuous parameter; 0: refuse those"},
};

// ---- a set of cell numbers --------------------------------------------------

// Open addressing; a slot holds a number plus one, or 0.
struct set {
    size_t n, mask;
    uint64_t *slots;
};

static struct set set_of(size_t capacity, struct arena *arena)
{
    size_t slots = 16;
    while (slots < 2 * capacity)
        slots *= 2;
    return (struct set){
        .mask = slots - 1,
        .slots = arena_zeros(arena, slots, sizeof(uint64_t)),
    };
}

static uint64_t *slot(const struct set *set, uint64_t rank)
{
    // Fibonacci hashing: the golden ratio spreads runs of numbers.
    size_t i = (size_t)((rank * UINT64_C(0x9e3779b97f4a7c15)) >> 20);
    while (set->slots[i & set->mask] && set->slots[i & set->mask] != rank + 1)
        i++;
    return &set->slots[i & set->mask];
}

static bool has(const struct set *set, uint64_t rank)
{
    return *slot(set, rank) != 0;
}

static void add(struct set *set, uint64_t rank)
{
    uint64_t *at = slot(set, rank);
    set->n += *at == 0;
    *at = rank + 1;
}

// ---- the order --------------------------------------------------------------

struct order {
    uint64_t seed, count;
    unsigned half; // bits of one half of the Feistel network
};

static struct order order_of(uint64_t seed, double count)
{
    struct order order = {.seed = seed, .count = (uint64_t)count, .half = 1};
    while (order.half < 32 && order.count > UINT64_C(1) << 2 * order.half)
        order.half++;
    return order;
}

static uint64_t permute(const struct order *order, uint64_t value)
{
    const uint32_t key[2] = {(uint32_t)order->seed,
                             (uint32_t)(order->seed >> 32)};
    const uint64_t mask = (UINT64_C(1) << order->half) - 1;
    uint64_t left = value >> order->half, right = value & mask;
    for (uint32_t round = 0; round < 4; round++) {
        const uint32_t counter[4] = {(uint32_t)right, round, 0,
                                     (uint32_t)(RNG_STUDY >> 32)};
        uint32_t out[4];
        rng_block(counter, key, out);
        uint64_t mixed = left ^ (out[0] & mask);
        left = right;
        right = mixed;
    }
    return left << order->half | right;
}

// The cell at a position of the order: the cycle of a permutation that starts
// below count comes back below count.
static uint64_t at_position(const struct order *order, uint64_t position)
{
    uint64_t cell = position;
    do
        cell = permute(order, cell);
    while (cell >= order->count);
    return cell;
}

// ---- the sampler ------------------------------------------------------------

struct model {
    struct arena arena; // owns all below
    struct grid grid;
    struct order order;
    struct set taken;  // by the results seen
    uint64_t position; // all before it in the order are taken or forbidden
    size_t n_ended;
    uint64_t newest; // the results seen are of trials below this number
};

static int check(const struct space *space, const double *values,
                 struct error *err)
{
    struct arena arena;
    struct grid grid;
    arena_init(&arena);
    grid_init(&grid, space, (size_t)values[RESOLUTION], &arena);
    double count = grid.count;
    int status = 0;
    for (size_t k = 0; k < space->n && !status; k++) {
        const char *name = space->params[k].name;
        size_t levels = grid_levels(&grid, k), level;
        if (levels == 0)
            status = error_set(err, ERROR_INVALID,
                               "grid needs a step for the continuous "
                               "parameter '%.60s', or the option resolution",
                               name);
        if (param_levels(&space->params[k]))
            continue;
        for (size_t i = 0; i < levels && !status; i++)
            if (!grid_level(&grid, k, grid_value(&grid, k, i), &level) ||
                level != i)
                status = error_set(err, ERROR_INVALID,
                                   "grid finds fewer than %zu numbers in the "
                                   "range of '%.60s'",
                                   levels, name);
    }
    if (!status && isinf(count))
        status = error_set(err, ERROR_INVALID,
                           "grid cannot count the cells of this space");
    if (!status && count > 0x1p53)
        status = error_set(err, ERROR_INVALID,
                           "grid must have at most 2^53 cells, not %g", count);
    if (!status && space->restrictions && count > MOST_RESTRICTED)
        status = error_set(err, ERROR_INVALID,
                           "grid must have at most 2^20 cells with "
                           "constraints, not %g",
                           count);
    arena_done(&arena);
    return status;
}

// Steps of 2^k from 4^k results on: what a suggestion adds to the model grows
// as the square root of the history.
static size_t fit_length(const struct sampler_task *task, size_t n_ended)
{
    (void)task;
    size_t step = 1;
    while (step * step * 4 <= n_ended)
        step *= 2;
    return n_ended - n_ended % step;
}

// May nobody try the cell, or has somebody?
static bool is_gone(const struct model *model, uint64_t cell, double *scratch)
{
    const struct space *space = model->grid.space;
    if (has(&model->taken, cell) || !space->restrictions)
        return has(&model->taken, cell);
    grid_point(&model->grid, cell, scratch);
    return !restriction_allows(space, scratch);
}

static struct model *fit(const struct sampler_task *task, size_t n_ended,
                         const struct model *before)
{
    const struct history *history = task->history;
    struct model *model = memory_resize(NULL, 1, sizeof *model);
    *model = (struct model){.n_ended = n_ended,
                            .position = before ? before->position : 0};
    arena_init(&model->arena);
    grid_init(&model->grid, task->space, (size_t)task->options[RESOLUTION],
              &model->arena);
    assert(model->grid.count <= 0x1p53);
    model->order = order_of(task->seed, model->grid.count);
    model->taken = set_of(n_ended, &model->arena);
    double *scratch = arena_doubles(&model->arena, task->space->n);
    for (size_t i = 0; i < n_ended; i++) {
        size_t number = history->ended[i];
        uint64_t rank;
        if (grid_rank(&model->grid, history_point(history, number), scratch,
                      &rank))
            add(&model->taken, rank);
        if (number >= model->newest)
            model->newest = number + 1;
    }
    while (model->position < model->order.count &&
           is_gone(model, at_position(&model->order, model->position), scratch))
        model->position++;
    return model;
}

static void model_free(struct model *model)
{
    arena_done(&model->arena);
    free(model);
}

// Adds the cell of a trial that the model has not seen.
static void add_trial(const struct model *model, const struct history *history,
                      size_t number, double *scratch, struct set *more)
{
    uint64_t rank;
    if (grid_rank(&model->grid, history_point(history, number), scratch,
                  &rank) &&
        !has(&model->taken, rank))
        add(more, rank);
}

// The cells of trials below `number` beyond those in the model. A lost or
// cancelled trial is in none of the three lists.
static struct set cells_since(const struct model *model,
                              const struct history *history, uint64_t number,
                              struct arena *arena)
{
    size_t n = number < history->n ? (size_t)number : history->n;
    size_t running = history->count[TRIAL_RUNNING];
    size_t queued = history->count[TRIAL_QUEUED];
    struct set more =
        set_of(history->n_ended - model->n_ended + running + queued, arena);
    double *scratch = arena_doubles(arena, history->space->n);
    for (size_t i = model->n_ended; i < history->n_ended; i++)
        if (history->ended[i] < n)
            add_trial(model, history, history->ended[i], scratch, &more);
    for (size_t i = 0; i < running && history->running[i] < n; i++)
        add_trial(model, history, history->running[i], scratch, &more);
    for (size_t i = 0; queued && i < n; i++)
        if (history->state[i] == TRIAL_QUEUED)
            add_trial(model, history, i, scratch, &more);
    return more;
}

static int suggest(const struct sampler_task *task, const struct model *model,
                   uint64_t number, struct arena *arena, struct suggestion *out,
                   struct error *err)
{
    if (model->newest > number) {
        // A replay: the model saw results of later trials.
        struct model *unspoilt = fit(task, 0, NULL);
        int status = suggest(task, unspoilt, number, arena, out, err);
        model_free(unspoilt);
        return status;
    }
    struct set more = cells_since(model, task->history, number, arena);
    for (uint64_t i = model->position; i < model->order.count; i++) {
        uint64_t cell = at_position(&model->order, i);
        if (has(&more, cell) || is_gone(model, cell, out->point))
            continue;
        grid_point(&model->grid, cell, out->point);
        return 0;
    }
    return error_set(
        err, ERROR_EXHAUSTED, "all %.0f cells of the grid are taken%s",
        model->grid.count,
        task->space->restrictions ? " or do not meet the constraints" : "");
}

const struct sampler sampler_grid = {
    .name = "grid",
    .help = "every point of a finite space once, in shuffled order",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .check = check,
    .fit_length = fit_length,
    .fit = fit,
    .model_free = model_free,
    .several = true,
    .suggest = suggest,
};
