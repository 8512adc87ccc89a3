// SPDX-License-Identifier: GPL-3.0-or-later
// store_account.c - the tokens of users

#include "store_account.h"

#include "store_private.h"

int store_token_add(struct store *store, struct token_row *row,
                    struct error *err)
{
    struct store_one one = {
        .call = DB_CALL(
            QUERY_TOKEN_ADD, db_int(row->user_id), db_int(row->kind),
            db_bytes(row->hash, STORE_HASH_BYTES), db_text(row->prefix),
            db_text(row->name), db_int(row->scopes),
            db_int_unless(row->study_id, 0), db_int(row->created_ms),
            db_int_unless(row->expires_ms, 0),
            db_int_unless(row->revoked_ms, 0), db_int_unless(row->used_ms, 0),
            db_text(row->used_address), db_int_unless(row->rotated_from, 0),
            db_flag(row->guest), db_int_unless(row->campaign_id, 0)),
        .visit = store_keep_int,
        .context = &row->id,
        .what = "token",
    };
    return store_read_one(store, &one, err);
}

void store_next_token(struct db_row *row, struct token_row *token)
{
    token->id = db_next_int(row);
    token->user_id = db_next_int(row);
    token->kind = (enum token_kind)db_next_int(row);
    db_next_bytes(row, token->hash, STORE_HASH_BYTES);
    token->prefix = db_next_text(row);
    token->name = db_next_text(row);
    token->scopes = (unsigned)db_next_int(row);
    token->study_id = db_next_int_or(row, 0);
    token->created_ms = db_next_int(row);
    token->expires_ms = db_next_int_or(row, 0);
    token->revoked_ms = db_next_int_or(row, 0);
    token->used_ms = db_next_int_or(row, 0);
    token->used_address = db_next_text(row);
    token->user_name = db_next_text(row);
    token->user_admin = db_next_flag(row);
    token->user_disabled = db_next_flag(row);
    token->user_requests_per_minute = db_next_int_or(row, USER_AS_SET);
    token->rotated_from = db_next_int_or(row, 0);
    token->study_key = db_next_text(row);
    token->guest = db_next_flag(row);
    token->campaign_id = db_next_int_or(row, 0);
    token->campaign_key = db_next_text(row);
}

static int read_token(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    store_next_token(row, context);
    return 0;
}

int store_token_find(struct store *store, const unsigned char *hash,
                     struct arena *arena, struct token_row *row,
                     struct error *err)
{
    struct store_one one = {
        .call = DB_CALL(QUERY_TOKEN_FIND, db_bytes(hash, STORE_HASH_BYTES)),
        .visit = read_token,
        .context = row,
        .arena = arena,
        .what = "token",
    };
    return store_read_one(store, &one, err);
}

int store_token_get(struct store *store, int64_t id, struct arena *arena,
                    struct token_row *row, struct error *err)
{
    struct store_one one = {
        .call = DB_CALL(QUERY_TOKEN_GET, db_int(id)),
        .visit = read_token,
        .context = row,
        .arena = arena,
        .what = "token",
    };
    return store_read_one(store, &one, err);
}

struct token_visitor {
    int (*visit)(void *context, const struct token_row *row, struct error *err);
    void *context;
};

static int visit_token(void *context, struct db_row *row, struct error *err)
{
    const struct token_visitor *visitor = context;
    struct token_row token;
    read_token(&token, row, err);
    return visitor->visit(visitor->context, &token, err);
}

int store_token_list(struct store *store, int64_t user_id, enum token_kind kind,
                     int (*visit)(void *context, const struct token_row *row,
                                  struct error *err),
                     void *context, struct error *err)
{
    struct token_visitor visitor = {visit, context};
    struct db_reader reader = {visit_token, &visitor, NULL};
    const struct db_call *call =
        user_id ? DB_CALL(QUERY_TOKEN_LIST, db_int(kind), db_int(user_id))
                : DB_CALL(QUERY_TOKEN_LIST_ALL, db_int(kind));
    return db_read(store->db, call, &reader, err) < 0 ? -1 : 0;
}

int store_token_count(struct store *store, int64_t user_id, int64_t now_ms,
                      int64_t *count, struct error *err)
{
    struct store_one one = {
        .call = DB_CALL(QUERY_TOKEN_COUNT, db_int(user_id), db_int(now_ms)),
        .visit = store_keep_int,
        .context = count,
        .what = "count",
    };
    return store_read_one(store, &one, err);
}

int store_token_followers(struct store *store, int64_t id, int64_t *count,
                          struct error *err)
{
    struct store_one one = {
        .call = DB_CALL(QUERY_TOKEN_FOLLOWERS, db_int(id)),
        .visit = store_keep_int,
        .context = count,
        .what = "count",
    };
    return store_read_one(store, &one, err);
}

int store_token_revoke(struct store *store, int64_t user_id,
                       enum token_kind kind, int64_t id, int64_t revoked_ms,
                       struct error *err)
{
    int64_t revoked;
    struct store_one one = {
        .call = DB_CALL(QUERY_TOKEN_REVOKE, db_int(user_id), db_int(kind),
                        db_int(id), db_int(revoked_ms)),
        .visit = store_keep_int,
        .context = &revoked,
        .what = kind == TOKEN_SESSION ? "session" : "token",
    };
    return store_read_one(store, &one, err);
}

int store_token_shorten(struct store *store, int64_t id, int64_t expires_ms,
                        struct error *err)
{
    return db_write(
        store->db, DB_CALL(QUERY_TOKEN_SHORTEN, db_int(id), db_int(expires_ms)),
        err);
}

int store_tokens_used(struct store *store, const struct token_uses *uses,
                      struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_TOKENS_USED, db_ints(uses->token_id, uses->n),
                            db_ints(uses->used_ms, uses->n),
                            db_texts(uses->address, uses->n)),
                    err);
}

int store_tokens_sweep(struct store *store, int64_t before_ms, int64_t most,
                       struct error *err)
{
    return db_write(
        store->db, DB_CALL(QUERY_TOKENS_SWEEP, db_int(before_ms), db_int(most)),
        err);
}

// ---- sessions ---------------------------------------------------------------

int store_session_end(struct store *store, const unsigned char *hash,
                      int64_t now_ms, struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_SESSION_END, db_bytes(hash, STORE_HASH_BYTES),
                            db_int(now_ms)),
                    err);
}

int store_sessions_end(struct store *store, int64_t user_id, int64_t study_id,
                       int64_t campaign_id, int64_t now_ms, struct error *err)
{
    int64_t id;
    struct db_reader reader = {store_keep_int, &id, NULL};
    return db_read(store->db,
                   DB_CALL(QUERY_SESSIONS_END, db_int(user_id),
                           db_int(study_id), db_int(now_ms),
                           db_int(campaign_id)),
                   &reader, err);
}

int store_sessions_trim(struct store *store, int64_t user_id, int64_t keep,
                        int64_t now_ms, struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_SESSIONS_TRIM, db_int(user_id), db_int(keep),
                            db_int(now_ms)),
                    err);
}
