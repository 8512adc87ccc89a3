// SPDX-License-Identifier: GPL-3.0-or-later
// test_limit_study.c - whole limit studies against their exact limits
//
// One worker, or several at once, ask limit_allocate what to do and throw the
// toys of a counting experiment, whose limit the Poisson distribution gives
// exactly. A study is as good as the error that it quotes is honest: the pulls
// (limit - exact) / error of many seeded studies have mean 0 and width 1.

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "toy_study.h"

enum { STUDIES = 100 };

static const double ALPHA = 0.05;

// The whole band, too.
static void want_all(struct limit_plan *plan)
{
    for (unsigned c = 0; c < LIMIT_CURVES; c++)
        plan->wanted[c] = true;
}

static const struct limit *limit_of(const struct toy_study *study,
                                    unsigned curve)
{
    return &study->look.curve[curve].curve.limit;
}

// What many seeded studies of one experiment say about their errors.
struct pulls {
    double mean, width; // of (limit - exact) / error
    double error;       // mean quoted one, relative to the exact limit
    double scatter;     // root mean square of limit / exact - 1
};

static struct pulls pull(const struct toy_experiment *experiment, double exact,
                         uint64_t toys, size_t workers)
{
    const struct limit_plan plan = toy_plan(0, 5, toys);
    double sum = 0, squares = 0, errors = 0, scatter = 0;
    for (uint64_t seed = 0; seed < STUDIES; seed++) {
        struct toy_study study;
        toy_open(&study, experiment, &plan, seed);
        ck_assert_int_eq(toy_work(&study, workers), LIMIT_WANT_NO_BUDGET);
        const struct limit *limit = limit_of(&study, LIMIT_OBSERVED);
        ck_assert_int_eq(limit->status, LIMIT_OK);
        double error = limit_total_error(limit);
        sum += (limit->mu - exact) / error;
        squares += pow((limit->mu - exact) / error, 2);
        errors += error / exact;
        scatter += pow(limit->mu / exact - 1, 2);
        toy_close(&study);
    }
    double mean = sum / STUDIES;
    return (struct pulls){mean, sqrt(squares / STUDIES - mean * mean),
                          errors / STUDIES, sqrt(scatter / STUDIES)};
}

// s = 3, n = b = 3: the limit is 5.39545 / 3.
static const struct toy_experiment THREE = {3, 3, 0, 3, 0};

// The limit 1.48152 is the row F1_CCGV_s6_b9 of data/cls_reference.csv.
static const struct toy_experiment ON_OFF = {6, 9, 9, 9, 9};

// With so many toys the limit has an error below `most`, which it quotes.
static void check_pulls(const struct toy_experiment *experiment, double exact,
                        uint64_t toys, size_t workers, double most)
{
    struct pulls pulls = pull(experiment, exact, toys, workers);
    ck_assert_double_lt(fabs(pulls.mean), 0.2);
    ck_assert_double_gt(pulls.width, 0.8);
    ck_assert_double_lt(pulls.width, 1.2);
    ck_assert_double_lt(pulls.error, most);
    ck_assert_double_lt(pulls.scatter, most);
}

START_TEST(test_quoted_errors_are_honest)
{
    // Best possible with 10 000 toys: 1.67 %, the closed form of the Neyman
    // split at the limit.
    check_pulls(&THREE, counting_limit(3, 3, ALPHA) / 3, 10000, 1, 0.022);
}
END_TEST

START_TEST(test_errors_shrink_with_the_root_of_the_toys)
{
    check_pulls(&THREE, counting_limit(3, 3, ALPHA) / 3, 40000, 1, 0.010);
}
END_TEST

