// SPDX-License-Identifier: GPL-3.0-or-later
// route_campaign_steer.c - all studies of a campaign paused, resumed, stopped,
// deleted
//
// Each study is changed by a command of its own, some of them at once, so that
// nobody waits for all of them. There is no moment at which all change: what
// was cut short is repeated. The line of the audit log is written with the
// first change; until then there is one command at a time.

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "campaign.h"
#include "route_audited.h"
#include "route_campaign.h"
#include "study.h"

enum { LANES = 16 };

struct herd;

// A command that goes from study to study.
struct lane {
    struct command command;
    struct herd *herd;
    bool changed;
};

struct herd {
    struct command last; // when all studies are done
    struct call *call;
    struct campaign_row row;
    const char *action; // for the audit log
    enum study_state state;
    bool remove;
    int64_t *ids; // [n] of the studies
    size_t n, capacity;
    pthread_mutex_t mutex; // guards everything below
    struct lane lanes[LANES];
    size_t next, at_work;
    bool recorded; // the line is written
    struct error fault;
    struct text text;
};

// ---- a study ----------------------------------------------------------------

static int record(const struct herd *herd, struct store *store,
                  struct error *err)
{
    struct text before;
    text_init(&before, &herd->call->request->arena);
    text_char(&before, '{');
    text_key_string(&before, "name", herd->row.name);
    text_key_int(&before, "segments", (int64_t)herd->n);
    text_char(&before, '}');
    struct audited what = {
        .action = herd->action, .object = herd->row.key, .before = before.data};
    return route_audited(herd->call, store, &what, err);
}

// A study that has finished on its own is left as it is.
static int steer(const struct herd *herd, struct live *live,
                 struct store *store, struct error *err)
{
    struct error fault = {0};
    int64_t user_id = herd->call->principal.user_id;
    if (herd->remove)
        return study_delete(live, store, err);
    if (study_steer(live, store, herd->state, user_id, &fault) == 0 ||
        fault.code == ERROR_CONFLICT)
        return 0;
    return error_set(err, fault.code, "%s", fault.message);
}

static int apply_lane(struct command *command, struct live *live,
                      struct store *store, struct error *err)
{
    struct lane *lane = (struct lane *)command;
    struct herd *herd = lane->herd;
    int64_t revision = live->progress.revision;
    if (steer(herd, live, store, err))
        return -1;
    lane->changed = herd->remove || live->progress.revision != revision;
    return lane->changed && !herd->recorded ? record(herd, store, err) : 0;
}

static void finish(struct herd *herd)
{
    if (herd->fault.code) {
        herd->last.error = herd->fault;
        herd->last.done(&herd->last, NULL);
    } else {
        route_submit(herd->call, &herd->last);
    }
}

// Takes the next study. Returns false when there is none. Under the mutex.
static bool take_next(struct herd *herd, struct lane *lane)
{
    if (herd->next == herd->n || herd->fault.code)
        return false;
    lane->command.study_id = herd->ids[herd->next++];
    lane->changed = false;
    return true;
}

// Starts the lanes that have something to do, up to so many.
static void start(struct herd *herd, size_t most)
{
    struct lane *started[LANES];
    size_t n = 0;
    pthread_mutex_lock(&herd->mutex);
    for (size_t i = 0; i < LANES && n < most; i++)
        if (!herd->lanes[i].herd && take_next(herd, &herd->lanes[i])) {
            herd->lanes[i].herd = herd;
            started[n++] = &herd->lanes[i];
        }
    herd->at_work += n;
    pthread_mutex_unlock(&herd->mutex);
    for (size_t i = 0; i < n; i++)
        route_submit(herd->call, &started[i]->command);
}

// A study that is gone is fine.
static void note_fault(struct herd *herd, const struct error *err)
{
    if (err->code && err->code != ERROR_NOT_FOUND)
        error_set(&herd->fault, err->code, "%s", err->message);
}

