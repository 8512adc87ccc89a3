// SPDX-License-Identifier: GPL-3.0-or-later
// test_importance.c - how much parameters matter, from results to shares

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "importance.h"
#include "rng.h"
#include "spaces.h"

enum { MOST = 20000, D = 6 };

static struct arena arena;
static struct error err;
static double unit[MOST * D];
static uint32_t number[MOST];
static double value[MOST];

static void setup(void)
{
    arena_init(&arena);
    space_init(&space);
    error_clear(&err);
    for (uint32_t i = 0; i < MOST; i++)
        number[i] = i;
}

static void teardown(void)
{
    arena_done(&arena);
    space_done(&space);
}

// n random unit points, in rows of space.n, and f of each.
static void draw(size_t n, double (*f)(const double *))
{
    for (size_t i = 0; i < n; i++) {
        struct rng rng = rng_at(11, i);
        for (size_t k = 0; k < space.n; k++)
            unit[i * space.n + k] = rng_uniform(&rng);
        value[i] = f(unit + i * space.n);
    }
}

static struct importance_plan plan_of(size_t n, enum importance_method method)
{
    return (struct importance_plan){.space = &space,
                                    .n = n,
                                    .unit = unit,
                                    .number = number,
                                    .value = value,
                                    .method = method,
                                    .seed = 1};
}

static struct importance measure(struct importance_plan plan)
{
    struct importance importance;
    ck_assert_msg(importance_measure(&plan, &arena, &importance, &err) == 0,
                  "%s", err.message);
    return importance;
}

static void check_equal(const struct importance *a, const struct importance *b,
                        double tolerance)
{
    for (size_t k = 0; k < space.n; k++) {
        ck_assert_double_le(fabs(a->variance[k] - b->variance[k]), tolerance);
        ck_assert_double_le(fabs(a->share[k] - b->share[k]), tolerance);
    }
}

// a matters most, then b; the others do not.
static double two_of_many(const double *u)
{
    return 4 * pow(u[0] - 0.3, 2) + pow(u[1] - 0.6, 2);
}

static double constant(const double *u)
{
    (void)u;
    return 0.1;
}

// ---- both methods -----------------------------------------------------------

START_TEST(test_shares_add_up_to_one_and_irrelevant_parameters_have_none)
{
    add_floats(6);
    draw(1000, two_of_many);
    struct importance i = measure(plan_of(1000, _i));
    double sum = 0;
    for (size_t k = 0; k < 6; k++)
        sum += i.share[k];
    ck_assert_double_eq_tol(sum, 1, 1e-14);
    ck_assert_double_gt(i.share[0], 0.7);
    ck_assert_double_gt(i.share[1], 0.02);
    ck_assert_double_lt(i.share[1], 0.3);
    for (size_t k = 2; k < 6; k++)
        ck_assert_double_lt(i.share[k], 0.01);
    ck_assert_uint_eq(i.used, 1000);
}
END_TEST

START_TEST(test_a_constant_value_is_explained_by_nothing)
{
    add_floats(3);
    draw(50, constant);
    struct importance i = measure(plan_of(50, _i));
    for (size_t k = 0; k < 3; k++) {
        ck_assert_double_eq(i.variance[k], 0);
        ck_assert_double_eq(i.share[k], 0);
    }
}
END_TEST

