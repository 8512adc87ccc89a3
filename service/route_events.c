// SPDX-License-Identifier: GPL-3.0-or-later
// route_events.c - what happened to a study, and what happens next
//
// One call, two forms: a JSON list, or an event stream for a browser's
// EventSource. Both end after the events at hand and may wait for the first of
// them; whoever wants more comes back with the number of the last one.

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "route.h"
#include "wire_event.h"

enum {
    EVENTS_MAX_WAIT_S = 60,
    STREAM_WAIT_S = 25, // below the 30 s after which some proxies give up
};

static const int64_t last_seq = ((int64_t)1 << 53) - 1; // exact in any JSON

struct wish {
    struct watcher watcher;
    struct call *call;
    size_t limit;
    int64_t wait_s;
    uint64_t generation; // of the permissions that were looked at
    bool stream;
};

static enum route_outcome reply(const struct wish *wish,
                                const struct event_row *events, size_t n)
{
    struct request *request = wish->call->request;
    struct text text;
    text_init(&text, &request->arena);
    n = n < wish->limit ? n : wish->limit;
    if (!wish->stream) {
        wire_events_write(&text, events, n, wish->watcher.since);
        return route_json(wish->call, 200, &text);
    }
    wire_events_stream(&text, events, n);
    route_json(wish->call, 200, &text);
    request->reply.content_type = "text/event-stream";
    reply_header(request, "X-Accel-Buffering", "no");
    return ROUTE_DONE;
}

static void answer(struct watcher *watcher, const struct event_row *events,
                   size_t n)
{
    const struct wish *wish = (const struct wish *)watcher;
    struct access *access = wish->call->service->access;
    // Whoever may have lost the right to look is told nothing and asks anew.
    if (access_generation(access) != wish->generation)
        n = 0;
    reply(wish, events, n);
    http_answer(wish->call->request);
}

// A browser that comes back says what it saw last in a header, while the
// address still says where it began.
static int read_since(const struct call *call, int64_t *since,
                      struct error *err)
{
    const char *last = request_header(call->request, "last-event-id");
    if (route_query_int(call, "since", 0, last_seq, 0, since, err))
        return -1;
    if (!last)
        return 0;
    size_t digits = strspn(last, "0123456789");
    *since = strtoll(last, NULL, 10);
    if (digits == 0 || last[digits] || *since > last_seq)
        return error_set(err, ERROR_MALFORMED,
                         "Last-Event-ID must be the number of an event, not "
                         "\"%.40s\"",
                         last);
    return 0;
}

static struct wish *read_wish(struct call *call, struct error *err)
{
    static const char *const known[] = {"since", "limit", "wait_s", NULL};
    struct wish *wish = arena_zeros(&call->request->arena, 1, sizeof *wish);
    const char *accept = request_header(call->request, "accept");
    int64_t limit;
    wish->stream = accept && strstr(accept, "text/event-stream");
    if (route_query_known(call, known, err) ||
        read_since(call, &wish->watcher.since, err) ||
        route_query_int(call, "limit", 1, WATCH_MAX_EVENTS, WATCH_MAX_EVENTS,
                        &limit, err) ||
        route_query_int(call, "wait_s", 0, EVENTS_MAX_WAIT_S,
                        wish->stream ? STREAM_WAIT_S : 0, &wish->wait_s, err))
        return NULL;
    wish->limit = (size_t)limit;
    wish->call = route_keep(call);
    wish->watcher.answer = answer;
    wish->watcher.until_us = clock_monotonic_us() + wish->wait_s * 1000000;
    return wish;
}

// Reads what there is. Deleted studies are known by name for a while, so it
// also asks whether the study is there.
static int look(struct call *call, const struct directory_entry *entry,
                const struct wish *wish, struct event_page *page,
                struct error *err)
{
    struct study_progress progress;
    int64_t study_id, owner_id;
    *page = (struct event_page){.study_id = entry->study_id,
                                .after = wish->watcher.since,
                                .limit = wish->limit};
    if (store_study_progress(call->store, entry->key, &study_id, &owner_id,
                             &progress, err))
        return -1;
    return progress.revision <= page->after
               ? 0
               : store_event_page(call->store, page, &call->request->arena,
                                  err);
}

// Leaves the wish to the watch; one that came too late to be woken by a change
// of permissions wakes everybody.
static enum route_outcome wait(struct call *call, struct wish *wish)
{
    struct watch *watch = call->service->watch;
    uint64_t generation = wish->generation;
    if (call->store)
        watch_wait(watch, &wish->watcher);
    else if (!watch_wait_at_once(watch, &wish->watcher))
        return ROUTE_AGAIN;
    if (access_generation(call->service->access) != generation)
        watch_wake(watch);
    return ROUTE_LATER;
}

enum route_outcome route_event_list(struct call *call, struct error *err)
{
    struct directory_entry entry;
    struct event_page page;
    struct wish *wish = read_wish(call, err);
    if (!wish)
        return ROUTE_FAILED;
    wish->generation = access_generation(call->service->access);
    enum route_outcome found = route_study(call, call->args[0], &entry, err);
    if (found != ROUTE_DONE)
        return found;
    wish->watcher.study_id = entry.study_id;
    if (!call->store)
        return wish->wait_s ? wait(call, wish) : ROUTE_AGAIN;
    if (look(call, &entry, wish, &page, err))
        return ROUTE_FAILED;
    if (page.n || wish->wait_s == 0)
        return reply(wish, page.events, page.n);
    return wait(call, wish);
}
