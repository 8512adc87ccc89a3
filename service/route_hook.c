// SPDX-License-Identifier: GPL-3.0-or-later
// route_hook.c - /api/v1/studies/{id}/webhooks: who is told of events
//
// A URL may hold a secret of the receiver, so looking at webhooks needs the
// same scope as making them. The secret that signs leaves the service once, in
// the answer that made it.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth_hook.h"
#include "route.h"
#include "route_audited.h"
#include "wire.h"
#include "wire_hook.h"

enum { MAX_PENDING = 10000 }; // events are counted up to this number

// ---- reading ----------------------------------------------------------------

static int read_id(const char *text, int64_t *id, struct error *err)
{
    struct error fault = {0};
    if (route_number(text, id, &fault) == 0)
        return 0;
    return error_set(err, ERROR_NOT_FOUND,
                     "hook must be a webhook's id, not \"%.40s\"", text);
}

static const char *copy(struct call *call, const char *text)
{
    return text ? arena_copy(&call->request->arena, text, strlen(text)) : NULL;
}

static const char *read_url(struct call *call, const struct fields *fields)
{
    const char *url = fields_text(fields, "url", HOOK_MAX_URL, NULL);
    if (url && !fields->err->code)
        courier_check(call->service->courier, url, fields->err);
    return copy(call, url);
}

// Kinds of events as " a b ", NULL for all.
static const char *read_kinds(struct call *call, const struct fields *fields)
{
    const json_t *list = fields_get(fields, "events"), *item;
    struct text kinds;
    size_t i;
    if (!list || fields->err->code)
        return NULL;
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n == 0 || n > HOOK_MAX_KINDS) {
        fields_fail(fields, ERROR_INVALID, "events",
                    "must be a list of 1 to %d kinds of events, or null",
                    HOOK_MAX_KINDS);
        return NULL;
    }
    text_init(&kinds, &call->request->arena);
    text_char(&kinds, ' ');
    json_array_foreach(list, i, item)
    {
        const char *word = json_string_value(item);
        if (!word || !hook_is_kind(word))
            fields_fail(fields, ERROR_INVALID, "events",
                        "must hold kinds such as trial_ended, not %.40s",
                        word ? word : wire_type(item));
        else
            text_print(&kinds, "%s ", word);
    }
    return kinds.data;
}

static const char *read_secret(struct call *call, const struct fields *fields)
{
    char secret[AUTH_HOOK_SECRET_SIZE];
    const char *given = fields_text(fields, "secret", 200, NULL);
    if (given && !fields->err->code && !auth_is_hook_secret(given))
        fields_fail(fields, ERROR_INVALID, "secret",
                    "must be whsec_ and the base64 of %d to %d bytes",
                    AUTH_HOOK_KEY_MIN, AUTH_HOOK_KEY_MAX);
    if (given)
        return copy(call, given);
    auth_hook_secret(secret);
    return copy(call, secret);
}

// ---- changes ----------------------------------------------------------------

struct change {
    struct command command;
    struct call *call;
    enum { ADD, CHANGE, REMOVE } what;
    int64_t hook_id;
    struct hook_change fields; // to CHANGE
    struct hook_row row;       // to ADD; what is there now
    bool created;
    int64_t pending;
};

static int apply_change(struct change *change, struct live *live,
                        struct store *store, struct error *err)
{
    struct arena *arena = &change->call->request->arena;
    int64_t user_id = change->call->principal.user_id;
    if (change->what == REMOVE)
        return hook_remove(live, store, change->hook_id, user_id, err);
    int result = change->what == ADD
                     ? hook_add(live, store, arena, &change->row, user_id,
                                &change->created, err)
                     : hook_change(live, store, arena, change->hook_id,
                                   &change->fields, user_id, &change->row, err);
    if (result || change->created)
        return result;
    return store_hook_pending(store, &change->row, MAX_PENDING,
                              &change->pending, err);
}

static int record(const struct change *change, const struct live *live,
                  struct store *store, const char *before, struct error *err)
{
    static const char *const actions[] = {"webhook.create", "webhook.patch",
                                          "webhook.delete"};
    struct arena *arena = &change->call->request->arena;
    int64_t id = change->what == ADD ? change->row.id : change->hook_id;
    struct audited what = {.action = actions[change->what],
                           .study_id = live->id,
                           .object = arena_print(arena, "%" PRId64, id),
                           .before = before,
                           .after = change->what == REMOVE
                                        ? NULL
                                        : wire_hook_brief(&change->row, arena)};
    return route_audited(change->call, store, &what, err);
}

static bool is_same(const struct hook_row *a, const struct hook_row *b,
                    struct arena *arena)
{
    return strcmp(a->url, b->url) == 0 &&
           strcmp(wire_hook_brief(a, arena), wire_hook_brief(b, arena)) == 0;
}

static int apply(struct command *command, struct live *live,
                 struct store *store, struct error *err)
{
    struct change *change = (struct change *)command;
    struct arena *arena = &change->call->request->arena;
    struct hook_row there = {0};
    const char *before = NULL;
    if (change->what != ADD) {
        if (store_hook_get(store, live->id, change->hook_id, arena, &there,
                           err))
            return -1;
        before = wire_hook_brief(&there, arena);
    }
    if (apply_change(change, live, store, err))
        return -1;
    bool same =
        before ? change->what == CHANGE && is_same(&there, &change->row, arena)
               : !change->created;
    return same ? 0 : record(change, live, store, before, err);
}

