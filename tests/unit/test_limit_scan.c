// SPDX-License-Identifier: GPL-3.0-or-later
// test_limit_scan.c - limits from counts, statuses, and what to do next

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "arena.h"
#include "counting.h"
#include "limit_allocate.h"
#include "limit_probit.h"
#include "limit_scan.h"
#include "rng.h"

enum { MOST = 16 };

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_done(&arena);
}

static struct limit scan(const struct limit_point *points, size_t n)
{
    return limit_scan(
        &(struct limit_scan){.points = points, .n = n, .alpha = 0.05}, &arena);
}

// ---- the limit --------------------------------------------------------------

START_TEST(test_counts_without_fluctuations_give_the_exact_limit)
{
    // n = b = 3, s = 3: 5.3954495 / 3. What is left is that z is not quite a
    // parabola.
    struct limit_point points[7];
    for (int i = 0; i < 7; i++) {
        double mu = 1.2 + 0.2 * i;
        points[i] =
            (struct limit_point){mu,
                                 {1e5 * gsl_cdf_poisson_P(3, 3 * mu + 3), 1e5,
                                  1e5 * gsl_cdf_poisson_P(3, 3), 1e5}};
    }
    struct limit limit = scan(points, 7);
    ck_assert_int_eq(limit.status, LIMIT_OK);
    ck_assert(limit.fitted);
    ck_assert_double_eq_tol(limit.mu, counting_limit(3, 3, 0.05) / 3, 1e-3);
    ck_assert_double_lt(limit.interpolation, 0.01);
    // Units do not matter.
    for (int i = 0; i < 7; i++)
        points[i].mu *= 1e-7;
    struct limit small = scan(points, 7);
    ck_assert_double_eq_tol(small.mu * 1e7, limit.mu, 1e-6);
    ck_assert_double_eq_tol(small.error * 1e7, limit.error, 1e-6);
}
END_TEST

START_TEST(test_equal_points_are_one_point)
{
    const struct limit_point split[] = {{1, {100, 500, 300, 500}},
                                        {2, {4, 250, 150, 250}},
                                        {1, {110, 500, 0, 0}},
                                        {2, {5, 250, 160, 250}},
                                        {1.5, {40, 500, 310, 500}}};
    const struct limit_point whole[] = {{1, {210, 1000, 300, 500}},
                                        {1.5, {40, 500, 310, 500}},
                                        {2, {9, 500, 310, 500}}};
    struct limit a = scan(split, 5), b = scan(whole, 3);
    ck_assert_double_eq(a.mu, b.mu);
    ck_assert_double_eq(a.error, b.error);
}
END_TEST

START_TEST(test_statuses)
{
    const struct limit_point excluded[] = {{1, {0, 500, 300, 500}},
                                           {2, {0, 500, 300, 500}}},
                             allowed[] = {{1, {200, 500, 300, 500}},
                                          {2, {150, 500, 300, 500}}},
                             beyond[] = {{1, {3, 500, 0, 500}}},
                             half[] = {{1, {3, 500, 0, 0}}};
    struct limit limit = scan(excluded, 2);
    ck_assert_int_eq(limit.status, LIMIT_NO_CROSSING_LOW);
    ck_assert_double_eq(limit.mu, 1);
    ck_assert(!limit_found(&limit));
    limit = scan(allowed, 2);
    ck_assert_int_eq(limit.status, LIMIT_NO_CROSSING_HIGH);
    ck_assert_double_eq(limit.mu, 2);
    ck_assert_int_eq(scan(beyond, 1).status, LIMIT_CLB_ZERO);
    ck_assert_int_eq(scan(half, 1).status, LIMIT_INSUFFICIENT);
    ck_assert_int_eq(scan(half, 0).status, LIMIT_INSUFFICIENT);
}
END_TEST

START_TEST(test_of_several_crossings_the_largest)
{
    const struct limit_point points[] = {
        {1, {400, 1000, 600, 1000}}, {2, {1, 1000, 600, 1000}},
        {3, {400, 1000, 600, 1000}}, {4, {100, 1000, 600, 1000}},
        {5, {1, 1000, 600, 1000}},
    };
    struct limit limit = scan(points, 5);
    ck_assert_int_eq(limit.status, LIMIT_MULTIPLE);
    ck_assert_double_gt(limit.mu, 4);
    ck_assert_double_lt(limit.mu, 5);
}
END_TEST

START_TEST(test_two_points_give_a_line_in_ln_cls)
{
    // CLs 0.2 and 0.0125: ln 4 above and below alpha.
    const struct limit_point points[] = {{1, {2000, 20000, 10000, 20000}},
                                         {2, {125, 20000, 10000, 20000}}};
    struct limit limit = scan(points, 2);
    ck_assert(!limit.fitted);
    ck_assert_double_eq_tol(limit.mu, 1.5, 1e-3);
    ck_assert_double_eq_tol(limit.slope, -2 * log(4), 5e-3);
    ck_assert_double_ge(limit.interpolation, 0.2);
}
END_TEST

