// SPDX-License-Identifier: GPL-3.0-or-later
// history.c - the trials of a study, in columns
//
// Appending, moving and reporting are amortised O(1) in the usual order of
// events. What costs more is rare: the best trial corrected for the worse
// (one pass over the values), a report that arrives out of order, and a
// trial that starts to run after later ones did (one memmove each).

#include "history.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static const char *const state_names[TRIAL_STATES] = {
    "queued", "running",    "complete", "pruned",
    "failed", "infeasible", "lost",     "cancelled",
};

const char *trial_state_name(enum trial_state state)
{
    assert(state < TRIAL_STATES);
    return state_names[state];
}

int trial_state_from_name(const char *name)
{
    for (int i = 0; i < TRIAL_STATES; i++)
        if (strcmp(name, state_names[i]) == 0)
            return i;
    return -1;
}

void history_init(struct history *history, const struct space *space)
{
    history_init_for(history, space, 1, 0);
}

void history_init_for(struct history *history, const struct space *space,
                      size_t n_objectives, size_t n_constraints)
{
    assert(n_objectives >= 1);
    *history = (struct history){.space = space,
                                .n_objectives = n_objectives,
                                .n_constraints = n_constraints,
                                .best = -1};
}

void history_done(struct history *history)
{
    for (size_t i = 0; i < history->n; i++) {
        free(history->series[i].step);
        free(history->series[i].value);
    }
    free(history->state);
    free(history->point);
    free(history->unit);
    free(history->value);
    free(history->constraint);
    free(history->variance);
    free(history->series);
    free(history->seen);
    free(history->ended);
    free(history->running);
    history_init_for(history, history->space, history->n_objectives,
                     history->n_constraints);
}

// Makes room for `rows` rows.
static void reserve(struct history *h, size_t rows)
{
    size_t d = h->space->n;
    h->state = memory_resize(h->state, rows, sizeof *h->state);
    h->point = memory_resize(h->point, rows * d, sizeof *h->point);
    h->unit = memory_resize(h->unit, rows * d, sizeof *h->unit);
    h->value =
        memory_resize(h->value, rows * h->n_objectives, sizeof *h->value);
    h->constraint = memory_resize(h->constraint, rows * h->n_constraints,
                                  sizeof *h->constraint);
    h->variance = memory_resize(h->variance, rows, sizeof *h->variance);
    h->series = memory_resize(h->series, rows, sizeof *h->series);
    h->seen = memory_resize(h->seen, rows, sizeof *h->seen);
    h->ended = memory_resize(h->ended, rows, sizeof *h->ended);
    h->running = memory_resize(h->running, rows, sizeof *h->running);
    h->capacity = rows;
}

// Copies n items; there is nothing to copy when there is no room.
static void fill(void *to, const void *from, size_t n, size_t size)
{
    if (n > 0)
        memcpy(to, from, n * size);
}

static struct series copy_series(const struct series *from)
{
    struct series copy = {.n = from->n, .capacity = from->n};
    if (from->n == 0)
        return copy;
    copy.step = memory_resize(NULL, from->n, sizeof *copy.step);
    copy.value = memory_resize(NULL, from->n, sizeof *copy.value);
    fill(copy.step, from->step, from->n, sizeof *copy.step);
    fill(copy.value, from->value, from->n, sizeof *copy.value);
    return copy;
}

void history_copy(struct history *copy, const struct history *history)
{
    const struct history *h = history;
    size_t n = h->n, m = h->n_objectives, c = h->n_constraints;
    size_t d = h->space->n;
    history_init_for(copy, h->space, m, c);
    reserve(copy, n + 1); // the usual next step is to append
    copy->n = n;
    copy->n_ended = h->n_ended;
    copy->best = h->best;
    memcpy(copy->count, h->count, sizeof copy->count);
    fill(copy->state, h->state, n, sizeof *copy->state);
    fill(copy->point, h->point, n * d, sizeof *copy->point);
    fill(copy->unit, h->unit, n * d, sizeof *copy->unit);
    fill(copy->value, h->value, n * m, sizeof *copy->value);
    fill(copy->constraint, h->constraint, n * c, sizeof *copy->constraint);
    fill(copy->variance, h->variance, n, sizeof *copy->variance);
    fill(copy->seen, h->seen, n, sizeof *copy->seen);
    fill(copy->ended, h->ended, h->n_ended, sizeof *copy->ended);
    fill(copy->running, h->running, h->count[TRIAL_RUNNING],
         sizeof *copy->running);
    for (size_t i = 0; i < n; i++)
        copy->series[i] = copy_series(&h->series[i]);
}

