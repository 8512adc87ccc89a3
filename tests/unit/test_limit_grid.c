// SPDX-License-Identifier: GPL-3.0-or-later
// test_limit_grid.c - toys for the points of a fixed grid

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "limit_grid.h"
#include "toy_study.h"

// n = b = 3 and s = 3: the limit is 1.798.
static const struct toy_experiment THREE = {3, 3, 0, 3, 0};
static const double POINTS[] = {0.5, 1, 1.5, 1.75, 1.85, 2, 2.5, 3, 4, 5};

static struct limit_plan plan_of(size_t n, uint64_t toys)
{
    struct limit_plan plan = toy_plan(0, 5, toys);
    plan.points = POINTS;
    plan.n_points = n;
    plan.settings.min_toys = 500;
    return plan;
}

static double thrown(const struct toy_study *study, size_t site)
{
    return study->site[site].n_sb + study->site[site].n_b;
}

START_TEST(test_points_close_when_they_are_decided_or_spent)
{
    struct limit_plan plan = plan_of(10, 60000);
    struct toy_study study;
    toy_open(&study, &THREE, &plan, 1);
    enum limit_want last = toy_work(&study, 8);
    struct limit_grid grid = limit_grid_look(&plan, study.site, study.n);
    ck_assert_uint_eq(grid.open, 0);
    ck_assert_uint_eq(grid.decided + grid.spent, 10);
    // 1.75 and 1.85 are within 4 % of the limit: ln CLs differs by 0.1 from
    // ln 0.05, an error that 6000 toys do not reach three times.
    ck_assert_uint_ge(grid.decided, 7);
    ck_assert_uint_ge(grid.spent, 1);
    ck_assert_int_eq(last, LIMIT_WANT_NO_BUDGET);
    ck_assert_int_eq(study.look.state, LIMIT_STATE_MAX_TOYS);
    ck_assert_double_eq(study.look.forecast, 0);
    for (size_t i = 0; i < study.n; i++) {
        double exact = counting_cls(3, 3 * study.told[i].mu, 3);
        ck_assert_double_le(thrown(&study, i), 6000);
        ck_assert_double_ge(thrown(&study, i), 500);
        if (limit_grid_point(&plan, &study.site[i]) == LIMIT_GRID_DECIDED)
            ck_assert_int_eq(study.site[i].data.cls < 0.05, exact < 0.05);
    }
    toy_close(&study);
}
END_TEST

START_TEST(test_toys_go_where_they_decide)
{
    struct limit_plan plan = plan_of(10, 200000);
    struct toy_study study;
    toy_open(&study, &THREE, &plan, 2);
    toy_work(&study, 1);
    double near = 0, far = 0;
    for (size_t i = 0; i < study.n; i++)
        if (fabs(study.told[i].mu - 1.8) < 0.1)
            near += thrown(&study, i);
        else if (fabs(study.told[i].mu - 1.8) > 0.6)
            far += thrown(&study, i);
    // 2 points near and 6 far.
    ck_assert_double_gt(near / 2, 5 * far / 6);
    toy_close(&study);
}
END_TEST

START_TEST(test_a_grid_far_from_the_limit_converges)
{
    struct limit_plan plan = plan_of(2, 100000); // 0.5 and 1: CLs is 0.6, 0.25
    struct toy_study study;
    toy_open(&study, &THREE, &plan, 3);
    ck_assert_int_eq(toy_work(&study, 8), LIMIT_WANT_NOTHING);
    ck_assert_int_eq(study.look.state, LIMIT_STATE_CONVERGED);
    ck_assert_int_eq(study.look.curve[LIMIT_OBSERVED].curve.limit.status,
                     LIMIT_NO_CROSSING_HIGH);
    ck_assert_double_lt(study.look.toys_sb + study.look.toys_b, 8000);
    toy_close(&study);
}
END_TEST

START_TEST(test_data_come_first_and_lost_orders_again)
{
    struct limit_plan plan = plan_of(3, 60000);
    struct toy_study study;
    struct toy_job job;
    toy_open(&study, &THREE, &plan, 4);
    for (size_t i = 0; i < 3; i++) {
        ck_assert(toy_ask(&study, 0, &job));
        ck_assert_int_eq(job.order.want, LIMIT_WANT_DATA);
        ck_assert_double_eq(job.order.mu, POINTS[i]);
    }
    ck_assert(!toy_ask(&study, 0, &job));
    ck_assert_int_eq(job.order.want, LIMIT_WANT_WAIT);
    study.running[1].data = false; // its worker died
    ck_assert(toy_ask(&study, 0, &job));
    ck_assert_int_eq(job.order.want, LIMIT_WANT_DATA);
    ck_assert_uint_eq(job.order.site, 1);
    toy_tell(&study, &job);
    ck_assert(toy_ask(&study, 0, &job));
    ck_assert_int_eq(job.order.want, LIMIT_WANT_TOYS_SB);
    ck_assert_uint_eq(job.order.site, 1);
    toy_close(&study);
}
END_TEST

