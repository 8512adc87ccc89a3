// SPDX-License-Identifier: GPL-3.0-or-later
// wire_definition.c - the JSON of a study's definition

#include "wire_definition.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/memory.h"
#include "wire_goal.h"
#include "wire_restriction.h"
#include "wire_space.h"

static const double max_exact = 9007199254740991.0; // 2^53 - 1

static char *copy(const char *string)
{
    return string ? memory_text(string) : NULL;
}

uint64_t wire_definition_seed(const char *name)
{
    uint64_t hash = 14695981039346656037u; // FNV-1a
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 1099511628211u;
    return hash & (uint64_t)max_exact;
}

// ---- algorithms and their options -------------------------------------------

// Reads the object of options into values[0..n).
static int read_options(const struct fields *algorithm,
                        const struct option *options, size_t n, double *values)
{
    option_defaults(options, n, values);
    const json_t *given = fields_get(algorithm, "options");
    if (!given)
        return 0;
    char where[160];
    snprintf(where, sizeof where, "%.140s.options", algorithm->where);
    struct fields fields;
    if (fields_open(&fields, given, where, NULL, algorithm->err))
        return -1;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)given, name, value)
    {
        double number = NAN;
        struct error fault = {0};
        if (json_is_boolean(value))
            number = json_is_true(value);
        else if (!json_is_null(value) && !wire_number(value, &number))
            return fields_fail(&fields, ERROR_MALFORMED, name,
                               "must be a number, not %s", wire_type(value));
        if (isinf(number)) // it would be stored as one that is not set
            return fields_fail(&fields, ERROR_INVALID, name,
                               "must be finite, not %g", number);
        if (option_set(options, n, name, number, values, &fault))
            return error_set(algorithm->err, ERROR_INVALID, "%.100s: %.140s",
                             where, fault.message);
    }
    return 0;
}

// Opens "sampler" or "pruner", which may be a name alone, and finds its name.
static int open_algorithm(const struct fields *study, const char *field,
                          const char *standard, struct fields *algorithm,
                          const char **name)
{
    static const char *const known[] = {"name", "options", "seed", NULL};
    const json_t *value = fields_get(study, field);
    *algorithm = (struct fields){.err = study->err};
    snprintf(algorithm->where, sizeof algorithm->where, "%.80s%s%s",
             study->where, *study->where ? "." : "", field);
    *name = standard;
    if (!value)
        return 0;
    if (json_is_string(value)) {
        *name = json_string_value(value);
        return 0;
    }
    char where[160];
    snprintf(where, sizeof where, "%s", algorithm->where);
    if (fields_open(algorithm, value, where, known, study->err))
        return -1;
    *name = fields_text(algorithm, "name", 80, standard);
    return study->err->code ? -1 : 0;
}

// Names the samplers that serve several objectives.
static int refuse_several(const struct fields *sampler,
                          const struct definition *d)
{
    char names[200] = "";
    for (size_t i = 0; i < n_samplers; i++)
        if (samplers[i]->several)
            snprintf(names + strlen(names), sizeof names - strlen(names),
                     "%s%s", *names ? ", " : "", samplers[i]->name);
    return fields_fail(sampler, ERROR_INVALID, "name",
                       "must be one that serves several objectives (%s), not "
                       "\"%s\"",
                       names, d->sampler->name);
}

static int read_sampler(const struct fields *study, struct definition *d)
{
    struct fields fields;
    const char *name;
    if (open_algorithm(study, "sampler", "auto", &fields, &name))
        return -1;
    d->sampler = sampler_find(name);
    if (!d->sampler)
        return fields_fail(&fields, ERROR_INVALID, "name",
                           "must be one of those that /api/v1/info lists, "
                           "not \"%.60s\"",
                           name);
    d->seed = (uint64_t)fields_int(&fields, "seed", 0, (int64_t)max_exact,
                                   (int64_t)wire_definition_seed(d->name));
    if (read_options(&fields, d->sampler->options, d->sampler->n_options,
                     d->sampler_options))
        return -1;
    if (d->sampler->check &&
        d->sampler->check(&d->space, d->sampler_options, study->err))
        return -1;
    if (d->n_objectives > 1 && !d->sampler->several)
        return refuse_several(&fields, d);
    return study->err->code ? -1 : 0;
}

