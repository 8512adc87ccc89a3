// SPDX-License-Identifier: GPL-3.0-or-later
// test_gp_several.c - gp finds fronts of several objectives

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hypervolume.h"
#include "rng.h"
#include "sampler.h"

void openblas_set_num_threads(int threads);

enum { MOST = 8, SEEDS = 3 };

static struct arena arena;
static struct space space;
static struct history history;
static char why[200];

static void setup(void)
{
    arena_init(&arena);
    space_init(&space);
    history_init(&history, &space);
}

static void teardown(void)
{
    history_done(&history);
    space_done(&space);
    arena_done(&arena);
}

// ---- problems ---------------------------------------------------------------

struct problem {
    size_t d, m, c;
    void (*value)(const double *x, double *y, double *constraint);
    double reference[4];
    size_t trials, random; // of gp, and of random search that it outdoes
};

// Zitzler, Deb and Thiele, Evol. Comput. 8 (2000): ZDT1 of 6 variables.
static void zdt1(const double *x, double *y, double *constraint)
{
    (void)constraint;
    double g = 1;
    for (size_t k = 1; k < 6; k++)
        g += 9.0 / 5 * x[k];
    y[0] = x[0];
    y[1] = g * (1 - sqrt(x[0] / g));
}

// Deb et al., "Scalable multi-objective optimization test problems", CEC 2002:
// DTLZ2, whose front is a part of the unit sphere.
static void dtlz2(size_t d, size_t m, const double *x, double *y)
{
    double g = 1;
    for (size_t k = m - 1; k < d; k++)
        g += (x[k] - 0.5) * (x[k] - 0.5);
    for (size_t i = 0; i < m; i++) {
        y[i] = g;
        for (size_t j = 0; j < m - 1 - i; j++)
            y[i] *= cos(x[j] * M_PI / 2);
        if (i > 0)
            y[i] *= sin(x[m - 1 - i] * M_PI / 2);
    }
}

static void dtlz2_of_4(const double *x, double *y, double *constraint)
{
    (void)constraint;
    dtlz2(7, 4, x, y);
}

// With two objectives, of which the first must be at least 0.5.
static void dtlz2_constrained(const double *x, double *y, double *constraint)
{
    dtlz2(5, 2, x, y);
    *constraint = 0.5 - y[0];
}

// Largest volumes: 1.1 x 5 less what the front, y = 1 - sqrt x, leaves over
// [0, 1], which is 1/3: 5.167. With the constraint half of it is cut off.
static const struct problem problems[] = {
    {6, 2, 0, zdt1, {1.1, 5}, 40, 160},
    {7, 4, 0, dtlz2_of_4, {1.5, 1.5, 1.5, 1.5}, 60, 60},
    {5, 2, 1, dtlz2_constrained, {1.5, 1.5}, 40, 160},
};

// ---- runs -------------------------------------------------------------------

static void begin(const struct problem *problem)
{
    char *names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    struct error err = {0};
    history_done(&history);
    space_done(&space);
    space_init(&space);
    for (size_t k = 0; k < problem->d; k++)
        ck_assert(space_add(&space,
                            &(struct param){.name = names[k],
                                            .kind = PARAM_FLOAT,
                                            .high = 1},
                            &err) == 0);
    history_init_for(&history, &space, problem->m, problem->c);
}

static void ask(const char *name, uint64_t seed, double *point)
{
    const struct sampler *sampler = sampler_find(name);
    struct error err = {0};
    double options[OPTION_MAX];
    option_defaults(sampler->options, sampler->n_options, options);
    struct sampler_task task = {
        .space = &space, .history = &history, .options = options, .seed = seed};
    struct suggestion out = {.point = point};
    arena_reset(&arena);
    ck_assert(sampler_suggest(sampler, &task, history.n, &arena, &out, &err) ==
              0);
    ck_assert(space_check(&space, point, &err) == 0);
    if (out.why)
        snprintf(why, sizeof why, "%s", out.why);
}

