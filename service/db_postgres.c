// SPDX-License-Identifier: GPL-3.0-or-later
// db_postgres.c - PostgreSQL as one of the databases of db.h

#include <stdlib.h>

#include "db.h"
#include "pgbinary.h"
#include "pgpipeline.h"

struct postgres {
    struct db db;
    struct pgpipeline pipeline;
};

static struct pgpipeline *pipeline_of(struct db *db)
{
    return &((struct postgres *)db)->pipeline;
}

// Connects; outside a transaction also when the server has hung up.
static int ensure_connection(struct db *db, struct error *err)
{
    return pgpipeline_connect(pipeline_of(db), !db->in_transaction, err);
}

static struct db *postgres_open(const char *url, struct error *err)
{
    struct postgres *postgres = calloc(1, sizeof *postgres);
    if (postgres == NULL)
        abort();
    if (pgpipeline_init(&postgres->pipeline, url, err) == 0)
        return &postgres->db;
    free(postgres);
    return NULL;
}

static void postgres_drop(struct db *db)
{
    pgpipeline_disconnect(pipeline_of(db));
}

static void postgres_close(struct db *db)
{
    pgpipeline_done(pipeline_of(db));
    free(db);
}

static int queue(struct db *db, const struct db_call *call, struct error *err)
{
    if (ensure_connection(db, err))
        return -1;
    return pgpipeline_call(pipeline_of(db), call, &db->scratch, err);
}

static int postgres_begin(struct db *db, struct error *err)
{
    struct pgpipeline *pipeline = pipeline_of(db);
    if (ensure_connection(db, err))
        return -1;
    return pgpipeline_control(pipeline, "BEGIN", err);
}

static int postgres_commit(struct db *db, struct error *err)
{
    struct pgpipeline *pipeline = pipeline_of(db);
    if (pgpipeline_control(pipeline, "COMMIT", err))
        return -1;
    return pgpipeline_settle(pipeline, NULL, err);
}

// An aborted pipeline takes no ROLLBACK before it is synchronised.
static void postgres_rollback(struct db *db)
{
    struct pgpipeline *pipeline = pipeline_of(db);
    struct error ignored = {0};
    if (pipeline->connection != NULL && pipeline->n_expected > 0)
        pgpipeline_settle(pipeline, NULL, &ignored);
    error_clear(&ignored);
    if (pipeline->connection == NULL ||
        PQtransactionStatus(pipeline->connection) == PQTRANS_IDLE)
        return;
    if (pgpipeline_control(pipeline, "ROLLBACK", &ignored) ||
        pgpipeline_settle(pipeline, NULL, &ignored))
        pgpipeline_disconnect(pipeline);
}

static int postgres_write(struct db *db, const struct db_call *call,
                          struct error *err)
{
    struct pgpipeline *pipeline = pipeline_of(db);
    if (queue(db, call, err))
        return -1;
    return db->in_transaction ? 0 : pgpipeline_settle(pipeline, NULL, err);
}

static int postgres_read(struct db *db, const struct db_call *call,
                         const struct db_reader *reader, struct error *err)
{
    struct pgpipeline *pipeline = pipeline_of(db);
    PGresult *rows = NULL;
    if (queue(db, call, err))
        return -1;
    int rc = pgpipeline_settle(pipeline, &rows, err);
    int n = rows == NULL ? 0 : PQntuples(rows);
    for (int i = 0; i < n && rc == 0; i++) {
        struct db_row row = {&db_postgres, rows, i, 0, &db->scratch, false};
        rc = reader->visit(reader->context, &row, err);
    }
    PQclear(rows);
    return rc ? -1 : n;
}

static int postgres_script(struct db *db, const char *sql, struct error *err)
{
    if (ensure_connection(db, err))
        return -1;
    return pgpipeline_script(pipeline_of(db), sql, err);
}

// ---- columns ----------------------------------------------------------------

static const char *cell(const struct db_row *row, int column, size_t *n)
{
    *n = (size_t)PQgetlength(row->source, row->index, column);
    return PQgetvalue(row->source, row->index, column);
}

static bool column_is_null(const struct db_row *row, int column)
{
    return PQgetisnull(row->source, row->index, column);
}

static int64_t column_integer(const struct db_row *row, int column)
{
    size_t n;
    const char *from = cell(row, column, &n);
    return pgbinary_int(from, n);
}

static double column_real(const struct db_row *row, int column)
{
    size_t n;
    const char *from = cell(row, column, &n);
    return pgbinary_double(from, n);
}

static const char *column_text(const struct db_row *row, int column, size_t *n)
{
    return cell(row, column, n);
}

static const void *column_bytes(const struct db_row *row, int column, size_t *n)
{
    return cell(row, column, n);
}

static const double *column_doubles(const struct db_row *row, int column,
                                    size_t *n)
{
    size_t bytes;
    const char *from = cell(row, column, &bytes);
    return pgbinary_doubles(row->arena, from, bytes, n);
}

const struct db_driver db_postgres = {
    .dialect = DIALECT_POSTGRES,
    .open = postgres_open,
    .close = postgres_close,
    .begin = postgres_begin,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
    .write = postgres_write,
    .read = postgres_read,
    .script = postgres_script,
    .drop = postgres_drop,
    .is_null = column_is_null,
    .integer = column_integer,
    .real = column_real,
    .text = column_text,
    .bytes = column_bytes,
    .doubles = column_doubles,
};
