// SPDX-License-Identifier: GPL-3.0-or-later
// wire_limit_tell.c - the JSON of what workers of a limit study get and tell

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "limit_tell.h"
#include "wire_limit.h"

enum { MAX_PLACE = 200 }; // bytes

// ---- workers ----------------------------------------------------------------

const char *wire_limit_place(const char *worker, struct arena *arena)
{
    json_t *json = worker ? json_loads(worker, 0, NULL) : NULL;
    const json_t *site = json_object_get(json, "site");
    const char *name = NULL;
    size_t n = json_string_length(site);
    if (json_is_string(site) && n > 0 && n <= MAX_PLACE)
        name = arena_copy(arena, json_string_value(site), n);
    json_decref(json);
    return name;
}

bool wire_limit_same_context(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    if (strcmp(a, b) == 0)
        return true;
    json_t *x = json_loads(a, 0, NULL), *y = json_loads(b, 0, NULL);
    bool same = x && y && json_equal(x, y);
    json_decref(x);
    json_decref(y);
    return same;
}

// ---- orders -----------------------------------------------------------------

static void write_points(struct text *text, const struct live *live,
                         size_t number)
{
    size_t sites[LIMIT_MAX_POINTS];
    size_t n = live_limit_points(live, number, sites);
    text_char(text, '[');
    for (size_t i = 0; i < n; i++) {
        text_next(text);
        text_real(text, live->limit->sites[sites[i]].mu);
    }
    text_char(text, ']');
}

void wire_limit_hand_out(struct text *text, const struct live *live,
                         size_t number)
{
    const struct limit_terms *terms = live->definition->limit;
    const struct limit_errand errand =
        limit_errand_read(history_point(&live->history, number));
    const struct live_limit_site *site = live_limit_site_of(live, number);
    bool toys = errand.kind != LIMIT_ERRAND_DATA;
    text_key_string(text, "want", toys ? "toys" : "obs");
    text_key_real(text, "mu", errand.mu);
    text_key_string(text, "hypothesis",
                    toys ? limit_errand_names[errand.kind] : NULL);
    text_key(text, "ntoys");
    if (toys)
        text_int(text, (int64_t)errand.ntoys);
    else
        text_add(text, "null");
    text_key(text, "mu_eval");
    if (terms->plan.shared && errand.kind == LIMIT_ERRAND_B)
        write_points(text, live, number);
    else
        text_add(text, "null");
    text_key(text, "context");
    text_char(text, '{');
    text_key_json(text, "study", terms->context);
    text_key_json(text, "mu", site->source ? site->source->context : NULL);
    text_char(text, '}');
}

// ---- data -------------------------------------------------------------------

// A number that may be missing, also by being none.
static double read_real(const struct fields *fields, const char *name)
{
    double value = fields_value(fields, name, NAN);
    return isfinite(value) ? value : NAN;
}

static int read_data(const struct fields *tell, const json_t *given,
                     struct told_data *data, struct arena *arena)
{
    static const char *const known[] = {"q", "q_asimov", "muhat", "context",
                                        NULL};
    struct fields fields;
    char where[160];
    snprintf(where, sizeof where, "%.100s%sobs", tell->where,
             *tell->where ? "." : "");
    if (fields_open(&fields, given, where, known, tell->err))
        return -1;
    if (!fields_get(&fields, "q"))
        return fields_fail(&fields, ERROR_INVALID, "q", "is required");
    data->q = fields_value(&fields, "q", NAN);
    data->q_asimov = read_real(&fields, "q_asimov");
    data->muhat = read_real(&fields, "muhat");
    data->context =
        fields_json(&fields, "context", JSON_OBJECT, LIMIT_MAX_CONTEXT, arena);
    return tell->err->code ? -1 : 0;
}

// ---- toys -------------------------------------------------------------------

static int too_many(const struct fields *toys, const char *name, size_t n)
{
    return fields_fail(toys, ERROR_INVALID, name,
                       "must have at most %d values, not %zu", LIMIT_MAX_VALUES,
                       n);
}

// A number; null is one that the toy does not have.
static int read_value(const struct fields *toys, const json_t *value,
                      double *number)
{
    *number = NAN;
    if (json_is_null(value) || wire_number(value, number) ||
        wire_constant(json_string_value(value), number))
        return 0;
    return fields_fail(toys, ERROR_MALFORMED, "q", "must hold numbers, not %s",
                       wire_type(value));
}

// Reads the toys as rows of the same length; told->q is told->rows x columns.
static int read_rows(const struct fields *toys, const json_t *list,
                     double *values, struct told_toys *told)
{
    size_t n = json_array_size(list), k = 0;
    told->rows = n;
    told->columns = json_array_size(json_array_get(list, 0));
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(list, i);
        if (!json_is_array(row) || json_array_size(row) != told->columns)
            return fields_fail(toys, ERROR_INVALID, "q",
                               "must have rows of the same length");
        for (size_t j = 0; j < told->columns; j++)
            if (read_value(toys, json_array_get(row, j), &values[k++]))
                return -1;
    }
    return 0;
}

