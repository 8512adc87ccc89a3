// SPDX-License-Identifier: GPL-3.0-or-later
// test_nsga2.c - fronts, constraints and crowds of workers

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hypervolume.h"
#include "rng.h"
#include "sampler.h"

enum { D = 10, M = 3, TRIALS = 1500, LIMIT = 3 };

static struct arena arena;
static struct space space;
static struct history history;

static void setup(void)
{
    arena_init(&arena);
    space_init(&space);
}

static void teardown(void)
{
    history_done(&history);
    space_done(&space);
    arena_done(&arena);
}

static void add(struct param param)
{
    struct error err = {0};
    char name[] = {(char)('a' + (char)space.n), 0};
    param.name = name;
    ck_assert_msg(space_add(&space, &param, &err) == 0, "%s", err.message);
}

static void add_floats(size_t n, double low, double high)
{
    while (space.n < n)
        add((struct param){.kind = PARAM_FLOAT, .low = low, .high = high});
}

static void enter(size_t number, enum trial_state state, const double *values,
                  const double *constraints)
{
    struct result result = {state, values, constraints, NAN};
    history_enter(&history, number, &result);
}

// ---- problems ---------------------------------------------------------------

// Problems of Zitzler, Deb and Thiele (2000) and of Deb et al. (2002).
static double mean_of(const double *x, size_t from)
{
    double sum = 0;
    for (size_t i = from; i < D; i++)
        sum += x[i];
    return sum / (double)(D - from);
}

static void zdt1(const double *x, double *y)
{
    double g = 1 + 9 * mean_of(x, 1);
    y[0] = x[0];
    y[1] = g * (1 - sqrt(x[0] / g));
}

static void zdt2(const double *x, double *y)
{
    double g = 1 + 9 * mean_of(x, 1);
    y[0] = x[0];
    y[1] = g * (1 - x[0] / g * (x[0] / g));
}

static void dtlz2(const double *x, double *y)
{
    double g = 1;
    for (size_t i = 2; i < D; i++)
        g += (x[i] - 0.5) * (x[i] - 0.5);
    y[0] = g * cos(M_PI / 2 * x[0]) * cos(M_PI / 2 * x[1]);
    y[1] = g * cos(M_PI / 2 * x[0]) * sin(M_PI / 2 * x[1]);
    y[2] = g * sin(M_PI / 2 * x[0]);
}

// What lies between the front and 1.1 in each objective: the square or cube
// less what is below the front, 1/3 (ZDT1), 2/3 (ZDT2) and pi/6 (DTLZ2).
static const struct problem {
    void (*of)(const double *x, double *y);
    size_t m;
    double optimum;
} problems[] = {
    {zdt1, 2, 1.1 * 1.1 - 1.0 / 3},
    {zdt2, 2, 1.1 * 1.1 - 2.0 / 3},
    {dtlz2, 3, 1.1 * 1.1 * 1.1 - M_PI / 6},
};

static double volume(size_t m)
{
    double reference[] = {1.1, 1.1, 1.1};
    double *value = arena_doubles(&arena, history.n_ended * m + 1);
    for (size_t i = 0; i < history.n_ended; i++)
        memcpy(value + i * m, history_values(&history, history.ended[i]),
               m * sizeof *value);
    struct hypervolume_task task = {history.n_ended, m, value, reference};
    double result = hypervolume(&task, &arena);
    arena_reset(&arena);
    return result;
}

// A study under way, with the models that its service would keep.
struct study {
    const struct sampler *sampler;
    struct sampler_task task;
    double options[OPTION_MAX];
    struct model *model;
    size_t seen;
};

static void open_study(struct study *study, const char *name, uint64_t seed)
{
    const struct sampler *sampler = sampler_find(name);
    *study = (struct study){.sampler = sampler};
    option_defaults(sampler->options, sampler->n_options, study->options);
    study->task = (struct sampler_task){.space = &space,
                                        .history = &history,
                                        .options = study->options,
                                        .seed = seed};
}

static void close_study(struct study *study)
{
    if (study->model)
        study->sampler->model_free(study->model);
}

