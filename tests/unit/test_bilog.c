// SPDX-License-Identifier: GPL-3.0-or-later
// test_bilog.c - compressed constraints keep their sign and lose their unit

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "bilog.h"

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_done(&arena);
}

START_TEST(test_a_small_case)
{
    // The median of |c| is 2: ln 1.5, ln 2, ln 3 with signs; the root of their
    // mean square is 0.7887.
    struct bilog bilog = bilog_fit((double[]){-2, 4, 1}, 3, &arena);
    double size =
        sqrt((pow(log(1.5), 2) + pow(log(2), 2) + pow(log(3), 2)) / 3);
    ck_assert_double_eq_tol(bilog_value(&bilog, 1), log(1.5) / size, 1e-15);
    ck_assert_double_eq_tol(bilog_value(&bilog, -2), -log(2) / size, 1e-15);
    ck_assert_double_eq_tol(bilog_value(&bilog, 4), log(3) / size, 1e-15);
    ck_assert_double_eq(bilog_value(&bilog, 0), 0);
}
END_TEST

START_TEST(test_the_unit_does_not_matter)
{
    struct bilog small = bilog_fit((double[]){-2, 4, 1}, 3, &arena);
    struct bilog large = bilog_fit((double[]){-2e9, 4e9, 1e9}, 3, &arena);
    for (double c = -10; c <= 10; c += 0.5)
        ck_assert_double_eq_tol(bilog_value(&small, c),
                                bilog_value(&large, 1e9 * c), 1e-12);
}
END_TEST

START_TEST(test_the_order_and_the_sign_are_kept)
{
    const double values[] = {-DBL_MAX, -1e200, -3, -1e-300, 0,
                             1e-300,   1,      7,  DBL_MAX};
    struct bilog bilog = bilog_fit(values, 9, &arena);
    for (size_t i = 0; i < 9; i++) {
        double b = bilog_value(&bilog, values[i]);
        ck_assert(isfinite(b));
        ck_assert(b * (values[i] > 0 ? 1 : -1) >= 0);
        ck_assert(i == 0 || b >= bilog_value(&bilog, values[i - 1]));
    }
}
END_TEST

START_TEST(test_values_on_the_bound_are_no_obstacle)
{
    struct bilog zeros = bilog_fit((double[]){0, 0, 0}, 3, &arena);
    ck_assert_double_eq(bilog_value(&zeros, 0), 0);
    ck_assert_double_eq_tol(bilog_value(&zeros, -1), -log(2), 1e-15);
    // Mean square ln(2)^2 / 3 with the largest as the unit.
    struct bilog mostly = bilog_fit((double[]){0, 0, -5}, 3, &arena);
    ck_assert_double_eq_tol(bilog_value(&mostly, -5), -sqrt(3), 1e-15);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("bilog");
    tcase_set_timeout(tests, 10);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_a_small_case);
    tcase_add_test(tests, test_the_unit_does_not_matter);
    tcase_add_test(tests, test_the_order_and_the_sign_are_kept);
    tcase_add_test(tests, test_values_on_the_bound_are_no_obstacle);
    Suite *suite = suite_create("bilog");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
