// SPDX-License-Identifier: GPL-3.0-or-later
// test_subset.c - the results that a model sees when there are too many

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "rng.h"
#include "subset.h"

enum { N = 1000, MOST = 120 };

static struct arena arena;
static struct space space;
static struct history history;
static uint32_t number[N];

static void setup(void)
{
    struct error err = {0};
    arena_init(&arena);
    space_init(&space);
    ck_assert(
        space_add(&space,
                  &(struct param){.name = "x", .kind = PARAM_FLOAT, .high = 1},
                  &err) == 0);
    history_init(&history, &space);
    // Random points with the values (x - 0.7)^2.
    struct rng rng = rng_at(1, 0);
    for (uint32_t i = 0; i < N; i++) {
        double x = rng_uniform(&rng);
        number[i] = i;
        history_move(&history, history_append(&history, TRIAL_RUNNING, &x),
                     TRIAL_COMPLETE, (x - 0.7) * (x - 0.7));
    }
}

static void teardown(void)
{
    history_done(&history);
    space_done(&space);
    arena_done(&arena);
}

START_TEST(test_few_results_are_left_as_they_are)
{
    ck_assert_uint_eq(subset_select(&history, N, N, number, &arena), N);
    for (uint32_t i = 0; i < N; i++)
        ck_assert_uint_eq(number[i], i);
}
END_TEST

START_TEST(test_the_best_and_those_near_it_and_some_others_are_taken)
{
    ck_assert_uint_eq(subset_select(&history, MOST, N, number, &arena), MOST);
    ck_assert_int_eq(number[0], history.best);
    bool taken[N] = {false};
    size_t near = 0, far = 0;
    double best = *history_point(&history, number[0]);
    for (size_t i = 0; i < MOST; i++) {
        ck_assert(!taken[number[i]]);
        taken[number[i]] = true;
        double distance = fabs(*history_point(&history, number[i]) - best);
        near += distance < 0.06;
        far += distance > 0.2;
    }
    // 90 of 1000 within 0.045 or so of the best; the other 30 over [0, 1]
    ck_assert_uint_ge(near, 90);
    ck_assert_uint_ge(far, 10);
    for (uint32_t i = 0; i < N; i++)
        if (fabs(*history_point(&history, i) - best) < 0.03)
            ck_assert(taken[i]);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("subset");
    tcase_set_timeout(tests, 10);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_few_results_are_left_as_they_are);
    tcase_add_test(tests,
                   test_the_best_and_those_near_it_and_some_others_are_taken);
    Suite *suite = suite_create("subset");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
