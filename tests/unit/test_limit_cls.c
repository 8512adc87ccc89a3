// SPDX-License-Identifier: GPL-3.0-or-later
// test_limit_cls.c - CLs of counts, sorted toys, and the band of one point

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "limit_band.h"
#include "limit_cls.h"
#include "limit_toys.h"
#include "rng.h"

static const struct limit_toys_rule RULE = {.bounded = true, .tolerance = 0.01};

static void add(struct limit_toys *toys, const double *q, size_t n)
{
    double *copy = malloc(n * sizeof *copy);
    memcpy(copy, q, n * sizeof *copy);
    limit_toys_add(toys, &RULE, copy, n);
    free(copy);
}

// ---- counts -----------------------------------------------------------------

START_TEST(test_nothing_is_ever_nan)
{
    const double counts[] = {0, 1, 250, 500};
    for (int i = 0; i < 256; i++) {
        double n_sb = counts[i & 3], n_b = counts[i >> 2 & 3];
        struct limit_counts c = {fmin(counts[i >> 4 & 3], n_sb), n_sb,
                                 fmin(counts[i >> 6 & 3], n_b), n_b};
        struct limit_cls both[] = {limit_cls(&c), limit_cls_sb(&c)};
        for (int j = 0; j < 2; j++) {
            const struct limit_cls *cls = &both[j];
            const double numbers[] = {
                cls->sb,       cls->b,      cls->cls,
                cls->low,      cls->high,   cls->wald,
                cls->log_mean, cls->log_sd, limit_cls_below(cls, 0.05)};
            for (int k = 0; k < 9; k++)
                ck_assert(isfinite(numbers[k]));
            ck_assert(cls->low < cls->high);
        }
    }
}
END_TEST

START_TEST(test_without_background_toys_beyond_the_data_there_is_an_interval)
{
    const struct limit_counts counts = {5, 1000, 0, 1000};
    struct limit_cls cls = limit_cls(&counts);
    ck_assert_int_eq(cls.status, LIMIT_CLS_CLB_ZERO);
    ck_assert_double_eq(cls.cls, exp(cls.log_mean));
    ck_assert_double_gt(cls.low, 0);
    ck_assert_int_eq(limit_cls_sb(&counts).status, LIMIT_CLS_OK);
    const struct limit_counts none = {0, 0, 10, 20};
    ck_assert_int_eq(limit_cls(&none).status, LIMIT_CLS_NO_TOYS);
}
END_TEST

START_TEST(test_no_toy_of_500_is_not_certainty)
{
    // At a point on the contour of -2 sigma 57 % of all samples of 500 toys
    // have none beyond the data. The propagated error is 0 then.
    const struct limit_counts counts = {0, 500, 111, 500};
    struct limit_cls cls = limit_cls(&counts);
    ck_assert_double_eq(cls.wald, 0);
    ck_assert_double_lt(limit_cls_below(&cls, 0.05), 0.96);
}
END_TEST

// ---- toys -------------------------------------------------------------------

START_TEST(test_equality_counts_for_both_hypotheses)
{
    // s = 3, b = 0.3 and no events: all toys without events are as unlike the
    // signal as the data, whatever the tolerance; CLs = e^-3, not 0.
    for (double tolerance = 0; tolerance < 2e-4; tolerance += 1e-4) {
        const double data = 2 * 3.0;
        struct limit_toys toys;
        limit_toys_init(&toys);
        limit_toys_watch(&toys, limit_toys_threshold(data, tolerance));
        const double q[] = {6, 6, 0, 1.5, 6};
        add(&toys, q, 5);
        ck_assert_uint_eq(toys.reached, 3);
        ck_assert_uint_eq(limit_toys_reaching(&toys, toys.watched), 3);
        limit_toys_done(&toys);
    }
}
END_TEST

START_TEST(test_bad_values_are_failures)
{
    struct limit_toys toys;
    limit_toys_init(&toys);
    const double q[] = {1, NAN, INFINITY, -0.005, -0.5, -0.0, 2, -INFINITY};
    add(&toys, q, 8);
    ck_assert_uint_eq(toys.total, 4);
    ck_assert_uint_eq(toys.failed, 4);
    ck_assert_uint_eq(toys.clipped, 1);
    ck_assert_uint_eq(toys.cells, 3); // 0 twice, 1, 2
    ck_assert_uint_eq(toys.count[0], 2);
    limit_toys_done(&toys);
}
END_TEST