// Toys that cost nothing come in batches as large as may be. The worst that
// they may do is to end at three points, where a parabola fits everything.
START_TEST(test_large_batches_are_no_excuse_for_few_points)
{
    double sum = 0, squares = 0;
    for (uint64_t seed = 0; seed < STUDIES; seed++) {
        struct limit_plan plan = toy_plan(0, 5, 10000000);
        struct toy_study study;
        plan.settings.relative_error = 0.03;
        plan.settings.max_batch = 10000;
        plan.settings.batch_seconds = 600;
        plan.settings.seconds_sb = plan.settings.seconds_b = 1e-6;
        toy_open(&study, &THREE, &plan, seed);
        ck_assert_int_eq(toy_work(&study, 1), LIMIT_WANT_NOTHING);
        const struct limit *limit = limit_of(&study, LIMIT_OBSERVED);
        double pull = (limit->mu - 5.39545 / 3) / limit_total_error(limit);
        sum += pull;
        squares += pull * pull;
        ck_assert_uint_ge(study.n, 5);
        ck_assert_double_lt(study.look.toys_sb + study.look.toys_b, 20000);
        toy_close(&study);
    }
    double mean = sum / STUDIES;
    double width = sqrt(squares / STUDIES - mean * mean);
    ck_assert_double_lt(fabs(mean), 0.2);
    ck_assert_double_gt(width, 0.8);
    ck_assert_double_lt(width, 1.2);
}
END_TEST

START_TEST(test_eight_workers_find_the_limit_as_one_does)
{
    check_pulls(&THREE, counting_limit(3, 3, ALPHA) / 3, 10000, 8, 0.022);
}
END_TEST

START_TEST(test_on_off_limits_are_honest_too)
{
    check_pulls(&ON_OFF, 1.48152, 10000, 8, 0.026);
}
END_TEST

START_TEST(test_a_bad_range_or_hint_is_recovered_from)
{
    // The limit is 1.798.
    const double exact = counting_limit(3, 3, ALPHA) / 3;
    const struct {
        double high, hint;
    } cases[] = {{0.2, 0}, {100, 0}, {5, 0.2}, {5, 30}, {5, 1.8}};
    for (uint64_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct limit_plan plan = toy_plan(0, cases[i].high, 20000);
        plan.settings.hint = cases[i].hint;
        struct toy_study study;
        toy_open(&study, &THREE, &plan, 1000 + i);
        toy_work(&study, 1);
        const struct limit *limit = limit_of(&study, LIMIT_OBSERVED);
        ck_assert_int_eq(limit->status, LIMIT_OK);
        ck_assert_double_lt(fabs(limit->mu - exact),
                            4 * limit_total_error(limit));
        ck_assert_double_lt(limit_total_error(limit), 0.04 * exact);
        toy_close(&study);
    }
}
END_TEST

// A study of the whole band; n[] are the events at -2 .. +2 sigma.
static void check_band(const struct toy_experiment *experiment, double high,
                       const unsigned n[LIMIT_BAND], bool shared)
{
    struct limit_plan plan = toy_plan(0, high, 150000);
    plan.settings.min_batch = plan.settings.max_batch = 1500;
    plan.shared = shared;
    want_all(&plan);
    struct toy_study study;
    toy_open(&study, experiment, &plan, 7);
    toy_work(&study, 8);
    for (unsigned c = 0; c < LIMIT_CURVES; c++) {
        const struct limit *limit = limit_of(&study, c);
        unsigned events =
            c == LIMIT_OBSERVED ? (unsigned)experiment->n : n[c - 1];
        double exact = counting_limit(events, experiment->b, ALPHA);
        ck_assert(limit_found(limit));
        ck_assert_double_lt(fabs(limit->mu - exact),
                            4 * limit_total_error(limit));
        ck_assert_double_lt(limit_total_error(limit), 0.06 * exact);
        if (c > 1)
            ck_assert_double_ge(limit->mu + limit_total_error(limit),
                                limit_of(&study, c - 1)->mu);
    }
    toy_close(&study);
}

START_TEST(test_band_of_a_counting_experiment)
{
    // n at -2 .. +2 sigma of b = 3: 0, 1, 3, 5, 7 events.
    const struct toy_experiment three = {1, 3, 0, 3, 0};
    const unsigned n[LIMIT_BAND] = {0, 1, 3, 5, 7};
    check_band(&three, 20, n, false);
}
END_TEST

