// SPDX-License-Identifier: GPL-3.0-or-later
// test_cma.c - the update of CMA-ES

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cma.h"

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_done(&arena);
}

// Learns from lambda steps, the values of which are 0 to 1.
static void learn(struct cma *cma, size_t lambda, double *steps)
{
    struct cma_generation generation = {
        .lambda = lambda, .steps = steps, .worst = 1};
    cma_update(cma, &generation, &arena);
}

// ---- the update -------------------------------------------------------------

START_TEST(test_constants_are_those_of_pycma)
{
    // n = lambda = 10. mu_eff and the weights as in pycma 4.5.0:
    // w = RecombinationWeights(10); w.finalize_negative_weights(10, c_1, c_mu).
    // The others are pycma's formulas, computed with NumPy 2.4.6.
    static const double weight[] = {0.45627264690340597,  0.2707530970017852,
                                    0.16223111715866978,  0.08523354710016448,
                                    0.025509591835974777, -0.08001260758087224,
                                    -0.22176416099914653, -0.34455494178482093,
                                    -0.45286408637842196, -0.5497499176973853};
    struct cma_rates r = cma_rates(10, 10, &arena);
    ck_assert_uint_eq(cma_lambda(10), 10);
    ck_assert_uint_eq(cma_lambda(1), 4);
    ck_assert_double_eq_tol(r.mu_eff, 3.1672992814107017, 1e-14);
    ck_assert_double_eq_tol(r.c_1, 0.015283824524751714, 1e-15);
    ck_assert_double_eq_tol(r.c_mu, 0.02355177665041747, 1e-15);
    ck_assert_double_eq_tol(r.c_sigma, 0.3196142529106334, 1e-15);
    ck_assert_double_eq_tol(r.d_sigma, 1.3196142529106334, 1e-15);
    ck_assert_double_eq_tol(r.c_c, 0.29499038303562225, 1e-15);
    ck_assert_double_eq_tol(r.chi, 3.0847265651690123, 1e-14);
    for (size_t i = 0; i < 10; i++)
        ck_assert_double_eq_tol(r.weight[i], weight[i], 1e-14);
}
END_TEST

// The equations of the tutorial's section "CMA-ES" with pycma's constants,
// written down once more in NumPy 2.4.6: n = 3, lambda = 6, three generations.
// With `injected`, the second and the sixth of each are no samples.
enum { N = 3, LAMBDA = 6 };

struct course {
    bool injected;
    double sigma, mean[N], path_sigma[N];
    double covariance[N][N]; // the lower triangle
};

static const struct course courses[] = {
    {.sigma = 0.17810834974267595,
     .mean = {0.1745555668863636, 0.28275962087297446, 0.27012943686844915},
     .path_sigma = {0.22592833896410724, -0.20929532164302078,
                    -0.7534106643045835},
     .covariance = {{0.8386364186453877},
                    {-0.1726624340788877, 0.585116107748766},
                    {-0.09246729000970352, -0.13255193838798746,
                     0.9107422541305911}}},
    {.injected = true,
     .sigma = 0.17759915965731665,
     .mean = {0.17486384260300025, 0.28273048801811573, 0.26947091063875794},
     .path_sigma = {0.27115432921177746, -0.12397214715226489,
                    -0.7209284903430035},
     .covariance = {
         {0.7757894339762333},
         {-0.022751392650553703, 0.6834673130182249},
         {-0.09966855064475874, -0.03932902629788603, 0.8850169302343216}}}};

START_TEST(test_three_generations_agree_with_an_independent_program)
{
    static const double path_c[] = {0.2978260959423794, -0.08172225727289183,
                                    -0.7133981226722065};
    static const bool injected[LAMBDA] = {[1] = true, [5] = true};
    const struct course *course = &courses[_i];
    struct cma *cma = cma_new(N, (double[]){0.1, 0.2, 0.3}, 0.3, &arena);
    for (int g = 0; g < 3; g++) {
        double steps[LAMBDA * N];
        for (int i = 0; i < LAMBDA * N; i++)
            steps[i] = sin(1 + i + 10 * g) * (1 + 0.5 * (i % N));
        struct cma_generation generation = {
            .lambda = LAMBDA,
            .steps = steps,
            .injected = course->injected ? injected : NULL,
            .worst = 1};
        cma_update(cma, &generation, &arena);
    }
    ck_assert_double_eq_tol(cma->sigma, course->sigma, 1e-14);
    for (int k = 0; k < N; k++) {
        ck_assert_double_eq_tol(cma->mean[k], course->mean[k], 1e-14);
        ck_assert_double_eq_tol(cma->path_sigma[k], course->path_sigma[k],
                                1e-13);
        ck_assert_double_eq_tol(cma->path_c[k], path_c[k], 1e-13);
        for (int j = 0; j <= k; j++)
            ck_assert_double_eq_tol(cma->covariance[k * N + j],
                                    course->covariance[k][j], 1e-13);
    }
}
END_TEST

