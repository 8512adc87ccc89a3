// SPDX-License-Identifier: GPL-3.0-or-later
// store_audit.c - what people changed, as the store keeps it

#include "store_audit.h"

#include "store_private.h"

int store_audit_add(struct store *store, const struct audit_row *row,
                    struct error *err)
{
    return db_write(
        store->db,
        DB_CALL(QUERY_AUDIT_ADD, db_int(row->at_ms),
                db_int_unless(row->user_id, 0), db_int_unless(row->token_id, 0),
                db_text(row->address), db_text(row->request_id),
                db_text(row->action), db_int_unless(row->study_id, 0),
                db_text(row->object), db_text(row->before),
                db_text(row->after)),
        err);
}

struct line_visitor {
    int (*visit)(void *context, const struct audit_line *line,
                 struct error *err);
    void *context;
};

static int visit_line(void *context, struct db_row *row, struct error *err)
{
    const struct line_visitor *visitor = context;
    struct audit_line line;
    line.id = db_next_int(row);
    line.row.at_ms = db_next_int(row);
    line.row.user_id = db_next_int_or(row, 0);
    line.user = db_next_text(row);
    line.row.token_id = db_next_int_or(row, 0);
    line.row.address = db_next_text(row);
    line.row.request_id = db_next_text(row);
    line.row.action = db_next_text(row);
    line.row.study_id = db_next_int_or(row, 0);
    line.study_key = db_next_text(row);
    line.row.object = db_next_text(row);
    line.row.before = db_next_text(row);
    line.row.after = db_next_text(row);
    return visitor->visit(visitor->context, &line, err);
}

int store_audit_list(struct store *store, const struct audit_filter *filter,
                     int (*visit)(void *context, const struct audit_line *line,
                                  struct error *err),
                     void *context, struct error *err)
{
    struct line_visitor visitor = {visit, context};
    struct db_reader reader = {visit_line, &visitor, NULL};
    enum query query = filter->study_id  ? QUERY_AUDIT_LIST_STUDY
                       : filter->user_id ? QUERY_AUDIT_LIST_USER
                                         : QUERY_AUDIT_LIST;
    return db_read(store->db,
                   DB_CALL(query, db_int(filter->before_id),
                           db_text(filter->action), db_int(filter->since_ms),
                           db_int(filter->until_ms), db_text(filter->object),
                           db_int(filter->limit), db_int(filter->user_id),
                           db_int(filter->study_id)),
                   &reader, err) < 0
               ? -1
               : 0;
}

static int count_row(void *context, struct db_row *row, struct error *err)
{
    (void)row;
    (void)err;
    ++*(int64_t *)context;
    return 0;
}

int store_audit_trim(struct store *store, int64_t before_ms, int64_t *n,
                     struct error *err)
{
    struct db_reader reader = {count_row, n, NULL};
    *n = 0;
    return db_read(store->db,
                   DB_CALL(QUERY_AUDIT_TRIM, db_int(before_ms),
                           db_int(AUDIT_TRIM_STEP)),
                   &reader, err) < 0
               ? -1
               : 0;
}
