// SPDX-License-Identifier: GPL-3.0-or-later
// route_ask.c - POST /ask and POST /studies/{id}/ask

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "route_asking.h"
#include "wire.h"
#include "wire_definition.h"
#include "wire_share.h"
#include "wire_trial.h"

enum {
    MAX_WORKER = 262144, // bytes of JSON
    MAX_KEY = 200,       // bytes of an Idempotency-Key
    MAX_SECONDS = 1000000000,
};

static void answer(struct asking *asking, const struct live *live)
{
    const struct ask *ask = &asking->ask;
    struct text text;
    text_init(&text, &asking->call->request->arena);
    text_add(&text, "{\"study_id\":");
    text_string(&text, live->key);
    text_add(&text, ",\"trials\":[");
    for (size_t i = 0; i < ask->n_numbers; i++)
        wire_trial_hand_out(&text, live, ask->numbers[i], ask->why[i]);
    text_char(&text, ']');
    if (ask->reason) {
        text_print(&text, ",\"reason\":\"%s\",\"detail\":", ask->reason);
        text_string(&text, ask->detail);
        text_key_real(&text, "retry_after_s",
                      ask->retry_after_s > 0 ? ask->retry_after_s : NAN);
    }
    text_char(&text, '}');
    route_json(asking->call, 200, &text);
}

// The digests that stand for the Idempotency-Key and for the body.
static int read_key(const struct call *call, struct ask *ask, struct error *err)
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

// Reads the body into asking->body and asking->ask.
static int read(struct asking *asking, const char *const *known,
                struct error *err)
{
    struct call *call = asking->call;
    struct arena *arena = &call->request->arena;
    struct ask *ask = &asking->ask;
    struct fields fields;
    asking->body = route_body(call, err);
    if (!asking->body || fields_open(&fields, asking->body, "", known, err))
        return -1;
    ask->n = (size_t)fields_int(&fields, "n", 1, ASK_MAX_TRIALS, 1);
    ask->lease_s = fields_int(&fields, "lease_s", 1, STUDY_MAX_LEASE_S, 0);
    ask->max_seconds = fields_real(&fields, "max_seconds", 0);
    if (fields_get(&fields, "max_seconds") && !err->code &&
        !(ask->max_seconds > 0 && ask->max_seconds <= MAX_SECONDS))
        return fields_fail(&fields, ERROR_INVALID, "max_seconds",
                           "must be above 0 and at most %d, not %g",
                           MAX_SECONDS, ask->max_seconds);
    ask->worker =
        fields_json(&fields, "worker", JSON_OBJECT, MAX_WORKER, arena);
    if (err->code || read_key(call, ask, err))
        return -1;
    ask->arena = arena;
    ask->numbers = arena_zeros(arena, ask->n, sizeof *ask->numbers);
    return 0;
}

enum route_outcome route_trial_ask(struct call *call, struct error *err)
{
    static const char *const known[] = {"n", "worker", "lease_s", "max_seconds",
                                        NULL};
    struct asking *asking = route_asking_new(call, answer);
    struct directory_entry entry;
    enum route_outcome found = route_study(call, call->args[0], &entry, err);
    if (found != ROUTE_DONE)
        return found;
    asking->command.study_id = entry.study_id;
    if (read(asking, known, err) == 0)
        return route_asking_submit(asking);
    json_decref(asking->body);
    return ROUTE_FAILED;
}

// ---- find or create, and ask ------------------------------------------------

static int describe(struct asking *asking, struct error *err)
{
    struct call *call = asking->call;
    struct definition *definition = wire_definition_read(
        json_object_get(asking->body, "study"), "study", err);
    if (!definition)
        return -1;
    asking->wanted = (struct study_wanted){
        .definition = definition,
        .strict = true,
        .identity = study_identity(definition, &call->request->arena)};
    auth_random(asking->key, STUDY_KEY_CHARS);
    return 0;
}

enum route_outcome route_trial_find_and_ask(struct call *call,
                                            struct error *err)
{
    static const char *const known[] = {"study",   "n",           "worker",
                                        "lease_s", "max_seconds", NULL};
    struct asking *asking = route_asking_new(call, answer);
    int failed = read(asking, known, err);
    const json_t *study = json_object_get(asking->body, "study");
    if (!failed && !json_is_object(study))
        failed = error_set(err, study ? ERROR_MALFORMED : ERROR_INVALID,
                           "study must be an object, not %s",
                           study ? wire_type(study) : "absent");
    if (failed) {
        json_decref(asking->body);
        return ROUTE_FAILED;
    }
    if (wire_sharing_take((json_t *)(uintptr_t)study, "study", &asking->sharing,
                          &call->request->arena, err)) {
        json_decref(asking->body);
        return ROUTE_FAILED;
    }
    // Where points of a contour may lie can take long to find out.
    if (!call->store && json_object_get(study, "contour")) {
        json_decref(asking->body);
        return ROUTE_AGAIN;
    }
    // The same description, whatever the order of its members.
    char *text = json_dumps(study, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text)
        abort();
    enum route_outcome outcome = route_asking_find(asking, text, describe, err);
    free(text);
    return outcome;
}
