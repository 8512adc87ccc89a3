// SPDX-License-Identifier: GPL-3.0-or-later
// test_ehvi.c - the boxes that nothing dominates, and improvement expected
// there

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "acquisition.h"
#include "boxes.h"
#include "ehvi.h"
#include "rng.h"

enum { MOST = 30, M = 3 };

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_done(&arena);
}

// Results around the reference (1, 1, 1), with ties, and some without a number.
static size_t draw(struct rng *rng, double *value, size_t m)
{
    size_t n = rng_below(rng, MOST);
    bool coarse = rng_below(rng, 2);
    for (size_t i = 0; i < n * m; i++) {
        value[i] =
            coarse ? (double)rng_below(rng, 8) / 6 : 1.1 * rng_uniform(rng);
        if (rng_below(rng, 90) == 0)
            value[i] = NAN;
    }
    return n;
}

static const double ones[] = {1, 1, 1};

// ---- boxes ------------------------------------------------------------------

START_TEST(test_a_point_is_dominated_or_in_exactly_one_box)
{
    struct rng rng = rng_at(1, 0);
    for (int round = 0; round < 200; round++) {
        double value[MOST * M];
        size_t m = 1 + rng_below(&rng, M), n = draw(&rng, value, m);
        struct hypervolume_task task = {n, m, value, ones};
        struct boxes boxes = boxes_of(&task, &arena);
        for (int probe = 0; probe < 100; probe++) {
            double y[M];
            size_t dominators = 0, holders = 0;
            for (size_t k = 0; k < m; k++)
                y[k] = 1.2 * rng_uniform(&rng) - 0.2;
            for (size_t i = 0; i < n; i++) {
                size_t better = 0;
                for (size_t k = 0; k < m; k++)
                    better += value[i * m + k] <= y[k];
                dominators += better == m;
            }
            for (size_t i = 0; i < boxes.n; i++) {
                size_t within = 0;
                for (size_t k = 0; k < m; k++)
                    within += boxes.low[i * m + k] < y[k] &&
                              y[k] < boxes.high[i * m + k];
                holders += within == m;
            }
            ck_assert_uint_eq(holders, dominators == 0);
        }
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(test_there_are_as_few_boxes_as_promised)
{
    struct rng rng = rng_at(2, 0);
    enum { N = 200 };
    double value[N * 3];
    for (size_t i = 0; i < N; i++) { // on a sphere: all are non-dominated
        double *y = value + 3 * i, norm = 0;
        for (size_t k = 0; k < 3; k++)
            norm += pow(y[k] = fabs(rng_normal(&rng)), 2);
        for (size_t k = 0; k < 3; k++)
            y[k] = 0.99 * (1 - y[k] / sqrt(norm));
    }
    struct hypervolume_task task = {N, 3, value, ones};
    struct boxes boxes = boxes_of(&task, &arena);
    ck_assert_uint_eq(boxes.n, 2 * N + 1);
    double plane[N * 2];
    for (size_t i = 0; i < N; i++) {
        plane[2 * i] = ((double)i + 0.5) / N;
        plane[2 * i + 1] = 1 - plane[2 * i];
    }
    task = (struct hypervolume_task){N, 2, plane, ones};
    ck_assert_uint_eq(boxes_of(&task, &arena).n, N + 1);
}
END_TEST

START_TEST(test_without_results_everything_is_one_box)
{
    for (size_t m = 1; m <= M; m++) {
        double outside[] = {2, 0, NAN};
        for (size_t n = 0; n < 2; n++) {
            struct hypervolume_task task = {n, m, outside, ones};
            struct boxes boxes = boxes_of(&task, &arena);
            ck_assert_uint_eq(boxes.n, 1);
            for (size_t k = 0; k < m; k++)
                ck_assert(boxes.low[k] == -INFINITY && boxes.high[k] == 1);
        }
    }
}
END_TEST

static double improvement(const struct boxes *boxes, const double *y)
{
    double sum = 0;
    for (size_t i = 0; i < boxes->n; i++) {
        double product = 1;
        for (size_t k = 0; k < boxes->m; k++)
            product *= fmax(0, boxes->high[i * boxes->m + k] -
                                   fmax(boxes->low[i * boxes->m + k], y[k]));
        sum += product;
    }
    return sum;
}

START_TEST(test_the_boxes_know_how_the_volume_grows)
{
    struct rng rng = rng_at(3, 0);
    for (int round = 0; round < 300; round++) {
        double value[(MOST + 1) * M], y[M] = {0};
        size_t m = 1 + rng_below(&rng, M), n = draw(&rng, value, m);
        for (size_t k = 0; k < m; k++)
            y[k] = 1.3 * rng_uniform(&rng) - 0.2;
        memcpy(value + n * m, y, m * sizeof *y);
        struct hypervolume_task task = {n, m, value, ones};
        struct boxes boxes = boxes_of(&task, &arena);
        double before = hypervolume(&task, &arena);
        task.n++;
        ck_assert_double_eq_tol(improvement(&boxes, y),
                                hypervolume(&task, &arena) - before, 1e-12);
        arena_reset(&arena);
    }
}
END_TEST

// ---- expected improvement ---------------------------------------------------

START_TEST(test_one_objective_is_expected_improvement)
{
    double value[] = {0.7, 0.2, 0.4}, by_mean, by_sd;
    struct hypervolume_task task = {3, 1, value, ones};
    struct boxes boxes = boxes_of(&task, &arena);
    for (double mean = -3; mean < 40; mean += 0.7) {
        double sd = 0.3;
        struct acquisition ei = acquisition_log_ei(mean, sd, 0.2);
        ck_assert_double_eq_tol(ehvi_log(&boxes, &mean, &sd, &by_mean, &by_sd),
                                ei.value, 1e-12 * fabs(ei.value) + 1e-12);
        ck_assert_double_eq_tol(by_mean, ei.by_mean, 1e-9 * fabs(ei.by_mean));
        ck_assert_double_eq_tol(by_sd, ei.by_sd, 1e-9 * fabs(ei.by_sd) + 1e-9);
    }
}
END_TEST

// The example in the manual of I. Hupkens' program, which comes with her thesis
// "Complexity reduction and validation of computing the expected hypervolume
// improvement" (Leiden 2013), with 10 digits. It is maximised there, from the
// reference (0, 0, 0).
START_TEST(test_published_values_in_three_objectives)
{
    double value[] = {-8, -8, -2, -11, -6, -7, -9, -5, -8, -14, -3, -9};
    const double zero[] = {0, 0, 0}, predicted[][6] = {
                                         {-6, -6, -6, 3, 3, 3},
                                         {-5, -2, -4, 1, 3, 6},
                                         {-1, -7, -2, 3, 5, 3},
                                         {-2, -3, -5, 2, 8, 3},
                                     };
    const double expected[] = {47.24623199, 11.21775781, 8.935099634,
                               19.88518203};
    double by_mean[3], by_sd[3];
    struct hypervolume_task task = {4, 3, value, zero};
    struct boxes boxes = boxes_of(&task, &arena);
    for (size_t i = 0; i < 4; i++) {
        double log_ehvi =
            ehvi_log(&boxes, predicted[i], predicted[i] + 3, by_mean, by_sd);
        ck_assert_double_eq_tol(exp(log_ehvi) / expected[i], 1, 1e-9);
    }
}
END_TEST

// The three results and the prediction (2, 1.5) with sds (0.7, 0.6) that
// Emmerich, Yang and Deutz ("Infill criteria for multiobjective Bayesian
// optimization", 2019) draw, maximised from (0, 0), against the midpoint rule
// for the integral of the improvement: the error of 800 steps is below 1e-4.
START_TEST(test_two_objectives_agree_with_the_integral)
{
    enum { STEPS = 800 };
    double value[] = {-1, -2.5, -2, -1.5, -3, -1}, zero[] = {0, 0};
    double mean[] = {-2, -1.5}, sd[] = {0.7, 0.6}, by_mean[2], by_sd[2];
    struct hypervolume_task task = {3, 2, value, zero};
    struct boxes boxes = boxes_of(&task, &arena);
    double sum = 0, width = 14.0 / STEPS;
    for (int i = 0; i < STEPS; i++)
        for (int j = 0; j < STEPS; j++) {
            double a = -7 + (i + 0.5) * width, b = -7 + (j + 0.5) * width;
            double y[M] = {mean[0] + a * sd[0], mean[1] + b * sd[1]};
            sum += exp(-0.5 * (a * a + b * b)) * improvement(&boxes, y);
        }
    double exact = exp(ehvi_log(&boxes, mean, sd, by_mean, by_sd));
    ck_assert_double_eq_tol(exact / (sum * width * width / (2 * M_PI)), 1,
                            1e-4);
}
END_TEST

// Central differences of ehvi_log along mean[k] or sd[k].
static double slope(const struct boxes *boxes, const double *at, size_t k,
                    double step)
{
    double x[2 * M], by_mean[M], by_sd[M];
    memcpy(x, at, sizeof x);
    x[k] = at[k] + step;
    double up = ehvi_log(boxes, x, x + M, by_mean, by_sd);
    x[k] = at[k] - step;
    return (up - ehvi_log(boxes, x, x + M, by_mean, by_sd)) / (2 * step);
}

START_TEST(test_the_slopes_are_its_derivatives)
{
    struct rng rng = rng_at(4, 0);
    for (int round = 0; round < 400; round++) {
        double value[MOST * M], at[2 * M], by_mean[M], by_sd[M];
        size_t m = 1 + rng_below(&rng, M), n = draw(&rng, value, m);
        struct hypervolume_task task = {n, m, value, ones};
        struct boxes boxes = boxes_of(&task, &arena);
        ck_assert_uint_le(m, M);
        double reach = rng_below(&rng, 4) ? 1 : 10; // far into the tails
        for (size_t k = 0; k < M; k++) {
            at[k] = reach * 2 * rng_uniform(&rng) - 0.5;
            at[M + k] = 0.05 + 0.5 * rng_uniform(&rng);
        }
        double log_ehvi = ehvi_log(&boxes, at, at + M, by_mean, by_sd);
        ck_assert(isfinite(log_ehvi));
        for (size_t k = 0; k < m; k++) {
            double step = 1e-5 * at[M + k];
            double error = 1e-4 + 1e-14 * fabs(log_ehvi) / step;
            double s = slope(&boxes, at, k, step);
            ck_assert_double_eq_tol(by_mean[k], s, error + 1e-5 * fabs(s));
            s = slope(&boxes, at, M + k, step);
            ck_assert_double_eq_tol(by_sd[k], s, error + 1e-5 * fabs(s));
        }
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(test_thin_boxes_add_what_they_should)
{
    // A second result next to the first one cuts a strip of width `gap`, and
    // takes next to nothing away.
    double by_mean[2], by_sd[2], mean[2], sd[] = {0.2, 0.1};
    for (double far = 0.1; far < 30; far *= 3)
        for (double gap = 1e-13; gap < 1e-4; gap *= 10) {
            double value[] = {0.5, 0.5, 0.5 + gap, 0.5 - gap};
            mean[0] = 0.2 + far;
            mean[1] = 0.45 + far;
            struct hypervolume_task task = {1, 2, value, ones};
            struct boxes one = boxes_of(&task, &arena);
            task.n = 2;
            struct boxes two = boxes_of(&task, &arena);
            double a = ehvi_log(&one, mean, sd, by_mean, by_sd),
                   by = by_mean[0];
            double b = ehvi_log(&two, mean, sd, by_mean, by_sd);
            // ln EHVI changes by no more than its slopes over the gap: far / sd
            // per sd, twice
            double most = 1e-10 * fabs(a) + 4 * gap * (1 + far) / (0.1 * 0.1);
            ck_assert_double_eq_tol(a, b, most);
            ck_assert_double_eq_tol(by_mean[0] / by, 1, 1e-6 + 10 * most);
        }
}
END_TEST

START_TEST(test_improvement_grows_towards_the_front_from_any_distance)
{
    double value[] = {0.2, 0.8, 0.5, 0.4}, by_mean[2], by_sd[2];
    struct hypervolume_task task = {2, 2, value, ones};
    struct boxes boxes = boxes_of(&task, &arena);
    double last = -INFINITY;
    for (double away = 1e8; away > 1e-3; away /= 1.5) {
        double mean[] = {0.4 + away, 0.5 + away}, sd[] = {0.1, 0.1};
        double log_ehvi = ehvi_log(&boxes, mean, sd, by_mean, by_sd);
        ck_assert(isfinite(log_ehvi) && log_ehvi > last);
        ck_assert(by_mean[0] < 0 && by_mean[1] < 0);
        last = log_ehvi;
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("ehvi");
    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_a_point_is_dominated_or_in_exactly_one_box);
    tcase_add_test(tests, test_there_are_as_few_boxes_as_promised);
    tcase_add_test(tests, test_without_results_everything_is_one_box);
    tcase_add_test(tests, test_the_boxes_know_how_the_volume_grows);
    tcase_add_test(tests, test_one_objective_is_expected_improvement);
    tcase_add_test(tests, test_published_values_in_three_objectives);
    tcase_add_test(tests, test_two_objectives_agree_with_the_integral);
    tcase_add_test(tests, test_the_slopes_are_its_derivatives);
    tcase_add_test(tests, test_thin_boxes_add_what_they_should);
    tcase_add_test(tests,
                   test_improvement_grows_towards_the_front_from_any_distance);
    Suite *suite = suite_create("ehvi");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
