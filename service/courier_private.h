// SPDX-License-Identifier: GPL-3.0-or-later
// courier_private.h - what the files of courier.h share
//
// A delivery goes from step to step: each ends with a command that is submitted
// or a letter that is sent, and names the next one. All steps are taken by the
// courier's thread, so what a delivery holds needs no lock.

#ifndef CUMAE_COURIER_PRIVATE_H
#define CUMAE_COURIER_PRIVATE_H

#include <pthread.h>
#include <stdbool.h>

#include "courier.h"

enum { WARM_STUDIES = 1024 }; // that ring, at most

// A delivery: of a batch that is claimed, sent and settled, or of a ping.
struct delivery {
    struct command command;
    struct letter letter;
    struct delivery *next;                   // of those on their way
    struct delivery *next_done;              // in the inbox
    void (*then)(struct delivery *delivery); // what the courier does next
    struct courier *courier;
    struct arena arena;
    struct hook_row hook;
    struct hook_claim claim;
    bool granted;
    const char *id, *body;
    const char *reason; // for disabling the webhook
    struct ping *ping;
};

// A study that was delivered from.
struct warm_study {
    int64_t study_id;
    int64_t until_us;
};

struct courier {
    struct courier_options options;
    struct engine *engine;
    struct store *store;
    struct arena arena; // for one look
    struct outbound *outbound;
    pthread_t thread;
    bool started;
    uint64_t seed;
    uint64_t draws;
    struct delivery *first; // all that are on their way
    size_t n;

    pthread_mutex_t mutex;  // guards everything below
    struct delivery *inbox; // whose commands are done
    struct ping *pings;
    struct warm_study warm[WARM_STUDIES]; // by a hash of study_id
    bool rung, draining, stopping;
    int64_t recall_us; // what is still on its way then is given up
};

// Moves the texts of a webhook into a new delivery, which is on its way from
// now on.
struct delivery *delivery_new(struct courier *courier,
                              const struct hook_row *hook);

// Reads what is to be delivered, and claims it. On failure the delivery is
// freed.
int delivery_begin(struct delivery *delivery, struct error *err);

// Goes on with a letter that came back.
void delivery_finish(struct letter *letter);

// Ends the delivery of a letter that was recalled: it counts as not tried.
void delivery_release(struct letter *letter);

// Sends a ping; -1 with ping->error set when it cannot be sent.
int delivery_ping(struct courier *courier, struct ping *ping);

// There may be more to deliver from this study now, and for a while.
void courier_keep_warm(struct courier *courier, int64_t study_id);

#endif
