// SPDX-License-Identifier: GPL-3.0-or-later
// test_contour.c - what a contour study asks for, and from what it knows it

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "contour_grid.h"
#include "contour_run.h"
#include "reference.h"

enum { POINTS = 30 };

static struct run run;

static const struct param square[] = {
    {.name = "a", .high = 1},
    {.name = "b", .high = 1},
};

// The excluded part is a disc in a corner.
static double disc(size_t c, const double *point)
{
    return log(hypot(point[0], point[1]) / (0.6 + 0.1 * (double)c) + 1e-3);
}

static const struct run_problem problem = {.params = square,
                                           .n_params = 2,
                                           .n_curves = 2,
                                           .constraint = "a + b >= 0.2",
                                           .value = disc};

static void setup(void)
{
    run_init(&run, &problem, 7);
}

static void teardown(void)
{
    run_done(&run);
}

// ---- targets ----------------------------------------------------------------

START_TEST(test_a_limit_is_taken_in_its_logarithm)
{
    struct contour_value value = contour_from_limit(2, 0.1);
    ck_assert_double_eq_tol(value.y, M_LN2, 1e-15);
    ck_assert_double_eq_tol(value.variance, 0.0025, 1e-15);
    ck_assert_double_eq(contour_from_limit(2, NAN).variance,
                        CONTOUR_LEAST_VARIANCE);
}
END_TEST

// Without background, CLs = e^-s: ln mu_up = ln(-ln alpha / s).
START_TEST(test_cls_of_a_pure_signal_is_the_limit)
{
    for (double s = 0.1; s < 3000; s *= 3) {
        struct contour_value value = contour_from_cls(-s, 0.2, 0.05);
        ck_assert_double_eq_tol(value.y, log(-log(0.05) / s), 1e-12);
        ck_assert_double_eq_tol(value.variance,
                                fmax(0.04 / (s * s), CONTOUR_LEAST_VARIANCE),
                                1e-12);
    }
}
END_TEST

START_TEST(test_cls_saturates_at_both_ends)
{
    // ln(2.9957 / 1980)
    ck_assert_double_eq_tol(contour_from_cls(-1980, NAN, 0.05).y, -6.4937,
                            1e-4);
    ck_assert_double_eq_tol(contour_from_cls(0, NAN, 0.05).y, log(1000), 1e-12);
    struct contour_value above = contour_from_cls(0.1, 0.05, 0.05);
    ck_assert_double_eq_tol(above.y, log(1000), 1e-12);
    ck_assert_double_gt(above.variance, 100); // it says next to nothing
}
END_TEST

// ---- the process ------------------------------------------------------------

// x, y and noise as in the table of reference values.
static struct gp reference_process(struct arena *arena)
{
    static const enum matern_distance distance[2] = {MATERN_NUMBER,
                                                     MATERN_NUMBER};
    static const double x[4][2] = {
        {0.1, 0.2}, {0.8, 0.3}, {0.5, 0.9}, {0.3, 0.6}};
    static const double y[4] = {-1.2, 0.7, 0.4, -0.3};
    static const double variance[4] = {0.01, 0.04, 0, 0.02};
    const double theta[4] = {log(0.4), log(0.6), log(1.5), -INFINITY};
    struct gp_data data = {.points = gp_points(4, 2, distance, arena),
                           .y = y,
                           .variance = variance};
    for (size_t i = 0; i < 4; i++)
        gp_points_add(&data.points, x[i]);
    struct gp gp;
    ck_assert(gp_condition(&gp, &data, theta, 4, arena));
    return gp;
}

START_TEST(test_known_noise_enters_as_in_the_reference)
{
    static struct reference rows[REFERENCE_ROWS];
    static const double at[3][2] = {{0.45, 0.5}, {0.9, 0.9}, {0.2, 0.4}};
    size_t n = reference_read(__FILE__, rows), seen = 0;
    struct gp gp = reference_process(&run.arena);
    for (size_t i = 0; i < n; i++) {
        const struct reference *row = &rows[i];
        if (strncmp(row->id, "K_matern52", 10) != 0)
            continue;
        double got = gp_evidence(&gp, 0);
        if (!reference_asks(row, "log_marginal")) {
            const double *x = at[row->id[strlen(row->id) - 1] - '0'];
            struct gp_prediction p = gp_predict(&gp, x, &run.arena);
            got = reference_asks(row, "mean")       ? p.mean
                  : reference_asks(row, "sd")       ? p.sd
                  : reference_asks(row, "straddle") ? contour_straddle(&p, 1.96)
                                                    : contour_misclassified(&p);
        }
        ck_assert_msg(fabs(got - row->value) <= row->tolerance,
                      "%s %s: %.12g, not %.12g", row->id, row->quantity, got,
                      row->value);
        seen++;
    }
    ck_assert_uint_eq(seen, 13);
}
END_TEST

