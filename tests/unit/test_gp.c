// SPDX-License-Identifier: GPL-3.0-or-later
// test_gp.c - a Gaussian process says what the textbook says

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "gp.h"
#include "rng.h"

void openblas_set_num_threads(int threads);

enum { MOST = 8 }; // coordinates

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_done(&arena);
}

// ---- data -------------------------------------------------------------------

// Every kind of coordinate, as many times as it takes.
static const enum matern_distance all_kinds[MOST] = {
    MATERN_NUMBER,   MATERN_CATEGORY, MATERN_NUMBER_OR_NONE,
    MATERN_NUMBER,   MATERN_NUMBER,   MATERN_CATEGORY_OR_NONE,
    MATERN_CATEGORY, MATERN_NUMBER};

static void random_point(struct rng *rng, size_t d,
                         const enum matern_distance *kind, double *x)
{
    for (size_t k = 0; k < d; k++) {
        x[k] = rng_uniform(rng);
        if (kind[k] == MATERN_CATEGORY || kind[k] == MATERN_CATEGORY_OR_NONE)
            x[k] = (floor(3 * x[k]) + 0.5) / 3;
        if (kind[k] > MATERN_CATEGORY && rng_below(rng, 3) == 0)
            x[k] = NAN;
    }
}

static struct gp_data random_data(struct rng *rng, size_t n, size_t d)
{
    struct gp_data data = {.least_noise = 1e-6,
                           .points = gp_points(n, d, all_kinds, &arena)};
    double *y = arena_doubles(&arena, n), x[MOST];
    double *variance = arena_doubles(&arena, n);
    for (size_t i = 0; i < n; i++) {
        random_point(rng, d, all_kinds, x);
        gp_points_add(&data.points, x);
        y[i] = rng_normal(rng);
        variance[i] = i % 3 ? 0 : 0.5 * rng_uniform(rng);
    }
    data.y = y;
    data.variance = variance;
    return data;
}

// Lengths from 0.15 to 3, s^2 from 0.4 to 3, noise from 1e-3 to 0.4.
static void random_theta(struct rng *rng, size_t d, double *theta)
{
    for (size_t k = 0; k < d; k++)
        theta[k] = -2 + 3 * rng_uniform(rng);
    theta[d] = -1 + 2 * rng_uniform(rng);
    theta[d + 1] = -7 + 6 * rng_uniform(rng);
}

// ---- the correlation --------------------------------------------------------

// Points 0 .. 4 of one coordinate and their distances from x, by definition.
static void check_distances(enum matern_distance kind, double x,
                            const double *other, const double *expected)
{
    struct matern_points points = gp_points(5, 1, &kind, &arena);
    for (size_t i = 0; i < 5; i++)
        gp_points_add(&points, &other[i]);
    double m[MATERN_LANES], slope[MATERN_LANES], weight = 4;
    matern_correlate(&points, 5, &x, &weight, m, slope);
    for (size_t i = 0; i < 5; i++) {
        double root = sqrt(5 * 4 * expected[i]);
        double value = (1 + root + root * root / 3) * exp(-root);
        ck_assert_double_eq_tol(m[i], value, 1e-15);
        ck_assert_double_eq_tol(slope[i], 5. / 3 * (1 + root) * exp(-root),
                                1e-15);
        double only[MATERN_LANES] = {0};
        only[i] = 1;
        ck_assert_double_eq_tol(matern_distances(&points, 5, 0, x, only),
                                expected[i], 1e-15);
    }
}

