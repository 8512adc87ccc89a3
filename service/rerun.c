// SPDX-License-Identifier: GPL-3.0-or-later
// rerun.c - the same points once more

#include "rerun.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "bring.h"
#include "clock.h"
#include "quota.h"
#include "study.h"
#include "trial_private.h"

// ---- deciding ---------------------------------------------------------------

static size_t latest(const struct live *live, size_t number)
{
    while (live->trials[number].retried_by >= 0)
        number = (size_t)live->trials[number].retried_by;
    return number;
}

// Did the trial bring a valid result that is no failure?
static bool succeeded(const struct live *live, size_t number)
{
    enum trial_state state = (enum trial_state)live->history.state[number];
    return trial_state_is_result(state) && state != TRIAL_FAILED;
}

// Needs the trial no other one of its line, whose latest is `last`?
static bool is_served(const struct live *live, size_t number, size_t last)
{
    uint8_t state = live->history.state[last];
    return state == TRIAL_QUEUED || state == TRIAL_RUNNING ||
           (last != number && succeeded(live, last));
}

// How many of the numbers need a new trial, at most.
static size_t count_new(const struct live *live, const struct rerun *rerun)
{
    size_t n = 0;
    for (size_t i = 0; i < rerun->n_numbers; i++) {
        size_t number = (size_t)rerun->numbers[i];
        n += !is_served(live, number, latest(live, number));
    }
    return n;
}

// A grid whose points are done is not any more when one is run again.
static bool may_reopen(const struct live *live)
{
    return live->scan && scan_is_done(live->scan) && live->reason &&
           budget_is_reason(live->reason);
}

static int check(const struct live *live, const struct rerun *rerun,
                 struct error *err)
{
    if (live->state == STUDY_DRAINING ||
        (live->state == STUDY_FINISHED && !may_reopen(live)))
        return error_set(err, ERROR_CONFLICT,
                         "nothing can be run again: the study is %s",
                         study_state_name(live->state));
    for (size_t i = 0; i < rerun->n_numbers; i++)
        if (trial_check_number(live, rerun->numbers[i], err))
            return -1;
    size_t n = rerun->numbers ? rerun->n_numbers : 1;
    if (live->history.count[TRIAL_QUEUED] + n > BRING_MAX_QUEUED)
        return error_set(err, ERROR_INVALID,
                         "nothing can be run again: at most %d trials wait",
                         BRING_MAX_QUEUED);
    return 0;
}

// ---- writing ----------------------------------------------------------------

// Enqueues the point of item->of again, and sets item->number.
static int enqueue(struct live *live, struct store *store, int64_t user_id,
                   size_t last, struct rerun_item *item, struct error *err)
{
    struct live_trial trial = {.seen_revision = live->progress.revision,
                               .attempt = 1,
                               .retry_of = (int32_t)last,
                               .wall_s = NAN,
                               .brought = true,
                               .run = live->trials[last].run};
    size_t d = live->history.space->n;
    struct arena arena;
    arena_init(&arena);
    double *point = arena_doubles(&arena, d);
    if (d)
        memcpy(point, history_point(&live->history, last), d * sizeof *point);
    ahead_skip(live);
    live_revise(live);
    item->number = (int64_t)live_enqueue(live, point, &trial);
    struct trial_row row = trial_row_of(live, (size_t)item->number);
    row.created_ms = clock_wall_ms();
    row.sampler = "rerun";
    int result = store_trial_add(store, &row, err) ||
                         store_trial_inherit(store, live->id, row.number,
                                             item->of, err) ||
                         trial_event(live, store, "trial_queued", row.number,
                                     user_id, err)
                     ? -1
                     : 0;
    arena_done(&arena);
    return result;
}

static int run_again(struct live *live, struct store *store,
                     struct rerun *rerun, size_t number, struct error *err)
{
    size_t last = latest(live, number);
    struct rerun_item item = {.of = (int64_t)number, .number = (int64_t)last};
    bool served = is_served(live, number, last);
    if (!served && enqueue(live, store, rerun->user_id, last, &item, err))
        return -1;
    rerun->n_new += !served;
    if (!served || rerun->numbers)
        rerun->items[rerun->n++] = item;
    return 0;
}

// Does the state of the trial ask for it, and is there none yet? One that ran
// another again with success is what was asked for before.
static bool is_wanted(const struct live *live, const struct rerun *rerun,
                      size_t number)
{
    const struct live_trial *trial = &live->trials[number];
    bool again = trial->brought && trial->retry_of >= 0;
    return !trial->withdrawn &&
           rerun->states >> live->history.state[number] & 1 &&
           !is_served(live, number, latest(live, number)) &&
           !(again && succeeded(live, number)) &&
           !(live->scan &&
             (scan_is_complete(live, number) || scan_twin(live, number) >= 0));
}

static int run_by_state(struct live *live, struct store *store,
                        struct rerun *rerun, struct error *err)
{
    size_t n = live->history.n; // without those that are added
    for (size_t i = 0; i < n; i++) {
        if (!is_wanted(live, rerun, i))
            continue;
        rerun->more = rerun->n == RERUN_MAX ||
                      live->history.count[TRIAL_QUEUED] == BRING_MAX_QUEUED;
        if (rerun->more)
            break;
        struct error fault = {0};
        rerun->more = quota_take_trials(live, 1, &fault) != 0;
        if (rerun->more && !rerun->n)
            return error_set(err, fault.code, "%s", fault.message);
        if (rerun->more)
            break;
        if (run_again(live, store, rerun, i, err))
            return -1;
    }
    return 0;
}

static int run_named(struct live *live, struct store *store,
                     struct rerun *rerun, struct error *err)
{
    if (quota_take_trials(live, count_new(live, rerun), err))
        return -1;
    for (size_t i = 0; i < rerun->n_numbers; i++)
        if (run_again(live, store, rerun, (size_t)rerun->numbers[i], err))
            return -1;
    return 0;
}

int rerun_trials(struct live *live, struct store *store, struct rerun *rerun,
                 struct error *err)
{
    assert(rerun->n_numbers <= RERUN_MAX);
    rerun->n = rerun->n_new = 0;
    rerun->more = false;
    if (check(live, rerun, err))
        return -1;
    int result = rerun->numbers ? run_named(live, store, rerun, err)
                                : run_by_state(live, store, rerun, err);
    return result || !rerun->n_new
               ? result
               : study_settle_again(live, store, rerun->user_id, err);
}
