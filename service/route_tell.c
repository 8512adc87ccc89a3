// SPDX-License-Identifier: GPL-3.0-or-later
// route_tell.c - how a trial went, one or many in a call

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "problem.h"
#include "route.h"
#include "route_audited.h"
#include "route_tell.h"
#include "wire_contour.h"
#include "wire_limit.h"

enum {
    MAX_ERROR = 10000, // bytes of an error text
};

// ---- tell -------------------------------------------------------------------

struct telling {
    struct command command;
    struct call *call; // of the request, or of many's
    struct many *many; // POST /tell, or NULL
    struct tell tell;
    const char *study_key;
};

static int apply_tell(struct command *command, struct live *live,
                      struct store *store, struct error *err)
{
    return trial_tell(live, store, &((struct telling *)command)->tell, err);
}

// Does the message take the place of a result that was told before?
static bool replaces(const struct live *live, const struct tell *tell)
{
    return tell->overwrite && (uint64_t)tell->number < live->history.n &&
           trial_state_is_result(live_state(live, (size_t)tell->number));
}

static int apply_any_tell(struct command *command, struct live *live,
                          struct store *store, struct error *err)
{
    const struct telling *telling = (const struct telling *)command;
    struct audited_trial what = {.action = "trial.overwrite",
                                 .number = telling->tell.number,
                                 .apply = apply_tell,
                                 .command = command};
    return replaces(live, &telling->tell)
               ? route_audited_trial(telling->call, &what, live, store, err)
               : apply_tell(command, live, store, err);
}

static void write_told(struct text *text, const struct telling *telling)
{
    const struct tell *tell = &telling->tell;
    text_key_string(text, "study_id", telling->study_key);
    text_print(text, ",\"number\":%" PRId64 ",\"state\":\"%s\",\"values\":",
               tell->number, trial_state_name(tell->told));
    if (!tell->n_kept)
        text_add(text, "null");
    else
        text_char(text, '[');
    for (size_t i = 0; i < tell->n_kept; i++) {
        text_next(text);
        text_real(text, tell->kept[i]);
    }
    if (tell->n_kept)
        text_char(text, ']');
}

static void count(const struct telling *telling)
{
    if (!telling->command.error.code)
        metrics_add(telling->call->service->metrics, METRIC_TELLS, 1);
}

static void done_tell(struct command *command, const struct live *live)
{
    struct telling *telling = (struct telling *)command;
    struct text text;
    (void)live;
    count(telling);
    text_init(&text, &telling->call->request->arena);
    text_char(&text, '{');
    write_told(&text, telling);
    text_char(&text, '}');
    route_finish(telling->call, command, &text);
}

// Reads an array of 1..most numbers.
static int read_numbers(const struct fields *fields, const char *name,
                        size_t most, double *numbers, size_t *n)
{
    const json_t *list = fields_get(fields, name);
    if (!json_is_array(list))
        return fields_fail(fields, ERROR_MALFORMED, name,
                           "must be an array, not %s", wire_type(list));
    *n = json_array_size(list);
    if (*n < 1 || *n > most)
        return fields_fail(fields, ERROR_INVALID, name,
                           "must hold 1 to %zu numbers, not %zu", most, *n);
    for (size_t i = 0; i < *n; i++)
        if (!wire_number(json_array_get(list, i), &numbers[i]))
            return fields_fail(fields, ERROR_MALFORMED, name,
                               "must hold numbers, not %s",
                               wire_type(json_array_get(list, i)));
    return 0;
}

// value or values.
static int read_values(const struct fields *fields, struct told_numbers *told)
{
    bool one = fields_get(fields, "value"), many = fields_get(fields, "values");
    if (one && many)
        return fields_fail(fields, ERROR_INVALID, "value",
                           "and values exclude each other");
    if (many)
        return read_numbers(fields, "values", STUDY_MAX_OBJECTIVES,
                            told->values, &told->n_values);
    told->values[0] = fields_value(fields, "value", NAN);
    told->n_values = one;
    return fields->err->code ? -1 : 0;
}

