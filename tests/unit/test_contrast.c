// SPDX-License-Identifier: GPL-3.0-or-later
// test_contrast.c - what sets some points of a space apart from others
//
// The densities themselves are test_parzen.c's subject; here they are asked
// for, and combined by hand.

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "contrast.h"
#include "rows.h"
#include "spaces.h"

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
    space_init(&space);
    add((struct param){.name = "x", .kind = PARAM_FLOAT, .high = 1});
}

static void teardown(void)
{
    arena_done(&arena);
    space_done(&space);
}

static struct rows rows_of(const double *unit, size_t n)
{
    struct rows rows = rows_for(n, &arena);
    for (size_t i = 0; i < n; i++)
        rows_push(&rows, unit + i * space.n, 1);
    return rows;
}

static struct parzen *density(const double *unit, size_t n)
{
    struct rows rows = rows_of(unit, n);
    return rows_density(&rows, &space, 1, 0.05, &arena);
}

static double at(const struct parzen *parzen, double x)
{
    double value;
    parzen_log_density(parzen, &x, 1, &arena, &value);
    return exp(value);
}

static double score(const struct contrast *pairs, size_t n, double x)
{
    double value;
    contrast_score(pairs, n, &x, 1, &arena, &value);
    return value;
}

static const double low[] = {0.2, 0.25}, high[] = {0.7, 0.8};

START_TEST(test_one_pair_scores_by_the_ratio)
{
    struct contrast c = {.good.base = density(low, 2),
                         .bad.base = density(high, 2)};
    for (double x = 0; x <= 1; x += 0.25)
        ck_assert_double_eq_tol(score(&c, 1, x),
                                log(at(c.good.base, x) / at(c.bad.base, x)),
                                1e-12);
}
END_TEST

START_TEST(test_what_came_since_counts_by_its_weight)
{
    // Two rows and the broad kernel weigh 3, one row more weighs 1.
    struct contrast c = {.good.base = density(low, 2),
                         .bad.base = density(high, 2)};
    struct rows more = rows_of((double[]){0.4}, 1);
    c.bad.extra = rows_addition(&more, c.bad.base, 0.05, &arena);
    double x = 0.45;
    double bad = 0.75 * at(c.bad.base, x) + 0.25 * at(c.bad.extra, x);
    ck_assert_double_eq_tol(score(&c, 1, x), log(at(c.good.base, x) / bad),
                            1e-12);
    struct rows none = rows_of(NULL, 0);
    ck_assert_ptr_null(rows_addition(&none, c.bad.base, 0.05, &arena));
}
END_TEST

START_TEST(test_several_pairs_add_up_and_are_limited_by_their_shares)
{
    struct contrast pairs[2] = {
        {{density(low, 2), NULL}, {density(high, 2), NULL}, 0.3},
        {{density(high, 2), NULL}, {density(low, 2), NULL}, 0.1},
    };
    double x = 0.2, sum = 0;
    for (int p = 0; p < 2; p++) {
        double ratio = at(pairs[p].bad.base, x) / at(pairs[p].good.base, x);
        sum -= log(pairs[p].share + (1 - pairs[p].share) * ratio);
    }
    ck_assert_double_eq_tol(score(pairs, 2, x), sum, 1e-12);
    ck_assert_double_lt(score(pairs, 2, x), -log(0.3) - log(0.1));
}
END_TEST

START_TEST(test_a_marginal_is_the_pair_of_one_parameter)
{
    add((struct param){.name = "y", .kind = PARAM_FLOAT, .high = 1});
    const double good[] = {0.2, 0.9}, bad[] = {0.6, 0.1};
    struct contrast both = {.good.base = density(good, 1),
                            .bad.base = density(bad, 1)};
    double unit[] = {0.3, 0.4}, score_y, score_only;
    struct contrast y = contrast_marginal(&both, 1, &arena);
    contrast_score(&y, 1, unit, 1, &arena, &score_y);
    space_done(&space);
    space_init(&space);
    add((struct param){.name = "y", .kind = PARAM_FLOAT, .high = 1});
    struct contrast only = {.good.base = density(good + 1, 1),
                            .bad.base = density(bad + 1, 1)};
    contrast_score(&only, 1, unit + 1, 1, &arena, &score_only);
    ck_assert_double_eq_tol(score_y, score_only, 1e-12);
}
END_TEST

START_TEST(test_draws_are_around_what_is_wanted_and_without_what_is_inactive)
{
    double one = 1;
    struct condition when = {.parent = 1, .n = 1, .values = &one};
    add((struct param){.name = "b", .kind = PARAM_BOOL});
    add((struct param){.name = "z",
                       .kind = PARAM_FLOAT,
                       .high = 1,
                       .n_conditions = 1,
                       .conditions = &when});
    const double good[] = {0.2, 0.25, NAN, 0.25, 0.75, 0.5};
    struct contrast c = {.good.base = density(good, 2),
                         .bad.base = density(good, 2)};
    struct rng rng = rng_at(1, 0);
    enum { N = 2000 };
    static double unit[3 * N];
    contrast_draw(&c, N, &rng, &arena, unit);
    int near = 0;
    for (int i = 0; i < N; i++) {
        const double *row = unit + 3 * i;
        near += row[0] < 0.45;
        ck_assert(isnan(row[2]) == (row[1] < 0.5));
    }
    // Two kernels of three are there, with deviations of 0.0625 and 0.075,
    // 0.2 and more away from 0.45; and 0.45 of the broad one, give or take.
    ck_assert_int_gt(near, N * 3 / 4);
    ck_assert_int_lt(near, N * 9 / 10);
}
END_TEST

START_TEST(test_thinning_keeps_the_first_rows_and_the_weight_of_all)
{
    double unit[100];
    for (int i = 0; i < 100; i++)
        unit[i] = i / 100.0;
    struct rows rows = rows_of(unit, 100);
    rows_thin(&rows, 10, 40, rng_at(1, 0));
    ck_assert_uint_eq(rows.n, 40);
    double sum = 0;
    bool seen[100] = {false};
    for (size_t i = 0; i < 40; i++) {
        size_t place = (size_t)(rows.unit[i] - unit);
        ck_assert(i >= 10 || place == i);
        ck_assert(!seen[place]);
        seen[place] = true;
        sum += rows.weight[i];
    }
    ck_assert_double_eq_tol(sum, 100, 1e-9); // 10 and 30 times 90 / 30
    rows_thin(&rows, 10, 40, rng_at(1, 0));
    ck_assert_uint_eq(rows.n, 40);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("contrast");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_one_pair_scores_by_the_ratio);
    tcase_add_test(tests, test_what_came_since_counts_by_its_weight);
    tcase_add_test(tests,
                   test_several_pairs_add_up_and_are_limited_by_their_shares);
    tcase_add_test(tests, test_a_marginal_is_the_pair_of_one_parameter);
    tcase_add_test(
        tests,
        test_draws_are_around_what_is_wanted_and_without_what_is_inactive);
    tcase_add_test(tests,
                   test_thinning_keeps_the_first_rows_and_the_weight_of_all);
    Suite *suite = suite_create("contrast");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
