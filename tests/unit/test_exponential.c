// SPDX-License-Identifier: GPL-3.0-or-later
// test_exponential.c - sums of exponentials against long double arithmetic

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "exponential.h"
#include "rng.h"

enum { MOST = 512 };

// The same by the library's long double functions, largest term taken out.
static long double reference(const double *x, size_t n)
{
    long double largest = -INFINITY, sum = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmaxl(largest, x[i]);
    size_t i = 0;
    do
        sum += expl(x[i] - largest);
    while (++i < n);
    return largest + logl(sum);
}

START_TEST(test_random_sums_agree_with_long_double)
{
    struct rng rng = rng_at(1, 2);
    double x[MOST] = {0};
    for (int round = 0; round < 2000; round++) {
        size_t n = EXPONENTIAL_LANES * (1 + rng_below(&rng, 64));
        double scale = exp(8 * rng_uniform(&rng) - 2);
        for (size_t i = 0; i < n; i++)
            x[i] = scale * (rng_uniform(&rng) - 0.5) * 2;
        double expected = (double)reference(x, n);
        // One rounding of the result and one of the logarithm.
        double tolerance = 4e-16 * (1 + fabs(expected));
        ck_assert_double_eq_tol(exponential_log_sum(x, n), expected, tolerance);
    }
}
END_TEST

START_TEST(test_one_term_among_nothing_is_itself)
{
    double x[16];
    for (size_t at = 0; at < 16; at++) {
        for (size_t i = 0; i < 16; i++)
            x[i] = -INFINITY;
        x[at] = -3.25;
        // 15 e^-700 more are far below half a unit in the last place.
        ck_assert_double_eq(exponential_log_sum(x, 16), -3.25);
    }
}
END_TEST

START_TEST(test_nothing_at_all_is_minus_infinity)
{
    double x[8];
    for (size_t i = 0; i < 8; i++)
        x[i] = -INFINITY;
    ck_assert_double_eq(exponential_log_sum(x, 8), -INFINITY);
}
END_TEST

START_TEST(test_equal_terms_add_the_logarithm_of_their_number)
{
    double x[64];
    for (size_t i = 0; i < 64; i++)
        x[i] = 1e5;
    ck_assert_double_eq_tol(exponential_log_sum(x, 64), 1e5 + log(64), 1e-10);
}
END_TEST

START_TEST(test_each_exponential_agrees_with_long_double)
{
    struct rng rng = rng_at(1, 3);
    double x[MOST], y[MOST];
    for (size_t i = 0; i < MOST; i++)
        x[i] = y[i] = i ? -exp(8 * rng_uniform(&rng) - 2) : 0;
    exponential_each(y, MOST);
    for (size_t i = 0; i < MOST; i++)
        if (x[i] > -700)
            ck_assert_double_eq_tol(y[i] / (double)expl(x[i]), 1, 1e-15);
        else
            ck_assert(y[i] >= 0 && y[i] < 1e-300);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exponential");
    TCase *tcase = tcase_create("exponential");
    tcase_add_test(tcase, test_random_sums_agree_with_long_double);
    tcase_add_test(tcase, test_one_term_among_nothing_is_itself);
    tcase_add_test(tcase, test_nothing_at_all_is_minus_infinity);
    tcase_add_test(tcase, test_equal_terms_add_the_logarithm_of_their_number);
    tcase_add_test(tcase, test_each_exponential_agrees_with_long_double);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
