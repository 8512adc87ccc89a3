// SPDX-License-Identifier: GPL-3.0-or-later
// test_engine.c - many commands, few transactions, nothing lost

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "engine.h"
#include "rng.h"
#include "studies.h"

static struct database database;
static struct store *store;
static struct error err;
static int64_t owner;

// ---- commands ---------------------------------------------------------------

enum kind {
    ASK,
    ASK_ONLY, // without computing the point once more
    TELL,
    REPORT,
    COMPARE,
    REPLAY,
    DELETE,
    BREAK,
    REFUSE,
    GATE,
    FAIL_AT
};

struct job {
    struct command command; // first, so that it can be cast
    int64_t number;         // asked or told
    int64_t step;           // of a report; of FAIL_AT the call that fails
    double value, point, fresh;
    size_t number_out;
    enum kind kind;
    enum trial_state state;
    int applied, done;
    bool had_live;
    bool open; // of the gate
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

// The suggestion that the whole pure function gives, without a kept model.
static double fresh_point(const struct live *live)
{
    const struct definition *d = live->definition;
    struct sampler_task task = {.space = &d->space,
                                .history = &live->history,
                                .options = d->sampler_options,
                                .seed = d->seed};
    struct arena arena;
    struct error fault = {0};
    double point = NAN;
    arena_init(&arena);
    sampler_suggest(d->sampler, &task, live->history.n, &arena,
                    &(struct suggestion){.point = &point}, &fault);
    arena_done(&arena);
    return point;
}

static int apply_ask(struct job *job, struct live *live, struct store *session,
                     struct error *fault)
{
    struct ask ask = {.n = 1, .numbers = &job->number_out};
    job->fresh = job->kind == ASK ? fresh_point(live) : NAN;
    if (trial_ask(live, session, &ask, fault))
        return -1;
    if (ask.n_numbers == 0)
        return error_set(fault, ERROR_INVALID, "%s", ask.reason);
    job->number = (int64_t)job->number_out;
    job->point = *history_point(&live->history, job->number_out);
    return 0;
}

static int apply_tell(struct job *job, struct live *live, struct store *session,
                      struct error *fault)
{
    struct tell tell = {.number = job->number,
                        .state = (int)job->state,
                        .numbers = {.n_values = isnan(job->value) ? 0u : 1u,
                                    .values = {job->value},
                                    .uncertainty = NAN},
                        .wall_s = NAN,
                        .lenient = true};
    return trial_tell(live, session, &tell, fault);
}

static int apply_report(struct job *job, struct live *live,
                        struct store *session, struct error *fault)
{
    struct report report = {
        .number = job->number, .step = job->step, .value = job->value};
    return trial_report(live, session, &report, fault);
}

// Loads the study once more and compares.
static int apply_compare(struct live *live, struct store *session,
                         struct error *fault)
{
    struct live *again = live_load(session, live->id, fault);
    ck_assert_ptr_nonnull(again);
    ck_assert_int_eq(live_catch_up(again, session, &live->progress,
                                   live->definition_revision, live->state,
                                   fault),
                     0);
    check_same_live(live, again);
    live_free(again);
    return 0;
}

static int wait_at_gate(struct job *job)
{
    pthread_mutex_lock(&mutex);
    pthread_cond_broadcast(&changed);
    while (!job->open)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
    return 0;
}

static int apply(struct command *command, struct live *live,
                 struct store *session, struct error *fault)
{
    struct job *job = (struct job *)command;
    pthread_mutex_lock(&mutex);
    bool first = job->applied++ == 0;
    pthread_mutex_unlock(&mutex);
    switch (job->kind) {
    case ASK:
    case ASK_ONLY:
        return apply_ask(job, live, session, fault);
    case TELL:
        return apply_tell(job, live, session, fault);
    case REPORT:
        return apply_report(job, live, session, fault);
    case COMPARE:
        return apply_compare(live, session, fault);
    case REPLAY:
        check_suggestions(live);
        return 0;
    case DELETE:
        return study_delete(live, session, fault);
    case BREAK:
        return error_set(fault, ERROR_INTERNAL, "broken");
    case REFUSE:
        return error_set(fault, ERROR_CONFLICT, "refused");
    case GATE:
        return wait_at_gate(job);
    case FAIL_AT:
        if (first)
            store_fail_at(session, (unsigned)job->step);
        return 0;
    }
    return -1;
}

static void done(struct command *command, const struct live *live)
{
    struct job *job = (struct job *)command;
    pthread_mutex_lock(&mutex);
    job->had_live = live != NULL;
    job->done++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static struct job job_of(enum kind kind, int64_t study)
{
    return (struct job){
        .command = {.study_id = study, .apply = apply, .done = done},
        .kind = kind,
        .state = TRIAL_COMPLETE};
}

static struct job tell_of(int64_t study, int64_t number, double value)
{
    struct job job = job_of(TELL, study);
    job.number = number;
    job.value = value;
    return job;
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

static void run_well(struct engine *engine, struct job *job)
{
    enum error_code code = run(engine, job);
    ck_assert_msg(code == ERROR_NONE, "%s", job->command.error.message);
    ck_assert(job->had_live || !job->command.study_id);
}

static void compare(struct engine *engine, int64_t study)
{
    struct job job = job_of(COMPARE, study);
    run_well(engine, &job);
}

// ---- engines ----------------------------------------------------------------

static atomic_size_t largest, batches;

static void observe(void *context, size_t commands, double seconds, int ok)
{
    (void)context;
    (void)ok;
    ck_assert(seconds >= 0);
    batches++;
    size_t most = largest;
    while (commands > most &&
           !atomic_compare_exchange_weak(&largest, &most, commands))
        ;
}

// What the engine said about a study: how often it was touched, and whether it
// is gone.
static int64_t watched;
static atomic_int touches;
static atomic_bool vanished;

static void touched(void *context, int64_t study_id, const struct live *live)
{
    (void)context;
    ck_assert_int_ne(study_id, 0);
    if (study_id != watched)
        return;
    touches++;
    vanished = vanished || (live && live->deleted);
}

static struct engine_options options_of(unsigned writers)
{
    return (struct engine_options){.database = database.url,
                                   .writers = writers,
                                   .batch = 64,
                                   .live_studies = 100,
                                   .max_waiting = 10000,
                                   .observe = observe,
                                   .touched = touched};
}

static struct engine *start(const struct engine_options *options)
{
    struct engine *engine = engine_start(options, &err);
    ck_assert_msg(engine != NULL, "%s", err.message);
    return engine;
}

static void open_database(int kind)
{
    store = database_ready(&database, kind);
    owner = new_user(store, "anna");
    largest = batches = 0;
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

// Keeps the writers of one thread busy until it is opened.
static void shut(struct engine *engine, struct job *gate)
{
    *gate = job_of(GATE, 0);
    engine_submit(engine, &gate->command);
    pthread_mutex_lock(&mutex);
    while (!gate->applied)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

static void open_gate(struct job *gate)
{
    pthread_mutex_lock(&mutex);
    gate->open = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

// ---- a crowd ----------------------------------------------------------------

enum { THREADS = 8, STUDIES = 20, ROUNDS = 25, AT_ONCE = 8 };

struct crowd {
    struct engine *engine;
    int64_t study[STUDIES];
    atomic_int asked[STUDIES][THREADS * ROUNDS * AT_ONCE];
    atomic_int n[STUDIES];
    atomic_int next_worker;
};

static void *work(void *context)
{
    struct crowd *crowd = context;
    struct job jobs[AT_ONCE];
    struct rng rng = rng_at(1, (uint64_t)crowd->next_worker++);
    for (int round = 0; round < ROUNDS; round++) {
        size_t of[AT_ONCE];
        for (int i = 0; i < AT_ONCE; i++) {
            of[i] = (size_t)rng_below(&rng, STUDIES);
            jobs[i] = job_of(ASK, crowd->study[of[i]]);
            engine_submit(crowd->engine, &jobs[i].command);
        }
        for (int i = 0; i < AT_ONCE; i++) {
            wait_for(&jobs[i]);
            ck_assert_int_eq(jobs[i].command.error.code, ERROR_NONE);
            ck_assert_int_eq(jobs[i].done, 1);
            crowd->asked[of[i]][jobs[i].number]++;
            crowd->n[of[i]]++;
            jobs[i] =
                tell_of(crowd->study[of[i]], jobs[i].number, rng_uniform(&rng));
            engine_submit(crowd->engine, &jobs[i].command);
        }
        for (int i = 0; i < AT_ONCE; i++) {
            wait_for(&jobs[i]);
            ck_assert_int_eq(jobs[i].command.error.code, ERROR_NONE);
            ck_assert_int_eq(jobs[i].done, 1);
        }
    }
    return NULL;
}

START_TEST(test_a_crowd_gets_dense_numbers_and_few_commits)
{
    struct crowd *crowd = calloc(1, sizeof *crowd);
    pthread_t threads[THREADS];
    ck_assert_ptr_nonnull(crowd);
    open_database(_i);
    for (int i = 0; i < STUDIES; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%d", i);
        crowd->study[i] = new_random(name);
    }
    struct engine_options options = options_of(3);
    crowd->engine = start(&options);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, crowd), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(engine_waiting(crowd->engine), 0);
    for (int i = 0; i < STUDIES; i++) {
        compare(crowd->engine, crowd->study[i]);
        for (int n = 0; n < crowd->n[i]; n++)
            ck_assert_int_eq(crowd->asked[i][n], 1);
    }
    ck_assert_uint_gt(largest, 1);
    ck_assert_uint_lt(batches, 2 * THREADS * ROUNDS * AT_ONCE);
    engine_stop(crowd->engine);
    free(crowd);
    close_database();
}
END_TEST

// ---- failures ---------------------------------------------------------------

// The jobs run as one batch. Only the first n are submitted.
static void run_together(struct engine *engine, struct job *jobs, size_t n)
{
    struct job gate;
    shut(engine, &gate);
    for (size_t i = 0; i < n; i++)
        engine_submit(engine, &jobs[i].command);
    open_gate(&gate);
    for (size_t i = 0; i < n; i++)
        wait_for(&jobs[i]);
    wait_for(&gate);
}

START_TEST(test_a_command_that_fails_does_not_fail_its_neighbours)
{
    open_database(_i);
    int64_t a = new_random("a"), b = new_random("b");
    struct engine_options options = options_of(1);
    struct engine *engine = start(&options);
    struct job jobs[] = {job_of(ASK, a),    job_of(REFUSE, a), job_of(ASK, a),
                         tell_of(a, 99, 1), job_of(BREAK, a),  job_of(ASK, b),
                         job_of(ASK, 4711), job_of(BREAK, b)};
    static const enum error_code codes[] = {
        ERROR_NONE,     ERROR_CONFLICT, ERROR_NONE,      ERROR_NOT_FOUND,
        ERROR_INTERNAL, ERROR_NONE,     ERROR_NOT_FOUND, ERROR_INTERNAL};
    size_t n = sizeof jobs / sizeof *jobs;
    run_together(engine, jobs, n);
    for (size_t i = 0; i < n; i++) {
        ck_assert_int_eq(jobs[i].command.error.code, codes[i]);
        ck_assert_int_eq(jobs[i].done, 1);
        ck_assert(jobs[i].had_live || codes[i] != ERROR_NONE);
    }
    ck_assert_int_eq(jobs[0].number, 0);
    ck_assert_int_eq(jobs[2].number, 1);
    compare(engine, a);
    compare(engine, b);
    engine_stop(engine);
    close_database();
}
END_TEST

START_TEST(test_a_deleted_study_is_not_found_by_those_behind)
{
    open_database(_i);
    int64_t a = new_random("a"), b = new_random("b");
    struct engine_options options = options_of(1);
    struct engine *engine = start(&options);
    struct job first = job_of(ASK, a);
    watched = a;
    touches = 0;
    vanished = false;
    run_well(engine, &first);
    ck_assert_int_eq(touches, 1);
    ck_assert(!vanished);
    struct job jobs[] = {job_of(DELETE, a), job_of(REPORT, a), tell_of(a, 0, 1),
                         job_of(ASK, b)};
    run_together(engine, jobs, 4);
    ck_assert_int_eq(jobs[0].command.error.code, ERROR_NONE);
    ck_assert(vanished);
    for (int i = 1; i < 3; i++)
        ck_assert_int_eq(jobs[i].command.error.code, ERROR_NOT_FOUND);
    ck_assert_int_eq(jobs[3].command.error.code, ERROR_NONE);
    struct job late = job_of(ASK, a), other = job_of(ASK, b);
    ck_assert_int_eq(run(engine, &late), ERROR_NOT_FOUND);
    run_well(engine, &other);
    engine_stop(engine);
    close_database();
}
END_TEST

// What was acknowledged is in the store.
static void check_kept(const struct job *jobs, size_t n)
{
    struct arena arena;
    struct trial_row row;
    arena_init(&arena);
    for (size_t i = 0; i < n; i++) {
        enum error_code code = jobs[i].command.error.code;
        ck_assert_int_eq(jobs[i].done, 1);
        ck_assert_msg(code == ERROR_NONE || code == ERROR_STORE ||
                          code == ERROR_BUSY,
                      "%s", jobs[i].command.error.message);
        if (code != ERROR_NONE)
            continue;
        must(store_trial_get(store, jobs[i].command.study_id, jobs[i].number,
                             &arena, &row, &err));
        if (jobs[i].kind != TELL)
            continue;
        ck_assert_int_eq(row.state, TRIAL_COMPLETE);
        ck_assert_double_eq(row.values[0], jobs[i].value);
    }
    arena_done(&arena);
}

// The n-th call of the store fails, for every n of the three transactions that
// follow: each begins, locks, writes, advances and commits in under 13 calls.
START_TEST(test_nothing_acknowledged_is_lost_when_the_store_fails)
{
    open_database(_i);
    int64_t a = new_random("a"), b = new_random("b");
    struct engine_options options = options_of(1);
    struct engine *engine = start(&options);
    struct job before = job_of(ASK, a);
    run_well(engine, &before);
    int failed = 0, repeated = 0;
    for (int n = 1; n <= 40; n++) {
        struct job arm = job_of(FAIL_AT, 0), next = job_of(ASK, a);
        run_well(engine, &next);
        arm.step = n;
        run(engine, &arm);
        struct job jobs[] = {job_of(ASK, a), tell_of(a, next.number, n),
                             job_of(ASK, b)};
        for (size_t i = 0; i < 3; i++) {
            engine_submit(engine, &jobs[i].command);
            wait_for(&jobs[i]);
        }
        for (size_t i = 0; i < 3; i++) {
            failed += jobs[i].command.error.code != ERROR_NONE;
            repeated += jobs[i].applied > 1;
        }
        check_kept(jobs, 3);
        struct job disarm = job_of(FAIL_AT, 0);
        disarm.step = 0;
        while (run(engine, &disarm) == ERROR_STORE)
            disarm = job_of(FAIL_AT, 0);
        compare(engine, a);
        compare(engine, b);
    }
    // Only a commit is not repeated: it writes the events, which is a call, and
    // counts as two more.
    ck_assert_int_eq(failed, 3 * 3);
    ck_assert_int_gt(repeated, 0);
    engine_stop(engine);
    close_database();
}
END_TEST

// ---- caches -----------------------------------------------------------------

#define TPE ONE_FLOAT ",\"sampler\":{\"name\":\"tpe\",\"seed\":5}"

static double bowl(double x)
{
    return (x - 0.3) * (x - 0.3);
}

static double step(struct engine *engine, int64_t study)
{
    struct job ask = job_of(ASK, study);
    run_well(engine, &ask);
    ck_assert(ask.point == ask.fresh);
    struct job tell = tell_of(study, ask.number, bowl(ask.point));
    run_well(engine, &tell);
    return ask.point;
}

START_TEST(test_a_kept_model_gives_the_answers_of_a_fresh_one)
{
    open_database(_i);
    int64_t study = study_in(store, owner, "s", TPE);
    struct engine_options options = options_of(1);
    struct engine *engine = start(&options);
    for (int i = 0; i < 300; i++) {
        struct job ask = job_of(ASK, study), tell;
        run_well(engine, &ask);
        ck_assert_msg(ask.point == ask.fresh, "trial %d", i);
        tell = tell_of(study, ask.number, bowl(ask.point));
        if (i % 10 == 3) { // a failure that turns out to be none, 5 later
            tell.state = TRIAL_FAILED;
            tell.value = NAN;
        } else if (i % 7 == 2) {
            tell.state = TRIAL_PRUNED;
        }
        run_well(engine, &tell);
        if (i % 10 == 8) {
            struct job late = tell_of(study, i - 5, 0.01 * (i % 30));
            run_well(engine, &late);
        }
        if (i % 7 == 4) { // a report of the pruned trial, after its end
            struct job report = job_of(REPORT, study);
            report.number = i - 2;
            report.step = i;
            report.value = 0.5;
            run_well(engine, &report);
        }
        if (i % 50 == 49)
            compare(engine, study);
    }
    engine_stop(engine);
    close_database();
}
END_TEST

// Eight workers of one study, whose suggestions are prepared meanwhile.
static void *ask_and_tell(void *context)
{
    struct crowd *crowd = context;
    int worker = crowd->next_worker++;
    for (int i = 0; i < 12; i++) {
        struct job ask = job_of(ASK_ONLY, crowd->study[0]), tell;
        run_well(crowd->engine, &ask);
        if (i % 6 == worker % 6) // the other ones overtake it
            usleep(2000);
        tell = tell_of(crowd->study[0], ask.number, bowl(ask.point));
        run_well(crowd->engine, &tell);
    }
    return NULL;
}

START_TEST(test_what_is_prepared_during_the_bustle_is_a_pure_function)
{
    struct crowd *crowd = calloc(1, sizeof *crowd);
    pthread_t threads[THREADS];
    ck_assert_ptr_nonnull(crowd);
    open_database(_i);
    crowd->study[0] =
        study_in(store, owner, "s",
                 ONE_FLOAT ",\"sampler\":{\"name\":\"gp\",\"seed\":5}");
    struct engine_options options = options_of(3);
    options.preparers = 2;
    crowd->engine = start(&options);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_and_tell, crowd),
                         0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    struct job replay = job_of(REPLAY, crowd->study[0]);
    run_well(crowd->engine, &replay);
    compare(crowd->engine, crowd->study[0]);
    engine_stop(crowd->engine);
    close_database();
    free(crowd);
}
END_TEST

// The models of gp are made by a thread of their own, after the transaction.
START_TEST(test_a_model_that_is_fitted_aside_gives_the_same_answers)
{
    open_database(_i);
    int64_t study =
        study_in(store, owner, "s",
                 ONE_FLOAT ",\"sampler\":{\"name\":\"gp\",\"seed\":5}");
    struct engine_options options = options_of(1);
    struct engine *engine = start(&options);
    for (int i = 0; i < 40; i++)
        step(engine, study);
    engine_stop(engine);
    close_database();
}
END_TEST

START_TEST(test_an_evicted_study_comes_back_the_same)
{
    int64_t study[3], alone;
    open_database(_i);
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%d", i);
        study[i] = study_in(store, owner, name, TPE);
    }
    alone = study_in(store, owner, "alone", TPE);
    struct engine_options options = options_of(1);
    struct engine *roomy = start(&options);
    double expected[30];
    for (int n = 0; n < 30; n++)
        expected[n] = step(roomy, alone);
    engine_stop(roomy);
    options.live_studies = 1;
    struct engine *narrow = start(&options);
    for (int n = 0; n < 30; n++)
        for (int i = 0; i < 3; i++) {
            ck_assert_double_eq(step(narrow, study[i]), expected[n]);
            ck_assert_uint_le(engine_live(narrow), 1);
        }
    for (int i = 0; i < 3; i++)
        compare(narrow, study[i]);
    engine_stop(narrow);
    close_database();
}
END_TEST

// ---- instances --------------------------------------------------------------

// What the study gives to one engine it gives to two that take turns, and both
// see the results in the same order.
START_TEST(test_two_instances_answer_like_one)
{
    open_database(ON_POSTGRES);
    int64_t alone = study_in(store, owner, "alone", TPE);
    int64_t shared = study_in(store, owner, "shared", TPE);
    struct engine_options options = options_of(2);
    struct engine *engines[2] = {start(&options), start(&options)};
    for (int n = 0; n < 60; n++) {
        double expected = step(engines[0], alone);
        ck_assert_double_eq(step(engines[n % 3 == 0], shared), expected);
    }
    compare(engines[0], shared);
    compare(engines[1], shared);
    engine_stop(engines[0]);
    engine_stop(engines[1]);
    close_database();
}
END_TEST

START_TEST(test_an_instance_sees_what_the_other_was_told)
{
    open_database(ON_POSTGRES);
    int64_t study = new_random("s");
    struct engine_options options = options_of(1);
    struct engine *a = start(&options), *b = start(&options);
    struct job asks[6];
    for (int i = 0; i < 6; i++) {
        asks[i] = job_of(ASK, study);
        run_well(i % 2 ? a : b, &asks[i]);
        ck_assert_int_eq(asks[i].number, i);
    }
    // In another order than that of the numbers, by turns.
    static const int order[] = {4, 1, 5, 0, 3, 2};
    for (int i = 0; i < 6; i++) {
        struct job tell = tell_of(study, order[i], order[i]);
        if (order[i] == 1 || order[i] == 3) {
            tell.state = TRIAL_FAILED;
            tell.value = NAN;
        }
        run_well(i % 3 ? a : b, &tell);
    }
    struct job late = tell_of(study, 1, -1);
    run_well(b, &late);
    compare(a, study);
    compare(b, study);
    struct job report = job_of(REPORT, study), drop = job_of(DELETE, study);
    run_well(a, &report);
    compare(b, study);
    run_well(a, &drop);
    struct job gone = job_of(ASK, study);
    ck_assert_int_eq(run(b, &gone), ERROR_NOT_FOUND);
    engine_stop(a);
    engine_stop(b);
    close_database();
}
END_TEST

// ---- the ends ---------------------------------------------------------------

START_TEST(test_too_many_commands_are_busy_at_once)
{
    open_database(_i);
    int64_t study = new_random("s");
    struct engine_options options = options_of(1);
    options.max_waiting = 3;
    struct engine *engine = start(&options);
    struct job gate, jobs[4];
    shut(engine, &gate);
    for (int i = 0; i < 4; i++) {
        jobs[i] = job_of(ASK, study);
        engine_submit(engine, &jobs[i].command);
    }
    for (int i = 2; i < 4; i++) { // the gate is one of the three
        ck_assert_int_eq(jobs[i].done, 1);
        ck_assert_int_eq(jobs[i].command.error.code, ERROR_BUSY);
    }
    open_gate(&gate);
    for (int i = 0; i < 2; i++) {
        wait_for(&jobs[i]);
        ck_assert_int_eq(jobs[i].command.error.code, ERROR_NONE);
    }
    wait_for(&gate);
    engine_stop(engine);
    close_database();
}
END_TEST

START_TEST(test_stopping_finishes_what_was_submitted)
{
    enum { N = 300 };
    static struct job jobs[N];
    open_database(_i);
    int64_t study[3] = {new_random("a"), new_random("b"), new_random("c")};
    struct engine_options options = options_of(2);
    options.batch = 7;
    struct engine *engine = start(&options);
    for (int i = 0; i < N; i++) {
        jobs[i] = job_of(ASK, study[i % 3]);
        engine_submit(engine, &jobs[i].command);
    }
    engine_stop(engine);
    for (int i = 0; i < N; i++) {
        ck_assert_int_eq(jobs[i].done, 1);
        ck_assert_int_eq(jobs[i].command.error.code, ERROR_NONE);
        ck_assert_int_eq(jobs[i].number, i / 3); // in order
    }
    ck_assert_uint_le(largest, 7);
    close_database();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("engine");
    TCase *tc = tcase_create("both databases");
    const TTest *const tests[] = {
        test_a_crowd_gets_dense_numbers_and_few_commits,
        test_a_command_that_fails_does_not_fail_its_neighbours,
        test_a_deleted_study_is_not_found_by_those_behind,
        test_nothing_acknowledged_is_lost_when_the_store_fails,
        test_a_kept_model_gives_the_answers_of_a_fresh_one,
        test_a_model_that_is_fitted_aside_gives_the_same_answers,
        test_what_is_prepared_during_the_bustle_is_a_pure_function,
        test_an_evicted_study_comes_back_the_same,
        test_too_many_commands_are_busy_at_once,
        test_stopping_finishes_what_was_submitted,
        NULL,
    };
    for (size_t i = 0; tests[i] != NULL; i++)
        tcase_add_loop_test(tc, tests[i], 0, DATABASES);
    tcase_add_test(tc, test_two_instances_answer_like_one);
    tcase_add_test(tc, test_an_instance_sees_what_the_other_was_told);
    tcase_set_timeout(tc, 300);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
