// SPDX-License-Identifier: GPL-3.0-or-later
// group.h - groups of users, as administrators change them
//
// A user is in a group because an administrator said so or because the
// provider of a sign-in does (store_group.h); administrators take back only
// what administrators gave. Each of these runs in a transaction of its own and
// counts as a change of permissions.

#ifndef CUMAE_GROUP_H
#define CUMAE_GROUP_H

#include "store_group.h"

enum { GROUP_MAX_NAME = 200 }; // bytes

// Makes a group, or finds the one of that name: then *created is false.
int group_create(struct store *store, const char *name, struct group_row *row,
                 bool *created, struct error *err);

// Deletes a group: what it was given on studies ends, and studies that its
// members could see are private.
int group_delete(struct store *store, int64_t id, struct arena *arena,
                 const char **name, struct error *err);

// Puts a user into the group, or takes out one that an administrator had put
// there. *changed is false when the user is in it already. ERROR_NOT_FOUND: no
// such group, user or member.
int group_change(struct store *store, int64_t id, const char *user, bool enters,
                 bool *changed, struct error *err);

#endif
