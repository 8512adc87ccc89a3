// SPDX-License-Identifier: GPL-3.0-or-later
// wire_contour.c - the JSON of studies of kind contour

#include "wire_contour.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../optimizers/memory.h"
#include "../optimizers/contour_sampler.h"
#include "kind_contour.h"
#include "wire_algorithm.h"
#include "wire_restriction.h"
#include "wire_space.h"

static const char *const targets[] = {
    [CONTOUR_LN_MU_UP] = "ln_mu_up", [CONTOUR_LN_CLS] = "ln_cls"};

static const char *const known[] = {
    "features",   "target",    "curves",          "cl",   "initial",
    "max_points", "stop_area", "min_unevaluated", "seed", NULL};

// ---- the plan ---------------------------------------------------------------

// The path of a member of the study.
static void path(const struct fields *study, const char *member, char *where,
                 size_t size)
{
    snprintf(where, size, "%.80s%s%s", study->where, *study->where ? "." : "",
             member);
}

// The array of strings that a member holds, of `low` to `high`.
static const json_t *open_texts(const struct fields *fields, const char *name,
                                size_t low, size_t high)
{
    const json_t *list = fields_get(fields, name), *item;
    size_t i;
    if (!list)
        return NULL;
    if (!json_is_array(list)) {
        fields_fail(fields, ERROR_MALFORMED, name, "must be an array, not %s",
                    wire_type(list));
        return NULL;
    }
    if (json_array_size(list) < low || json_array_size(list) > high)
        fields_fail(fields, ERROR_INVALID, name,
                    "must hold %zu to %zu, not %zu", low, high,
                    json_array_size(list));
    json_array_foreach(list, i, item)
    {
        if (!json_is_string(item) || wire_odd_number(item))
            fields_fail(fields, ERROR_MALFORMED, name,
                        "must hold strings, not %s", wire_type(item));
    }
    return fields->err->code ? NULL : list;
}

static int read_features(const struct fields *contour, struct definition *d)
{
    const json_t *list =
        open_texts(contour, "features", 0, CONTOUR_MAX_FEATURES);
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct error fault = {0};
        const char *text = json_string_value(json_array_get(list, i));
        if (contour_plan_add_feature(d->contour, text, &d->space, &fault))
            return error_set(contour->err, ERROR_INVALID,
                             "%.100s.features[%zu], %.200s", contour->where, i,
                             fault.message);
    }
    return contour->err->code ? -1 : 0;
}

// Adds a curve as an objective, and its error as an outcome without bounds.
static int add_curve(const struct fields *contour, struct definition *d,
                     const char *name)
{
    size_t n = strlen(name);
    if (n < 1 || n > CONTOUR_MAX_NAME)
        return fields_fail(contour, ERROR_INVALID, "curves",
                           "must have 1 to %d bytes each, not %zu",
                           CONTOUR_MAX_NAME, n);
    for (size_t i = 0; i < d->n_objectives; i++)
        if (strcmp(d->objectives[i].name, name) == 0)
            return fields_fail(contour, ERROR_INVALID, "curves",
                               "must be there once only, not twice: \"%s\"",
                               name);
    char error[CONTOUR_MAX_NAME + sizeof CONTOUR_ERROR];
    snprintf(error, sizeof error, CONTOUR_ERROR "%s", name);
    d->objectives[d->n_objectives++].name = memory_text(name);
    d->outcome_constraints[d->n_outcome_constraints++] =
        (struct outcome_constraint){memory_text(error), NAN, NAN};
    return 0;
}

static int read_curves(const struct fields *contour, struct definition *d)
{
    const json_t *list = open_texts(contour, "curves", 1, STUDY_MAX_OBJECTIVES);
    if (contour->err->code)
        return -1;
    if (!list)
        return add_curve(contour, d, "obs");
    for (size_t i = 0; i < json_array_size(list); i++)
        if (add_curve(contour, d, json_string_value(json_array_get(list, i))))
            return -1;
    return 0;
}

static int read_target(const struct fields *contour, struct contour_plan *plan)
{
    const char *name =
        fields_text(contour, "target", 20, targets[CONTOUR_LN_MU_UP]);
    if (contour->err->code)
        return -1;
    plan->target = strcmp(name, targets[CONTOUR_LN_CLS]) == 0
                       ? CONTOUR_LN_CLS
                       : CONTOUR_LN_MU_UP;
    if (strcmp(name, targets[plan->target]) != 0)
        return fields_fail(contour, ERROR_INVALID, "target",
                           "must be ln_mu_up or ln_cls, not \"%s\"", name);
    plan->cl = fields_real(contour, "cl", 0.95);
    if (!(plan->cl >= 0.5 && plan->cl < 1))
        return fields_fail(contour, ERROR_INVALID, "cl",
                           "must be at least 0.5 and below 1, not %g",
                           plan->cl);
    return contour->err->code ? -1 : 0;
}

