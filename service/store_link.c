// SPDX-License-Identifier: GPL-3.0-or-later
// store_link.c - links to studies

#include "store_link.h"

#include "store_private.h"

struct link_visitor {
    int (*visit)(void *context, const struct token_row *row, struct error *err);
    void *context;
};

static int visit_link(void *context, struct db_row *row, struct error *err)
{
    const struct link_visitor *visitor = context;
    struct token_row token;
    store_next_token(row, &token);
    return visitor->visit(visitor->context, &token, err);
}

int store_link_list(struct store *store, int64_t study_id, int64_t now_ms,
                    int (*visit)(void *context, const struct token_row *row,
                                 struct error *err),
                    void *context, struct error *err)
{
    struct link_visitor visitor = {visit, context};
    struct db_reader reader = {visit_link, &visitor, NULL};
    return db_read(store->db,
                   DB_CALL(QUERY_LINK_LIST, db_int(study_id), db_int(now_ms)),
                   &reader, err) < 0
               ? -1
               : 0;
}

int store_link_count(struct store *store, int64_t study_id, int64_t now_ms,
                     int64_t *n, struct error *err)
{
    struct store_one one = {
        .call = DB_CALL(QUERY_LINK_COUNT, db_int(study_id), db_int(now_ms)),
        .visit = store_keep_int,
        .context = n,
        .what = "count",
    };
    return store_read_one(store, &one, err);
}

int store_link_revoke(struct store *store, int64_t study_id, int64_t id,
                      int64_t now_ms, struct error *err)
{
    int64_t revoked;
    struct store_one one = {
        .call = DB_CALL(QUERY_LINK_REVOKE, db_int(study_id), db_int(id),
                        db_int(now_ms)),
        .visit = store_keep_int,
        .context = &revoked,
        .what = "link",
    };
    return store_read_one(store, &one, err);
}
