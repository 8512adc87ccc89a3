// SPDX-License-Identifier: GPL-3.0-or-later
// wire_trial.c - the JSON of trials and of studies as users see them

#include "wire_trial.h"

#include <inttypes.h>
#include <math.h>

#include "study.h"
#include "trial.h"
#include "wire_definition.h"
#include "wire_goal.h"
#include "wire_grid.h"
#include "wire_kind.h"
#include "wire_share.h"
#include "wire_space.h"

static void key_iteration(struct text *text, int64_t iteration)
{
    text_key(text, "iteration");
    if (iteration)
        text_int(text, iteration);
    else
        text_add(text, "null");
}

// Attempt, lineage and seed: what tells one trial of a point from another.
static void write_lineage(struct text *text,
                          const struct definition *definition, int64_t number,
                          int64_t attempt, int64_t retry_of)
{
    text_key_int(text, "attempt", attempt);
    text_key(text, "retry_of");
    if (retry_of < 0)
        text_add(text, "null");
    else
        text_int(text, retry_of);
    text_key_int(text, "seed", trial_seed(definition, (uint64_t)number));
}

static void write_values(struct text *text, const struct trial_row *row)
{
    text_key(text, "values");
    if (!row->n_values) {
        text_add(text, "null");
        return;
    }
    text_char(text, '[');
    for (size_t i = 0; i < row->n_values; i++) {
        text_next(text);
        text_real(text, row->values[i]);
    }
    text_char(text, ']');
}

// By name; null when they were not told.
static void write_constraints(struct text *text,
                              const struct definition *definition,
                              const struct trial_row *row)
{
    text_key(text, "constraints");
    if (!row->n_constraint_values) {
        text_add(text, "null");
        return;
    }
    text_char(text, '{');
    for (size_t i = 0; i < row->n_constraint_values; i++) {
        text_next(text);
        text_string(text, definition->outcome_constraints[i].name);
        text_char(text, ':');
        text_real(text, row->constraint_values[i]);
    }
    text_char(text, '}');
}

int wire_trial_check(const struct definition *definition,
                     const struct trial_row *row, struct error *err)
{
    if (space_holds(&definition->space, row->point, row->n_point) &&
        (!row->n_constraint_values ||
         row->n_constraint_values == definition->n_outcome_constraints))
        return 0;
    return error_set(err, ERROR_BUSY,
                     "trial %" PRId64 " does not fit the definition of its "
                     "study, which may have been changed just now",
                     row->number);
}

int wire_trial_open(struct text *text, const struct definition *definition,
                    const char *study_key, const struct trial_row *row,
                    struct error *err)
{
    if (wire_trial_check(definition, row, err))
        return -1;
    text_char(text, '{');
    text_key_string(text, "study_id", study_key);
    text_key_int(text, "number", row->number);
    text_key_string(text, "state", trial_state_name(row->state));
    text_key(text, "params");
    wire_point_write(text, &definition->space, row->point);
    write_values(text, row);
    write_constraints(text, definition, row);
    text_key_real(text, "uncertainty", row->uncertainty);
    write_lineage(text, definition, row->number, row->attempt, row->retry_of);
    text_key_json(text, "worker", row->worker);
    text_key_time(text, "lease_expires", row->lease_ms);
    text_key_time(text, "created", row->created_ms);
    text_key_time(text, "started", row->started_ms);
    text_key_time(text, "ended", row->ended_ms);
    text_key_bool(text, "stopped", row->stopped);
    text_key_string(text, "stop_reason", row->stop_reason);
    text_key_string(text, "error", row->error);
    text_key_json(text, "outputs", row->outputs);
    text_key_json(text, "meta", row->meta);
    text_key_json(text, "env", row->env);
    text_key_json(text, "special", row->special);
    text_key_real(text, "wall_s", row->wall_s);
    text_key_real(text, "cost", row->cost);
    key_iteration(text, row->iteration);
    text_key_json(text, "tags", row->tags);
    text_key_string(text, "notes", row->notes);
    text_key_string(text, "id", row->client_id);
    text_key_string(text, "point_id", row->point_id);
    text_key(text, "replica");
    if (row->run)
        text_int(text, scan_replica(row->run));
    else
        text_add(text, "null");
    text_key(text, "priority");
    if (row->brought)
        text_int(text, row->priority);
    else
        text_add(text, "null");
    text_key_string(text, "sampler", row->sampler);
    text_key_string(text, "why", row->why);
    text_key_int(text, "seen_revision", row->seen_revision);
    text_key_int(text, "revision", row->revision);
    text_key_bool(text, "invalid", row->withdrawn == WITHDRAWN_INVALID);
    text_key_string(text, "invalid_reason", row->withdrawn_reason);
    text_key_bool(text, "deleted", row->withdrawn == WITHDRAWN_DELETED);
    return 0;
}

