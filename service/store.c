// SPDX-License-Identifier: GPL-3.0-or-later
// store.c - sessions and transactions; the queries are in store_*.c

#include "store_private.h"

#include <stdlib.h>
#include <string.h>

#include "migrate.h"

bool store_is_shared(const char *url)
{
    struct error ignored = {0};
    return db_driver_of(url, &ignored) == &db_postgres;
}

int store_migrate(const char *url, struct error *err)
{
    if (db_create(url, err))
        return -1;
    struct db *db = db_open(url, err);
    if (db == NULL)
        return -1;
    int rc = migrate(db, err);
    db_close(db);
    return rc;
}

int store_check(const char *url, struct error *err)
{
    struct db *db = db_open(url, err);
    if (db == NULL)
        return -1;
    int rc = migrate_check(db, err);
    db_close(db);
    return rc;
}

struct store *store_open(const char *url, struct error *err)
{
    struct db *db = db_open(url, err);
    if (db == NULL)
        return NULL;
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL)
        abort();
    store->db = db;
    arena_init(&store->events.kinds);
    return store;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    db_close(store->db);
    arena_done(&store->events.kinds);
    free(store);
}

void store_fail_at(struct store *store, unsigned n)
{
    db_fail_at(store->db, n);
}

int store_keep_int(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    *(int64_t *)context = db_next_int(row);
    return 0;
}

struct db_value store_key(const unsigned char *key, size_t n)
{
    bool present = false;
    for (size_t i = 0; i < n; i++)
        present |= key[i] != 0;
    return db_bytes(present ? key : NULL, n);
}

int store_ping(struct store *store, struct error *err)
{
    int64_t one = 0;
    struct db_reader reader = {store_keep_int, &one, NULL};
    struct db_call call = {.query = QUERY_PING};
    return db_read(store->db, &call, &reader, err) < 0 ? -1 : 0;
}

void store_count(struct store *store, int64_t study_id, int64_t bytes)
{
    if (store->counted_id != study_id)
        store->counted = 0;
    store->counted_id = study_id;
    store->counted += bytes;
}

int64_t store_length(const char *text)
{
    return text ? (int64_t)strlen(text) : 0;
}

int store_begin(struct store *store, struct error *err)
{
    store->counted_id = store->counted = 0;
    return db_begin(store->db, err);
}

int store_commit(struct store *store, struct error *err)
{
    if (store_flush_events(store, err)) {
        store_rollback(store);
        return -1;
    }
    return db_commit(store->db, err);
}

void store_rollback(struct store *store)
{
    store->events.n = 0;
    db_rollback(store->db);
}

int store_read_one(struct store *store, const struct store_one *one,
                   struct error *err)
{
    struct db_reader reader = {one->visit, one->context, one->arena};
    int rows = db_read(store->db, one->call, &reader, err);
    if (rows == 0)
        error_set(err, ERROR_NOT_FOUND, "there is no such %s", one->what);
    return rows > 0 ? 0 : -1;
}