// constraints: an object by name, or an array in the order of the study.
static int read_constraints(const struct fields *fields,
                            struct told_numbers *told, struct arena *arena)
{
    const json_t *given = fields_get(fields, "constraints");
    size_t most = STUDY_MAX_OUTCOME_CONSTRAINTS, i = 0;
    if (!given)
        return 0;
    if (!json_is_object(given) && !json_is_array(given))
        return fields_fail(fields, ERROR_MALFORMED, "constraints",
                           "must be an object or an array, not %s",
                           wire_type(given));
    told->named = json_is_object(given);
    if (!told->named)
        return read_numbers(fields, "constraints", most, told->constraints,
                            &told->n_constraints);
    told->n_constraints = json_object_size(given);
    if (told->n_constraints < 1 || told->n_constraints > most)
        return fields_fail(fields, ERROR_INVALID, "constraints",
                           "must hold 1 to %zu numbers, not %zu", most,
                           told->n_constraints);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)given, name, value)
    {
        if (!wire_number(value, &told->constraints[i]))
            return fields_fail(fields, ERROR_MALFORMED, "constraints",
                               "must hold numbers, not %s", wire_type(value));
        told->names[i++] = arena_copy(arena, name, strlen(name));
    }
    return 0;
}

static int read_told(const struct fields *fields, struct told_numbers *told,
                     struct arena *arena)
{
    if (read_values(fields, told) || read_constraints(fields, told, arena))
        return -1;
    told->uncertainty = fields_real(fields, "uncertainty", NAN);
    if (told->uncertainty < 0)
        return fields_fail(fields, ERROR_INVALID, "uncertainty",
                           "must be at least 0, not %g", told->uncertainty);
    return fields->err->code ? -1 : 0;
}

static int read_state(const struct fields *fields, struct tell *tell)
{
    const char *name = fields_text(fields, "state", 20, "complete");
    if (fields->err->code)
        return -1;
    tell->state = trial_state_from_name(name);
    if (tell->state >= TRIAL_COMPLETE && tell->state <= TRIAL_INFEASIBLE)
        return 0;
    return fields_fail(fields, ERROR_INVALID, "state",
                       "must be complete, pruned, failed or infeasible, not "
                       "\"%s\"",
                       name);
}

int route_tell_read_result(const struct fields *fields, struct tell *tell,
                           struct arena *arena)
{
    if (read_state(fields, tell) || read_told(fields, &tell->numbers, arena))
        return -1;
    if (!fields_get(fields, "state"))
        tell->state = -1;
    return 0;
}

// Only who may steer the study that was looked at replaces what was told.
static int read_overwrite(const struct fields *fields, const struct call *call,
                          struct tell *tell)
{
    tell->overwrite = fields_bool(fields, "overwrite", false);
    if (fields->err->code || !tell->overwrite)
        return fields->err->code ? -1 : 0;
    return access_allow(&call->principal, call->role, RIGHT_STEER, fields->err);
}

static int read_cost(const struct fields *fields, struct tell *tell,
                     struct arena *arena)
{
    double cost = fields_real(fields, "cost", 0);
    if (cost < 0 || cost > STUDY_MAX_LIMIT)
        return fields_fail(fields, ERROR_INVALID, "cost",
                           "must be at least 0 and at most %d, not %g",
                           STUDY_MAX_LIMIT, cost);
    if (!fields_get(fields, "cost"))
        return 0;
    double *kept = arena_doubles(arena, 1);
    *kept = cost;
    tell->cost = kept;
    return fields->err->code ? -1 : 0;
}

int route_tell_read(const struct fields *fields, struct tell *tell,
                    struct arena *arena)
{
    if (read_state(fields, tell) || read_told(fields, &tell->numbers, arena) ||
        wire_limit_read_told(fields, tell, arena))
        return -1;
    tell->wall_s = fields_real(fields, "wall_s", NAN);
    if (tell->wall_s < 0)
        return fields_fail(fields, ERROR_INVALID, "wall_s",
                           "must be at least 0, not %g", tell->wall_s);
    if (read_cost(fields, tell, arena))
        return -1;
    const char *error = fields_text(fields, "error", MAX_ERROR, NULL);
    tell->error = error ? arena_copy(arena, error, strlen(error)) : NULL;
    tell->outputs =
        fields_json(fields, "outputs", JSON_OBJECT, TELL_MAX_JSON, arena);
    tell->meta = fields_json(fields, "meta", JSON_OBJECT, TELL_MAX_JSON, arena);
    tell->env = fields_json(fields, "env", JSON_OBJECT, TELL_MAX_JSON, arena);
    return fields->err->code ? -1 : 0;
}

