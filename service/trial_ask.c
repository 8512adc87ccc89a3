// SPDX-License-Identifier: GPL-3.0-or-later
// trial_ask.c - a trial is asked for

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "kind.h"
#include "quota.h"
#include "store_log.h"
#include "study.h"
#include "trial_private.h"

static const char *keep(const struct ask *ask, const char *text)
{
    return text ? arena_copy(ask->arena, text, strlen(text)) : NULL;
}

// Remembers a trial that was handed out: why it was, and what is said of its
// point.
static void remember(struct ask *ask, const struct trial_row *row)
{
    if (ask->arena) {
        ask->why[ask->n_numbers] = keep(ask, row->why);
        ask->labels[ask->n_numbers] =
            (struct point_label){.number = (size_t)row->number,
                                 .id = keep(ask, row->point_id),
                                 .meta = keep(ask, row->meta)};
    }
    ask->numbers[ask->n_numbers++] = (size_t)row->number;
}

// The same for one that was handed out before: the store knows why.
static int remember_again(const struct live *live, struct store *store,
                          struct ask *ask, size_t number, struct error *err)
{
    struct trial_row row;
    struct arena arena;
    arena_init(&arena);
    int result =
        store_trial_get(store, live->id, (int64_t)number, &arena, &row, err);
    if (result == 0)
        remember(ask, &row);
    arena_done(&arena);
    return result;
}

// Answers a repeated ask with the trials that it got the first time. Returns 1
// when this is a first time.
static int repeat(const struct live *live, struct store *store, struct ask *ask,
                  struct error *err)
{
    uint64_t key, body;
    memcpy(&key, ask->key, sizeof key);
    memcpy(&body, ask->key + 16, sizeof body);
    int64_t first = numbers_find(&live->asks, key);
    if (first < 0)
        return 1;
    if (live->trials[first].ask_body != body)
        return error_set(err, ERROR_INVALID,
                         "Idempotency-Key was used with another body");
    for (size_t i = (size_t)first;
         i < live->history.n && ask->n_numbers < ask->n; i++)
        if (live->trials[i].ask_key == key &&
            live->trials[i].withdrawn != WITHDRAWN_DELETED &&
            remember_again(live, store, ask, i, err))
            return -1;
    if (!ask->n_numbers)
        return error_set(err, ERROR_CONFLICT,
                         "Idempotency-Key is that of trials that were deleted");
    return 0;
}

// Is there a trial to be tried again before anything new? Returns it, or -1.
static int64_t find_again(const struct live *live, enum budget_leave leave)
{
    int64_t again = live_find_lost(live);
    return again >= 0 && live->scan && leave == BUDGET_OPEN &&
                   scan_defers(live, (size_t)again)
               ? -1
               : again;
}

// Takes the point of a trial that is tried again.
static void take_again(struct live *live, size_t lost, struct arena *arena,
                       struct ahead_item *item, struct live_trial *trial)
{
    size_t d = live->history.space->n;
    item->point = arena_doubles(arena, d);
    if (d)
        memcpy(item->point, history_point(&live->history, lost),
               d * sizeof *item->point);
    bool failed = live->history.state[lost] == TRIAL_FAILED;
    bool handed_back = !failed && live_is_handed_back(live, lost);
    item->why = arena_print(arena, "trial %zu again, which %s", lost,
                            failed        ? "failed"
                            : handed_back ? "was handed back"
                                          : "was lost");
    item->run = live->trials[lost].run;
    item->seen_revision = live->progress.revision;
    item->seen = live->history.n_ended;
    trial->attempt = live->trials[lost].attempt + (handed_back ? 0 : 1);
    trial->retry_of = (int32_t)lost;
    trial->iteration = live->trials[lost].iteration;
    ahead_skip(live);
}

// Chooses the point: that of a trial that is tried again, or a new one.
static int choose(struct live *live, struct ask *ask, int64_t again,
                  struct arena *arena, struct ahead_item *item,
                  struct live_trial *trial, struct error *err)
{
    if (again < 0)
        return kind_choose(live, ask, arena, item, err);
    take_again(live, (size_t)again, arena, item, trial);
    return 0;
}

// Reads what is said of the point of a new trial: what the one that it tries
// again has, or the first one of its point. Nothing of a cell of a grid.
static int inherit(const struct live *live, struct store *store,
                   struct trial_row *row, struct arena *arena,
                   struct error *err)
{
    struct trial_row from;
    int64_t origin = row->retry_of;
    if (!row->run)
        return 0;
    if (origin < 0)
        origin = scan_origin(live->scan, row->run);
    if (origin < 0 || origin == row->number ||
        (origin != row->retry_of && live->scan->cartesian))
        return 0;
    if (store_trial_get(store, live->id, origin, arena, &from, err))
        return -1;
    row->meta = from.meta;
    row->point_id = from.point_id;
    return 0;
}

// The key of the ask that a trial is handed out to.
static void keep_key(const struct ask *ask, struct live_trial *trial)
{
    memcpy(&trial->ask_key, ask->key, sizeof trial->ask_key);
    memcpy(&trial->ask_body, ask->key + 16, sizeof trial->ask_body);
}

