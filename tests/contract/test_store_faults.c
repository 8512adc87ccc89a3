// SPDX-License-Identifier: GPL-3.0-or-later
// test_store_faults.c - what the store keeps when things break or collide

#include "databases.h"
#include "store_log.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>

static struct database database;
static struct error err;

static int see_report(void *context, const struct report_row *row,
                      struct error *error)
{
    (void)error;
    struct seen *seen = context;
    seen->id[seen->n++] = row->number;
    return 0;
}

// Adds the next trial of a study with an event and a report, the way an ask
// does. Gives its number.
static int add_trial(struct store *store, int64_t study, int64_t *number,
                     struct error *error)
{
    struct study_progress progress;
    int64_t definition_revision;
    enum study_state state;
    if (store_study_lock(store, study, &progress, &definition_revision, &state,
                         NULL, error))
        return -1;
    *number = progress.next_number++;
    progress.revision++;
    struct trial_row trial = trial_of(study, *number, progress.revision);
    struct report_row report = {study, *number, 0, 0.5, 1, progress.revision};
    struct event_row event = {.study_id = study,
                              .revision = progress.revision,
                              .kind = "trial_started",
                              .number = *number};
    if (store_trial_add(store, &trial, error) ||
        store_event_add(store, &event, error) ||
        store_report_put(store, &report, error))
        return -1;
    trial.state = TRIAL_COMPLETE;
    if (store_trial_end(store, &trial, error))
        return -1;
    return store_study_advance(store, study, &progress, 1, error);
}

static int ask(struct store *store, int64_t study, int64_t *number,
               struct error *error)
{
    if (store_begin(store, error))
        return -1;
    if (add_trial(store, study, number, error)) {
        store_rollback(store);
        return -1;
    }
    return store_commit(store, error);
}

// Everything that an ask writes is there as often as the counter says.
static int64_t check_whole(struct store *store, int64_t study)
{
    static struct seen seen;
    struct study_progress progress;
    int64_t id, owner;
    must(store_study_progress(store, "s", &id, &owner, &progress, &err));
    ck_assert_int_eq(progress.revision, progress.next_number);
    seen.n = 0;
    must(store_trials_since(store, study, -1, see_trial, &seen, &err));
    ck_assert_int_eq((int64_t)seen.n, progress.next_number);
    struct arena arena;
    arena_init(&arena);
    struct event_page page = {.study_id = study, .limit = 4096};
    must(store_event_page(store, &page, &arena, &err));
    ck_assert_int_eq((int64_t)page.n, progress.next_number);
    arena_done(&arena);
    seen.n = 0;
    must(store_reports_since(store, study, -1, see_report, &seen, &err));
    ck_assert_int_eq((int64_t)seen.n, progress.next_number);
    return progress.next_number;
}

// ---- a fault at every call --------------------------------------------------

START_TEST(test_fault_at_any_call_leaves_all_or_nothing)
{
    struct store *store = database_ready(&database, _i);
    struct store *witness = session(&database);
    int64_t study = new_study(store, new_user(store, "anna"), "s");
    int64_t before = 0, number;
    unsigned unanswered = 0;

    for (unsigned n = 1;; n++) {
        struct error error = {0};
        store_fail_at(store, n);
        int rc = ask(store, study, &number, &error);
        store_fail_at(store, 0);
        int64_t after = check_whole(witness, study);
        if (rc == 0) {
            ck_assert_int_eq(after, before + 1);
            // begin, lock, add, report, end, advance, events and the commit
            // twice.
            ck_assert_uint_eq(n, 10);
            break;
        }
        ck_assert_int_eq(error.code, ERROR_STORE);
        ck_assert(after == before || after == before + 1);
        unanswered += after == before + 1;
        before = after;
    }
    ck_assert_uint_eq(unanswered, 1);
    store_close(witness);
    store_close(store);
    database_remove(&database);
}
END_TEST

// ---- several sessions -------------------------------------------------------

struct racer {
    pthread_t thread;
    pthread_barrier_t *start;
    int index;
    int64_t owner, study, other;
    int64_t id;
    bool created;
    struct error error;
};

static void race(struct racer *racers, int n, void *(*run)(void *))
{
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, (unsigned)n);
    for (int i = 0; i < n; i++) {
        racers[i].start = &start;
        racers[i].index = i;
        ck_assert_int_eq(
            pthread_create(&racers[i].thread, NULL, run, &racers[i]), 0);
    }
    for (int i = 0; i < n; i++)
        pthread_join(racers[i].thread, NULL);
    pthread_barrier_destroy(&start);
}

static void *add_study(void *context)
{
    struct racer *racer = context;
    struct store *store = session(&database);
    char key[16];
    snprintf(key, sizeof key, "key%d", racer->index);
    struct study_row study = study_of(racer->owner, key);
    study.identity = "the same";
    struct arena arena;
    arena_init(&arena);
    store_ping(store, &racer->error);
    pthread_barrier_wait(racer->start);
    if (!store_begin(store, &racer->error) &&
        !store_study_add(store, &study, &arena, &racer->created, &racer->error))
        store_commit(store, &racer->error);
    racer->id = study.id;
    arena_done(&arena);
    store_close(store);
    return NULL;
}

