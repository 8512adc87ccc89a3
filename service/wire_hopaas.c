// SPDX-License-Identifier: GPL-3.0-or-later
// wire_hopaas.c - the JSON of a Hopaas ask

#include "wire_hopaas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/memory.h"
#include "hopaas.h"
#include "wire_algorithm.h"
#include "wire_definition.h"
#include "wire_space.h"

static const char config_name[] = "hopaas_config";

static bool is_special(const char *name)
{
    return *name == '_';
}

static bool is_suggestion(const json_t *value)
{
    return json_is_string(value) &&
           hopaas_is_suggestion(json_string_value(value));
}

// ---- algorithms by the names of their Python classes ------------------------

static const struct {
    const char *python, *ours;
} samplers_by_class[] =
    {
        {"TPESampler", "tpe"},      {"RandomSampler", "random"},
        {"QMCSampler", "qmc"},      {"GridSampler", "grid"},
        {"GPSampler", "gp"},        {"CmaEsSampler", "cmaes"},
        {"NSGAIISampler", "nsga2"},
},
  pruners_by_class[] = {
      {"NopPruner", "nop"},
      {"MedianPruner", "median"},
      {"PercentilePruner", "percentile"},
      {"ThresholdPruner", "threshold"},
      {"SuccessiveHalvingPruner", "asha"},
      {"HyperbandPruner", "hyperband"},
      {"PatientPruner", "patient"},
      {"WilcoxonPruner", "wilcoxon"},
};

// Python's names of arguments that we call otherwise; NULL: has no meaning
// here and is left out.
static const struct {
    const char *python, *ours;
} renamed[] = {
    {"min_resources", "min_resource"},
    {"max_resources", "max_resource"},
    {"popsize", "population"},
    {"population_size", "population"},
    {"swapping_prob", NULL},
    {"sigma0", NULL},
    {"bootstrap_count", NULL},
    {"min_early_stopping_rate", NULL},
    {"seed", NULL},
};

// The option that a Python argument means, or NULL.
static const char *option_of(const char *python)
{
    for (size_t i = 0; i < sizeof renamed / sizeof *renamed; i++)
        if (strcmp(renamed[i].python, python) == 0)
            return renamed[i].ours;
    return python;
}

// Sets the options that the arguments name. null and "auto" leave the default.
static int read_args(const json_t *algorithm, const char *field,
                     const struct option *options, size_t n, double *values,
                     struct error *err)
{
    const char *python;
    json_t *value;
    option_defaults(options, n, values);
    json_object_foreach(json_object_get(algorithm, "args"), python, value)
    {
        const char *name = option_of(python), *text = json_string_value(value);
        double number = json_is_true(value);
        if (!name || json_is_null(value) || (text && strcmp(text, "auto") == 0))
            continue;
        if (!json_is_boolean(value) && !wire_number(value, &number))
            return error_set(err, ERROR_INVALID,
                             "hopaas_config.%s.args.%.60s must be a number, "
                             "not %s",
                             field, python, wire_type(value));
        struct error fault = {0};
        if (option_set(options, n, name, number, values, &fault))
            return error_set(err, ERROR_INVALID,
                             "hopaas_config.%s.args.%.60s: %.120s", field,
                             python, fault.message);
    }
    return 0;
}

// The name of the class, or the default when there is no such member.
static const char *class_of(const json_t *algorithm, const char *standard)
{
    const char *name = json_string_value(json_object_get(algorithm, "name"));
    return name ? name : standard;
}

static int read_sampler(const json_t *config, struct definition *d,
                        struct error *err)
{
    const json_t *sampler = json_object_get(config, "sampler");
    const char *name = class_of(sampler, "TPESampler");
    size_t n = sizeof samplers_by_class / sizeof *samplers_by_class;
    for (size_t i = 0; i < n; i++)
        if (strcmp(samplers_by_class[i].python, name) == 0)
            d->sampler = sampler_find(samplers_by_class[i].ours);
    if (!d->sampler)
        return error_set(err, ERROR_INVALID,
                         "hopaas_config.sampler.name: there is no \"%.60s\"",
                         name);
    if (read_args(sampler, "sampler", d->sampler->options,
                  d->sampler->n_options, d->sampler_options, err))
        return -1;
    return d->sampler->check
               ? d->sampler->check(&d->space, d->sampler_options, err)
               : 0;
}

