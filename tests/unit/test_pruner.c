// SPDX-License-Identifier: GPL-3.0-or-later
// test_pruner.c - each pruner on cases worked out by hand

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "curve.h"
#include "pruning.h"
#include "rng.h"
#include "rung.h"

// A new trial with these values at the steps 1, 2, ...
static size_t curve(size_t n, const double *values)
{
    size_t number = history_append(&history, TRIAL_RUNNING, NULL);
    for (size_t i = 0; i < n; i++)
        history_report(&history, number, (int64_t)i + 1, values[i]);
    return number;
}

// ---- curve and rung ---------------------------------------------------------

START_TEST(test_quantiles_are_interpolated)
{
    // Sorted: 1 2 4 8. At 0.5: halfway between 2 and 4. At 1/3: place 1
    // exactly. At 0.9: place 2.7, 4 + 0.7 * 4.
    const double cases[][2] = {
        {0, 1}, {0.5, 3}, {1.0 / 3, 2}, {0.9, 6.8}, {1, 8}};
    for (size_t i = 0; i < 5; i++) {
        double values[] = {8, 1, 4, 2};
        ck_assert_double_eq_tol(curve_quantile(values, 4, cases[i][0]),
                                cases[i][1], 1e-12);
    }
    double one = 5, same[] = {3, 3, 3};
    ck_assert_double_eq(curve_quantile(&one, 1, 0.3), 5);
    ck_assert_double_eq(curve_quantile(same, 3, 0.3), 3);
    double infinite[] = {INFINITY, INFINITY, 1};
    ck_assert(curve_quantile(infinite, 3, 0.7) == INFINITY);
}
END_TEST

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

START_TEST(test_quantiles_agree_with_sorting)
{
    // At q = k / (n - 1) the quantile is the k-th order statistic.
    struct rng rng = rng_at(1, 2);
    for (size_t n = 2; n < 60; n++) {
        double values[60], sorted[60], work[60];
        for (size_t i = 0; i < n; i++)
            values[i] = sorted[i] = floor(rng_uniform(&rng) * 20);
        qsort(sorted, n, sizeof *sorted, by_size);
        for (size_t k = 0; k < n; k++) {
            for (size_t i = 0; i < n; i++)
                work[i] = values[i];
            double q = (double)k / (double)(n - 1);
            ck_assert_double_eq_tol(curve_quantile(work, n, q), sorted[k],
                                    1e-9);
        }
    }
}
END_TEST

START_TEST(test_a_checkpoint_is_the_first_report_of_its_interval)
{
    // Warm-up 4, then intervals of 3: 4-6, 7-9, 10-12. Reports at 3, 5, 6, 9.
    const int64_t steps[] = {3, 5, 6, 9};
    const bool decides[] = {false, true, false, true};
    size_t number = history_append(&history, TRIAL_RUNNING, NULL);
    const struct series *series = &history.series[number];
    for (size_t i = 0; i < 4; i++) {
        history_report(&history, number, steps[i], 1);
        ck_assert_uint_eq(curve_checkpoint(series, 4, 3),
                          decides[i] ? i : i + 1);
    }
}
END_TEST

