// SPDX-License-Identifier: GPL-3.0-or-later
// test_contour_plane.c - whole contour studies against contours that are known
//
// Eight workers at once, twenty seeds. What is counted is the fraction of the
// allowed area on the wrong side of the contour.

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "contour_grid.h"
#include "contour_run.h"
#include "plane.h"

void openblas_set_num_threads(int threads);

enum { SEEDS = 20, FEW_SEEDS = 5, WORKERS = 8, POINTS = 44 };

static double s95_hard[RUN_CURVES], s95_soft[RUN_CURVES];

static void setup(void)
{
    const double sigmas[RUN_CURVES] = {0, -1, 1};
    openblas_set_num_threads(1);
    for (size_t c = 0; c < RUN_CURVES; c++) {
        s95_hard[c] = plane_s95(&PLANE_HARD, sigmas[c]);
        s95_soft[c] = plane_s95(&PLANE_SOFT, sigmas[c]);
    }
}

static double hard(size_t c, const double *m)
{
    return log(s95_hard[c] / plane_signal(&PLANE_HARD, m[0], m[1]));
}

static double soft(size_t c, const double *m)
{
    return log(s95_soft[c] / plane_signal(&PLANE_SOFT, m[0], m[1]));
}

// That of the region with the better expected limit.
static double better(size_t c, const double *m)
{
    return soft(0, m) < hard(0, m) ? soft(c, m) : hard(c, m);
}

static const struct param masses[] = {
    {.name = "m1", .low = 200, .high = 1400},
    {.name = "m2", .low = 0, .high = 1390},
};

static const struct run_problem plane = {
    .params = masses,
    .n_params = 2,
    .n_curves = 1,
    .constraint = "m2 <= m1 - 10",
    .features = {"m1", "log(m1 - m2 + 20)"},
    .value = hard,
};

// The mean and the largest misclassified fraction of studies, over all curves.
struct outcome {
    double mean, most;
};

static struct outcome repeat(const struct run_problem *problem, size_t seeds,
                             size_t points)
{
    struct outcome outcome = {0};
    size_t n = problem->n_curves;
    for (uint64_t seed = 0; seed < seeds; seed++) {
        struct run run;
        run_init(&run, problem, seed);
        ck_assert_int_eq(run_until(&run, points, WORKERS), CONTOUR_POINT);
        for (size_t c = 0; c < n; c++) {
            double wrong = run_misclassified(&run, c);
            outcome.mean += wrong / (double)(n * seeds);
            outcome.most = fmax(outcome.most, wrong);
        }
        run_done(&run);
    }
    printf("%zu points: misclassified %.3f %% in the mean, %.3f %% at most\n",
           points, 100 * outcome.mean, 100 * outcome.most);
    return outcome;
}

// ---- the plane --------------------------------------------------------------

START_TEST(test_44_points_of_8_workers_misclassify_less_than_half_a_percent)
{
    struct outcome outcome = repeat(&plane, SEEDS, POINTS);
    ck_assert_double_lt(outcome.most, 0.005);
    ck_assert_double_lt(outcome.mean, 0.0005);
}
END_TEST

START_TEST(test_three_curves_share_44_points)
{
    struct run_problem three = plane;
    three.n_curves = 3;
    struct outcome outcome = repeat(&three, FEW_SEEDS, POINTS);
    ck_assert_double_lt(outcome.most, 0.005);
    ck_assert_double_lt(outcome.mean, 0.001);
}
END_TEST

START_TEST(test_a_kink_between_two_regions_is_found)
{
    struct run_problem kink = plane;
    kink.value = better;
    struct outcome outcome = repeat(&kink, FEW_SEEDS, POINTS);
    ck_assert_double_lt(outcome.most, 0.005);
}
END_TEST

// Of three events seen.
static struct contour_value as_cls(size_t c, const double *m)
{
    (void)c;
    double s = plane_signal(&PLANE_HARD, m[0], m[1]);
    return contour_from_cls(counting_log_cls(3, s, PLANE_HARD.b), NAN, 0.05);
}

