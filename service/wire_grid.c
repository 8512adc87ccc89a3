// SPDX-License-Identifier: GPL-3.0-or-later
// wire_grid.c - the JSON of a grid study

#include "wire_grid.h"

#include <stdio.h>
#include <string.h>

#include "wire_algorithm.h"
#include "wire_goal.h"
#include "wire_restriction.h"
#include "wire_space.h"

// ---- the definition ---------------------------------------------------------

static int read_space(const struct fields *study, struct definition *d)
{
    char where[160];
    snprintf(where, sizeof where, "%.80s%sspace", study->where,
             *study->where ? "." : "");
    const json_t *space = json_object_get(study->object, "space");
    if (!space)
        return fields_fail(study, ERROR_INVALID, "space", "is required");
    return wire_space_read(space, where, &d->space, study->err) ||
                   wire_restrictions_read(study, &d->space)
               ? -1
               : 0;
}

static int read_plan(const struct fields *study, struct grid_plan *plan)
{
    static const char *const known[] = {"points", "replicas", NULL};
    struct fields fields;
    char where[160];
    const json_t *given = fields_get(study, "grid");
    snprintf(where, sizeof where, "%.80s%sgrid", study->where,
             *study->where ? "." : "");
    if (!given)
        return fields_fail(study, ERROR_INVALID, "grid", "is required");
    if (fields_open(&fields, given, where, known, study->err))
        return -1;
    const char *points = fields_text(&fields, "points", 20, NULL);
    plan->replicas = fields_int(&fields, "replicas", 1, GRID_MAX_REPLICAS, 1);
    if (study->err->code)
        return -1;
    plan->cartesian = points && strcmp(points, "cartesian") == 0;
    if (points && (plan->cartesian || strcmp(points, "list") == 0))
        return 0;
    return fields_fail(&fields, ERROR_INVALID, "points",
                       points ? "must be cartesian or list, not \"%s\""
                              : "is required: cartesian or list",
                       points);
}

int wire_grid_read(const struct fields *study, struct definition *d,
                   bool stored)
{
    struct error fault = {0};
    (void)stored;
    if (wire_goal_read(study, d) || read_space(study, d) ||
        read_plan(study, &d->grid))
        return -1;
    d->sampler = sampler_find("grid");
    option_defaults(d->sampler->options, d->sampler->n_options,
                    d->sampler_options);
    d->pruner = pruner_find("nop");
    option_defaults(d->pruner->options, d->pruner->n_options,
                    d->pruner_options);
    d->seed = wire_definition_seed(d->name);
    if (d->grid.cartesian && scan_check(&d->space, d->grid.replicas, &fault))
        return error_set(study->err, fault.code, "%.80s%s%.200s", study->where,
                         *study->where ? "." : "", fault.message);
    return 0;
}

int wire_grid_check_changes(const json_t *own, struct error *err)
{
    (void)own;
    (void)err;
    return 0;
}

void wire_grid_write(struct text *text, const struct definition *d)
{
    text_key(text, "grid");
    text_char(text, '{');
    text_key_string(text, "points", d->grid.cartesian ? "cartesian" : "list");
    text_key_int(text, "replicas", d->grid.replicas);
    text_char(text, '}');
}

// ---- what there is of it ----------------------------------------------------

void wire_grid_label(struct text *text, const struct live *live,
                     const struct point_label *label)
{
    text_key_string(text, "point_id", label->id);
    text_key_json(text, "meta", label->meta);
    text_key_int(text, "replica",
                 scan_replica(live->trials[label->number].run));
}

void wire_grid_progress(struct text *text, const struct definition *d,
                        const struct study_progress *progress)
{
    text_key(text, "progress");
    if (d->kind != STUDY_GRID) {
        text_add(text, "null");
        return;
    }
    text_char(text, '{');
    text_key_int(text, "points", progress->points);
    text_key_int(text, "runs", progress->runs);
    text_key_int(text, "complete", progress->runs_complete);
    text_key_int(text, "failed", progress->runs_failed);
    text_key_int(text, "missing",
                 progress->runs - progress->runs_complete -
                     progress->runs_failed);
    text_char(text, '}');
}