// Hands out a trial that waited in the queue.
static int start(struct live *live, struct store *store, struct ask *ask,
                 size_t number, struct error *err)
{
    int64_t now = clock_wall_ms();
    int64_t lease_s = ask->lease_s ? ask->lease_s : live->definition->lease_s;
    struct live_trial trial = live->trials[number];
    struct trial_row row = {.study_id = live->id,
                            .number = (int64_t)number,
                            .state = TRIAL_RUNNING,
                            .started_ms = now,
                            .lease_ms = now + 1000 * lease_s,
                            .worker = ask->worker,
                            .special = ask->special,
                            .revision = live_revise(live)};
    trial.started_ms = row.started_ms;
    trial.lease_ms = row.lease_ms;
    row.iteration = trial.iteration = budget_iteration(live);
    keep_key(ask, &trial);
    memcpy(row.ask_key, ask->key, sizeof row.ask_key);
    live_start(live, number, &trial);
    if (store_trial_start(store, &row, err))
        return -1;
    if (live->scan ? remember_again(live, store, ask, number, err)
                   : (remember(ask, &row), 0))
        return -1;
    return trial_event(live, store, "trial_started", row.number, ask->user_id,
                       err);
}

static int hand_out(struct live *live, struct store *store, struct ask *ask,
                    enum budget_leave leave, struct arena *arena,
                    struct error *err)
{
    int64_t queued = leave == BUDGET_OPEN ? live_find_queued(live) : -1;
    if (queued >= 0)
        return start(live, store, ask, (size_t)queued, err);
    const struct definition *definition = live->definition;
    int64_t now = clock_wall_ms(), start_us = clock_monotonic_us();
    int64_t lease_s = ask->lease_s ? ask->lease_s : definition->lease_s;
    struct ahead_item item = {0};
    struct live_trial trial = {.lease_ms = now + 1000 * lease_s,
                               .started_ms = now,
                               .attempt = 1,
                               .retry_of = -1,
                               .wall_s = NAN,
                               .iteration = budget_iteration(live)};
    keep_key(ask, &trial);
    if (choose(live, ask, find_again(live, leave), arena, &item, &trial, err))
        return -1;
    trial.run = item.run;
    ask->suggest_us += clock_monotonic_us() - start_us;
    trial.seen_revision = item.seen_revision;
    live_revise(live);
    size_t number = live_append(live, item.point, &trial, item.seen);
    struct trial_row row = trial_row_of(live, number);
    row.created_ms = now;
    row.sampler = trial.retry_of < 0 ? definition->sampler->name : "retry";
    row.why = item.why;
    row.worker = ask->worker;
    row.special = ask->special;
    memcpy(row.ask_key, ask->key, sizeof row.ask_key);
    if (inherit(live, store, &row, arena, err) ||
        store_trial_add(store, &row, err))
        return -1;
    remember(ask, &row);
    return trial_event(live, store, "trial_started", (int64_t)number,
                       ask->user_id, err);
}

// Is a trial expected to last longer than the worker has left?
static bool is_too_long(const struct live *live, struct ask *ask)
{
    if (!(ask->max_seconds > 0))
        return false;
    const struct kind *kind = kind_of(live->definition);
    double expected_s = kind->expected ? kind->expected(live, ask)
                                       : live_expected_s(live, clock_wall_ms());
    if (expected_s <= ask->max_seconds)
        return false;
    ask->reason = "walltime";
    ask->retry_after_s = 0; // what is left gets no longer
    snprintf(ask->detail, sizeof ask->detail,
             "a trial is expected to take %.*f s, %.*f s are left",
             expected_s < 10, expected_s, ask->max_seconds < 10,
             ask->max_seconds);
    return true;
}

// Waits for suggestions beyond the trials that are in the queue.
static int require(struct live *live, size_t n, struct error *err)
{
    size_t queued = live->history.count[TRIAL_QUEUED];
    return n > queued ? ahead_require(live, n - queued, err) : 0;
}

// Of numbers, or of what begins with one.
static int by_number(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return x < y ? -1 : x > y;
}

int trial_ask(struct live *live, struct store *store, struct ask *ask,
              struct error *err)
{
    static const unsigned char none[STORE_ASK_KEY_BYTES];
    ask->n_numbers = 0;
    ask->reason = NULL;
    ask->suggest_us = 0;
    if (ask->arena) {
        ask->why = arena_zeros(ask->arena, ask->n, sizeof *ask->why);
        ask->labels = arena_zeros(ask->arena, ask->n, sizeof *ask->labels);
    }
    if (memcmp(ask->key, none, sizeof none) != 0) {
        int first = repeat(live, store, ask, err);
        if (first <= 0)
            return first;
    }
    struct arena arena;
    arena_init(&arena);
    int result = 0;
    while (result == 0 && ask->n_numbers < ask->n) {
        enum budget_leave leave = budget_leave(live, ask);
        if (leave == BUDGET_CLOSED ||
            (ask->n_numbers == 0 && is_too_long(live, ask)))
            break;
        bool is_new = leave != BUDGET_OPEN || live_find_queued(live) < 0;
        int may = live->quota ? quota_take_run(live, is_new, ask, err) : 1;
        if (may <= 0) {
            result = may;
            break;
        }
        arena_reset(&arena);
        if (leave == BUDGET_OPEN && !ask->n_numbers)
            result = require(live, ask->n, err);
        if (result == 0)
            result = hand_out(live, store, ask, leave, &arena, err);
    }
    arena_done(&arena);
    // As a repeat lists them. Queued ones come first and say no why.
    qsort(ask->numbers, ask->n_numbers, sizeof *ask->numbers, by_number);
    if (ask->arena)
        qsort(ask->labels, ask->n_numbers, sizeof *ask->labels, by_number);
    if (ask->n_numbers == ask->n)
        ask->reason = NULL;
    if (result && err->code == ERROR_EXHAUSTED) {
        if (!ask->reason) {
            ask->reason = "exhausted";
            ask->retry_after_s = 0;
        }
        snprintf(ask->detail, sizeof ask->detail, "%.150s", err->message);
        error_clear(err);
        result = 0;
    }
    if (result)
        return -1;
    return ask->reason ? study_settle(live, store, err) : 0;
}
