// SPDX-License-Identifier: GPL-3.0-or-later
// test_engine_fair.c - who sends much waits behind himself

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "clock.h"
#include "engine.h"
#include "studies.h"

enum { NOISY = 1, QUIET = 2, BATCH = 16, CROWD = 400, STUDIES = 20 };

static struct database database;
static struct store *store;
static struct error err;
static int64_t owner, study[STUDIES];
static struct engine *engine;

// A command that takes some time, or waits until the gate is open.
struct job {
    struct command command; // first, so that it can be cast
    int64_t takes_ms;
    bool is_gate;
    int order; // how many were done before it
    bool done;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool open;
static int waiting; // at the gate
static atomic_int finished, transactions;

static int apply(struct command *command, struct live *live,
                 struct store *session, struct error *fault)
{
    const struct job *job = (const struct job *)command;
    (void)live;
    (void)session;
    (void)fault;
    int64_t start_us = clock_thread_us();
    while (clock_thread_us() - start_us < job->takes_ms * 1000)
        ;
    if (!job->is_gate)
        return 0;
    pthread_mutex_lock(&mutex);
    waiting++;
    pthread_cond_broadcast(&changed);
    while (!open)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
    return 0;
}

static void done(struct command *command, const struct live *live)
{
    struct job *job = (struct job *)command;
    (void)live;
    pthread_mutex_lock(&mutex);
    job->order = atomic_fetch_add(&finished, 1);
    job->done = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static void submit(struct job *job, int64_t user, int64_t id)
{
    job->command = (struct command){
        .study_id = id, .user_id = user, .apply = apply, .done = done};
    engine_submit(engine, &job->command);
}

static void wait_for(const struct job *job)
{
    pthread_mutex_lock(&mutex);
    while (!job->done)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

// Keeps n writers busy.
static void shut(struct job *gates, int n)
{
    for (int i = 0; i < n; i++) {
        gates[i].is_gate = true;
        submit(&gates[i], 100 + i, 0);
        pthread_mutex_lock(&mutex);
        while (waiting <= i)
            pthread_cond_wait(&changed, &mutex);
        pthread_mutex_unlock(&mutex);
    }
}

static void open_gate(void)
{
    pthread_mutex_lock(&mutex);
    open = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static void observe(void *context, size_t commands, double seconds, int ok)
{
    (void)context;
    (void)commands;
    (void)seconds;
    ck_assert(ok);
    transactions++;
}

static void start(int kind, unsigned writers, size_t max_waiting)
{
    struct engine_options options = {.writers = writers,
                                     .batch = BATCH,
                                     .live_studies = 100,
                                     .max_waiting = max_waiting,
                                     .observe = observe};
    store = database_ready(&database, kind);
    owner = new_user(store, "anna");
    for (int i = 0; i < STUDIES; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        study[i] = study_in(store, owner, name, ONE_FLOAT);
    }
    options.database = database.url;
    open = false;
    waiting = 0;
    finished = 0;
    transactions = 0;
    engine = engine_start(&options, &err);
    ck_assert_msg(engine != NULL, "%s", err.message);
}

static void stop(void)
{
    engine_stop(engine);
    store_close(store);
    database_remove(&database);
}

// All noise is there first, on many studies or on one; what the quiet user
// wants is in the first batch, of 16 commands.
START_TEST(test_one_command_passes_a_crowd_of_another_users)
{
    static struct job crowd[CROWD];
    struct job gate = {0}, mine = {0};
    int n = _i % 2 ? 1 : STUDIES - 1;
    start(_i / 2, 1, 10000);
    shut(&gate, 1);
    for (int i = 0; i < CROWD; i++)
        submit(&crowd[i], NOISY, study[i % n]);
    submit(&mine, QUIET, study[STUDIES - 1]);
    open_gate();
    wait_for(&mine);
    ck_assert_int_le(mine.order, 1 + BATCH);
    stop();
    for (int i = 0; i < CROWD; i++)
        ck_assert(crowd[i].done);
}
END_TEST

// Ten commands of 4 ms: after the second one the batch has taken more than its
// 5 ms and ends. What is left is done in order, in further batches.
START_TEST(test_a_batch_that_takes_long_ends_and_the_rest_follows_in_order)
{
    enum { N = 10 };
    struct job gate = {0}, jobs[N] = {0};
    start(_i, 1, 10000);
    shut(&gate, 1);
    for (int i = 0; i < N; i++) {
        jobs[i].takes_ms = 4;
        submit(&jobs[i], NOISY, study[0]);
    }
    open_gate();
    for (int i = 0; i < N; i++)
        wait_for(&jobs[i]);
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(jobs[i].order, i + 1); // after the gate
    stop();
    ck_assert_int_ge(transactions, 1 + N / 2);
}
END_TEST

START_TEST(test_only_who_has_too_much_waiting_is_refused)
{
    enum { MOST = 40 };
    struct job gate = {0}, jobs[MOST / 4 + 1] = {0}, mine = {0};
    start(_i, 1, MOST);
    shut(&gate, 1);
    for (int i = 0; i <= MOST / 4; i++)
        submit(&jobs[i], NOISY, study[i]);
    ck_assert_int_eq(jobs[MOST / 4].command.error.code, ERROR_BUSY);
    ck_assert_str_eq(jobs[MOST / 4].command.error.message,
                     "10 of your changes wait already, which is the limit");
    submit(&mine, QUIET, study[0]);
    open_gate();
    wait_for(&mine);
    ck_assert_int_eq(mine.command.error.code, ERROR_NONE);
    for (int i = 0; i < MOST / 4; i++)
        wait_for(&jobs[i]);
    // Now there is room again.
    jobs[0] = (struct job){0};
    submit(&jobs[0], NOISY, study[0]);
    wait_for(&jobs[0]);
    ck_assert_int_eq(jobs[0].command.error.code, ERROR_NONE);
    stop();
}
END_TEST

// Two writers; one user sends two commands that do not end: the second waits
// for the first, and the other writer serves the other user.
START_TEST(test_one_user_never_has_all_writers)
{
    struct job stuck[2] = {0}, mine = {0};
    start(ON_POSTGRES, 2, 10000);
    for (int i = 0; i < 2; i++) {
        stuck[i].is_gate = true;
        submit(&stuck[i], NOISY, study[i]);
        pthread_mutex_lock(&mutex);
        while (waiting == 0)
            pthread_cond_wait(&changed, &mutex);
        pthread_mutex_unlock(&mutex);
    }
    submit(&mine, QUIET, study[2]);
    wait_for(&mine);
    ck_assert(!stuck[0].done && !stuck[1].done);
    ck_assert_int_eq(waiting, 1);
    open_gate();
    stop();
    ck_assert(stuck[0].done && stuck[1].done);
}
END_TEST

// Changes that belong to no study do not wait for those of another user.
START_TEST(test_changes_without_a_study_wait_only_for_the_same_user)
{
    struct job stuck = {.is_gate = true}, mine = {0};
    start(ON_POSTGRES, 2, 10000);
    submit(&stuck, NOISY, 0);
    pthread_mutex_lock(&mutex);
    while (waiting == 0)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
    submit(&mine, QUIET, 0);
    wait_for(&mine);
    ck_assert(!stuck.done);
    open_gate();
    stop();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("engine_fair");
    TCase *tc = tcase_create("both databases");
    tcase_add_loop_test(tc, test_one_command_passes_a_crowd_of_another_users, 0,
                        2 * DATABASES);
    tcase_add_loop_test(
        tc, test_a_batch_that_takes_long_ends_and_the_rest_follows_in_order, 0,
        DATABASES);
    tcase_add_loop_test(tc, test_only_who_has_too_much_waiting_is_refused, 0,
                        DATABASES);
    tcase_add_test(tc, test_one_user_never_has_all_writers);
    tcase_add_test(tc,
                   test_changes_without_a_study_wait_only_for_the_same_user);
    tcase_set_timeout(tc, 120);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
