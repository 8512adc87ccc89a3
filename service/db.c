// SPDX-License-Identifier: GPL-3.0-or-later
// db.c - what both databases share: transactions, faults, rows

#include "db.h"

#include <assert.h>

const struct db_driver *db_driver_of(const char *url, struct error *err)
{
    if (strncmp(url, "sqlite:", 7) == 0)
        return &db_sqlite;
    if (strncmp(url, "postgresql://", 13) == 0 ||
        strncmp(url, "postgres://", 11) == 0)
        return &db_postgres;
    error_set(err, ERROR_INVALID,
              "the database must be sqlite:PATH or postgresql://...");
    return NULL;
}

int db_create(const char *url, struct error *err)
{
    const struct db_driver *driver = db_driver_of(url, err);
    if (driver == NULL)
        return -1;
    return driver->create == NULL ? 0 : driver->create(url, err);
}

struct db *db_open(const char *url, struct error *err)
{
    const struct db_driver *driver = db_driver_of(url, err);
    if (driver == NULL)
        return NULL;
    struct db *db = driver->open(url, err);
    if (db == NULL)
        return NULL;
    db->driver = driver;
    arena_init(&db->scratch);
    return db;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    db_rollback(db);
    arena_done(&db->scratch);
    db->driver->close(db);
}

void db_fail_at(struct db *db, unsigned n)
{
    db->fail_at = n;
}

// True when this call is the one that is made to fail.
static bool fault(struct db *db, struct error *err)
{
    if (db->fail_at == 0 || --db->fail_at > 0)
        return false;
    db->driver->drop(db);
    error_set(err, ERROR_STORE, "the connection was made to fail");
    return true;
}

// Remembers the first failure of a transaction. Always returns -1.
static int failed(struct db *db, const struct error *err)
{
    if (db->in_transaction && db->failure.code == ERROR_NONE)
        db->failure = *err;
    return -1;
}

// Repeats the failure of the transaction, if there was one.
static bool is_failed(const struct db *db, struct error *err)
{
    if (db->failure.code == ERROR_NONE)
        return false;
    error_set(err, db->failure.code, "%s", db->failure.message);
    return true;
}

// An error of its own, so that a failure is seen even when the caller's holds
// an earlier one.
static int report(struct error *err, const struct error *found)
{
    return error_set(err, found->code, "%s", found->message);
}

int db_begin(struct db *db, struct error *err)
{
    assert(!db->in_transaction);
    if (fault(db, err) || db->driver->begin(db, err))
        return -1;
    db->in_transaction = true;
    return 0;
}

int db_commit(struct db *db, struct error *err)
{
    assert(db->in_transaction);
    if (is_failed(db, err) || fault(db, err) || db->driver->commit(db, err)) {
        db_rollback(db);
        return -1;
    }
    db->in_transaction = false;
    return fault(db, err) ? -1 : 0;
}

void db_rollback(struct db *db)
{
    if (!db->in_transaction)
        return;
    db->driver->rollback(db);
    db->in_transaction = false;
    error_clear(&db->failure);
}

int db_write(struct db *db, const struct db_call *call, struct error *err)
{
    struct error found = {0};
    assert(call->n <= DB_PARAMETERS);
    if (is_failed(db, err))
        return -1;
    arena_reset(&db->scratch);
    if (!fault(db, &found) && !db->driver->write(db, call, &found))
        return 0;
    failed(db, &found);
    return report(err, &found);
}

// A visitor that stops is no failure of the transaction.
struct watch {
    const struct db_reader *reader;
    struct error *err;
    bool stopped;
};

static int watched(void *context, struct db_row *row, struct error *err)
{
    struct watch *watch = context;
    const struct db_reader *reader = watch->reader;
    (void)err;
    row->keep = reader->keep != NULL;
    if (row->keep)
        row->arena = reader->keep;
    else
        arena_reset(row->arena);
    watch->stopped = reader->visit(reader->context, row, watch->err) != 0;
    return watch->stopped ? -1 : 0;
}

int db_read(struct db *db, const struct db_call *call,
            const struct db_reader *reader, struct error *err)
{
    struct watch watch = {reader, err, false};
    struct db_reader inner = {watched, &watch, NULL};
    struct error found = {0};

    if (is_failed(db, err))
        return -1;
    arena_reset(&db->scratch);
    if (!fault(db, &found)) {
        int rows = db->driver->read(db, call, &inner, &found);
        if (rows >= 0 || watch.stopped)
            return watch.stopped ? -1 : rows;
    }
    failed(db, &found);
    return report(err, &found);
}

int db_script(struct db *db, const char *sql, struct error *err)
{
    struct error found = {0};
    if (is_failed(db, err))
        return -1;
    if (!fault(db, &found) && !db->driver->script(db, sql, &found))
        return 0;
    failed(db, &found);
    return report(err, &found);
}

int db_stamp(struct db *db, int version, struct error *err)
{
    return db->driver->stamp == NULL ? 0 : db->driver->stamp(db, version, err);
}

// ---- rows -------------------------------------------------------------------

int64_t db_next_int(struct db_row *row)
{
    return row->driver->integer(row, row->column++);
}

int64_t db_next_int_or(struct db_row *row, int64_t none)
{
    int column = row->column++;
    return row->driver->is_null(row, column)
               ? none
               : row->driver->integer(row, column);
}

bool db_next_flag(struct db_row *row)
{
    return db_next_int(row) != 0;
}

double db_next_real(struct db_row *row)
{
    int column = row->column++;
    return row->driver->is_null(row, column) ? NAN
                                             : row->driver->real(row, column);
}

const char *db_next_text(struct db_row *row)
{
    int column = row->column++;
    if (row->driver->is_null(row, column))
        return NULL;
    size_t n;
    const char *text = row->driver->text(row, column, &n);
    return row->keep ? arena_copy(row->arena, text, n) : text;
}

void db_next_bytes(struct db_row *row, void *bytes, size_t n)
{
    int column = row->column++;
    memset(bytes, 0, n);
    if (row->driver->is_null(row, column))
        return;
    size_t found;
    const void *from = row->driver->bytes(row, column, &found);
    memcpy(bytes, from, found < n ? found : n);
}

const void *db_next_blob(struct db_row *row, size_t *n)
{
    int column = row->column++;
    *n = 0;
    if (row->driver->is_null(row, column))
        return "";
    return row->driver->bytes(row, column, n);
}

const double *db_next_doubles(struct db_row *row, size_t *n)
{
    int column = row->column++;
    *n = 0;
    if (row->driver->is_null(row, column))
        return NULL;
    return row->driver->doubles(row, column, n);
}
