// SPDX-License-Identifier: GPL-3.0-or-later
// test_population.c - who survives

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "pareto.h"
#include "population.h"
#include "rng.h"

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

// A trial of the space without parameters that ended with these values.
static uint32_t end(enum trial_state state, const double *values,
                    const double *constraints)
{
    size_t number = history_append(&history, TRIAL_RUNNING, NULL);
    struct result result = {state, values, constraints, NAN};
    history_enter(&history, number, &result);
    return (uint32_t)number;
}

static bool holds(const struct population *population, uint32_t number)
{
    for (size_t i = 0; i < population->n; i++)
        if (population->number[i] == number)
            return true;
    return false;
}

START_TEST(test_with_one_objective_the_best_survive)
{
    enum { N = 300, MU = 12 };
    history_init(&history, &space);
    struct rng rng = rng_at(1, 0);
    struct population population = population_make(1, MU, &arena);
    double values[N];
    for (size_t i = 0; i < N; i++) {
        values[i] = rng_normal(&rng);
        uint32_t number = end(TRIAL_COMPLETE, &values[i], NULL);
        ck_assert(population_enter(&population, &history, number));
        for (size_t j = 0; j <= i; j++) {
            size_t better = 0;
            for (size_t k = 0; k <= i; k++)
                better += values[k] < values[j];
            ck_assert(holds(&population, (uint32_t)j) == (better < MU));
        }
    }
}
END_TEST

// Whatever came before and whatever is dropped: the ends of the front stay, and
// the whole front if there is room for it.
START_TEST(test_the_front_survives)
{
    enum { N = 400, MU = 40 };
    history_init_for(&history, &space, 2, 0);
    struct rng rng = rng_at(2, 0);
    struct population population = population_make(2, MU, &arena);
    double values[2 * N];
    size_t front[N], n = 0;
    for (size_t i = 0; i < N; i++) {
        double level = rng_uniform(&rng), side = rng_uniform(&rng);
        values[2 * i] = level + side; // random fronts have about ln n members
        values[2 * i + 1] = level - 0.2 * side;
        population_enter(&population, &history,
                         end(TRIAL_COMPLETE, values + 2 * i, NULL));
        struct pareto_set set = {.n = i + 1, .m = 2, .value = values};
        n = pareto_front(&set, &arena, front);
        ck_assert_uint_le(population.n, MU);
        ck_assert_uint_lt(n, MU);
        for (size_t j = 0; j < n; j++)
            ck_assert(holds(&population, (uint32_t)front[j]));
    }
}
END_TEST

START_TEST(test_a_long_front_is_thinned_where_it_is_crowded)
{
    // 1000 results on a line, nine of ten in its first tenth.
    enum { N = 1000, MU = 21 };
    history_init_for(&history, &space, 2, 0);
    struct rng rng = rng_at(3, 0);
    struct population population = population_make(2, MU, &arena);
    double least = 1, most = 0;
    for (size_t i = 0; i < N; i++) {
        double x = rng_uniform(&rng) * (i % 10 ? 0.1 : 1);
        least = fmin(least, x);
        most = fmax(most, x);
        population_enter(&population, &history,
                         end(TRIAL_COMPLETE, (double[]){x, 1 - x}, NULL));
    }
    size_t dense = 0, ends = 0;
    for (size_t i = 0; i < MU; i++) {
        dense += population.value[2 * i] < 0.1;
        ends += population.value[2 * i] == least;
        ends += population.value[2 * i] == most;
    }
    // Evenly spread there would be two of them in the first tenth.
    ck_assert_uint_eq(ends, 2);
    ck_assert_uint_le(dense, 5);
}
END_TEST

START_TEST(test_feasible_before_pruned_before_infeasible)
{
    history_init_for(&history, &space, 1, 2);
    struct population population = population_make(1, 4, &arena);
    static const double zero[] = {0, 0}, slight[] = {0.1, -5}, bad[] = {1, 1};
    static const double value[] = {7, 8, 9, NAN}, unknown[] = {1, NAN};
    uint32_t infeasible = end(TRIAL_INFEASIBLE, value, slight);
    uint32_t worse = end(TRIAL_INFEASIBLE, value, bad);
    uint32_t pruned = end(TRIAL_PRUNED, value + 3, NULL);
    uint32_t first = end(TRIAL_COMPLETE, value + 2, zero);
    uint32_t second = end(TRIAL_COMPLETE, value + 1, zero);
    uint32_t third = end(TRIAL_COMPLETE, value, zero);
    for (uint32_t i = 0; i < 6; i++)
        ck_assert(population_enter(&population, &history, i));
    ck_assert(!holds(&population, worse) && !holds(&population, infeasible));
    ck_assert(holds(&population, pruned) && holds(&population, first) &&
              holds(&population, second) && holds(&population, third));
    ck_assert(!population_enter(&population, &history,
                                end(TRIAL_FAILED, value, zero)));
    ck_assert(!population_enter(&population, &history,
                                end(TRIAL_INFEASIBLE, value, unknown)));
    ck_assert(!population_enter(&population, &history,
                                end(TRIAL_COMPLETE, value + 3, zero)));
}
END_TEST

START_TEST(test_a_population_may_grow)
{
    history_init_for(&history, &space, 2, 0);
    struct population population = population_make(2, 30, &arena);
    struct rng rng = rng_at(4, 0);
    for (size_t i = 0; i < 300; i++) {
        population.mu = 5 + i / 12;
        double values[] = {rng_uniform(&rng), rng_uniform(&rng)};
        population_enter(&population, &history,
                         end(TRIAL_COMPLETE, values, NULL));
        ck_assert_uint_eq(population.n, i < 5 ? i + 1 : population.mu);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("population");
    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_with_one_objective_the_best_survive);
    tcase_add_test(tests, test_the_front_survives);
    tcase_add_test(tests, test_a_long_front_is_thinned_where_it_is_crowded);
    tcase_add_test(tests, test_feasible_before_pruned_before_infeasible);
    tcase_add_test(tests, test_a_population_may_grow);
    Suite *suite = suite_create("population");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
