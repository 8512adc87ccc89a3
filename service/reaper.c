// SPDX-License-Identifier: GPL-3.0-or-later
// reaper.c - finds what nobody goes on with: trials, and studies being built

#include "reaper.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "audit_sweep.h"
#include "campaign_sweep.h"
#include "clock.h"
#include "copy.h"
#include "log.h"
#include "store_copy.h"
#include "sweep.h"
#include "trial.h"

enum {
    MAX_AT_ONCE = 1000,
    SET_MS = 1000,      // more is no drift: the clock was set
    AWAY_US = 10000000, // since the last look
};

struct reaper {
    struct reaper_options options;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stopping;
    bool dismantling; // a study that nobody goes on building
    pthread_t thread;
    struct clock_look last; // when a look succeeded, at first the start
    int64_t spared_ms;      // leases of before may have missed their renewal
    int64_t set_back_ms;    // since the last look
    int64_t sweep_us;       // when to sweep next
};

struct visit {
    struct command command;
    struct metrics *metrics;
    struct expiry expiry;
};

static int apply(struct command *command, struct live *live,
                 struct store *store, struct error *err)
{
    return trial_expire(live, store, &((struct visit *)command)->expiry, err);
}

static void done(struct command *command, const struct live *live)
{
    struct visit *visit = (struct visit *)command;
    (void)live;
    if (visit->expiry.lost && !command->error.code)
        metrics_add(visit->metrics, METRIC_LEASES_LOST, 1);
    free(command);
}

// A look in progress.
struct round {
    struct reaper *reaper;
    int64_t now_ms;
};

static int visit(void *context, int64_t study_id, int64_t number,
                 struct error *err)
{
    const struct round *round = context;
    struct reaper *reaper = round->reaper;
    struct visit *visit = calloc(1, sizeof *visit);
    (void)err;
    if (!visit)
        abort();
    visit->command =
        (struct command){.study_id = study_id, .apply = apply, .done = done};
    visit->metrics = reaper->options.metrics;
    visit->expiry = (struct expiry){.number = number,
                                    .now_ms = round->now_ms,
                                    .spared_ms = reaper->spared_ms,
                                    .set_back_ms = reaper->set_back_ms};
    engine_submit(reaper->options.engine, &visit->command);
    return 0;
}

// Notices what happened to the clocks since the last look that succeeded.
static void compare(struct reaper *reaper, struct clock_look now)
{
    int64_t set_ms = clock_set_ms(reaper->last, now);
    bool away = now.monotonic_us - reaper->last.monotonic_us > AWAY_US;
    reaper->set_back_ms = set_ms < -SET_MS ? -set_ms : 0;
    if (away || set_ms > SET_MS)
        reaper->spared_ms = now.wall_ms;
    else if (reaper->set_back_ms)
        reaper->spared_ms = 0; // that was the time of another clock
    if (set_ms > SET_MS || reaper->set_back_ms)
        log_event(LOG_WARNING, "the wall clock was set",
                  log_integer("by_ms", set_ms));
}

// Looks for leases that ran out and, when the clock was set back, for those
// that end too late.
static int look(struct reaper *reaper, struct store *store, struct error *err)
{
    struct clock_look now = clock_look();
    struct round round = {reaper, now.wall_ms};
    compare(reaper, now);
    if (store_trials_expired(store, now.wall_ms, MAX_AT_ONCE, visit, &round,
                             err) ||
        (reaper->set_back_ms &&
         store_trials_leased_beyond(store, now.wall_ms + reaper->set_back_ms,
                                    visit, &round, err)))
        return -1;
    reaper->last = now;
    return 0;
}

// ---- studies that nobody goes on building -----------------------------------

struct dismantling {
    struct command command;
    struct reaper *reaper;
    int64_t study_id;
    bool gone;
};

static int apply_dismantle(struct command *command, struct live *live,
                           struct store *store, struct error *err)
{
    struct dismantling *dismantling = (struct dismantling *)command;
    (void)live;
    return store_study_abandon(store, dismantling->study_id, err) ||
                   store_study_dismantle(store, dismantling->study_id,
                                         COPY_DISMANTLE_STEP,
                                         &dismantling->gone, err)
               ? -1
               : 0;
}

// Ends with the study, or with the service: the next start goes on.
static void done_dismantle(struct command *command, const struct live *live)
{
    struct dismantling *dismantling = (struct dismantling *)command;
    struct reaper *reaper = dismantling->reaper;
    (void)live;
    pthread_mutex_lock(&reaper->mutex);
    bool go_on =
        !command->error.code && !dismantling->gone && !reaper->stopping;
    reaper->dismantling = go_on;
    pthread_cond_signal(&reaper->wake);
    pthread_mutex_unlock(&reaper->mutex);
    if (go_on)
        engine_submit(reaper->options.engine, command);
    else
        free(command);
}

