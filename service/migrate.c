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

static int list(struct db *db, struct applied *applied, struct error *err)
{
    struct db_reader reader = {check, applied, NULL};
    struct db_call call = {.query = QUERY_MIGRATION_LIST};
    return db_read(db, &call, &reader, err) < 0 ? -1 : 0;
}

// Applies the next migration, if there is one.
static int step(struct db *db, bool *done, struct error *err)
{
    struct applied applied = {db->driver->dialect, 0};
    if (db_script(db, query_texts[applied.dialect][QUERY_MIGRATE_PREPARE],
                  err) ||
        list(db, &applied, err))
        return -1;
    *done = applied.n == migrations_n;
    return *done ? 0 : apply(db, &migrations[applied.n], err);
}

static int visit_count(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    *(int64_t *)context = db_next_int(row);
    return 0;
}

// Looks at what was applied so far, and changes nothing.
static int look(struct db *db, struct applied *applied, struct error *err)
{
    int64_t tables = 0;
    struct db_reader reader = {visit_count, &tables, NULL};
    struct db_call call = {.query = QUERY_MIGRATION_TABLE};
    if (db_read(db, &call, &reader, err) < 0)
        return -1;
    return tables ? list(db, applied, err) : 0;
}

static int apply_all(struct db *db, struct error *err)
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
    if (look(db, &applied, err))
        return -1;
    if (applied.n == migrations_n)
        return 0;
    return error_set(err, ERROR_CONFLICT,
                     applied.n ? "the database is older than this program: "
                                 "start cumaed of this version first"
                               : "the database is empty: start cumaed first");
}

int migrate(struct db *db, struct error *err)
{
    struct applied applied = {db->driver->dialect, 0};
    struct error why = {0};
    if (look(db, &applied, err))
        return -1;
    if (applied.n == migrations_n || apply_all(db, &why) == 0)
        return 0;
    if (why.code != ERROR_INTERNAL)
        return error_set(err, why.code, "%s", why.message);
    return error_set(
        err, why.code,
        "the schema has version %d, %d is needed, and this role cannot change "
        "it; run cumaed --migrate only as the role that owns it (%s)",
        applied.n ? migrations[applied.n - 1].version : 0,
        migrations[migrations_n - 1].version, why.message);
}
