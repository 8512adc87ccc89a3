// SPDX-License-Identifier: GPL-3.0-or-later
// route_trials.c - looking at trials: one, or a page of them

#include <inttypes.h>
#include <string.h>

#include "route.h"
#include "wire_definition.h"
#include "wire_trial.h"

struct item {
    int64_t number;
    struct text trial;   // without the closing brace
    struct text reports; // between the brackets
};

struct page {
    struct arena *arena;
    const struct definition *definition;
    const char *study_key;
    struct item *items; // [limit], in the order of the answer
    size_t n;
};

static int visit_trial(void *context, const struct trial_row *row,
                       struct error *err)
{
    struct page *page = context;
    struct item *item = &page->items[page->n++];
    item->number = row->number;
    text_init(&item->trial, page->arena);
    text_init(&item->reports, page->arena);
    return wire_trial_open(&item->trial, page->definition, page->study_key, row,
                           err);
}

// Adds a report to its trial, if that is on the page.
static int visit_report(void *context, const struct report_row *row,
                        struct error *err)
{
    struct page *page = context;
    bool descending =
        page->n > 1 && page->items[0].number > page->items[1].number;
    size_t low = 0, high = page->n;
    (void)err;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int64_t number = page->items[middle].number;
        if (number == row->number) {
            wire_report_write(&page->items[middle].reports, row);
            break;
        }
        if ((number < row->number) != descending)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

static int read_reports(struct call *call, int64_t study_id, struct page *page,
                        struct error *err)
{
    if (!page->n)
        return 0;
    int64_t first = page->items[0].number;
    int64_t last = page->items[page->n - 1].number;
    return store_reports_of(call->store, study_id, first < last ? first : last,
                            first < last ? last : first, visit_report, page,
                            err);
}

static void write_item(struct text *text, const struct item *item, bool reports)
{
    text_next(text);
    text_bytes(text, item->trial.data, item->trial.n);
    if (reports) {
        text_add(text, ",\"reports\":[");
        text_bytes(text, item->reports.data, item->reports.n);
        text_char(text, ']');
    }
    text_char(text, '}');
}

// Opens a page for the study in the path. The definition is the caller's.
static struct definition *open_page(struct call *call, size_t limit,
                                    struct study_row *study, struct page *page,
                                    struct error *err)
{
    struct directory_entry entry;
    struct arena *arena = &call->request->arena;
    if (route_study(call, call->args[0], &entry, err) != ROUTE_DONE ||
        store_study_get(call->store, entry.study_id, arena, study, err))
        return NULL;
    struct definition *definition =
        wire_definition_load(study->definition, err);
    *page =
        (struct page){.arena = arena,
                      .definition = definition,
                      .study_key = study->key,
                      .items = arena_zeros(arena, limit, sizeof *page->items)};
    return definition;
}

enum route_outcome route_trial_get(struct call *call, struct error *err)
{
    struct study_row study;
    struct trial_row row;
    struct page page;
    struct text text;
    int64_t number;
    if (route_number(call->args[1], &number, err))
        return ROUTE_FAILED;
    struct definition *definition = open_page(call, 1, &study, &page, err);
    if (!definition)
        return ROUTE_FAILED;
    int result =
        store_trial_get(call->store, study.id, number, page.arena, &row, err);
    if (result == 0 && row.withdrawn == WITHDRAWN_DELETED)
        result = error_set(err, ERROR_NOT_FOUND,
                           "trial %" PRId64 " was deleted", number);
    if (result == 0)
        result = visit_trial(&page, &row, err);
    if (result == 0)
        result = read_reports(call, study.id, &page, err);
    definition_free(definition);
    if (result)
        return ROUTE_FAILED;
    text_init(&text, page.arena);
    write_item(&text, &page.items[0], true);
    return route_json(call, 200, &text);
}

// One state, or several with commas between them.
static int read_states(const struct call *call, struct trial_filter *filter,
                       struct error *err)
{
    const char *list = request_query(call->request, "state");
    for (const char *next = list; next; next = strchr(next, ',')) {
        next += next != list;
        size_t n = strcspn(next, ",");
        const char *name = arena_copy(&call->request->arena, next, n);
        int state = trial_state_from_name(name);
        if (state < 0)
            return error_set(err, ERROR_INVALID,
                             "state must be a trial's state, or several with "
                             "commas, not \"%.40s\"",
                             list);
        filter->states |= 1u << state;
    }
    return 0;
}

static int read_what(const struct call *call, struct trial_filter *filter,
                     struct error *err)
{
    const char *tag;
    if (route_query_text(call, "tag", STUDY_MAX_TAG, &tag, err) ||
        route_query_text(call, "worker", STUDY_MAX_NAME, &filter->worker, err))
        return -1;
    if (tag) {
        struct text tags;
        text_init(&tags, &call->request->arena);
        text_char(&tags, '[');
        text_string(&tags, tag);
        text_char(&tags, ']');
        filter->tags = tags.data;
    }
    if (read_states(call, filter, err) ||
        route_query_real(call, "value_min", &filter->value_min, err) ||
        route_query_real(call, "value_max", &filter->value_max, err))
        return -1;
    if (filter->value_min > filter->value_max)
        return error_set(err, ERROR_INVALID,
                         "value_min must be at most value_max, not %.15g > "
                         "%.15g",
                         filter->value_min, filter->value_max);
    return 0;
}

static const int64_t last_revision = ((int64_t)1 << 53) - 1;

static int read_filter(const struct call *call, struct trial_filter *filter,
                       bool *reports, struct error *err)
{
    static const char *const known[] = {
        "limit",   "cursor", "since",  "state",     "order",     "reports",
        "deleted", "tag",    "worker", "value_min", "value_max", NULL};
    int64_t limit, with_reports, with_deleted;
    const char *order = request_query(call->request, "order");
    *filter = (struct trial_filter){0};
    if (route_query_known(call, known, err) ||
        route_query_int(call, "limit", 1, 1000, 100, &limit, err) ||
        route_query_int(call, "cursor", 0, INT64_MAX, -1, &filter->after_number,
                        err) ||
        route_query_int(call, "since", 0, last_revision, -1,
                        &filter->since_revision, err) ||
        route_query_int(call, "reports", 0, 1, 0, &with_reports, err) ||
        route_query_int(call, "deleted", 0, 1, 0, &with_deleted, err) ||
        read_what(call, filter, err))
        return -1;
    filter->deleted = with_deleted;
    filter->limit = (int)limit;
    if (order && strcmp(order, "asc") != 0 && strcmp(order, "desc") != 0)
        return error_set(err, ERROR_INVALID,
                         "order must be asc or desc, not \"%.40s\"", order);
    filter->newest_first = order && strcmp(order, "desc") == 0;
    *reports = with_reports;
    return 0;
}

enum route_outcome route_trial_list(struct call *call, struct error *err)
{
    struct trial_filter filter;
    struct study_row study;
    struct page page;
    struct text text;
    bool reports = false;
    if (read_filter(call, &filter, &reports, err))
        return ROUTE_FAILED;
    struct definition *definition =
        open_page(call, (size_t)filter.limit, &study, &page, err);
    if (!definition)
        return ROUTE_FAILED;
    filter.study_id = study.id;
    int result =
        store_trial_list(call->store, &filter, visit_trial, &page, err);
    if (result == 0 && reports)
        result = read_reports(call, study.id, &page, err);
    definition_free(definition);
    if (result)
        return ROUTE_FAILED;
    text_init(&text, page.arena);
    text_add(&text, "{\"trials\":[");
    for (size_t i = 0; i < page.n; i++)
        write_item(&text, &page.items[i], reports);
    // Read before the trials were: what is newer comes with the next `since`.
    text_print(&text,
               "],\"revision\":%" PRId64 ",\"next\":", study.progress.revision);
    if (page.n == (size_t)filter.limit)
        text_print(&text, "\"%" PRId64 "\"}", page.items[page.n - 1].number);
    else
        text_add(&text, "null}");
    return route_json(call, 200, &text);
}
