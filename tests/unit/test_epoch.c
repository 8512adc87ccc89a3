// SPDX-License-Identifier: GPL-3.0-or-later
// test_epoch.c - samples of a distribution and the points that they stand for

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "epoch.h"
#include "fold.h"

enum { N = 3, SAMPLES = 200 };

static struct arena arena;
static struct space space;
static struct history history;
static struct sampler_task task = {
    .space = &space, .history = &history, .seed = 4};

// A float, an integer and a log float, around a corner of the cube.
static struct epoch *make(double sigma)
{
    static char x[] = "x", y[] = "y", z[] = "z";
    struct error err = {0};
    struct param params[N] = {
        {.name = x, .kind = PARAM_FLOAT, .low = -3, .high = 7},
        {.name = y, .kind = PARAM_INT, .low = 1, .high = 20},
        {.name = z, .kind = PARAM_FLOAT, .low = 1e-6, .high = 1, .log = true}};
    static size_t axis[N] = {0, 1, 2};
    static double stretch[N] = {1, 1.5, 1};
    arena_init(&arena);
    space_init(&space);
    for (int k = 0; k < N; k++)
        ck_assert_int_eq(space_add(&space, &params[k], &err), 0);
    history_init(&history, &space);
    double mean[N] = {0.05, 0.5, 0.97};
    return epoch_copy(&(struct epoch){.n = N,
                                      .axis = axis,
                                      .cma = cma_new(N, mean, sigma, &arena),
                                      .stretch = stretch},
                      &arena);
}

static void unmake(void)
{
    history_done(&history);
    space_done(&space);
    arena_done(&arena);
}

// _i: the exponent of sigma.
START_TEST(test_samples_are_recalled_from_their_points)
{
    struct epoch *epoch = make(pow(10, -_i));
    double raw[N], again[N], point[N];
    for (uint64_t i = 0; i < SAMPLES; i++) {
        epoch_draw(epoch, &task, i, raw, point);
        uint32_t number =
            (uint32_t)history_append(&history, TRIAL_RUNNING, point);
        ck_assert(epoch_recall(epoch, &task, number, again));
        ck_assert_mem_eq(raw, again, sizeof raw);
    }
    unmake();
}
END_TEST

START_TEST(test_rounding_is_forgiven_and_nothing_else)
{
    struct epoch *epoch = make(0.1);
    double raw[N], point[N];
    for (uint64_t i = 0; i < SAMPLES; i += 2) {
        epoch_draw(epoch, &task, i, raw, point);
        point[0] = fmin(fmax(point[0] + 1e-9, -3), 7);
        uint32_t number =
            (uint32_t)history_append(&history, TRIAL_RUNNING, point);
        ck_assert(epoch_recall(epoch, &task, number, raw));
        epoch_draw(epoch, &task, i + 1, raw, point);
        point[1] += point[1] < 20 ? 1 : -1;
        number = (uint32_t)history_append(&history, TRIAL_RUNNING, point);
        ck_assert(!epoch_recall(epoch, &task, number, raw));
    }
    unmake();
}
END_TEST

// A raw place of a foreign point decodes to it: with a wide distribution it may
// be on either side of an edge, with a narrow one it is where that is.
START_TEST(test_foreign_points_get_a_place_that_stands_for_them)
{
    struct epoch *epoch = make(0.1);
    double raw[N];
    double point[N] = {-2.9, 7, 0.9}, unit[N];
    space_encode(&space, point, unit);
    for (int i = 0; i < SAMPLES; i++) {
        uint32_t number =
            (uint32_t)history_append(&history, TRIAL_RUNNING, point);
        epoch_place(epoch, &task, number, raw);
        ck_assert_double_eq_tol(fold(raw[0]), unit[0], 1e-12);
        ck_assert_double_eq_tol(fold(raw[2]), unit[2], 1e-12);
        ck_assert_double_eq_tol(0.5 + 1.5 * (raw[1] - 0.5), unit[1], 1e-12);
    }
    unmake();
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("epoch");
    tcase_add_loop_test(cases, test_samples_are_recalled_from_their_points, 0,
                        10);
    tcase_add_test(cases, test_rounding_is_forgiven_and_nothing_else);
    tcase_add_test(cases, test_foreign_points_get_a_place_that_stands_for_them);
    Suite *suite = suite_create("epoch");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
