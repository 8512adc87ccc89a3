// SPDX-License-Identifier: GPL-3.0-or-later
// wire_definition.c - the JSON of a study's definition

#include "wire_definition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/memory.h"
#include "wire_algorithm.h"
#include "wire_goal.h"
#include "wire_kind.h"
#include "wire_restriction.h"
#include "wire_space.h"

static char *copy(const char *string)
{
    return string ? memory_text(string) : NULL;
}

// ---- rules ------------------------------------------------------------------

const char *wire_tags_read(const struct fields *fields, struct arena *arena)
{
    const json_t *tags = fields_get(fields, "tags"), *tag;
    size_t i;
    json_array_foreach(tags, i, tag)
    {
        if (!json_is_string(tag) || wire_odd_number(tag))
            fields_fail(fields, ERROR_MALFORMED, "tags",
                        "must hold strings, not %s", wire_type(tag));
        else if (json_string_length(tag) < 1 ||
                 json_string_length(tag) > STUDY_MAX_TAG)
            fields_fail(fields, ERROR_INVALID, "tags",
                        "must have 1 to %d bytes each, not %zu", STUDY_MAX_TAG,
                        json_string_length(tag));
    }
    if (json_array_size(tags) > STUDY_MAX_TAGS)
        fields_fail(fields, ERROR_INVALID, "tags",
                    "must be at most %d, not %zu", STUDY_MAX_TAGS,
                    json_array_size(tags));
    return fields_json(fields, "tags", JSON_ARRAY, STUDY_MAX_CONSTANTS, arena);
}

// The Hopaas face stores constants of any size.
static int read_texts(const struct fields *study, struct definition *d,
                      bool stored)
{
    size_t most = stored ? SIZE_MAX : STUDY_MAX_CONSTANTS;
    struct arena arena;
    arena_init(&arena);
    d->constants =
        copy(fields_json(study, "constants", JSON_OBJECT, most, &arena));
    d->tags = copy(wire_tags_read(study, &arena));
    d->notes = copy(fields_text(study, "notes", STUDY_MAX_NOTES, NULL));
    arena_done(&arena);
    return study->err->code ? -1 : 0;
}

static int read_name(const struct fields *study, struct definition *d)
{
    const char *name = fields_text(study, "name", STUDY_MAX_NAME, NULL);
    if (study->err->code)
        return -1;
    if (!name || !*name)
        return fields_fail(study, ERROR_INVALID, "name",
                           "is required and must not be empty");
    d->name = copy(name);
    return wire_kind_read(study, d);
}

// warm_start: {"studies": [keys]}.
static int read_warm_start(const struct fields *study, struct definition *d)
{
    static const char *const known[] = {"studies", NULL};
    const json_t *given = fields_get(study, "warm_start"), *list, *key;
    struct fields fields;
    char where[160];
    size_t i;
    if (!given)
        return 0;
    snprintf(where, sizeof where, "%.80s%swarm_start", study->where,
             *study->where ? "." : "");
    if (fields_open(&fields, given, where, known, study->err))
        return -1;
    list = fields_get(&fields, "studies");
    if (!json_is_array(list))
        return fields_fail(&fields, list ? ERROR_MALFORMED : ERROR_INVALID,
                           "studies", "must be an array, not %s",
                           list ? wire_type(list) : "absent");
    if (json_array_size(list) > STUDY_MAX_WARM_START)
        return fields_fail(&fields, ERROR_INVALID, "studies",
                           "must be at most %d, not %zu", STUDY_MAX_WARM_START,
                           json_array_size(list));
    json_array_foreach(list, i, key)
    {
        if (!json_is_string(key) || wire_odd_number(key))
            return fields_fail(&fields, ERROR_MALFORMED, "studies",
                               "must hold ids of studies, not %s",
                               wire_type(key));
        d->warm_start[d->n_warm_start++] = copy(json_string_value(key));
    }
    return 0;
}

static int read_all(const struct fields *study, struct definition *d,
                    bool stored)
{
    if (read_name(study, d) || wire_kind_plan_read(study, d, stored) ||
        read_warm_start(study, d) || wire_budget_read(study, d) ||
        read_texts(study, d, stored))
        return -1;
    d->lease_s = fields_int(study, "lease_s", 1, STUDY_MAX_LEASE_S, 600);
    d->max_attempts = fields_int(study, "max_attempts", 1, 100, 3);
    if (stored) {
        d->hopaas = fields_bool(study, "hopaas", false);
        d->origin = copy(fields_text(study, "origin", SIZE_MAX, NULL));
    }
    return study->err->code ? -1 : 0;
}

static const char *const public_names[] = {
    "name",        "kind",         "objectives", "outcome_constraints",
    "space",       "direction",    "sampler",    "pruner",
    "budget",      "constants",    "tags",       "notes",
    "lease_s",     "max_attempts", "warm_start", "iteration",
    "constraints", "limit",        "grid",       NULL};

static struct definition *read(const json_t *json, const char *where,
                               bool stored, struct error *err)
{
    struct fields fields;
    if (fields_open(&fields, json, where, stored ? NULL : public_names, err))
        return NULL;
    struct definition *d = calloc(1, sizeof *d);
    if (!d)
        abort();
    space_init(&d->space);
    if (read_all(&fields, d, stored) == 0)
        return d;
    definition_free(d);
    return NULL;
}

