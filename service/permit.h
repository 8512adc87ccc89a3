// SPDX-License-Identifier: GPL-3.0-or-later
// permit.h - notices that somebody may do more or less than before
//
// What this process keeps in memory about who may do what is true until the
// revision of permissions (store_group.h) grows. A thread looks at it every
// PERMIT_LOOK_MS, so that a change by another instance, or by the command line,
// counts here that much later. It also says that it looked: what nobody has
// confirmed for a while must not be believed.

#ifndef CUMAE_PERMIT_H
#define CUMAE_PERMIT_H

#include <stdint.h>

#include "../optimizers/error.h"

enum { PERMIT_LOOK_MS = 50 };

struct permit;

struct permit_options {
    const char *database;

    // Forgets what is kept about permissions. Any thread; must not wait.
    void (*forget)(void *context);
    // What was kept when this look began was true then: time of the monotonic
    // clock.
    void (*confirm)(void *context, int64_t looked_us);
    void *context;
};

// Starts the thread.
struct permit *permit_start(const struct permit_options *options,
                            struct error *err);

// To be called after the commit of a transaction with
// store_permissions_change, before its answer: then it counts at once.
void permit_changed(struct permit *permit);

void permit_stop(struct permit *permit);

#endif
