// SPDX-License-Identifier: GPL-3.0-or-later
// courier.h - brings the events of studies to the receivers of webhooks
//
// One thread delivers for all webhooks, many at once (outbound.h). Once a
// second it asks the store which of them have events to deliver, and sooner for
// a study that it delivered from in the last minute and that the engine has
// touched (courier_changed). Then, for each:
//
//   read the events - claim the webhook for them - send - settle
//
// Claims and settlements are commands of the engine, like every other change.
// A claim ends by itself, so that any number of instances share the work and
// take over from one that crashed; a delivery whose settlement was lost is
// repeated, with the same identifier.

#ifndef CUMAE_COURIER_H
#define CUMAE_COURIER_H

#include <stddef.h>
#include <stdint.h>

#include "engine.h"
#include "hook.h"
#include "metrics.h"
#include "outbound.h"

enum { COURIER_MAX_DELIVERIES = 64 }; // on their way at once

struct courier_options {
    const char *database; // URL
    struct outbound_options outbound;
    struct hook_policy policy;
    struct metrics *metrics;
};

// An empty delivery that a user asks for. `done` is called once, by the thread
// of the courier.
struct ping {
    int64_t study_id, hook_id;
    void (*done)(struct ping *ping);

    struct error error; // code ERROR_NONE: it was sent, and this came back
    char id[64];        // of the delivery
    int status;         // 0: no answer
    char problem[160];  // why there is none
    double wall_s;
    struct ping *next;
};

struct courier;

struct courier *courier_new(const struct courier_options *options,
                            struct error *err);

// Starts the thread.
int courier_start(struct courier *courier, struct engine *engine,
                  struct error *err);

// ERROR_INVALID when nothing is ever sent to this URL.
int courier_check(const struct courier *courier, const char *url,
                  struct error *err);

// Something may have happened to the study. Any thread; never waits. From
// courier_new to courier_free.
void courier_changed(struct courier *courier, int64_t study_id);

// Sends a ping. Any thread, until courier_stop.
void courier_ping(struct courier *courier, struct ping *ping);

// Begins no more deliveries, and gives those on their way so many seconds.
void courier_drain(struct courier *courier, unsigned seconds);

// Ends the thread, when the last delivery has ended. The engine must still run.
void courier_stop(struct courier *courier);

// After the end of the engine.
void courier_free(struct courier *courier);

#endif
