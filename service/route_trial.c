// SPDX-License-Identifier: GPL-3.0-or-later
// route_trial.c - ask, report, tell, heartbeat

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "problem.h"
#include "route_study.h"
#include "trial.h"
#include "wire.h"
#include "wire_definition.h"
#include "wire_trial.h"

enum {
    MAX_JSON = 262144, // bytes of outputs, meta, env, worker each
    MAX_ERROR = 10000, // bytes of an error text
    MAX_KEY = 200,     // bytes of an Idempotency-Key
};

// Answers with the text, or with the command's error.
static void finish(struct call *call, struct command *command,
                   const struct text *text)
{
    if (command->error.code)
        route_problem(call->service, call->request, &command->error);
    else
        route_json(call, 200, text);
    http_answer(call->request);
}

// The study in the path and, if there is one, the number.
static enum route_outcome find_trial(struct call *call, struct command *command,
                                     int64_t *number, struct error *err)
{
    struct directory_entry entry;
    enum route_outcome found = route_study(call, call->args[0], &entry, err);
    if (found != ROUTE_DONE)
        return found;
    command->study_id = entry.study_id;
    if (number && route_number(call->args[1], number, err))
        return ROUTE_FAILED;
    return ROUTE_DONE;
}

// ---- ask --------------------------------------------------------------------

struct asking {
    struct command command;
    struct call *call;
    struct ask ask;
    char *definition_digest; // of POST /ask: its name in the directory
    json_t *definition;      // of POST /ask, until the study is known
    struct study_wanted wanted;
    char key[24];
};

static int apply_ask(struct command *command, struct live *live,
                     struct store *store, struct error *err)
{
    struct asking *asking = (struct asking *)command;
    return trial_ask(live, store, &asking->ask, err);
}

static void write_asked(struct text *text, const struct ask *ask,
                        const struct live *live)
{
    text_add(text, "{\"study_id\":");
    text_string(text, live->key);
    text_add(text, ",\"trials\":[");
    for (size_t i = 0; i < ask->n_numbers; i++)
        wire_trial_hand_out(text, live, ask->numbers[i]);
    text_char(text, ']');
    if (ask->n_numbers == 0) {
        text_print(text, ",\"reason\":\"%s\",\"detail\":", ask->reason);
        text_string(text, ask->detail);
        text_key(text, "retry_after_s");
        text_real(text, ask->retry_after_s > 0 ? ask->retry_after_s : NAN);
    }
    text_char(text, '}');
}

static int create_and_ask(struct asking *asking, struct error *err);

static void done_ask(struct command *command, const struct live *live)
{
    struct asking *asking = (struct asking *)command;
    struct service *service = asking->call->service;
    struct text text;
    text_init(&text, &asking->call->request->arena);
    if (!command->error.code) {
        route_count_ask(service, &asking->ask);
        write_asked(&text, &asking->ask, live);
    }
    if (command->error.code == ERROR_NOT_FOUND) {
        directory_drop(service->directory, command->study_id);
        // The study was deleted after the directory heard of it: make it anew.
        if (asking->definition && !asking->wanted.id &&
            create_and_ask(asking, &(struct error){0}) == 0) {
            command->study_id = 0;
            engine_submit(service->engine, command);
            return;
        }
    }
    json_decref(asking->definition);
    finish(asking->call, command, &text);
}

// The digests that stand for the Idempotency-Key and for the body.
static int read_key(struct call *call, struct ask *ask, struct error *err)
{
    struct request *request = call->request;
    const char *key = request_header(request, "idempotency-key");
    unsigned char hash[AUTH_HASH_BYTES];
    if (!key)
        return 0;
    size_t n = strlen(key);
    if (n == 0 || n > MAX_KEY)
        return error_set(err, ERROR_INVALID,
                         "Idempotency-Key must have 1 to %d bytes, not %zu",
                         MAX_KEY, n);
    const char *whose = arena_print(&request->arena, "%" PRId64 ":%s",
                                    call->principal.user_id, key);
    auth_hash(whose, strlen(whose), hash);
    memcpy(ask->key, hash, 16);
    auth_hash(request->body, request->body_bytes, hash);
    memcpy(ask->key + 16, hash, 8);
    return 0;
}

static int read_ask(struct call *call, const struct fields *fields,
                    struct ask *ask, struct error *err)
{
    struct arena *arena = &call->request->arena;
    ask->user_id = call->principal.user_id;
    ask->n = (size_t)fields_int(fields, "n", 1, ASK_MAX_TRIALS, 1);
    ask->lease_s = fields_int(fields, "lease_s", 1, STUDY_MAX_LEASE_S, 0);
    ask->worker = fields_json(fields, "worker", JSON_OBJECT, MAX_JSON, arena);
    if (err->code || read_key(call, ask, err))
        return -1;
    ask->numbers = arena_zeros(arena, ask->n, sizeof *ask->numbers);
    return 0;
}

