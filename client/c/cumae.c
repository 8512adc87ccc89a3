// SPDX-License-Identifier: MIT
// cumae.c - studies and trials on top of call.h

#include "cumae.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "cumae_trial.h"

struct cumae_study {
    struct cumae *service;
    char *id;
};

enum { MAX_VERB = 16 };

static void *out_of_memory(struct cumae_error *err)
{
    cumae_fault(err, CUMAE_MEMORY, 0, "out of memory");
    return NULL;
}

static int unexpected(const char *what, struct cumae_error *err)
{
    return cumae_fault(err, CUMAE_PROTOCOL, 0, "the answer has no %s", what);
}

// ---- studies ----------------------------------------------------------------

static struct cumae_study *new_study(struct cumae *service, const char *id,
                                     struct cumae_error *err)
{
    struct cumae_study *study = calloc(1, sizeof *study);
    if (!study || !(study->id = strdup(id))) {
        free(study);
        return out_of_memory(err);
    }
    study->service = service;
    return study;
}

struct cumae_study *cumae_study(struct cumae *service, const char *definition,
                                struct cumae_error *err)
{
    json_t *answer = cumae_call(service, "studies", definition, false, err);
    const char *id = json_string_value(json_object_get(answer, "id"));
    struct cumae_study *study = NULL;
    if (id)
        study = new_study(service, id, err);
    else if (answer)
        unexpected("id", err);
    json_decref(answer);
    return study;
}

const char *cumae_study_id(const struct cumae_study *study)
{
    return study->id;
}

void cumae_study_free(struct cumae_study *study)
{
    if (!study)
        return;
    free(study->id);
    free(study);
}

// ---- asking -----------------------------------------------------------------

static struct cumae_trial *new_trial(struct cumae_study *study, json_t *json,
                                     struct cumae_error *err)
{
    const json_t *number = json_object_get(json, "number");
    const json_t *params = json_object_get(json, "params");
    if (!json_is_integer(number) || !json_is_object(params)) {
        unexpected("number or params", err);
        return NULL;
    }
    struct cumae_trial *trial = calloc(1, sizeof *trial);
    if (!trial)
        return out_of_memory(err);
    size_t size = strlen(study->id) + MAX_VERB + 40;
    trial->service = study->service;
    trial->json = json_incref(json);
    trial->params = json_dumps(params, JSON_COMPACT);
    trial->context = json_dumps(json_object_get(json, "context"), JSON_COMPACT);
    trial->path = malloc(size);
    trial->begun = cumae_now();
    if (!trial->params || !trial->path) {
        cumae_trial_free(trial);
        return out_of_memory(err);
    }
    snprintf(trial->path, size, "studies/%s/trials/%lld/", study->id,
             (long long)json_integer_value(number));
    return trial;
}

// Why there was no trial; returns the pause that the service wants before the
// next ask, or a negative number when there will be no more.
static double refused(const json_t *answer, struct cumae_error *err)
{
    const char *reason = json_string_value(json_object_get(answer, "reason"));
    const char *detail = json_string_value(json_object_get(answer, "detail"));
    const json_t *after = json_object_get(answer, "retry_after_s");
    bool more = detail && *detail;
    if (!reason)
        return unexpected("trial and no reason", err);
    cumae_fault(err, json_is_number(after) ? CUMAE_UNREACHABLE : CUMAE_ENDED, 0,
                "no trial: %s%s%s", reason, more ? ", " : "",
                more ? detail : "");
    return json_is_number(after) ? json_number_value(after) : -1;
}

// One ask with this body. Returns a trial, or NULL and in *least_s what
// refused() says.
static struct cumae_trial *ask_once(struct cumae_study *study, const char *body,
                                    double *least_s, struct cumae_error *err)
{
    char path[256];
    snprintf(path, sizeof path, "studies/%s/ask", study->id);
    json_t *answer = cumae_call(study->service, path, body, true, err);
    json_t *json = json_array_get(json_object_get(answer, "trials"), 0);
    struct cumae_trial *trial = NULL;
    *least_s = -1;
    if (json)
        trial = new_trial(study, json, err);
    else if (answer)
        *least_s = refused(answer, err);
    json_decref(answer);
    return trial;
}

// The body of an ask by a job that ends at `end`; INFINITY: never.
static void ask_body(char *body, size_t size, double end)
{
    double left_s = end - cumae_now();
    if (isinf(end))
        snprintf(body, size, "{}");
    else
        snprintf(body, size, "{\"max_seconds\":%.3f}",
                 left_s > 0.001 ? left_s : 0.001);
}

