// SPDX-License-Identifier: GPL-3.0-or-later
// route_building.c - trials on their way into a study, step by step

#include "route_audited.h"
#include "route_building.h"

#include <stdlib.h>

#include "auth.h"
#include "clock.h"
#include "store_copy.h"
#include "wire_trial.h"

struct building *building_new(struct call *call, size_t n, const char *action)
{
    struct arena *arena = &call->request->arena;
    struct building *building = arena_zeros(arena, 1, sizeof *building);
    building->call = route_keep(call);
    building->action = action;
    building->copies = arena_zeros(arena, n, sizeof *building->copies);
    auth_random(building->key, STUDY_KEY_CHARS);
    building->wanted.owner_id = call->principal.user_id;
    building->command.takes = true;
    building->command.owner_id = call->principal.user_id;
    building->wanted.principal = &building->call->principal;
    building->wanted.key = building->key;
    return building;
}

int building_allowed(const struct principal *principal, struct error *err)
{
    if (account_is_bound(principal))
        return error_set(err, ERROR_FORBIDDEN,
                         "the token is bound to one %s and creates none",
                         principal->study_id ? "study" : "campaign");
    return 0;
}

void building_finish(struct building *building, const struct text *text,
                     int status)
{
    struct call *call = building->call;
    if (building->command.error.code)
        route_problem(call->service, call->request, &building->command.error);
    else
        route_json(call, status, text);
    for (size_t i = 0; i < building->n; i++)
        copy_done(&building->copies[i]);
    definition_free(building->wanted.definition);
    http_answer(call->request);
}

// Is nothing left after this step?
static bool is_last(const struct building *building)
{
    if (building->listed)
        return building->step.next >= building->n_listed;
    return building->which >= building->n ||
           (building->step.next >= building->copies[building->which].n &&
            building->which + 1 == building->n);
}

int building_step(struct building *building, struct live *live,
                  struct store *store, struct error *err)
{
    if (building->listed)
        return copy_listed(live, store, building->listed, building->n_listed,
                           &building->step, err);
    return building->which < building->n
               ? copy_some(live, store, &building->copies[building->which],
                           &building->step, err)
               : 0;
}

int building_record_merge(const struct building *building,
                          const struct live *live, struct store *store,
                          struct error *err)
{
    struct text after;
    text_init(&after, &building->call->request->arena);
    text_add(&after, "{\"from\":[");
    for (size_t i = 0; i < building->n; i++) {
        text_next(&after);
        text_string(&after, building->copies[i].source_key);
    }
    text_add(&after, "]}");
    struct audited what = {.action = building->action,
                           .study_id = live->id,
                           .object = live->key,
                           .after = after.data};
    return building->n_new == 0 && building->step.n_new > 0
               ? route_audited(building->call, store, &what, err)
               : 0;
}

bool building_move_on(struct building *building)
{
    bool more = !is_last(building);
    building->n_new += building->step.n_new;
    building->n_there += building->step.n_there;
    building->n_unfit += building->step.n_unfit;
    building->step.at = building->step.next;
    if (more && !building->listed &&
        building->step.at >= building->copies[building->which].n) {
        building->which++;
        building->step.at = 0;
    }
    return more;
}

// ---- a new study --------------------------------------------------------

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
static void give_up(const struct building *building)
{
    struct giving_up *giving_up = calloc(1, sizeof *giving_up);
    if (!giving_up)
        abort();
    giving_up->command.apply = apply_give_up;
    giving_up->command.done = done_give_up;
    giving_up->id = building->built_id;
    route_submit(building->call, &giving_up->command);
}

static int read_made(struct building *building, struct store *store,
                     struct error *err)
{
    return store_study_get(store, building->wanted.id,
                           &building->call->request->arena, &building->row,
                           err);
}

static void finish_clone(struct building *building)
{
    struct text text;
    struct error *err = &building->command.error;
    building->call->role = ROLE_OWNER;
    bool made = building->wanted.id == building->built_id;
    if (building->built_id && (err->code || !made))
        give_up(building);
    text_init(&text, &building->call->request->arena);
    if (!err->code)
        route_study_write(building->call, &text, &building->row, err);
    building_finish(building, &text, building->built_id && made ? 201 : 200);
}

// Unless another one was published first.
static int record_clone(const struct building *building,
                        const struct live *live, struct store *store,
                        struct error *err)
{
    struct audited what = {.action = building->action,
                           .study_id = live->id,
                           .object = live->key,
                           .after = building->wanted.copied_from};
    return building->wanted.id == live->id
               ? route_audited(building->call, store, &what, err)
               : 0;
}

static int apply_build(struct command *command, struct live *live,
                       struct store *store, struct error *err)
{
    struct building *building = (struct building *)command;
    struct error fault = {0};
    if (store_study_build(store, live->id, clock_wall_ms(), &fault))
        return fault.code == ERROR_NOT_FOUND
                   ? error_set(err, ERROR_CONFLICT,
                               "the clone took too long and was given up")
                   : error_set(err, fault.code, "%s", fault.message);
    if (building_step(building, live, store, err))
        return -1;
    if (!is_last(building))
        return 0;
    return copy_publish(live, store, &building->wanted, err) ||
                   record_clone(building, live, store, err) ||
                   read_made(building, store, err)
               ? -1
               : 0;
}

static void done_build(struct command *command, const struct live *live)
{
    struct building *building = (struct building *)command;
    (void)live;
    // Another clone of this name was published at the same moment: look at it.
    bool met = command->error.code == ERROR_CONFLICT && !building->again;
    building->again |= met;
    if (met || (!command->error.code && building_move_on(building)))
        route_submit(building->call, command);
    else
        finish_clone(building);
}

static int apply_begin(struct command *command, struct live *live,
                       struct store *store, struct error *err)
{
    struct building *building = (struct building *)command;
    (void)live;
    building->wanted.quota = command->quota;
    return copy_begin(store, &building->wanted, err) ||
                   read_made(building, store, err)
               ? -1
               : 0;
}

static void done_begin(struct command *command, const struct live *live)
{
    struct building *building = (struct building *)command;
    (void)live;
    if (command->error.code || !building->wanted.created) {
        finish_clone(building);
        return;
    }
    building->built_id = building->wanted.id;
    command->study_id = building->built_id;
    command->apply = apply_build;
    command->done = done_build;
    route_submit(building->call, command);
}

void building_begin(struct building *building)
{
    building->command.apply = apply_begin;
    building->command.done = done_begin;
    route_submit(building->call, &building->command);
}