START_TEST(test_numbers_categories_and_inactive_ones_have_distances)
{
    const double other[] = {0.5, 0.25, 1, 0, 0.75};
    check_distances(MATERN_NUMBER, 0.5, other,
                    (double[]){0, 0.0625, 0.25, 0.25, 0.0625});
    check_distances(MATERN_CATEGORY, 0.5, other, (double[]){0, 1, 1, 1, 1});
    const double some[] = {0.5, NAN, 1, NAN, 0.75};
    check_distances(MATERN_NUMBER_OR_NONE, 0.5, some,
                    (double[]){0, 1, 0.25, 1, 0.0625});
    check_distances(MATERN_NUMBER_OR_NONE, NAN, some,
                    (double[]){1, 0, 1, 0, 1});
    check_distances(MATERN_CATEGORY_OR_NONE, 0.5, some,
                    (double[]){0, 1, 1, 1, 1});
    check_distances(MATERN_CATEGORY_OR_NONE, NAN, some,
                    (double[]){1, 0, 1, 0, 1});
}
END_TEST

// ---- the posterior ----------------------------------------------------------

// Three points in two dimensions, l = (0.5, 2), s^2 = 1.5, noise 0.01.
static struct gp_data three(double *theta)
{
    static const double x[3][2] = {{0.1, 0.2}, {0.4, 0.9}, {0.8, 0.5}};
    static const double y[3] = {1, -0.5, 0.3};
    static const enum matern_distance kind[] = {MATERN_NUMBER, MATERN_NUMBER};
    struct gp_data data = {
        .least_noise = 1e-6, .y = y, .points = gp_points(3, 2, kind, &arena)};
    for (size_t i = 0; i < 3; i++)
        gp_points_add(&data.points, x[i]);
    theta[0] = log(0.5);
    theta[1] = log(2);
    theta[2] = log(1.5);
    theta[3] = log(0.01);
    return data;
}

// By numpy, with r the scaled distance, m(r) = (1 + sqrt(5) * r +
// 5 * r * r / 3) * exp(-sqrt(5) * r), K = 1.5 * m(X, X) + 0.01 * eye(3) and
// k = 1.5 * m(x, X) at x = (0.3, 0.6):
// k @ inv(K) @ y and sqrt(1.5 - k @ inv(K) @ k).
START_TEST(test_mean_and_sd_of_a_small_case)
{
    double theta[4], x[] = {0.3, 0.6};
    struct gp_data data = three(theta);
    struct gp gp;
    ck_assert(gp_condition(&gp, &data, theta, 3, &arena));
    struct gp_prediction p = gp_predict(&gp, x, &arena);
    ck_assert_double_eq_tol(p.mean, -0.011495426626429038, 1e-13);
    ck_assert_double_eq_tol(p.sd, 0.21604595330079188, 1e-13);
}
END_TEST

// The same K: 0.5 * y @ inv(K) @ y + 0.5 * log(det(K)), and with mu =
// log(0.25) + 0.25 * log(2): + ((log(l) - mu)**2).sum() / 2 + log(1.5)**2 / 4.5
// + (log(0.01) + 7)**2 / 18.
START_TEST(test_the_loss_of_a_small_case)
{
    double theta[4], gradient[4];
    struct gp_data data = three(theta);
    ck_assert_double_eq_tol(
        gp_loss(gp_loss_new(&data, &arena), theta, gradient), 4.107405864061236,
        1e-12);
}
END_TEST

// The same K: - 0.5 * y @ inv(K) @ y - 0.5 * log(det(K)) - 1.5 * log(2 * pi),
// and that less the same of the first point alone.
START_TEST(test_the_evidence_of_a_small_case)
{
    double theta[4];
    struct gp_data data = three(theta);
    struct gp gp;
    ck_assert(gp_condition(&gp, &data, theta, 3, &arena));
    ck_assert_double_eq_tol(gp_evidence(&gp, 0), -4.557224558318505, 1e-12);
    ck_assert_double_eq_tol(gp_evidence(&gp, 1), -3.101105371885846, 1e-12);
    ck_assert_double_eq(gp_evidence(&gp, 3), 0);
}
END_TEST

