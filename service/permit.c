// SPDX-License-Identifier: GPL-3.0-or-later
// permit.c - notices that somebody may do more or less than before

#include "permit.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "log.h"
#include "store_group.h"

struct permit {
    struct permit_options options;
    struct store *store;
    int64_t revision; // the last one seen
    bool failing;     // the last look failed
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stopping;
    bool hurry; // look at once
};

// What was forgotten here is forgotten once more when the change is seen: soon,
// so that nobody is disturbed for it later.
void permit_changed(struct permit *permit)
{
    permit->options.forget(permit->options.context);
    pthread_mutex_lock(&permit->mutex);
    permit->hurry = true;
    pthread_cond_signal(&permit->wake);
    pthread_mutex_unlock(&permit->mutex);
}

static void look(struct permit *permit)
{
    int64_t revision, now_us = clock_monotonic_us();
    struct error err = {0};
    bool failed = store_permissions_revision(permit->store, &revision, &err);
    if (failed && !permit->failing)
        log_event(LOG_WARNING, "cannot look for changes of permissions",
                  log_text("error", err.message));
    permit->failing = failed;
    if (failed)
        return;
    if (revision != permit->revision)
        permit->options.forget(permit->options.context);
    permit->revision = revision;
    permit->options.confirm(permit->options.context, now_us);
}

// Waits until the next look. Returns false when it is time to end.
static bool wait(struct permit *permit)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += PERMIT_LOOK_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    int result = 0;
    pthread_mutex_lock(&permit->mutex);
    while (!permit->stopping && !permit->hurry && result == 0)
        result = pthread_cond_timedwait(&permit->wake, &permit->mutex, &until);
    permit->hurry = false;
    bool go_on = !permit->stopping;
    pthread_mutex_unlock(&permit->mutex);
    return go_on;
}

static void *keep_looking(void *context)
{
    struct permit *permit = context;
    do
        look(permit);
    while (wait(permit));
    return NULL;
}

static void release(struct permit *permit)
{
    pthread_cond_destroy(&permit->wake);
    pthread_mutex_destroy(&permit->mutex);
    store_close(permit->store);
    free(permit);
}

struct permit *permit_start(const struct permit_options *options,
                            struct error *err)
{
    struct permit *permit = calloc(1, sizeof *permit);
    pthread_condattr_t monotonic;
    if (!permit)
        abort();
    permit->options = *options;
    permit->store = store_open(options->database, err);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&permit->mutex, NULL);
    pthread_cond_init(&permit->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (permit->store &&
        pthread_create(&permit->thread, NULL, keep_looking, permit) == 0)
        return permit;
    error_set(err, ERROR_INTERNAL, "cannot start a thread");
    release(permit);
    return NULL;
}

void permit_stop(struct permit *permit)
{
    if (!permit)
        return;
    pthread_mutex_lock(&permit->mutex);
    permit->stopping = true;
    pthread_cond_signal(&permit->wake);
    pthread_mutex_unlock(&permit->mutex);
    pthread_join(permit->thread, NULL);
    release(permit);
}
