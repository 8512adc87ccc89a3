// SPDX-License-Identifier: GPL-3.0-or-later
// access.c - what a caller may do, to the service, to a study, to a campaign

#include "access.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "store_campaign.h"

// ---- the rules --------------------------------------------------------------

static const struct {
    unsigned scopes;
    enum role role; // on the study, where there is one
    bool guests, administrators;
} rules[] = {
    [RIGHT_NONE] = {.guests = true},
    [RIGHT_PERSON] = {.scopes = SCOPE_READ},
    [RIGHT_READ] = {.scopes = SCOPE_READ, .role = ROLE_VIEWER, .guests = true},
    [RIGHT_ASK] = {.scopes = SCOPE_ASK, .role = ROLE_WORKER},
    [RIGHT_COPY] = {.scopes = SCOPE_READ | SCOPE_ASK, .role = ROLE_VIEWER},
    [RIGHT_MERGE] = {.scopes = SCOPE_READ | SCOPE_STEER, .role = ROLE_EDITOR},
    [RIGHT_STEER] = {.scopes = SCOPE_STEER, .role = ROLE_EDITOR},
    [RIGHT_OWN] = {.scopes = SCOPE_STEER, .role = ROLE_OWNER},
    [RIGHT_TOKENS] = {.scopes = SCOPE_ADMIN, .role = ROLE_VIEWER},
    [RIGHT_ADMIN] = {.scopes = SCOPE_ADMIN, .administrators = true},
};

static const char *const names[] = {"none", "viewer", "worker", "editor",
                                    "owner"};

const char *role_name(enum role role)
{
    return names[role];
}

enum role role_from_name(const char *name)
{
    enum role role = ROLE_OWNER;
    while (role > ROLE_NONE && strcmp(names[role], name) != 0)
        role--;
    return role;
}

int access_use(const struct principal *principal, enum right right,
               struct error *err)
{
    if (account_may(principal, rules[right].scopes, err))
        return -1;
    if (principal->guest && !rules[right].guests)
        return error_set(err, ERROR_FORBIDDEN,
                         "a link to a study is for looking at it only");
    if (rules[right].administrators && !principal->admin)
        return error_set(err, ERROR_FORBIDDEN, "this is for administrators");
    return 0;
}

static int allow(const struct principal *principal, enum role role,
                 enum right right, const char *noun, struct error *err)
{
    if (access_use(principal, right, err))
        return -1;
    if (role == ROLE_NONE)
        return error_set(err, ERROR_NOT_FOUND, "there is no such %s", noun);
    if (role < rules[right].role)
        return error_set(err, ERROR_FORBIDDEN,
                         "the role %s on the %s is required, yours is %s",
                         names[rules[right].role], noun, names[role]);
    return 0;
}

int access_allow(const struct principal *principal, enum role role,
                 enum right right, struct error *err)
{
    return allow(principal, role, right, "study", err);
}

static bool is_bound_elsewhere(const struct principal *principal,
                               int64_t study_id, int64_t campaign_id)
{
    return (principal->study_id && principal->study_id != study_id) ||
           (principal->campaign_id && principal->campaign_id != campaign_id);
}

// An administrator's link is good although its token has no scope but read.
static bool rules_all(const struct principal *principal)
{
    return principal->admin &&
           ((principal->scopes & SCOPE_ADMIN) || principal->guest);
}

enum role access_effective(const struct principal *principal, int64_t study_id,
                           int64_t campaign_id, enum role role)
{
    if (is_bound_elsewhere(principal, study_id, campaign_id))
        return ROLE_NONE;
    if (rules_all(principal))
        role = ROLE_OWNER;
    if (principal->guest)
        return role == ROLE_OWNER ? ROLE_VIEWER : ROLE_NONE;
    return role;
}

// ---- the cache --------------------------------------------------------------

struct entry {
    int64_t user_id;
    int64_t id;       // of the study, or minus that of a campaign
    int64_t until_us; // 0: empty
    struct member_standing standing;
};

enum { ENTRIES = 16384 };

struct access {
    pthread_mutex_t mutex; // guards everything below
    uint64_t generation;
    struct entry entries[ENTRIES];
    void (*forgotten)(void *context);
    void *context;
};

