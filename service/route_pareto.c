// SPDX-License-Identifier: GPL-3.0-or-later
// route_pareto.c - the trials that no other one dominates

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "../optimizers/hypervolume.h"
#include "../optimizers/pareto.h"
#include "route.h"
#include "wire_definition.h"
#include "wire_trial.h"

// The complete trials of a study, by number.
struct results {
    struct arena *arena;
    const struct definition *definition;
    size_t n, capacity;
    int64_t *number;
    double *value; // [n x m] minimised
};

struct front {
    const struct definition *definition;
    const struct study_row *study;
    size_t n;
    int64_t *number;   // [n] ascending
    double *reference; // [m] in the user's sign, or NULL
    double volume;     // NaN: not known
};

// The longest fronts that are measured, for m objectives: it takes about half a
// second for points at random on a plane.
static const size_t longest[STUDY_MAX_OBJECTIVES + 1] = {
    0, 0, 100000, 10000, 3000, 800, 400, 200, 120};

static void grow(struct results *results)
{
    size_t m = results->definition->n_objectives, n = results->n;
    size_t capacity = results->capacity ? 2 * results->capacity : 256;
    int64_t *number = arena_zeros(results->arena, capacity, sizeof *number);
    double *value = arena_doubles(results->arena, capacity * m);
    if (n) {
        memcpy(number, results->number, n * sizeof *number);
        memcpy(value, results->value, n * m * sizeof *value);
    }
    results->number = number;
    results->value = value;
    results->capacity = capacity;
}

static int visit_values(void *context, int64_t number, const double *values,
                        size_t n, struct error *err)
{
    struct results *results = context;
    size_t m = results->definition->n_objectives;
    (void)err;
    if (n != m)
        return 0;
    if (results->n == results->capacity)
        grow(results);
    double *row = results->value + results->n * m;
    for (size_t i = 0; i < m; i++)
        row[i] = definition_sign(results->definition, i, values[i]);
    results->number[results->n++] = number;
    return 0;
}

// Measures the front, whose values are in value[n x m], against a reference
// point that follows from it.
static void measure(struct front *front, const double *value,
                    struct arena *arena)
{
    size_t m = front->definition->n_objectives;
    double *reference = arena_doubles(arena, m);
    if (front->n > longest[m] ||
        !hypervolume_reference(value, front->n, m, arena, reference))
        return;
    struct hypervolume_task task = {
        .n = front->n, .m = m, .value = value, .reference = reference};
    front->volume = hypervolume(&task, arena);
    for (size_t i = 0; i < m; i++)
        reference[i] = definition_sign(front->definition, i, reference[i]);
    front->reference = reference;
}

static int find_front(struct call *call, struct front *front, struct error *err)
{
    struct arena *arena = &call->request->arena;
    struct results results = {.arena = arena, .definition = front->definition};
    size_t m = front->definition->n_objectives;
    if (store_trial_values(call->store, front->study->id, TRIAL_COMPLETE,
                           visit_values, &results, err))
        return -1;
    if (!results.n)
        return 0;
    size_t *member = arena_zeros(arena, results.n, sizeof *member);
    struct pareto_set set = {.n = results.n, .m = m, .value = results.value};
    front->n = pareto_front(&set, arena, member);
    front->number = arena_zeros(arena, front->n, sizeof *front->number);
    double *value = arena_doubles(arena, front->n * m);
    for (size_t i = 0; i < front->n; i++) {
        front->number[i] = results.number[member[i]];
        memcpy(value + i * m, results.value + member[i] * m, m * sizeof *value);
    }
    measure(front, value, arena);
    return 0;
}

// With one objective: the best trial alone.
static void take_best(struct call *call, struct front *front)
{
    if (front->study->progress.best_number < 0)
        return;
    front->n = 1;
    front->number =
        arena_zeros(&call->request->arena, 1, sizeof *front->number);
    front->number[0] = front->study->progress.best_number;
}

static void write_summary(struct text *text, const struct front *front)
{
    size_t m = front->definition->n_objectives;
    text_print(text, ",\"total\":%zu,\"reference\":", front->n);
    text_add(text, front->reference ? "[" : "null");
    for (size_t i = 0; front->reference && i < m; i++) {
        text_next(text);
        text_real(text, front->reference[i]);
    }
    text_add(text, front->reference ? "]" : "");
    text_key_real(text, "hypervolume", front->volume);
    text_key_int(text, "revision", front->study->progress.revision);
}

// Writes the members with numbers above `after`, at most `limit`.
static int write_page(struct call *call, const struct front *front,
                      int64_t after, int64_t limit, struct text *text,
                      struct error *err)
{
    size_t i = 0;
    text_add(text, "{\"trials\":[");
    while (i < front->n && front->number[i] <= after)
        i++;
    for (; i < front->n && limit > 0; i++, limit--) {
        struct trial_row row;
        if (store_trial_get(call->store, front->study->id, front->number[i],
                            &call->request->arena, &row, err))
            return -1;
        text_next(text);
        if (wire_trial_open(text, front->definition, front->study->key, &row,
                            err))
            return -1;
        text_char(text, '}');
    }
    text_char(text, ']');
    write_summary(text, front);
    text_key(text, "next");
    if (i < front->n)
        text_print(text, "\"%" PRId64 "\"}", front->number[i - 1]);
    else
        text_add(text, "null}");
    return 0;
}

static int answer(struct call *call, struct front *front, int64_t after,
                  int64_t limit, struct error *err)
{
    struct text text;
    text_init(&text, &call->request->arena);
    if (front->definition->n_objectives == 1)
        take_best(call, front);
    else if (find_front(call, front, err))
        return -1;
    if (write_page(call, front, after, limit, &text, err))
        return -1;
    route_json(call, 200, &text);
    return 0;
}

enum route_outcome route_study_pareto(struct call *call, struct error *err)
{
    static const char *const known[] = {"limit", "cursor", NULL};
    struct directory_entry entry;
    struct study_row study;
    int64_t limit, after;
    if (route_query_known(call, known, err) ||
        route_query_int(call, "limit", 1, 1000, 100, &limit, err) ||
        route_query_int(call, "cursor", 0, INT64_MAX, -1, &after, err) ||
        route_study(call, call->args[0], &entry, err) != ROUTE_DONE ||
        store_study_get(call->store, entry.study_id, &call->request->arena,
                        &study, err))
        return ROUTE_FAILED;
    struct definition *definition = wire_definition_load(study.definition, err);
    if (!definition)
        return ROUTE_FAILED;
    struct front front = {
        .definition = definition, .study = &study, .volume = NAN};
    int failed = answer(call, &front, after, limit, err);
    definition_free(definition);
    return failed ? ROUTE_FAILED : ROUTE_DONE;
}
