// SPDX-License-Identifier: GPL-3.0-or-later
// route_campaign_create.c - campaigns made, and segments added to them
//
// The definitions are read in the pool for slow requests, so that their faults
// are found before anything is written. A command then makes some studies, and
// submits itself again until all are there (campaign.h); others take their turn
// in between. The last one publishes.

#include "auth.h"
#include "route_audited.h"
#include "route_building.h"
#include "route_campaign.h"
#include "wire_campaign.h"

#include <stdlib.h>
#include <string.h>

struct creating {
    struct command command;
    struct call *call;
    struct campaign_wanted wanted;
    struct campaign_source source;
    json_t *body, *template; // owned
    char key[STUDY_KEY_CHARS + 1];
    bool met;         // publishing met another one, and looks again
    struct text text; // the answer
};

// ---- giving up --------------------------------------------------------------

struct giving_up {
    struct command command;
    int64_t id;
};

static int apply_give_up(struct command *command, struct live *live,
                         struct store *store, struct error *err)
{
    bool abandoned;
    (void)live;
    return store_campaign_abandon(store, ((struct giving_up *)command)->id,
                                  &abandoned, err);
}

static void done_give_up(struct command *command, const struct live *live)
{
    (void)live;
    free(command);
}

// Leaves what was built to the reaper. When this fails it finds it later; what
// was published after all stays.
static void give_up(const struct creating *creating)
{
    struct giving_up *giving_up = calloc(1, sizeof *giving_up);
    if (!giving_up)
        abort();
    giving_up->command.apply = apply_give_up;
    giving_up->command.done = done_give_up;
    giving_up->id = creating->wanted.building_id;
    route_submit(creating->call, &giving_up->command);
}

// ---- the steps --------------------------------------------------------------

static void finish(struct creating *creating, bool made)
{
    struct call *call = creating->call;
    if (creating->wanted.building_id && !made)
        give_up(creating);
    if (creating->command.error.code)
        route_problem(call->service, call->request, &creating->command.error);
    else
        route_json(call, made ? 201 : 200, &creating->text);
    roster_drop(call->service->rosters, creating->wanted.into_id);
    json_decref(creating->body);
    json_decref(creating->template);
    http_answer(call->request);
}

static int show(struct creating *creating, struct store *store,
                struct error *err)
{
    text_init(&creating->text, &creating->call->request->arena);
    return route_campaign_write(store, &creating->text, creating->wanted.id,
                                creating->call->role, err);
}

static int record(const struct creating *creating, struct store *store,
                  struct error *err)
{
    const struct campaign_wanted *wanted = &creating->wanted;
    const struct call *call = creating->call;
    struct text after;
    text_init(&after, &call->request->arena);
    text_char(&after, '{');
    text_key_string(&after, "name", wanted->name);
    text_key_int(&after, "segments", (int64_t)wanted->built);
    text_char(&after, '}');
    struct audited what = {
        .action = wanted->into_id ? "campaign.add" : "campaign.create",
        .object = wanted->into_id ? call->args[0] : creating->key,
        .after = after.data};
    return route_audited(call, store, &what, err);
}

static int apply_publish(struct command *command, struct live *live,
                         struct store *store, struct error *err)
{
    struct creating *creating = (struct creating *)command;
    (void)live;
    return campaign_publish(store, &creating->wanted, err) ||
                   (creating->wanted.made && record(creating, store, err)) ||
                   show(creating, store, err)
               ? -1
               : 0;
}

static void done_publish(struct command *command, const struct live *live)
{
    struct creating *creating = (struct creating *)command;
    (void)live;
    // Another one of this name was published at the same moment: look at it.
    bool met = command->error.code == ERROR_CONFLICT && !creating->met;
    creating->met |= met;
    if (met)
        route_submit(creating->call, command);
    else
        finish(creating, !command->error.code && creating->wanted.made);
}

static int apply_build(struct command *command, struct live *live,
                       struct store *store, struct error *err)
{
    struct creating *creating = (struct creating *)command;
    (void)live;
    creating->wanted.quota = command->quota;
    return campaign_build(store, &creating->wanted, err);
}

static void done_build(struct command *command, const struct live *live)
{
    struct creating *creating = (struct creating *)command;
    struct campaign_wanted *wanted = &creating->wanted;
    (void)live;
    if (command->error.code) {
        finish(creating, false);
        return;
    }
    wanted->built = wanted->next;
    if (wanted->built == wanted->n_missing) {
        command->takes = false;
        command->apply = apply_publish;
        command->done = done_publish;
    }
    route_submit(creating->call, command);
}

static int apply_begin(struct command *command, struct live *live,
                       struct store *store, struct error *err)
{
    struct creating *creating = (struct creating *)command;
    (void)live;
    creating->wanted.building_id = 0;
    creating->wanted.quota = command->quota;
    if (campaign_begin(store, &creating->wanted, err))
        return -1;
    return creating->wanted.id ? show(creating, store, err) : 0;
}

static void done_begin(struct command *command, const struct live *live)
{
    struct creating *creating = (struct creating *)command;
    (void)live;
    if (command->error.code)
        creating->wanted.building_id = 0;
    if (command->error.code || creating->wanted.id) {
        finish(creating, false);
        return;
    }
    command->apply = apply_build;
    command->done = done_build;
    route_submit(creating->call, command);
}

// ---- requests ---------------------------------------------------------------

static struct creating *begin(struct call *call, int64_t owner_id)
{
    struct creating *creating =
        arena_zeros(&call->request->arena, 1, sizeof *creating);
    creating->call = route_keep(call);
    auth_random(creating->key, STUDY_KEY_CHARS);
    creating->wanted.key = creating->key;
    creating->wanted.owner_id = owner_id;
    creating->wanted.principal = &creating->call->principal;
    creating->command.takes = true;
    creating->command.owner_id = owner_id;
    creating->command.apply = apply_begin;
    creating->command.done = done_begin;
    return creating;
}

// Goes on when what was sent could be read.
static enum route_outcome submit(struct creating *creating, int failed)
{
    if (failed) {
        json_decref(creating->body);
        json_decref(creating->template);
        return ROUTE_FAILED;
    }
    route_submit(creating->call, &creating->command);
    return ROUTE_LATER;
}

enum route_outcome route_campaign_create(struct call *call, struct error *err)
{
    struct creating *creating = begin(call, call->principal.user_id);
    creating->call->role = ROLE_OWNER;
    if (building_allowed(&call->principal, err))
        return ROUTE_FAILED;
    creating->body = route_body(call, err);
    return submit(creating, !creating->body ||
                                wire_campaign_read(
                                    creating->body, &call->request->arena,
                                    &creating->wanted, &creating->source, err));
}

enum route_outcome route_campaign_add(struct call *call, struct error *err)
{
    struct campaign_row row;
    struct arena *arena = &call->request->arena;
    enum route_outcome found =
        route_campaign_read(call, call->args[0], &row, err);
    if (found != ROUTE_DONE)
        return found;
    struct creating *creating = begin(call, row.owner_id);
    creating->wanted.into_id = row.id;
    creating->wanted.name = row.name;
    creating->wanted.template_ = "{}";
    creating->template =
        wire_parse(row.template_, strlen(row.template_), arena, err);
    creating->source.template = creating->template;
    creating->body = creating->template ? route_body(call, err) : NULL;
    return submit(creating, !creating->body ||
                                wire_segments_read(creating->body, arena,
                                                   &creating->wanted,
                                                   &creating->source, err));
}
