// SPDX-License-Identifier: GPL-3.0-or-later
// pool.c - threads that may wait for the database

#include "pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"

enum { MAX_THREADS = 64 };

struct pool {
    struct pool_options options;
    pthread_mutex_t mutex; // guards everything below
    pthread_cond_t ready;
    struct fair *fair; // of requests
    bool stopping;
    unsigned n_threads;
    pthread_t threads[MAX_THREADS];
};

// The request whose turn it is, or NULL at the end.
static struct request *take(struct pool *pool, struct fair_lane **lane)
{
    struct request *request;
    pthread_mutex_lock(&pool->mutex);
    while (!(request = fair_take(pool->fair, lane)) &&
           !(pool->stopping && fair_waiting(pool->fair) == 0))
        pthread_cond_wait(&pool->ready, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
    return request;
}

static void settle(struct pool *pool, struct fair_lane *lane, int64_t us)
{
    pthread_mutex_lock(&pool->mutex);
    fair_done(pool->fair, lane, (double)us / 1e6);
    // Another one of the same user may run now, or the end has come.
    pthread_cond_broadcast(&pool->ready);
    pthread_mutex_unlock(&pool->mutex);
}

static void *thread(void *context)
{
    struct pool *pool = context;
    const struct pool_options *options = &pool->options;
    struct error err = {0};
    struct store *store = store_open(options->database, &err);
    struct fair_lane *lane;
    if (!store)
        abort(); // the URL was good when the schema was brought up to date
    if (options->nice)
        setpriority(PRIO_PROCESS, (id_t)gettid(), options->nice);
    for (struct request *request; (request = take(pool, &lane));) {
        int64_t start_us = clock_monotonic_us();
        request->lane = options->limits.held ? lane : NULL;
        options->work(options->context, request, store);
        settle(pool, lane, clock_monotonic_us() - start_us);
    }
    store_close(store);
    return NULL;
}

struct pool *pool_start(const struct pool_options *options, struct error *err)
{
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        abort();
    pool->options = *options;
    pool->fair = fair_new(&options->limits);
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->ready, NULL);
    for (; pool->n_threads < options->threads && pool->n_threads < MAX_THREADS;
         pool->n_threads++) {
        if (pthread_create(&pool->threads[pool->n_threads], NULL, thread,
                           pool)) {
            error_set(err, ERROR_INTERNAL, "cannot start pool thread %u",
                      pool->n_threads);
            pool_stop(pool);
            return NULL;
        }
    }
    return pool;
}

int pool_submit(struct pool *pool, struct request *request, int64_t user,
                struct error *err)
{
    int result = 0;
    pthread_mutex_lock(&pool->mutex);
    if (fair_waiting(pool->fair) >= pool->options.max_waiting)
        result =
            error_set(err, ERROR_BUSY, "too many requests wait already, %zu",
                      pool->options.max_waiting);
    else if (fair_put(pool->fair, user, request))
        result = error_set(err, ERROR_BUSY,
                           "too many of your requests wait already, %zu",
                           pool->options.limits.waiting);
    else
        pthread_cond_signal(&pool->ready);
    pthread_mutex_unlock(&pool->mutex);
    return result;
}

void pool_let_go(struct pool *pool, const struct request *request)
{
    pthread_mutex_lock(&pool->mutex);
    fair_let_go(pool->fair, request->lane);
    pthread_cond_broadcast(&pool->ready);
    pthread_mutex_unlock(&pool->mutex);
}

size_t pool_waiting(struct pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    size_t waiting = fair_waiting(pool->fair);
    pthread_mutex_unlock(&pool->mutex);
    return waiting;
}

void pool_stop(struct pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->ready);
    pthread_mutex_unlock(&pool->mutex);
    for (unsigned i = 0; i < pool->n_threads; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->ready);
    pthread_mutex_destroy(&pool->mutex);
    fair_free(pool->fair);
    free(pool);
}