static int visit_abandoned(void *context, int64_t id, struct error *err)
{
    struct reaper *reaper = context;
    struct dismantling *dismantling = calloc(1, sizeof *dismantling);
    (void)err;
    if (!dismantling)
        abort();
    dismantling->command.apply = apply_dismantle;
    dismantling->command.done = done_dismantle;
    dismantling->reaper = reaper;
    dismantling->study_id = id;
    pthread_mutex_lock(&reaper->mutex);
    reaper->dismantling = true;
    pthread_mutex_unlock(&reaper->mutex);
    engine_submit(reaper->options.engine, &dismantling->command);
    return 0;
}

// One at a time.
static int find_abandoned(struct reaper *reaper, struct store *store,
                          struct error *err)
{
    pthread_mutex_lock(&reaper->mutex);
    bool busy = reaper->dismantling;
    pthread_mutex_unlock(&reaper->mutex);
    return busy ? 0
                : store_studies_abandoned(
                      store, clock_wall_ms() - COPY_GIVEN_UP_S * INT64_C(1000),
                      1, visit_abandoned, reaper, err);
}

// Now and then removes tokens that ended long ago; the first time after a
// start at once.
static void sweep(struct reaper *reaper)
{
    int64_t now_us = clock_monotonic_us();
    if (now_us < reaper->sweep_us)
        return;
    reaper->sweep_us = now_us + SWEEP_S * INT64_C(1000000);
    sweep_tokens(reaper->options.engine, reaper->options.token_keep_days);
}

// ---- the thread -------------------------------------------------------------

// Waits a second. Returns false when it is time to end.
static bool wait(struct reaper *reaper)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec++;
    pthread_mutex_lock(&reaper->mutex);
    int result = 0;
    while (!reaper->stopping && result == 0)
        result = pthread_cond_timedwait(&reaper->wake, &reaper->mutex, &until);
    bool go_on = !reaper->stopping;
    pthread_mutex_unlock(&reaper->mutex);
    return go_on;
}

static void *reap(void *context)
{
    struct reaper *reaper = context;
    struct error err = {0};
    struct store *store = store_open(reaper->options.database, &err);
    if (!store)
        abort(); // the URL was good when the schema was brought up to date
    for (unsigned s = 0; wait(reaper); s++) {
        if (s % AUDIT_SWEEP_S == 0)
            audit_sweep(reaper->options.engine, reaper->options.audit_days);
        error_clear(&err);
        if (look(reaper, store, &err))
            log_event(LOG_WARNING, "cannot look for lost trials",
                      log_text("error", err.message));
        error_clear(&err);
        if (find_abandoned(reaper, store, &err))
            log_event(LOG_WARNING, "cannot look for abandoned clones",
                      log_text("error", err.message));
        error_clear(&err);
        if (campaign_sweep(reaper->options.engine, store, &err))
            log_event(LOG_WARNING, "cannot look for abandoned campaigns",
                      log_text("error", err.message));
        sweep(reaper);
    }
    store_close(store);
    return NULL;
}

struct reaper *reaper_start(const struct reaper_options *options,
                            struct error *err)
{
    struct reaper *reaper = calloc(1, sizeof *reaper);
    pthread_condattr_t monotonic;
    if (!reaper)
        abort();
    reaper->options = *options;
    reaper->last = clock_look();
    reaper->spared_ms = reaper->last.wall_ms;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&reaper->mutex, NULL);
    pthread_cond_init(&reaper->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&reaper->thread, NULL, reap, reaper) == 0)
        return reaper;
    error_set(err, ERROR_INTERNAL, "cannot start the reaper's thread");
    free(reaper);
    return NULL;
}

void reaper_stop(struct reaper *reaper)
{
    if (!reaper)
        return;
    pthread_mutex_lock(&reaper->mutex);
    reaper->stopping = true;
    pthread_cond_signal(&reaper->wake);
    pthread_mutex_unlock(&reaper->mutex);
    pthread_join(reaper->thread, NULL);
    pthread_mutex_lock(&reaper->mutex);
    while (reaper->dismantling)
        pthread_cond_wait(&reaper->wake, &reaper->mutex);
    pthread_mutex_unlock(&reaper->mutex);
    pthread_cond_destroy(&reaper->wake);
    pthread_mutex_destroy(&reaper->mutex);
    free(reaper);
}
