// SPDX-License-Identifier: GPL-3.0-or-later
// user.c - the life of a user: made, invited, disabled

#include "user.h"

#include <string.h>

#include "clock.h"
#include "store_group.h"

static const int64_t day_ms = 24 * 3600 * INT64_C(1000);

int user_name_check(const char *name, struct error *err)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@+";
    size_t n = strlen(name);
    if (n > 0 && n <= USER_MAX_NAME && strspn(name, good) == n &&
        strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
        return 0;
    return error_set(err, ERROR_INVALID,
                     "name must be 1 to %d letters, digits and . _ - @ +, not "
                     "\"%.80s\"",
                     USER_MAX_NAME, name);
}

int user_may_administer(const struct principal *principal, struct error *err)
{
    if (principal->admin && !account_is_bound(principal))
        return account_may(principal, SCOPE_ADMIN, err);
    return error_set(err, ERROR_FORBIDDEN, "only an administrator may");
}

// ---- making -----------------------------------------------------------------

int user_create(struct store *store, struct user_new *user, struct error *err)
{
    struct arena arena;
    struct user_row there;
    struct error fault = {0};
    user->row.created_ms = clock_wall_ms();
    if (store_permissions_change(store, err))
        return -1;
    // Looked for first: a unique key that is violated ends the transaction,
    // with all that others have in it.
    arena_init(&arena);
    int found = store_user_find(store, user->row.name, &arena, &there, &fault);
    arena_done(&arena);
    if (found == 0)
        return error_set(err, ERROR_CONFLICT, "name \"%s\" is taken",
                         user->row.name);
    if (fault.code != ERROR_NOT_FOUND)
        return error_set(err, fault.code, "%s", fault.message);
    if (store_user_add(store, &user->row, err))
        return -1;
    return user->n_groups
               ? store_groups_replace(store, user->row.id, "", user->groups,
                                      user->n_groups, user->row.created_ms, err)
               : 0;
}

// ---- changing ---------------------------------------------------------------

static void enter_quotas(struct user_quotas *quotas,
                         const struct user_change *change)
{
    int64_t *fields[] = {&quotas->max_studies, &quotas->max_trials,
                         &quotas->max_running, &quotas->max_bytes,
                         &quotas->requests_per_minute};
    const int64_t values[] = {
        change->quotas.max_studies, change->quotas.max_trials,
        change->quotas.max_running, change->quotas.max_bytes,
        change->quotas.requests_per_minute};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (change->has_quota[i])
            *fields[i] = values[i];
}

// What the user is after the change.
static struct user_row enter(const struct user_row *before,
                             const struct user_change *change)
{
    struct user_row after = *before;
    if (change->disabled >= 0)
        after.disabled = change->disabled > 0;
    if (change->admin >= 0)
        after.admin = change->admin > 0;
    if (change->has_display_name)
        after.display_name = change->display_name;
    if (change->has_email)
        after.email = change->email;
    enter_quotas(&after.quotas, change);
    return after;
}

static bool administers(const struct user_row *user)
{
    return user->admin && !user->disabled;
}

// Somebody must be left who can undo this.
static int check_last(struct store *store, const struct user_row *before,
                      const struct user_row *after, struct error *err)
{
    int64_t admins;
    if (!administers(before) || administers(after))
        return 0;
    if (store_user_admins(store, &admins, err))
        return -1;
    if (admins > 1)
        return 0;
    return error_set(err, ERROR_CONFLICT,
                     "%s is the last administrator and cannot be %s",
                     before->name, after->disabled ? "disabled" : "demoted");
}

int user_change(struct store *store, int64_t id,
                const struct user_change *change, struct arena *arena,
                struct user_row *before, struct user_row *after,
                struct error *err)
{
    // First, for it lets one transaction at a time go on.
    if (store_permissions_change(store, err) ||
        store_user_get(store, id, arena, before, err))
        return -1;
    *after = enter(before, change);
    if (check_last(store, before, after, err) ||
        store_user_change(store, after, err))
        return -1;
    return change->has_groups
               ? store_groups_replace(store, id, "", change->groups,
                                      change->n_groups, clock_wall_ms(), err)
               : 0;
}

// ---- inviting ---------------------------------------------------------------

int user_invite(struct store *store, const struct user_row *user,
                struct new_token *link, struct error *err)
{
    if (user->disabled)
        return error_set(err, ERROR_CONFLICT, "%s is disabled", user->name);
    int64_t now = clock_wall_ms();
    account_new_token(link, TOKEN_LINK, user->id, "invitation", SCOPE_ALL,
                      now + USER_INVITATION_DAYS * day_ms);
    return store_user_revoke_links(store, user->id, now, err) ||
                   store_token_add(store, &link->row, err)
               ? -1
               : 0;
}
