// SPDX-License-Identifier: GPL-3.0-or-later
// test_sobol.c - the Sobol sequence, and the sampler that scrambles it

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rng.h"
#include "sampler.h"
#include "sobol.h"

// ---- the sequence -----------------------------------------------------------

static void sobol_point(uint64_t index, double *point, size_t n)
{
    const uint16_t *row = sobol_table;
    for (size_t k = 0; k < n; k++)
        point[k] = (double)sobol_coordinate(&row, index) * 0x1p-53;
}

// Point number i of the literature, in the order of the Gray code.
static uint64_t gray(uint64_t i)
{
    return i ^ i >> 1;
}

START_TEST(test_first_points_are_those_of_joe_and_kuo)
{
    // The first points in three dimensions of their program sobol.cc with
    // new-joe-kuo-6.21201.
    static const double expected[][3] = {
        {0, 0, 0},          {0.5, 0.5, 0.5},       {0.75, 0.25, 0.25},
        {0.25, 0.75, 0.75}, {0.375, 0.375, 0.625}, {0.875, 0.875, 0.125}};
    for (size_t i = 0; i < 6; i++) {
        double point[3];
        sobol_point(gray(i), point, 3);
        for (size_t k = 0; k < 3; k++)
            ck_assert(point[k] == expected[i][k]);
    }
}
END_TEST

START_TEST(test_a_late_point_agrees_with_scipy_in_every_dimension)
{
    // SciPy 1.17.1: x = qmc.Sobol(256, scramble=False, bits=53).random(1001)
    // [1000], and h = 31 h + 2^53 x mod 2^64 over the 256 coordinates.
    double point[SOBOL_DIMENSIONS];
    sobol_point(gray(1000), point, SOBOL_DIMENSIONS);
    ck_assert(point[0] == 0.2197265625);
    ck_assert(point[1] == 0.0966796875);
    ck_assert(point[2] == 0.5185546875);
    ck_assert(point[100] == 0.7685546875);
    ck_assert(point[255] == 0.2490234375);
    uint64_t h = 0;
    for (size_t k = 0; k < SOBOL_DIMENSIONS; k++)
        h = 31 * h + (uint64_t)(point[k] * 0x1p53);
    ck_assert_uint_eq(h, UINT64_C(0x5a2d000000000000));
}
END_TEST

// ---- the sampler ------------------------------------------------------------

enum { MOST_DIMENSIONS = 300 };

static struct space cube;
static struct arena arena;

static void make_cube(size_t n)
{
    struct error err = {0};
    char name[24];
    struct param p = {.name = name, .kind = PARAM_FLOAT, .low = 0, .high = 1};
    space_init(&cube);
    arena_init(&arena);
    for (size_t k = 0; k < n; k++) {
        snprintf(name, sizeof name, "p%zu", k);
        ck_assert_int_eq(space_add(&cube, &p, &err), 0);
    }
}

static void teardown(void)
{
    arena_done(&arena);
    space_done(&cube);
}

static void suggest(const char *sampler, uint64_t seed, uint64_t number,
                    double *point)
{
    struct error err = {0};
    struct history history;
    history_init(&history, &cube);
    struct sampler_task task = {
        .space = &cube, .history = &history, .seed = seed};
    ck_assert_int_eq(
        sampler_suggest(sampler_find(sampler), &task, number, &arena,
                        &(struct suggestion){.point = point}, &err),
        0);
    arena_reset(&arena);
    history_done(&history);
}

START_TEST(test_every_dimension_fills_every_interval_once)
{
    // In each coordinate, 2^m successive points from a multiple of 2^m on
    // lie in different intervals of length 2^-m, scrambled or not.
    enum { N = 64 };
    make_cube(SOBOL_DIMENSIONS);
    static char seen[SOBOL_DIMENSIONS][N];
    memset(seen, 0, sizeof seen);
    for (uint64_t i = 0; i < N; i++) {
        double point[SOBOL_DIMENSIONS];
        suggest("qmc", 12345, 3 * N + i, point);
        for (size_t k = 0; k < SOBOL_DIMENSIONS; k++)
            seen[k][(size_t)(point[k] * N)]++;
    }
    for (size_t k = 0; k < SOBOL_DIMENSIONS; k++)
        for (size_t i = 0; i < N; i++)
            ck_assert_int_eq(seen[k][i], 1);
}
END_TEST

START_TEST(test_the_first_two_dimensions_are_a_perfect_net)
{
    // A (0, 8, 2)-net in base 2: each of the 2^8 boxes of 2^-j by 2^-(8-j)
    // holds one of the first 2^8 points (Sobol 1967; scrambling keeps it).
    enum { M = 8, N = 1 << M };
    make_cube(2);
    static double point[N][2];
    for (uint64_t i = 0; i < N; i++)
        suggest("qmc", 99, i, point[i]);
    for (int j = 0; j <= M; j++) {
        char seen[N] = {0};
        for (int i = 0; i < N; i++) {
            int a = (int)ldexp(point[i][0], j);
            int b = (int)ldexp(point[i][1], M - j);
            seen[a << (M - j) | b]++;
        }
        for (int i = 0; i < N; i++)
            ck_assert_int_eq(seen[i], 1);
    }
}
END_TEST

