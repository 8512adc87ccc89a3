// SPDX-License-Identifier: GPL-3.0-or-later
// route.c - from a request to the handler that answers it

#include "route.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asset.h"
#include "clock.h"
#include "problem.h"
#include "wire.h"
#include "wire_trial.h"

const struct route routes[] = {
#define ROUTE(method, path, handler, right, access, quick)                     \
    {path,          route_##handler, RIGHT_##right,                            \
     HTTP_##method, ACCESS_##access, quick},
#include "routes.def"
#undef ROUTE
};
const size_t n_routes = sizeof routes / sizeof *routes;

// Bodies up to this size are parsed on the event loop.
enum { QUICK_BODY_BYTES = 16384 };

static const char cookie_name[] = "cumae_session=";

// ---- matching ---------------------------------------------------------------

// Does the path match the pattern? Copies what matches {name} into args.
static bool matches(const char *pattern, const char *path, struct arena *arena,
                    const char **args)
{
    size_t n = 0;
    while (*pattern && *path) {
        if (*pattern != '{') {
            if (*pattern++ != *path++)
                return false;
            continue;
        }
        size_t length = strcspn(path, "/");
        if (!length || n == CALL_MAX_ARGS)
            return false;
        args[n++] = arena_copy(arena, path, length);
        path += length;
        pattern += strcspn(pattern, "}") + 1;
    }
    return !*pattern && !*path;
}

static bool same_method(enum http_method asked, enum http_method served)
{
    return asked == served || (asked == HTTP_HEAD && served == HTTP_GET);
}

// Finds the route. Otherwise *allow lists the methods that the path has.
static const struct route *find(struct call *call, struct text *allow)
{
    static const char *const methods[] = {"GET",   "HEAD",   "POST",   "PUT",
                                          "PATCH", "DELETE", "OPTIONS"};
    struct request *request = call->request;
    for (size_t i = 0; i < n_routes; i++) {
        if (!matches(routes[i].path, request->path, &request->arena,
                     call->args))
            continue;
        if (same_method(request->method, routes[i].method))
            return &routes[i];
        if (allow->n)
            text_add(allow, ", ");
        text_add(allow, methods[routes[i].method]);
    }
    return NULL;
}

// ---- who is calling ---------------------------------------------------------

static const char *bearer(const struct request *request)
{
    const char *header = request_header(request, "authorization");
    if (!header || strncasecmp(header, "Bearer ", 7) != 0)
        return NULL;
    header += 7;
    return header + strspn(header, " ");
}

static const char *cookie(const struct request *request, struct arena *arena)
{
    const char *header = request_header(request, "cookie");
    const char *found = header ? strstr(header, cookie_name) : NULL;
    if (!found || (found != header && found[-1] != ' ' && found[-1] != ';'))
        return NULL;
    found += sizeof cookie_name - 1;
    return arena_copy(arena, found, strcspn(found, "; "));
}

// A cookie is sent by the browser whoever caused the request, so what changes
// something must carry a header that another site cannot make it send.
static int check_origin(const struct call *call, struct error *err)
{
    const struct request *request = call->request;
    const char *mark = request_header(request, "x-cumae-csrf");
    if (request->method == HTTP_GET || request->method == HTTP_HEAD ||
        (mark && strcmp(mark, "1") == 0))
        return 0;
    return error_set(err, ERROR_FORBIDDEN,
                     "X-Cumae-CSRF: 1 is required with a session cookie");
}

static void remember_use(struct call *call);

// Returns 0, -1, or 1 when the store is needed.
static int authenticate(struct call *call, struct error *err)
{
    struct request *request = call->request;
    const char *secret = NULL;
    bool fresh, by_cookie = false;
    if (call->route->access == ACCESS_OPEN)
        return 0;
    if (call->route->access == ACCESS_PATH)
        secret = call->args[0];
    else if (!(secret = bearer(request)))
        by_cookie = (secret = cookie(request, &request->arena)) != NULL;
    if (!secret)
        return error_set(err, ERROR_UNAUTHORIZED,
                         "a bearer token or a session is required");
    int result = accounts_check(call->service->accounts, call->store, secret,
                                &call->principal, &fresh, err);
    if (result)
        return result;
    request->user_id = call->principal.user_id;
    if (by_cookie && check_origin(call, err))
        return -1;
    if (fresh)
        remember_use(call);
    return access_use(&call->principal, call->route->right, err);
}

// The last use of a token is noted when it is read from the store, which is at
// most every ACCOUNT_CACHE_S seconds, and nobody waits for it.
struct use {
    struct command command;
    int64_t token_id;
    char address[48];
};

static int apply_use(struct command *command, struct live *live,
                     struct store *store, struct error *err)
{
    const struct use *use = (const struct use *)command;
    (void)live;
    return store_token_used(store, use->token_id, clock_wall_ms(), use->address,
                            err);
}

static void done_use(struct command *command, const struct live *live)
{
    (void)live;
    free(command);
}

static void remember_use(struct call *call)
{
    struct use *use = calloc(1, sizeof *use);
    if (!use)
        abort();
    use->command.apply = apply_use;
    use->command.done = done_use;
    use->token_id = call->principal.token_id;
    snprintf(use->address, sizeof use->address, "%s", call->request->peer);
    engine_submit(call->service->engine, &use->command);
}

// ---- the way through --------------------------------------------------------

static bool is_hopaas(const struct request *request)
{
    return strncmp(request->path, "/api/", 5) == 0 &&
           strncmp(request->path, "/api/v1/", 8) != 0;
}

void route_problem(struct service *service, struct request *request,
                   const struct error *err)
{
    (void)service;
    problem_reply(request, err);
    if (!is_hopaas(request))
        return;
    // What Hopaas, a FastAPI program, would have sent.
    struct text text;
    text_init(&text, &request->arena);
    text_add(&text, "{\"detail\":");
    text_string_ascii(&text, err->message);
    text_char(&text, '}');
    request->reply.content_type = "application/json; charset=utf-8";
    request->reply.body = text.data;
    request->reply.body_bytes = text.n;
}

static enum route_outcome no_route(struct call *call, const char *allow,
                                   struct error *err)
{
    struct request *request = call->request;
    if (*allow && request->method == HTTP_OPTIONS) {
        reply_header(request, "Allow", allow);
        request->reply.status = 204;
        return ROUTE_DONE;
    }
    if (*allow) {
        reply_header(request, "Allow", allow);
        error_set(err, ERROR_METHOD, "the method must be one of %s", allow);
        return ROUTE_FAILED;
    }
    if (strncmp(request->path, "/api/", 5) != 0 &&
        asset_reply(request, call->service->config->web_dir))
        return ROUTE_DONE;
    error_set(err, ERROR_NOT_FOUND, "there is no %.200s", request->path);
    return ROUTE_FAILED;
}

static enum route_outcome dispatch(struct call *call, struct error *err)
{
    struct request *request = call->request;
    struct text allow;
    text_init(&allow, &request->arena);
    call->route = find(call, &allow);
    if (!call->route)
        return no_route(call, allow.data, err);
    request->route = call->route->path;
    request->context = (void *)(uintptr_t)call->route;
    int known = authenticate(call, err);
    if (known < 0)
        return ROUTE_FAILED;
    if (known > 0 || (!call->store && (!call->route->quick ||
                                       request->body_bytes > QUICK_BODY_BYTES)))
        return ROUTE_AGAIN;
    return call->route->handle(call, err);
}

static void run(struct service *service, struct request *request,
                struct store *store)
{
    struct error err = {0};
    struct call call = {.service = service, .request = request, .store = store};
    switch (dispatch(&call, &err)) {
    case ROUTE_LATER:
        return;
    case ROUTE_DONE:
        break;
    case ROUTE_AGAIN:
        if (!store && pool_submit(service->pool, request))
            return;
        error_set(&err, ERROR_BUSY, "too many requests wait already");
        route_problem(service, request, &err);
        break;
    case ROUTE_FAILED:
        route_problem(service, request, &err);
        break;
    }
    http_answer(request);
}

void route_request(void *service, struct request *request)
{
    run(service, request, NULL);
}

void route_work(void *service, struct request *request, struct store *store)
{
    run(service, request, store);
}

// ---- for handlers -----------------------------------------------------------

enum route_outcome route_json(struct call *call, int status,
                              const struct text *text)
{
    struct reply *reply = &call->request->reply;
    reply->status = status;
    reply->content_type = "application/json; charset=utf-8";
    reply->body = text->data;
    reply->body_bytes = text->n;
    return ROUTE_DONE;
}

struct call *route_keep(const struct call *call)
{
    struct call *kept = arena_alloc(&call->request->arena, sizeof *kept);
    *kept = *call;
    return kept;
}

void route_finish(struct call *call, struct command *command,
                  const struct text *text)
{
    if (command->error.code)
        route_problem(call->service, call->request, &command->error);
    else
        route_json(call, 200, text);
    http_answer(call->request);
}

struct audit_row route_audit(const struct call *call, const char *action)
{
    return (struct audit_row){.at_ms = clock_wall_ms(),
                              .user_id = call->principal.user_id,
                              .token_id = call->principal.token_id,
                              .address = call->request->peer,
                              .request_id = call->request->id,
                              .action = action};
}

json_t *route_body(struct call *call, struct error *err)
{
    struct request *request = call->request;
    return wire_parse(request->body ? request->body : "", request->body_bytes,
                      &request->arena, err);
}

static enum route_outcome may(struct call *call, int64_t study_id,
                              enum right right, struct error *err)
{
    int result =
        access_study(call->service->access, call->store, &call->principal,
                     study_id, right, &call->role, err);
    return result > 0 ? ROUTE_AGAIN : result ? ROUTE_FAILED : ROUTE_DONE;
}

enum route_outcome route_may(struct call *call, int64_t study_id,
                             struct error *err)
{
    return may(call, study_id, call->route->right, err);
}

void route_permissions_changed(struct call *call)
{
    accounts_forget(call->service->accounts);
    access_forget(call->service->access);
}

enum route_outcome route_study(struct call *call, const char *key,
                               struct directory_entry *entry, struct error *err)
{
    return route_study_for(call, key, call->route->right, entry, err);
}

enum route_outcome route_study_for(struct call *call, const char *key,
                                   enum right right,
                                   struct directory_entry *entry,
                                   struct error *err)
{
    struct directory *directory = call->service->directory;
    if (!directory_get(directory, key, entry)) {
        if (!call->store)
            return ROUTE_AGAIN;
        struct study_row row;
        struct error fault = {0};
        if (store_study_find(call->store, key, &call->request->arena, &row,
                             &fault)) {
            error_set(err, fault.code,
                      fault.code == ERROR_NOT_FOUND ? "there is no such study"
                                                    : "%s",
                      fault.message);
            return ROUTE_FAILED;
        }
        *entry = (struct directory_entry){.study_id = row.id};
        snprintf(entry->key, sizeof entry->key, "%s", row.key);
        directory_put(directory, key, entry);
    }
    return may(call, entry->study_id, right, err);
}

int route_study_write(const struct call *call, struct text *text,
                      const struct study_row *row, struct error *err)
{
    struct study_row seen = *row;
    seen.role = call->role;
    if (call->principal.guest)
        seen.owner_name = seen.group_name = NULL;
    return wire_study_write(text, &seen, err);
}

const char *route_public_url(const struct call *call)
{
    const struct config *config = call->service->config;
    if (*config->public_url)
        return config->public_url;
    return arena_print(&call->request->arena, "http://%.*s:%u",
                       (int)(strrchr(config->listen, ':') - config->listen),
                       config->listen, http_port(call->service->http));
}

int route_number(const char *text, int64_t *number, struct error *err)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18 || text[digits])
        return error_set(err, ERROR_NOT_FOUND,
                         "number must be a trial's number, not \"%.40s\"",
                         text);
    *number = strtoll(text, NULL, 10);
    return 0;
}

