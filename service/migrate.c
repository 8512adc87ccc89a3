// SPDX-License-Identifier: GPL-3.0-or-later
// migrate.c - brings the schema of a database up to date

#include "migrate.h"

#include <time.h>

// What the database says of itself.
struct applied {
    enum dialect dialect;
    size_t n; // migrations applied so far
};

static int check(void *context, struct db_row *row, struct error *err)
{
    struct applied *applied = context;
    int64_t version = db_next_int(row);
    const char *sha256 = db_next_text(row);

    if (applied->n == migrations_n)
        return error_set(err, ERROR_CONFLICT,
                         "the database has schema version %lld, newer than %d "
                         "of this program",
                         (long long)version,
                         migrations[migrations_n - 1].version);
    const struct migration *expected = &migrations[applied->n++];
    if (version != expected->version)
        return error_set(err, ERROR_CONFLICT,
                         "the database has migration %lld where %d is expected",
                         (long long)version, expected->version);
    if (strcmp(sha256, expected->sha256[applied->dialect]) != 0)
        return error_set(err, ERROR_CONFLICT,
                         "migration %s was applied with another text: "
                         "SHA-256 %.8s, not %.8s",
                         expected->name, sha256,
                         expected->sha256[applied->dialect]);
    return 0;
}

static int apply(struct db *db, const struct migration *migration,
                 struct error *err)
{
    enum dialect dialect = db->driver->dialect;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (db_script(db, migration->text[dialect], err))
        return -1;
    if (db_write(
            db,
            DB_CALL(QUERY_MIGRATION_ADD, db_int(migration->version),
                    db_text(migration->name),
                    db_text(migration->sha256[dialect]),
                    db_int((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000)),
            err))
        return -1;
    return db_stamp(db, migration->version, err);
}

// Applies the next migration, if there is one.
static int step(struct db *db, bool *done, struct error *err)
{
    struct applied applied = {db->driver->dialect, 0};
    struct db_reader reader = {check, &applied, NULL};
    struct db_call list = {.query = QUERY_MIGRATION_LIST};

    if (db_script(db, query_texts[applied.dialect][QUERY_MIGRATE_PREPARE],
                  err) ||
        db_read(db, &list, &reader, err) < 0)
        return -1;
    *done = applied.n == migrations_n;
    return *done ? 0 : apply(db, &migrations[applied.n], err);
}

int migrate(struct db *db, struct error *err)
{
    for (bool done = false; !done;) {
        if (db_begin(db, err))
            return -1;
        if (step(db, &done, err)) {
            db_rollback(db);
            return -1;
        }
        if (db_commit(db, err))
            return -1;
    }
    return 0;
}

int migrate_check(struct db *db, struct error *err)
{
    struct applied applied = {db->driver->dialect, 0};
    struct db_reader reader = {check, &applied, NULL};
    struct db_call list = {.query = QUERY_MIGRATION_LIST};
    struct error fault = {0};
    if (db_read(db, &list, &reader, &fault) < 0)
        return fault.code == ERROR_INTERNAL // no such table
                   ? error_set(err, ERROR_CONFLICT,
                               "the database is empty: start cumaed first")
                   : error_set(err, fault.code, "%s", fault.message);
    if (applied.n == migrations_n)
        return 0;
    return error_set(err, ERROR_CONFLICT,
                     "the database is older than this program: start cumaed of "
                     "this version first");
}
