// SPDX-License-Identifier: GPL-3.0-or-later
// errand.h - a change that its caller waits for
//
// Only for threads that may wait for the database; a writer of the engine does
// the work.

#ifndef CUMAE_ERRAND_H
#define CUMAE_ERRAND_H

#include "engine.h"

// Runs change(context, store, err) in a transaction of its own or with others,
// again from scratch when that has to be repeated, and returns when it is
// durable. A change that fails must have written nothing.
int errand_run(struct engine *engine,
               int (*change)(void *context, struct store *store,
                             struct error *err),
               void *context, struct error *err);

#endif
