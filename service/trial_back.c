// SPDX-License-Identifier: GPL-3.0-or-later
// trial_back.c - a trial is handed back by its worker, or taken back by a user

#include <math.h>
#include <stdio.h>

#include "budget.h"
#include "trial_private.h"

// ---- handed back ------------------------------------------------------------

// Will somebody try the point again, or has somebody begun to?
static bool is_retried(const struct live *live, size_t number)
{
    struct ask nobody = {0};
    if (live->trials[number].retried_by >= 0)
        return true;
    return live_may_retry(live, number) &&
           (budget_leave(live, &nobody) != BUDGET_CLOSED ||
            nobody.retry_after_s > 0);
}

// Keeps what the worker says about a trial that is lost already.
static int keep_meta(struct live *live, struct store *store, size_t number,
                     const char *meta, struct error *err)
{
    live_revise(live);
    struct trial_row row = trial_row_of(live, number);
    row.meta = meta;
    return store_trial_end(store, &row, err);
}

// A trial that was handed back is lost, and has no lease that ran out.
static int hand_back(struct live *live, struct store *store, size_t number,
                     const struct release *release, struct error *err)
{
    struct tell tell = {
        .numbers.uncertainty = NAN, .wall_s = NAN, .meta = release->meta};
    char text[TRIAL_MAX_REASON + 20];
    snprintf(text, sizeof text, "handed back%s%s", release->reason ? ": " : "",
             release->reason ? release->reason : "");
    struct trial_end end = {.state = TRIAL_LOST,
                            .outcome = outcome_none,
                            .tell = &tell,
                            .error = text,
                            .event = "trial_released",
                            .user_id = release->user_id};
    live->trials[number].lease_ms = 0;
    return trial_end(live, store, number, &end, err);
}

int trial_release(struct live *live, struct store *store,
                  struct release *release, struct error *err)
{
    if (trial_check_number(live, release->number, err))
        return -1;
    size_t number = (size_t)release->number;
    enum trial_state state = live_state(live, number);
    if (state == TRIAL_QUEUED)
        return error_set(err, ERROR_CONFLICT,
                         "trial %zu is queued: nobody has it to hand it back",
                         number);
    if (state == TRIAL_RUNNING && hand_back(live, store, number, release, err))
        return -1;
    if (state == TRIAL_LOST && release->meta &&
        keep_meta(live, store, number, release->meta, err))
        return -1;
    release->state = live_state(live, number);
    release->retried = release->state == TRIAL_LOST && is_retried(live, number);
    return 0;
}

// ---- taken back -------------------------------------------------------------

int trial_cancel(struct live *live, struct store *store,
                 const struct cancel *cancel, struct error *err)
{
    char text[TRIAL_MAX_REASON + 20];
    if (trial_check_number(live, cancel->number, err))
        return -1;
    size_t number = (size_t)cancel->number;
    enum trial_state state = live_state(live, number);
    if (state == TRIAL_CANCELLED)
        return 0;
    if (state != TRIAL_QUEUED && state != TRIAL_RUNNING)
        return error_set(err, ERROR_CONFLICT, "trial %zu has ended: it is %s",
                         number, trial_state_name(state));
    snprintf(text, sizeof text, "cancelled%s%s", cancel->reason ? ": " : "",
             cancel->reason ? cancel->reason : "");
    struct trial_end end = {.state = TRIAL_CANCELLED,
                            .outcome = outcome_none,
                            .error = text,
                            .event = "trial_cancelled",
                            .user_id = cancel->user_id};
    return trial_end(live, store, number, &end, err);
}
