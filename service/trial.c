// SPDX-License-Identifier: GPL-3.0-or-later
// trial.c - the life of a trial: it is asked for, reports, and ends

#include "trial.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/rng.h"
#include "clock.h"
#include "quota.h"
#include "store_log.h"
#include "study.h"
#include "trial_private.h"

uint32_t trial_seed(const struct definition *definition, uint64_t number)
{
    // Another key than the samplers', so that the two are independent.
    struct rng rng = rng_at(definition->seed ^ 0x747269616c000000u, number);
    return rng_u32(&rng) >> 1;
}

struct trial_row trial_row_of(const struct live *live, size_t number)
{
    const struct live_trial *trial = &live->trials[number];
    return (struct trial_row){
        .study_id = live->id,
        .number = (int64_t)number,
        .state = live_state(live, number),
        .point = history_point(&live->history, number),
        .n_point = live->history.space->n,
        .uncertainty = NAN,
        .wall_s = trial->wall_s,
        .cost = NAN,
        .iteration = trial->iteration,
        .stopped = trial->stopped,
        .attempt = trial->attempt,
        .retry_of = trial->retry_of,
        .lease_ms = trial->lease_ms,
        .started_ms = trial->started_ms,
        .ended_ms = trial->ended_ms,
        .ended_revision = trial->ended_revision,
        .seen_revision = trial->seen_revision,
        .revision = live->progress.revision,
        .brought = trial->brought,
        .priority = trial->priority,
        .withdrawn = trial->withdrawn,
    };
}

int trial_event(const struct live *live, struct store *store, const char *kind,
                int64_t number, int64_t user_id, struct error *err)
{
    struct event_row row = {.study_id = live->id,
                            .revision = live->progress.revision,
                            .kind = kind,
                            .number = number,
                            .at_ms = clock_wall_ms(),
                            .user_id = user_id};
    return store_event_add(store, &row, err);
}

int trial_check_number(const struct live *live, int64_t number,
                       struct error *err)
{
    if (number >= 0 && (uint64_t)number < live->history.n) {
        if (live->trials[number].withdrawn != WITHDRAWN_DELETED)
            return 0;
        return error_set(err, ERROR_NOT_FOUND, "trial %" PRId64 " was deleted",
                         number);
    }
    return error_set(err, ERROR_NOT_FOUND,
                     "number %" PRId64 " is not a trial of this study, which "
                     "has %zu",
                     number, live->history.n);
}

// ---- ask --------------------------------------------------------------------

