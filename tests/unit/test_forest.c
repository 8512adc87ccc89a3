// SPDX-License-Identifier: GPL-3.0-or-later
// test_forest.c - where trees cut, and what they say there

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "forest.h"
#include "rng.h"
#include "slot.h"
#include "spaces.h"

enum { MOST = 400 };

static struct arena arena;
static double unit[MOST][3];
static const double *row[MOST];
static double value[MOST];

static void setup(void)
{
    arena_init(&arena);
    space_init(&space);
    for (size_t i = 0; i < MOST; i++)
        row[i] = unit[i];
}

static void teardown(void)
{
    arena_done(&arena);
    space_done(&space);
}

static struct forest grow(size_t n, size_t n_trees, size_t leaf, uint64_t seed)
{
    struct forest_plan plan = {.space = &space,
                               .n = n,
                               .unit = row,
                               .value = value,
                               .n_trees = n_trees,
                               .leaf = leaf,
                               .seed = seed};
    return forest_grow(&plan, &arena);
}

static double predict(const struct forest *forest, const double *at)
{
    double sum = 0;
    for (size_t t = 0; t < forest->n_trees; t++) {
        const struct forest_node *node = forest->tree[t].node;
        const struct forest_node *here = node;
        while (here->feature != FOREST_LEAF)
            here = node + here->child + (at[here->feature] >= here->edge);
        sum += here->value;
    }
    return sum / (double)forest->n_trees;
}

// Every tree is one cut of parameter 0 at `edge` between two values.
static void check_one_cut(const struct forest *forest, double edge,
                          double below, double above)
{
    for (size_t t = 0; t < forest->n_trees; t++) {
        const struct forest_tree *tree = &forest->tree[t];
        ck_assert_uint_eq(tree->n, 3);
        ck_assert_uint_eq(tree->node[0].feature, 0);
        ck_assert_double_eq(tree->node[0].edge, edge);
        ck_assert_double_eq(tree->node[tree->node[0].child].value, below);
        ck_assert_double_eq(tree->node[tree->node[0].child + 1].value, above);
    }
}

START_TEST(test_a_step_is_cut_between_two_levels)
{
    add((struct param){.name = "i", .kind = PARAM_INT, .high = 3});
    for (size_t i = 0; i < 40; i++) {
        unit[i][0] = param_encode(&space.params[0], (double)(i % 4));
        value[i] = i % 4 >= 2 ? 7 : -1;
    }
    struct forest forest = grow(40, 8, 1, 1);
    check_one_cut(&forest, 0.5, -1, 7);
}
END_TEST

START_TEST(test_a_log_int_is_cut_at_the_edge_of_a_slot)
{
    add((struct param){
        .name = "i", .kind = PARAM_INT, .low = 1, .high = 4, .log = true});
    for (size_t i = 0; i < 40; i++) {
        unit[i][0] = param_encode(&space.params[0], 1 + (double)(i % 4));
        value[i] = i % 4 > 0;
    }
    struct forest forest = grow(40, 8, 1, 1);
    // 1 owns ln [1/2, 3/2] of ln [1/2, 9/2]: ln 3 / ln 9 = 1/2
    check_one_cut(&forest, slot_of_level(&space.params[0], 0).high, 0, 1);
    ck_assert_double_eq_tol(forest.tree[0].node[0].edge, 0.5, 1e-15);
}
END_TEST

START_TEST(test_a_continuous_cut_is_halfway_between_two_values)
{
    add_float("x");
    for (size_t i = 0; i < 100; i++) {
        unit[i][0] = ((double)i + 0.5) / 100;
        value[i] = i >= 50;
    }
    struct forest forest = grow(100, 8, 1, 1);
    for (size_t t = 0; t < 8; t++) {
        // (i + 1/2) / 100 and (j + 1/2) / 100, of which the bootstrap has those
        // next to 1/2 but for a few
        double edge = forest.tree[t].node[0].edge;
        ck_assert_uint_eq(forest.tree[t].n, 3);
        ck_assert_double_eq_tol(edge, 0.5, 0.03);
        ck_assert_double_eq_tol(edge * 200, rint(edge * 200), 1e-9);
    }
}
END_TEST