START_TEST(test_workers_at_the_same_time_go_to_different_points)
{
    struct limit_plan plan = plan_of(10, 200000);
    struct toy_study study;
    toy_open(&study, &THREE, &plan, 5);
    for (size_t i = 0; i < 10; i++) {
        size_t at = toy_site(&study, POINTS[i]);
        toy_observe(&study, at);
        toy_throw(&study, at, true, 300, 0);
        toy_throw(&study, at, false, 300, 0);
    }
    toy_look(&study);
    // What is out lowers the worth of the least certain point, until another
    // one is worth more.
    struct toy_job job;
    ck_assert(toy_ask(&study, 0, &job));
    size_t first = job.order.site, others = 0;
    for (size_t i = 0; i < 20; i++) {
        ck_assert(toy_ask(&study, 0, &job));
        others += job.order.site != first;
    }
    ck_assert_uint_ge(others, 5);
    toy_close(&study);
}
END_TEST

START_TEST(test_every_wanted_curve_must_be_decided)
{
    // CLs expected at +2 sigma (7 events) crosses at 10.17 / 3 = 3.39, far from
    // the observed limit.
    struct limit_plan plan = plan_of(10, 100000);
    plan.wanted[LIMIT_OBSERVED] = false;
    plan.wanted[5] = true;
    struct toy_study study;
    toy_open(&study, &THREE, &plan, 6);
    toy_work(&study, 8);
    for (size_t i = 0; i < study.n; i++) {
        double exact = counting_cls(7, 3 * study.told[i].mu, 3);
        double told = study.site[i].expected[4].cls;
        if (limit_grid_point(&plan, &study.site[i]) == LIMIT_GRID_DECIDED)
            ck_assert_int_eq(told < 0.05, exact < 0.05);
    }
    plan.wanted[LIMIT_OBSERVED] = true;
    struct limit_grid both = limit_grid_look(&plan, study.site, study.n);
    plan.wanted[LIMIT_OBSERVED] = false;
    struct limit_grid one = limit_grid_look(&plan, study.site, study.n);
    ck_assert_uint_le(both.decided, one.decided);
    toy_close(&study);
}
END_TEST

START_TEST(test_no_hits_do_not_decide_by_themselves)
{
    // 0 of 500 and 111 of 500 on a point that lies on the contour happen in
    // 57 % of all samples; P(CLs < alpha) is 0.951, so it stays open.
    struct limit_plan plan = plan_of(1, 100000);
    struct toy_study study;
    toy_open(&study, &THREE, &plan, 7);
    size_t at = toy_site(&study, POINTS[0]);
    study.told[at].observed = true;
    study.told[at].q = 1;
    const struct limit_toys_rule rule = {0};
    for (int i = 0; i < 500; i++) {
        limit_toys_add(&study.sb[at], &rule, (double[]){0}, 1);
        limit_toys_add(&study.b[at], &rule, (double[]){i < 111 ? 2 : 0}, 1);
    }
    toy_summarise(&study, at);
    ck_assert_double_eq_tol(limit_cls_below(&study.site[at].data, 0.05), 0.951,
                            1e-3);
    ck_assert_int_eq(limit_grid_point(&plan, &study.site[at]), LIMIT_GRID_OPEN);
    toy_close(&study);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("limit grid");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_points_close_when_they_are_decided_or_spent);
    tcase_add_test(tests, test_toys_go_where_they_decide);
    tcase_add_test(tests, test_a_grid_far_from_the_limit_converges);
    tcase_add_test(tests, test_data_come_first_and_lost_orders_again);
    tcase_add_test(tests, test_workers_at_the_same_time_go_to_different_points);
    tcase_add_test(tests, test_every_wanted_curve_must_be_decided);
    tcase_add_test(tests, test_no_hits_do_not_decide_by_themselves);
    Suite *suite = suite_create("limit grid");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
