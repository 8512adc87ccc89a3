// SPDX-License-Identifier: GPL-3.0-or-later
// route_member.c - with whom a study, or a campaign, is shared

#include <stdio.h>
#include <string.h>

#include "member.h"
#include "permit.h"
#include "route_campaign.h"
#include "store_group.h"
#include "study.h"
#include "wire.h"

// ---- looking ----------------------------------------------------------------

static void write_member(struct text *text, const struct member_row *row)
{
    text_next(text);
    text_char(text, '{');
    text_key_string(text, "user", row->user);
    text_key_string(text, "group", row->group);
    text_key_string(text, "role", role_name(row->role));
    text_char(text, '}');
}

static int visit_member(void *context, const struct member_row *row,
                        struct error *err)
{
    (void)err;
    write_member(context, row);
    return 0;
}

enum route_outcome route_member_list(struct call *call, struct error *err)
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
    text_add(&text, "{\"members\":[");
    if (store_member_list(call->store, entry.study_id, visit_member, &text,
                          err))
        return ROUTE_FAILED;
    text_add(&text, "]}");
    return route_json(call, 200, &text);
}

enum route_outcome route_campaign_member_list(struct call *call,
                                              struct error *err)
{
    static const char *const known[] = {NULL};
    int64_t id;
    struct text text;
    if (route_query_known(call, known, err))
        return ROUTE_FAILED;
    enum route_outcome found = route_campaign(call, call->args[0], &id, err);
    if (found != ROUTE_DONE)
        return found;
    text_init(&text, &call->request->arena);
    text_add(&text, "{\"members\":[");
    if (store_campaign_member_list(call->store, id, visit_member, &text, err))
        return ROUTE_FAILED;
    text_add(&text, "]}");
    return route_json(call, 200, &text);
}

// ---- changing ---------------------------------------------------------------

struct changing {
    struct command command;
    struct call *call;
    struct member_change change;
};

static const char *role_json(struct arena *arena, enum role role)
{
    return role == ROLE_NONE
               ? NULL
               : arena_print(arena, "{\"role\":\"%s\"}", role_name(role));
}

static int audit(struct changing *changing, struct store *store,
                 struct error *err)
{
    const struct member_change *change = &changing->change;
    struct arena *arena = &changing->call->request->arena;
    struct audit_row row =
        route_audit(changing->call,
                    change->role == ROLE_NONE ? "member.remove" : "member.put");
    row.study_id = change->study_id;
    row.object = arena_print(arena, "%s:%s", change->user ? "user" : "group",
                             change->user ? change->user : change->group);
    if (change->campaign_id) {
        row.action =
            change->role == ROLE_NONE ? "campaign.unshare" : "campaign.share";
        row.object =
            arena_print(arena, "%s %s", changing->call->args[0], row.object);
    }
    row.before = role_json(arena, change->before);
    row.after = role_json(arena, change->role);
    return store_audit_add(store, &row, err);
}

static int apply_change(struct command *command, struct live *live,
                        struct store *store, struct error *err)
{
    struct changing *changing = (struct changing *)command;
    struct member_change *change = &changing->change;
    if ((change->campaign_id &&
         store_campaign_lock(store, change->campaign_id, err)) ||
        member_change(store, change, err))
        return -1;
    if (change->before == change->role)
        return 0;
    if (store_permissions_change(store, err) || audit(changing, store, err))
        return -1;
    return change->passed_on
               ? study_shared(live, store, change->principal->user_id, err)
               : 0;
}

static void done_change(struct command *command, const struct live *live)
{
    struct changing *changing = (struct changing *)command;
    struct call *call = changing->call;
    const struct member_change *change = &changing->change;
    struct text text;
    (void)live;
    permit_changed(call->service->permit);
    if (command->error.code) {
        route_problem(call->service, call->request, &command->error);
    } else if (change->role == ROLE_NONE) {
        call->request->reply.status = 204;
    } else {
        text_init(&text, &call->request->arena);
        write_member(&text, &(struct member_row){change->user, change->group,
                                                 change->role});
        route_json(call, 200, &text);
    }
    http_answer(call->request);
}

static enum route_outcome submit(struct call *call, bool campaign,
                                 const struct member_change *change,
                                 struct error *err)
{
    struct directory_entry entry = {.study_id = 0};
    int64_t campaign_id = 0;
    enum route_outcome found =
        campaign ? route_campaign(call, call->args[0], &campaign_id, err)
                 : route_study(call, call->args[0], &entry, err);
    if (found != ROUTE_DONE)
        return found;
    struct changing *changing =
        arena_zeros(&call->request->arena, 1, sizeof *changing);
    changing->command.study_id = entry.study_id;
    changing->command.apply = apply_change;
    changing->command.done = done_change;
    changing->call = route_keep(call);
    changing->change = *change;
    changing->change.study_id = entry.study_id;
    changing->change.campaign_id = campaign_id;
    changing->change.principal = &changing->call->principal;
    route_submit(call, &changing->command);
    return ROUTE_LATER;
}

static const char *read_name(struct call *call, const struct fields *fields,
                             const char *name)
{
    const char *text = fields_text(fields, name, MEMBER_NAME, NULL);
    return text ? arena_copy(&call->request->arena, text, strlen(text)) : NULL;
}

static enum role read_role(const struct fields *fields)
{
    const char *name = fields_text(fields, "role", 20, "");
    enum role role = role_from_name(name);
    if (role == ROLE_NONE)
        fields_fail(fields, ERROR_INVALID, "role",
                    "must be viewer, worker, editor or owner, not \"%s\"",
                    name);
    return role;
}

static enum route_outcome put(struct call *call, bool campaign,
                              struct error *err)
{
    static const char *const known[] = {"user", "group", "role", NULL};
    struct member_change change = {0};
    struct fields fields;
    json_t *body = route_body(call, err);
    if (!body)
        return ROUTE_FAILED;
    if (fields_open(&fields, body, "", known, err) == 0) {
        change.user = read_name(call, &fields, "user");
        change.group = read_name(call, &fields, "group");
        change.role = read_role(&fields);
        if (!change.user == !change.group)
            fields_fail(&fields, ERROR_INVALID, "user",
                        "or group is required, one of them");
    }
    json_decref(body);
    return err->code ? ROUTE_FAILED : submit(call, campaign, &change, err);
}

enum route_outcome route_member_put(struct call *call, struct error *err)
{
    return put(call, false, err);
}

enum route_outcome route_campaign_member_put(struct call *call,
                                             struct error *err)
{
    return put(call, true, err);
}

static enum route_outcome take_out(struct call *call, bool campaign,
                                   struct error *err)
{
    static const char *const known[] = {"user", "group", NULL};
    struct member_change change = {
        .user = request_query(call->request, "user"),
        .group = request_query(call->request, "group"),
    };
    if (route_query_known(call, known, err))
        return ROUTE_FAILED;
    if (!change.user == !change.group) {
        error_set(err, ERROR_INVALID, "user or group is required, one of them");
        return ROUTE_FAILED;
    }
    return submit(call, campaign, &change, err);
}

enum route_outcome route_member_remove(struct call *call, struct error *err)
{
    return take_out(call, false, err);
}

enum route_outcome route_campaign_member_remove(struct call *call,
                                                struct error *err)
{
    return take_out(call, true, err);
}
