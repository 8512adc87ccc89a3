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

#include "arena.h"
#include "counting.h"
#include "limit_allocate.h"
#include "limit_band.h"
#include "limit_toys.h"
#include "rng.h"

enum { SITES = 40, CURVES = 1 + LIMIT_BAND, STUDIES = 100 };

static const double TIES = 1e-4, ALPHA = 0.05;
static const struct limit_toys_rule RULE = {.bounded = true, .tolerance = 0.01};

struct experiment {
    unsigned n;
    double s, b;
};

// A study in progress; the curves are the observed one and the band.
struct study {
    struct experiment experiment;
    struct limit_settings settings;
    struct rng rng;
    struct arena arena;
    size_t sites, curves;
    struct limit_site site[SITES];
    struct limit_toys sb[SITES], b[SITES];
    struct limit_point point[CURVES][SITES];
    struct limit_curve curve[CURVES];
    unsigned asks;
};

static struct limit_settings settings(double low, double high, uint64_t toys)
{
    return (struct limit_settings){
        .low = low,
        .high = high,
        .relative_error = 1e-4,
        .max_toys = toys,
        .max_points = SITES,
        .min_batch = 300,
        .max_batch = 300,
    };
}

static void begin(struct study *study, const struct experiment *experiment,
                  const struct limit_settings *wanted, size_t curves,
                  uint64_t seed)
{
    *study = (struct study){.experiment = *experiment,
                            .settings = *wanted,
                            .rng = rng_at(seed, 0),
                            .curves = curves};
    arena_init(&study->arena);
    for (size_t c = 0; c < curves; c++)
        study->curve[c].scan = (struct limit_scan){
            .points = study->point[c], .alpha = ALPHA, .known_b = c > 0};
}

static void end(struct study *study)
{
    for (size_t i = 0; i < study->sites; i++) {
        limit_toys_done(&study->sb[i]);
        limit_toys_done(&study->b[i]);
    }
    arena_done(&study->arena);
}

static double expected(const struct study *study, double mu)
{
    return mu * study->experiment.s + study->experiment.b;
}

static void observe(struct study *study, double mu)
{
    size_t i = study->sites++;
    ck_assert_uint_lt(i, SITES);
    study->site[i] = (struct limit_site){.mu = mu, .observed = true};
    double q = counting_q(study->experiment.n, expected(study, mu),
                          study->experiment.b, true);
    limit_toys_init(&study->sb[i]);
    limit_toys_init(&study->b[i]);
    limit_toys_watch(&study->sb[i], limit_toys_threshold(q, TIES));
    limit_toys_watch(&study->b[i], limit_toys_threshold(q, TIES));
}

static void tally(struct study *study, size_t i)
{
    const struct limit_toys *sb = &study->sb[i], *b = &study->b[i];
    study->point[0][i] =
        (struct limit_point){study->site[i].mu,
                             {(double)sb->reached, (double)sb->total,
                              (double)b->reached, (double)b->total}};
    if (study->curves == 1)
        return;
    struct limit_expected band[LIMIT_BAND];
    limit_band(sb, b, TIES, LIMIT_SIGMA, &study->arena, band);
    for (size_t c = 1; c < study->curves; c++)
        study->point[c][i] =
            (struct limit_point){study->site[i].mu, band[c - 1].counts};
}

static void throw(struct study * study, const struct limit_order *order)
{
    double *q = malloc(order->toys * sizeof *q), mu = order->mu;
    bool sb = order->want == LIMIT_WANT_TOYS_SB;
    double lambda = sb ? expected(study, mu) : study->experiment.b;
    for (size_t i = 0; i < order->toys; i++)
        q[i] = counting_q(counting_throw(&study->rng, lambda),
                          expected(study, mu), study->experiment.b, true);
    limit_toys_add(sb ? &study->sb[order->site] : &study->b[order->site], &RULE,
                   q, order->toys);
    double *count =
        sb ? &study->site[order->site].n_sb : &study->site[order->site].n_b;
    *count += (double)order->toys;
    free(q);
}

static void fit(struct study *study)
{
    for (size_t i = 0; i < study->sites; i++)
        tally(study, i);
    for (size_t c = 0; c < study->curves; c++) {
        study->curve[c].scan.n = study->sites;
        study->curve[c].limit =
            limit_scan(&study->curve[c].scan, &study->arena);
    }
    arena_reset(&study->arena);
}

// Asks and tells until there is nothing left to do; returns what it ended with.
static enum limit_want work(struct study *study)
{
    for (;;) {
        fit(study);
        struct limit_order order =
            limit_allocate(&study->settings, study->site, study->sites,
                           study->curve, study->curves, &study->rng);
        study->asks++;
        ck_assert_uint_lt(study->asks, 100000);
        if (order.want == LIMIT_WANT_DATA)
            observe(study, order.mu);
        else if (order.toys > 0)
            throw(study, &order);
        else
            return order.want;
    }
}

// What many seeded studies of one experiment say about their errors.
struct pulls {
    double mean, width; // of (limit - exact) / error
    double error;       // mean quoted one, relative to the exact limit
    double scatter;     // root mean square of limit / exact - 1
};

