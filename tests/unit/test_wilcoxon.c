// SPDX-License-Identifier: GPL-3.0-or-later
// test_wilcoxon.c - the signed-rank test beside published and other numbers
//
// "SciPy" is scipy.stats.wilcoxon(d, alternative="greater",
// zero_method="zsplit", correction=False) of version 1.17.1.

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

#include "wilcoxon.h"

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_done(&arena);
}

START_TEST(test_published_example)
{
    // M. Hollander and D. A. Wolfe, "Nonparametric statistical methods", 1973,
    // example 3.1, as R's wilcox.test prints it: p = 0.01953.
    const double x[] = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
    const double y[] = {0.878, 0.647, 0.598, 2.05, 1.06,
                        1.29,  1.06,  3.14,  1.29};
    double d[9];
    for (int i = 0; i < 9; i++)
        d[i] = x[i] - y[i];
    ck_assert_double_eq_tol(wilcoxon_greater(d, 9, &arena), 10.0 / 512, 1e-12);
}
END_TEST

START_TEST(test_few_differences_are_counted)
{
    // All positive: one of 2^5 sign patterns. With -1, the rank 1 is missing:
    // two of them reach 14. Nothing but negative ones: all do.
    double all[] = {5, 3, 1, 2, 4}, but_one[] = {2, -1, 5, 4, 3},
           no[] = {-1, -2};
    ck_assert_double_eq(wilcoxon_greater(all, 5, &arena), 1.0 / 32);
    ck_assert_double_eq(wilcoxon_greater(but_one, 5, &arena), 2.0 / 32);
    ck_assert_double_eq(wilcoxon_greater(no, 2, &arena), 1);
    ck_assert_double_eq(wilcoxon_greater(all, 0, &arena), 1);
}
END_TEST

START_TEST(test_ties_and_zeros_are_counted_exactly)
{
    // SciPy goes through all signs: 31/256. Zeros take the ranks 1 and 2 and
    // leave 3 to 7: 3/32.
    double ties[] = {1, 1, -1, 2, 2, 3, -3, 4},
           zeros[] = {0, 0, 1, -2, 3, 4, 5};
    double none[] = {0, 0, 0};
    ck_assert_double_eq(wilcoxon_greater(ties, 8, &arena), 0.12109375);
    ck_assert_double_eq(wilcoxon_greater(zeros, 7, &arena), 0.09375);
    ck_assert_double_eq(wilcoxon_greater(none, 3, &arena), 1);
}
END_TEST

START_TEST(test_many_differences_agree_with_scipy)
{
    // 1 to n, each third one negative, from the first; "halves": 1 1 2 2 ...
    const struct {
        size_t n;
        bool halves;
        double p;
    } cases[] = {
        {50, false, 0.01998417326421187}, // exact
        {51, false, 0.01284436999683209}, // normal
        {60, false, 0.008366535803851717},
        {60, true, 0.008360993798483152},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        double d[60];
        for (size_t i = 0; i < cases[k].n; i++) {
            double size = (double)((cases[k].halves ? i / 2 : i) + 1);
            d[i] = i % 3 == 0 ? -size : size;
        }
        ck_assert_double_eq_tol(wilcoxon_greater(d, cases[k].n, &arena),
                                cases[k].p, 1e-9);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("wilcoxon");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_published_example);
    tcase_add_test(tests, test_few_differences_are_counted);
    tcase_add_test(tests, test_ties_and_zeros_are_counted_exactly);
    tcase_add_test(tests, test_many_differences_agree_with_scipy);
    Suite *suite = suite_create("wilcoxon");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
