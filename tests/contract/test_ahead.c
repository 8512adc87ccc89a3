// SPDX-License-Identifier: GPL-3.0-or-later
// test_ahead.c - suggestions made ahead are those of the pure function

#include "rng.h"
#include "studies.h"

#define GP ONE_FLOAT ",\"sampler\":{\"name\":\"gp\",\"seed\":5}"

static struct database database;
static struct store *store;
static struct live *live;
static int64_t study;

static void setup(void)
{
    store = database_ready(&database, ON_SQLITE);
    study = study_in(store, new_user(store, "anna"), "s", GP);
    live = NULL;
}

static void teardown(void)
{
    live_free(live);
    store_close(store);
    database_remove(&database);
}

// Asks for one trial; returns its number, -1 when it has to wait.
static int64_t ask(struct live **of)
{
    struct error err = {0};
    size_t number = 0;
    struct ask ask = {.n = 1, .numbers = &number};
    live_begin(of, store, study);
    int failed = trial_ask(*of, store, &ask, &err);
    if (failed)
        ck_assert_int_eq(err.code, ERROR_WAIT);
    live_commit(*of, store);
    return failed ? -1 : (int64_t)number;
}

static void tell(struct live **of, size_t number)
{
    struct error err = {0};
    live_begin(of, store, study);
    double x = *history_point(&(*of)->history, number);
    struct tell tell = {.number = (int64_t)number,
                        .state = -1,
                        .numbers = {.n_values = 1,
                                    .values = {(x - 0.3) * (x - 0.3)},
                                    .uncertainty = NAN},
                        .wall_s = NAN};
    must(trial_tell(*of, store, &tell, &err));
    live_commit(*of, store);
}

// Asks without waiting and tells, n times.
static void begin_with(size_t n)
{
    for (size_t i = 0; i < n; i++)
        tell(&live, (size_t)ask(&live));
    live->ahead.may_wait = true;
}

static void prepare(void)
{
    struct preparation *work = ahead_prepare(live);
    ahead_run(work);
    ahead_adopt(live, work);
}

// ---- one worker -------------------------------------------------------------

START_TEST(test_a_worker_that_is_alone_gets_what_its_last_result_taught)
{
    begin_with(12);
    for (int i = 0; i < 5; i++) {
        ck_assert(ahead_wants(live));
        prepare();
        ck_assert(!ahead_wants(live));
        size_t number = (size_t)ask(&live);
        ck_assert_uint_eq(live->history.seen[number], live->history.n_ended);
        tell(&live, number);
        ck_assert_int_eq(ask(&live), -1); // what was prepared is out of date
    }
    check_suggestions(live);
}
END_TEST

START_TEST(test_an_ask_for_many_waits_for_all_of_them)
{
    struct error err = {0};
    size_t numbers[10];
    struct ask many = {.n = 10, .numbers = numbers};
    begin_with(12);
    prepare();
    ck_assert_uint_eq(live->ahead.n, 1);
    live_begin(&live, store, study);
    for (size_t i = 0; i < 2; i++) { // 8 at once, then the last
        ck_assert_int_ne(trial_ask(live, store, &many, &err), 0);
        ck_assert_int_eq(err.code, ERROR_WAIT);
        error_clear(&err);
        ck_assert_uint_eq(live->history.n, 12); // nothing happened
        prepare();
        ck_assert_uint_eq(live->ahead.n, i ? 10 : 9);
    }
    must(trial_ask(live, store, &many, &err));
    live_commit(live, store);
    ck_assert_uint_eq(many.n_numbers, 10);
    ck_assert_uint_eq(live->ahead.n, 0);
    check_suggestions(live);
}
END_TEST

START_TEST(test_without_anybody_who_prepares_nothing_waits)
{
    begin_with(12);
    live->ahead.may_wait = false;
    ck_assert_int_eq(ask(&live), 12);
    check_suggestions(live);
}
END_TEST

START_TEST(test_nothing_is_prepared_for_a_study_that_hands_nothing_out)
{
    begin_with(12);
    live->state = STUDY_PAUSED;
    ck_assert(!ahead_wants(live));
    live->state = STUDY_RUNNING;
    ck_assert(ahead_wants(live));
    live->definition->budget.max_trials = 12;
    ck_assert(!ahead_wants(live));
}
END_TEST

// ---- many workers -----------------------------------------------------------

