// SPDX-License-Identifier: GPL-3.0-or-later
// wire_limit.c - the JSON of what a limit study is to find out

#include "wire_limit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/memory.h"
#include "wire_algorithm.h"

const char *const wire_limit_foreign[] = {
    "space",   "constraints", "objectives", "direction", "outcome_constraints",
    "sampler", "pruner",      "warm_start", "iteration", NULL};

// Points are ordered, not sampled.
static const struct sampler ordered = {
    .name = "limit", .help = "what a limit needs to be known better"};

// ---- reading ----------------------------------------------------------------

// A number from low to high.
static double read_real(const struct fields *limit, const char *name,
                        double low, double high, double standard)
{
    double value = fields_real(limit, name, standard);
    if (!limit->err->code && !(value >= low && value <= high))
        fields_fail(limit, ERROR_INVALID, name, "must be from %g to %g, not %g",
                    low, high, value);
    return value;
}

// The index of the word in names[n]; the first one when it is absent.
static unsigned read_word(const struct fields *limit, const char *name,
                          const char *const *names, unsigned n)
{
    const char *word = fields_text(limit, name, 20, names[0]);
    char all[120] = "";
    if (limit->err->code)
        return 0;
    for (unsigned i = 0; i < n; i++)
        if (strcmp(word, names[i]) == 0)
            return i;
    for (unsigned i = 0; i < n; i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s",
                 i ? ", " : "", names[i]);
    fields_fail(limit, ERROR_INVALID, name, "must be one of %s, not \"%s\"",
                all, word);
    return 0;
}

static const char *const rules[] = {"CLs", "CLsb"};
static const char *const tails[] = {"right", "left"};
static const char *const toy_modes[] = {"frequentist", "hybrid"};
static const char *const expectations[] = {"postfit", "prefit"};
static const char *const quantiles[] = {
    [LIMIT_SIGMA] = "sigma", [LIMIT_CMS] = "cms"};
static const char *const modes[] = {"adaptive", "grid"};

static int read_statistics(const struct fields *limit, struct limit_terms *t)
{
    static const char *const statistics[] = {"qtilde", "q",   "t",
                                             "lep",    "tev", "other"};
    static const enum limit_statistic which[] = {
        LIMIT_QTILDE, LIMIT_Q, LIMIT_T, LIMIT_LEP, LIMIT_TEV, LIMIT_OTHER};
    struct limit_reading *reading = &t->plan.reading;
    t->poi = memory_text(fields_text(limit, "poi", SPACE_MAX_NAME, "mu"));
    t->cl = read_real(limit, "cl", 0.5, 0.999999, 0.95);
    t->plan.alpha = 1 - t->cl;
    t->statistic =
        which[read_word(limit, "test_stat", statistics, LIMIT_STATISTICS)];
    t->left = read_word(limit, "tail", tails, 2);
    t->hybrid = read_word(limit, "toy_mode", toy_modes, 2);
    t->prefit = read_word(limit, "expected", expectations, 2);
    reading->sb_only = read_word(limit, "rule", rules, 2);
    reading->quantiles =
        (enum limit_quantiles)read_word(limit, "quantiles", quantiles, 2);
    reading->tie_tolerance = read_real(limit, "tie_tol", 0, 0.1, 1e-4);
    reading->asymptotic = t->statistic <= LIMIT_QTILDE;
    reading->bounded = t->statistic == LIMIT_QTILDE;
    t->plan.shared = fields_bool(limit, "share_b", false);
    return limit->err->code ? -1 : 0;
}

static int read_curve(const struct fields *limit, const json_t *name,
                      struct limit_plan *plan)
{
    const char *word = json_is_string(name) ? json_string_value(name) : "";
    for (unsigned c = 0; c < LIMIT_CURVES; c++) {
        if (strcmp(word, limit_curve_names[c]) != 0)
            continue;
        if (plan->wanted[c])
            return fields_fail(limit, ERROR_INVALID, "curves",
                               "must differ, \"%s\" is there twice", word);
        plan->wanted[c] = true;
        return 0;
    }
    return json_is_string(name) && !wire_odd_number(name)
               ? fields_fail(limit, ERROR_INVALID, "curves",
                             "must be of obs, exp-2, exp-1, exp0, exp+1, "
                             "exp+2, not \"%.40s\"",
                             word)
               : fields_fail(limit, ERROR_MALFORMED, "curves",
                             "must hold strings, not %s", wire_type(name));
}

