// SPDX-License-Identifier: GPL-3.0-or-later
// test_samplers.c - what every sampler of the registry promises
//
// Each sampler meets each kind of parameter, alone and a hundred times, and a
// tree of conditions, with each kind of past. A suggestion is valid, depends on
// nothing but the task and the number, and arrives.

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../random_space.h"
#include "sampler.h"

void openblas_set_num_threads(int threads);

enum { MOST_PARAMS = 100 };

// ---- spaces -----------------------------------------------------------------

enum shape {
    FLOAT_LINEAR,
    FLOAT_LOG,
    FLOAT_STEP,
    FLOAT_FIXED,
    FLOAT_HUGE,
    FLOAT_NARROW,
    INT_LINEAR,
    INT_STEP,
    INT_LOG,
    INT_HUGE,
    CATEGORICAL,
    CATEGORICAL_ONE,
    BOOL,
    DISCRETE,
    MIXED, // all kinds, with conditions
    SHAPES
};

static char a[] = "\"a\"", b[] = "\"b\"", c[] = "\"c\"";
static char *choices[] = {a, b, c};
static double levels[] = {-1, 0.5, 3, 100};

static const struct param shapes[MIXED] = {
    [FLOAT_LINEAR] = {.kind = PARAM_FLOAT, .low = -2, .high = 3},
    [FLOAT_LOG] = {.kind = PARAM_FLOAT, .low = 1e-5, .high = 10, .log = true},
    [FLOAT_STEP] = {.kind = PARAM_FLOAT, .low = 0, .high = 1, .step = 0.1},
    [FLOAT_FIXED] = {.kind = PARAM_FLOAT, .low = 2, .high = 2},
    [FLOAT_HUGE] = {.kind = PARAM_FLOAT, .low = -1.7e308, .high = 1.7e308},
    [FLOAT_NARROW] = {.kind = PARAM_FLOAT, .low = 1, .high = 1 + 0x1p-52},
    [INT_LINEAR] = {.kind = PARAM_INT, .low = -3, .high = 5, .step = 1},
    [INT_STEP] = {.kind = PARAM_INT, .low = 16, .high = 128, .step = 16},
    [INT_LOG] = {.kind = PARAM_INT, .low = 1, .high = 9, .log = true},
    [INT_HUGE] = {.kind = PARAM_INT, .low = -0x1p53, .high = 0x1p53},
    [CATEGORICAL] = {.kind = PARAM_CATEGORICAL,
                     .n_choices = 3,
                     .choices = choices},
    [CATEGORICAL_ONE] = {.kind = PARAM_CATEGORICAL,
                         .n_choices = 1,
                         .choices = choices},
    [BOOL] = {.kind = PARAM_BOOL},
    [DISCRETE] = {.kind = PARAM_DISCRETE, .n_choices = 4, .levels = levels},
};

static void fill_space(struct space *space, enum shape shape, size_t n)
{
    struct error err = {0};
    struct rng rng = rng_at(1, n);
    space_init(space);
    while (space->n < n) {
        if (shape == MIXED) {
            ck_assert_int_eq(random_param_add(space, &rng, n == 1, &err), 0);
            continue;
        }
        char name[24];
        snprintf(name, sizeof name, "p%zu", space->n);
        struct param p = shapes[shape];
        p.name = name;
        ck_assert_int_eq(space_add(space, &p, &err), 0);
    }
}

// ---- pasts ------------------------------------------------------------------

enum past {
    NONE,
    ONE,
    ALL_FAILED,
    TIED,
    CONSTANT,
    PENDING,
    DUPLICATED,
    NAN_VALUES,
    ALL_STATES,
    LONG,
    PASTS
};

static const size_t rows_of[PASTS] = {
    [NONE] = 0,         [ONE] = 1,       [ALL_FAILED] = 40, [TIED] = 60,
    [CONSTANT] = 60,    [PENDING] = 120, [DUPLICATED] = 60, [NAN_VALUES] = 60,
    [ALL_STATES] = 200, [LONG] = 3000,
};

static void append_row(struct history *history, enum past past, struct rng *rng)
{
    double unit[MOST_PARAMS], point[MOST_PARAMS];
    for (size_t k = 0; k < history->space->n; k++)
        unit[k] =
            past == DUPLICATED && rng_below(rng, 3) ? 0.3 : rng_uniform(rng);
    space_decode(history->space, unit, point);
    size_t i = history_append(history, TRIAL_RUNNING, point);
    double value = rng_normal(rng);
    switch (past) {
    case ALL_FAILED:
        history_move(history, i, TRIAL_FAILED, NAN);
        return;
    case TIED:
        value = floor(value);
        break;
    case CONSTANT:
        value = 7;
        break;
    case PENDING:
        if (i > 20)
            return;
        break;
    case NAN_VALUES:
        value = i % 3 ? value : NAN;
        break;
    case ALL_STATES: {
        enum trial_state s = (enum trial_state)rng_below(rng, TRIAL_STATES);
        history_report(history, i, (int64_t)(i % 7), value);
        history_move(history, i, s, i % 11 ? value : -INFINITY);
        return;
    }
    default:
        break;
    }
    history_move(history, i, TRIAL_COMPLETE, value);
}

