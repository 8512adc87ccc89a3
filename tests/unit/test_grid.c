// SPDX-License-Identifier: GPL-3.0-or-later
// test_grid.c - the points of a finite space, counted and numbered

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../random_space.h"
#include "grid.h"

static struct space space;
static struct arena arena;
static struct error err;

static void setup(void)
{
    space_init(&space);
    arena_init(&arena);
    error_clear(&err);
}

static void teardown(void)
{
    arena_done(&arena);
    space_done(&space);
}

// Appends an int 1 .. levels, active when parameter `parent` equals `value`
// (NAN: always).
static void add(int levels, size_t parent, double value)
{
    char name[24];
    snprintf(name, sizeof name, "p%zu", space.n);
    struct condition c = {.parent = parent, .n = 1, .values = &value};
    struct param p = {.name = name,
                      .kind = PARAM_INT,
                      .low = 1,
                      .high = levels,
                      .n_conditions = (size_t)!isnan(value),
                      .conditions = &c};
    if (space_add(&space, &p, &err))
        ck_abort_msg("%s", err.message);
}

START_TEST(test_counts_of_small_spaces)
{
    add(3, 0, NAN);
    ck_assert_double_eq(space_cells(&space), 3);
    add(4, 0, NAN);
    ck_assert_double_eq(space_cells(&space), 12);
    add(10, 0, 2); // 2 of 3 levels of p0 leave it out: (2 + 10) * 4
    ck_assert_double_eq(space_cells(&space), 48);
    add(5, 2, 7); // (2 + 9 + 5) * 4
    ck_assert_double_eq(space_cells(&space), 64);
}
END_TEST

START_TEST(test_a_condition_on_two_independent_parameters)
{
    add(3, 0, NAN);
    add(4, 0, NAN);
    double one = 1, two = 2;
    struct condition both[] = {{0, 1, &one}, {1, 1, &two}};
    char name[] = "c";
    struct param p = {.name = name,
                      .kind = PARAM_INT,
                      .low = 1,
                      .high = 6,
                      .n_conditions = 2,
                      .conditions = both};
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
    // one of the 12 pairs has 6 cells
    ck_assert_double_eq(space_cells(&space), 11 + 6);
}
END_TEST

START_TEST(test_a_continuous_parameter_makes_infinitely_many)
{
    add(3, 0, NAN);
    char name[] = "f";
    struct param p = {.name = name, .kind = PARAM_FLOAT, .low = 0, .high = 1};
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
    ck_assert(isinf(space_cells(&space)));
    struct grid grid;
    grid_init(&grid, &space, 5, &arena);
    ck_assert_double_eq(grid.count, 15);
    ck_assert_double_eq(grid_value(&grid, 1, 0), 0);
    ck_assert_double_eq(grid_value(&grid, 1, 1), 0.25);
    ck_assert_double_eq(grid_value(&grid, 1, 4), 1);
    size_t level;
    ck_assert(grid_level(&grid, 1, 0.75, &level) && level == 3);
    ck_assert(!grid_level(&grid, 1, 0.7, &level));
}
END_TEST

START_TEST(test_a_wide_flat_space_is_counted_at_once)
{
    for (int k = 0; k < 300; k++)
        add(7, 0, NAN);
    ck_assert_double_eq_tol(log(space_cells(&space)), 300 * log(7), 1e-9);
}
END_TEST

START_TEST(test_entangled_conditions_are_given_up_on)
{
    // 40 independent switches, and one parameter that reads them all: its
    // activity has 2^40 cases.
    double one[40];
    struct condition all[40];
    for (size_t k = 0; k < 40; k++) {
        add(2, 0, NAN);
        one[k] = 1;
        all[k] = (struct condition){k, 1, &one[k]};
    }
    char name[] = "c";
    struct param p = {.name = name,
                      .kind = PARAM_BOOL,
                      .n_conditions = 40,
                      .conditions = all};
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
    ck_assert(isinf(space_cells(&space)));
}
END_TEST

// The number of cells by going through all of them: coordinate k takes each of
// its levels, or NaN.
static double enumerate(size_t k, double *point)
{
    if (k == space.n)
        return 1;
    point[k] = NAN;
    if (!space_active(&space, point, k))
        return enumerate(k + 1, point);
    double sum = 0;
    size_t levels = param_levels(&space.params[k]);
    for (size_t i = 0; i < levels; i++) {
        point[k] = param_value(&space.params[k], i);
        sum += enumerate(k + 1, point);
    }
    return sum;
}

START_TEST(test_numbers_and_cells_correspond_one_to_one)
{
    enum { MOST = 6 };
    struct rng rng = rng_at(73, 0);
    for (int i = 0; i < 1500; i++) {
        size_t n = 1 + (size_t)rng_below(&rng, MOST);
        while (space.n < n)
            if (random_param_add(&space, &rng, true, &err))
                ck_abort_msg("%s", err.message);
        struct grid grid;
        double scratch[MOST], point[MOST], again[MOST];
        grid_init(&grid, &space, 0, &arena);
        ck_assert_double_eq(grid.count, enumerate(0, scratch));
        uint64_t count = (uint64_t)grid.count, rank;
        for (uint64_t r = 0; r < count; r += 1 + count / 300) {
            grid_point(&grid, r, point);
            ck_assert_int_eq(space_check(&space, point, &err), 0);
            memcpy(again, point, sizeof point);
            // that each number comes back makes all cells distinct
            ck_assert(grid_rank(&grid, point, scratch, &rank));
            ck_assert_uint_eq(rank, r);
            ck_assert(space_same(&space, again, point));
        }
        space_done(&space);
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(test_points_between_the_levels_have_no_number)
{
    char a[] = "a", b[] = "b";
    struct param f = {.name = a, .kind = PARAM_FLOAT, .low = 1, .high = 100};
    struct param c = {.name = b, .kind = PARAM_BOOL};
    f.log = true;
    ck_assert_int_eq(space_add(&space, &f, &err), 0);
    ck_assert_int_eq(space_add(&space, &c, &err), 0);
    struct grid grid;
    grid_init(&grid, &space, 3, &arena);
    double point[2], scratch[2];
    uint64_t rank;
    for (uint64_t r = 0; r < 6; r++) {
        grid_point(&grid, r, point);
        ck_assert(grid_rank(&grid, point, scratch, &rank) && rank == r);
    }
    ck_assert_double_eq_tol(grid_value(&grid, 0, 1), 10, 1e-13);
    ck_assert(!grid_rank(&grid, (double[]){9, 0}, scratch, &rank));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("grid");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_counts_of_small_spaces);
    tcase_add_test(cases, test_a_condition_on_two_independent_parameters);
    tcase_add_test(cases, test_a_continuous_parameter_makes_infinitely_many);
    tcase_add_test(cases, test_a_wide_flat_space_is_counted_at_once);
    tcase_add_test(cases, test_entangled_conditions_are_given_up_on);
    tcase_add_test(cases, test_numbers_and_cells_correspond_one_to_one);
    tcase_add_test(cases, test_points_between_the_levels_have_no_number);
    Suite *suite = suite_create("grid");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
