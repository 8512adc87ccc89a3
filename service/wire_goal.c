// SPDX-License-Identifier: GPL-3.0-or-later
// wire_goal.c - the JSON of what a study is after: objectives, outcome
// constraints, the budget and the iterations

#include "wire_goal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/memory.h"

// ---- lists of named things --------------------------------------------------

// The array of `low` to `high` objects that a member holds; NULL with an error,
// or when it is absent.
static const json_t *open_list(const struct fields *study, const char *name,
                               size_t low, size_t high)
{
    const json_t *list = fields_get(study, name);
    if (!list)
        return NULL;
    size_t n = json_array_size(list);
    if (!json_is_array(list))
        fields_fail(study, ERROR_MALFORMED, name, "must be an array, not %s",
                    wire_type(list));
    else if (n < low || n > high)
        fields_fail(study, ERROR_INVALID, name, "must hold %zu to %zu, not %zu",
                    low, high, n);
    return study->err->code ? NULL : list;
}

// Opens item i of a list.
static int open_item(const struct fields *study, const char *name,
                     const json_t *list, size_t i, const char *const *known,
                     struct fields *item)
{
    char where[160];
    snprintf(where, sizeof where, "%.80s%s%s[%zu]", study->where,
             *study->where ? "." : "", name, i);
    return fields_open(item, json_array_get(list, i), where, known, study->err);
}

// Reads the name of an item. The caller frees it; NULL with an error.
static char *read_name(const struct fields *item, const char *standard)
{
    const char *name = fields_text(item, "name", STUDY_MAX_NAME, standard);
    if (item->err->code)
        return NULL;
    if (name && *name)
        return memory_text(name);
    fields_fail(item, ERROR_INVALID, "name",
                name ? "must not be empty" : "is required");
    return NULL;
}

static int refuse_twin(const struct fields *item, const char *name)
{
    return fields_fail(item, ERROR_INVALID, "name",
                       "must be there once only, not twice: \"%.80s\"", name);
}

// ---- objectives -------------------------------------------------------------

static int read_direction(const struct fields *fields,
                          struct objective *objective)
{
    const char *direction = fields_text(fields, "direction", 20, "minimize");
    if (fields->err->code)
        return -1;
    objective->maximize = strcmp(direction, "maximize") == 0;
    if (!objective->maximize && strcmp(direction, "minimize") != 0)
        return fields_fail(fields, ERROR_INVALID, "direction",
                           "must be minimize or maximize, not \"%s\"",
                           direction);
    return 0;
}

static int read_objective(const struct fields *item, struct definition *d,
                          const char *standard_name)
{
    struct objective *objective = &d->objectives[d->n_objectives];
    objective->name = read_name(item, standard_name);
    if (!objective->name)
        return -1;
    d->n_objectives++;
    for (size_t i = 0; i + 1 < d->n_objectives; i++)
        if (strcmp(d->objectives[i].name, objective->name) == 0)
            return refuse_twin(item, objective->name);
    return read_direction(item, objective);
}

// objectives: [{name, direction}], or the shorthand "direction".
static int read_objectives(const struct fields *study, struct definition *d)
{
    static const char *const known[] = {"name", "direction", NULL};
    const json_t *list =
        open_list(study, "objectives", 1, STUDY_MAX_OBJECTIVES);
    if (study->err->code)
        return -1;
    if (!list) {
        d->objectives[0].name = memory_text("value");
        d->n_objectives = 1;
        return read_direction(study, &d->objectives[0]);
    }
    if (fields_get(study, "direction"))
        return fields_fail(study, ERROR_INVALID, "direction",
                           "and objectives exclude each other");
    size_t n = json_array_size(list);
    for (size_t i = 0; i < n; i++) {
        struct fields item;
        if (open_item(study, "objectives", list, i, known, &item) ||
            read_objective(&item, d, n == 1 ? "value" : NULL))
            return -1;
    }
    return 0;
}

void wire_objectives_write(struct text *text,
                           const struct definition *definition)
{
    text_key(text, "objectives");
    text_char(text, '[');
    for (size_t i = 0; i < definition->n_objectives; i++) {
        const struct objective *objective = &definition->objectives[i];
        text_next(text);
        text_add(text, "{\"name\":");
        text_string(text, objective->name);
        text_print(text, ",\"direction\":\"%s\"}",
                   objective->maximize ? "maximize" : "minimize");
    }
    text_char(text, ']');
}

// ---- outcome constraints ----------------------------------------------------

static int read_outcome_constraint(const struct fields *item,
                                   struct definition *d)
{
    struct outcome_constraint *bounded =
        &d->outcome_constraints[d->n_outcome_constraints];
    bounded->name = read_name(item, NULL);
    if (!bounded->name)
        return -1;
    d->n_outcome_constraints++;
    for (size_t i = 0; i + 1 < d->n_outcome_constraints; i++)
        if (strcmp(d->outcome_constraints[i].name, bounded->name) == 0)
            return refuse_twin(item, bounded->name);
    bounded->lower = fields_real(item, "lower", NAN);
    bounded->upper = fields_real(item, "upper", NAN);
    if (item->err->code)
        return -1;
    if (isnan(bounded->lower) && isnan(bounded->upper))
        return fields_fail(item, ERROR_INVALID, "upper",
                           "or lower is required, or both");
    if (bounded->lower > bounded->upper)
        return fields_fail(item, ERROR_INVALID, "lower",
                           "must not be above upper: %g > %g", bounded->lower,
                           bounded->upper);
    return 0;
}