START_TEST(test_rule_of_clsb_ignores_the_background)
{
    // P(Poisson(3 mu + 3) <= 3) = 0.05: the mean is 7.753657.
    struct limit_point points[7];
    for (int i = 0; i < 7; i++) {
        double mu = 1.0 + 0.2 * i;
        points[i] = (struct limit_point){
            mu, {1e5 * gsl_cdf_poisson_P(3, 3 * mu + 3), 1e5, 0, 0}};
    }
    const struct limit_scan rule = {
        .points = points, .n = 7, .alpha = 0.05, .sb_only = true};
    struct limit limit = limit_scan(&rule, &arena);
    ck_assert_int_eq(limit.status, LIMIT_OK);
    ck_assert_double_eq_tol(limit.mu, (7.753657 - 3) / 3, 1e-3);
}
END_TEST

START_TEST(test_any_counts_give_finite_numbers)
{
    struct rng rng = rng_at(11, 0);
    for (int i = 0; i < 2000; i++) {
        struct limit_point points[8];
        size_t n = 1 + rng_below(&rng, 8);
        for (size_t j = 0; j < n; j++) {
            double n_sb = (double)rng_below(&rng, 400);
            double n_b = (double)rng_below(&rng, 400);
            points[j] = (struct limit_point){
                rng_uniform(&rng) * 10,
                {floor(n_sb * pow(rng_uniform(&rng), 4)), n_sb,
                 floor(n_b * rng_uniform(&rng)), n_b}};
        }
        struct limit limit = scan(points, n);
        ck_assert(isfinite(limit.mu) && isfinite(limit.error) &&
                  isfinite(limit.interpolation) && isfinite(limit.slope));
        ck_assert(limit_found(&limit) == (limit.error > 0));
        arena_reset(&arena);
    }
}
END_TEST

// ---- the probit fit ---------------------------------------------------------

START_TEST(test_extreme_counts_are_fitted)
{
    // All, none, and 40 orders of magnitude in between.
    const double x[] = {-1, -0.5, 0, 0.5, 1};
    const double toys[] = {1000, 1000, 1000, 1000, 1000};
    const double falling[] = {1000, 1000, 500, 0, 0}, all[] = {9, 9, 9, 9, 9};
    struct limit_probit probit;
    struct limit_probit_data data = {
        .n = 5, .x = x, .hits = falling, .toys = toys, .ridge = true};
    ck_assert(limit_probit_fit(&data, 1, &probit));
    ck_assert_double_eq_tol(probit.theta[0], 0, 1e-6);
    ck_assert_double_gt(probit.theta[1], 5);
    ck_assert(isfinite(limit_probit_log(&probit, 10)));
    data.hits = data.toys = all;
    if (limit_probit_fit(&data, 1, &probit))
        ck_assert_double_gt(limit_probit_log(&probit, 0), -0.1);
}
END_TEST

START_TEST(test_two_points_do_not_make_a_parabola)
{
    const double x[] = {0, 1}, hits[] = {30, 40}, toys[] = {100, 100};
    struct limit_probit probit;
    const struct limit_probit_data data = {
        .n = 2, .x = x, .hits = hits, .toys = toys};
    ck_assert(!limit_probit_fit(&data, 2, &probit));
    ck_assert(limit_probit_fit(&data, 1, &probit));
    // A line through two points: the probits of 0.3 and 0.4.
    ck_assert_double_eq_tol(limit_probit_z(&probit, 0), 0.5244005, 1e-6);
    ck_assert_double_eq_tol(limit_probit_z(&probit, 1), 0.2533471, 1e-6);
}
END_TEST

// ---- what to do next --------------------------------------------------------

static const struct limit_settings SETTINGS = {.low = 0,
                                               .high = 4,
                                               .relative_error = 0.02,
                                               .max_toys = 100000,
                                               .max_points = MOST,
                                               .min_batch = 300,
                                               .max_batch = 1000};

static struct limit_order next(const struct limit_site *sites,
                               const struct limit_point *points, size_t n,
                               const struct limit_settings *settings)
{
    struct rng rng = rng_at(1, n);
    struct limit_curve curve = {
        .scan = {.points = points, .n = n, .alpha = 0.05}};
    curve.limit = limit_scan(&curve.scan, &arena);
    return limit_allocate(settings, sites, n, &curve, 1, &rng);
}

START_TEST(test_first_the_data_at_three_points)
{
    struct limit_site sites[3] = {{0}};
    struct limit_point points[3] = {{0}};
    for (size_t i = 0; i < 3; i++) {
        struct limit_order order = next(sites, points, i, &SETTINGS);
        ck_assert_int_eq(order.want, LIMIT_WANT_DATA);
        ck_assert_uint_eq(order.site, i);
        ck_assert_double_eq(order.mu, 1.0 + (double)i);
        sites[i] = (struct limit_site){.mu = order.mu, .asked = true};
        points[i].mu = order.mu;
    }
    // Somebody computes them: nothing to throw toys with yet.
    ck_assert_int_eq(next(sites, points, 3, &SETTINGS).want, LIMIT_WANT_WAIT);
    // One is told: its toys.
    sites[1].observed = true;
    struct limit_order order = next(sites, points, 3, &SETTINGS);
    ck_assert_int_eq(order.want, LIMIT_WANT_TOYS_SB);
    ck_assert_uint_eq(order.site, 1);
    ck_assert_uint_eq(order.toys, 300);
    // A request that got lost is made again.
    sites[2].asked = false;
    order = next(sites, points, 3, &SETTINGS);
    ck_assert_int_eq(order.want, LIMIT_WANT_DATA);
    ck_assert_uint_eq(order.site, 2);
}
END_TEST

