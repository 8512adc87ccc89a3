// SPDX-License-Identifier: GPL-3.0-or-later
// test_parzen.c - the mixture density against SciPy and against itself
//
// Expected numbers come from SciPy 1.17: norm.pdf and norm.cdf divided by
// their mass in [0, 1], averaged by hand with the bandwidths derived in each
// test.

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "parzen.h"
#include "spaces.h"

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
    space_init(&space);
}

static void teardown(void)
{
    arena_done(&arena);
    space_done(&space);
}

// A mixture of n observations in rows of unit coordinates.
static struct parzen *mixture(const double *rows, size_t n, double floor)
{
    const double *unit[64];
    for (size_t i = 0; i < n; i++)
        unit[i] = rows + i * space.n;
    struct parzen_plan plan = {
        .space = &space,
        .n = n,
        .unit = unit,
        .prior_weight = 1,
        .floor = floor,
    };
    return parzen_build(&plan, &arena);
}

static double log_density(const struct parzen *parzen, const double *unit)
{
    double value;
    parzen_log_density(parzen, unit, 1, &arena, &value);
    return value;
}

// Where the level with this value is.
static double place(double value)
{
    return param_encode(&space.params[0], value);
}

START_TEST(test_a_continuous_mixture_has_the_density_of_truncated_normals)
{
    // Between 0, 0.2, the prior's 0.5, 0.6 and 1: 0.2 has the neighbours 0
    // and 0.5, 0.6 has 0.5 and 1, and both the deviation 0.125.
    add_float("x");
    struct parzen *p = mixture((double[]){0.2, 0.6}, 2, 0.03);
    const double expected[][2] = {{0.25, 0.334115003324384},
                                  {0.9, -0.966698929778336},
                                  {0, -0.478974133231335},
                                  {1, -1.162088243797964}};
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq_tol(log_density(p, expected[i]), expected[i][1],
                                1e-12);
}
END_TEST

START_TEST(test_weights_are_normalised)
{
    // The same kernels with weights 3, 1 and 2 for the prior.
    add_float("x");
    const double rows[] = {0.2, 0.6}, *unit[] = {rows, rows + 1};
    struct parzen_plan plan = {
        .space = &space,
        .n = 2,
        .unit = unit,
        .weight = (double[]){3, 1},
        .prior_weight = 2,
        .floor = 0.03,
    };
    struct parzen *p = parzen_build(&plan, &arena);
    ck_assert_double_eq(p->weights, 6);
    ck_assert_double_eq_tol(log_density(p, (double[]){0.25}), 0.644816524800107,
                            1e-12);
    ck_assert_double_eq_tol(log_density(p, (double[]){0.9}), -1.048518278580649,
                            1e-12);
}
END_TEST

START_TEST(test_wide_kernels_reach_from_neighbour_to_neighbour)
{
    // As above with deviation 0.5 for both: the same mean of three truncated
    // normals, by the error function.
    add_float("x");
    const double rows[] = {0.2, 0.6}, *unit[] = {rows, rows + 1};
    struct parzen_plan plan = {
        .space = &space,
        .n = 2,
        .unit = unit,
        .prior_weight = 1,
        .floor = 0.03,
        .wide = true,
    };
    struct parzen *p = parzen_build(&plan, &arena);
    ck_assert_double_eq_tol(log_density(p, (double[]){0.25}),
                            0.0829376429559389, 1e-12);
    ck_assert_double_eq_tol(log_density(p, (double[]){0.9}), -0.20233664177803,
                            1e-12);
}
END_TEST

START_TEST(test_bandwidths_are_not_below_the_floor)
{
    // 0.3 has the neighbours 0 and 0.31: 0.0775. 0.31 has 0.3 and 0.5: 0.05.
    // A third one at 0.305 would get 0.0025. All are clipped to 0.1.
    add_float("x");
    struct parzen *p = mixture((double[]){0.3, 0.31}, 2, 0.1);
    ck_assert_double_eq_tol(log_density(p, (double[]){0.305}),
                            1.098649126071165, 1e-12);
    // At 0.305: 1 / (0.1 sqrt(2 pi)) = 3.989 in all of [0, 1] but 0.0011 of
    // it, since 0.305 is 3.05 deviations from the end: 3.989 / 0.99886.
    double three[] = {0.3, 0.305, 0.31};
    double with = 4 * exp(log_density(mixture(three, 3, 0.1), three + 1));
    double without = 3 * exp(log_density(p, three + 1));
    ck_assert_double_eq_tol(with - without, 3.98942280 / 0.99885579, 1e-6);
}
END_TEST