static struct asking *new_asking(struct call *call)
{
    struct asking *asking =
        arena_zeros(&call->request->arena, 1, sizeof *asking);
    asking->command.apply = apply_ask;
    asking->command.done = done_ask;
    asking->call = route_keep(call);
    return asking;
}

enum route_outcome route_trial_ask(struct call *call, struct error *err)
{
    static const char *const known[] = {"n", "worker", "lease_s", NULL};
    struct asking *asking = new_asking(call);
    enum route_outcome found = find_trial(call, &asking->command, NULL, err);
    if (found != ROUTE_DONE)
        return found;
    json_t *body = route_body(call, err);
    struct fields fields;
    bool good = body && fields_open(&fields, body, "", known, err) == 0 &&
                read_ask(call, &fields, &asking->ask, err) == 0;
    json_decref(body);
    if (!good)
        return ROUTE_FAILED;
    engine_submit(call->service->engine, &asking->command);
    return ROUTE_LATER;
}

// ---- find or create, and ask ------------------------------------------------

static int apply_found(struct command *command, struct live *live,
                       struct store *store, struct error *err)
{
    struct asking *asking = (struct asking *)command;
    (void)live;
    return study_find_or_create(store, &asking->wanted, true, err);
}

// The study exists now: remember where, and ask it.
static void done_found(struct command *command, const struct live *live)
{
    struct asking *asking = (struct asking *)command;
    struct service *service = asking->call->service;
    (void)live;
    definition_free(asking->wanted.definition);
    if (command->error.code) {
        done_ask(command, NULL);
        return;
    }
    struct directory_entry entry = {.study_id = asking->wanted.id,
                                    .owner_id =
                                        asking->call->principal.user_id};
    snprintf(entry.key, sizeof entry.key, "%s", asking->wanted.found_key);
    directory_put(service->directory, asking->definition_digest, &entry);
    directory_put(service->directory, entry.key, &entry);
    command->study_id = entry.study_id;
    command->apply = apply_ask;
    command->done = done_ask;
    engine_submit(service->engine, command);
}

static int create_and_ask(struct asking *asking, struct error *err)
{
    struct call *call = asking->call;
    struct definition *definition =
        wire_definition_read(asking->definition, "study", err);
    if (!definition)
        return -1;
    route_study_wanted(&call->principal, definition, &call->request->arena,
                       asking->key, &asking->wanted);
    asking->command.apply = apply_found;
    asking->command.done = done_found;
    return 0;
}

// The name under which the directory knows a definition of this user: a digest
// of what was sent, whatever the order of its members.
static char *digest(struct call *call, const json_t *definition)
{
    unsigned char hash[AUTH_HASH_BYTES];
    char *name = arena_alloc(&call->request->arena, AUTH_BASE64_SIZE);
    char *text = json_dumps(definition, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text)
        abort();
    const char *whose = arena_print(&call->request->arena, "%" PRId64 ":%s",
                                    call->principal.user_id, text);
    auth_hash(whose, strlen(whose), hash);
    auth_base64url(hash, name);
    free(text);
    return name;
}

enum route_outcome route_trial_find_and_ask(struct call *call,
                                            struct error *err)
{
    static const char *const known[] = {"study", "n", "worker", "lease_s",
                                        NULL};
    struct asking *asking = new_asking(call);
    struct directory_entry entry;
    struct fields fields;
    json_t *body = route_body(call, err);
    bool good = body && fields_open(&fields, body, "", known, err) == 0 &&
                read_ask(call, &fields, &asking->ask, err) == 0;
    const json_t *study = good ? fields_get(&fields, "study") : NULL;
    if (good && !json_is_object(study))
        good = fields_fail(&fields, study ? ERROR_MALFORMED : ERROR_INVALID,
                           "study", "must be an object, not %s",
                           study ? wire_type(study) : "absent") == 0;
    if (good) {
        asking->definition = json_incref(json_object_get(body, "study"));
        asking->definition_digest = digest(call, asking->definition);
        if (directory_get(call->service->directory, asking->definition_digest,
                          &entry)) {
            asking->command.study_id = entry.study_id;
            good = account_may_touch(&call->principal, entry.study_id,
                                     entry.owner_id, err) == 0;
        } else {
            good = route_may_create(&call->principal, err) == 0 &&
                   create_and_ask(asking, err) == 0;
        }
    }
    json_decref(body);
    if (!good) {
        json_decref(asking->definition);
        return ROUTE_FAILED;
    }
    engine_submit(call->service->engine, &asking->command);
    return ROUTE_LATER;
}