int route_tell_read_message(const struct fields *fields, struct tell *tell,
                            struct arena *arena)
{
    return route_tell_read(fields, tell, arena) ||
                   wire_contour_told_read(fields, &tell->numbers.curves, arena)
               ? -1
               : 0;
}

int route_reports_read(const struct fields *fields, bool whole,
                       struct arena *arena, const struct bring_report **reports,
                       size_t *n)
{
    static const char *const known[] = {"step", "value", NULL};
    const json_t *list = fields_get(fields, "reports"), *item;
    size_t i;
    *n = 0;
    if (!list)
        return 0;
    if (!json_is_array(list))
        return fields_fail(fields, ERROR_MALFORMED, "reports",
                           "must be an array, not %s", wire_type(list));
    *n = json_array_size(list);
    struct bring_report *read = arena_zeros(arena, *n + 1, sizeof *read);
    *reports = read;
    json_array_foreach(list, i, item)
    {
        struct fields report;
        char where[200];
        snprintf(where, sizeof where, "%.150s.reports[%zu]", fields->where, i);
        if (fields_open(&report, item, where, known, fields->err))
            return -1;
        const char *lacks = !fields_get(&report, "step")    ? "step"
                            : !fields_get(&report, "value") ? "value"
                                                            : NULL;
        if (whole && lacks)
            return fields_fail(&report, ERROR_INVALID, lacks, "is required");
        read[i].step = fields_int(&report, "step", 0, INT64_C(1) << 53, 0);
        read[i].value = fields_value(&report, "value", NAN);
    }
    return fields->err->code ? -1 : 0;
}

enum route_outcome route_trial_tell(struct call *call, struct error *err)
{
    static const char *const known[] = {
        "state",   "value",     "values",  "uncertainty", "constraints",
        "outputs", "error",     "meta",    "env",         "wall_s",
        "cost",    "overwrite", "obs",     "toys",        "mu_up",
        "cls",     "err",       "invalid", NULL};
    struct arena *arena = &call->request->arena;
    struct telling *telling = arena_zeros(arena, 1, sizeof *telling);
    telling->command.apply = apply_any_tell;
    telling->command.done = done_tell;
    telling->call = route_keep(call);
    telling->study_key = call->args[0];
    telling->tell.user_id = call->principal.user_id;
    enum route_outcome found = route_trial_in_path(call, &telling->command,
                                                   &telling->tell.number, err);
    if (found != ROUTE_DONE)
        return found;
    json_t *body = route_body(call, err);
    struct fields fields;
    bool good = body && fields_open(&fields, body, "", known, err) == 0 &&
                route_tell_read_message(&fields, &telling->tell, arena) == 0 &&
                read_overwrite(&fields, call, &telling->tell) == 0;
    json_decref(body);
    if (!good)
        return ROUTE_FAILED;
    route_submit(call, &telling->command);
    return ROUTE_LATER;
}

// ---- many tells in one call -------------------------------------------------

enum { TELL_MAX = 1000 };

// The tells of one request go into the mailboxes of their studies; whoever is
// the last to be done answers for all.
struct many {
    struct call *call;
    struct telling *tells;
    size_t n;
    atomic_size_t left;
};

static void write_result(struct text *text, const struct many *many, size_t i)
{
    const struct telling *telling = &many->tells[i];
    const struct error *error = &telling->command.error;
    const struct problem *problem = problem_of(error->code);
    text_next(text);
    if (!error->code) {
        text_add(text, "{\"status\":200");
        write_told(text, telling);
    } else {
        text_print(text, "{\"status\":%d,\"code\":\"%s\",\"detail\":",
                   problem->status, problem->code);
        text_string(text, error->message);
    }
    text_char(text, '}');
}