START_TEST(test_levels_have_the_mass_of_their_slots)
{
    // 4 levels, observed 1, 1 and 3, at 0.375, 0.375 and 0.875. Neighbours of
    // the first are 0 and 0.375, of the second 0.375 and 0.5, of the third 0.5
    // and 1: deviations 0.09375, 0.03125, 0.125.
    add_int("i", 0, 3, false);
    struct parzen *p = mixture((double[]){0.375, 0.375, 0.875}, 3, 0.03);
    const double expected[] = {-2.48457154658967, -0.65541140593145,
                               -2.01000416357437, -1.33399715409464};
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq_tol(log_density(p, (double[]){place(i)}),
                                expected[i], 1e-12);
}
END_TEST

START_TEST(test_levels_of_a_log_int_have_the_mass_of_their_slots)
{
    // Slots of 1, 2, 3 between ln 0.5, ln 1.5, ln 2.5, ln 3.5. The centre of
    // 2 is at 0.71241, with the neighbours 0.5 and 1: deviation 0.125.
    add_int("i", 1, 3, true);
    struct parzen *p = mixture((double[]){place(2)}, 1, 0.03);
    const double expected[] = {-1.06860843311519, -0.71618558613003,
                               -1.78437864502835};
    for (int i = 0; i < 3; i++)
        ck_assert_double_eq_tol(log_density(p, (double[]){place(i + 1)}),
                                expected[i], 1e-12);
}
END_TEST

START_TEST(test_narrow_slots_are_as_good_as_exact)
{
    // 1000 levels, observed 290, 300 and 310: deviations 0.3005 / 4 (from 0
    // to 300), the floor 0.03, and 0.1995 / 4 (from 300 to the prior's centre).
    add_int("i", 0, 999, false);
    double rows[] = {place(290), place(300), place(310)};
    struct parzen *p = mixture(rows, 3, 0.03);
    const double expected[][2] = {{300, -4.98270049780466},
                                  {380, -6.34914711855226},
                                  {0, -8.37447191456454},
                                  {999, -8.37782199588184}};
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq_tol(
            log_density(p, (double[]){place(expected[i][0])}), expected[i][1],
            1e-4);
}
END_TEST

START_TEST(test_the_mass_of_all_levels_is_one)
{
    const double highs[] = {1, 6, 40, 67, 68, 150, 4000};
    for (int log = 0; log < 2; log++)
        for (size_t h = 0; h < sizeof highs / sizeof *highs; h++) {
            add_int("i", 1, highs[h], log);
            double rows[] = {place(1), place(ceil(highs[h] / 3)),
                             place(ceil(highs[h] / 3)), place(highs[h])};
            struct parzen *p = mixture(rows, 4, 0.03);
            double sum = 0;
            for (double v = 1; v <= highs[h]; v++)
                sum += exp(log_density(p, (double[]){place(v)}));
            ck_assert_double_eq_tol(sum, 1, 0.003);
            space_done(&space);
            space_init(&space);
        }
}
END_TEST

START_TEST(test_choices_are_smoothed)
{
    // Three choices, 0 observed twice, three kernels: a hit is
    // (1/3 + 1) / (1 + 3/3) = 2/3, a miss 1/6, the prior 1/3.
    add_choices("c", 3);
    struct parzen *p = mixture((double[]){1.0 / 6, 1.0 / 6}, 2, 0.03);
    ck_assert_double_eq_tol(exp(log_density(p, (double[]){place(0)})),
                            (2.0 / 3 + 2.0 / 3 + 1.0 / 3) / 3, 1e-12);
    ck_assert_double_eq_tol(exp(log_density(p, (double[]){place(1)})),
                            (1.0 / 6 + 1.0 / 6 + 1.0 / 3) / 3, 1e-12);
}
END_TEST

// kind is 0 or 1; x is there when kind is 1.
static void conditional_space(void)
{
    double one = 1;
    struct condition when = {.parent = 0, .n = 1, .values = &one};
    add_choices("kind", 2);
    add((struct param){.name = "x",
                       .kind = PARAM_FLOAT,
                       .high = 1,
                       .n_conditions = 1,
                       .conditions = &when});
}

