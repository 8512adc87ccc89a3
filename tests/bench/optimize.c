// SPDX-License-Identifier: GPL-3.0-or-later
// optimize.c - a study on standard input, for benchmarks written in Python
//
// One command a line, one answer a line; `error MESSAGE` when it cannot be
// done. Trials are suggested as the service does it (live.c): the model is kept
// while fit_length asks for the same one.
//
//   study SAMPLER SEED M C OPTION=VALUE...   ok
//       a new study of M objectives and C constraints, instead of the last
//   param NAME KIND LOW HIGH STEP LOG [PARENT VALUE...]   ok
//       KIND is float, int, bool or categorical (choices 0 .. HIGH). The rest
//       is a condition: parameter number PARENT has one of the VALUEs
//   ask                    NUMBER MILLISECONDS COORDINATE... | WHY
//   tell NUMBER STATE [VALUE... CONSTRAINT... [VARIANCE]]   ok
//
// Milliseconds are processor time of this thread, fits included. How many
// trials there will be is not told to the samplers.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rng.h"
#include "sampler.h"

void openblas_set_num_threads(int threads);

enum {
    MAX_VALUES = 64,  // of a condition
    MAX_NUMBERS = 16, // objectives, and constraints
};

struct study {
    const struct sampler *sampler; // NULL: there is none
    double options[OPTION_MAX];
    uint64_t seed;
    size_t n_objectives, n_constraints;
    struct space space;
    struct history history;
    bool started; // the history exists, the space is fixed
    struct model *model;
    size_t model_n;
    struct arena arena;
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void forget(struct study *study)
{
    if (study->model)
        study->sampler->model_free(study->model);
    if (study->started)
        history_done(&study->history);
    if (study->sampler)
        space_done(&study->space);
    arena_reset(&study->arena);
    study->sampler = NULL;
    study->model = NULL;
    study->started = false;
}

// The next word of a line, or NULL.
static char *word(char **rest)
{
    return strtok_r(NULL, " \n", rest);
}

// NaN when it is missing or no number.
static double number(const char *text)
{
    char *end = NULL;
    double value = text ? strtod(text, &end) : NAN;
    return text && *end == '\0' && end != text ? value : NAN;
}

static int count(const char *text, size_t least, size_t *n)
{
    double value = number(text);
    if (!(value >= (double)least && value <= MAX_NUMBERS))
        return -1;
    *n = (size_t)value;
    return 0;
}

static int set_option(struct study *study, char *setting, struct error *err)
{
    char *equals = strchr(setting, '=');
    if (!equals)
        return error_set(err, ERROR_INVALID, "no value in %s", setting);
    *equals = '\0';
    return option_set(study->sampler->options, study->sampler->n_options,
                      setting, number(equals + 1), study->options, err);
}

static int begin(struct study *study, char **rest, struct error *err)
{
    forget(study);
    const char *name = word(rest), *seed = word(rest);
    const struct sampler *sampler = name ? sampler_find(name) : NULL;
    if (!sampler)
        return error_set(err, ERROR_INVALID, "no sampler %s",
                         name ? name : "named");
    study->sampler = sampler;
    space_init(&study->space);
    study->seed = seed ? strtoull(seed, NULL, 10) : 0;
    if (count(word(rest), 1, &study->n_objectives) ||
        count(word(rest), 0, &study->n_constraints))
        return error_set(err, ERROR_INVALID,
                         "no such number of objectives or constraints");
    if (study->n_objectives > 1 && !sampler->several)
        return error_set(err, ERROR_INVALID, "%s serves one objective", name);
    option_defaults(sampler->options, sampler->n_options, study->options);
    for (char *setting = word(rest); setting; setting = word(rest))
        if (set_option(study, setting, err))
            return -1;
    puts("ok");
    return 0;
}

static int kind_of(const char *name, enum param_kind *kind)
{
    static const struct {
        const char *name;
        enum param_kind kind;
    } kinds[] = {{"float", PARAM_FLOAT},
                 {"int", PARAM_INT},
                 {"bool", PARAM_BOOL},
                 {"categorical", PARAM_CATEGORICAL}};
    for (size_t i = 0; name && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0) {
            *kind = kinds[i].kind;
            return 0;
        }
    return -1;
}

static int add(struct study *study, char **rest, struct error *err)
{
    struct param param = {.name = word(rest)};
    if (!study->sampler || study->started)
        return error_set(err, ERROR_INVALID, "no study is being defined");
    if (kind_of(word(rest), &param.kind))
        return error_set(err, ERROR_INVALID, "no such kind of parameter");
    param.low = number(word(rest));
    param.high = number(word(rest));
    param.step = number(word(rest));
    param.log = number(word(rest)) > 0;
    if (param.kind == PARAM_CATEGORICAL) {
        param.n_choices = (size_t)param.high + 1;
        param.choices =
            arena_zeros(&study->arena, param.n_choices, sizeof(char *));
        for (size_t i = 0; i < param.n_choices; i++)
            param.choices[i] = arena_print(&study->arena, "%zu", i);
    }
    double values[MAX_VALUES];
    struct condition condition = {.values = values};
    const char *parent = word(rest);
    if (parent) {
        condition.parent = strtoul(parent, NULL, 10);
        param.n_conditions = 1;
        param.conditions = &condition;
    }
    for (const char *value = word(rest); value && condition.n < MAX_VALUES;
         value = word(rest))
        values[condition.n++] = number(value);
    if (space_add(&study->space, &param, err))
        return -1;
    puts("ok");
    return 0;
}

static int start(struct study *study, struct error *err)
{
    const struct sampler *sampler = study->sampler;
    if (!sampler)
        return error_set(err, ERROR_INVALID, "no study is defined");
    if (study->started)
        return 0;
    if (sampler->check && sampler->check(&study->space, study->options, err))
        return -1;
    history_init_for(&study->history, &study->space, study->n_objectives,
                     study->n_constraints);
    study->started = true;
    return 0;
}

static void fit(struct study *study, const struct sampler_task *task)
{
    const struct sampler *sampler = study->sampler;
    if (!sampler->fit_length)
        return;
    size_t n = sampler->fit_length(task, study->history.n_ended);
    if (study->model && study->model_n == n)
        return;
    struct model *model = sampler->fit(task, n, study->model);
    if (study->model)
        sampler->model_free(study->model);
    study->model = model;
    study->model_n = n;
}

static int ask(struct study *study, struct error *err)
{
    if (start(study, err))
        return -1;
    struct sampler_task task = {.space = &study->space,
                                .history = &study->history,
                                .options = study->options,
                                .seed = study->seed};
    arena_reset(&study->arena);
    struct suggestion out = {
        .point = arena_doubles(&study->arena, study->space.n + 1)};
    double begun = now_ms();
    fit(study, &task);
    if (study->sampler->suggest(&task, study->model, study->history.n,
                                &study->arena, &out, err))
        return -1;
    double took = now_ms() - begun;
    size_t trial = history_append(&study->history, TRIAL_RUNNING, out.point);
    printf("%zu %.4f", trial, took);
    for (size_t k = 0; k < study->space.n; k++)
        printf(" %.17g", out.point[k]);
    printf(" | %s\n", out.why ? out.why : "");
    return 0;
}

static int tell(struct study *study, char **rest, struct error *err)
{
    const char *trial = word(rest), *name = word(rest);
    size_t i = trial ? strtoul(trial, NULL, 10) : SIZE_MAX;
    int state = name ? trial_state_from_name(name) : -1;
    if (!study->started || i >= study->history.n)
        return error_set(err, ERROR_INVALID, "no such trial");
    if (state < 0)
        return error_set(err, ERROR_INVALID, "no such state");
    double numbers[2 * MAX_NUMBERS + 1] = {0};
    size_t m = study->n_objectives, n = m + study->n_constraints;
    size_t told = 0, bad = 0;
    for (const char *text = word(rest); text && told <= n; text = word(rest)) {
        numbers[told] = number(text);
        bad += isnan(numbers[told++]) ? 1 : 0;
    }
    bool is_whole = told >= n && bad == 0;
    if (!is_whole && (told > 0 || state == TRIAL_COMPLETE))
        return error_set(err, ERROR_INVALID, "%zu numbers are missing", n);
    struct result result = {.state = (enum trial_state)state,
                            .values = is_whole ? numbers : NULL,
                            .constraints = is_whole ? numbers + m : NULL,
                            .variance = told > n ? numbers[n] : NAN};
    history_enter(&study->history, i, &result);
    puts("ok");
    return 0;
}

static int obey(struct study *study, char *line, struct error *err)
{
    char *rest = NULL;
    const char *command = strtok_r(line, " \n", &rest);
    if (!command)
        return error_set(err, ERROR_INVALID, "no command");
    if (strcmp(command, "study") == 0)
        return begin(study, &rest, err);
    if (strcmp(command, "param") == 0)
        return add(study, &rest, err);
    if (strcmp(command, "ask") == 0)
        return ask(study, err);
    if (strcmp(command, "tell") == 0)
        return tell(study, &rest, err);
    return error_set(err, ERROR_INVALID, "no command %s", command);
}

int main(void)
{
    openblas_set_num_threads(1);
    struct study study = {0};
    arena_init(&study.arena);
    char line[4096];
    while (fgets(line, sizeof line, stdin)) {
        struct error err = {0};
        if (obey(&study, line, &err))
            printf("error %s\n", err.message);
        fflush(stdout);
    }
    forget(&study);
    arena_done(&study.arena);
    return 0;
}
