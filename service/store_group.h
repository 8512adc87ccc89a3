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
