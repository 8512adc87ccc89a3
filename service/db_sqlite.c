// SPDX-License-Identifier: GPL-3.0-or-later
// db_sqlite.c - the database in one file, for one service
//
// WAL with synchronous=FULL: a commit that was acknowledged survives a power
// cut. BEGIN IMMEDIATE takes the write lock at once, because a transaction
// that upgrades later fails without waiting. SQLite rolls a transaction back
// by itself when the disk is full, so the autocommit flag is asked before a
// ROLLBACK.

#include "db.h"
#include "db_file.h"

#include <endian.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    BUSY_MS = 5000,
    APPLICATION_ID = 0x43554d41, // "CUMA"
};

struct sqlite {
    struct db db;
    char *path;
    sqlite3 *handle; // NULL: not connected
    sqlite3_stmt *statements[QUERIES];
};

static const char *path_of(const char *url)
{
    return url + strlen("sqlite:");
}

// ---- errors -----------------------------------------------------------------

// SQLITE_FULL stands for ENOSPC alone. A quota (EDQUOT) or a limit on the size
// of files (EFBIG) is a bare I/O error, and only the file remembers why.
static bool hit_limit(sqlite3 *handle, int which)
{
    sqlite3_file *file = NULL;
    int why = 0;
    if (sqlite3_file_control(handle, "main", which, &file) != SQLITE_OK ||
        file == NULL || file->pMethods == NULL)
        return false;
    file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &why);
    return why == ENOSPC || why == EDQUOT || why == EFBIG;
}

static bool is_full(sqlite3 *handle, int rc)
{
    return (rc & 0xff) == SQLITE_FULL ||
           ((rc & 0xff) == SQLITE_IOERR && handle != NULL &&
            (hit_limit(handle, SQLITE_FCNTL_FILE_POINTER) ||
             hit_limit(handle, SQLITE_FCNTL_JOURNAL_POINTER)));
}

static enum error_code code_of(sqlite3 *handle, int rc)
{
    if (is_full(handle, rc))
        return ERROR_FULL;
    if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
        rc == SQLITE_CONSTRAINT_ROWID)
        return ERROR_CONFLICT;
    if (rc == SQLITE_CONSTRAINT_FOREIGNKEY)
        return ERROR_NOT_FOUND;
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERROR_BUSY;
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return ERROR_STORE;
    case SQLITE_TOOBIG:
        return ERROR_TOO_LARGE;
    default:
        return ERROR_INTERNAL;
    }
}

static int refuse(struct sqlite *sqlite, int rc, struct error *err)
{
    return error_set(err, code_of(sqlite->handle, rc), "%s: %s", sqlite->path,
                     sqlite->handle == NULL ? sqlite3_errstr(rc)
                                            : sqlite3_errmsg(sqlite->handle));
}

// ---- the connection ---------------------------------------------------------

static int sqlite_create(const char *url, struct error *err)
{
    return db_file_create(path_of(url), err);
}

static struct db *sqlite_open(const char *url, struct error *err)
{
    if (*path_of(url) == '\0') {
        error_set(err, ERROR_INVALID, "sqlite: needs a path");
        return NULL;
    }
    struct sqlite *sqlite = calloc(1, sizeof *sqlite);
    if (sqlite == NULL || (sqlite->path = strdup(path_of(url))) == NULL)
        abort();
    return &sqlite->db;
}

static void sqlite_drop(struct db *db)
{
    struct sqlite *sqlite = (struct sqlite *)db;
    for (size_t i = 0; i < QUERIES; i++) {
        sqlite3_finalize(sqlite->statements[i]);
        sqlite->statements[i] = NULL;
    }
    // The last connection writes the log back into the file and removes it.
    sqlite3_close(sqlite->handle);
    sqlite->handle = NULL;
}

static void sqlite_close(struct db *db)
{
    struct sqlite *sqlite = (struct sqlite *)db;
    sqlite_drop(db);
    free(sqlite->path);
    free(sqlite);
}

static int pragma_int(struct sqlite *sqlite, const char *sql, int *value)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(sqlite->handle, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        *value = sqlite3_column_int(statement, 0);
        rc = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return rc;
}

// A file of another program is left alone.
static int check_application(struct sqlite *sqlite, struct error *err)
{
    int id = 0, tables = 0;
    // The id comes before the tables: read later, it is no older than they are.
    int rc = pragma_int(sqlite, "SELECT count(*) FROM sqlite_schema", &tables);
    if (rc == SQLITE_OK)
        rc = pragma_int(sqlite, "PRAGMA application_id", &id);
    if (rc != SQLITE_OK)
        return refuse(sqlite, rc, err);
    if (id != APPLICATION_ID && (id != 0 || tables > 0))
        return error_set(err, ERROR_CONFLICT, "%s is not a database of Cumae",
                         sqlite->path);
    return 0;
}

