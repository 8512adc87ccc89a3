// SPDX-License-Identifier: GPL-3.0-or-later
// test_contour_lines.c - polylines of values on a grid, and what is drawn of
// them

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "contour_grid.h"
#include "contour_lines.h"
#include "rng.h"
#include "spaces.h"

enum { SIDE = 41 };

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
    space_init(&space);
}

static void teardown(void)
{
    space_done(&space);
    arena_done(&arena);
}

// The distance from the middle less 12, by which a ring of radius 12 is 0.
static double ring(size_t i, size_t j)
{
    return hypot((double)i - 20, (double)j - 20) - 12;
}

static void fill(double *value)
{
    for (size_t j = 0; j < SIDE; j++)
        for (size_t i = 0; i < SIDE; i++)
            value[j * SIDE + i] = ring(i, j);
}

START_TEST(test_a_ring_is_one_closed_line)
{
    double value[SIDE * SIDE], length = 0;
    fill(value);
    struct contour_lines lines = contour_lines(value, SIDE, SIDE, &arena);
    ck_assert_uint_eq(lines.n, 1);
    ck_assert(lines.line[0].closed);
    size_t n = lines.line[0].n;
    for (size_t i = 0; i < n; i++) {
        const double *a = lines.line[0].xy + 2 * i;
        const double *b = lines.line[0].xy + 2 * ((i + 1) % n);
        // A chord of 1 in a circle of radius 12 is at most 1 / 96 off it.
        ck_assert_double_eq_tol(hypot(a[0] - 20, a[1] - 20), 12, 1.0 / 96);
        ck_assert_double_le(hypot(a[0] - b[0], a[1] - b[1]), M_SQRT2 + 1e-9);
        length += hypot(a[0] - b[0], a[1] - b[1]);
    }
    ck_assert_double_eq_tol(length, 2 * M_PI * 12, 0.2);
}
END_TEST

START_TEST(test_a_line_ends_at_the_edge_and_where_nothing_is_known)
{
    double value[SIDE * SIDE];
    fill(value);
    value[20 * SIDE + 32] = NAN; // on the ring
    struct contour_lines lines = contour_lines(value, SIDE, SIDE, &arena);
    ck_assert_uint_eq(lines.n, 1);
    ck_assert(!lines.line[0].closed);
    const double slope[6] = {-1, 0.5, 3, -1, 0.5, 3};
    lines = contour_lines(slope, 3, 2, &arena);
    ck_assert_uint_eq(lines.n, 1);
    ck_assert(!lines.line[0].closed);
    ck_assert_uint_eq(lines.line[0].n, 2);
    for (size_t i = 0; i < 2; i++)
        ck_assert_double_eq_tol(lines.line[0].xy[2 * i], 2.0 / 3, 1e-15);
    ck_assert_double_eq(fabs(lines.line[0].xy[1] - lines.line[0].xy[3]), 1);
}
END_TEST

START_TEST(test_no_change_of_sign_is_no_line)
{
    const double all[4] = {1, 2, 3, 0};
    ck_assert_uint_eq(contour_lines(all, 2, 2, &arena).n, 0);
    ck_assert_uint_eq(contour_lines(all, 4, 1, &arena).n, 0);
    ck_assert_uint_eq(contour_lines(all, 1, 4, &arena).n, 0);
}
END_TEST

// Does a line join the lower side of the cell with the right one?
static bool turns_right(const struct contour_lines *lines)
{
    for (size_t l = 0; l < lines->n; l++) {
        const double *a = lines->line[l].xy, *b = a + 2;
        if ((a[1] == 0 && b[0] == 1) || (b[1] == 0 && a[0] == 1))
            return true;
    }
    return false;
}

// Corners in the order of the array: (0, 0), (1, 0), (0, 1), (1, 1). The
// bilinear interpolant of {p, -q, -q, p} is (p^2 - q^2) / (2 p + 2 q) at its
// saddle point: positive for p > q, and then the corner (1, 0) is cut off.
START_TEST(test_a_saddle_is_decided_by_its_height)
{
    const double high[4] = {2, -1, -1, 2}, low[4] = {1, -2, -2, 1};
    struct contour_lines lines = contour_lines(high, 2, 2, &arena);
    ck_assert_uint_eq(lines.n, 2);
    ck_assert(turns_right(&lines));
    lines = contour_lines(low, 2, 2, &arena);
    ck_assert_uint_eq(lines.n, 2);
    ck_assert(!turns_right(&lines));
    // With the signs exchanged the pieces are the same.
    const double low_of_others[4] = {-1, 2, 2, -1};
    lines = contour_lines(low_of_others, 2, 2, &arena);
    ck_assert_uint_eq(lines.n, 2);
    ck_assert(!turns_right(&lines));
}
END_TEST

static size_t crossings(const double *value, size_t nx, size_t ny)
{
    size_t n = 0;
    for (size_t j = 0; j < ny; j++)
        for (size_t i = 0; i < nx; i++) {
            bool above = value[j * nx + i] >= 0;
            n += i + 1 < nx && (value[j * nx + i + 1] >= 0) != above;
            n += j + 1 < ny && (value[(j + 1) * nx + i] >= 0) != above;
        }
    return n;
}

