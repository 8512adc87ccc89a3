// SPDX-License-Identifier: GPL-3.0-or-later
// test_fanova.c - the exact decomposition of trees, by hand and by formula

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "fanova.h"
#include "rng.h"

enum { CELLS = 32, DIMENSIONS = 3 };

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_done(&arena);
}

static struct forest_node leaf(double value)
{
    return (struct forest_node){.feature = FOREST_LEAF, .value = value};
}

static struct forest_node cut(uint32_t feature, double edge, uint32_t child)
{
    return (struct forest_node){
        .feature = feature, .edge = edge, .child = child};
}

#define TREE(...)                                                              \
    ((struct forest_tree){sizeof((struct forest_node[]){__VA_ARGS__}) /        \
                              sizeof(struct forest_node),                      \
                          (struct forest_node[]){__VA_ARGS__}})

static struct fanova decompose(size_t d, struct forest_tree *tree, size_t n)
{
    struct forest forest = {.d = d, .n_trees = n, .tree = tree};
    return fanova_of(&forest, true, &arena);
}

static void check(double is, double should)
{
    ck_assert_double_eq_tol(is, should, 1e-14);
}

START_TEST(test_a_step_belongs_to_its_parameter)
{
    struct forest_tree tree = TREE(cut(1, 0.25, 1), leaf(-3), leaf(8));
    struct fanova fanova = decompose(3, &tree, 1);
    check(fanova.single[0], 0);
    check(fanova.single[1], 1);
    check(fanova.single[2], 0);
    for (size_t i = 0; i < 9; i++)
        check(fanova.pair[i], 0);
}
END_TEST

START_TEST(test_exclusive_or_is_nothing_but_interaction)
{
    struct forest_tree tree =
        TREE(cut(0, 0.5, 1), cut(1, 0.5, 3), cut(1, 0.5, 5), leaf(0), leaf(1),
             leaf(1), leaf(0));
    struct fanova fanova = decompose(2, &tree, 1);
    check(fanova.single[0], 0);
    check(fanova.single[1], 0);
    check(fanova.pair[0 * 2 + 1], 1);
}
END_TEST

START_TEST(test_a_tree_that_cuts_one_side_only)
{
    // 0 for x < 1/2; else 4 for y < 1/4 and 8 above.
    // mean       (0 + (4 + 3 * 8) / 4) / 2 = 3.5
    // variance   1/2 3.5^2 + 1/8 0.5^2 + 3/8 4.5^2 = 13.75
    // of x       -3.5 and 7 - 3.5: 12.25
    // of y       4 / 2 - 3.5 = -1.5 (1/4) and 8 / 2 - 3.5 = 0.5 (3/4): 0.75
    // of both    13.75 - 12.25 - 0.75 = 0.75
    struct forest_tree tree =
        TREE(cut(0, 0.5, 1), leaf(0), cut(1, 0.25, 3), leaf(4), leaf(8));
    struct fanova fanova = decompose(2, &tree, 1);
    check(fanova.single[0], 12.25 / 13.75);
    check(fanova.single[1], 0.75 / 13.75);
    check(fanova.pair[1], 0.75 / 13.75);
}
END_TEST

START_TEST(test_a_parameter_cut_again_and_at_the_same_edge_elsewhere)
{
    // y < 1/2: 1, 3, 0 for x in [0, 1/4), [1/4, 1/2), above; y >= 1/2: 1 more
    // everywhere, cut at other edges: 2 | 4 | 1 the same way round.
    // of y: 1/4. of x: 1, 3, 0 with 1/4, 1/4, 1/2: mean 1, variance 1.5
    struct forest_tree tree = TREE(
        cut(1, 0.5, 1), cut(0, 0.5, 3), cut(0, 0.25, 5), cut(0, 0.25, 7),
        leaf(0), leaf(2), cut(0, 0.5, 9), leaf(1), leaf(3), leaf(4), leaf(1));
    struct fanova fanova = decompose(2, &tree, 1);
    check(fanova.single[0], 1.5 / 1.75);
    check(fanova.single[1], 0.25 / 1.75);
    check(fanova.pair[1], 0);
}
END_TEST

START_TEST(test_fractions_are_averaged_over_trees_with_variance)
{
    struct forest_tree trees[] = {
        TREE(cut(0, 0.5, 1), leaf(0), leaf(1)),
        TREE(leaf(4)),
        TREE(cut(0, 0.5, 1), cut(1, 0.5, 3), cut(1, 0.5, 5), leaf(0), leaf(9),
             leaf(9), leaf(0)),
    };
    struct fanova fanova = decompose(2, trees, 3);
    check(fanova.single[0], 0.5);
    check(fanova.single[1], 0);
    check(fanova.pair[1], 0.5);
}
END_TEST

START_TEST(test_without_variance_nothing_is_explained)
{
    struct forest_tree tree = TREE(cut(0, 0.5, 1), leaf(2), leaf(2));
    struct fanova fanova = decompose(2, &tree, 1);
    check(fanova.single[0], 0);
    check(fanova.pair[1], 0);
}
END_TEST

