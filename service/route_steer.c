// SPDX-License-Identifier: GPL-3.0-or-later
// route_steer.c - studies: changed, paused, resumed, stopped, deleted

#include <string.h>

#include "clock.h"
#include "permit.h"
#include "route.h"
#include "route_audited.h"
#include "store_group.h"
#include "study.h"
#include "wire.h"
#include "wire_definition.h"
#include "wire_share.h"

struct steer {
    struct command command;
    struct call *call;
    const char *action; // for the audit log
    enum study_state state;
    json_t *changes;        // of a PATCH, or NULL
    struct sharing sharing; // of a PATCH
    bool remove, cancel;
    struct study_row row;
};

static const char *sharing_json(struct arena *arena, enum visibility visibility,
                                const char *group)
{
    struct text text;
    text_init(&text, arena);
    text_char(&text, '{');
    text_key_string(&text, "visibility", visibility_name(visibility));
    text_key_string(&text, "group", group);
    text_char(&text, '}');
    return text.data;
}

static int share(struct steer *steer, struct live *live, struct store *store,
                 int64_t group_id, struct error *err)
{
    const struct call *call = steer->call;
    const struct sharing *sharing = &steer->sharing;
    struct arena *arena = &call->request->arena;
    struct audit_row row = route_audit(call, "study.share");
    struct study_row before;
    if (store_study_get(store, live->id, arena, &before, err) ||
        store_study_share(store, live->id, sharing->visibility, group_id, err))
        return -1;
    row.study_id = live->id;
    row.before = sharing_json(arena, before.visibility, before.group_name);
    row.after = sharing_json(arena, sharing->visibility, sharing->group);
    return store_permissions_change(store, err) ||
                   store_audit_add(store, &row, err) ||
                   study_shared(live, store, call->principal.user_id, err)
               ? -1
               : 0;
}

static int redefine(struct steer *steer, struct live *live, struct store *store,
                    struct error *err)
{
    struct definition *definition =
        wire_definition_patch(live->definition, steer->changes, err);
    if (!definition)
        return -1;
    return study_redefine(live, store, definition,
                          steer->call->principal.user_id, err);
}

// The members that a PATCH names, of this definition.
static const char *pick(const char *definition, const json_t *changes,
                        struct arena *arena)
{
    struct text text;
    struct error none = {0};
    json_t *all = wire_parse(definition, strlen(definition), arena, &none);
    json_t *picked = json_object();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)changes, key, value)
    {
        json_t *member = json_object_get(all, key);
        if (member)
            json_object_set(picked, key, member);
    }
    text_init(&text, arena);
    wire_write(&text, picked, false);
    json_decref(picked);
    json_decref(all);
    return text.data;
}

// What the change is about, as it is now.
static const char *show(const struct steer *steer, const struct live *live)
{
    struct arena *arena = &steer->call->request->arena;
    struct text text;
    if (steer->changes)
        return pick(wire_definition_text(live->definition, arena),
                    steer->changes, arena);
    text_init(&text, arena);
    text_char(&text, '{');
    text_key_string(&text, "state", study_state_name(live->state));
    text_key_string(&text, "reason", live->reason);
    if (steer->remove) {
        text_key_string(&text, "name", live->definition->name);
        text_key_int(&text, "trials", live->progress.next_number);
    }
    text_char(&text, '}');
    return text.data;
}

static int record(const struct steer *steer, const struct live *live,
                  struct store *store, const char *before, struct error *err)
{
    struct audited what = {.action = steer->action,
                           .study_id = live->id,
                           .object = live->key,
                           .before = before,
                           .after = steer->remove ? NULL : show(steer, live)};
    return route_audited(steer->call, store, &what, err);
}

// Nothing is written before all that may be wrong was looked at.
static int apply_patch(struct steer *steer, struct live *live,
                       struct store *store, struct error *err)
{
    bool shares = steer->sharing.given;
    int64_t group_id;
    if (member_sharing(store, &steer->call->principal, &steer->sharing,
                       &group_id, err))
        return -1;
    if ((!shares || json_object_size(steer->changes) > 0) &&
        redefine(steer, live, store, err))
        return -1;
    return shares ? share(steer, live, store, group_id, err) : 0;
}