START_TEST(test_band_from_shared_background_toys)
{
    const struct toy_experiment three = {1, 3, 0, 3, 0};
    const unsigned n[LIMIT_BAND] = {0, 1, 3, 5, 7};
    check_band(&three, 20, n, true);
}
END_TEST

START_TEST(test_bands_collapse_for_few_events)
{
    // b = 0.43: none, none, none, one and two events; -ln 0.05 three times.
    const struct toy_experiment rare = {1, 0.43, 0, 0, 0};
    const unsigned n[LIMIT_BAND] = {0, 0, 0, 1, 2};
    check_band(&rare, 10, n, false);
}
END_TEST

START_TEST(test_on_off_bands_agree_with_the_exact_ones)
{
    // CLs at mu = 1.5, rows F1_CCGV_s6_b9 of data/cls_reference.csv.
    const double exact[LIMIT_BAND] = {0.003461572724, 0.01068575505,
                                      0.04448929574, 0.1760471841, 0.472549364};
    const struct limit_plan plan = toy_plan(0, 5, 1);
    struct toy_study study;
    toy_open(&study, &ON_OFF, &plan, 1);
    toy_observe(&study, toy_site(&study, 1.5));
    toy_throw(&study, 0, true, 100000, 0);
    toy_throw(&study, 0, false, 20000, 0);
    const struct limit_summary *site = &study.site[0];
    ck_assert_int_eq(site->status, LIMIT_SITE_OK);
    ck_assert_double_eq_tol(site->q, 4.067768806, 1e-8);
    ck_assert_double_lt(fabs(log(site->data.cls / 0.04740159986)),
                        4 * site->data.log_sd);
    ck_assert_double_eq_tol(site->asymptotic_data, 0.04370897259, 1e-8);
    for (unsigned i = 0; i < LIMIT_BAND; i++) {
        ck_assert_double_lt(fabs(log(site->expected[i].cls / exact[i])),
                            4 * site->expected[i].log_sd);
        if (i > 0)
            ck_assert_double_ge(site->band[i].cls, site->band[i - 1].cls);
    }
    toy_close(&study);
}
END_TEST

START_TEST(test_work_ends_when_limits_are_precise)
{
    struct limit_plan plan = toy_plan(0, 5, 1000000);
    plan.settings.relative_error = 0.05;
    struct toy_study study;
    toy_open(&study, &THREE, &plan, 3);
    ck_assert(!study.look.has_forecast);
    ck_assert_int_eq(toy_work(&study, 1), LIMIT_WANT_NOTHING);
    ck_assert_int_eq(study.look.state, LIMIT_STATE_CONVERGED);
    const struct limit_estimate *observed = &study.look.curve[LIMIT_OBSERVED];
    ck_assert(observed->precise);
    ck_assert_double_le(observed->total_error, 0.05 * observed->curve.limit.mu);
    ck_assert_double_eq(study.look.forecast, 0);
    ck_assert_uint_lt(study.asks, 40);
    toy_close(&study);
}
END_TEST

START_TEST(test_forecasts_foresee_how_many_toys_it_takes)
{
    // After 10 000 toys the forecast for 1 % is about right: within a factor
    // of two in each of ten studies.
    struct limit_plan plan = toy_plan(0, 5, 10000);
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct toy_study study;
        toy_open(&study, &THREE, &plan, seed);
        toy_work(&study, 1);
        study.plan.settings.relative_error = 0.01;
        study.plan.settings.max_toys = 1000000;
        toy_look(&study);
        ck_assert(study.look.has_forecast);
        double foreseen = study.look.forecast + 10000;
        ck_assert_int_eq(toy_work(&study, 1), LIMIT_WANT_NOTHING);
        double used = study.look.toys_sb + study.look.toys_b;
        ck_assert_double_lt(used, 2 * foreseen);
        ck_assert_double_gt(used, foreseen / 2);
        toy_close(&study);
    }
}
END_TEST

