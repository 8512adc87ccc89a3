// SPDX-License-Identifier: GPL-3.0-or-later
// test_elite.c - the good results of a study, and points lent by others

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "elite.h"
#include "lent.h"

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_done(&arena);
}

static struct merit complete(uint32_t number, double value)
{
    return (struct merit){
        .number = number, .rank = MERIT_COMPLETE, .step = -1, .value = value};
}

START_TEST(test_a_share_of_the_results_is_good_up_to_a_limit)
{
    ck_assert_uint_eq(elite_count(0.15, 0), 0);
    ck_assert_uint_eq(elite_count(0.15, 1), 1);
    ck_assert_uint_eq(elite_count(0.15, 10), 2); // 1.5, rounded up
    ck_assert_uint_eq(elite_count(0.15, 1000), 25);
}
END_TEST

START_TEST(test_one_objective_is_ordered_by_merit)
{
    const double value[] = {3, 1, 2};
    struct outcomes of = {.m = 1, .value = value};
    struct merit results[3];
    for (uint32_t i = 0; i < 3; i++)
        results[i] = complete(i, value[i]);
    elite_select(&of, results, 3, 2, &arena);
    ck_assert_uint_eq(results[0].number, 1);
    ck_assert_uint_eq(results[1].number, 2);
    ck_assert_uint_eq(results[2].number, 0);
}
END_TEST

START_TEST(test_weights_are_improvements_over_the_best_bad_result)
{
    // 1 and 2 against 5: improvements of 4 and 3, the largest counts 1.
    const double value[] = {1, 2, 5};
    struct outcomes of = {.m = 1, .value = value};
    struct merit best[] = {complete(0, 1), complete(1, 2), complete(2, 5)};
    double weight[2];
    elite_weigh(&of, best, 2, 3, &arena, weight);
    ck_assert_double_eq(weight[0], 1);
    ck_assert_double_eq(weight[1], 0.75);
    elite_weigh(&of, best, 2, 2, &arena, weight); // no bad one
    ck_assert_double_eq(weight[0], 1);
    ck_assert_double_eq(weight[1], 1);
}
END_TEST

START_TEST(test_huge_improvements_are_finite)
{
    const double value[] = {-1.7e308, 0, 1.7e308};
    struct outcomes of = {.m = 1, .value = value};
    struct merit best[3];
    for (uint32_t i = 0; i < 3; i++)
        best[i] = complete(i, value[i]);
    double weight[2];
    elite_weigh(&of, best, 2, 3, &arena, weight);
    ck_assert_double_eq(weight[0], 1);
    ck_assert_double_eq(weight[1], 0.5);
}
END_TEST

// Two fronts: (0, 4), (1, 2), (2, 1), (4, 0) and, behind them, (3, 3), (4, 4).
static const double fronts[] = {3, 3, 0, 4, 2, 1, 4, 4, 1, 2, 4, 0};

START_TEST(test_fronts_come_one_after_the_other)
{
    struct outcomes of = {.m = 2, .value = fronts};
    struct merit results[6];
    for (uint32_t i = 0; i < 6; i++)
        results[i] = complete(i, fronts[2 * i]);
    elite_select(&of, results, 6, 5, &arena);
    const uint32_t expected[] = {1, 2, 4, 5, 0, 3};
    for (int i = 0; i < 6; i++)
        ck_assert_uint_eq(results[i].number, expected[i]);
}
END_TEST

START_TEST(test_of_a_front_those_that_cover_most_come_first)
{
    // The reference is 0.1 of the range beyond the worst: (4.4, 4.4). Alone,
    // (1, 2) covers 3.4 * 2.4 = 8.16, (2, 1) as much, and the first of equals
    // wins: number 2, (2, 1). Then (1, 2) adds 1 * 2.4 = 2.4, (0, 4)
    // 2 * 0.4 = 0.8, and (4, 0) 0.4 * 1 = 0.4 only.
    struct outcomes of = {.m = 2, .value = fronts};
    struct merit results[6];
    for (uint32_t i = 0; i < 6; i++)
        results[i] = complete(i, fronts[2 * i]);
    elite_select(&of, results, 6, 3, &arena);
    ck_assert_uint_eq(results[0].number, 2);
    ck_assert_uint_eq(results[1].number, 4);
    ck_assert_uint_eq(results[2].number, 1);
}
END_TEST

START_TEST(test_weights_of_a_front_are_what_the_volume_would_lose)
{
    // With the reference (4.4, 4.4): without (1, 2) it loses the rectangle
    // [1, 2] x [2, 4] = 2, without (2, 1) [2, 4] x [1, 2] = 2, without (0, 4)
    // [0, 1] x [4, 4.4] = 0.4, and without (4, 0) 0.4.
    struct outcomes of = {.m = 2, .value = fronts};
    struct merit best[] = {complete(2, 2), complete(4, 1), complete(1, 0),
                           complete(5, 4)};
    double weight[4];
    elite_weigh(&of, best, 4, 4, &arena, weight);
    ck_assert_double_eq_tol(weight[0], 1, 1e-12);
    ck_assert_double_eq_tol(weight[1], 1, 1e-12);
    ck_assert_double_eq_tol(weight[2], 0.2, 1e-12);
    ck_assert_double_eq_tol(weight[3], 0.2, 1e-12);
}
END_TEST

