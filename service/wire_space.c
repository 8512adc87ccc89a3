// SPDX-License-Identifier: GPL-3.0-or-later
// wire_space.c - the JSON of a search space and of its points

#include "wire_space.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum param_kind kind;
    const char *fields[8];
} kinds[] = {
    {"float", PARAM_FLOAT, {"type", "low", "high", "step", "log", "when"}},
    {"int", PARAM_INT, {"type", "low", "high", "step", "log", "when"}},
    {"categorical", PARAM_CATEGORICAL, {"type", "choices", "when"}},
    {"bool", PARAM_BOOL, {"type", "when"}},
    {"discrete", PARAM_DISCRETE, {"type", "values", "when"}},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

// The text by which a choice is known: the JSON of a scalar.
static char *scalar(const json_t *value, struct arena *arena)
{
    struct text text;
    text_init(&text, arena);
    wire_write(&text, value, false);
    return text.data;
}

static bool is_scalar(const json_t *value)
{
    return !json_is_object(value) && !json_is_array(value) &&
           !wire_odd_number(value);
}

// The non-empty array `name`, within the limit.
static const json_t *list(const struct fields *fields, const char *name)
{
    const json_t *value = fields_get(fields, name);
    if (!json_is_array(value)) {
        fields_fail(fields, value ? ERROR_MALFORMED : ERROR_INVALID, name,
                    "must be an array, not %s",
                    value ? wire_type(value) : "absent");
        return NULL;
    }
    size_t n = json_array_size(value);
    if (n >= 1 && n <= SPACE_MAX_CHOICES)
        return value;
    fields_fail(fields, ERROR_INVALID, name,
                "must hold 1 to %d entries, not %zu", SPACE_MAX_CHOICES, n);
    return NULL;
}

static int read_choices(const struct fields *fields, struct param *param,
                        struct arena *arena)
{
    const json_t *array = list(fields, "choices"), *choice;
    if (!array)
        return -1;
    param->n_choices = json_array_size(array);
    param->choices = arena_zeros(arena, param->n_choices, sizeof(char *));
    size_t i;
    json_array_foreach(array, i, choice)
    {
        if (!is_scalar(choice))
            return fields_fail(fields, ERROR_MALFORMED, "choices",
                               "must hold scalars, not %s", wire_type(choice));
        param->choices[i] = scalar(choice, arena);
    }
    return 0;
}

static int read_levels(const struct fields *fields, struct param *param,
                       struct arena *arena)
{
    const json_t *array = list(fields, "values"), *level;
    if (!array)
        return -1;
    param->n_choices = json_array_size(array);
    param->levels = arena_doubles(arena, param->n_choices);
    size_t i;
    json_array_foreach(array, i, level)
    {
        if (!wire_number(level, &param->levels[i]))
            return fields_fail(fields, ERROR_MALFORMED, "values",
                               "must hold numbers, not %s", wire_type(level));
    }
    return 0;
}

static int read_range(const struct fields *fields, struct param *param)
{
    if (!fields_get(fields, "low") || !fields_get(fields, "high"))
        return fields_fail(fields, ERROR_INVALID,
                           fields_get(fields, "low") ? "high" : "low",
                           "is required");
    param->low = fields_real(fields, "low", 0);
    param->high = fields_real(fields, "high", 0);
    param->step = fields_real(fields, "step", param->kind == PARAM_INT);
    param->log = fields_bool(fields, "log", false);
    if (!fields->err->code && fields_get(fields, "step") && param->step <= 0)
        return fields_fail(fields, ERROR_INVALID, "step",
                           "must be above 0, not %g", param->step);
    return fields->err->code ? -1 : 0;
}

// The coordinate that a JSON scalar means for the parameter.
static bool coordinate(const struct param *param, const json_t *value,
                       struct arena *arena, double *result)
{
    struct error fault = {0};
    switch (param->kind) {
    case PARAM_BOOL:
        *result = json_is_true(value);
        return json_is_boolean(value);
    case PARAM_DISCRETE: {
        double level;
        if (!wire_number(value, &level))
            return false;
        for (size_t i = 0; i < param->n_choices; i++)
            if (param->levels[i] == level) {
                *result = (double)i;
                return true;
            }
        return false;
    }
    case PARAM_CATEGORICAL: {
        const char *text = scalar(value, arena);
        for (size_t i = 0; i < param->n_choices; i++)
            if (strcmp(param->choices[i], text) == 0) {
                *result = (double)i;
                return true;
            }
        return false;
    }
    default: // what a client computed as low + i * step may be a bit off
        if (!wire_number(value, result) || param_check(param, *result, &fault))
            return false;
        if (param_levels(param) > 0)
            *result = param_value(param, param_nearest(param, *result));
        return true;
    }
}

static int read_condition(const struct fields *when, const char *name,
                          const json_t *values, const struct space *space,
                          struct condition *condition, struct arena *arena)
{
    int parent = space_find(space, name);
    condition->parent = (size_t)parent;
    const struct param *param = &space->params[parent];
    if (param->kind == PARAM_FLOAT)
        return fields_fail(when, ERROR_INVALID, name,
                           "is a float, which no condition can test");
    bool one = is_scalar(values);
    condition->n = one ? 1 : json_array_size(values);
    if (condition->n == 0)
        return fields_fail(when, ERROR_INVALID, name,
                           "must be a value or a list of values");
    condition->values = arena_doubles(arena, condition->n);
    for (size_t i = 0; i < condition->n; i++) {
        const json_t *value = one ? values : json_array_get(values, i);
        if (!is_scalar(value) ||
            !coordinate(param, value, arena, &condition->values[i]))
            return fields_fail(when, ERROR_INVALID, name, "can never be %.60s",
                               scalar(value, arena));
    }
    return 0;
}

static int read_when(const struct fields *fields, const struct space *space,
                     struct param *param, struct arena *arena)
{
    const json_t *value = fields_get(fields, "when");
    if (!value)
        return 0;
    char where[160];
    snprintf(where, sizeof where, "%.150s.when", fields->where);
    struct fields when;
    if (fields_open(&when, value, where, NULL, fields->err))
        return -1;
    param->conditions = arena_zeros(arena, json_object_size(value) + 1,
                                    sizeof *param->conditions);
    const char *name;
    json_t *values;
    json_object_foreach((json_t *)(uintptr_t)value, name, values)
    {
        if (read_condition(&when, name, values, space,
                           &param->conditions[param->n_conditions++], arena))
            return -1;
    }
    return 0;
}

// Which kind does the "type" of this parameter name? -1 when none.
static int kind_of(const struct fields *fields)
{
    const char *type = fields_text(fields, "type", 40, NULL);
    if (fields->err->code)
        return -1;
    for (int i = 0; type && i < KINDS; i++)
        if (strcmp(kinds[i].name, type) == 0)
            return i;
    fields_fail(fields, ERROR_INVALID, "type",
                "must be float, int, categorical, bool or discrete, not %s",
                type ? type : "absent");
    return -1;
}

static int read_param(const char *name, const json_t *json, const char *where,
                      struct space *space, struct arena *arena,
                      struct error *err)
{
    struct fields fields;
    if (fields_open(&fields, json, where, NULL, err))
        return -1;
    int kind = kind_of(&fields);
    if (kind < 0 || fields_open(&fields, json, where, kinds[kind].fields, err))
        return -1;
    struct param param = {.name = arena_copy(arena, name, strlen(name)),
                          .kind = kinds[kind].kind};
    if (param.kind == PARAM_CATEGORICAL) {
        if (read_choices(&fields, &param, arena))
            return -1;
    } else if (param.kind == PARAM_DISCRETE) {
        if (read_levels(&fields, &param, arena))
            return -1;
    } else if (param.kind == PARAM_BOOL) {
        param.n_choices = 2;
    } else if (read_range(&fields, &param)) {
        return -1;
    }
    if (read_when(&fields, space, &param, arena))
        return -1;
    struct error fault = {0};
    if (space_add(space, &param, &fault)) {
        // It begins with the quoted name, which the path ends with already.
        const char *rest = strstr(fault.message, "': ");
        return error_set(err, fault.code, "%.80s: %.160s", where,
                         rest ? rest + 3 : fault.message);
    }
    return 0;
}

// Do all parameters that its `when` names stand in the space already?
static bool parents_known(const json_t *json, const struct space *space)
{
    const char *name;
    json_t *values;
    json_object_foreach(json_object_get(json, "when"), name, values)
    {
        if (space_find(space, name) < 0)
            return false;
    }
    return true;
}

// Adds every parameter whose parents are known and which is not there yet.
// Returns how many were added, -1 on error.
static int read_round(const json_t *json, const char *where,
                      struct space *space, struct arena *arena,
                      struct error *err)
{
    int added = 0;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)json, name, value)
    {
        if (space_find(space, name) >= 0 || !parents_known(value, space))
            continue;
        char path[160];
        snprintf(path, sizeof path, "%.60s.%.80s", where, name);
        if (read_param(name, value, path, space, arena, err))
            return -1;
        added++;
    }
    return added;
}

