// SPDX-License-Identifier: GPL-3.0-or-later
// test_restriction.c - what the points of a space must fulfil, and how to get
// there

#include "restriction.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "repair.h"
#include "spaces.h"

static struct arena arena;
static struct error err;
static struct rng rng;

static void setup(void)
{
    space_init(&space);
    arena_init(&arena);
    err = (struct error){0};
    rng = rng_at(1, 2);
}

static void teardown(void)
{
    arena_done(&arena);
    space_done(&space);
}

static void restrict_by(const char *text)
{
    ck_assert_msg(restriction_add(&space, text, &err) == 0, "%s: %s", text,
                  err.message);
}

// a, b, c, flag, and rate, which is there when flag is.
enum { A, B, C, FLAG, RATE };

static void fill(void)
{
    double on[] = {1};
    struct condition when = {.parent = FLAG, .n = 1, .values = on};
    add_floats(3);
    add((struct param){.name = "flag", .kind = PARAM_BOOL});
    add((struct param){.name = "rate",
                       .kind = PARAM_FLOAT,
                       .high = 1,
                       .n_conditions = 1,
                       .conditions = &when});
}

START_TEST(test_the_first_restriction_that_is_broken_is_named)
{
    double point[] = {0.5, 0.25, 0.75, 1, 0.5};
    fill();
    ck_assert(restriction_allows(&space, point));
    restrict_by("a + b <= 0.75");
    restrict_by("c < 0.75");
    restrict_by("rate > 0.5 or not flag");
    ck_assert_str_eq(restriction_broken(&space, point)->text, "c < 0.75");
    point[C] = 0.5;
    ck_assert_str_eq(restriction_broken(&space, point)->text,
                     "rate > 0.5 or not flag");
    point[RATE] = 0.75;
    ck_assert(restriction_allows(&space, point));
}
END_TEST

START_TEST(test_what_names_an_inactive_parameter_holds)
{
    double point[] = {0.5, 0.5, 0.5, 0, NAN};
    fill();
    restrict_by("rate > 2");
    restrict_by("not (rate > 2) and flag");
    ck_assert(restriction_allows(&space, point));
    point[FLAG] = 1;
    point[RATE] = 0.5;
    ck_assert(!restriction_allows(&space, point));
}
END_TEST

START_TEST(test_what_is_no_restriction_is_refused)
{
    static const struct {
        const char *text, *fault;
    } cases[] = {
        {"a +", "column 4: expected a number, a name or (, not the end"},
        {"a + b", "column 1: expected a comparison, not a number"},
        {"1 < 2", "column 1: expected the name of a parameter somewhere"},
        {"a < x", "column 5: there is no parameter x"},
    };
    fill();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_int_eq(restriction_add(&space, cases[i].text, &err), -1);
        ck_assert_int_eq(err.code, ERROR_INVALID);
        ck_assert_str_eq(err.message, cases[i].fault);
        error_clear(&err);
    }
    ck_assert_uint_eq(space.restrictions->n, 0);
}
END_TEST

START_TEST(test_a_space_has_twenty_at_most)
{
    fill();
    for (int i = 0; i < RESTRICTION_MOST; i++)
        restrict_by("a < 1");
    ck_assert_int_eq(restriction_add(&space, "a < 1", &err), -1);
    ck_assert_str_eq(err.message, "a space must have at most 20 constraints");
}
END_TEST

START_TEST(test_what_is_named_together_is_a_group_with_its_conditions)
{
    fill();
    restrict_by("a < b");
    restrict_by("rate < 0.5");
    const struct restrictions *all = space.restrictions;
    ck_assert_uint_eq(all->n_groups, 2);
    ck_assert_uint_eq(all->group[A], all->group[B]);
    ck_assert_uint_eq(all->group[FLAG], all->group[RATE]);
    ck_assert_uint_ne(all->group[A], all->group[FLAG]);
    ck_assert_uint_eq(all->group[C], 2); // none
    ck_assert_uint_eq(all->list[1].group, all->group[RATE]);
    restrict_by("flag or b > 0.5");
    ck_assert_uint_eq(space.restrictions->n_groups, 1);
}
END_TEST

// ---- how far ----------------------------------------------------------------

static double miss(const char *text, const double *point)
{
    struct expression e;
    ck_assert_msg(expression_read(text, &space, &arena, &e, &err) == 0, "%s",
                  err.message);
    return program_miss(e.steps, e.n, &space, point);
}

START_TEST(test_a_truth_misses_by_what_its_sides_differ)
{
    static const double point[] = {0.25, 0.5, 1, 0, NAN};
    fill();
    ck_assert_double_eq(miss("a <= b", point), 0);
    ck_assert_double_eq(miss("a >= b", point), log1p(0.25));
    ck_assert_double_eq(miss("a == c", point), log1p(0.75));
    ck_assert_double_eq(miss("a > b and b > c", point),
                        log1p(0.25) + log1p(0.5));
    ck_assert_double_eq(miss("a > b or a > c", point), log1p(0.25));
    ck_assert_double_eq(miss("not a < c", point), log1p(0.75));
    ck_assert_double_eq(miss("not (a < b or b < c)", point),
                        log1p(0.25) + log1p(0.5));
    ck_assert_double_eq(miss("flag", point), 1);
    ck_assert_double_eq(miss("not flag", point), 0);
    ck_assert_double_gt(miss("a < a", point), 0);
    ck_assert_double_eq(miss("log(a - 1) < 1", point), 1000); // NaN
}
END_TEST