// The state in which a study of s events per unit of mu ends.
static enum limit_state end_of(double s, enum limit_status status)
{
    const struct toy_experiment experiment = {s, 3, 0, 3, 0};
    struct limit_plan plan = toy_plan(0, 1, 1000000);
    struct toy_study study;
    toy_open(&study, &experiment, &plan, 5);
    ck_assert_int_eq(toy_work(&study, 8), LIMIT_WANT_NO_POINTS);
    ck_assert_int_eq(limit_of(&study, LIMIT_OBSERVED)->status, status);
    ck_assert(!study.look.curve[LIMIT_OBSERVED].precise);
    ck_assert_double_eq(study.look.curve[LIMIT_OBSERVED].total_error, 0);
    ck_assert_double_lt(study.look.toys_sb + study.look.toys_b, 40000);
    enum limit_state state = study.look.state;
    toy_close(&study);
    return state;
}

START_TEST(test_limits_out_of_reach_end_with_a_status_instead_of_toys)
{
    // 5.4 / s is 5e4 and 5e-6, and at most 48 and at least 0.004 are tried.
    ck_assert_int_eq(end_of(1e-4, LIMIT_NO_CROSSING_HIGH),
                     LIMIT_STATE_MAX_POINTS);
    ck_assert_int_eq(end_of(1e6, LIMIT_NO_CROSSING_LOW),
                     LIMIT_STATE_MAX_POINTS);
}
END_TEST

START_TEST(test_asks_wait_for_what_would_end_the_study)
{
    struct limit_plan plan = toy_plan(0, 5, 3000);
    struct toy_study study;
    toy_open(&study, &THREE, &plan, 2);
    struct toy_job job, jobs[TOY_WORKERS];
    size_t out = 0;
    toy_work(&study, 1);
    ck_assert_int_eq(study.look.state, LIMIT_STATE_MAX_TOYS);
    study.plan.settings.max_toys = 3900;
    toy_look(&study);
    while (toy_ask(&study, 0, &job))
        jobs[out++] = job;
    ck_assert_uint_ge(out, 3);
    ck_assert_int_eq(job.order.want, LIMIT_WANT_WAIT);
    for (size_t i = 0; i < out; i++)
        toy_tell(&study, &jobs[i]);
    ck_assert(!toy_ask(&study, 0, &job));
    ck_assert_int_eq(job.order.want, LIMIT_WANT_NO_BUDGET);
    toy_close(&study);
}
END_TEST

START_TEST(test_shared_toys_fit_into_one_tell)
{
    struct limit_plan plan = toy_plan(0, 5, 50000);
    plan.shared = true;
    plan.max_values = 1000;
    struct toy_study study;
    toy_open(&study, &THREE, &plan, 2);
    struct toy_job job;
    while (toy_ask(&study, 0, &job)) {
        size_t columns = job.sites > 0 ? job.sites : 1;
        ck_assert_uint_le(job.order.toys * columns, 1000);
        toy_tell(&study, &job);
    }
    // They count once, however often they were evaluated.
    ck_assert_double_lt(study.look.toys_sb + study.look.toys_b, 50301);
    toy_close(&study);
}
END_TEST

static void check_looks(const struct limit_study *a,
                        const struct limit_study *b)
{
    for (unsigned c = 0; c < LIMIT_CURVES; c++) {
        const struct limit_estimate *x = &a->curve[c], *y = &b->curve[c];
        ck_assert_double_eq(x->curve.limit.mu, y->curve.limit.mu);
        ck_assert_double_eq(x->total_error, y->total_error);
        ck_assert_double_eq(x->linear, y->linear);
        ck_assert_double_eq(x->asymptotic, y->asymptotic);
    }
    ck_assert_int_eq(a->state, b->state);
    ck_assert_double_eq(a->forecast, b->forecast);
}

