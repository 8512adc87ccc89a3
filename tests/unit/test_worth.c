// SPDX-License-Identifier: GPL-3.0-or-later
// test_worth.c - the worth of a try adds up, and its slopes are derivatives

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "rng.h"
#include "worth.h"

enum { OUTPUTS = 3 };

// Phi(x)
static double normal(double x)
{
    return 0.5 * erfc(-x / sqrt(2));
}

static double value(const struct worth *worth, const struct gp_prediction *p)
{
    double by_mean[OUTPUTS], by_sd[OUTPUTS];
    return worth_of(worth, p, by_mean, by_sd);
}

START_TEST(test_improvement_is_weighted_by_the_probability_to_be_feasible)
{
    // With mean = best the improvement is sd / sqrt(2 pi).
    struct worth worth = {.kind = WORTH_IMPROVEMENT,
                          .n_objectives = 1,
                          .n_constraints = 2,
                          .best = 0.5};
    const struct gp_prediction p[] = {{0.5, 0.2}, {-1, 0.5}, {0.3, 0.6}};
    double expected =
        log(0.2 / sqrt(2 * M_PI) * normal(2) * normal(-0.3 / 0.6));
    ck_assert_double_eq_tol(value(&worth, p), expected, 1e-12);
    worth.kind = WORTH_OPTIMISM;
    expected = 1.0 * 0.2 - 0.5 + log(normal(2) * normal(-0.3 / 0.6));
    ck_assert_double_eq_tol(value(&worth, p), expected, 1e-12);
}
END_TEST

START_TEST(test_feasibility_alone_ignores_the_objectives)
{
    struct worth worth = {
        .kind = WORTH_FEASIBILITY, .n_objectives = 1, .n_constraints = 1};
    for (double mean = -3; mean < 3; mean++) {
        const struct gp_prediction p[] = {{mean, 0.2}, {0.5, 1}};
        ck_assert_double_eq_tol(value(&worth, p), log(normal(-0.5)), 1e-12);
    }
}
END_TEST

START_TEST(test_volume_is_the_expected_hypervolume_improvement)
{
    // One result at (0, 0), reference (1, 1), and a try at (-1, 0.5) that is
    // nearly certain: it adds 1 x 0.5.
    struct arena arena;
    arena_init(&arena);
    const double zero[] = {0, 0}, reference[] = {1, 1};
    struct boxes boxes =
        boxes_of(&(struct hypervolume_task){1, 2, zero, reference}, &arena);
    struct worth worth = {
        .kind = WORTH_VOLUME, .n_objectives = 2, .boxes = &boxes};
    const struct gp_prediction p[] = {{-1, 1e-6}, {0.5, 1e-6}};
    ck_assert_double_eq_tol(value(&worth, p), log(0.5), 1e-5);
    arena_done(&arena);
}
END_TEST

START_TEST(test_a_mixture_is_the_largest_weighted_distance_from_the_ideal)
{
    // y = (0.4, 0.7, 0.2) - 0.2 (0.5, 0.5, 1); weighted distances from the
    // ideal 0.15, 0.4, 0.1 x 0.1: - 0.4 - 0.05 (0.15 + 0.4 + 0.01).
    const double weight[] = {0.5, 0.5, 0.1}, ideal[] = {0, -0.2, -0.1};
    struct worth worth = {.kind = WORTH_MIXTURE,
                          .n_objectives = 3,
                          .weight = weight,
                          .ideal = ideal};
    const struct gp_prediction p[] = {{0.4, 0.5}, {0.7, 0.5}, {0.2, 1}};
    ck_assert_double_eq_tol(value(&worth, p), -0.4 - 0.05 * 0.56, 1e-12);
}
END_TEST

START_TEST(test_slopes_are_derivatives)
{
    struct rng rng = rng_at(1, 0);
    struct arena arena;
    arena_init(&arena);
    const double front[] = {-1, 0.5, 0, -0.5}, reference[] = {1, 1};
    const double weight[] = {0.3, 0.7}, ideal[] = {-1, -0.5};
    struct boxes boxes =
        boxes_of(&(struct hypervolume_task){2, 2, front, reference}, &arena);
    for (int i = 0; i < 500; i++) {
        enum worth_kind kind = (enum worth_kind)(i % 5);
        size_t m = kind == WORTH_VOLUME || kind == WORTH_MIXTURE ? 2 : 1;
        struct worth worth = {.kind = kind,
                              .n_objectives = m,
                              .n_constraints = OUTPUTS - m,
                              .best = rng_normal(&rng),
                              .boxes = &boxes,
                              .weight = weight,
                              .ideal = ideal};
        struct gp_prediction p[OUTPUTS];
        double by_mean[OUTPUTS], by_sd[OUTPUTS], h = 1e-6;
        for (size_t j = 0; j < OUTPUTS; j++)
            p[j] = (struct gp_prediction){rng_normal(&rng),
                                          0.1 + rng_uniform(&rng)};
        worth_of(&worth, p, by_mean, by_sd);
        for (size_t j = 0; j < OUTPUTS; j++)
            for (int sd = 0; sd < 2; sd++) {
                double *x = sd ? &p[j].sd : &p[j].mean, middle = *x;
                *x = middle + h;
                double above = value(&worth, p);
                *x = middle - h;
                double slope = (above - value(&worth, p)) / (2 * h);
                *x = middle;
                ck_assert_double_eq_tol(sd ? by_sd[j] : by_mean[j], slope,
                                        1e-5 * fmax(1, fabs(slope)));
            }
    }
    arena_done(&arena);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("worth");
    tcase_set_timeout(tests, 10);
    tcase_add_test(
        tests, test_improvement_is_weighted_by_the_probability_to_be_feasible);
    tcase_add_test(tests, test_feasibility_alone_ignores_the_objectives);
    tcase_add_test(tests, test_volume_is_the_expected_hypervolume_improvement);
    tcase_add_test(
        tests, test_a_mixture_is_the_largest_weighted_distance_from_the_ideal);
    tcase_add_test(tests, test_slopes_are_derivatives);
    Suite *suite = suite_create("worth");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