// ---- the domain -------------------------------------------------------------

START_TEST(test_the_sample_is_allowed_and_even)
{
    const struct contour_domain *domain = &run.domain;
    size_t left = 0;
    ck_assert_uint_eq(domain->n, CONTOUR_SAMPLE);
    for (size_t i = 0; i < domain->n; i++) {
        const double *point = domain->point + 2 * i;
        ck_assert_double_ge(point[0] + point[1], 0.2);
        left += point[0] < 0.5;
    }
    // Of an area of 0.98, 0.48 is there.
    ck_assert_double_eq_tol((double)left / (double)domain->n, 0.48 / 0.98,
                            0.01);
}
END_TEST

START_TEST(test_features_span_the_unit_box)
{
    struct error err = {0};
    struct expression features[2];
    double x[2];
    expression_read("log(a + 0.01)", &run.space, &run.arena, &features[0],
                    &err);
    expression_read("b - a", &run.space, &run.arena, &features[1], &err);
    struct contour_domain domain = {
        .space = &run.space, .n_features = 2, .features = features};
    ck_assert_int_eq(contour_domain_init(&domain, 1, &run.arena, &err), 0);
    for (size_t k = 0; k < 2; k++) {
        double low = 1, high = 0;
        for (size_t i = 0; i < domain.n; i++) {
            low = fmin(low, domain.x[2 * i + k]);
            high = fmax(high, domain.x[2 * i + k]);
        }
        ck_assert_double_eq(low, 0);
        ck_assert_double_eq(high, 1);
    }
    ck_assert(contour_domain_place(&domain, (double[]){0.5, 0.5}, x));
    ck_assert_double_eq_tol(x[1], 0.5, 0.01);
    ck_assert(!contour_domain_place(&domain, (double[]){-1, 0.5}, x));
}
END_TEST

