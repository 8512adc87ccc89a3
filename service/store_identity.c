// SPDX-License-Identifier: GPL-3.0-or-later
// store_identity.c - who users are at providers, and sign-ins that have begun

#include "store_identity.h"

#include "store_private.h"

// ---- identities -------------------------------------------------------------

static int read_identity(void *context, struct db_row *row, struct error *err)
{
    struct identity_row *identity = context;
    (void)err;
    identity->user_id = db_next_int(row);
    identity->name = db_next_text(row);
    identity->admin = db_next_flag(row);
    identity->disabled = db_next_flag(row);
    identity->display_name = db_next_text(row);
    identity->email = db_next_text(row);
    return 0;
}

int store_identity_find(struct store *store, const char *issuer,
                        const char *subject, struct arena *arena,
                        struct identity_row *row, struct error *err)
{
    struct store_one one = {
        .call = DB_CALL(QUERY_IDENTITY_FIND, db_text(issuer), db_text(subject)),
        .visit = read_identity,
        .context = row,
        .arena = arena,
        .what = "identity",
    };
    return store_read_one(store, &one, err);
}

int store_identity_add(struct store *store, const char *issuer,
                       const char *subject, int64_t user_id, int64_t now_ms,
                       struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_IDENTITY_ADD, db_text(issuer),
                            db_text(subject), db_int(user_id), db_int(now_ms)),
                    err);
}

int store_identity_seen(struct store *store, const char *issuer,
                        const char *subject, int64_t now_ms, struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_IDENTITY_SEEN, db_text(issuer),
                            db_text(subject), db_int(now_ms)),
                    err);
}

struct text_visitor {
    int (*visit)(void *context, const char *text, struct error *err);
    void *context;
};

static int visit_text(void *context, struct db_row *row, struct error *err)
{
    const struct text_visitor *visitor = context;
    return visitor->visit(visitor->context, db_next_text(row), err);
}

static int read_texts(struct store *store, const struct db_call *call,
                      struct text_visitor *visitor, struct error *err)
{
    struct db_reader reader = {visit_text, visitor, NULL};
    return db_read(store->db, call, &reader, err) < 0 ? -1 : 0;
}

int store_identity_issuers(struct store *store, int64_t user_id,
                           int (*visit)(void *context, const char *issuer,
                                        struct error *err),
                           void *context, struct error *err)
{
    return read_texts(store, DB_CALL(QUERY_IDENTITY_ISSUERS, db_int(user_id)),
                      &(struct text_visitor){visit, context}, err);
}

// ---- users ------------------------------------------------------------------

int store_user_profile(struct store *store, const struct identity_row *row,
                       struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_USER_PROFILE, db_int(row->user_id),
                            db_text(row->display_name), db_text(row->email),
                            db_flag(row->admin)),
                    err);
}

int store_groups_from(struct store *store, int64_t user_id, const char *source,
                      int (*visit)(void *context, const char *name,
                                   struct error *err),
                      void *context, struct error *err)
{
    return read_texts(
        store,
        DB_CALL(QUERY_GROUP_NAMES_FROM, db_int(user_id), db_text(source)),
        &(struct text_visitor){visit, context}, err);
}

// ---- sign-ins that have begun -----------------------------------------------

int store_flow_add(struct store *store, const struct flow_row *row,
                   int64_t now_ms, int64_t keep, struct error *err)
{
    if (db_write(store->db, DB_CALL(QUERY_SIGN_IN_FLOWS_EXPIRE, db_int(now_ms)),
                 err) ||
        db_write(store->db, DB_CALL(QUERY_SIGN_IN_FLOWS_TRIM, db_int(keep)),
                 err))
        return -1;
    return db_write(store->db,
                    DB_CALL(QUERY_SIGN_IN_FLOW_ADD,
                            db_bytes(row->state_hash, STORE_HASH_BYTES),
                            db_bytes(row->cookie_hash, STORE_HASH_BYTES),
                            db_text(row->provider), db_text(row->return_to),
                            db_int(row->expires_ms)),
                    err);
}

static int read_flow(void *context, struct db_row *row, struct error *err)
{
    struct flow_row *flow = context;
    (void)err;
    db_next_bytes(row, flow->cookie_hash, STORE_HASH_BYTES);
    flow->provider = db_next_text(row);
    flow->return_to = db_next_text(row);
    flow->expires_ms = db_next_int(row);
    return 0;
}

int store_flow_take(struct store *store, struct arena *arena,
                    struct flow_row *row, struct error *err)
{
    struct store_one one = {
        .call = DB_CALL(QUERY_SIGN_IN_FLOW_TAKE,
                        db_bytes(row->state_hash, STORE_HASH_BYTES)),
        .visit = read_flow,
        .context = row,
        .arena = arena,
        .what = "sign-in",
    };
    return store_read_one(store, &one, err);
}
