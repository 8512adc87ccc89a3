// SPDX-License-Identifier: GPL-3.0-or-later
// route_campaign_ask.c - POST /campaigns/{id}/ask
//
// An ask goes to the segment that the roster names, as a command on its study.
// When that has nothing to give the same command goes on to the next segment. A
// repeat of an ask with a key goes to where the first one got its trials, which
// the transaction finds in the store.

#include <string.h>

#include "campaign.h"
#include "directory.h"
#include "route_asking.h"
#include "wire.h"

struct visiting {
    struct asking asking; // first: a command is cast back to it
    struct turn turn;
    int64_t redirect; // the study that answered this ask before, 0: none
    bool refused;     // the caller may not ask any more
};

// ---- the answer -------------------------------------------------------------

static void answer(struct visiting *visiting, const struct live *live)
{
    struct asking *asking = &visiting->asking;
    struct call *call = asking->call;
    const char *name = visiting->turn.name;
    struct text text;
    text_init(&text, &call->request->arena);
    text_char(&text, '{');
    text_key_string(&text, "campaign_id", call->args[0]);
    text_key_string(&text, "segment", live && *name ? name : NULL);
    text_key_string(&text, "study_id", live ? live->key : NULL);
    if (live)
        text_key_int(&text, "lease_s", live->definition->lease_s);
    route_asking_trials(&text, &asking->ask, live);
    text_char(&text, '}');
    route_asking_count(call->service, &asking->ask);
    route_json(call, 200, &text);
}

static void finish(struct visiting *visiting, const struct live *live)
{
    struct asking *asking = &visiting->asking;
    struct call *call = asking->call;
    if (asking->command.error.code)
        route_problem(call->service, call->request, &asking->command.error);
    else
        answer(visiting, live);
    json_decref(asking->body);
    http_answer(call->request);
}

// ---- on the study -----------------------------------------------------------

static int check_again(struct visiting *visiting, struct store *store,
                       struct error *err)
{
    const struct call *call = visiting->asking.call;
    enum role role;
    if (access_generation(call->service->access) == visiting->asking.generation)
        return 0;
    visiting->refused = access_campaign(NULL, store, &call->principal,
                                        visiting->turn.campaign_id,
                                        call->route->right, &role, err) != 0;
    return visiting->refused ? -1 : 0;
}

static bool has_key(const struct ask *ask)
{
    static const unsigned char none[STORE_ASK_KEY_BYTES];
    return memcmp(ask->key, none, sizeof none) != 0;
}

// Remembers which study answered. Another transaction that answers the same ask
// at this moment makes this one begin again, and find it.
static int remember(const struct visiting *visiting, struct store *store,
                    struct error *err)
{
    const struct ask *ask = &visiting->asking.ask;
    bool added = true;
    if (ask->n_numbers && has_key(ask) &&
        store_campaign_ask_add(store, visiting->turn.campaign_id, ask->key,
                               visiting->asking.command.study_id, &added, err))
        return -1;
    return added ? 0
                 : error_set(err, ERROR_BUSY, "the same ask is answered twice");
}

static int apply_visit(struct command *command, struct live *live,
                       struct store *store, struct error *err)
{
    struct visiting *visiting = (struct visiting *)command;
    struct ask *ask = &visiting->asking.ask;
    int64_t before = 0;
    visiting->redirect = 0;
    if (check_again(visiting, store, err) ||
        (has_key(ask) &&
         store_campaign_ask_find(store, visiting->turn.campaign_id, ask->key,
                                 &before, err)))
        return -1;
    if (before && before != command->study_id) {
        visiting->redirect = before;
        return 0;
    }
    if (trial_ask(live, store, ask, err))
        return -1;
    if (before)
        return 0;
    roster_applied(visiting->asking.call->service->rosters, &visiting->turn,
                   ask->n_numbers);
    return remember(visiting, store, err);
}

// ---- from study to study ----------------------------------------------------

static void send(struct visiting *visiting)
{
    visiting->asking.command.study_id = visiting->turn.study_id;
    route_submit(visiting->asking.call, &visiting->asking.command);
}

// Goes on to the next segment, or answers that there is none.
static void go_on(struct visiting *visiting)
{
    struct asking *asking = &visiting->asking;
    error_clear(&asking->command.error);
    if (roster_take(asking->call->service->rosters, &visiting->turn,
                    &asking->ask, &asking->command.error) == 0)
        send(visiting);
    else
        finish(visiting, NULL);
}

// Is there nothing to be had here, but perhaps elsewhere? What limits the
// owner limits all segments.
static bool is_refused(const struct visiting *visiting)
{
    const struct ask *ask = &visiting->asking.ask;
    return !ask->n_numbers && !visiting->turn.segment && ask->reason &&
           strcmp(ask->reason, "quota") != 0;
}

static void done_visit(struct command *command, const struct live *live)
{
    struct visiting *visiting = (struct visiting *)command;
    struct rosters *rosters = visiting->asking.call->service->rosters;
    struct turn *turn = &visiting->turn;
    const struct ask *ask = &visiting->asking.ask;
    bool gone = command->error.code == ERROR_NOT_FOUND && !visiting->refused;
    if (gone)
        roster_gone(rosters, command->study_id);
    roster_leave(rosters, turn,
                 command->error.code || visiting->redirect ? NULL : ask, live);
    bool redirected = !command->error.code && visiting->redirect;
    if (redirected) {
        roster_go(rosters, turn, visiting->redirect);
        send(visiting);
    } else if (command->error.code ? gone && !turn->segment
                                   : is_refused(visiting)) {
        go_on(visiting);
    } else {
        finish(visiting, live);
    }
}

// ---- the request ------------------------------------------------------------

static int read_segment(struct visiting *visiting, struct error *err)
{
    struct asking *asking = &visiting->asking;
    struct turn *turn = &visiting->turn;
    struct fields fields;
    if (fields_open(&fields, asking->body, "", NULL, err))
        return -1;
    const char *segment =
        fields_text(&fields, "segment", CAMPAIGN_MAX_SEGMENT, NULL);
    if (segment)
        turn->segment =
            arena_copy(&asking->call->request->arena, segment, strlen(segment));
    turn->n = asking->ask.n;
    turn->max_seconds = asking->ask.max_seconds;
    return err->code ? -1 : 0;
}

// Finds the campaign, on an event loop from memory.
static enum route_outcome open_campaign(struct call *call, int64_t *id,
                                        struct error *err)
{
    struct service *service = call->service;
    int result =
        rosters_open(service->rosters, call->store, call->args[0], id, err);
    if (result == 0)
        result = access_campaign(service->access, call->store, &call->principal,
                                 *id, call->route->right, &call->role, err);
    return result > 0 ? ROUTE_AGAIN : result ? ROUTE_FAILED : ROUTE_DONE;
}

enum route_outcome route_campaign_ask(struct call *call, struct error *err)
{
    static const char *const known[] = {"n",           "worker",  "lease_s",
                                        "max_seconds", "segment", NULL};
    int64_t id;
    enum route_outcome found = open_campaign(call, &id, err);
    if (found != ROUTE_DONE)
        return found;
    struct visiting *visiting =
        arena_zeros(&call->request->arena, 1, sizeof *visiting);
    struct asking *asking = &visiting->asking;
    route_asking_init(asking, call);
    asking->command.apply = apply_visit;
    asking->command.done = done_visit;
    visiting->turn.campaign_id = id;
    if (route_asking_read(asking, known, err) || read_segment(visiting, err)) {
        json_decref(asking->body);
        return ROUTE_FAILED;
    }
    go_on(visiting);
    return ROUTE_LATER;
}