// ---- repair -----------------------------------------------------------------

START_TEST(test_only_what_is_broken_is_drawn_anew)
{
    fill();
    restrict_by("a < 0.1");
    restrict_by("b > 0.2");
    for (int i = 0; i < 100; i++) {
        double point[] = {0.5, 0.3, 0.7, 1, 0.1};
        ck_assert(repair_anew(&space, NULL, &rng, &arena, point));
        ck_assert_double_lt(point[A], 0.1);
        ck_assert_double_eq(point[B], 0.3);
        ck_assert_double_eq(point[C], 0.7);
        ck_assert_double_eq(point[RATE], 0.1);
    }
}
END_TEST

START_TEST(test_what_is_drawn_anew_is_uniform)
{
    // Of the triangle a + b < 1 a quarter has a > 1/2: 500 of 2000, with a
    // standard deviation of 19.4.
    int right = 0;
    add_floats(2);
    restrict_by("a + b < 1");
    for (int i = 0; i < 2000; i++) {
        double point[2];
        ck_assert(repair_draw(&space, &rng, &arena, point));
        ck_assert(restriction_allows(&space, point));
        right += point[A] > 0.5;
    }
    ck_assert_int_ge(right, 500 - 5 * 20);
    ck_assert_int_le(right, 500 + 5 * 20);
}
END_TEST

START_TEST(test_what_is_held_stays)
{
    fill();
    restrict_by("a + b + c < 1");
    const bool held[] = {true, false, false, false, false};
    double point[] = {0.7, 0.9, 0.9, 0, NAN};
    ck_assert(repair_anew(&space, held, &rng, &arena, point));
    ck_assert_double_eq(point[A], 0.7);
    ck_assert(restriction_allows(&space, point));
    const bool all_held[] = {true, true, true, true, true};
    double fixed[] = {0.7, 0.9, 0.9, 0, NAN};
    ck_assert(!repair_anew(&space, all_held, &rng, &arena, fixed));
    ck_assert_double_eq(fixed[B], 0.9);
}
END_TEST

START_TEST(test_a_point_near_by_is_nearer_than_one_drawn_anew)
{
    double near = 0, anew = 0;
    add_floats(6);
    restrict_by("a + b + c + d + e + f <= 2.9");
    for (int i = 0; i < 50; i++) {
        double x[6], y[6];
        for (int k = 0; k < 6; k++)
            x[k] = y[k] = 0.5;
        ck_assert(repair_near(&space, &rng, &arena, x));
        ck_assert(repair_anew(&space, NULL, &rng, &arena, y));
        for (int k = 0; k < 6; k++) {
            near += fabs(x[k] - 0.5);
            anew += fabs(y[k] - 0.5);
        }
    }
    ck_assert_double_lt(near, 0.5 * anew);
}
END_TEST

START_TEST(test_conditions_follow_what_is_repaired)
{
    fill();
    restrict_by("flag");
    restrict_by("rate > 0.9");
    for (int i = 0; i < 50; i++) {
        double point[] = {0.1, 0.2, 0.3, 0, NAN};
        ck_assert(repair_near(&space, &rng, &arena, point));
        ck_assert_int_eq(space_check(&space, point, &err), 0);
        ck_assert_double_eq(point[FLAG], 1);
        ck_assert_double_gt(point[RATE], 0.9);
    }
}
END_TEST

START_TEST(test_a_surface_of_real_numbers_is_not_found_nor_is_nothing)
{
    double point[] = {0.25, 0.5, 0.5, 0, NAN};
    fill();
    restrict_by("a + b == 1 and a * b == 0.1875001");
    ck_assert(!repair_anew(&space, NULL, &rng, &arena, point));
    ck_assert(!repair_near(&space, &rng, &arena, point));
    ck_assert_double_eq(point[A], 0.25);
    ck_assert_double_eq(point[B], 0.5);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("restriction");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, test_the_first_restriction_that_is_broken_is_named);
    tcase_add_test(cases, test_what_names_an_inactive_parameter_holds);
    tcase_add_test(cases, test_what_is_no_restriction_is_refused);
    tcase_add_test(cases, test_a_space_has_twenty_at_most);
    tcase_add_test(cases,
                   test_what_is_named_together_is_a_group_with_its_conditions);
    tcase_add_test(cases, test_a_truth_misses_by_what_its_sides_differ);
    tcase_add_test(cases, test_only_what_is_broken_is_drawn_anew);
    tcase_add_test(cases, test_what_is_drawn_anew_is_uniform);
    tcase_add_test(cases, test_what_is_held_stays);
    tcase_add_test(cases, test_a_point_near_by_is_nearer_than_one_drawn_anew);
    tcase_add_test(cases, test_conditions_follow_what_is_repaired);
    tcase_add_test(cases,
                   test_a_surface_of_real_numbers_is_not_found_nor_is_nothing);
    Suite *suite = suite_create("restriction");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
