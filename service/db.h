// SPDX-License-Identifier: GPL-3.0-or-later
// db.h - one connection to a database, PostgreSQL or SQLite
//
// The store speaks to both through named queries (sql/queries.sql), typed
// parameters and rows read column by column. Each driver is a table of
// functions; db.c adds what they share: the state of the transaction and the
// fault point.
//
// A connection is made on first use and again after it was lost. After a
// failure in a transaction every call repeats that failure until the rollback:
// nothing can slip into a second transaction. Writes may be sent late (libpq's
// pipeline), so a failure can surface at a later call or at the commit.

#ifndef CUMAE_DB_H
#define CUMAE_DB_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../optimizers/arena.h"
#include "../optimizers/error.h"
#include "queries.h"

enum { DB_PARAMETERS = 40 };

// ---- parameters -----------------------------------------------------------

// INTS and TEXTS are columns: a call with them writes one row per element, in
// one statement on PostgreSQL (unnest) and in a loop on SQLite.
enum db_type {
    DB_INT,
    DB_FLAG,
    DB_REAL,
    DB_TEXT,
    DB_BYTES,
    DB_DOUBLES,
    DB_INTS,
    DB_TEXTS,
};

struct db_value {
    enum db_type type;
    bool null;
    int64_t integer;   // INT, FLAG
    double real;       // REAL
    const void *bytes; // what has a size: lent until the call returns
    size_t n;          // bytes of TEXT and BYTES, else elements
};

struct db_call {
    enum query query;
    const struct db_value *values; // [n] for $1, $2 ...
    size_t n;
};

#define DB_CALL(query, ...)                                                    \
    (&(struct db_call){query, (struct db_value[]){__VA_ARGS__},                \
                       sizeof((struct db_value[]){__VA_ARGS__}) /              \
                           sizeof(struct db_value)})

static inline struct db_value db_int(int64_t value)
{
    return (struct db_value){.type = DB_INT, .integer = value};
}

// NULL when the value is `none`.
static inline struct db_value db_int_unless(int64_t value, int64_t none)
{
    return (struct db_value){
        .type = DB_INT, .null = value == none, .integer = value};
}

static inline struct db_value db_flag(bool value)
{
    return (struct db_value){.type = DB_FLAG, .integer = value};
}

// NaN is NULL.
static inline struct db_value db_real(double value)
{
    return (struct db_value){
        .type = DB_REAL, .null = isnan(value) != 0, .real = value};
}

static inline struct db_value db_text(const char *text)
{
    return (struct db_value){.type = DB_TEXT,
                             .null = text == NULL,
                             .bytes = text,
                             .n = text == NULL ? 0 : strlen(text)};
}

// bytes NULL is NULL.
static inline struct db_value db_bytes(const void *bytes, size_t n)
{
    return (struct db_value){
        .type = DB_BYTES, .null = bytes == NULL, .bytes = bytes, .n = n};
}

// NaN may be inside. The array may be NULL when n is 0.
static inline struct db_value db_doubles(const double *values, size_t n)
{
    return (struct db_value){.type = DB_DOUBLES, .bytes = values, .n = n};
}

// An array of which 0 elements mean NULL.
static inline struct db_value db_doubles_or_null(const double *values, size_t n)
{
    return (struct db_value){
        .type = DB_DOUBLES, .null = n == 0, .bytes = values, .n = n};
}

static inline struct db_value db_ints(const int64_t *values, size_t n)
{
    return (struct db_value){.type = DB_INTS, .bytes = values, .n = n};
}

// No text is NULL.
static inline struct db_value db_texts(const char *const *texts, size_t n)
{
    return (struct db_value){.type = DB_TEXTS, .bytes = texts, .n = n};
}

// ---- rows -----------------------------------------------------------------

// A row under the cursor. Each db_next_* reads the next column.
struct db_row {
    const struct db_driver *driver;
    void *source;        // the driver's result
    int index;           // row of it
    int column;          // next column
    struct arena *arena; // takes what is copied
    bool keep;           // copy texts too: they outlive the row
};

