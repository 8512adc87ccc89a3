// SPDX-License-Identifier: GPL-3.0-or-later
// user.h - the life of a user: made, invited, disabled
//
// A disabled user's tokens and sessions are refused from the next request on:
// at once on this instance, and on others as soon as they look at the revision
// of permissions. That holds for the tells of running workers, too: a token
// that may have been stolen must not write. No result that was acknowledged is
// lost, and none is forgotten by a client that keeps what it could not send:
// when the user is enabled again the same tokens work, and a lost trial still
// takes its result.
//
// There is no deleting of users. Their studies are others' references, and the
// audit log says who did what; it has to be able to say so for ever.
//
// All changes run inside a transaction of the caller.

#ifndef CUMAE_USER_H
#define CUMAE_USER_H

#include "account.h"
#include "store_user.h"

enum {
    USER_MAX_NAME = 63,
    USER_MAX_TEXT = 200, // of a display name or an address
    USER_MAX_GROUPS = 100,
    USER_INVITATION_DAYS = 7,
};

// Of any quota; far below what an integer holds, so that sums do not overflow.
#define USER_MAX_QUOTA INT64_C(1000000000000000)

// 1 to 63 letters, digits and . _ - @ +, so that a name stands in a URL.
// ERROR_INVALID.
int user_name_check(const char *name, struct error *err);

// ERROR_FORBIDDEN unless this is an administrator, who is not bound to a study.
int user_may_administer(const struct principal *principal, struct error *err);

struct user_new {
    struct user_row row; // name, display_name, email, admin; out: id
    const char *const *groups;
    size_t n_groups;
};

// ERROR_CONFLICT: the name is taken.
int user_create(struct store *store, struct user_new *user, struct error *err);

// What to change; what is not given stays.
struct user_change {
    int disabled, admin; // -1: not given
    bool has_display_name, has_email, has_groups;
    const char *display_name, *email;
    const char *const *groups; // those that an administrator gives
    size_t n_groups;
    struct user_quotas quotas;
    bool has_quota[5]; // in the order of struct user_quotas
};

// Changes a user. What was there before comes out in *before, what is there now
// in *after, texts in the arena. ERROR_CONFLICT: the last administrator who is
// not disabled stays one.
int user_change(struct store *store, int64_t id,
                const struct user_change *change, struct arena *arena,
                struct user_row *before, struct user_row *after,
                struct error *err);

// A new sign-in link; those of before that nobody used end. ERROR_CONFLICT for
// a disabled user.
int user_invite(struct store *store, const struct user_row *user,
                struct new_token *link, struct error *err);

#endif
