// SPDX-License-Identifier: GPL-3.0-or-later
// store_log.c - what happens during a study: reports and events

#include "store_log.h"

#include "store_private.h"

// ---- reports ----------------------------------------------------------------

int store_report_put(struct store *store, const struct report_row *row,
                     struct error *err)
{
    store_count(store, row->study_id, STORE_REPORT_BYTES);
    return db_write(store->db,
                    DB_CALL(QUERY_REPORT_PUT, db_int(row->study_id),
                            db_int(row->number), db_int(row->step),
                            db_real(row->value), db_int(row->at_ms),
                            db_int(row->revision)),
                    err);
}

struct report_visitor {
    int (*visit)(void *context, const struct report_row *row,
                 struct error *err);
    void *context;
};

static int visit_report(void *context, struct db_row *row, struct error *err)
{
    const struct report_visitor *visitor = context;
    struct report_row report;
    report.study_id = db_next_int(row);
    report.number = db_next_int(row);
    report.step = db_next_int(row);
    report.value = db_next_real(row);
    report.at_ms = db_next_int(row);
    report.revision = db_next_int(row);
    return visitor->visit(visitor->context, &report, err);
}

int store_reports_since(struct store *store, int64_t study_id, int64_t revision,
                        int (*visit)(void *context,
                                     const struct report_row *row,
                                     struct error *err),
                        void *context, struct error *err)
{
    struct report_visitor visitor = {visit, context};
    struct db_reader reader = {visit_report, &visitor, NULL};
    return db_read(
               store->db,
               DB_CALL(QUERY_REPORTS_SINCE, db_int(study_id), db_int(revision)),
               &reader, err) < 0
               ? -1
               : 0;
}

int store_reports_of(struct store *store, int64_t study_id, int64_t first,
                     int64_t last,
                     int (*visit)(void *context, const struct report_row *row,
                                  struct error *err),
                     void *context, struct error *err)
{
    struct report_visitor visitor = {visit, context};
    struct db_reader reader = {visit_report, &visitor, NULL};
    return db_read(store->db,
                   DB_CALL(QUERY_REPORTS_OF, db_int(study_id), db_int(first),
                           db_int(last)),
                   &reader, err) < 0
               ? -1
               : 0;
}

// ---- events -----------------------------------------------------------------

// The events of a transaction are written by one statement at its end: they
// are half of what an ask or a tell writes.
int store_flush_events(struct store *store, struct error *err)
{
    struct store_events *events = &store->events;
    size_t n = events->n;
    if (n == 0)
        return 0;
    events->n = 0;
    return db_write(
        store->db,
        DB_CALL(QUERY_EVENTS_ADD, db_ints(events->study_id, n),
                db_ints(events->revision, n), db_texts(events->kind, n),
                db_ints(events->number, n), db_ints(events->at_ms, n),
                db_ints(events->user_id, n)),
        err);
}

static int add_detailed(struct store *store, const struct event_row *row,
                        struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_EVENT_ADD_DETAILED, db_int(row->study_id),
                            db_int(row->revision), db_text(row->kind),
                            db_int_unless(row->number, -1), db_int(row->at_ms),
                            db_int_unless(row->user_id, 0),
                            db_text(row->detail)),
                    err);
}

int store_event_add(struct store *store, const struct event_row *row,
                    struct error *err)
{
    store_count(store, row->study_id,
                STORE_EVENT_BYTES + store_length(row->detail));
    if (row->detail)
        return add_detailed(store, row, err);
    struct store_events *events = &store->events;
    if (events->n == STORE_EVENTS && store_flush_events(store, err))
        return -1;
    if (events->n == 0)
        arena_reset(&events->kinds);
    size_t i = events->n++;
    events->study_id[i] = row->study_id;
    events->revision[i] = row->revision;
    events->number[i] = row->number;
    events->at_ms[i] = row->at_ms;
    events->user_id[i] = row->user_id;
    events->kind[i] = arena_copy(&events->kinds, row->kind, strlen(row->kind));
    return store->db->in_transaction ? 0 : store_flush_events(store, err);
}

static int visit_event(void *context, struct db_row *row, struct error *err)
{
    struct event_page *page = context;
    struct event_row *event = &page->events[page->n++];
    (void)err;
    event->study_id = db_next_int(row);
    event->revision = db_next_int(row);
    event->kind = db_next_text(row);
    event->number = db_next_int_or(row, -1);
    event->at_ms = db_next_int(row);
    event->user_id = db_next_int_or(row, 0);
    event->user = db_next_text(row);
    event->state = (int)db_next_int_or(row, -1);
    event->detail = db_next_text(row);
    return 0;
}

int store_event_page(struct store *store, struct event_page *page,
                     struct arena *arena, struct error *err)
{
    struct db_reader reader = {visit_event, page, arena};
    page->n = 0;
    page->events = arena_alloc(arena, page->limit * sizeof *page->events);
    if (store_flush_events(store, err))
        return -1;
    return db_read(store->db,
                   DB_CALL(QUERY_EVENT_LIST, db_int(page->study_id),
                           db_int(page->after), db_int((int64_t)page->limit)),
                   &reader, err) < 0
               ? -1
               : 0;
}
