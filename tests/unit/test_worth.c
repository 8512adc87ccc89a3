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
    expected = 1.8 * 0.2 - 0.5 + log(normal(2) * normal(-0.3 / 0.6));
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

START_TEST(test_slopes_are_derivatives)
{
    struct rng rng = rng_at(1, 0);
    for (int i = 0; i < 300; i++) {
        struct worth worth = {.kind = (enum worth_kind)(i % 3),
                              .n_objectives = 1,
                              .n_constraints = OUTPUTS - 1,
                              .best = rng_normal(&rng)};
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
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("worth");
    tcase_set_timeout(tests, 10);
    tcase_add_test(
        tests, test_improvement_is_weighted_by_the_probability_to_be_feasible);
    tcase_add_test(tests, test_feasibility_alone_ignores_the_objectives);
    tcase_add_test(tests, test_slopes_are_derivatives);
    Suite *suite = suite_create("worth");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