START_TEST(test_a_kernel_without_the_parameter_takes_the_prior)
{
    // Observed (0) and (1, 0.3); three kernels: a hit is (1 + 1/3) / (1 +
    // 2/3) = 0.8, a miss 0.2. At (1, 0.3) the three kernels are 0.2 prior(0.3),
    // 0.8 N(0.3; 0.3, 0.125) and 0.5 prior(0.3); at (0) they are 0.8, 0.2, 0.5.
    conditional_space();
    double rows[] = {0.25, NAN, 0.75, 0.3};
    struct parzen *p = mixture(rows, 2, 0.03);
    ck_assert_double_eq_tol(log_density(p, rows + 2), 0.092023993166971, 1e-12);
    ck_assert_double_eq_tol(log_density(p, rows), log(1.5 / 3), 1e-12);
}
END_TEST

START_TEST(test_children_come_from_the_kernels_that_have_them)
{
    // Only six of 60 observations have x, all of them near 0.33. Whatever the
    // kind, x comes from these six or, by their weights, from the prior
    // (one in seven).
    conditional_space();
    double rows[2 * 60];
    for (size_t i = 0; i < 60; i++) {
        bool has = i % 10 == 0;
        rows[2 * i] = has ? 0.75 : 0.25;
        rows[2 * i + 1] = has ? 0.3 + 0.001 * (double)i : NAN;
    }
    struct parzen *p = mixture(rows, 60, 0.03);
    struct rng rng = rng_at(1, 1);
    int near = 0;
    for (int i = 0; i < 1000; i++) {
        double unit[2];
        parzen_sample(p, &rng, unit);
        ck_assert(unit[1] >= 0 && unit[1] <= 1);
        near += fabs(unit[1] - 0.33) < 0.2;
    }
    // 6 kernels near 0.33, the widest of which has the deviation 0.08, against
    // a prior of weight 1 of 7: 5.9/7 surely, 6.4/7 at most, with four
    // standard deviations of the binomial.
    ck_assert_int_ge(near, 800);
    ck_assert_int_le(near, 950);
}
END_TEST

START_TEST(test_an_addition_takes_its_bandwidth_from_the_mixture_around)
{
    // 0.4 between 0.2 and the prior's 0.5: deviation 0.075, one kernel.
    add_float("x");
    struct parzen *base = mixture((double[]){0.2, 0.6}, 2, 0.03);
    const double row = 0.4, *unit = &row;
    struct parzen_plan plan = {
        .space = &space, .n = 1, .unit = &unit, .floor = 0.03, .around = base};
    struct parzen *p = parzen_build(&plan, &arena);
    ck_assert_uint_eq(p->n, 1);
    ck_assert_double_eq_tol(log_density(p, (double[]){0.45}), 1.449106458231968,
                            1e-12);
}
END_TEST

START_TEST(test_a_product_is_the_sum_of_its_marginals_for_one_kernel)
{
    add_float("x");
    add_int("i", 1, 5, false);
    add_choices("c", 4);
    const double row[] = {0.2, 0.5, 0.125}, *unit = row;
    struct parzen_plan plan = {
        .space = &space, .n = 1, .unit = &unit, .floor = 0.1};
    struct parzen *p = parzen_build(&plan, &arena);
    double point[] = {0.31, 0.7, 0.625}, sum = 0;
    for (size_t k = 0; k < 3; k++) {
        struct parzen one = parzen_marginal(p, k);
        sum += log_density(&one, point);
    }
    ck_assert_double_eq_tol(log_density(p, point), sum, 1e-12);
}
END_TEST

START_TEST(test_samples_follow_the_density)
{
    // Kolmogorov-Smirnov: with n = 10000 the largest distance between the
    // two cdfs is below 1.63 / sqrt(n) = 0.0163 with probability 0.99.
    enum { N = 10000, BINS = 1000 };
    add_float("x");
    struct parzen *p = mixture((double[]){0.05, 0.07, 0.8}, 3, 0.03);
    struct rng rng = rng_at(3, 0);
    static int count[BINS];
    for (int i = 0; i < N; i++) {
        double u;
        parzen_sample(p, &rng, &u);
        count[(int)fmin(u * BINS, BINS - 1)]++;
    }
    double expected = 0, got = 0, distance = 0;
    for (int b = 0; b < BINS; b++) {
        expected += exp(log_density(p, (double[]){(b + 0.5) / BINS})) / BINS;
        got += (double)count[b] / N;
        distance = fmax(distance, fabs(expected - got));
    }
    ck_assert_double_eq_tol(expected, 1, 1e-4);
    ck_assert_double_lt(distance, 0.0163);
}
END_TEST