// ---- report -----------------------------------------------------------------

struct reporting {
    struct command command;
    struct call *call;
    struct report report;
};

static int apply_report(struct command *command, struct live *live,
                        struct store *store, struct error *err)
{
    return trial_report(live, store, &((struct reporting *)command)->report,
                        err);
}

static void done_report(struct command *command, const struct live *live)
{
    struct reporting *reporting = (struct reporting *)command;
    const struct report *report = &reporting->report;
    struct text text;
    (void)live;
    text_init(&text, &reporting->call->request->arena);
    text_print(&text, "{\"should_prune\":%s,\"reason\":",
               report->should_prune ? "true" : "false");
    text_string(&text, *report->reason ? report->reason : NULL);
    text_add(&text, ",\"lease_expires\":");
    text_time(&text, report->lease_ms);
    text_char(&text, '}');
    finish(reporting->call, command, &text);
}

static int read_report(const json_t *body, struct report *report,
                       struct error *err)
{
    static const char *const known[] = {"step", "value", NULL};
    struct fields fields;
    if (fields_open(&fields, body, "", known, err))
        return -1;
    for (const char *const *name = known; *name; name++)
        if (!fields_get(&fields, *name))
            return fields_fail(&fields, ERROR_INVALID, *name, "is required");
    report->step = fields_int(&fields, "step", 0, INT64_C(1) << 53, 0);
    report->value = fields_value(&fields, "value", NAN);
    return err->code ? -1 : 0;
}

enum route_outcome route_trial_report(struct call *call, struct error *err)
{
    struct reporting *reporting =
        arena_zeros(&call->request->arena, 1, sizeof *reporting);
    reporting->command.apply = apply_report;
    reporting->command.done = done_report;
    reporting->call = route_keep(call);
    reporting->report.user_id = call->principal.user_id;
    enum route_outcome found =
        find_trial(call, &reporting->command, &reporting->report.number, err);
    if (found != ROUTE_DONE)
        return found;
    json_t *body = route_body(call, err);
    bool good = body && read_report(body, &reporting->report, err) == 0;
    json_decref(body);
    if (!good)
        return ROUTE_FAILED;
    engine_submit(call->service->engine, &reporting->command);
    return ROUTE_LATER;
}

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

static void write_told(struct text *text, const struct telling *telling)
{
    const struct tell *tell = &telling->tell;
    text_key(text, "study_id");
    text_string(text, telling->study_key);
    text_print(text, ",\"number\":%" PRId64 ",\"state\":\"%s\",\"values\":",
               tell->number, trial_state_name(tell->told));
    if (isnan(tell->kept)) {
        text_add(text, "null");
    } else {
        text_char(text, '[');
        text_real(text, tell->kept);
        text_char(text, ']');
    }
}

static void done_tell(struct command *command, const struct live *live)
{
    struct telling *telling = (struct telling *)command;
    struct text text;
    (void)live;
    text_init(&text, &telling->call->request->arena);
    text_char(&text, '{');
    write_told(&text, telling);
    text_char(&text, '}');
    finish(telling->call, command, &text);
}

