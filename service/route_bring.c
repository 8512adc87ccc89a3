// SPDX-License-Identifier: GPL-3.0-or-later
// route_bring.c - POST /studies/{id}/trials: enqueue and import
//
// What does not depend on the study is read in the pool. Points are read by
// the writer, which holds the search space as it is then.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "bring.h"
#include "route.h"
#include "route_audited.h"
#include "route_tell.h"
#include "wire_space.h"

struct bringing {
    struct command command;
    struct call *call;
    struct bring bring;
    json_t *body; // owned, freed after the answer
};

// ---- the command ------------------------------------------------------------

static int read_points(struct bringing *bringing, const struct space *space,
                       struct error *err)
{
    struct arena *arena = &bringing->call->request->arena;
    const json_t *list = json_object_get(bringing->body, "trials"), *item;
    char where[40];
    size_t i;
    json_array_foreach(list, i, item)
    {
        double *point = arena_doubles(arena, space->n);
        snprintf(where, sizeof where, "trials[%zu].params", i);
        bringing->bring.trials[i].point = point;
        if (wire_point_read(json_object_get(item, "params"), where, space,
                            arena, point, err))
            return -1;
    }
    return 0;
}

static int apply(struct command *command, struct live *live,
                 struct store *store, struct error *err)
{
    struct bringing *bringing = (struct bringing *)command;
    if (read_points(bringing, &live->definition->space, err))
        return -1;
    if (bring_trials(live, store, &bringing->bring, err))
        return -1;
    struct audited what = {.action = "trial.enqueue",
                           .study_id = live->id,
                           .after = arena_print(&bringing->call->request->arena,
                                                "{\"added\":%zu}",
                                                bringing->bring.n_new)};
    return bringing->bring.n_new
               ? route_audited(bringing->call, store, &what, err)
               : 0;
}

static void write_answer(struct text *text, const struct bring *bring,
                         const struct live *live)
{
    text_add(text, "{\"study_id\":");
    text_string(text, live->key);
    text_add(text, ",\"trials\":[");
    for (size_t i = 0; i < bring->n; i++) {
        const struct brought *trial = &bring->trials[i];
        enum trial_state state = live_state(live, (size_t)trial->number);
        text_next(text);
        text_char(text, '{');
        text_key_int(text, "number", trial->number);
        text_key_string(text, "id", trial->id);
        text_key_string(text, "state", trial_state_name(state));
        text_char(text, '}');
    }
    text_add(text, "]}");
}

static void done(struct command *command, const struct live *live)
{
    struct bringing *bringing = (struct bringing *)command;
    struct call *call = bringing->call;
    struct text text;
    if (command->error.code) {
        route_problem(call->service, call->request, &command->error);
    } else {
        text_init(&text, &call->request->arena);
        write_answer(&text, &bringing->bring, live);
        route_json(call, bringing->bring.n_new ? 201 : 200, &text);
    }
    json_decref(bringing->body);
    http_answer(call->request);
}

// ---- the body ---------------------------------------------------------------

// Keeps the name that the user gave the trial, and digests of it and of all
// that came with it.
static int read_id(const struct fields *fields, struct brought *trial,
                   struct arena *arena)
{
    unsigned char hash[AUTH_HASH_BYTES];
    const char *id = fields_text(fields, "id", BRING_MAX_ID, NULL);
    if (!id || fields->err->code)
        return fields->err->code ? -1 : 0;
    if (!*id)
        return fields_fail(fields, ERROR_INVALID, "id", "must not be empty");
    char *text = json_dumps(fields->object, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text)
        abort();
    trial->id = arena_copy(arena, id, strlen(id));
    auth_hash(id, strlen(id), hash);
    memcpy(trial->key, hash, 8);
    auth_hash(text, strlen(text), hash);
    memcpy(trial->key + 8, hash, 8);
    free(text);
    return 0;
}

// A trial that has not run has neither result nor reports.
static int read_enqueued(const struct fields *fields, struct brought *trial,
                         struct arena *arena)
{
    static const char *const later[] = {
        "value", "values", "constraints", "uncertainty", "error", "outputs",
        "env",   "wall_s", "cost",        "reports",     NULL};
    for (const char *const *name = later; *name; name++)
        if (fields_get(fields, *name))
            return fields_fail(fields, ERROR_INVALID, *name,
                               "is for trials with a state");
    trial->priority = fields_int(fields, "priority", -BRING_MAX_PRIORITY,
                                 BRING_MAX_PRIORITY, 0);
    trial->meta =
        fields_json(fields, "meta", JSON_OBJECT, TELL_MAX_JSON, arena);
    return fields->err->code ? -1 : 0;
}

