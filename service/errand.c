// SPDX-License-Identifier: GPL-3.0-or-later
// errand.c - a change that its caller waits for

#include "errand.h"

#include <pthread.h>

struct errand {
    struct command command; // first: a command is cast back to its errand
    int (*change)(void *context, struct store *store, struct error *err);
    void *context;
    pthread_mutex_t mutex;
    pthread_cond_t over;
    bool is_over;
};

static int apply(struct command *command, struct live *live,
                 struct store *store, struct error *err)
{
    struct errand *errand = (struct errand *)command;
    (void)live;
    return errand->change(errand->context, store, err);
}

static void done(struct command *command, const struct live *live)
{
    struct errand *errand = (struct errand *)command;
    (void)live;
    pthread_mutex_lock(&errand->mutex);
    errand->is_over = true;
    pthread_cond_signal(&errand->over);
    pthread_mutex_unlock(&errand->mutex);
}

int errand_run(struct engine *engine,
               int (*change)(void *context, struct store *store,
                             struct error *err),
               void *context, struct error *err)
{
    struct errand errand = {.command = {.apply = apply, .done = done},
                            .change = change,
                            .context = context};
    pthread_mutex_init(&errand.mutex, NULL);
    pthread_cond_init(&errand.over, NULL);
    engine_submit(engine, &errand.command);
    pthread_mutex_lock(&errand.mutex);
    while (!errand.is_over)
        pthread_cond_wait(&errand.over, &errand.mutex);
    pthread_mutex_unlock(&errand.mutex);
    pthread_cond_destroy(&errand.over);
    pthread_mutex_destroy(&errand.mutex);
    const struct error *fault = &errand.command.error;
    return fault->code ? error_set(err, fault->code, "%s", fault->message) : 0;
}