static void fill_history(struct history *history, const struct space *space,
                         enum past past)
{
    struct rng rng = rng_at(2, past);
    history_init(history, space);
    for (size_t i = 0; i < rows_of[past]; i++)
        append_row(history, past, &rng);
}

// ---- asking -----------------------------------------------------------------

struct answer {
    int status;
    struct error err;
    double point[MOST_PARAMS];
};

static void default_options(const struct sampler *sampler, double *options)
{
    option_defaults(sampler->options, sampler->n_options, options);
}

static bool serves(const struct sampler *sampler, const struct space *space,
                   const double *options)
{
    struct error err = {0};
    if (!sampler->check || sampler->check(space, options, &err) == 0)
        return true;
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_str_ne(err.message, "");
    return false;
}

static struct answer ask(const struct sampler *sampler,
                         const struct history *history, uint64_t seed,
                         uint64_t number)
{
    double options[OPTION_MAX];
    default_options(sampler, options);
    struct sampler_task task = {.space = history->space,
                                .history = history,
                                .options = options,
                                .seed = seed};
    struct answer answer = {0};
    struct arena arena;
    arena_init(&arena);
    answer.status = sampler_suggest(sampler, &task, number, &arena,
                                    &(struct suggestion){.point = answer.point},
                                    &answer.err);
    arena_done(&arena);
    return answer;
}

static void check_answer(const struct sampler *sampler,
                         const struct space *space, const struct answer *answer,
                         enum past past)
{
    struct error err = {0};
    if (answer->status)
        ck_assert_msg(
            answer->err.code == ERROR_EXHAUSTED && !isinf(space_cells(space)),
            "%s, past %d: %s", sampler->name, (int)past, answer->err.message);
    else if (space_check(space, answer->point, &err))
        ck_abort_msg("%s, past %d: %s", sampler->name, (int)past, err.message);
}

static bool equal(const struct answer *x, const struct answer *y, size_t n)
{
    return x->status == y->status &&
           (x->status || memcmp(x->point, y->point, n * sizeof *x->point) == 0);
}

// ---- the contract -----------------------------------------------------------

START_TEST(test_registry_finds_every_sampler_by_name)
{
    ck_assert_uint_ge(n_samplers, 4);
    for (size_t i = 0; i < n_samplers; i++) {
        ck_assert_ptr_eq(sampler_find(samplers[i]->name), samplers[i]);
        ck_assert_str_ne(samplers[i]->help, "");
        ck_assert_uint_le(samplers[i]->n_options, OPTION_MAX);
        for (size_t j = 0; j < samplers[i]->n_options; j++) {
            const struct option *o = &samplers[i]->options[j];
            double values[OPTION_MAX];
            struct error err = {0};
            default_options(samplers[i], values);
            ck_assert_msg(
                option_set(o, 1, o->name, o->standard, values, &err) == 0, "%s",
                err.message);
        }
    }
    ck_assert_ptr_null(sampler_find("no such sampler"));
}
END_TEST

// _i: a sampler and a shape.
START_TEST(test_suggestions_are_valid_and_repeatable)
{
    const struct sampler *sampler = samplers[_i / SHAPES];
    enum shape shape = (enum shape)(_i % SHAPES);
    double options[OPTION_MAX];
    default_options(sampler, options);
    for (size_t n = 1; n <= MOST_PARAMS; n += MOST_PARAMS - 1) {
        struct space space;
        fill_space(&space, shape, n);
        for (int p = 0; p < PASTS && serves(sampler, &space, options); p++) {
            struct history history;
            enum past past = (enum past)p;
            fill_history(&history, &space, past);
            uint64_t seeds = past == LONG ? 1 : 3; // models of it take long
            for (uint64_t seed = 0; seed < seeds; seed++) {
                struct answer x = ask(sampler, &history, seed, history.n);
                struct answer y = ask(sampler, &history, seed, history.n);
                check_answer(sampler, &space, &x, past);
                ck_assert(equal(&x, &y, n));
            }
            history_done(&history);
        }
        space_done(&space);
    }
}
END_TEST

START_TEST(test_every_sampler_serves_some_finite_space)
{
    struct space space;
    double options[OPTION_MAX];
    fill_space(&space, INT_LINEAR, 1);
    default_options(samplers[_i], options);
    ck_assert(serves(samplers[_i], &space, options));
    space_done(&space);
}
END_TEST