START_TEST(test_samples_of_levels_and_choices_follow_the_mass)
{
    // Within four standard deviations of the binomial.
    enum { N = 10000 };
    add_int("i", 1, 4, true);
    add_choices("c", 3);
    double rows[] = {place(2), 0.5, place(4), 0.5};
    struct parzen *p = mixture(rows, 2, 0.03);
    struct rng rng = rng_at(4, 0);
    int level[4] = {0}, choice[3] = {0};
    for (int i = 0; i < N; i++) {
        double unit[2], point[2];
        parzen_sample(p, &rng, unit);
        space_decode(&space, unit, point);
        level[(int)point[0] - 1]++;
        choice[(int)point[1]]++;
    }
    for (size_t k = 0; k < 2; k++) {
        struct parzen one = parzen_marginal(p, k);
        for (int i = 0; i < (k ? 3 : 4); i++) {
            double unit[2] = {place(i + 1), (i + 0.5) / 3};
            double mass = exp(log_density(&one, unit));
            ck_assert_double_eq_tol((k ? choice : level)[i] / (double)N, mass,
                                    4 * sqrt(mass * (1 - mass) / N));
        }
    }
}
END_TEST

START_TEST(test_far_kernels_may_be_left_out)
{
    // Thousands of kernels: the sum over all of them, kernel by kernel.
    enum { N = 3000 };
    add_float("x");
    add_float("y");
    static double rows[2 * N];
    static const double *unit[N];
    struct rng rng = rng_at(5, 0);
    for (size_t i = 0; i < N; i++) {
        rows[2 * i] = rng_uniform(&rng);
        rows[2 * i + 1] = rng_uniform(&rng);
        unit[i] = rows + 2 * i;
    }
    // Neighbours are closer than the floor, so every deviation is 0.05 but
    // next to the ends of the range, which have kernels within 0.05 too.
    struct parzen_plan plan = {
        .space = &space, .n = N, .unit = unit, .floor = 0.05};
    struct parzen *p = parzen_build(&plan, &arena);
    double at[2] = {0.42, 0.61}, sum = 0;
    for (size_t i = 0; i < N; i++) {
        double f = 1;
        for (size_t k = 0; k < 2; k++) {
            double mu = unit[i][k], z = (at[k] - mu) / 0.05;
            double inside = 0.5 * (erf((1 - mu) / 0.05 * M_SQRT1_2) +
                                   erf(mu / 0.05 * M_SQRT1_2));
            f *= exp(-0.5 * z * z) / (0.05 * sqrt(2 * M_PI)) / inside;
        }
        sum += f / N;
    }
    ck_assert_double_eq_tol(log_density(p, at), log(sum), 1e-6);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("parzen");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(
        tests, test_a_continuous_mixture_has_the_density_of_truncated_normals);
    tcase_add_test(tests, test_weights_are_normalised);
    tcase_add_test(tests, test_wide_kernels_reach_from_neighbour_to_neighbour);
    tcase_add_test(tests, test_bandwidths_are_not_below_the_floor);
    tcase_add_test(tests, test_levels_have_the_mass_of_their_slots);
    tcase_add_test(tests,
                   test_levels_of_a_log_int_have_the_mass_of_their_slots);
    tcase_add_test(tests, test_narrow_slots_are_as_good_as_exact);
    tcase_add_test(tests, test_the_mass_of_all_levels_is_one);
    tcase_add_test(tests, test_choices_are_smoothed);
    tcase_add_test(tests, test_a_kernel_without_the_parameter_takes_the_prior);
    tcase_add_test(tests, test_children_come_from_the_kernels_that_have_them);
    tcase_add_test(
        tests, test_an_addition_takes_its_bandwidth_from_the_mixture_around);
    tcase_add_test(tests,
                   test_a_product_is_the_sum_of_its_marginals_for_one_kernel);
    tcase_add_test(tests, test_samples_follow_the_density);
    tcase_add_test(tests, test_samples_of_levels_and_choices_follow_the_mass);
    tcase_add_test(tests, test_far_kernels_may_be_left_out);
    Suite *suite = suite_create("parzen");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
