// SPDX-License-Identifier: GPL-3.0-or-later
// test_sampler_tasks.c - several objectives, constraints, noise, other studies
//
// Each sampler meets each thing that a study may have beyond one value per
// trial, in a continuous space and in one of all kinds with conditions.

#include "samplers.h"

#include <float.h>

enum { PARAMS = 5 };

static const enum shape spaces[] = {FLOAT_LINEAR, MIXED};

// A study with a space of its own.
struct study {
    struct space space;
    struct history history;
    struct question question;
    struct rng rng;
};

// Case j of many: a slow sampler sees every other one, of all kinds.
static bool skips(const struct sampler *sampler, size_t j)
{
    return sampler->slow && (j + j / 2) % 2;
}

// False: the sampler does not serve the space or so many objectives. `study`
// must not move.
static bool begin(struct study *study, const struct sampler *sampler,
                  enum shape shape, size_t m, size_t c)
{
    fill_space(&study->space, shape, PARAMS);
    history_init_for(&study->history, &study->space, m, c);
    question_init(&study->question, sampler, &study->history);
    study->rng = rng_at(11, 100 * m + c);
    return served(&study->question) && (m == 1 || sampler->several);
}

static void end(struct study *study)
{
    history_done(&study->history);
    space_done(&study->space);
}

static void ask_next(struct study *study, const char *about)
{
    study->question.about = about;
    ask(&study->question, study->history.n);
}

// ---- several objectives -----------------------------------------------------

enum front { SPREAD, TIES, COPIES, ONE_CONSTANT, CHAIN, SOME_NAN, FRONTS };

static const char *const fronts[FRONTS] = {
    [SPREAD] = "a front",
    [TIES] = "ties in each objective",
    [COPIES] = "equal results",
    [ONE_CONSTANT] = "one objective constant",
    [CHAIN] = "each result dominates the one before",
    [SOME_NAN] = "NaN and infinity in some objectives",
};

static void draw_values(enum front front, size_t i, size_t m, struct rng *rng,
                        double *values)
{
    for (size_t k = 0; k < m; k++) {
        double value = rng_normal(rng);
        values[k] = front == TIES     ? floor(value)
                    : front == COPIES ? (double)(k == i % m)
                    : front == CHAIN  ? -(double)i
                                      : value;
    }
    if (front == ONE_CONSTANT)
        values[m - 1] = 3;
    if (front == SOME_NAN)
        values[i % m] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : -DBL_MAX;
}

static void append_front(struct study *study, enum front front, size_t n)
{
    struct history *history = &study->history;
    double values[MOST_OBJECTIVES];
    for (size_t i = 0; i < n; i++) {
        draw_values(front, i, history->n_objectives, &study->rng, values);
        history_enter(
            history, append_random(history, &study->rng),
            &(struct result){.state = i % 9 ? TRIAL_COMPLETE : TRIAL_PRUNED,
                             .values = values,
                             .variance = NAN});
    }
}

// _i: a sampler and a kind of front.
START_TEST(test_fronts_of_any_shape_are_served)
{
    static const size_t objectives[] = {2, 3, 5};
    enum front front = (enum front)(_i % FRONTS);
    for (size_t j = 0; j < 6; j++) {
        struct study study;
        if (skips(samplers[_i / FRONTS], j))
            continue;
        if (begin(&study, samplers[_i / FRONTS], spaces[j % 2],
                  objectives[j / 2], 0)) {
            ask_next(&study, "nothing yet");
            append_front(&study, front, 1);
            ask_next(&study, fronts[front]);
            append_front(&study, front, 39);
            ask_next(&study, fronts[front]);
            for (int i = 0; i < 10; i++)
                append_random(&study.history, &study.rng);
            ask_next(&study, "10 pending");
        }
        end(&study);
    }
}
END_TEST

// ---- constraints ------------------------------------------------------------