START_TEST(test_statistics_to_the_left_change_sign)
{
    const struct limit_toys_rule left = {.left = true};
    struct limit_toys toys;
    limit_toys_init(&toys);
    double q[] = {-3, 2, -5};
    limit_toys_add(&toys, &left, q, 3);
    ck_assert_uint_eq(toys.failed, 0);
    ck_assert_uint_eq(limit_toys_reaching(&toys, 3), 2);
    limit_toys_done(&toys);
}
END_TEST

static bool same(const struct limit_toys *a, const struct limit_toys *b)
{
    return a->cells == b->cells && a->total == b->total &&
           a->reached == b->reached && a->cleared == b->cleared &&
           !memcmp(a->value, b->value, a->cells * sizeof *a->value) &&
           !memcmp(a->count, b->count, a->cells * sizeof *a->count);
}

START_TEST(test_order_and_batches_change_nothing)
{
    enum { N = 120000, PARTS = 4 };
    double *q = malloc(N * sizeof *q), reached = 0;
    struct rng rng = rng_at(5, 0);
    for (size_t i = 0; i < N; i++) {
        q[i] = pow(rng_normal(&rng), 2);
        reached += q[i] >= 2.7;
    }
    struct limit_toys whole, parts[PARTS], reversed;
    limit_toys_init(&whole);
    limit_toys_init(&reversed);
    limit_toys_watch(&whole, 2.7);
    limit_toys_watch(&reversed, 2.7);
    add(&whole, q, N);
    for (size_t i = 0; i < PARTS; i++) {
        limit_toys_init(&parts[i]);
        limit_toys_watch(&parts[i], 2.7);
        for (size_t j = 0; j < 10; j++)
            add(&parts[i], q + (i * 10 + j) * (N / 40), N / 40);
    }
    for (size_t i = PARTS; i-- > 0;)
        limit_toys_merge(&reversed, &parts[i]);
    ck_assert(same(&whole, &reversed));
    ck_assert_uint_gt(whole.cleared, 0);
    ck_assert_uint_le(whole.cells, LIMIT_TOYS_CELLS);
    ck_assert_double_eq((double)whole.reached, reached);
    // Elsewhere the count is off by what is in the threshold's cell: the
    // density of chi2(1) at 1.3 is 0.18, a cell below 1.3 * 2^-9 wide.
    double elsewhere = 0;
    for (size_t i = 0; i < N; i++)
        elsewhere += q[i] >= 1.3;
    double cell = N * 0.19 * 1.3 / 512;
    ck_assert_double_lt(
        fabs((double)limit_toys_reaching(&whole, 1.3) - elsewhere),
        cell + 4 * sqrt(cell));
    for (size_t i = 0; i < PARTS; i++)
        limit_toys_done(&parts[i]);
    limit_toys_done(&whole);
    limit_toys_done(&reversed);
    free(q);
}
END_TEST

START_TEST(test_ties_stay_exact_however_many)
{
    // A counting experiment has few values: nothing is ever cleared.
    struct limit_toys toys;
    limit_toys_init(&toys);
    double q[1000];
    for (size_t batch = 0; batch < 300; batch++) {
        for (size_t i = 0; i < 1000; i++)
            q[i] = 0.1 * (double)(i % 20);
        limit_toys_add(&toys, &RULE, q, 1000);
    }
    ck_assert_uint_eq(toys.cells, 20);
    ck_assert_uint_eq(toys.cleared, 0);
    ck_assert_uint_eq(limit_toys_reaching(&toys, 0.1 * 18.0), 30000);
    limit_toys_done(&toys);
}
END_TEST

// ---- the band ---------------------------------------------------------------