START_TEST(test_pairs_are_left_out_unless_asked_for)
{
    struct forest_tree tree = TREE(cut(0, 0.5, 1), leaf(0), leaf(1));
    struct forest forest = {.d = 2, .n_trees = 1, .tree = &tree};
    struct fanova fanova = fanova_of(&forest, false, &arena);
    ck_assert_ptr_null(fanova.pair);
    check(fanova.single[0], 1);
}
END_TEST

// ---- functions with known indices -------------------------------------------
// Cuts [low, high) of cells in halves, one coordinate after the other, until a
// leaf is one cell with the value at its centre.
static void build(struct forest_tree *tree, size_t i, size_t *low, size_t *high,
                  double (*f)(const double *))
{
    size_t k = 0;
    for (size_t l = 1; l < DIMENSIONS; l++)
        if (high[l] - low[l] > high[k] - low[k])
            k = l;
    if (high[k] - low[k] == 1) {
        double u[DIMENSIONS];
        for (size_t l = 0; l < DIMENSIONS; l++)
            u[l] = ((double)low[l] + 0.5) / CELLS;
        tree->node[i] = leaf(f(u));
        return;
    }
    size_t middle = (low[k] + high[k]) / 2, from = low[k], to = high[k];
    size_t child = tree->n;
    tree->n += 2;
    tree->node[i] = cut((uint32_t)k, (double)middle / CELLS, (uint32_t)child);
    high[k] = middle;
    build(tree, child, low, high, f);
    low[k] = middle, high[k] = to;
    build(tree, child + 1, low, high, f);
    low[k] = from;
}

static struct fanova decompose_function(double (*f)(const double *))
{
    size_t low[DIMENSIONS] = {0}, high[DIMENSIONS] = {CELLS, CELLS, CELLS};
    struct forest_tree tree = {.n = 1};
    tree.node = arena_zeros(&arena, (size_t)2 * CELLS * CELLS * CELLS,
                            sizeof *tree.node);
    build(&tree, 0, low, high, f);
    return decompose(DIMENSIONS, &tree, 1);
}

// T. Ishigami and T. Homma, "An importance quantification technique in
// uncertainty analysis for computer models", 1990; a = 7, b = 0.1.
static double ishigami(const double *u)
{
    double pi = acos(-1), x = pi * (2 * u[0] - 1), y = pi * (2 * u[1] - 1),
           z = pi * (2 * u[2] - 1);
    return sin(x) + 7 * pow(sin(y), 2) + 0.1 * pow(z, 4) * sin(x);
}

START_TEST(test_the_indices_of_the_ishigami_function)
{
    // S1 = (1 + b pi^4 / 5)^2 / 2 / V, S2 = a^2 / 8 / V, S3 = 0,
    // S13 = 8 b^2 pi^8 / 225 / V with V the sum of the three numerators; with
    // 32 cells z^4 loses half a percent of its variance
    struct fanova fanova = decompose_function(ishigami);
    ck_assert_double_eq_tol(fanova.single[0], 0.3139, 3e-3);
    ck_assert_double_eq_tol(fanova.single[1], 0.4424, 3e-3);
    check(fanova.single[2], 0);
    check(fanova.pair[0 * 3 + 1], 0);
    ck_assert_double_eq_tol(fanova.pair[0 * 3 + 2], 0.2437, 3e-3);
    check(fanova.pair[1 * 3 + 2], 0);
}
END_TEST

static const double a[] = {0, 1, 4.5};

// The g-function: I. Sobol, "Sensitivity estimates for nonlinear mathematical
// models", 1993.
static double g(const double *u)
{
    double product = 1;
    for (size_t k = 0; k < 3; k++)
        product *= (fabs(4 * u[k] - 2) + a[k]) / (1 + a[k]);
    return product;
}

START_TEST(test_the_indices_of_the_g_function)
{
    // V_k = 1 / (3 (1 + a_k)^2), V_kl = V_k V_l, V = prod (1 + V_k) - 1
    double v[3], all = 1;
    for (size_t k = 0; k < 3; k++) {
        v[k] = 1 / (3 * pow(1 + a[k], 2));
        all *= 1 + v[k];
    }
    struct fanova fanova = decompose_function(g);
    for (size_t k = 0; k < 3; k++) {
        ck_assert_double_eq_tol(fanova.single[k], v[k] / (all - 1), 1e-3);
        for (size_t l = k + 1; l < 3; l++)
            ck_assert_double_eq_tol(fanova.pair[k * 3 + l],
                                    v[k] * v[l] / (all - 1), 1e-3);
    }
}
END_TEST

static double additive(const double *u)
{
    return 3 * u[0] + 4 * u[1];
}

START_TEST(test_an_additive_function_has_no_interactions)
{
    // variances 9 / 12 and 16 / 12
    struct fanova fanova = decompose_function(additive);
    check(fanova.single[0], 9.0 / 25);
    check(fanova.single[1], 16.0 / 25);
    for (size_t i = 0; i < 9; i++)
        check(fanova.pair[i], 0);
}
END_TEST

