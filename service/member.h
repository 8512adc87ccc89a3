// SPDX-License-Identifier: GPL-3.0-or-later
// member.h - with whom a study or a campaign is shared
//
// A study is in the name of one user, who is an owner; there may be others. It
// always is in the name of an owner: when the one leaves, or becomes less, it
// passes to another, and the last owner cannot leave.
//
// Whoever shares a study knows the names of those it is shared with: of users
// the whole name, of groups only those that the caller is in, unless an
// administrator. So nobody learns of groups of strangers, and of a user only
// whether a name that was guessed exists. One who is disabled does not.
//
// With a campaign it is the same, but that it stays in the name of one user.
//
// All of this runs in a transaction that holds the lock of the study or
// campaign, or has just made it.

#ifndef CUMAE_MEMBER_H
#define CUMAE_MEMBER_H

#include "access.h"

enum {
    MEMBER_MAX = 200,  // users and groups of a study
    MEMBER_NAME = 200, // bytes of the name of a user or group
};

struct member_change {
    int64_t study_id, campaign_id;     // one of them, the other is 0
    const struct principal *principal; // who changes it
    const char *user, *group;          // one of them
    enum role role;                    // ROLE_NONE: it leaves
    // out
    enum role before;
    bool passed_on; // the study is in another name now
};

// Makes somebody a member, changes the role, or ends it. ERROR_NOT_FOUND: no
// such user, group or member; ERROR_CONFLICT: too many, or the last owner.
int member_change(struct store *store, struct member_change *change,
                  struct error *err);

// Who may look, beside the members.
struct sharing {
    bool given; // otherwise nothing changes
    enum visibility visibility;
    const char *group; // of VISIBLE_GROUP
};

// Finds the group that is named; 0 for none. ERROR_INVALID when it is none of
// the principal's. Writes nothing: store_study_share does.
int member_sharing(struct store *store, const struct principal *principal,
                   const struct sharing *sharing, int64_t *group_id,
                   struct error *err);

#endif
