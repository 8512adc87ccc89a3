// SPDX-License-Identifier: GPL-3.0-or-later
// reaper.c - finds what nobody goes on with: trials, and studies being built

#include "reaper.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "copy.h"
#include "log.h"
#include "store_copy.h"
#include "trial.h"

enum { MAX_AT_ONCE = 1000 };

struct reaper {
    const char *database;
    struct engine *engine;
    struct metrics *metrics;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stopping;
    bool dismantling; // a study that nobody goes on building
    pthread_t thread;
};

struct expiry {
    struct command command;
    struct metrics *metrics;
    int64_t number;
    bool lost;
};

static int apply(struct command *command, struct live *live,
                 struct store *store, struct error *err)
{
    struct expiry *expiry = (struct expiry *)command;
    return trial_expire(live, store, expiry->number, &expiry->lost, err);
}

static void done(struct command *command, const struct live *live)
{
    struct expiry *expiry = (struct expiry *)command;
    (void)live;
    if (expiry->lost && !command->error.code)
        metrics_add(expiry->metrics, METRIC_LEASES_LOST, 1);
    free(command);
}

static int visit(void *context, int64_t study_id, int64_t number,
                 struct error *err)
{
    struct reaper *reaper = context;
    struct expiry *expiry = calloc(1, sizeof *expiry);
    (void)err;
    if (!expiry)
        abort();
    expiry->command =
        (struct command){.study_id = study_id, .apply = apply, .done = done};
    expiry->metrics = reaper->metrics;
    expiry->number = number;
    engine_submit(reaper->engine, &expiry->command);
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
        engine_submit(reaper->engine, command);
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
    engine_submit(reaper->engine, &dismantling->command);
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
    struct store *store = store_open(reaper->database, &err);
    if (!store)
        abort(); // the URL was good when the schema was brought up to date
    while (wait(reaper)) {
        error_clear(&err);
        if (store_trials_expired(store, clock_wall_ms(), MAX_AT_ONCE, visit,
                                 reaper, &err))
            log_event(LOG_WARNING, "cannot look for lost trials",
                      log_text("error", err.message));
        error_clear(&err);
        if (find_abandoned(reaper, store, &err))
            log_event(LOG_WARNING, "cannot look for abandoned clones",
                      log_text("error", err.message));
    }
    store_close(store);
    return NULL;
}

struct reaper *reaper_start(const char *database, struct engine *engine,
                            struct metrics *metrics, struct error *err)
{
    struct reaper *reaper = calloc(1, sizeof *reaper);
    pthread_condattr_t monotonic;
    if (!reaper)
        abort();
    reaper->database = database;
    reaper->engine = engine;
    reaper->metrics = metrics;
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
