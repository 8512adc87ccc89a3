// SPDX-License-Identifier: GPL-3.0-or-later
// test_store_file.c - migrations, URLs and the SQLite file

#include "databases.h"
#include "db_file.h"

#include <sys/stat.h>
#include <sys/wait.h>

static struct database database;
static struct error err;

START_TEST(test_migrations_run_once_and_refuse_what_they_do_not_know)
{
    database_new(&database, _i);
    must(store_migrate(database.url, &err));
    must(store_migrate(database.url, &err));
    struct store *store = session(&database);
    ck_assert_int_gt(new_user(store, "anna"), 0);
    store_close(store);

    run_sql(database.url,
            "UPDATE schema_migrations SET sha256 = 'x' || sha256");
    must_fail(ERROR_CONFLICT, store_migrate(database.url, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "another text"));
    run_sql(database.url,
            "UPDATE schema_migrations SET sha256 = substr(sha256, 2)");
    must(store_migrate(database.url, &err));
    run_sql(database.url, "INSERT INTO schema_migrations VALUES "
                          "(9999, 'later', '', 0)");
    must_fail(ERROR_CONFLICT, store_migrate(database.url, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "newer"));
    database_remove(&database);
}
END_TEST

// Makes the schema as the program with only the first migration made it.
static void migrate_first(struct database *old)
{
    if (strncmp(old->url, "sqlite:", 7) == 0)
        must(db_file_create(old->url + 7, &err));
    struct db *db = db_open(old->url, &err);
    ck_assert_ptr_nonnull(db);
    enum dialect dialect = db->driver->dialect;
    const struct migration *first = &migrations[0];
    must(db_begin(db, &err));
    must(db_script(db, query_texts[dialect][QUERY_MIGRATE_PREPARE], &err));
    must(db_script(db, first->text[dialect], &err));
    must(db_write(db,
                  DB_CALL(QUERY_MIGRATION_ADD, db_int(first->version),
                          db_text(first->name), db_text(first->sha256[dialect]),
                          db_int(1)),
                  &err));
    must(db_stamp(db, first->version, &err));
    must(db_commit(db, &err));
    db_close(db);
}

// Writes a study as the first schema had it: with a trial that was lost, the
// one that tries it again, and one that waits in the queue.
static void fill_first(bool sqlite)
{
    static const char *const trials[] = {"0, 6, 1, NULL, 7", "1, 1, 2, 0, 8",
                                         "2, 0, 1, NULL, NULL"};
    char sql[600];
    snprintf(sql, sizeof sql,
             "INSERT INTO users (name, admin, disabled, created_ms) "
             "VALUES ('anna', %s, %s, 1)",
             sqlite ? "0" : "false", sqlite ? "0" : "false");
    run_sql(database.url, sql);
    snprintf(sql, sizeof sql,
             "INSERT INTO studies (key, owner_id, identity, name, definition, "
             "definition_revision, state, created_ms, changed_ms, next_number, "
             "revision, queued, running, complete, pruned, failed, infeasible, "
             "lost, cancelled) SELECT 's', id, 's', 's', '{}', 1, 0, 1, 1, "
             "3, 3, 1, 1, 0, 0, 0, 0, 1, 0 FROM users");
    run_sql(database.url, sql);
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
        snprintf(sql, sizeof sql,
                 "INSERT INTO trials (study_id, number, state, attempt, "
                 "retry_of, started_ms, stopped, seen_revision, revision, "
                 "lease_ms, created_ms, point) "
                 "SELECT id, %s, %s, 0, 1, 5, 6, %s FROM studies",
                 trials[i], sqlite ? "0" : "false",
                 sqlite ? "x'000000000000e03f'" : "'{0.5}'");
        run_sql(database.url, sql);
    }
}

START_TEST(test_trials_of_the_first_schema_are_read_after_migrating)
{
    struct arena arena;
    struct study_row study;
    struct trial_row row;
    arena_init(&arena);
    database_new(&database, _i);
    migrate_first(&database);
    fill_first(_i == ON_SQLITE);
    must(store_migrate(database.url, &err));
    struct store *store = session(&database);
    must(store_study_find(store, "s", &arena, &study, &err));
    ck_assert_int_eq(study.progress.started, 1);
    ck_assert_double_eq(study.progress.cost, 0);
    ck_assert_int_eq(study.progress.iteration, 0);
    must(store_trial_get(store, study.id, 0, &arena, &row, &err));
    ck_assert_double_nan(row.cost);
    ck_assert_double_eq(row.point[0], 0.5);
    ck_assert_uint_eq(row.n_constraint_values, 0);
    ck_assert_ptr_null(row.why);
    store_close(store);
    arena_done(&arena);
    database_remove(&database);
}
END_TEST

