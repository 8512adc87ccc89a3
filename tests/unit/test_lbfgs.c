// SPDX-License-Identifier: GPL-3.0-or-later
// test_lbfgs.c - minima inside a box and on its walls

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "lbfgs.h"

enum { MOST = 20 };

struct function {
    size_t n, calls;
    double (*f)(size_t n, const double *x, double *gradient);
};

static double count(void *context, const double *x, double *gradient)
{
    struct function *f = context;
    f->calls++;
    return f->f(f->n, x, gradient);
}

static double minimise(struct function *f, const double *low,
                       const double *high, size_t evaluations, double *x)
{
    struct arena arena;
    arena_init(&arena);
    struct lbfgs_problem problem = {.n = f->n,
                                    .low = low,
                                    .high = high,
                                    .value = count,
                                    .context = f,
                                    .max_evaluations = evaluations,
                                    .tolerance = 1e-8};
    double value = lbfgs_minimise(&problem, &arena, x);
    arena_done(&arena);
    for (size_t i = 0; i < f->n; i++)
        ck_assert(low[i] <= x[i] && x[i] <= high[i]);
    ck_assert_uint_le(f->calls, evaluations);
    return value;
}

// Minimum 0 at (1, ..., 1) (Rosenbrock 1960).
static double rosenbrock(size_t n, const double *x, double *gradient)
{
    double sum = 0;
    gradient[0] = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        double valley = x[i + 1] - x[i] * x[i], slope = 1 - x[i];
        sum += 100 * valley * valley + slope * slope;
        gradient[i] += -400 * x[i] * valley - 2 * slope;
        gradient[i + 1] = 200 * valley;
    }
    return sum;
}

// sum_i i (x_i - c_i)^2, c_i = i - 3: the unconstrained minimum is c.
static double quadratic(size_t n, const double *x, double *gradient)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double weight = (double)i + 1, off = x[i] - ((double)i - 3);
        sum += weight * off * off;
        gradient[i] = 2 * weight * off;
    }
    return sum;
}

static void box(double *low, double *high, double from, double to)
{
    for (int i = 0; i < MOST; i++) {
        low[i] = from;
        high[i] = to;
    }
}

START_TEST(test_it_follows_the_valley_of_rosenbrock)
{
    double low[MOST], high[MOST], x[MOST];
    box(low, high, -5, 5);
    for (size_t n = 2; n <= 10; n += 4) {
        for (size_t i = 0; i < n; i++)
            x[i] = i % 2 ? 1 : -1.2;
        struct function f = {n, 0, rosenbrock};
        minimise(&f, low, high, 500, x);
        for (size_t i = 0; i < n; i++)
            ck_assert_double_eq_tol(x[i], 1, 1e-3);
    }
}
END_TEST

START_TEST(test_variables_that_want_out_end_on_the_wall)
{
    // A separable function: the minimum in the box is the nearest point to c.
    double low[MOST], high[MOST], x[MOST] = {0};
    box(low, high, -1, 2);
    struct function f = {8, 0, quadratic};
    minimise(&f, low, high, 200, x);
    const double expected[] = {-1, -1, -1, 0, 1, 2, 2, 2};
    for (size_t i = 0; i < 8; i++)
        ck_assert_double_eq_tol(x[i], expected[i], 1e-7);
}
END_TEST

START_TEST(test_rosenbrock_behind_a_wall)
{
    // With x_0 <= 0.5 the least is at (0.5, 0.25), with value 0.25.
    double low[] = {-5, -5}, high[] = {0.5, 5}, x[] = {-1.2, 1};
    struct function f = {2, 0, rosenbrock};
    ck_assert_double_eq_tol(minimise(&f, low, high, 500, x), 0.25, 1e-8);
    ck_assert_double_eq(x[0], 0.5);
    ck_assert_double_eq_tol(x[1], 0.25, 1e-4);
}
END_TEST

START_TEST(test_equal_bounds_hold_a_variable)
{
    double low[MOST], high[MOST], x[MOST] = {0};
    box(low, high, -9, 9);
    low[2] = high[2] = 0.5;
    struct function f = {5, 0, quadratic};
    minimise(&f, low, high, 200, x);
    ck_assert_double_eq(x[2], 0.5);
    ck_assert_double_eq_tol(x[4], 1, 1e-7);
}
END_TEST

START_TEST(test_a_start_outside_is_put_into_the_box)
{
    double low[MOST], high[MOST], x[MOST] = {50, -50, 50};
    box(low, high, -1, 1);
    struct function f = {3, 0, quadratic};
    minimise(&f, low, high, 1, x);
    ck_assert_uint_eq(f.calls, 1);
}
END_TEST

// sqrt(x) - x, which is NaN below 0; its maximum at 1/4 is turned around.
static double cliff(size_t n, const double *x, double *gradient)
{
    (void)n;
    gradient[0] = 1 - 0.5 / sqrt(x[0]);
    return x[0] - sqrt(x[0]);
}

START_TEST(test_points_without_a_value_are_avoided)
{
    double low[] = {-10}, high[] = {10}, x[] = {0.9};
    struct function f = {1, 0, cliff};
    ck_assert_double_eq_tol(minimise(&f, low, high, 200, x), -0.25, 1e-9);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("lbfgs");
    tcase_set_timeout(tests, 10);
    tcase_add_test(tests, test_it_follows_the_valley_of_rosenbrock);
    tcase_add_test(tests, test_variables_that_want_out_end_on_the_wall);
    tcase_add_test(tests, test_rosenbrock_behind_a_wall);
    tcase_add_test(tests, test_equal_bounds_hold_a_variable);
    tcase_add_test(tests, test_a_start_outside_is_put_into_the_box);
    tcase_add_test(tests, test_points_without_a_value_are_avoided);
    Suite *suite = suite_create("lbfgs");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