enum feasible { NONE, HALF, ALL, UNTOLD, INFINITE, FEASIBLES };

static const char *const feasibles[FEASIBLES] = {
    [NONE] = "none feasible",
    [HALF] = "half of them feasible",
    [ALL] = "all feasible",
    [UNTOLD] = "constraints not told",
    [INFINITE] = "infinite constraints",
};

static double draw_constraint(enum feasible feasible, struct rng *rng)
{
    double excess = fabs(rng_normal(rng));
    switch (feasible) {
    case NONE:
        return excess;
    case ALL:
        return -excess;
    case UNTOLD:
        return NAN;
    case INFINITE:
        return rng_below(rng, 2) ? INFINITY : -INFINITY;
    default:
        return rng_below(rng, 2) ? excess : -excess;
    }
}

static void append_constrained(struct study *study, enum feasible feasible,
                               size_t n)
{
    struct history *history = &study->history;
    double values[MOST_OBJECTIVES], constraints[3];
    for (size_t i = 0; i < n; i++) {
        draw_values(SPREAD, i, history->n_objectives, &study->rng, values);
        bool met = true;
        for (size_t k = 0; k < history->n_constraints; k++) {
            constraints[k] = draw_constraint(feasible, &study->rng);
            met &= constraints[k] <= 0;
        }
        history_enter(
            history, append_random(history, &study->rng),
            &(struct result){.state = met ? TRIAL_COMPLETE : TRIAL_INFEASIBLE,
                             .values = i % 5 ? values : NULL,
                             .constraints = constraints,
                             .variance = NAN});
    }
}

// _i: a sampler and how much is feasible.
START_TEST(test_constraints_are_served)
{
    enum feasible feasible = (enum feasible)(_i % FEASIBLES);
    for (size_t j = 0; j < 8; j++) {
        struct study study;
        if (skips(samplers[_i / FEASIBLES], j))
            continue;
        if (begin(&study, samplers[_i / FEASIBLES], spaces[j % 2],
                  j / 4 ? 2 : 1, j / 2 % 2 ? 3 : 1)) {
            append_constrained(&study, feasible, 1);
            ask_next(&study, feasibles[feasible]);
            append_constrained(&study, feasible, 29);
            append_random(&study.history, &study.rng);
            ask_next(&study, feasibles[feasible]);
        }
        end(&study);
    }
}
END_TEST

// ---- noise ------------------------------------------------------------------

// _i: a sampler. A variance of -1 stands for a different one each time.
START_TEST(test_told_variances_are_served)
{
    static const double variances[] = {0, 1e-300, 1e-8, 1e300, INFINITY, -1};
    static const double mixture[] = {0, NAN, 1e-12, 1, 1e12, INFINITY};
    for (size_t j = 0; j < 2 * sizeof variances / sizeof *variances; j++) {
        struct study study;
        if (skips(samplers[_i], j))
            continue;
        if (begin(&study, samplers[_i], spaces[j % 2], 1, 0)) {
            for (size_t i = 0; i < 30; i++) {
                double value = rng_normal(&study.rng);
                double variance = variances[j / 2];
                history_enter(
                    &study.history, append_random(&study.history, &study.rng),
                    &(struct result){.state = TRIAL_COMPLETE,
                                     .values = &value,
                                     .variance = variance < 0 ? mixture[i % 6]
                                                              : variance});
            }
            ask_next(&study, "told variances");
        }
        end(&study);
    }
}
END_TEST

// ---- other studies ----------------------------------------------------------

enum lent { SINGLE, MANY, MANY_CONSTANT, ONE_PLACE, LENTS };

static const char *const lents[LENTS] = {
    [SINGLE] = "one lent point",
    [MANY] = "300 lent points",
    [MANY_CONSTANT] = "300 lent points of constant values",
    [ONE_PLACE] = "300 lent points at one place",
};

