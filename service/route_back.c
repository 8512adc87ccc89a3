// SPDX-License-Identifier: GPL-3.0-or-later
// route_back.c - trials that are handed back by a worker or taken back by a
// user

#include <string.h>

#include "route.h"
#include "route_audited.h"
#include "route_tell.h"
#include "trial.h"
#include "wire.h"

struct returning {
    struct command command;
    struct call *call;
    json_t *meta; // what the worker adds, owned; or NULL
    struct release release;
    struct cancel cancel;
};

static void done(struct command *command, const struct live *live)
{
    struct returning *returning = (struct returning *)command;
    const struct release *release = &returning->release;
    struct text text;
    (void)live;
    text_init(&text, &returning->call->request->arena);
    if (returning->cancel.user_id)
        text_add(&text, "{\"state\":\"cancelled\"}");
    else
        text_print(&text, "{\"state\":\"%s\",\"retried\":%s}",
                   trial_state_name(release->state),
                   release->retried ? "true" : "false");
    json_decref(returning->meta);
    route_finish(returning->call, command, &text);
}

// Reads the trial that the path names, and the body, which may have a reason.
static enum route_outcome prepare(struct call *call,
                                  struct returning **returning, int64_t *number,
                                  const char *const *known, struct error *err)
{
    struct arena *arena = &call->request->arena;
    struct returning *new = arena_zeros(arena, 1, sizeof *new);
    struct fields fields;
    new->command.done = done;
    new->call = route_keep(call);
    enum route_outcome found =
        route_trial_in_path(call, &new->command, number, err);
    if (found != ROUTE_DONE)
        return found;
    json_t *body = route_body(call, err);
    if (body && fields_open(&fields, body, "", known, err) == 0) {
        const char *reason =
            fields_text(&fields, "reason", TRIAL_MAX_REASON, NULL);
        new->release.reason =
            reason ? arena_copy(arena, reason, strlen(reason)) : NULL;
        // Checks type and size; the object itself is merged later.
        if (fields_json(&fields, "meta", JSON_OBJECT, TELL_MAX_JSON, arena))
            new->meta = json_incref(json_object_get(body, "meta"));
    }
    json_decref(body);
    *returning = new;
    if (!err->code)
        return ROUTE_DONE;
    json_decref(new->meta);
    return ROUTE_FAILED;
}

// ---- release ----------------------------------------------------------------

// Puts the meta of the message into the stored one. Where it is there already,
// nothing is to be written.
static int merge(struct returning *returning, const char *stored,
                 struct error *err)
{
    struct arena *arena = &returning->call->request->arena;
    struct text text;
    json_t *meta = wire_parse(stored ? stored : "", stored ? strlen(stored) : 0,
                              arena, err);
    if (!meta)
        return -1;
    json_object_update(meta, returning->meta);
    text_init(&text, arena);
    wire_write(&text, meta, false);
    json_decref(meta);
    if (text.n > TELL_MAX_JSON)
        return error_set(
            err, ERROR_INVALID,
            "meta must have at most %d bytes of JSON together with "
            "what is there, not %zu",
            TELL_MAX_JSON, text.n);
    returning->release.meta =
        stored && strcmp(stored, text.data) == 0 ? NULL : text.data;
    return 0;
}

static int apply_release(struct command *command, struct live *live,
                         struct store *store, struct error *err)
{
    struct returning *returning = (struct returning *)command;
    struct trial_row row;
    struct arena arena;
    arena_init(&arena);
    int result = returning->meta && (store_trial_get(store, live->id,
                                                     returning->release.number,
                                                     &arena, &row, err) ||
                                     merge(returning, row.meta, err))
                     ? -1
                     : trial_release(live, store, &returning->release, err);
    arena_done(&arena);
    return result;
}

enum route_outcome route_trial_release(struct call *call, struct error *err)
{
    static const char *const known[] = {"reason", "meta", NULL};
    struct returning *returning;
    int64_t number;
    enum route_outcome found = prepare(call, &returning, &number, known, err);
    if (found != ROUTE_DONE)
        return found;
    returning->command.apply = apply_release;
    returning->release.number = number;
    returning->release.user_id = call->principal.user_id;
    engine_submit(call->service->engine, &returning->command);
    return ROUTE_LATER;
}

// ---- cancel -----------------------------------------------------------------

static int apply_cancel(struct command *command, struct live *live,
                        struct store *store, struct error *err)
{
    return trial_cancel(live, store, &((struct returning *)command)->cancel,
                        err);
}

static int apply_audited_cancel(struct command *command, struct live *live,
                                struct store *store, struct error *err)
{
    const struct returning *returning = (const struct returning *)command;
    struct audited_trial what = {.action = "trial.cancel",
                                 .number = returning->cancel.number,
                                 .apply = apply_cancel,
                                 .command = command};
    return route_audited_trial(returning->call, &what, live, store, err);
}

enum route_outcome route_trial_cancel(struct call *call, struct error *err)
{
    static const char *const known[] = {"reason", NULL};
    struct returning *returning;
    int64_t number;
    enum route_outcome found = prepare(call, &returning, &number, known, err);
    if (found != ROUTE_DONE)
        return found;
    returning->command.apply = apply_audited_cancel;
    returning->cancel = (struct cancel){.number = number,
                                        .reason = returning->release.reason,
                                        .user_id = call->principal.user_id};
    engine_submit(call->service->engine, &returning->command);
    return ROUTE_LATER;
}
