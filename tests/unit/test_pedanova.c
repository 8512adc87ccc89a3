// SPDX-License-Identifier: GPL-3.0-or-later
// test_pedanova.c - what distinguishes the best results from the others

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "pedanova.h"
#include "rng.h"
#include "spaces.h"

enum { MOST = 20000, D = 4 };

static double unit[MOST][D];
static const double *row[MOST];
static double value[MOST];
static double single[D];

static void setup(void)
{
    space_init(&space);
    for (size_t i = 0; i < MOST; i++)
        row[i] = unit[i];
}

static void teardown(void)
{
    space_done(&space);
}

static void measure(size_t n, double top, double among)
{
    struct pedanova_plan plan = {.space = &space,
                                 .n = n,
                                 .unit = row,
                                 .value = value,
                                 .top = top,
                                 .among = among};
    pedanova_of(&plan, single);
}

static void draw(size_t n, uint64_t seed)
{
    struct rng rng = rng_at(seed, 0);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < D; k++)
            unit[i][k] = rng_uniform(&rng);
}

START_TEST(test_counted_choices)
{
    // The best 5 of 20 have choice 1, of all 20 one half has. A prior of 1 in
    // 6: densities 1/12, 11/12 and 1/2, 1/2. D = 2 (5/12)^2 / (1/2) = 25/36.
    // A random 5 of 20 have the variance 1/4 (20 - 5) / (5 (20 - 1)) = 1/4 3/19
    // in place of (1/2)^2, so 3/19 of it are subtracted. What is explained of
    // 5/20 (1 - 5/20): D (5/20) / (1 - 5/20) = D / 3.
    add_choices("c", 2);
    for (size_t i = 0; i < 20; i++) {
        bool second = i < 5 || i >= 15;
        unit[i][0] = second ? 0.75 : 0.25;
        value[i] = (double)i;
    }
    measure(20, 0.25, 1);
    ck_assert_double_eq_tol(single[0], 25.0 / 36 * 16 / 19 / 3, 1e-14);
}
END_TEST

START_TEST(test_equal_shares_explain_nothing)
{
    add_choices("c", 2);
    add((struct param){.name = "b", .kind = PARAM_BOOL});
    for (size_t i = 0; i < 40; i++) {
        unit[i][0] = unit[i][1] = i % 2 ? 0.75 : 0.25;
        value[i] = (double)i;
    }
    measure(40, 0.25, 1);
    ck_assert_double_eq(single[0], 0);
    ck_assert_double_eq(single[1], 0);
}
END_TEST

START_TEST(test_what_a_conditional_parameter_explains_where_it_is_active)
{
    // Of 40 results 20 have the parameter, and the best 5 are among them: a =
    // 1/2, a' = 1, factor 2. Among these 20 it is as in
    // test_counted_choices; 5 of 40 are (5/40) / (1 - 5/40) = 1/7.
    add((struct param){.name = "on", .kind = PARAM_BOOL});
    struct condition condition = {.n = 1, .values = (double[]){1}};
    add((struct param){.name = "b",
                       .kind = PARAM_BOOL,
                       .n_conditions = 1,
                       .conditions = &condition});
    for (size_t i = 0; i < 40; i++) {
        bool on = i < 20, second = i < 5 || i >= 15;
        unit[i][0] = on ? 0.75 : 0.25;
        unit[i][1] = on ? second ? 0.75 : 0.25 : NAN;
        value[i] = (double)i;
    }
    measure(40, 0.125, 1);
    ck_assert_double_eq_tol(single[1], 25.0 / 36 * 16 / 19 * 2 / 7, 1e-14);
}
END_TEST

START_TEST(test_that_a_parameter_is_active_is_not_its_own_merit)
{
    add((struct param){.name = "on", .kind = PARAM_BOOL});
    struct condition condition = {.n = 1, .values = (double[]){1}};
    add((struct param){.name = "b",
                       .kind = PARAM_BOOL,
                       .n_conditions = 1,
                       .conditions = &condition});
    for (size_t i = 0; i < 80; i++) {
        unit[i][0] = i < 20 ? 0.75 : 0.25;
        unit[i][1] = i < 20 ? i % 2 ? 0.75 : 0.25 : NAN;
        value[i] = i < 20 ? 0 : 1;
    }
    measure(80, 0.25, 1);
    ck_assert_double_gt(single[0], 0.8);
    ck_assert_double_eq(single[1], 0);
}
END_TEST

