// SPDX-License-Identifier: GPL-3.0-or-later
// pool.h - threads that may wait for the database, for the event loops that
// may not
//
// A request that needs to read, or to parse a large body, is handed to a pool;
// each of its threads owns one reading session of the store. Users take turns
// (fair.h), and none may have more waiting, running or undelivered than his
// part. What takes long (routes that are SLOW) has a pool of its own, so that
// a glance at a study never waits for the export of another one.

#ifndef CUMAE_POOL_H
#define CUMAE_POOL_H

#include "fair.h"
#include "http.h"
#include "store.h"

struct pool;

struct pool_options {
    const char *database;
    unsigned threads;
    int nice;           // how far its threads stand back
    size_t max_waiting; // requests of all users
    // With `held`, a request holds its turn until pool_let_go: so many answers
    // are in memory at most.
    struct fair_limits limits;
    void (*work)(void *context, struct request *request, struct store *store);
    void *context;
};

// Starts the threads, which call work(context, request, store). The strings of
// the options are not copied.
struct pool *pool_start(const struct pool_options *options, struct error *err);

// Queues a request of a user. ERROR_BUSY when too many wait already, of this
// user or of all.
int pool_submit(struct pool *pool, struct request *request, int64_t user,
                struct error *err);

// The answer of a request that the pool worked on is no longer in memory.
void pool_let_go(struct pool *pool, const struct request *request);

// Requests that wait for a thread.
size_t pool_waiting(struct pool *pool);

// Finishes what is queued, then ends the threads. All requests have been let
// go, or will be by other threads.
void pool_stop(struct pool *pool);

#endif