static struct cumae_trial *ask_until(struct cumae_study *study, double end,
                                     struct cumae_error *err)
{
    double deadline = cumae_deadline(study->service);
    struct cumae_error last;
    double least_s;
    for (unsigned n = 0;; n++) {
        char body[64];
        ask_body(body, sizeof body, end);
        struct cumae_trial *trial = ask_once(study, body, &least_s, &last);
        if (trial)
            return trial;
        if (least_s < 0 || !cumae_pause(n, least_s, deadline)) {
            if (err)
                *err = last;
            return NULL;
        }
    }
}

struct cumae_trial *cumae_ask(struct cumae_study *study,
                              struct cumae_error *err)
{
    return ask_until(study, INFINITY, err);
}

struct cumae_trial *cumae_ask_within(struct cumae_study *study,
                                     double max_seconds,
                                     struct cumae_error *err)
{
    if (!(max_seconds > 0)) {
        cumae_fault(err, CUMAE_INVALID, 0, "max_seconds must be above 0");
        return NULL;
    }
    return ask_until(study, cumae_now() + max_seconds, err);
}

void cumae_trial_free(struct cumae_trial *trial)
{
    if (!trial)
        return;
    json_decref(trial->json);
    free(trial->params);
    free(trial->context);
    free(trial->path);
    free(trial);
}

// ---- parameters -------------------------------------------------------------

int64_t cumae_trial_number(const struct cumae_trial *trial)
{
    return json_integer_value(json_object_get(trial->json, "number"));
}

int64_t cumae_trial_retry_of(const struct cumae_trial *trial)
{
    const json_t *number = json_object_get(trial->json, "retry_of");
    return json_is_integer(number) ? json_integer_value(number) : -1;
}

const char *cumae_trial_params(const struct cumae_trial *trial)
{
    return trial->params;
}

static const json_t *param(const struct cumae_trial *trial, const char *name)
{
    return json_object_get(json_object_get(trial->json, "params"), name);
}

bool cumae_trial_has(const struct cumae_trial *trial, const char *name)
{
    return param(trial, name) != NULL;
}

static void missing(const struct cumae_trial *trial, const char *name,
                    const char *type, struct cumae_error *err)
{
    if (param(trial, name))
        cumae_fault(err, CUMAE_INVALID, 0, "parameter %s is not %s", name,
                    type);
    else
        cumae_fault(err, CUMAE_NOT_FOUND, 0, "this trial has no parameter %s",
                    name);
}

double cumae_trial_double(const struct cumae_trial *trial, const char *name,
                          struct cumae_error *err)
{
    const json_t *value = param(trial, name);
    if (json_is_number(value))
        return json_number_value(value);
    missing(trial, name, "a number", err);
    return NAN;
}

int64_t cumae_trial_int(const struct cumae_trial *trial, const char *name,
                        struct cumae_error *err)
{
    const json_t *value = param(trial, name);
    if (json_is_integer(value))
        return json_integer_value(value);
    missing(trial, name, "an integer", err);
    return 0;
}

bool cumae_trial_bool(const struct cumae_trial *trial, const char *name,
                      struct cumae_error *err)
{
    const json_t *value = param(trial, name);
    if (json_is_boolean(value))
        return json_is_true(value);
    missing(trial, name, "a boolean", err);
    return false;
}

const char *cumae_trial_text(const struct cumae_trial *trial, const char *name,
                             struct cumae_error *err)
{
    const json_t *value = param(trial, name);
    if (json_is_string(value))
        return json_string_value(value);
    missing(trial, name, "a text", err);
    return NULL;
}

// ---- telling ----------------------------------------------------------------

// Calls a verb of the trial; takes over the body, which may be NULL when
// memory ran out.
static json_t *trial_call(struct cumae_trial *trial, const char *verb,
                          char *body, struct cumae_error *err)
{
    if (!body)
        return out_of_memory(err);
    char *end = strrchr(trial->path, '/') + 1;
    snprintf(end, MAX_VERB, "%s", verb);
    json_t *answer = cumae_call(trial->service, trial->path, body, false, err);
    *end = '\0';
    free(body);
    return answer;
}

// What is not finite has no JSON: the service also takes the bare words that
// other languages write.
static void put_number(FILE *body, double value)
{
    json_t *json = json_real(value);
    if (json)
        json_dumpf(json, body, JSON_ENCODE_ANY);
    else
        fputs(isnan(value)  ? "NaN"
              : value > 0.0 ? "Infinity"
                            : "-Infinity",
              body);
    json_decref(json);
}

