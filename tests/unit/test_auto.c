// SPDX-License-Identifier: GPL-3.0-or-later
// test_auto.c - which sampler serves which study
//
// A row per rule and per boundary of a rule: the space, the budget and the
// number of results, and what they should lead to.

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rng.h"
#include "sampler.h"

enum kind { REAL, LEVEL, CHOICE, SWITCH, DEEP };

// n[kind] parameters of each kind; a CHOICE has so many choices, a LEVEL so
// many values, and a DEEP one depends on the first SWITCH.
struct study {
    size_t n[DEEP + 1], choices, levels, objectives;
    int64_t budget;
    size_t results;
};

static const struct row {
    struct study study;
    const char *sampler, *rule;
} rows[] = {
    // 4^3 = 64 points are tried all, 5^3 only with a budget for them.
    {{.n = {[LEVEL] = 3}, .levels = 4}, "grid", "small"},
    {{.n = {[LEVEL] = 3}, .levels = 5}, "gp", "model"},
    {{.n = {[LEVEL] = 3}, .levels = 5, .budget = 125}, "grid", "small"},
    {{.n = {[LEVEL] = 3}, .levels = 5, .budget = 124}, "gp", "model"},
    {{.n = {[LEVEL] = 3}, .levels = 13, .budget = 9999}, "gp", "model"},
    // Trees of conditions and crowds of categories.
    {{.n = {[REAL] = 6, [SWITCH] = 1, [DEEP] = 3}}, "gp", "model"},
    {{.n = {[REAL] = 5, [SWITCH] = 1, [DEEP] = 3}}, "tpe", "branched"},
    {{.n = {[REAL] = 1, [CHOICE] = 1}, .choices = 50}, "gp", "model"},
    {{.n = {[REAL] = 1, [CHOICE] = 1}, .choices = 51}, "tpe", "branched"},
    {{.n = {[REAL] = 1, [CHOICE] = 5}, .choices = 41}, "tpe", "branched"},
    // Numbers only, and many trials planned or done.
    {{.n = {[REAL] = 5}, .budget = 1999, .results = 999}, "gp", "model"},
    {{.n = {[REAL] = 5}, .budget = 2000, .results = 199}, "gp", "model"},
    {{.n = {[REAL] = 5}, .budget = 2000, .results = 208}, "cmaes", "planned"},
    {{.n = {[REAL] = 10}, .budget = 4999, .results = 208}, "gp", "model"},
    {{.n = {[REAL] = 10}, .budget = 5000, .results = 208}, "cmaes", "planned"},
    {{.n = {[REAL] = 5}, .results = 1023}, "gp", "model"},
    {{.n = {[REAL] = 5}, .results = 1024}, "cmaes", "long"},
    {{.n = {[REAL] = 4, [SWITCH] = 1}, .results = 1024}, "cmaes", "long"},
    {{.n = {[REAL] = 60}, .results = 1199}, "tpe", "many"},
    {{.n = {[REAL] = 60}, .results = 1280}, "cmaes", "long"},
    {{.n = {[REAL] = 1}, .results = 1024}, "tpe", "many"},
    {{.n = {[REAL] = 4, [CHOICE] = 1}, .choices = 3, .results = 1024},
     "tpe",
     "many"},
    // Many parameters.
    {{.n = {[REAL] = 100}}, "gp", "model"},
    {{.n = {[REAL] = 101}}, "tpe", "wide"},
};

// ---- studies ----------------------------------------------------------------

static void add(struct space *space, const struct study *study, enum kind kind)
{
    struct error err = {0};
    char name[24], *choices[64], texts[64][24];
    double on = 1;
    struct condition condition = {.n = 1, .values = &on};
    for (size_t i = 0; i < study->choices; i++) {
        snprintf(texts[i], sizeof texts[i], "%zu", i);
        choices[i] = texts[i];
    }
    struct param p = {.name = name, .kind = PARAM_FLOAT, .high = 1};
    snprintf(name, sizeof name, "x%zu", space->n);
    if (kind == LEVEL) {
        p.kind = PARAM_INT;
        p.high = (double)study->levels - 1;
    } else if (kind == CHOICE) {
        p.kind = PARAM_CATEGORICAL;
        p.n_choices = study->choices;
        p.choices = choices;
    } else if (kind == SWITCH) {
        p.kind = PARAM_BOOL;
    } else if (kind == DEEP) {
        while (space->params[condition.parent].kind != PARAM_BOOL)
            condition.parent++;
        p.n_conditions = 1;
        p.conditions = &condition;
    }
    ck_assert_msg(space_add(space, &p, &err) == 0, "%s", err.message);
}

// A history of random points; the first value is a sphere.
static void make(struct space *space, struct history *history,
                 const struct study *study)
{
    struct rng rng = rng_at(3, 0);
    space_init(space);
    for (int kind = 0; kind <= DEEP; kind++)
        for (size_t i = 0; i < study->n[kind]; i++)
            add(space, study, (enum kind)kind);
    size_t m = study->objectives ? study->objectives : 1;
    history_init_for(history, space, m, 0);
    for (size_t i = 0; i < study->results; i++) {
        double unit[128], point[128], values[3] = {0};
        for (size_t k = 0; k < space->n; k++) {
            unit[k] = rng_uniform(&rng);
            values[k % m] += (unit[k] - 0.3) * (unit[k] - 0.3);
        }
        space_decode(space, unit, point);
        size_t number = history_append(history, TRIAL_RUNNING, point);
        struct result result = {
            .state = TRIAL_COMPLETE, .values = values, .variance = NAN};
        history_enter(history, number, &result);
    }
}

