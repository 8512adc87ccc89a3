// SPDX-License-Identifier: GPL-3.0-or-later
// account.c - who is calling, and what they may do

#include "account.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "auth_jwt.h"
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
    uint64_t generation; // of the cache when it was read; 0: empty
    int64_t read_us;
    int64_t used_ms; // when it was used last, as far as is noted
    bool known;
    struct principal principal;
};

enum { ENTRIES = 8192 };

struct accounts {
    pthread_mutex_t mutex;
    uint64_t generation; // grows with each accounts_forget
    int64_t confirmed_us;
    struct accounts_foreign foreign;
    struct entry entries[ENTRIES]; // by the first bytes of the hash
};

struct accounts *accounts_new(void)
{
    struct accounts *accounts = calloc(1, sizeof *accounts);
    if (!accounts)
        abort();
    pthread_mutex_init(&accounts->mutex, NULL);
    accounts->generation = 1;
    accounts->confirmed_us = clock_monotonic_us();
    return accounts;
}

void accounts_free(struct accounts *accounts)
{
    if (!accounts)
        return;
    pthread_mutex_destroy(&accounts->mutex);
    free(accounts);
}

void accounts_accept(struct accounts *accounts,
                     const struct accounts_foreign *foreign)
{
    accounts->foreign = *foreign;
}

void accounts_forget(struct accounts *accounts)
{
    pthread_mutex_lock(&accounts->mutex);
    accounts->generation++;
    pthread_mutex_unlock(&accounts->mutex);
}

void accounts_confirm(struct accounts *accounts, int64_t looked_us)
{
    pthread_mutex_lock(&accounts->mutex);
    accounts->confirmed_us = looked_us;
    pthread_mutex_unlock(&accounts->mutex);
}

static struct entry *slot(struct accounts *accounts, const unsigned char *hash)
{
    return &accounts->entries[(hash[0] | (unsigned)hash[1] << 8) % ENTRIES];
}

static bool is_within(int64_t now_us, int64_t then_us, int seconds)
{
    return now_us - then_us < seconds * INT64_C(1000000);
}

// Gives what is kept, with the generation of the cache in any case.
static bool cached(struct accounts *accounts, const unsigned char *hash,
                   struct entry *found)
{
    int64_t now_us = clock_monotonic_us();
    pthread_mutex_lock(&accounts->mutex);
    *found = *slot(accounts, hash);
    bool good = found->generation == accounts->generation &&
                is_within(now_us, found->read_us, ACCOUNT_CACHE_S) &&
                is_within(now_us, accounts->confirmed_us, ACCOUNT_TRUST_S) &&
                auth_equal(found->hash, hash);
    found->generation = accounts->generation;
    pthread_mutex_unlock(&accounts->mutex);
    return good;
}

// What was read before permissions changed is of another generation, and is
// never found.
static void keep(struct accounts *accounts, const struct entry *entry)
{
    pthread_mutex_lock(&accounts->mutex);
    *slot(accounts, entry->hash) = *entry;
    pthread_mutex_unlock(&accounts->mutex);
}

// 0 stands for what everybody may, so no limit is the highest number.
static unsigned requests_of(const struct token_row *row)
{
    int64_t limit = row->user_requests_per_minute;
    if (limit == USER_AS_SET)
        return 0;
    return limit == 0 || limit > UINT_MAX ? UINT_MAX : (unsigned)limit;
}

// Whose was the secret when it was kept, which may be long ago?
static int64_t last_user(const struct entry *entry, const unsigned char *hash)
{
    return entry->known && auth_equal(entry->hash, hash)
               ? entry->principal.user_id
               : 0;
}

static struct principal principal_of(const struct token_row *row)
{
    struct principal principal = {.user_id = row->user_id,
                                  .token_id = row->id,
                                  .study_id = row->study_id,
                                  .campaign_id = row->campaign_id,
                                  .scopes = row->scopes,
                                  .admin = row->user_admin,
                                  .guest = row->guest,
                                  .kind = row->kind,
                                  .requests_per_minute = requests_of(row),
                                  .created_ms = row->created_ms,
                                  .expires_ms = row->expires_ms};
    snprintf(principal.name, sizeof principal.name, "%s", row->user_name);
    return principal;
}

