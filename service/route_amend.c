// SPDX-License-Identifier: GPL-3.0-or-later
// route_amend.c - PATCH and DELETE of a trial

#include <math.h>
#include <string.h>

#include "amend.h"
#include "route.h"
#include "route_audited.h"
#include "route_tell.h"
#include "wire_definition.h"
#include "wire_trial.h"

// ---- change -----------------------------------------------------------------

struct amending {
    struct command command;
    struct call *call;
    struct amend amend;
};

static int apply_amend(struct command *command, struct live *live,
                       struct store *store, struct error *err)
{
    return amend_trial(live, store, &((struct amending *)command)->amend, err);
}

static int apply_audited_amend(struct command *command, struct live *live,
                               struct store *store, struct error *err)
{
    const struct amending *amending = (const struct amending *)command;
    struct audited_trial what = {.action = "trial.patch",
                                 .number = amending->amend.tell.number,
                                 .apply = apply_amend,
                                 .command = command};
    return route_audited_trial(amending->call, &what, live, store, err);
}

static void done_amend(struct command *command, const struct live *live)
{
    struct amending *amending = (struct amending *)command;
    struct text text;
    text_init(&text, &amending->call->request->arena);
    if (!command->error.code &&
        wire_trial_open(&text, live->definition, live->key,
                        &amending->amend.row, &command->error) == 0)
        text_char(&text, '}');
    route_finish(amending->call, command, &text);
}

static const char *read_text(const struct fields *fields, const char *name,
                             size_t most, struct arena *arena)
{
    const char *text = fields_text(fields, name, most, NULL);
    return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

static int read_amend(const json_t *body, struct amend *amend,
                      struct error *err)
{
    static const char *const known[] = {
        "notes", "tags",   "meta",        "invalid",     "reason",   "state",
        "value", "values", "uncertainty", "constraints", "revision", NULL};
    struct arena *arena = amend->arena;
    struct fields fields;
    if (fields_open(&fields, body, "", known, err) ||
        route_tell_read_result(&fields, &amend->tell, arena))
        return -1;
    amend->notes = read_text(&fields, "notes", STUDY_MAX_NOTES, arena);
    amend->tags = wire_tags_read(&fields, arena);
    amend->tell.meta =
        fields_json(&fields, "meta", JSON_OBJECT, TELL_MAX_JSON, arena);
    amend->tell.wall_s = NAN;
    amend->invalid = fields_get(&fields, "invalid")
                         ? fields_bool(&fields, "invalid", false)
                         : -1;
    amend->reason = read_text(&fields, "reason", AMEND_MAX_REASON, arena);
    amend->revision = fields_int(&fields, "revision", 0, INT64_MAX, -1);
    return err->code ? -1 : 0;
}

enum route_outcome route_trial_patch(struct call *call, struct error *err)
{
    struct arena *arena = &call->request->arena;
    struct amending *amending = arena_zeros(arena, 1, sizeof *amending);
    struct amend *amend = &amending->amend;
    amending->command.apply = apply_audited_amend;
    amending->command.done = done_amend;
    amending->call = route_keep(call);
    amend->arena = arena;
    amend->tell.user_id = call->principal.user_id;
    enum route_outcome found =
        route_trial_in_path(call, &amending->command, &amend->tell.number, err);
    if (found != ROUTE_DONE)
        return found;
    json_t *body = route_body(call, err);
    bool good = body && read_amend(body, amend, err) == 0;
    json_decref(body);
    if (!good)
        return ROUTE_FAILED;
    engine_submit(call->service->engine, &amending->command);
    return ROUTE_LATER;
}

// ---- delete -----------------------------------------------------------------

struct removing {
    struct command command;
    struct call *call;
    int64_t number;
};

static int apply_remove(struct command *command, struct live *live,
                        struct store *store, struct error *err)
{
    const struct removing *removing = (const struct removing *)command;
    return amend_delete(live, store, removing->number,
                        removing->call->principal.user_id, err);
}

static int apply_audited_remove(struct command *command, struct live *live,
                                struct store *store, struct error *err)
{
    const struct removing *removing = (const struct removing *)command;
    struct audited_trial what = {.action = "trial.delete",
                                 .number = removing->number,
                                 .apply = apply_remove,
                                 .command = command};
    return route_audited_trial(removing->call, &what, live, store, err);
}

static void done_remove(struct command *command, const struct live *live)
{
    struct removing *removing = (struct removing *)command;
    struct request *request = removing->call->request;
    (void)live;
    if (command->error.code)
        route_problem(removing->call->service, request, &command->error);
    else
        request->reply.status = 204;
    http_answer(request);
}

enum route_outcome route_trial_remove(struct call *call, struct error *err)
{
    struct removing *removing =
        arena_zeros(&call->request->arena, 1, sizeof *removing);
    removing->command.apply = apply_audited_remove;
    removing->command.done = done_remove;
    removing->call = route_keep(call);
    enum route_outcome found =
        route_trial_in_path(call, &removing->command, &removing->number, err);
    if (found != ROUTE_DONE)
        return found;
    engine_submit(call->service->engine, &removing->command);
    return ROUTE_LATER;
}
