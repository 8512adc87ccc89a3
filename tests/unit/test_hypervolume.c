// SPDX-License-Identifier: GPL-3.0-or-later
// test_hypervolume.c - volumes, contributions, subsets and reference points

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hypervolume.h"
#include "rng.h"

enum { MOST = 40, M = 6 };

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_done(&arena);
}

static double of(const double *value, size_t n, size_t m,
                 const double *reference)
{
    struct hypervolume_task task = {n, m, value, reference};
    double volume = hypervolume(&task, &arena);
    arena_reset(&arena);
    return volume;
}

// ---- fronts of known volume -------------------------------------------------

START_TEST(test_two_results_in_three_objectives)
{
    // Boxes 1 x 2 x 1 and 2 x 1 x 2 that share the unit cube next to the
    // reference: 2 + 4 - 1. It is jMetalPy's test, too.
    double value[] = {1, 0, 1, 0, 1, 0}, reference[] = {2, 2, 2};
    ck_assert_double_eq_tol(of(value, 2, 3, reference), 5, 1e-14);
}
END_TEST

static double choose(size_t n, size_t k)
{
    double product = 1;
    for (size_t i = 1; i <= k; i++)
        product *= (double)(n - k + i) / (double)i;
    return product;
}

// The next vector of m whole numbers up to s, in `z`; false after the last.
static bool count_up(double *z, size_t m, double s)
{
    for (size_t k = 0; k < m; k++) {
        if (z[k] < s) {
            z[k]++;
            return true;
        }
        z[k] = 0;
    }
    return false;
}

// _i: objectives. The whole points z >= 0 of sum s and the reference (s + 1,
// ...): of the unit cells at 0 .. s in each direction those with a sum of at
// least s are dominated, all but the C(s - 1 + m, m) with a smaller sum.
START_TEST(test_whole_points_on_a_simplex)
{
    size_t m = (size_t)_i, s = m < 5 ? 7 : 4, n = 0;
    double z[M] = {0}, sum, reference[M];
    double *value = arena_doubles(&arena, 1000 * m);
    do {
        sum = 0;
        for (size_t k = 0; k < m; k++)
            sum += z[k];
        if (sum == (double)s)
            memcpy(value + n++ * m, z, m * sizeof *z);
    } while (count_up(z, m, (double)s));
    for (size_t k = 0; k < m; k++)
        reference[k] = (double)s + 1;
    double expected = pow((double)s + 1, (double)m) - choose(s - 1 + m, m);
    struct hypervolume_task task = {n, m, value, reference};
    ck_assert_double_eq_tol(hypervolume(&task, &arena) / expected, 1, 1e-12);
}
END_TEST

// f2 = 1 - sqrt(f1) (ZDT1) leaves the area 1/3 below it in the unit square, f2
// = 1 - f1^2 (ZDT2) 2/3. A step is less than 1/n too high over all of its
// width.
START_TEST(test_the_fronts_of_zdt)
{
    enum { N = 4000 };
    double *first = arena_doubles(&arena, 2 * N);
    double *second = arena_doubles(&arena, 2 * N), reference[] = {1, 1};
    for (size_t i = 0; i < N; i++) {
        double x = ((double)i + 0.5) / N;
        first[2 * i] = x * x; // evenly spaced in f2
        first[2 * i + 1] = 1 - x;
        second[2 * i] = x;
        second[2 * i + 1] = 1 - x * x;
    }
    struct hypervolume_task task = {N, 2, first, reference};
    ck_assert_double_eq_tol(hypervolume(&task, &arena), 2.0 / 3, 1.0 / N);
    task.value = second;
    ck_assert_double_eq_tol(hypervolume(&task, &arena), 1.0 / 3, 1.0 / N);
}
END_TEST

// DTLZ2's front is the part of the unit sphere in the positive octant: pi / 6
// of the unit cube is below it.
START_TEST(test_the_front_of_dtlz2)
{
    enum { N = 100 };
    double *value = arena_doubles(&arena, 3 * N * N), reference[] = {1, 1, 1};
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++) {
            double a = ((double)i + 0.5) / N * M_PI / 2;
            double b = ((double)j + 0.5) / N * M_PI / 2;
            double *y = value + 3 * (i * N + j);
            y[0] = cos(a) * cos(b);
            y[1] = cos(a) * sin(b);
            y[2] = sin(a);
        }
    struct hypervolume_task task = {N * N, 3, value, reference};
    double volume = hypervolume(&task, &arena), exact = 1 - M_PI / 6;
    ck_assert(volume < exact && volume > exact - 0.02);
}
END_TEST

// ---- random sets ------------------------------------------------------------

// Inclusion and exclusion over all subsets.
static double brute(const double *value, size_t n, size_t m,
                    const double *reference)
{
    double sum = 0;
    for (size_t set = 1; set < (size_t)1 << n; set++) {
        double corner[M], box = -1;
        for (size_t k = 0; k < m; k++)
            corner[k] = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            if (!(set >> i & 1))
                continue;
            box = -box;
            for (size_t k = 0; k < m; k++) {
                double y = value[i * m + k];
                corner[k] = isfinite(y) ? fmax(corner[k], y) : INFINITY;
            }
        }
        for (size_t k = 0; k < m; k++)
            box *= fmax(0, reference[k] - fmin(corner[k], reference[k]));
        sum += box;
    }
    return sum;
}

