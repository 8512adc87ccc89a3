// SPDX-License-Identifier: GPL-3.0-or-later
// identity.c - from what a provider says about somebody to a user

#include "identity.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "auth.h"
#include "store_group.h"
#include "user.h"

enum { NAME_TRIES = 50, NAME_SUFFIX = 8 };

int identity_check(const struct identity *identity, struct error *err)
{
    const struct oidc_provider *provider = identity->provider;
    if (!provider->allow.set ||
        oidc_rule_names(&provider->allow, identity->claims))
        return 0;
    return error_set(err, ERROR_FORBIDDEN,
                     "nobody has allowed you to use this service");
}

// ---- what should be stored --------------------------------------------------

static bool listed(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

// The groups of the claims, each once, under the name of the provider.
static const char *const *groups_of(const struct identity *identity,
                                    struct arena *arena, size_t *n)
{
    const struct oidc_claims *claims = identity->claims;
    const char **names =
        arena_zeros(arena, claims->n_groups + 1, sizeof *names);
    *n = 0;
    for (size_t i = 0; i < claims->n_groups; i++)
        if (!listed(claims->groups, i, claims->groups[i]))
            names[(*n)++] = arena_print(
                arena, "%s:%s", identity->provider->name, claims->groups[i]);
    return names;
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

// What the row should be. Tokens of machines say little about a person, so
// they change nothing here.
static struct identity_row wanted(const struct identity *identity,
                                  const struct identity_row *row)
{
    const struct oidc_claims *claims = identity->claims;
    struct identity_row wish = *row;
    if (!identity->person)
        return wish;
    if (claims->name && strlen(claims->name) <= USER_MAX_TEXT)
        wish.display_name = claims->name;
    if (claims->email && strlen(claims->email) <= USER_MAX_TEXT)
        wish.email = claims->email;
    if (identity->provider->admins.set)
        wish.admin = oidc_rule_names(&identity->provider->admins, claims);
    return wish;
}

struct membership {
    const char *const *names;
    size_t n, met;
    bool other;
};

static int meet(void *context, const char *name, struct error *err)
{
    struct membership *membership = context;
    (void)err;
    if (listed(membership->names, membership->n, name))
        membership->met++;
    else
        membership->other = true;
    return 0;
}

// Are the groups of the claims those that are stored? Yes when the claims say
// nothing of groups.
static int compare_groups(struct store *store, const struct identity *identity,
                          int64_t user_id, struct arena *arena, bool *equal,
                          struct error *err)
{
    struct membership membership = {0};
    *equal = true;
    if (!identity->claims->has_groups && !identity->person)
        return 0;
    membership.names = groups_of(identity, arena, &membership.n);
    if (store_groups_from(store, user_id, identity->provider->issuer, meet,
                          &membership, err))
        return -1;
    *equal = membership.met == membership.n && !membership.other;
    return 0;
}

// ---- a new user -------------------------------------------------------------

// The name that the provider prefers, or that of the address, in letters that
// need no quotes anywhere.
static void choose_name(const struct oidc_claims *claims,
                        char name[IDENTITY_MAX_NAME + 1])
{
    const char *from =
        claims->preferred_username ? claims->preferred_username : claims->email;
    size_t n = 0, length = from ? strcspn(from, "@") : 0;
    for (size_t i = 0; i < length && n < IDENTITY_MAX_NAME; i++) {
        unsigned char c = (unsigned char)from[i];
        bool plain = c < 0x80 && (isalnum(c) || strchr("._-", c));
        if (plain)
            name[n++] = (char)tolower(c);
        else if (n > 0 && name[n - 1] != '-')
            name[n++] = '-';
    }
    name[n] = '\0';
    if (!isalnum((unsigned char)name[0]))
        snprintf(name, IDENTITY_MAX_NAME + 1, "user");
}

static int free_name(struct store *store, const struct oidc_claims *claims,
                     struct arena *arena, char name[64], struct error *err)
{
    char base[IDENTITY_MAX_NAME + 1], suffix[NAME_SUFFIX + 1];
    struct user_row other;
    choose_name(claims, base);
    snprintf(name, 64, "%s", base);
    for (int i = 2; i < NAME_TRIES; i++) {
        struct error fault = {0};
        if (store_user_find(store, name, arena, &other, &fault))
            return fault.code == ERROR_NOT_FOUND
                       ? 0
                       : error_set(err, fault.code, "%s", fault.message);
        snprintf(name, 64, "%s-%d", base, i);
    }
    auth_random(suffix, NAME_SUFFIX);
    snprintf(name, 64, "%s-%s", base, suffix);
    return 0;
}

static int make_user(struct store *store, const struct identity *identity,
                     struct arena *arena, struct identity_row *row,
                     struct error *err)
{
    char name[64];
    if (free_name(store, identity->claims, arena, name, err))
        return -1;
    *row = (struct identity_row){.name = arena_copy(arena, name, strlen(name))};
    *row = wanted(identity, row);
    struct user_row user = {.name = row->name,
                            .display_name = row->display_name,
                            .email = row->email,
                            .admin = row->admin,
                            .created_ms = identity->now_ms};
    if (store_user_add(store, &user, err))
        return -1;
    row->user_id = user.id;
    return store_identity_add(store, identity->provider->issuer,
                              identity->claims->sub, user.id, identity->now_ms,
                              err);
}

// ---- a user -----------------------------------------------------------------

static int find(struct store *store, const struct identity *identity,
                struct arena *arena, struct identity_row *row,
                struct error *err)
{
    if (store_identity_find(store, identity->provider->issuer,
                            identity->claims->sub, arena, row, err))
        return -1;
    return row->disabled
               ? error_set(err, ERROR_FORBIDDEN, "the account is disabled")
               : 0;
}

static void keep(struct identity_user *user, const struct identity_row *row)
{
    user->id = row->user_id;
    user->admin = row->admin;
    snprintf(user->name, sizeof user->name, "%s", row->name);
}

static bool equal_rows(const struct identity_row *a,
                       const struct identity_row *b)
{
    return a->admin == b->admin && same(a->display_name, b->display_name) &&
           same(a->email, b->email);
}

int identity_find(struct store *store, const struct identity *identity,
                  struct identity_user *user, bool *current, struct error *err)
{
    struct arena arena;
    struct identity_row row;
    *user = (struct identity_user){0};
    arena_init(&arena);
    int result = find(store, identity, &arena, &row, err);
    if (result == 0)
        result =
            compare_groups(store, identity, row.user_id, &arena, current, err);
    if (result == 0) {
        struct identity_row wish = wanted(identity, &row);
        *current = *current && equal_rows(&row, &wish);
        keep(user, &row);
    }
    arena_done(&arena);
    return result;
}

// The last administrator stays one, whatever the provider says.
static int keep_last_admin(struct store *store, struct identity_row *wish,
                           struct error *err)
{
    int64_t admins;
    if (store_permissions_change(store, err) ||
        store_user_admins(store, &admins, err))
        return -1;
    wish->admin = admins <= 1;
    return 0;
}

static int update(struct store *store, const struct identity *identity,
                  const struct identity_row *row, struct arena *arena,
                  struct identity_user *user, struct error *err)
{
    struct identity_row wish = wanted(identity, row);
    bool equal;
    size_t n;
    if (compare_groups(store, identity, row->user_id, arena, &equal, err) ||
        (row->admin && !wish.admin && keep_last_admin(store, &wish, err)))
        return -1;
    const char *const *groups = groups_of(identity, arena, &n);
    keep(user, &wish);
    user->changed = user->made || !equal || wish.admin != row->admin;
    if (!equal_rows(row, &wish) && store_user_profile(store, &wish, err))
        return -1;
    if (!equal &&
        store_groups_replace(store, row->user_id, identity->provider->issuer,
                             groups, n, identity->now_ms, err))
        return -1;
    if (user->changed && store_permissions_change(store, err))
        return -1;
    return store_identity_seen(store, identity->provider->issuer,
                               identity->claims->sub, identity->now_ms, err);
}

int identity_enter(struct store *store, const struct identity *identity,
                   struct identity_user *user, struct error *err)
{
    struct arena arena;
    struct identity_row row;
    struct error fault = {0};
    *user = (struct identity_user){0};
    arena_init(&arena);
    int result = find(store, identity, &arena, &row, &fault);
    if (result && fault.code == ERROR_NOT_FOUND) {
        error_clear(&fault);
        user->made = true;
        result = make_user(store, identity, &arena, &row, &fault);
    }
    if (result == 0)
        result = update(store, identity, &row, &arena, user, &fault);
    arena_done(&arena);
    return result ? error_set(err, fault.code, "%s", fault.message) : 0;
}
