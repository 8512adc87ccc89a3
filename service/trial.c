// SPDX-License-Identifier: GPL-3.0-or-later
// trial.c - the life of a trial: it reports, and ends

#include "trial.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/rng.h"
#include "clock.h"
#include "kind.h"
#include "quota.h"
#include "store_log.h"
#include "study.h"
#include "trial_private.h"

// ---- seeds ------------------------------------------------------------------

// One round of the network, below 2^16.
static uint32_t stir(uint64_t seed, unsigned round, uint32_t half)
{
    // Another key than the samplers', so that the two are independent.
    struct rng rng =
        rng_at(seed ^ 0x747269616c000000u, (uint64_t)round << 32 | half);
    return rng_u32(&rng) & 0xffff;
}

// A bijection of the numbers below 2^31: a Feistel network whose halves have
// 15 and 16 bits.
static uint32_t permute(uint64_t seed, uint32_t number)
{
    uint32_t left = number >> 16, right = number & 0xffff;
    for (unsigned round = 0; round < 8; round += 2) {
        left ^= stir(seed, round, right) & 0x7fff;
        right ^= stir(seed, round + 1, left);
    }
    return left << 16 | right;
}

uint32_t trial_seed(const struct definition *definition, uint64_t number)
{
    // 0 is not a seed. The cycle through `seed` leaves it again at the latest
    // where it came in.
    uint32_t seed = (uint32_t)(number % INT32_MAX) + 1;
    do
        seed = permute(definition->seed, seed);
    while (seed == 0);
    return seed;
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
        .run = trial->run,
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
    const struct kind *kind = kind_of(live->definition);
    if (kind->keep && end->tell && end->state == TRIAL_COMPLETE &&
        kind->keep(live, store, end->tell, err))
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
