// SPDX-License-Identifier: GPL-3.0-or-later
// token.c - the life of an API token: created, rotated, revoked

#include "token.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store_campaign.h"
#include "store_group.h"
#include "store_study.h"
#include "wire.h"
#include "wire_token.h"

static const int64_t day_ms = 86400 * INT64_C(1000);

int64_t token_expiry(const char *text, int64_t now_ms, struct error *err)
{
    static const struct {
        const char *name;
        int days;
    } spans[] = {{"1d", 1}, {"1w", 7}, {"1m", 31}, {"1y", 365}};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
        if (strcmp(spans[i].name, text) == 0)
            return now_ms + spans[i].days * day_ms;
    int64_t ms = wire_time(text);
    if (ms < 0)
        return error_set(err, ERROR_INVALID,
                         "expires must be 1d, 1w, 1m, 1y or a time such as "
                         "2026-11-30T12:00:00Z, not \"%s\"",
                         text);
    if (ms <= now_ms || ms > now_ms + TOKEN_MAX_DAYS * day_ms)
        return error_set(err, ERROR_INVALID,
                         "expires must lie within the next %d days, not at %s",
                         TOKEN_MAX_DAYS, text);
    return ms;
}

// ---- the audit log ----------------------------------------------------------

static const char *describe(const struct token_row *row, struct arena *arena)
{
    struct text text;
    text_init(&text, arena);
    text_char(&text, '{');
    wire_token(&text, row);
    text_char(&text, '}');
    return text.data;
}

struct change {
    const char *action;
    int64_t id;
    const struct token_row *before, *after; // NULL: none
};

// Writes the line of the audit log.
static int record(struct store *store, const struct change *change,
                  const struct audit_row *audit, struct arena *arena,
                  struct error *err)
{
    struct audit_row row = *audit;
    row.action = change->action;
    row.object = arena_print(arena, "%" PRId64, change->id);
    if (change->before)
        row.before = describe(change->before, arena);
    if (change->after)
        row.after = describe(change->after, arena);
    return store_audit_add(store, &row, err);
}

// ---- create and revoke ------------------------------------------------------

// Finds out what a new token is bound to is called.
static int name_bound(struct store *store, struct token_row *row,
                      struct arena *arena, struct error *err)
{
    struct study_row study = {0};
    struct campaign_row campaign = {0};
    if ((row->study_id &&
         store_study_get(store, row->study_id, arena, &study, err)) ||
        (row->campaign_id &&
         store_campaign_get(store, row->campaign_id, arena, &campaign, err)))
        return -1;
    row->study_key = study.key;
    row->campaign_key = campaign.key;
    return 0;
}

int token_create(struct store *store, struct new_token *token,
                 const struct audit_row *audit, struct arena *arena,
                 struct error *err)
{
    int64_t count;
    struct token_row *row = &token->row;
    // First, for it lets one transaction at a time go on.
    if (store_permissions_change(store, err) ||
        store_token_count(store, row->user_id, audit->at_ms, &count, err) ||
        name_bound(store, row, arena, err))
        return -1;
    if (count >= TOKEN_MAX)
        return error_set(err, ERROR_INVALID,
                         "a user must not have more than %d valid tokens",
                         TOKEN_MAX);
    if (store_token_add(store, row, err))
        return -1;
    const struct change change = {"token.create", row->id, NULL, row};
    return record(store, &change, audit, arena, err);
}

// Finds a token that is within reach.
static int find(struct store *store, const struct token_reach *reach,
                int64_t id, struct arena *arena, struct token_row *row,
                struct error *err)
{
    if (store_token_get(store, id, arena, row, err))
        return -1;
    if (row->kind == TOKEN_API &&
        (!reach->user_id || reach->user_id == row->user_id) &&
        (!reach->study_id || reach->study_id == row->study_id) &&
        (!reach->campaign_id || reach->campaign_id == row->campaign_id))
        return 0;
    return error_set(err, ERROR_NOT_FOUND, "there is no such token");
}

static int revoke(struct store *store, const struct token_row *row,
                  const struct audit_row *audit, struct arena *arena,
                  struct error *err)
{
    if (store_token_revoke(store, row->user_id, TOKEN_API, row->id,
                           audit->at_ms, err))
        return -1;
    const struct change change = {"token.revoke", row->id, row, NULL};
    return record(store, &change, audit, arena, err);
}

int token_revoke(struct store *store, const struct token_reach *reach,
                 int64_t id, const struct audit_row *audit, struct error *err)
{
    struct arena arena;
    struct token_row row;
    arena_init(&arena);
    int result = store_permissions_change(store, err) ||
                         find(store, reach, id, &arena, &row, err) ||
                         revoke(store, &row, audit, &arena, err)
                     ? -1
                     : 0;
    arena_done(&arena);
    return result;
}

// ---- rotate -----------------------------------------------------------------

static int check_rotation(struct store *store,
                          const struct token_rotation *rotation,
                          const struct token_row *old, int64_t now_ms,
                          struct error *err)
{
    int64_t followers;
    if (old->scopes & ~rotation->reach.scopes)
        return error_set(err, ERROR_FORBIDDEN,
                         "the scopes of the token must not go beyond those of "
                         "the token that asks");
    if (old->revoked_ms || old->user_disabled ||
        (old->expires_ms && old->expires_ms <= now_ms))
        return error_set(err, ERROR_CONFLICT, "the token has ended already");
    if (store_token_followers(store, old->id, &followers, err))
        return -1;
    return followers == 0 ? 0
                          : error_set(err, ERROR_CONFLICT,
                                      "the token has been rotated already");
}

static int64_t new_expiry(const struct token_rotation *rotation,
                          const struct token_row *old, int64_t now_ms)
{
    int64_t most = TOKEN_MAX_DAYS * day_ms;
    int64_t life = old->expires_ms ? old->expires_ms - old->created_ms : most;
    return rotation->expires_ms ? rotation->expires_ms
                                : now_ms + (life < most ? life : most);
}

// Ends the old token now, or when the overlap is over.
static int end_old(struct store *store, const struct token_rotation *rotation,
                   const struct token_row *old, int64_t now_ms,
                   struct error *err)
{
    if (rotation->overlap_s)
        return store_token_shorten(
            store, old->id, now_ms + rotation->overlap_s * INT64_C(1000), err);
    return store_token_revoke(store, old->user_id, TOKEN_API, old->id, now_ms,
                              err);
}

int token_rotate(struct store *store, struct token_rotation *rotation,
                 const struct audit_row *audit, struct arena *arena,
                 struct error *err)
{
    struct token_row old, *row = &rotation->token.row;
    int64_t now_ms = audit->at_ms;
    if (store_permissions_change(store, err) ||
        find(store, &rotation->reach, rotation->id, arena, &old, err) ||
        check_rotation(store, rotation, &old, now_ms, err))
        return -1;
    account_new_token(&rotation->token, TOKEN_API, old.user_id, old.name,
                      old.scopes, new_expiry(rotation, &old, now_ms));
    row->study_id = old.study_id;
    row->study_key = old.study_key;
    row->campaign_id = old.campaign_id;
    row->campaign_key = old.campaign_key;
    row->rotated_from = old.id;
    if (end_old(store, rotation, &old, now_ms, err) ||
        store_token_add(store, row, err))
        return -1;
    const struct change change = {"token.rotate", old.id, &old, row};
    return record(store, &change, audit, arena, err);
}