struct definition *wire_definition_read(const json_t *json, const char *where,
                                        struct error *err)
{
    return read(json, where, false, err);
}

// What is stored has no odd numbers left, and constants that were as deep as
// they may be lie one level deeper in it.
static json_t *parse_stored(const char *text, struct error *err)
{
    json_error_t fault;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &fault);
    if (!json)
        error_set(err, ERROR_INTERNAL,
                  "a stored definition is not JSON: %s at byte %d", fault.text,
                  fault.position);
    return json;
}

struct definition *wire_definition_load(const char *text, struct error *err)
{
    json_t *json = parse_stored(text, err);
    struct definition *d = json ? read(json, "", true, err) : NULL;
    json_decref(json);
    return d;
}

int wire_definition_merge(json_t *definition, const json_t *changes)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)changes, name, value)
    {
        if (json_is_null(value) &&
            (strcmp(name, "space") == 0 || strcmp(name, "grid") == 0))
            continue; // they have no default to return to
        json_t *old = json_object_get(definition, name);
        bool merge =
            json_is_object(value) && json_is_object(old) &&
            (strcmp(name, "space") == 0 || strcmp(name, "budget") == 0 ||
             strcmp(name, "limit") == 0 || strcmp(name, "grid") == 0);
        if (merge ? json_object_update(old, value)
                  : json_object_set(definition, name, value))
            return -1;
    }
    return 0;
}

struct definition *wire_definition_patch(const struct definition *definition,
                                         const json_t *changes,
                                         struct error *err)
{
    static const char *const known[] = {
        "budget",  "notes",        "tags",  "sampler",   "pruner",
        "lease_s", "max_attempts", "space", "iteration", "constraints",
        "limit",   "grid",         NULL};
    struct fields fields;
    if (fields_open(&fields, changes, "", known, err) ||
        wire_kind_check_changes(definition, &fields, true))
        return NULL;
    const json_t *space = fields_get(&fields, "space");
    if (space && json_object_size(space) == 0) {
        fields_fail(&fields, ERROR_INVALID, "space",
                    "must name the parameters that become wider");
        return NULL;
    }
    struct arena arena;
    arena_init(&arena);
    char *text = wire_definition_text(definition, &arena);
    json_t *json = parse_stored(text, err);
    struct definition *d = NULL;
    if (json && wire_definition_merge(json, changes) == 0)
        d = read(json, "", true, err);
    if (d && !d->hopaas && d->pruner->check &&
        d->pruner->check(d->pruner_options, err)) {
        definition_free(d);
        d = NULL;
    }
    // Programs that still send the first definition must find their study.
    if (d && !d->origin)
        d->origin = copy(text);
    json_decref(json);
    arena_done(&arena);
    return d;
}

bool wire_definition_same(const char *a, const char *b)
{
    struct error err = {0};
    if (strcmp(a, b) == 0)
        return true;
    json_t *x = parse_stored(a, &err), *y = parse_stored(b, &err);
    bool same = x && y && json_equal(x, y);
    json_decref(x);
    json_decref(y);
    return same;
}

// ---- writing ----------------------------------------------------------------

static void write_warm_start(struct text *text, const struct definition *d)
{
    text_key(text, "warm_start");
    text_add(text, "{\"studies\":[");
    for (size_t i = 0; i < d->n_warm_start; i++) {
        text_next(text);
        text_string(text, d->warm_start[i]);
    }
    text_add(text, "]}");
}

void wire_definition_write(struct text *text, const struct definition *d,
                           bool stored)
{
    text_key_string(text, "name", d->name);
    text_key_string(text, "kind", kind_of(d)->name);
    wire_objectives_write(text, d);
    // Definitions that were stored before there were any have no such member.
    if (!stored || d->n_outcome_constraints)
        wire_outcome_constraints_write(text, d);
    text_key(text, "space");
    wire_space_write(text, &d->space);
    if (!stored || d->space.restrictions)
        wire_restrictions_write(text, &d->space);
    wire_algorithms_write(text, d);
    wire_kind_plan_write(text, d);
    wire_budget_write(text, &d->budget, stored);
    text_key_int(text, "lease_s", d->lease_s);
    text_key_int(text, "max_attempts", d->max_attempts);
    text_key_json(text, "constants", d->constants);
    text_key_json(text, "tags", d->tags ? d->tags : "[]");
    text_key_string(text, "notes", d->notes);
    if (!stored)
        return;
    if (d->n_warm_start)
        write_warm_start(text, d);
    if (d->iteration.points)
        wire_iteration_write(text, &d->iteration, -1);
    text_key_bool(text, "hopaas", d->hopaas);
    text_key_string(text, "origin", d->origin);
}

char *wire_definition_text(const struct definition *definition,
                           struct arena *arena)
{
    struct text text;
    text_init(&text, arena);
    text_char(&text, '{');
    wire_definition_write(&text, definition, true);
    text_char(&text, '}');
    return text.data;
}