// outcome_constraints: [{name, lower, upper}].
static int read_outcome_constraints(const struct fields *study,
                                    struct definition *d)
{
    static const char *const known[] = {"name", "lower", "upper", NULL};
    const json_t *list = open_list(study, "outcome_constraints", 0,
                                   STUDY_MAX_OUTCOME_CONSTRAINTS);
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct fields item;
        if (open_item(study, "outcome_constraints", list, i, known, &item) ||
            read_outcome_constraint(&item, d))
            return -1;
    }
    return study->err->code ? -1 : 0;
}

void wire_outcome_constraints_write(struct text *text,
                                    const struct definition *definition)
{
    text_key(text, "outcome_constraints");
    text_char(text, '[');
    for (size_t i = 0; i < definition->n_outcome_constraints; i++) {
        const struct outcome_constraint *bounded =
            &definition->outcome_constraints[i];
        text_next(text);
        text_add(text, "{\"name\":");
        text_string(text, bounded->name);
        text_key_real(text, "lower", bounded->lower);
        text_key_real(text, "upper", bounded->upper);
        text_char(text, '}');
    }
    text_char(text, ']');
}

int wire_goal_read(const struct fields *study, struct definition *definition)
{
    if (read_objectives(study, definition))
        return -1;
    return read_outcome_constraints(study, definition);
}

// ---- the budget -------------------------------------------------------------

// A target or a lack of progress is told from the best value.
static int check_single(const struct fields *budget, const struct definition *d)
{
    const char *name = d->budget.patience         ? "patience"
                       : !isnan(d->budget.target) ? "target"
                                                  : NULL;
    if (!name || definition_has_best(d))
        return 0;
    if (d->n_objectives == 1)
        return fields_fail(budget, ERROR_INVALID, name,
                           "is for a study that has a best value, which one of "
                           "kind contour has not");
    return fields_fail(budget, ERROR_INVALID, name,
                       "is for a study with one objective, which has a best "
                       "value, not %zu",
                       d->n_objectives);
}

// Opens the object that a member holds.
static int open_member(const struct fields *study, const char *name,
                       const json_t *value, const char *const *known,
                       struct fields *fields)
{
    char where[160];
    snprintf(where, sizeof where, "%.80s%s%s", study->where,
             *study->where ? "." : "", name);
    return fields_open(fields, value, where, known, study->err);
}

// A number above 0 and up to `most`; `standard` when it is absent.
static double read_positive(const struct fields *fields, const char *name,
                            double most, double standard)
{
    double value = fields_real(fields, name, standard);
    if (!fields_get(fields, name) || (value > 0 && value <= most))
        return value;
    fields_fail(fields, ERROR_INVALID, name,
                "must be above 0 and at most %.10g, not %g", most, value);
    return standard;
}

// iteration: {points, trigger_fraction}.
static int read_iteration(const struct fields *study,
                          struct iteration *iteration)
{
    static const char *const known[] = {"points", "trigger_fraction", NULL};
    const json_t *value = fields_get(study, "iteration");
    struct fields fields;
    if (!value)
        return 0;
    if (open_member(study, "iteration", value, known, &fields))
        return -1;
    if (!fields_get(&fields, "points"))
        return fields_fail(&fields, ERROR_INVALID, "points", "is required");
    iteration->points = fields_int(&fields, "points", 1, STUDY_MAX_POINTS, 0);
    iteration->trigger_fraction =
        read_positive(&fields, "trigger_fraction", 1, 1);
    return study->err->code ? -1 : 0;
}

int wire_budget_read(const struct fields *study, struct definition *definition)
{
    static const char *const known[] = {
        "max_trials", "max_running", "max_failed", "patience",
        "deadline",   "target",      "max_cost",   NULL};
    static const int64_t most = STUDY_MAX_LIMIT;
    struct budget *budget = &definition->budget;
    budget->target = NAN;
    if (read_iteration(study, &definition->iteration))
        return -1;
    const json_t *value = fields_get(study, "budget");
    struct fields fields;
    if (!value)
        return 0;
    if (open_member(study, "budget", value, known, &fields))
        return -1;
    budget->max_trials = fields_int(&fields, "max_trials", 1, most, 0);
    budget->max_running = fields_int(&fields, "max_running", 1, most, 0);
    budget->max_failed = fields_int(&fields, "max_failed", 1, most, 0);
    budget->patience = fields_int(&fields, "patience", 1, most, 0);
    budget->deadline_ms = fields_time(&fields, "deadline");
    budget->target = fields_real(&fields, "target", NAN);
    budget->max_cost = read_positive(&fields, "max_cost", STUDY_MAX_LIMIT, 0);
    return study->err->code ? -1 : check_single(&fields, definition);
}

static void write_limit(struct text *text, const char *name, int64_t limit)
{
    text_key(text, name);
    if (limit)
        text_int(text, limit);
    else
        text_add(text, "null");
}

void wire_budget_write(struct text *text, const struct budget *budget,
                       bool stored)
{
    text_key(text, "budget");
    text_char(text, '{');
    write_limit(text, "max_trials", budget->max_trials);
    write_limit(text, "max_running", budget->max_running);
    write_limit(text, "max_failed", budget->max_failed);
    write_limit(text, "patience", budget->patience);
    text_key_time(text, "deadline", budget->deadline_ms);
    text_key_real(text, "target", budget->target);
    if (!stored || budget->max_cost > 0) {
        text_key_real(text, "max_cost",
                      budget->max_cost > 0 ? budget->max_cost : NAN);
    }
    text_char(text, '}');
}

void wire_iteration_write(struct text *text, const struct iteration *iteration,
                          int64_t number)
{
    text_key(text, "iteration");
    if (!iteration->points) {
        text_add(text, "null");
        return;
    }
    text_add(text, "{\"points\":");
    text_int(text, iteration->points);
    text_key_real(text, "trigger_fraction", iteration->trigger_fraction);
    if (number >= 0) {
        text_key_int(text, "number", number);
    }
    text_char(text, '}');
}
