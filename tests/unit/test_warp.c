// SPDX-License-Identifier: GPL-3.0-or-later
// test_warp.c - warped values keep their order and lose their unit

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "rng.h"
#include "warp.h"

enum { N = 200 };

static struct arena arena;
static double values[N];

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_done(&arena);
}

// Shapes of objective values: normal, with a long bad tail, with a long good
// tail, of two kinds, with ties.
enum { SHAPES = 5 };

static void fill(int shape)
{
    struct rng rng = rng_at(1, (uint64_t)shape);
    for (size_t i = 0; i < N; i++) {
        double z = rng_normal(&rng);
        const double shaped[SHAPES] = {z, exp(3 * z), -exp(z),
                                       z + (rng_below(&rng, 2) ? 1e3 : 0),
                                       floor(2 * z)};
        values[i] = shaped[shape];
    }
}

START_TEST(test_the_order_is_kept)
{
    for (int shape = 0; shape < SHAPES; shape++) {
        fill(shape);
        struct warp warp = warp_fit(values, N, &arena);
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < N; j++)
                ck_assert(values[i] >= values[j] ||
                          warp_value(&warp, values[i]) <
                              warp_value(&warp, values[j]));
    }
}
END_TEST

START_TEST(test_the_result_has_mean_0_and_variance_1)
{
    for (int shape = 0; shape < SHAPES; shape++) {
        fill(shape);
        struct warp warp = warp_fit(values, N, &arena);
        double sum = 0, squares = 0;
        for (size_t i = 0; i < N; i++) {
            double y = warp_value(&warp, values[i]);
            sum += y;
            squares += y * y;
        }
        ck_assert_double_eq_tol(sum / N, 0, 1e-9);
        ck_assert_double_eq_tol(squares / N, 1, 1e-9);
    }
}
END_TEST

START_TEST(test_the_unit_and_the_zero_do_not_matter)
{
    for (int shape = 0; shape < SHAPES; shape++) {
        fill(shape);
        struct warp warp = warp_fit(values, N, &arena);
        double moved[N];
        for (size_t i = 0; i < N; i++)
            moved[i] = 1024 * values[i] - 8;
        struct warp other = warp_fit(moved, N, &arena);
        ck_assert_double_eq(warp.lambda, other.lambda);
        for (size_t i = 0; i < N; i++)
            ck_assert_double_eq_tol(warp_value(&warp, values[i]),
                                    warp_value(&other, moved[i]), 1e-6);
    }
}
END_TEST

START_TEST(test_a_long_bad_tail_is_drawn_in)
{
    // exp(3 z) has values some 1000 standard deviations of its good half away.
    fill(1);
    struct warp warp = warp_fit(values, N, &arena);
    ck_assert_double_lt(warp.lambda, 0);
    for (size_t i = 0; i < N; i++)
        ck_assert_double_lt(warp_value(&warp, values[i]), 5);
}
END_TEST

START_TEST(test_constant_data_become_zero)
{
    for (size_t n = 1; n < 20; n++) {
        for (size_t i = 0; i < n; i++)
            values[i] = -3.5;
        struct warp warp = warp_fit(values, n, &arena);
        ck_assert_double_eq(warp_value(&warp, -3.5), 0);
        ck_assert(isfinite(warp_value(&warp, 1e9)));
        ck_assert_double_gt(warp_value(&warp, 1), 0);
        ck_assert_double_lt(warp_value(&warp, -9), 0);
    }
}
END_TEST

START_TEST(test_a_good_half_without_width_is_no_obstacle)
{
    // The median is the least value.
    for (size_t i = 0; i < N; i++)
        values[i] = i < 150 ? 1 : (double)i;
    struct warp warp = warp_fit(values, N, &arena);
    ck_assert(isfinite(warp_value(&warp, 1)));
    ck_assert_double_lt(warp_value(&warp, 1), warp_value(&warp, 170));
}
END_TEST

START_TEST(test_the_largest_numbers_stay_finite)
{
    const double huge[] = {-1.7e308, 1.7e308, 0, 1, 5e-324, -1e300, 1e-300};
    struct warp warp = warp_fit(huge, 7, &arena);
    for (size_t i = 0; i < 7; i++) {
        ck_assert(isfinite(warp_value(&warp, huge[i])));
        fill(1);
        struct warp other = warp_fit(values, N, &arena);
        ck_assert(isfinite(warp_value(&other, huge[i])));
    }
}
END_TEST

START_TEST(test_the_slope_is_the_derivative)
{
    for (int shape = 0; shape < SHAPES; shape++) {
        fill(shape);
        struct warp warp = warp_fit(values, N, &arena);
        for (size_t i = 0; i < N; i++) {
            // The second derivative jumps at the median.
            if (fabs(values[i] - warp.median) < 1e-3 * warp.scale)
                continue;
            double h = 1e-5 * warp.scale;
            double slope = (warp_value(&warp, values[i] + h) -
                            warp_value(&warp, values[i] - h)) /
                           (2 * h);
            ck_assert_double_eq_tol(warp_slope(&warp, values[i]), slope,
                                    1e-5 * slope + 1e-9 / warp.scale);
        }
    }
}
END_TEST

START_TEST(test_a_straight_warp_bends_the_tail_only)
{
    // Median 0 and least value -1, so that values count in widths of the good
    // half: straight to 20, then 20 + ln(1 + z - 20).
    const double some[] = {-1, -0.5, 0, 1, 100};
    struct warp warp = warp_fit_straight(some, 5, &arena);
    double zero = warp_value(&warp, 0), unit = warp_value(&warp, 1) - zero;
    for (double z = -3; z <= 20; z += 0.5) {
        ck_assert_double_eq_tol(warp_value(&warp, z) - zero, z * unit, 1e-12);
        ck_assert_double_eq_tol(warp_slope(&warp, z), unit, 1e-12);
    }
    for (double z = 21; z < 1000; z *= 2) {
        ck_assert_double_eq_tol(warp_value(&warp, z) - zero,
                                (20 + log(z - 19)) * unit, 1e-12);
        ck_assert_double_eq_tol(warp_slope(&warp, z), unit / (z - 19), 1e-12);
    }
    double mean = 0, squares = 0;
    for (size_t i = 0; i < 5; i++) {
        double y = warp_value(&warp, some[i]);
        mean += y / 5;
        squares += y * y / 5;
    }
    ck_assert_double_eq_tol(mean, 0, 1e-12);
    ck_assert_double_eq_tol(squares, 1, 1e-12);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("warp");
    tcase_set_timeout(tests, 10);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_the_order_is_kept);
    tcase_add_test(tests, test_the_result_has_mean_0_and_variance_1);
    tcase_add_test(tests, test_the_slope_is_the_derivative);
    tcase_add_test(tests, test_a_straight_warp_bends_the_tail_only);
    tcase_add_test(tests, test_the_unit_and_the_zero_do_not_matter);
    tcase_add_test(tests, test_a_long_bad_tail_is_drawn_in);
    tcase_add_test(tests, test_constant_data_become_zero);
    tcase_add_test(tests, test_a_good_half_without_width_is_no_obstacle);
    tcase_add_test(tests, test_the_largest_numbers_stay_finite);
    Suite *suite = suite_create("warp");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