int64_t db_next_int(struct db_row *row);
// The number, or `none` for NULL.
int64_t db_next_int_or(struct db_row *row, int64_t none);
bool db_next_flag(struct db_row *row);
double db_next_real(struct db_row *row);      // NULL is NaN
const char *db_next_text(struct db_row *row); // NULL is NULL
// Copies exactly n bytes, zeros for NULL. A value of another size is cut or
// padded with zeros.
void db_next_bytes(struct db_row *row, void *bytes, size_t n);
// Bytes that live until the visitor returns; NULL is none.
const void *db_next_blob(struct db_row *row, size_t *n);
// Lives in the row's arena; NULL is an empty array.
const double *db_next_doubles(struct db_row *row, size_t *n);

struct db_reader {
    // Returns 0 to go on, -1 to stop. Must not call the database.
    int (*visit)(void *context, struct db_row *row, struct error *err);
    void *context;
    struct arena *keep; // not NULL: what is read is copied here and lives on
};

// ---- the connection -------------------------------------------------------

struct db {
    const struct db_driver *driver;
    bool in_transaction;
    struct error failure; // of the transaction; code 0: none
    unsigned fail_at;     // calls until one is made to fail; 0: never
    struct arena scratch; // for one row or one call
};

// The functions of a database. `dialect` chooses the texts of the queries.
struct db_driver {
    enum dialect dialect;
    int (*create)(const char *url, struct error *err);
    struct db *(*open)(const char *url, struct error *err);
    void (*close)(struct db *db);
    int (*begin)(struct db *db, struct error *err);
    int (*commit)(struct db *db, struct error *err);
    void (*rollback)(struct db *db);
    int (*write)(struct db *db, const struct db_call *call, struct error *err);
    // Returns the number of rows visited, or -1.
    int (*read)(struct db *db, const struct db_call *call,
                const struct db_reader *reader, struct error *err);
    int (*script)(struct db *db, const char *sql, struct error *err);
    int (*stamp)(struct db *db, int version, struct error *err);
    void (*drop)(struct db *db);

    bool (*is_null)(const struct db_row *row, int column);
    int64_t (*integer)(const struct db_row *row, int column);
    double (*real)(const struct db_row *row, int column);
    const char *(*text)(const struct db_row *row, int column, size_t *n);
    const void *(*bytes)(const struct db_row *row, int column, size_t *n);
    const double *(*doubles)(const struct db_row *row, int column, size_t *n);
};

extern const struct db_driver db_postgres, db_sqlite;

// The driver for a URL; NULL and an error for an unknown scheme.
const struct db_driver *db_driver_of(const char *url, struct error *err);

// Makes the file and locks it for this process (SQLite); nothing else needs
// making.
int db_create(const char *url, struct error *err);

// url: sqlite:PATH, postgresql://... or postgres://...
struct db *db_open(const char *url, struct error *err);
void db_close(struct db *db);

int db_begin(struct db *db, struct error *err);
// On failure the transaction is rolled back, unless the answer was lost
// (ERROR_STORE): then it may have been committed.
int db_commit(struct db *db, struct error *err);
// Does nothing outside a transaction.
void db_rollback(struct db *db);

int db_write(struct db *db, const struct db_call *call, struct error *err);
// Returns the number of rows visited, or -1.
int db_read(struct db *db, const struct db_call *call,
            const struct db_reader *reader, struct error *err);
// Runs any number of statements without parameters, however long they take.
int db_script(struct db *db, const char *sql, struct error *err);
// Marks the database itself with the version of its schema (SQLite).
int db_stamp(struct db *db, int version, struct error *err);

// Makes the n-th call from now lose the connection: before it has an effect,
// or, a commit counting twice, after the commit when its answer is on the way
// back. 0: never.
void db_fail_at(struct db *db, unsigned n);

#endif
