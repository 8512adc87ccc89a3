// SPDX-License-Identifier: GPL-3.0-or-later
// test_limit_site.c - what the told toys of one signal strength say

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "toy_study.h"

static struct arena arena;

static void begin(void)
{
    arena_init(&arena);
}

static void end(void)
{
    arena_done(&arena);
}

static const struct limit_reading READING = {
    .tie_tolerance = 1e-4, .asymptotic = true, .bounded = true};

// A site of n toys of each hypothesis, of which k reach the data at q = 1.
static struct limit_summary look(const struct limit_counts *counts,
                                 double share_b,
                                 const struct limit_reading *reading)
{
    struct limit_toys sb, b;
    const struct limit_toys_rule rule = {0};
    limit_toys_init(&sb);
    limit_toys_init(&b);
    for (double i = 0; i < counts->n_sb; i++)
        limit_toys_add(&sb, &rule, (double[]){i < counts->k_sb ? 2 : 0}, 1);
    for (double i = 0; i < counts->n_b; i++)
        limit_toys_add(&b, &rule, (double[]){i < counts->k_b ? 2 : 0}, 1);
    const struct limit_told told = {.mu = 1,
                                    .observed = true,
                                    .q = 1,
                                    .q_asimov = NAN,
                                    .muhat = NAN,
                                    .sb = &sb,
                                    .b = &b,
                                    .share_b = share_b};
    struct limit_summary site = limit_site_look(&told, reading, &arena);
    limit_toys_done(&sb);
    limit_toys_done(&b);
    return site;
}

