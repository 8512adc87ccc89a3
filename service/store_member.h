// SPDX-License-Identifier: GPL-3.0-or-later
// store_member.h - who may do what to a study, as the store keeps it
//
// The conventions are those of store.h. A user's role on a study is the
// greatest that one of these gives: the study is in the user's name, the user
// is a member, a group of the user is, others may look, or one of the first
// three holds for the campaign of the study.

#ifndef CUMAE_STORE_MEMBER_H
#define CUMAE_STORE_MEMBER_H

#include "store.h"

// Each may do what those before it may.
enum role { ROLE_NONE, ROLE_VIEWER, ROLE_WORKER, ROLE_EDITOR, ROLE_OWNER };

// Who may look, beside the members.
enum visibility {
    VISIBLE_PRIVATE, // nobody
    VISIBLE_GROUP,   // the members of a group
    VISIBLE_PUBLIC,  // everybody who is signed in
};

// What a user is to a study.
struct member_standing {
    enum role role;      // ROLE_NONE also when there is no such study
    int64_t campaign_id; // of the study; 0: none
};
int store_member_standing(struct store *store, int64_t study_id,
                          int64_t user_id, struct member_standing *standing,
                          struct error *err);

struct member_row {
    const char *user, *group; // one of them, the other is NULL
    enum role role;
};

// First the user in whose name the study is, then users and groups by name.
int store_member_list(struct store *store, int64_t study_id,
                      int (*visit)(void *context, const struct member_row *row,
                                   struct error *err),
                      void *context, struct error *err);

// How many users and groups there are beside the first.
int store_member_count(struct store *store, int64_t study_id, int64_t *n,
                       struct error *err);

// Who has this name? ERROR_NOT_FOUND.
int store_member_user(struct store *store, const char *name, int64_t *id,
                      bool *disabled, struct error *err);

// A user or a group as a member of a study or a campaign.
struct membership {
    int64_t study_id, campaign_id; // one of them, the other is 0
    int64_t user_id, group_id;     // one of them, the other is 0
};

// ROLE_NONE when it is none.
int store_member_get(struct store *store, const struct membership *membership,
                     enum role *role, struct error *err);
// ROLE_NONE removes it.
int store_member_put(struct store *store, const struct membership *membership,
                     enum role role, struct error *err);

// In whose name is the study? ERROR_NOT_FOUND.
int store_study_owner(struct store *store, int64_t study_id, int64_t *owner_id,
                      struct error *err);

// Another owner, who is not disabled; 0 when there is none. *taken: that user
// has a study of the same identity.
int store_study_successor(struct store *store, int64_t study_id,
                          int64_t *user_id, bool *taken, struct error *err);
int store_study_pass_on(struct store *store, int64_t study_id, int64_t owner_id,
                        struct error *err);

// group_id is 0 unless the visibility is that of a group.
int store_study_share(struct store *store, int64_t study_id,
                      enum visibility visibility, int64_t group_id,
                      struct error *err);

#endif
