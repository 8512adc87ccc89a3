// SPDX-License-Identifier: GPL-3.0-or-later
// test_sampler_grid.c - every cell of a finite space, once

#include "samplers.h"

// A trial of the grid ends as one of four; one in `losses` is lost.
static void tell(struct history *history, size_t number, struct rng *rng,
                 uint64_t losses)
{
    static const enum trial_state ends[] = {TRIAL_COMPLETE, TRIAL_PRUNED,
                                            TRIAL_FAILED, TRIAL_INFEASIBLE};
    if (losses && rng_below(rng, losses) == 0)
        history_move(history, number,
                     rng_below(rng, 2) ? TRIAL_LOST : TRIAL_CANCELLED, NAN);
    else
        history_move(history, number, ends[rng_below(rng, 4)], 1);
}

static bool holds(const struct history *history, size_t i)
{
    return history->state[i] != TRIAL_LOST &&
           history->state[i] != TRIAL_CANCELLED;
}

// Asks until the grid is exhausted, with some trials running at any time, and
// checks that each cell was held once.
static void exhaust(const struct space *space, uint64_t seed, uint64_t losses)
{
    struct rng rng = rng_at(5, seed);
    struct history history;
    struct question question;
    history_init(&history, space);
    question_init(&question, sampler_find("grid"), &history);
    question.task.seed = seed;
    size_t cells = (size_t)space_cells(space), held = 0;
    for (;;) {
        struct answer answer = ask(&question, history.n);
        if (answer.status && history.count[TRIAL_RUNNING] == 0)
            break;
        if (answer.status == 0)
            history_append(&history, TRIAL_RUNNING, answer.point);
        size_t running = history.count[TRIAL_RUNNING];
        if (answer.status || running > 3)
            tell(&history, history.running[rng_below(&rng, running)], &rng,
                 losses);
    }
    for (size_t i = 0; i < history.n; i++)
        held += holds(&history, i);
    ck_assert_uint_eq(held, cells);
    ck_assert(losses || history.n == cells);
    history_done(&history);
}

START_TEST(test_grid_visits_every_cell_once)
{
    struct rng rng = rng_at(6, 0);
    struct error err = {0};
    int spaces = 0;
    while (spaces < 60) {
        struct space space;
        space_init(&space);
        size_t n = 1 + (size_t)rng_below(&rng, 4);
        while (space.n < n)
            ck_assert_int_eq(random_param_add(&space, &rng, true, &err), 0);
        if (space_cells(&space) <= 300) {
            exhaust(&space, (uint64_t)spaces, spaces % 3 ? 5 : 0);
            spaces++;
        }
        space_done(&space);
    }
}
END_TEST

START_TEST(test_grid_skips_cells_that_users_enqueued)
{
    struct space space;
    struct history history;
    struct question question;
    fill_space(&space, BOOL, 2);
    history_init(&history, &space);
    question_init(&question, sampler_find("grid"), &history);
    history_append(&history, TRIAL_QUEUED, (double[]){1, 0});
    history_append(&history, TRIAL_QUEUED, (double[]){1, 0});
    for (int i = 0; i < 3; i++) {
        struct answer answer = ask(&question, history.n);
        ck_assert_int_eq(answer.status, 0);
        ck_assert(answer.point[0] != 1 || answer.point[1] != 0);
        history_append(&history, TRIAL_RUNNING, answer.point);
    }
    struct answer last = ask(&question, history.n);
    ck_assert_int_eq(last.err.code, ERROR_EXHAUSTED);
    ck_assert_str_eq(last.err.message, "all 4 cells of the grid are taken");
    history_done(&history);
    space_done(&space);
}
END_TEST

// A replay of an early ask finds the answer of then, with all results known.
START_TEST(test_grid_can_be_replayed)
{
    struct space space;
    struct history history;
    struct question question;
    fill_space(&space, INT_STEP, 2);
    history_init(&history, &space);
    question_init(&question, sampler_find("grid"), &history);
    for (size_t i = 0; i < 64; i++) {
        struct answer answer = ask(&question, i);
        history_append(&history, TRIAL_RUNNING, answer.point);
        history_move(&history, i, TRIAL_COMPLETE, 0);
    }
    for (size_t i = 0; i < 64; i++) {
        struct answer answer = ask(&question, i);
        ck_assert(space_same(&space, answer.point, history_point(&history, i)));
    }
    history_done(&history);
    space_done(&space);
}
END_TEST