// entry->generation is that of before the look.
static int look_up(const struct accounts *accounts, struct store *store,
                   const char *secret, const unsigned char *hash,
                   struct entry *entry, struct error *err)
{
    const struct accounts_foreign *foreign = &accounts->foreign;
    struct arena arena;
    struct token_row row;
    struct error fault = {0};
    *entry = (struct entry){.generation = entry->generation,
                            .read_us = clock_monotonic_us()};
    memcpy(entry->hash, hash, AUTH_HASH_BYTES);
    arena_init(&arena);
    int result = auth_is_secret(secret)
                     ? store_token_find(store, hash, &arena, &row, &fault)
                     : foreign->look_up(foreign->context, store, secret, &arena,
                                        &row, &fault);
    if (result == 0) {
        entry->known =
            !row.revoked_ms && !row.user_disabled && row.kind != TOKEN_LINK;
        entry->used_ms = row.used_ms;
        entry->principal = principal_of(&row);
    }
    arena_done(&arena);
    if (result && fault.code != ERROR_NOT_FOUND)
        return error_set(err, fault.code, "%s", fault.message);
    return 0;
}

// Has the token expired, or has the session not been used for too long?
static bool has_ended(const struct entry *entry, int64_t now_ms)
{
    const struct principal *principal = &entry->principal;
    return (principal->expires_ms && principal->expires_ms <= now_ms) ||
           (principal->kind == TOKEN_SESSION &&
            now_ms - entry->used_ms >= ACCOUNT_IDLE_S * INT64_C(1000));
}

// Is it time to note that the token was used? Then it is taken for noted.
static bool must_note(struct accounts *accounts, struct entry *entry,
                      int64_t now_ms)
{
    if (llabs(now_ms - entry->used_ms) < ACCOUNT_USE_S * INT64_C(1000))
        return false;
    entry->used_ms = now_ms;
    keep(accounts, entry);
    return true;
}

int accounts_check(struct accounts *accounts, struct store *store,
                   const char *secret, struct principal *principal, bool *use,
                   struct error *err)
{
    unsigned char hash[AUTH_HASH_BYTES];
    struct entry entry;
    *use = false;
    if (!auth_is_secret(secret) &&
        !(accounts->foreign.look_up && auth_is_jwt(secret)))
        return error_set(err, ERROR_UNAUTHORIZED, "the token is not valid");
    auth_hash(secret, strlen(secret), hash);
    if (!cached(accounts, hash, &entry)) {
        if (!store) {
            *principal = (struct principal){.user_id = last_user(&entry, hash)};
            return 1;
        }
        if (look_up(accounts, store, secret, hash, &entry, err))
            return -1;
        keep(accounts, &entry);
    }
    int64_t now_ms = clock_wall_ms();
    if (!entry.known || has_ended(&entry, now_ms))
        return error_set(err, ERROR_UNAUTHORIZED, "the token is not valid");
    *principal = entry.principal;
    *use = must_note(accounts, &entry, now_ms);
    return 0;
}

bool account_ends_soon(const struct principal *principal, int64_t now_ms)
{
    static const int64_t week_ms = 7 * 86400 * INT64_C(1000);
    int64_t left_ms = principal->expires_ms - now_ms;
    int64_t life_ms = principal->expires_ms - principal->created_ms;
    return principal->expires_ms && left_ms < week_ms && left_ms < life_ms / 4;
}

// ---- permissions ------------------------------------------------------------

bool account_is_bound(const struct principal *principal)
{
    return principal->study_id || principal->campaign_id;
}

bool account_sees(const struct principal *principal,
                  const struct token_row *row)
{
    return (!principal->study_id || principal->study_id == row->study_id) &&
           (!principal->campaign_id ||
            principal->campaign_id == row->campaign_id);
}

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
