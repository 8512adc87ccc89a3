// SPDX-License-Identifier: GPL-3.0-or-later
// account.c - who is calling, and what they may do

#include "account.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "clock.h"

static const struct {
    unsigned scope;
    const char *name;
} scopes[] = {{SCOPE_READ, "read"},
              {SCOPE_ASK, "ask"},
              {SCOPE_STEER, "steer"},
              {SCOPE_ADMIN, "admin"}};
enum { SCOPES = sizeof scopes / sizeof *scopes };

const char *scope_name(unsigned scope)
{
    for (size_t i = 0; i < SCOPES; i++)
        if (scopes[i].scope == scope)
            return scopes[i].name;
    return NULL;
}

unsigned scope_from_name(const char *name)
{
    for (size_t i = 0; i < SCOPES; i++)
        if (strcmp(scopes[i].name, name) == 0)
            return scopes[i].scope;
    return 0;
}

// ---- the cache --------------------------------------------------------------

struct entry {
    unsigned char hash[AUTH_HASH_BYTES];
    int64_t until_us;   // 0: empty
    int64_t expires_ms; // of the token, 0: never
    bool known;
    struct principal principal;
};

enum { ENTRIES = 8192 };

struct accounts {
    pthread_mutex_t mutex;
    struct entry entries[ENTRIES]; // by the first bytes of the hash
};

struct accounts *accounts_new(void)
{
    struct accounts *accounts = calloc(1, sizeof *accounts);
    if (!accounts)
        abort();
    pthread_mutex_init(&accounts->mutex, NULL);
    return accounts;
}

void accounts_free(struct accounts *accounts)
{
    if (!accounts)
        return;
    pthread_mutex_destroy(&accounts->mutex);
    free(accounts);
}

void accounts_forget(struct accounts *accounts)
{
    pthread_mutex_lock(&accounts->mutex);
    memset(accounts->entries, 0, sizeof accounts->entries);
    pthread_mutex_unlock(&accounts->mutex);
}

static struct entry *slot(struct accounts *accounts, const unsigned char *hash)
{
    return &accounts->entries[(hash[0] | (unsigned)hash[1] << 8) % ENTRIES];
}

static bool cached(struct accounts *accounts, const unsigned char *hash,
                   struct entry *found)
{
    pthread_mutex_lock(&accounts->mutex);
    *found = *slot(accounts, hash);
    pthread_mutex_unlock(&accounts->mutex);
    return found->until_us > clock_monotonic_us() &&
           memcmp(found->hash, hash, AUTH_HASH_BYTES) == 0;
}

static int look_up(struct store *store, const unsigned char *hash,
                   struct entry *entry, struct error *err)
{
    struct arena arena;
    struct token_row row;
    struct error fault = {0};
    *entry = (struct entry){.until_us = clock_monotonic_us() +
                                        ACCOUNT_CACHE_S * INT64_C(1000000)};
    memcpy(entry->hash, hash, AUTH_HASH_BYTES);
    arena_init(&arena);
    int result = store_token_find(store, hash, &arena, &row, &fault);
    if (result == 0) {
        entry->known =
            !row.revoked_ms && !row.user_disabled && row.kind != TOKEN_LINK;
        entry->expires_ms = row.expires_ms;
        entry->principal = (struct principal){.user_id = row.user_id,
                                              .token_id = row.id,
                                              .study_id = row.study_id,
                                              .scopes = row.scopes,
                                              .admin = row.user_admin,
                                              .guest = row.guest,
                                              .kind = row.kind};
        snprintf(entry->principal.name, sizeof entry->principal.name, "%s",
                 row.user_name);
    }
    arena_done(&arena);
    if (result && fault.code != ERROR_NOT_FOUND)
        return error_set(err, fault.code, "%s", fault.message);
    return 0;
}

int accounts_check(struct accounts *accounts, struct store *store,
                   const char *secret, struct principal *principal, bool *fresh,
                   struct error *err)
{
    unsigned char hash[AUTH_HASH_BYTES];
    struct entry entry;
    *fresh = false;
    if (!auth_is_secret(secret))
        return error_set(err, ERROR_UNAUTHORIZED, "the token is not valid");
    auth_hash(secret, strlen(secret), hash);
    if (!cached(accounts, hash, &entry)) {
        if (!store)
            return 1;
        if (look_up(store, hash, &entry, err))
            return -1;
        *fresh = true;
        pthread_mutex_lock(&accounts->mutex);
        *slot(accounts, hash) = entry;
        pthread_mutex_unlock(&accounts->mutex);
    }
    bool expired = entry.expires_ms && entry.expires_ms <= clock_wall_ms();
    if (!entry.known || expired)
        return error_set(err, ERROR_UNAUTHORIZED, "the token is not valid");
    *principal = entry.principal;
    return 0;
}

// ---- permissions ------------------------------------------------------------

int account_may(const struct principal *principal, unsigned wanted,
                struct error *err)
{
    unsigned missing = wanted & ~principal->scopes, most = SCOPE_ADMIN;
    if (!missing)
        return 0;
    while (!(missing & most))
        most /= 2;
    return error_set(err, ERROR_FORBIDDEN, "the token lacks the scope %s",
                     scope_name(most));
}

// ---- new secrets ------------------------------------------------------------

void account_new_token(struct new_token *token, enum token_kind kind,
                       int64_t user_id, const char *name, unsigned scope,
                       int64_t expires_ms)
{
    static const char *const prefixes[] = {"cum_", "cums_", "cuml_"};
    *token = (struct new_token){.row = {.user_id = user_id,
                                        .kind = kind,
                                        .name = name,
                                        .scopes = scope,
                                        .created_ms = clock_wall_ms(),
                                        .expires_ms = expires_ms}};
    auth_secret(prefixes[kind], token->secret);
    auth_hash(token->secret, strlen(token->secret), token->row.hash);
    snprintf(token->display, sizeof token->display, "%.*s", AUTH_DISPLAY_CHARS,
             token->secret);
    token->row.prefix = token->display;
}

int account_first(struct store *store, struct new_token *token,
                  struct new_token *link, bool *made, struct error *err)
{
    static const int64_t day_ms = 24 * 3600 * INT64_C(1000);
    int64_t users;
    *made = false;
    if (store_user_count(store, &users, err))
        return -1;
    if (users > 0)
        return 0;
    int64_t now = clock_wall_ms();
    struct user_row user = {.name = "admin", .admin = true, .created_ms = now};
    struct error fault = {0};
    if (store_begin(store, err))
        return -1;
    if (store_user_add(store, &user, &fault) == 0) {
        account_new_token(token, TOKEN_API, user.id, "first token", SCOPE_ALL,
                          now + 365 * day_ms);
        account_new_token(link, TOKEN_LINK, user.id, "first sign-in", SCOPE_ALL,
                          now + 7 * day_ms);
        if (store_token_add(store, &token->row, &fault) == 0 &&
            store_token_add(store, &link->row, &fault) == 0 &&
            store_commit(store, &fault) == 0) {
            *made = true;
            return 0;
        }
    }
    store_rollback(store);
    if (fault.code == ERROR_CONFLICT)
        return 0; // another instance was first
    return error_set(err, fault.code, "%s", fault.message);
}
