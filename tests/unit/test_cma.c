// SPDX-License-Identifier: GPL-3.0-or-later
// test_cma.c - CMA-ES: the update, and the sampler that feeds it

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cma.h"
#include "sampler.h"

enum { MOST_PARAMS = 120 };

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_done(&arena);
}

// ---- the update -------------------------------------------------------------

START_TEST(test_constants_are_those_of_the_tutorial)
{
    // n = lambda = 10. mu_eff and the weights as in pycma 4.5.0:
    // w = RecombinationWeights(10); w.finalize_negative_weights(10, c_1, c_mu).
    // The others are table 1 of the tutorial, computed with NumPy 2.4.6.
    static const double weight[] = {0.45627264690340597,  0.2707530970017852,
                                    0.16223111715866978,  0.08523354710016448,
                                    0.025509591835974777, -0.08532086250759853,
                                    -0.23647660114809702, -0.36741365771166457,
                                    -0.48290832678423445, -0.5862218287788353};
    struct cma_rates r = cma_rates(10, 10, &arena);
    ck_assert_uint_eq(cma_lambda(10), 10);
    ck_assert_uint_eq(cma_lambda(1), 4);
    ck_assert_double_eq_tol(r.mu_eff, 3.1672992814107017, 1e-14);
    ck_assert_double_eq_tol(r.c_1, 0.015283824524751714, 1e-15);
    ck_assert_double_eq_tol(r.c_mu, 0.02015428276120838, 1e-15);
    ck_assert_double_eq_tol(r.c_sigma, 0.2844285879463675, 1e-15);
    ck_assert_double_eq_tol(r.d_sigma, 1.2844285879463675, 1e-15);
    ck_assert_double_eq_tol(r.c_c, 0.29499038303562225, 1e-15);
    ck_assert_double_eq_tol(r.chi, 3.0847265651690123, 1e-14);
    for (size_t i = 0; i < 10; i++)
        ck_assert_double_eq_tol(r.weight[i], weight[i], 1e-14);
}
END_TEST