START_TEST(test_eight_racing_adds_make_one_study)
{
    enum { RACERS = 8 };
    struct store *store = database_ready(&database, _i);
    struct racer racers[RACERS] = {0};
    int created = 0;
    for (int i = 0; i < RACERS; i++)
        racers[i].owner = i == 0 ? new_user(store, "anna") : racers[0].owner;
    race(racers, RACERS, add_study);
    for (int i = 0; i < RACERS; i++) {
        ck_assert_msg(racers[i].error.code == ERROR_NONE, "%s",
                      racers[i].error.message);
        ck_assert_int_eq(racers[i].id, racers[0].id);
        created += racers[i].created;
    }
    ck_assert_int_eq(created, 1);
    store_close(store);
    database_remove(&database);
}
END_TEST

enum { ASKS = 40 };

static void *ask_often(void *context)
{
    struct racer *racer = context;
    struct store *store = session(&database);
    int64_t number;
    store_ping(store, &racer->error);
    pthread_barrier_wait(racer->start);
    for (int i = 0; i < ASKS; i++)
        if (ask(store, racer->study, &number, &racer->error))
            break;
    store_close(store);
    return NULL;
}

// Whoever locks second sees what the first has written.
START_TEST(test_writers_of_one_study_wait_for_each_other)
{
    struct store *store = database_ready(&database, _i);
    struct racer racers[3] = {0};
    int64_t study = new_study(store, new_user(store, "anna"), "s");
    for (int i = 0; i < 3; i++)
        racers[i].study = study;
    race(racers, 3, ask_often);
    for (int i = 0; i < 3; i++)
        ck_assert_msg(racers[i].error.code == ERROR_NONE, "%s",
                      racers[i].error.message);
    ck_assert_int_eq(check_whole(store, study), 3 * ASKS);
    store_close(store);
    database_remove(&database);
}
END_TEST

static void *lock_both(void *context)
{
    struct racer *racer = context;
    struct store *store = session(&database);
    int64_t number;
    int rc = store_begin(store, &racer->error) ||
             add_trial(store, racer->study, &number, &racer->error);
    pthread_barrier_wait(racer->start);
    if (rc == 0)
        rc = add_trial(store, racer->other, &number, &racer->error) ||
             store_commit(store, &racer->error);
    if (rc != 0)
        store_rollback(store);
    store_close(store);
    return NULL;
}

// SQLite has one lock, so nothing to cross.
START_TEST(test_crossed_locks_fail_one_transaction_as_busy)
{
    struct store *store = database_ready(&database, ON_POSTGRES);
    struct racer racers[2] = {0};
    int64_t anna = new_user(store, "anna");
    racers[0].study = racers[1].other = new_study(store, anna, "s");
    racers[1].study = racers[0].other = new_study(store, anna, "t");
    race(racers, 2, lock_both);
    int loser = racers[0].error.code == ERROR_NONE;
    ck_assert_int_eq(racers[!loser].error.code, ERROR_NONE);
    ck_assert_int_eq(racers[loser].error.code, ERROR_BUSY);
    ck_assert_int_eq(check_whole(store, racers[0].study), 1);
    store_close(store);
    database_remove(&database);
}
END_TEST

// ---- a server that dies -----------------------------------------------------

enum { KILLS = 4, MOST = 4000 };

struct worker {
    pthread_t thread;
    int64_t study;
    atomic_int acknowledged, stop;
    int unanswered;
    struct error odd; // a failure that is not "the database is away"
    int64_t number[MOST];
};

