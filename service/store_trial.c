// SPDX-License-Identifier: GPL-3.0-or-later
// store_trial.c - trials

#include "store_trial.h"

#include "store_private.h"
#include "text.h"

// ---- writing ----------------------------------------------------------------

// NULL says that no user brought the trial.
static struct db_value priority_of(const struct trial_row *row)
{
    return (struct db_value){
        .type = DB_INT, .null = !row->brought, .integer = row->priority};
}

// The bytes of what has no fixed size.
static int64_t size_of(const struct trial_row *row)
{
    size_t doubles = row->n_point + row->n_values + row->n_constraint_values;
    return (int64_t)(doubles * sizeof(double)) + store_length(row->worker) +
           store_length(row->constants) + store_length(row->special) +
           store_length(row->error) + store_length(row->outputs) +
           store_length(row->meta) + store_length(row->env) +
           store_length(row->tags) + store_length(row->notes) +
           store_length(row->why) + store_length(row->client_id) +
           store_length(row->point_id);
}

int store_trial_add(struct store *store, const struct trial_row *row,
                    struct error *err)
{
    store_count(store, row->study_id, STORE_TRIAL_BYTES + size_of(row));
    return db_write(
        store->db,
        DB_CALL(QUERY_TRIAL_ADD, db_int(row->study_id), db_int(row->number),
                db_int(row->state), db_doubles(row->point, row->n_point),
                db_doubles_or_null(row->values, row->n_values),
                db_real(row->uncertainty), db_flag(row->stopped),
                db_text(row->stop_reason), db_text(row->sampler),
                db_int(row->seen_revision), db_int(row->attempt),
                db_int_unless(row->retry_of, -1), db_int(row->lease_ms),
                db_int(row->created_ms), db_int_unless(row->started_ms, 0),
                db_int_unless(row->ended_ms, 0), db_int(row->revision),
                db_int_unless(row->ended_revision, 0), db_real(row->wall_s),
                store_key(row->ask_key, STORE_ASK_KEY_BYTES),
                db_text(row->worker), db_text(row->constants),
                db_text(row->special), db_text(row->error),
                db_text(row->outputs), db_text(row->meta), db_text(row->env),
                db_text(row->tags), db_text(row->notes),
                db_doubles_or_null(row->constraint_values,
                                   row->n_constraint_values),
                db_text(row->why), db_text(row->client_id),
                store_key(row->client_key, STORE_CLIENT_KEY_BYTES),
                priority_of(row), db_int_unless(row->withdrawn, WITHDRAWN_NOT),
                db_text(row->withdrawn_reason), db_real(row->cost),
                db_int_unless(row->iteration, 0), db_int_unless(row->run, 0),
                db_text(row->point_id)),
        err);
}

int store_trial_end(struct store *store, const struct trial_row *row,
                    struct error *err)
{
    int64_t doubles = (int64_t)(row->n_values + row->n_constraint_values);
    store_count(store, row->study_id,
                doubles * (int64_t)sizeof(double) + store_length(row->error) +
                    store_length(row->outputs) + store_length(row->meta) +
                    store_length(row->env));
    return db_write(
        store->db,
        DB_CALL(QUERY_TRIAL_END, db_int(row->study_id), db_int(row->number),
                db_int(row->state),
                db_doubles_or_null(row->values, row->n_values),
                db_real(row->uncertainty), db_flag(row->stopped),
                db_text(row->stop_reason), db_int(row->lease_ms),
                db_int_unless(row->ended_ms, 0), db_int(row->revision),
                db_int_unless(row->ended_revision, 0), db_real(row->wall_s),
                db_text(row->error), db_text(row->outputs), db_text(row->meta),
                db_text(row->env),
                db_doubles_or_null(row->constraint_values,
                                   row->n_constraint_values),
                db_real(row->cost)),
        err);
}

int store_trial_lease(struct store *store, int64_t study_id, int64_t number,
                      int64_t lease_ms, struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_TRIAL_LEASE, db_int(study_id), db_int(number),
                            db_int(lease_ms)),
                    err);
}