static void done_lane(struct command *command, const struct live *live)
{
    struct lane *lane = (struct lane *)command;
    struct herd *herd = lane->herd;
    bool first = false;
    (void)live;
    if (herd->remove)
        directory_drop(herd->call->service->directory, command->study_id);
    pthread_mutex_lock(&herd->mutex);
    note_fault(herd, &command->error);
    if (!command->error.code && lane->changed && !herd->recorded)
        herd->recorded = first = true;
    pthread_mutex_unlock(&herd->mutex);
    if (first)
        start(herd, LANES - 1);
    pthread_mutex_lock(&herd->mutex);
    bool more = take_next(herd, lane);
    herd->at_work -= !more;
    bool over = herd->at_work == 0;
    pthread_mutex_unlock(&herd->mutex);
    if (more)
        route_submit(herd->call, command);
    else if (over)
        finish(herd);
}

// ---- the campaign -----------------------------------------------------------

static int apply_last(struct command *command, struct live *live,
                      struct store *store, struct error *err)
{
    struct herd *herd = (struct herd *)command;
    (void)live;
    if (herd->remove)
        return campaign_delete(store, herd->row.id, err) ||
                       (!herd->recorded && record(herd, store, err))
                   ? -1
                   : 0;
    text_init(&herd->text, &herd->call->request->arena);
    return route_campaign_write(store, &herd->text, herd->row.id,
                                herd->call->role, err);
}

static void done_last(struct command *command, const struct live *live)
{
    struct herd *herd = (struct herd *)command;
    struct call *call = herd->call;
    (void)live;
    if (command->error.code)
        route_problem(call->service, call->request, &command->error);
    else if (herd->remove)
        call->request->reply.status = 204;
    else
        route_json(call, 200, &herd->text);
    if (herd->remove)
        roster_drop(call->service->rosters, herd->row.id);
    pthread_mutex_destroy(&herd->mutex);
    http_answer(call->request);
}

// ---- requests ---------------------------------------------------------------

static int keep_id(void *context, const struct segment_row *row,
                   struct error *err)
{
    struct herd *herd = context;
    (void)err;
    herd->ids[herd->n++] = row->study_id;
    return 0;
}

static struct herd *gather(struct call *call, const struct herd *what)
{
    struct arena *arena = &call->request->arena;
    struct herd *herd = arena_zeros(arena, 1, sizeof *herd);
    *herd = *what;
    herd->call = route_keep(call);
    herd->ids = arena_zeros(arena, CAMPAIGN_MAX_SEGMENTS, sizeof *herd->ids);
    herd->last.apply = apply_last;
    herd->last.done = done_last;
    for (size_t i = 0; i < LANES; i++) {
        herd->lanes[i].command.apply = apply_lane;
        herd->lanes[i].command.done = done_lane;
    }
    pthread_mutex_init(&herd->mutex, NULL);
    return herd;
}

// Begins with the studies, or where they are to stay with the campaign.
static enum route_outcome submit(struct call *call, struct herd *what,
                                 bool studies, struct error *err)
{
    enum route_outcome found =
        route_campaign_read(call, call->args[0], &what->row, err);
    if (found != ROUTE_DONE)
        return found;
    struct herd *herd = gather(call, what);
    if (studies &&
        store_segment_list(call->store, herd->row.id, -1, CAMPAIGN_MAX_SEGMENTS,
                           keep_id, herd, err)) {
        pthread_mutex_destroy(&herd->mutex);
        return ROUTE_FAILED;
    }
    if (herd->n)
        start(herd, 1);
    else
        finish(herd);
    return ROUTE_LATER;
}

enum route_outcome route_campaign_pause(struct call *call, struct error *err)
{
    return submit(
        call, &(struct herd){.action = "campaign.pause", .state = STUDY_PAUSED},
        true, err);
}

enum route_outcome route_campaign_resume(struct call *call, struct error *err)
{
    return submit(
        call,
        &(struct herd){.action = "campaign.resume", .state = STUDY_RUNNING},
        true, err);
}

enum route_outcome route_campaign_stop(struct call *call, struct error *err)
{
    return submit(
        call,
        &(struct herd){.action = "campaign.stop", .state = STUDY_DRAINING},
        true, err);
}

enum route_outcome route_campaign_remove(struct call *call, struct error *err)
{
    static const char *const known[] = {"studies", NULL};
    int64_t studies;
    if (route_query_known(call, known, err) ||
        route_query_int(call, "studies", 0, 1, 0, &studies, err))
        return ROUTE_FAILED;
    return submit(call,
                  &(struct herd){.action = "campaign.delete", .remove = true},
                  studies == 1, err);
}