int route_query_int(const struct call *call, const char *name, int64_t low,
                    int64_t high, int64_t standard, int64_t *value,
                    struct error *err)
{
    const char *text = request_query(call->request, name);
    *value = standard;
    if (!text)
        return 0;
    size_t sign = *text == '-', digits = strspn(text + sign, "0123456789");
    if (digits == 0 || digits > 18 || text[sign + digits])
        return error_set(err, ERROR_MALFORMED,
                         "%s must be an integer, not \"%.40s\"", name, text);
    *value = strtoll(text, NULL, 10);
    if (*value >= low && *value <= high)
        return 0;
    return error_set(err, ERROR_INVALID,
                     "%s must be from %" PRId64 " to %" PRId64 ", not %" PRId64,
                     name, low, high, *value);
}

int route_query_real(const struct call *call, const char *name, double *value,
                     struct error *err)
{
    const char *text = request_query(call->request, name);
    char *end;
    *value = NAN;
    if (!text)
        return 0;
    double number = strtod(text, &end);
    // No blanks, hexadecimals or words.
    if (!*text || strspn(text, "0123456789+-.eE") != strlen(text) || *end ||
        !isfinite(number))
        return error_set(err, ERROR_MALFORMED,
                         "%s must be a finite number, not \"%.40s\"", name,
                         text);
    *value = number;
    return 0;
}

int route_query_known(const struct call *call, const char *const *known,
                      struct error *err)
{
    const struct request *request = call->request;
    for (size_t i = 0; i < request->n_query; i++) {
        const char *const *name = known;
        while (*name && strcmp(*name, request->query[i].name) != 0)
            name++;
        if (!*name)
            return error_set(err, ERROR_MALFORMED,
                             "unknown query parameter %.80s",
                             request->query[i].name);
    }
    return 0;
}

enum route_outcome route_trial_in_path(struct call *call,
                                       struct command *command, int64_t *number,
                                       struct error *err)
{
    struct directory_entry entry;
    enum route_outcome found = route_study(call, call->args[0], &entry, err);
    if (found != ROUTE_DONE)
        return found;
    command->study_id = entry.study_id;
    if (route_number(call->args[1], number, err))
        return ROUTE_FAILED;
    return ROUTE_DONE;
}