START_TEST(test_steps_from_far_away_are_shortened)
{
    // At first C = 1: a step of (4, 0) times a million counts as one of
    // length sqrt(2) + 2 * 2 / (2 + 2), pycma's limit.
    double near = sqrt(2) + 1, origin[2] = {0, 0};
    double far[8] = {4e6, 0, 0, 1, 1, 0, 0, -1};
    double cut[8] = {near, 0, 0, 1, 1, 0, 0, -1};
    struct cma *a = cma_new(2, origin, 1, &arena);
    struct cma *b = cma_new(2, origin, 1, &arena);
    learn(a, 4, far);
    learn(b, 4, cut);
    ck_assert_double_eq_tol(far[0], near, 1e-14);
    ck_assert_double_eq_tol(a->sigma, b->sigma, 1e-14);
    ck_assert_double_eq_tol(a->mean[0], b->mean[0], 1e-14);
    ck_assert_double_eq_tol(a->covariance[0], b->covariance[0], 1e-14);
}
END_TEST

// C = M M' with M = rotation * diag(spread), which is its decomposition.
static void set_covariance(struct cma *cma, double angle, const double *spread)
{
    double c = cos(angle), s = sin(angle);
    memcpy(cma->vectors, (double[]){c, s, -s, c}, 4 * sizeof(double));
    memcpy(cma->deviation, spread, 2 * sizeof(double));
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
            cma->covariance[2 * i + j] =
                cma->vectors[i] * spread[0] * spread[0] * cma->vectors[j] +
                cma->vectors[2 + i] * spread[1] * spread[1] *
                    cma->vectors[2 + j];
}

static void transform(double angle, const double *spread, const double *x,
                      double *out)
{
    double a = spread[0] * x[0], b = spread[1] * x[1];
    out[0] = cos(angle) * a - sin(angle) * b;
    out[1] = sin(angle) * a + cos(angle) * b;
}

// In x' = M x the same samples, with C' = M C M' to begin with, have the same
// ranks: sigma must follow the same course, and the mean must be the image.
static void check_images(double angle, const double *spread, int generations)
{
    double origin[2] = {0, 0}, image[2], scratch[2];
    struct cma *a = cma_new(2, origin, 0.5, &arena);
    struct cma *b = cma_new(2, origin, 0.5, &arena);
    set_covariance(b, angle, spread);
    struct rng rng = rng_at(1, 0);
    for (int g = 0; g < generations; g++) {
        double steps[LAMBDA * 2], images[LAMBDA * 2];
        for (size_t i = 0; i < LAMBDA; i++) {
            cma_step(a, &rng, scratch, steps + 2 * i);
            steps[2 * i] += 0.1 * (double)(LAMBDA - i); // learn something
            transform(angle, spread, steps + 2 * i, images + 2 * i);
        }
        learn(a, LAMBDA, steps);
        learn(b, LAMBDA, images);
        transform(angle, spread, a->mean, image);
        ck_assert_double_eq_tol(b->sigma / a->sigma, 1, 1e-9);
        for (int k = 0; k < 2; k++)
            ck_assert_double_eq_tol(b->mean[k], image[k],
                                    1e-9 * (1 + fabs(image[k])));
    }
    ck_assert_double_gt(fabs(a->sigma - 0.5), 0.01);
}

// The path of sigma is a sum over generations of which each has its own square
// root of C, so that the invariance is exact for one of them.
START_TEST(test_one_update_does_not_depend_on_affine_coordinates)
{
    check_images(0.7, (double[]){30, 0.2}, 1);
}
END_TEST

