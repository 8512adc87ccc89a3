// SPDX-License-Identifier: GPL-3.0-or-later
// samplers.h - spaces, questions and answers, for tests of the samplers
//
// Every answer is asked for twice, by sampler_suggest and with a model that
// goes on from an earlier one, and held against what sampler.h promises.

#ifndef CUMAE_TESTS_SAMPLERS_H
#define CUMAE_TESTS_SAMPLERS_H

#include <check.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../random_space.h"
#include "grid.h"
#include "restriction.h"
#include "sampler.h"

void openblas_set_num_threads(int threads);

enum { MOST_PARAMS = 100, MOST_OBJECTIVES = 5, WHY_BYTES = 400 };

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

static char choice_texts[][4] = {"\"a\"", "\"b\"", "\"c\""};
static char *choices[] = {choice_texts[0], choice_texts[1], choice_texts[2]};
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

static inline void fill_space(struct space *space, enum shape shape, size_t n)
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

// Appends a running trial at a random point.
static inline size_t append_random(struct history *history, struct rng *rng)
{
    double unit[MOST_PARAMS], point[MOST_PARAMS];
    for (size_t k = 0; k < history->space->n; k++)
        unit[k] = rng_uniform(rng);
    space_decode(history->space, unit, point);
    return history_append(history, TRIAL_RUNNING, point);
}

// Appends n complete trials with normal values, objectives and constraints.
static inline void append_complete(struct history *history, size_t n,
                                   struct rng *rng)
{
    double numbers[2 * MOST_OBJECTIVES];
    for (; n > 0; n--) {
        for (size_t k = 0; k < 2 * MOST_OBJECTIVES; k++)
            numbers[k] = rng_normal(rng);
        struct result result = {.state = TRIAL_COMPLETE,
                                .values = numbers,
                                .constraints = numbers + MOST_OBJECTIVES,
                                .variance = NAN};
        history_enter(history, append_random(history, rng), &result);
    }
}

// ---- questions --------------------------------------------------------------

struct question {
    const struct sampler *sampler;
    struct sampler_task task;
    double options[OPTION_MAX];
    const char *about; // what is special about it, for messages
};

struct answer {
    int status;
    struct error err;
    double point[MOST_PARAMS];
    char why[WHY_BYTES + 1];
};

// With the default options. `question` must not move.
static inline void question_init(struct question *question,
                                 const struct sampler *sampler,
                                 const struct history *history)
{
    *question = (struct question){.sampler = sampler, .about = ""};
    option_defaults(sampler->options, sampler->n_options, question->options);
    question->task = (struct sampler_task){.space = history->space,
                                           .history = history,
                                           .options = question->options};
}

static inline bool served(const struct question *question)
{
    const struct sampler *sampler = question->sampler;
    struct error err = {0};
    if (!sampler->check ||
        sampler->check(question->task.space, question->options, &err) == 0)
        return true;
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_str_ne(err.message, "");
    return false;
}

// Does a model of the past take the sampler long?
static inline bool slow(const struct question *question)
{
    return question->sampler->slow &&
           question->sampler->slow(&question->task,
                                   question->task.history->n_ended);
}

// NULL, or a text that people can read.
static inline void check_why(const struct question *question, const char *why)
{
    if (!why)
        return;
    json_t *text = json_string(why); // NULL: no valid UTF-8
    ck_assert_msg(text && why[0] && strlen(why) <= WHY_BYTES &&
                      !strstr(why, "nan") && !strstr(why, "inf"),
                  "%s, %s: '%s'", question->sampler->name, question->about,
                  why);
    json_decref(text);
}

static inline void ask_model(const struct question *question,
                             const struct model *model, uint64_t number,
                             struct answer *answer)
{
    struct arena arena;
    arena_init(&arena);
    *answer = (struct answer){0};
    struct suggestion out = {.point = answer->point};
    answer->status =
        model ? sampler_ask(question->sampler, &question->task, model, number,
                            &arena, &out, &answer->err)
              : sampler_suggest(question->sampler, &question->task, number,
                                &arena, &out, &answer->err);
    check_why(question, out.why);
    snprintf(answer->why, sizeof answer->why, "%s", out.why ? out.why : "");
    arena_done(&arena);
}

// Bit by bit.
static inline bool equal(const struct answer *x, const struct answer *y,
                         size_t d)
{
    return x->status == y->status && strcmp(x->why, y->why) == 0 &&
           (x->status || memcmp(x->point, y->point, d * sizeof *x->point) == 0);
}

// Asks with a model that goes on from one of half the results, twice.
static inline void ask_kept(const struct question *question, uint64_t number,
                            const struct answer *fresh)
{
    const struct sampler *sampler = question->sampler;
    const struct sampler_task *task = &question->task;
    struct answer answer;
    struct model *half = NULL, *model = NULL;
    if (sampler->fit_length) {
        size_t n = task->history->n_ended;
        half = sampler->fit(task, sampler->fit_length(task, n / 2), NULL);
        model = sampler->fit(task, sampler->fit_length(task, n), half);
        sampler->model_free(half);
    }
    for (int i = 0; i < (model ? 2 : 1); i++) {
        ask_model(question, model, number, &answer);
        ck_assert_msg(equal(fresh, &answer, task->space->n),
                      "%s, %s: another answer with a kept model", sampler->name,
                      question->about);
    }
    if (model)
        sampler->model_free(model);
}

