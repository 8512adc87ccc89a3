// SPDX-License-Identifier: GPL-3.0-or-later
// route_session.c - signing in and out with a browser

#include "route_session.h"

#include <inttypes.h>
#include <string.h>

#include "auth.h"
#include "clock.h"
#include "permit.h"
#include "store_group.h"
#include "wire.h"

struct session_start route_session_start(struct call *call)
{
    struct request *request = call->request;
    bool secure = route_is_secure(call);
    return (struct session_start){
        .former = session_secret(&request->arena,
                                 request_header(request, "cookie"), secure),
        .audit = route_audit(call, "session.open"),
    };
}

void route_session_cookie(struct call *call, const char *secret)
{
    bool secure = route_is_secure(call);
    reply_header(call->request, "Set-Cookie",
                 session_cookie(&call->request->arena, secret, secure));
}

// ---- sign in ----------------------------------------------------------------

struct sign_in {
    struct command command;
    struct call *call;
    struct session_start start;
    struct new_token session;
    int64_t link_id;   // the sign-in link that is used up; 0: none
    const char *guest; // the link to a study that is shown instead; or NULL
};

static int apply_sign_in(struct command *command, struct live *live,
                         struct store *store, struct error *err)
{
    struct sign_in *in = (struct sign_in *)command;
    struct error fault = {0};
    (void)live;
    if (in->link_id &&
        store_token_revoke(store, in->start.user_id, TOKEN_LINK, in->link_id,
                           in->start.audit.at_ms, &fault))
        return fault.code == ERROR_NOT_FOUND
                   ? error_set(err, ERROR_UNAUTHORIZED,
                               "code has been used or has expired")
                   : error_set(err, fault.code, "%s", fault.message);
    return session_open(store, &in->start, &in->session, err);
}

static void done_sign_in(struct command *command, const struct live *live)
{
    struct sign_in *in = (struct sign_in *)command;
    struct request *request = in->call->request;
    (void)live;
    if (command->error.code) {
        route_problem(in->call->service, request, &command->error);
    } else {
        permit_changed(in->call->service->permit);
        route_session_cookie(in->call, in->session.secret);
        auth_wipe(in->session.secret, sizeof in->session.secret);
        request->reply.status = 204;
    }
    http_answer(request);
}

// Whose sign-in link is this code? It is used up by revoking it in the
// transaction that makes the session.
static int read_code(struct call *call, const char *code, struct sign_in *in,
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
    in->link_id = row.id;
    in->start.user_id = row.user_id;
    in->start.scopes = row.scopes;
    return 0;
}

static int read_token(struct call *call, const char *token, struct sign_in *in,
                      struct error *err)
{
    struct principal principal;
    bool use;
    if (accounts_check(call->service->accounts, call->store, token, &principal,
                       &use, err))
        return -1;
    if (principal.guest)
        in->guest = arena_copy(&call->request->arena, token, strlen(token));
    in->start.user_id = principal.user_id;
    in->start.study_id = principal.study_id;
    in->start.campaign_id = principal.campaign_id;
    in->start.scopes = principal.scopes;
    in->start.audit.token_id = principal.token_id;
    return 0;
}

static int read_sign_in(struct call *call, const struct fields *fields,
                        struct sign_in *in, struct error *err)
{
    const char *code = fields_text(fields, "code", 100, NULL);
    const char *token = fields_text(fields, "token", 100, NULL);
    if (err->code)
        return -1;
    if (!code == !token)
        return fields_fail(fields, ERROR_INVALID, "code",
                           "or token is required, one of them");
    return code ? read_code(call, code, in, err)
                : read_token(call, token, in, err);
}

// The browser of a guest keeps the link itself, so that the session ends when
// the link does. No link: it forgets it.
static enum route_outcome show_link(struct call *call, const char *link)
{
    route_session_cookie(call, link);
    call->request->reply.status = 204;
    return ROUTE_DONE;
}

enum route_outcome route_session_sign_in(struct call *call, struct error *err)
{
    static const char *const known[] = {"code", "token", NULL};
    struct sign_in *in = arena_zeros(&call->request->arena, 1, sizeof *in);
    struct session_source source = route_source(call);
    struct fields fields;
    if (session_check_site(&source, err))
        return ROUTE_FAILED;
    in->command.apply = apply_sign_in;
    in->command.done = done_sign_in;
    in->call = route_keep(call);
    in->start = route_session_start(call);
    json_t *body = route_body(call, err);
    bool good = body && fields_open(&fields, body, "", known, err) == 0 &&
                read_sign_in(call, &fields, in, err) == 0;
    json_decref(body);
    if (!good)
        return ROUTE_FAILED;
    if (in->guest)
        return show_link(call, in->guest);
    route_submit(call, &in->command);
    return ROUTE_LATER;
}

// ---- sign out ---------------------------------------------------------------

struct sign_out {
    struct command command;
    struct call *call;
    int64_t id; // 0: all sessions that the caller may end
};