static void suggest(struct study *study, double *point)
{
    const struct sampler *sampler = study->sampler;
    struct error err = {0};
    struct suggestion out = {.point = point};
    if (sampler->fit_length) {
        size_t wanted = sampler->fit_length(&study->task, history.n_ended);
        if (!study->model || wanted != study->seen) {
            struct model *model =
                sampler->fit(&study->task, wanted, study->model);
            close_study(study);
            study->model = model;
            study->seen = wanted;
        }
    }
    ck_assert_int_eq(sampler->suggest(&study->task, study->model, history.n,
                                      &arena, &out, &err),
                     0);
    ck_assert_int_eq(space_check(&space, point, &err), 0);
    arena_reset(&arena);
}

// One trial after the other.
static void run(const char *name, const struct problem *problem, uint64_t seed)
{
    struct study study;
    history_init_for(&history, &space, problem->m, 0);
    open_study(&study, name, seed);
    while (history.n < TRIALS) {
        double point[D], y[M];
        suggest(&study, point);
        size_t number = history_append(&history, TRIAL_RUNNING, point);
        problem->of(point, y);
        enter(number, TRIAL_COMPLETE, y, NULL);
    }
    close_study(&study);
}

// The worst of 10 seeds had 0.85, 0.32 and 0.68 of 0.88, 0.54 and 0.81; the
// best of random search 0.03, 0.00 and 0.29.
START_TEST(test_fronts_are_found_where_random_search_finds_none)
{
    const struct problem *problem = &problems[_i];
    add_floats(D, 0, 1);
    double least = INFINITY, random = 0;
    for (uint64_t seed = 0; seed < 5; seed++) {
        run("nsga2", problem, seed);
        least = fmin(least, volume(problem->m));
        history_done(&history);
        run("random", problem, seed);
        random = fmax(random, volume(problem->m));
        history_done(&history);
    }
    history_init(&history, &space);
    ck_assert_double_gt(least, 0.5 * problem->optimum);
    ck_assert_double_gt(least, 2 * random);
    ck_assert_double_lt(least, problem->optimum);
}
END_TEST

// ---- constraints ------------------------------------------------------------

// The problem of Srinivas and Deb (1994): its front is at x = -2.5, with 2.5 <=
// y
// <= 14.79, and a sixth of the square is feasible.
START_TEST(test_a_constrained_problem_ends_feasible)
{
    enum { N = 600, LATE = 200 };
    add_floats(2, -20, 20);
    history_init_for(&history, &space, 2, 2);
    struct study study;
    size_t feasible = 0, near = 0;
    open_study(&study, "nsga2", 1);
    while (history.n < N) {
        double x[2];
        suggest(&study, x);
        double y[] = {2 + (x[0] - 2) * (x[0] - 2) + (x[1] - 1) * (x[1] - 1),
                      9 * x[0] - (x[1] - 1) * (x[1] - 1)};
        double excess[] = {x[0] * x[0] + x[1] * x[1] - 225,
                           x[0] - 3 * x[1] + 10};
        bool good = excess[0] <= 0 && excess[1] <= 0;
        bool late = history.n >= N - LATE;
        feasible += good && late;
        near += late && fabs(x[0] + 2.5) < 1 && x[1] > 2 && x[1] < 15.3;
        size_t number = history_append(&history, TRIAL_RUNNING, x);
        enter(number, good ? TRIAL_COMPLETE : TRIAL_INFEASIBLE, y, excess);
    }
    close_study(&study);
    ck_assert_uint_gt(feasible, LATE * 2 / 3);
    ck_assert_uint_gt(near, LATE / 5); // of uniform points: 1.7 %
}
END_TEST

// ---- many workers -----------------------------------------------------------