// 40 workers, and a preparation that takes as long as up to 12 of their calls.
START_TEST(test_suggestions_that_lack_results_are_pure_functions_too)
{
    enum { WORKERS = 40, TRIALS = 150 };
    struct rng rng = rng_at(7, (uint64_t)_i);
    struct preparation *work = NULL;
    size_t running[WORKERS], n = 0, behind = 0, due = 0, calls = 0;
    begin_with(12);
    while (live->history.n < TRIALS) {
        if (n < WORKERS) {
            int64_t number = ask(&live);
            if (number >= 0) {
                size_t lacks =
                    live->history.n_ended - live->history.seen[number];
                running[n++] = (size_t)number;
                behind += lacks > 0;
                ck_assert_uint_le(lacks, n / 8);
            }
        }
        if (n > WORKERS / 2 && rng_uniform(&rng) < 0.6) {
            size_t i = (size_t)rng_below(&rng, n);
            tell(&live, running[i]);
            running[i] = running[--n];
        }
        calls++;
        if (work && calls >= due) {
            ahead_run(work);
            ahead_adopt(live, work);
            work = NULL;
        }
        if (!work && ahead_wants(live)) {
            work = ahead_prepare(live);
            due = calls + (size_t)rng_below(&rng, 12);
        }
    }
    ahead_discard(work);
    ck_assert_uint_gt(behind, 10);
    check_suggestions(live);
    check_stored(live, store);
}
END_TEST

// ---- what is out of date ----------------------------------------------------

START_TEST(test_a_trial_of_another_instance_takes_the_number)
{
    struct live *other = NULL;
    begin_with(12);
    prepare();
    ck_assert_uint_eq(live->ahead.n, 1);
    ck_assert_int_eq(ask(&other), 12);
    ck_assert_int_eq(ask(&live), -1);
    ck_assert_uint_eq(live->ahead.n, 0);
    prepare();
    ck_assert_int_eq(ask(&live), 13);
    check_suggestions(live);
    live_free(other);
}
END_TEST

START_TEST(test_a_preparation_that_was_overtaken_is_dropped)
{
    struct live *other = NULL;
    begin_with(12);
    struct preparation *work = ahead_prepare(live);
    ck_assert_int_eq(ask(&other), 12);
    ck_assert_int_eq(ask(&live), -1); // catches up
    ahead_run(work);
    ahead_adopt(live, work);
    ck_assert_uint_eq(live->ahead.n, 0);
    live_free(other);
}
END_TEST

START_TEST(test_a_retry_takes_the_number)
{
    struct error err = {0};
    struct expiry expiry = {.number = 12, .now_ms = 2};
    begin_with(12);
    prepare();
    ck_assert_int_eq(ask(&live), 12);
    live_begin(&live, store, study);
    must(store_trial_lease(store, study, 12, 1, &err));
    must(trial_expire(live, store, &expiry, &err));
    live_commit(live, store);
    ck_assert(expiry.lost);
    prepare();
    ck_assert_int_eq(ask(&live), 13);
    ck_assert_int_eq(live->trials[13].retry_of, 12);
    ck_assert_uint_eq(live->ahead.n, 0);
    prepare();
    ck_assert_int_eq(ask(&live), 14);
    check_suggestions(live);
    check_stored(live, store);
}
END_TEST

START_TEST(test_another_definition_needs_other_suggestions)
{
    begin_with(12);
    prepare();
    struct preparation *work = ahead_prepare(live);
    live_define(live, definition_of("s", ONE_FLOAT ",\"sampler\":\"random\""));
    ck_assert_uint_eq(live->ahead.n, 0);
    ahead_run(work);
    ahead_adopt(live, work);
    ck_assert_uint_eq(live->ahead.n, 0);
    ck_assert(!ahead_wants(live)); // random points are no work
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ahead");
    TCase *tc = tcase_create("ahead");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(
        tc, test_a_worker_that_is_alone_gets_what_its_last_result_taught);
    tcase_add_test(tc, test_an_ask_for_many_waits_for_all_of_them);
    tcase_add_test(tc, test_without_anybody_who_prepares_nothing_waits);
    tcase_add_test(tc,
                   test_nothing_is_prepared_for_a_study_that_hands_nothing_out);
    tcase_add_loop_test(
        tc, test_suggestions_that_lack_results_are_pure_functions_too, 0, 3);
    tcase_add_test(tc, test_a_trial_of_another_instance_takes_the_number);
    tcase_add_test(tc, test_a_preparation_that_was_overtaken_is_dropped);
    tcase_add_test(tc, test_a_retry_takes_the_number);
    tcase_add_test(tc, test_another_definition_needs_other_suggestions);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
