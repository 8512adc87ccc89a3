// SPDX-License-Identifier: GPL-3.0-or-later
// test_pareto.c - dominance, ranks and crowding

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pareto.h"
#include "rng.h"

enum { MOST = 120, M = 4 };

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_done(&arena);
}

START_TEST(test_nowhere_worse_and_somewhere_better_dominates)
{
    double a[] = {1, 2}, b[] = {1, 3}, c[] = {0, 9};
    ck_assert(pareto_dominates(a, b, 2));
    ck_assert(!pareto_dominates(b, a, 2));
    ck_assert(!pareto_dominates(a, a, 2));
    ck_assert(!pareto_dominates(a, c, 2) && !pareto_dominates(c, a, 2));
}
END_TEST

START_TEST(test_nan_is_worse_than_infinity_and_equal_to_itself)
{
    double number[] = {1, INFINITY}, none[] = {1, NAN},
           least[] = {1, -INFINITY};
    ck_assert(pareto_dominates(number, none, 2));
    ck_assert(!pareto_dominates(none, number, 2));
    ck_assert(!pareto_dominates(none, none, 2));
    ck_assert(pareto_dominates(least, number, 2));
}
END_TEST

// By the definition: a result has rank r when something of rank r - 1 and
// nothing of rank r or more dominates it.
static size_t peel(const struct pareto_set *set, uint32_t *rank)
{
    bool done[MOST] = {false};
    size_t left = set->n, ranks = 0;
    for (; left > 0; ranks++) {
        bool front[MOST] = {false};
        for (size_t i = 0; i < set->n; i++) {
            front[i] = !done[i];
            for (size_t j = 0; j < set->n; j++)
                if (!done[j] && pareto_before(set, j, i))
                    front[i] = false;
        }
        for (size_t i = 0; i < set->n; i++)
            if (front[i]) {
                rank[i] = (uint32_t)ranks;
                done[i] = true;
                left--;
            }
    }
    return ranks;
}

// Values on a coarse grid, so that there are ties and copies; some are no
// numbers.
static void draw(struct rng *rng, struct pareto_set *set, double *value,
                 double *violation)
{
    set->n = rng_below(rng, MOST);
    set->m = 1 + rng_below(rng, M);
    uint64_t levels = 2 + rng_below(rng, 30);
    for (size_t i = 0; i < set->n * set->m; i++) {
        value[i] = (double)rng_below(rng, levels);
        if (rng_below(rng, 50) == 0)
            value[i] = rng_below(rng, 2) ? NAN : INFINITY;
    }
    for (size_t i = 0; i < set->n; i++)
        violation[i] = fmax(0, (double)rng_below(rng, 8) - 4);
    set->value = value;
    set->violation = rng_below(rng, 2) ? violation : NULL;
}