static void unmake(struct space *space, struct history *history)
{
    history_done(history);
    space_done(space);
}

// ---- rules ------------------------------------------------------------------

// _i: a row.
START_TEST(test_each_rule_chooses_its_sampler)
{
    const struct row *row = &rows[_i];
    struct space space;
    struct history history;
    make(&space, &history, &row->study);
    struct sampler_task task = {.space = &space,
                                .history = &history,
                                .seed = 1,
                                .max_trials = row->study.budget};
    struct error err = {0};
    struct arena arena;
    arena_init(&arena);
    double point[128];
    struct suggestion out = {.point = point};
    ck_assert_int_eq(sampler_suggest(sampler_find("auto"), &task, history.n,
                                     &arena, &out, &err),
                     0);
    const char *head =
        arena_print(&arena, "%s by rule %s, ", row->sampler, row->rule);
    ck_assert_msg(strncmp(out.why, head, strlen(head)) == 0, "%s, not %s",
                  out.why, head);
    ck_assert_uint_le(strlen(out.why), 300);
    ck_assert_int_eq(space_check(&space, point, &err), 0);
    arena_done(&arena);
    unmake(&space, &history);
}
END_TEST

START_TEST(test_it_answers_like_the_sampler_that_it_chose)
{
    const struct study study = {.n = {[REAL] = 3}, .results = 40};
    struct space space;
    struct history history;
    make(&space, &history, &study);
    const struct sampler *gp = sampler_find("gp");
    double options[OPTION_MAX], x[3], y[3];
    option_defaults(gp->options, gp->n_options, options);
    struct sampler_task task = {
        .space = &space, .history = &history, .options = options, .seed = 1};
    struct error err = {0};
    struct arena arena;
    arena_init(&arena);
    sampler_suggest(gp, &task, history.n, &arena,
                    &(struct suggestion){.point = x}, &err);
    sampler_suggest(sampler_find("auto"), &task, history.n, &arena,
                    &(struct suggestion){.point = y}, &err);
    ck_assert_mem_eq(x, y, sizeof x);
    arena_done(&arena);
    unmake(&space, &history);
}
END_TEST

// Two or three objectives: whatever is registered, it serves them.
START_TEST(test_several_objectives_are_served)
{
    for (size_t m = 2; m <= 3; m++)
        for (size_t n = 10; n <= 1000; n *= 10) {
            const struct study study = {
                .n = {[REAL] = 4}, .objectives = m, .results = n};
            struct space space;
            struct history history;
            make(&space, &history, &study);
            struct sampler_task task = {
                .space = &space, .history = &history, .seed = 1};
            struct error err = {0};
            struct arena arena;
            arena_init(&arena);
            double point[4];
            struct suggestion out = {.point = point};
            ck_assert_int_eq(sampler_suggest(sampler_find("auto"), &task,
                                             history.n, &arena, &out, &err),
                             0);
            ck_assert_ptr_nonnull(strstr(
                out.why, n < 500 ? "by rule front" : "by rule long-front"));
            char name[24];
            sscanf(out.why, "%23s", name);
            ck_assert(sampler_find(name)->several);
            arena_done(&arena);
            unmake(&space, &history);
        }
}
END_TEST

// The change from one sampler to the next, with models that are kept: what a
// model was made for and what is asked of it agree.
START_TEST(test_models_are_kept_across_changes)
{
    const struct study study = {.n = {[LEVEL] = 4}, .levels = 20};
    const struct sampler *sampler = sampler_find("auto");
    struct space space;
    struct history history;
    struct error err = {0};
    struct arena arena;
    make(&space, &history, &study);
    arena_init(&arena);
    struct sampler_task task = {
        .space = &space, .history = &history, .seed = 1, .max_trials = 5000};
    struct model *kept = sampler->fit(&task, 0, NULL);
    size_t seen = 0, changes = 0;
    double x[4], y[4];
    struct suggestion a = {.point = x}, b = {.point = y};
    char last[24] = "gp";
    for (size_t i = 0; i < 240; i++) {
        size_t wanted = sampler->fit_length(&task, history.n_ended);
        if (wanted != seen) {
            struct model *next = sampler->fit(&task, seen = wanted, kept);
            sampler->model_free(kept);
            kept = next;
        }
        ck_assert_int_eq(
            sampler->suggest(&task, kept, history.n, &arena, &a, &err), 0);
        if (i % 7 == 0 || i > 200) {
            sampler_suggest(sampler, &task, history.n, &arena, &b, &err);
            ck_assert_mem_eq(x, y, sizeof x);
            ck_assert_str_eq(a.why, b.why);
        }
        changes += strncmp(a.why, last, 2) != 0;
        snprintf(last, sizeof last, "%.2s", a.why);
        size_t number = history_append(&history, TRIAL_RUNNING, x);
        history_move(&history, number, TRIAL_COMPLETE, fabs(x[0] - 7) + x[1]);
        arena_reset(&arena);
    }
    ck_assert_uint_eq(changes, 1);
    ck_assert_str_eq(last, "cm");
    sampler->model_free(kept);
    arena_done(&arena);
    unmake(&space, &history);
}
END_TEST

// Of OpenBLAS.
void openblas_set_num_threads(int threads);

int main(void)
{
    openblas_set_num_threads(1); // as the service does
    TCase *cases = tcase_create("auto");
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, test_each_rule_chooses_its_sampler, 0,
                        (int)(sizeof rows / sizeof *rows));
    tcase_add_test(cases, test_it_answers_like_the_sampler_that_it_chose);
    tcase_add_test(cases, test_several_objectives_are_served);
    tcase_add_test(cases, test_models_are_kept_across_changes);
    Suite *suite = suite_create("auto");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