// Remembers a trial that was handed out, and why it was.
static void remember(struct ask *ask, size_t number, const char *why)
{
    if (ask->arena)
        ask->why[ask->n_numbers] =
            why ? arena_copy(ask->arena, why, strlen(why)) : NULL;
    ask->numbers[ask->n_numbers++] = number;
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
        remember(ask, number, row.why);
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

// Chooses the point: that of a lost trial that is tried again, or a new one.
static int choose(struct live *live, struct arena *arena,
                  struct ahead_item *item, struct live_trial *trial,
                  struct error *err)
{
    int64_t lost = live_find_lost(live);
    if (lost < 0)
        return ahead_suggest(live, arena, item, err);
    size_t d = live->history.space->n;
    item->point = arena_doubles(arena, d);
    if (d)
        memcpy(item->point, history_point(&live->history, (size_t)lost),
               d * sizeof *item->point);
    bool handed_back = live_is_handed_back(live, (size_t)lost);
    item->why = arena_print(arena, "trial %" PRId64 " again, which was %s",
                            lost, handed_back ? "handed back" : "lost");
    item->seen_revision = live->progress.revision;
    item->seen = live->history.n_ended;
    trial->attempt = live->trials[lost].attempt + (handed_back ? 0 : 1);
    trial->retry_of = (int32_t)lost;
    trial->iteration = live->trials[lost].iteration;
    ahead_skip(live);
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
    remember(ask, number, NULL);
    if (store_trial_start(store, &row, err))
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
    if (choose(live, arena, &item, &trial, err))
        return -1;
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
    remember(ask, number, item.why);
    if (store_trial_add(store, &row, err))
        return -1;
    return trial_event(live, store, "trial_started", (int64_t)number,
                       ask->user_id, err);
}

// Is a trial expected to last longer than the worker has left?
static bool is_too_long(const struct live *live, struct ask *ask)
{
    if (!(ask->max_seconds > 0))
        return false;
    double expected_s = live_expected_s(live, clock_wall_ms());
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
    if (ask->arena)
        ask->why = arena_zeros(ask->arena, ask->n, sizeof *ask->why);
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
    if (ask->n_numbers == ask->n)
        ask->reason = NULL;
    if (result && err->code == ERROR_EXHAUSTED) {
        ask->reason = "exhausted";
        ask->retry_after_s = 0;
        snprintf(ask->detail, sizeof ask->detail, "%.150s", err->message);
        error_clear(err);
        result = 0;
    }
    if (result)
        return -1;
    return ask->reason ? study_settle(live, store, err) : 0;
}

// ---- the end of a trial -----------------------------------------------------

// Moves the trial in memory. Returns whether it ended; a stop moves nothing. A
// corrected result keeps its place among the results.
static bool move(struct live *live, size_t number, const struct trial_end *end)
{
    struct live_trial *trial = &live->trials[number];
    enum trial_state before = (enum trial_state)live->history.state[number];
    bool over = before != end->state;
    live_revise(live);
    if (over) {
        trial->ended_ms = clock_wall_ms();
        trial->wall_s = end->tell ? end->tell->wall_s : NAN;
        if (!trial_state_is_result(before))
            trial->ended_revision = live->progress.revision;
    }
    live_move(live, number, end->state, &end->outcome);
    return over;
}

int trial_end(struct live *live, struct store *store, size_t number,
              const struct trial_end *end, struct error *err)
{
    if (end->tell && end->tell->cost)
        tally_charge(live, number, *end->tell->cost);
    bool over = move(live, number, end);
    struct trial_row row = trial_row_of(live, number);
    double values[STUDY_MAX_OBJECTIVES];
    struct outcome kept;
    live_outcome(live, number, values, &kept);
    row.values = kept.values;
    row.n_values = kept.values ? live->definition->n_objectives : 0;
    row.constraint_values = kept.constraints;
    row.n_constraint_values =
        kept.constraints ? live->definition->n_outcome_constraints : 0;
    row.stop_reason = end->stop_reason;
    row.error = end->error;
    if (end->tell) {
        row.uncertainty = end->tell->numbers.uncertainty;
        row.cost = live->trials[number].cost;
        row.outputs = end->tell->outputs;
        row.meta = end->tell->meta;
        row.env = end->tell->env;
    }
    if (store_trial_end(store, &row, err) ||
        trial_event(live, store,
                    end->event ? end->event
                    : over     ? "trial_ended"
                               : "trial_stopped",
                    (int64_t)number, end->user_id, err))
        return -1;
    return over ? study_settle(live, store, err) : 0;
}

// ---- report -----------------------------------------------------------------

bool trial_is_open(enum trial_state state)
{
    return state == TRIAL_RUNNING || state == TRIAL_LOST;
}

// Enters the value in memory and in the store unless it is there already.
static int keep_report(struct live *live, struct store *store,
                       const struct report *report, struct error *err)
{
    size_t number = (size_t)report->number;
    double value = definition_sign(live->definition, 0, report->value);
    double before = history_at(&live->history, number, report->step);
    if (before == value)
        return 0;
    bool is_new = live_report(live, number, report->step, report->value);
    if (!is_new && isnan(before) && isnan(value))
        return 0;
    struct report_row row = {.study_id = live->id,
                             .number = report->number,
                             .step = report->step,
                             .value = report->value,
                             .at_ms = clock_wall_ms(),
                             .revision = live_revise(live)};
    return store_report_put(store, &row, err);
}

// Asks the pruner about a trial that may still go on.
static bool decide(const struct live *live, struct report *report)
{
    const struct definition *definition = live->definition;
    const struct pruner *pruner = definition->pruner;
    struct pruner_verdict verdict;
    struct arena arena;
    double options[OPTION_MAX];
    memcpy(options, definition->pruner_options, sizeof options);
    bool maximize = definition->objectives[0].maximize;
    if (maximize && pruner->negate)
        pruner->negate(options);
    arena_init(&arena);
    struct pruner_task task = {
        .history = &live->history,
        .number = (size_t)report->number,
        .options = options,
        .seed = definition->seed,
        .arena = &arena,
    };
    pruner_decide(pruner, &task, &verdict);
    arena_done(&arena);
    if (verdict.prune && maximize)
        pruner_explain_maximised(&verdict);
    if (verdict.prune)
        snprintf(report->reason, sizeof report->reason, "%s", verdict.reason);
    return verdict.prune;
}

// Makes a "stop" last; the trial runs on, or stays lost, until it is told. For
// a lenient client the trial ends with it, with the value that was reported;
// one that is not a number has failed.
static int stop(struct live *live, struct store *store,
                const struct report *report, struct error *err)
{
    size_t number = (size_t)report->number;
    bool finite = isfinite(report->value);
    struct trial_end end = {
        .state = !report->lenient
                     ? (enum trial_state)live->history.state[number]
                 : finite ? TRIAL_PRUNED
                          : TRIAL_FAILED,
        .outcome = {.values = report->lenient && finite ? &report->value : NULL,
                    .uncertainty = NAN},
        .stop_reason = report->reason,
        .error = report->lenient && !finite ? "the loss is not finite" : NULL,
        .user_id = report->user_id,
    };
    live->trials[number].stopped = true;
    return trial_end(live, store, number, &end, err);
}

int trial_report(struct live *live, struct store *store, struct report *report,
                 struct error *err)
{
    if (trial_check_number(live, report->number, err))
        return -1;
    size_t number = (size_t)report->number;
    enum trial_state state = live_state(live, number);
    const struct live_trial *trial = &live->trials[number];
    report->reason[0] = '\0';
    if (keep_report(live, store, report, err) ||
        trial_renew(live, store, number, err))
        return -1;
    report->should_prune =
        trial->stopped || state == TRIAL_PRUNED || state == TRIAL_CANCELLED;
    report->lease_ms = trial->lease_ms;
    if (report->should_prune)
        snprintf(report->reason, sizeof report->reason, "%s",
                 state == TRIAL_CANCELLED
                     ? "the trial was cancelled"
                     : "the trial was told to stop before");
    if (report->should_prune || !trial_is_open(state) || !decide(live, report))
        return 0;
    report->should_prune = true;
    return stop(live, store, report, err);
}
