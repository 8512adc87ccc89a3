// SPDX-License-Identifier: GPL-3.0-or-later
// test_duration.c - what a trial is expected to take

#include <check.h>
#include <math.h>
#include <string.h>

#include "duration.h"

static void enter(struct duration *duration, enum trial_state state,
                  double seconds, int n)
{
    for (int i = 0; i < n; i++)
        duration_enter(duration, duration_mark(state, seconds), 1);
}

// A bin is a sixteenth of an octave wide, and its upper edge is the answer.
static void check_about(const struct duration *duration, double seconds)
{
    double expected = duration_expected(duration);
    ck_assert_msg(expected >= seconds && expected <= seconds * exp2(1.0 / 16),
                  "%g, not %g", expected, seconds);
}

START_TEST(test_nothing_is_expected_of_fewer_than_three)
{
    struct duration duration = {0};
    ck_assert_double_eq(duration_expected(&duration), 0);
    enter(&duration, TRIAL_RUNNING, 1000, 50);
    enter(&duration, TRIAL_PRUNED, 1000, 50);
    enter(&duration, TRIAL_COMPLETE, 100, 2);
    ck_assert_double_eq(duration_expected(&duration), 0);
    enter(&duration, TRIAL_COMPLETE, 100, 1);
    ck_assert_double_gt(duration_expected(&duration), 0);
}
END_TEST

START_TEST(test_nine_in_ten_take_no_longer)
{
    struct duration duration = {0};
    for (int i = 1; i <= 10; i++)
        enter(&duration, TRIAL_COMPLETE, 10 * i, 1);
    check_about(&duration, 90);
    enter(&duration, TRIAL_COMPLETE, 1000, 10);
    check_about(&duration, 1000);
}
END_TEST

// 10 complete in 60 s. Of 30 more, 20 were pruned after 5 s: had they been
// observations of 5 s, fewer than one in ten would last 60 s once there are
// 100 of them; as lower bounds they change nothing.
START_TEST(test_a_pruned_trial_would_have_taken_longer)
{
    struct duration duration = {0};
    enter(&duration, TRIAL_COMPLETE, 60, 10);
    enter(&duration, TRIAL_PRUNED, 5, 1000);
    enter(&duration, TRIAL_INFEASIBLE, 5, 1000);
    check_about(&duration, 60);
}
END_TEST

// The first to complete are the quick ones. By Kaplan and Meier: of 20 at risk
// 10 complete at 10 s, so half survive; 5 of the 10 that are left complete at
// 100 s, a quarter survives; the 5 others still run after 200 s. More than one
// in ten outlasts all that completed: the answer is the longest time.
START_TEST(test_running_trials_keep_quick_ones_from_looking_typical)
{
    struct duration duration = {0};
    enter(&duration, TRIAL_COMPLETE, 10, 10);
    check_about(&duration, 10);
    enter(&duration, TRIAL_COMPLETE, 100, 5);
    enter(&duration, TRIAL_RUNNING, 200, 5);
    check_about(&duration, 200);
}
END_TEST

// Of 20, 18 complete at 10 s: one in ten survives, which is few enough.
START_TEST(test_a_tenth_that_runs_on_is_not_waited_for)
{
    struct duration duration = {0};
    enter(&duration, TRIAL_COMPLETE, 10, 18);
    enter(&duration, TRIAL_RUNNING, 5000, 2);
    check_about(&duration, 10);
}
END_TEST

START_TEST(test_what_brings_no_duration_says_nothing)
{
    static const enum trial_state states[] = {TRIAL_QUEUED, TRIAL_FAILED,
                                              TRIAL_LOST, TRIAL_CANCELLED};
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(duration_mark(states[i], 5), 0);
    ck_assert_int_eq(duration_mark(TRIAL_COMPLETE, 0), 0);
    ck_assert_int_eq(duration_mark(TRIAL_COMPLETE, -3600), 0);
    ck_assert_int_eq(duration_mark(TRIAL_COMPLETE, NAN), 0);
    ck_assert_int_eq(duration_mark(TRIAL_COMPLETE, 1e-300), 1);
    ck_assert_int_eq(duration_mark(TRIAL_COMPLETE, 1e300), DURATION_BINS);
    ck_assert_int_eq(duration_mark(TRIAL_PRUNED, INFINITY), -DURATION_BINS);
}
END_TEST

START_TEST(test_what_is_taken_out_leaves_no_trace)
{
    struct duration duration = {0}, before;
    enter(&duration, TRIAL_COMPLETE, 60, 5);
    enter(&duration, TRIAL_PRUNED, 7, 5);
    before = duration;
    for (int sign = 1; sign >= -1; sign -= 2)
        for (double seconds = 1e-4; seconds < 1e10; seconds *= 3) {
            duration_enter(&duration, duration_mark(TRIAL_COMPLETE, seconds),
                           sign);
            duration_enter(&duration, duration_mark(TRIAL_RUNNING, seconds),
                           sign);
        }
    ck_assert_mem_eq(&duration, &before, sizeof before);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("duration");
    TCase *tc = tcase_create("duration");
    tcase_add_test(tc, test_nothing_is_expected_of_fewer_than_three);
    tcase_add_test(tc, test_nine_in_ten_take_no_longer);
    tcase_add_test(tc, test_a_pruned_trial_would_have_taken_longer);
    tcase_add_test(tc,
                   test_running_trials_keep_quick_ones_from_looking_typical);
    tcase_add_test(tc, test_a_tenth_that_runs_on_is_not_waited_for);
    tcase_add_test(tc, test_what_brings_no_duration_says_nothing);
    tcase_add_test(tc, test_what_is_taken_out_leaves_no_trace);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
