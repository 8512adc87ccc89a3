// SPDX-License-Identifier: GPL-3.0-or-later
// route_copy.c - a study made from another one, and studies joined
//
// Both plan in the pool and copy in steps (copy.h): a command that is done
// submits itself again until nothing is left, and others take their turn in
// between.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "clock.h"
#include "copy.h"
#include "route.h"
#include "store_copy.h"
#include "wire.h"
#include "wire_copy.h"
#include "wire_definition.h"
#include "wire_trial.h"

enum { MERGE_MAX_STUDIES = 100 };

struct copying {
    struct command command;
    struct call *call;
    struct copy *copies; // [n]
    size_t n, which;
    struct copy_step step;
    size_t n_new, n_there, n_unfit;
    // Of a clone:
    struct study_wanted wanted;
    int64_t built_id; // of the study that is built, 0: none
    bool again;       // publishing met another one
    struct study_row row;
    char key[STUDY_KEY_CHARS + 1];
};

// Frees what the heap holds, and answers.
static void finish(struct copying *copying, const struct text *text, int status)
{
    struct call *call = copying->call;
    if (copying->command.error.code)
        route_problem(call->service, call->request, &copying->command.error);
    else
        route_json(call, status, text);
    for (size_t i = 0; i < copying->n; i++)
        copy_done(&copying->copies[i]);
    definition_free(copying->wanted.definition);
    http_answer(call->request);
}

// Is nothing left after this step?
static bool is_last(const struct copying *copying)
{
    return copying->which >= copying->n ||
           (copying->step.next >= copying->copies[copying->which].n &&
            copying->which + 1 == copying->n);
}

static int copy_step(struct copying *copying, struct live *live,
                     struct store *store, struct error *err)
{
    return copying->which < copying->n
               ? copy_some(live, store, &copying->copies[copying->which],
                           &copying->step, err)
               : 0;
}

// Counts what a step has done, and moves on. Returns false at the end.
static bool move_on(struct copying *copying)
{
    bool more = !is_last(copying);
    copying->n_new += copying->step.n_new;
    copying->n_there += copying->step.n_there;
    copying->n_unfit += copying->step.n_unfit;
    copying->step.at = copying->step.next;
    if (more && copying->step.at >= copying->copies[copying->which].n) {
        copying->which++;
        copying->step.at = 0;
    }
    return more;
}

// ---- clone: building --------------------------------------------------------

struct giving_up {
    struct command command;
    int64_t id;
};

static int apply_give_up(struct command *command, struct live *live,
                         struct store *store, struct error *err)
{
    (void)live;
    return store_study_abandon(store, ((struct giving_up *)command)->id, err);
}

static void done_give_up(struct command *command, const struct live *live)
{
    (void)live;
    free(command);
}

// Leaves what was built to the reaper. When this fails it finds it later.
static void give_up(const struct copying *copying)
{
    struct giving_up *giving_up = calloc(1, sizeof *giving_up);
    if (!giving_up)
        abort();
    giving_up->command.apply = apply_give_up;
    giving_up->command.done = done_give_up;
    giving_up->id = copying->built_id;
    engine_submit(copying->call->service->engine, &giving_up->command);
}

static int read_made(struct copying *copying, struct store *store,
                     struct error *err)
{
    return store_study_get(store, copying->wanted.id,
                           &copying->call->request->arena, &copying->row, err);
}

static void finish_clone(struct copying *copying)
{
    struct text text;
    struct error *err = &copying->command.error;
    bool made = copying->wanted.id == copying->built_id;
    if (copying->built_id && (err->code || !made))
        give_up(copying);
    text_init(&text, &copying->call->request->arena);
    if (!err->code)
        wire_study_write(&text, &copying->row, err);
    finish(copying, &text, copying->built_id && made ? 201 : 200);
}

static int apply_build(struct command *command, struct live *live,
                       struct store *store, struct error *err)
{
    struct copying *copying = (struct copying *)command;
    struct error fault = {0};
    if (store_study_build(store, live->id, clock_wall_ms(), &fault))
        return fault.code == ERROR_NOT_FOUND
                   ? error_set(err, ERROR_CONFLICT,
                               "the clone took too long and was given up")
                   : error_set(err, fault.code, "%s", fault.message);
    if (copy_step(copying, live, store, err))
        return -1;
    if (!is_last(copying))
        return 0;
    return copy_publish(live, store, &copying->wanted, err) ||
                   read_made(copying, store, err)
               ? -1
               : 0;
}