// Root mean square error, over 20 seeds, of the mean of f at n points.
static double rms_error(const char *sampler, int n, double (*f)(const double *),
                        double exact)
{
    double squares = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        double sum = 0, point[MOST_DIMENSIONS];
        for (int i = 0; i < n; i++) {
            suggest(sampler, seed, (uint64_t)i, point);
            sum += f(point);
        }
        squares += pow(sum / n - exact, 2);
    }
    return sqrt(squares / 20);
}

// Integral 1: the product of 1 + (x - 1/2) over five coordinates.
static double smooth(const double *x)
{
    double product = 1;
    for (int k = 0; k < 5; k++)
        product *= 0.5 + x[k];
    return product;
}

// Integral pi / 6: an eighth of the ball in three coordinates, whose sharp edge
// is what makes it hard.
static double inside_ball(const double *x)
{
    double square = 0;
    for (int k = 0; k < 3; k++)
        square += x[k] * x[k];
    return square < 1;
}

START_TEST(test_means_of_1024_points_beat_random_ones)
{
    // random: the standard deviation of smooth is sqrt((13/12)^5 - 1) = 0.70,
    // over sqrt(1024) = 0.022. Scrambled nets gain a factor of at least
    // sqrt(1024) / ln(1024) on smooth functions.
    make_cube(5);
    double qmc = rms_error("qmc", 1024, smooth, 1);
    double random = rms_error("random", 1024, smooth, 1);
    ck_assert_double_gt(random, 0.011);
    ck_assert_double_lt(random, 0.044);
    ck_assert_double_lt(qmc, random / 30);
    const double pi = 3.14159265358979323846;
    qmc = rms_error("qmc", 1024, inside_ball, pi / 6);
    random = rms_error("random", 1024, inside_ball, pi / 6);
    ck_assert_double_lt(qmc, random / 4);
}
END_TEST

// Largest difference, over the corners given by n points, between the share of
// the points below a corner and the corner's volume: the star discrepancy but
// for corners between the points.
static double discrepancy(const char *sampler, uint64_t seed, int n)
{
    double(*point)[2] = malloc(sizeof(double[2]) * (size_t)n), worst = 0;
    for (int i = 0; i < n; i++)
        suggest(sampler, seed, (uint64_t)i, point[i]);
    for (int c = 0; c < n; c++) {
        int below = 0;
        for (int i = 0; i < n; i++)
            below += point[i][0] < point[c][0] && point[i][1] < point[c][1];
        double volume = point[c][0] * point[c][1];
        worst = fmax(worst, fabs((double)below / n - volume));
    }
    free(point);
    return worst;
}

START_TEST(test_discrepancy_is_far_below_that_of_random_points)
{
    make_cube(2);
    double qmc = 0, random = 0;
    for (uint64_t seed = 0; seed < 5; seed++) {
        qmc += discrepancy("qmc", seed, 1024);
        random += discrepancy("random", seed, 1024);
    }
    ck_assert_double_lt(qmc, random / 8);
}
END_TEST

START_TEST(test_parameters_beyond_the_table_are_random)
{
    make_cube(MOST_DIMENSIONS);
    double sum = 0, point[MOST_DIMENSIONS];
    for (uint64_t i = 0; i < 100; i++) {
        suggest("qmc", 7, i, point);
        for (size_t k = SOBOL_DIMENSIONS; k < MOST_DIMENSIONS; k++)
            sum += point[k];
    }
    double n = 100.0 * (MOST_DIMENSIONS - SOBOL_DIMENSIONS);
    ck_assert_double_lt(fabs(sum / n - 0.5), 4 / sqrt(12 * n));
}
END_TEST

START_TEST(test_numbers_up_to_2_to_the_53_are_served)
{
    make_cube(3);
    double first[3], last[3];
    suggest("qmc", 7, 0, first);
    suggest("qmc", 7, (UINT64_C(1) << 53) - 1, last);
    for (int k = 0; k < 3; k++)
        ck_assert(last[k] >= 0 && last[k] < 1 && last[k] != first[k]);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("sobol");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_first_points_are_those_of_joe_and_kuo);
    tcase_add_test(cases,
                   test_a_late_point_agrees_with_scipy_in_every_dimension);
    TCase *sampler = tcase_create("qmc");
    tcase_add_checked_fixture(sampler, NULL, teardown);
    tcase_set_timeout(sampler, 60);
    tcase_add_test(sampler, test_every_dimension_fills_every_interval_once);
    tcase_add_test(sampler, test_the_first_two_dimensions_are_a_perfect_net);
    tcase_add_test(sampler, test_means_of_1024_points_beat_random_ones);
    tcase_add_test(sampler,
                   test_discrepancy_is_far_below_that_of_random_points);
    tcase_add_test(sampler, test_parameters_beyond_the_table_are_random);
    tcase_add_test(sampler, test_numbers_up_to_2_to_the_53_are_served);
    Suite *suite = suite_create("sobol");
    suite_add_tcase(suite, cases);
    suite_add_tcase(suite, sampler);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
