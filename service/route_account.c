// SPDX-License-Identifier: GPL-3.0-or-later
// route_account.c - /api/v1/tokens

#include <string.h>

#include "auth.h"
#include "clock.h"
#include "permit.h"
#include "route.h"
#include "route_campaign.h"
#include "token.h"
#include "wire.h"
#include "wire_token.h"

// ---- list -------------------------------------------------------------------

struct listing {
    const struct principal *principal;
    struct text text;
};

static int visit_token(void *context, const struct token_row *row,
                       struct error *err)
{
    struct listing *listing = context;
    (void)err;
    if (!account_sees(listing->principal, row))
        return 0;
    text_next(&listing->text);
    text_char(&listing->text, '{');
    wire_token(&listing->text, row);
    text_char(&listing->text, '}');
    return 0;
}

enum route_outcome route_account_tokens(struct call *call, struct error *err)
{
    struct listing listing = {.principal = &call->principal};
    text_init(&listing.text, &call->request->arena);
    text_add(&listing.text, "{\"tokens\":[");
    if (store_token_list(call->store, call->principal.user_id, TOKEN_API,
                         visit_token, &listing, err))
        return ROUTE_FAILED;
    text_add(&listing.text, "]}");
    return route_json(call, 200, &listing.text);
}

// ---- a change on its way ----------------------------------------------------

struct change {
    struct command command;
    struct call *call;
    struct new_token token;
    int64_t revoke_id;
    struct token_rotation rotation;
};

static struct token_reach reach_of(const struct call *call)
{
    return (struct token_reach){.user_id = call->principal.user_id,
                                .study_id = call->principal.study_id,
                                .campaign_id = call->principal.campaign_id,
                                .scopes = call->principal.scopes};
}

static struct change *
new_change(struct call *call,
           int (*apply)(struct command *command, struct live *live,
                        struct store *store, struct error *err),
           void (*done)(struct command *command, const struct live *live))
{
    struct change *change =
        arena_zeros(&call->request->arena, 1, sizeof *change);
    change->command.apply = apply;
    change->command.done = done;
    change->call = route_keep(call);
    return change;
}

static enum route_outcome submit(struct change *change)
{
    route_submit(change->call, &change->command);
    return ROUTE_LATER;
}

// Answers with a token, for the only time with its secret.
static void answer_token(struct change *change, struct new_token *token)
{
    struct text text;
    text_init(&text, &change->call->request->arena);
    text_char(&text, '{');
    wire_token(&text, &token->row);
    text_key_string(&text, "token", token->secret);
    text_char(&text, '}');
    auth_wipe(token->secret, sizeof token->secret);
    route_json(change->call, 201, &text);
}

static int read_id(const struct call *call, int64_t *id, struct error *err)
{
    struct error fault = {0};
    if (route_number(call->args[0], id, &fault) == 0 && *id > 0)
        return 0;
    return error_set(err, ERROR_NOT_FOUND,
                     "id must be a token's id, not \"%.40s\"", call->args[0]);
}

// ---- create -----------------------------------------------------------------

static int apply_create(struct command *command, struct live *live,
                        struct store *store, struct error *err)
{
    struct change *change = (struct change *)command;
    struct audit_row audit = route_audit(change->call, "token.create");
    (void)live;
    return token_create(store, &change->token, &audit,
                        &change->call->request->arena, err);
}

static void done_create(struct command *command, const struct live *live)
{
    struct change *change = (struct change *)command;
    struct call *call = change->call;
    (void)live;
    if (command->error.code)
        route_problem(call->service, call->request, &command->error);
    else
        answer_token(change, &change->token);
    http_answer(call->request);
}

// The scopes wanted, none beyond those of the caller.
static unsigned read_scopes(const struct call *call,
                            const struct fields *fields)
{
    const json_t *list = fields_get(fields, "scopes"), *name;
    unsigned scopes = 0;
    size_t i;
    if (!list)
        return (SCOPE_READ | SCOPE_ASK) & call->principal.scopes;
    if (!json_is_array(list) || json_array_size(list) == 0)
        fields_fail(fields, ERROR_INVALID, "scopes",
                    "must be a list of read, ask, steer, admin");
    json_array_foreach(list, i, name)
    {
        const char *word = json_string_value(name);
        unsigned scope = word ? scope_from_name(word) : 0;
        if (!scope)
            fields_fail(fields, ERROR_INVALID, "scopes",
                        "must be read, ask, steer or admin, not %.40s",
                        word ? word : wire_type(name));
        scopes |= scope;
    }
    if (!fields->err->code && (scopes & ~call->principal.scopes))
        fields_fail(fields, ERROR_FORBIDDEN, "scopes",
                    "must not go beyond those of the token that asks");
    return scopes;
}

