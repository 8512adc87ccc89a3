// SPDX-License-Identifier: GPL-3.0-or-later
// route_copy.c - a study made from another one, and studies joined
//
// Both plan in the pool; route_building.h copies.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "copy.h"
#include "route_building.h"
#include "wire.h"
#include "wire_copy.h"
#include "wire_definition.h"

enum { MERGE_MAX_STUDIES = 100 };

// ---- clone: the request -----------------------------------------------------

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
static int read_clone(struct building *building, const struct study_row *source,
                      const struct definition *definition, const json_t *body,
                      struct error *err)
{
    static const char *const known[] = {"name", "trials", "changes", "unfit",
                                        NULL};
    struct call *call = building->call;
    struct arena *arena = &call->request->arena;
    struct study_wanted *wanted = &building->wanted;
    struct copy *copy = building->copies;
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
    building->n = !none;
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
    if (building_allowed(&call->principal, err) ||
        open_study(call, call->args[0], &source, &definition, err))
        return ROUTE_FAILED;
    struct building *building = building_new(call, 1, "study.clone");
    json_t *body = route_body(call, err);
    int result =
        body ? read_clone(building, &source, definition, body, err) : -1;
    json_decref(body);
    definition_free(definition);
    if (result) {
        copy_done(building->copies);
        definition_free(building->wanted.definition);
        return ROUTE_FAILED;
    }
    building_begin(building);
    return ROUTE_LATER;
}

// ---- merge ------------------------------------------------------------------

static int apply_merge(struct command *command, struct live *live,
                       struct store *store, struct error *err)
{
    struct building *building = (struct building *)command;
    return building_step(building, live, store, err) ||
                   building_record_merge(building, live, store, err)
               ? -1
               : 0;
}

static void done_merge(struct command *command, const struct live *live)
{
    struct building *building = (struct building *)command;
    struct text text;
    if (!command->error.code && building_move_on(building)) {
        route_submit(building->call, command);
        return;
    }
    text_init(&text, &building->call->request->arena);
    if (!command->error.code) {
        text_add(&text, "{\"study_id\":");
        text_string(&text, live->key);
        text_print(&text, ",\"added\":%zu,\"present\":%zu,\"unfit\":%zu}",
                   building->n_new, building->n_there, building->n_unfit);
    }
    building_finish(building, &text, 200);
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
    if (route_study_for(call, key, RIGHT_READ, &entry, &fault) != ROUTE_DONE)
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

static int read_merge(struct building *building, const struct study_row *target,
                      const struct definition *definition, const json_t *body,
                      struct error *err)
{
    static const char *const known[] = {"from", "trials", "unfit", NULL};
    struct call *call = building->call;
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
        struct copy *copy = &building->copies[building->n++];
        copy->user_id = call->principal.user_id;
        int none = wire_copy_read(&fields, copy, &call->request->arena);
        if (none < 0 || read_source(call, from, i, target->id, copy, err) ||
            (!none && copy_plan(call->store, copy, definition, err)))
            return -1;
        planned += copy->n;
        building->n_unfit += copy->n_unfit;
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
    if (open_study(call, call->args[0], &target, &definition, err))
        return ROUTE_FAILED;
    struct building *building =
        building_new(call, MERGE_MAX_STUDIES, "study.merge");
    json_t *body = route_body(call, err);
    int result =
        body ? read_merge(building, &target, definition, body, err) : -1;
    json_decref(body);
    definition_free(definition);
    if (result) {
        for (size_t i = 0; i < building->n; i++)
            copy_done(&building->copies[i]);
        return ROUTE_FAILED;
    }
    building->command.study_id = target.id;
    building->command.apply = apply_merge;
    building->command.done = done_merge;
    route_submit(call, &building->command);
    return ROUTE_LATER;
}
