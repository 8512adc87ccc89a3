// SPDX-License-Identifier: GPL-3.0-or-later
// test_quota.c - quotas of owners hold exactly, whoever asks and where

#include <pthread.h>

#include "bring.h"
#include "engine.h"
#include "studies.h"
#include "user.h"

static struct database database;
static struct store *store;
static struct error err;
static int64_t owner;

// ---- commands ---------------------------------------------------------------

enum kind { ASK, TELL, BRING, CREATE };
enum { MOST = 8 };

struct job {
    struct command command; // first, so that it can be cast
    size_t n;               // wanted, or the number of the trial that is told
    struct ask ask;
    size_t numbers[MOST];
    char name[24]; // of a new study
    struct study_wanted wanted;
    enum kind kind;
    bool limited; // the quotas of the owner were open
    bool done;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static int apply_ask(struct job *job, struct live *live, struct store *session,
                     struct error *fault)
{
    job->ask = (struct ask){.n = job->n, .numbers = job->numbers};
    return trial_ask(live, session, &job->ask, fault);
}

static int apply_tell(const struct job *job, struct live *live,
                      struct store *session, struct error *fault)
{
    struct tell tell = {
        .number = (int64_t)job->n,
        .state = TRIAL_COMPLETE,
        .numbers = {.n_values = 1, .values = {1}, .uncertainty = NAN},
        .wall_s = NAN};
    return trial_tell(live, session, &tell, fault);
}

static int apply_bring(const struct job *job, struct live *live,
                       struct store *session, struct error *fault)
{
    double points[MOST];
    struct brought trials[MOST] = {0};
    for (size_t i = 0; i < job->n; i++) {
        points[i] = 0.5;
        trials[i].point = &points[i];
    }
    struct bring bring = {.trials = trials, .n = job->n};
    return bring_trials(live, session, &bring, fault);
}

static int apply_create(struct job *job, struct store *session,
                        struct error *fault)
{
    job->wanted = (struct study_wanted){
        .owner_id = owner,
        .key = job->name,
        .identity = job->name,
        .quota = job->command.quota,
        .definition =
            definition_of(job->name, ONE_FLOAT ",\"sampler\":\"random\"")};
    int result = study_find_or_create(session, &job->wanted, fault);
    definition_free(job->wanted.definition);
    return result;
}

static int apply(struct command *command, struct live *live,
                 struct store *session, struct error *fault)
{
    struct job *job = (struct job *)command;
    job->limited = live ? live->quota != NULL : command->quota != NULL;
    switch (job->kind) {
    case ASK:
        return apply_ask(job, live, session, fault);
    case TELL:
        return apply_tell(job, live, session, fault);
    case BRING:
        return apply_bring(job, live, session, fault);
    case CREATE:
        return apply_create(job, session, fault);
    }
    return -1;
}

static void done(struct command *command, const struct live *live)
{
    (void)live;
    pthread_mutex_lock(&mutex);
    ((struct job *)command)->done = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static struct job job_of(enum kind kind, int64_t study, size_t n)
{
    return (struct job){.command = {.study_id = study,
                                    .apply = apply,
                                    .done = done,
                                    .takes = kind != TELL,
                                    .owner_id = study ? 0 : owner},
                        .kind = kind,
                        .n = n};
}

static void wait_for(struct job *job)
{
    pthread_mutex_lock(&mutex);
    while (!job->done)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

static enum error_code run(struct engine *engine, struct job *job)
{
    engine_submit(engine, &job->command);
    wait_for(job);
    return job->command.error.code;
}

// ---- engines ----------------------------------------------------------------

static struct engine *start(struct user_quotas quotas)
{
    struct engine_options options = {.database = database.url,
                                     .writers = 4,
                                     .preparers = 1,
                                     .batch = 16,
                                     .live_studies = 100,
                                     .max_waiting = 10000,
                                     .quotas = quotas};
    struct engine *engine = engine_start(&options, &err);
    ck_assert_msg(engine != NULL, "%s", err.message);
    return engine;
}

static void open_database(int kind)
{
    store = database_ready(&database, kind);
    owner = new_user(store, "anna");
}

static void close_database(void)
{
    store_close(store);
    database_remove(&database);
}

static int64_t new_random(const char *name)
{
    return study_in(store, owner, name, ONE_FLOAT ",\"sampler\":\"random\"");
}

static void set_quotas(struct user_quotas quotas)
{
    struct arena arena;
    struct user_row row;
    arena_init(&arena);
    must(store_user_get(store, owner, &arena, &row, &err));
    row.quotas = quotas;
    must(store_begin(store, &err));
    must(store_user_change(store, &row, &err));
    must(store_commit(store, &err));
    arena_done(&arena);
}

static struct user_use use_now(void)
{
    struct user_use use;
    must(store_user_use(store, owner, &use, &err));
    return use;
}

// ---- one after the other ----------------------------------------------------

START_TEST(test_who_has_no_limit_opens_no_quota)
{
    open_database(_i);
    struct engine *engine = start((struct user_quotas){0});
    struct job ask = job_of(ASK, new_random("a"), 3);
    ck_assert_int_eq(run(engine, &ask), ERROR_NONE);
    ck_assert_uint_eq(ask.ask.n_numbers, 3);
    ck_assert(!ask.limited);
    engine_stop(engine);
    close_database();
}
END_TEST

START_TEST(test_own_quotas_go_before_those_of_the_settings)
{
    open_database(_i);
    struct engine *engine = start((struct user_quotas){.max_running = 1});
    int64_t study = new_random("a");
    struct job first = job_of(ASK, study, 4);
    ck_assert_int_eq(run(engine, &first), ERROR_NONE);
    ck_assert_uint_eq(first.ask.n_numbers, 1);
    struct user_quotas own = user_quotas_as_set;
    own.max_running = 3;
    set_quotas(own);
    struct job second = job_of(ASK, study, 4);
    ck_assert_int_eq(run(engine, &second), ERROR_NONE);
    ck_assert_uint_eq(second.ask.n_numbers, 2);
    ck_assert_str_eq(second.ask.reason, "quota");
    own.max_running = 0; // no limit
    set_quotas(own);
    struct job third = job_of(ASK, study, 4);
    ck_assert_int_eq(run(engine, &third), ERROR_NONE);
    ck_assert_uint_eq(third.ask.n_numbers, 4);
    engine_stop(engine);
    close_database();
}
END_TEST

START_TEST(test_a_full_house_says_when_to_come_back_and_a_tell_makes_room)
{
    open_database(_i);
    struct engine *engine = start((struct user_quotas){.max_running = 2});
    int64_t a = new_random("a"), b = new_random("b");
    struct job ask = job_of(ASK, a, 2), none = job_of(ASK, b, 1);
    struct job tell = job_of(TELL, a, 0), one = job_of(ASK, b, 1);
    ck_assert_int_eq(run(engine, &ask), ERROR_NONE);
    ck_assert_int_eq(run(engine, &none), ERROR_NONE);
    ck_assert_uint_eq(none.ask.n_numbers, 0);
    ck_assert_str_eq(none.ask.reason, "quota");
    ck_assert(none.ask.retry_after_s > 0);
    ck_assert_int_eq(run(engine, &tell), ERROR_NONE);
    ck_assert_int_eq(run(engine, &one), ERROR_NONE);
    ck_assert_uint_eq(one.ask.n_numbers, 1);
    engine_stop(engine);
    close_database();
}
END_TEST

START_TEST(test_a_trial_that_waits_in_the_queue_is_no_new_one)
{
    open_database(_i);
    struct engine *engine = start((struct user_quotas){.max_trials = 3});
    int64_t study = new_random("a");
    struct job bring = job_of(BRING, study, 3), more = job_of(BRING, study, 1);
    struct job ask = job_of(ASK, study, 5), none = job_of(ASK, study, 1);
    ck_assert_int_eq(run(engine, &bring), ERROR_NONE);
    ck_assert_int_eq(run(engine, &more), ERROR_QUOTA);
    ck_assert_ptr_nonnull(strstr(more.command.error.message, "max_trials"));
    ck_assert_int_eq(run(engine, &ask), ERROR_NONE);
    ck_assert_uint_eq(ask.ask.n_numbers, 3);
    ck_assert_str_eq(ask.ask.reason, "quota");
    ck_assert_int_eq(run(engine, &none), ERROR_QUOTA);
    ck_assert_int_eq(use_now().trials, 3);
    engine_stop(engine);
    close_database();
}
END_TEST

START_TEST(test_bytes_stop_what_is_new_and_no_result)
{
    open_database(_i);
    struct engine *engine = start((struct user_quotas){0});
    int64_t study = new_random("a");
    struct job ask = job_of(ASK, study, 2);
    ck_assert_int_eq(run(engine, &ask), ERROR_NONE);
    struct user_quotas own = user_quotas_as_set;
    own.max_bytes = use_now().bytes;
    set_quotas(own);
    struct job more = job_of(ASK, study, 1), tell = job_of(TELL, study, 0);
    struct job create = job_of(CREATE, 0, 0);
    strcpy(create.name, "b");
    ck_assert_int_eq(run(engine, &more), ERROR_QUOTA);
    ck_assert_int_eq(run(engine, &create), ERROR_QUOTA);
    ck_assert_int_eq(run(engine, &tell), ERROR_NONE);
    ck_assert_int_gt(use_now().bytes, own.max_bytes);
    engine_stop(engine);
    close_database();
}
END_TEST

START_TEST(test_a_study_that_is_there_already_is_found_without_a_quota)
{
    open_database(_i);
    struct engine *engine = start((struct user_quotas){.max_studies = 1});
    struct job first = job_of(CREATE, 0, 0), again = job_of(CREATE, 0, 0);
    struct job other = job_of(CREATE, 0, 0);
    strcpy(first.name, "a");
    strcpy(again.name, "a");
    strcpy(other.name, "b");
    ck_assert_int_eq(run(engine, &first), ERROR_NONE);
    ck_assert(first.wanted.created);
    ck_assert_int_eq(run(engine, &again), ERROR_NONE);
    ck_assert(!again.wanted.created);
    ck_assert_int_eq(run(engine, &other), ERROR_QUOTA);
    ck_assert_int_eq(use_now().studies, 1);
    engine_stop(engine);
    close_database();
}
END_TEST

// ---- crowds -----------------------------------------------------------------

enum { STUDIES = 6, JOBS = 240 };

// Several engines where the database is shared, and a crowd at each.
static void crowd(int kind, struct user_quotas quotas, struct job *jobs)
{
    int n = kind == ON_POSTGRES ? 3 : 1;
    struct engine *engines[3];
    for (int i = 0; i < n; i++)
        engines[i] = start(quotas);
    for (int i = 0; i < JOBS; i++)
        engine_submit(engines[i % n], &jobs[i].command);
    for (int i = 0; i < JOBS; i++)
        wait_for(&jobs[i]);
    for (int i = 0; i < n; i++)
        engine_stop(engines[i]);
}

START_TEST(test_racing_asks_of_many_studies_meet_each_quota_exactly)
{
    static struct job jobs[JOBS];
    int64_t studies[STUDIES];
    size_t handed_out = 0;
    open_database(_i);
    for (int i = 0; i < STUDIES; i++)
        studies[i] = new_random((char[]){(char)('a' + i), '\0'});
    for (int i = 0; i < JOBS; i++)
        jobs[i] = job_of(ASK, studies[i % STUDIES], (size_t)(1 + i % MOST));
    crowd(_i, (struct user_quotas){.max_running = 101}, jobs);
    for (int i = 0; i < JOBS; i++) {
        ck_assert_int_eq(jobs[i].command.error.code, ERROR_NONE);
        handed_out += jobs[i].ask.n_numbers;
        ck_assert(jobs[i].ask.n_numbers == jobs[i].n ||
                  strcmp(jobs[i].ask.reason, "quota") == 0);
    }
    ck_assert_uint_eq(handed_out, 101);
    ck_assert_int_eq(use_now().running, 101);
    for (int i = 0; i < JOBS; i++)
        jobs[i] = job_of(i % 2 ? ASK : BRING, studies[i % STUDIES],
                         (size_t)(1 + i % MOST));
    crowd(_i, (struct user_quotas){.max_trials = 207}, jobs);
    for (int i = 0; i < JOBS; i++)
        ck_assert(!jobs[i].command.error.code ||
                  jobs[i].command.error.code == ERROR_QUOTA);
    ck_assert_int_eq(use_now().trials, 207);
    close_database();
}
END_TEST

START_TEST(test_racing_calls_make_as_many_studies_as_may_be)
{
    static struct job jobs[JOBS];
    int made = 0;
    open_database(_i);
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = job_of(CREATE, 0, 0);
        snprintf(jobs[i].name, sizeof jobs[i].name, "study %d", i);
    }
    crowd(_i, (struct user_quotas){.max_studies = 33}, jobs);
    for (int i = 0; i < JOBS; i++) {
        bool good = !jobs[i].command.error.code;
        ck_assert(good || jobs[i].command.error.code == ERROR_QUOTA);
        made += good;
    }
    ck_assert_int_eq(made, 33);
    ck_assert_int_eq(use_now().studies, 33);
    close_database();
}
END_TEST

// ---- users ------------------------------------------------------------------

START_TEST(test_the_last_administrator_cannot_leave)
{
    struct arena arena;
    struct user_row before, after;
    struct user_new boss = {.row = {.name = "boss", .admin = true}};
    struct user_change leave = {.disabled = -1, .admin = 0};
    struct user_change away = {.disabled = 1, .admin = -1};
    open_database(_i);
    arena_init(&arena);
    must(store_begin(store, &err));
    must(user_create(store, &boss, &err));
    must_fail(ERROR_CONFLICT, user_change(store, boss.row.id, &leave, &arena,
                                          &before, &after, &err));
    must_fail(ERROR_CONFLICT, user_change(store, boss.row.id, &away, &arena,
                                          &before, &after, &err));
    struct user_change rise = {.disabled = -1, .admin = 1};
    must(user_change(store, owner, &rise, &arena, &before, &after, &err));
    ck_assert(!before.admin && after.admin);
    must(user_change(store, boss.row.id, &away, &arena, &before, &after, &err));
    must_fail(ERROR_CONFLICT,
              user_change(store, owner, &leave, &arena, &before, &after, &err));
    must(store_commit(store, &err));
    arena_done(&arena);
    close_database();
}
END_TEST

START_TEST(test_a_name_stands_in_a_path)
{
    static const char *const bad[] = {"", "..", "a/b", "a b", "é", "a?"};
    (void)_i;
    must(user_name_check("anna.b-c_d@cern+x", &err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        must_fail(ERROR_INVALID, user_name_check(bad[i], &err));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("quota");
    TCase *tc = tcase_create("both databases");
    const TTest *const tests[] = {
        test_who_has_no_limit_opens_no_quota,
        test_own_quotas_go_before_those_of_the_settings,
        test_a_full_house_says_when_to_come_back_and_a_tell_makes_room,
        test_a_trial_that_waits_in_the_queue_is_no_new_one,
        test_bytes_stop_what_is_new_and_no_result,
        test_a_study_that_is_there_already_is_found_without_a_quota,
        test_racing_asks_of_many_studies_meet_each_quota_exactly,
        test_racing_calls_make_as_many_studies_as_may_be,
        test_the_last_administrator_cannot_leave,
        NULL,
    };
    for (size_t i = 0; tests[i] != NULL; i++)
        tcase_add_loop_test(tc, tests[i], 0, DATABASES);
    tcase_add_test(tc, test_a_name_stands_in_a_path);
    tcase_set_timeout(tc, 300);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