START_TEST(test_two_finite_values_are_needed)
{
    add_floats(2);
    draw(3, two_of_many);
    value[0] = NAN;
    value[1] = -INFINITY;
    struct importance_plan plan = plan_of(3, _i);
    struct importance importance;
    ck_assert_int_eq(importance_measure(&plan, &arena, &importance, &err), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_str_eq(err.message, "importances need at least 2 complete trials "
                                  "with a finite value, not 1");
    value[0] = 1;
    struct importance i = measure(plan);
    ck_assert_uint_eq(i.used, 2);
}
END_TEST

START_TEST(test_values_that_are_not_finite_are_left_out)
{
    add_floats(3);
    draw(200, two_of_many);
    struct importance without = measure(plan_of(200, _i));
    for (uint32_t j = 0; j < 200; j++)
        number[200 + 2 * j] = number[201 + 2 * j] = j;
    double more[400];
    for (size_t j = 0; j < 200; j++) {
        more[2 * j] = (double[]){NAN, INFINITY, -INFINITY}[j % 3];
        more[2 * j + 1] = value[j];
    }
    struct importance_plan plan = plan_of(400, _i);
    plan.number = number + 200;
    plan.value = more;
    struct importance with = measure(plan);
    ck_assert_uint_eq(with.used, 200);
    check_equal(&with, &without, 0);
}
END_TEST

START_TEST(test_another_unit_of_the_values_changes_nothing)
{
    add_floats(3);
    draw(300, two_of_many);
    struct importance before = measure(plan_of(300, _i));
    for (size_t j = 0; j < 300; j++)
        value[j] = 1024 * value[j] - 0.25;
    struct importance after = measure(plan_of(300, _i));
    check_equal(&before, &after, 1e-9);
}
END_TEST

START_TEST(test_permuted_parameters_have_permuted_importance)
{
    add_floats(4);
    draw(300, two_of_many);
    struct importance before = measure(plan_of(300, _i));
    const size_t to[] = {2, 0, 3, 1};
    for (size_t j = 0; j < 300; j++) {
        double old[4];
        memcpy(old, unit + 4 * j, sizeof old);
        for (size_t k = 0; k < 4; k++)
            unit[4 * j + to[k]] = old[k];
    }
    struct importance after = measure(plan_of(300, _i));
    for (size_t k = 0; k < 4; k++)
        ck_assert_double_eq_tol(before.variance[k], after.variance[to[k]],
                                1e-9);
}
END_TEST

START_TEST(test_the_same_seed_gives_the_same_answer)
{
    add_floats(3);
    draw(5000, two_of_many);
    struct importance a = measure(plan_of(5000, _i));
    struct importance b = measure(plan_of(5000, _i));
    check_equal(&a, &b, 0);
}
END_TEST

START_TEST(test_huge_values_do_not_overflow)
{
    add_floats(2);
    draw(100, two_of_many);
    for (size_t j = 0; j < 100; j++)
        value[j] = (value[j] - 0.5) * (DBL_MAX / 8);
    for (int v = IMPORTANCE_FENCED; v <= IMPORTANCE_RANKED; v++) {
        struct importance_plan plan = plan_of(100, _i);
        plan.values = (enum importance_values)v;
        struct importance i = measure(plan);
        ck_assert_double_gt(i.share[0], 0.5);
        ck_assert_double_eq_tol(i.share[0] + i.share[1], 1, 1e-14);
    }
}
END_TEST

START_TEST(test_no_parameters_no_importances)
{
    value[0] = 1;
    value[1] = 2;
    struct importance i = measure(plan_of(2, _i));
    ck_assert_uint_eq(i.used, 2);
    ck_assert_uint_eq(i.n_pairs, 0);
}
END_TEST

// value of a category with four choices, and of a log parameter
static void mixed(size_t n)
{
    char *choices[] = {"\"sgd\"", "\"adam\"", "\"lion\"", "\"none\""};
    add((struct param){.name = "optimizer",
                       .kind = PARAM_CATEGORICAL,
                       .n_choices = 4,
                       .choices = choices});
    add((struct param){.name = "rate",
                       .kind = PARAM_FLOAT,
                       .low = 1e-5,
                       .high = 1,
                       .log = true});
    add((struct param){.name = "layers", .kind = PARAM_INT, .high = 9});
    add((struct param){
        .name = "fixed", .kind = PARAM_INT, .low = 3, .high = 3});
    for (size_t i = 0; i < n; i++) {
        struct rng rng = rng_at(5, i);
        double u[4], point[4];
        for (size_t k = 0; k < 4; k++)
            u[k] = rng_uniform(&rng);
        space_decode(&space, u, point);
        space_encode(&space, point, unit + i * 4);
        // one choice of four is bad: variance 3/16 s^2; ln rate: 1/12 s^2
        value[i] = 2 * (point[0] == 1) + 3 * log10(point[1]) / 5;
    }
}

START_TEST(test_categories_logarithms_and_a_parameter_with_one_value)
{
    mixed(1000);
    struct importance i = measure(plan_of(1000, _i));
    ck_assert_double_gt(i.share[0], 0.03);
    ck_assert_double_gt(i.share[1], 0.4);
    ck_assert_double_lt(i.share[2], 0.01);
    ck_assert_double_eq(i.share[3], 0);
}
END_TEST

// "on" decides; "child" exists when it is on and matters or not.
static void conditional(size_t n, double weight)
{
    add((struct param){.name = "on", .kind = PARAM_BOOL});
    struct condition condition = {.n = 1, .values = (double[]){1}};
    add((struct param){.name = "child",
                       .kind = PARAM_FLOAT,
                       .high = 1,
                       .n_conditions = 1,
                       .conditions = &condition});
    add_floats(1);
    for (size_t i = 0; i < n; i++) {
        struct rng rng = rng_at(5, i);
        double u[3], point[3];
        for (size_t k = 0; k < 3; k++)
            u[k] = rng_uniform(&rng);
        space_decode(&space, u, point);
        space_encode(&space, point, unit + i * 3);
        value[i] = point[0] == 1 ? weight * point[1] : 1;
    }
}

START_TEST(test_a_child_is_not_credited_with_the_choice_of_its_parent)
{
    conditional(500, 0);
    struct importance i = measure(plan_of(500, _i));
    ck_assert_double_gt(i.share[0], 0.98);
    ck_assert_double_lt(i.share[1], 0.01);
}
END_TEST

START_TEST(test_a_child_that_matters_has_importance)
{
    conditional(500, 1);
    struct importance i = measure(plan_of(500, _i));
    ck_assert_double_gt(i.share[0], 0.05);
    ck_assert_double_gt(i.share[1], 0.05);
    ck_assert_double_lt(i.share[2], 0.02);
}
END_TEST

// ---- fanova -----------------------------------------------------------------

// See test_fanova.c for the functions and their indices.
static double ishigami(const double *u)
{
    double pi = acos(-1), x = pi * (2 * u[0] - 1), y = pi * (2 * u[1] - 1),
           z = pi * (2 * u[2] - 1);
    return sin(x) + 7 * pow(sin(y), 2) + 0.1 * pow(z, 4) * sin(x);
}

START_TEST(test_a_forest_finds_the_indices_of_the_ishigami_function)
{
    // S1 0.3139, S2 0.4424, S3 0, S13 0.2437. A forest takes a part of what y
    // does for interactions, because a cut in the middle of y's range, which
    // is symmetric, gains nothing.
    add_floats(3);
    draw(4096, ishigami);
    struct importance_plan plan = plan_of(4096, IMPORTANCE_FANOVA);
    plan.pairs = 1;
    struct importance i = measure(plan);
    ck_assert_double_eq_tol(i.variance[0], 0.3139, 0.03);
    ck_assert_double_eq_tol(i.variance[1], 0.4424, 0.09);
    ck_assert_double_eq_tol(i.variance[2], 0, 0.01);
    ck_assert_uint_eq(i.n_pairs, 1);
    ck_assert_uint_eq(i.pair[0].a, 0);
    ck_assert_uint_eq(i.pair[0].b, 2);
    ck_assert_double_eq_tol(i.pair[0].variance, 0.2437, 0.03);
}
END_TEST

static double g(const double *u)
{
    const double a[] = {0, 1, 4.5, 9, 99, 99};
    double product = 1;
    for (size_t k = 0; k < 6; k++)
        product *= (fabs(4 * u[k] - 2) + a[k]) / (1 + a[k]);
    return product;
}

START_TEST(test_a_forest_finds_the_indices_of_the_g_function)
{
    // V_k = 1 / (3 (1 + a_k)^2): S = 0.6721, 0.1680, 0.0222, 0.0067, 0, 0
    add_floats(6);
    draw(4096, g);
    struct importance_plan plan = plan_of(4096, IMPORTANCE_FANOVA);
    plan.values = IMPORTANCE_PLAIN;
    struct importance i = measure(plan);
    ck_assert_double_eq_tol(i.variance[0], 0.6721, 0.05);
    ck_assert_double_eq_tol(i.variance[1], 0.1680, 0.05);
    ck_assert_double_eq_tol(i.variance[2], 0.0222, 0.025);
    for (size_t k = 3; k < 6; k++)
        ck_assert_double_lt(i.variance[k], 0.01);
}
END_TEST

static double additive(const double *u)
{
    return 3 * u[0] + 4 * u[1];
}

START_TEST(test_an_additive_function_is_split_by_variance)
{
    // 9 / 25 and 16 / 25
    add_floats(3);
    draw(2000, additive);
    struct importance i = measure(plan_of(2000, IMPORTANCE_FANOVA));
    ck_assert_double_eq_tol(i.share[0], 0.36, 0.02);
    ck_assert_double_eq_tol(i.share[1], 0.64, 0.02);
    ck_assert_double_lt(i.share[2], 0.001);
}
END_TEST

static double exclusive_or(const double *u)
{
    return (u[1] < 0.5) != (u[3] < 0.5);
}

START_TEST(test_pairs_come_largest_first_and_no_more_than_asked)
{
    add_floats(4);
    draw(500, exclusive_or);
    struct importance_plan plan = plan_of(500, IMPORTANCE_FANOVA);
    plan.pairs = 4;
    struct importance i = measure(plan);
    ck_assert_uint_eq(i.n_pairs, 4);
    ck_assert_uint_eq(i.pair[0].a, 1);
    ck_assert_uint_eq(i.pair[0].b, 3);
    ck_assert_double_gt(i.pair[0].variance, 0.8);
    for (size_t k = 1; k < 4; k++)
        ck_assert(i.pair[k - 1].variance >= i.pair[k].variance);
    plan.pairs = 100;
    ck_assert_uint_eq(measure(plan).n_pairs, 6);
    plan.pairs = 0;
    ck_assert_uint_eq(measure(plan).n_pairs, 0);
}
END_TEST

START_TEST(test_outliers_do_not_hide_the_others)
{
    add_floats(3);
    draw(400, two_of_many);
    for (size_t j = 0; j < 400; j++)
        if (unit[3 * j + 2] > 0.98)
            value[j] = 1e9;
    struct importance_plan plan = plan_of(400, IMPORTANCE_FANOVA);
    ck_assert_double_gt(measure(plan).share[0], 0.6);
    plan.values = IMPORTANCE_RANKED;
    ck_assert_double_gt(measure(plan).share[0], 0.6);
    plan.values = IMPORTANCE_PLAIN;
    ck_assert_double_gt(measure(plan).share[2], 0.9);
}
END_TEST

START_TEST(test_values_that_are_mostly_equal_are_not_fenced)
{
    // the interquartile range is 0, but a tenth of the space is better
    add_floats(2);
    draw(500, constant);
    for (size_t j = 0; j < 500; j++)
        value[j] = unit[2 * j + 1] < 0.1 ? -1 : 0;
    struct importance i = measure(plan_of(500, IMPORTANCE_FANOVA));
    ck_assert_double_gt(i.share[1], 0.98);
}
END_TEST

START_TEST(test_monotone_maps_of_the_values_do_not_change_ranks)
{
    add_floats(3);
    draw(300, two_of_many);
    struct importance_plan plan = plan_of(300, IMPORTANCE_FANOVA);
    plan.values = IMPORTANCE_RANKED;
    struct importance before = measure(plan);
    for (size_t j = 0; j < 300; j++)
        value[j] = exp(5 * value[j]);
    struct importance after = measure(plan);
    check_equal(&before, &after, 0);
}
END_TEST

// Far from the best only a matters, near it only b.
static double near_and_far(const double *u)
{
    return u[0] < 0.25 ? u[1] : 10 * u[0];
}

START_TEST(test_what_matters_among_the_best)
{
    add_floats(2);
    draw(2000, near_and_far);
    struct importance_plan plan = plan_of(2000, IMPORTANCE_FANOVA);
    ck_assert_double_lt(measure(plan).share[1], 0.05);
    plan.best = 0.2;
    ck_assert_double_gt(measure(plan).share[1], 0.15);
    plan.method = IMPORTANCE_PED;
    plan.among = 0.2;
    plan.top = 0.05;
    ck_assert_double_gt(measure(plan).share[1], 0.9);
}
END_TEST

START_TEST(test_fanova_looks_at_a_sample_of_many_results)
{
    add_floats(3);
    draw(MOST, additive);
    struct importance_plan plan = plan_of(MOST, IMPORTANCE_FANOVA);
    struct importance i = measure(plan);
    ck_assert_uint_eq(i.used, 4096);
    ck_assert_double_eq_tol(i.share[1], 0.64, 0.02);
    plan.method = IMPORTANCE_PED;
    ck_assert_uint_eq(measure(plan).used, MOST);
}
END_TEST

START_TEST(test_impossible_options_are_refused)
{
    add_floats(1);
    draw(10, two_of_many);
    const struct {
        double best, top, among;
        size_t n_trees;
        const char *message;
    } refused[] = {
        {1.5, 0, 0, 0, "best must be above 0 and at most 1, not 1.5"},
        {NAN, 0, 0, 0, "best must be above 0 and at most 1, not nan"},
        {0, 0, 2, 0, "among must be above 0 and at most 1, not 2"},
        {0, -1, 0, 0, "top must be above 0 and below among, not -1 and 1"},
        {0, 0.5, 0.5, 0,
         "top must be above 0 and below among, not 0.5 and 0.5"},
        {0, 0, 0, 1025, "n_trees must be at most 1024, not 1025"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct importance_plan plan = plan_of(10, IMPORTANCE_FANOVA);
        struct importance importance;
        plan.best = refused[i].best;
        plan.top = refused[i].top;
        plan.among = refused[i].among;
        plan.n_trees = refused[i].n_trees;
        error_clear(&err);
        ck_assert_int_eq(importance_measure(&plan, &arena, &importance, &err),
                         -1);
        ck_assert_int_eq(err.code, ERROR_INVALID);
        ck_assert_str_eq(err.message, refused[i].message);
    }
}
END_TEST

static void add_both(TCase *tests, const TTest *test)
{
    tcase_add_loop_test(tests, test, IMPORTANCE_FANOVA, IMPORTANCE_PED + 1);
}

int main(void)
{
    Suite *suite = suite_create("importance");
    TCase *both = tcase_create("both methods");
    tcase_add_checked_fixture(both, setup, teardown);
    add_both(both,
             test_shares_add_up_to_one_and_irrelevant_parameters_have_none);
    add_both(both, test_a_constant_value_is_explained_by_nothing);
    add_both(both, test_two_finite_values_are_needed);
    add_both(both, test_values_that_are_not_finite_are_left_out);
    add_both(both, test_another_unit_of_the_values_changes_nothing);
    add_both(both, test_permuted_parameters_have_permuted_importance);
    add_both(both, test_the_same_seed_gives_the_same_answer);
    add_both(both, test_huge_values_do_not_overflow);
    add_both(both, test_no_parameters_no_importances);
    add_both(both, test_categories_logarithms_and_a_parameter_with_one_value);
    add_both(both, test_a_child_is_not_credited_with_the_choice_of_its_parent);
    add_both(both, test_a_child_that_matters_has_importance);
    suite_add_tcase(suite, both);
    TCase *tests = tcase_create("fanova");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests,
                   test_a_forest_finds_the_indices_of_the_ishigami_function);
    tcase_add_test(tests, test_a_forest_finds_the_indices_of_the_g_function);
    tcase_add_test(tests, test_an_additive_function_is_split_by_variance);
    tcase_add_test(tests, test_pairs_come_largest_first_and_no_more_than_asked);
    tcase_add_test(tests, test_outliers_do_not_hide_the_others);
    tcase_add_test(tests, test_values_that_are_mostly_equal_are_not_fenced);
    tcase_add_test(tests, test_monotone_maps_of_the_values_do_not_change_ranks);
    tcase_add_test(tests, test_what_matters_among_the_best);
    tcase_add_test(tests, test_fanova_looks_at_a_sample_of_many_results);
    tcase_add_test(tests, test_impossible_options_are_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
