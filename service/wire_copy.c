// SPDX-License-Identifier: GPL-3.0-or-later
// wire_copy.c - the JSON that says what to copy

#include "wire_copy.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire_definition.h"
#include "wire_kind.h"

// ---- which trials -----------------------------------------------------------

static int read_states(const struct fields *filter, struct copy *copy)
{
    const json_t *list = fields_get(filter, "states"), *item;
    size_t i;
    if (!list)
        return 0;
    if (!json_is_array(list) || json_array_size(list) == 0)
        return fields_fail(filter, ERROR_MALFORMED, "states",
                           "must be an array that is not empty");
    copy->filter.states = 0;
    json_array_foreach(list, i, item)
    {
        const char *name = json_is_string(item) ? json_string_value(item) : "";
        int state = trial_state_from_name(name);
        if (state < 0 || !(copy_states_ended() >> state & 1))
            return fields_fail(filter, ERROR_INVALID, "states",
                               "must hold complete, pruned, infeasible or "
                               "failed, not \"%.40s\"",
                               name);
        copy->filter.states |= 1u << state;
    }
    return 0;
}

static int read_numbers(const struct fields *filter, struct copy *copy)
{
    const json_t *list = fields_get(filter, "numbers");
    if (!list)
        return 0;
    const json_t *first = json_array_get(list, 0);
    const json_t *last = json_array_get(list, 1);
    if (json_array_size(list) != 2 || !wire_integer(first, &copy->first) ||
        !wire_integer(last, &copy->last))
        return fields_fail(filter, ERROR_MALFORMED, "numbers",
                           "must be [first, last]");
    if (copy->first < 0 || copy->last < copy->first)
        return fields_fail(filter, ERROR_INVALID, "numbers",
                           "must be [first, last] with 0 <= first <= last, "
                           "not [%" PRId64 ", %" PRId64 "]",
                           copy->first, copy->last);
    return 0;
}

static int read_range(const struct fields *filter, struct copy *copy)
{
    double low = fields_real(filter, "value_min", NAN);
    double high = fields_real(filter, "value_max", NAN);
    copy->filter.value_min = low;
    copy->filter.value_max = high;
    if (low > high)
        return fields_fail(filter, ERROR_INVALID, "value_min",
                           "must be at most value_max, not %.15g > %.15g", low,
                           high);
    return filter->err->code ? -1 : 0;
}

static int read_filter(const struct fields *fields, const json_t *object,
                       struct copy *copy, struct arena *arena)
{
    static const char *const known[] = {"states",    "tags",      "numbers",
                                        "value_min", "value_max", NULL};
    struct fields filter;
    if (fields_open(&filter, object, "trials", known, fields->err))
        return -1;
    const json_t *tags = fields_get(&filter, "tags");
    if (tags && !json_is_array(tags))
        return fields_fail(&filter, ERROR_MALFORMED, "tags",
                           "must be an array, not %s", wire_type(tags));
    copy->filter.tags = tags ? wire_tags_read(&filter, arena) : NULL;
    return fields->err->code || read_states(&filter, copy) ||
                   read_numbers(&filter, copy) || read_range(&filter, copy)
               ? -1
               : 0;
}

static int read_unfit(const struct fields *fields, struct copy *copy)
{
    const char *unfit = fields_text(fields, "unfit", SIZE_MAX, "fail");
    if (fields->err->code)
        return -1;
    copy->skip_unfit = strcmp(unfit, "skip") == 0;
    if (copy->skip_unfit || strcmp(unfit, "fail") == 0)
        return 0;
    return fields_fail(fields, ERROR_INVALID, "unfit",
                       "must be fail or skip, not \"%.40s\"", unfit);
}

int wire_copy_read(const struct fields *fields, struct copy *copy,
                   struct arena *arena)
{
    const json_t *trials = fields_get(fields, "trials");
    copy->filter = (struct trial_filter){
        .states = copy_states_ended(), .value_min = NAN, .value_max = NAN};
    copy->first = 0;
    copy->last = INT64_MAX;
    if (read_unfit(fields, copy))
        return -1;
    if (trials && !json_is_string(trials))
        return read_filter(fields, trials, copy, arena);
    const char *word = trials ? json_string_value(trials) : "ended";
    if (strcmp(word, "none") == 0)
        return 1;
    if (strcmp(word, "results") == 0)
        copy->filter.states = copy_states_results();
    else if (strcmp(word, "ended") != 0)
        return fields_fail(fields, ERROR_INVALID, "trials",
                           "must be ended, results, none or a filter, not "
                           "\"%.40s\"",
                           word);
    return 0;
}

// ---- the definition of a clone ----------------------------------------------

static int check_changes(const struct definition *source, const json_t *changes,
                         struct error *err)
{
    static const char *const known[] = {
        "budget",     "notes",        "tags",  "sampler",   "pruner",
        "lease_s",    "max_attempts", "space", "iteration", "constants",
        "warm_start", "constraints",  "limit", "grid",      NULL};
    struct fields fields;
    return changes && (fields_open(&fields, changes, "changes", known, err) ||
                       wire_kind_check_changes(source, &fields, false))
               ? -1
               : 0;
}

static void drop_nulls(json_t *object)
{
    const char *name;
    json_t *value;
    void *next;
    json_object_foreach_safe(object, next, name, value)
    {
        if (json_is_null(value))
            json_object_del(object, name);
    }
}

static json_t *changed(const struct definition *source, const char *name,
                       const json_t *changes)
{
    struct arena arena;
    arena_init(&arena);
    json_t *json = json_loads(wire_definition_text(source, &arena), 0, NULL);
    arena_done(&arena);
    if (!json)
        abort(); // we wrote it
    json_object_del(json, "hopaas");
    json_object_del(json, "origin");
    wire_kind_strip(source, json);
    if (json_object_set_new(json, "name", json_string(name)) ||
        (changes && wire_definition_merge(json, changes)))
        abort();
    drop_nulls(json_object_get(json, "space"));
    return json;
}

struct definition *wire_copy_definition(const struct definition *source,
                                        const char *name, const json_t *changes,
                                        struct error *err)
{
    struct error fault = {0};
    if (check_changes(source, changes, err))
        return NULL;
    json_t *json = changed(source, name, changes);
    struct definition *definition = wire_definition_read(json, "", &fault);
    json_decref(json);
    if (!definition)
        error_set(err, fault.code, "%s%.400s",
                  strncmp(fault.message, "name ", 5) == 0 ? "" : "changes.",
                  fault.message);
    return definition;
}

char *wire_copy_origin(const struct study_row *source, size_t n_unfit,
                       struct arena *arena)
{
    struct text text;
    text_init(&text, arena);
    text_char(&text, '{');
    text_key_string(&text, "study", source->key);
    text_key_string(&text, "name", source->name);
    text_key_int(&text, "revision", source->progress.revision);
    text_key_int(&text, "unfit", (int64_t)n_unfit);
    text_char(&text, '}');
    return text.data;
}