// Some on a grid, some outside, some no numbers.
static void draw(struct rng *rng, double *value, size_t n, size_t m)
{
    bool coarse = rng_below(rng, 2);
    for (size_t i = 0; i < n * m; i++) {
        value[i] =
            coarse ? (double)rng_below(rng, 5) / 4 : 1.2 * rng_uniform(rng);
        if (rng_below(rng, 60) == 0)
            value[i] = rng_below(rng, 2) ? NAN : INFINITY;
    }
}

START_TEST(test_volumes_are_those_of_inclusion_and_exclusion)
{
    struct rng rng = rng_at(1, 0);
    const double reference[] = {1, 1.1, 0.9, 1, 1, 1.05};
    for (int round = 0; round < 400; round++) {
        double value[10 * M];
        size_t n = rng_below(&rng, 11), m = 1 + rng_below(&rng, M);
        draw(&rng, value, n, m);
        ck_assert_double_eq_tol(of(value, n, m, reference),
                                brute(value, n, m, reference), 1e-12);
    }
}
END_TEST

START_TEST(test_the_order_of_the_results_does_not_matter)
{
    struct rng rng = rng_at(2, 0);
    const double reference[] = {1, 1, 1, 1, 1, 1};
    for (size_t m = 1; m <= M; m++) {
        double value[MOST * M], moved[MOST * M];
        size_t order[MOST];
        for (size_t i = 0; i < MOST; i++)
            order[i] = i;
        draw(&rng, value, MOST, m);
        rng_shuffle(&rng, order, MOST);
        for (size_t i = 0; i < MOST; i++)
            memcpy(moved + i * m, value + order[i] * m, m * sizeof *value);
        ck_assert_double_eq_tol(of(value, MOST, m, reference),
                                of(moved, MOST, m, reference), 1e-13);
    }
}
END_TEST

START_TEST(test_contributions_are_what_is_lost)
{
    struct rng rng = rng_at(3, 0);
    const double reference[] = {1, 1, 1, 1, 1, 1};
    for (int round = 0; round < 200; round++) {
        enum { N = 12 };
        double value[N * M], without[N * M], loss[N];
        size_t m = 1 + rng_below(&rng, M - 1);
        draw(&rng, value, N, m);
        struct hypervolume_task task = {N, m, value, reference};
        hypervolume_contributions(&task, &arena, loss);
        double all = of(value, N, m, reference);
        for (size_t i = 0; i < N; i++) {
            memcpy(without, value, N * m * sizeof *value);
            for (size_t k = 0; k < m; k++)
                without[i * m + k] = NAN;
            ck_assert_double_eq_tol(loss[i], all - of(without, N, m, reference),
                                    1e-12);
        }
    }
}
END_TEST

START_TEST(test_copies_and_results_outside_contribute_nothing)
{
    double value[] = {1, 1, 0, 2, 1, 1, 3, 0, 0, 3, NAN, 0, -INFINITY, 0};
    double reference[] = {3, 3}, loss[7];
    struct hypervolume_task task = {7, 2, value, reference};
    hypervolume_contributions(&task, &arena, loss);
    // 2 x 2 and a strip of 1 x 1 in front of it, which only (0, 2) has.
    ck_assert_double_eq_tol(of(value, 7, 2, reference), 5, 1e-14);
    for (size_t i = 0; i < 7; i++)
        ck_assert_double_eq_tol(loss[i], i == 1, 1e-14);
}
END_TEST

START_TEST(test_nothing_has_no_volume)
{
    double reference[] = {1, 1, 1, 1}, nan[] = {NAN, 0, 0, 0};
    for (size_t m = 1; m <= 4; m++)
        ck_assert(of(NULL, 0, m, reference) == 0 &&
                  of(nan, 1, m, reference) == 0);
}
END_TEST

START_TEST(test_huge_and_tiny_values_are_no_trouble)
{
    double huge[] = {-1e308, 1e307, 1e307, -1e308}, far[] = {1.7e308, 1.7e308};
    ck_assert(of(huge, 2, 2, far) == INFINITY);
    // 3 x 1 and 1 x 3 with a common 1 x 1, in units of 1e-150 or 1e150.
    for (double unit = 1e-150; unit < 1e151; unit *= 1e300) {
        double value[] = {0, 2 * unit, 2 * unit, 0};
        double reference[] = {3 * unit, 3 * unit};
        ck_assert_double_eq_tol(of(value, 2, 2, reference) / unit / unit, 5,
                                1e-12);
    }
}
END_TEST

// ---- choosing ---------------------------------------------------------------