START_TEST(test_ranks_are_what_peeling_front_by_front_gives)
{
    struct rng rng = rng_at(1, 0);
    for (int round = 0; round < 300; round++) {
        double value[MOST * M], violation[MOST];
        uint32_t rank[MOST], expected[MOST];
        size_t front[MOST], n = 0;
        struct pareto_set set;
        draw(&rng, &set, value, violation);
        size_t ranks = pareto_rank(&set, &arena, rank);
        ck_assert_uint_eq(ranks, peel(&set, expected));
        for (size_t i = 0; i < set.n; i++)
            ck_assert_uint_eq(rank[i], expected[i]);
        size_t size = pareto_front(&set, &arena, front);
        for (size_t i = 0; i < set.n; i++)
            if (rank[i] == 0)
                ck_assert_uint_eq(front[n++], i);
        ck_assert_uint_eq(n, size);
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(test_ranks_of_many_results_in_two_objectives_come_quickly)
{
    // A chain of fronts that each dominate the next: n^2 / 8 comparisons would
    // be 5e9 for a front by front search.
    enum { N = 200000, SIZE = 2 };
    double *value = arena_doubles(&arena, (size_t)N * 2);
    uint32_t *rank = arena_alloc(&arena, N * sizeof *rank);
    for (size_t i = 0; i < N; i++) {
        size_t front = i / SIZE;
        double level = 2 * (double)front, side = (double)(i % SIZE);
        value[2 * i] = level + side;
        value[2 * i + 1] = level + 1 - side;
    }
    struct pareto_set set = {.n = N, .m = 2, .value = value};
    ck_assert_uint_eq(pareto_rank(&set, &arena, rank), N / SIZE);
    for (size_t i = 0; i < N; i++)
        ck_assert_uint_eq(rank[i], i / SIZE);
}
END_TEST

START_TEST(test_feasible_comes_before_infeasible_and_less_before_more)
{
    double value[] = {9, 9, 1, 1, 0, 0, 2, 2, 3, 1};
    double violation[] = {-1, 0.5, 2, 0.5, NAN};
    struct pareto_set set = {5, 2, value, violation};
    uint32_t rank[5], expected[] = {0, 1, 3, 2, 4};
    ck_assert_uint_eq(pareto_rank(&set, &arena, rank), 5);
    ck_assert_mem_eq(rank, expected, sizeof rank);
    ck_assert(pareto_before(&set, 0, 1) && !pareto_before(&set, 1, 0));
    // Equal violations: the objectives decide.
    ck_assert(pareto_before(&set, 1, 3));
}
END_TEST

START_TEST(test_an_empty_set_has_no_rank)
{
    struct pareto_set set = {.n = 0, .m = 3};
    ck_assert_uint_eq(pareto_rank(&set, &arena, NULL), 0);
    ck_assert_uint_eq(pareto_front(&set, &arena, NULL), 0);
    pareto_crowding(&set, NULL, 0, &arena, NULL);
}
END_TEST

START_TEST(test_crowding_is_the_gap_between_the_neighbours)
{
    // Ranges 4 and 10. Result 1: (2 - 0) / 4 + (10 - 3) / 10; result 2: (4 - 1)
    // / 4 + (5 - 0) / 10.
    double value[] = {0, 10, 1, 5, 2, 3, 4, 0};
    struct pareto_set set = {4, 2, value, NULL};
    size_t member[] = {3, 1, 0, 2};
    double distance[4];
    pareto_crowding(&set, member, 4, &arena, distance);
    ck_assert(isinf(distance[0]) && isinf(distance[2]));
    ck_assert_double_eq_tol(distance[1], 0.5 + 0.7, 1e-15);
    ck_assert_double_eq_tol(distance[3], 0.75 + 0.5, 1e-15);
}
END_TEST

START_TEST(test_copies_are_crowded_and_do_not_hide_each_other)
{
    double value[] = {0, 2, 1, 1, 1, 1, 2, 0, 0, 2};
    struct pareto_set set = {5, 2, value, NULL};
    size_t member[] = {0, 1, 2, 3, 4};
    double distance[5], expected[] = {INFINITY, 2, 0, INFINITY, 0};
    pareto_crowding(&set, member, 5, &arena, distance);
    for (size_t i = 0; i < 5; i++)
        ck_assert(distance[i] == expected[i]);
}
END_TEST

START_TEST(test_crowding_does_not_depend_on_the_order)
{
    struct rng rng = rng_at(2, 0);
    for (int round = 0; round < 100; round++) {
        enum { N = 20 };
        double value[N * 3], distance[N], shuffled[N];
        size_t member[N], order[N], moved[N];
        for (size_t i = 0; i < N * 3; i++)
            value[i] = (double)rng_below(&rng, 1000);
        for (size_t i = 0; i < N; i++)
            member[i] = order[i] = i;
        struct pareto_set set = {N, 3, value, NULL};
        rng_shuffle(&rng, order, N);
        for (size_t i = 0; i < N; i++)
            moved[i] = member[order[i]];
        pareto_crowding(&set, member, N, &arena, distance);
        pareto_crowding(&set, moved, N, &arena, shuffled);
        for (size_t i = 0; i < N; i++)
            ck_assert(distance[order[i]] == shuffled[i]);
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(test_infinite_values_leave_the_other_distances_finite)
{
    double value[] = {0, INFINITY, 1, 5, 2, 3, INFINITY, 0};
    struct pareto_set set = {4, 2, value, NULL};
    size_t member[] = {0, 1, 2, 3};
    double distance[4];
    pareto_crowding(&set, member, 4, &arena, distance);
    ck_assert(isinf(distance[0]) && isinf(distance[3]));
    ck_assert(isfinite(distance[1]) && isfinite(distance[2]));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("pareto");
    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_nowhere_worse_and_somewhere_better_dominates);
    tcase_add_test(tests, test_nan_is_worse_than_infinity_and_equal_to_itself);
    tcase_add_test(tests, test_ranks_are_what_peeling_front_by_front_gives);
    tcase_add_test(tests,
                   test_ranks_of_many_results_in_two_objectives_come_quickly);
    tcase_add_test(tests,
                   test_feasible_comes_before_infeasible_and_less_before_more);
    tcase_add_test(tests, test_an_empty_set_has_no_rank);
    tcase_add_test(tests, test_crowding_is_the_gap_between_the_neighbours);
    tcase_add_test(tests, test_copies_are_crowded_and_do_not_hide_each_other);
    tcase_add_test(tests, test_crowding_does_not_depend_on_the_order);
    tcase_add_test(tests,
                   test_infinite_values_leave_the_other_distances_finite);
    Suite *suite = suite_create("pareto");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
