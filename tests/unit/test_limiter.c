// SPDX-License-Identifier: GPL-3.0-or-later
// test_limiter.c - what is allowed in a minute, and no more

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "limiter.h"

static const int64_t second_us = 1000000;
static const int64_t start_us = INT64_C(5000000000);
static struct limiter *limiter;

static void start(void)
{
    limiter = limiter_new(1024);
}

static void stop(void)
{
    limiter_free(limiter);
}

// Takes until it is refused; returns how many there were.
static unsigned take_all(uint64_t key, unsigned per_minute, int64_t now_us)
{
    unsigned n = 0;
    while (limiter_take(limiter, key, per_minute, now_us) == 0)
        n++;
    return n;
}

START_TEST(test_a_minutes_worth_may_come_at_once_and_no_more)
{
    static const unsigned rates[] = {1, 7, 60, 600000};
    ck_assert_uint_eq(take_all(1, rates[_i], start_us), rates[_i]);
}
END_TEST

START_TEST(test_what_was_taken_comes_back_evenly)
{
    take_all(1, 60, start_us); // one comes back each second
    ck_assert_uint_eq(take_all(1, 60, start_us + second_us - 1), 0);
    ck_assert_uint_eq(take_all(1, 60, start_us + second_us), 1);
    ck_assert_uint_eq(take_all(1, 60, start_us + 11 * second_us), 10);
    // A bucket holds a minute's worth, however long nobody came.
    ck_assert_uint_eq(take_all(1, 60, start_us + 10000 * second_us), 60);
}
END_TEST

START_TEST(test_the_wait_is_exact)
{
    take_all(1, 6, start_us); // one in ten seconds
    int64_t wait = limiter_take(limiter, 1, 6, start_us + 3 * second_us);
    ck_assert_int_ge(wait, 7 * second_us);
    ck_assert_int_le(wait, 7 * second_us + 1);
    int64_t then = start_us + 3 * second_us + wait;
    ck_assert_int_eq(limiter_take(limiter, 1, 6, then), 0);
}
END_TEST

START_TEST(test_a_refusal_costs_nothing)
{
    take_all(1, 60, start_us);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_gt(limiter_take(limiter, 1, 60, start_us), 0);
    ck_assert_int_eq(limiter_take(limiter, 1, 60, start_us + second_us), 0);
}
END_TEST

START_TEST(test_a_look_takes_nothing)
{
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(limiter_look(limiter, 1, 2, start_us), 0);
    ck_assert_uint_eq(take_all(1, 2, start_us), 2);
    ck_assert_int_gt(limiter_look(limiter, 1, 2, start_us), 0);
}
END_TEST

START_TEST(test_keys_do_not_share)
{
    take_all(1, 5, start_us);
    ck_assert_uint_eq(take_all(2, 5, start_us), 5);
    ck_assert_uint_eq(take_all(0, 5, start_us), 5);
    ck_assert_uint_eq(take_all(UINT64_MAX, 5, start_us), 5);
}
END_TEST

// A million addresses, one request each, in a table for 1024: somebody who has
// used up everything is forgotten only by whoever owes more, and nobody does.
START_TEST(test_a_crowd_of_others_does_not_clear_a_debt)
{
    take_all(7, 60, start_us);
    for (uint64_t key = 1000; key < 1001000; key++)
        limiter_take(limiter, key, 60, start_us);
    ck_assert_int_gt(limiter_take(limiter, 7, 60, start_us), 0);
}
END_TEST

START_TEST(test_a_newcomer_is_served_however_full_the_table_is)
{
    for (uint64_t key = 1000; key < 11000; key++)
        take_all(key, 3, start_us);
    ck_assert_uint_eq(take_all(5, 3, start_us), 3);
}
END_TEST

START_TEST(test_a_request_costs_little)
{
    enum { N = 1000000 };
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; i < N; i++)
        limiter_take(limiter, (uint64_t)i % 1000, 600000, start_us + i);
    clock_gettime(CLOCK_MONOTONIC, &to);
    double ns = ((double)(to.tv_sec - from.tv_sec) * 1e9 +
                 (double)(to.tv_nsec - from.tv_nsec)) /
                N;
    fprintf(stderr, "a look at a limit takes %.0f ns\n", ns);
    ck_assert_double_lt(ns, 20000);
}
END_TEST

int main(void)
{
    const TTest *const all[] = {
        test_what_was_taken_comes_back_evenly,
        test_the_wait_is_exact,
        test_a_refusal_costs_nothing,
        test_a_look_takes_nothing,
        test_keys_do_not_share,
        test_a_crowd_of_others_does_not_clear_a_debt,
        test_a_newcomer_is_served_however_full_the_table_is,
        test_a_request_costs_little,
    };
    Suite *suite = suite_create("limiter");
    TCase *cases = tcase_create("limiter");
    tcase_add_checked_fixture(cases, start, stop);
    tcase_add_loop_test(
        cases, test_a_minutes_worth_may_come_at_once_and_no_more, 0, 4);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        tcase_add_test(cases, all[i]);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