static void ask_with_prior(struct study *study, enum lent lent, size_t sources)
{
    static double unit[300 * PARAMS], value[300 * MOST_OBJECTIVES];
    static uint32_t source[300];
    size_t n = lent == SINGLE ? 1 : 300, m = study->history.n_objectives;
    double point[PARAMS];
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < PARAMS; k++)
            unit[i * PARAMS + k] =
                lent == ONE_PLACE ? 0.25 : rng_uniform(&study->rng);
        space_decode(&study->space, unit + i * PARAMS, point);
        space_encode(&study->space, point, unit + i * PARAMS);
        for (size_t k = 0; k < m; k++)
            value[i * m + k] =
                lent == MANY_CONSTANT ? -2 : 100 + rng_normal(&study->rng);
        source[i] = (uint32_t)(i % sources);
    }
    struct prior prior = {.n = n,
                          .n_sources = sources,
                          .unit = unit,
                          .value = value,
                          .source = source};
    study->question.task.prior = &prior;
    ask_next(study, lents[lent]);
    append_front(study, TIES, 12);
    ask_next(study, lents[lent]);
    study->question.task.prior = NULL;
}

// _i: a sampler and what is lent.
START_TEST(test_results_of_other_studies_are_served)
{
    for (size_t j = 0; j < 8; j++) {
        struct study study;
        if (skips(samplers[_i / LENTS], j))
            continue;
        if (begin(&study, samplers[_i / LENTS], spaces[j % 2], j / 4 ? 2 : 1,
                  0))
            ask_with_prior(&study, (enum lent)(_i % LENTS), j / 2 % 2 ? 3 : 1);
        end(&study);
    }
}
END_TEST

// ---- budgets ----------------------------------------------------------------

// _i: a sampler. Also with more trials than were announced.
START_TEST(test_any_number_of_trials_to_come_is_served)
{
    static const int64_t budgets[] = {0, 1, 20, 21, 1000, INT64_MAX};
    for (size_t j = 0; j < 2 * sizeof budgets / sizeof *budgets; j++) {
        struct study study;
        if (skips(samplers[_i], j))
            continue;
        if (begin(&study, samplers[_i], spaces[j % 2], 1, 0)) {
            study.question.task.max_trials = budgets[j / 2];
            ask_next(&study, "nothing yet");
            append_complete(&study.history, 20, &study.rng);
            ask_next(&study, "a budget");
        }
        end(&study);
    }
}
END_TEST

// ---- options ----------------------------------------------------------------

// _i: a sampler. Each option at its limits, but for what makes the work
// thousandfold.
START_TEST(test_options_at_their_limits_are_served)
{
    const struct sampler *sampler = samplers[_i];
    for (size_t j = 0; j < 4 * sampler->n_options; j++) {
        const struct option *option = &sampler->options[j / 4];
        struct study study;
        bool serves = begin(&study, sampler, spaces[j % 2], 1, 0);
        double limit = j / 2 % 2 ? fmin(option->high, 1000) : option->low;
        study.question.options[j / 4] = limit;
        append_complete(&study.history, 30, &study.rng);
        if (serves && served(&study.question))
            ask_next(&study, option->name);
        end(&study);
    }
}
END_TEST

static void fill(TCase *tests)
{
    int n = (int)n_samplers;
    tcase_add_loop_test(tests, test_fronts_of_any_shape_are_served, 0,
                        n * FRONTS);
    tcase_add_loop_test(tests, test_constraints_are_served, 0, n * FEASIBLES);
    tcase_add_loop_test(tests, test_told_variances_are_served, 0, n);
    tcase_add_loop_test(tests, test_results_of_other_studies_are_served, 0,
                        n * LENTS);
    tcase_add_loop_test(tests, test_any_number_of_trials_to_come_is_served, 0,
                        n);
    tcase_add_loop_test(tests, test_options_at_their_limits_are_served, 0, n);
}

int main(void)
{
    return run_case("tasks of samplers", fill);
}