START_TEST(test_the_order_of_batches_and_sites_changes_no_bit)
{
    struct limit_plan plan = toy_plan(0, 5, 20000);
    want_all(&plan);
    struct toy_study study, mixed;
    toy_open(&study, &ON_OFF, &plan, 4);
    toy_work(&study, 8);
    toy_open(&mixed, &ON_OFF, &plan, 4);
    const struct limit_toys_rule rule = {.bounded = true, .tolerance = 0.01};
    for (size_t i = study.n; i-- > 0;) {
        size_t at = toy_site(&mixed, study.told[i].mu);
        toy_observe(&mixed, at);
        for (int sb = 0; sb < 2; sb++) {
            const struct limit_toys *from = sb ? &study.sb[i] : &study.b[i];
            struct limit_toys *into = sb ? &mixed.sb[at] : &mixed.b[at];
            for (size_t j = from->cells; j-- > 0;)
                for (uint64_t k = 0; k < from->count[j]; k++) {
                    double q = from->value[j];
                    limit_toys_add(into, &rule, &q, 1);
                }
        }
        toy_summarise(&mixed, at);
    }
    toy_look(&mixed);
    check_looks(&study.look, &mixed.look);
    toy_close(&study);
    toy_close(&mixed);
}
END_TEST

START_TEST(test_failed_toys_leave_a_limit)
{
    // One in five fails, whatever its value.
    const struct limit_plan plan = toy_plan(0, 5, 30000);
    const struct limit_toys_rule rule = {.bounded = true, .tolerance = 0.01};
    struct toy_study study;
    toy_open(&study, &THREE, &plan, 6);
    struct toy_job job;
    while (toy_ask(&study, 0, &job)) {
        size_t lost = job.order.toys / 5;
        double q[300];
        for (size_t i = 0; i < lost; i++)
            q[i] = i % 2 ? NAN : -1;
        bool sb = job.order.want == LIMIT_WANT_TOYS_SB;
        struct limit_toys *toys = sb ? study.sb : study.b;
        limit_toys_add(&toys[job.order.site], &rule, q, lost);
        toy_run(&study, &job, -1);
        job.order.toys -= lost;
        toy_run(&study, &job, 1);
        toy_tell(&study, &job);
    }
    double told = study.look.toys_sb + study.look.toys_b;
    ck_assert_double_eq_tol(study.look.failed / (told + study.look.failed), 0.2,
                            1e-9);
    ck_assert_double_eq(told + study.look.failed, 30000);
    const struct limit_estimate *observed = &study.look.curve[LIMIT_OBSERVED];
    ck_assert_double_lt(
        fabs(observed->curve.limit.mu - counting_limit(3, 3, ALPHA) / 3),
        4 * observed->total_error);
    toy_close(&study);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("limit study");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_quoted_errors_are_honest);
    tcase_add_test(tests, test_errors_shrink_with_the_root_of_the_toys);
    tcase_add_test(tests, test_large_batches_are_no_excuse_for_few_points);
    tcase_add_test(tests, test_eight_workers_find_the_limit_as_one_does);
    tcase_add_test(tests, test_on_off_limits_are_honest_too);
    tcase_add_test(tests, test_a_bad_range_or_hint_is_recovered_from);
    tcase_add_test(tests, test_band_of_a_counting_experiment);
    tcase_add_test(tests, test_band_from_shared_background_toys);
    tcase_add_test(tests, test_bands_collapse_for_few_events);
    tcase_add_test(tests, test_on_off_bands_agree_with_the_exact_ones);
    tcase_add_test(tests, test_work_ends_when_limits_are_precise);
    tcase_add_test(tests, test_forecasts_foresee_how_many_toys_it_takes);
    tcase_add_test(tests,
                   test_limits_out_of_reach_end_with_a_status_instead_of_toys);
    tcase_add_test(tests, test_asks_wait_for_what_would_end_the_study);
    tcase_add_test(tests, test_shared_toys_fit_into_one_tell);
    tcase_add_test(tests, test_the_order_of_batches_and_sites_changes_no_bit);
    tcase_add_test(tests, test_failed_toys_leave_a_limit);
    Suite *suite = suite_create("limit study");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