static void one_done(struct many *many)
{
    if (atomic_fetch_sub(&many->left, 1) != 1)
        return;
    struct text text;
    text_init(&text, &many->call->request->arena);
    text_add(&text, "{\"results\":[");
    for (size_t i = 0; i < many->n; i++)
        write_result(&text, many, i);
    text_add(&text, "]}");
    route_json(many->call, 200, &text);
    http_answer(many->call->request);
}

static void done_tell_of_many(struct command *command, const struct live *live)
{
    struct telling *telling = (struct telling *)command;
    (void)live;
    count(telling);
    one_done(telling->many);
}

// Reads item i. Its own faults are its own result.
static void read_item(struct many *many, size_t i, const json_t *item)
{
    static const char *const known[] = {
        "study_id",    "number",    "state", "value", "values", "uncertainty",
        "constraints", "outputs",   "error", "meta",  "env",    "wall_s",
        "cost",        "overwrite", "obs",   "toys",  "mu_up",  "cls",
        "err",         "invalid",   NULL};
    struct telling *telling = &many->tells[i];
    struct error *err = &telling->command.error;
    struct arena *arena = &many->call->request->arena;
    struct directory_entry entry;
    struct fields fields;
    char where[40];
    telling->call = many->call;
    telling->many = many;
    telling->command.apply = apply_any_tell;
    telling->command.done = done_tell_of_many;
    telling->tell.user_id = many->call->principal.user_id;
    snprintf(where, sizeof where, "tells[%zu]", i);
    if (fields_open(&fields, item, where, known, err))
        return;
    const char *key = fields_text(&fields, "study_id", 80, NULL);
    telling->tell.number = fields_int(&fields, "number", 0, INT64_MAX, -1);
    if (!key || telling->tell.number < 0) {
        fields_fail(&fields, ERROR_INVALID, key ? "number" : "study_id",
                    "is required");
        return;
    }
    if (err->code || route_tell_read_message(&fields, &telling->tell, arena))
        return;
    telling->study_key = arena_copy(arena, key, strlen(key));
    if (route_study(many->call, telling->study_key, &entry, err) !=
            ROUTE_DONE ||
        read_overwrite(&fields, many->call, &telling->tell))
        return;
    telling->command.study_id = entry.study_id;
}

static struct many *read_many(struct call *call, const json_t *body,
                              struct error *err)
{
    static const char *const known[] = {"tells", NULL};
    struct arena *arena = &call->request->arena;
    struct fields fields;
    if (fields_open(&fields, body, "", known, err))
        return NULL;
    const json_t *list = fields_get(&fields, "tells");
    if (!json_is_array(list)) {
        fields_fail(&fields, list ? ERROR_MALFORMED : ERROR_INVALID, "tells",
                    "must be an array");
        return NULL;
    }
    if (json_array_size(list) > TELL_MAX) {
        fields_fail(&fields, ERROR_INVALID, "tells",
                    "must hold at most %d, not %zu", TELL_MAX,
                    json_array_size(list));
        return NULL;
    }
    struct many *many = arena_zeros(arena, 1, sizeof *many);
    many->call = route_keep(call);
    many->n = json_array_size(list);
    many->tells =
        arena_zeros(arena, many->n ? many->n : 1, sizeof *many->tells);
    for (size_t i = 0; i < many->n; i++)
        read_item(many, i, json_array_get(list, i));
    return many;
}

enum route_outcome route_trial_tell_many(struct call *call, struct error *err)
{
    json_t *body = route_body(call, err);
    struct many *many = body ? read_many(call, body, err) : NULL;
    json_decref(body);
    if (!many)
        return ROUTE_FAILED;
    // One more than there are, so that the last is not done before all are on
    // their way.
    atomic_init(&many->left, many->n + 1);
    for (size_t i = 0; i < many->n; i++) {
        if (many->tells[i].command.error.code)
            one_done(many);
        else
            route_submit(call, &many->tells[i].command);
    }
    one_done(many);
    return ROUTE_LATER;
}
