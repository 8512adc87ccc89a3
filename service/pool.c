// SPDX-License-Identifier: GPL-3.0-or-later
// pool.c - threads that may wait for the database

#include "pool.h"

#include <pthread.h>
#include <stdlib.h>

enum { MAX_THREADS = 64 };

struct pool {
    const char *database;
    void (*work)(void *context, struct request *request, struct store *store);
    void *context;
    unsigned max_waiting;
    pthread_mutex_t mutex; // guards everything below
    pthread_cond_t ready;
    struct request *head, *tail;
    unsigned waiting;
    bool stopping;
    unsigned n_threads;
    pthread_t threads[MAX_THREADS];
};

static struct request *take(struct pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    while (!pool->head && !pool->stopping)
        pthread_cond_wait(&pool->ready, &pool->mutex);
    struct request *request = pool->head;
    if (request) {
        pool->head = request->next;
        pool->waiting--;
    }
    pthread_mutex_unlock(&pool->mutex);
    return request;
}

static void *thread(void *context)
{
    struct pool *pool = context;
    struct error err = {0};
    struct store *store = store_open(pool->database, &err);
    if (!store)
        abort(); // the URL was good when the schema was brought up to date
    struct request *request;
    while ((request = take(pool)))
        pool->work(pool->context, request, store);
    store_close(store);
    return NULL;
}

struct pool *pool_start(const char *database, unsigned threads,
                        unsigned max_waiting,
                        void (*work)(void *context, struct request *request,
                                     struct store *store),
                        void *context, struct error *err)
{
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        abort();
    pool->database = database;
    pool->work = work;
    pool->context = context;
    pool->max_waiting = max_waiting;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->ready, NULL);
    for (; pool->n_threads < threads && pool->n_threads < MAX_THREADS;
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

bool pool_submit(struct pool *pool, struct request *request)
{
    request->next = NULL;
    pthread_mutex_lock(&pool->mutex);
    bool room = pool->waiting < pool->max_waiting;
    if (room) {
        *(pool->head ? &pool->tail->next : &pool->head) = request;
        pool->tail = request;
        pool->waiting++;
        pthread_cond_signal(&pool->ready);
    }
    pthread_mutex_unlock(&pool->mutex);
    return room;
}

unsigned pool_waiting(struct pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    unsigned waiting = pool->waiting;
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
    free(pool);
}