START_TEST(test_url_that_makes_no_sense_is_refused)
{
    static const char *const urls[] = {
        "",
        "sqlite:",
        "mysql://localhost/x",
        "postgresql://localhost/x?no_such_option=1",
    };
    err = (struct error){0};
    ck_assert_ptr_null(store_open(urls[_i], &err));
    ck_assert_int_eq(err.code, ERROR_INVALID);
    must_fail(ERROR_INVALID, store_migrate(urls[_i], &err));
}
END_TEST

// ---- the file ---------------------------------------------------------------

static void file_path(char *path, size_t bytes, const char *suffix)
{
    snprintf(path, bytes, "%s/test.db%s", database.folder, suffix);
}

START_TEST(test_file_is_private_in_folders_that_are_made)
{
    char path[128], url[256];
    struct stat status;
    database_new(&database, ON_SQLITE);
    snprintf(url, sizeof url, "sqlite:%s/a/b/test.db", database.folder);
    must(store_migrate(url, &err));
    snprintf(path, sizeof path, "%s/a/b/test.db", database.folder);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq((int)status.st_mode & 0777, 0600);
    unlink(path);
    snprintf(path, sizeof path, "%s/a/b/test.db.lock", database.folder);
    ck_assert_int_eq(unlink(path), 0);
    snprintf(path, sizeof path, "%s/a/b", database.folder);
    ck_assert_int_eq(rmdir(path), 0);
    snprintf(path, sizeof path, "%s/a", database.folder);
    ck_assert_int_eq(rmdir(path), 0);
    database_remove(&database);
}
END_TEST

START_TEST(test_last_close_leaves_no_log_behind)
{
    char path[128];
    struct store *store = database_ready(&database, ON_SQLITE);
    struct store *second = session(&database);
    new_user(store, "anna");
    must(store_ping(second, &err));
    file_path(path, sizeof path, "-wal");
    ck_assert_int_eq(access(path, F_OK), 0);
    store_close(store);
    store_close(second);
    ck_assert_int_eq(access(path, F_OK), -1);
    database_remove(&database);
}
END_TEST

START_TEST(test_second_process_on_a_file_is_refused)
{
    database_new(&database, ON_SQLITE);
    must(store_migrate(database.url, &err));
    pid_t child = fork();
    if (child == 0) {
        struct error error = {0};
        int rc = store_migrate(database.url, &error);
        _exit(rc == -1 && error.code == ERROR_BUSY &&
                      strstr(error.message, "in use by process") != NULL
                  ? 0
                  : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    database_remove(&database);
}
END_TEST

START_TEST(test_file_of_another_program_is_left_alone)
{
    static const char foreign[] =
        "this is no database, but a text that somebody would miss\n";
    char path[128];
    database_new(&database, ON_SQLITE);
    file_path(path, sizeof path, "");
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(foreign, file);
    fclose(file);
    must_fail(ERROR_STORE, store_migrate(database.url, &err));
    file = fopen(path, "r");
    char line[128];
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
    ck_assert_str_eq(line, foreign);
    fclose(file);
    unlink(path);

    must(store_migrate(database.url, &err));
    run_sql(database.url, "PRAGMA application_id = 1");
    must_fail(ERROR_CONFLICT, store_migrate(database.url, &err));
    database_remove(&database);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store file");
    TCase *tc = tcase_create("migrations, URLs, files");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(
        tc, test_migrations_run_once_and_refuse_what_they_do_not_know, 0,
        DATABASES);
    tcase_add_loop_test(
        tc, test_trials_of_the_first_schema_are_read_after_migrating, 0,
        DATABASES);
    tcase_add_loop_test(tc, test_url_that_makes_no_sense_is_refused, 0, 4);
    tcase_add_test(tc, test_file_is_private_in_folders_that_are_made);
    tcase_add_test(tc, test_last_close_leaves_no_log_behind);
    tcase_add_test(tc, test_second_process_on_a_file_is_refused);
    tcase_add_test(tc, test_file_of_another_program_is_left_alone);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
