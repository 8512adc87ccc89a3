// SPDX-License-Identifier: GPL-3.0-or-later
// route_group.c - /api/v1/groups: groups of users
//
// Everybody sees the groups that he is in; administrators see and change all.

#include <inttypes.h>
#include <string.h>

#include "group.h"
#include "permit.h"
#include "route.h"
#include "wire.h"

// ---- looking ----------------------------------------------------------------

struct listing {
    struct text *text;
    const char *last; // a copy of the last name
    int n;
};

static int visit_group(void *context, const struct group_row *row,
                       struct error *err)
{
    struct listing *listing = context;
    struct text *text = listing->text;
    (void)err;
    listing->n++;
    listing->last = arena_copy(text->arena, row->name, strlen(row->name));
    text_next(text);
    text_char(text, '{');
    text_key_int(text, "id", row->id);
    text_key_string(text, "name", row->name);
    text_key_time(text, "created", row->created_ms);
    text_key_int(text, "members", row->members);
    text_char(text, '}');
    return 0;
}

static int visit_member(void *context, const struct group_member *row,
                        struct error *err)
{
    struct listing *listing = context;
    struct text *text = listing->text;
    (void)err;
    listing->n++;
    listing->last = arena_copy(text->arena, row->user, strlen(row->user));
    text_next(text);
    text_char(text, '{');
    text_key_string(text, "user", row->user);
    text_key_bool(text, "by_administrator", row->by_administrator);
    text_key_string(text, "issuer", row->issuer);
    text_char(text, '}');
    return 0;
}

// limit and cursor, which is the last name of the page before.
static int read_page(const struct call *call, const char **after, int *limit,
                     struct error *err)
{
    static const char *const known[] = {"limit", "cursor", NULL};
    int64_t most;
    if (route_query_known(call, known, err) ||
        route_query_text(call, "cursor", GROUP_MAX_NAME, after, err) ||
        route_query_int(call, "limit", 1, 1000, 100, &most, err))
        return -1;
    *limit = (int)most;
    return 0;
}

static enum route_outcome reply_page(struct call *call,
                                     const struct listing *listing, int limit)
{
    text_char(listing->text, ']');
    text_key_string(listing->text, "next",
                    listing->n == limit ? listing->last : NULL);
    text_char(listing->text, '}');
    return route_json(call, 200, listing->text);
}

enum route_outcome route_group_list(struct call *call, struct error *err)
{
    const struct principal *principal = &call->principal;
    bool all = principal->admin && (principal->scopes & SCOPE_ADMIN);
    struct group_filter filter = {.user_id = all ? 0 : principal->user_id};
    struct text text;
    struct listing listing = {.text = &text};
    if (read_page(call, &filter.after, &filter.limit, err))
        return ROUTE_FAILED;
    text_init(&text, &call->request->arena);
    text_add(&text, "{\"groups\":[");
    if (store_group_list(call->store, &filter, visit_group, &listing, err))
        return ROUTE_FAILED;
    return reply_page(call, &listing, filter.limit);
}

static int read_id(const char *text, int64_t *id, struct error *err)
{
    struct error fault = {0};
    if (route_number(text, id, &fault) == 0)
        return 0;
    return error_set(err, ERROR_NOT_FOUND,
                     "group must be a group's id, not \"%.40s\"", text);
}

enum route_outcome route_group_member_list(struct call *call, struct error *err)
{
    struct text text;
    struct listing listing = {.text = &text};
    const char *after, *name;
    int64_t id;
    int limit;
    if (read_page(call, &after, &limit, err) ||
        read_id(call->args[0], &id, err) ||
        store_group_get(call->store, id, &call->request->arena, &name, err))
        return ROUTE_FAILED;
    text_init(&text, &call->request->arena);
    text_add(&text, "{\"members\":[");
    if (store_group_members(call->store, id, after, limit, visit_member,
                            &listing, err))
        return ROUTE_FAILED;
    return reply_page(call, &listing, limit);
}

// ---- changing ---------------------------------------------------------------

struct change {
    struct command command;
    struct call *call;
    enum { CREATE, REMOVE, ENTER, LEAVE } what;
    int64_t id;
    const char *user;
    const char *name; // of the group
    struct group_row row;
    bool same; // there was nothing to change
};

