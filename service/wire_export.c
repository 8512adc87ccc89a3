// SPDX-License-Identifier: GPL-3.0-or-later
// wire_export.c - a study as lines of text, for files

#include "wire_export.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "scan.h"
#include "wire_space.h"

// ---- cells ------------------------------------------------------------------

static void add_quoted(struct text *text, const char *string)
{
    text_char(text, '"');
    for (; *string; string++) {
        if (*string == '"')
            text_char(text, '"');
        text_char(text, *string);
    }
    text_char(text, '"');
}

void wire_csv_text(struct text *text, const char *string)
{
    if (!string)
        return;
    if (strpbrk(string, ",\"\r\n") || *string == ' ' || !*string)
        add_quoted(text, string);
    else
        text_add(text, string);
}

static void add_name(struct text *text, const char *prefix, const char *name)
{
    struct arena arena;
    arena_init(&arena);
    text_char(text, ',');
    wire_csv_text(text, arena_print(&arena, "%s.%s", prefix, name));
    arena_done(&arena);
}

static void add_real(struct text *text, double value)
{
    text_char(text, ',');
    if (!isnan(value))
        text_real(text, value);
}

// A time, without the quotation marks of JSON.
static void add_time(struct text *text, int64_t ms)
{
    struct arena arena;
    struct text time;
    text_char(text, ',');
    if (!ms)
        return;
    arena_init(&arena);
    text_init(&time, &arena);
    text_time(&time, ms);
    text_bytes(text, time.data + 1, time.n - 2);
    arena_done(&arena);
}

static void add_text(struct text *text, const char *string)
{
    text_char(text, ',');
    wire_csv_text(text, string);
}

// A JSON scalar, as the text that it stands for.
static void add_scalar(struct text *text, const char *json)
{
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
    wire_csv_text(text,
                  json_is_string(value) ? json_string_value(value) : json);
    json_decref(value);
}

static void add_param(struct text *text, const struct param *param,
                      double value)
{
    text_char(text, ',');
    if (isnan(value))
        return;
    if (param->kind == PARAM_CATEGORICAL)
        add_scalar(text, param->choices[(size_t)value]);
    else
        wire_param_write(text, param, value);
}

// The name of a worker, which is a JSON object.
static void add_worker(struct text *text, const char *worker)
{
    json_t *object = worker ? json_loads(worker, 0, NULL) : NULL;
    add_text(text, json_string_value(json_object_get(object, "name")));
    json_decref(object);
}

// ---- lines ------------------------------------------------------------------

void wire_csv_head(struct text *text, const struct definition *d,
                   const struct outputs *outputs)
{
    text_add(text, "number,state,invalid");
    for (size_t i = 0; i < d->n_objectives; i++)
        add_name(text, "values", d->objectives[i].name);
    for (size_t i = 0; i < d->n_outcome_constraints; i++)
        add_name(text, "constraints", d->outcome_constraints[i].name);
    text_add(text, ",uncertainty");
    for (size_t k = 0; k < d->space.n; k++)
        add_name(text, "params", d->space.params[k].name);
    text_add(text, ",attempt,retry_of,created,started,ended,wall_s,cost,"
                   "sampler,worker,id,error,tags,notes,meta,point_id,replica");
    for (size_t i = 0; i < outputs->n; i++)
        add_text(text, outputs->names[i]);
    text_add(text, "\r\n");
}

void wire_csv_trial(struct text *text, const struct definition *d,
                    const struct outputs *outputs, const struct trial_row *row)
{
    text_int(text, row->number);
    add_text(text, trial_state_name(row->state));
    add_text(text, row->withdrawn ? "true" : "false");
    for (size_t i = 0; i < d->n_objectives; i++)
        add_real(text, i < row->n_values ? row->values[i] : NAN);
    for (size_t i = 0; i < d->n_outcome_constraints; i++)
        add_real(text, i < row->n_constraint_values ? row->constraint_values[i]
                                                    : NAN);
    add_real(text, row->uncertainty);
    for (size_t k = 0; k < d->space.n; k++)
        add_param(text, &d->space.params[k], row->point[k]);
    text_char(text, ',');
    text_int(text, row->attempt);
    text_char(text, ',');
    if (row->retry_of >= 0)
        text_int(text, row->retry_of);
    add_time(text, row->created_ms);
    add_time(text, row->started_ms);
    add_time(text, row->ended_ms);
    add_real(text, row->wall_s);
    add_real(text, row->cost);
    add_text(text, row->sampler);
    add_worker(text, row->worker);
    add_text(text, row->client_id);
    add_text(text, row->error);
    add_text(text, row->tags);
    add_text(text, row->notes);
    add_text(text, row->meta);
    add_text(text, row->point_id);
    text_char(text, ',');
    if (row->run)
        text_int(text, scan_replica(row->run));
    wire_outputs_cells(outputs, row->outputs, add_text, text);
    text_add(text, "\r\n");
}
