// SPDX-License-Identifier: GPL-3.0-or-later
// test_gp_outputs.c - gp with constraints, failures, known noise and results of
// other studies

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rng.h"
#include "sampler.h"

void openblas_set_num_threads(int threads);

enum { MOST = 6, SEEDS = 5 };

static struct arena arena;
static struct space space;
static struct history history;
static struct prior *prior;
static const struct sampler *gp;
static const char *why;

static void setup(void)
{
    arena_init(&arena);
    space_init(&space);
    history_init(&history, &space);
    prior = NULL;
    gp = sampler_find("gp");
}

static void teardown(void)
{
    history_done(&history);
    space_done(&space);
    arena_done(&arena);
}

static void add_floats(size_t d)
{
    struct error err = {0};
    char *names[] = {"a", "b", "c", "d", "e", "f"};
    for (size_t k = 0; k < d; k++)
        ck_assert(space_add(&space,
                            &(struct param){.name = names[k],
                                            .kind = PARAM_FLOAT,
                                            .high = 1},
                            &err) == 0);
}

static void restart(size_t n_objectives, size_t n_constraints)
{
    history_done(&history);
    history_init_for(&history, &space, n_objectives, n_constraints);
}

static void suggest(const struct sampler *sampler, uint64_t seed, double *point)
{
    struct error err = {0};
    double options[OPTION_MAX];
    option_defaults(sampler->options, sampler->n_options, options);
    struct sampler_task task = {.space = &space,
                                .history = &history,
                                .prior = prior,
                                .options = options,
                                .seed = seed};
    static char words[200];
    arena_reset(&arena);
    struct suggestion out = {.point = point};
    int status = sampler_suggest(sampler, &task, history.n, &arena, &out, &err);
    ck_assert_msg(status == 0, "%s", err.message);
    ck_assert_msg(space_check(&space, point, &err) == 0, "%s", err.message);
    why = NULL;
    if (out.why)
        why = strncpy(words, out.why, sizeof words - 1);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_size);
    return values[n / 2];
}

// ---- constraints ------------------------------------------------------------

// Gardner et al. 2014, "simulation 1", on [0, 6]^2: value and constraint.
static void gardner(const double *u, double *value, double *constraint)
{
    double x = 6 * u[0], y = 6 * u[1];
    *value = cos(2 * x) * cos(y) + sin(x);
    *constraint = cos(x) * cos(y) - sin(x) * sin(y) + 0.5;
}

// Its least feasible value, on a grid of 1/1000.
static double gardner_least(void)
{
    double least = INFINITY;
    for (int i = 0; i <= 1000; i++)
        for (int j = 0; j <= 1000; j++) {
            double u[] = {i / 1000.0, j / 1000.0}, value, constraint;
            gardner(u, &value, &constraint);
            if (constraint <= 0 && value < least)
                least = value;
        }
    return least;
}

// The least feasible value of n trials, median of the seeds.
static double constrained(const char *name, size_t n)
{
    double best[SEEDS];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        restart(1, 1);
        best[seed] = INFINITY;
        for (size_t i = 0; i < n; i++) {
            double point[MOST], value, excess;
            suggest(sampler_find(name), seed, point);
            gardner(point, &value, &excess);
            enum trial_state state =
                excess <= 0 ? TRIAL_COMPLETE : TRIAL_INFEASIBLE;
            history_enter(&history,
                          history_append(&history, TRIAL_RUNNING, point),
                          &(struct result){state, &value, &excess, NAN});
            if (excess <= 0)
                best[seed] = fmin(best[seed], value);
        }
    }
    return median(best, SEEDS);
}

START_TEST(test_the_best_feasible_point_is_found)
{
    add_floats(2);
    double least = gardner_least(), ours = constrained("gp", 40) - least;
    double random = constrained("random", 40) - least;
    ck_assert_msg(ours < 0.01 && ours < 0.1 * random, "gp %g, random %g", ours,
                  random);
}
END_TEST