START_TEST(test_statuses_say_what_is_missing)
{
    const struct {
        struct limit_counts counts;
        enum limit_site_status status;
    } cases[] = {
        {{0, 0, 0, 0}, LIMIT_SITE_NO_TOYS},
        {{5, 10, 0, 0}, LIMIT_SITE_NO_TOYS},
        {{0, 0, 5, 10}, LIMIT_SITE_NO_TOYS},
        {{5, 10, 0, 10}, LIMIT_SITE_CLB_ZERO},
        {{0, 10, 5, 10}, LIMIT_SITE_OK},
        {{10, 10, 10, 10}, LIMIT_SITE_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct limit_summary site = look(&cases[i].counts, 1, &READING);
        ck_assert_int_eq(site.status, cases[i].status);
    }
}
END_TEST

START_TEST(test_the_rule_of_clsb_needs_no_background)
{
    struct limit_reading reading = READING;
    reading.sb_only = true;
    struct limit_summary site =
        look(&(struct limit_counts){5, 100, 0, 0}, 1, &reading);
    ck_assert_int_eq(site.status, LIMIT_SITE_OK);
    ck_assert_double_eq(site.data.cls, 0.05);
    site = look(&(struct limit_counts){5, 100, 0, 7}, 1, &reading);
    ck_assert_int_eq(site.status, LIMIT_SITE_OK);
}
END_TEST

START_TEST(test_proportions_have_the_interval_of_clopper_and_pearson)
{
    // No hit of n: 1 - 0.15866^(1/n), the closed form.
    struct limit_summary site =
        look(&(struct limit_counts){0, 20, 20, 20}, 1, &READING);
    ck_assert_double_eq(site.sb.p, 0);
    ck_assert_double_eq(site.sb.low, 0);
    ck_assert_double_eq_tol(site.sb.high,
                            1 - pow(0.15865525393145707, 1.0 / 20), 1e-10);
    ck_assert_double_eq(site.b.p, 1);
    ck_assert_double_eq(site.b.high, 1);
}
END_TEST

START_TEST(test_shared_toys_weigh_less_in_curves_only)
{
    const struct limit_counts counts = {20, 400, 200, 400};
    struct limit_summary whole = look(&counts, 1, &READING);
    struct limit_summary shared = look(&counts, 0.25, &READING);
    ck_assert_double_eq(shared.data.cls, whole.data.cls);
    ck_assert_double_eq(shared.data.log_sd, whole.data.log_sd);
    ck_assert_double_eq(shared.expected[2].log_sd, whole.expected[2].log_sd);
    ck_assert_double_eq(shared.counts[0].n_b, 100);
    ck_assert_double_eq(shared.counts[0].k_b, 50);
    ck_assert_double_eq(shared.counts[0].n_sb, 400);
}
END_TEST

START_TEST(test_a_shared_quantile_is_known_by_the_distinct_toys)
{
    // The variance of ln CLs at a quantile, (1 - p) / (n_sb p) + V, where V
    // goes with one over the toys of background.
    struct limit_plan plan = toy_plan(0, 5, 1);
    const struct toy_experiment e = {6, 9, 9, 9, 9};
    struct toy_study study;
    toy_open(&study, &e, &plan, 1);
    toy_observe(&study, toy_site(&study, 1));
    toy_throw(&study, 0, true, 5000, 0);
    toy_throw(&study, 0, false, 5000, 0);
    struct limit_summary whole = study.site[0];
    study.told[0].share_b = 0.2;
    toy_summarise(&study, 0);
    struct limit_summary shared = study.site[0];
    for (unsigned c = 1; c < LIMIT_CURVES; c++) {
        double share = whole.band[c - 1].share;
        double other = shared.counts[c].n_sb / 5000;
        ck_assert_double_eq_tol(1 / other - 1, (1 / share - 1) / 0.2, 1e-9);
        ck_assert_double_eq_tol(shared.counts[c].k_sb / shared.counts[c].n_sb,
                                whole.counts[c].k_sb / whole.counts[c].n_sb,
                                1e-12);
    }
    toy_close(&study);
}
END_TEST

START_TEST(test_equality_counts_for_both_hypotheses)
{
    // s = 3, b = 0.3, no event: CLs = exp(-3), and not 0, because toys without
    // events equal the data. Tolerances from 0 up.
    const struct toy_experiment rare = {3, 0.3, 0, 0, 0};
    for (double ties = 0; ties <= 1e-4; ties += 5e-5) {
        struct limit_plan plan = toy_plan(0, 5, 1);
        plan.reading.tie_tolerance = ties;
        struct toy_study study;
        toy_open(&study, &rare, &plan, 1);
        toy_observe(&study, toy_site(&study, 1));
        toy_throw(&study, 0, true, 20000, 0);
        toy_throw(&study, 0, false, 20000, 0);
        const struct limit_cls *cls = &study.site[0].data;
        ck_assert_double_gt(cls->cls, 0);
        ck_assert_double_lt(fabs(log(cls->cls) + 3), 4 * cls->log_sd);
        toy_close(&study);
    }
}
END_TEST

START_TEST(test_told_data_agree_or_the_odd_ones_are_named)
{
    const struct {
        double q[5];
        size_t n, odd;
        bool is_odd[5];
        double agreed;
    } cases[] = {
        {{1.9}, 1, 0, {false}, 1.9},
        {{1.9, 1.9009}, 2, 0, {false, false}, 1.9},
        {{1.9, 1.902}, 2, 2, {true, true}, 1.9},
        {{1.9, 2.9, 1.9005}, 3, 1, {false, true, false}, 1.9},
        {{0, 1, 2}, 3, 3, {true, true, true}, 0},
        // A chain of neighbours does not agree as a whole.
        {{1, 1.0009, 1.0018, 1.0009, 1}, 5, 1, {0, 0, 1, 0, 0}, 1},
        // The tolerance grows with ties: 1e-3 + 1e-4 * 100.
        {{100, 100.0105}, 2, 0, {false, false}, 100},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool odd[5];
        double agreed;
        ck_assert_uint_eq(limit_site_agree(cases[i].q, cases[i].n, 1e-4, &arena,
                                           &agreed, odd),
                          cases[i].odd);
        ck_assert_double_eq(agreed, cases[i].agreed);
        for (size_t j = 0; j < cases[i].n; j++)
            ck_assert_int_eq(odd[j], cases[i].is_odd[j]);
    }
}
END_TEST

// ---- whatever is told -------------------------------------------------------

static void check_finite(const double *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ck_assert(isfinite(numbers[i]));
}

static void check_site(const struct limit_summary *site)
{
    check_finite((double[]){site->q, site->n_sb, site->n_b, site->sb.p,
                            site->sb.low, site->sb.high, site->b.p, site->b.low,
                            site->b.high, site->asymptotic_data},
                 10);
    for (unsigned c = 0; c < LIMIT_CURVES; c++) {
        const struct limit_cls *cls =
            c == 0 ? &site->data : &site->expected[c - 1];
        const struct limit_counts *counts = &site->counts[c];
        check_finite((double[]){cls->sb, cls->b, cls->cls, cls->low, cls->high,
                                cls->wald, cls->log_mean, cls->log_sd},
                     8);
        check_finite(
            (double[]){counts->k_sb, counts->n_sb, counts->k_b, counts->n_b},
            4);
    }
    for (unsigned i = 0; i < LIMIT_BAND; i++)
        check_finite((double[]){site->band[i].cls, site->band[i].linear,
                                site->band[i].q, site->band[i].share,
                                site->asymptotic[i]},
                     5);
}

static void check_study(const struct limit_study *study)
{
    check_finite((double[]){study->toys_sb, study->toys_b, study->failed,
                            study->forecast},
                 4);
    for (unsigned c = 0; c < LIMIT_CURVES; c++) {
        const struct limit_estimate *estimate = &study->curve[c];
        const struct limit *limit = &estimate->curve.limit;
        check_finite((double[]){limit->mu, limit->error, limit->interpolation,
                                limit->slope, estimate->total_error},
                     5);
        if (estimate->has_linear)
            ck_assert(isfinite(estimate->linear));
        if (estimate->has_asymptotic)
            ck_assert(isfinite(estimate->asymptotic));
    }
}

// Values as workers may tell them: ties, few, none, huge, failed.
static void scribble(struct rng *rng, struct limit_toys *toys)
{
    const struct limit_toys_rule rule = {.bounded = rng_below(rng, 2),
                                         .tolerance = 0.01};
    const double scale[] = {1e-300, 1, 1, 1, 100, 1e150, 1e300};
    double q[200], unit = scale[rng_below(rng, 7)];
    size_t n = rng_below(rng, 3) ? rng_below(rng, 200) : rng_below(rng, 3);
    for (size_t i = 0; i < n; i++)
        q[i] = rng_below(rng, 9) == 0
                   ? NAN
                   : unit * (rng_below(rng, 2) ? (double)rng_below(rng, 4)
                                               : rng_normal(rng));
    limit_toys_add(toys, &rule, q, n);
}

static void scribble_site(struct rng *rng, struct toy_study *study)
{
    const double qs[] = {0, 1, 2, 1e-300, 1e9, 1e300, -1};
    double mu = (double)rng_below(rng, 6) * 0.7;
    size_t i = toy_site(study, mu);
    struct limit_told *told = &study->told[i];
    scribble(rng, &study->sb[i]);
    scribble(rng, &study->b[i]);
    told->observed = rng_below(rng, 5) > 0;
    told->inconsistent = rng_below(rng, 5) == 0;
    told->q = qs[rng_below(rng, 7)];
    told->q_asimov = rng_below(rng, 3) ? qs[rng_below(rng, 7)] : NAN;
    told->share_b = rng_below(rng, 2) ? 1 : 0.05;
    toy_summarise(study, i);
    check_site(&study->site[i]);
}

START_TEST(test_whatever_is_told_nothing_is_nan)
{
    const double points[] = {0, 0.7, 1.4, 3};
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct rng rng = rng_at(seed, 1);
        struct limit_plan plan = toy_plan(0, 3, 10000);
        for (unsigned c = 0; c < LIMIT_CURVES; c++)
            plan.wanted[c] = true;
        plan.reading.sb_only = rng_below(&rng, 3) == 0;
        plan.reading.bounded = rng_below(&rng, 2);
        plan.reading.quantiles = rng_below(&rng, 2) ? LIMIT_CMS : LIMIT_SIGMA;
        plan.shared = rng_below(&rng, 2);
        plan.settings.min_toys = rng_below(&rng, 500);
        if (rng_below(&rng, 3) == 0) {
            plan.points = points;
            plan.n_points = 4;
        }
        const struct toy_experiment any = {3, 3, 0, 3, 0};
        struct toy_study study;
        toy_open(&study, &any, &plan, seed);
        size_t sites = rng_below(&rng, 8);
        for (size_t i = 0; i < sites; i++)
            scribble_site(&rng, &study);
        toy_look(&study);
        check_study(&study.look);
        struct rng ask = rng_at(seed, 2);
        struct limit_order order =
            limit_study_next(&plan, &study.look, study.running, &ask, &arena);
        ck_assert(isfinite(order.mu) && order.mu >= 0);
        ck_assert_uint_le(order.site, study.n);
        arena_reset(&arena);
        toy_close(&study);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("limit site");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_statuses_say_what_is_missing);
    tcase_add_test(tests, test_the_rule_of_clsb_needs_no_background);
    tcase_add_test(tests,
                   test_proportions_have_the_interval_of_clopper_and_pearson);
    tcase_add_test(tests, test_shared_toys_weigh_less_in_curves_only);
    tcase_add_test(tests, test_a_shared_quantile_is_known_by_the_distinct_toys);
    tcase_add_test(tests, test_equality_counts_for_both_hypotheses);
    tcase_add_test(tests, test_told_data_agree_or_the_odd_ones_are_named);
    tcase_add_test(tests, test_whatever_is_told_nothing_is_nan);
    Suite *suite = suite_create("limit site");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