static void done_build(struct command *command, const struct live *live)
{
    struct copying *copying = (struct copying *)command;
    struct engine *engine = copying->call->service->engine;
    (void)live;
    // Another clone of this name was published at the same moment: look at it.
    bool met = command->error.code == ERROR_CONFLICT && !copying->again;
    copying->again |= met;
    if (met || (!command->error.code && move_on(copying)))
        engine_submit(engine, command);
    else
        finish_clone(copying);
}

static int apply_begin(struct command *command, struct live *live,
                       struct store *store, struct error *err)
{
    struct copying *copying = (struct copying *)command;
    (void)live;
    return copy_begin(store, &copying->wanted, err) ||
                   read_made(copying, store, err)
               ? -1
               : 0;
}

static void done_begin(struct command *command, const struct live *live)
{
    struct copying *copying = (struct copying *)command;
    (void)live;
    if (command->error.code || !copying->wanted.created) {
        finish_clone(copying);
        return;
    }
    copying->built_id = copying->wanted.id;
    command->study_id = copying->built_id;
    command->apply = apply_build;
    command->done = done_build;
    engine_submit(copying->call->service->engine, command);
}

// ---- clone: the request -----------------------------------------------------

static struct copying *start(struct call *call, size_t n)
{
    struct arena *arena = &call->request->arena;
    struct copying *copying = arena_zeros(arena, 1, sizeof *copying);
    copying->call = route_keep(call);
    copying->copies = arena_zeros(arena, n, sizeof *copying->copies);
    return copying;
}

// The same source and body make the same key.
static void make_key(const struct study_row *source, const json_t *body,
                     struct study_wanted *wanted)
{
    unsigned char hash[AUTH_HASH_BYTES];
    struct arena arena;
    arena_init(&arena);
    char *json = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
    if (!json)
        abort();
    char *text = arena_print(&arena, "%s %s", source->key, json);
    auth_hash(text, strlen(text), hash);
    memcpy(wanted->copy_key, hash, sizeof wanted->copy_key);
    free(json);
    arena_done(&arena);
}

// Reads what is wanted, and plans it unless the study is there already.
static int read_clone(struct copying *copying, const struct study_row *source,
                      const struct definition *definition, const json_t *body,
                      struct error *err)
{
    static const char *const known[] = {"name", "trials", "changes", "unfit",
                                        NULL};
    struct call *call = copying->call;
    struct arena *arena = &call->request->arena;
    struct study_wanted *wanted = &copying->wanted;
    struct copy *copy = copying->copies;
    struct fields fields;
    if (fields_open(&fields, body, "", known, err))
        return -1;
    const char *name = fields_text(&fields, "name", STUDY_MAX_NAME, "");
    int none = err->code ? -1 : wire_copy_read(&fields, copy, arena);
    if (none < 0)
        return -1;
    wanted->definition = wire_copy_definition(
        definition, name, fields_get(&fields, "changes"), err);
    if (!wanted->definition)
        return -1;
    wanted->identity = study_identity(wanted->definition, arena);
    make_key(source, body, wanted);
    copying->n = !none;
    copy->source_id = source->id;
    copy->source_key = source->key;
    copy->quiet = true;
    copy->user_id = wanted->owner_id;
    int found = copy_find(call->store, wanted, err);
    if (found == 1 && !none &&
        copy_plan(call->store, copy, wanted->definition, err))
        return -1;
    wanted->copied_from = wire_copy_origin(source, copy->n_unfit, arena);
    return found < 0 ? -1 : 0;
}

static int check_creator(const struct principal *principal, struct error *err)
{
    if (principal->study_id)
        return error_set(err, ERROR_FORBIDDEN,
                         "the token is bound to one study and creates none");
    return account_may(principal, SCOPE_READ, err);
}

static int open_study(struct call *call, const char *key,
                      struct study_row *study, struct definition **definition,
                      struct error *err)
{
    struct directory_entry entry;
    if (route_study(call, key, &entry, err) != ROUTE_DONE ||
        store_study_get(call->store, entry.study_id, &call->request->arena,
                        study, err))
        return -1;
    *definition = wire_definition_load(study->definition, err);
    return *definition ? 0 : -1;
}

enum route_outcome route_study_clone(struct call *call, struct error *err)
{
    struct study_row source;
    struct definition *definition;
    if (check_creator(&call->principal, err) ||
        open_study(call, call->args[0], &source, &definition, err))
        return ROUTE_FAILED;
    struct copying *copying = start(call, 1);
    auth_random(copying->key, STUDY_KEY_CHARS);
    copying->wanted.owner_id = call->principal.user_id;
    copying->wanted.principal = &copying->call->principal;
    copying->wanted.key = copying->key;
    json_t *body = route_body(call, err);
    int result =
        body ? read_clone(copying, &source, definition, body, err) : -1;
    json_decref(body);
    definition_free(definition);
    if (result) {
        copy_done(copying->copies);
        definition_free(copying->wanted.definition);
        return ROUTE_FAILED;
    }
    copying->command.apply = apply_begin;
    copying->command.done = done_begin;
    engine_submit(call->service->engine, &copying->command);
    return ROUTE_LATER;
}