START_TEST(test_results_without_all_values_come_last)
{
    const double value[] = {0, NAN, 5, 5, -INFINITY, 0, NAN, NAN};
    struct outcomes of = {.m = 2, .value = value};
    struct merit results[] = {
        complete(0, 0), complete(1, 5), complete(2, -INFINITY),
        (struct merit){
            .number = 3, .rank = MERIT_INFEASIBLE, .step = -1, .value = 2}};
    elite_select(&of, results, 4, 2, &arena);
    ck_assert_uint_eq(results[0].number, 1);
    ck_assert_uint_eq(results[1].number, 3);
    ck_assert_int_eq(results[2].rank, MERIT_NONE);
    ck_assert_int_eq(results[3].rank, MERIT_NONE);
    double weight[2];
    elite_weigh(&of, results, 2, 2, &arena, weight);
    ck_assert_double_eq(weight[0], 1);
    ck_assert_double_eq(weight[1], 1e-12);
}
END_TEST

START_TEST(test_every_number_of_results_can_be_chosen)
{
    // A permutation whatever k is, with ties, duplicates and dominated ones.
    enum { N = 40 };
    double value[3 * N];
    struct rng rng = rng_at(1, 0);
    for (size_t i = 0; i < 3 * N; i++)
        value[i] = (double)rng_below(&rng, 4);
    struct outcomes of = {.m = 3, .value = value};
    for (size_t k = 0; k <= N; k++) {
        struct merit results[N];
        bool seen[N] = {false};
        for (uint32_t i = 0; i < N; i++)
            results[i] = complete(i, value[3 * i]);
        elite_select(&of, results, N, k, &arena);
        for (size_t i = 0; i < N; i++) {
            ck_assert(!seen[results[i].number]);
            seen[results[i].number] = true;
        }
        arena_reset(&arena);
    }
}
END_TEST

// ---- points of other studies ------------------------------------------------

START_TEST(test_each_study_lends_its_own_best)
{
    // The best of the second study is worse than anything in the first one.
    double unit[40], value[40];
    uint32_t source[40];
    for (uint32_t i = 0; i < 40; i++) {
        unit[i] = i / 40.0;
        source[i] = i % 2;
        value[i] = (i % 2 ? 1000 : 0) + (double)i;
    }
    struct prior prior = {.n = 40,
                          .n_sources = 2,
                          .unit = unit,
                          .value = value,
                          .source = source};
    struct rows good = rows_for(40, &arena), bad = rows_for(40, &arena);
    lent_deal(
        &(struct lent_plan){
            .prior = &prior, .d = 1, .m = 1, .share = 0.15, .weight = 0.5},
        &arena, &good, &bad);
    // 0.15 * 20 = 3 of each: trials 0, 2, 4 and 1, 3, 5
    const uint32_t expected[] = {0, 2, 4, 1, 3, 5};
    ck_assert_uint_eq(good.n, 6);
    ck_assert_uint_eq(bad.n, 34);
    for (int i = 0; i < 6; i++) {
        ck_assert_ptr_eq(good.unit[i], unit + expected[i]);
        ck_assert_double_eq(good.weight[i], 0.5);
    }
}
END_TEST

START_TEST(test_many_points_of_other_studies_are_thinned_out)
{
    // 3000 results: 25 good ones, and 201 of 2975 bad ones that weigh as much
    // as all of them.
    enum { N = 3000 };
    static double unit[N], value[N];
    static uint32_t source[N];
    for (uint32_t i = 0; i < N; i++)
        unit[i] = value[i] = i / (double)N;
    struct prior prior = {
        .n = N, .n_sources = 1, .unit = unit, .value = value, .source = source};
    struct rows good = rows_for(N, &arena), bad = rows_for(N, &arena);
    lent_deal(
        &(struct lent_plan){
            .prior = &prior, .d = 1, .m = 1, .share = 0.15, .weight = 1},
        &arena, &good, &bad);
    ck_assert_uint_eq(good.n, 25);
    ck_assert_uint_eq(bad.n, 1 + LENT_BAD);
    double sum = 0;
    for (size_t i = 0; i < bad.n; i++) {
        ck_assert(*bad.unit[i] >= 25.0 / N);
        sum += bad.weight[i];
    }
    ck_assert_double_eq_tol(sum, N - 25, 1e-6);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("elite");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_a_share_of_the_results_is_good_up_to_a_limit);
    tcase_add_test(tests, test_one_objective_is_ordered_by_merit);
    tcase_add_test(tests,
                   test_weights_are_improvements_over_the_best_bad_result);
    tcase_add_test(tests, test_huge_improvements_are_finite);
    tcase_add_test(tests, test_fronts_come_one_after_the_other);
    tcase_add_test(tests, test_of_a_front_those_that_cover_most_come_first);
    tcase_add_test(tests,
                   test_weights_of_a_front_are_what_the_volume_would_lose);
    tcase_add_test(tests, test_results_without_all_values_come_last);
    tcase_add_test(tests, test_every_number_of_results_can_be_chosen);
    tcase_add_test(tests, test_each_study_lends_its_own_best);
    tcase_add_test(tests, test_many_points_of_other_studies_are_thinned_out);
    Suite *suite = suite_create("elite");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
