// SPDX-License-Identifier: GPL-3.0-or-later
// store_prior.c - results that a study has from other studies

#include "store_prior.h"

#include "store_private.h"

int store_prior_add(struct store *store, const struct prior_row *row,
                    struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_PRIOR_ADD, db_int(row->study_id),
                            db_int(row->position), db_int(row->source),
                            db_doubles(row->point, row->n_point),
                            db_doubles(row->values, row->n_values)),
                    err);
}

int store_study_warm_start(struct store *store, int64_t id,
                           const char *warm_start, struct error *err)
{
    return db_write(
        store->db,
        DB_CALL(QUERY_STUDY_WARM_START, db_int(id), db_text(warm_start)), err);
}

struct prior_visitor {
    int (*visit)(void *context, const struct prior_row *row, struct error *err);
    void *context;
    int64_t study_id, n;
};

static int visit_prior(void *context, struct db_row *row, struct error *err)
{
    struct prior_visitor *visitor = context;
    struct prior_row prior = {.study_id = visitor->study_id,
                              .position = visitor->n++};
    prior.source = db_next_int(row);
    prior.point = db_next_doubles(row, &prior.n_point);
    prior.values = db_next_doubles(row, &prior.n_values);
    return visitor->visit(visitor->context, &prior, err);
}

static int read_priors(struct store *store, enum query query, int64_t study_id,
                       int (*visit)(void *context, const struct prior_row *row,
                                    struct error *err),
                       void *context, struct error *err)
{
    struct prior_visitor visitor = {visit, context, study_id, 0};
    struct db_reader reader = {visit_prior, &visitor, NULL};
    struct db_call call = *DB_CALL(query, db_int(study_id));
    return db_read(store->db, &call, &reader, err) < 0 ? -1 : 0;
}

int store_prior_list(struct store *store, int64_t study_id,
                     int (*visit)(void *context, const struct prior_row *row,
                                  struct error *err),
                     void *context, struct error *err)
{
    return read_priors(store, QUERY_PRIOR_LIST, study_id, visit, context, err);
}

int store_trial_results(struct store *store, int64_t study_id,
                        int (*visit)(void *context, const struct prior_row *row,
                                     struct error *err),
                        void *context, struct error *err)
{
    return read_priors(store, QUERY_TRIAL_RESULTS, study_id, visit, context,
                       err);
}
