// SPDX-License-Identifier: GPL-3.0-or-later
// route.c - from a request to the handler that answers it

#include "route.h"

#include <string.h>

#include "asset.h"
#include "clock.h"
#include "problem.h"
#include "url.h"
#include "wire.h"
#include "wire_trial.h"

const struct route routes[] = {
#define ROUTE(method, path, handler, right, access, quick)                     \
    {path,           route_##handler, RIGHT_##right,                           \
     HTTP_##method,  ACCESS_##access, (quick) == true,                         \
     (quick) == SLOW},
#include "routes.def"
#undef ROUTE
};
const size_t n_routes = sizeof routes / sizeof *routes;

// Bodies up to this size are parsed on the event loop.
enum { QUICK_BODY_BYTES = 16384 };

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

// Is the path one of our own words, like /api/v1/studies/import? Then no
// pattern takes a word of it for a name.
static bool is_fixed(const char *path)
{
    for (size_t i = 0; i < n_routes; i++)
        if (strcmp(routes[i].path, path) == 0)
            return true;
    return false;
}

// Finds the route. Otherwise *allow lists the methods that the path has.
static const struct route *find(struct call *call, struct text *allow)
{
    static const char *const methods[] = {"GET",   "HEAD",   "POST",   "PUT",
                                          "PATCH", "DELETE", "OPTIONS"};
    struct request *request = call->request;
    bool fixed = is_fixed(request->path);
    if (gate_is_hopaas(request) && !call->service->config->hopaas)
        return NULL;
    for (size_t i = 0; i < n_routes; i++) {
        if ((fixed && strchr(routes[i].path, '{')) ||
            !matches(routes[i].path, request->path, &request->arena,
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

// ---- the way through --------------------------------------------------------

void route_problem(struct service *service, struct request *request,
                   const struct error *err)
{
    (void)service;
    problem_reply(request, err);
    if (!gate_is_hopaas(request))
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
    bool reads = request->method == HTTP_GET || request->method == HTTP_HEAD;
    if (!*allow && strncmp(request->path, "/api/", 5) != 0 &&
        asset_reply(request, call->service->config->web_dir)) {
        if (reads)
            return ROUTE_DONE;
        request->reply = (struct reply){0};
        allow = "GET, HEAD";
    }
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
    error_set(err, ERROR_NOT_FOUND, "there is no %.200s", request->path);
    return ROUTE_FAILED;
}

// Would the database be asked about a secret that may be nobody's?
static bool is_guess(const struct call *call)
{
    if (!call->route || call->request->user_id || call->familiar)
        return false;
    return call->route->access != ACCESS_OPEN ||
           call->route->method == HTTP_POST; // a sign-in
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
    int known = route_authenticate(call, err);
    if (known < 0)
        return ROUTE_FAILED;
    if (known > 1)
        return ROUTE_OUTSIDE;
    if (known > 0 || (call->route->slow && call->place != PLACE_SLOW) ||
        (!call->store &&
         (!call->route->quick || request->body_bytes > QUICK_BODY_BYTES)))
        return ROUTE_AGAIN;
    return call->route->handle(call, err);
}

// Whose turn the request takes. Those who are not known yet are told apart by
// their address, roughly.
static int64_t user_of(const struct request *request)
{
    uint32_t hash = 0;
    for (const char *c = request->peer; *c; c++)
        hash = hash * 31 + (unsigned char)*c;
    return request->user_id ? request->user_id : -1 - (int64_t)(hash % 1024);
}

// Hands the request to threads that may do more than this one: to those for
// slow requests once its caller is known.
static int hand_on(const struct call *call, enum route_outcome outcome,
                   struct error *err)
{
    struct service *service = call->service;
    bool slow = call->route->slow && call->request->user_id;
    struct pool *pool = outcome == ROUTE_OUTSIDE ? service->outside
                        : slow                   ? service->slow_pool
                                                 : service->pool;
    if (!pool || (outcome == ROUTE_OUTSIDE && call->place == PLACE_OUTSIDE))
        return error_set(err, ERROR_BUSY, "there is nobody to wait for it");
    return pool_submit(pool, call->request, user_of(call->request), err);
}

static void run(struct service *service, struct request *request,
                struct store *store, enum route_place place)
{
    struct error err = {0};
    struct call call = {
        .service = service, .request = request, .store = store, .place = place};
    request->reply.n_headers = 0; // those of an attempt on an event loop
    enum route_outcome outcome =
        !store && gate_enter(service->gate, request, &err)
            ? ROUTE_FAILED
            : dispatch(&call, &err);
    bool goes_on = outcome == ROUTE_AGAIN || outcome == ROUTE_OUTSIDE;
    if (goes_on && is_guess(&call) && gate_guess(service->gate, request, &err))
        outcome = ROUTE_FAILED;
    switch (outcome) {
    case ROUTE_LATER:
        return;
    case ROUTE_DONE:
        break;
    case ROUTE_AGAIN:
    case ROUTE_OUTSIDE:
        if (hand_on(&call, outcome, &err) == 0)
            return;
        route_problem(service, request, &err);
        break;
    case ROUTE_FAILED:
        if (store && err.code == ERROR_UNAUTHORIZED)
            gate_guessed(service->gate, request);
        route_problem(service, request, &err);
        break;
    }
    http_answer(request);
}

void route_request(void *service, struct request *request)
{
    run(service, request, NULL, PLACE_LOOP);
}

void route_work(void *service, struct request *request, struct store *store)
{
    run(service, request, store, PLACE_POOL);
}

void route_work_slow(void *service, struct request *request,
                     struct store *store)
{
    run(service, request, store, PLACE_SLOW);
}

void route_work_outside(void *service, struct request *request,
                        struct store *store)
{
    run(service, request, store, PLACE_OUTSIDE);
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

void route_submit(const struct call *call, struct command *command)
{
    command->user_id = call->principal.user_id;
    engine_submit(call->service->engine, command);
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
    struct arena *arena = &call->request->arena;
    size_t n = strlen(config->public_url);
    if (n > 0)
        return arena_copy(arena, config->public_url,
                          n - (config->public_url[n - 1] == '/'));
    return url_listened(config->listen, http_port(call->service->http),
                        *config->tls_key, arena);
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