START_TEST(test_three_generations_agree_with_an_independent_program)
{
    // The equations of the tutorial's section "CMA-ES" written down once more
    // in NumPy 2.4.6, n = 3 and lambda = 6.
    enum { N = 3, LAMBDA = 6 };
    static const double mean[] = {0.17564803826339515, 0.28168248933483697,
                                  0.2663925563709755};
    static const double path_sigma[] = {
        0.2326439572194538, -0.10630943504351809, -0.6184592021443797};
    static const double path_c[] = {0.2978260959423794, -0.08172225727289183,
                                    -0.7133981226722064};
    static const double covariance[N][N] = {
        {0.8149595268059113},
        {-0.10753040230786665, 0.6467837163659625},
        {-0.07484988919235847, -0.08493823008519646, 0.8823200688279004}};
    struct cma *cma = cma_new(N, (double[]){0.1, 0.2, 0.3}, 0.3, &arena);
    for (int g = 0; g < 3; g++) {
        double steps[LAMBDA * N];
        for (int i = 0; i < LAMBDA * N; i++)
            steps[i] = sin(1 + i + 10 * g) * (1 + 0.5 * (i % N));
        cma_update(cma, &(struct cma_generation){LAMBDA, steps, 0, 1}, &arena);
    }
    ck_assert_double_eq_tol(cma->sigma, 0.18299134791800648, 1e-14);
    for (int k = 0; k < N; k++) {
        ck_assert_double_eq_tol(cma->mean[k], mean[k], 1e-14);
        ck_assert_double_eq_tol(cma->path_sigma[k], path_sigma[k], 1e-13);
        ck_assert_double_eq_tol(cma->path_c[k], path_c[k], 1e-13);
        for (int j = 0; j <= k; j++)
            ck_assert_double_eq_tol(cma->covariance[k * N + j],
                                    covariance[k][j], 1e-13);
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
    cma_update(a, &(struct cma_generation){4, far, 0, 1}, &arena);
    cma_update(b, &(struct cma_generation){4, cut, 0, 1}, &arena);
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
    enum { LAMBDA = 6 };
    double origin[2] = {0, 0}, image[2];
    struct cma *a = cma_new(2, origin, 0.5, &arena);
    struct cma *b = cma_new(2, origin, 0.5, &arena);
    set_covariance(b, angle, spread);
    struct rng rng = rng_at(1, 0);
    for (int g = 0; g < generations; g++) {
        double steps[LAMBDA * 2], images[LAMBDA * 2];
        for (size_t i = 0; i < LAMBDA; i++) {
            cma_step(a, &rng, &arena, steps + 2 * i);
            steps[2 * i] += 0.1 * (double)(LAMBDA - i); // learn something
            transform(angle, spread, steps + 2 * i, images + 2 * i);
        }
        cma_update(a, &(struct cma_generation){LAMBDA, steps, 0, 1}, &arena);
        cma_update(b, &(struct cma_generation){LAMBDA, images, 0, 1}, &arena);
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
    double origin[2] = {0, 0}, sum[3] = {0}, step[2];
    struct cma *cma = cma_new(2, origin, 1, &arena);
    set_covariance(cma, 0.4, spread);
    for (uint64_t i = 0; i < SAMPLES; i++) {
        struct rng rng = rng_at(2, i);
        cma_step(cma, &rng, &arena, step);
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
    double origin[2] = {0, 0};
    struct cma *cma = cma_new(2, origin, 1, &arena);
    struct rng rng = rng_at(3, 0);
    for (int g = 0; g < 20; g++) {
        double steps[12];
        ck_assert(!cma_converged(cma, 6));
        for (size_t i = 0; i < 6; i++)
            cma_step(cma, &rng, &arena, steps + 2 * i);
        cma_update(cma, &(struct cma_generation){6, steps, 7, 7}, &arena);
    }
    ck_assert(cma_converged(cma, 6));
}
END_TEST

// ---- functions, with their minimum 0 ----------------------------------------

static double sphere(const double *x, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += x[k] * x[k];
    return sum;
}

static double ellipsoid(const double *x, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += pow(1e6, (double)k / (double)(n - 1)) * x[k] * x[k];
    return sum;
}

static double rosenbrock(const double *x, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k + 1 < n; k++)
        sum += 100 * pow(x[k + 1] - x[k] * x[k], 2) + pow(1 - x[k], 2);
    return sum;
}

// ---- workers ----------------------------------------------------------------

// A study of the function f in [-6, 4]^n: its optimum is not at the centre.
struct study {
    double (*f)(const double *x, size_t n);
    size_t n, workers;
    bool shuffled;     // results come in random order, not as started
    uint64_t losses;   // one in so many trials is lost; 0: none
    uint64_t failures; // one in so many trials fails; 0: none
    uint64_t seed;
    bool once; // no restarts
};

static void make_cube(struct space *space, size_t n, double low, double high)
{
    struct error err = {0};
    char name[24];
    struct param p = {
        .name = name, .kind = PARAM_FLOAT, .low = low, .high = high};
    space_init(space);
    for (size_t k = 0; k < n; k++) {
        snprintf(name, sizeof name, "x%zu", k);
        ck_assert_int_eq(space_add(space, &p, &err), 0);
    }
}

static void end_trial(const struct study *study, struct history *history,
                      struct rng *rng)
{
    size_t running = history->count[TRIAL_RUNNING];
    uint64_t i = study->shuffled ? rng_below(rng, running) : 0;
    size_t number = history->running[i];
    const double *point = history_point(history, number);
    if (study->losses && rng_below(rng, study->losses) == 0)
        history_move(history, number, TRIAL_LOST, NAN);
    else if (study->failures && rng_below(rng, study->failures) == 0)
        history_move(history, number, TRIAL_FAILED, NAN);
    else
        history_move(history, number, TRIAL_COMPLETE,
                     study->f(point, study->n));
}

// The number of trials until a value is below 1e-8, or `most`.
static size_t trials_needed(const struct study *study, size_t most)
{
    const struct sampler *cmaes = sampler_find("cmaes");
    struct space space;
    struct history history;
    struct error err = {0};
    double options[OPTION_MAX], point[MOST_PARAMS];
    make_cube(&space, study->n, -6, 4);
    history_init(&history, &space);
    option_defaults(cmaes->options, cmaes->n_options, options);
    option_set(cmaes->options, cmaes->n_options, "restarts", !study->once,
               options, &err);
    struct sampler_task task = {.space = &space,
                                .history = &history,
                                .options = options,
                                .seed = study->seed};
    struct model *model = cmaes->fit(&task, 0, NULL);
    struct rng rng = rng_at(study->seed, RNG_STUDY - 1);
    size_t seen = 0;
    while (history.n < most &&
           !(history.best >= 0 && history.value[history.best] < 1e-8)) {
        size_t wanted = cmaes->fit_length(&task, history.n_ended);
        if (wanted != seen) {
            cmaes->model_free(model);
            model = cmaes->fit(&task, seen = wanted, NULL);
        }
        ck_assert_int_eq(cmaes->suggest(&task, model, history.n, &arena,
                                        &(struct suggestion){.point = point},
                                        &err),
                         0);
        history_append(&history, TRIAL_RUNNING, point);
        arena_reset(&arena);
        if (history.count[TRIAL_RUNNING] == study->workers)
            end_trial(study, &history, &rng);
    }
    size_t trials = history.n;
    cmaes->model_free(model);
    history_done(&history);
    space_done(&space);
    return trials;
}

static void check_needs(struct study study, size_t least, size_t most)
{
    study.seed = 1;
    size_t trials = trials_needed(&study, most + 1);
    ck_assert_msg(trials >= least && trials <= most,
                  "%zu trials, not %zu to %zu", trials, least, most);
}

START_TEST(test_one_worker_needs_as_many_trials_as_pycma)
{
    check_needs((struct study){.f = sphere, .n = 10, .workers = 1}, 1000, 2200);
    check_needs((struct study){.f = ellipsoid, .n = 10, .workers = 1}, 3000,
                8000);
    check_needs((struct study){.f = rosenbrock, .n = 10, .workers = 1}, 3000,
                8000);
}
END_TEST

// With generations of 10 results this takes more than 40000 trials.
START_TEST(test_many_workers_in_random_order_converge)
{
    check_needs(
        (struct study){
            .f = ellipsoid, .n = 10, .workers = 32, .shuffled = true},
        4000, 9000);
}
END_TEST

START_TEST(test_many_workers_in_order_converge)
{
    check_needs((struct study){.f = ellipsoid, .n = 10, .workers = 32}, 4000,
                9000);
}
END_TEST

START_TEST(test_lost_and_failed_trials_do_no_harm)
{
    struct study study = {ellipsoid,        10,           32,
                          .shuffled = true, .losses = 20, .failures = 20};
    check_needs(study, 4000, 10000);
}
END_TEST

START_TEST(test_most_trials_may_fail)
{
    check_needs(
        (struct study){.f = sphere, .n = 5, .workers = 4, .failures = 2}, 500,
        4000);
}
END_TEST

// Least at the lower bound of each parameter.
static double slope(const double *x, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += x[k] + 6;
    return sum;
}

START_TEST(test_an_optimum_on_the_edge_is_found)
{
    check_needs((struct study){.f = slope, .n = 5, .workers = 1}, 100, 2000);
}
END_TEST

static double rastrigin(const double *x, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += 10 + x[k] * x[k] - 10 * cos(2 * M_PI * x[k]);
    return sum;
}

// Larger populations see past the local minima (Auger, Hansen, "A restart CMA
// evolution strategy with increasing population size", CEC 2005).
START_TEST(test_restarts_with_more_samples_escape_local_minima)
{
    struct study study = {
        .f = rastrigin, .n = 3, .workers = 1, .seed = 1, .once = true};
    ck_assert_uint_eq(trials_needed(&study, 6000), 6000);
    study.once = false;
    ck_assert_uint_lt(trials_needed(&study, 6000), 6000);
}
END_TEST

// ---- spaces -----------------------------------------------------------------

static char name_x[] = "x", name_n[] = "n", name_c[] = "c", name_m[] = "m";
static char choice_a[] = "\"a\"", choice_b[] = "\"b\"", choice_c[] = "\"c\"";
static char *choices[] = {choice_a, choice_b, choice_c};

static void make_mixed(struct space *space)
{
    struct error err = {0};
    struct param params[] = {
        {.name = name_x, .kind = PARAM_FLOAT, .low = -4, .high = 6},
        {.name = name_n, .kind = PARAM_INT, .low = 1, .high = 64, .log = true},
        {.name = name_c,
         .kind = PARAM_CATEGORICAL,
         .n_choices = 3,
         .choices = choices},
        {.name = name_m, .kind = PARAM_BOOL}};
    space_init(space);
    for (size_t k = 0; k < 4; k++)
        ck_assert_int_eq(space_add(space, &params[k], &err), 0);
}

START_TEST(test_levels_and_categories_keep_moving)
{
    // All four have to be right; 192 * 3 * 2 combinations of the others.
    const struct sampler *cmaes = sampler_find("cmaes");
    struct space space;
    struct history history;
    struct error err = {0};
    double options[OPTION_MAX], point[4];
    make_mixed(&space);
    option_defaults(cmaes->options, cmaes->n_options, options);
    for (uint64_t seed = 0; seed < 5; seed++) {
        history_init(&history, &space);
        struct sampler_task task = {.space = &space,
                                    .history = &history,
                                    .options = options,
                                    .seed = seed};
        while (history.n < 600) {
            ck_assert_int_eq(
                sampler_suggest(cmaes, &task, history.n, &arena,
                                &(struct suggestion){.point = point}, &err),
                0);
            double value = point[0] * point[0] + fabs(log(point[1] / 20)) +
                           (point[2] != 1) + (point[3] != 1);
            size_t i = history_append(&history, TRIAL_RUNNING, point);
            history_move(&history, i, TRIAL_COMPLETE, value);
            arena_reset(&arena);
        }
        ck_assert_double_lt(history.value[history.best], 1e-4);
        history_done(&history);
    }
    space_done(&space);
}
END_TEST

START_TEST(test_conditions_are_refused_by_name)
{
    const struct sampler *cmaes = sampler_find("cmaes");
    struct space space;
    struct error err = {0};
    double one = 1, options[OPTION_MAX];
    make_mixed(&space);
    option_defaults(cmaes->options, cmaes->n_options, options);
    ck_assert_int_eq(cmaes->check(&space, options, &err), 0);
    static char name[] = "deep";
    struct condition condition = {.parent = 3, .n = 1, .values = &one};
    struct param p = {.name = name,
                      .kind = PARAM_FLOAT,
                      .high = 1,
                      .n_conditions = 1,
                      .conditions = &condition};
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
    ck_assert_int_eq(cmaes->check(&space, options, &err), -1);
    ck_assert_str_eq(err.message,
                     "cmaes needs parameters without conditions, 'deep' has "
                     "one; tpe takes any");
    space_done(&space);
}
END_TEST

START_TEST(test_above_a_hundred_parameters_the_matrix_is_diagonal)
{
    // Ros and Hansen 2008, figure 2: about 100 n evaluations on the sphere to
    // 1e-9 of a first value near 1e3.
    check_needs((struct study){.f = sphere, .n = 120, .workers = 1}, 2000,
                20000);
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
    tcase_add_test(cases, test_constants_are_those_of_the_tutorial);
    tcase_add_test(cases,
                   test_three_generations_agree_with_an_independent_program);
    tcase_add_test(cases, test_steps_from_far_away_are_shortened);
    tcase_add_test(cases,
                   test_one_update_does_not_depend_on_affine_coordinates);
    tcase_add_test(cases, test_no_update_depends_on_rotations);
    tcase_add_test(cases, test_steps_have_the_covariance);
    tcase_add_test(cases, test_equal_values_end_a_run);
    TCase *sampler = tcase_create("cmaes");
    tcase_add_checked_fixture(sampler, setup, teardown);
    tcase_set_timeout(sampler, 120);
    tcase_add_test(sampler, test_one_worker_needs_as_many_trials_as_pycma);
    tcase_add_test(sampler, test_many_workers_in_random_order_converge);
    tcase_add_test(sampler, test_many_workers_in_order_converge);
    tcase_add_test(sampler, test_lost_and_failed_trials_do_no_harm);
    tcase_add_test(sampler, test_most_trials_may_fail);
    tcase_add_test(sampler, test_an_optimum_on_the_edge_is_found);
    tcase_add_test(sampler,
                   test_restarts_with_more_samples_escape_local_minima);
    tcase_add_test(sampler, test_levels_and_categories_keep_moving);
    tcase_add_test(sampler, test_conditions_are_refused_by_name);
    tcase_add_test(sampler,
                   test_above_a_hundred_parameters_the_matrix_is_diagonal);
    Suite *suite = suite_create("cma");
    suite_add_tcase(suite, cases);
    suite_add_tcase(suite, sampler);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