// "NAME":[...], unless there is none.
static void put_numbers(FILE *body, const char *name, const double *numbers,
                        size_t n)
{
    if (n)
        fprintf(body, ",\"%s\":[", name);
    for (size_t i = 0; i < n; i++) {
        fputs(i ? "," : "", body);
        put_number(body, numbers[i]);
    }
    if (n)
        fputs("]", body);
}

// Closes a stream of open_memstream; its text, or NULL without memory.
static char *close_body(FILE *body, char **text)
{
    if (!body || fclose(body) == 0)
        return body ? *text : NULL;
    free(*text);
    return NULL;
}

// {"NAME": value} as text. NULL without memory.
static char *value_body(const char *name, double value)
{
    char *text = NULL;
    size_t size = 0;
    FILE *body = open_memstream(&text, &size);
    if (body) {
        fprintf(body, "{\"%s\":", name);
        put_number(body, value);
        fputs("}", body);
    }
    return close_body(body, &text);
}

// The answer's boolean as 1 or 0, or -1; takes over the answer.
static int verdict(json_t *answer, const char *name, struct cumae_error *err)
{
    const json_t *value = json_object_get(answer, name);
    int is = -1;
    if (json_is_boolean(value))
        is = json_is_true(value);
    else if (answer)
        unexpected(name, err);
    json_decref(answer);
    return is;
}

int cumae_report(struct cumae_trial *trial, int64_t step, double value,
                 struct cumae_error *err)
{
    char *number = value_body("value", value);
    size_t size = number ? strlen(number) + 40 : 0;
    char *body = number ? malloc(size) : NULL;
    if (body)
        snprintf(body, size, "{\"step\":%lld,%s", (long long)step, number + 1);
    free(number);
    return verdict(trial_call(trial, "report", body, err), "should_prune", err);
}

int cumae_heartbeat(struct cumae_trial *trial, struct cumae_error *err)
{
    return verdict(trial_call(trial, "heartbeat", strdup("{}"), err),
                   "continue", err);
}

int cumae_trial_tell(struct cumae_trial *trial, char *body,
                     struct cumae_error *err)
{
    json_t *answer = trial_call(trial, "tell", body, err);
    if (!answer)
        return -1;
    json_decref(answer);
    return 0;
}

int cumae_tell(struct cumae_trial *trial, double value, struct cumae_error *err)
{
    return cumae_trial_tell(trial, value_body("value", value), err);
}

int cumae_tell_result(struct cumae_trial *trial,
                      const struct cumae_result *result,
                      struct cumae_error *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *body = open_memstream(&text, &size);
    if (body) {
        fputs("{\"state\":\"complete\"", body);
        put_numbers(body, "values", result->values, result->n_values);
        put_numbers(body, "constraints", result->constraints,
                    result->n_constraints);
        if (!isnan(result->uncertainty)) {
            fputs(",\"uncertainty\":", body);
            put_number(body, result->uncertainty);
        }
        fputs("}", body);
    }
    return cumae_trial_tell(trial, close_body(body, &text), err);
}

int cumae_prune(struct cumae_trial *trial, struct cumae_error *err)
{
    return cumae_trial_tell(trial, strdup("{\"state\":\"pruned\"}"), err);
}

int cumae_fail(struct cumae_trial *trial, const char *reason,
               struct cumae_error *err)
{
    json_t *json = json_pack("{s:s,s:s*}", "state", "failed", "error", reason);
    char *body = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    if (!json && reason)
        return cumae_fault(err, CUMAE_INVALID, 0, "the reason is not UTF-8");
    return cumae_trial_tell(trial, body, err);
}

int cumae_trial_release(struct cumae_trial *trial, const char *reason,
                        const char *meta, struct cumae_error *err)
{
    json_t *object = meta ? json_loads(meta, 0, NULL) : NULL;
    if (meta && !json_is_object(object)) {
        json_decref(object);
        return cumae_fault(err, CUMAE_INVALID, 0, "meta is no JSON object");
    }
    json_t *json = json_pack("{s:s*,s:o*}", "reason", reason, "meta", object);
    char *body = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    if (!json && reason)
        return cumae_fault(err, CUMAE_INVALID, 0, "the reason is not UTF-8");
    return verdict(trial_call(trial, "release", body, err), "retried", err);
}