// The same with v = (0.2, 0, 0.05): K = 1.5 * m(X, X) + 0.01 * eye(3) +
// diag(v), and (1.5 * m(X, X)) @ inv(K) @ y.
START_TEST(test_values_of_known_variance_count_less)
{
    static const double variance[] = {0.2, 0, 0.05};
    static const double means[] = {0.66528943, -0.47958468, 0.24376777};
    double theta[4], gradient[4], x[] = {0.3, 0.6};
    struct gp_data data = three(theta);
    data.variance = variance;
    struct gp gp;
    ck_assert(gp_condition(&gp, &data, theta, 3, &arena));
    struct gp_prediction p = gp_predict(&gp, x, &arena);
    ck_assert_double_eq_tol(p.mean, -0.12428221631061295, 1e-13);
    ck_assert_double_eq_tol(p.sd, 0.25912327280569014, 1e-13);
    for (size_t i = 0; i < 3; i++)
        ck_assert_double_eq_tol(gp_mean_at(&gp, i), means[i], 1e-8);
    ck_assert_double_eq_tol(
        gp_loss(gp_loss_new(&data, &arena), theta, gradient), 3.905435400908424,
        1e-12);
}
END_TEST

// f'(x) from five points, with an error of order h^4.
static double derivative(struct gp_loss *loss, double *theta, size_t i)
{
    double h = 1e-3, x = theta[i], unused[MOST + 2], f[4];
    const double at[] = {-2, -1, 1, 2};
    for (int j = 0; j < 4; j++) {
        theta[i] = x + at[j] * h;
        f[j] = gp_loss(loss, theta, unused);
    }
    theta[i] = x;
    return (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h);
}

START_TEST(test_the_gradient_of_the_loss_is_its_derivative)
{
    struct rng rng = rng_at(1, 1);
    for (size_t d = 1; d <= MOST; d++)
        for (size_t n = 1; n < 60; n += 1 + n) {
            struct gp_data data = random_data(&rng, n, d);
            struct gp_loss *loss = gp_loss_new(&data, &arena);
            double theta[MOST + 2], gradient[MOST + 2];
            random_theta(&rng, d, theta);
            gp_loss(loss, theta, gradient);
            double size = 1;
            for (size_t i = 0; i < d + 2; i++)
                size = fmax(size, fabs(gradient[i]));
            for (size_t i = 0; i < d + 2; i++)
                ck_assert_double_eq_tol(derivative(loss, theta, i), gradient[i],
                                        1e-8 * size);
        }
}
END_TEST

START_TEST(test_the_slopes_of_a_prediction_are_its_derivatives)
{
    struct rng rng = rng_at(2, 1);
    for (size_t d = 1; d <= MOST; d++) {
        struct gp_data data = random_data(&rng, 30, d);
        double theta[MOST + 2], x[MOST], mean[MOST], sd[MOST];
        random_theta(&rng, d, theta);
        struct gp gp;
        ck_assert(gp_condition(&gp, &data, theta, 30, &arena));
        random_point(&rng, d, all_kinds, x);
        struct gp_prediction p = gp_predict_slope(&gp, x, &arena, mean, sd);
        struct gp_prediction same = gp_predict(&gp, x, &arena);
        ck_assert_double_eq_tol(p.mean, same.mean, 1e-10);
        ck_assert_double_eq_tol(p.sd, same.sd, 1e-10);
        for (size_t k = 0; k < d; k++) {
            bool number = all_kinds[k] % 2 == 0 && !isnan(x[k]);
            double h = 1e-5, middle = x[k];
            x[k] = middle + h;
            struct gp_prediction above = gp_predict(&gp, x, &arena);
            x[k] = middle - h;
            struct gp_prediction below = gp_predict(&gp, x, &arena);
            x[k] = middle;
            double mean_slope = (above.mean - below.mean) / (2 * h);
            double sd_slope = (above.sd - below.sd) / (2 * h);
            ck_assert_double_eq_tol(mean[k], number ? mean_slope : 0, 1e-5);
            ck_assert_double_eq_tol(sd[k], number ? sd_slope : 0, 1e-5);
        }
    }
}
END_TEST