static int read_curves(const struct fields *limit, struct limit_plan *plan)
{
    const json_t *list = fields_get(limit, "curves"), *name;
    size_t i;
    for (unsigned c = 0; !list && c < LIMIT_CURVES; c++)
        plan->wanted[c] = true;
    if (!list)
        return 0;
    if (!json_is_array(list))
        return fields_fail(limit, ERROR_MALFORMED, "curves",
                           "must be an array, not %s", wire_type(list));
    if (json_array_size(list) == 0)
        return fields_fail(limit, ERROR_INVALID, "curves",
                           "must name one at least");
    json_array_foreach(list, i, name)
    {
        if (read_curve(limit, name, plan))
            return -1;
    }
    return 0;
}

// One point of the grid, unlike those before it.
static int read_point(const struct fields *limit, const json_t *value,
                      double *points, size_t i)
{
    double mu = 0;
    if (!wire_number(value, &mu))
        return fields_fail(limit, ERROR_MALFORMED, "points",
                           "must hold numbers, not %s", wire_type(value));
    if (!(mu >= 0 && mu <= LIMIT_MAX_MU))
        return fields_fail(limit, ERROR_INVALID, "points",
                           "must be from 0 to %g, not %g", LIMIT_MAX_MU, mu);
    for (size_t k = 0; k < i; k++)
        if (points[k] == mu)
            return fields_fail(limit, ERROR_INVALID, "points",
                               "must differ, %.17g is there twice", mu);
    points[i] = mu + 0.0; // no negative zero
    return 0;
}

static int read_points(const struct fields *limit, struct limit_plan *plan)
{
    const json_t *list = fields_get(limit, "points"), *value;
    bool grid = read_word(limit, "mode", modes, 2);
    size_t n = json_array_size(list), i;
    if (limit->err->code)
        return -1;
    if (!grid && list)
        return fields_fail(limit, ERROR_INVALID, "points",
                           "are for the mode grid");
    if (!grid)
        return 0;
    if (!json_is_array(list))
        return fields_fail(limit, list ? ERROR_MALFORMED : ERROR_INVALID,
                           "points", "must be an array, not %s",
                           list ? wire_type(list) : "absent");
    if (n < 1 || n > LIMIT_MAX_POINTS)
        return fields_fail(limit, ERROR_INVALID, "points",
                           "must be 1 to %d, not %zu", LIMIT_MAX_POINTS, n);
    double *points = memory_resize(NULL, n, sizeof *points);
    plan->points = points;
    plan->n_points = n;
    json_array_foreach(list, i, value)
    {
        if (read_point(limit, value, points, i))
            return -1;
    }
    return 0;
}

// Where limits are expected. A grid says so by itself.
static int read_range(const struct fields *limit, struct limit_plan *plan)
{
    struct limit_settings *s = &plan->settings;
    double most = 0;
    for (size_t i = 0; i < plan->n_points; i++)
        most = fmax(most, plan->points[i]);
    if (!plan->n_points && !fields_get(limit, "high"))
        return fields_fail(limit, ERROR_INVALID, "high", "is required");
    s->low = read_real(limit, "low", 0, LIMIT_MAX_MU, 0);
    s->high = read_real(limit, "high", 0, LIMIT_MAX_MU,
                        most > s->low ? most : s->low + 1);
    s->hint = read_real(limit, "hint", 0, LIMIT_MAX_MU, 0);
    if (limit->err->code)
        return -1;
    if (!(s->low < s->high))
        return fields_fail(limit, ERROR_INVALID, "low",
                           "must be below high, not %g >= %g", s->low, s->high);
    if (fields_get(limit, "hint") && s->hint <= 0)
        return fields_fail(limit, ERROR_INVALID, "hint",
                           "must be above 0, not %g", s->hint);
    return 0;
}

