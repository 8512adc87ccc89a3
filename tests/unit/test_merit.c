// SPDX-License-Identifier: GPL-3.0-or-later
// test_merit.c - the order of results, and what was tried before

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "merit.h"
#include "spaces.h"
#include "tried.h"

static struct history history;

static void setup(void)
{
    space_init(&space);
    history_init(&history, &space);
}

static void teardown(void)
{
    history_done(&history);
    space_done(&space);
}

// A trial that ended with `value`, after `steps` reports.
static void end(enum trial_state state, double value, int steps)
{
    size_t number = history_append(&history, TRIAL_RUNNING, NULL);
    for (int step = 1; step <= steps; step++)
        history_report(&history, number, step, 0);
    history_move(&history, number, state, value);
}

// Six results from worst to best.
static void six_results(void)
{
    end(TRIAL_FAILED, NAN, 9);    // 0
    end(TRIAL_PRUNED, NAN, 2);    // 1
    end(TRIAL_PRUNED, 1, 2);      // 2
    end(TRIAL_PRUNED, 5, 3);      // 3
    end(TRIAL_COMPLETE, 1e9, 0);  // 4
    end(TRIAL_COMPLETE, -1e9, 0); // 5
}

START_TEST(test_complete_before_pruned_before_failed)
{
    six_results();
    for (uint32_t worse = 0; worse < 6; worse++)
        for (uint32_t better = worse; better < 6; better++) {
            struct merit a = merit_of(&history, better);
            struct merit b = merit_of(&history, worse);
            ck_assert((merit_compare(&a, &b) < 0) == (better != worse));
            ck_assert((merit_compare(&b, &a) > 0) == (better != worse));
        }
}
END_TEST

START_TEST(test_the_nearest_to_feasible_come_between_pruned_and_failed)
{
    history_done(&history);
    history_init_for(&history, &space, 1, 2);
    const double told[5][2] = {
        {9, -1}, {-5, 2}, {1, 0.5}, {NAN, 0.5}, {-1, -1}};
    for (size_t i = 0; i < 5; i++) {
        history_append(&history, TRIAL_RUNNING, NULL);
        history_enter(
            &history, i,
            &(struct result){.state = i < 4 ? TRIAL_INFEASIBLE : TRIAL_PRUNED,
                             .constraints = told[i]});
    }
    struct merit results[5];
    const uint32_t order[5] = {4, 2, 1, 0, 3}; // excess -, 1.5, 2, 9, unknown
    for (uint32_t i = 0; i < 5; i++)
        results[i] = merit_of(&history, i);
    ck_assert_int_eq(results[3].rank, MERIT_NONE);
    merit_select(results, 5, 5);
    for (size_t i = 0; i < 5; i++)
        ck_assert_uint_eq(results[i].number, order[i]);
}
END_TEST

START_TEST(test_of_equals_the_first_one_is_better)
{
    end(TRIAL_COMPLETE, 3, 0);
    end(TRIAL_COMPLETE, 3, 5);
    struct merit a = merit_of(&history, 0), b = merit_of(&history, 1);
    ck_assert_int_lt(merit_compare(&a, &b), 0);
}
END_TEST

START_TEST(test_values_that_are_no_numbers_have_no_merit)
{
    end(TRIAL_COMPLETE, NAN, 0);
    end(TRIAL_COMPLETE, -INFINITY, 0);
    end(TRIAL_INFEASIBLE, NAN, 0);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_int_eq(merit_of(&history, i).rank, MERIT_NONE);
}
END_TEST

START_TEST(test_the_best_are_selected_in_order)
{
    // Values 0 to 99, shuffled by 37 i mod 100.
    for (int i = 0; i < 100; i++)
        end(TRIAL_COMPLETE, i * 37 % 100, 0);
    for (size_t k = 0; k <= 100; k++) {
        struct merit results[100];
        for (uint32_t i = 0; i < 100; i++)
            results[i] = merit_of(&history, i);
        merit_select(results, 100, k);
        double sum = 0;
        for (size_t i = 0; i < 100; i++) {
            if (i < k)
                ck_assert_double_eq(results[i].value, (double)i);
            sum += results[i].value;
        }
        ck_assert_double_eq(sum, 4950); // none is lost
    }
}
END_TEST

// p is a bool; q another one, there when p holds.
static void two_bools(void)
{
    double one = 1;
    struct condition when = {.n = 1, .values = &one};
    add((struct param){.name = "p", .kind = PARAM_BOOL});
    add((struct param){.name = "q",
                       .kind = PARAM_BOOL,
                       .n_conditions = 1,
                       .conditions = &when});
}

START_TEST(test_a_point_is_tried_once_a_trial_has_it)
{
    two_bools();
    const double off[] = {0, NAN}, on[] = {1, 0}, other[] = {1, 1};
    history_append(&history, TRIAL_QUEUED, off);
    history_append(&history, TRIAL_RUNNING, on);
    history_append(&history, TRIAL_RUNNING, other);
    history_move(&history, 2, TRIAL_LOST, NAN);
    ck_assert(tried(&history, 3, off));
    ck_assert(tried(&history, 3, on));
    ck_assert(!tried(&history, 3, other)); // lost
    ck_assert(!tried(&history, 1, on));    // a later trial's
}
END_TEST

START_TEST(test_continuous_points_are_always_new)
{
    add((struct param){.name = "x", .kind = PARAM_FLOAT, .high = 1});
    history_append(&history, TRIAL_RUNNING, (double[]){0.5});
    ck_assert(!tried(&history, 1, (double[]){0.5}));
}
END_TEST

START_TEST(test_the_last_untried_point_is_found)
{
    // Of three points two are tried: 256 draws miss the third one with
    // probability (3/4)^256 = 1e-32, p being 0 half the time.
    two_bools();
    struct arena arena;
    arena_init(&arena);
    history_append(&history, TRIAL_RUNNING, (double[]){0, NAN});
    history_append(&history, TRIAL_RUNNING, (double[]){1, 1});
    struct rng rng = rng_at(1, 2);
    double point[2];
    ck_assert(tried_random_other(&history, 2, &rng, &arena, point));
    ck_assert(point[0] == 1 && point[1] == 0);
    history_append(&history, TRIAL_RUNNING, point);
    ck_assert(!tried_random_other(&history, 3, &rng, &arena, point));
    arena_done(&arena);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("merit");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_complete_before_pruned_before_failed);
    tcase_add_test(tests,
                   test_the_nearest_to_feasible_come_between_pruned_and_failed);
    tcase_add_test(tests, test_of_equals_the_first_one_is_better);
    tcase_add_test(tests, test_values_that_are_no_numbers_have_no_merit);
    tcase_add_test(tests, test_the_best_are_selected_in_order);
    tcase_add_test(tests, test_a_point_is_tried_once_a_trial_has_it);
    tcase_add_test(tests, test_continuous_points_are_always_new);
    tcase_add_test(tests, test_the_last_untried_point_is_found);
    Suite *suite = suite_create("merit");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
