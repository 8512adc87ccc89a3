// SPDX-License-Identifier: GPL-3.0-or-later
// wire_campaign.c - the JSON of campaigns and their segments

#include "wire_campaign.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "access.h"
#include "study.h"
#include "wire_definition.h"
#include "wire_trial.h"

// ---- definitions ------------------------------------------------------------

// Replaces members of `target`, objects member by member.
static void merge(json_t *target, const json_t *overrides)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)overrides, key, value)
    {
        json_t *there = json_object_get(target, key);
        if (json_is_object(value) && json_is_object(there))
            merge(there, value);
        else
            json_object_set_new(target, key, json_deep_copy(value));
    }
}

static struct definition *define(const struct campaign_wanted *wanted, size_t i,
                                 struct error *err)
{
    const struct campaign_source *source = wanted->context;
    char name[STUDY_MAX_NAME + 1], where[40];
    const json_t *segment = json_array_get(source->segments, i);
    json_t *json = json_deep_copy(source->template);
    if (!json)
        abort();
    snprintf(name, sizeof name, "%.100s/%.99s", wanted->name,
             wanted->segments[i].name);
    snprintf(where, sizeof where, "segments[%zu]", i);
    merge(json, json_object_get(segment, "overrides"));
    json_object_set_new(json, "name", json_string(name));
    struct definition *definition = wire_definition_read(json, where, err);
    json_decref(json);
    return definition;
}

static int check_definitions(const struct campaign_wanted *wanted,
                             struct error *err)
{
    for (size_t i = 0; i < wanted->n; i++) {
        struct definition *definition = define(wanted, i, err);
        if (!definition)
            return -1;
        definition_free(definition);
    }
    return 0;
}

// ---- segments ---------------------------------------------------------------

// JSON with sorted members, in the arena: the same for the same value.
static const char *sorted_json(const json_t *json, struct arena *arena)
{
    char *dumped =
        json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    if (!dumped)
        abort();
    const char *text = arena_copy(arena, dumped, strlen(dumped));
    free(dumped);
    return text;
}

// A part of a definition: an object without a name.
static const char *read_part(const struct fields *fields, const char *name,
                             struct arena *arena)
{
    const json_t *part = fields_get(fields, name);
    if (!part)
        return "{}";
    if (!json_is_object(part)) {
        fields_fail(fields, ERROR_MALFORMED, name, "must be an object, not %s",
                    wire_type(part));
        return NULL;
    }
    if (json_object_get(part, "name")) {
        fields_fail(fields, ERROR_INVALID, name,
                    "must have no name: that of a study is CAMPAIGN/SEGMENT");
        return NULL;
    }
    const char *text = sorted_json(part, arena);
    if (strlen(text) > CAMPAIGN_MAX_TEMPLATE)
        fields_fail(fields, ERROR_INVALID, name,
                    "must have at most %d bytes of JSON, not %zu",
                    CAMPAIGN_MAX_TEMPLATE, strlen(text));
    return text;
}

static const char *read_name(const struct fields *fields, size_t max,
                             struct arena *arena)
{
    const char *name = fields_text(fields, "name", max, NULL);
    if (name && *name)
        return arena_copy(arena, name, strlen(name));
    fields_fail(fields, ERROR_INVALID, "name",
                "is required and must not be empty");
    return NULL;
}

static int read_segment(const json_t *json, size_t i, struct arena *arena,
                        struct campaign_segment *segment, struct error *err)
{
    static const char *const known[] = {"name", "overrides", "x", NULL};
    struct fields fields;
    char where[40];
    snprintf(where, sizeof where, "segments[%zu]", i);
    if (fields_open(&fields, json, where, known, err))
        return -1;
    segment->name = read_name(&fields, CAMPAIGN_MAX_SEGMENT, arena);
    segment->x = fields_get(&fields, "x") ? fields_real(&fields, "x", 0) : NAN;
    segment->overrides = read_part(&fields, "overrides", arena);
    return err->code ? -1 : 0;
}