// ln CLs falls to -1980 where m1 is small.
START_TEST(test_cls_serves_as_well_as_a_limit)
{
    struct run_problem cls = plane;
    cls.told = as_cls;
    ck_assert_double_lt(repeat(&cls, FEW_SEEDS, POINTS).most, 0.005);
}
END_TEST

// 5 % on a limit moves the contour by 12 GeV at the nose.
START_TEST(test_noisy_limits_are_averaged)
{
    struct run_problem noisy = plane;
    noisy.noise = 0.05;
    ck_assert_double_lt(repeat(&noisy, FEW_SEEDS, 60).mean, 0.01);
}
END_TEST

// ---- invalid points ---------------------------------------------------------

// An ellipse over the contour, 4.5 % of the allowed area.
static bool outside(const double *m)
{
    return hypot((m[0] - 700) / 160, (m[1] - 580) / 100) > 1;
}

START_TEST(test_a_region_of_invalid_points_is_left_alone)
{
    struct run_problem holed = plane;
    holed.valid = outside;
    ck_assert_double_lt(repeat(&holed, FEW_SEEDS, POINTS).most, 0.005);
    struct run run;
    run_init(&run, &holed, 1);
    run_until(&run, POINTS, WORKERS);
    printf("%zu invalid points\n", run.invalid);
    ck_assert_uint_ge(run.invalid, 1);
    ck_assert_uint_le(run.invalid, POINTS / 5);
    run_done(&run);
}
END_TEST

// ---- stopping ---------------------------------------------------------------

static void stop(const struct run_problem *problem, size_t workers)
{
    double told = 0, most = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct run run;
        run_init(&run, problem, seed);
        run.study.settings.stop_area = 0.005;
        ck_assert_int_eq(run_until(&run, RUN_POINTS, workers),
                         CONTOUR_CONVERGED);
        ck_assert_uint_ge(run.told, 12 + 5);
        told += (double)run.told / SEEDS;
        most = fmax(most, run_misclassified(&run, 0));
        run_done(&run);
    }
    printf("stopped at %.1f points, misclassified %.3f %% at most\n", told,
           100 * most);
    ck_assert_double_lt(told, POINTS);
    ck_assert_double_lt(most, 0.005);
}

START_TEST(test_a_study_that_stops_is_as_good_as_it_says)
{
    struct run_problem kink = plane;
    kink.value = better;
    stop(&plane, 1);
    stop(&plane, WORKERS);
    stop(&kink, WORKERS);
}
END_TEST

// ---- what is drawn ----------------------------------------------------------

static double furthest(const struct contour_lines *lines)
{
    double most = 0;
    for (size_t l = 0; l < lines->n; l++)
        for (size_t i = 0; i < lines->line[l].n; i++) {
            const double *m = lines->line[l].xy + 2 * i;
            ck_assert_double_le(m[1], m[0] - 10 + 1e-6);
            most = fmax(most, fabs(hard(0, m)));
        }
    return most;
}

// ln mu_up of the contour is 0. It changes by 1 in 25 GeV across the diagonal
// part and in 250 GeV along m1, so that 0.1 are 2.5 GeV there and 25 here.
START_TEST(test_the_line_runs_along_the_closed_form)
{
    struct error err = {0};
    struct run run;
    run_init(&run, &plane, 3);
    run_until(&run, POINTS, WORKERS);
    struct contour_slice slice = {.axis = {0, 1}, .n = {161, 161}};
    struct contour_grid grid;
    ck_assert_int_eq(contour_grid_read(&run.model->field, &run.domain, &slice,
                                       &run.arena, &grid, &err),
                     0);
    struct contour_lines lines =
        contour_grid_lines(&grid, &run.domain, 0, 0, &run.arena);
    printf("%zu lines, off by %.3f in ln mu_up\n", lines.n, furthest(&lines));
    ck_assert_uint_eq(lines.n, 1);
    ck_assert_double_lt(furthest(&lines), 0.1);
    double reach = 0;
    for (size_t i = 0; i < lines.line[0].n; i++) {
        const double *m = lines.line[0].xy + 2 * i;
        reach = fmax(reach, m[0]);
        if (m[0] > 400 && m[0] < 1000)
            ck_assert_double_eq_tol(
                m[1], plane_contour(&PLANE_HARD, m[0], s95_hard[0]), 5);
    }
    // 200 GeV (12510 / 5.395449542)^(1 / 4.5)
    ck_assert_double_eq_tol(reach, 1119.07, 12);
    // Less is excluded for certain than perhaps.
    struct contour_lines sure =
        contour_grid_lines(&grid, &run.domain, 0, 2, &run.arena);
    struct contour_lines perhaps =
        contour_grid_lines(&grid, &run.domain, 0, -2, &run.arena);
    double least = 0, most = 0;
    for (size_t i = 0; i < sure.line[0].n; i++)
        least = fmax(least, sure.line[0].xy[2 * i]);
    for (size_t i = 0; i < perhaps.line[0].n; i++)
        most = fmax(most, perhaps.line[0].xy[2 * i]);
    ck_assert_double_lt(least, reach);
    ck_assert_double_gt(most, reach);
    run_done(&run);
}
END_TEST

