// SPDX-License-Identifier: GPL-3.0-or-later
// route_hopaas.c - the protocol of Hopaas, for jobs that were written for it
//
// Its client does not retry, has no timeout and takes anything but status 200
// for the end of the job, so whatever can be understood is answered with 200.

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "route_asking.h"
#include "trial.h"
#include "wire.h"
#include "wire_hopaas.h"

// Answers with these bytes and nothing more: the client compares them.
static void answer(struct call *call, const struct command *command,
                   const char *body, size_t bytes)
{
    struct reply *reply = &call->request->reply;
    if (command->error.code) {
        route_problem(call->service, call->request, &command->error);
    } else {
        reply->status = 200;
        reply->content_type = "application/json; charset=utf-8";
        reply->body = body;
        reply->body_bytes = bytes;
    }
    http_answer(call->request);
}

enum route_outcome route_hopaas_version(struct call *call, struct error *err)
{
    struct reply *reply = &call->request->reply;
    (void)err;
    reply->status = 200;
    reply->content_type = "text/plain; charset=utf-8";
    reply->body = "cumae " CUMAE_VERSION;
    reply->body_bytes = strlen(reply->body);
    return ROUTE_DONE;
}

// ---- ask --------------------------------------------------------------------

static void answer_ask(struct asking *asking, const struct live *live)
{
    const struct ask *ask = &asking->ask;
    struct request *request = asking->call->request;
    struct error none = {0};
    struct text text;
    if (ask->n_numbers == 0) {
        error_set(&none, ERROR_CONFLICT, "no trial: %s %s", ask->reason,
                  ask->detail);
        route_problem(asking->call->service, request, &none);
        return;
    }
    text_init(&text, &request->arena);
    wire_hopaas_answer(&text, asking->body, live, ask->numbers[0]);
    route_json(asking->call, 200, &text);
}

static int describe(struct asking *asking, struct error *err)
{
    struct arena *arena = &asking->call->request->arena;
    char *identity;
    struct definition *definition =
        wire_hopaas_read(asking->body, arena, &identity, err);
    if (!definition)
        return -1;
    route_asking_digest(asking->call, identity, asking->key);
    asking->wanted = (struct study_wanted){
        .definition = definition,
        .identity = arena_print(arena, "hopaas:%s", asking->key)};
    return 0;
}

enum route_outcome route_hopaas_ask(struct call *call, struct error *err)
{
    struct arena *arena = &call->request->arena;
    struct asking *asking = route_asking_new(call, answer_ask);
    asking->ask.n = 1;
    asking->ask.numbers = arena_zeros(arena, 1, sizeof *asking->ask.numbers);
    asking->body = route_body(call, err);
    if (!asking->body)
        return ROUTE_FAILED;
    asking->ask.special = wire_hopaas_special(asking->body, arena);
    char *setup = wire_hopaas_setup(asking->body);
    enum route_outcome outcome =
        route_asking_find(asking, setup, describe, err);
    free(setup);
    return outcome;
}

// ---- should_prune, tell, mark_as_failed -------------------------------------

struct telling {
    struct command command;
    struct call *call;
    struct report report;
    struct tell tell;
};

// Reads "SUID:N" and finds the study.
static enum route_outcome find_trial(struct call *call, const char *trial,
                                     int64_t *study_id, int64_t *number,
                                     struct error *err)
{
    struct directory_entry entry;
    const char *colon = trial ? strchr(trial, ':') : NULL;
    if (!colon) {
        error_set(err, ERROR_INVALID,
                  "hopaas_trial must be \"STUDY:NUMBER\"%s%.60s",
                  trial ? ", not " : "", trial ? trial : "");
        return ROUTE_FAILED;
    }
    const char *key =
        arena_copy(&call->request->arena, trial, (size_t)(colon - trial));
    if (route_number(colon + 1, number, err))
        return ROUTE_FAILED;
    enum route_outcome found = route_study(call, key, &entry, err);
    *study_id = entry.study_id;
    return found;
}

static int apply_should_prune(struct command *command, struct live *live,
                              struct store *store, struct error *err)
{
    return trial_report(live, store, &((struct telling *)command)->report, err);
}