// Trials that were handed out after this one do not change it, in a space
// where their points would be avoided.
START_TEST(test_rows_at_or_above_the_number_are_ignored)
{
    const struct sampler *sampler = samplers[_i];
    for (int shape = 0; shape < SHAPES; shape++) {
        struct space space;
        struct history history;
        double options[OPTION_MAX];
        fill_space(&space, (enum shape)shape, 3);
        default_options(sampler, options);
        fill_history(&history, &space, TIED);
        size_t number = history.n;
        struct rng rng = rng_at(3, 0);
        bool served = serves(sampler, &space, options);
        struct answer before = {0}, after = {0};
        if (served)
            before = ask(sampler, &history, 5, number);
        for (int i = 0; i < 2 && served && before.status == 0; i++)
            history_append(&history, TRIAL_RUNNING, before.point);
        for (int i = 0; i < 30; i++)
            append_row(&history, i % 2 ? PENDING : TIED, &rng);
        // Only running ones: results are the model's, whoever told them.
        for (size_t i = number; i < history.n; i++)
            history_move(&history, i, i % 2 ? TRIAL_RUNNING : TRIAL_QUEUED,
                         NAN);
        if (served)
            after = ask(sampler, &history, 5, number);
        ck_assert_msg(equal(&before, &after, 3), "%s, shape %d", sampler->name,
                      shape);
        history_done(&history);
        space_done(&space);
    }
}
END_TEST

START_TEST(test_seeds_and_numbers_give_different_points)
{
    // 11 levels or more in each of 5 parameters: two equal points among 20
    // have a probability of 190 / 11^5, about 0.1 %, for any fixed seeds.
    const struct sampler *sampler = samplers[_i];
    struct space space;
    struct history history;
    fill_space(&space, FLOAT_STEP, 5);
    fill_history(&history, &space, NONE);
    struct answer answers[40];
    for (uint64_t i = 0; i < 40; i++)
        answers[i] = i < 20 ? ask(sampler, &history, i, 0)
                            : ask(sampler, &history, 4711, i - 20);
    for (int i = 0; i < 40; i++)
        for (int j = 0; j < i; j++) {
            // The grid's order depends on the past alone, not the number.
            bool order = i >= 20 && j >= 20 && sampler->fit_length &&
                         strcmp(sampler->name, "grid") == 0;
            ck_assert(order || !equal(&answers[i], &answers[j], 5));
        }
    history_done(&history);
    space_done(&space);
}
END_TEST

// _i: a sampler. With no parameters, few points, and without end.
START_TEST(test_how_much_a_model_has_seen_never_decreases)
{
    const struct sampler *sampler = samplers[_i];
    static const struct {
        enum shape shape;
        size_t n;
    } spaces[] = {{BOOL, 0}, {BOOL, 3}, {FLOAT_LINEAR, 5}, {CATEGORICAL, 5}};
    double options[OPTION_MAX];
    option_defaults(sampler->options, sampler->n_options, options);
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        struct space space;
        struct history history;
        fill_space(&space, spaces[i].shape, spaces[i].n);
        history_init(&history, &space);
        struct sampler_task task = {
            .space = &space, .history = &history, .options = options};
        size_t last = 0;
        for (size_t n = 0; sampler->fit_length && n < 20000; n++) {
            size_t seen = sampler->fit_length(&task, n);
            ck_assert_uint_le(seen, n);
            ck_assert_uint_ge(seen, last);
            last = seen;
        }
        history_done(&history);
        space_done(&space);
    }
}
END_TEST

// Each model of a study that grows is used for as long as fit_length asks for
// it, and helps to fit the next: kept or fitted anew, the answer is the same.
START_TEST(test_a_kept_model_answers_like_a_fresh_one)
{
    const struct sampler *sampler = samplers[_i];
    if (!sampler->fit_length)
        return;
    struct space space;
    struct history history;
    struct error err = {0};
    double options[OPTION_MAX];
    struct arena arena;
    arena_init(&arena);
    fill_space(&space, INT_STEP, 4);
    history_init(&history, &space);
    default_options(sampler, options);
    struct sampler_task task = {
        .space = &space, .history = &history, .options = options, .seed = 9};
    struct model *kept = sampler->fit(&task, 0, NULL);
    size_t seen = 0;
    struct rng rng = rng_at(4, 0);
    for (int i = 0; i < 300; i++) {
        append_row(&history, i % 5 ? TIED : ALL_STATES, &rng);
        size_t wanted = sampler->fit_length(&task, history.n_ended);
        if (wanted != seen) {
            struct model *next = sampler->fit(&task, wanted, kept);
            sampler->model_free(kept);
            kept = next;
            seen = wanted;
        }
        struct answer fresh = ask(sampler, &history, 9, history.n);
        struct answer cached = {0};
        cached.status =
            sampler->suggest(&task, kept, history.n, &arena,
                             &(struct suggestion){.point = cached.point}, &err);
        ck_assert(equal(&fresh, &cached, space.n));
        arena_reset(&arena);
    }
    sampler->model_free(kept);
    sampler->model_free(sampler->fit(&task, 0, NULL));
    arena_done(&arena);
    history_done(&history);
    space_done(&space);
}
END_TEST

