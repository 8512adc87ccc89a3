// SPDX-License-Identifier: GPL-3.0-or-later
// store_hook.h - the webhooks of studies, as the store keeps them
//
// The conventions are those of store.h. A webhook has no queue of its own: what
// it still has to deliver are the events of its study after `delivered`. An
// instance that is about to deliver some claims the webhook for a time, and
// settles it by the end of that time; the value of the lease says whether it
// still has it. So what a crashed instance claimed goes to another one.

#ifndef CUMAE_STORE_HOOK_H
#define CUMAE_STORE_HOOK_H

#include "store.h"

struct hook_row {
    int64_t id;
    int64_t study_id;
    const char *study_key; // read only: joined
    const char *url;       // unique in the study
    const char *kinds;     // of events, " a b "; NULL: all
    const char *secret;    // what deliveries are signed with
    int64_t created_ms;
    int64_t disabled_ms; // 0: enabled
    const char *reason;  // why it was disabled, or NULL
    int64_t delivered;   // done with the events up to this one
    int64_t tried;       // the last event of the batch at hand, 0: none
    int64_t failures;    // in a row
    int64_t failing_ms;  // since when, 0: the last delivery succeeded
    int64_t due_ms;      // no attempt before
    int64_t lease_ms;    // claimed until
    int64_t last_ms;     // when it was last tried, 0: never
    int64_t last_status; // what came back, 0: nothing
    const char *last_error;
};

// Sets row->id. The events up to row->delivered are none of its business.
// ERROR_CONFLICT: the study has a webhook with this URL.
int store_hook_add(struct store *store, struct hook_row *row,
                   struct error *err);
// ERROR_NOT_FOUND when the study has no such webhook.
int store_hook_get(struct store *store, int64_t study_id, int64_t id,
                   struct arena *arena, struct hook_row *row,
                   struct error *err);
int store_hook_remove(struct store *store, int64_t study_id, int64_t id,
                      struct error *err);
// Writes url, kinds, disabled_ms, reason, tried, failures, failing_ms, due_ms.
int store_hook_change(struct store *store, const struct hook_row *row,
                      struct error *err);

// Webhooks, at most `limit`, in the arena that they are read into.
struct hook_page {
    size_t limit, n;
    struct hook_row *hooks; // [n]
};

// The webhooks of a study, in the order in which they were made.
int store_hook_list(struct store *store, int64_t study_id,
                    struct hook_page *page, struct arena *arena,
                    struct error *err);
// How many events it has to deliver, counted up to `limit`.
int store_hook_pending(struct store *store, const struct hook_row *row,
                       int64_t limit, int64_t *pending, struct error *err);

// ---- delivering -------------------------------------------------------------

// The enabled webhooks that are due at now_ms, are not claimed and have events
// to look at; the least recently tried first.
int store_hooks_due(struct store *store, int64_t now_ms, struct hook_page *page,
                    struct arena *arena, struct error *err);

struct hook_claim {
    int64_t id, was_delivered; // the webhook as it was read
    int64_t now_ms;
    int64_t delivered, tried, lease_ms; // and as it is to be
};

// *granted is false when somebody else was faster, or it was disabled.
int store_hook_claim(struct store *store, const struct hook_claim *claim,
                     bool *granted, struct error *err);

// Writes delivered, failures, failing_ms, due_ms, last_ms, last_status,
// last_error and ends the claim, which has the value row->lease_ms. *held is
// false, with nothing written, when it ran out and somebody else has it, or the
// webhook is gone.
int store_hook_settle(struct store *store, const struct hook_row *row,
                      bool *held, struct error *err);

// Ends all claims. For a database that is not shared, at the start.
int store_hooks_release(struct store *store, struct error *err);

#endif
