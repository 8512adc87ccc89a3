// SPDX-License-Identifier: GPL-3.0-or-later
// pool.h - threads that may wait for the database, for the event loops that
// may not
//
// A request that needs to read, or to parse a large body, is handed to the
// pool; each of its threads owns one reading session of the store.

#ifndef CUMAE_POOL_H
#define CUMAE_POOL_H

#include <stdbool.h>

#include "http.h"
#include "store.h"

struct pool;

// Starts `threads` threads that call work(context, request, store). At most
// `max_waiting` requests wait.
struct pool *pool_start(const char *database, unsigned threads,
                        unsigned max_waiting,
                        void (*work)(void *context, struct request *request,
                                     struct store *store),
                        void *context, struct error *err);

// Queues a request. False when too many wait already.
bool pool_submit(struct pool *pool, struct request *request);

// Requests that wait for a thread.
unsigned pool_waiting(struct pool *pool);

// Finishes what is queued, then ends the threads.
void pool_stop(struct pool *pool);

#endif