// first_double(blob): the first of an array of doubles, as PostgreSQL's [1].
static void first_double(sqlite3_context *context, int n,
                         sqlite3_value **values)
{
    double first;
    (void)n;
    const void *bytes = sqlite3_value_blob(*values);
    if (bytes == NULL || sqlite3_value_bytes(*values) < (int)sizeof first)
        return;
    memcpy(&first, bytes, sizeof first);
    sqlite3_result_double(context, first);
}

// Settings of a connection. SQLite does not wait for a lock that it has to
// upgrade, as the first change to WAL does while others connect.
static int configure(struct sqlite *sqlite)
{
    int rc, waited_ms = 0;
    while ((rc = sqlite3_exec(sqlite->handle,
                              "PRAGMA journal_mode = WAL;"
                              "PRAGMA synchronous = FULL;"
                              "PRAGMA foreign_keys = ON;"
                              "PRAGMA temp_store = MEMORY;",
                              NULL, NULL, NULL) &
                 0xff) == SQLITE_BUSY &&
           waited_ms < BUSY_MS)
        waited_ms += sqlite3_sleep(10);
    return rc;
}

static int connect_file(struct sqlite *sqlite, struct error *err)
{
    if (sqlite->handle != NULL)
        return 0;
    int rc = sqlite3_open_v2(sqlite->path, &sqlite->handle,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                                 SQLITE_OPEN_EXRESCODE,
                             NULL);
    if (rc == SQLITE_OK) {
        sqlite3_busy_timeout(sqlite->handle, BUSY_MS);
        if (check_application(sqlite, err)) {
            sqlite_drop(&sqlite->db);
            return -1;
        }
        rc = configure(sqlite);
    }
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function(sqlite->handle, "first_double", 1,
                                     SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                     first_double, NULL, NULL);
    if (rc == SQLITE_OK)
        return 0;
    refuse(sqlite, rc, err);
    sqlite_drop(&sqlite->db);
    return -1;
}