START_TEST(test_every_crossed_side_is_on_one_line)
{
    enum { NX = 23, NY = 17 };
    double value[NX * NY];
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct rng rng = rng_at(seed, 0);
        for (size_t i = 0; i < NX * NY; i++)
            value[i] = rng_below(&rng, 7) ? rng_normal(&rng) : 0;
        arena_reset(&arena);
        struct contour_lines lines = contour_lines(value, NX, NY, &arena);
        size_t vertices = 0;
        for (size_t l = 0; l < lines.n; l++) {
            const struct contour_line *line = &lines.line[l];
            ck_assert_uint_ge(line->n, 2);
            vertices += line->n;
            for (size_t i = 0; i + 1 < line->n; i++) {
                const double *a = line->xy + 2 * i, *b = a + 2;
                ck_assert_double_le(fabs(a[0] - b[0]), 1);
                ck_assert_double_le(fabs(a[1] - b[1]), 1);
            }
        }
        ck_assert_uint_eq(vertices, crossings(value, NX, NY));
    }
}
END_TEST

// ---- within constraints -----------------------------------------------------

static struct contour_domain limited(const char *text)
{
    struct error err = {0};
    struct expression *constraint = arena_alloc(&arena, sizeof *constraint);
    add_floats(2);
    ck_assert_int_eq(expression_read(text, &space, &arena, constraint, &err),
                     0);
    struct contour_domain domain = {
        .space = &space, .n_constraints = 1, .constraints = constraint};
    ck_assert_int_eq(contour_domain_init(&domain, 1, &arena, &err), 0);
    return domain;
}

// A grid on which a curve is the ring, of radius 0.3 in the unit square.
static struct contour_grid ring_grid(void)
{
    struct contour_grid grid = {
        .slice = {.axis = {0, 1}, .n = {SIDE, SIDE}},
        .n = (size_t)SIDE * SIDE,
        .n_curves = 1,
        .valid = arena_doubles(&arena, (size_t)SIDE * SIDE),
    };
    grid.curve[0] = arena_alloc(&arena, grid.n * sizeof **grid.curve);
    for (size_t i = 0; i < grid.n; i++) {
        grid.valid[i] = 1;
        grid.curve[0][i] = (struct gp_prediction){ring(i % SIDE, i / SIDE), 2};
    }
    return grid;
}

START_TEST(test_lines_end_where_a_constraint_does)
{
    struct contour_domain domain = limited("b <= a");
    struct contour_grid grid = ring_grid();
    struct contour_lines lines =
        contour_grid_lines(&grid, &domain, 0, 0, &arena);
    ck_assert_uint_eq(lines.n, 1);
    ck_assert(!lines.line[0].closed);
    size_t last = lines.line[0].n - 1;
    double sum = 0;
    for (size_t end = 0; end < 2; end++) {
        const double *xy = lines.line[0].xy + 2 * end * last;
        ck_assert_double_eq_tol(xy[0], xy[1], 1e-8);
        ck_assert_double_eq_tol(fabs(xy[0] - 0.5), 0.3 * M_SQRT1_2, 1e-3);
        sum += xy[0];
    }
    ck_assert_double_eq_tol(sum, 1, 1e-3);
}
END_TEST

START_TEST(test_a_ring_may_be_cut_to_pieces)
{
    struct contour_domain domain = limited("abs(b - 0.5) < 0.1");
    struct contour_grid grid = ring_grid();
    struct contour_lines lines =
        contour_grid_lines(&grid, &domain, 0, 0, &arena);
    ck_assert_uint_eq(lines.n, 2);
    for (size_t l = 0; l < 2; l++) {
        const struct contour_line *line = &lines.line[l];
        ck_assert(!line->closed);
        double height = line->xy[2 * line->n - 1] - line->xy[1];
        ck_assert_double_eq_tol(fabs(height), 0.2, 1e-8);
    }
}
END_TEST

START_TEST(test_nothing_is_drawn_where_points_are_invalid)
{
    struct contour_domain domain = limited("a >= 0");
    struct contour_grid grid = ring_grid();
    for (size_t i = 0; i < grid.n; i++)
        grid.valid[i] = i % SIDE < 20 ? 0.4 : 0.9;
    struct contour_lines lines =
        contour_grid_lines(&grid, &domain, 0, 0, &arena);
    ck_assert_uint_eq(lines.n, 1);
    for (size_t i = 0; i < lines.line[0].n; i++)
        ck_assert_double_ge(lines.line[0].xy[2 * i], 0.5);
}
END_TEST

// A standard deviation is 2 nodes, 0.05, everywhere.
START_TEST(test_a_band_lies_on_both_sides)
{
    struct contour_domain domain = limited("a >= 0");
    struct contour_grid grid = ring_grid();
    for (int sigmas = -1; sigmas <= 1; sigmas++) {
        struct contour_lines lines =
            contour_grid_lines(&grid, &domain, 0, sigmas, &arena);
        ck_assert_uint_eq(lines.n, 1);
        ck_assert(lines.line[0].closed);
        for (size_t i = 0; i < lines.line[0].n; i++) {
            const double *xy = lines.line[0].xy + 2 * i;
            ck_assert_double_eq_tol(hypot(xy[0] - 0.5, xy[1] - 0.5),
                                    0.3 - 0.05 * sigmas, 1e-3);
        }
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("contour lines");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_a_ring_is_one_closed_line);
    tcase_add_test(tests,
                   test_a_line_ends_at_the_edge_and_where_nothing_is_known);
    tcase_add_test(tests, test_no_change_of_sign_is_no_line);
    tcase_add_test(tests, test_a_saddle_is_decided_by_its_height);
    tcase_add_test(tests, test_every_crossed_side_is_on_one_line);
    tcase_add_test(tests, test_lines_end_where_a_constraint_does);
    tcase_add_test(tests, test_a_ring_may_be_cut_to_pieces);
    tcase_add_test(tests, test_nothing_is_drawn_where_points_are_invalid);
    tcase_add_test(tests, test_a_band_lies_on_both_sides);
    Suite *suite = suite_create("contour lines");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