void wire_trial_hand_out(struct text *text, const struct live *live,
                         const struct ask *ask, size_t i)
{
    const struct definition *definition = live->definition;
    size_t number = ask->numbers[i];
    const struct live_trial *trial = &live->trials[number];
    text_next(text);
    text_char(text, '{');
    text_key_string(text, "study_id", live->key);
    text_key_int(text, "number", (int64_t)number);
    text_key_string(text, "state", "running");
    text_key(text, "params");
    wire_point_write(text, &definition->space,
                     history_point(&live->history, number));
    write_lineage(text, definition, (int64_t)number, trial->attempt,
                  trial->retry_of);
    text_key_time(text, "lease_expires", trial->lease_ms);
    text_key_string(
        text, "sampler",
        trial->retry_of < 0
            ? (trial->brought ? "enqueued" : definition->sampler->name)
        : trial->brought ? "rerun"
                         : "retry");
    text_key_string(text, "why", ask->why[i]);
    text_key_int(text, "seen_revision", trial->seen_revision);
    key_iteration(text, trial->iteration);
    if (live->scan)
        wire_grid_label(text, live, &ask->labels[i]);
    wire_kind_hand_out(text, live, number);
    text_char(text, '}');
}

void wire_report_write(struct text *text, const struct report_row *row)
{
    text_next(text);
    text_char(text, '{');
    text_key_int(text, "step", row->step);
    text_key_real(text, "value", row->value);
    text_char(text, '}');
}

void wire_counts_write(struct text *text, const struct study_progress *progress)
{
    text_char(text, '{');
    int64_t total = 0;
    for (int state = 0; state < TRIAL_STATES; state++)
        total += progress->count[state];
    text_key_int(text, "total", total);
    text_key_int(text, "invalid", progress->invalid);
    for (int state = 0; state < TRIAL_STATES; state++)
        text_key_int(text, trial_state_name((enum trial_state)state),
                     progress->count[state]);
    text_char(text, '}');
}

void wire_best_write(struct text *text, const struct study_progress *progress)
{
    if (progress->best_number < 0) {
        text_add(text, "null");
        return;
    }
    text_char(text, '{');
    text_key_int(text, "number", progress->best_number);
    text_key_real(text, "value", progress->best_value);
    text_char(text, '}');
}

static void write_progress(struct text *text,
                           const struct study_progress *progress)
{
    text_key_int(text, "revision", progress->revision);
    text_key(text, "trials");
    wire_counts_write(text, progress);
    text_key(text, "budget_used");
    text_char(text, '{');
    text_key_int(text, "trials", progress->started);
    text_key_real(text, "cost", progress->cost);
    text_char(text, '}');
    text_key(text, "best");
    wire_best_write(text, progress);
}

// Whom the study learnt from, and how many results it has from each.
static void write_warm_start(struct text *text,
                             const struct definition *definition,
                             const char *results)
{
    text_key(text, "warm_start");
    if (!results) {
        text_add(text, "null");
        return;
    }
    text_add(text, "{\"studies\":[");
    for (size_t i = 0; i < definition->n_warm_start; i++) {
        text_next(text);
        text_string(text, definition->warm_start[i]);
    }
    text_print(text, "],\"results\":%s}", results);
}

int wire_study_write(struct text *text, const struct study_row *row,
                     struct error *err)
{
    struct definition *definition = wire_definition_load(row->definition, err);
    if (!definition)
        return -1;
    text_next(text);
    text_char(text, '{');
    text_key_string(text, "id", row->key);
    text_key_string(text, "owner", row->owner_name);
    text_key_string(text, "role", role_name(row->role));
    text_key_string(text, "visibility", visibility_name(row->visibility));
    text_key_string(text, "group", row->group_name);
    text_key_string(text, "state", study_state_name(row->state));
    text_key_string(text, "reason", row->reason);
    text_key_time(text, "created", row->created_ms);
    text_key_time(text, "changed", row->changed_ms);
    write_progress(text, &row->progress);
    wire_grid_progress(text, definition, &row->progress);
    wire_definition_write(text, definition, false);
    wire_iteration_write(text, &definition->iteration, row->progress.iteration);
    write_warm_start(text, definition, row->warm_start);
    text_key_json(text, "copied_from", row->copied_from);
    text_char(text, '}');
    definition_free(definition);
    return 0;
}