START_TEST(test_a_space_without_parameters_is_served)
{
    struct space space;
    struct history history;
    space_init(&space);
    history_init(&history, &space);
    struct answer answer = ask(samplers[_i], &history, 1, 0);
    ck_assert_int_eq(answer.status, 0);
    history_done(&history);
    space_done(&space);
}
END_TEST

// ---- grid -------------------------------------------------------------------

static bool same(const double *x, const double *y, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (x[k] != y[k] && !(isnan(x[k]) && isnan(y[k])))
            return false;
    return true;
}

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
    const struct sampler *grid = sampler_find("grid");
    struct rng rng = rng_at(5, seed);
    struct history history;
    history_init(&history, space);
    size_t cells = (size_t)space_cells(space), held = 0;
    for (;;) {
        struct answer answer = ask(grid, &history, seed, history.n);
        check_answer(grid, space, &answer, NONE);
        if (answer.status && history.count[TRIAL_RUNNING] == 0)
            break;
        if (answer.status == 0) {
            for (size_t i = 0; i < history.n; i++)
                ck_assert(
                    !holds(&history, i) ||
                    !same(history_point(&history, i), answer.point, space->n));
            history_append(&history, TRIAL_RUNNING, answer.point);
        }
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
    fill_space(&space, BOOL, 2);
    history_init(&history, &space);
    history_append(&history, TRIAL_QUEUED, (double[]){1, 0});
    history_append(&history, TRIAL_QUEUED, (double[]){1, 0});
    const struct sampler *grid = sampler_find("grid");
    for (int i = 0; i < 3; i++) {
        struct answer answer = ask(grid, &history, 1, history.n);
        ck_assert_int_eq(answer.status, 0);
        ck_assert(answer.point[0] != 1 || answer.point[1] != 0);
        history_append(&history, TRIAL_RUNNING, answer.point);
    }
    struct answer last = ask(grid, &history, 1, history.n);
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
    fill_space(&space, INT_STEP, 2);
    history_init(&history, &space);
    const struct sampler *grid = sampler_find("grid");
    for (size_t i = 0; i < 64; i++) {
        struct answer answer = ask(grid, &history, 1, i);
        history_append(&history, TRIAL_RUNNING, answer.point);
        history_move(&history, i, TRIAL_COMPLETE, 0);
    }
    for (size_t i = 0; i < 64; i++) {
        struct answer answer = ask(grid, &history, 1, i);
        ck_assert(same(answer.point, history_point(&history, i), 2));
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
        default_options(grid, options);
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
    default_options(grid, options);
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

int main(void)
{
    openblas_set_num_threads(1); // as the service does
    int n = (int)n_samplers;
    TCase *all = tcase_create("every sampler");
    tcase_set_timeout(all, 120);
    tcase_add_test(all, test_registry_finds_every_sampler_by_name);
    tcase_add_loop_test(all, test_suggestions_are_valid_and_repeatable, 0,
                        n * SHAPES);
    tcase_add_loop_test(all, test_every_sampler_serves_some_finite_space, 0, n);
    tcase_add_loop_test(all, test_rows_at_or_above_the_number_are_ignored, 0,
                        n);
    tcase_add_loop_test(all, test_seeds_and_numbers_give_different_points, 0,
                        n);
    tcase_add_loop_test(all, test_how_much_a_model_has_seen_never_decreases, 0,
                        n);
    tcase_add_loop_test(all, test_a_kept_model_answers_like_a_fresh_one, 0, n);
    tcase_add_loop_test(all, test_a_space_without_parameters_is_served, 0, n);
    TCase *grid = tcase_create("grid");
    tcase_set_timeout(grid, 120);
    tcase_add_test(grid, test_grid_visits_every_cell_once);
    tcase_add_test(grid, test_grid_skips_cells_that_users_enqueued);
    tcase_add_test(grid, test_grid_can_be_replayed);
    tcase_add_test(grid, test_grid_refuses_what_it_cannot_enumerate);
    tcase_add_test(grid, test_grid_of_22500_cells_ends_with_the_last_one);
    Suite *suite = suite_create("samplers");
    suite_add_tcase(suite, all);
    suite_add_tcase(suite, grid);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
