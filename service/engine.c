// SPDX-License-Identifier: GPL-3.0-or-later
// engine.c - the threads that change studies, and how they start and end

#include "engine_private.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"

enum {
    PREPARER_NICE = 5,
    USER_PART = 4, // one user's part of what may wait: a quarter
};

// ---- the threads ------------------------------------------------------------

static void *writer(void *context)
{
    struct engine *engine = context;
    struct error err = {0};
    struct batch *batch = malloc(sizeof *batch);
    struct store *store = store_open(engine->options.database, &err);
    if (!store || !batch)
        abort(); // the URL was good when the schema was brought up to date
    while (engine_take_batch(engine, batch)) {
        engine_run_batch(engine, batch, store);
        engine_give_back(engine, batch);
    }
    store_close(store);
    free(batch);
    return NULL;
}

// Makes preparations, with less right to the processor than those who answer.
static void *preparer(void *context)
{
    struct engine *engine = context;
    setpriority(PRIO_PROCESS, (id_t)gettid(), PREPARER_NICE);
    struct fair_lane *lane;
    pthread_mutex_lock(&engine->mutex);
    for (struct actor *actor; (actor = engine_take_work(engine, &lane));) {
        struct preparation *work = actor->work;
        pthread_mutex_unlock(&engine->mutex);
        int64_t start_us = clock_thread_us();
        ahead_run(work);
        double seconds = (double)(clock_thread_us() - start_us) / 1e6;
        pthread_mutex_lock(&engine->mutex);
        fair_done(engine->to_prepare, lane, seconds);
        pthread_cond_signal(&engine->prepare);
        actor->done = work;
        actor->preparing = false;
        engine->n_preparing--;
        if (!actor->busy)
            engine_release(engine, actor);
        pthread_cond_broadcast(&engine->work);
    }
    pthread_mutex_unlock(&engine->mutex);
    return NULL;
}

// ---- the outside ------------------------------------------------------------

// Starts up to n threads; returns how many there are.
static unsigned start(struct engine *engine, void *(*run_thread)(void *),
                      unsigned n, pthread_t *threads)
{
    unsigned started = 0;
    while (started < n && started < ENGINE_MAX_THREADS &&
           pthread_create(&threads[started], NULL, run_thread, engine) == 0)
        started++;
    return started;
}

// How many threads may work for one user: one is left for others, if there are
// two.
static unsigned part(unsigned threads)
{
    return threads > 1 ? threads - 1 : 1;
}

struct engine *engine_start(const struct engine_options *options,
                            struct error *err)
{
    struct engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        abort();
    engine->options = *options;
    unsigned writers =
        store_is_shared(options->database) ? options->writers : 1;
    unsigned preparers = options->preparers ? options->preparers : 1;
    engine->ready = fair_new(&(struct fair_limits){.running = part(writers)});
    engine->to_prepare =
        fair_new(&(struct fair_limits){.running = part(preparers)});
    pthread_mutex_init(&engine->mutex, NULL);
    pthread_cond_init(&engine->work, NULL);
    pthread_cond_init(&engine->prepare, NULL);
    engine->n_preparers = start(engine, preparer, preparers, engine->preparers);
    engine->n_writers = start(engine, writer, writers, engine->writers);
    if (engine->n_preparers > 0 && engine->n_writers > 0)
        return engine;
    error_set(err, ERROR_INTERNAL, "cannot start the threads of the engine");
    engine_stop(engine);
    return NULL;
}

// The work of the service itself has no limit of its own.
static bool has_room(struct engine *engine, struct command *command)
{
    size_t most = engine->options.max_waiting, each = most / USER_PART;
    if (engine->n_waiting >= most)
        error_set(&command->error, ERROR_BUSY,
                  "%zu changes wait already, which is the limit", most);
    else if (command->user_id &&
             *fair_tally(engine->ready, command->user_id) >= each)
        error_set(&command->error, ERROR_BUSY,
                  "%zu of your changes wait already, which is the limit", each);
    return !command->error.code;
}

void engine_submit(struct engine *engine, struct command *command)
{
    error_clear(&command->error);
    pthread_mutex_lock(&engine->mutex);
    bool room = has_room(engine, command);
    if (room)
        engine_post(engine, command);
    pthread_mutex_unlock(&engine->mutex);
    if (!room)
        command->done(command, NULL);
}

size_t engine_waiting(struct engine *engine)
{
    pthread_mutex_lock(&engine->mutex);
    size_t n = engine->n_waiting;
    pthread_mutex_unlock(&engine->mutex);
    return n;
}

size_t engine_live(struct engine *engine)
{
    pthread_mutex_lock(&engine->mutex);
    size_t n = engine->n_idle;
    pthread_mutex_unlock(&engine->mutex);
    return n;
}

void engine_stop(struct engine *engine)
{
    if (!engine)
        return;
    pthread_mutex_lock(&engine->mutex);
    engine->stopping = true;
    pthread_cond_broadcast(&engine->work);
    pthread_mutex_unlock(&engine->mutex);
    for (unsigned i = 0; i < engine->n_writers; i++)
        pthread_join(engine->writers[i], NULL);
    pthread_mutex_lock(&engine->mutex);
    engine->ended = true;
    pthread_cond_broadcast(&engine->prepare);
    pthread_mutex_unlock(&engine->mutex);
    for (unsigned i = 0; i < engine->n_preparers; i++)
        pthread_join(engine->preparers[i], NULL);
    engine_forget_all(engine);
    fair_free(engine->to_prepare);
    fair_free(engine->ready);
    pthread_cond_destroy(&engine->prepare);
    pthread_cond_destroy(&engine->work);
    pthread_mutex_destroy(&engine->mutex);
    free(engine);
}
