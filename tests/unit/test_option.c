// SPDX-License-Identifier: GPL-3.0-or-later
// test_option.c - the tunable numbers of an algorithm, as a table

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "option.h"

enum { COUNT, SHARE, CLIP, LIMIT, OPTIONS };

static struct option options[OPTIONS];

static double values[OPTIONS];
static struct error err;

static void setup(void)
{
    options[COUNT] = (struct option){"count", OPTION_INT, 10, 1, 100, "n"};
    options[SHARE] = (struct option){"share", OPTION_REAL, 0.5, 0, 1, "s"};
    options[CLIP] = (struct option){"clip", OPTION_BOOL, 1, 0, 1, "c"};
    options[LIMIT] = (struct option){"limit", OPTION_REAL, NAN, -9, 9, "l"};
    error_clear(&err);
    option_defaults(options, OPTIONS, values);
}

static int set(const char *name, double value)
{
    return option_set(options, OPTIONS, name, value, values, &err);
}

START_TEST(test_defaults_are_the_standard_values)
{
    ck_assert_double_eq(values[COUNT], 10);
    ck_assert_double_eq(values[SHARE], 0.5);
    ck_assert_double_eq(values[CLIP], 1);
    ck_assert_double_nan(values[LIMIT]);
}
END_TEST

START_TEST(test_limits_are_inclusive)
{
    ck_assert_int_eq(set("count", 1), 0);
    ck_assert_double_eq(values[COUNT], 1);
    ck_assert_int_eq(set("count", 100), 0);
    ck_assert_double_eq(values[COUNT], 100);
    ck_assert_int_eq(set("clip", 0), 0);
    ck_assert_double_eq(values[CLIP], 0);
}
END_TEST

START_TEST(test_a_value_beyond_the_limits_is_named_with_them)
{
    ck_assert_int_eq(set("count", 101), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_str_eq(err.message, "count must be between 1 and 100, not 101");
    ck_assert_double_eq(values[COUNT], 10);
}
END_TEST

START_TEST(test_an_int_must_be_whole)
{
    ck_assert_int_eq(set("count", 2.5), -1);
    ck_assert_str_eq(err.message, "count must be an integer, not 2.5");
}
END_TEST

START_TEST(test_a_bool_must_be_0_or_1)
{
    ck_assert_int_eq(set("clip", 0.5), -1);
    ck_assert_str_eq(err.message, "clip must be true or false, not 0.5");
}
END_TEST

START_TEST(test_nan_is_allowed_only_where_it_is_the_default)
{
    ck_assert_int_eq(set("limit", 3), 0);
    ck_assert_int_eq(set("limit", NAN), 0);
    ck_assert_double_nan(values[LIMIT]);
    ck_assert_int_eq(set("share", NAN), -1);
    ck_assert_str_eq(err.message, "share must be a number");
}
END_TEST

START_TEST(test_infinity_is_beyond_the_limits)
{
    ck_assert_int_eq(set("share", INFINITY), -1);
    error_clear(&err);
    ck_assert_int_eq(set("count", -INFINITY), -1);
}
END_TEST

START_TEST(test_an_unknown_name_lists_the_known_ones)
{
    ck_assert_int_eq(set("cuont", 1), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_str_eq(err.message, "there is no option 'cuont', only count, "
                                  "share, clip, limit");
}
END_TEST

START_TEST(test_an_algorithm_without_options_says_so)
{
    ck_assert_int_eq(option_set(NULL, 0, "x", 1, NULL, &err), -1);
    ck_assert_str_eq(err.message, "there is no option 'x', nor any other");
}
END_TEST

START_TEST(test_many_long_names_fit_the_message)
{
    static char names[OPTION_MAX][64];
    struct option many[OPTION_MAX];
    for (int i = 0; i < OPTION_MAX; i++) {
        memset(names[i], 'a' + i, 63);
        many[i] = (struct option){names[i], OPTION_INT, 0, 0, 1, "h"};
    }
    ck_assert_int_eq(option_set(many, OPTION_MAX, "x", 1, NULL, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "aaaa"));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("option");
    tcase_add_checked_fixture(cases, setup, NULL);
    tcase_add_test(cases, test_defaults_are_the_standard_values);
    tcase_add_test(cases, test_limits_are_inclusive);
    tcase_add_test(cases, test_a_value_beyond_the_limits_is_named_with_them);
    tcase_add_test(cases, test_an_int_must_be_whole);
    tcase_add_test(cases, test_a_bool_must_be_0_or_1);
    tcase_add_test(cases, test_nan_is_allowed_only_where_it_is_the_default);
    tcase_add_test(cases, test_infinity_is_beyond_the_limits);
    tcase_add_test(cases, test_an_unknown_name_lists_the_known_ones);
    tcase_add_test(cases, test_an_algorithm_without_options_says_so);
    tcase_add_test(cases, test_many_long_names_fit_the_message);
    Suite *suite = suite_create("option");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