START_TEST(test_band_of_few_toys_by_hand)
{
    // Background toys at q = 4 3 2 1, signal toys at 4 2 2 1 1 1 1 1: CLs_j =
    // (1/8) / (1/4), (1/8) / (2/4), (3/8) / (3/4), 1 = 0.5, 0.25, 0.5, 1.
    // By q, the largest first, the ranks 1 1 2 4 4 of type 1. Sorted by CLs, as
    // numpy's type 7 wants: 0.25 0.5 0.5 1.
    struct arena arena;
    struct limit_toys sb, b;
    struct limit_expected band[LIMIT_BAND];
    arena_init(&arena);
    limit_toys_init(&sb);
    limit_toys_init(&b);
    limit_band(&sb, &b, 1e-4, LIMIT_SIGMA, &arena, band);
    ck_assert_double_eq(band[2].counts.n_b, 0);
    const double q_b[] = {1, 2, 3, 4}, q_sb[] = {4, 2, 2, 1, 1, 1, 1, 1};
    add(&sb, q_sb, 8);
    add(&b, q_b, 4);
    limit_band(&sb, &b, 1e-4, LIMIT_SIGMA, &arena, band);
    const double type_1[] = {0.5, 0.5, 0.25, 1, 1};
    for (int i = 0; i < LIMIT_BAND; i++)
        ck_assert_double_eq(band[i].cls, type_1[i]);
    ck_assert_double_eq(band[2].linear, 0.5);
    // Rank 0.158655 * 3 = 0.475966 above the first: 0.25 + 0.475966 / 4.
    ck_assert_double_eq_tol(band[1].linear, 0.368991, 1e-6);
    ck_assert_double_eq(band[2].q, 3);
    ck_assert_double_eq(band[2].counts.k_b, 2);
    limit_toys_done(&sb);
    limit_toys_done(&b);
    arena_done(&arena);
}
END_TEST

START_TEST(test_reduced_counts_hold_the_error_of_the_quantile)
{
    // Gaussian: q = -x, x ~ N(0, 1) for the background and N(2, 1) with signal.
    // At the median of the background p_b = 1/2, p_sb = P(Z > 2), and the
    // variance of ln CLs is (1 - p_sb) / (n p_sb) + (f_sb / f_b)^2 p_b (1 -
    // p_b) / (n p_sb^2), where the densities' ratio f_sb / f_b is exp(-2).
    enum { N = 20000 };
    struct arena arena;
    struct limit_toys sb, b;
    struct limit_expected band[LIMIT_BAND];
    struct rng rng = rng_at(6, 0);
    arena_init(&arena);
    limit_toys_init(&sb);
    limit_toys_init(&b);
    const struct limit_toys_rule any = {.bounded = false};
    static double q[N];
    for (size_t i = 0; i < N; i++)
        q[i] = -rng_normal(&rng);
    limit_toys_add(&b, &any, q, N);
    for (size_t i = 0; i < N; i++)
        q[i] = -rng_normal(&rng) - 2;
    limit_toys_add(&sb, &any, q, N);
    limit_band(&sb, &b, 0, LIMIT_SIGMA, &arena, band);
    double p = 0.02275, own = (1 - p) / (N * p);
    double quantile = exp(-4.0) * 0.25 / (N * p * p);
    ck_assert_double_eq_tol(band[2].share, own / (own + quantile), 0.1);
    ck_assert_double_eq_tol(band[2].counts.n_sb, N * band[2].share, 1e-6);
    ck_assert_double_eq_tol(band[2].cls, 2 * p, 0.008);
    limit_toys_done(&sb);
    limit_toys_done(&b);
    arena_done(&arena);
}
END_TEST

START_TEST(test_quantile_conventions)
{
    ck_assert_double_eq_tol(limit_band_probability(LIMIT_SIGMA, 0),
                            0.0227501319, 1e-10);
    ck_assert_double_eq_tol(limit_band_probability(LIMIT_SIGMA, 3),
                            0.8413447461, 1e-10);
    ck_assert_double_eq(limit_band_probability(LIMIT_CMS, 0), 0.025);
    ck_assert_double_eq(limit_band_probability(LIMIT_CMS, 4), 0.975);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("limit cls");
    tcase_add_test(tests, test_nothing_is_ever_nan);
    tcase_add_test(
        tests,
        test_without_background_toys_beyond_the_data_there_is_an_interval);
    tcase_add_test(tests, test_no_toy_of_500_is_not_certainty);
    tcase_add_test(tests, test_equality_counts_for_both_hypotheses);
    tcase_add_test(tests, test_bad_values_are_failures);
    tcase_add_test(tests, test_statistics_to_the_left_change_sign);
    tcase_add_test(tests, test_order_and_batches_change_nothing);
    tcase_add_test(tests, test_ties_stay_exact_however_many);
    tcase_add_test(tests, test_band_of_few_toys_by_hand);
    tcase_add_test(tests, test_reduced_counts_hold_the_error_of_the_quantile);
    tcase_add_test(tests, test_quantile_conventions);
    Suite *suite = suite_create("limit cls");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
