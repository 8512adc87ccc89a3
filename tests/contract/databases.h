// SPDX-License-Identifier: GPL-3.0-or-later
// databases.h - fresh databases of both kinds for the tests of the store
//
// Each test gets a database of its own: a SQLite file in a temporary folder,
// or a new database on the PostgreSQL server of CUMAE_TEST_POSTGRES. When that
// is not set, databases_start starts a private server (tests/postgres.sh).

#ifndef CUMAE_TESTS_DATABASES_H
#define CUMAE_TESTS_DATABASES_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db.h"
#include "store_account.h"
#include "store_study.h"
#include "store_trial.h"

enum { ON_SQLITE, ON_POSTGRES, DATABASES };

#define must(call)                                                             \
    do {                                                                       \
        err = (struct error){0};                                               \
        ck_assert_msg((call) == 0, "%s: %s", #call, err.message);              \
    } while (0)

#define must_fail(expected, call)                                              \
    do {                                                                       \
        err = (struct error){0};                                               \
        ck_assert_msg((call) == -1, "%s must fail", #call);                    \
        ck_assert_msg(err.code == (expected), "%s: error %d: %s", #call,       \
                      (int)err.code, err.message);                             \
    } while (0)

// What a visitor has seen.
struct seen {
    size_t n;
    int64_t id[4096];
};

// A database and the ways to it. Set up by database_new.
struct database {
    char folder[64];
    char url[256];
    char name[64]; // of the database on the server
};

// Runs tests/postgres.sh; its first line of output goes to `line`.
static inline int run_postgres(const char *verb, const char *folder, char *line,
                               size_t bytes)
{
    const char *source = getenv("CUMAE_SOURCE");
    char command[512];
    snprintf(command, sizeof command, "%s/tests/postgres.sh %s %s",
             source == NULL ? "." : source, verb, folder);
    FILE *output = popen(command, "r");
    if (output == NULL)
        return -1;
    if (line != NULL && fgets(line, (int)bytes, output) != NULL)
        line[strcspn(line, "\n")] = '\0';
    return pclose(output);
}

// Starts a private server in a new folder and gives its URL.
static inline int server_start(char *folder, char *url, size_t bytes)
{
    strcpy(folder, "/tmp/cumae-server-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    return run_postgres("start", folder, url, bytes);
}

static inline void server_stop(const char *folder)
{
    run_postgres("stop", folder, NULL, 0);
    rmdir(folder);
}

// Runs a suite with a server at hand; returns the exit status of the test.
static inline int databases_run(Suite *suite)
{
    char folder[64] = "", url[256];
    if (getenv("CUMAE_TEST_POSTGRES") == NULL) {
        if (server_start(folder, url, sizeof url)) {
            fprintf(stderr, "cannot start PostgreSQL\n");
            return EXIT_FAILURE;
        }
        setenv("CUMAE_TEST_POSTGRES", url, 1);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (*folder != '\0')
        server_stop(folder);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline void run_sql(const char *url, const char *sql)
{
    struct error err = {0};
    struct db *db = db_open(url, &err);
    ck_assert_msg(db != NULL, "%s", err.message);
    must(db_script(db, sql, &err));
    db_close(db);
}

// An empty database, without a schema.
static inline void database_new(struct database *database, int kind)
{
    static int made;
    strcpy(database->folder, "/tmp/cumae-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(database->folder));
    *database->name = '\0';
    if (kind == ON_SQLITE) {
        snprintf(database->url, sizeof database->url, "sqlite:%s/test.db",
                 database->folder);
        return;
    }
    const char *server = getenv("CUMAE_TEST_POSTGRES");
    ck_assert_msg(server && strrchr(server, '/'), "no CUMAE_TEST_POSTGRES");
    char sql[128];
    snprintf(database->name, sizeof database->name, "cumae_%ld_%d",
             (long)getpid(), made++);
    snprintf(sql, sizeof sql, "CREATE DATABASE %s TEMPLATE template0",
             database->name);
    run_sql(server, sql);
    int stem = (int)(strrchr(server, '/') - server);
    snprintf(database->url, sizeof database->url, "%.*s/%s", stem, server,
             database->name);
}

// All its sessions are closed.
static inline void database_remove(struct database *database)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    if (*database->name != '\0') {
        char sql[128];
        snprintf(sql, sizeof sql, "DROP DATABASE %s WITH (FORCE)",
                 database->name);
        run_sql(getenv("CUMAE_TEST_POSTGRES"), sql);
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/test.db%s", database->folder,
                 suffixes[i]);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(database->folder), 0);
}

static inline struct store *session(const struct database *database)
{
    struct error err = {0};
    struct store *store = store_open(database->url, &err);
    ck_assert_msg(store != NULL, "%s", err.message);
    return store;
}

// A migrated database with one session.
static inline struct store *database_ready(struct database *database, int kind)
{
    struct error err = {0};
    database_new(database, kind);
    must(store_migrate(database->url, &err));
    return session(database);
}

static inline int64_t new_user(struct store *store, const char *name)
{
    struct error err = {0};
    struct user_row user = {.name = name, .created_ms = 1};
    must(store_user_add(store, &user, &err));
    return user.id;
}

// A study without trials, at revision 0.
static inline struct study_row study_of(int64_t owner, const char *name)
{
    return (struct study_row){
        .key = name,
        .owner_id = owner,
        .identity = name,
        .name = name,
        .definition = "{}",
        .created_ms = 10,
        .changed_ms = 10,
        .progress = {.best_number = -1, .best_value = NAN},
    };
}

static inline int64_t new_study(struct store *store, int64_t owner,
                                const char *name)
{
    struct error err = {0};
    struct study_row study = study_of(owner, name);
    struct arena arena;
    bool created;
    arena_init(&arena);
    must(store_study_add(store, &study, &arena, &created, &err));
    ck_assert(created);
    arena_done(&arena);
    return study.id;
}

// A running trial with one parameter.
static inline struct trial_row trial_of(int64_t study, int64_t number,
                                        int64_t revision)
{
    static const double point[1] = {0.5};
    return (struct trial_row){
        .study_id = study,
        .number = number,
        .state = TRIAL_RUNNING,
        .point = point,
        .n_point = 1,
        .uncertainty = NAN,
        .attempt = 1,
        .retry_of = -1,
        .lease_ms = 1000,
        .created_ms = 10,
        .revision = revision,
        .wall_s = NAN,
        .cost = NAN,
    };
}

static inline char *large_text(struct arena *arena, size_t bytes)
{
    char *text = arena_alloc(arena, bytes + 1);
    for (size_t i = 0; i < bytes; i++)
        text[i] = (char)('a' + i % 26);
    text[bytes] = '\0';
    return text;
}

static inline int see_trial(void *context, const struct trial_row *row,
                            struct error *error)
{
    (void)error;
    struct seen *seen = context;
    seen->id[seen->n++] = row->number;
    return 0;
}

#endif
