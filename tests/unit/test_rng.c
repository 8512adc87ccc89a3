// SPDX-License-Identifier: GPL-3.0-or-later
// test_rng.c - random numbers that depend on nothing but (seed, number)
//
// Seeds are fixed, so a statistical test passes always or never; its limits
// are stated in standard deviations of the exact distribution.

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "rng.h"

// Random123 (D. E. Shaw Research), examples/kat_vectors, philox4x32 10.
static const struct {
    uint32_t counter[4], key[2], out[4];
} known[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

START_TEST(test_blocks_equal_the_known_answers)
{
    uint32_t out[4];
    rng_block(known[_i].counter, known[_i].key, out);
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(out[i], known[_i].out[i]);
}
END_TEST

START_TEST(test_a_stream_is_the_blocks_of_its_number)
{
    uint64_t seed = UINT64_C(0x0123456789abcdef);
    struct rng rng = rng_at(seed, UINT64_C(0x100000002));
    for (uint32_t block = 0; block < 3; block++) {
        uint32_t out[4];
        rng_block((uint32_t[4]){block, 0, 2, 1},
                  (uint32_t[2]){0x89abcdef, 0x01234567}, out);
        for (int i = 0; i < 4; i++)
            ck_assert_uint_eq(rng_u32(&rng), out[i]);
    }
}
END_TEST

START_TEST(test_the_position_carries_into_its_upper_word)
{
    struct rng rng = rng_at(1, 2);
    rng.counter[0] = 0xffffffff;
    for (int i = 0; i < 4; i++)
        rng_u32(&rng);
    ck_assert_uint_eq(rng.counter[0], 0);
    ck_assert_uint_eq(rng.counter[1], 1);
    ck_assert_uint_eq(rng.counter[2], 2);
}
END_TEST

START_TEST(test_uniform_fills_the_unit_interval_evenly)
{
    // chi-square with 99 degrees of freedom: mean 99, sd sqrt(198) = 14.
    enum { CELLS = 100, N = 100000 };
    size_t count[CELLS] = {0};
    struct rng rng = rng_at(11, 0);
    for (int i = 0; i < N; i++) {
        double u = rng_uniform(&rng);
        ck_assert(u >= 0 && u < 1);
        count[(size_t)(u * CELLS)]++;
    }
    double chi2 = 0, mean = (double)N / CELLS;
    for (int i = 0; i < CELLS; i++)
        chi2 += pow((double)count[i] - mean, 2) / mean;
    ck_assert_double_lt(fabs(chi2 - 99), 4 * 14);
}
END_TEST

// Correlation of the first n numbers of two streams; its standard deviation
// is 1 / sqrt(n) when they are independent.
static double correlation(struct rng a, struct rng b, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (rng_uniform(&a) - 0.5) * (rng_uniform(&b) - 0.5);
    return sum / n * 12;
}

START_TEST(test_neighbouring_streams_are_independent)
{
    const int n = 10000;
    for (uint64_t k = 0; k < 20; k++) {
        double trials = correlation(rng_at(5, k), rng_at(5, k + 1), n);
        double seeds = correlation(rng_at(k, 5), rng_at(k + 1, 5), n);
        ck_assert_double_lt(fabs(trials), 4.5 / sqrt(n));
        ck_assert_double_lt(fabs(seeds), 4.5 / sqrt(n));
    }
}
END_TEST

START_TEST(test_first_numbers_of_successive_trials_are_uniform)
{
    // What a sampler sees: one number per stream, not a stream. The mean of n
    // has a standard deviation of 1 / sqrt(12 n).
    const int n = 20000;
    double sum = 0, product = 0, last = 0.5;
    for (int i = 0; i < n; i++) {
        struct rng rng = rng_at(3, (uint64_t)i);
        double u = rng_uniform(&rng);
        sum += u;
        product += (u - 0.5) * (last - 0.5);
        last = u;
    }
    ck_assert_double_lt(fabs(sum / n - 0.5), 4 / sqrt(12.0 * n));
    ck_assert_double_lt(fabs(product / n * 12), 4 / sqrt(n));
}
END_TEST

START_TEST(test_normal_has_the_normal_distribution)
{
    // Standard deviations of the moments of n standard normal numbers:
    // 1, sqrt 2, sqrt 96 for x, x^2, x^4, over sqrt n.
    const int n = 100000;
    double m1 = 0, m2 = 0, m4 = 0;
    int beyond = 0; // 1.959964, p = 0.05
    struct rng rng = rng_at(17, 4);
    for (int i = 0; i < n; i++) {
        double x = rng_normal(&rng);
        ck_assert(isfinite(x));
        m1 += x;
        m2 += x * x;
        m4 += x * x * x * x;
        beyond += fabs(x) > 1.959963984540054;
    }
    ck_assert_double_lt(fabs(m1 / n), 4 / sqrt(n));
    ck_assert_double_lt(fabs(m2 / n - 1), 4 * sqrt(2.0 / n));
    ck_assert_double_lt(fabs(m4 / n - 3), 4 * sqrt(96.0 / n));
    ck_assert_double_lt(fabs((double)beyond / n - 0.05),
                        4 * sqrt(0.05 * 0.95 / n));
}
END_TEST

START_TEST(test_below_takes_every_value_equally_often)
{
    enum { VALUES = 7, N = 70000 };
    size_t count[VALUES] = {0};
    struct rng rng = rng_at(23, 0);
    for (int i = 0; i < N; i++)
        count[rng_below(&rng, VALUES)]++;
    for (int i = 0; i < VALUES; i++)
        ck_assert_double_lt(fabs((double)count[i] - 10000), 4 * 92.6);
    ck_assert_uint_eq(rng_below(&rng, 1), 0);
}
END_TEST

START_TEST(test_below_is_unbiased_for_huge_ranges)
{
    // With n = 3 * 2^62 a plain modulo would make the lower third twice as
    // likely: 1/2 instead of 1/3.
    const uint64_t n = UINT64_C(3) << 62;
    const int draws = 10000;
    int lower = 0;
    struct rng rng = rng_at(29, 0);
    for (int i = 0; i < draws; i++) {
        uint64_t x = rng_below(&rng, n);
        ck_assert(x < n);
        lower += x < n / 3;
    }
    ck_assert_double_lt(fabs((double)lower / draws - 1.0 / 3),
                        4 * sqrt(2.0 / 9 / draws));
}
END_TEST

START_TEST(test_choose_follows_the_weights)
{
    const double weights[] = {0, 1, 0, 3, 4, 0};
    const int n = 40000;
    size_t count[6] = {0};
    struct rng rng = rng_at(31, 0);
    for (int i = 0; i < n; i++)
        count[rng_choose(&rng, weights, 6)]++;
    for (int i = 0; i < 6; i++) {
        double p = weights[i] / 8;
        ck_assert_double_le(fabs((double)count[i] - n * p),
                            4 * sqrt(n * p * (1 - p)));
    }
}
END_TEST

START_TEST(test_shuffle_makes_every_order_equally_often)
{
    const int n = 60000;
    int count[27] = {0};
    struct rng rng = rng_at(37, 0);
    for (int i = 0; i < n; i++) {
        size_t order[3] = {0, 1, 2};
        rng_shuffle(&rng, order, 3);
        count[order[0] + 3 * order[1] + 9 * order[2]]++;
    }
    int orders = 0;
    for (int i = 0; i < 27; i++) {
        if (count[i] == 0)
            continue;
        orders++;
        ck_assert_double_lt(fabs(count[i] - n / 6.0), 4 * sqrt(n * 5.0 / 36));
    }
    ck_assert_int_eq(orders, 6);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("rng");
    tcase_add_loop_test(cases, test_blocks_equal_the_known_answers, 0,
                        sizeof known / sizeof *known);
    tcase_add_test(cases, test_a_stream_is_the_blocks_of_its_number);
    tcase_add_test(cases, test_the_position_carries_into_its_upper_word);
    tcase_add_test(cases, test_uniform_fills_the_unit_interval_evenly);
    tcase_add_test(cases, test_neighbouring_streams_are_independent);
    tcase_add_test(cases, test_first_numbers_of_successive_trials_are_uniform);
    tcase_add_test(cases, test_normal_has_the_normal_distribution);
    tcase_add_test(cases, test_below_takes_every_value_equally_often);
    tcase_add_test(cases, test_below_is_unbiased_for_huge_ranges);
    tcase_add_test(cases, test_choose_follows_the_weights);
    tcase_add_test(cases, test_shuffle_makes_every_order_equally_often);
    Suite *suite = suite_create("rng");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
