// SPDX-License-Identifier: GPL-3.0-or-later
// route_campaign_limits.c - the limits of a campaign's studies, in one answer
//
// A command that changes nothing goes from study to study, so that somebody
// else's turn comes between any two of them.

#include <string.h>

#include "campaign.h"
#include "route_campaign.h"
#include "wire_limit.h"

struct tour {
    struct command command;
    struct call *call;
    struct segment_row *segments; // [n]
    size_t n, at;
    struct text text;
};

static int keep_segment(void *context, const struct segment_row *row,
                        struct error *err)
{
    struct tour *tour = context;
    struct arena *arena = &tour->call->request->arena;
    (void)err;
    if (strcmp(row->kind, "limit") != 0)
        return 0;
    struct segment_row *kept = &tour->segments[tour->n++];
    *kept = (struct segment_row){
        .study_id = row->study_id,
        .x = row->x,
        .name = arena_copy(arena, row->name, strlen(row->name)),
        .study_key = arena_copy(arena, row->study_key, strlen(row->study_key))};
    return 0;
}

static int apply(struct command *command, struct live *live,
                 struct store *store, struct error *err)
{
    (void)command;
    (void)store;
    (void)err;
    live_limit_look(live);
    return 0;
}

static void write(struct tour *tour, const struct live *live)
{
    const struct segment_row *row = &tour->segments[tour->at];
    struct text *text = &tour->text;
    text_next(text);
    text_char(text, '{');
    text_key_string(text, "name", row->name);
    text_key_real(text, "x", row->x);
    text_key_string(text, "study_id", row->study_key);
    text_key(text, "limits");
    wire_limit_curves(text, live);
    text_char(text, '}');
}

// Goes on to the next study, or answers.
static void go_on(struct tour *tour)
{
    if (tour->at < tour->n) {
        tour->command.study_id = tour->segments[tour->at].study_id;
        tour->command.error = (struct error){0};
        route_submit(tour->call, &tour->command);
        return;
    }
    text_add(&tour->text, "]}");
    route_json(tour->call, 200, &tour->text);
    http_answer(tour->call->request);
}

// A study that is gone by now is left out.
static void done(struct command *command, const struct live *live)
{
    struct tour *tour = (struct tour *)command;
    const struct error *error = &command->error;
    if (error->code && error->code != ERROR_NOT_FOUND) {
        route_problem(tour->call->service, tour->call->request, error);
        http_answer(tour->call->request);
        return;
    }
    if (!error->code)
        write(tour, live);
    tour->at++;
    go_on(tour);
}

enum route_outcome route_campaign_limits(struct call *call, struct error *err)
{
    static const char *const known[] = {NULL};
    struct arena *arena = &call->request->arena;
    struct campaign_row row;
    enum route_outcome found =
        route_query_known(call, known, err)
            ? ROUTE_FAILED
            : route_campaign_read(call, call->args[0], &row, err);
    if (found != ROUTE_DONE)
        return found;
    struct tour *tour = arena_zeros(arena, 1, sizeof *tour);
    tour->command.apply = apply;
    tour->command.done = done;
    tour->call = route_keep(call);
    tour->segments =
        arena_zeros(arena, CAMPAIGN_MAX_SEGMENTS, sizeof *tour->segments);
    if (store_segment_list(call->store, row.id, -1, CAMPAIGN_MAX_SEGMENTS,
                           keep_segment, tour, err))
        return ROUTE_FAILED;
    text_init(&tour->text, arena);
    text_char(&tour->text, '{');
    text_key_string(&tour->text, "campaign_id", row.key);
    text_key(&tour->text, "segments");
    text_char(&tour->text, '[');
    go_on(tour);
    return ROUTE_LATER;
}