static int read_list(const struct fields *toys, struct told_toys *told,
                     struct arena *arena)
{
    const json_t *list = fields_get(toys, "q");
    if (!json_is_array(list))
        return fields_fail(toys, ERROR_MALFORMED, "q",
                           "must be an array, not %s", wire_type(list));
    const json_t *first = json_array_get(list, 0);
    size_t n = json_array_size(list), columns = 1;
    if (json_is_array(first))
        columns = json_array_size(first);
    if (n > LIMIT_MAX_VALUES || n * columns > LIMIT_MAX_VALUES)
        return too_many(toys, "q", n > LIMIT_MAX_VALUES ? n : n * columns);
    double *values = arena_doubles(arena, n * columns + 1);
    told->q = values;
    if (json_is_array(first))
        return read_rows(toys, list, values, told);
    told->rows = n;
    told->columns = 1;
    for (size_t i = 0; i < n; i++)
        if (read_value(toys, json_array_get(list, i), &values[i]))
            return -1;
    return 0;
}

static int read_base64(const struct fields *toys, struct told_toys *told,
                       struct arena *arena)
{
    const char *text = fields_text(toys, "q_b64", SIZE_MAX, NULL);
    if (!text)
        return -1;
    size_t n = strlen(text);
    ptrdiff_t count = base64_count(text, n);
    if (count > LIMIT_MAX_VALUES)
        return too_many(toys, "q_b64", (size_t)count);
    double *values = arena_doubles(arena, count < 0 ? 1 : (size_t)count + 1);
    if (count < 0 || base64_doubles(text, n, values))
        return fields_fail(toys, ERROR_MALFORMED, "q_b64",
                           "must be base64 of doubles of 8 bytes");
    told->q = values;
    told->rows = (size_t)count;
    told->columns = 1;
    return 0;
}

// shape: [rows] or [rows, columns], of what was read as told->rows.
static int read_shape(const struct fields *toys, struct told_toys *told)
{
    const json_t *shape = fields_get(toys, "shape");
    size_t d = json_array_size(shape), n = told->rows * told->columns;
    int64_t sizes[2] = {0, 1};
    if (!shape)
        return 0;
    if (!json_is_array(shape))
        return fields_fail(toys, ERROR_MALFORMED, "shape",
                           "must be an array, not %s", wire_type(shape));
    for (size_t i = 0; i < d && i < 2; i++)
        if (!wire_integer(json_array_get(shape, i), &sizes[i]) ||
            sizes[i] < 0 || sizes[i] > LIMIT_MAX_VALUES)
            return fields_fail(toys, ERROR_INVALID, "shape",
                               "must hold integers from 0 to %d",
                               LIMIT_MAX_VALUES);
    if (d < 1 || d > 2 || (size_t)(sizes[0] * sizes[1]) != n)
        return fields_fail(toys, ERROR_INVALID, "shape",
                           "must be [n] or [n, k] with n k = %zu values", n);
    if (told->columns > 1 && (int64_t)told->columns != sizes[1])
        return fields_fail(toys, ERROR_INVALID, "shape",
                           "must be that of q, [%zu, %zu]", told->rows,
                           told->columns);
    told->rows = (size_t)sizes[0];
    told->columns = (size_t)sizes[1];
    return 0;
}

static int read_toys(const struct fields *tell, const json_t *given,
                     struct told_toys *told, struct arena *arena)
{
    static const char *const known[] = {"q", "q_b64", "shape", "n_failed",
                                        NULL};
    struct fields fields;
    char where[160];
    snprintf(where, sizeof where, "%.100s%stoys", tell->where,
             *tell->where ? "." : "");
    if (fields_open(&fields, given, where, known, tell->err))
        return -1;
    bool list = fields_get(&fields, "q"), coded = fields_get(&fields, "q_b64");
    if (list == coded)
        return fields_fail(&fields, ERROR_INVALID, "q",
                           list ? "and q_b64 exclude each other"
                                : "or q_b64 is required");
    told->n_failed = fields_int(&fields, "n_failed", 0, LIMIT_MAX_FAILED, 0);
    if (tell->err->code || (list ? read_list(&fields, told, arena)
                                 : read_base64(&fields, told, arena)))
        return -1;
    return read_shape(&fields, told);
}

int wire_limit_read_told(const struct fields *fields, struct tell *tell,
                         struct arena *arena)
{
    const json_t *obs = fields_get(fields, "obs");
    const json_t *toys = fields_get(fields, "toys");
    if (obs) {
        struct told_data *data = arena_zeros(arena, 1, sizeof *data);
        tell->data = data;
        if (read_data(fields, obs, data, arena))
            return -1;
    }
    if (toys) {
        struct told_toys *told = arena_zeros(arena, 1, sizeof *told);
        tell->toys = told;
        if (read_toys(fields, toys, told, arena))
            return -1;
    }
    return 0;
}
