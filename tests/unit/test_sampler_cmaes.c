// SPDX-License-Identifier: GPL-3.0-or-later
// test_sampler_cmaes.c - CMA-ES on whole studies
//
// How many trials it needs, with workers that do not wait, lose trials and
// fail, on levels, from known points and again from elsewhere.

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rng.h"
#include "sampler.h"

enum { MOST_PARAMS = 500, MOST_SEEDS = 9 };

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_done(&arena);
}

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

static double rastrigin(const double *x, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += 10 + x[k] * x[k] - 10 * cos(2 * M_PI * x[k]);
    return sum;
}

// Least at the lower bound of each parameter.
static double slope(const double *x, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += x[k] + 6;
    return sum;
}

// ---- workers ----------------------------------------------------------------

// A study of the function f in [-6, 4]^n, of which the last n_levels parameters
// are integers: its optimum is not at the centre.
struct study {
    double (*f)(const double *x, size_t n);
    size_t n, n_levels, workers;
    bool shuffled;     // results come in random order, not as started
    bool batches;      // all end before any is asked for again
    uint64_t losses;   // one in so many trials is lost; 0: none
    uint64_t failures; // one in so many trials fails; 0: none
    size_t imported;   // first trials, from around 1/4 of each range
    uint64_t enqueued; // one in so many trials is a user's; 0: none
    double bound;      // of the sum of x; 0: none
    const struct prior *prior;
    uint64_t seed;
    bool once, bipop; // no restarts; also with small populations
};