// What adds most to those chosen, by the definition.
static size_t best_next(const struct hypervolume_task *task,
                        const size_t *chosen, size_t n, double *most)
{
    double set[MOST * M];
    size_t best = 0, m = task->m;
    *most = -1;
    for (size_t i = 0; i < n; i++)
        memcpy(set + i * m, task->value + chosen[i] * m, m * sizeof *set);
    for (size_t i = 0; i < task->n; i++) {
        memcpy(set + n * m, task->value + i * m, m * sizeof *set);
        double volume = of(set, n + 1, m, task->reference);
        bool taken = false;
        for (size_t j = 0; j < n; j++)
            taken = taken || chosen[j] == i;
        if (!taken && volume > *most) {
            *most = volume;
            best = i;
        }
    }
    return best;
}

START_TEST(test_a_subset_takes_what_adds_most_each_time)
{
    struct rng rng = rng_at(4, 0);
    const double reference[] = {1, 1, 1, 1, 1, 1};
    for (int round = 0; round < 60; round++) {
        enum { N = 25, K = 8 };
        struct arena other;
        double value[N * M], most;
        size_t chosen[N], m = 1 + rng_below(&rng, 4);
        for (size_t i = 0; i < N * m; i++)
            value[i] = 1.1 * rng_uniform(&rng);
        struct hypervolume_task task = {N, m, value, reference};
        arena_init(&other);
        hypervolume_subset(&task, K, &other, chosen);
        for (size_t k = 0; k < K; k++) {
            best_next(&task, chosen, k, &most);
            double set[K * M];
            for (size_t i = 0; i <= k; i++)
                memcpy(set + i * m, value + chosen[i] * m, m * sizeof *set);
            ck_assert_double_eq_tol(of(set, k + 1, m, reference), most, 1e-12);
        }
        arena_done(&other);
    }
}
END_TEST

START_TEST(test_a_subset_is_a_set_also_when_little_is_inside)
{
    double value[] = {9, 9, 1, 1, NAN, 1, 1, 1}, reference[] = {2, 2};
    size_t chosen[4], expected[] = {1, 3, 0, 2};
    struct hypervolume_task task = {4, 2, value, reference};
    hypervolume_subset(&task, 4, &arena, chosen);
    ck_assert_mem_eq(chosen, expected, sizeof chosen);
    hypervolume_subset(&task, 0, &arena, chosen);
}
END_TEST

// ---- reference points -------------------------------------------------------

START_TEST(test_the_reference_is_a_tenth_of_the_range_beyond_the_front)
{
    // (5, 5) is dominated, and the last two are not finite.
    double value[] = {0, 4, 2, -1, 5, 5, NAN, -9, -INFINITY, 9}, reference[2];
    ck_assert(hypervolume_reference(value, 5, 2, &arena, reference));
    ck_assert_double_eq_tol(reference[0], 2 + 0.1 * 2, 1e-15);
    ck_assert_double_eq_tol(reference[1], 4 + 0.1 * 5, 1e-15);
}
END_TEST

START_TEST(test_the_reference_of_a_single_result_is_beyond_it)
{
    double value[] = {-3, 0, 1e300, DBL_MAX}, reference[4];
    ck_assert(hypervolume_reference(value, 1, 4, &arena, reference));
    ck_assert_double_eq_tol(reference[0], -2.7, 1e-15);
    ck_assert_double_eq_tol(reference[1], 0.1, 1e-15);
    ck_assert_double_eq_tol(reference[2] / 1.1e300, 1, 1e-15);
    ck_assert_double_eq(reference[3], DBL_MAX); // there is nothing beyond
}
END_TEST

START_TEST(test_there_is_no_reference_without_numbers)
{
    double value[] = {NAN, 1, 1, INFINITY}, reference[2];
    ck_assert(!hypervolume_reference(value, 2, 2, &arena, reference));
    ck_assert(!hypervolume_reference(value, 0, 2, &arena, reference));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("hypervolume");
    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_two_results_in_three_objectives);
    tcase_add_loop_test(tests, test_whole_points_on_a_simplex, 1, M + 1);
    tcase_add_test(tests, test_the_fronts_of_zdt);
    tcase_add_test(tests, test_the_front_of_dtlz2);
    tcase_add_test(tests, test_volumes_are_those_of_inclusion_and_exclusion);
    tcase_add_test(tests, test_the_order_of_the_results_does_not_matter);
    tcase_add_test(tests, test_contributions_are_what_is_lost);
    tcase_add_test(tests, test_copies_and_results_outside_contribute_nothing);
    tcase_add_test(tests, test_nothing_has_no_volume);
    tcase_add_test(tests, test_huge_and_tiny_values_are_no_trouble);
    tcase_add_test(tests, test_a_subset_takes_what_adds_most_each_time);
    tcase_add_test(tests, test_a_subset_is_a_set_also_when_little_is_inside);
    tcase_add_test(tests,
                   test_the_reference_is_a_tenth_of_the_range_beyond_the_front);
    tcase_add_test(tests, test_the_reference_of_a_single_result_is_beyond_it);
    tcase_add_test(tests, test_there_is_no_reference_without_numbers);
    Suite *suite = suite_create("hypervolume");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
