// SPDX-License-Identifier: GPL-3.0-or-later
// route_contour.c - GET /studies/{id}/contour

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kind.h"
#include "live.h"
#include "route.h"
#include "wire_contour.h"
#include "wire_definition.h"
#include "wire_space.h"

enum {
    MAX_AT = 4000,          // bytes of the values beside the axes
    MAX_KEPT = 1024 * 1024, // bytes of an answer that is kept
    NODES = 101,            // along an axis, if the query does not say
};

struct question {
    struct contour_slice slice;
    const char *at; // JSON, or NULL
    bool grid;
};

// An axis by its name; parameter `standard` when there is none.
static int read_axis(const struct call *call, const char *which,
                     const struct space *space, size_t standard, size_t *axis,
                     struct error *err)
{
    const char *name = request_query(call->request, which);
    int found = name ? space_find(space, name) : (int)standard;
    if (found < 0)
        return error_set(err, ERROR_INVALID,
                         "%s must be a parameter of the study, not \"%.80s\"",
                         which, name);
    *axis = (size_t)found;
    return 0;
}

// Fixes the parameters beside the axes: as `at` says, else in the middle.
static int read_at(const struct question *question, const struct space *space,
                   struct arena *arena, double **fixed, struct error *err)
{
    double *point = arena_doubles(arena, space->n);
    const char *at = question->at ? question->at : "{}";
    struct error fault = {0};
    json_t *json = wire_parse(at, strlen(at), arena, &fault);
    if (!json)
        return error_set(err, fault.code, "at: %.200s", fault.message);
    int result = wire_point_read(json, "at", space, arena, point, err);
    json_decref(json);
    if (result)
        return -1;
    for (size_t k = 0; k < space->n; k++)
        if (isnan(point[k]))
            point[k] = param_decode(&space->params[k], 0.5);
    *fixed = point;
    return space_check(space, point, &fault)
               ? error_set(err, fault.code, "at: %.200s", fault.message)
               : 0;
}

static int read_question(const struct call *call, const struct space *space,
                         struct question *question, struct error *err)
{
    struct arena *arena = &call->request->arena;
    size_t *axis = question->slice.axis;
    int64_t n, grid;
    double *fixed = NULL;
    if (route_query_int(call, "n", 2, CONTOUR_MAX_NODES, NODES, &n, err) ||
        route_query_int(call, "grid", 0, 1, 0, &grid, err) ||
        route_query_text(call, "at", MAX_AT, &question->at, err) ||
        read_axis(call, "x", space, 0, &axis[0], err) ||
        read_axis(call, "y", space, axis[0] == 1 ? 0 : 1, &axis[1], err) ||
        read_at(question, space, arena, &fixed, err))
        return -1;
    if (axis[0] == axis[1])
        return error_set(err, ERROR_INVALID,
                         "x and y must be two parameters, not \"%.80s\" twice",
                         space->params[axis[0]].name);
    question->slice.n[0] = question->slice.n[1] = (size_t)n;
    question->slice.fixed = fixed;
    question->grid = grid;
    return 0;
}

static int look(struct call *call, const struct study_row *study,
                const struct question *question, struct text *text,
                struct error *err)
{
    struct contour_view view;
    struct live *live = live_read(call->store, study->id, err);
    if (!live)
        return -1;
    int result = contour_view(live->definition, &live->history,
                              &question->slice, text->arena, &view, err);
    if (result == 0)
        wire_contour_view_write(text, &view, study->key,
                                study->progress.revision, question->grid);
    live_free(live);
    return result;
}

static int answer(struct call *call, const struct study_row *study,
                  const struct definition *definition, struct text *text,
                  struct error *err)
{
    struct answers *answers = call->service->answers;
    struct question question = {.at = NULL};
    if (definition->kind != STUDY_CONTOUR)
        return error_set(err, ERROR_INVALID,
                         "kind must be contour, the study is of kind %s",
                         kind_of(definition)->name);
    if (read_question(call, &definition->space, &question, err))
        return -1;
    const char *words = arena_print(
        text->arena, "contour %" PRId64 " %zu %zu %zu %d %s", study->id,
        question.slice.n[0], question.slice.axis[0], question.slice.axis[1],
        question.grid, question.at ? question.at : "");
    const char *known =
        answers_get(answers, words, study->progress.revision, text->arena);
    if (known) {
        text_add(text, known);
        return 0;
    }
    if (look(call, study, &question, text, err))
        return -1;
    if (strlen(text->data) <= MAX_KEPT)
        answers_put(answers, words, study->progress.revision, text->data);
    return 0;
}

enum route_outcome route_study_contour(struct call *call, struct error *err)
{
    static const char *const known[] = {"n", "x", "y", "at", "grid", NULL};
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
