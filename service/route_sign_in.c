// SPDX-License-Identifier: GPL-3.0-or-later
// route_sign_in.c - signing in and out through a provider
//
// Browsers come here by links and redirects, not by scripts: what goes wrong
// after the first step is told by a redirect to the page, in few words. Why is
// in the log.

#include <string.h>

#include "clock.h"
#include "errand.h"
#include "identity.h"
#include "log.h"
#include "oidc_flow.h"
#include "route_session.h"
#include "url.h"

// ---- what all of them need --------------------------------------------------

static const char *redirect_uri(const struct call *call,
                                const struct oidc_provider *provider)
{
    return arena_print(&call->request->arena, "%s/api/v1/sign-in/%s/callback",
                       route_public_url(call), provider->name);
}

static enum route_outcome redirect(const struct call *call, const char *to)
{
    reply_header(call->request, "Location", to);
    call->request->reply.status = 302;
    return ROUTE_DONE;
}

// Sends the browser back to the page, which shows the words.
static enum route_outcome give_up(const struct call *call,
                                  const struct oidc_provider *provider,
                                  const char *words, const struct error *why)
{
    struct text url;
    text_init(&url, &call->request->arena);
    text_add(&url, "/#error=");
    url_escape(&url, words);
    log_event(
        LOG_WARNING, "sign-in failed", log_text("req_id", call->request->id),
        log_text("provider", provider->name), log_text("reason", why->message));
    return redirect(call, url.data);
}

static const struct oidc_provider *find(const struct call *call,
                                        struct error *err)
{
    const struct oidc *oidc = call->service->oidc;
    const struct oidc_provider *provider =
        oidc ? oidc_find(oidc, call->args[0]) : NULL;
    if (!provider)
        error_set(err, ERROR_NOT_FOUND, "there is no such provider");
    return provider;
}

// ---- the cookie of a sign-in ------------------------------------------------

static const char *cookie_name(const struct call *call)
{
    return route_is_secure(call) ? "__Host-cumae_flow" : "cumae_flow";
}

// With NULL the cookie is taken away.
static void set_cookie(const struct call *call, const char *secret)
{
    reply_header(
        call->request, "Set-Cookie",
        arena_print(&call->request->arena,
                    "%s=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d%s",
                    cookie_name(call), secret ? secret : "",
                    secret ? OIDC_FLOW_S : 0,
                    route_is_secure(call) ? "; Secure" : ""));
}

static const char *get_cookie(const struct call *call)
{
    const char *at = request_header(call->request, "cookie");
    const char *name = cookie_name(call);
    size_t n = strlen(name);
    while (at && *at) {
        at += strspn(at, "; ");
        size_t length = strcspn(at, "; ");
        if (length > n && strncmp(at, name, n) == 0 && at[n] == '=')
            return arena_copy(&call->request->arena, at + n + 1,
                              length - n - 1);
        at += length;
    }
    return NULL;
}

// ---- the providers ----------------------------------------------------------

enum route_outcome route_sign_in_providers(struct call *call, struct error *err)
{
    const struct oidc *oidc = call->service->oidc;
    struct text text;
    (void)err;
    text_init(&text, &call->request->arena);
    text_add(&text, "{\"providers\":[");
    for (size_t i = 0; oidc && i < oidc_providers(oidc)->n; i++) {
        const struct oidc_provider *provider = &oidc_providers(oidc)->list[i];
        text_next(&text);
        text_char(&text, '{');
        text_key_string(&text, "name", provider->name);
        text_key_string(&text, "title", provider->title);
        text_char(&text, '}');
    }
    text_add(&text, "]}");
    return route_json(call, 200, &text);
}

// ---- the way there ----------------------------------------------------------

static int add_flow(void *context, struct store *store, struct error *err)
{
    return store_flow_add(store, context, clock_wall_ms(), OIDC_MAX_FLOWS - 1,
                          err);
}

enum route_outcome route_sign_in_begin(struct call *call, struct error *err)
{
    struct arena *arena = &call->request->arena;
    const struct oidc_provider *provider = find(call, err);
    const char *to = request_query(call->request, "return_to");
    struct oidc_discovery discovery;
    struct oidc_flow flow;
    struct error fault = {0};
    if (!provider)
        return ROUTE_FAILED;
    if (to && !oidc_flow_is_local(to)) {
        error_set(err, ERROR_INVALID,
                  "return_to must be a path of this service, such as /#/, of "
                  "at most %d bytes",
                  OIDC_MAX_RETURN);
        return ROUTE_FAILED;
    }
    if (call->place != PLACE_OUTSIDE)
        return ROUTE_OUTSIDE;
    oidc_flow_init(&flow);
    struct flow_row row = {.provider = provider->name,
                           .return_to = to ? to : "/",
                           .expires_ms =
                               clock_wall_ms() + OIDC_FLOW_S * INT64_C(1000)};
    auth_hash(flow.state, OIDC_SECRET_CHARS, row.state_hash);
    auth_hash(flow.cookie, OIDC_SECRET_CHARS, row.cookie_hash);
    if (oidc_discover(call->service->oidc, provider, arena, &discovery, &fault))
        return give_up(call, provider, fault.message, &fault);
    if (errand_run(call->service->engine, add_flow, &row, err))
        return ROUTE_FAILED;
    set_cookie(call, flow.cookie);
    return redirect(call, oidc_flow_url(provider, &discovery, &flow,
                                        redirect_uri(call, provider), arena));
}