static int by_name(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static int check_names(const struct fields *fields,
                       const struct campaign_segment *segments, size_t n,
                       struct arena *arena)
{
    const char **names = arena_alloc(arena, n * sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = segments[i].name;
    qsort(names, n, sizeof *names, by_name);
    for (size_t i = 1; i < n; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            return fields_fail(fields, ERROR_INVALID, "segments",
                               "must have different names: \"%.99s\" is there "
                               "twice",
                               names[i]);
    return 0;
}

static int read_segments(const struct fields *fields, struct arena *arena,
                         struct campaign_wanted *wanted,
                         struct campaign_source *source)
{
    const json_t *list = fields_get(fields, "segments");
    size_t n = json_array_size(list);
    if (!json_is_array(list))
        return fields_fail(fields, list ? ERROR_MALFORMED : ERROR_INVALID,
                           "segments", "must be an array, not %s",
                           list ? wire_type(list) : "absent");
    if (n < 1 || n > CAMPAIGN_MAX_SEGMENTS)
        return fields_fail(fields, ERROR_INVALID, "segments",
                           "must hold 1 to %d, not %zu", CAMPAIGN_MAX_SEGMENTS,
                           n);
    struct campaign_segment *segments = arena_zeros(arena, n, sizeof *segments);
    for (size_t i = 0; i < n; i++)
        if (read_segment(json_array_get(list, i), i, arena, &segments[i],
                         fields->err))
            return -1;
    wanted->segments = segments;
    wanted->n = n;
    wanted->missing = arena_alloc(arena, n * sizeof *wanted->missing);
    wanted->define = define;
    wanted->context = source;
    source->segments = list;
    return check_names(fields, segments, n, arena) ||
                   check_definitions(wanted, fields->err)
               ? -1
               : 0;
}

int wire_segments_read(const json_t *body, struct arena *arena,
                       struct campaign_wanted *wanted,
                       struct campaign_source *source, struct error *err)
{
    static const char *const known[] = {"segments", NULL};
    struct fields fields;
    return fields_open(&fields, body, "", known, err) ||
                   read_segments(&fields, arena, wanted, source)
               ? -1
               : 0;
}

// ---- campaigns --------------------------------------------------------------

// What was asked for, but for the notes, which may be changed.
static void make_key(const json_t *body, struct arena *arena,
                     unsigned char *key)
{
    unsigned char hash[AUTH_HASH_BYTES];
    json_t *what = json_copy((json_t *)(uintptr_t)body);
    json_object_del(what, "notes");
    const char *text = sorted_json(what, arena);
    json_decref(what);
    auth_hash(text, strlen(text), hash);
    memcpy(key, hash, STORE_REQUEST_KEY_BYTES);
}

static const char *read_text(const struct fields *fields, const char *name,
                             size_t max, struct arena *arena)
{
    const char *text = fields_text(fields, name, max, NULL);
    return text && *text ? arena_copy(arena, text, strlen(text)) : NULL;
}

int wire_campaign_read(const json_t *body, struct arena *arena,
                       struct campaign_wanted *wanted,
                       struct campaign_source *source, struct error *err)
{
    static const char *const known[] = {"name", "template", "segments",
                                        "axis", "notes",    NULL};
    struct fields fields;
    if (fields_open(&fields, body, "", known, err))
        return -1;
    wanted->name = read_name(&fields, CAMPAIGN_MAX_NAME, arena);
    wanted->axis = read_text(&fields, "axis", CAMPAIGN_MAX_AXIS, arena);
    wanted->notes = read_text(&fields, "notes", STUDY_MAX_NOTES, arena);
    source->template = fields_get(&fields, "template");
    if (!source->template)
        fields_fail(&fields, ERROR_INVALID, "template", "is required");
    wanted->template_ = read_part(&fields, "template", arena);
    if (err->code)
        return -1;
    make_key(body, arena, wanted->request_key);
    return read_segments(&fields, arena, wanted, source);
}

void wire_campaign_open(struct text *text, const struct campaign_row *row)
{
    text_next(text);
    text_char(text, '{');
    text_key_string(text, "id", row->key);
    text_key_string(text, "name", row->name);
    text_key_string(text, "owner", row->owner_name);
    text_key_string(text, "role", role_name(row->role));
    text_key_string(text, "axis", row->axis);
    text_key_string(text, "notes", row->notes);
    text_key_time(text, "created", row->created_ms);
}

void wire_segment_write(struct text *text, const struct segment_row *row)
{
    text_next(text);
    text_char(text, '{');
    text_key_string(text, "name", row->name);
    text_key_real(text, "x", row->x);
    text_key_string(text, "study_id", row->study_key);
    text_key_string(text, "kind", row->kind);
    text_key_string(text, "state", study_state_name(row->state));
    text_key_string(text, "reason", row->reason);
    text_key(text, "trials");
    wire_counts_write(text, &row->progress);
    text_key(text, "best");
    wire_best_write(text, &row->progress);
    text_char(text, '}');
}
