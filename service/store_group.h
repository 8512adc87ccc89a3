// SPDX-License-Identifier: GPL-3.0-or-later
// store_group.h - groups of users, and the number of changes of permissions
//
// The conventions are those of store.h. A membership has a source: the issuer
// whose claims say so, or "" for an administrator; each source changes only
// its own.

#ifndef CUMAE_STORE_GROUP_H
#define CUMAE_STORE_GROUP_H

#include "store.h"

// Puts the user into the n named groups, made where they are missing, and out
// of all others that this source had put it into.
int store_groups_replace(struct store *store, int64_t user_id,
                         const char *source, const char *const *names, size_t n,
                         int64_t now_ms, struct error *err);

// Makes a group, or finds the one of that name.
int store_group_add(struct store *store, const char *name, int64_t now_ms,
                    int64_t *id, struct error *err);

// Which group has this name, and is the user in it? ERROR_NOT_FOUND.
int store_group_find(struct store *store, const char *name, int64_t user_id,
                     int64_t *id, bool *member, struct error *err);

// The name of a group, whose row is locked until the end of the transaction.
// ERROR_NOT_FOUND.
int store_group_get(struct store *store, int64_t id, struct arena *arena,
                    const char **name, struct error *err);

// Deletes a group, and what it was given.
int store_group_delete(struct store *store, int64_t id, struct error *err);

struct group_row {
    int64_t id;
    const char *name;
    int64_t created_ms;
    int64_t members;
};

// A page of a list, by name.
struct group_filter {
    int64_t user_id;   // 0: all groups, else those of this user
    const char *after; // only names after this one, or NULL
    int limit;
};

int store_group_list(struct store *store, const struct group_filter *filter,
                     int (*visit)(void *context, const struct group_row *row,
                                  struct error *err),
                     void *context, struct error *err);

// A user in a group, and who says so.
struct group_member {
    const char *user;
    bool by_administrator;
    const char *issuer; // one whose claims do, or NULL
};

int store_group_members(struct store *store, int64_t id, const char *after,
                        int limit,
                        int (*visit)(void *context,
                                     const struct group_member *row,
                                     struct error *err),
                        void *context, struct error *err);

// Puts a user into a group, for an administrator (*entered is false when one
// had done so before); takes it out again, where no administrator had put it:
// ERROR_NOT_FOUND.
int store_group_enter(struct store *store, int64_t id, int64_t user_id,
                      bool *entered, struct error *err);
int store_group_leave(struct store *store, int64_t id, int64_t user_id,
                      struct error *err);

// The names of the user's groups, in ascending order, each once.
int store_groups_of(struct store *store, int64_t user_id,
                    int (*visit)(void *context, const char *name,
                                 struct error *err),
                    void *context, struct error *err);

// To be called in every transaction that changes who may do what: a token
// revoked, a user disabled, a group or a member changed.
int store_permissions_change(struct store *store, struct error *err);

// Grows with every such change.
int store_permissions_revision(struct store *store, int64_t *revision,
                               struct error *err);

#endif
