// SPDX-License-Identifier: GPL-3.0-or-later
// test_extrapolate.c - the pruner that extrapolates, against quadrature

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "pruning.h"

// A trial that began at 0.9 and ended at 0.5, at step 9; the last step is 9.
static void set_up_extrapolation(void)
{
    choose("extrapolate");
    set("max_resource", 9);
    size_t number = history_append(&history, TRIAL_RUNNING, NULL);
    history_report(&history, number, 0, 0.9);
    history_report(&history, number, 9, 0.5);
}

static size_t curve_from_zero(size_t n, const double *values)
{
    size_t number = history_append(&history, TRIAL_RUNNING, NULL);
    for (size_t i = 0; i < n; i++)
        history_report(&history, number, (int64_t)i, values[i]);
    return number;
}

START_TEST(test_the_chance_to_be_the_best_agrees_with_quadrature)
{
    // P(y(9) < 0.5) after these four reports is 0.20384: the posterior of the
    // model in pruner_extrapolate.c, summed over a grid of b (12,001 points in
    // [-6, 6]) and noise (1,500 in [0.001, 30], logarithmic) for each g.
    set_up_extrapolation();
    size_t number = curve_from_zero(4, (double[]){1, 0.8, 0.75, 0.7});
    set("probability", 0.2037);
    ck_assert(!decide(number).prune);
    set("probability", 0.204);
    ck_assert_str_eq(
        decide(number).reason,
        "0.7 at step 3 is worse than the out-of-reach best 0.5 of 1 trial");
}
END_TEST

START_TEST(test_a_curve_that_flattens_stops_and_one_that_falls_does_not)
{
    set_up_extrapolation();
    const double flat[] = {1, 0.72, 0.71, 0.7, 0.7, 0.7};
    const double falling[] = {1, 0.94, 0.88, 0.82, 0.76, 0.7};
    ck_assert(decide(curve_from_zero(6, flat)).prune);
    ck_assert(!decide(curve_from_zero(6, falling)).prune);
}
END_TEST

START_TEST(test_extrapolation_waits_for_reports_and_for_an_end)
{
    set_up_extrapolation();
    size_t number = curve_from_zero(2, (double[]){5, 5});
    ck_assert(!decide(number).prune); // two reports
    history_report(&history, number, 2, INFINITY);
    ck_assert(!decide(number).prune); // still two finite ones
    history_report(&history, number, 3, 5);
    ck_assert(decide(number).prune);
    set("n_min_reports", 4);
    ck_assert(!decide(number).prune);
    set("n_min_reports", 3);
    set("max_resource", 10); // no trial has been there
    ck_assert(!decide(number).prune);
    set("max_resource", 3); // the trial is at its end
    ck_assert(!decide(number).prune);
    choose("extrapolate");
    struct error err = {0};
    ck_assert_int_eq(pruner->check(options, &err), -1);
}
END_TEST

START_TEST(test_extrapolation_does_not_depend_on_unit_and_origin)
{
    // 1000 y - 7: the same verdicts at the same probability.
    set_up_extrapolation();
    set("probability", 0.204);
    ck_assert(decide(curve_from_zero(4, (double[]){1, 0.8, 0.75, 0.7})).prune);
    history_done(&history);
    size_t number = history_append(&history, TRIAL_RUNNING, NULL);
    history_report(&history, number, 0, 893);
    history_report(&history, number, 9, 493);
    number = curve_from_zero(4, (double[]){993, 793, 743, 693});
    ck_assert(decide(number).prune);
    set("probability", 0.2037);
    ck_assert(!decide(number).prune);
}
END_TEST

START_TEST(test_the_leader_is_a_rival_before_any_trial_has_ended)
{
    // P(one ends below the other) is 0.0722: the mixtures of the two, found as
    // above, integrated over 200,000 quantiles of each of the leader's parts.
    // Taking the difference of two Student variables for one costs 0.004.
    choose("extrapolate");
    set("max_resource", 9);
    curve_from_zero(5, (double[]){0.9, 0.6, 0.5, 0.45, 0.42});
    size_t number = curve_from_zero(4, (double[]){1, 0.8, 0.75, 0.7});
    set("probability", 0.0622);
    ck_assert(!decide(number).prune);
    set("probability", 0.0822);
    ck_assert_str_eq(
        decide(number).reason,
        "0.7 at step 3 is worse than the out-of-reach leader at 0.42");
}
END_TEST

START_TEST(test_only_who_came_as_far_leads)
{
    choose("extrapolate");
    set("max_resource", 9);
    set("probability", 1);
    size_t number = curve_from_zero(4, (double[]){1, 0.8, 0.75, 0.7});
    size_t other = curve_from_zero(3, (double[]){0.9, 0.6, 0.5});
    ck_assert(!decide(number).prune); // one step behind
    history_report(&history, other, 3, 0.45);
    ck_assert(decide(number).prune);
    ck_assert(!decide(other).prune); // nobody leads it
    history_report(&history, other, 4, 0.8);
    ck_assert(!decide(number).prune); // it fell back
    history_report(&history, other, 5, NAN);
    ck_assert(!decide(number).prune);
    other = history_append(&history, TRIAL_RUNNING, NULL);
    history_report(&history, other, 5, 0.1);
    ck_assert(!decide(number).prune); // too few reports to tell
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("extrapolate");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests,
                   test_the_chance_to_be_the_best_agrees_with_quadrature);
    tcase_add_test(
        tests, test_a_curve_that_flattens_stops_and_one_that_falls_does_not);
    tcase_add_test(tests, test_extrapolation_waits_for_reports_and_for_an_end);
    tcase_add_test(tests,
                   test_extrapolation_does_not_depend_on_unit_and_origin);
    tcase_add_test(tests,
                   test_the_leader_is_a_rival_before_any_trial_has_ended);
    tcase_add_test(tests, test_only_who_came_as_far_leads);
    Suite *suite = suite_create("extrapolate");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
