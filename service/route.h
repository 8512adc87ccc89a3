// SPDX-License-Identifier: GPL-3.0-or-later
// route.h - from a request to the handler that answers it
//
// routes.def lists every endpoint: method, path, handler, the right its caller
// needs, how the caller is known and where it may run. A handler parses, calls
// the domain and formats, in about twenty lines. It may be called on an event
// loop, where it must not wait: there call->store is NULL, and a handler that
// needs to read returns ROUTE_AGAIN to be called once more on a thread that
// may.

#ifndef CUMAE_ROUTE_H
#define CUMAE_ROUTE_H

#include <jansson.h>

#include "service.h"
#include "session.h"
#include "store_audit.h"
#include "text.h"

enum route_outcome {
    ROUTE_DONE,    // request->reply is the answer
    ROUTE_LATER,   // somebody else answers
    ROUTE_AGAIN,   // call again with a store
    ROUTE_OUTSIDE, // call again where other services may be waited for
    ROUTE_FAILED,  // *err says why
};

enum route_access {
    ACCESS_OPEN,  // no token
    ACCESS_TOKEN, // bearer token or session cookie
    ACCESS_PATH,  // token in the path (Hopaas)
};

enum route_place {
    PLACE_LOOP,    // an event loop: nothing may be waited for
    PLACE_POOL,    // a thread that may wait for the database
    PLACE_SLOW,    // the same, for requests that take long
    PLACE_OUTSIDE, // the same, for those that wait for other services
};

struct call;

struct route {
    const char *path; // segments; {name} matches one
    enum route_outcome (*handle)(struct call *call, struct error *err);
    enum right right;
    enum http_method method;
    enum route_access access;
    bool quick; // frequent, and may run on an event loop
    bool slow;  // may take seconds: runs in a pool of its own
};

extern const struct route routes[];
extern const size_t n_routes;

enum { CALL_MAX_ARGS = 2 };

// The handlers.
#define ROUTE(method, path, handler, right, access, quick)                     \
    enum route_outcome route_##handler(struct call *call, struct error *err);
#include "routes.def"
#undef ROUTE

// In place of `quick` in routes.def.
enum { SLOW = 2 };

// One request on its way through a handler.
struct call {
    struct service *service;
    struct request *request;
    const struct route *route;
    struct store *store; // NULL on an event loop
    enum route_place place;
    const char *args[CALL_MAX_ARGS]; // what matched {name}
    struct principal principal;      // unless ACCESS_OPEN
    bool familiar;  // not known yet, but the secret was somebody's before
    enum role role; // on the study that was looked at last, what is left of it
};

// Takes a request from an event loop; the entry of the service.
void route_request(void *service, struct request *request);

// Works on a request in a thread of the pool, or of that for slow ones.
void route_work(void *service, struct request *request, struct store *store);
void route_work_slow(void *service, struct request *request,
                     struct store *store);

// The same in one that may also wait for other services: providers of
// identities. Whoever waits there keeps nobody else waiting.
void route_work_outside(void *service, struct request *request,
                        struct store *store);

// Finds out who is calling, and whether the token allows what the route does.
// Returns 0, -1, 1 when the store is needed, or 2 when the secret is a token of
// a provider, which may have to be waited for.
int route_authenticate(struct call *call, struct error *err);

// ---- for handlers -----------------------------------------------------------

// Answers with the JSON in text.
enum route_outcome route_json(struct call *call, int status,
                              const struct text *text);

// A copy of the call that lives as long as the request.
struct call *route_keep(const struct call *call);

// Gives the engine a command of the caller.
void route_submit(const struct call *call, struct command *command);

// Answers for a finished command: with the text, or with its error.
void route_finish(struct call *call, struct command *command,
                  const struct text *text);

// Do browsers reach the service by https?
bool route_is_secure(const struct call *call);

// What the headers say about where the request comes from.
struct session_source route_source(const struct call *call);

// A line of the audit log: who is calling, from where, now. The caller says
// what changed and gives it to store_audit_add in the transaction of the
// change.
struct audit_row route_audit(const struct call *call, const char *action);

// Answers with the problem that err describes, in the form of the face that
// was called.
void route_problem(struct service *service, struct request *request,
                   const struct error *err);

// The body as a JSON object; the caller decrefs. NULL with an error.
json_t *route_body(struct call *call, struct error *err);

// The study that {id} names, if the route's right on it is the caller's. Sets
// call->role.
enum route_outcome route_study(struct call *call, const char *key,
                               struct directory_entry *entry,
                               struct error *err);

// The same with another right, which the caller has as the route demands.
enum route_outcome route_study_for(struct call *call, const char *key,
                                   enum right right,
                                   struct directory_entry *entry,
                                   struct error *err);

// May the caller do to a study what the route does? Sets call->role.
enum route_outcome route_may(struct call *call, int64_t study_id,
                             struct error *err);

// Appends a study as the caller sees it, whose role on it is call->role; guests
// see no names of people.
int route_study_write(const struct call *call, struct text *text,
                      const struct study_row *row, struct error *err);

// Where the service is for its users, without a / at the end.
const char *route_public_url(const struct call *call);

// The study and the trial in a path of /studies/{id}/trials/{number}/...
enum route_outcome route_trial_in_path(struct call *call,
                                       struct command *command, int64_t *number,
                                       struct error *err);

// A trial number in the path or in a query; ERROR_NOT_FOUND otherwise.
int route_number(const char *text, int64_t *number, struct error *err);

// An integer in the query. ERROR_INVALID names it.
int route_query_int(const struct call *call, const char *name, int64_t low,
                    int64_t high, int64_t standard, int64_t *value,
                    struct error *err);

// A finite number in the query, NaN when it is absent. ERROR_MALFORMED for
// anything else.
int route_query_real(const struct call *call, const char *name, double *value,
                     struct error *err);

// A text of at most `max` bytes in the query (ERROR_INVALID), NULL when absent.
int route_query_text(const struct call *call, const char *name, size_t max,
                     const char **value, struct error *err);

// ERROR_MALFORMED when the query holds a parameter that is not in the list
// (which ends with NULL).
int route_query_known(const struct call *call, const char *const *known,
                      struct error *err);

#endif