START_TEST(test_toys_that_are_out_count_as_thrown)
{
    const struct limit_site sites[] = {
        {1, true, true, 300, 0}, {2, true, true, 0, 0}, {3, true, true, 0, 0}};
    const struct limit_point points[] = {
        {1, {0, 0, 0, 0}}, {2, {0, 0, 0, 0}}, {3, {0, 0, 0, 0}}};
    struct limit_order order = next(sites, points, 3, &SETTINGS);
    ck_assert_int_eq(order.want, LIMIT_WANT_TOYS_B);
    ck_assert_uint_eq(order.site, 0);
}
END_TEST

START_TEST(test_the_budget_is_kept_to_the_toy)
{
    struct limit_settings settings = SETTINGS;
    settings.max_toys = 1000;
    struct limit_site sites[] = {{1, true, true, 450, 450},
                                 {2, true, true, 0, 0},
                                 {3, true, true, 0, 0}};
    const struct limit_point points[] = {
        {1, {0, 0, 0, 0}}, {2, {0, 0, 0, 0}}, {3, {0, 0, 0, 0}}};
    ck_assert_uint_eq(next(sites, points, 3, &settings).toys, 100);
    sites[1].n_sb = 100;
    ck_assert_int_eq(next(sites, points, 3, &settings).want,
                     LIMIT_WANT_NO_BUDGET);
}
END_TEST

START_TEST(test_batches_are_sized_by_time)
{
    struct limit_settings settings = SETTINGS;
    ck_assert_uint_eq(limit_batch(&settings, 0.5, 100000), 300);
    settings.batch_seconds = 400;
    ck_assert_uint_eq(limit_batch(&settings, 0, 100000), 300);
    ck_assert_uint_eq(limit_batch(&settings, 0.5, 100000), 800);
    ck_assert_uint_eq(limit_batch(&settings, 0.01, 100000), 1000);
    ck_assert_uint_eq(limit_batch(&settings, 60, 100000), 300);
    ck_assert_uint_eq(limit_batch(&settings, 60, 7), 7);
}
END_TEST

START_TEST(test_the_stricter_tolerance_decides)
{
    const struct limit limit = {.status = LIMIT_OK, .mu = 10, .error = 0.3};
    struct limit_settings settings = {.relative_error = 0.04};
    ck_assert(limit_precise(&limit, &settings));
    settings.absolute_error = 0.2;
    ck_assert(!limit_precise(&limit, &settings));
    settings.relative_error = 0;
    settings.absolute_error = 0.5;
    ck_assert(limit_precise(&limit, &settings));
    const struct limit doubtful = {
        .status = LIMIT_OK, .mu = 10, .error = 0.3, .interpolation = 0.5};
    ck_assert(!limit_precise(&doubtful, &settings));
    const struct limit none = {.status = LIMIT_NO_CROSSING_HIGH, .mu = 10};
    ck_assert(!limit_precise(&none, &settings));
}
END_TEST

START_TEST(test_costly_toys_are_thrown_less)
{
    // Observed limit at CLb = 1/2: (1 - 0.025) / 0.025 = 39 against 1.
    ck_assert_double_eq_tol(limit_neyman(39, 1, 0, 0), 6.244998, 1e-6);
    ck_assert_double_eq_tol(limit_neyman(39, 1, 4, 1), 3.122499, 1e-6);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("limit scan");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests,
                   test_counts_without_fluctuations_give_the_exact_limit);
    tcase_add_test(tests, test_equal_points_are_one_point);
    tcase_add_test(tests, test_statuses);
    tcase_add_test(tests, test_of_several_crossings_the_largest);
    tcase_add_test(tests, test_two_points_give_a_line_in_ln_cls);
    tcase_add_test(tests, test_rule_of_clsb_ignores_the_background);
    tcase_add_test(tests, test_any_counts_give_finite_numbers);
    tcase_add_test(tests, test_extreme_counts_are_fitted);
    tcase_add_test(tests, test_two_points_do_not_make_a_parabola);
    tcase_add_test(tests, test_first_the_data_at_three_points);
    tcase_add_test(tests, test_toys_that_are_out_count_as_thrown);
    tcase_add_test(tests, test_the_budget_is_kept_to_the_toy);
    tcase_add_test(tests, test_batches_are_sized_by_time);
    tcase_add_test(tests, test_the_stricter_tolerance_decides);
    tcase_add_test(tests, test_costly_toys_are_thrown_less);
    Suite *suite = suite_create("limit scan");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
