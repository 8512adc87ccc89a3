// SPDX-License-Identifier: GPL-3.0-or-later
// store_user.h - users, what they may use and what they use
//
// The conventions are those of store.h. Users are never deleted, for studies,
// events and the audit log name them: who is to stay outside is disabled.

#ifndef CUMAE_STORE_USER_H
#define CUMAE_STORE_USER_H

#include "store.h"

enum { USER_AS_SET = -1 }; // a quota that is what the settings say

// What the studies of a user may take together; 0: no limit.
struct user_quotas {
    int64_t max_studies;
    int64_t max_trials;          // deleted ones do not count
    int64_t max_running;         // trials
    int64_t max_bytes;           // an estimate, see store_count
    int64_t requests_per_minute; // of all tokens of the user
};

// All quotas as the settings say.
extern const struct user_quotas user_quotas_as_set;

struct user_use {
    int64_t studies, trials, running, bytes;
};

struct user_row {
    int64_t id;
    const char *name;                 // unique
    const char *display_name, *email; // as the provider said last, or NULL
    bool admin;
    bool disabled;
    int64_t created_ms;
    int64_t seen_ms; // read only: the last use of a token; 0: never
    struct user_quotas quotas;
};

// Writes all but the quotas, which are as set. Sets row->id. ERROR_CONFLICT:
// the name exists.
int store_user_add(struct store *store, struct user_row *row,
                   struct error *err);
int store_user_count(struct store *store, int64_t *count, struct error *err);

// By name, or by id. ERROR_NOT_FOUND.
int store_user_find(struct store *store, const char *name, struct arena *arena,
                    struct user_row *row, struct error *err);
int store_user_get(struct store *store, int64_t id, struct arena *arena,
                   struct user_row *row, struct error *err);

struct user_filter {
    const char *query; // part of a name or address, in any (ASCII) case; or
                       // NULL
    int64_t after_id;  // 0: from the first
    int limit;
};

// In the order in which they were made.
int store_user_list(struct store *store, const struct user_filter *filter,
                    int (*visit)(void *context, const struct user_row *row,
                                 struct error *err),
                    void *context, struct error *err);

// Writes display_name, email, admin, disabled and the quotas.
int store_user_change(struct store *store, const struct user_row *row,
                      struct error *err);

// Administrators who are not disabled. Whoever counts to decide calls
// store_permissions_change before: then nobody else does meanwhile.
int store_user_admins(struct store *store, int64_t *count, struct error *err);

// What the studies of the user have taken.
int store_user_use(struct store *store, int64_t id, struct user_use *use,
                   struct error *err);

// Reads the user's own quotas and locks them until the end of the transaction,
// so that what is decided about their use is decided by one at a time.
int store_user_lock(struct store *store, int64_t id, struct user_quotas *quotas,
                    struct error *err);

// Revokes the user's sign-in links that were not used.
int store_user_revoke_links(struct store *store, int64_t id, int64_t revoked_ms,
                            struct error *err);

// The users whose studies have most bytes, at most `limit`.
int store_user_top(struct store *store, int limit,
                   int (*visit)(void *context, const char *name,
                                const struct user_use *use, struct error *err),
                   void *context, struct error *err);

#endif
