// SPDX-License-Identifier: GPL-3.0-or-later
// test_clock.c - two looks at both clocks tell whether the wall clock was set

#include <check.h>
#include <stdlib.h>

#include "clock.h"

START_TEST(test_a_set_clock_is_told_from_one_that_ran)
{
    struct clock_look before = {.wall_ms = 1000000, .monotonic_us = 5000000};
    // A second later on both.
    struct clock_look ran = {.wall_ms = 1001000, .monotonic_us = 6000000};
    // The same second, and a day forward or an hour back.
    struct clock_look forward = {.wall_ms = 1001000 + 86400000,
                                 .monotonic_us = 6000000};
    struct clock_look back = {.wall_ms = 1001000 - 3600000,
                              .monotonic_us = 6000000};
    ck_assert_int_eq(clock_set_ms(before, ran), 0);
    ck_assert_int_eq(clock_set_ms(before, forward), 86400000);
    ck_assert_int_eq(clock_set_ms(before, back), -3600000);
    ck_assert_int_eq(clock_set_ms(before, before), 0);
}
END_TEST

START_TEST(test_the_clocks_of_this_machine_run_together)
{
    struct clock_look before = clock_look();
    struct clock_look after = clock_look();
    ck_assert_int_ge(after.monotonic_us, before.monotonic_us);
    ck_assert_int_gt(before.wall_ms, INT64_C(1700000000000)); // 2023
    ck_assert_int_lt(llabs(clock_set_ms(before, after)), 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clock");
    TCase *tc = tcase_create("clock");
    tcase_add_test(tc, test_a_set_clock_is_told_from_one_that_ran);
    tcase_add_test(tc, test_the_clocks_of_this_machine_run_together);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
