// SPDX-License-Identifier: GPL-3.0-or-later
// test_fold.c - the real line in [0, 1]

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "fold.h"

START_TEST(test_every_place_lands_in_the_interval)
{
    static const double far[] = {0, 1e300, -1e300, 12.34, -0.05, 1.05, 1e-300};
    for (size_t i = 0; i < sizeof far / sizeof *far; i++)
        ck_assert(fold(far[i]) >= 0 && fold(far[i]) <= 1);
    for (double y = -5; y < 5; y += 0.001)
        ck_assert(fold(y) >= 0 && fold(y) <= 1);
}
END_TEST

START_TEST(test_the_middle_stays_where_it_is)
{
    for (double u = 0.05; u <= 0.95; u += 0.01)
        ck_assert_double_eq_tol(fold(u), u, 1e-15);
}
END_TEST

START_TEST(test_both_preimages_fold_back)
{
    for (int i = 0; i <= 1000; i++) {
        double u = i / 1000.0, inside = fold_inside(u), out = fold_outside(u);
        ck_assert_double_eq_tol(fold(inside), u, 1e-14);
        ck_assert_double_eq_tol(fold(out), u, 1e-14);
        ck_assert(fabs(out - 0.5) >= fabs(inside - 0.5));
    }
}
END_TEST

// The slope is between 0 and 1 and changes by no more than the parabolas do,
// 1 / (2 * 0.05) per unit: there is no kink.
START_TEST(test_the_line_is_folded_smoothly)
{
    const double h = 1e-4;
    for (double y = -0.5; y < 1.5; y += h) {
        double before = fold(y) - fold(y - h), after = fold(y + h) - fold(y);
        ck_assert_double_le(fabs(after), h * (1 + 1e-9));
        ck_assert_double_le(fabs(after - before), 10 * h * h * (1 + 1e-4));
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("fold");
    tcase_add_test(cases, test_every_place_lands_in_the_interval);
    tcase_add_test(cases, test_the_middle_stays_where_it_is);
    tcase_add_test(cases, test_both_preimages_fold_back);
    tcase_add_test(cases, test_the_line_is_folded_smoothly);
    Suite *suite = suite_create("fold");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
