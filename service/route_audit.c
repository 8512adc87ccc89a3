// SPDX-License-Identifier: GPL-3.0-or-later
// route_audit.c - what people changed: /audit and /studies/{id}/audit

#include <inttypes.h>
#include <string.h>

#include "route.h"
#include "user.h"
#include "wire.h"

// Bytes of what a query names.
enum { MAX_ACTION = 60, MAX_KEY = 80 };

struct listing {
    struct text *text;
    int64_t last_id;
    int n;
};

static int visit_line(void *context, const struct audit_line *line,
                      struct error *err)
{
    struct listing *listing = context;
    const struct audit_row *row = &line->row;
    struct text *text = listing->text;
    (void)err;
    listing->last_id = line->id;
    listing->n++;
    text_next(text);
    text_char(text, '{');
    text_key_int(text, "id", line->id);
    text_key_time(text, "at", row->at_ms);
    text_key_string(text, "user", line->user);
    text_key(text, "token_id");
    if (row->token_id)
        text_int(text, row->token_id);
    else
        text_add(text, "null");
    text_key_string(text, "address", row->address);
    text_key_string(text, "request_id", row->request_id);
    text_key_string(text, "action", row->action);
    text_key_string(text, "study_id", line->study_key);
    text_key_string(text, "object", row->object);
    text_key_json(text, "before", row->before);
    text_key_json(text, "after", row->after);
    text_char(text, '}');
    return 0;
}

static int read_time(const struct call *call, const char *name, int64_t *ms,
                     struct error *err)
{
    const char *text = request_query(call->request, name);
    *ms = text ? wire_time(text) : 0;
    return *ms >= 0
               ? 0
               : error_set(err, ERROR_INVALID,
                           "%s must be a time such as 2026-11-30T12:00:00Z, "
                           "not \"%.40s\"",
                           name, text);
}

static int read_filter(const struct call *call, struct audit_filter *filter,
                       struct error *err)
{
    int64_t limit;
    *filter = (struct audit_filter){0};
    if (route_query_text(call, "action", MAX_ACTION, &filter->action, err) ||
        route_query_int(call, "limit", 1, 1000, 100, &limit, err) ||
        route_query_int(call, "cursor", 1, INT64_MAX, 0, &filter->before_id,
                        err) ||
        read_time(call, "since", &filter->since_ms, err) ||
        read_time(call, "until", &filter->until_ms, err))
        return -1;
    filter->limit = (int)limit;
    return 0;
}

static enum route_outcome
answer(struct call *call, const struct audit_filter *filter, struct error *err)
{
    struct text text;
    struct listing listing = {.text = &text};
    text_init(&text, &call->request->arena);
    text_add(&text, "{\"audit\":[");
    if (store_audit_list(call->store, filter, visit_line, &listing, err))
        return ROUTE_FAILED;
    text_add(&text, "],\"next\":");
    if (listing.n == filter->limit)
        text_print(&text, "\"%" PRId64 "\"}", listing.last_id);
    else
        text_add(&text, "null}");
    return route_json(call, 200, &text);
}

// A study that is gone is known by the lines whose object it was.
static int read_study(struct call *call, struct audit_filter *filter,
                      struct error *err)
{
    const char *key;
    struct study_row row;
    struct error fault = {0};
    if (route_query_text(call, "study", MAX_KEY, &key, err))
        return -1;
    if (!key)
        return 0;
    if (store_study_find(call->store, key, &call->request->arena, &row,
                         &fault) == 0)
        filter->study_id = row.id;
    else if (fault.code == ERROR_NOT_FOUND)
        filter->object = key;
    else
        return error_set(err, fault.code, "%s", fault.message);
    return 0;
}

static int read_user(struct call *call, struct audit_filter *filter,
                     struct error *err)
{
    const char *name;
    struct user_row row;
    if (route_query_text(call, "user", USER_MAX_TEXT, &name, err))
        return -1;
    if (!name)
        return 0;
    if (store_user_find(call->store, name, &call->request->arena, &row, err))
        return -1;
    filter->user_id = row.id;
    return 0;
}

enum route_outcome route_audit_list(struct call *call, struct error *err)
{
    static const char *const known[] = {"limit", "cursor", "action", "since",
                                        "until", "user",   "study",  NULL};
    struct audit_filter filter;
    return user_may_administer(&call->principal, err) ||
                   route_query_known(call, known, err) ||
                   read_filter(call, &filter, err) ||
                   read_user(call, &filter, err) ||
                   read_study(call, &filter, err)
               ? ROUTE_FAILED
               : answer(call, &filter, err);
}

enum route_outcome route_audit_study(struct call *call, struct error *err)
{
    static const char *const known[] = {"limit", "cursor", "action",
                                        "since", "until",  NULL};
    struct directory_entry entry;
    struct audit_filter filter;
    enum route_outcome found = route_study(call, call->args[0], &entry, err);
    if (found != ROUTE_DONE)
        return found;
    if (route_query_known(call, known, err) || read_filter(call, &filter, err))
        return ROUTE_FAILED;
    filter.study_id = entry.study_id;
    return answer(call, &filter, err);
}
