// SPDX-License-Identifier: GPL-3.0-or-later
// route_link.c - /api/v1/studies/{id}/links: studies shown to whoever has a
// link
//
// The secret of a link leaves the service once, in the answer that made it. It
// stands behind the # of the address, which browsers send to nobody.

#include <string.h>

#include "clock.h"
#include "permit.h"
#include "route.h"
#include "store_group.h"
#include "store_link.h"
#include "wire_token.h"

enum { LINK_MAX = 100 }; // valid ones of a study

// ---- looking ----------------------------------------------------------------

static void write_link(struct text *text, const struct token_row *row)
{
    text_key_int(text, "id", row->id);
    text_key_string(text, "name", row->name);
    text_key_string(text, "prefix", row->prefix);
    text_key_string(text, "by", row->user_name);
    text_key_time(text, "created", row->created_ms);
    text_key_time(text, "expires", row->expires_ms);
    text_key_time(text, "last_used", row->used_ms);
}

static int visit_link(void *context, const struct token_row *row,
                      struct error *err)
{
    struct text *text = context;
    (void)err;
    text_next(text);
    text_char(text, '{');
    write_link(text, row);
    text_char(text, '}');
    return 0;
}

enum route_outcome route_link_list(struct call *call, struct error *err)
{
    static const char *const known[] = {NULL};
    struct directory_entry entry;
    struct text text;
    if (route_query_known(call, known, err))
        return ROUTE_FAILED;
    enum route_outcome found = route_study(call, call->args[0], &entry, err);
    if (found != ROUTE_DONE)
        return found;
    text_init(&text, &call->request->arena);
    text_add(&text, "{\"links\":[");
    if (store_link_list(call->store, entry.study_id, clock_wall_ms(),
                        visit_link, &text, err))
        return ROUTE_FAILED;
    text_add(&text, "]}");
    return route_json(call, 200, &text);
}

// ---- changing ---------------------------------------------------------------

struct change {
    struct command command;
    struct call *call;
    struct new_token link;
    int64_t revoke_id; // 0: makes one
};

static int audit(struct change *change, struct store *store, struct error *err)
{
    struct arena *arena = &change->call->request->arena;
    int64_t id = change->revoke_id ? change->revoke_id : change->link.row.id;
    struct text after;
    struct audit_row row = route_audit(
        change->call, change->revoke_id ? "link.revoke" : "link.create");
    row.study_id = change->command.study_id;
    row.object = arena_print(arena, "%lld", (long long)id);
    if (!change->revoke_id) {
        text_init(&after, arena);
        text_char(&after, '{');
        text_key_string(&after, "name", change->link.row.name);
        text_key_time(&after, "expires", change->link.row.expires_ms);
        text_char(&after, '}');
        row.after = after.data;
    }
    return store_audit_add(store, &row, err);
}

static int revoke(const struct change *change, struct store *store,
                  struct error *err)
{
    return store_link_revoke(store, change->command.study_id, change->revoke_id,
                             clock_wall_ms(), err) ||
                   store_permissions_change(store, err)
               ? -1
               : 0;
}

static int create(struct change *change, struct store *store, struct error *err)
{
    int64_t n;
    if (store_link_count(store, change->command.study_id, clock_wall_ms(), &n,
                         err))
        return -1;
    if (n >= LINK_MAX)
        return error_set(err, ERROR_CONFLICT, "a study has at most %d links",
                         LINK_MAX);
    return store_token_add(store, &change->link.row, err);
}

static int apply(struct command *command, struct live *live,
                 struct store *store, struct error *err)
{
    struct change *change = (struct change *)command;
    (void)live;
    int result = change->revoke_id ? revoke(change, store, err)
                                   : create(change, store, err);
    return result ? -1 : audit(change, store, err);
}

static void write_created(struct change *change)
{
    struct call *call = change->call;
    struct arena *arena = &call->request->arena;
    struct text text;
    text_init(&text, arena);
    text_char(&text, '{');
    write_link(&text, &change->link.row);
    text_key_string(&text, "secret", change->link.secret);
    text_key_string(&text, "url",
                    arena_print(arena, "%s/#share=%s", route_public_url(call),
                                change->link.secret));
    text_char(&text, '}');
    route_json(call, 201, &text);
}

static void done(struct command *command, const struct live *live)
{
    struct change *change = (struct change *)command;
    struct request *request = change->call->request;
    (void)live;
    if (change->revoke_id)
        permit_changed(change->call->service->permit);
    if (command->error.code)
        route_problem(change->call->service, request, &command->error);
    else if (change->revoke_id)
        request->reply.status = 204;
    else
        write_created(change);
    http_answer(request);
}

static enum route_outcome submit(struct change *change, struct error *err)
{
    struct call *call = change->call;
    struct directory_entry entry;
    enum route_outcome found = route_study(call, call->args[0], &entry, err);
    if (found != ROUTE_DONE)
        return found;
    change->command.study_id = entry.study_id;
    change->link.row.study_id = entry.study_id;
    route_submit(call, &change->command);
    return ROUTE_LATER;
}

static struct change *new_change(struct call *call)
{
    struct change *change =
        arena_zeros(&call->request->arena, 1, sizeof *change);
    change->command.apply = apply;
    change->command.done = done;
    change->call = route_keep(call);
    return change;
}

enum route_outcome route_link_create(struct call *call, struct error *err)
{
    static const char *const known[] = {"name", "expires", NULL};
    struct change *change = new_change(call);
    struct fields fields;
    json_t *body = route_body(call, err);
    if (!body)
        return ROUTE_FAILED;
    if (fields_open(&fields, body, "", known, err) == 0) {
        const char *name = fields_text(&fields, "name", 200, "link");
        int64_t expires_ms = wire_token_expiry(&fields, "1m");
        account_new_token(&change->link, TOKEN_API, call->principal.user_id,
                          arena_copy(&call->request->arena, name, strlen(name)),
                          SCOPE_READ, expires_ms);
        change->link.row.guest = true;
        change->link.row.user_name = change->call->principal.name;
    }
    json_decref(body);
    return err->code ? ROUTE_FAILED : submit(change, err);
}

enum route_outcome route_link_remove(struct call *call, struct error *err)
{
    struct change *change = new_change(call);
    struct error fault = {0};
    // Whether the study is there comes first.
    if (route_number(call->args[1], &change->revoke_id, &fault) ||
        change->revoke_id == 0)
        change->revoke_id = -1;
    return submit(change, err);
}
