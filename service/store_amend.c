// SPDX-License-Identifier: GPL-3.0-or-later
// store_amend.c - trials that people change, delete and run again

#include "store_limit.h"
#include "store_private.h"
#include "store_trial.h"

int store_trial_amend(struct store *store, const struct trial_row *row,
                      struct error *err)
{
    // Only what an annotation may bring; the rest is there already.
    store_count(store, row->study_id,
                store_length(row->notes) + store_length(row->tags) +
                    store_length(row->meta));
    return db_write(
        store->db,
        DB_CALL(
            QUERY_TRIAL_AMEND, db_int(row->study_id), db_int(row->number),
            db_int(row->state), db_doubles_or_null(row->values, row->n_values),
            db_real(row->uncertainty),
            db_doubles_or_null(row->constraint_values,
                               row->n_constraint_values),
            db_real(row->wall_s), db_text(row->error), db_text(row->outputs),
            db_text(row->meta), db_text(row->env), db_text(row->tags),
            db_text(row->notes), db_int_unless(row->withdrawn, WITHDRAWN_NOT),
            db_text(row->withdrawn_reason), db_int(row->revision),
            db_real(row->cost)),
        err);
}

int store_trial_erase(struct store *store, const struct trial_row *row,
                      struct error *err)
{
    const struct db_call *erase = DB_CALL(
        QUERY_TRIAL_ERASE, db_int(row->study_id), db_int(row->number),
        db_int(WITHDRAWN_DELETED), db_int(row->revision),
        db_int_unless(row->ended_ms, 0), db_int_unless(row->ended_revision, 0));
    const struct db_call *reports = DB_CALL(
        QUERY_TRIAL_ERASE_REPORTS, db_int(row->study_id), db_int(row->number));
    return db_write(store->db, erase, err) ||
                   db_write(store->db, reports, err) ||
                   store_limit_erase(store, row->study_id, row->number, err)
               ? -1
               : 0;
}

int store_trial_inherit(struct store *store, int64_t study_id, int64_t number,
                        int64_t from, struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_TRIAL_INHERIT, db_int(study_id),
                            db_int(number), db_int(from)),
                    err);
}