START_TEST(test_choices_stand_in_the_order_of_their_means)
{
    // 0 and 2 are good, 1 and 3 are not: one cut is enough
    add_choices("c", 4);
    for (size_t i = 0; i < 40; i++) {
        unit[i][0] = ((double)(i % 4) + 0.5) / 4;
        value[i] = i % 2 ? 5 : -1;
    }
    struct forest forest = grow(40, 8, 1, 1);
    check_one_cut(&forest, 0.5, -1, 5);
}
END_TEST

START_TEST(test_a_choice_without_results_stands_in_the_middle)
{
    // the means are 0, -, 3, 6: in this order again, with 1 or 2 at 3
    add_choices("c", 4);
    for (size_t i = 0; i < 30; i++) {
        size_t choice = (size_t[]){0, 2, 3}[i % 3];
        unit[i][0] = ((double)choice + 0.5) / 4;
        value[i] = 3 * (double)(i % 3);
    }
    struct forest forest = grow(30, 1, 1, 1);
    double at[] = {0.125, 0.625, 0.875};
    for (size_t i = 0; i < 3; i++)
        ck_assert_double_eq(predict(&forest, &at[i]), 3 * (double)i);
}
END_TEST

START_TEST(test_no_leaf_is_smaller_than_asked)
{
    add_float("x");
    for (size_t i = 0; i < 100; i++) {
        unit[i][0] = ((double)i + 0.5) / 100;
        value[i] = (double)(i * i);
    }
    struct forest forest = grow(100, 8, 10, 1);
    for (size_t t = 0; t < 8; t++) {
        ck_assert_uint_gt(forest.tree[t].n, 7);
        // 100 results make at most 10 leaves of 10, so 19 nodes
        ck_assert_uint_le(forest.tree[t].n, 19);
    }
}
END_TEST

START_TEST(test_equal_values_make_one_leaf)
{
    add_float("x");
    for (size_t i = 0; i < 50; i++) {
        unit[i][0] = ((double)i + 0.5) / 50;
        value[i] = 0.1;
    }
    struct forest forest = grow(50, 8, 1, 1);
    for (size_t t = 0; t < 8; t++) {
        ck_assert_uint_eq(forest.tree[t].n, 1);
        ck_assert_uint_eq(forest.tree[t].node[0].feature, FOREST_LEAF);
        ck_assert_double_eq_tol(forest.tree[t].node[0].value, 0.1, 1e-15);
    }
}
END_TEST

START_TEST(test_one_result_makes_one_leaf)
{
    add_float("x");
    unit[0][0] = 0.3;
    value[0] = 5;
    struct forest forest = grow(1, 2, 1, 1);
    ck_assert_uint_eq(forest.tree[1].n, 1);
    ck_assert_double_eq(forest.tree[1].node[0].value, 5);
}
END_TEST

START_TEST(test_a_condition_is_seen_in_the_parameter_that_it_asks)
{
    add((struct param){.name = "on", .kind = PARAM_BOOL});
    struct condition condition = {.n = 1, .values = (double[]){1}};
    add((struct param){.name = "x",
                       .kind = PARAM_FLOAT,
                       .high = 1,
                       .n_conditions = 1,
                       .conditions = &condition});
    for (size_t i = 0; i < 100; i++) {
        bool on = i % 2;
        unit[i][0] = on ? 0.75 : 0.25;
        unit[i][1] = on ? ((double)i + 0.5) / 100 : NAN;
        value[i] = on ? 10 + unit[i][1] : 3;
    }
    struct forest forest = grow(100, 8, 1, 1);
    for (size_t t = 0; t < 8; t++) {
        const struct forest_node *node = forest.tree[t].node;
        ck_assert_uint_eq(node[0].feature, 0);
        ck_assert_double_eq(node[0].edge, 0.5);
        ck_assert_uint_eq(node[node[0].child].feature, FOREST_LEAF);
        ck_assert_double_eq(node[node[0].child].value, 3);
        ck_assert_uint_eq(node[node[0].child + 1].feature, 1);
    }
}
END_TEST