static int audit(struct change *change, struct store *store, struct error *err)
{
    static const char *const actions[] = {"group.create", "group.delete",
                                          "group.enter", "group.leave"};
    struct arena *arena = &change->call->request->arena;
    struct audit_row row = route_audit(change->call, actions[change->what]);
    row.object = change->name;
    if (!change->name)
        row.object = arena_print(arena, "%" PRId64, change->id);
    if (change->user) {
        struct text user;
        text_init(&user, arena);
        text_add(&user, "{\"user\":");
        text_string(&user, change->user);
        text_char(&user, '}');
        *(change->what == ENTER ? &row.after : &row.before) = user.data;
    }
    return store_audit_add(store, &row, err);
}

static int apply(struct command *command, struct live *live,
                 struct store *store, struct error *err)
{
    struct change *change = (struct change *)command;
    bool changed = true;
    int result = 0;
    (void)live;
    switch (change->what) {
    case CREATE:
        result = group_create(store, change->name, &change->row, &changed, err);
        break;
    case REMOVE:
        result = group_delete(store, change->id, &change->call->request->arena,
                              &change->name, err);
        break;
    case ENTER:
    case LEAVE:
        result = group_change(store, change->id, change->user,
                              change->what == ENTER, &changed, err);
    }
    change->same = !changed;
    return result || change->same ? result : audit(change, store, err);
}

static void done(struct command *command, const struct live *live)
{
    struct change *change = (struct change *)command;
    struct call *call = change->call;
    struct text text;
    (void)live;
    if (change->what != CREATE)
        permit_changed(call->service->permit);
    call->request->reply.status = 204;
    text_init(&text, &call->request->arena);
    if (command->error.code) {
        route_problem(call->service, call->request, &command->error);
    } else if (change->what == CREATE) {
        visit_group(&(struct listing){.text = &text}, &change->row, NULL);
        route_json(call, change->same ? 200 : 201, &text);
    }
    http_answer(call->request);
}

static enum route_outcome submit(struct call *call, const struct change *what,
                                 struct error *err)
{
    struct change *change =
        arena_zeros(&call->request->arena, 1, sizeof *change);
    *change = *what;
    if (change->what != CREATE && read_id(call->args[0], &change->id, err))
        return ROUTE_FAILED;
    change->command.apply = apply;
    change->command.done = done;
    change->call = route_keep(call);
    route_submit(call, &change->command);
    return ROUTE_LATER;
}

// The only member of a body, a name.
static const char *read_name(struct call *call, const char *field,
                             struct error *err)
{
    const char *const known[] = {field, NULL};
    const char *name = NULL;
    struct fields fields;
    json_t *body = route_body(call, err);
    if (body && fields_open(&fields, body, "", known, err) == 0) {
        name = fields_text(&fields, field, GROUP_MAX_NAME, "");
        if (!*name)
            fields_fail(&fields, ERROR_INVALID, field,
                        "is required and must not be empty");
        name = arena_copy(&call->request->arena, name, strlen(name));
    }
    json_decref(body);
    return err->code ? NULL : name;
}

enum route_outcome route_group_create(struct call *call, struct error *err)
{
    struct change change = {.what = CREATE,
                            .name = read_name(call, "name", err)};
    return change.name ? submit(call, &change, err) : ROUTE_FAILED;
}

enum route_outcome route_group_remove(struct call *call, struct error *err)
{
    return submit(call, &(struct change){.what = REMOVE}, err);
}

enum route_outcome route_group_member_put(struct call *call, struct error *err)
{
    struct change change = {.what = ENTER,
                            .user = read_name(call, "user", err)};
    return change.user ? submit(call, &change, err) : ROUTE_FAILED;
}

enum route_outcome route_group_member_remove(struct call *call,
                                             struct error *err)
{
    static const char *const known[] = {"user", NULL};
    struct change change = {.what = LEAVE,
                            .user = request_query(call->request, "user")};
    if (route_query_known(call, known, err))
        return ROUTE_FAILED;
    if (!change.user) {
        error_set(err, ERROR_INVALID, "user is required");
        return ROUTE_FAILED;
    }
    return submit(call, &change, err);
}
