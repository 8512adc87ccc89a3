// SPDX-License-Identifier: GPL-3.0-or-later
// member.c - with whom a study or a campaign is shared

#include "member.h"

#include "store_campaign.h"
#include "store_group.h"

static bool is_administrator(const struct principal *principal)
{
    return principal->admin && (principal->scopes & SCOPE_ADMIN);
}

// Finds a group that the principal may name.
static int find_group(struct store *store, const struct principal *principal,
                      const char *name, int64_t *id, struct error *err)
{
    bool member;
    if (store_group_find(store, name, principal->user_id, id, &member, err))
        return -1;
    if (member || is_administrator(principal))
        return 0;
    return error_set(err, ERROR_NOT_FOUND, "there is no such group");
}

// Somebody who is disabled can be removed, but is not there to be added.
static int find_user(struct store *store, const struct member_change *change,
                     int64_t *id, struct error *err)
{
    bool disabled;
    if (store_member_user(store, change->user, id, &disabled, err))
        return -1;
    if (disabled && change->role != ROLE_NONE)
        return error_set(err, ERROR_NOT_FOUND, "there is no such user");
    return 0;
}

// Gives the study to another of its owners.
static int pass_on(struct store *store, int64_t study_id, struct error *err)
{
    int64_t successor;
    bool taken;
    if (store_study_successor(store, study_id, &successor, &taken, err))
        return -1;
    if (!successor)
        return error_set(err, ERROR_CONFLICT,
                         "the last owner of a study must remain one");
    if (taken)
        return error_set(err, ERROR_CONFLICT,
                         "the other owner has a study of this name already");
    const struct membership old = {.study_id = study_id, .user_id = successor};
    return store_member_put(store, &old, ROLE_NONE, err) ||
                   store_study_pass_on(store, study_id, successor, err)
               ? -1
               : 0;
}

static int check_room(struct store *store, const struct member_change *change,
                      struct error *err)
{
    int64_t n, campaign = change->campaign_id;
    if (campaign ? store_campaign_member_count(store, campaign, &n, err)
                 : store_member_count(store, change->study_id, &n, err))
        return -1;
    if (n < MEMBER_MAX)
        return 0;
    return error_set(err, ERROR_CONFLICT, "a %s has at most %d members",
                     campaign ? "campaign" : "study", MEMBER_MAX);
}

static int find_owner(struct store *store, const struct member_change *change,
                      int64_t *id, struct error *err)
{
    return change->campaign_id
               ? store_campaign_owner(store, change->campaign_id, id, err)
               : store_study_owner(store, change->study_id, id, err);
}

// The change of the one in whose name the study is.
static int change_owner(struct store *store, struct member_change *change,
                        const struct membership *membership, struct error *err)
{
    change->before = ROLE_OWNER;
    if (change->role == ROLE_OWNER)
        return 0;
    if (change->campaign_id)
        return error_set(err, ERROR_CONFLICT,
                         "the user in whose name a campaign is must remain its "
                         "owner");
    change->passed_on = true;
    return pass_on(store, change->study_id, err) ||
                   store_member_put(store, membership, change->role, err)
               ? -1
               : 0;
}

int member_change(struct store *store, struct member_change *change,
                  struct error *err)
{
    struct membership membership = {.study_id = change->study_id,
                                    .campaign_id = change->campaign_id};
    int64_t owner_id;
    change->passed_on = false;
    if (change->group ? find_group(store, change->principal, change->group,
                                   &membership.group_id, err)
                      : find_user(store, change, &membership.user_id, err))
        return -1;
    if (find_owner(store, change, &owner_id, err))
        return -1;
    if (membership.user_id == owner_id)
        return change_owner(store, change, &membership, err);
    if (store_member_get(store, &membership, &change->before, err))
        return -1;
    if (change->before == ROLE_NONE && change->role == ROLE_NONE)
        return error_set(err, ERROR_NOT_FOUND, "there is no such member");
    if (change->before == ROLE_NONE && check_room(store, change, err))
        return -1;
    return store_member_put(store, &membership, change->role, err);
}

int member_sharing(struct store *store, const struct principal *principal,
                   const struct sharing *sharing, int64_t *group_id,
                   struct error *err)
{
    struct error fault = {0};
    *group_id = 0;
    if (!sharing->group ||
        find_group(store, principal, sharing->group, group_id, &fault) == 0)
        return 0;
    if (fault.code != ERROR_NOT_FOUND)
        return error_set(err, fault.code, "%s", fault.message);
    return error_set(err, ERROR_INVALID,
                     "group must be one of your groups, not \"%.100s\"",
                     sharing->group);
}