int store_trial_start(struct store *store, const struct trial_row *row,
                      struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_TRIAL_START, db_int(row->study_id),
                            db_int(row->number), db_int(row->state),
                            db_int_unless(row->started_ms, 0),
                            db_int(row->lease_ms), db_text(row->worker),
                            db_int(row->revision), db_text(row->special),
                            store_key(row->ask_key, STORE_ASK_KEY_BYTES),
                            db_int_unless(row->iteration, 0)),
                    err);
}

int store_trials_cancel(struct store *store, int64_t study_id, int64_t now_ms,
                        int64_t revision, const char *text, struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_TRIALS_CANCEL, db_int(study_id),
                            db_int(now_ms), db_int(revision), db_text(text)),
                    err);
}

// ---- reading ----------------------------------------------------------------

static void next_priority(struct db_row *row, struct trial_row *trial)
{
    int64_t priority = db_next_int_or(row, INT64_MIN);
    trial->brought = priority != INT64_MIN;
    trial->priority = trial->brought ? priority : 0;
}

// In the order of @trial_columns@.
static int read_trial(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    struct trial_row *trial = context;
    trial->study_id = db_next_int(row);
    trial->number = db_next_int(row);
    trial->state = (enum trial_state)db_next_int(row);
    trial->point = db_next_doubles(row, &trial->n_point);
    trial->values = db_next_doubles(row, &trial->n_values);
    trial->uncertainty = db_next_real(row);
    trial->stopped = db_next_flag(row);
    trial->stop_reason = db_next_text(row);
    trial->sampler = db_next_text(row);
    trial->seen_revision = db_next_int(row);
    trial->attempt = db_next_int(row);
    trial->retry_of = db_next_int_or(row, -1);
    trial->lease_ms = db_next_int(row);
    trial->created_ms = db_next_int(row);
    trial->started_ms = db_next_int_or(row, 0);
    trial->ended_ms = db_next_int_or(row, 0);
    trial->revision = db_next_int(row);
    trial->ended_revision = db_next_int_or(row, 0);
    trial->wall_s = db_next_real(row);
    db_next_bytes(row, trial->ask_key, STORE_ASK_KEY_BYTES);
    trial->worker = db_next_text(row);
    trial->constants = db_next_text(row);
    trial->special = db_next_text(row);
    trial->error = db_next_text(row);
    trial->outputs = db_next_text(row);
    trial->meta = db_next_text(row);
    trial->env = db_next_text(row);
    trial->tags = db_next_text(row);
    trial->notes = db_next_text(row);
    trial->constraint_values =
        db_next_doubles(row, &trial->n_constraint_values);
    trial->why = db_next_text(row);
    trial->client_id = db_next_text(row);
    db_next_bytes(row, trial->client_key, STORE_CLIENT_KEY_BYTES);
    next_priority(row, trial);
    trial->withdrawn = (enum withdrawn)db_next_int_or(row, WITHDRAWN_NOT);
    trial->withdrawn_reason = db_next_text(row);
    trial->cost = db_next_real(row);
    trial->iteration = db_next_int_or(row, 0);
    trial->run = db_next_int_or(row, 0);
    trial->point_id = db_next_text(row);
    return 0;
}

int store_trial_get(struct store *store, int64_t study_id, int64_t number,
                    struct arena *arena, struct trial_row *row,
                    struct error *err)
{
    struct store_one one = {
        .call = DB_CALL(QUERY_TRIAL_GET, db_int(study_id), db_int(number)),
        .visit = read_trial,
        .context = row,
        .arena = arena,
        .what = "trial",
    };
    return store_read_one(store, &one, err);
}

struct trial_visitor {
    int (*visit)(void *context, const struct trial_row *row, struct error *err);
    void *context;
    int64_t study_id;
};

static int visit_trial(void *context, struct db_row *row, struct error *err)
{
    const struct trial_visitor *visitor = context;
    struct trial_row trial;
    read_trial(&trial, row, err);
    return visitor->visit(visitor->context, &trial, err);
}