static void refused(struct contour_domain domain, const char *why)
{
    struct error err = {0};
    ck_assert_int_eq(contour_domain_init(&domain, 1, &run.arena, &err), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_msg(strstr(err.message, why), "%s", err.message);
}

START_TEST(test_what_is_no_domain_is_refused)
{
    struct error err = {0};
    struct expression number, truth, nowhere, nan;
    expression_read("a", &run.space, &run.arena, &number, &err);
    expression_read("a > 0", &run.space, &run.arena, &truth, &err);
    expression_read("a > 2", &run.space, &run.arena, &nowhere, &err);
    expression_read("log(a - 2)", &run.space, &run.arena, &nan, &err);
    struct contour_domain plain = {.space = &run.space}, domain = plain;
    domain.n_features = 1;
    domain.features = &truth;
    refused(domain, "a number");
    domain.features = &nan;
    refused(domain, "allow at least");
    domain.n_features = CONTOUR_MAX_FEATURES + 1;
    refused(domain, "at most");
    domain = plain;
    domain.n_constraints = 1;
    domain.constraints = &number;
    refused(domain, "a truth");
    domain.constraints = &nowhere;
    refused(domain, "allow at least");
    domain.n_constraints = CONTOUR_MAX_CONSTRAINTS + 1;
    refused(domain, "at most");
    struct space other;
    space_init(&other);
    space_add(&other, &square[0], &err);
    domain = (struct contour_domain){.space = &other};
    refused(domain, "2 to 4 parameters");
    space_add(&other, &(struct param){.name = "flag", .kind = PARAM_BOOL},
              &err);
    refused(domain, "'flag' must be a float or an int");
    space_done(&other);
}
END_TEST

// ---- the next point ---------------------------------------------------------

START_TEST(test_the_start_is_the_even_sample)
{
    for (size_t i = 0; i < 12; i++) {
        ck_assert_int_eq(run_ask(&run), CONTOUR_POINT);
        for (size_t k = 0; k < 2; k++)
            ck_assert_double_eq(run.point[i][k], run.domain.point[2 * i + k]);
        if (i % 3 == 0)
            run_tell(&run);
    }
}
END_TEST

START_TEST(test_a_point_is_a_pure_function)
{
    double again[2];
    run_until(&run, POINTS, 8);
    run.study.n = 22;
    run.study.pending = run.flat + 22 * 2;
    run.study.n_pending = 7;
    struct contour_model *model = contour_model_new(&run.study, 22);
    ck_assert_int_eq(contour_next(&run.study, model, 29, &run.arena, again),
                     CONTOUR_POINT);
    ck_assert_mem_eq(again, run.point[29], sizeof again);
    contour_model_free(model);
}
END_TEST

START_TEST(test_another_number_or_seed_goes_elsewhere)
{
    double a[2], b[2];
    run_until(&run, POINTS, 1);
    contour_next(&run.study, run.model, 30, &run.arena, a);
    contour_next(&run.study, run.model, 31, &run.arena, b);
    ck_assert(a[0] != b[0] || a[1] != b[1]);
    run.study.seed++;
    contour_next(&run.study, run.model, 30, &run.arena, b);
    ck_assert(a[0] != b[0] || a[1] != b[1]);
}
END_TEST

START_TEST(test_pending_points_keep_others_away)
{
    double point[8][2];
    run_until(&run, 20, 1);
    run.study.pending = &point[0][0];
    for (size_t i = 0; i < 8; i++) {
        run.study.n_pending = i;
        ck_assert_int_eq(
            contour_next(&run.study, run.model, 20 + i, &run.arena, point[i]),
            CONTOUR_POINT);
        for (size_t j = 0; j < i; j++)
            ck_assert_double_gt(
                hypot(point[i][0] - point[j][0], point[i][1] - point[j][1]),
                0.02);
    }
}
END_TEST

// What the model has not seen yet, the field of an ask has.
START_TEST(test_results_since_the_model_count)
{
    run_until(&run, POINTS, 1);
    struct contour_model *old = contour_model_new(&run.study, 20);
    struct contour_field now = contour_field_look(
        &old->field, &run.domain, run.result, POINTS, NULL, 0, &run.arena);
    ck_assert_uint_eq(now.n_seen, POINTS);
    double x[CONTOUR_MAX_FEATURES];
    for (size_t i = 20; i < POINTS; i++) {
        struct gp_prediction p;
        contour_domain_place(&run.domain, run.point[i], x);
        contour_field_predict(&now, 0, x, 1, &p);
        ck_assert_double_eq_tol(p.mean, disc(0, run.point[i]), 0.02);
        ck_assert_double_lt(p.sd, 0.02);
    }
    contour_model_free(old);
}
END_TEST

START_TEST(test_models_are_made_ever_more_rarely)
{
    size_t before = 0, made = 0;
    for (size_t n = 0; n <= 2000; n++) {
        size_t length = contour_fit_length(n);
        ck_assert_uint_le(length, n);
        ck_assert_uint_ge(length, before);
        ck_assert_double_gt((double)length, (double)n / 1.06 - 1);
        made += length > before;
        before = length;
    }
    // 50, and then ln(2000 / 50) / ln 1.05 = 76, a few more by rounding down.
    ck_assert_uint_le(made, 140);
}
END_TEST

START_TEST(test_points_are_evaluated_before_more_are_made)
{
    run.study.settings.min_unevaluated = 3;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(run_ask(&run), CONTOUR_POINT);
    ck_assert_int_eq(run_ask(&run), CONTOUR_WAIT);
    run_tell(&run);
    ck_assert_int_eq(run_ask(&run), CONTOUR_POINT);
    ck_assert_int_eq(run_ask(&run), CONTOUR_WAIT);
}
END_TEST

START_TEST(test_max_points_are_not_exceeded)
{
    run.study.settings.max_points = 15;
    ck_assert_int_eq(run_until(&run, POINTS, 4), CONTOUR_SPENT);
    ck_assert_uint_eq(run.told, 15);
}
END_TEST

START_TEST(test_few_points_are_asked_for_once_each)
{
    const struct param coarse[] = {
        {.name = "a", .kind = PARAM_INT, .low = 1, .high = 5},
        {.name = "b", .kind = PARAM_INT, .low = 1, .high = 4},
    };
    const struct run_problem small = {
        .params = coarse, .n_params = 2, .n_curves = 1, .value = disc};
    struct run few;
    run_init(&few, &small, 1);
    ck_assert_int_eq(run_until(&few, POINTS, 3), CONTOUR_EXHAUSTED);
    ck_assert_uint_eq(few.told, 20);
    for (size_t i = 0; i < 20; i++)
        for (size_t j = 0; j < i; j++)
            ck_assert(few.point[i][0] != few.point[j][0] ||
                      few.point[i][1] != few.point[j][1]);
    run_done(&few);
}
END_TEST

// ---- little to know ---------------------------------------------------------

static bool never(const double *point)
{
    (void)point;
    return false;
}

START_TEST(test_nothing_but_invalid_points_is_searched_evenly)
{
    struct run_problem hopeless = problem;
    hopeless.valid = never;
    run.problem = &hopeless;
    run.study.settings.stop_area = 0.01;
    ck_assert_int_eq(run_until(&run, POINTS, 4), CONTOUR_POINT);
    ck_assert_double_eq(run.model->area[0], 0.5);
}
END_TEST

static double flat(size_t c, const double *point)
{
    (void)c;
    (void)point;
    return 1;
}

START_TEST(test_a_study_with_nothing_excluded_stops_soon)
{
    struct error err = {0};
    struct run_problem empty = problem;
    empty.value = flat;
    run.problem = &empty;
    run.study.settings.stop_area = 0.005;
    ck_assert_int_eq(run_until(&run, POINTS, 4), CONTOUR_CONVERGED);
    ck_assert_uint_ge(run.told, 12);
    struct contour_slice slice = {.axis = {0, 1}, .n = {21, 21}};
    struct contour_grid grid;
    ck_assert_int_eq(contour_grid_read(&run.model->field, &run.domain, &slice,
                                       &run.arena, &grid, &err),
                     0);
    ck_assert_uint_eq(
        contour_grid_lines(&grid, &run.domain, 0, 0, &run.arena).n, 0);
}
END_TEST

static struct contour_value only_first(size_t c, const double *point)
{
    return c == 0 ? contour_from_limit(exp(disc(0, point)), NAN)
                  : (struct contour_value){NAN, NAN};
}

START_TEST(test_a_curve_that_nobody_told_is_not_known)
{
    struct run_problem half = problem;
    half.told = only_first;
    run.problem = &half;
    run.study.settings.stop_area = 0.01;
    ck_assert_int_eq(run_until(&run, POINTS, 4), CONTOUR_POINT);
    ck_assert_double_lt(run.model->area[0], 0.01);
    ck_assert_double_eq(run.model->area[1], 0.5);
    ck_assert(!run.model->field.curve[1].known);
    ck_assert_double_lt(run_misclassified(&run, 0), 0.01);
}
END_TEST

// ---- reading ----------------------------------------------------------------

START_TEST(test_slices_that_are_none_are_refused)
{
    const struct contour_slice bad[] = {
        {.axis = {0, 0}, .n = {5, 5}},
        {.axis = {0, 2}, .n = {5, 5}},
        {.axis = {0, 1}, .n = {5, 1}},
        {.axis = {0, 1}, .n = {CONTOUR_MAX_NODES + 1, 5}},
    };
    struct contour_grid grid;
    run_until(&run, 12, 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err = {0};
        ck_assert_int_eq(contour_grid_read(&run.model->field, &run.domain,
                                           &bad[i], &run.arena, &grid, &err),
                         -1);
        ck_assert_int_eq(err.code, ERROR_INVALID);
    }
}
END_TEST

START_TEST(test_a_grid_says_what_is_allowed)
{
    struct error err = {0};
    struct contour_slice slice = {.axis = {1, 0}, .n = {5, 3}};
    struct contour_grid grid;
    run_until(&run, POINTS, 4);
    ck_assert_int_eq(contour_grid_read(&run.model->field, &run.domain, &slice,
                                       &run.arena, &grid, &err),
                     0);
    ck_assert_uint_eq(grid.n, 15);
    ck_assert_double_eq(grid.at[0][1], 0.25);
    ck_assert_double_eq(grid.at[1][1], 0.5);
    for (size_t i = 0; i < grid.n; i++) {
        ck_assert(grid.allowed[i] == (i > 0)); // a = b = 0 is not
        ck_assert_double_eq(grid.valid[i], 1);
        const double point[] = {grid.at[1][i / 5], grid.at[0][i % 5]};
        if (i > 0)
            ck_assert_double_eq_tol(grid.curve[1][i].mean, disc(1, point), 0.3);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("contour");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_a_limit_is_taken_in_its_logarithm);
    tcase_add_test(tests, test_cls_of_a_pure_signal_is_the_limit);
    tcase_add_test(tests, test_cls_saturates_at_both_ends);
    tcase_add_test(tests, test_known_noise_enters_as_in_the_reference);
    tcase_add_test(tests, test_the_sample_is_allowed_and_even);
    tcase_add_test(tests, test_features_span_the_unit_box);
    tcase_add_test(tests, test_what_is_no_domain_is_refused);
    tcase_add_test(tests, test_the_start_is_the_even_sample);
    tcase_add_test(tests, test_a_point_is_a_pure_function);
    tcase_add_test(tests, test_another_number_or_seed_goes_elsewhere);
    tcase_add_test(tests, test_pending_points_keep_others_away);
    tcase_add_test(tests, test_results_since_the_model_count);
    tcase_add_test(tests, test_models_are_made_ever_more_rarely);
    tcase_add_test(tests, test_points_are_evaluated_before_more_are_made);
    tcase_add_test(tests, test_max_points_are_not_exceeded);
    tcase_add_test(tests, test_few_points_are_asked_for_once_each);
    tcase_add_test(tests, test_nothing_but_invalid_points_is_searched_evenly);
    tcase_add_test(tests, test_a_study_with_nothing_excluded_stops_soon);
    tcase_add_test(tests, test_a_curve_that_nobody_told_is_not_known);
    tcase_add_test(tests, test_slices_that_are_none_are_refused);
    tcase_add_test(tests, test_a_grid_says_what_is_allowed);
    Suite *suite = suite_create("contour");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