// ---- the way back -----------------------------------------------------------

struct taking {
    struct arena *arena;
    struct flow_row row;
};

static int take_flow(void *context, struct store *store, struct error *err)
{
    struct taking *taking = context;
    return store_flow_take(store, taking->arena, &taking->row, err);
}

// Ends the flow of this state and checks that it is the one of this browser.
static int check_state(const struct call *call,
                       const struct oidc_provider *provider, const char *cookie,
                       const char **return_to, struct error *err)
{
    unsigned char hash[AUTH_HASH_BYTES];
    struct taking taking = {.arena = &call->request->arena};
    const char *state = request_query(call->request, "state");
    if (!state)
        return error_set(err, ERROR_UNAUTHORIZED, "state is missing");
    auth_hash(state, strlen(state), taking.row.state_hash);
    if (errand_run(call->service->engine, take_flow, &taking, err))
        return -1;
    if (!cookie)
        return error_set(err, ERROR_UNAUTHORIZED, "the cookie is missing");
    auth_hash(cookie, strlen(cookie), hash);
    if (!auth_equal(hash, taking.row.cookie_hash))
        return error_set(err, ERROR_UNAUTHORIZED,
                         "state is that of another browser");
    if (strcmp(taking.row.provider, provider->name) != 0)
        return error_set(err, ERROR_UNAUTHORIZED,
                         "state is that of another provider");
    if (taking.row.expires_ms <= clock_wall_ms())
        return error_set(err, ERROR_UNAUTHORIZED, "the sign-in took too long");
    *return_to = taking.row.return_to;
    return 0;
}

// Who answers must be the provider that was asked (RFC 9207).
static int check_issuer(const struct call *call,
                        const struct oidc_provider *provider, struct error *err)
{
    const char *iss = request_query(call->request, "iss");
    struct oidc_discovery discovery;
    if (oidc_discover(call->service->oidc, provider, &call->request->arena,
                      &discovery, err))
        return -1;
    if (!iss && !discovery.answers_with_iss)
        return 0;
    return iss && strcmp(iss, provider->issuer) == 0
               ? 0
               : error_set(err, ERROR_UNAUTHORIZED,
                           "iss is not that of the provider");
}

static int get_claims(const struct call *call,
                      const struct oidc_provider *provider, const char *cookie,
                      struct oidc_claims *claims, struct error *err)
{
    struct oidc_proof proof;
    const char *fault = request_query(call->request, "error");
    const char *text = request_query(call->request, "code");
    if (check_issuer(call, provider, err))
        return -1;
    if (fault)
        return error_set(err, ERROR_UNAUTHORIZED, "the provider says %.60s",
                         fault);
    if (!text || !*text)
        return error_set(err, ERROR_UNAUTHORIZED, "code is missing");
    oidc_flow_proof(cookie, &proof);
    struct oidc_code code = {.code = text,
                             .verifier = proof.verifier,
                             .nonce = proof.nonce,
                             .redirect_uri = redirect_uri(call, provider)};
    int result = oidc_exchange(call->service->oidc, provider, &code,
                               &call->request->arena, claims, err);
    auth_wipe(&proof, sizeof proof);
    return result;
}

struct arrival {
    struct call *call;
    struct identity identity;
    struct identity_user user;
    struct new_token session;
};

static int arrive(void *context, struct store *store, struct error *err)
{
    struct arrival *arrival = context;
    struct call *call = arrival->call;
    struct session_start start = route_session_start(call);
    struct audit_row audit = route_audit(call, "user.sign_in");
    struct text after;
    if (identity_enter(store, &arrival->identity, &arrival->user, err))
        return -1;
    start.user_id = audit.user_id = arrival->user.id;
    start.scopes = SCOPE_ALL;
    text_init(&after, &call->request->arena);
    text_char(&after, '{');
    text_key_string(&after, "provider", arrival->identity.provider->name);
    text_key_bool(&after, "admin", arrival->user.admin);
    text_key_bool(&after, "new", arrival->user.made);
    text_char(&after, '}');
    audit.object = arrival->user.name;
    audit.after = after.data;
    return store_audit_add(store, &audit, err) ||
                   session_open(store, &start, &arrival->session, err)
               ? -1
               : 0;
}