static void make_space(struct space *space, const struct study *study)
{
    struct error err = {0};
    char name[24];
    space_init(space);
    for (size_t k = 0; k < study->n; k++) {
        bool level = k + study->n_levels >= study->n;
        struct param p = {.name = name,
                          .kind = level ? PARAM_INT : PARAM_FLOAT,
                          .low = -6,
                          .high = 4};
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
    double value = study->f(point, study->n), excess = -study->bound;
    for (size_t k = 0; k < study->n && study->bound != 0; k++)
        excess += point[k];
    struct result result = {.state =
                                excess > 0 ? TRIAL_INFEASIBLE : TRIAL_COMPLETE,
                            .values = &value,
                            .constraints = study->bound != 0 ? &excess : NULL,
                            .variance = NAN};
    if (study->losses && rng_below(rng, study->losses) == 0)
        result = (struct result){.state = TRIAL_LOST, .variance = NAN};
    else if (study->failures && rng_below(rng, study->failures) == 0)
        result = (struct result){.state = TRIAL_FAILED, .variance = NAN};
    history_enter(history, number, &result);
}

// A point of somebody else.
static void write_other(const struct space *space, struct rng *rng,
                        double *point)
{
    double unit[MOST_PARAMS];
    for (size_t k = 0; k < space->n; k++)
        unit[k] = fmin(fmax(0.25 + 0.1 * rng_normal(rng), 0), 1);
    space_decode(space, unit, point);
}

// A model that was carried on from model to model answers like a new one.
static void check_kept(const struct sampler_task *task,
                       const struct model *kept, size_t seen)
{
    const struct sampler *cmaes = sampler_find("cmaes");
    double x[MOST_PARAMS], y[MOST_PARAMS];
    struct error err = {0};
    struct suggestion a = {.point = x}, b = {.point = y};
    struct model *fresh = cmaes->fit(task, seen, NULL);
    size_t n = task->history->n;
    cmaes->suggest(task, kept, n, &arena, &a, &err);
    cmaes->suggest(task, fresh, n, &arena, &b, &err);
    ck_assert_mem_eq(x, y, task->space->n * sizeof *x);
    ck_assert_str_eq(a.why, b.why);
    cmaes->model_free(fresh);
}

static struct sampler_task task_of(const struct study *study,
                                   const struct space *space,
                                   struct history *history, double *options)
{
    const struct sampler *cmaes = sampler_find("cmaes");
    struct error err = {0};
    history_init_for(history, space, 1, study->bound != 0);
    option_defaults(cmaes->options, cmaes->n_options, options);
    option_set(cmaes->options, cmaes->n_options, "restarts", !study->once,
               options, &err);
    option_set(cmaes->options, cmaes->n_options, "bipop", study->bipop, options,
               &err);
    return (struct sampler_task){.space = space,
                                 .history = history,
                                 .prior = study->prior,
                                 .options = options,
                                 .seed = study->seed};
}

// Asks, and tells until there is a worker free.
static void do_trial(const struct study *study, const struct sampler_task *task,
                     const struct model *model, struct history *history,
                     struct rng *rng)
{
    struct error err = {0};
    double point[MOST_PARAMS];
    struct suggestion out = {.point = point};
    size_t n = history->n;
    bool others =
        n < study->imported || (study->enqueued && n % study->enqueued == 0);
    if (others)
        write_other(task->space, rng, point);
    else
        ck_assert_int_eq(
            sampler_find("cmaes")->suggest(task, model, n, &arena, &out, &err),
            0);
    history_append(history, TRIAL_RUNNING, point);
    if (history->count[TRIAL_RUNNING] < study->workers)
        return;
    do
        end_trial(study, history, rng);
    while (study->batches && history->count[TRIAL_RUNNING]);
    arena_reset(&arena);
}

// Goes on until a value is below 1e-8 or there are `most` trials; returns how
// many there are, and writes the best value.
static size_t run(const struct study *study, size_t most, double *best)
{
    const struct sampler *cmaes = sampler_find("cmaes");
    struct space space;
    struct history history;
    double options[OPTION_MAX];
    make_space(&space, study);
    struct sampler_task task = task_of(study, &space, &history, options);
    struct model *model = cmaes->fit(&task, 0, NULL);
    struct rng rng = rng_at(study->seed, RNG_STUDY - 1);
    size_t seen = 0;
    while (history.n < most &&
           !(history.best >= 0 && history.value[history.best] < 1e-8)) {
        size_t wanted = cmaes->fit_length(&task, history.n_ended);
        if (wanted != seen) {
            struct model *next = cmaes->fit(&task, seen = wanted, model);
            cmaes->model_free(model);
            model = next;
        }
        do_trial(study, &task, model, &history, &rng);
    }
    size_t trials = history.n;
    *best = history.value[history.best];
    check_kept(&task, model, seen);
    cmaes->model_free(model);
    history_done(&history);
    space_done(&space);
    return trials;
}

static size_t trials_needed(const struct study *study, size_t most)
{
    double best;
    return run(study, most, &best);
}

static int compare(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

// The median of trials_needed over seeds from 1 on, an odd number of them.
static size_t median_needed(struct study study, size_t seeds, size_t most)
{
    size_t trials[MOST_SEEDS] = {0};
    for (size_t i = 0; i < seeds; i++) {
        study.seed = i + 1;
        trials[i] = trials_needed(&study, most);
    }
    qsort(trials, seeds, sizeof *trials, compare);
    return trials[seeds / 2];
}

static void check_needs(struct study study, size_t least, size_t most)
{
    size_t trials = median_needed(study, 3, most + 1);
    ck_assert_msg(trials >= least && trials <= most,
                  "%zu trials, not %zu to %zu", trials, least, most);
}

// The medians of pycma 4.5.0 from the same start (centre, deviation 3, the same
// bounds) are 1568, 3831, 12480 and 4921; the standard error of a median of
// five is about 4 %.
START_TEST(test_one_worker_needs_as_many_trials_as_pycma)
{
    static const struct {
        double (*f)(const double *x, size_t n);
        size_t n;
        double pycma;
    } rows[] = {{sphere, 10, 1568},
                {ellipsoid, 10, 3831},
                {ellipsoid, 20, 12480},
                {rosenbrock, 10, 4921}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_needs(
            (struct study){.f = rows[i].f, .n = rows[i].n, .workers = 1},
            (size_t)(0.8 * rows[i].pycma), (size_t)(1.2 * rows[i].pycma));
}
END_TEST

// With generations of 10 results this takes more than 40000 trials.
START_TEST(test_many_workers_in_random_order_converge)
{
    check_needs(
        (struct study){
            .f = ellipsoid, .n = 10, .workers = 32, .shuffled = true},
        4000, 7000);
    check_needs(
        (struct study){
            .f = ellipsoid, .n = 10, .workers = 128, .shuffled = true},
        8000, 19000);
}
END_TEST

START_TEST(test_many_workers_in_order_converge)
{
    check_needs((struct study){.f = ellipsoid, .n = 10, .workers = 32}, 4000,
                8000);
}
END_TEST

START_TEST(test_batches_converge)
{
    check_needs(
        (struct study){.f = ellipsoid, .n = 10, .workers = 32, .batches = true},
        4000, 9000);
}
END_TEST

START_TEST(test_lost_and_failed_trials_do_no_harm)
{
    struct study study = {.f = ellipsoid,
                          .n = 10,
                          .workers = 32,
                          .shuffled = true,
                          .losses = 20,
                          .failures = 20};
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

START_TEST(test_an_optimum_on_the_edge_is_found)
{
    check_needs((struct study){.f = slope, .n = 5, .workers = 1}, 100, 2000);
}
END_TEST

// Least x'x with sum x <= -6 is 36 / n at x = -6 / n, and one of three points
// at the start is feasible.
START_TEST(test_violated_constraints_lead_to_the_feasible_side)
{
    const struct study study = {
        .f = sphere, .n = 5, .workers = 1, .bound = -6, .seed = 1};
    double best;
    run(&study, 1000, &best);
    ck_assert_double_ge(best, 7.2);
    ck_assert_double_lt(best, 7.2 + 0.05);
}
END_TEST

// ---- points of others -------------------------------------------------------

// Every fourth trial is far from where the search is: it is passed by.
START_TEST(test_enqueued_points_do_no_harm)
{
    check_needs(
        (struct study){.f = ellipsoid, .n = 5, .workers = 1, .enqueued = 4},
        1000, 4000);
}
END_TEST

// 100 trials around -3.5 +- 1 of each parameter: the search begins at the best
// of them.
START_TEST(test_imported_trials_are_a_start)
{
    struct study study = {
        .f = sphere, .n = 10, .workers = 1, .imported = 100, .once = true};
    size_t trials = median_needed(study, 5, 3000);
    ck_assert_uint_lt(trials, 1568 + 100); // pycma's, from the centre
}
END_TEST

// 200 results of another study near this one's optimum.
START_TEST(test_a_prior_is_a_start)
{
    enum { N = 10, POINTS = 200 };
    static double unit[POINTS * N], value[POINTS];
    static uint32_t source[POINTS];
    struct rng rng = rng_at(5, 0);
    for (size_t i = 0; i < POINTS; i++) {
        for (size_t k = 0; k < N; k++) {
            double x = rng_normal(&rng) * 0.1; // the optimum is at 0.6
            unit[i * N + k] = fmin(0.6 + x, 1);
            value[i] += x * x;
        }
        source[i] = i % 2;
        value[i] += i % 2 ? 1e9 : 0; // sources differ in their level
    }
    struct prior prior = {.n = POINTS,
                          .n_sources = 2,
                          .unit = unit,
                          .value = value,
                          .source = source};
    struct study study = {.f = sphere, .n = N, .workers = 1, .seed = 1};
    double without, with;
    run(&study, 200, &without);
    study.prior = &prior;
    run(&study, 200, &with);
    ck_assert_msg(with < 0.75 * without, "%g, not %g", with, without);
}
END_TEST

// ---- restarts ---------------------------------------------------------------

static size_t solved(struct study study, size_t seeds, size_t most)
{
    size_t n = 0;
    for (study.seed = 1; study.seed <= seeds; study.seed++)
        n += trials_needed(&study, most) < most;
    return n;
}

// Larger populations see past the local minima (Auger, Hansen, "A restart CMA
// evolution strategy with increasing population size", CEC 2005).
START_TEST(test_restarts_escape_local_minima)
{
    struct study study = {.f = rastrigin, .n = 4, .workers = 4, .once = true};
    size_t once = solved(study, 7, 12000);
    study.once = false;
    size_t ipop = solved(study, 7, 12000);
    study.bipop = true;
    size_t bipop = solved(study, 7, 12000);
    ck_assert_msg(once <= 1 && ipop >= 3 && bipop >= 2,
                  "of 7 runs %zu once, %zu with larger and %zu with both kinds "
                  "of populations",
                  once, ipop, bipop);
}
END_TEST

// ---- spaces -----------------------------------------------------------------

// Half of the parameters are integers, which have to be exactly right while the
// others converge.
START_TEST(test_integers_do_not_stagnate)
{
    check_needs(
        (struct study){.f = sphere, .n = 10, .n_levels = 5, .workers = 1}, 500,
        3000);
    check_needs(
        (struct study){.f = ellipsoid, .n = 10, .n_levels = 5, .workers = 1},
        500, 8000);
    check_needs((struct study){.f = ellipsoid,
                               .n = 10,
                               .n_levels = 5,
                               .workers = 32,
                               .shuffled = true},
                500, 16000);
}
END_TEST

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
    for (uint64_t seed = 0; seed < 3; seed++) {
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

// Cost is linear in the dimension there.
START_TEST(test_above_a_hundred_parameters_the_matrix_is_diagonal)
{
    // Ros and Hansen 2008, figure 2: about 100 n evaluations on the sphere to
    // 1e-9 of a first value near 1e3.
    struct study study = {.f = sphere, .n = 120, .workers = 1, .seed = 1};
    size_t trials = trials_needed(&study, 20001);
    ck_assert(trials >= 2000 && trials <= 20000);
}
END_TEST

START_TEST(test_a_suggestion_says_where_the_search_is)
{
    // lambda is 4 + floor(3 ln 5) = 8.
    const struct study study = {.f = sphere, .n = 5, .workers = 1, .seed = 1};
    const struct sampler *cmaes = sampler_find("cmaes");
    struct space space;
    struct history history;
    struct error err = {0};
    double options[OPTION_MAX], point[5];
    struct suggestion out = {.point = point};
    struct rng rng = rng_at(1, 0);
    make_space(&space, &study);
    struct sampler_task task = task_of(&study, &space, &history, options);
    struct model *model = cmaes->fit(&task, 0, NULL);
    cmaes->suggest(&task, model, 0, &arena, &out, &err);
    ck_assert_str_eq(out.why,
                     "generation 1 of run 1, sigma 0.2, 0 of 8 results in");
    while (history.n < 19)
        do_trial(&study, &task, model, &history, &rng);
    cmaes->suggest(&task, model, 19, &arena, &out, &err);
    ck_assert_ptr_nonnull(strstr(out.why, "generation 3 of run 1, sigma 0."));
    ck_assert_ptr_nonnull(strstr(out.why, ", 3 of 8 results in"));
    cmaes->model_free(model);
    history_done(&history);
    space_done(&space);
}
END_TEST

// Of OpenBLAS.
void openblas_set_num_threads(int threads);

int main(void)
{
    openblas_set_num_threads(1); // as the service does
    TCase *sampler = tcase_create("cmaes");
    tcase_add_checked_fixture(sampler, setup, teardown);
    tcase_set_timeout(sampler, 120);
    tcase_add_test(sampler, test_one_worker_needs_as_many_trials_as_pycma);
    tcase_add_test(sampler, test_many_workers_in_random_order_converge);
    tcase_add_test(sampler, test_many_workers_in_order_converge);
    tcase_add_test(sampler, test_batches_converge);
    tcase_add_test(sampler, test_lost_and_failed_trials_do_no_harm);
    tcase_add_test(sampler, test_most_trials_may_fail);
    tcase_add_test(sampler, test_an_optimum_on_the_edge_is_found);
    tcase_add_test(sampler,
                   test_violated_constraints_lead_to_the_feasible_side);
    tcase_add_test(sampler, test_enqueued_points_do_no_harm);
    tcase_add_test(sampler, test_imported_trials_are_a_start);
    tcase_add_test(sampler, test_a_prior_is_a_start);
    tcase_add_test(sampler, test_restarts_escape_local_minima);
    tcase_add_test(sampler, test_integers_do_not_stagnate);
    tcase_add_test(sampler, test_levels_and_categories_keep_moving);
    tcase_add_test(sampler, test_conditions_are_refused_by_name);
    tcase_add_test(sampler,
                   test_above_a_hundred_parameters_the_matrix_is_diagonal);
    tcase_add_test(sampler, test_a_suggestion_says_where_the_search_is);
    Suite *suite = suite_create("cmaes");
    suite_add_tcase(suite, sampler);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