int wire_space_read(const json_t *json, const char *where, struct space *space,
                    struct error *err)
{
    if (!json_is_object(json))
        return error_set(err, ERROR_MALFORMED, "%s must be an object, not %s",
                         where, wire_type(json));
    size_t n = json_object_size(json);
    if (n > SPACE_MAX_PARAMS)
        return error_set(err, ERROR_INVALID,
                         "%s must have at most %d parameters, not %zu", where,
                         SPACE_MAX_PARAMS, n);
    struct arena arena;
    arena_init(&arena);
    int added = 1;
    while (added > 0 && space->n < n)
        added = read_round(json, where, space, &arena, err);
    arena_done(&arena);
    if (added < 0)
        return -1;
    if (space->n == n)
        return 0;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)json, name, value)
    {
        if (space_find(space, name) < 0)
            break;
    }
    return error_set(err, ERROR_INVALID,
                     "%s.%.80s.when names a parameter that is not there, or "
                     "conditions go in a circle",
                     where, name);
}

// ---- points -----------------------------------------------------------------

// Says why the value is none of the parameter's.
static int refuse(const struct fields *fields, const struct param *param,
                  const json_t *value, struct arena *arena)
{
    double number;
    bool ranged = param->kind == PARAM_FLOAT || param->kind == PARAM_INT;
    if (!is_scalar(value) && !wire_odd_number(value))
        return fields_fail(fields, ERROR_MALFORMED, param->name,
                           "must be a scalar, not %s", wire_type(value));
    if (!ranged)
        return fields_fail(fields, ERROR_INVALID, param->name,
                           "can never be %.60s", scalar(value, arena));
    if (!wire_number(value, &number))
        return fields_fail(fields, ERROR_MALFORMED, param->name,
                           "must be a number, not %s", wire_type(value));
    if (param->step > 0)
        return fields_fail(fields, ERROR_INVALID, param->name,
                           "must be from %.15g to %.15g in steps of %.15g, not "
                           "%.15g",
                           param->low, param->high, param->step, number);
    return fields_fail(fields, ERROR_INVALID, param->name,
                       "must be from %.15g to %.15g, not %.15g", param->low,
                       param->high, number);
}

