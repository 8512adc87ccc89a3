// SPDX-License-Identifier: GPL-3.0-or-later
// store_user.c - users, what they may use and what they use

#include "store_user.h"

#include "store_private.h"

const struct user_quotas user_quotas_as_set = {
    USER_AS_SET, USER_AS_SET, USER_AS_SET, USER_AS_SET, USER_AS_SET};

// ---- one user ---------------------------------------------------------------

int store_user_add(struct store *store, struct user_row *row, struct error *err)
{
    struct store_one one = {
        .call = DB_CALL(QUERY_USER_ADD, db_text(row->name), db_flag(row->admin),
                        db_flag(row->disabled), db_int(row->created_ms),
                        db_text(row->display_name), db_text(row->email)),
        .visit = store_keep_int,
        .context = &row->id,
        .what = "user",
    };
    row->quotas = user_quotas_as_set;
    return store_read_one(store, &one, err);
}

static int read_count(struct store *store, enum query query, int64_t *count,
                      struct error *err)
{
    struct store_one one = {
        .call = &(struct db_call){.query = query},
        .visit = store_keep_int,
        .context = count,
        .what = "count",
    };
    return store_read_one(store, &one, err);
}

int store_user_count(struct store *store, int64_t *count, struct error *err)
{
    return read_count(store, QUERY_USER_COUNT, count, err);
}

int store_user_admins(struct store *store, int64_t *count, struct error *err)
{
    return read_count(store, QUERY_USER_ADMINS, count, err);
}

void store_next_quotas(struct db_row *row, struct user_quotas *quotas)
{
    quotas->max_studies = db_next_int_or(row, USER_AS_SET);
    quotas->max_trials = db_next_int_or(row, USER_AS_SET);
    quotas->max_running = db_next_int_or(row, USER_AS_SET);
    quotas->max_bytes = db_next_int_or(row, USER_AS_SET);
    quotas->requests_per_minute = db_next_int_or(row, USER_AS_SET);
}

static int read_user(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    struct user_row *user = context;
    user->id = db_next_int(row);
    user->name = db_next_text(row);
    user->display_name = db_next_text(row);
    user->email = db_next_text(row);
    user->admin = db_next_flag(row);
    user->disabled = db_next_flag(row);
    user->created_ms = db_next_int(row);
    user->seen_ms = db_next_int_or(row, 0);
    store_next_quotas(row, &user->quotas);
    return 0;
}

static int read_one(struct store *store, const struct db_call *call,
                    struct arena *arena, struct user_row *row,
                    struct error *err)
{
    struct store_one one = {call, read_user, row, arena, "user"};
    return store_read_one(store, &one, err);
}

int store_user_find(struct store *store, const char *name, struct arena *arena,
                    struct user_row *row, struct error *err)
{
    return read_one(store, DB_CALL(QUERY_USER_FIND, db_text(name)), arena, row,
                    err);
}

int store_user_get(struct store *store, int64_t id, struct arena *arena,
                   struct user_row *row, struct error *err)
{
    return read_one(store, DB_CALL(QUERY_USER_GET, db_int(id)), arena, row,
                    err);
}

int store_user_change(struct store *store, const struct user_row *row,
                      struct error *err)
{
    const struct user_quotas *quotas = &row->quotas;
    return db_write(
        store->db,
        DB_CALL(QUERY_USER_CHANGE, db_int(row->id), db_text(row->display_name),
                db_text(row->email), db_flag(row->admin),
                db_flag(row->disabled),
                db_int_unless(quotas->max_studies, USER_AS_SET),
                db_int_unless(quotas->max_trials, USER_AS_SET),
                db_int_unless(quotas->max_running, USER_AS_SET),
                db_int_unless(quotas->max_bytes, USER_AS_SET),
                db_int_unless(quotas->requests_per_minute, USER_AS_SET)),
        err);
}

int store_user_revoke_links(struct store *store, int64_t id, int64_t revoked_ms,
                            struct error *err)
{
    return db_write(
        store->db,
        DB_CALL(QUERY_USER_REVOKE_LINKS, db_int(id), db_int(revoked_ms)), err);
}

// ---- many -------------------------------------------------------------------

struct user_visitor {
    int (*visit)(void *context, const struct user_row *row, struct error *err);
    void *context;
};

static int visit_user(void *context, struct db_row *row, struct error *err)
{
    const struct user_visitor *visitor = context;
    struct user_row user;
    read_user(&user, row, err);
    return visitor->visit(visitor->context, &user, err);
}

int store_user_list(struct store *store, const struct user_filter *filter,
                    int (*visit)(void *context, const struct user_row *row,
                                 struct error *err),
                    void *context, struct error *err)
{
    struct user_visitor visitor = {visit, context};
    struct db_reader reader = {visit_user, &visitor, NULL};
    return db_read(store->db,
                   DB_CALL(QUERY_USER_LIST, db_text(filter->query),
                           db_int(filter->after_id), db_int(filter->limit)),
                   &reader, err) < 0
               ? -1
               : 0;
}

// ---- what they use ----------------------------------------------------------

static void next_use(struct db_row *row, struct user_use *use)
{
    use->studies = db_next_int(row);
    use->trials = db_next_int(row);
    use->running = db_next_int(row);
    use->bytes = db_next_int(row);
}

static int read_use(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    next_use(row, context);
    return 0;
}

int store_user_use(struct store *store, int64_t id, struct user_use *use,
                   struct error *err)
{
    struct store_one one = {
        .call = DB_CALL(QUERY_USER_USE, db_int(id)),
        .visit = read_use,
        .context = use,
        .what = "user",
    };
    return store_read_one(store, &one, err);
}

static int read_locked(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    store_next_quotas(row, context);
    return 0;
}

int store_user_lock(struct store *store, int64_t id, struct user_quotas *quotas,
                    struct error *err)
{
    struct store_one one = {
        .call = DB_CALL(QUERY_USER_LOCK, db_int(id)),
        .visit = read_locked,
        .context = quotas,
        .what = "user",
    };
    return store_read_one(store, &one, err);
}

struct use_visitor {
    int (*visit)(void *context, const char *name, const struct user_use *use,
                 struct error *err);
    void *context;
};

static int visit_use(void *context, struct db_row *row, struct error *err)
{
    const struct use_visitor *visitor = context;
    struct user_use use;
    const char *name = db_next_text(row);
    next_use(row, &use);
    return visitor->visit(visitor->context, name, &use, err);
}

int store_user_top(struct store *store, int limit,
                   int (*visit)(void *context, const char *name,
                                const struct user_use *use, struct error *err),
                   void *context, struct error *err)
{
    struct use_visitor visitor = {visit, context};
    struct db_reader reader = {visit_use, &visitor, NULL};
    return db_read(store->db, DB_CALL(QUERY_USER_TOP, db_int(limit)), &reader,
                   err) < 0
               ? -1
               : 0;
}