// ---- merge ------------------------------------------------------------------

static int apply_merge(struct command *command, struct live *live,
                       struct store *store, struct error *err)
{
    return copy_step((struct copying *)command, live, store, err);
}

static void done_merge(struct command *command, const struct live *live)
{
    struct copying *copying = (struct copying *)command;
    struct text text;
    if (!command->error.code && move_on(copying)) {
        engine_submit(copying->call->service->engine, command);
        return;
    }
    text_init(&text, &copying->call->request->arena);
    if (!command->error.code) {
        text_add(&text, "{\"study_id\":");
        text_string(&text, live->key);
        text_print(&text, ",\"added\":%zu,\"present\":%zu,\"unfit\":%zu}",
                   copying->n_new, copying->n_there, copying->n_unfit);
    }
    finish(copying, &text, 200);
}

// Finds source i, which is another study than the target.
static int read_source(struct call *call, const json_t *from, size_t i,
                       int64_t target_id, struct copy *copy, struct error *err)
{
    struct directory_entry entry;
    const json_t *item = json_array_get(from, i);
    if (!json_is_string(item))
        return error_set(err, ERROR_MALFORMED,
                         "from[%zu] must be the id of a study, not %s", i,
                         wire_type(item));
    struct error fault = {0};
    const char *key = json_string_value(item);
    if (route_study(call, key, &entry, &fault) != ROUTE_DONE)
        return error_set(
            err, fault.code == ERROR_NOT_FOUND ? ERROR_INVALID : fault.code,
            "from[%zu]: %.60s: %.200s", i, key, fault.message);
    if (entry.study_id == target_id)
        return error_set(err, ERROR_INVALID,
                         "from[%zu] must be another study than the one that "
                         "gets the trials",
                         i);
    copy->source_id = entry.study_id;
    copy->source_key = arena_copy(&call->request->arena, key, strlen(key));
    return 0;
}

static int read_merge(struct copying *copying, const struct study_row *target,
                      const struct definition *definition, const json_t *body,
                      struct error *err)
{
    static const char *const known[] = {"from", "trials", "unfit", NULL};
    struct call *call = copying->call;
    struct fields fields;
    size_t planned = 0;
    if (fields_open(&fields, body, "", known, err))
        return -1;
    const json_t *from = fields_get(&fields, "from");
    if (!json_is_array(from))
        return fields_fail(&fields, from ? ERROR_MALFORMED : ERROR_INVALID,
                           "from", "must be an array of ids of studies");
    if (json_array_size(from) < 1 || json_array_size(from) > MERGE_MAX_STUDIES)
        return fields_fail(&fields, ERROR_INVALID, "from",
                           "must hold 1 to %d, not %zu", MERGE_MAX_STUDIES,
                           json_array_size(from));
    for (size_t i = 0; i < json_array_size(from); i++) {
        struct copy *copy = &copying->copies[copying->n++];
        copy->user_id = call->principal.user_id;
        int none = wire_copy_read(&fields, copy, &call->request->arena);
        if (none < 0 || read_source(call, from, i, target->id, copy, err) ||
            (!none && copy_plan(call->store, copy, definition, err)))
            return -1;
        planned += copy->n;
        copying->n_unfit += copy->n_unfit;
    }
    if (planned > COPY_MAX_TRIALS)
        return fields_fail(&fields, ERROR_INVALID, "trials",
                           "must be at most %d in all, not %zu",
                           COPY_MAX_TRIALS, planned);
    return 0;
}

enum route_outcome route_study_merge(struct call *call, struct error *err)
{
    struct study_row target;
    struct definition *definition;
    if (account_may(&call->principal, SCOPE_READ, err) ||
        open_study(call, call->args[0], &target, &definition, err))
        return ROUTE_FAILED;
    struct copying *copying = start(call, MERGE_MAX_STUDIES);
    json_t *body = route_body(call, err);
    int result =
        body ? read_merge(copying, &target, definition, body, err) : -1;
    json_decref(body);
    definition_free(definition);
    if (result) {
        for (size_t i = 0; i < copying->n; i++)
            copy_done(&copying->copies[i]);
        return ROUTE_FAILED;
    }
    copying->command.study_id = target.id;
    copying->command.apply = apply_merge;
    copying->command.done = done_merge;
    engine_submit(call->service->engine, &copying->command);
    return ROUTE_LATER;
}
