// SPDX-License-Identifier: GPL-3.0-or-later
// test_normal.c - the standard normal distribution against 60-digit values
//
// The expected numbers come from mpmath 1.3 with 60 digits: log(erfc(-z /
// sqrt 2) / 2), differences of it, and quantiles by bisection.

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "normal.h"

static void close_to(double got, double expected, double relative)
{
    ck_assert_msg(fabs(got - expected) <= relative * fabs(expected),
                  "%.17g is not %.17g", got, expected);
}

START_TEST(test_the_log_cdf_holds_in_both_tails)
{
    const double table[][2] = {
        {-1e6, -500000000014.73444909}, {-1000, -500007.82669481218431},
        {-100, -5005.5242086942050886}, {-37.5, -707.66898931750719107},
        {-37, -689.0305855768905936},   {-20, -203.91715537109726394},
        {-5, -15.064998393988725736},   {-1, -1.8410216450092635058},
        {0, -0.69314718055994530942},   {1, -0.17275377902344988953},
        {5, -2.8665161296376359338e-7}, {8, -6.2209605742717860585e-16},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        close_to(normal_log_cdf(table[i][0]), table[i][1], 1e-13);
}
END_TEST

START_TEST(test_the_cdf_and_the_quantile_are_inverse)
{
    for (double z = -8; z <= 5; z += 0.25)
        ck_assert_double_eq_tol(normal_quantile(normal_cdf(z)), z, 1e-9);
    ck_assert_double_eq(normal_cdf(0), 0.5);
    close_to(normal_cdf(-1), 0.15865525393145705142, 1e-15);
    ck_assert(normal_quantile(0) == -INFINITY);
    ck_assert(normal_quantile(1) == INFINITY);
}
END_TEST

START_TEST(test_the_mass_of_an_interval_does_not_cancel)
{
    const struct {
        double a, b, expected, relative;
    } table[] = {
        {-1, 1, -0.38171514630212607227, 1e-14},
        {-5, -4, -10.369193541521652248, 1e-14},
        {30, 31, -454.32124395634325204, 1e-14},
        {-40, -39, -765.08315656437754441, 1e-12},
        {1e-8, 2e-8, -19.33961927715703831, 1e-14},
        {-1e-9, 1e-9, -20.949057189591138526, 1e-14},
        {10, 10.000001, -64.734454091913343556, 1e-9},
        {-0.2, 30, -0.54600435372277411758, 1e-14},
        {5, 1e9, -15.064998393988725736, 1e-14},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        close_to(normal_log_mass(table[i].a, table[i].b), table[i].expected,
                 table[i].relative);
    ck_assert(normal_log_mass(-INFINITY, INFINITY) == 0);
}
END_TEST

START_TEST(test_truncated_quantiles)
{
    const struct {
        double p, a, b, expected;
    } table[] = {
        {0.5, -1, 2, 0.171163918017824773},
        {0.25, 0, 0.5, 0.120270629626428066},
        {0.9, -30, -1, -1.06786933417011711},
        {0.5, 8, 9, 8.08488889901816643},
        {0.999, -2, 50, 3.09706050959846795},
        {0.1, 20, 21, 20.0052542664991122},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        close_to(normal_truncated(table[i].p, table[i].a, table[i].b),
                 table[i].expected, 1e-12);
}
END_TEST

START_TEST(test_truncated_quantiles_stay_inside)
{
    const double ends[][2] = {
        {-1, 2}, {0, 1e-300}, {40, 41}, {-50, -45}, {-1e9, 1e9}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        for (double p = 0; p <= 1; p += 0.125) {
            double z = normal_truncated(p, ends[i][0], ends[i][1]);
            ck_assert(z >= ends[i][0] && z <= ends[i][1]);
        }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("normal");
    tcase_add_test(tests, test_the_log_cdf_holds_in_both_tails);
    tcase_add_test(tests, test_the_cdf_and_the_quantile_are_inverse);
    tcase_add_test(tests, test_the_mass_of_an_interval_does_not_cancel);
    tcase_add_test(tests, test_truncated_quantiles);
    tcase_add_test(tests, test_truncated_quantiles_stay_inside);
    Suite *suite = suite_create("normal");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