START_TEST(test_the_feasible_region_is_found)
{
    // A ball of radius 0.15 about 0.75 in three dimensions: 1.4 % of the cube.
    // All trials lie outside at first, and values are best elsewhere.
    add_floats(3);
    int found = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        restart(1, 1);
        bool inside = false;
        for (size_t i = 0; i < 30; i++) {
            double point[3], excess = -0.0225, value = 0;
            suggest(gp, seed, point);
            for (size_t k = 0; k < 3; k++) {
                excess += (point[k] - 0.75) * (point[k] - 0.75);
                value += point[k];
            }
            inside = inside || excess <= 0;
            history_enter(&history,
                          history_append(&history, TRIAL_RUNNING, point),
                          &(struct result){excess <= 0 ? TRIAL_COMPLETE
                                                       : TRIAL_INFEASIBLE,
                                           &value, &excess, NAN});
        }
        found += inside;
    }
    ck_assert_int_eq(found, SEEDS);
}
END_TEST

START_TEST(test_constraints_without_values_are_learnt_too)
{
    // Infeasible trials tell no value, only by how much they fail: x > 0.3.
    add_floats(1);
    restart(1, 1);
    for (int i = 0; i < 30; i++) {
        double x = (i * 7 % 30 + 0.5) / 30, value = -x, excess = x - 0.3;
        history_enter(
            &history, history_append(&history, TRIAL_RUNNING, &x),
            &(struct result){excess <= 0 ? TRIAL_COMPLETE : TRIAL_INFEASIBLE,
                             excess <= 0 ? &value : NULL, &excess, NAN});
    }
    for (int i = 0; i < 5; i++) {
        double x;
        suggest(gp, 1, &x);
        ck_assert_double_lt(x, 0.35);
        history_append(&history, TRIAL_RUNNING, &x);
    }
}
END_TEST

// ---- failures ---------------------------------------------------------------

// Everything below 0.5 fails, and values get better towards it: how many of 20
// suggestions fail, and the least value.
static int failing(enum trial_state state, bool odd_value, double *least)
{
    restart(1, 0);
    int failing = 0;
    for (int i = 0; i < 40; i++) {
        double x = (i * 7 % 20 + 0.5) / 20, value = x;
        if (i >= 20)
            suggest(gp, 2, &x);
        if (x < 0.5) {
            value = odd_value ? NAN : 0;
            failing += i >= 20;
        }
        history_move(&history, history_append(&history, TRIAL_RUNNING, &x),
                     x < 0.5 ? state : TRIAL_COMPLETE, value);
        *least = x < 0.5 ? *least : fmin(*least, x);
    }
    return failing;
}

START_TEST(test_regions_that_fail_often_are_learnt)
{
    // Half of the first twenty fail, in whatever way. Next to the edge every
    // other try may fail.
    static const struct {
        enum trial_state state;
        bool odd_value;
    } ways[] = {{TRIAL_FAILED, true},
                {TRIAL_INFEASIBLE, false},
                {TRIAL_COMPLETE, true}};
    add_floats(1);
    for (size_t i = 0; i < 3; i++) {
        double least = 1;
        int n = failing(ways[i].state, ways[i].odd_value, &least);
        ck_assert_msg(n <= 10 && least < 0.505, "%d failed, least %g", n,
                      least);
    }
}
END_TEST

// ---- noise of known size ----------------------------------------------------

START_TEST(test_values_with_large_errors_do_not_attract)
{
    // A precise bowl around 0.3, and at 0.9 a lonely value far below it with a
    // standard deviation of 3: if it counted, it would be the place to look.
    add_floats(1);
    for (int trusted = 0; trusted < 2; trusted++) {
        restart(1, 0);
        for (int i = 0; i < 25; i++) {
            double x = i < 24 ? (i * 7 % 24 + 0.5) / 24 * 0.7 : 0.9;
            double value = i < 24 ? (x - 0.3) * (x - 0.3) : -0.5;
            double variance = i < 24 || trusted ? 1e-8 : 9;
            history_enter(
                &history, history_append(&history, TRIAL_RUNNING, &x),
                &(struct result){TRIAL_COMPLETE, &value, NULL, variance});
        }
        double x;
        suggest(gp, 1, &x);
        if (trusted)
            ck_assert_double_gt(x, 0.8);
        else
            ck_assert_double_eq_tol(x, 0.3, 0.1);
    }
}
END_TEST

// ---- other studies ----------------------------------------------------------

