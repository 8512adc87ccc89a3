// SPDX-License-Identifier: GPL-3.0-or-later
// route_account.c - /api/v1/me, tokens and session

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "auth.h"
#include "clock.h"
#include "route.h"
#include "route_account.h"
#include "wire.h"

static const int64_t day_ms = 24 * 3600 * INT64_C(1000);

enum { MAX_TOKEN_DAYS = 366, SESSION_DAYS = 7 };

// ---- writing ----------------------------------------------------------------

static void write_scopes(struct text *text, unsigned scopes)
{
    text_key(text, "scopes");
    text_char(text, '[');
    for (unsigned scope = 1; scope <= SCOPE_ADMIN; scope *= 2) {
        if (!(scopes & scope))
            continue;
        text_next(text);
        text_string(text, scope_name(scope));
    }
    text_char(text, ']');
}

// Appends the members of a token, without braces.
static void write_token(struct text *text, const struct token_row *row,
                        const char *study_key)
{
    text_key_int(text, "id", row->id);
    text_key_string(text, "name", row->name);
    text_key_string(text, "prefix", row->prefix);
    write_scopes(text, row->scopes);
    text_key_string(text, "study_id", study_key);
    text_key_time(text, "created", row->created_ms);
    text_key_time(text, "expires", row->expires_ms);
    text_key_time(text, "revoked", row->revoked_ms);
    text_key_time(text, "last_used", row->used_ms);
    text_key_string(text, "last_address", row->used_address);
}

enum route_outcome route_account_me(struct call *call, struct error *err)
{
    const struct principal *principal = &call->principal;
    bool guest = principal->guest;
    struct study_row study = {0};
    struct text text;
    if (principal->study_id &&
        store_study_get(call->store, principal->study_id, &call->request->arena,
                        &study, err))
        return ROUTE_FAILED;
    text_init(&text, &call->request->arena);
    text_add(&text, "{\"user\":");
    text_string(&text, guest ? NULL : principal->name);
    text_key_bool(&text, "admin", principal->admin && !guest);
    text_key_bool(&text, "guest", guest);
    text_key_string(&text, "study_id", study.key);
    write_scopes(&text, principal->scopes);
    text_char(&text, '}');
    return route_json(call, 200, &text);
}

// ---- list -------------------------------------------------------------------

struct listed {
    struct token_row row;
    const char *study_key;
    struct listed *next;
};

struct listing {
    struct arena *arena;
    struct listed *first, **last;
};