START_TEST(test_alpha_solves_the_equations)
{
    // (K alpha)_i = mean at point i + (noise + v_i) alpha_i = y_i
    struct rng rng = rng_at(3, 1);
    struct gp_data data = random_data(&rng, 100, 4);
    double theta[MOST + 2], x[MOST];
    random_theta(&rng, 4, theta);
    struct gp gp;
    ck_assert(gp_condition(&gp, &data, theta, 100, &arena));
    for (size_t i = 0; i < 100; i++) {
        gp_points_get(&gp.points, i, x);
        double mean = gp_predict(&gp, x, &arena).mean;
        double noise = gp.noise + data.variance[i];
        ck_assert_double_eq_tol(mean + noise * gp.alpha[i], data.y[i], 1e-8);
        ck_assert_double_eq_tol(gp_mean_at(&gp, i), mean, 1e-8);
    }
}
END_TEST

// ---- more points ------------------------------------------------------------

START_TEST(test_appended_points_count_like_all_others)
{
    struct rng rng = rng_at(4, 1);
    for (size_t n = 5; n < 80; n += 9) {
        struct gp_data data = random_data(&rng, n, MOST), less = data;
        double theta[MOST + 2], x[MOST];
        random_theta(&rng, MOST, theta);
        less.points.n = n - 4;
        struct gp all, some;
        ck_assert(gp_condition(&all, &data, theta, n, &arena));
        ck_assert(gp_condition(&some, &less, theta, n - 4, &arena));
        some = gp_widen(&some, n + 20, &arena);
        for (size_t i = n - 4; i < n; i++) {
            gp_points_get(&data.points, i, x);
            gp_append(&some, x, data.y[i], data.variance[i]);
        }
        gp_solve(&some);
        for (int i = 0; i < 20; i++) {
            random_point(&rng, MOST, all_kinds, x);
            struct gp_prediction p = gp_predict(&all, x, &arena);
            struct gp_prediction q = gp_predict(&some, x, &arena);
            ck_assert_double_eq_tol(p.mean, q.mean, 1e-10);
            ck_assert_double_eq_tol(p.sd, q.sd, 1e-10);
        }
    }
}
END_TEST

START_TEST(test_a_believed_point_moves_no_mean_but_shrinks_the_sd)
{
    struct rng rng = rng_at(5, 1);
    struct gp_data data = random_data(&rng, 40, 3);
    double theta[MOST + 2], x[MOST], pending[MOST];
    random_theta(&rng, 3, theta);
    struct gp gp;
    ck_assert(gp_condition(&gp, &data, theta, 40, &arena));
    struct gp wide = gp_widen(&gp, 41, &arena);
    random_point(&rng, 3, all_kinds, pending);
    double mean = gp_predict(&gp, pending, &arena).mean;
    gp_append(&wide, pending, NAN, 0);
    gp_solve(&wide);
    ck_assert_double_eq_tol(wide.y[40], mean, 1e-12);
    for (int i = 0; i < 50; i++) {
        random_point(&rng, 3, all_kinds, x);
        struct gp_prediction p = gp_predict(&gp, x, &arena);
        struct gp_prediction q = gp_predict(&wide, x, &arena);
        ck_assert_double_eq_tol(p.mean, q.mean, 1e-10);
        ck_assert_double_le(q.sd, p.sd + 1e-10);
    }
    ck_assert_double_lt(gp_predict(&wide, pending, &arena).sd,
                        1.001 * sqrt(wide.noise));
}
END_TEST

START_TEST(test_equal_points_can_be_factored)
{
    const enum matern_distance kind = MATERN_NUMBER;
    struct gp_data data = {.points = gp_points(50, 1, &kind, &arena)};
    double theta[] = {log(5), log(100), log(1e-300)}, x = 0.5;
    data.y = arena_zeros(&arena, 50, sizeof *data.y);
    for (int i = 0; i < 50; i++)
        gp_points_add(&data.points, &x);
    struct gp gp;
    ck_assert(gp_condition(&gp, &data, theta, 50, &arena));
    ck_assert(isfinite(gp_predict(&gp, &x, &arena).sd));
}
END_TEST

