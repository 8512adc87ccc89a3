// SPDX-License-Identifier: GPL-3.0-or-later
// store_load.c - how large the database is

#include "store_load.h"

#include "store_private.h"

struct size_visitor {
    int (*visit)(void *context, const char *name, int64_t rows, int64_t bytes,
                 struct error *err);
    void *context;
};

static int visit_size(void *context, struct db_row *row, struct error *err)
{
    const struct size_visitor *visitor = context;
    const char *name = db_next_text(row);
    int64_t rows = db_next_int(row);
    int64_t bytes = db_next_int_or(row, -1);
    return visitor->visit(visitor->context, name, rows, bytes, err);
}

int store_table_sizes(struct store *store,
                      int (*visit)(void *context, const char *name,
                                   int64_t rows, int64_t bytes,
                                   struct error *err),
                      void *context, struct error *err)
{
    struct size_visitor visitor = {visit, context};
    struct db_reader reader = {visit_size, &visitor, NULL};
    struct db_call call = {.query = QUERY_TABLE_SIZES};
    return db_read(store->db, &call, &reader, err) < 0 ? -1 : 0;
}

int store_database_bytes(struct store *store, int64_t *bytes, struct error *err)
{
    struct store_one one = {
        .call = &(struct db_call){.query = QUERY_DATABASE_BYTES},
        .visit = store_keep_int,
        .context = bytes,
        .what = "database",
    };
    return store_read_one(store, &one, err);
}