// The first place in numbers[0..n), ascending, that holds at least `number`.
static size_t place(const uint32_t *numbers, size_t n, uint32_t number)
{
    if (n == 0 || numbers[n - 1] < number)
        return n;
    size_t low = 0, high = n - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (numbers[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void start(struct history *h, uint32_t number)
{
    size_t n = h->count[TRIAL_RUNNING], i = place(h->running, n, number);
    memmove(h->running + i + 1, h->running + i, (n - i) * sizeof *h->running);
    h->running[i] = number;
}

static void stop(struct history *h, uint32_t number)
{
    size_t n = h->count[TRIAL_RUNNING], i = place(h->running, n, number);
    memmove(h->running + i, h->running + i + 1,
            (n - i - 1) * sizeof *h->running);
}

static void forget_result(struct history *h, uint32_t number)
{
    size_t i = h->n_ended;
    while (h->ended[--i] != number)
        ;
    h->n_ended--;
    memmove(h->ended + i, h->ended + i + 1,
            (h->n_ended - i) * sizeof *h->ended);
}

// Copies n numbers, or NaN where there are none.
static void copy(double *to, const double *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = from ? from[i] : NAN;
}

// Writes the numbers of a result, or of none.
static void keep(struct history *h, size_t number, const struct result *result)
{
    size_t m = h->n_objectives, c = h->n_constraints;
    copy(h->value + number * m, result ? result->values : NULL, m);
    copy(h->constraint + number * c, result ? result->constraints : NULL, c);
    h->variance[number] = result ? result->variance : NAN;
}

size_t history_append(struct history *history, enum trial_state state,
                      const double *point)
{
    assert(state == TRIAL_QUEUED || state == TRIAL_RUNNING);
    assert(history->n < UINT32_MAX);
    if (history->n == history->capacity)
        reserve(history, history->capacity ? 2 * history->capacity : 16);
    size_t number = history->n++, d = history->space->n;
    history->state[number] = (uint8_t)state;
    if (d) {
        memcpy(history->point + number * d, point, d * sizeof *point);
        space_encode(history->space, point, history->unit + number * d);
    }
    keep(history, number, NULL);
    history->series[number] = (struct series){0};
    history->seen[number] = (uint32_t)history->n_ended;
    if (state == TRIAL_RUNNING)
        start(history, (uint32_t)number);
    history->count[state]++;
    return number;
}

// Is trial a, complete, to be preferred to the best one so far? Of equals,
// the lowest number, so that the order of arrival does not matter.
static bool beats(const struct history *h, int64_t a)
{
    if (h->state[a] != TRIAL_COMPLETE || isnan(h->value[a]))
        return false;
    if (h->best < 0)
        return true;
    double best = h->value[h->best];
    return h->value[a] < best || (a < h->best && h->value[a] == best);
}

static void update_best(struct history *h, size_t number, double old)
{
    if (h->n_objectives > 1)
        return;
    if (h->best != (int64_t)number) {
        if (beats(h, (int64_t)number))
            h->best = (int64_t)number;
        return;
    }
    if (h->state[number] == TRIAL_COMPLETE && h->value[number] < old)
        return;
    h->best = -1;
    for (size_t i = 0; i < h->n; i++)
        if (beats(h, (int64_t)i))
            h->best = (int64_t)i;
}

void history_enter(struct history *history, size_t number,
                   const struct result *result)
{
    enum trial_state state = result->state;
    assert(number < history->n && state < TRIAL_STATES);
    enum trial_state from = history->state[number];
    double old = *history_values(history, number);
    if (from == TRIAL_RUNNING)
        stop(history, (uint32_t)number);
    history->count[from]--;
    if (state == TRIAL_RUNNING)
        start(history, (uint32_t)number);
    history->count[state]++;
    if (trial_state_is_result(from) && !trial_state_is_result(state))
        forget_result(history, (uint32_t)number);
    if (trial_state_is_result(state) && !trial_state_is_result(from))
        history->ended[history->n_ended++] = (uint32_t)number;
    bool valued = state == TRIAL_COMPLETE || state == TRIAL_PRUNED ||
                  state == TRIAL_INFEASIBLE;
    history->state[number] = (uint8_t)state;
    keep(history, number, valued ? result : NULL);
    update_best(history, number, old);
}

void history_move(struct history *history, size_t number,
                  enum trial_state state, double value)
{
    assert(history->n_objectives == 1);
    history_enter(
        history, number,
        &(struct result){.state = state, .values = &value, .variance = NAN});
}

double history_violation(const struct history *history, size_t number)
{
    size_t c = history->n_constraints;
    double sum = 0;
    for (size_t i = 0; i < c; i++) {
        double excess = history->constraint[number * c + i];
        sum += isnan(excess) || excess > 0 ? excess : 0;
    }
    return sum;
}

// The first report of the series at or after `step`.
static size_t seek(const struct series *series, int64_t step)
{
    if (series->n == 0 || series->step[series->n - 1] < step)
        return series->n;
    size_t low = 0, high = series->n - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (series->step[middle] < step)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool history_report(struct history *history, size_t number, int64_t step,
                    double value)
{
    assert(number < history->n);
    struct series *s = &history->series[number];
    size_t i = seek(s, step);
    if (i < s->n && s->step[i] == step) {
        s->value[i] = value;
        return false;
    }
    if (s->n == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 8;
        s->step = memory_resize(s->step, s->capacity, sizeof *s->step);
        s->value = memory_resize(s->value, s->capacity, sizeof *s->value);
    }
    memmove(s->step + i + 1, s->step + i, (s->n - i) * sizeof *s->step);
    memmove(s->value + i + 1, s->value + i, (s->n - i) * sizeof *s->value);
    s->step[i] = step;
    s->value[i] = value;
    s->n++;
    return true;
}

void history_forget_reports(struct history *history, size_t number)
{
    assert(number < history->n);
    struct series *s = &history->series[number];
    free(s->step);
    free(s->value);
    *s = (struct series){0};
}

double history_at(const struct history *history, size_t number, int64_t step)
{
    assert(number < history->n);
    const struct series *s = &history->series[number];
    size_t i = seek(s, step);
    return i < s->n && s->step[i] == step ? s->value[i] : NAN;
}