// 32 workers that end in random order, lose one trial of twenty, fail with
// another one, and hold a third until the end.
START_TEST(test_many_workers_in_random_order_find_the_front)
{
    add_floats(D, 0, 1);
    history_init_for(&history, &space, 2, 0);
    struct study study;
    struct rng rng = rng_at(5, 0);
    open_study(&study, "nsga2", 3);
    while (history.n_ended < TRIALS) {
        size_t running = history.count[TRIAL_RUNNING];
        double point[D], y[M];
        if (running < 32) {
            suggest(&study, point);
            history_append(&history, TRIAL_RUNNING, point);
            continue;
        }
        // The first worker never answers.
        size_t i = history.running[1 + rng_below(&rng, running - 1)];
        uint64_t fate = rng_below(&rng, 20);
        zdt1(history_point(&history, i), y);
        if (fate == 0)
            enter(i, TRIAL_LOST, NULL, NULL);
        else if (fate == 1)
            enter(i, TRIAL_FAILED, NULL, NULL);
        else
            enter(i, TRIAL_COMPLETE, y, NULL);
    }
    close_study(&study);
    ck_assert_double_gt(volume(2), 0.7 * problems[0].optimum);
}
END_TEST

// Models that grow from one another, as in `suggest`, and one that is fitted
// from the first result on.
START_TEST(test_a_model_that_grew_answers_like_a_fresh_one)
{
    add_floats(4, 0, 1);
    history_init_for(&history, &space, 2, 0);
    struct study study;
    struct rng rng = rng_at(6, 0);
    struct error err = {0};
    open_study(&study, "nsga2", 4);
    for (size_t i = 0; i < 700; i++) {
        double point[D], fresh[D];
        suggest(&study, point);
        struct suggestion out = {.point = fresh};
        sampler_suggest(study.sampler, &study.task, history.n, &arena, &out,
                        &err);
        ck_assert_mem_eq(point, fresh, 4 * sizeof *point);
        size_t number = history_append(&history, TRIAL_RUNNING, point);
        double y[] = {point[0] + point[1], fabs(point[2] - point[0])};
        enter(number, rng_below(&rng, 9) ? TRIAL_COMPLETE : TRIAL_FAILED, y,
              NULL);
    }
    close_study(&study);
}
END_TEST

// ---- spaces -----------------------------------------------------------------

static char red[] = "\"red\"", green[] = "\"green\"", blue[] = "\"blue\"";
static char *colours[] = {red, green, blue};

// One objective: a plain genetic algorithm, in a space with a category, a whole
// number, and a parameter that only green has. The optimum is green, 7, 0.25.
START_TEST(test_categories_levels_and_conditions_find_the_optimum)
{
    struct condition green_only = {.n = 1, .values = (double[]){1}};
    add((struct param){
        .kind = PARAM_CATEGORICAL, .n_choices = 3, .choices = colours});
    add((struct param){.kind = PARAM_INT, .low = 0, .high = 99});
    add((struct param){.kind = PARAM_FLOAT,
                       .high = 1,
                       .n_conditions = 1,
                       .conditions = &green_only});
    history_init(&history, &space);
    struct study study;
    size_t both = 0;
    double best = INFINITY;
    open_study(&study, "nsga2", 5);
    while (history.n < 400) {
        double x[3];
        suggest(&study, x);
        ck_assert(isnan(x[2]) == (x[0] != 1));
        both += x[0] != 1;
        double value = fabs(x[1] - 7) + (x[0] == 1 ? fabs(x[2] - 0.25) : 1);
        best = fmin(best, value);
        history_move(&history, history_append(&history, TRIAL_RUNNING, x),
                     TRIAL_COMPLETE, value);
    }
    close_study(&study);
    ck_assert_double_lt(best, 0.01); // random: 1 - (1 - 0.02 / 300)^400 = 3 %
    ck_assert_uint_gt(both, 10);     // other colours are still tried
}
END_TEST

START_TEST(test_no_point_of_a_finite_space_comes_twice)
{
    for (size_t k = 0; k < 3; k++)
        add((struct param){.kind = PARAM_INT, .low = 0, .high = 4});
    history_init_for(&history, &space, 2, 0);
    struct study study;
    bool seen[125] = {false};
    open_study(&study, "nsga2", 6);
    while (history.n < 115) {
        double x[3];
        suggest(&study, x);
        size_t cell = (size_t)(x[0] + 5 * x[1] + 25 * x[2]);
        ck_assert(!seen[cell]);
        seen[cell] = true;
        size_t number = history_append(&history, TRIAL_RUNNING, x);
        double y[] = {x[0] + x[1], 4 - x[0] + x[2]};
        if (history.n % 3) // the others are pending
            enter(number, TRIAL_COMPLETE, y, NULL);
    }
    close_study(&study);
}
END_TEST