static void finish(struct command *command, const struct live *live)
{
    struct change *change = (struct change *)command;
    struct request *request = change->call->request;
    struct text text;
    (void)live;
    if (command->error.code) {
        route_problem(change->call->service, request, &command->error);
    } else if (change->what == REMOVE) {
        request->reply.status = 204;
    } else {
        text_init(&text, &request->arena);
        wire_hook_open(&text, &change->row, change->pending);
        if (change->created) {
            text_key_string(&text, "secret", change->row.secret);
        }
        text_char(&text, '}');
        route_json(change->call, change->created ? 201 : 200, &text);
    }
    http_answer(request);
}

static enum route_outcome submit(struct call *call, const struct change *what,
                                 struct error *err)
{
    struct directory_entry entry;
    struct change *change =
        arena_zeros(&call->request->arena, 1, sizeof *change);
    enum route_outcome found = route_study(call, call->args[0], &entry, err);
    if (found != ROUTE_DONE)
        return found;
    *change = *what;
    if (change->what != ADD && read_id(call->args[1], &change->hook_id, err))
        return ROUTE_FAILED;
    change->command.study_id = entry.study_id;
    change->command.apply = apply;
    change->command.done = finish;
    change->call = route_keep(call);
    route_submit(call, &change->command);
    return ROUTE_LATER;
}

enum route_outcome route_hook_create(struct call *call, struct error *err)
{
    static const char *const known[] = {"url", "events", "secret", NULL};
    struct change change = {.what = ADD};
    struct fields fields;
    json_t *body = route_body(call, err);
    if (!body)
        return ROUTE_FAILED;
    if (fields_open(&fields, body, "", known, err) == 0) {
        change.row.url = read_url(call, &fields);
        change.row.kinds = read_kinds(call, &fields);
        change.row.secret = read_secret(call, &fields);
        if (!change.row.url)
            fields_fail(&fields, ERROR_INVALID, "url", "is required");
    }
    json_decref(body);
    return err->code ? ROUTE_FAILED : submit(call, &change, err);
}

enum route_outcome route_hook_patch(struct call *call, struct error *err)
{
    static const char *const known[] = {"url", "events", "enabled", NULL};
    struct change change = {.what = CHANGE};
    struct fields fields;
    json_t *body = route_body(call, err);
    if (!body)
        return ROUTE_FAILED;
    if (fields_open(&fields, body, "", known, err) == 0) {
        change.fields.url = read_url(call, &fields);
        change.fields.has_kinds = json_object_get(body, "events") != NULL;
        change.fields.kinds = read_kinds(call, &fields);
        change.fields.enabled = fields_get(&fields, "enabled")
                                    ? fields_bool(&fields, "enabled", true)
                                    : -1;
    }
    json_decref(body);
    return err->code ? ROUTE_FAILED : submit(call, &change, err);
}

enum route_outcome route_hook_remove(struct call *call, struct error *err)
{
    return submit(call, &(struct change){.what = REMOVE}, err);
}

// ---- looking ----------------------------------------------------------------

enum route_outcome route_hook_list(struct call *call, struct error *err)
{
    static const char *const known[] = {NULL};
    struct hook_page page = {.limit = HOOK_MAX};
    struct directory_entry entry;
    struct text text;
    int64_t pending;
    if (route_query_known(call, known, err))
        return ROUTE_FAILED;
    enum route_outcome found = route_study(call, call->args[0], &entry, err);
    if (found != ROUTE_DONE)
        return found;
    if (store_hook_list(call->store, entry.study_id, &page,
                        &call->request->arena, err))
        return ROUTE_FAILED;
    text_init(&text, &call->request->arena);
    text_add(&text, "{\"webhooks\":[");
    for (size_t i = 0; i < page.n; i++) {
        if (store_hook_pending(call->store, &page.hooks[i], MAX_PENDING,
                               &pending, err))
            return ROUTE_FAILED;
        text_next(&text);
        wire_hook_open(&text, &page.hooks[i], pending);
        text_char(&text, '}');
    }
    text_add(&text, "]}");
    return route_json(call, 200, &text);
}

// ---- trying -----------------------------------------------------------------

struct trying {
    struct ping ping;
    struct call *call;
};

// Says what came back, but not its text: a receiver might be made to be
// something that the caller could not ask himself.
static void tried(struct ping *ping)
{
    struct trying *trying = (struct trying *)ping;
    struct request *request = trying->call->request;
    struct text text;
    text_init(&text, &request->arena);
    text_add(&text, "{\"id\":");
    text_string(&text, ping->id);
    text_key_bool(&text, "delivered",
                  ping->status >= 200 && ping->status < 300);
    text_key(&text, "status");
    if (ping->status)
        text_int(&text, ping->status);
    else
        text_add(&text, "null");
    text_key_string(&text, "error", ping->status ? NULL : ping->problem);
    text_key_real(&text, "wall_s", ping->wall_s);
    text_char(&text, '}');
    if (ping->error.code)
        route_problem(trying->call->service, request, &ping->error);
    else
        route_json(trying->call, 200, &text);
    http_answer(request);
}

enum route_outcome route_hook_test(struct call *call, struct error *err)
{
    struct trying *trying =
        arena_zeros(&call->request->arena, 1, sizeof *trying);
    struct directory_entry entry;
    enum route_outcome found = route_study(call, call->args[0], &entry, err);
    if (found != ROUTE_DONE)
        return found;
    if (read_id(call->args[1], &trying->ping.hook_id, err))
        return ROUTE_FAILED;
    trying->ping.study_id = entry.study_id;
    trying->ping.done = tried;
    trying->call = route_keep(call);
    courier_ping(call->service->courier, &trying->ping);
    return ROUTE_LATER;
}
