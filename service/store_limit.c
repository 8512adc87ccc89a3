// SPDX-License-Identifier: GPL-3.0-or-later
// store_limit.c - what was told of the data and of toys, as the store keeps it

#include "store_limit.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/memory.h"
#include "store_private.h"

enum {
    PIECE = 64, // rows that one query returns, of at most 400 kB each
    ROW_BYTES = 120,
};

// After all signal strengths of a revision.
static const double last_mu = 1e300;

// ---- writing ----------------------------------------------------------------

int store_limit_data_add(struct store *store, const struct limit_data_row *row,
                         struct error *err)
{
    store_count(store, row->study_id, ROW_BYTES + store_length(row->context));
    return db_write(store->db,
                    DB_CALL(QUERY_LIMIT_DATA_ADD, db_int(row->study_id),
                            db_int(row->number), db_int(row->revision),
                            db_real(row->mu), db_real(row->q),
                            db_real(row->q_asimov), db_real(row->muhat),
                            db_text(row->site), db_text(row->context)),
                    err);
}

int store_limit_toys_add(struct store *store, const struct limit_toys_row *row,
                         struct error *err)
{
    uint64_t *bytes = memory_resize(NULL, row->n + 1, sizeof *bytes);
    for (size_t i = 0; i < row->n; i++) {
        memcpy(&bytes[i], &row->q[i], sizeof *bytes);
        bytes[i] = htole64(bytes[i]);
    }
    size_t size = row->n * sizeof *bytes;
    store_count(store, row->study_id, ROW_BYTES + (int64_t)size);
    int result = db_write(
        store->db,
        DB_CALL(QUERY_LIMIT_TOYS_ADD, db_int(row->study_id),
                db_int(row->number), db_real(row->mu), db_int(row->revision),
                db_int(row->hypothesis), db_int(row->points),
                db_int((int64_t)row->n), db_int(row->n_failed),
                db_int(row->n_negative), db_real(row->seconds),
                db_text(row->site), db_bytes(bytes, size)),
        err);
    free(bytes);
    return result;
}

int store_limit_erase(struct store *store, int64_t study_id, int64_t number,
                      struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_LIMIT_DATA_ERASE, db_int(study_id),
                            db_int(number)),
                    err) ||
                   db_write(store->db,
                            DB_CALL(QUERY_LIMIT_TOYS_ERASE, db_int(study_id),
                                    db_int(number)),
                            err)
               ? -1
               : 0;
}

// ---- reading ----------------------------------------------------------------

struct data_visitor {
    int (*visit)(void *context, const struct limit_data_row *row,
                 struct error *err);
    void *context;
    int64_t study_id;
};

// In the order of @limit_data_columns@.
static int visit_data(void *context, struct db_row *row, struct error *err)
{
    const struct data_visitor *visitor = context;
    struct limit_data_row data = {.study_id = visitor->study_id};
    data.number = db_next_int(row);
    data.revision = db_next_int(row);
    data.mu = db_next_real(row);
    data.q = db_next_real(row);
    data.q_asimov = db_next_real(row);
    data.muhat = db_next_real(row);
    data.site = db_next_text(row);
    data.context = db_next_text(row);
    return visitor->visit(visitor->context, &data, err);
}

static int read_data(struct store *store, const struct db_call *call,
                     struct data_visitor visitor, struct error *err)
{
    struct db_reader reader = {visit_data, &visitor, NULL};
    return db_read(store->db, call, &reader, err) < 0 ? -1 : 0;
}

int store_limit_data(struct store *store, int64_t study_id, int64_t after,
                     int (*visit)(void *context,
                                  const struct limit_data_row *row,
                                  struct error *err),
                     void *context, struct error *err)
{
    return read_data(store,
                     DB_CALL(QUERY_LIMIT_DATA, db_int(study_id), db_int(after)),
                     (struct data_visitor){visit, context, study_id}, err);
}

int store_limit_data_of(struct store *store, int64_t study_id, int64_t number,
                        int (*visit)(void *context,
                                     const struct limit_data_row *row,
                                     struct error *err),
                        void *context, struct error *err)
{
    return read_data(
        store, DB_CALL(QUERY_LIMIT_DATA_OF, db_int(study_id), db_int(number)),
        (struct data_visitor){visit, context, study_id}, err);
}

struct toys_visitor {
    int (*visit)(void *context, const struct limit_toys_row *row,
                 struct error *err);
    void *context;
    int64_t study_id;
    int64_t revision; // of the last row
    double mu;
    size_t n; // rows
};

// The blob of a row as doubles, in the arena of the row.
static const double *next_values(struct db_row *row, size_t *n)
{
    const char *bytes = db_next_blob(row, n);
    *n /= sizeof(double);
    double *values = arena_doubles(row->arena, *n);
    for (size_t i = 0; i < *n; i++) {
        uint64_t bits;
        memcpy(&bits, bytes + i * sizeof bits, sizeof bits);
        bits = le64toh(bits);
        memcpy(&values[i], &bits, sizeof bits);
    }
    return values;
}

// In the order of @limit_toys_columns@.
static int visit_toys(void *context, struct db_row *row, struct error *err)
{
    struct toys_visitor *visitor = context;
    struct limit_toys_row toys = {.study_id = visitor->study_id};
    toys.number = db_next_int(row);
    toys.mu = db_next_real(row);
    toys.revision = db_next_int(row);
    toys.hypothesis = db_next_int(row);
    toys.points = db_next_int(row);
    toys.n_failed = db_next_int(row);
    toys.n_negative = db_next_int(row);
    toys.seconds = db_next_real(row);
    toys.site = db_next_text(row);
    toys.q = next_values(row, &toys.n);
    visitor->revision = toys.revision;
    visitor->mu = toys.mu;
    visitor->n++;
    return visitor->visit(visitor->context, &toys, err);
}

int store_limit_toys(struct store *store,
                     const struct limit_toys_filter *filter,
                     int (*visit)(void *context,
                                  const struct limit_toys_row *row,
                                  struct error *err),
                     void *context, struct error *err)
{
    struct toys_visitor visitor = {.visit = visit,
                                   .context = context,
                                   .study_id = filter->study_id,
                                   .revision = filter->after,
                                   .mu = last_mu};
    struct db_reader reader = {visit_toys, &visitor, NULL};
    do {
        visitor.n = 0;
        if (db_read(store->db,
                    DB_CALL(QUERY_LIMIT_TOYS, db_int(filter->study_id),
                            db_int(visitor.revision), db_real(visitor.mu),
                            db_int(filter->until), db_real(filter->mu),
                            db_int(PIECE)),
                    &reader, err) < 0)
            return -1;
    } while (visitor.n == PIECE);
    return 0;
}

int store_limit_toys_of(struct store *store, int64_t study_id, int64_t number,
                        int (*visit)(void *context,
                                     const struct limit_toys_row *row,
                                     struct error *err),
                        void *context, struct error *err)
{
    struct toys_visitor visitor = {
        .visit = visit, .context = context, .study_id = study_id};
    struct db_reader reader = {visit_toys, &visitor, NULL};
    return db_read(
               store->db,
               DB_CALL(QUERY_LIMIT_TOYS_OF, db_int(study_id), db_int(number)),
               &reader, err) < 0
               ? -1
               : 0;
}