// ---- answers ----------------------------------------------------------------

// Is the point that of a trial below `number`? Lost and cancelled ones do not
// count.
static inline bool taken(const struct history *history, uint64_t number,
                         const double *point)
{
    for (size_t i = 0; i < history->n && i < number; i++)
        if (history->state[i] != TRIAL_LOST &&
            history->state[i] != TRIAL_CANCELLED &&
            space_same(history->space, history_point(history, i), point))
            return true;
    return false;
}

// Is there a float of two values, which samplers take for continuous?
static inline bool is_narrow(const struct param *param)
{
    return param->kind == PARAM_FLOAT && param->step == 0 &&
           param->high > param->low &&
           param->high <= nextafter(param->low, INFINITY);
}

// Are 5000 random points all taken? A continuous parameter may have conditions
// that never hold.
static inline bool seems_exhausted(const struct history *history,
                                   uint64_t number)
{
    double unit[MOST_PARAMS], point[MOST_PARAMS];
    struct rng rng = rng_at(41, number);
    for (int i = 0; i < 5000; i++) {
        for (size_t k = 0; k < history->space->n; k++)
            unit[k] = rng_uniform(&rng);
        space_decode(history->space, unit, point);
        if (!taken(history, number, point) &&
            restriction_allows(history->space, point))
            return false;
    }
    return true;
}

// Has each cell been taken that the restrictions allow?
static inline bool exhausted_allowed(const struct history *history,
                                     uint64_t number)
{
    struct arena arena;
    struct grid grid;
    double point[MOST_PARAMS];
    bool all = true;
    arena_init(&arena);
    grid_init(&grid, history->space, 0, &arena);
    ck_assert(grid.count <= 1 << 20);
    for (uint64_t cell = 0; all && (double)cell < grid.count; cell++) {
        grid_point(&grid, cell, point);
        all = !restriction_allows(history->space, point) ||
              taken(history, number, point);
    }
    arena_done(&arena);
    return all;
}

// Has each point of the space been taken?
static inline bool exhausted(const struct history *history, uint64_t number)
{
    double cells = space_cells(history->space), held = 0;
    if (history->space->restrictions && cells <= 1 << 20)
        return exhausted_allowed(history, number);
    for (size_t k = 0; k < history->space->n; k++)
        if (is_narrow(&history->space->params[k]))
            return true;
    if (isinf(cells))
        return seems_exhausted(history, number);
    for (size_t i = 0; i < history->n && i < number && held < cells; i++)
        held += history->state[i] != TRIAL_LOST &&
                history->state[i] != TRIAL_CANCELLED &&
                !taken(history, i, history_point(history, i));
    return held >= cells;
}

// random and qmc do not look at the past, and cmaes does not mind to come again
// where points are few.
static inline bool repeats(const struct question *question)
{
    const char *name = question->sampler->name;
    return strcmp(name, "random") == 0 || strcmp(name, "qmc") == 0 ||
           (strcmp(name, "cmaes") == 0 &&
            isfinite(space_cells(question->task.space)));
}

// A grid of some of the points is exhausted before the space is.
static inline bool coarse(const struct question *question)
{
    return strcmp(question->sampler->name, "grid") == 0 &&
           question->options[0] != 0;
}

static inline void check_answer(const struct question *question,
                                uint64_t number, const struct answer *answer)
{
    const struct history *history = question->task.history;
    const char *name = question->sampler->name;
    struct error err = {0};
    if (answer->status) {
        ck_assert_msg(answer->err.code == ERROR_EXHAUSTED &&
                          (exhausted(history, number) || coarse(question)),
                      "%s, %s: %s", name, question->about, answer->err.message);
        return;
    }
    if (space_check(history->space, answer->point, &err))
        ck_abort_msg("%s, %s: %s", name, question->about, err.message);
    ck_assert_msg(restriction_allows(history->space, answer->point),
                  "%s, %s: forbidden (%s)", name, question->about, answer->why);
    ck_assert_msg(repeats(question) || !taken(history, number, answer->point) ||
                      exhausted(history, number),
                  "%s, %s: tried before (%s)", name, question->about,
                  answer->why);
}

// Asks for the point of trial `number` and holds it against the contract.
static inline struct answer ask(const struct question *question,
                                uint64_t number)
{
    struct answer answer;
    ask_model(question, NULL, number, &answer);
    check_answer(question, number, &answer);
    ask_kept(question, number, &answer);
    return answer;
}

// ---- suites -----------------------------------------------------------------

static inline int run_case(const char *name, void (*fill)(TCase *tests))
{
    openblas_set_num_threads(1); // as the service does
    TCase *tests = tcase_create(name);
    tcase_set_timeout(tests, 120);
    fill(tests);
    Suite *suite = suite_create(name);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