// Who is bound sees only sessions that are bound to the same.
static int check_reach(struct store *store, const struct principal *who,
                       int64_t id, struct error *err)
{
    struct arena arena;
    struct token_row row;
    if (!account_is_bound(who))
        return 0;
    arena_init(&arena);
    int result = store_token_get(store, id, &arena, &row, err);
    arena_done(&arena);
    if (result == 0 && !account_sees(who, &row))
        return error_set(err, ERROR_NOT_FOUND, "there is no such session");
    return result;
}

// Ends a session, or all (0). Returns how many there were, or -1.
static int end(struct store *store, const struct principal *who, int64_t id,
               int64_t now_ms, struct error *err)
{
    if (!id)
        return store_sessions_end(store, who->user_id, who->study_id,
                                  who->campaign_id, now_ms, err);
    return store_token_revoke(store, who->user_id, TOKEN_SESSION, id, now_ms,
                              err)
               ? -1
               : 1;
}

static int apply_sign_out(struct command *command, struct live *live,
                          struct store *store, struct error *err)
{
    const struct sign_out *out = (const struct sign_out *)command;
    const struct principal *who = &out->call->principal;
    struct audit_row audit = route_audit(out->call, "session.close");
    (void)live;
    if (out->id && check_reach(store, who, out->id, err))
        return -1;
    audit.object =
        out->id ? arena_print(&out->call->request->arena, "%" PRId64, out->id)
                : "all";
    int ended = end(store, who, out->id, audit.at_ms, err);
    if (ended <= 0)
        return ended; // a line is for a change
    return store_permissions_change(store, err) ||
                   store_audit_add(store, &audit, err)
               ? -1
               : 0;
}

static void done_sign_out(struct command *command, const struct live *live)
{
    struct sign_out *out = (struct sign_out *)command;
    struct call *call = out->call;
    bool own = !out->id || out->id == call->principal.token_id;
    (void)live;
    if (command->error.code) {
        route_problem(call->service, call->request, &command->error);
    } else {
        permit_changed(call->service->permit);
        if (own && call->principal.kind == TOKEN_SESSION)
            route_session_cookie(call, NULL);
        call->request->reply.status = 204;
    }
    http_answer(call->request);
}

static enum route_outcome end_session(struct call *call, int64_t id)
{
    struct sign_out *out = arena_zeros(&call->request->arena, 1, sizeof *out);
    out->command.apply = apply_sign_out;
    out->command.done = done_sign_out;
    out->call = route_keep(call);
    out->id = id;
    route_submit(call, &out->command);
    return ROUTE_LATER;
}

enum route_outcome route_session_sign_out(struct call *call, struct error *err)
{
    if (call->principal.kind == TOKEN_SESSION)
        return end_session(call, call->principal.token_id);
    if (call->principal.guest)
        return show_link(call, NULL);
    error_set(err, ERROR_INVALID,
              "a bearer token is not a session: "
              "revoke it under /api/v1/tokens");
    return ROUTE_FAILED;
}

// A session is named by the number of its row.
enum route_outcome route_session_end(struct call *call, struct error *err)
{
    int64_t id;
    struct error fault = {0};
    if (route_number(call->args[0], &id, &fault) == 0 && id > 0)
        return end_session(call, id);
    error_set(err, ERROR_NOT_FOUND, "id must be a session's id, not \"%.40s\"",
              call->args[0]);
    return ROUTE_FAILED;
}

enum route_outcome route_session_end_all(struct call *call, struct error *err)
{
    (void)err;
    return end_session(call, 0);
}

// ---- list -------------------------------------------------------------------

struct listing {
    const struct call *call;
    struct text text;
    int64_t now_ms;
};

static bool is_over(const struct token_row *row, int64_t now_ms)
{
    return row->revoked_ms || row->expires_ms <= now_ms ||
           now_ms - row->used_ms >= ACCOUNT_IDLE_S * INT64_C(1000);
}

static int visit_session(void *context, const struct token_row *row,
                         struct error *err)
{
    struct listing *listing = context;
    const struct principal *who = &listing->call->principal;
    struct text *text = &listing->text;
    (void)err;
    if (is_over(row, listing->now_ms) || !account_sees(who, row))
        return 0;
    text_next(text);
    text_char(text, '{');
    text_key_int(text, "id", row->id);
    text_key_bool(text, "current", row->id == who->token_id);
    text_key_time(text, "created", row->created_ms);
    text_key_time(text, "expires", row->expires_ms);
    text_key_time(text, "last_used", row->used_ms);
    text_key_string(text, "last_address", row->used_address);
    text_char(text, '}');
    return 0;
}

enum route_outcome route_session_list(struct call *call, struct error *err)
{
    struct listing listing = {.call = call, .now_ms = clock_wall_ms()};
    text_init(&listing.text, &call->request->arena);
    text_add(&listing.text, "{\"sessions\":[");
    if (store_token_list(call->store, call->principal.user_id, TOKEN_SESSION,
                         visit_session, &listing, err))
        return ROUTE_FAILED;
    text_add(&listing.text, "]}");
    return route_json(call, 200, &listing.text);
}
