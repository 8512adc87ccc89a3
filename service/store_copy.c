// SPDX-License-Identifier: GPL-3.0-or-later
// store_copy.c - studies that are being built from the trials of others

#include "store_copy.h"

#include "store_private.h"

int store_study_build(struct store *store, int64_t id, int64_t now_ms,
                      struct error *err)
{
    int64_t found;
    struct store_one one = {
        .call = DB_CALL(QUERY_STUDY_BUILD, db_int(id), db_int(now_ms)),
        .visit = store_keep_int,
        .context = &found,
        .what = "study that is being built",
    };
    return store_read_one(store, &one, err);
}

int store_study_publish(struct store *store, int64_t id, const char *identity,
                        struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_STUDY_PUBLISH, db_int(id), db_text(identity)),
                    err);
}

int store_study_abandon(struct store *store, int64_t id, struct error *err)
{
    return db_write(store->db, DB_CALL(QUERY_STUDY_ABANDON, db_int(id)), err);
}

struct id_visitor {
    int (*visit)(void *context, int64_t id, struct error *err);
    void *context;
};

static int visit_id(void *context, struct db_row *row, struct error *err)
{
    const struct id_visitor *visitor = context;
    return visitor->visit(visitor->context, db_next_int(row), err);
}

int store_studies_abandoned(struct store *store, int64_t before_ms, int limit,
                            int (*visit)(void *context, int64_t id,
                                         struct error *err),
                            void *context, struct error *err)
{
    struct id_visitor visitor = {visit, context};
    struct db_reader reader = {visit_id, &visitor, NULL};
    return db_read(store->db,
                   DB_CALL(QUERY_STUDIES_ABANDONED, db_int(before_ms),
                           db_int(limit)),
                   &reader, err) < 0
               ? -1
               : 0;
}

int store_study_dismantle(struct store *store, int64_t id, int64_t step,
                          bool *gone, struct error *err)
{
    int64_t last = -1;
    struct db_reader reader = {store_keep_int, &last, NULL};
    *gone = false;
    if (db_read(store->db, DB_CALL(QUERY_TRIAL_LAST, db_int(id)), &reader,
                err) < 0)
        return -1;
    *gone = last < step;
    if (*gone)
        return store_study_delete(store, id, err);
    struct db_value from = db_int(last - step + 1);
    return db_write(store->db, DB_CALL(QUERY_REPORTS_TRIM, db_int(id), from),
                    err) ||
                   db_write(store->db,
                            DB_CALL(QUERY_TRIALS_TRIM, db_int(id), from), err)
               ? -1
               : 0;
}

struct choice_visitor {
    int (*visit)(void *context, const struct trial_row *row, struct error *err);
    void *context;
};

static int visit_choice(void *context, struct db_row *row, struct error *err)
{
    const struct choice_visitor *visitor = context;
    struct trial_row trial = {.number = db_next_int(row)};
    trial.point = db_next_doubles(row, &trial.n_point);
    return visitor->visit(visitor->context, &trial, err);
}

int store_trial_choose(struct store *store, const struct trial_filter *filter,
                       int64_t first, int64_t last,
                       int (*visit)(void *context, const struct trial_row *row,
                                    struct error *err),
                       void *context, struct error *err)
{
    struct choice_visitor visitor = {visit, context};
    struct db_reader reader = {visit_choice, &visitor, NULL};
    return db_read(store->db,
                   DB_CALL(QUERY_TRIAL_CHOOSE, db_int(filter->study_id),
                           db_int(filter->states ? filter->states
                                                 : STORE_ANY_STATE),
                           db_int(first), db_int(last), db_int(WITHDRAWN_NOT),
                           db_text(filter->tags), db_text(filter->worker),
                           db_real(filter->value_min),
                           db_real(filter->value_max)),
                   &reader, err) < 0
               ? -1
               : 0;
}