static int read_pruner(const json_t *config, struct definition *d,
                       struct error *err)
{
    const json_t *pruner = json_object_get(config, "pruner");
    const char *name = class_of(pruner, "NopPruner");
    size_t n = sizeof pruners_by_class / sizeof *pruners_by_class;
    for (size_t i = 0; i < n; i++)
        if (strcmp(pruners_by_class[i].python, name) == 0)
            d->pruner = pruner_find(pruners_by_class[i].ours);
    if (!d->pruner)
        return error_set(err, ERROR_INVALID,
                         "hopaas_config.pruner.name: there is no \"%.60s\"",
                         name);
    if (read_args(pruner, "pruner", d->pruner->options, d->pruner->n_options,
                  d->pruner_options, err))
        return -1;
    // Not checked: the client also sends a threshold pruner without any
    // threshold, which stops nothing.
    return 0;
}

// ---- the set-up -------------------------------------------------------------

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// The names of the ordinary properties, sorted.
static const char **names(const json_t *ask, size_t *n, struct arena *arena)
{
    const char **sorted =
        arena_zeros(arena, json_object_size(ask) + 1, sizeof *sorted);
    const char *name;
    json_t *value;
    *n = 0;
    json_object_foreach((json_t *)(uintptr_t)ask, name, value)
    {
        if (!is_special(name) && strcmp(name, config_name) != 0)
            sorted[(*n)++] = name;
    }
    qsort(sorted, *n, sizeof *sorted, by_name);
    return sorted;
}

// Appends a constant with the members of its objects in order of their names,
// as wire_hopaas_setup has them: one set-up is one text, however it was sent.
static void write_constant(struct text *text, const json_t *value)
{
    char *sorted =
        json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    json_t *copy = sorted ? json_loads(sorted, JSON_DECODE_ANY, NULL) : NULL;
    if (!copy)
        abort();
    wire_write(text, copy, false);
    json_decref(copy);
    free(sorted);
}

// Parameters into the space, the rest into the constants.
static int read_properties(const json_t *ask, struct definition *d,
                           struct arena *arena, struct error *err)
{
    size_t n;
    const char **sorted = names(ask, &n, arena);
    struct text constants;
    text_init(&constants, arena);
    text_char(&constants, '{');
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_object_get(ask, sorted[i]);
        if (is_suggestion(value)) {
            if (hopaas_add(&d->space, sorted[i], json_string_value(value), err))
                return -1;
            continue;
        }
        text_key(&constants, sorted[i]);
        write_constant(&constants, value);
    }
    text_char(&constants, '}');
    d->constants = memory_text(constants.data);
    return 0;
}

static int read_config(const json_t *ask, struct definition *d,
                       struct error *err)
{
    const json_t *config = json_object_get(ask, config_name);
    if (config && !json_is_object(config))
        return error_set(err, ERROR_MALFORMED,
                         "hopaas_config must be an object, not %s",
                         wire_type(config));
    const json_t *title = json_object_get(config, "title");
    const json_t *direction = json_object_get(config, "direction");
    if (title && (!json_is_string(title) || wire_odd_number(title) ||
                  json_string_length(title) > STUDY_MAX_NAME))
        return error_set(err, ERROR_INVALID,
                         "hopaas_config.title must be a string of at most %d "
                         "bytes",
                         STUDY_MAX_NAME);
    const char *towards = json_string_value(direction);
    if (direction && (!towards || (strcmp(towards, "minimize") != 0 &&
                                   strcmp(towards, "maximize") != 0)))
        return error_set(err, ERROR_INVALID,
                         "hopaas_config.direction must be minimize or "
                         "maximize");
    d->name = memory_text(title && json_string_length(title)
                              ? json_string_value(title)
                              : "untitled");
    d->objectives[0].name = memory_text("loss");
    d->objectives[0].maximize = towards && strcmp(towards, "maximize") == 0;
    d->n_objectives = 1;
    if (read_sampler(config, d, err))
        return -1;
    return read_pruner(config, d, err);
}

