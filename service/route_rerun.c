// SPDX-License-Identifier: GPL-3.0-or-later
// route_rerun.c - trials that are run once more, one or many in a call

#include <inttypes.h>
#include <string.h>

#include "rerun.h"
#include "route.h"
#include "route_audited.h"
#include "wire.h"

struct rerunning {
    struct command command;
    struct call *call;
    struct rerun rerun;
    int64_t number; // of one trial
};

static int apply(struct command *command, struct live *live,
                 struct store *store, struct error *err)
{
    struct rerunning *rerunning = (struct rerunning *)command;
    struct rerun *rerun = &rerunning->rerun;
    struct audited what = {.action = "trial.rerun", .study_id = live->id};
    if (rerun_trials(live, store, rerun, err))
        return -1;
    if (!rerun->n_new)
        return 0;
    if (rerun->n == 1)
        what.object = arena_print(&rerunning->call->request->arena, "%" PRId64,
                                  rerun->items[0].of);
    what.after = arena_print(&rerunning->call->request->arena,
                             "{\"added\":%zu}", rerun->n_new);
    return route_audited(rerunning->call, store, &what, err);
}

static void write_item(struct text *text, const struct live *live,
                       const struct rerun_item *item)
{
    text_next(text);
    text_char(text, '{');
    text_key_int(text, "of", item->of);
    text_key_int(text, "number", item->number);
    text_key_string(text, "state",
                    trial_state_name(live_state(live, (size_t)item->number)));
    text_char(text, '}');
}

static void done(struct command *command, const struct live *live)
{
    struct rerunning *rerunning = (struct rerunning *)command;
    struct call *call = rerunning->call;
    const struct rerun *rerun = &rerunning->rerun;
    struct text text;
    text_init(&text, &call->request->arena);
    if (command->error.code) {
        route_problem(call->service, call->request, &command->error);
    } else {
        text_add(&text, "{\"study_id\":");
        text_string(&text, live->key);
        text_add(&text, ",\"trials\":[");
        for (size_t i = 0; i < rerun->n; i++)
            write_item(&text, live, &rerun->items[i]);
        text_print(&text, "],\"more\":%s}", rerun->more ? "true" : "false");
        route_json(call, rerun->n_new ? 201 : 200, &text);
    }
    http_answer(call->request);
}

static struct rerunning *start(struct call *call)
{
    struct arena *arena = &call->request->arena;
    struct rerunning *rerunning = arena_zeros(arena, 1, sizeof *rerunning);
    rerunning->command.apply = apply;
    rerunning->command.done = done;
    rerunning->command.takes = true;
    rerunning->call = route_keep(call);
    rerunning->rerun.user_id = call->principal.user_id;
    return rerunning;
}

// ---- one --------------------------------------------------------------------

enum route_outcome route_trial_rerun(struct call *call, struct error *err)
{
    static const char *const known[] = {NULL};
    struct rerunning *rerunning = start(call);
    struct rerun *rerun = &rerunning->rerun;
    struct fields fields;
    enum route_outcome found =
        route_trial_in_path(call, &rerunning->command, &rerunning->number, err);
    if (found != ROUTE_DONE)
        return found;
    json_t *body = route_body(call, err);
    bool good = body && fields_open(&fields, body, "", known, err) == 0;
    json_decref(body);
    if (!good)
        return ROUTE_FAILED;
    rerun->numbers = &rerunning->number;
    rerun->n_numbers = 1;
    rerun->items = arena_zeros(&call->request->arena, 1, sizeof *rerun->items);
    engine_submit(call->service->engine, &rerunning->command);
    return ROUTE_LATER;
}

// ---- many -------------------------------------------------------------------

static int read_numbers(const struct fields *fields, const json_t *list,
                        struct rerun *rerun, struct arena *arena)
{
    size_t n = json_array_size(list);
    if (!json_is_array(list))
        return fields_fail(fields, ERROR_MALFORMED, "numbers",
                           "must be an array, not %s", wire_type(list));
    if (n < 1 || n > RERUN_MAX)
        return fields_fail(fields, ERROR_INVALID, "numbers",
                           "must hold 1 to %d, not %zu", RERUN_MAX, n);
    int64_t *numbers = arena_zeros(arena, n, sizeof *numbers);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_integer(item))
            return fields_fail(fields, ERROR_MALFORMED, "numbers",
                               "must hold integers, not %s", wire_type(item));
        numbers[i] = json_integer_value(item);
    }
    rerun->numbers = numbers;
    rerun->n_numbers = n;
    return 0;
}

static int read_states(const struct fields *fields, const json_t *list,
                       struct rerun *rerun)
{
    const json_t *item;
    size_t i;
    if (!json_is_array(list))
        return fields_fail(fields, ERROR_MALFORMED, "states",
                           "must be an array, not %s", wire_type(list));
    json_array_foreach(list, i, item)
    {
        const char *name = json_string_value(item);
        int state = name ? trial_state_from_name(name) : -1;
        if (state < TRIAL_COMPLETE)
            return fields_fail(fields, ERROR_INVALID, "states",
                               "must hold states of trials that ended, not "
                               "\"%.40s\"",
                               name ? name : wire_type(item));
        rerun->states |= 1u << state;
    }
    return 0;
}

static int read(const json_t *body, struct rerun *rerun, struct arena *arena,
                struct error *err)
{
    static const char *const known[] = {"states", "numbers", NULL};
    struct fields fields;
    if (fields_open(&fields, body, "", known, err))
        return -1;
    const json_t *states = fields_get(&fields, "states");
    const json_t *numbers = fields_get(&fields, "numbers");
    if (!states == !numbers)
        return fields_fail(&fields, ERROR_INVALID, "states",
                           states ? "and numbers exclude each other"
                                  : "or numbers are required");
    return numbers ? read_numbers(&fields, numbers, rerun, arena)
                   : read_states(&fields, states, rerun);
}

enum route_outcome route_trial_rerun_many(struct call *call, struct error *err)
{
    struct directory_entry entry;
    struct arena *arena = &call->request->arena;
    enum route_outcome found = route_study(call, call->args[0], &entry, err);
    if (found != ROUTE_DONE)
        return found;
    struct rerunning *rerunning = start(call);
    rerunning->command.study_id = entry.study_id;
    json_t *body = route_body(call, err);
    bool good = body && read(body, &rerunning->rerun, arena, err) == 0;
    json_decref(body);
    if (!good)
        return ROUTE_FAILED;
    rerunning->rerun.items =
        arena_zeros(arena, RERUN_MAX, sizeof *rerunning->rerun.items);
    engine_submit(call->service->engine, &rerunning->command);
    return ROUTE_LATER;
}