START_TEST(test_rungs_are_powers_below_the_last_step)
{
    struct rung_ladder ladder = {.first = 2, .factor = 3, .last = 54};
    const int64_t cases[][2] = {{0, -1},  {1, -1},   {2, 2},   {5, 2},
                                {6, 6},   {17, 6},   {18, 18}, {53, 18},
                                {54, 18}, {1000, 18}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_int_eq(rung_at(ladder, cases[i][0]), cases[i][1]);
    // 2, 5, 12.5, 31.25: a rung between two steps is the upper one.
    struct rung_ladder odd = {.first = 2, .factor = 2.5, .last = INFINITY};
    ck_assert_int_eq(rung_at(odd, 12), 5);
    ck_assert_int_eq(rung_at(odd, 13), 13);
}
END_TEST

// ---- median, percentile -----------------------------------------------------

START_TEST(test_the_median_stops_the_worse_half)
{
    // At step 2 the others have 0.1, 0.2, 0.3, 0.4 and 0.5: median 0.3.
    choose("median");
    for (int i = 1; i <= 5; i++)
        curve(2, (double[]){1, 0.1 * i});
    size_t worse = curve(2, (double[]){0.9, 0.31});
    size_t equal = curve(2, (double[]){0.9, 0.3});
    // With `equal` and `worse` reported, each has six others: 0.1 0.2 0.3
    // 0.4 0.5 and the other one, medians 0.3 and 0.305.
    struct pruner_verdict verdict = decide(worse);
    ck_assert(verdict.prune);
    ck_assert_str_eq(verdict.reason,
                     "0.31 at step 2 is worse than the median 0.3 of 6 trials");
    ck_assert(!decide(equal).prune);
}
END_TEST

START_TEST(test_the_best_value_so_far_counts)
{
    // 0.2 at step 1 was better than the median 0.3 at step 2.
    choose("median");
    for (int i = 1; i <= 5; i++)
        curve(2, (double[]){1, 0.1 * i});
    ck_assert(!decide(curve(2, (double[]){0.2, 0.8})).prune);
}
END_TEST

START_TEST(test_nothing_stops_before_enough_trials_reported)
{
    choose("median");
    for (int i = 0; i < 4; i++)
        curve(1, (double[]){0.1});
    size_t bad = curve(1, (double[]){0.9});
    ck_assert(!decide(bad).prune);
    curve(1, (double[]){0.1});
    ck_assert(decide(bad).prune);
    set("n_startup_trials", 6);
    ck_assert(!decide(bad).prune);
}
END_TEST

START_TEST(test_enough_others_must_have_reached_the_step)
{
    choose("median");
    for (int i = 0; i < 5; i++)
        curve(1, (double[]){0.1});
    size_t bad = curve(3, (double[]){0.9, 0.9, 0.9});
    ck_assert(!decide(bad).prune); // nobody else is at step 3
    curve(3, (double[]){0.1, 0.1, 0.1});
    ck_assert(decide(bad).prune);
    set("n_min_trials", 2);
    ck_assert(!decide(bad).prune);
}
END_TEST

START_TEST(test_warm_up_and_interval_skip_steps)
{
    choose("median");
    set("n_warmup_steps", 2);
    set("interval_steps", 2); // decisions at 2 and 4
    for (int i = 0; i < 5; i++)
        curve(5, (double[]){0.1, 0.1, 0.1, 0.1, 0.1});
    size_t bad = history_append(&history, TRIAL_RUNNING, NULL);
    const bool expected[] = {false, true, false, true, false};
    for (int step = 1; step <= 5; step++) {
        history_report(&history, bad, step, 0.9);
        ck_assert(decide(bad).prune == expected[step - 1]);
    }
}
END_TEST

START_TEST(test_others_count_with_their_first_report_past_the_step)
{
    // The others skip step 2; at 3 they have 0.1.
    choose("median");
    for (int i = 0; i < 5; i++) {
        size_t number = curve(1, (double[]){0.9});
        history_report(&history, number, 3, 0.1);
    }
    ck_assert(decide(curve(2, (double[]){0.5, 0.5})).prune);
}
END_TEST

START_TEST(test_the_percentile_keeps_the_best_quarter)
{
    // Others at step 1: 0.1, 0.2, 0.3, 0.4, 0.5; the 25th percentile is at
    // place 1 of 0 to 4: 0.2.
    choose("percentile");
    for (int i = 1; i <= 5; i++)
        curve(1, (double[]){0.1 * i});
    struct pruner_verdict verdict = decide(curve(1, (double[]){0.25}));
    ck_assert_str_eq(
        verdict.reason,
        "0.25 at step 1 is worse than the percentile 0.2 of 5 trials");
    set("percentile", 75);
    ck_assert(!decide(5).prune);
}
END_TEST

// ---- threshold --------------------------------------------------------------

START_TEST(test_the_threshold_stops_outside_its_bounds)
{
    choose("threshold");
    struct error err = {0};
    ck_assert_int_eq(pruner->check(options, &err), -1);
    set("upper", 1);
    set("lower", -1);
    error_clear(&err);
    ck_assert_int_eq(pruner->check(options, &err), 0);
    const double cases[][2] = {{1, 0}, {1.5, 1}, {-1, 0}, {-1.5, 1}, {0, 0}};
    for (size_t i = 0; i < 5; i++)
        ck_assert(decide(curve(1, (double[]){cases[i][0]})).prune ==
                  (cases[i][1] != 0));
    ck_assert_str_eq(decide(1).reason,
                     "1.5 at step 1 is worse than the bound 1");
    set("lower", 2);
    ck_assert_int_eq(pruner->check(options, &err), -1);
    ck_assert_str_eq(err.message, "lower must not be above upper, not 2 > 1");
}
END_TEST

START_TEST(test_one_bound_is_enough)
{
    choose("threshold");
    set("upper", 1);
    ck_assert(!decide(curve(1, (double[]){-1e9})).prune);
    ck_assert(decide(curve(1, (double[]){2})).prune);
}
END_TEST

START_TEST(test_bounds_of_a_maximised_objective_are_negated)
{
    // The user maximises and wants accuracy above 0.2: lower = 0.2. Values
    // arrive negated; 0.1 becomes -0.1 > -0.2.
    choose("threshold");
    set("lower", 0.2);
    pruner->negate(options);
    ck_assert(!decide(curve(1, (double[]){-0.3})).prune);
    struct pruner_verdict verdict = decide(curve(1, (double[]){-0.1}));
    ck_assert(verdict.prune);
    pruner_explain_maximised(&verdict);
    ck_assert_str_eq(verdict.reason,
                     "0.1 at step 1 is worse than the bound 0.2");
}
END_TEST

// ---- asha, hyperband --------------------------------------------------------

START_TEST(test_asha_keeps_the_best_third_of_a_rung)
{
    // At rung 1: 0.1, 0.2, 0.3, 0.4. The quantile 1/3 is at place 1: 0.2.
    choose("asha");
    size_t trials[4];
    for (size_t i = 0; i < 4; i++)
        trials[i] = curve(1, (double[]){0.1 * (double)(i + 1)});
    ck_assert(!decide(trials[0]).prune);
    ck_assert(!decide(trials[1]).prune);
    ck_assert(decide(trials[2]).prune);
    ck_assert_str_eq(decide(trials[3]).reason,
                     "0.4 at step 1 is worse than the limit of the best share "
                     "0.2 of 4 trials");
}
END_TEST

START_TEST(test_asha_decides_at_rungs_only)
{
    // Rungs 1, 3, 9. The others are better everywhere.
    choose("asha");
    const double good[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
    for (int i = 0; i < 3; i++)
        curve(10, good);
    size_t bad = history_append(&history, TRIAL_RUNNING, NULL);
    for (int64_t step = 0; step <= 10; step++) {
        history_report(&history, bad, step, 0.9);
        ck_assert(decide(bad).prune == (step == 1 || step == 3 || step == 9));
    }
}
END_TEST

START_TEST(test_asha_judges_a_skipped_rung_at_the_next_report)
{
    choose("asha");
    for (int i = 0; i < 3; i++)
        curve(3, (double[]){0.1, 0.1, 0.1});
    size_t bad = history_append(&history, TRIAL_RUNNING, NULL);
    history_report(&history, bad, 5, 0.9);
    struct pruner_verdict verdict = decide(bad);
    ck_assert(verdict.prune);
    ck_assert_int_eq(verdict.step, 5);
    // A late report of step 3 takes its place at the rung; the verdict was
    // due then, not at 5.
    history_report(&history, bad, 3, 0.05);
    ck_assert(!decide(bad).prune);
}
END_TEST

START_TEST(test_asha_has_no_rung_at_the_last_step)
{
    choose("asha");
    set("max_resource", 9);
    const double good[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
    for (int i = 0; i < 3; i++)
        curve(9, good);
    size_t bad = curve(3, (double[]){0.9, 0.9, 0.9});
    ck_assert(decide(bad).prune);
    history_report(&history, bad, 9, 0.9);
    ck_assert(!decide(bad).prune);
    struct error err = {0};
    set("min_resource", 9);
    ck_assert_int_eq(pruner->check(options, &err), -1);
}
END_TEST

START_TEST(test_hyperband_spreads_trials_over_brackets)
{
    // max 9, factor 3: brackets 0, 1, 2 begin at steps 1, 3, 9 with shares
    // 9/3 : 3/2 : 1/1 = 6/11, 3/11, 2/11. A bad trial is stopped at step 1 in
    // bracket 0, at 3 in 0 and 1, and at 9, the last step, never.
    choose("hyperband");
    set("max_resource", 9);
    enum { N = 3000 };
    for (int i = 0; i < N; i++) // the first half is good
        curve(1, (double[]){i < N / 2 ? 0.1 : 0.9});
    int stopped[2] = {0};
    for (size_t i = N / 2; i < N; i++)
        stopped[0] += decide(i).prune;
    for (size_t i = 0; i < N; i++)
        history_report(&history, i, 3, i < N / 2 ? 0.1 : 0.9);
    for (size_t i = N / 2; i < N; i++)
        stopped[1] += decide(i).prune;
    // four standard deviations: 4 sqrt(p (1 - p) / 1500) < 0.052
    ck_assert_double_eq_tol(stopped[0] / (N / 2.0), 6.0 / 11, 0.052);
    ck_assert_double_eq_tol(stopped[1] / (N / 2.0), 9.0 / 11, 0.052);
}
END_TEST

START_TEST(test_hyperband_takes_the_largest_step_when_none_is_stated)
{
    // Nobody is past step 2: one bracket, beginning at 1, for all.
    choose("hyperband");
    for (int i = 0; i < 20; i++)
        curve(1, (double[]){i < 10 ? 0.1 : 0.9});
    for (size_t i = 10; i < 20; i++)
        ck_assert(decide(i).prune);
}
END_TEST

// ---- patience ---------------------------------------------------------------

START_TEST(test_a_patient_trial_stops_when_it_got_worse)
{
    // Patience 2: the last three reports against those before.
    choose("patient");
    set("patience", 2);
    size_t number = curve(5, (double[]){0.5, 0.4, 0.45, 0.41, 0.42});
    struct pruner_verdict verdict = decide(number);
    ck_assert_str_eq(verdict.reason,
                     "0.41 at step 5 is worse than its earlier best 0.4");
    set("min_delta", 0.02);
    ck_assert(!decide(number).prune);
    set("min_delta", 0);
    set("patience", 3); // 0.4 is among the last four
    ck_assert(!decide(number).prune);
    set("patience", 4); // there is nothing before the last five
    ck_assert(!decide(number).prune);
}
END_TEST

START_TEST(test_a_plateau_is_not_worse)
{
    choose("patient");
    set("patience", 0);
    ck_assert(!decide(curve(3, (double[]){0.5, 0.5, 0.5})).prune);
    ck_assert(decide(curve(3, (double[]){0.5, 0.5, 0.6})).prune);
}
END_TEST

START_TEST(test_a_patient_median_waits_while_the_trial_improves)
{
    choose("median");
    set("patience", 1);
    for (int i = 0; i < 5; i++)
        curve(4, (double[]){0.1, 0.1, 0.1, 0.1});
    ck_assert(!decide(curve(2, (double[]){0.7, 0.9})).prune); // too short
    ck_assert(!decide(curve(4, (double[]){0.9, 0.8, 0.7, 0.6})).prune);
    size_t worse = curve(4, (double[]){0.7, 0.6, 0.8, 0.9});
    ck_assert_str_eq(decide(worse).reason,
                     "0.6 at step 4 is worse than the median 0.1 of 6 trials");
    set("patience", 2); // 0.6 is among the last three
    ck_assert(!decide(worse).prune);
}
END_TEST

START_TEST(test_patience_makes_no_pruner_stop_more)
{
    // Worse than before, but better than the others.
    choose("median");
    set("patience", 0);
    for (int i = 0; i < 5; i++)
        curve(2, (double[]){0.9, 0.9});
    ck_assert(!decide(curve(2, (double[]){0.1, 0.2})).prune);
}
END_TEST

// ---- wilcoxon ---------------------------------------------------------------

START_TEST(test_four_lost_pairs_are_enough)
{
    // p = 1/2^n when all n pairs are lost: below 0.1 from n = 4 on.
    choose("wilcoxon");
    curve(6, (double[]){0.1, 0.1, 0.1, 0.1, 0.1, 0.1});
    ck_assert(!decide(curve(3, (double[]){0.2, 0.3, 0.4})).prune);
    size_t bad = curve(4, (double[]){0.2, 0.3, 0.4, 0.5});
    ck_assert_str_eq(decide(bad).reason,
                     "0.35 at step 4 is worse than the best trial's mean 0.1");
    set("n_startup_steps", 5);
    ck_assert(!decide(bad).prune);
    set("n_startup_steps", 4);
    set("p_threshold", 0.0625); // not below
    ck_assert(!decide(bad).prune);
}
END_TEST

START_TEST(test_pairs_are_of_the_same_step)
{
    // The best trial is better at each common step, 5 to 8, though not in the
    // order of the reports.
    choose("wilcoxon");
    size_t best = history_append(&history, TRIAL_RUNNING, NULL);
    size_t other = history_append(&history, TRIAL_RUNNING, NULL);
    for (int64_t step = 8; step >= 1; step--)
        history_report(&history, best, step, 0.1 * (double)step);
    for (int64_t step = 5; step <= 8; step++)
        history_report(&history, other, step, 0.1 * (double)step + 0.01);
    ck_assert(decide(other).prune);
    history_report(&history, other, 9,
                   -1); // not paired, but its mean is better
    ck_assert(!decide(other).prune);
}
END_TEST

START_TEST(test_the_best_trial_is_the_best_of_the_longest)
{
    // The shorter trial is better; the longest ones have the means 0.3 and 0.2.
    choose("wilcoxon");
    curve(2, (double[]){0, 0});
    curve(5, (double[]){0.3, 0.3, 0.3, 0.3, 0.3});
    curve(5, (double[]){0.2, 0.2, 0.2, 0.2, 0.2});
    struct pruner_verdict verdict =
        decide(curve(4, (double[]){0.25, 0.25, 0.25, 0.25}));
    ck_assert(verdict.prune);
    ck_assert_double_eq(verdict.limit, 0.2);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("pruner");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_quantiles_are_interpolated);
    tcase_add_test(tests, test_quantiles_agree_with_sorting);
    tcase_add_test(tests,
                   test_a_checkpoint_is_the_first_report_of_its_interval);
    tcase_add_test(tests, test_rungs_are_powers_below_the_last_step);
    tcase_add_test(tests, test_the_median_stops_the_worse_half);
    tcase_add_test(tests, test_the_best_value_so_far_counts);
    tcase_add_test(tests, test_nothing_stops_before_enough_trials_reported);
    tcase_add_test(tests, test_enough_others_must_have_reached_the_step);
    tcase_add_test(tests, test_warm_up_and_interval_skip_steps);
    tcase_add_test(tests,
                   test_others_count_with_their_first_report_past_the_step);
    tcase_add_test(tests, test_the_percentile_keeps_the_best_quarter);
    tcase_add_test(tests, test_the_threshold_stops_outside_its_bounds);
    tcase_add_test(tests, test_one_bound_is_enough);
    tcase_add_test(tests, test_bounds_of_a_maximised_objective_are_negated);
    tcase_add_test(tests, test_asha_keeps_the_best_third_of_a_rung);
    tcase_add_test(tests, test_asha_decides_at_rungs_only);
    tcase_add_test(tests, test_asha_judges_a_skipped_rung_at_the_next_report);
    tcase_add_test(tests, test_asha_has_no_rung_at_the_last_step);
    tcase_add_test(tests, test_hyperband_spreads_trials_over_brackets);
    tcase_add_test(tests,
                   test_hyperband_takes_the_largest_step_when_none_is_stated);
    tcase_add_test(tests, test_a_patient_trial_stops_when_it_got_worse);
    tcase_add_test(tests, test_a_plateau_is_not_worse);
    tcase_add_test(tests, test_a_patient_median_waits_while_the_trial_improves);
    tcase_add_test(tests, test_patience_makes_no_pruner_stop_more);
    tcase_add_test(tests, test_four_lost_pairs_are_enough);
    tcase_add_test(tests, test_pairs_are_of_the_same_step);
    tcase_add_test(tests, test_the_best_trial_is_the_best_of_the_longest);
    Suite *suite = suite_create("pruner");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
