// SPDX-License-Identifier: GPL-3.0-or-later
// wire_user.h - the JSON of users and of what they may use

#ifndef CUMAE_WIRE_USER_H
#define CUMAE_WIRE_USER_H

#include "text.h"
#include "user.h"
#include "wire.h"

// What belongs to a user beside the row.
struct user_shown {
    struct user_row row;
    struct user_use use;
    struct user_quotas limits; // those that hold
    const char *const *groups;
    size_t n_groups;
};

// Appends the members that everybody may see of themselves: display_name,
// email, groups, quotas, limits and use.
void wire_user_self(struct text *text, const struct user_shown *user);

// Appends a user as administrators see it.
void wire_user_write(struct text *text, const struct user_shown *user);

// What the audit log keeps: what an administrator can change.
char *wire_user_brief(const struct user_row *row, const char *const *groups,
                      size_t n_groups, struct arena *arena);

// Reads display_name, email, groups, disabled, admin and quotas, where they
// are given. Texts and lists live in the arena.
int wire_user_change(const struct fields *fields, struct user_change *change,
                     struct arena *arena);

#endif