static int read_settings(const struct fields *contour,
                         struct contour_settings *settings)
{
    settings->initial =
        (size_t)fields_int(contour, "initial", 2, CONTOUR_MAX_INITIAL, 12);
    settings->max_points =
        (size_t)fields_int(contour, "max_points", 1, CONTOUR_MOST_RESULTS, 60);
    settings->min_unevaluated = (size_t)fields_int(contour, "min_unevaluated",
                                                   0, CONTOUR_MAX_PENDING, 0);
    settings->stop_area = fields_real(contour, "stop_area", 0.005);
    if (!(settings->stop_area >= 0 && settings->stop_area <= 0.5))
        return fields_fail(contour, ERROR_INVALID, "stop_area",
                           "must be at least 0 and at most 0.5, not %g",
                           settings->stop_area);
    return contour->err->code ? -1 : 0;
}

static int read_plan(const struct fields *study, struct definition *d)
{
    const json_t *value = fields_get(study, "contour");
    struct fields contour;
    char where[160];
    if (!value)
        return fields_fail(study, ERROR_INVALID, "contour", "is required");
    path(study, "contour", where, sizeof where);
    if (fields_open(&contour, value, where, known, study->err))
        return -1;
    d->contour = contour_plan_new();
    d->seed = (uint64_t)fields_int(&contour, "seed", 0, (INT64_C(1) << 53) - 1,
                                   (int64_t)wire_definition_seed(d->name));
    return read_curves(&contour, d) || read_features(&contour, d) ||
                   read_target(&contour, d->contour) ||
                   read_settings(&contour, &d->contour->settings)
               ? -1
               : 0;
}

int wire_contour_check_domain(const struct definition *d, const char *where,
                              struct error *err)
{
    struct contour_domain domain;
    struct error fault = {0};
    struct arena arena;
    arena_init(&arena);
    int result = contour_plan_domain(d->contour, &d->space, d->seed, &arena,
                                     &domain, &fault);
    arena_done(&arena);
    return result ? error_set(err, fault.code, "%.80s%scontour: %.300s", where,
                              *where ? "." : "", fault.message)
                  : 0;
}

int wire_contour_read(const struct fields *study, struct definition *d,
                      bool stored)
{
    char where[160];
    const json_t *space = fields_get(study, "space");
    if (!space)
        return fields_fail(study, ERROR_INVALID, "space", "is required");
    path(study, "space", where, sizeof where);
    d->sampler = &contour_sampler;
    d->pruner = pruner_find("nop");
    if (wire_space_read(space, where, &d->space, study->err) ||
        wire_restrictions_read(study, &d->space) || read_plan(study, d))
        return -1;
    return stored ? 0 : wire_contour_check_domain(d, study->where, study->err);
}

void wire_contour_write(struct text *text, const struct definition *d)
{
    const struct contour_plan *plan = d->contour;
    const struct contour_settings *settings = &plan->settings;
    text_key(text, "contour");
    text_add(text, "{\"features\":[");
    for (size_t i = 0; i < plan->n_features; i++) {
        text_next(text);
        text_string(text, plan->feature_text[i]);
    }
    text_print(text, "],\"target\":\"%s\",\"curves\":[", targets[plan->target]);
    for (size_t i = 0; i < d->n_objectives; i++) {
        text_next(text);
        text_string(text, d->objectives[i].name);
    }
    text_char(text, ']');
    text_key_real(text, "cl", plan->cl);
    text_key_int(text, "initial", (int64_t)settings->initial);
    text_key_int(text, "max_points", (int64_t)settings->max_points);
    text_key_real(text, "stop_area", settings->stop_area);
    text_key_int(text, "min_unevaluated", (int64_t)settings->min_unevaluated);
    text_key_int(text, "seed", (int64_t)d->seed);
    text_char(text, '}');
}

const char *const wire_contour_foreign[] = {
    "objectives", "direction", "outcome_constraints", "sampler", "pruner",
    "warm_start", NULL};