static void *ask_for_ever(void *context)
{
    struct worker *worker = context;
    struct store *store = session(&database);
    int n = 0;
    while (!atomic_load(&worker->stop) && n < MOST) {
        struct error error = {0};
        if (ask(store, worker->study, &worker->number[n], &error) == 0) {
            atomic_store(&worker->acknowledged, ++n);
            continue;
        }
        worker->unanswered++;
        if (error.code != ERROR_STORE)
            worker->odd = error;
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    store_close(store);
    return NULL;
}

static void wait_for_more(struct worker *worker, int more)
{
    int from = atomic_load(&worker->acknowledged);
    while (atomic_load(&worker->acknowledged) < from + more)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

START_TEST(test_killed_server_loses_nothing_acknowledged)
{
    static struct worker worker;
    char folder[64];
    ck_assert_int_eq(server_start(folder, database.url, sizeof database.url),
                     0);
    must(store_migrate(database.url, &err));
    struct store *store = session(&database);
    worker.study = new_study(store, new_user(store, "anna"), "s");
    store_close(store);
    pthread_create(&worker.thread, NULL, ask_for_ever, &worker);
    for (int kill = 0; kill < KILLS; kill++) {
        wait_for_more(&worker, 20 + 7 * kill);
        ck_assert_int_eq(run_postgres("kill9", folder, NULL, 0), 0);
        ck_assert_int_eq(run_postgres("restart", folder, NULL, 0), 0);
    }
    wait_for_more(&worker, 20);
    atomic_store(&worker.stop, 1);
    pthread_join(worker.thread, NULL);
    ck_assert_msg(worker.odd.code == ERROR_NONE, "%s", worker.odd.message);

    // Numbers are dense, so whatever is acknowledged is there when it is
    // below the count; what is beyond the acknowledged lost its answer.
    store = session(&database);
    int64_t stored = check_whole(store, worker.study);
    int acknowledged = atomic_load(&worker.acknowledged);
    for (int i = 0; i < acknowledged; i++) {
        ck_assert_int_lt(worker.number[i], stored);
        ck_assert(i == 0 || worker.number[i] > worker.number[i - 1]);
    }
    ck_assert_int_ge(stored, acknowledged);
    ck_assert_int_le(stored, acknowledged + KILLS);
    ck_assert_int_ge(worker.unanswered, KILLS);
    store_close(store);
    server_stop(folder);
}
END_TEST

START_TEST(test_idle_session_survives_a_restart_of_the_server)
{
    char folder[64];
    ck_assert_int_eq(server_start(folder, database.url, sizeof database.url),
                     0);
    must(store_migrate(database.url, &err));
    struct store *store = session(&database);
    must(store_ping(store, &err));
    ck_assert_int_eq(run_postgres("restart", folder, NULL, 0), 0);
    must(store_ping(store, &err));

    ck_assert_int_eq(run_postgres("kill9", folder, NULL, 0), 0);
    must_fail(ERROR_STORE, store_ping(store, &err));
    must_fail(ERROR_STORE, store_begin(store, &err));
    ck_assert_int_eq(run_postgres("restart", folder, NULL, 0), 0);
    while (store_ping(store, &err))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    store_close(store);
    server_stop(folder);
}
END_TEST

// ---- migrations -------------------------------------------------------------

static void *migrate_too(void *context)
{
    struct racer *racer = context;
    pthread_barrier_wait(racer->start);
    store_migrate(database.url, &racer->error);
    return NULL;
}

START_TEST(test_racing_migrations_leave_one_schema)
{
    struct racer racers[4] = {0};
    database_new(&database, _i);
    race(racers, 4, migrate_too);
    for (int i = 0; i < 4; i++)
        ck_assert_msg(racers[i].error.code == ERROR_NONE, "%s",
                      racers[i].error.message);
    must(store_migrate(database.url, &err));
    database_remove(&database);
}
END_TEST

// ---- a full disk ------------------------------------------------------------

// Adds trials until one fails; gives how many were acknowledged.
static int64_t fill(struct store *store, int64_t study, struct error *error)
{
    int64_t number, n = 0;
    while (ask(store, study, &number, error) == 0)
        n++;
    return n;
}

// A limit on the size of files stands in for a full disk.
START_TEST(test_full_disk_is_reported_and_loses_nothing_acknowledged)
{
    struct store *store = database_ready(&database, ON_SQLITE);
    int64_t study = new_study(store, new_user(store, "anna"), "s"), number;
    struct rlimit limit, before;
    struct error error = {0};

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = 600000;
    setrlimit(RLIMIT_FSIZE, &limit);
    int64_t acknowledged = fill(store, study, &error);
    int64_t stored = check_whole(store, study);
    setrlimit(RLIMIT_FSIZE, &before);

    ck_assert_msg(error.code == ERROR_FULL, "%s", error.message);
    ck_assert_int_gt(acknowledged, 0);
    ck_assert_int_eq(stored, acknowledged);
    must(ask(store, study, &number, &err));
    ck_assert_int_eq(number, acknowledged);
    ck_assert_int_eq(check_whole(store, study), acknowledged + 1);
    store_close(store);
    database_remove(&database);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store faults");
    TCase *both = tcase_create("both databases");
    tcase_set_timeout(both, 60);
    tcase_add_loop_test(both, test_fault_at_any_call_leaves_all_or_nothing, 0,
                        DATABASES);
    tcase_add_loop_test(both, test_eight_racing_adds_make_one_study, 0,
                        DATABASES);
    tcase_add_loop_test(both, test_writers_of_one_study_wait_for_each_other, 0,
                        DATABASES);
    tcase_add_loop_test(both, test_racing_migrations_leave_one_schema, 0,
                        DATABASES);
    suite_add_tcase(suite, both);

    TCase *postgres = tcase_create("PostgreSQL");
    tcase_set_timeout(postgres, 120);
    tcase_add_test(postgres, test_crossed_locks_fail_one_transaction_as_busy);
    tcase_add_test(postgres, test_killed_server_loses_nothing_acknowledged);
    tcase_add_test(postgres,
                   test_idle_session_survives_a_restart_of_the_server);
    suite_add_tcase(suite, postgres);

    TCase *sqlite = tcase_create("SQLite");
    tcase_set_timeout(sqlite, 60);
    tcase_add_test(sqlite,
                   test_full_disk_is_reported_and_loses_nothing_acknowledged);
    suite_add_tcase(suite, sqlite);
    return databases_run(suite);
}