int store_trial_list(struct store *store, const struct trial_filter *filter,
                     int (*visit)(void *context, const struct trial_row *row,
                                  struct error *err),
                     void *context, struct error *err)
{
    struct trial_visitor visitor = {visit, context, filter->study_id};
    struct db_reader reader = {visit_trial, &visitor, filter->keep};
    bool changed = filter->since_revision >= 0;
    struct db_call call = *DB_CALL(
        filter->newest_first ? QUERY_TRIAL_LIST_NEWEST : QUERY_TRIAL_LIST,
        db_int(filter->study_id),
        db_int(filter->states ? filter->states : STORE_ANY_STATE),
        db_int(filter->after_number), db_int(filter->limit),
        db_int(filter->deleted ? WITHDRAWN_DELETED : WITHDRAWN_INVALID),
        db_text(filter->tags), db_text(filter->worker),
        db_real(filter->value_min), db_real(filter->value_max),
        db_int(filter->since_revision));
    if (changed)
        call.query = filter->newest_first ? QUERY_TRIAL_LIST_CHANGED_NEWEST
                                          : QUERY_TRIAL_LIST_CHANGED;
    else
        call.n--;
    return db_read(store->db, &call, &reader, err) < 0 ? -1 : 0;
}

// In the order of the query trials_since.
static int visit_changed(void *context, struct db_row *row, struct error *err)
{
    const struct trial_visitor *visitor = context;
    struct trial_row trial = {.study_id = visitor->study_id};
    trial.number = db_next_int(row);
    trial.state = (enum trial_state)db_next_int(row);
    trial.point = db_next_doubles(row, &trial.n_point);
    trial.values = db_next_doubles(row, &trial.n_values);
    trial.uncertainty = db_next_real(row);
    trial.stopped = db_next_flag(row);
    trial.stop_reason = db_next_text(row);
    trial.seen_revision = db_next_int(row);
    trial.attempt = db_next_int(row);
    trial.retry_of = db_next_int_or(row, -1);
    trial.lease_ms = db_next_int(row);
    trial.created_ms = db_next_int(row);
    trial.started_ms = db_next_int_or(row, 0);
    trial.ended_ms = db_next_int_or(row, 0);
    trial.revision = db_next_int(row);
    trial.ended_revision = db_next_int_or(row, 0);
    db_next_bytes(row, trial.ask_key, STORE_ASK_KEY_BYTES);
    db_next_bytes(row, trial.client_key, STORE_CLIENT_KEY_BYTES);
    next_priority(row, &trial);
    trial.constraint_values = db_next_doubles(row, &trial.n_constraint_values);
    trial.withdrawn = (enum withdrawn)db_next_int_or(row, WITHDRAWN_NOT);
    trial.cost = db_next_real(row);
    trial.iteration = db_next_int_or(row, 0);
    trial.wall_s = db_next_real(row);
    trial.run = db_next_int_or(row, 0);
    trial.point_id = db_next_text(row);
    return visitor->visit(visitor->context, &trial, err);
}

int store_trials_since(struct store *store, int64_t study_id, int64_t revision,
                       int (*visit)(void *context, const struct trial_row *row,
                                    struct error *err),
                       void *context, struct error *err)
{
    struct trial_visitor visitor = {visit, context, study_id};
    struct db_reader reader = {visit_changed, &visitor, NULL};
    return db_read(
               store->db,
               DB_CALL(QUERY_TRIALS_SINCE, db_int(study_id), db_int(revision)),
               &reader, err) < 0
               ? -1
               : 0;
}

// In the order of the query trial_texts.
static int visit_texts(void *context, struct db_row *row, struct error *err)
{
    const struct trial_visitor *visitor = context;
    struct trial_row trial = {.study_id = visitor->study_id};
    trial.number = db_next_int(row);
    trial.point_id = db_next_text(row);
    trial.meta = db_next_text(row);
    trial.error = db_next_text(row);
    return visitor->visit(visitor->context, &trial, err);
}

