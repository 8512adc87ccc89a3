// SPDX-License-Identifier: GPL-3.0-or-later
// route_lines.c - a study from lines of JSON, as wire_export.h writes them

#include "route_lines.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bring.h"
#include "clock.h"
#include "kind.h"
#include "route_tell.h"
#include "wire_definition.h"
#include "wire_kind.h"
#include "wire_space.h"

// ---- the study --------------------------------------------------------------

// Takes away what the kind of the study shows and does not take. Trials of an
// ordered kind cannot be imported: its definition is left as it is, and
// refused.
static void strip(json_t *study)
{
    const char *name = json_string_value(json_object_get(study, "kind"));
    int kind = name ? kind_from_name(name) : STUDY_HPO;
    struct definition d = {.kind =
                               kind < 0 ? STUDY_HPO : (enum study_kind)kind};
    if (!kind_of(&d)->ordered)
        wire_kind_strip(&d, study);
}

// Leaves of a study what its definition has.
static void keep_definition(json_t *study, const char *name)
{
    static const char *const others[] = {
        "id",          "owner",      "state",  "reason",     "created",
        "changed",     "revision",   "trials", "best",       "budget_used",
        "copied_from", "warm_start", "role",   "visibility", "group",
        "progress",    NULL};
    for (const char *const *other = others; *other; other++)
        json_object_del(study, *other);
    json_object_del(json_object_get(study, "iteration"), "number");
    strip(study);
    if (name)
        json_object_set_new(study, "name", json_string(name));
}

static int read_study(json_t *line, const char *name, struct arena *arena,
                      struct imported *imported, struct error *err)
{
    static const char *const known[] = {"study", NULL};
    struct fields fields, study;
    json_t *object = json_object_get(line, "study");
    if (fields_open(&fields, line, "line 1", known, err))
        return -1;
    if (!object)
        return fields_fail(&fields, ERROR_INVALID, "study", "is required");
    if (fields_open(&study, object, "line 1: study", NULL, err))
        return -1;
    const char *key = fields_text(&study, "id", 63, "");
    const char *called = fields_text(&study, "name", STUDY_MAX_NAME, "");
    imported->revision = fields_int(&study, "revision", 0, INT64_C(1) << 53, 0);
    if (err->code)
        return -1;
    imported->study = arena_copy(arena, key, strlen(key));
    imported->name = arena_copy(arena, called, strlen(called));
    keep_definition(object, name);
    imported->definition = wire_definition_read(object, "line 1: study", err);
    return imported->definition ? 0 : -1;
}

// ---- a trial ----------------------------------------------------------------

static int read_reports(const struct fields *fields, struct copied *trial,
                        struct arena *arena)
{
    const struct bring_report *reports = NULL;
    if (route_reports_read(fields, false, arena, &reports, &trial->n_reports))
        return -1;
    trial->reports =
        arena_zeros(arena, trial->n_reports + 1, sizeof *trial->reports);
    for (size_t i = 0; i < trial->n_reports; i++)
        trial->reports[i] = (struct report_row){.step = reports[i].step,
                                                .value = reports[i].value,
                                                .at_ms = trial->row.ended_ms};
    return 0;
}