static int read_special(const json_t *ask, struct definition *d,
                        struct error *err)
{
    struct fields fields;
    if (fields_open(&fields, ask, "", NULL, err))
        return -1;
    d->seed = (uint64_t)fields_int(&fields, "_seed", 0, (INT64_C(1) << 53) - 1,
                                   (int64_t)d->seed);
    d->budget.max_trials = fields_int(&fields, "_max_trials", 1, 1000000000, 0);
    d->lease_s = fields_int(&fields, "_lease_s", 1, STUDY_MAX_LEASE_S, 600);
    return err->code ? -1 : 0;
}

// The rules of a study before its special members are known, and the text that
// identifies it. The kinds of the suggestions are part of it, since some mean
// the same parameter but were different studies in Hopaas.
static char *identify(const json_t *ask, struct definition *d,
                      struct arena *arena)
{
    d->budget.target = NAN;
    d->lease_s = 600;
    d->max_attempts = 1;
    d->hopaas = true;
    struct text identity;
    text_init(&identity, arena);
    text_add(&identity, wire_definition_text(d, arena));
    for (size_t k = 0; k < d->space.n; k++) {
        const char *suggestion =
            json_string_value(json_object_get(ask, d->space.params[k].name));
        text_char(&identity, ' ');
        text_bytes(&identity, suggestion, strcspn(suggestion, "("));
    }
    d->seed = wire_definition_seed(identity.data);
    return identity.data;
}

struct definition *wire_hopaas_read(const json_t *ask, struct arena *keep,
                                    char **identity, struct error *err)
{
    struct definition *d = calloc(1, sizeof *d);
    struct arena arena;
    if (!d)
        abort();
    space_init(&d->space);
    arena_init(&arena);
    int result =
        read_properties(ask, d, &arena, err) || read_config(ask, d, err);
    arena_done(&arena);
    if (result == 0) {
        *identity = identify(ask, d, keep);
        result = read_special(ask, d, err);
    }
    if (result == 0)
        return d;
    definition_free(d);
    return NULL;
}

char *wire_hopaas_special(const json_t *ask, struct arena *arena)
{
    const char *name;
    json_t *value;
    struct text text;
    text_init(&text, arena);
    text_char(&text, '{');
    json_object_foreach((json_t *)(uintptr_t)ask, name, value)
    {
        if (!is_special(name))
            continue;
        text_key(&text, name);
        wire_write(&text, value, false);
    }
    text_char(&text, '}');
    return text.n > 2 ? text.data : NULL;
}

char *wire_hopaas_setup(const json_t *ask)
{
    json_t *setup = json_object();
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)ask, name, value)
    {
        if (!is_special(name))
            json_object_set(setup, name, value);
    }
    char *text = json_dumps(setup, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(setup);
    if (!text)
        abort();
    return text;
}

void wire_hopaas_answer(struct text *text, const json_t *ask,
                        const struct live *live, size_t number)
{
    const struct space *space = &live->definition->space;
    const double *point = history_point(&live->history, number);
    const char *name;
    json_t *value;
    text_print(text, "{\"hopaas_trial\":\"%s:%zu\"", live->key, number);
    json_object_foreach((json_t *)(uintptr_t)ask, name, value)
    {
        if (is_special(name) || strcmp(name, config_name) == 0 ||
            strcmp(name, "hopaas_trial") == 0)
            continue;
        text_char(text, ',');
        text_string_ascii(text, name);
        text_char(text, ':');
        int k = is_suggestion(value) ? space_find(space, name) : -1;
        if (k < 0)
            wire_write(text, value, true);
        else if (space->params[k].kind == PARAM_CATEGORICAL)
            text_json_ascii(text, space->params[k].choices[(size_t)point[k]]);
        else
            wire_param_write(text, &space->params[k], point[k]);
    }
    text_char(text, '}');
}
