// SPDX-License-Identifier: GPL-3.0-or-later
// test_variation.c - crossover and mutation of one coordinate

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "rng.h"
#include "variation.h"

enum { DRAWS = 40000 };

static const struct param real = {.kind = PARAM_FLOAT, .low = 0, .high = 1};
static const struct param whole = {
    .kind = PARAM_INT, .low = 1, .high = 100, .step = 1};
static const struct param wide = {
    .kind = PARAM_INT, .low = 1, .high = 1000, .step = 1, .log = true};
static const struct param choice = {.kind = PARAM_CATEGORICAL, .n_choices = 5};
static const struct param only = {.kind = PARAM_FLOAT, .low = 2, .high = 2};

// Is a share of DRAWS within four standard errors of p?
static void check_share(size_t hits, double p)
{
    double error = 4 * sqrt(p * (1 - p) / DRAWS);
    ck_assert_double_eq_tol((double)hits / DRAWS, p, error);
}

// Far from the bounds the distance of the children, in that of the parents,
// has the distribution P(spread < s) = s^(eta + 1) / 2 for s < 1 and 1 -
// s^-(eta
// + 1) / 2 beyond (Deb and Agrawal 1995).
START_TEST(test_crossover_has_the_spread_of_its_paper)
{
    struct rng rng = rng_at(1, 0);
    double eta = 3;
    size_t lower = 0, within = 0, close = 0, beyond = 0;
    for (int i = 0; i < DRAWS; i++) {
        double child = variation_cross(&real, 0.502, 0.498, eta, &rng);
        double spread = fabs(child - 0.5) / 0.002;
        lower += child < 0.5;
        within += spread < 1;
        close += spread < 0.8;
        beyond += spread > 1.5;
    }
    check_share(lower, 0.5);
    check_share(within, 0.5);
    check_share(close, pow(0.8, eta + 1) / 2);
    check_share(beyond, pow(1.5, -eta - 1) / 2);
}
END_TEST

// In the middle P(move < -t) = (1 - t)^(eta + 1) / 2 but for 2^-(eta + 1), the
// chance of what the bounds cut off.
START_TEST(test_mutation_has_the_reach_of_its_paper)
{
    struct rng rng = rng_at(2, 0);
    size_t down = 0, far_down = 0, far_up = 0;
    for (int i = 0; i < DRAWS; i++) {
        double move = variation_mutate(&real, 0.5, 20, &rng) - 0.5;
        down += move < 0;
        far_down += move < -0.05;
        far_up += move > 0.05;
    }
    check_share(down, 0.5);
    check_share(far_down, pow(0.95, 21) / 2);
    check_share(far_up, pow(0.95, 21) / 2);
}
END_TEST

START_TEST(test_children_stay_in_bounds)
{
    struct rng rng = rng_at(3, 0);
    for (int i = 0; i < DRAWS; i++) {
        double a = rng_below(&rng, 4) ? rng_uniform(&rng) : 0;
        double b = rng_below(&rng, 4) ? rng_uniform(&rng) : 1;
        double eta = 30 * rng_uniform(&rng);
        double child = variation_cross(&real, a, b, eta, &rng);
        ck_assert(child >= 0 && child <= 1);
        child = variation_mutate(&real, a, eta, &rng);
        ck_assert(child >= 0 && child <= 1);
        ck_assert(child != a || a == 0 || a == 1);
    }
}
END_TEST

START_TEST(test_equal_parents_have_equal_children)
{
    struct rng rng = rng_at(4, 0);
    for (int i = 0; i < 100; i++) {
        double u = rng_uniform(&rng);
        ck_assert(variation_cross(&real, u, u, 15, &rng) == u);
    }
}
END_TEST

START_TEST(test_levels_always_change_and_mostly_a_little)
{
    struct rng rng = rng_at(5, 0);
    const struct param *params[] = {&whole, &wide};
    for (size_t p = 0; p < 2; p++)
        for (int i = 0; i < DRAWS; i++) {
            double n = (double)param_levels(params[p]);
            double at = param_value(params[p], rng_below(&rng, (uint64_t)n));
            double u = variation_mutate(params[p], param_encode(params[p], at),
                                        200, &rng);
            double moved = param_decode(params[p], u);
            ck_assert_double_ne(moved, at);
            // P(further than 0.1) = 0.9^201 = 6e-10 each
            ck_assert(fabs(u - param_encode(params[p], at)) < 0.1 ||
                      fabs(moved - at) == 1);
        }
}
END_TEST

START_TEST(test_categories_mutate_to_any_other)
{
    struct rng rng = rng_at(6, 0);
    size_t count[5] = {0};
    for (int i = 0; i < DRAWS; i++)
        count[(size_t)param_decode(
            &choice,
            variation_mutate(&choice, param_encode(&choice, 1), 20, &rng))]++;
    for (size_t k = 0; k < 5; k++)
        if (k == 1)
            ck_assert_uint_eq(count[k], 0);
        else
            check_share(count[k], 0.25);
}
END_TEST

START_TEST(test_categories_are_inherited_from_one_parent)
{
    struct rng rng = rng_at(7, 0);
    size_t first = 0;
    double a = param_encode(&choice, 0), b = param_encode(&choice, 4);
    for (int i = 0; i < DRAWS; i++) {
        double child = variation_cross(&choice, a, b, 1, &rng);
        ck_assert(child == a || child == b);
        first += child == a;
    }
    check_share(first, 0.5);
}
END_TEST

START_TEST(test_a_single_value_stays)
{
    struct rng rng = rng_at(8, 0);
    ck_assert_double_eq(variation_mutate(&only, 0.5, 20, &rng), 0.5);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("variation");
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, test_crossover_has_the_spread_of_its_paper);
    tcase_add_test(tests, test_mutation_has_the_reach_of_its_paper);
    tcase_add_test(tests, test_children_stay_in_bounds);
    tcase_add_test(tests, test_equal_parents_have_equal_children);
    tcase_add_test(tests, test_levels_always_change_and_mostly_a_little);
    tcase_add_test(tests, test_categories_mutate_to_any_other);
    tcase_add_test(tests, test_categories_are_inherited_from_one_parent);
    tcase_add_test(tests, test_a_single_value_stays);
    Suite *suite = suite_create("variation");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
