// SPDX-License-Identifier: GPL-3.0-or-later
// test_acquisition.c - expected improvement, also where it is next to nothing

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "acquisition.h"

// Computed with mpmath at 60 digits, 80 from -1e4 on: phi = exp(-u^2/2) /
// sqrt(2 pi), Phi = erfc(-u / sqrt 2) / 2, h = phi + u Phi; ln h and Phi / h.
static const struct {
    double u, log_h, ratio;
} exact[] = {
    {10, 2.30258509299404568, 0.1},
    {8, 2.07944154167983594, 0.124999999999999921},
    {1, 0.08002621884930694, 0.77663872520173926},
    {0, -0.918938533204672742, 1.25331413731550025},
    {-0.5, -1.62051626438731992, 1.55987314834807967},
    {-1, -2.48512102571264134, 1.90427123332969182},
    {-1.5, -3.52993592080570985, 2.27958069415644616},
    {-5, -16.7443011626609901, 5.36181624128808853},
    {-10, -55.5531220361223559, 10.1943830334125533},
    {-24.5, -307.446253857730194, 24.5812293411518666},
    {-25.5, -332.525884462204978, 25.5780733581753517},
    {-30, -457.724653760598004, 30.0664461541624189},
    {-37, -692.642960163270406, 37.0539362024042033},
    {-100, -5010.12957880024979, 100.019994004195865},
    {-10000, -50000019.3396193072, 10000.000199999994},
    {-999999, -499999000029.049958, 999999.000002000002},
    {-1000000, -500000000028.54996, 1000000.000002},
    {-2000000, -2000000000029.93625, 2000000.000001},
};

START_TEST(test_log_h_agrees_with_60_digits)
{
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
        double ratio, log_h = acquisition_log_h(exact[i].u, &ratio);
        double size = fmax(1, fabs(exact[i].log_h));
        ck_assert_msg(fabs(log_h - exact[i].log_h) < 1e-12 * size,
                      "ln h(%g) = %.17g", exact[i].u, log_h);
        ck_assert_msg(fabs(ratio / exact[i].ratio - 1) < 1e-9,
                      "Phi / h at %g = %.17g", exact[i].u, ratio);
    }
}
END_TEST

// e^(x^2) erfc(x) by mpmath, 60 digits.
START_TEST(test_erfcx_agrees_with_60_digits)
{
    static const double known[][2] = {
        {0.5, 0.615690344192925875},  {1, 0.427583576155807004},
        {3.9, 0.140314181600689736},  {4, 0.13699945762506139},
        {4.1, 0.133834116418651994},  {10, 0.0561409927438225859},
        {100, 0.0056416137829894329},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        ck_assert_double_eq_tol(acquisition_erfcx(known[i][0]) / known[i][1], 1,
                                1e-13);
}
END_TEST

START_TEST(test_log_h_grows_without_gaps)
{
    // Neighbouring formulas meet at -1, -25 and -1e6.
    double ratio, last = -INFINITY;
    for (double u = -2e6; u < 10; u += fmax(1e-3, 1e-3 * fabs(u))) {
        double log_h = acquisition_log_h(u, &ratio);
        ck_assert_msg(log_h > last && ratio > 0, "at %g", u);
        last = log_h;
    }
}
END_TEST

static struct acquisition improvement(double mean, double sd)
{
    return acquisition_log_ei(mean, sd, 0.4);
}

// Central differences of `value`.
static void check_slopes(struct acquisition (*f)(double, double), double mean,
                         double sd)
{
    double step = 1e-5 * sd;
    struct acquisition a = f(mean, sd);
    double by_mean =
        (f(mean + step, sd).value - f(mean - step, sd).value) / (2 * step);
    double by_sd =
        (f(mean, sd + step).value - f(mean, sd - step).value) / (2 * step);
    ck_assert_double_eq_tol(a.by_mean, by_mean, 1e-5 * fabs(by_mean));
    ck_assert_double_eq_tol(a.by_sd, by_sd, 1e-5 * fabs(by_sd) + 1e-9);
}

START_TEST(test_slopes_are_derivatives)
{
    for (double u = -60; u <= 3; u += 0.7)
        for (double sd = 0.01; sd < 10; sd *= 7) {
            check_slopes(improvement, 0.4 - u * sd, sd);
            check_slopes(acquisition_log_probability, -u * sd, sd);
        }
}
END_TEST

START_TEST(test_expected_improvement_is_the_integral)
{
    // E max(0, best - y) by Simpson's rule over 12 standard deviations.
    double mean = 0.3, sd = 0.7, best = -0.2, sum = 0;
    double low = mean - 12 * sd, width = (best - low) / 2000;
    for (int i = 0; i <= 2000; i++) {
        double y = low + i * width, z = (y - mean) / sd;
        double weight = i == 0 || i == 2000 ? 1 : i % 2 ? 4 : 2;
        sum += weight * (best - y) * exp(-0.5 * z * z);
    }
    double ei = sum * width / 3 / (sd * sqrt(2 * M_PI));
    ck_assert_double_eq_tol(acquisition_log_ei(mean, sd, best).value, log(ei),
                            1e-10);
}
END_TEST

START_TEST(test_the_upper_confidence_bound_weighs_the_sd)
{
    struct acquisition a = acquisition_ucb(0.5, 0.25, 1.8);
    ck_assert_double_eq_tol(a.value, 1.8 * 0.25 - 0.5, 1e-15);
    ck_assert_double_eq(a.by_mean, -1);
    ck_assert_double_eq(a.by_sd, 1.8);
}
END_TEST

// By mpmath at 80 digits: ln(erfc(-u / sqrt 2) / 2).
START_TEST(test_log_probability_agrees_with_80_digits)
{
    static const double known[][2] = {
        {5, -2.86651612963763593e-7}, {0, -0.693147180559945309},
        {-0.9, -1.6924928065613382},  {-1.1, -1.99755884698629708},
        {-4, -10.3601014865272908},   {-30, -454.321243956343197},
        {-1000, -500007.826694812184}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double sd = 0.25, mean = -known[i][0] * sd;
        ck_assert_double_eq_tol(acquisition_log_probability(mean, sd).value,
                                known[i][1],
                                1e-12 * fmax(1, fabs(known[i][1])));
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("acquisition");
    tcase_set_timeout(tests, 10);
    tcase_add_test(tests, test_log_h_agrees_with_60_digits);
    tcase_add_test(tests, test_erfcx_agrees_with_60_digits);
    tcase_add_test(tests, test_log_h_grows_without_gaps);
    tcase_add_test(tests, test_slopes_are_derivatives);
    tcase_add_test(tests, test_expected_improvement_is_the_integral);
    tcase_add_test(tests, test_log_probability_agrees_with_80_digits);
    tcase_add_test(tests, test_the_upper_confidence_bound_weighs_the_sd);
    Suite *suite = suite_create("acquisition");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