static int read_budget(const struct fields *limit, struct limit_terms *terms)
{
    struct limit_plan *plan = &terms->plan;
    struct limit_settings *s = &plan->settings;
    s->relative_error = read_real(limit, "rel_tol", 0, 1, 0.02);
    s->absolute_error = read_real(limit, "abs_tol", 0, LIMIT_MAX_MU, 0);
    s->min_toys =
        (uint64_t)fields_int(limit, "min_toys", 0, LIMIT_MAX_TOYS, 500);
    s->max_toys =
        (uint64_t)fields_int(limit, "max_toys", 1, LIMIT_MAX_TOYS, 3000000);
    s->max_points =
        (size_t)fields_int(limit, "max_points", 3, LIMIT_MAX_POINTS, 60);
    s->min_batch =
        (uint64_t)fields_int(limit, "batch_min", 1, LIMIT_MAX_VALUES, 300);
    s->max_batch =
        (uint64_t)fields_int(limit, "batch_max", 1, LIMIT_MAX_VALUES, 10000);
    s->batch_seconds = read_real(limit, "batch_seconds", 0, 1e6, 600);
    plan->max_values = LIMIT_MAX_VALUES;
    terms->max_failure_fraction =
        read_real(limit, "max_failure_fraction", 0, 1, 0.15);
    if (limit->err->code)
        return -1;
    if (s->min_batch > s->max_batch)
        return fields_fail(limit, ERROR_INVALID, "batch_min",
                           "must be at most batch_max, not %llu > %llu",
                           (unsigned long long)s->min_batch,
                           (unsigned long long)s->max_batch);
    if (s->min_toys > s->max_toys)
        return fields_fail(limit, ERROR_INVALID, "min_toys",
                           "must be at most max_toys, not %llu > %llu",
                           (unsigned long long)s->min_toys,
                           (unsigned long long)s->max_toys);
    return 0;
}

static int read_terms(const struct fields *limit, struct limit_terms *terms)
{
    struct arena arena;
    if (read_statistics(limit, terms) || read_curves(limit, &terms->plan) ||
        read_points(limit, &terms->plan) || read_range(limit, &terms->plan) ||
        read_budget(limit, terms))
        return -1;
    arena_init(&arena);
    const char *context =
        fields_json(limit, "context", JSON_OBJECT, LIMIT_MAX_CONTEXT, &arena);
    terms->context = context ? memory_text(context) : NULL;
    arena_done(&arena);
    return limit->err->code ? -1 : 0;
}

// No values are told, so none can be good enough.
static int check_goals(const struct fields *study)
{
    static const char *const goals[] = {"target", "patience", NULL};
    const json_t *budget = fields_get(study, "budget");
    for (const char *const *goal = goals; *goal; goal++) {
        const json_t *given = json_object_get(budget, *goal);
        if (given && !json_is_null(given))
            return fields_fail(study, ERROR_INVALID, "budget",
                               "must have no %s in a study of kind limit",
                               *goal);
    }
    return 0;
}

static int open_limit(const struct fields *study, struct fields *limit)
{
    static const char *const known[] = {"poi",
                                        "low",
                                        "high",
                                        "hint",
                                        "cl",
                                        "rule",
                                        "test_stat",
                                        "tail",
                                        "toy_mode",
                                        "expected",
                                        "quantiles",
                                        "tie_tol",
                                        "curves",
                                        "rel_tol",
                                        "abs_tol",
                                        "min_toys",
                                        "max_toys",
                                        "max_points",
                                        "batch_min",
                                        "batch_max",
                                        "batch_seconds",
                                        "share_b",
                                        "max_failure_fraction",
                                        "mode",
                                        "points",
                                        "context",
                                        NULL};
    const json_t *given = fields_get(study, "limit");
    char where[160];
    if (!given)
        return fields_fail(study, ERROR_INVALID, "limit",
                           "is required in a study of kind limit");
    snprintf(where, sizeof where, "%.80s%slimit", study->where,
             *study->where ? "." : "");
    return fields_open(limit, given, where, known, study->err);
}