static const char *read_text(const struct fields *fields, const char *name,
                             size_t most, struct arena *arena)
{
    const char *text = fields_text(fields, name, most, NULL);
    return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

// What a tell does not say.
static void read_rest(const struct fields *fields, struct trial_row *row,
                      struct arena *arena)
{
    row->created_ms = fields_time(fields, "created");
    row->ended_ms = fields_time(fields, "ended");
    if (!row->ended_ms)
        row->ended_ms = clock_wall_ms();
    if (!row->created_ms)
        row->created_ms = row->ended_ms;
    row->worker =
        fields_json(fields, "worker", JSON_OBJECT, TELL_MAX_JSON, arena);
    row->special =
        fields_json(fields, "special", JSON_OBJECT, TELL_MAX_JSON, arena);
    row->tags = wire_tags_read(fields, arena);
    row->notes = read_text(fields, "notes", STUDY_MAX_NOTES, arena);
    row->client_id = read_text(fields, "id", BRING_MAX_ID, arena);
    row->point_id = read_text(fields, "point_id", BRING_MAX_ID, arena);
    row->stopped = fields_bool(fields, "stopped", false);
    row->stop_reason = read_text(fields, "stop_reason", 1000, arena);
    row->withdrawn = fields_bool(fields, "invalid", false) ? WITHDRAWN_INVALID
                                                           : WITHDRAWN_NOT;
    row->withdrawn_reason = read_text(fields, "invalid_reason", 1000, arena);
    if (row->client_id && !*row->client_id)
        fields_fail(fields, ERROR_INVALID, "id", "must not be empty");
}

// Takes the numbers of the tell.
static int take_outcome(const struct fields *fields, const struct tell *tell,
                        const struct definition *d, struct trial_row *row,
                        struct arena *arena)
{
    double *constraints = arena_doubles(arena, STUDY_MAX_OUTCOME_CONSTRAINTS);
    struct told_numbers *told = arena_zeros(arena, 1, sizeof *told);
    struct outcome outcome;
    struct error fault = {0};
    char word[STUDY_MAX_NAME + 40];
    *told = tell->numbers;
    if (outcome_read(d, told, constraints, &outcome, &fault))
        return error_set(fields->err, fault.code, "%.60s.%.180s", fields->where,
                         fault.message);
    if (outcome_clean(d, &outcome, word, sizeof word))
        return error_set(fields->err, ERROR_INVALID, "%.60s: %.180s",
                         fields->where, word);
    if (row->state == TRIAL_COMPLETE && !outcome.values &&
        !kind_of(d)->valueless)
        return fields_fail(fields, ERROR_INVALID, "values",
                           "are required for a trial with a result");
    if (row->state == TRIAL_COMPLETE && d->n_outcome_constraints &&
        !outcome.constraints)
        return fields_fail(fields, ERROR_INVALID, "constraints",
                           "are required for a trial with a result");
    if (row->state == TRIAL_FAILED)
        outcome = (struct outcome){.uncertainty = NAN};
    row->values = outcome.values;
    row->n_values = outcome.values ? d->n_objectives : 0;
    row->constraint_values = outcome.constraints;
    row->n_constraint_values =
        outcome.constraints ? d->n_outcome_constraints : 0;
    row->uncertainty = outcome.uncertainty;
    return 0;
}

static int read_result(const struct fields *fields, const struct definition *d,
                       struct copied *trial, struct arena *arena)
{
    struct tell tell = {.wall_s = NAN, .numbers.uncertainty = NAN};
    struct trial_row *row = &trial->row;
    if (route_tell_read(fields, &tell, arena) ||
        take_outcome(fields, &tell, d, row, arena))
        return -1;
    row->wall_s = tell.wall_s;
    row->cost = tell.cost ? *tell.cost : NAN;
    row->error = tell.error;
    row->outputs = tell.outputs;
    row->meta = tell.meta;
    row->env = tell.env;
    read_rest(fields, row, arena);
    return fields->err->code || read_reports(fields, trial, arena) ? -1 : 0;
}

static int read_point(const struct fields *fields, const struct definition *d,
                      struct trial_row *row, struct arena *arena)
{
    char where[60];
    struct error fault = {0};
    double *point = arena_doubles(arena, d->space.n);
    const json_t *params = fields_get(fields, "params");
    if (!params)
        return fields_fail(fields, ERROR_INVALID, "params", "is required");
    snprintf(where, sizeof where, "%.40s: params", fields->where);
    if (wire_point_read(params, where, &d->space, arena, point, fields->err))
        return -1;
    row->point = point;
    row->n_point = d->space.n;
    return space_check(&d->space, point, &fault)
               ? error_set(fields->err, fault.code, "%.60s: %.180s", where,
                           fault.message)
               : 0;
}

// Returns 1 for a trial that did not end with an outcome.
static int read_trial(json_t *line, size_t number, const struct definition *d,
                      struct copied *trial, struct arena *arena,
                      struct error *err)
{
    struct fields fields;
    char where[40];
    snprintf(where, sizeof where, "line %zu", number);
    if (fields_open(&fields, line, where, NULL, err))
        return -1;
    const char *name = fields_text(&fields, "state", 20, "");
    if (err->code)
        return -1;
    int state = trial_state_from_name(name);
    if (state < 0)
        return fields_fail(&fields, ERROR_INVALID, "state",
                           "must be a trial's state, not \"%.40s\"", name);
    if (!(copy_states_ended() >> state & 1))
        return 1;
    // What is infeasible is decided by the bounds, as for a tell.
    if (state == TRIAL_INFEASIBLE) {
        state = TRIAL_COMPLETE;
        json_object_set_new(line, "state", json_string("complete"));
    }
    *trial = (struct copied){.row = {.state = (enum trial_state)state}};
    return read_point(&fields, d, &trial->row, arena) ||
                   read_result(&fields, d, trial, arena)
               ? -1
               : 0;
}

// ---- the file ---------------------------------------------------------------

static size_t count_lines(const char *text, size_t bytes)
{
    size_t n = 1;
    for (size_t i = 0; i < bytes; i++)
        n += text[i] == '\n';
    return n;
}

static int read_line(json_t *line, size_t number, const char *name,
                     struct arena *arena, struct imported *imported,
                     struct error *err)
{
    if (number == 1)
        return read_study(line, name, arena, imported, err);
    int result = read_trial(line, number, imported->definition,
                            &imported->trials[imported->n], arena, err);
    imported->n += result == 0;
    imported->n_left_out += result == 1;
    return result < 0 ? -1 : 0;
}

int route_lines_read(const char *text, size_t bytes, const char *name,
                     struct arena *arena, struct imported *imported,
                     struct error *err)
{
    const char *end = text + bytes;
    size_t lines = count_lines(text, bytes), number = 1;
    *imported = (struct imported){0};
    if (lines > COPY_MAX_TRIALS + 2)
        return error_set(err, ERROR_INVALID,
                         "trials must be at most %d, not %zu", COPY_MAX_TRIALS,
                         lines - 2);
    imported->trials = arena_zeros(arena, lines, sizeof *imported->trials);
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t n = (size_t)((stop ? stop : end) - text);
        struct error fault = {0};
        json_t *line = wire_parse(text, n, arena, &fault);
        if (!line)
            return error_set(err, fault.code, "line %zu: %.200s", number,
                             fault.message);
        int result = read_line(line, number, name, arena, imported, err);
        json_decref(line);
        if (result)
            return -1;
        number++;
        text += n + 1;
    }
    return imported->definition
               ? 0
               : error_set(err, ERROR_INVALID, "line 1: study is required");
}