static int execute(struct sqlite *sqlite, const char *sql, struct error *err)
{
    if (connect_file(sqlite, err))
        return -1;
    int rc = sqlite3_exec(sqlite->handle, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : refuse(sqlite, rc, err);
}

// ---- transactions -----------------------------------------------------------

static int sqlite_begin(struct db *db, struct error *err)
{
    return execute((struct sqlite *)db, "BEGIN IMMEDIATE", err);
}

static int sqlite_commit(struct db *db, struct error *err)
{
    return execute((struct sqlite *)db, "COMMIT", err);
}

static void sqlite_rollback(struct db *db)
{
    struct sqlite *sqlite = (struct sqlite *)db;
    if (sqlite->handle == NULL || sqlite3_get_autocommit(sqlite->handle))
        return;
    if (sqlite3_exec(sqlite->handle, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
        sqlite_drop(db);
}

static int sqlite_script(struct db *db, const char *sql, struct error *err)
{
    return execute((struct sqlite *)db, sql, err);
}

static int sqlite_stamp(struct db *db, int version, struct error *err)
{
    char sql[96];
    snprintf(sql, sizeof sql,
             "PRAGMA application_id = %d; PRAGMA user_version = %d",
             APPLICATION_ID, version);
    return execute((struct sqlite *)db, sql, err);
}

// ---- statements -------------------------------------------------------------

static int bind_doubles(struct db *db, sqlite3_stmt *statement, int index,
                        const struct db_value *value)
{
    const double *from = value->bytes;
    uint64_t *to = arena_alloc(&db->scratch, (value->n + 1) * sizeof *to);
    for (size_t i = 0; i < value->n; i++) {
        memcpy(&to[i], &from[i], sizeof *to);
        to[i] = htole64(to[i]);
    }
    return sqlite3_bind_blob64(statement, index, to, value->n * sizeof *to,
                               SQLITE_STATIC);
}

// Binds a parameter; of a column its element for that row.
static int bind(struct db *db, sqlite3_stmt *statement, int index,
                const struct db_value *value, size_t row)
{
    if (value->null)
        return sqlite3_bind_null(statement, index);
    switch (value->type) {
    case DB_INT:
    case DB_FLAG:
        return sqlite3_bind_int64(statement, index, value->integer);
    case DB_REAL:
        return sqlite3_bind_double(statement, index, value->real);
    case DB_TEXT:
        return sqlite3_bind_text64(statement, index, value->bytes, value->n,
                                   SQLITE_STATIC, SQLITE_UTF8);
    case DB_BYTES:
        return sqlite3_bind_blob64(statement, index, value->bytes, value->n,
                                   SQLITE_STATIC);
    case DB_DOUBLES:
        return bind_doubles(db, statement, index, value);
    case DB_INTS:
        return sqlite3_bind_int64(statement, index,
                                  ((const int64_t *)value->bytes)[row]);
    case DB_TEXTS:
        return sqlite3_bind_text(statement, index,
                                 ((const char *const *)value->bytes)[row], -1,
                                 SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

// The statement of a call with its parameters bound, or NULL.
static sqlite3_stmt *prepare(struct sqlite *sqlite, const struct db_call *call,
                             size_t row, struct error *err)
{
    if (connect_file(sqlite, err))
        return NULL;
    sqlite3_stmt **statement = &sqlite->statements[call->query];
    int rc = SQLITE_OK;
    if (*statement == NULL)
        rc = sqlite3_prepare_v3(sqlite->handle,
                                query_texts[DIALECT_SQLITE][call->query], -1,
                                SQLITE_PREPARE_PERSISTENT, statement, NULL);
    for (size_t i = 0; i < call->n && rc == SQLITE_OK; i++)
        rc = bind(&sqlite->db, *statement, (int)i + 1, &call->values[i], row);
    if (rc == SQLITE_OK)
        return *statement;
    refuse(sqlite, rc, err);
    return NULL;
}

// Ends a statement: rc is the answer of its last step.
static int finish(struct sqlite *sqlite, sqlite3_stmt *statement, int rc,
                  struct error *err)
{
    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        refuse(sqlite, rc, err);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : -1;
}

static size_t rows_of(const struct db_call *call)
{
    for (size_t i = 0; i < call->n; i++)
        if (call->values[i].type == DB_INTS || call->values[i].type == DB_TEXTS)
            return call->values[i].n;
    return 1;
}

static int sqlite_write(struct db *db, const struct db_call *call,
                        struct error *err)
{
    struct sqlite *sqlite = (struct sqlite *)db;
    size_t rows = rows_of(call);
    for (size_t row = 0; row < rows; row++) {
        sqlite3_stmt *statement = prepare(sqlite, call, row, err);
        if (statement == NULL ||
            finish(sqlite, statement, sqlite3_step(statement), err))
            return -1;
    }
    return 0;
}

static int sqlite_read(struct db *db, const struct db_call *call,
                       const struct db_reader *reader, struct error *err)
{
    struct sqlite *sqlite = (struct sqlite *)db;
    sqlite3_stmt *statement = prepare(sqlite, call, 0, err);
    if (statement == NULL)
        return -1;
    // The parameters are in the scratch arena, which the rows reuse.
    struct arena rows;
    arena_init(&rows);
    int rc = SQLITE_DONE, n = 0, stopped = 0;
    while (!stopped && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        struct db_row row = {&db_sqlite, statement, n++, 0, &rows, false};
        stopped = reader->visit(reader->context, &row, err);
    }
    arena_done(&rows);
    return finish(sqlite, statement, rc, err) || stopped ? -1 : n;
}

// ---- columns ----------------------------------------------------------------

static bool column_is_null(const struct db_row *row, int column)
{
    return sqlite3_column_type(row->source, column) == SQLITE_NULL;
}

static int64_t column_integer(const struct db_row *row, int column)
{
    return sqlite3_column_int64(row->source, column);
}

static double column_real(const struct db_row *row, int column)
{
    return sqlite3_column_double(row->source, column);
}

static const char *column_text(const struct db_row *row, int column, size_t *n)
{
    const unsigned char *text = sqlite3_column_text(row->source, column);
    if (text == NULL)
        abort();
    *n = (size_t)sqlite3_column_bytes(row->source, column);
    return (const char *)text;
}

static const void *column_bytes(const struct db_row *row, int column, size_t *n)
{
    const void *bytes = sqlite3_column_blob(row->source, column);
    *n = (size_t)sqlite3_column_bytes(row->source, column);
    return bytes == NULL ? "" : bytes;
}

static const double *column_doubles(const struct db_row *row, int column,
                                    size_t *n)
{
    const char *bytes = column_bytes(row, column, n);
    *n /= sizeof(double);
    double *values = arena_doubles(row->arena, *n);
    for (size_t i = 0; i < *n; i++) {
        uint64_t bits;
        memcpy(&bits, bytes + i * sizeof bits, sizeof bits);
        bits = le64toh(bits);
        memcpy(&values[i], &bits, sizeof bits);
    }
    return values;
}

const struct db_driver db_sqlite = {
    .dialect = DIALECT_SQLITE,
    .create = sqlite_create,
    .open = sqlite_open,
    .close = sqlite_close,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .write = sqlite_write,
    .read = sqlite_read,
    .script = sqlite_script,
    .stamp = sqlite_stamp,
    .drop = sqlite_drop,
    .is_null = column_is_null,
    .integer = column_integer,
    .real = column_real,
    .text = column_text,
    .bytes = column_bytes,
    .doubles = column_doubles,
};
