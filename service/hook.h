// SPDX-License-Identifier: GPL-3.0-or-later
// hook.h - the life of a webhook
//
// A webhook tells a receiver of the events of a study, in their order, each at
// least once: batch after batch, the next one only when the receiver took the
// one before. What cannot be delivered is tried again, after longer and longer
// waits, until it is given up; then the webhook is disabled and keeps its place
// until a user enables it again.
//
// The first four functions run as commands on the study. The others decide in
// memory about a webhook that was claimed.

#ifndef CUMAE_HOOK_H
#define CUMAE_HOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "live.h"
#include "store_hook.h"
#include "store_log.h"

enum {
    HOOK_MAX = 10,         // of a study
    HOOK_MAX_URL = 2000,   // bytes
    HOOK_MAX_KINDS = 32,   // of events, named by one webhook
    HOOK_MAX_KIND = 40,    // bytes of such a name
    HOOK_MAX_EVENTS = 100, // in one delivery
};

// Adds a webhook for the events that come from now on; sets row->id. One that
// is there with the same url, kinds and secret is the same: *created is false
// then and *row is that one. ERROR_CONFLICT: another one with this url, or
// HOOK_MAX are there.
int hook_add(struct live *live, struct store *store, struct arena *arena,
             struct hook_row *row, int64_t user_id, bool *created,
             struct error *err);

// What a user changes.
struct hook_change {
    const char *url; // NULL: no change
    bool has_kinds;
    const char *kinds; // as in hook_row
    int enabled;       // -1: no change
};

// *row is the webhook after the change. Enabling it and another url forget the
// failures, so that the next delivery is due now.
int hook_change(struct live *live, struct store *store, struct arena *arena,
                int64_t id, const struct hook_change *change, int64_t user_id,
                struct hook_row *row, struct error *err);

int hook_remove(struct live *live, struct store *store, int64_t id,
                int64_t user_id, struct error *err);

// Disables a webhook whose receiver is gone. Harmless when it is disabled or
// removed already.
int hook_give_up(struct live *live, struct store *store, int64_t id,
                 const char *reason, struct error *err);

// ---- deliveries -------------------------------------------------------------

// Is this the name that an event may have?
bool hook_is_kind(const char *word);

// Takes the events of the next delivery from a page of what comes after
// hook->delivered, and sets hook->tried to the last event that is done with
// when they are delivered. What was tried before is taken again. Keeps the
// taken ones at the beginning of the page, and sets page->n to their number.
void hook_choose(struct hook_row *hook, struct event_page *page);

// What is sent with each delivery (auth_hook.h), in the arena.
struct hook_headers {
    const char *id, *timestamp, *signature; // "name: value"
};
void hook_sign(const struct hook_row *hook, const char *id, int64_t now_ms,
               const char *body, struct arena *arena,
               struct hook_headers *headers);

// The identifier of the delivery at hand: the same whenever it is repeated.
const char *hook_delivery_id(const struct hook_row *hook, struct arena *arena);

struct hook_policy {
    int64_t retry_ms;   // the wait after a first failure
    int64_t give_up_ms; // of nothing but failures
};

struct hook_answer {
    int64_t at_ms;
    int status; // 0: none
    int64_t retry_after_s;
    const char *problem; // why there is none
    double luck;         // uniform in [0, 1)
};

// Enters the outcome of an attempt: success is any status 2xx. After the k-th
// failure in a row the wait is retry_ms 5^(k-1), at most 6 hours, and as long
// as the receiver asks for, at most a day; up to a fifth more by luck, so that
// many do not come at once. Returns why the webhook is to be disabled (a
// receiver that says 410, or failures for give_up_ms), in the arena, or NULL.
const char *hook_judge(struct hook_row *hook, const struct hook_answer *answer,
                       const struct hook_policy *policy, struct arena *arena);

#endif