int wire_point_read(const json_t *json, const char *where,
                    const struct space *space, struct arena *arena,
                    double *point, struct error *err)
{
    struct fields fields;
    if (fields_open(&fields, json, where, NULL, err))
        return -1;
    for (size_t k = 0; k < space->n; k++)
        point[k] = NAN;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)json, name, value)
    {
        int k = space_find(space, name);
        if (k < 0)
            return fields_fail(&fields, ERROR_INVALID, name,
                               "is no parameter of the study");
        if (!is_scalar(value) ||
            !coordinate(&space->params[k], value, arena, &point[k]))
            return refuse(&fields, &space->params[k], value, arena);
    }
    return 0;
}

// ---- writing ----------------------------------------------------------------

static void write_value(struct text *text, const struct param *param,
                        double value)
{
    if (param->kind == PARAM_INT)
        text_int(text, (int64_t)value);
    else
        text_real(text, value);
}

void wire_param_write(struct text *text, const struct param *param,
                      double value)
{
    switch (param->kind) {
    case PARAM_CATEGORICAL:
        text_add(text, param->choices[(size_t)value]);
        break;
    case PARAM_BOOL:
        text_bool(text, value != 0);
        break;
    case PARAM_DISCRETE:
        text_real(text, param->levels[(size_t)value]);
        break;
    default:
        write_value(text, param, value);
    }
}

static void write_list(struct text *text, const struct param *param,
                       const char *name)
{
    text_key(text, name);
    text_char(text, '[');
    for (size_t i = 0; i < param->n_choices; i++) {
        text_next(text);
        wire_param_write(text, param, (double)i);
    }
    text_char(text, ']');
}

static void write_range(struct text *text, const struct param *param)
{
    text_key(text, "low");
    write_value(text, param, param->low);
    text_key(text, "high");
    write_value(text, param, param->high);
    if (param->step > 0) {
        text_key(text, "step");
        write_value(text, param, param->step);
    }
    text_key_bool(text, "log", param->log);
}

static void write_when(struct text *text, const struct space *space,
                       const struct param *param)
{
    text_key(text, "when");
    text_char(text, '{');
    for (size_t c = 0; c < param->n_conditions; c++) {
        const struct condition *condition = &param->conditions[c];
        const struct param *parent = &space->params[condition->parent];
        text_key(text, parent->name);
        text_char(text, '[');
        for (size_t i = 0; i < condition->n; i++) {
            text_next(text);
            wire_param_write(text, parent, condition->values[i]);
        }
        text_char(text, ']');
    }
    text_char(text, '}');
}

void wire_space_write(struct text *text, const struct space *space)
{
    text_char(text, '{');
    for (size_t k = 0; k < space->n; k++) {
        const struct param *param = &space->params[k];
        text_key(text, param->name);
        text_char(text, '{');
        text_key_string(text, "type", kinds[param->kind].name);
        if (param->kind == PARAM_CATEGORICAL)
            write_list(text, param, "choices");
        else if (param->kind == PARAM_DISCRETE)
            write_list(text, param, "values");
        else if (param->kind != PARAM_BOOL)
            write_range(text, param);
        if (param->n_conditions)
            write_when(text, space, param);
        text_char(text, '}');
    }
    text_char(text, '}');
}

void wire_point_write(struct text *text, const struct space *space,
                      const double *point)
{
    text_char(text, '{');
    for (size_t k = 0; k < space->n; k++) {
        if (isnan(point[k]))
            continue;
        text_key(text, space->params[k].name);
        wire_param_write(text, &space->params[k], point[k]);
    }
    text_char(text, '}');
}