START_TEST(test_children_of_continuous_parents_are_new)
{
    add_floats(2, 0, 1);
    history_init_for(&history, &space, 2, 0);
    struct study study;
    open_study(&study, "nsga2", 7);
    while (history.n < 400) {
        double x[2];
        suggest(&study, x);
        for (size_t i = 0; i < history.n; i++)
            ck_assert(history_point(&history, i)[0] != x[0] ||
                      history_point(&history, i)[1] != x[1]);
        size_t number = history_append(&history, TRIAL_RUNNING, x);
        enter(number, TRIAL_COMPLETE, (double[]){x[0], 1 - x[0] + x[1]}, NULL);
    }
    close_study(&study);
}
END_TEST

// ---- what others know -------------------------------------------------------

START_TEST(test_the_best_of_other_studies_are_tried_first)
{
    add_floats(1, 0, 10);
    history_init_for(&history, &space, 2, 0);
    // Study 0 has a front of three with its ends at 0.1 and 0.3, study 1 a
    // single best one.
    const double unit[] = {0.2, 0.1, 0.3, 0.9, 0.5, 0.6};
    const double value[] = {2, 2, 1, 4, 4, 1, 5, 5, 8, 8, 9, 9};
    const uint32_t source[] = {0, 0, 0, 0, 1, 1};
    const struct prior prior = {6, 2, unit, value, source};
    const double expected[] = {1, 5, 3, NAN, 2};
    struct study study;
    open_study(&study, "nsga2", 8);
    study.task.prior = &prior;
    for (size_t i = 0; i < 20; i++) {
        double x, best = i % 2 == 0 && i < 10 ? expected[i / 2] : NAN;
        suggest(&study, &x);
        if (!isnan(best))
            ck_assert_double_eq_tol(x, best, 1e-12);
        else
            for (size_t k = 0; k < 6; k++)
                ck_assert_double_ne(x, 10 * unit[k]);
        size_t number = history_append(&history, TRIAL_RUNNING, &x);
        enter(number, TRIAL_COMPLETE, (double[]){x, -x}, NULL);
    }
    close_study(&study);
}
END_TEST

START_TEST(test_a_child_names_its_parents)
{
    add_floats(2, 0, 1);
    history_init_for(&history, &space, 2, 0);
    struct study study;
    struct error err = {0};
    double x[2];
    struct suggestion out = {.point = x};
    open_study(&study, "nsga2", 9);
    for (size_t i = 0; i < 20; i++) {
        suggest(&study, x);
        size_t number = history_append(&history, TRIAL_RUNNING, x);
        enter(number, TRIAL_COMPLETE, x, NULL);
    }
    sampler_suggest(study.sampler, &study.task, 20, &arena, &out, &err);
    ck_assert(strncmp(out.why, "a child of trials ", 18) == 0);
    close_study(&study);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_loop_test(
        tests, test_fronts_are_found_where_random_search_finds_none, 0, LIMIT);
    tcase_add_test(tests, test_a_constrained_problem_ends_feasible);
    tcase_add_test(tests, test_many_workers_in_random_order_find_the_front);
    tcase_add_test(tests, test_a_model_that_grew_answers_like_a_fresh_one);
    tcase_add_test(tests,
                   test_categories_levels_and_conditions_find_the_optimum);
    tcase_add_test(tests, test_no_point_of_a_finite_space_comes_twice);
    tcase_add_test(tests, test_children_of_continuous_parents_are_new);
    tcase_add_test(tests, test_the_best_of_other_studies_are_tried_first);
    tcase_add_test(tests, test_a_child_names_its_parents);
}

int main(void)
{
    TCase *tests = tcase_create("nsga2");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    add_tests(tests);
    Suite *suite = suite_create("nsga2");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
