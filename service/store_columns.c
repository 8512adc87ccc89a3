// SPDX-License-Identifier: GPL-3.0-or-later
// store_columns.c - the numbers of many trials, without their texts

#include "store_columns.h"

#include "store_private.h"

struct visitor {
    int (*visit)(void *context, const struct trial_row *row, struct error *err);
    void *context;
    int64_t study_id;
};

// In the order of @column_fields@.
static int visit_fields(void *context, struct db_row *row, struct error *err)
{
    const struct visitor *visitor = context;
    struct trial_row trial = {.study_id = visitor->study_id};
    trial.number = db_next_int(row);
    trial.state = (enum trial_state)db_next_int(row);
    trial.withdrawn = (enum withdrawn)db_next_int_or(row, WITHDRAWN_NOT);
    trial.point = db_next_doubles(row, &trial.n_point);
    trial.values = db_next_doubles(row, &trial.n_values);
    trial.constraint_values = db_next_doubles(row, &trial.n_constraint_values);
    trial.uncertainty = db_next_real(row);
    trial.cost = db_next_real(row);
    trial.wall_s = db_next_real(row);
    trial.created_ms = db_next_int(row);
    trial.started_ms = db_next_int_or(row, 0);
    trial.ended_ms = db_next_int_or(row, 0);
    trial.attempt = db_next_int(row);
    trial.retry_of = db_next_int_or(row, -1);
    trial.iteration = db_next_int_or(row, 0);
    trial.worker = db_next_text(row);
    trial.error = db_next_text(row);
    return visitor->visit(visitor->context, &trial, err);
}

int store_trial_columns(struct store *store,
                        const struct columns_filter *filter,
                        int (*visit)(void *context, const struct trial_row *row,
                                     struct error *err),
                        void *context, struct error *err)
{
    struct visitor visitor = {visit, context, filter->study_id};
    struct db_reader reader = {visit_fields, &visitor, NULL};
    bool changed = filter->since_revision >= 0;
    struct db_call call =
        *DB_CALL(changed ? QUERY_TRIAL_COLUMNS_CHANGED : QUERY_TRIAL_COLUMNS,
                 db_int(filter->study_id), db_int(filter->after_number),
                 db_int(filter->limit), db_int(filter->workers),
                 db_int(filter->remarks), db_int(filter->since_revision));
    if (!changed)
        call.n--;
    return db_read(store->db, &call, &reader, err) < 0 ? -1 : 0;
}