// ---- four dimensions --------------------------------------------------------

// A mediator of mass `m`, couplings gq and gd to quarks and dark matter of mass
// x m: produced as gq^2, decaying to dark matter as gd^2 beta^3 against
// 12 gq^2.
static double mediator(size_t c, const double *p)
{
    (void)c;
    double beta = sqrt(1 - 4 * p[3] * p[3]);
    double dark = p[2] * p[2] * pow(beta, 3), quarks = 12 * p[1] * p[1];
    double signal =
        200 * pow(p[0] / 1000, -4.5) * p[1] * p[1] * dark / (dark + quarks);
    return -log(signal);
}

START_TEST(test_four_dimensions_take_80_points)
{
    const struct param params[] = {
        {.name = "m", .low = 500, .high = 4000, .log = true},
        {.name = "gq", .low = 0.05, .high = 0.5, .log = true},
        {.name = "gd", .low = 0.2, .high = 2, .log = true},
        {.name = "x", .low = 0.01, .high = 0.5},
    };
    const struct run_problem four = {.params = params,
                                     .n_params = 4,
                                     .n_curves = 1,
                                     .constraint = "x < 0.49",
                                     .value = mediator};
    ck_assert_double_lt(repeat(&four, 3, 80).most, 0.02);
    struct error err = {0};
    struct run run;
    run_init(&run, &four, 1);
    run_until(&run, 80, WORKERS);
    const double fixed[] = {1000, 0.2, 1, 0.1};
    struct contour_slice slice = {
        .axis = {0, 1}, .n = {61, 41}, .fixed = fixed};
    struct contour_grid grid;
    ck_assert_int_eq(contour_grid_read(&run.model->field, &run.domain, &slice,
                                       &run.arena, &grid, &err),
                     0);
    struct contour_lines lines =
        contour_grid_lines(&grid, &run.domain, 0, 0, &run.arena);
    ck_assert_uint_ge(lines.n, 1);
    double most = 0;
    for (size_t l = 0; l < lines.n; l++)
        for (size_t i = 0; i < lines.line[l].n; i++) {
            const double *xy = lines.line[l].xy + 2 * i;
            const double point[] = {xy[0], xy[1], 1, 0.1};
            most = fmax(most, fabs(mediator(0, point)));
        }
    printf("%zu lines of a slice, off by %.3f in ln mu_up\n", lines.n, most);
    ck_assert_double_lt(most, 0.25);
    run_done(&run);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("contour plane");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(
        tests,
        test_44_points_of_8_workers_misclassify_less_than_half_a_percent);
    tcase_add_test(tests, test_three_curves_share_44_points);
    tcase_add_test(tests, test_a_kink_between_two_regions_is_found);
    tcase_add_test(tests, test_cls_serves_as_well_as_a_limit);
    tcase_add_test(tests, test_noisy_limits_are_averaged);
    tcase_add_test(tests, test_a_region_of_invalid_points_is_left_alone);
    tcase_add_test(tests, test_a_study_that_stops_is_as_good_as_it_says);
    tcase_add_test(tests, test_the_line_runs_along_the_closed_form);
    tcase_add_test(tests, test_four_dimensions_take_80_points);
    Suite *suite = suite_create("contour plane");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