// value, or values with exactly one entry.
static int read_value(const struct fields *fields, struct tell *tell)
{
    const json_t *values = fields_get(fields, "values");
    const json_t *value = fields_get(fields, "value");
    if (value && values)
        return fields_fail(fields, ERROR_INVALID, "value",
                           "and values exclude each other");
    if (value) {
        tell->has_value = true;
        tell->value = fields_value(fields, "value", NAN);
    } else if (values) {
        if (!json_is_array(values))
            return fields_fail(fields, ERROR_MALFORMED, "values",
                               "must be an array, not %s", wire_type(values));
        if (json_array_size(values) != 1)
            return fields_fail(fields, ERROR_INVALID, "values",
                               "must hold 1 number, as the study has 1 "
                               "objective, not %zu",
                               json_array_size(values));
        tell->has_value = true;
        if (!wire_number(json_array_get(values, 0), &tell->value))
            return fields_fail(fields, ERROR_MALFORMED, "values",
                               "must hold a number, not %s",
                               wire_type(json_array_get(values, 0)));
    }
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

// Reads one tell. Texts are copied into the arena.
static int read_tell(const struct fields *fields, struct tell *tell,
                     struct arena *arena)
{
    if (read_state(fields, tell) || read_value(fields, tell))
        return -1;
    tell->uncertainty = fields_real(fields, "uncertainty", NAN);
    if (tell->uncertainty < 0)
        return fields_fail(fields, ERROR_INVALID, "uncertainty",
                           "must be at least 0, not %g", tell->uncertainty);
    tell->wall_s = fields_real(fields, "wall_s", NAN);
    if (tell->wall_s < 0)
        return fields_fail(fields, ERROR_INVALID, "wall_s",
                           "must be at least 0, not %g", tell->wall_s);
    const char *error = fields_text(fields, "error", MAX_ERROR, NULL);
    tell->error = error ? arena_copy(arena, error, strlen(error)) : NULL;
    tell->outputs =
        fields_json(fields, "outputs", JSON_OBJECT, MAX_JSON, arena);
    tell->meta = fields_json(fields, "meta", JSON_OBJECT, MAX_JSON, arena);
    tell->env = fields_json(fields, "env", JSON_OBJECT, MAX_JSON, arena);
    return fields->err->code ? -1 : 0;
}

enum route_outcome route_trial_tell(struct call *call, struct error *err)
{
    static const char *const known[] = {
        "state", "value", "values", "uncertainty", "outputs",
        "error", "meta",  "env",    "wall_s",      NULL};
    struct arena *arena = &call->request->arena;
    struct telling *telling = arena_zeros(arena, 1, sizeof *telling);
    telling->command.apply = apply_tell;
    telling->command.done = done_tell;
    telling->call = route_keep(call);
    telling->study_key = call->args[0];
    telling->tell.user_id = call->principal.user_id;
    enum route_outcome found =
        find_trial(call, &telling->command, &telling->tell.number, err);
    if (found != ROUTE_DONE)
        return found;
    json_t *body = route_body(call, err);
    struct fields fields;
    bool good = body && fields_open(&fields, body, "", known, err) == 0 &&
                read_tell(&fields, &telling->tell, arena) == 0;
    json_decref(body);
    if (!good)
        return ROUTE_FAILED;
    engine_submit(call->service->engine, &telling->command);
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
    (void)live;
    one_done(((struct telling *)command)->many);
}

// Reads item i. Its own faults are its own result.
static void read_item(struct many *many, size_t i, const json_t *item)
{
    static const char *const known[] = {
        "study_id", "number", "state", "value", "values", "uncertainty",
        "outputs",  "error",  "meta",  "env",   "wall_s", NULL};
    struct telling *telling = &many->tells[i];
    struct error *err = &telling->command.error;
    struct arena *arena = &many->call->request->arena;
    struct directory_entry entry;
    struct fields fields;
    char where[40];
    telling->many = many;
    telling->command.apply = apply_tell;
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
    if (err->code || read_tell(&fields, &telling->tell, arena))
        return;
    telling->study_key = arena_copy(arena, key, strlen(key));
    if (route_study(many->call, telling->study_key, &entry, err) == ROUTE_DONE)
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
            engine_submit(call->service->engine, &many->tells[i].command);
    }
    one_done(many);
    return ROUTE_LATER;
}

// ---- heartbeat --------------------------------------------------------------

struct beating {
    struct command command;
    struct call *call;
    struct heartbeat heartbeat;
};

static int apply_heartbeat(struct command *command, struct live *live,
                           struct store *store, struct error *err)
{
    return trial_heartbeat(live, store, &((struct beating *)command)->heartbeat,
                           err);
}

static void done_heartbeat(struct command *command, const struct live *live)
{
    struct beating *beating = (struct beating *)command;
    const struct heartbeat *heartbeat = &beating->heartbeat;
    struct text text;
    (void)live;
    text_init(&text, &beating->call->request->arena);
    text_print(&text, "{\"continue\":%s,\"reason\":",
               heartbeat->go_on ? "true" : "false");
    text_string(&text, heartbeat->reason);
    text_add(&text, ",\"lease_expires\":");
    text_time(&text, heartbeat->lease_ms);
    text_char(&text, '}');
    finish(beating->call, command, &text);
}

enum route_outcome route_trial_heartbeat(struct call *call, struct error *err)
{
    static const char *const known[] = {NULL};
    struct beating *beating =
        arena_zeros(&call->request->arena, 1, sizeof *beating);
    beating->command.apply = apply_heartbeat;
    beating->command.done = done_heartbeat;
    beating->call = route_keep(call);
    enum route_outcome found =
        find_trial(call, &beating->command, &beating->heartbeat.number, err);
    if (found != ROUTE_DONE)
        return found;
    json_t *body = route_body(call, err);
    struct fields fields;
    bool good = body && fields_open(&fields, body, "", known, err) == 0;
    json_decref(body);
    if (!good)
        return ROUTE_FAILED;
    engine_submit(call->service->engine, &beating->command);
    return ROUTE_LATER;
}