static double smooth(const double *u)
{
    return sin(3 * u[0]) + u[1] * u[1] + u[0] * u[1];
}

static void draw(size_t n)
{
    struct rng rng = rng_at(1, 0);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < space.n; k++)
            unit[i][k] = rng_uniform(&rng);
        value[i] = smooth(unit[i]);
    }
}

START_TEST(test_a_forest_foretells_what_it_has_not_seen)
{
    add_float("x");
    add_float("y");
    add_float("irrelevant");
    draw(400);
    struct forest forest = grow(300, 32, 3, 1);
    double mean = 0, error = 0, variance = 0;
    for (size_t i = 300; i < 400; i++)
        mean += value[i] / 100;
    for (size_t i = 300; i < 400; i++) {
        error += pow(predict(&forest, unit[i]) - value[i], 2);
        variance += pow(value[i] - mean, 2);
    }
    ck_assert_double_lt(error, 0.05 * variance);
}
END_TEST

START_TEST(test_a_seed_grows_the_same_forest_again)
{
    add_float("x");
    add_float("y");
    draw(100);
    struct forest a = grow(100, 4, 1, 1), b = grow(100, 4, 1, 1);
    struct forest c = grow(100, 4, 1, 2);
    bool differs = false;
    for (size_t t = 0; t < 4; t++) {
        ck_assert_uint_eq(a.tree[t].n, b.tree[t].n);
        differs |= a.tree[t].n != c.tree[t].n;
        for (size_t i = 0; i < a.tree[t].n; i++) {
            const struct forest_node *p = &a.tree[t].node[i];
            const struct forest_node *q = &b.tree[t].node[i];
            ck_assert(p->feature == q->feature && p->child == q->child);
            ck_assert(p->edge == q->edge && p->value == q->value);
        }
    }
    ck_assert(differs);
}
END_TEST

static size_t depth(const struct forest_node *node, size_t i)
{
    if (node[i].feature == FOREST_LEAF)
        return 0;
    size_t below = depth(node, node[i].child);
    size_t above = depth(node, node[i].child + 1);
    return 1 + (below > above ? below : above);
}

START_TEST(test_trees_are_not_too_deep)
{
    // the best cut always takes the largest value off
    add_float("x");
    for (size_t i = 0; i < 200; i++) {
        unit[i][0] = ((double)i + 0.5) / 200;
        value[i] = pow(4, (double)i);
    }
    struct forest forest = grow(200, 4, 1, 1);
    for (size_t t = 0; t < 4; t++)
        ck_assert_uint_eq(depth(forest.tree[t].node, 0), FOREST_MAX_DEPTH);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("forest");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_a_step_is_cut_between_two_levels);
    tcase_add_test(tests, test_a_log_int_is_cut_at_the_edge_of_a_slot);
    tcase_add_test(tests, test_a_continuous_cut_is_halfway_between_two_values);
    tcase_add_test(tests, test_choices_stand_in_the_order_of_their_means);
    tcase_add_test(tests, test_a_choice_without_results_stands_in_the_middle);
    tcase_add_test(tests, test_no_leaf_is_smaller_than_asked);
    tcase_add_test(tests, test_equal_values_make_one_leaf);
    tcase_add_test(tests, test_one_result_makes_one_leaf);
    tcase_add_test(tests,
                   test_a_condition_is_seen_in_the_parameter_that_it_asks);
    tcase_add_test(tests, test_a_forest_foretells_what_it_has_not_seen);
    tcase_add_test(tests, test_a_seed_grows_the_same_forest_again);
    tcase_add_test(tests, test_trees_are_not_too_deep);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