// The volume that the feasible results dominate.
static double volume(const struct problem *problem)
{
    size_t m = problem->m, n = 0;
    double *value = arena_doubles(&arena, history.n * m);
    for (size_t i = 0; i < history.n; i++)
        if (history.state[i] == TRIAL_COMPLETE)
            memcpy(value + n++ * m, history_values(&history, i),
                   m * sizeof *value);
    return hypervolume(
        &(struct hypervolume_task){n, m, value, problem->reference}, &arena);
}

// The volume after n trials, on average of the seeds.
static double found(const char *name, const struct problem *problem, size_t n)
{
    double sum = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        begin(problem);
        for (size_t i = 0; i < n; i++) {
            double point[MOST], y[4], constraint = 0;
            ask(name, seed, point);
            problem->value(point, y, &constraint);
            history_enter(&history,
                          history_append(&history, TRIAL_RUNNING, point),
                          &(struct result){constraint <= 0 ? TRIAL_COMPLETE
                                                           : TRIAL_INFEASIBLE,
                                           y, &constraint, NAN});
        }
        sum += volume(problem) / SEEDS;
    }
    return sum;
}

START_TEST(test_more_is_dominated_than_by_random_search_and_nsga2)
{
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        double ours = found("gp", &problems[i], problems[i].trials);
        double random = found("random", &problems[i], problems[i].random);
        double nsga2 = found("nsga2", &problems[i], problems[i].trials);
        ck_assert_msg(ours > random && ours > nsga2,
                      "problem %zu: gp %g, random %g, nsga2 %g", i, ours,
                      random, nsga2);
    }
}
END_TEST

START_TEST(test_sixty_trials_come_close_to_the_front)
{
    ck_assert_double_gt(found("gp", &problems[0], 60), 0.97 * 5.167);
    ck_assert_ptr_nonnull(strstr(why, "expected hypervolume improvement; 59"));
}
END_TEST

START_TEST(test_odd_values_never_break_a_suggestion)
{
    const double odd[] = {NAN, INFINITY, -INFINITY, 1e308, -1e308, 0, 1, 1};
    for (size_t m = 2; m <= 4; m++) {
        begin(&(struct problem){.d = 2, .m = m, .c = 1});
        for (size_t i = 0; i < 50; i++) {
            double point[2], y[4];
            ask("gp", 1, point);
            for (size_t k = 0; k < m; k++)
                y[k] = i < 20 ? (double)(i % 3) : odd[(i + k * k) % 8];
            const enum trial_state states[] = {TRIAL_COMPLETE, TRIAL_COMPLETE,
                                               TRIAL_PRUNED, TRIAL_FAILED,
                                               TRIAL_INFEASIBLE};
            history_enter(&history,
                          history_append(&history, TRIAL_RUNNING, point),
                          &(struct result){states[i % 5], y, &odd[i % 8], NAN});
        }
    }
}
END_TEST

START_TEST(test_pending_trials_keep_others_away)
{
    begin(&problems[0]);
    for (size_t i = 0; i < 30; i++) {
        double point[MOST], y[2];
        ask("gp", 1, point);
        size_t number = history_append(&history, TRIAL_RUNNING, point);
        zdt1(point, y, NULL);
        for (size_t j = 0; j < number; j++)
            ck_assert_mem_ne(history_point(&history, j), point,
                             space.n * sizeof *point);
        if (i < 15)
            history_enter(&history, number,
                          &(struct result){TRIAL_COMPLETE, y, NULL, NAN});
    }
}
END_TEST

int main(void)
{
    openblas_set_num_threads(1);
    TCase *tests = tcase_create("gp several");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests,
                   test_more_is_dominated_than_by_random_search_and_nsga2);
    tcase_add_test(tests, test_sixty_trials_come_close_to_the_front);
    tcase_add_test(tests, test_odd_values_never_break_a_suggestion);
    tcase_add_test(tests, test_pending_trials_keep_others_away);
    Suite *suite = suite_create("gp several");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