int wire_limit_read(const struct fields *study, struct definition *d,
                    bool stored)
{
    struct fields limit;
    struct error fault = {0};
    if (open_limit(study, &limit) || check_goals(study))
        return -1;
    d->limit = calloc(1, sizeof *d->limit);
    if (!d->limit)
        abort();
    d->n_objectives = 1;
    d->objectives[0].name = memory_text("value");
    d->sampler = &ordered;
    d->pruner = pruner_find("nop");
    d->seed = wire_definition_seed(d->name);
    if (stored)
        d->seed = (uint64_t)json_integer_value(
            json_object_get(json_object_get(study->object, "sampler"), "seed"));
    if (read_terms(&limit, d->limit))
        return -1;
    if (limit_terms_space(d->limit, &d->space, &fault))
        return fields_fail(&limit, ERROR_INVALID, "poi", "%s", fault.message);
    return 0;
}

int wire_limit_check_changes(const json_t *limit, struct error *err)
{
    static const char *const known[] = {
        "rel_tol",   "abs_tol",       "min_toys",
        "max_toys",  "max_points",    "batch_min",
        "batch_max", "batch_seconds", "max_failure_fraction",
        NULL};
    struct fields fields;
    return fields_open(&fields, limit, "limit", known, err);
}

// ---- writing ----------------------------------------------------------------

// A number that 0 stands for the absence of.
static void write_unless_0(struct text *text, const char *name, double value)
{
    text_key_real(text, name, value > 0 ? value : NAN);
}

static void write_lists(struct text *text, const struct limit_plan *plan)
{
    text_key(text, "curves");
    text_char(text, '[');
    for (unsigned c = 0; c < LIMIT_CURVES; c++) {
        if (!plan->wanted[c])
            continue;
        text_next(text);
        text_string(text, limit_curve_names[c]);
    }
    text_char(text, ']');
    text_key_string(text, "mode", modes[plan->n_points > 0]);
    text_key(text, "points");
    text_add(text, plan->n_points ? "[" : "null");
    for (size_t i = 0; i < plan->n_points; i++) {
        text_next(text);
        text_real(text, plan->points[i]);
    }
    if (plan->n_points)
        text_char(text, ']');
}

static void write_budget(struct text *text, const struct limit_settings *s)
{
    text_key_real(text, "rel_tol", s->relative_error);
    write_unless_0(text, "abs_tol", s->absolute_error);
    text_key_int(text, "min_toys", (int64_t)s->min_toys);
    text_key_int(text, "max_toys", (int64_t)s->max_toys);
    text_key_int(text, "max_points", (int64_t)s->max_points);
    text_key_int(text, "batch_min", (int64_t)s->min_batch);
    text_key_int(text, "batch_max", (int64_t)s->max_batch);
    text_key_real(text, "batch_seconds", s->batch_seconds);
}

void wire_limit_write(struct text *text, const struct definition *d)
{
    const struct limit_terms *terms = d->limit;
    const struct limit_plan *plan = &terms->plan;
    const struct limit_reading *reading = &plan->reading;
    text_key(text, "limit");
    text_char(text, '{');
    text_key_string(text, "poi", terms->poi);
    text_key_real(text, "low", plan->settings.low);
    text_key_real(text, "high", plan->settings.high);
    write_unless_0(text, "hint", plan->settings.hint);
    text_key_real(text, "cl", terms->cl);
    text_key_string(text, "rule", rules[reading->sb_only]);
    text_key_string(text, "test_stat", limit_statistic_names[terms->statistic]);
    text_key_string(text, "tail", tails[terms->left]);
    text_key_string(text, "toy_mode", toy_modes[terms->hybrid]);
    text_key_string(text, "expected", expectations[terms->prefit]);
    text_key_string(text, "quantiles", quantiles[reading->quantiles]);
    text_key_real(text, "tie_tol", reading->tie_tolerance);
    write_lists(text, plan);
    write_budget(text, &plan->settings);
    text_key_bool(text, "share_b", plan->shared);
    text_key_real(text, "max_failure_fraction", terms->max_failure_fraction);
    text_key_json(text, "context", terms->context);
    text_char(text, '}');
}
