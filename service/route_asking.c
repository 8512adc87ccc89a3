// SPDX-License-Identifier: GPL-3.0-or-later
// route_asking.c - an ask on its way, also to a study that may not exist yet

#include "route_asking.h"
#include "route_audited.h"
#include "wire.h"
#include "wire_definition.h"
#include "wire_trial.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static int find_or_create(struct asking *asking, struct error *err);

// An ask may wait for long, for a suggestion that is prepared. What it was
// allowed when it came may have been taken away.
static int check_again(const struct asking *asking, int64_t study_id,
                       struct store *store, struct error *err)
{
    const struct call *call = asking->call;
    enum role role;
    if (access_generation(call->service->access) == asking->generation)
        return 0;
    return access_study(NULL, store, &call->principal, study_id,
                        call->route->right, &role, err);
}

static int apply_ask(struct command *command, struct live *live,
                     struct store *store, struct error *err)
{
    struct asking *asking = (struct asking *)command;
    if (check_again(asking, command->study_id, store, err))
        return -1;
    return trial_ask(live, store, &asking->ask, err);
}

void route_asking_count(struct service *service, const struct ask *ask)
{
    metrics_add(service->metrics, METRIC_ASKS, ask->n_numbers);
    if (ask->n_numbers)
        metrics_observe(service->metrics, METRIC_SUGGEST_TIME,
                        (uint64_t)ask->suggest_us / ask->n_numbers);
}

static void done_ask(struct command *command, const struct live *live)
{
    struct asking *asking = (struct asking *)command;
    struct service *service = asking->call->service;
    if (command->error.code == ERROR_NOT_FOUND) {
        directory_drop(service->directory, command->study_id);
        // It was deleted after the directory heard of it: make it anew.
        if (asking->describe && !asking->wanted.id &&
            find_or_create(asking, &(struct error){0}) == 0) {
            route_submit(asking->call, command);
            return;
        }
    }
    if (command->error.code) {
        route_problem(service, asking->call->request, &command->error);
    } else {
        route_asking_count(service, &asking->ask);
        asking->answer(asking, live);
    }
    json_decref(asking->body);
    http_answer(asking->call->request);
}

static int apply_find(struct command *command, struct live *live,
                      struct store *store, struct error *err)
{
    struct asking *asking = (struct asking *)command;
    const struct call *call = asking->call;
    enum role role;
    (void)live;
    asking->wanted.quota = command->quota;
    if (study_find_or_create(store, &asking->wanted, err))
        return -1;
    return access_study(NULL, store, &call->principal, asking->wanted.id,
                        call->route->right, &role, err) ||
                   route_audited_new(call, store, &asking->wanted, err)
               ? -1
               : 0;
}

// The study exists now: remember where, and ask it.
static void done_find(struct command *command, const struct live *live)
{
    struct asking *asking = (struct asking *)command;
    struct service *service = asking->call->service;
    struct directory_entry entry = {.study_id = asking->wanted.id};
    definition_free(asking->wanted.definition);
    command->done = done_ask;
    if (command->error.code) {
        asking->describe = NULL;
        done_ask(command, live);
        return;
    }
    snprintf(entry.key, sizeof entry.key, "%s", asking->wanted.found_key);
    directory_put(service->directory, asking->digest, &entry);
    directory_put(service->directory, entry.key, &entry);
    command->study_id = entry.study_id;
    command->apply = apply_ask;
    route_submit(asking->call, command);
}

// Prepares the command that finds or creates the study.
static int find_or_create(struct asking *asking, struct error *err)
{
    if (asking->describe(asking, err))
        return -1;
    asking->wanted.owner_id = asking->call->principal.user_id;
    asking->wanted.principal = &asking->call->principal;
    asking->wanted.sharing = asking->sharing;
    asking->wanted.key = asking->key;
    asking->wanted.only_find = account_is_bound(&asking->call->principal);
    asking->command.study_id = 0;
    asking->command.owner_id = asking->wanted.owner_id;
    asking->command.apply = apply_find;
    asking->command.done = done_find;
    return 0;
}

void route_asking_init(struct asking *asking, struct call *call)
{
    asking->command.takes = true;
    asking->call = route_keep(call);
    asking->generation = access_generation(call->service->access);
    asking->ask.user_id = call->principal.user_id;
}

struct asking *route_asking_new(struct call *call,
                                void (*answer)(struct asking *asking,
                                               const struct live *live))
{
    struct asking *asking =
        arena_zeros(&call->request->arena, 1, sizeof *asking);
    route_asking_init(asking, call);
    asking->command.apply = apply_ask;
    asking->command.done = done_ask;
    asking->answer = answer;
    return asking;
}

enum route_outcome route_asking_submit(struct asking *asking)
{
    route_submit(asking->call, &asking->command);
    return ROUTE_LATER;
}

void route_asking_digest(const struct call *call, const char *text,
                         char name[AUTH_BASE64_SIZE])
{
    unsigned char hash[AUTH_HASH_BYTES];
    const char *whose = arena_print(&call->request->arena, "%" PRId64 ":%s",
                                    call->principal.user_id, text);
    auth_hash(whose, strlen(whose), hash);
    auth_base64url(hash, name);
}

enum route_outcome
route_asking_find(struct asking *asking, const char *description,
                  int (*describe)(struct asking *asking, struct error *err),
                  struct error *err)
{
    struct call *call = asking->call;
    struct directory_entry entry;
    struct error fault = {0};
    enum route_outcome found = ROUTE_FAILED;
    asking->describe = describe;
    route_asking_digest(call, description, asking->digest);
    if (directory_get(call->service->directory, asking->digest, &entry)) {
        asking->command.study_id = entry.study_id;
        found = route_may(call, entry.study_id, &fault);
    }
    // The study may be in another name by now: then the caller gets a new one.
    if (found == ROUTE_FAILED && find_or_create(asking, err) == 0)
        found = ROUTE_DONE;
    if (found == ROUTE_DONE)
        return route_asking_submit(asking);
    json_decref(asking->body);
    return found;
}

// ---- what is asked, and what is answered
// -------------------------------------

enum {
    MAX_WORKER = 262144, // bytes of JSON
    MAX_KEY = 200,       // bytes of an Idempotency-Key
    MAX_SECONDS = 1000000000,
};

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

int route_asking_read(struct asking *asking, const char *const *known,
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

void route_asking_trials(struct text *text, const struct ask *ask,
                         const struct live *live)
{
    text_add(text, ",\"trials\":[");
    for (size_t i = 0; i < ask->n_numbers; i++)
        wire_trial_hand_out(text, live, ask, i);
    text_char(text, ']');
    if (!ask->reason)
        return;
    text_print(text, ",\"reason\":\"%s\",\"detail\":", ask->reason);
    text_string(text, ask->detail);
    text_key_real(text, "retry_after_s",
                  ask->retry_after_s > 0 ? ask->retry_after_s : NAN);
}

void route_asking_answer(struct asking *asking, const struct live *live)
{
    struct text text;
    text_init(&text, &asking->call->request->arena);
    text_add(&text, "{\"study_id\":");
    text_string(&text, live->key);
    route_asking_trials(&text, &asking->ask, live);
    text_char(&text, '}');
    route_json(asking->call, 200, &text);
}
