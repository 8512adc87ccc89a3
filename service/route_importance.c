// SPDX-License-Identifier: GPL-3.0-or-later
// route_importance.c - GET /studies/{id}/importances

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/importance.h"
#include "../optimizers/memory.h"
#include "clock.h"
#include "route.h"
#include "wire_definition.h"

enum { KEEP_US = 50000 }; // an answer that took longer is kept

// The complete trials of a study: one row each.
struct results {
    const struct definition *definition;
    size_t objective;
    size_t n, capacity;
    double *unit;     // [n x d]
    double *value;    // [n] minimised
    uint32_t *number; // [n] the row of each: i
};

static int visit(void *context, const struct prior_row *row, struct error *err)
{
    struct results *results = context;
    const struct definition *definition = results->definition;
    size_t n = results->n, d = definition->space.n;
    (void)err;
    if (row->n_point != d || row->n_values != definition->n_objectives)
        return 0;
    if (n == results->capacity) {
        size_t rows = results->capacity = n ? 2 * n : 256;
        results->unit =
            memory_resize(results->unit, rows * d + 1, sizeof *results->unit);
        results->value =
            memory_resize(results->value, rows, sizeof *results->value);
        results->number =
            memory_resize(results->number, rows, sizeof *results->number);
    }
    space_encode(&definition->space, row->point, results->unit + n * d);
    results->value[n] = definition_sign(definition, results->objective,
                                        row->values[results->objective]);
    results->number[n] = (uint32_t)n;
    results->n++;
    return 0;
}

static const char *const methods[] = {
    [IMPORTANCE_FANOVA] = "fanova", [IMPORTANCE_PED] = "ped_anova"};

static int read_method(const struct call *call, enum importance_method *method,
                       struct error *err)
{
    const char *name = request_query(call->request, "method");
    *method = IMPORTANCE_FANOVA;
    if (!name || strcmp(name, methods[IMPORTANCE_FANOVA]) == 0)
        return 0;
    *method = IMPORTANCE_PED;
    if (strcmp(name, methods[IMPORTANCE_PED]) == 0)
        return 0;
    return error_set(err, ERROR_INVALID,
                     "method must be fanova or ped_anova, not \"%.40s\"", name);
}

// The objective by its name; the first one unless the query names another.
static int read_objective(const struct call *call,
                          const struct definition *definition,
                          size_t *objective, struct error *err)
{
    const char *name = request_query(call->request, "objective");
    *objective = 0;
    if (!name)
        return 0;
    for (size_t i = 0; i < definition->n_objectives; i++)
        if (strcmp(definition->objectives[i].name, name) == 0) {
            *objective = i;
            return 0;
        }
    return error_set(err, ERROR_INVALID,
                     "objective must be the name of one, not \"%.80s\"", name);
}

struct ranked {
    const char *name;
    double share, variance;
    size_t k;
};

static int by_share(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->share != y->share)
        return x->share > y->share ? -1 : 1;
    return x->k < y->k ? -1 : x->k > y->k;
}

static void write(struct text *text, const struct results *results,
                  enum importance_method method,
                  const struct importance *importance)
{
    const struct definition *definition = results->definition;
    size_t d = importance->used ? definition->space.n : 0;
    struct ranked *ranked = arena_zeros(text->arena, d + 1, sizeof *ranked);
    for (size_t k = 0; k < d; k++) // sums of parts may round beyond 1
        ranked[k] = (struct ranked){definition->space.params[k].name,
                                    fmin(1, importance->share[k]),
                                    fmin(1, importance->variance[k]), k};
    qsort(ranked, d, sizeof *ranked, by_share);
    text_print(text, "{\"method\":\"%s\",\"objective\":", methods[method]);
    text_string(text, definition->objectives[results->objective].name);
    text_print(text, ",\"n_trials\":%zu,\"importances\":[", importance->used);
    for (size_t k = 0; k < d; k++) {
        text_next(text);
        text_char(text, '{');
        text_key_string(text, "name", ranked[k].name);
        text_key_real(text, "importance", ranked[k].share);
        text_key_real(text, "variance", ranked[k].variance);
        text_char(text, '}');
    }
    text_add(text, "]}");
}

// Reads the results and measures. Fewer than two explain nothing.
static int measure(struct call *call, int64_t study_id, struct results *results,
                   enum importance_method method, struct text *text,
                   struct error *err)
{
    struct importance importance = {0};
    if (store_trial_results(call->store, study_id, visit, results, err))
        return -1;
    struct importance_plan plan = {.space = &results->definition->space,
                                   .n = results->n,
                                   .unit = results->unit,
                                   .number = results->number,
                                   .value = results->value,
                                   .method = method,
                                   .seed = results->definition->seed};
    if (results->n >= 2 &&
        importance_measure(&plan, text->arena, &importance, err))
        return -1;
    write(text, results, method, &importance);
    return 0;
}

static int answer(struct call *call, const struct study_row *study,
                  const struct definition *definition, struct text *text,
                  struct error *err)
{
    struct answers *answers = call->service->answers;
    struct results results = {.definition = definition};
    enum importance_method method;
    if (read_method(call, &method, err) ||
        read_objective(call, definition, &results.objective, err))
        return -1;
    const char *question =
        arena_print(text->arena, "importances %" PRId64 " %s %zu", study->id,
                    methods[method], results.objective);
    const char *known =
        answers_get(answers, question, study->progress.revision, text->arena);
    if (known) {
        text_add(text, known);
        return 0;
    }
    int64_t start_us = clock_monotonic_us();
    int result = measure(call, study->id, &results, method, text, err);
    if (result == 0 && clock_monotonic_us() - start_us > KEEP_US)
        answers_put(answers, question, study->progress.revision, text->data);
    free(results.unit);
    free(results.value);
    free(results.number);
    return result;
}

enum route_outcome route_study_importances(struct call *call, struct error *err)
{
    static const char *const known[] = {"method", "objective", NULL};
    struct directory_entry entry;
    struct study_row study;
    struct text text;
    struct arena *arena = &call->request->arena;
    if (route_query_known(call, known, err))
        return ROUTE_FAILED;
    enum route_outcome found = route_study(call, call->args[0], &entry, err);
    if (found != ROUTE_DONE)
        return found;
    if (store_study_get(call->store, entry.study_id, arena, &study, err))
        return ROUTE_FAILED;
    struct definition *definition = wire_definition_load(study.definition, err);
    if (!definition)
        return ROUTE_FAILED;
    text_init(&text, arena);
    int failed = answer(call, &study, definition, &text, err);
    definition_free(definition);
    return failed ? ROUTE_FAILED : route_json(call, 200, &text);
}