struct access *access_new(void (*forgotten)(void *context), void *context)
{
    struct access *access = calloc(1, sizeof *access);
    if (!access)
        abort();
    pthread_mutex_init(&access->mutex, NULL);
    access->forgotten = forgotten;
    access->context = context;
    return access;
}

void access_free(struct access *access)
{
    if (!access)
        return;
    pthread_mutex_destroy(&access->mutex);
    free(access);
}

void access_forget(struct access *access)
{
    pthread_mutex_lock(&access->mutex);
    access->generation++;
    memset(access->entries, 0, sizeof access->entries);
    pthread_mutex_unlock(&access->mutex);
    if (access->forgotten)
        access->forgotten(access->context);
}

uint64_t access_generation(struct access *access)
{
    pthread_mutex_lock(&access->mutex);
    uint64_t generation = access->generation;
    pthread_mutex_unlock(&access->mutex);
    return generation;
}

static struct entry *slot(struct access *access, int64_t user_id, int64_t id)
{
    uint64_t hash = (uint64_t)user_id * 0x9e3779b97f4a7c15u;
    hash = (hash ^ (uint64_t)id) * 0xbf58476d1ce4e5b9u;
    return &access->entries[(hash >> 32) % ENTRIES];
}

static bool cached(struct access *access, int64_t user_id, int64_t id,
                   struct member_standing *standing, uint64_t *generation)
{
    pthread_mutex_lock(&access->mutex);
    const struct entry *entry = slot(access, user_id, id);
    bool found = entry->until_us && entry->user_id == user_id &&
                 entry->id == id && entry->until_us > clock_monotonic_us();
    *standing = entry->standing;
    *generation = access->generation;
    pthread_mutex_unlock(&access->mutex);
    return found;
}

static void keep(struct access *access, const struct entry *entry,
                 uint64_t generation)
{
    pthread_mutex_lock(&access->mutex);
    if (access->generation == generation)
        *slot(access, entry->user_id, entry->id) = *entry;
    pthread_mutex_unlock(&access->mutex);
}

static int read_standing(struct store *store, int64_t user_id, int64_t id,
                         struct member_standing *standing, struct error *err)
{
    *standing = (struct member_standing){.campaign_id = -id};
    return id < 0
               ? store_campaign_role(store, -id, user_id, &standing->role, err)
               : store_member_standing(store, id, user_id, standing, err);
}

// What the user is to a study, or to a campaign (minus its id), from memory or
// from the store. 1: the store is needed.
static int find(struct access *access, struct store *store, int64_t user_id,
                int64_t id, struct member_standing *standing, struct error *err)
{
    uint64_t generation;
    if (access && cached(access, user_id, id, standing, &generation))
        return 0;
    if (!store)
        return 1;
    if (read_standing(store, user_id, id, standing, err))
        return -1;
    if (access)
        keep(access,
             &(struct entry){.user_id = user_id,
                             .id = id,
                             .until_us = clock_monotonic_us() +
                                         ACCESS_CACHE_S * INT64_C(1000000),
                             .standing = *standing},
             generation);
    return 0;
}

int access_study(struct access *access, struct store *store,
                 const struct principal *principal, int64_t study_id,
                 enum right right, enum role *role, struct error *err)
{
    struct member_standing own = {.role = ROLE_NONE};
    bool elsewhere =
        is_bound_elsewhere(principal, study_id, principal->campaign_id);
    if (!elsewhere && (!rules_all(principal) || principal->campaign_id)) {
        int result =
            find(access, store, principal->user_id, study_id, &own, err);
        if (result)
            return result;
    }
    *role = access_effective(principal, study_id, own.campaign_id, own.role);
    return access_allow(principal, *role, right, err);
}

int access_campaign(struct access *access, struct store *store,
                    const struct principal *principal, int64_t campaign_id,
                    enum right right, enum role *role, struct error *err)
{
    struct member_standing own = {.role = ROLE_NONE};
    if (rules_all(principal)) {
        own.role = ROLE_OWNER;
    } else {
        int result =
            find(access, store, principal->user_id, -campaign_id, &own, err);
        if (result)
            return result;
    }
    bool elsewhere = is_bound_elsewhere(principal, 0, campaign_id);
    *role = elsewhere || principal->guest ? ROLE_NONE : own.role;
    return allow(principal, *role, right, "campaign", err);
}