// ---- learning ---------------------------------------------------------------

// n values of a wave along the first of d coordinates, the others do not
// matter, with noise of the given sd.
static struct gp_data wave(struct rng *rng, size_t n, size_t d, double sd)
{
    static const enum matern_distance kind[MOST] = {MATERN_NUMBER};
    struct gp_data data = {.least_noise = 1e-6,
                           .points = gp_points(n, d, kind, &arena)};
    double *y = arena_doubles(&arena, n), x[MOST];
    for (size_t i = 0; i < n; i++) {
        random_point(rng, d, kind, x);
        gp_points_add(&data.points, x);
        y[i] = 1.4 * sin(9 * x[0]) + sd * rng_normal(rng);
    }
    data.y = y;
    return data;
}

START_TEST(test_coordinates_that_do_not_matter_get_long_scales)
{
    struct rng rng = rng_at(6, 1);
    for (size_t n = 40; n <= 160; n *= 2) {
        struct gp_data data = wave(&rng, n, 4, 0);
        double theta[MOST + 2];
        gp_learn(&data, &arena, theta);
        for (size_t k = 1; k < 4; k++)
            ck_assert_double_gt(theta[k], theta[0] + log(3));
        ck_assert_double_lt(theta[5], log(1e-3));
    }
}
END_TEST

START_TEST(test_the_noise_is_learnt)
{
    // Variance 0.09 from 150 values: the relative error of such an estimate is
    // sqrt(2 / 150) = 0.12, so a factor of 1.6 is four standard deviations.
    struct rng rng = rng_at(7, 1);
    struct gp_data data = wave(&rng, 150, 2, 0.3);
    double theta[MOST + 2];
    gp_learn(&data, &arena, theta);
    ck_assert_double_eq_tol(theta[3], log(0.09), log(1.6));
}
END_TEST

START_TEST(test_learning_ends_where_no_step_helps)
{
    struct rng rng = rng_at(8, 1);
    struct gp_data data = wave(&rng, 60, 3, 0.1);
    double theta[MOST + 2], gradient[MOST + 2], start[MOST + 2] = {0};
    double least = gp_learn(&data, &arena, theta);
    struct gp_loss *loss = gp_loss_new(&data, &arena);
    ck_assert_double_eq(gp_loss(loss, theta, gradient), least);
    ck_assert_double_lt(least, gp_loss(loss, start, gradient));
    for (int i = 0; i < 200; i++) {
        for (size_t k = 0; k < 5; k++)
            start[k] = theta[k] + 0.05 * rng_normal(&rng);
        ck_assert_double_gt(gp_loss(loss, start, gradient), least - 1e-2);
    }
}
END_TEST

int main(void)
{
    openblas_set_num_threads(1);
    TCase *tests = tcase_create("gp");
    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests,
                   test_numbers_categories_and_inactive_ones_have_distances);
    tcase_add_test(tests, test_mean_and_sd_of_a_small_case);
    tcase_add_test(tests, test_the_loss_of_a_small_case);
    tcase_add_test(tests, test_the_evidence_of_a_small_case);
    tcase_add_test(tests, test_values_of_known_variance_count_less);
    tcase_add_test(tests, test_the_gradient_of_the_loss_is_its_derivative);
    tcase_add_test(tests, test_the_slopes_of_a_prediction_are_its_derivatives);
    tcase_add_test(tests, test_alpha_solves_the_equations);
    tcase_add_test(tests, test_appended_points_count_like_all_others);
    tcase_add_test(tests,
                   test_a_believed_point_moves_no_mean_but_shrinks_the_sd);
    tcase_add_test(tests, test_equal_points_can_be_factored);
    tcase_add_test(tests, test_coordinates_that_do_not_matter_get_long_scales);
    tcase_add_test(tests, test_the_noise_is_learnt);
    tcase_add_test(tests, test_learning_ends_where_no_step_helps);
    Suite *suite = suite_create("gp");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