START_TEST(test_no_update_depends_on_rotations)
{
    check_images(0.7, (double[]){1, 1}, 40);
}
END_TEST

START_TEST(test_steps_have_the_covariance)
{
    // 20000 samples: the standard error of a covariance is below
    // sqrt(2 / 20000) = 0.01 of the variances.
    enum { SAMPLES = 20000 };
    const double spread[] = {3, 0.5};
    double origin[2] = {0, 0}, sum[3] = {0}, step[2], scratch[2];
    struct cma *cma = cma_new(2, origin, 1, &arena);
    set_covariance(cma, 0.4, spread);
    for (uint64_t i = 0; i < SAMPLES; i++) {
        struct rng rng = rng_at(2, i);
        cma_step(cma, &rng, scratch, step);
        sum[0] += step[0] * step[0] / SAMPLES;
        sum[1] += step[1] * step[0] / SAMPLES;
        sum[2] += step[1] * step[1] / SAMPLES;
    }
    ck_assert_double_eq_tol(sum[0], cma->covariance[0], 0.05 * 9);
    ck_assert_double_eq_tol(sum[1], cma->covariance[2], 0.05 * 9);
    ck_assert_double_eq_tol(sum[2], cma->covariance[3], 0.05 * 9);
}
END_TEST

START_TEST(test_equal_values_end_a_run)
{
    // 10 + ceil(30 * 2 / 6) = 20 generations.
    double origin[2] = {0, 0}, scratch[2];
    struct cma *cma = cma_new(2, origin, 1, &arena);
    struct rng rng = rng_at(3, 0);
    for (int g = 0; g < 20; g++) {
        double steps[12];
        ck_assert(!cma_converged(cma, 6));
        for (size_t i = 0; i < 6; i++)
            cma_step(cma, &rng, scratch, steps + 2 * i);
        struct cma_generation same = {
            .lambda = 6, .steps = steps, .best = 7, .worst = 7};
        cma_update(cma, &same, &arena);
    }
    ck_assert(cma_converged(cma, 6));
}
END_TEST

START_TEST(test_a_shape_is_sampled_as_it_is)
{
    // Variances 4 and 0.25, correlation 1/2: sigma^2 is the square root of the
    // determinant 4 * 0.25 - 0.5^2 = 0.75.
    double mean[2] = {1, 2}, shape[4] = {4, 0.5, 0.5, 0.25};
    double sum[3] = {0}, step[2], scratch[2];
    struct cma *cma = cma_new_shaped(2, mean, shape, &arena);
    ck_assert_double_eq_tol(cma->sigma, pow(0.75, 0.25), 1e-14);
    ck_assert_double_eq(cma->mean[1], 2);
    for (uint64_t i = 0; i < 20000; i++) {
        struct rng rng = rng_at(4, i);
        cma_step(cma, &rng, scratch, step);
        for (int k = 0; k < 3; k++) // of 00, 01, 11
            sum[k] += step[k / 2] * step[(k + 1) / 2] / 20000;
    }
    double scale = cma->sigma * cma->sigma;
    ck_assert_double_eq_tol(scale * sum[0], 4, 0.05 * 4);
    ck_assert_double_eq_tol(scale * sum[1], 0.5, 0.05);
    ck_assert_double_eq_tol(scale * sum[2], 0.25, 0.05 * 0.25);
}
END_TEST

// Of OpenBLAS.
void openblas_set_num_threads(int threads);

int main(void)
{
    openblas_set_num_threads(1); // as the service does
    TCase *cases = tcase_create("cma");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_constants_are_those_of_pycma);
    tcase_add_loop_test(
        cases, test_three_generations_agree_with_an_independent_program, 0, 2);
    tcase_add_test(cases, test_steps_from_far_away_are_shortened);
    tcase_add_test(cases,
                   test_one_update_does_not_depend_on_affine_coordinates);
    tcase_add_test(cases, test_no_update_depends_on_rotations);
    tcase_add_test(cases, test_steps_have_the_covariance);
    tcase_add_test(cases, test_a_shape_is_sampled_as_it_is);
    tcase_add_test(cases, test_equal_values_end_a_run);
    Suite *suite = suite_create("cma");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