static int read_token(struct call *call, const struct fields *fields,
                      struct change *change, struct error *err)
{
    const char *name = fields_text(fields, "name", TOKEN_MAX_NAME, NULL);
    const char *study = fields_text(fields, "study_id", 80, NULL);
    const char *campaign = fields_text(fields, "campaign_id", 80, NULL);
    struct directory_entry entry = {0};
    int64_t campaign_id = call->principal.campaign_id;
    if (err->code)
        return -1;
    if (!name || !*name)
        return fields_fail(fields, ERROR_INVALID, "name",
                           "is required and must not be empty");
    unsigned scopes = read_scopes(call, fields);
    int64_t expires_ms = wire_token_expiry(fields, "1m");
    if (err->code)
        return -1;
    if (study && campaign)
        return fields_fail(fields, ERROR_INVALID, "campaign_id",
                           "must not be given with study_id");
    if ((study && route_study(call, study, &entry, err) != ROUTE_DONE) ||
        (campaign &&
         route_campaign(call, campaign, &campaign_id, err) != ROUTE_DONE))
        return -1;
    account_new_token(&change->token, TOKEN_API, call->principal.user_id,
                      arena_copy(&call->request->arena, name, strlen(name)),
                      scopes, expires_ms);
    change->token.row.study_id =
        study ? entry.study_id : call->principal.study_id;
    change->token.row.campaign_id = campaign_id;
    return 0;
}

enum route_outcome route_account_create(struct call *call, struct error *err)
{
    static const char *const known[] = {"name",     "expires",     "scopes",
                                        "study_id", "campaign_id", NULL};
    struct change *change = new_change(call, apply_create, done_create);
    struct fields fields;
    json_t *body = route_body(call, err);
    bool good = body && fields_open(&fields, body, "", known, err) == 0 &&
                read_token(call, &fields, change, err) == 0;
    json_decref(body);
    return good ? submit(change) : ROUTE_FAILED;
}

// ---- revoke -----------------------------------------------------------------

static int apply_revoke(struct command *command, struct live *live,
                        struct store *store, struct error *err)
{
    const struct change *change = (const struct change *)command;
    struct token_reach reach = reach_of(change->call);
    struct audit_row audit = route_audit(change->call, "token.revoke");
    (void)live;
    return token_revoke(store, &reach, change->revoke_id, &audit, err);
}

static void done_revoke(struct command *command, const struct live *live)
{
    struct call *call = ((struct change *)command)->call;
    (void)live;
    permit_changed(call->service->permit);
    if (command->error.code)
        route_problem(call->service, call->request, &command->error);
    else
        call->request->reply.status = 204;
    http_answer(call->request);
}

enum route_outcome route_account_revoke(struct call *call, struct error *err)
{
    struct change *change = new_change(call, apply_revoke, done_revoke);
    return read_id(call, &change->revoke_id, err) ? ROUTE_FAILED
                                                  : submit(change);
}

// ---- rotate -----------------------------------------------------------------

static int apply_rotate(struct command *command, struct live *live,
                        struct store *store, struct error *err)
{
    struct change *change = (struct change *)command;
    struct audit_row audit = route_audit(change->call, "token.rotate");
    (void)live;
    return token_rotate(store, &change->rotation, &audit,
                        &change->call->request->arena, err);
}

static void done_rotate(struct command *command, const struct live *live)
{
    struct change *change = (struct change *)command;
    struct call *call = change->call;
    (void)live;
    permit_changed(call->service->permit);
    if (command->error.code)
        route_problem(call->service, call->request, &command->error);
    else
        answer_token(change, &change->rotation.token);
    http_answer(call->request);
}

enum route_outcome route_account_rotate(struct call *call, struct error *err)
{
    static const char *const known[] = {"overlap_s", "expires", NULL};
    struct change *change = new_change(call, apply_rotate, done_rotate);
    struct token_rotation *rotation = &change->rotation;
    struct fields fields;
    if (read_id(call, &rotation->id, err))
        return ROUTE_FAILED;
    rotation->reach = reach_of(call);
    json_t *body = route_body(call, err);
    if (body && fields_open(&fields, body, "", known, err) == 0) {
        rotation->overlap_s =
            fields_int(&fields, "overlap_s", 0, TOKEN_MAX_OVERLAP_S, 0);
        rotation->expires_ms = wire_token_expiry(&fields, NULL);
    }
    json_decref(body);
    return err->code ? ROUTE_FAILED : submit(change);
}