START_TEST(test_grid_refuses_what_it_cannot_enumerate)
{
    const struct sampler *grid = sampler_find("grid");
    static const struct {
        enum shape shape;
        size_t n;
        double resolution;
        const char *message;
    } cases[] = {
        {FLOAT_LOG, 2, 0,
         "grid needs a step for the continuous parameter 'p0', or the option "
         "resolution"},
        {FLOAT_LOG, 2, 10, NULL},
        {FLOAT_LOG, 100, 10, "grid must have at most 2^53 cells, not 1e+100"},
        {BOOL, 54, 0, "grid must have at most 2^53 cells, not 1.80144e+16"},
        {BOOL, 53, 0, NULL},
        {FLOAT_NARROW, 1, 2, NULL},
        {FLOAT_NARROW, 1, 3,
         "grid finds fewer than 3 numbers in the range of 'p0'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct space space;
        struct error err = {0};
        double options[OPTION_MAX];
        option_defaults(grid->options, grid->n_options, options);
        ck_assert_int_eq(option_set(grid->options, grid->n_options,
                                    "resolution", cases[i].resolution, options,
                                    &err),
                         0);
        fill_space(&space, cases[i].shape, cases[i].n);
        int status = grid->check(&space, options, &err);
        ck_assert_int_eq(status, cases[i].message ? -1 : 0);
        ck_assert_str_eq(err.message, cases[i].message ? cases[i].message : "");
        space_done(&space);
    }
}
END_TEST

// A grid of 150^2 cells: models are kept for 256 results, and asks do not
// go through the history again.
START_TEST(test_grid_of_22500_cells_ends_with_the_last_one)
{
    const struct sampler *grid = sampler_find("grid");
    struct space space;
    struct history history;
    struct error err = {0};
    space_init(&space);
    static char x[] = "x", y[] = "y";
    struct param p = {.name = x, .kind = PARAM_INT, .low = 1, .high = 150};
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
    p.name = y;
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
    history_init(&history, &space);
    double options[OPTION_MAX], point[2];
    option_defaults(grid->options, grid->n_options, options);
    struct sampler_task task = {
        .space = &space, .history = &history, .options = options, .seed = 77};
    struct arena arena;
    arena_init(&arena);
    struct model *model = grid->fit(&task, 0, NULL);
    size_t seen = 0;
    while (grid->suggest(&task, model, history.n, &arena,
                         &(struct suggestion){.point = point}, &err) == 0) {
        size_t number = history_append(&history, TRIAL_RUNNING, point);
        history_move(&history, number, TRIAL_COMPLETE, 0);
        arena_reset(&arena);
        size_t wanted = grid->fit_length(&task, history.n_ended);
        if (wanted != seen && wanted % 256 == 0) {
            grid->model_free(model);
            model = grid->fit(&task, wanted, NULL);
            seen = wanted;
        }
    }
    ck_assert_int_eq(err.code, ERROR_EXHAUSTED);
    ck_assert_uint_eq(history.n, 22500);
    static char visited[150][150];
    for (size_t i = 0; i < history.n; i++) {
        const double *cell = history_point(&history, i);
        ck_assert_int_eq(visited[(int)cell[0] - 1][(int)cell[1] - 1]++, 0);
    }
    grid->model_free(model);
    arena_done(&arena);
    history_done(&history);
    space_done(&space);
}
END_TEST

static void fill(TCase *tests)
{
    tcase_add_test(tests, test_grid_visits_every_cell_once);
    tcase_add_test(tests, test_grid_skips_cells_that_users_enqueued);
    tcase_add_test(tests, test_grid_can_be_replayed);
    tcase_add_test(tests, test_grid_refuses_what_it_cannot_enumerate);
    tcase_add_test(tests, test_grid_of_22500_cells_ends_with_the_last_one);
}

int main(void)
{
    return run_case("grid", fill);
}