int wire_contour_check_changes(const json_t *own, struct error *err)
{
    static const char *const fixed[] = {"curves", "target", "seed", NULL};
    struct fields fields;
    if (fields_open(&fields, own, "contour", known, err))
        return -1;
    for (const char *const *name = fixed; *name; name++)
        if (fields_get(&fields, *name))
            return fields_fail(&fields, ERROR_INVALID, *name,
                               "cannot be changed");
    return 0;
}

// ---- tells ------------------------------------------------------------------

// Reads an object of named numbers, each of at least 0, or above 0.
static int read_named(const struct fields *fields, const char *member,
                      bool above, struct arena *arena, const char **names,
                      double *numbers, size_t *n)
{
    const json_t *given = fields_get(fields, member);
    const char *name;
    json_t *value;
    *n = 0;
    if (!given)
        return 0;
    if (!json_is_object(given))
        return fields_fail(fields, ERROR_MALFORMED, member,
                           "must be an object, not %s", wire_type(given));
    if (json_object_size(given) > STUDY_MAX_OBJECTIVES)
        return fields_fail(fields, ERROR_INVALID, member,
                           "must hold at most %d numbers, not %zu",
                           STUDY_MAX_OBJECTIVES, json_object_size(given));
    json_object_foreach((json_t *)(uintptr_t)given, name, value)
    {
        char field[160];
        double number;
        snprintf(field, sizeof field, "%s.%.100s", member, name);
        if (!wire_number(value, &number))
            return fields_fail(fields, ERROR_MALFORMED, field,
                               "must be a number, not %s", wire_type(value));
        if (!isfinite(number) || number < 0 || (above && number == 0))
            return fields_fail(fields, ERROR_INVALID, field,
                               "must be finite and %s 0, not %g",
                               above ? "above" : "at least", number);
        names[*n] = arena_copy(arena, name, strlen(name));
        numbers[(*n)++] = number;
    }
    return 0;
}

// The members of a tell that do not go with this one.
static int refuse_others(const struct fields *fields, const char *member,
                         const char *const *others)
{
    for (; *others; others++)
        if (fields_get(fields, *others) && strcmp(*others, member) != 0)
            return fields_fail(fields, ERROR_INVALID, member,
                               "and %s exclude each other", *others);
    return 0;
}

static int read_invalid(const struct fields *fields, struct told_curves *told,
                        struct arena *arena)
{
    static const char *const others[] = {"mu_up",       "cls",    "err",
                                         "value",       "values", "constraints",
                                         "uncertainty", "error",  NULL};
    const char *text =
        fields_text(fields, "invalid", CONTOUR_MAX_INVALID, NULL);
    if (fields->err->code || refuse_others(fields, "invalid", others))
        return -1;
    told->invalid = arena_copy(arena, text, strlen(text));
    return 0;
}

static int read_values(const struct fields *fields, const char *member,
                       struct told_curves *told, struct arena *arena)
{
    static const char *const others[] = {
        "mu_up", "cls", "value", "values", "constraints", "uncertainty", NULL};
    told->target =
        strcmp(member, "cls") == 0 ? CONTOUR_LN_CLS : CONTOUR_LN_MU_UP;
    if (refuse_others(fields, member, others))
        return -1;
    return read_named(fields, member, told->target == CONTOUR_LN_MU_UP, arena,
                      told->name, told->value, &told->n) ||
                   read_named(fields, "err", false, arena, told->error_name,
                              told->error, &told->n_errors)
               ? -1
               : 0;
}

// With a word of contours, the state follows from it.
static int check_state(const struct fields *fields, const char *member,
                       const char *allowed)
{
    const char *state = fields_text(fields, "state", 20, allowed);
    if (fields->err->code || strcmp(state, allowed) == 0)
        return fields->err->code ? -1 : 0;
    return fields_fail(fields, ERROR_INVALID, "state",
                       "must be %s with %s, not \"%s\"", allowed, member,
                       state);
}

int wire_contour_told_read(const struct fields *fields,
                           const struct told_curves **curves,
                           struct arena *arena)
{
    static const char *const words[] = {"invalid", "mu_up", "cls", NULL};
    const char *const *word = words;
    while (*word && !fields_get(fields, *word))
        word++;
    if (!*word)
        return fields_get(fields, "err")
                   ? fields_fail(fields, ERROR_INVALID, "err",
                                 "goes with mu_up or cls")
                   : 0;
    bool invalid = word == words;
    struct told_curves *told = arena_zeros(arena, 1, sizeof *told);
    *curves = told;
    if (check_state(fields, *word, invalid ? "infeasible" : "complete"))
        return -1;
    return invalid ? read_invalid(fields, told, arena)
                   : read_values(fields, *word, told, arena);
}