START_TEST(test_a_parameter_that_no_top_result_has)
{
    add((struct param){.name = "on", .kind = PARAM_BOOL});
    struct condition condition = {.n = 1, .values = (double[]){1}};
    add((struct param){.name = "x",
                       .kind = PARAM_FLOAT,
                       .high = 1,
                       .n_conditions = 1,
                       .conditions = &condition});
    for (size_t i = 0; i < 20; i++) {
        bool on = i >= 10;
        unit[i][0] = on ? 0.75 : 0.25;
        unit[i][1] = on ? (double)i / 20 : NAN;
        value[i] = on;
    }
    measure(20, 0.25, 1);
    ck_assert_double_gt(single[0], 0.5);
    ck_assert_double_eq(single[1], 0);
}
END_TEST

START_TEST(test_global_and_local_importance_differ)
{
    // To be among the best quarter x must be below 1/4, and within it only y
    // matters. Globally D = 3 of x, of (1/4) / (3/4) all is explained; locally
    // D = 9 of y, of (1/10) / (9/10) all.
    add_floats(2);
    draw(MOST, 1);
    for (size_t i = 0; i < MOST; i++)
        value[i] = unit[i][1] + (unit[i][0] < 0.25 ? 0 : 10);
    measure(MOST, 0.25, 1);
    ck_assert_double_gt(single[0], 0.85);
    ck_assert_double_lt(single[1], 0.005);
    measure(MOST, 0.025, 0.25);
    ck_assert_double_lt(single[0], 0.005);
    ck_assert_double_gt(single[1], 0.75);
}
END_TEST

// The toy function of the paper's section 5 (analyze_toy.py of
// nabenabe0928/local-anova) on [-5, 5]^4: weights 5^-k, those of the next
// parameter where |x| < 1.
static double toy(const double *u)
{
    double sum = 0;
    for (int k = 0; k < D; k++) {
        double x = 10 * u[k] - 5;
        sum += pow(5, -(fabs(x) < 1 ? (k + 1) % D : k)) * x * x;
    }
    return sum;
}

START_TEST(test_the_toy_function_of_the_paper)
{
    // Expected: the same variances from histograms of 4 million uniform points
    // with 200 cells. Kernels blur the notch of w, |w| < 1, which explains
    // 0.02 locally; and everything a little.
    add_floats(4);
    draw(MOST, 1);
    for (size_t i = 0; i < MOST; i++)
        value[i] = toy(unit[i]);
    measure(MOST, 0.1, 1);
    ck_assert_double_eq_tol(single[0], 0.390, 0.04);
    ck_assert_double_eq_tol(single[1], 0.106, 0.02);
    ck_assert_double_eq_tol(single[2], 0.004, 0.004);
    ck_assert_double_eq_tol(single[3], 0.001, 0.004);
    measure(MOST, 0.01, 0.1);
    ck_assert_double_eq_tol(single[0], 0.021, 0.015);
    ck_assert_double_eq_tol(single[1], 0.137, 0.03);
    ck_assert_double_eq_tol(single[2], 0.128, 0.03);
    ck_assert_double_eq_tol(single[3], 0.022, 0.023);
}
END_TEST

START_TEST(test_only_the_order_of_values_matters)
{
    add_floats(4);
    draw(500, 1);
    for (size_t i = 0; i < 500; i++)
        value[i] = toy(unit[i]);
    measure(500, 0.1, 1);
    double before[D];
    for (size_t k = 0; k < D; k++)
        before[k] = single[k];
    for (size_t i = 0; i < 500; i++)
        value[i] = exp(value[i]);
    measure(500, 0.1, 1);
    for (size_t k = 0; k < D; k++)
        ck_assert_double_eq(single[k], before[k]);
}
END_TEST