static int read_pruner(const struct fields *study, struct definition *d,
                       bool stored)
{
    struct fields fields;
    const char *name;
    if (open_algorithm(study, "pruner", "nop", &fields, &name))
        return -1;
    d->pruner = pruner_find(name);
    if (!d->pruner)
        return fields_fail(&fields, ERROR_INVALID, "name",
                           "must be one of those that /api/v1/info lists, "
                           "not \"%.60s\"",
                           name);
    if (fields_get(&fields, "seed"))
        return fields_fail(&fields, ERROR_MALFORMED, "seed",
                           "is not a field of a pruner");
    if (d->n_objectives > 1 && strcmp(name, "nop") != 0)
        return fields_fail(&fields, ERROR_INVALID, "name",
                           "must be nop with several objectives, not \"%s\"",
                           name);
    if (read_options(&fields, d->pruner->options, d->pruner->n_options,
                     d->pruner_options))
        return -1;
    // What is stored was good when it came; Hopaas studies may hold options
    // that make no sense here but do no harm.
    if (!stored && d->pruner->check &&
        d->pruner->check(d->pruner_options, study->err))
        return -1;
    return 0;
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
    const char *kind = fields_text(study, "kind", 20, "hpo");
    if (!study->err->code && strcmp(kind, "hpo") != 0)
        return fields_fail(study, ERROR_INVALID, "kind",
                           "must be hpo in this version, not \"%s\"", kind);
    return study->err->code ? -1 : 0;
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
    char where[160];
    snprintf(where, sizeof where, "%.80s%sspace", study->where,
             *study->where ? "." : "");
    const json_t *space = json_object_get(study->object, "space");
    if (read_name(study, d) || wire_goal_read(study, d))
        return -1;
    if (!space)
        return fields_fail(study, ERROR_INVALID, "space", "is required");
    if (wire_space_read(space, where, &d->space, study->err) ||
        wire_restrictions_read(study, &d->space))
        return -1;
    if (read_sampler(study, d) || read_pruner(study, d, stored) ||
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

static const char *const public_names[] = {"name",        "kind",
                                           "objectives",  "outcome_constraints",
                                           "space",       "direction",
                                           "sampler",     "pruner",
                                           "budget",      "constants",
                                           "tags",        "notes",
                                           "lease_s",     "max_attempts",
                                           "warm_start",  "iteration",
                                           "constraints", NULL};

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
        if (strcmp(name, "space") == 0 && json_is_null(value))
            continue; // the only member without a default to return to
        json_t *old = json_object_get(definition, name);
        bool merge =
            json_is_object(value) && json_is_object(old) &&
            (strcmp(name, "space") == 0 || strcmp(name, "budget") == 0);
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
    static const char *const known[] = {"budget",       "notes",  "tags",
                                        "sampler",      "pruner", "lease_s",
                                        "max_attempts", "space",  "iteration",
                                        "constraints",  NULL};
    struct fields fields;
    if (fields_open(&fields, changes, "", known, err))
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

void wire_option_write(struct text *text, const struct option *option,
                       double value)
{
    if (isnan(value))
        text_add(text, "null");
    else if (option->kind == OPTION_BOOL)
        text_bool(text, value != 0);
    else if (option->kind == OPTION_INT && isfinite(value))
        text_int(text, (int64_t)value);
    else
        text_real(text, value);
}

static void write_options(struct text *text, const struct option *options,
                          size_t n, const double *values)
{
    text_key(text, "options");
    text_char(text, '{');
    for (size_t i = 0; i < n; i++) {
        text_key(text, options[i].name);
        wire_option_write(text, &options[i], values[i]);
    }
    text_char(text, '}');
}

static void write_algorithms(struct text *text, const struct definition *d)
{
    text_key(text, "sampler");
    text_add(text, "{\"name\":");
    text_string(text, d->sampler->name);
    write_options(text, d->sampler->options, d->sampler->n_options,
                  d->sampler_options);
    text_key_int(text, "seed", (int64_t)d->seed);
    text_char(text, '}');
    text_key(text, "pruner");
    text_add(text, "{\"name\":");
    text_string(text, d->pruner->name);
    write_options(text, d->pruner->options, d->pruner->n_options,
                  d->pruner_options);
    text_char(text, '}');
}

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
    text_add(text, ",\"kind\":\"hpo\"");
    wire_objectives_write(text, d);
    // Definitions that were stored before there were any have no such member.
    if (!stored || d->n_outcome_constraints)
        wire_outcome_constraints_write(text, d);
    text_key(text, "space");
    wire_space_write(text, &d->space);
    if (!stored || d->space.restrictions)
        wire_restrictions_write(text, &d->space);
    write_algorithms(text, d);
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