static int read_imported(const struct fields *fields, struct brought *trial,
                         struct arena *arena)
{
    trial->imported = true;
    if (fields_get(fields, "priority"))
        return fields_fail(fields, ERROR_INVALID, "priority",
                           "is for trials without a state");
    return route_tell_read_message(fields, &trial->tell, arena) ||
                   route_reports_read(fields, true, arena, &trial->reports,
                                      &trial->n_reports)
               ? -1
               : 0;
}

// A state says so, or the words of contours.
static bool has_result(const struct fields *fields)
{
    static const char *const words[] = {"state", "mu_up",   "cls",
                                        "err",   "invalid", NULL};
    for (const char *const *word = words; *word; word++)
        if (fields_get(fields, *word))
            return true;
    return false;
}

static int read_item(const json_t *item, size_t i, struct brought *trial,
                     struct arena *arena, struct error *err)
{
    static const char *const known[] = {
        "id",      "params", "meta",        "priority",    "state",
        "value",   "values", "constraints", "uncertainty", "error",
        "outputs", "env",    "wall_s",      "cost",        "reports",
        "mu_up",   "cls",    "err",         "invalid",     NULL};
    struct fields fields;
    char where[40];
    snprintf(where, sizeof where, "trials[%zu]", i);
    if (fields_open(&fields, item, where, known, err) ||
        read_id(&fields, trial, arena))
        return -1;
    if (!fields_get(&fields, "params"))
        return fields_fail(&fields, ERROR_INVALID, "params", "is required");
    return has_result(&fields) ? read_imported(&fields, trial, arena)
                               : read_enqueued(&fields, trial, arena);
}

static int read(struct bringing *bringing, struct error *err)
{
    static const char *const known[] = {"trials", "skip_existing", NULL};
    struct arena *arena = &bringing->call->request->arena;
    struct bring *bring = &bringing->bring;
    struct fields fields;
    if (fields_open(&fields, bringing->body, "", known, err))
        return -1;
    bring->skip_existing = fields_bool(&fields, "skip_existing", false);
    const json_t *list = fields_get(&fields, "trials");
    if (!json_is_array(list))
        return fields_fail(&fields, list ? ERROR_MALFORMED : ERROR_INVALID,
                           "trials", "must be an array");
    bring->n = json_array_size(list);
    if (bring->n < 1 || bring->n > BRING_MAX_TRIALS)
        return fields_fail(&fields, ERROR_INVALID, "trials",
                           "must hold 1 to %d, not %zu", BRING_MAX_TRIALS,
                           bring->n);
    bring->trials = arena_zeros(arena, bring->n, sizeof *bring->trials);
    size_t n_reports = 0;
    for (size_t i = 0; i < bring->n; i++) {
        struct brought *trial = &bring->trials[i];
        trial->tell.user_id = bring->user_id;
        if (read_item(json_array_get(list, i), i, trial, arena, err))
            return -1;
        n_reports += trial->n_reports;
    }
    if (n_reports > BRING_MAX_REPORTS)
        return fields_fail(&fields, ERROR_INVALID, "trials",
                           "must have at most %d reports in all, not %zu",
                           BRING_MAX_REPORTS, n_reports);
    return err->code ? -1 : 0;
}

enum route_outcome route_trial_bring(struct call *call, struct error *err)
{
    struct directory_entry entry;
    enum route_outcome found = route_study(call, call->args[0], &entry, err);
    if (found != ROUTE_DONE)
        return found;
    struct bringing *bringing =
        arena_zeros(&call->request->arena, 1, sizeof *bringing);
    bringing->command.study_id = entry.study_id;
    bringing->command.apply = apply;
    bringing->command.done = done;
    bringing->command.takes = true;
    bringing->call = route_keep(call);
    bringing->bring.user_id = call->principal.user_id;
    bringing->body = route_body(call, err);
    if (!bringing->body || read(bringing, err)) {
        json_decref(bringing->body);
        return ROUTE_FAILED;
    }
    route_submit(call, &bringing->command);
    return ROUTE_LATER;
}
