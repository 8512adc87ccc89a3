// SPDX-License-Identifier: GPL-3.0-or-later
// wire_algorithm.c - the JSON of a study's sampler and pruner

#include "wire_algorithm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double max_exact = 9007199254740991.0; // 2^53 - 1

uint64_t wire_definition_seed(const char *name)
{
    uint64_t hash = 14695981039346656037u; // FNV-1a
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 1099511628211u;
    return hash & (uint64_t)max_exact;
}

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

int wire_sampler_read(const struct fields *study, struct definition *d)
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

int wire_pruner_read(const struct fields *study, struct definition *d,
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

void wire_algorithms_write(struct text *text, const struct definition *d)
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
