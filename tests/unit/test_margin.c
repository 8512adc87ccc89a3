// SPDX-License-Identifier: GPL-3.0-or-later
// test_margin.c - neighbouring levels keep their probability

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "margin.h"
#include "normal.h"

static const double margin = 0.02;

static const struct param ten = {
    .kind = PARAM_INT, .low = 0, .high = 9, .step = 1};
static const struct param two = {.kind = PARAM_BOOL, .n_choices = 2};

// The probability of a sample below a threshold.
static double below(const struct margin_axis *axis, double threshold)
{
    return normal_cdf((threshold - axis->mean) /
                      (axis->stretch * axis->deviation));
}

START_TEST(test_both_neighbours_get_half_of_the_margin)
{
    struct margin_axis axis = {.mean = 0.35, .deviation = 1e-9, .stretch = 1};
    margin_keep(&ten, margin, &axis);
    ck_assert_double_eq_tol(axis.mean, 0.35, 1e-12);
    ck_assert_double_eq_tol(below(&axis, 0.3), 0.01, 1e-9);
    ck_assert_double_eq_tol(below(&axis, 0.4), 0.99, 1e-9);
}
END_TEST

START_TEST(test_what_one_side_gets_the_others_lose)
{
    // P(below 0.3) = Phi(-0.01 / 0.008) = 0.105650 and P(above 0.4) is nearly
    // 0: it becomes 0.01, and the sum 1.01. The excess of 0.01 is taken from
    // what is above 0.01, 0.02 or so of 0.98: 0.105650 - 0.01 * 0.095650 /
    // 0.98.
    struct margin_axis axis = {.mean = 0.31, .deviation = 0.008, .stretch = 1};
    margin_keep(&ten, margin, &axis);
    ck_assert_double_eq_tol(below(&axis, 0.3), 0.104674, 1e-6);
    ck_assert_double_eq_tol(below(&axis, 0.4), 0.99, 1e-9);
}
END_TEST

START_TEST(test_a_wide_distribution_is_left_alone)
{
    struct margin_axis axis = {.mean = 0.31, .deviation = 0.1, .stretch = 1.5};
    margin_keep(&ten, margin, &axis);
    ck_assert_double_eq(axis.mean, 0.31);
    ck_assert_double_eq(axis.stretch, 1.5);
}
END_TEST

START_TEST(test_at_an_end_the_mean_comes_nearer)
{
    static const struct {
        const struct param *param;
        double mean, threshold;
    } rows[] = {{&two, 0.2, 0.5},  {&two, 0.9, 0.5},  {&ten, 0.02, 0.1},
                {&ten, 0.98, 0.9}, {&two, -0.3, 0.5}, {&ten, 1.4, 0.9}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct margin_axis axis = {
            .mean = rows[i].mean, .deviation = 0.005, .stretch = 2};
        margin_keep(rows[i].param, margin, &axis);
        double p = below(&axis, rows[i].threshold);
        ck_assert_double_eq(axis.stretch, 2);
        ck_assert_double_eq_tol(fmin(p, 1 - p), 0.02, 1e-12);
        ck_assert((axis.mean < rows[i].threshold) ==
                  (rows[i].mean < rows[i].threshold));
    }
}
END_TEST

START_TEST(test_levels_without_width_are_left_alone)
{
    const struct param huge = {
        .kind = PARAM_INT, .low = -0x1p53, .high = 0x1p53, .step = 1};
    struct margin_axis axis = {.mean = 0.7, .deviation = 1e-3, .stretch = 1};
    margin_keep(&huge, margin, &axis);
    ck_assert_double_eq(axis.mean, 0.7);
    ck_assert_double_eq(axis.stretch, 1);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("margin");
    tcase_add_test(cases, test_both_neighbours_get_half_of_the_margin);
    tcase_add_test(cases, test_what_one_side_gets_the_others_lose);
    tcase_add_test(cases, test_a_wide_distribution_is_left_alone);
    tcase_add_test(cases, test_at_an_end_the_mean_comes_nearer);
    tcase_add_test(cases, test_levels_without_width_are_left_alone);
    Suite *suite = suite_create("margin");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
