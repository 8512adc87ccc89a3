// SPDX-License-Identifier: GPL-3.0-or-later
// contour_run.h - a whole contour study with several workers, in a test
//
// Each of `workers` asks for a point, and always the one that asked first tells
// its value and asks again: every ask sees workers - 1 pending points.

#ifndef CUMAE_TEST_CONTOUR_RUN_H
#define CUMAE_TEST_CONTOUR_RUN_H

#include <check.h>
#include <math.h>
#include <string.h>

#include "contour.h"

enum { RUN_POINTS = 100, RUN_CURVES = 3, RUN_CHECKED = 20000 };

// What is searched, and the truth about it.
struct run_problem {
    const struct param *params;
    size_t n_params, n_curves;
    const char *constraint;                             // NULL: none
    const char *features[4];                            // up to the first NULL
    double (*value)(size_t curve, const double *point); // ln mu_up
    bool (*valid)(const double *point);                 // NULL: always
    // What is told of a point; NULL: the value, with `noise`.
    struct contour_value (*told)(size_t curve, const double *point);
    double noise;
};

struct run {
    const struct run_problem *problem;
    struct arena arena;
    struct space space;
    struct expression constraint, features[4];
    struct contour_domain domain;
    struct contour_study study;
    struct contour_model *model; // of all results, at the end
    struct rng rng;
    double point[RUN_POINTS][CONTOUR_MAX_PARAMS], *flat;
    struct contour_value value[RUN_POINTS][RUN_CURVES];
    struct contour_result result[RUN_POINTS];
    size_t asked, told, invalid;
};

static inline void run_init(struct run *run, const struct run_problem *problem,
                            uint64_t seed)
{
    struct error err = {0};
    *run = (struct run){.problem = problem, .rng = rng_at(seed, RNG_STUDY - 2)};
    arena_init(&run->arena);
    space_init(&run->space);
    for (size_t k = 0; k < problem->n_params; k++)
        ck_assert_int_eq(space_add(&run->space, &problem->params[k], &err), 0);
    size_t n = 0;
    for (; n < 4 && problem->features[n]; n++)
        ck_assert_msg(expression_read(problem->features[n], &run->space,
                                      &run->arena, &run->features[n],
                                      &err) == 0,
                      "%s", err.message);
    if (problem->constraint)
        ck_assert_int_eq(expression_read(problem->constraint, &run->space,
                                         &run->arena, &run->constraint, &err),
                         0);
    run->domain =
        (struct contour_domain){.space = &run->space,
                                .n_constraints = problem->constraint != NULL,
                                .constraints = &run->constraint,
                                .n_features = n,
                                .features = run->features};
    ck_assert_msg(contour_domain_init(&run->domain, seed, &run->arena, &err) ==
                      0,
                  "%s", err.message);
    run->flat = arena_doubles(&run->arena, RUN_POINTS * problem->n_params);
    run->study = (struct contour_study){.domain = &run->domain,
                                        .settings = {.initial = 12},
                                        .seed = seed,
                                        .n_curves = problem->n_curves,
                                        .results = run->result};
}

static inline void run_done(struct run *run)
{
    contour_model_free(run->model);
    space_done(&run->space);
    arena_done(&run->arena);
}

// Computes the model of what was told so far.
static inline void run_look(struct run *run)
{
    contour_model_free(run->model);
    run->study.n = run->told;
    run->study.n_pending = run->asked - run->told;
    run->study.pending = run->flat + run->told * run->problem->n_params;
    run->model = contour_model_new(&run->study, contour_fit_length(run->told));
}

static inline enum contour_action run_ask(struct run *run)
{
    struct error err = {0};
    struct arena arena;
    arena_init(&arena);
    double *point = run->point[run->asked];
    run_look(run);
    enum contour_action action =
        contour_next(&run->study, run->model, run->asked, &arena, point);
    arena_done(&arena);
    if (action != CONTOUR_POINT)
        return action;
    ck_assert_msg(space_check(&run->space, point, &err) == 0, "%s",
                  err.message);
    ck_assert(contour_domain_allows(&run->domain, point));
    size_t d = run->problem->n_params;
    memcpy(run->flat + run->asked++ * d, point, d * sizeof *point);
    return action;
}

static inline void run_tell(struct run *run)
{
    const struct run_problem *problem = run->problem;
    size_t i = run->told++;
    const double *point = run->point[i];
    run->result[i] = (struct contour_result){.point = point};
    if (problem->valid && !problem->valid(point)) {
        run->invalid++;
        return;
    }
    run->result[i].value = run->value[i];
    for (size_t c = 0; c < problem->n_curves; c++) {
        double noise = problem->noise * rng_normal(&run->rng);
        double limit = exp(problem->value(c, point) + noise);
        run->value[i][c] =
            problem->told ? problem->told(c, point)
                          : contour_from_limit(limit, problem->noise * limit);
    }
}

// Goes on until n points are told, or until there is nothing to ask; returns
// the last answer.
static inline enum contour_action run_until(struct run *run, size_t n,
                                            size_t workers)
{
    enum contour_action action = CONTOUR_POINT;
    while (run->told < n) {
        while (action == CONTOUR_POINT && run->asked < n &&
               run->asked < run->told + workers)
            action = run_ask(run);
        if (run->asked == run->told)
            break;
        run_tell(run);
        if (action == CONTOUR_WAIT)
            action = CONTOUR_POINT;
    }
    run_look(run);
    return action;
}

// The fraction of the allowed and valid points where a curve has the wrong
// sign, of RUN_CHECKED random ones.
static inline double run_misclassified(const struct run *run, size_t curve)
{
    const struct run_problem *problem = run->problem;
    struct rng rng = rng_at(1, 1);
    size_t n = 0, wrong = 0;
    struct arena arena;
    arena_init(&arena);
    double *x = arena_doubles(&arena, RUN_CHECKED * run->domain.d);
    bool *excluded = arena_alloc(&arena, RUN_CHECKED * sizeof *excluded);
    while (n < RUN_CHECKED) {
        double unit[CONTOUR_MAX_PARAMS], point[CONTOUR_MAX_PARAMS];
        for (size_t k = 0; k < run->space.n; k++)
            unit[k] = rng_uniform(&rng);
        space_decode(&run->space, unit, point);
        if (!contour_domain_allows(&run->domain, point) ||
            (problem->valid && !problem->valid(point)) ||
            !contour_domain_place(&run->domain, point, x + n * run->domain.d))
            continue;
        excluded[n++] = problem->value(curve, point) < 0;
    }
    struct gp_prediction *p = arena_alloc(&arena, n * sizeof *p);
    contour_field_predict(&run->model->field, curve, x, n, p);
    for (size_t i = 0; i < n; i++)
        wrong += (p[i].mean < 0) != excluded[i];
    arena_done(&arena);
    return (double)wrong / (double)n;
}

#endif