int store_trial_texts(struct store *store, int64_t study_id,
                      const int64_t *numbers, size_t n, struct arena *arena,
                      int (*visit)(void *context, const struct trial_row *row,
                                   struct error *err),
                      void *context, struct error *err)
{
    struct trial_visitor visitor = {visit, context, study_id};
    struct db_reader reader = {visit_texts, &visitor, arena};
    struct text list;
    text_init(&list, arena);
    text_char(&list, '[');
    for (size_t i = 0; i < n; i++) {
        text_next(&list);
        text_int(&list, numbers[i]);
    }
    text_char(&list, ']');
    return db_read(
               store->db,
               DB_CALL(QUERY_TRIAL_TEXTS, db_int(study_id), db_text(list.data)),
               &reader, err) < 0
               ? -1
               : 0;
}

struct outputs_visitor {
    int (*visit)(void *context, int64_t number, const char *outputs,
                 struct error *err);
    void *context;
};

static int visit_outputs(void *context, struct db_row *row, struct error *err)
{
    const struct outputs_visitor *visitor = context;
    int64_t number = db_next_int(row);
    return visitor->visit(visitor->context, number, db_next_text(row), err);
}

int store_trial_outputs(struct store *store, int64_t study_id,
                        int64_t after_number, int limit,
                        int (*visit)(void *context, int64_t number,
                                     const char *outputs, struct error *err),
                        void *context, struct error *err)
{
    struct outputs_visitor visitor = {visit, context};
    struct db_reader reader = {visit_outputs, &visitor, NULL};
    return db_read(store->db,
                   DB_CALL(QUERY_TRIAL_OUTPUTS, db_int(study_id),
                           db_int(after_number), db_int(limit)),
                   &reader, err) < 0
               ? -1
               : 0;
}

struct values_visitor {
    int (*visit)(void *context, int64_t number, const double *values, size_t n,
                 struct error *err);
    void *context;
};

static int visit_values(void *context, struct db_row *row, struct error *err)
{
    const struct values_visitor *visitor = context;
    int64_t number = db_next_int(row);
    size_t n;
    const double *values = db_next_doubles(row, &n);
    return visitor->visit(visitor->context, number, values, n, err);
}

int store_trial_values(struct store *store, int64_t study_id,
                       enum trial_state state,
                       int (*visit)(void *context, int64_t number,
                                    const double *values, size_t n,
                                    struct error *err),
                       void *context, struct error *err)
{
    struct values_visitor visitor = {visit, context};
    struct db_reader reader = {visit_values, &visitor, NULL};
    return db_read(store->db,
                   DB_CALL(QUERY_TRIAL_VALUES, db_int(study_id), db_int(state)),
                   &reader, err) < 0
               ? -1
               : 0;
}

struct pair_visitor {
    int (*visit)(void *context, int64_t study_id, int64_t number,
                 struct error *err);
    void *context;
};

static int visit_pair(void *context, struct db_row *row, struct error *err)
{
    const struct pair_visitor *visitor = context;
    int64_t study_id = db_next_int(row);
    int64_t number = db_next_int(row);
    return visitor->visit(visitor->context, study_id, number, err);
}

static int read_pairs(struct store *store, const struct db_call *call,
                      struct pair_visitor visitor, struct error *err)
{
    struct db_reader reader = {visit_pair, &visitor, NULL};
    return db_read(store->db, call, &reader, err) < 0 ? -1 : 0;
}

int store_trials_expired(struct store *store, int64_t now_ms, int limit,
                         int (*visit)(void *context, int64_t study_id,
                                      int64_t number, struct error *err),
                         void *context, struct error *err)
{
    return read_pairs(
        store, DB_CALL(QUERY_TRIALS_EXPIRED, db_int(now_ms), db_int(limit)),
        (struct pair_visitor){visit, context}, err);
}

int store_trials_leased_beyond(struct store *store, int64_t until_ms,
                               int (*visit)(void *context, int64_t study_id,
                                            int64_t number, struct error *err),
                               void *context, struct error *err)
{
    return read_pairs(store,
                      DB_CALL(QUERY_TRIALS_LEASED_BEYOND, db_int(until_ms)),
                      (struct pair_visitor){visit, context}, err);
}