static int apply_steer(struct command *command, struct live *live,
                       struct store *store, struct error *err)
{
    struct steer *steer = (struct steer *)command;
    int64_t user_id = steer->call->principal.user_id;
    int64_t revision = live->progress.revision;
    const char *before = show(steer, live);
    if (steer->remove)
        return study_delete(live, store, err) ||
                       record(steer, live, store, before, err)
                   ? -1
                   : 0;
    int result = steer->changes ? apply_patch(steer, live, store, err)
                 : steer->cancel
                     ? study_cancel(live, store, user_id, err)
                     : study_steer(live, store, steer->state, user_id, err);
    if (result == 0 && live->progress.revision != revision)
        result = record(steer, live, store, before, err);
    // Written now and not at the end of the batch, for the answer to show it.
    if (result == 0 && live->changed)
        result = store_study_advance(store, live->id, &live->progress,
                                     clock_wall_ms(), err);
    live->changed = false;
    return result
               ? -1
               : store_study_get(store, live->id, &steer->call->request->arena,
                                 &steer->row, err);
}

static void done_steer(struct command *command, const struct live *live)
{
    struct steer *steer = (struct steer *)command;
    struct request *request = steer->call->request;
    struct text text;
    (void)live;
    text_init(&text, &request->arena);
    if (!command->error.code && !steer->remove)
        route_study_write(steer->call, &text, &steer->row, &command->error);
    if (command->error.code)
        route_problem(steer->call->service, request, &command->error);
    else if (steer->remove)
        request->reply.status = 204;
    else
        route_json(steer->call, 200, &text);
    if (steer->sharing.given)
        permit_changed(steer->call->service->permit);
    if (steer->remove)
        directory_drop(steer->call->service->directory, command->study_id);
    json_decref(steer->changes);
    http_answer(request);
}

static enum route_outcome submit(struct call *call, const struct steer *what,
                                 struct error *err)
{
    struct directory_entry entry;
    enum route_outcome found = route_study(call, call->args[0], &entry, err);
    if (found == ROUTE_DONE && what->sharing.given &&
        access_allow(&call->principal, call->role, RIGHT_OWN, err))
        found = ROUTE_FAILED;
    if (found != ROUTE_DONE) {
        json_decref(what->changes);
        return found;
    }
    struct steer *steer = arena_zeros(&call->request->arena, 1, sizeof *steer);
    *steer = *what;
    steer->command.study_id = entry.study_id;
    steer->command.apply = apply_steer;
    steer->command.done = done_steer;
    steer->call = route_keep(call);
    route_submit(call, &steer->command);
    return ROUTE_LATER;
}

enum route_outcome route_study_patch(struct call *call, struct error *err)
{
    struct steer steer = {.action = "study.patch",
                          .changes = route_body(call, err)};
    if (steer.changes && wire_sharing_take(steer.changes, "", &steer.sharing,
                                           &call->request->arena, err) == 0)
        return submit(call, &steer, err);
    json_decref(steer.changes);
    return ROUTE_FAILED;
}

enum route_outcome route_study_remove(struct call *call, struct error *err)
{
    return submit(
        call, &(struct steer){.action = "study.delete", .remove = true}, err);
}

enum route_outcome route_study_pause(struct call *call, struct error *err)
{
    return submit(
        call, &(struct steer){.action = "study.pause", .state = STUDY_PAUSED},
        err);
}

enum route_outcome route_study_resume(struct call *call, struct error *err)
{
    return submit(
        call, &(struct steer){.action = "study.resume", .state = STUDY_RUNNING},
        err);
}

enum route_outcome route_study_stop(struct call *call, struct error *err)
{
    return submit(
        call, &(struct steer){.action = "study.stop", .state = STUDY_DRAINING},
        err);
}

enum route_outcome route_study_cancel(struct call *call, struct error *err)
{
    return submit(
        call, &(struct steer){.action = "study.cancel", .cancel = true}, err);
}