START_TEST(test_levels_and_their_width_do_not_matter_only_what_is_in_them)
{
    // An int of 4 values, a log int, an int of a million values and a float
    // that go the same way explain everything, but for what kernels blur.
    add((struct param){.name = "i", .kind = PARAM_INT, .high = 3});
    add((struct param){
        .name = "log", .kind = PARAM_INT, .low = 1, .high = 500, .log = true});
    add((struct param){.name = "many", .kind = PARAM_INT, .high = 999999});
    add((struct param){.name = "float", .kind = PARAM_FLOAT, .high = 1});
    draw(4000, 1);
    for (size_t i = 0; i < 4000; i++) {
        for (size_t k = 0; k < D; k++) {
            const struct param *param = &space.params[k];
            unit[i][k] = param_encode(param, param_decode(param, unit[i][3]));
        }
        value[i] = unit[i][3];
    }
    measure(4000, 0.25, 1);
    for (size_t k = 0; k < D; k++)
        ck_assert_double_eq_tol(single[k], 0.92, 0.08);
}
END_TEST

START_TEST(test_noise_explains_nothing_on_average)
{
    // 6 of 60 and 10 choices: the divergence of a random subset is about
    // 9 (1/6 - 1/60) = 1.35, and a ninth of it would be 0.15.
    add_choices("c", 10);
    double mean = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct rng rng = rng_at(seed, 0);
        for (size_t i = 0; i < 60; i++) {
            unit[i][0] = ((double)rng_below(&rng, 10) + 0.5) / 10;
            value[i] = (double)i;
        }
        measure(60, 0.1, 1);
        mean += single[0] / 200;
    }
    ck_assert_double_gt(mean, 0);
    ck_assert_double_lt(mean, 0.04);
}
END_TEST

START_TEST(test_results_equal_to_the_last_of_the_top_belong_to_it)
{
    // 10 of 20 are equally good, so a top of one tenth has 10: f = 1 against
    // 1/2, prior 1/11, (20 - 10) / (10 19) = 1/19
    add_choices("c", 2);
    for (size_t i = 0; i < 20; i++) {
        unit[i][0] = i % 2 ? 0.75 : 0.25;
        value[i] = (double)(i % 2);
    }
    measure(20, 0.1, 1);
    ck_assert_double_eq_tol(single[0], 100.0 / 121 * 18 / 19, 1e-14);
}
END_TEST

START_TEST(test_equal_values_explain_nothing)
{
    add_floats(2);
    draw(30, 1);
    for (size_t i = 0; i < 30; i++)
        value[i] = 3;
    measure(30, 0.1, 1);
    ck_assert_double_eq(single[0], 0);
    ck_assert_double_eq(single[1], 0);
}
END_TEST

START_TEST(test_few_results_are_no_trouble)
{
    add_floats(2);
    draw(9, 1);
    for (size_t i = 0; i < 9; i++)
        value[i] = unit[i][0];
    for (size_t n = 1; n <= 9; n++) {
        measure(n, 0.1, 1);
        ck_assert(single[0] >= 0 && single[0] <= 1);
        ck_assert(single[1] >= 0 && single[1] <= 1);
        measure(n, 0.01, 0.1);
        ck_assert_double_eq(single[0], 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pedanova");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_counted_choices);
    tcase_add_test(tests, test_equal_shares_explain_nothing);
    tcase_add_test(
        tests, test_what_a_conditional_parameter_explains_where_it_is_active);
    tcase_add_test(tests, test_that_a_parameter_is_active_is_not_its_own_merit);
    tcase_add_test(tests, test_a_parameter_that_no_top_result_has);
    tcase_add_test(tests, test_global_and_local_importance_differ);
    tcase_add_test(tests, test_the_toy_function_of_the_paper);
    tcase_add_test(tests, test_only_the_order_of_values_matters);
    tcase_add_test(
        tests, test_levels_and_their_width_do_not_matter_only_what_is_in_them);
    tcase_add_test(tests, test_noise_explains_nothing_on_average);
    tcase_add_test(tests,
                   test_results_equal_to_the_last_of_the_top_belong_to_it);
    tcase_add_test(tests, test_equal_values_explain_nothing);
    tcase_add_test(tests, test_few_results_are_no_trouble);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
