// SPDX-License-Identifier: GPL-3.0-or-later
// store_identity.h - who users are at providers, and sign-ins that have begun
//
// The conventions are those of store.h.

#ifndef CUMAE_STORE_IDENTITY_H
#define CUMAE_STORE_IDENTITY_H

#include "store_account.h"

struct identity_row {
    int64_t user_id;
    const char *name;
    bool admin, disabled;
    const char *display_name, *email; // or NULL
};

// The user who is this subject at this issuer. ERROR_NOT_FOUND.
int store_identity_find(struct store *store, const char *issuer,
                        const char *subject, struct arena *arena,
                        struct identity_row *row, struct error *err);
// ERROR_CONFLICT: somebody is it already.
int store_identity_add(struct store *store, const char *issuer,
                       const char *subject, int64_t user_id, int64_t now_ms,
                       struct error *err);
int store_identity_seen(struct store *store, const char *issuer,
                        const char *subject, int64_t now_ms, struct error *err);
// The issuers that know a user, the latest first.
int store_identity_issuers(struct store *store, int64_t user_id,
                           int (*visit)(void *context, const char *issuer,
                                        struct error *err),
                           void *context, struct error *err);

// Writes display_name, email and admin of row->user_id.
int store_user_profile(struct store *store, const struct identity_row *row,
                       struct error *err);

// The names of the groups that a source put the user into, in any order.
int store_groups_from(struct store *store, int64_t user_id, const char *source,
                      int (*visit)(void *context, const char *name,
                                   struct error *err),
                      void *context, struct error *err);

// ---- sign-ins that have begun -----------------------------------------------

struct flow_row {
    unsigned char state_hash[STORE_HASH_BYTES]; // unique
    unsigned char cookie_hash[STORE_HASH_BYTES];
    const char *provider, *return_to;
    int64_t expires_ms;
};

// Adds one, and deletes those that expired before now_ms and the oldest beyond
// `keep` others.
int store_flow_add(struct store *store, const struct flow_row *row,
                   int64_t now_ms, int64_t keep, struct error *err);
// Reads and deletes the one with row->state_hash. ERROR_NOT_FOUND.
int store_flow_take(struct store *store, struct arena *arena,
                    struct flow_row *row, struct error *err);

#endif