// Makes the session of who the claims speak of.
static int sign_in(struct call *call, const struct oidc_provider *provider,
                   const struct oidc_claims *claims, struct error *err)
{
    struct arrival arrival = {.call = call,
                              .identity = {.provider = provider,
                                           .claims = claims,
                                           .person = true,
                                           .now_ms = clock_wall_ms()}};
    struct error fault = {0};
    if (identity_check(&arrival.identity, err))
        return -1;
    for (int try = 0; try < IDENTITY_TRIES; try++) {
        error_clear(&fault);
        if (errand_run(call->service->engine, arrive, &arrival, &fault) == 0 ||
            fault.code != ERROR_CONFLICT)
            break;
    }
    if (fault.code)
        return error_set(err, fault.code, "%s", fault.message);
    permit_changed(call->service->permit);
    call->request->user_id = arrival.user.id;
    route_session_cookie(call, arrival.session.secret);
    auth_wipe(arrival.session.secret, sizeof arrival.session.secret);
    return 0;
}

// What a person is told; the rest is for the log.
static const char *words_for(const struct error *fault)
{
    switch (fault->code) {
    case ERROR_FORBIDDEN:
    case ERROR_BUSY:
        return fault->message;
    case ERROR_NOT_FOUND:
        return "the sign-in has expired, please try again";
    case ERROR_STORE:
    case ERROR_FULL:
        return "the service cannot reach its database, please try again";
    default:
        return "the sign-in failed, please try again";
    }
}

enum route_outcome route_sign_in_end(struct call *call, struct error *err)
{
    const struct oidc_provider *provider = find(call, err);
    const char *cookie = get_cookie(call), *return_to = "/";
    struct oidc_claims claims;
    struct error fault = {0};
    if (!provider)
        return ROUTE_FAILED;
    if (call->place != PLACE_OUTSIDE)
        return ROUTE_OUTSIDE;
    int failed = check_state(call, provider, cookie, &return_to, &fault) ||
                 get_claims(call, provider, cookie, &claims, &fault) ||
                 sign_in(call, provider, &claims, &fault);
    set_cookie(call, NULL);
    return failed ? give_up(call, provider, words_for(&fault), &fault)
                  : redirect(call, return_to);
}

// ---- the session ------------------------------------------------------------

struct origin {
    const struct oidc *oidc;
    const struct oidc_provider *provider; // that the user came from last
};

static int visit_issuer(void *context, const char *issuer, struct error *err)
{
    struct origin *origin = context;
    const struct oidc_providers *providers = oidc_providers(origin->oidc);
    (void)err;
    for (size_t i = 0; i < providers->n && !origin->provider; i++)
        if (strcmp(providers->list[i].issuer, issuer) == 0)
            origin->provider = &providers->list[i];
    return 0;
}

// Where to send the browser so that the session at the provider ends, too
// (OpenID Connect RP-Initiated Logout 1.0); NULL when the provider has no such
// place, or is away.
static const char *end_url(const struct call *call,
                           const struct oidc_provider *provider)
{
    struct error fault = {0};
    struct oidc_discovery discovery;
    struct text url;
    if (oidc_discover(call->service->oidc, provider, &call->request->arena,
                      &discovery, &fault) ||
        !discovery.end_session_endpoint)
        return NULL;
    text_init(&url, &call->request->arena);
    text_add(&url, discovery.end_session_endpoint);
    url_parameter(&url, "client_id", provider->client_id);
    url_parameter(
        &url, "post_logout_redirect_uri",
        arena_print(&call->request->arena, "%s/", route_public_url(call)));
    return url.data;
}

enum route_outcome route_sign_in_session(struct call *call, struct error *err)
{
    const struct principal *principal = &call->principal;
    struct origin origin = {.oidc = call->service->oidc};
    struct text text;
    if (origin.oidc && principal->kind == TOKEN_SESSION &&
        store_identity_issuers(call->store, principal->user_id, visit_issuer,
                               &origin, err))
        return ROUTE_FAILED;
    if (origin.provider && call->place != PLACE_OUTSIDE &&
        !oidc_is_known(call->service->oidc, origin.provider))
        return ROUTE_OUTSIDE;
    text_init(&text, &call->request->arena);
    text_char(&text, '{');
    text_key_string(&text, "user", principal->guest ? NULL : principal->name);
    text_key_bool(&text, "session", principal->kind == TOKEN_SESSION);
    text_key_time(&text, "expires", principal->expires_ms);
    text_key_string(&text, "provider",
                    origin.provider ? origin.provider->name : NULL);
    text_key_string(&text, "end_session_url",
                    origin.provider ? end_url(call, origin.provider) : NULL);
    text_char(&text, '}');
    return route_json(call, 200, &text);
}