static const char *keep(struct arena *arena, const char *text)
{
    return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

static int visit_token(void *context, const struct token_row *row,
                       struct error *err)
{
    struct listing *listing = context;
    struct listed *listed = arena_zeros(listing->arena, 1, sizeof *listed);
    (void)err;
    listed->row = *row;
    listed->row.name = keep(listing->arena, row->name);
    listed->row.prefix = keep(listing->arena, row->prefix);
    listed->row.used_address = keep(listing->arena, row->used_address);
    *listing->last = listed;
    listing->last = &listed->next;
    return 0;
}

enum route_outcome route_account_tokens(struct call *call, struct error *err)
{
    struct arena *arena = &call->request->arena;
    struct listing listing = {.arena = arena, .last = &listing.first};
    struct study_row study;
    struct text text;
    if (store_token_list(call->store, call->principal.user_id, visit_token,
                         &listing, err))
        return ROUTE_FAILED;
    text_init(&text, arena);
    text_add(&text, "{\"tokens\":[");
    for (const struct listed *l = listing.first; l; l = l->next) {
        const char *key = NULL;
        if (l->row.study_id && store_study_get(call->store, l->row.study_id,
                                               arena, &study, err) == 0)
            key = study.key;
        text_next(&text);
        text_char(&text, '{');
        write_token(&text, &l->row, key);
        text_char(&text, '}');
    }
    text_add(&text, "]}");
    return route_json(call, 200, &text);
}

// ---- create and revoke ------------------------------------------------------

struct change {
    struct command command;
    struct call *call;
    struct new_token token;
    const char *study_key;
    int64_t revoke_id; // 0: nothing to revoke
    bool session;      // the new token is a session: answer with a cookie
};

static int apply_change(struct command *command, struct live *live,
                        struct store *store, struct error *err)
{
    struct change *change = (struct change *)command;
    const struct principal *principal = &change->call->principal;
    (void)live;
    if (change->revoke_id &&
        store_token_revoke(store, principal->user_id, change->revoke_id,
                           clock_wall_ms(), err))
        return -1;
    return change->token.row.user_id
               ? store_token_add(store, &change->token.row, err)
               : 0;
}

static void set_cookie(struct call *call, const char *secret, int64_t seconds)
{
    const char *url = call->service->config->public_url;
    bool secure = url && strncmp(url, "https://", 8) == 0;
    reply_header(call->request, "Set-Cookie",
                 arena_print(&call->request->arena,
                             "cumae_session=%s; Path=/; HttpOnly; "
                             "SameSite=Lax; Max-Age=%" PRId64 "%s",
                             secret, seconds, secure ? "; Secure" : ""));
}

static void write_created(struct change *change)
{
    struct text text;
    text_init(&text, &change->call->request->arena);
    text_char(&text, '{');
    write_token(&text, &change->token.row, change->study_key);
    text_key_string(&text, "token", change->token.secret);
    text_char(&text, '}');
    route_json(change->call, 201, &text);
}

static void done_change(struct command *command, const struct live *live)
{
    struct change *change = (struct change *)command;
    struct request *request = change->call->request;
    (void)live;
    if (change->revoke_id)
        accounts_forget(change->call->service->accounts);
    if (command->error.code) {
        if (change->session && command->error.code == ERROR_NOT_FOUND)
            command->error = (struct error){
                ERROR_UNAUTHORIZED, "code has been used or has expired"};
        route_problem(change->call->service, request, &command->error);
    } else if (change->session) {
        set_cookie(change->call, change->token.secret,
                   SESSION_DAYS * day_ms / 1000);
        request->reply.status = 204;
    } else if (change->token.row.user_id) {
        write_created(change);
    } else {
        request->reply.status = 204;
    }
    http_answer(request);
}

static struct change *new_change(struct call *call)
{
    struct change *change =
        arena_zeros(&call->request->arena, 1, sizeof *change);
    change->command.apply = apply_change;
    change->command.done = done_change;
    change->call = route_keep(call);
    return change;
}

// When a token ends: one of the usual spans, or a date within a year.
int64_t account_read_expiry(const struct fields *fields)
{
    static const struct {
        const char *name;
        int days;
    } spans[] = {{"1d", 1}, {"1w", 7}, {"1m", 31}, {"1y", 365}};
    const char *text = fields_text(fields, "expires", 40, "1m");
    int64_t now = clock_wall_ms();
    if (fields->err->code)
        return 0;
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
        if (strcmp(spans[i].name, text) == 0)
            return now + spans[i].days * day_ms;
    int64_t ms = wire_time(text);
    if (ms < 0)
        fields_fail(fields, ERROR_MALFORMED, "expires",
                    "must be 1d, 1w, 1m, 1y or a time such as "
                    "2026-11-30T12:00:00Z, not \"%s\"",
                    text);
    else if (ms <= now || ms > now + MAX_TOKEN_DAYS * day_ms)
        fields_fail(fields, ERROR_INVALID, "expires",
                    "must lie within the next %d days, not at %s",
                    MAX_TOKEN_DAYS, text);
    return ms;
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
    const char *name = fields_text(fields, "name", 200, NULL);
    const char *study = fields_text(fields, "study_id", 80, NULL);
    struct directory_entry entry = {0};
    if (err->code)
        return -1;
    if (!name || !*name)
        return fields_fail(fields, ERROR_INVALID, "name",
                           "is required and must not be empty");
    unsigned scopes = read_scopes(call, fields);
    int64_t expires_ms = account_read_expiry(fields);
    if (err->code)
        return -1;
    if (study && route_study(call, study, &entry, err) != ROUTE_DONE)
        return -1;
    change->study_key = keep(&call->request->arena, study);
    account_new_token(&change->token, TOKEN_API, call->principal.user_id,
                      keep(&call->request->arena, name), scopes, expires_ms);
    change->token.row.study_id =
        study ? entry.study_id : call->principal.study_id;
    return 0;
}

enum route_outcome route_account_create(struct call *call, struct error *err)
{
    static const char *const known[] = {"name", "expires", "scopes", "study_id",
                                        NULL};
    struct change *change = new_change(call);
    struct fields fields;
    json_t *body = route_body(call, err);
    bool good = body && fields_open(&fields, body, "", known, err) == 0 &&
                read_token(call, &fields, change, err) == 0;
    json_decref(body);
    if (!good)
        return ROUTE_FAILED;
    engine_submit(call->service->engine, &change->command);
    return ROUTE_LATER;
}

enum route_outcome route_account_revoke(struct call *call, struct error *err)
{
    struct change *change = new_change(call);
    struct error fault = {0};
    if (route_number(call->args[0], &change->revoke_id, &fault) ||
        change->revoke_id == 0) {
        error_set(err, ERROR_NOT_FOUND,
                  "id must be a token's id, not "
                  "\"%.40s\"",
                  call->args[0]);
        return ROUTE_FAILED;
    }
    engine_submit(call->service->engine, &change->command);
    return ROUTE_LATER;
}

// ---- sign in and out --------------------------------------------------------

// Whose sign-in link is this code? It is used up by revoking it in the
// transaction that makes the session.
static int read_code(struct call *call, const char *code, struct change *change,
                     struct error *err)
{
    unsigned char hash[AUTH_HASH_BYTES];
    struct token_row row;
    struct error fault = {0};
    auth_hash(code, strlen(code), hash);
    int result = store_token_find(call->store, hash, &call->request->arena,
                                  &row, &fault);
    if (result && fault.code != ERROR_NOT_FOUND)
        return error_set(err, fault.code, "%s", fault.message);
    if (result || row.kind != TOKEN_LINK || row.revoked_ms ||
        row.user_disabled || row.expires_ms <= clock_wall_ms())
        return error_set(err, ERROR_UNAUTHORIZED,
                         "code has been used or has expired");
    change->revoke_id = row.id;
    change->call->principal =
        (struct principal){.user_id = row.user_id, .scopes = row.scopes};
    return 0;
}

static int read_sign_in(struct call *call, const struct fields *fields,
                        struct change *change, struct error *err)
{
    const char *code = fields_text(fields, "code", 100, NULL);
    const char *token = fields_text(fields, "token", 100, NULL);
    bool fresh;
    if (err->code)
        return -1;
    if (!code == !token)
        return fields_fail(fields, ERROR_INVALID, "code",
                           "or token is required, one of them");
    int result =
        code ? read_code(call, code, change, err)
             : accounts_check(call->service->accounts, call->store, token,
                              &change->call->principal, &fresh, err);
    const struct principal *principal = &change->call->principal;
    if (result)
        return -1;
    change->session = true;
    // The browser of a guest keeps the link itself, so that the session ends
    // when the link does.
    if (principal->guest) {
        snprintf(change->token.secret, sizeof change->token.secret, "%s",
                 token);
        return 0;
    }
    account_new_token(&change->token, TOKEN_SESSION, principal->user_id,
                      "browser session", principal->scopes,
                      clock_wall_ms() + SESSION_DAYS * day_ms);
    change->token.row.study_id = principal->study_id;
    return 0;
}

enum route_outcome route_account_sign_in(struct call *call, struct error *err)
{
    static const char *const known[] = {"code", "token", NULL};
    struct change *change = new_change(call);
    struct fields fields;
    json_t *body = route_body(call, err);
    bool good = body && fields_open(&fields, body, "", known, err) == 0 &&
                read_sign_in(call, &fields, change, err) == 0;
    json_decref(body);
    if (!good)
        return ROUTE_FAILED;
    engine_submit(call->service->engine, &change->command);
    return ROUTE_LATER;
}

enum route_outcome route_account_sign_out(struct call *call, struct error *err)
{
    struct change *change = new_change(call);
    if (call->principal.kind != TOKEN_SESSION && !call->principal.guest) {
        error_set(err, ERROR_INVALID,
                  "a bearer token is not a session: "
                  "revoke it under /api/v1/tokens");
        return ROUTE_FAILED;
    }
    if (!call->principal.guest)
        change->revoke_id = call->principal.token_id;
    set_cookie(call, "", 0);
    engine_submit(call->service->engine, &change->command);
    return ROUTE_LATER;
}