// Least value 0.39788735772973816 (Surjanovic and Bingham, "Virtual library of
// simulation experiments", 2013), moved to 0.
static double branin(const double *u)
{
    double x = -5 + 15 * u[0], y = 15 * u[1];
    double a = y - 5.1 / (4 * M_PI * M_PI) * x * x + 5 / M_PI * x - 6;
    return a * a + 10 * (1 - 1 / (8 * M_PI)) * cos(x) + 10 -
           0.39788735772973816;
}

// Another study: 60 random points with the values of the same function, moved
// a little and in other units, or of none.
static struct prior *other_study(uint64_t seed, bool related,
                                 struct arena *keep)
{
    struct prior *other = arena_zeros(keep, 1, sizeof *other);
    enum { N = 60 };
    double *unit = arena_doubles(keep, 2 * N), *value = arena_doubles(keep, N);
    struct rng rng = rng_at(1000 + seed, 0);
    for (size_t i = 0; i < N; i++) {
        unit[2 * i] = rng_uniform(&rng);
        unit[2 * i + 1] = rng_uniform(&rng);
        const double moved[] = {unit[2 * i] + 0.04, unit[2 * i + 1] - 0.03};
        value[i] = related ? 1000 + 7 * branin(moved) : rng_normal(&rng);
    }
    *other = (struct prior){.n = N,
                            .n_sources = 1,
                            .unit = unit,
                            .value = value,
                            .source = arena_zeros(keep, N, sizeof(uint32_t))};
    return other;
}

enum others { NONE, RELATED, UNRELATED };

// The least value of n trials, median of the seeds.
static double warm(enum others others, size_t n)
{
    double best[SEEDS];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct arena keep;
        arena_init(&keep);
        restart(1, 0);
        prior =
            others == NONE ? NULL : other_study(seed, others == RELATED, &keep);
        for (size_t i = 0; i < n; i++) {
            double point[2];
            suggest(gp, seed, point);
            history_move(&history,
                         history_append(&history, TRIAL_RUNNING, point),
                         TRIAL_COMPLETE, branin(point));
        }
        best[seed] = history.value[history.best];
        arena_done(&keep);
    }
    return median(best, SEEDS);
}

START_TEST(test_a_similar_study_helps)
{
    add_floats(2);
    double cold = warm(NONE, 10), helped = warm(RELATED, 10);
    ck_assert_msg(helped < 0.4 * cold, "cold %g, warm %g", cold, helped);
}
END_TEST

START_TEST(test_an_unrelated_study_does_little_harm)
{
    add_floats(2);
    double cold = warm(NONE, 25), misled = warm(UNRELATED, 25);
    ck_assert_msg(misled < 10 * cold, "cold %g, misled %g", cold, misled);
}
END_TEST

// ---- words ------------------------------------------------------------------

START_TEST(test_a_suggestion_says_why)
{
    add_floats(2);
    double point[2];
    suggest(gp, 1, point);
    ck_assert_str_eq(why, "start design: a Sobol point");
    for (int i = 0; i < 12; i++) {
        suggest(gp, 1, point);
        history_move(&history, history_append(&history, TRIAL_RUNNING, point),
                     TRIAL_COMPLETE, point[0]);
    }
    suggest(gp, 1, point);
    ck_assert_ptr_nonnull(strstr(why, "expected improvement; 12 results, 0"));
    history_append(&history, TRIAL_RUNNING, point);
    history_append(&history, TRIAL_RUNNING, point);
    suggest(gp, 1, point);
    ck_assert_ptr_nonnull(strstr(why, "upper confidence bound; 12 results, 2"));
}
END_TEST

int main(void)
{
    openblas_set_num_threads(1);
    TCase *tests = tcase_create("gp outputs");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_the_best_feasible_point_is_found);
    tcase_add_test(tests, test_the_feasible_region_is_found);
    tcase_add_test(tests, test_constraints_without_values_are_learnt_too);
    tcase_add_test(tests, test_regions_that_fail_often_are_learnt);
    tcase_add_test(tests, test_values_with_large_errors_do_not_attract);
    tcase_add_test(tests, test_a_similar_study_helps);
    tcase_add_test(tests, test_an_unrelated_study_does_little_harm);
    tcase_add_test(tests, test_a_suggestion_says_why);
    Suite *suite = suite_create("gp outputs");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