// ---- grown forests ----------------------------------------------------------

static struct forest grown(struct space *space, size_t d, double (*unit)[3])
{
    struct error err = {0};
    char *names[] = {"x", "y", "z"};
    const double *row[60];
    double value[60];
    struct rng rng = rng_at(3, 0);
    for (size_t k = 0; k < d; k++)
        ck_assert(space_add(space,
                            &(struct param){.name = names[k],
                                            .kind = PARAM_FLOAT,
                                            .high = 1},
                            &err) == 0);
    for (size_t i = 0; i < 60; i++) {
        for (size_t k = 0; k < 3; k++)
            unit[i][k] = rng_uniform(&rng);
        row[i] = unit[i];
        value[i] = ishigami(unit[i]);
    }
    struct forest_plan plan = {.space = space,
                               .n = 60,
                               .unit = row,
                               .value = value,
                               .n_trees = 1,
                               .leaf = 4};
    return forest_grow(&plan, &arena);
}

START_TEST(test_two_parameters_and_their_interaction_explain_everything)
{
    struct space space;
    double unit[60][3];
    space_init(&space);
    struct forest forest = grown(&space, 2, unit);
    struct fanova fanova = fanova_of(&forest, true, &arena);
    ck_assert_double_gt(fanova.pair[1], 0.01);
    check(fanova.single[0] + fanova.single[1] + fanova.pair[1], 1);
    space_done(&space);
}
END_TEST

static double value_at(const struct forest_tree *tree, const double *u)
{
    const struct forest_node *here = tree->node;
    while (here->feature != FOREST_LEAF)
        here = tree->node + here->child + (u[here->feature] >= here->edge);
    return here->value;
}

// The cells between all edges that a tree has in coordinate k.
static size_t cells(const struct forest_tree *tree, size_t k, double *edge)
{
    size_t n = 0;
    edge[n++] = 0;
    edge[n++] = 1;
    for (size_t i = 0; i < tree->n; i++) {
        size_t at = n;
        if (tree->node[i].feature != k)
            continue;
        for (; at > 0 && edge[at - 1] > tree->node[i].edge; at--)
            edge[at] = edge[at - 1];
        edge[at] = tree->node[i].edge;
        n++;
    }
    return n - 1;
}

START_TEST(test_a_grown_tree_decomposes_as_the_definition_says)
{
    struct space space;
    double unit[60][3], edge[3][64];
    size_t n[3];
    space_init(&space);
    struct forest forest = grown(&space, 3, unit);
    for (size_t k = 0; k < 3; k++)
        n[k] = cells(forest.tree, k, edge[k]);
    // the marginals by summing over all cells of all three coordinates
    double marginal[3][64] = {{0}}, mean = 0, square = 0;
    size_t c[3];
    for (c[0] = 0; c[0] < n[0]; c[0]++)
        for (c[1] = 0; c[1] < n[1]; c[1]++)
            for (c[2] = 0; c[2] < n[2]; c[2]++) {
                double u[3], width[3], volume = 1;
                for (size_t k = 0; k < 3; k++) {
                    width[k] = edge[k][c[k] + 1] - edge[k][c[k]];
                    u[k] = edge[k][c[k]] + width[k] / 2;
                    volume *= width[k];
                }
                double f = value_at(forest.tree, u);
                mean += volume * f;
                square += volume * f * f;
                for (size_t k = 0; k < 3; k++)
                    if (width[k] > 0)
                        marginal[k][c[k]] += volume / width[k] * f;
            }
    struct fanova fanova = fanova_of(&forest, false, &arena);
    for (size_t k = 0; k < 3; k++) {
        double variance = 0;
        for (size_t i = 0; i < n[k]; i++)
            variance +=
                (edge[k][i + 1] - edge[k][i]) * pow(marginal[k][i] - mean, 2);
        ck_assert_double_gt(variance, 0);
        ck_assert_double_eq_tol(fanova.single[k],
                                variance / (square - mean * mean), 1e-12);
    }
    space_done(&space);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fanova");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_a_step_belongs_to_its_parameter);
    tcase_add_test(tests, test_exclusive_or_is_nothing_but_interaction);
    tcase_add_test(tests, test_a_tree_that_cuts_one_side_only);
    tcase_add_test(tests,
                   test_a_parameter_cut_again_and_at_the_same_edge_elsewhere);
    tcase_add_test(tests, test_fractions_are_averaged_over_trees_with_variance);
    tcase_add_test(tests, test_without_variance_nothing_is_explained);
    tcase_add_test(tests, test_pairs_are_left_out_unless_asked_for);
    tcase_add_test(tests, test_the_indices_of_the_ishigami_function);
    tcase_add_test(tests, test_the_indices_of_the_g_function);
    tcase_add_test(tests, test_an_additive_function_has_no_interactions);
    tcase_add_test(
        tests, test_two_parameters_and_their_interaction_explain_everything);
    tcase_add_test(tests, test_a_grown_tree_decomposes_as_the_definition_says);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