static struct pulls pull(const struct experiment *experiment,
                         const struct limit_settings *wanted)
{
    double exact =
        counting_limit(experiment->n, experiment->b, ALPHA) / experiment->s;
    double sum = 0, squares = 0, errors = 0, scatter = 0;
    for (uint64_t seed = 0; seed < STUDIES; seed++) {
        struct study study;
        begin(&study, experiment, wanted, 1, seed);
        ck_assert_int_eq(work(&study), LIMIT_WANT_NO_BUDGET);
        const struct limit *limit = &study.curve[0].limit;
        ck_assert_int_eq(limit->status, LIMIT_OK);
        double error = limit_total_error(limit);
        sum += (limit->mu - exact) / error;
        squares += pow((limit->mu - exact) / error, 2);
        errors += error / exact;
        scatter += pow(limit->mu / exact - 1, 2);
        end(&study);
    }
    double mean = sum / STUDIES;
    return (struct pulls){mean, sqrt(squares / STUDIES - mean * mean),
                          errors / STUDIES, sqrt(scatter / STUDIES)};
}

// With so many toys the limit of s = 3, n = b = 3, which is 5.39545 / 3, has an
// error below `most`, which it quotes.
static void check_pulls(uint64_t toys, double most)
{
    const struct experiment three = {3, 3, 3};
    const struct limit_settings wanted = settings(0, 5, toys);
    struct pulls pulls = pull(&three, &wanted);
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
    check_pulls(10000, 0.022);
}
END_TEST

START_TEST(test_errors_shrink_with_the_root_of_the_toys)
{
    check_pulls(40000, 0.010);
}
END_TEST

START_TEST(test_a_bad_range_or_hint_is_recovered_from)
{
    // The limit is 1.798.
    const struct experiment three = {3, 3, 3};
    const double exact = counting_limit(3, 3, ALPHA) / 3;
    const struct {
        double high, hint;
    } cases[] = {{0.2, 0}, {100, 0}, {5, 0.2}, {5, 30}, {5, 1.8}};
    for (uint64_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct limit_settings wanted = settings(0, cases[i].high, 20000);
        wanted.hint = cases[i].hint;
        struct study study;
        begin(&study, &three, &wanted, 1, 1000 + i);
        work(&study);
        const struct limit *limit = &study.curve[0].limit;
        ck_assert_int_eq(limit->status, LIMIT_OK);
        ck_assert_double_lt(fabs(limit->mu - exact),
                            4 * limit_total_error(limit));
        ck_assert_double_lt(limit_total_error(limit), 0.04 * exact);
        end(&study);
    }
}
END_TEST

START_TEST(test_band_of_a_counting_experiment)
{
    // n at -2 .. +2 sigma of b = 3: 0, 1, 3, 5, 7 events.
    const struct experiment three = {3, 1, 3};
    struct limit_settings wanted = settings(0, 20, 150000);
    wanted.min_batch = wanted.max_batch = 1500;
    struct study study;
    begin(&study, &three, &wanted, CURVES, 7);
    work(&study);
    const unsigned n[LIMIT_BAND] = {0, 1, 3, 5, 7};
    for (size_t c = 1; c < CURVES; c++) {
        const struct limit *limit = &study.curve[c].limit;
        double exact = counting_limit(n[c - 1], 3, ALPHA);
        ck_assert_int_eq(limit->status, LIMIT_OK);
        ck_assert_double_lt(fabs(limit->mu - exact),
                            4 * limit_total_error(limit));
        ck_assert_double_lt(limit_total_error(limit), 0.05 * exact);
        ck_assert_double_ge(limit->mu, study.curve[c > 1 ? c - 1 : c].limit.mu);
    }
    end(&study);
}
END_TEST

START_TEST(test_bands_collapse_for_few_events)
{
    // b = 0.43: none, none, none, one and two events; -ln 0.05 three times.
    const struct experiment rare = {0, 1, 0.43};
    struct limit_settings wanted = settings(0, 10, 100000);
    wanted.min_batch = wanted.max_batch = 1500;
    struct study study;
    begin(&study, &rare, &wanted, CURVES, 8);
    work(&study);
    const unsigned n[LIMIT_BAND] = {0, 0, 0, 1, 2};
    for (size_t c = 0; c < CURVES; c++) {
        const struct limit *limit = &study.curve[c].limit;
        double exact = counting_limit(c > 0 ? n[c - 1] : 0, 0.43, ALPHA);
        ck_assert(limit_found(limit));
        ck_assert_double_lt(fabs(limit->mu - exact),
                            4 * limit_total_error(limit));
    }
    end(&study);
}
END_TEST

START_TEST(test_work_ends_when_limits_are_precise)
{
    const struct experiment three = {3, 3, 3};
    struct limit_settings wanted = settings(0, 5, 1000000);
    wanted.relative_error = 0.05;
    struct study study;
    begin(&study, &three, &wanted, 1, 3);
    ck_assert_int_eq(work(&study), LIMIT_WANT_NOTHING);
    ck_assert_double_le(limit_total_error(&study.curve[0].limit),
                        0.05 * study.curve[0].limit.mu);
    ck_assert_uint_lt(study.asks, 40);
    end(&study);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("limit study");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_quoted_errors_are_honest);
    tcase_add_test(tests, test_errors_shrink_with_the_root_of_the_toys);
    tcase_add_test(tests, test_a_bad_range_or_hint_is_recovered_from);
    tcase_add_test(tests, test_band_of_a_counting_experiment);
    tcase_add_test(tests, test_bands_collapse_for_few_events);
    tcase_add_test(tests, test_work_ends_when_limits_are_precise);
    Suite *suite = suite_create("limit study");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