static void done_should_prune(struct command *command, const struct live *live)
{
    struct telling *telling = (struct telling *)command;
    const char *word = telling->report.should_prune ? "true" : "false";
    (void)live;
    answer(telling->call, command, word, strlen(word));
}

static int apply_tell(struct command *command, struct live *live,
                      struct store *store, struct error *err)
{
    return trial_tell(live, store, &((struct telling *)command)->tell, err);
}

static void done_tell(struct command *command, const struct live *live)
{
    struct call *call = ((struct telling *)command)->call;
    (void)live;
    if (!command->error.code)
        metrics_add(call->service->metrics, METRIC_TELLS, 1);
    answer(call, command, "", 0);
}

// What each of the three calls reads, beside hopaas_trial.
static void read_should_prune(struct telling *telling,
                              const struct fields *fields)
{
    telling->report.value = fields_value(fields, "loss", NAN);
    telling->report.step = fields_int(fields, "step", 0, INT64_C(1) << 53, 0);
    telling->command.apply = apply_should_prune;
    telling->command.done = done_should_prune;
}

static void read_tell(struct telling *telling, const struct fields *fields)
{
    telling->tell.state = TRIAL_COMPLETE;
    telling->tell.numbers.n_values = 1;
    telling->tell.numbers.values[0] = fields_value(fields, "loss", NAN);
    telling->command.apply = apply_tell;
    telling->command.done = done_tell;
}

static void read_failed(struct telling *telling, const struct fields *fields)
{
    const char *error = fields_text(fields, "error", 16384, "failed");
    telling->tell.state = TRIAL_FAILED;
    telling->tell.error =
        arena_copy(&telling->call->request->arena, error, strlen(error));
    telling->command.apply = apply_tell;
    telling->command.done = done_tell;
}

static enum route_outcome tell(struct call *call,
                               void (*read)(struct telling *telling,
                                            const struct fields *fields),
                               struct error *err)
{
    struct telling *telling =
        arena_zeros(&call->request->arena, 1, sizeof *telling);
    struct fields fields;
    int64_t number = 0;
    json_t *body = route_body(call, err);
    if (!body || fields_open(&fields, body, "", NULL, err))
        return ROUTE_FAILED;
    telling->call = route_keep(call);
    telling->tell.numbers.uncertainty = telling->tell.wall_s = NAN;
    telling->tell.lenient = telling->report.lenient = true;
    telling->tell.user_id = telling->report.user_id = call->principal.user_id;
    read(telling, &fields);
    enum route_outcome found =
        err->code
            ? ROUTE_FAILED
            : find_trial(call, fields_text(&fields, "hopaas_trial", 200, NULL),
                         &telling->command.study_id, &number, err);
    json_decref(body);
    if (found != ROUTE_DONE)
        return found;
    telling->tell.number = telling->report.number = number;
    route_submit(call, &telling->command);
    return ROUTE_LATER;
}

enum route_outcome route_hopaas_should_prune(struct call *call,
                                             struct error *err)
{
    return tell(call, read_should_prune, err);
}

enum route_outcome route_hopaas_tell(struct call *call, struct error *err)
{
    return tell(call, read_tell, err);
}

enum route_outcome route_hopaas_mark_as_failed(struct call *call,
                                               struct error *err)
{
    return tell(call, read_failed, err);
}

// ---- best -------------------------------------------------------------------

enum route_outcome route_hopaas_get_best_trial(struct call *call,
                                               struct error *err)
{
    int64_t id, owner_id, number;
    struct study_progress progress;
    struct text text;
    const char *trial = request_query(call->request, "hopaas_trial");
    enum route_outcome found = find_trial(call, trial, &id, &number, err);
    if (found != ROUTE_DONE)
        return found;
    const char *key =
        arena_copy(&call->request->arena, trial, strcspn(trial, ":"));
    if (store_study_progress(call->store, key, &id, &owner_id, &progress, err))
        return ROUTE_FAILED;
    if (progress.best_number < 0) {
        error_set(err, ERROR_NOT_FOUND, "no trial is complete yet");
        return ROUTE_FAILED;
    }
    text_init(&text, &call->request->arena);
    text_print(&text, "\"%s:%" PRId64 "\"", key, progress.best_number);
    return route_json(call, 200, &text);
}
