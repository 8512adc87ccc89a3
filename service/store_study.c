// SPDX-License-Identifier: GPL-3.0-or-later
// store_study.c - studies and their progress

#include "store_study.h"

#include "store_private.h"

// ---- adding -----------------------------------------------------------------

static int read_existing(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    struct study_row *study = context;
    study->id = db_next_int(row);
    study->key = db_next_text(row);
    return 0;
}

// The number of studies of that owner and identity, 0 or 1; -1: failure.
static int find_existing(struct store *store, struct study_row *row,
                         struct arena *arena, struct error *err)
{
    struct db_reader reader = {read_existing, row, arena};
    return db_read(store->db,
                   DB_CALL(QUERY_STUDY_EXISTING, db_int(row->owner_id),
                           db_text(row->identity)),
                   &reader, err);
}

static int insert(struct store *store, struct study_row *row, struct error *err)
{
    const struct study_progress *progress = &row->progress;
    const int64_t *count = progress->count;
    struct db_reader reader = {store_keep_int, &row->id, NULL};
    return db_read(
        store->db,
        DB_CALL(QUERY_STUDY_ADD, db_text(row->key), db_int(row->owner_id),
                db_text(row->identity), db_text(row->name),
                db_text(row->definition), db_int(row->definition_revision),
                db_int(row->state), db_text(row->reason),
                db_int(row->created_ms), db_int(row->changed_ms),
                db_int(progress->next_number), db_int(progress->revision),
                db_int(count[TRIAL_QUEUED]), db_int(count[TRIAL_RUNNING]),
                db_int(count[TRIAL_COMPLETE]), db_int(count[TRIAL_PRUNED]),
                db_int(count[TRIAL_FAILED]), db_int(count[TRIAL_INFEASIBLE]),
                db_int(count[TRIAL_LOST]), db_int(count[TRIAL_CANCELLED]),
                db_int_unless(progress->best_number, -1),
                db_real(progress->best_value), db_int(progress->started),
                db_real(progress->cost), db_int_unless(progress->iteration, 0),
                db_int_unless(row->building_ms, 0), db_text(row->copied_from),
                store_key(row->copy_key, STORE_COPY_KEY_BYTES),
                db_int(STORE_TRIAL_BYTES + store_length(row->definition)),
                db_int(row->kind), db_int(progress->points),
                db_int(progress->runs)),
        &reader, err);
}

// Looks before it inserts: an insertion that meets an existing row would use
// up an id. An insertion that loses a race waits for the winner and inserts
// nothing; unless the winner's study is deleted at once, the next look finds
// it.
int store_study_add(struct store *store, struct study_row *row,
                    struct arena *arena, bool *created, struct error *err)
{
    for (int attempt = 0; attempt < 3; attempt++) {
        *created = false;
        int found = find_existing(store, row, arena, err);
        if (found != 0)
            return found < 0 ? -1 : 0;
        int inserted = insert(store, row, err);
        if (inserted < 0)
            return -1;
        *created = inserted > 0;
        if (*created)
            return 0;
    }
    return error_set(err, ERROR_BUSY,
                     "a study of this name is created and deleted at once");
}

// ---- reading ----------------------------------------------------------------

void store_next_progress(struct db_row *row, struct study_progress *progress)
{
    progress->next_number = db_next_int(row);
    progress->revision = db_next_int(row);
    for (int state = 0; state < TRIAL_STATES; state++)
        progress->count[state] = db_next_int(row);
    progress->best_number = db_next_int_or(row, -1);
    progress->best_value = db_next_real(row);
    progress->invalid = db_next_int(row);
    progress->started = db_next_int(row);
    progress->cost = db_next_real(row);
    progress->iteration = db_next_int_or(row, 0);
    progress->points = db_next_int(row);
    progress->runs = db_next_int(row);
    progress->runs_complete = db_next_int(row);
    progress->runs_failed = db_next_int(row);
}

static int read_study(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    struct study_row *study = context;
    study->id = db_next_int(row);
    study->key = db_next_text(row);
    study->owner_id = db_next_int(row);
    study->owner_name = db_next_text(row);
    study->identity = db_next_text(row);
    study->name = db_next_text(row);
    study->definition = db_next_text(row);
    study->definition_revision = db_next_int(row);
    study->state = (enum study_state)db_next_int(row);
    study->reason = db_next_text(row);
    study->created_ms = db_next_int(row);
    study->changed_ms = db_next_int(row);
    study->warm_start = db_next_text(row);
    study->building_ms = 0;
    study->copied_from = db_next_text(row);
    db_next_bytes(row, study->copy_key, STORE_COPY_KEY_BYTES);
    study->visibility = (enum visibility)db_next_int(row);
    study->group_name = db_next_text(row);
    study->role = ROLE_NONE;
    store_next_progress(row, &study->progress);
    return 0;
}

static int read_one(struct store *store, const struct db_call *call,
                    struct arena *arena, struct study_row *row,
                    struct error *err)
{
    struct store_one one = {call, read_study, row, arena, "study"};
    return store_read_one(store, &one, err);
}

int store_study_get(struct store *store, int64_t id, struct arena *arena,
                    struct study_row *row, struct error *err)
{
    return read_one(store, DB_CALL(QUERY_STUDY_GET, db_int(id)), arena, row,
                    err);
}

int store_study_find(struct store *store, const char *key, struct arena *arena,
                     struct study_row *row, struct error *err)
{
    return read_one(store, DB_CALL(QUERY_STUDY_FIND, db_text(key)), arena, row,
                    err);
}

int store_study_find_identity(struct store *store, int64_t owner_id,
                              const char *identity, struct arena *arena,
                              struct study_row *row, struct error *err)
{
    return read_one(
        store,
        DB_CALL(QUERY_STUDY_FIND_IDENTITY, db_int(owner_id), db_text(identity)),
        arena, row, err);
}

struct study_visitor {
    int (*visit)(void *context, const struct study_row *row, struct error *err);
    void *context;
};

static int visit_study(void *context, struct db_row *row, struct error *err)
{
    const struct study_visitor *visitor = context;
    struct study_row study;
    read_study(&study, row, err);
    study.role = (enum role)db_next_int(row);
    return visitor->visit(visitor->context, &study, err);
}

int store_study_list(struct store *store, const struct study_filter *filter,
                     int (*visit)(void *context, const struct study_row *row,
                                  struct error *err),
                     void *context, struct error *err)
{
    struct study_visitor visitor = {visit, context};
    struct db_reader reader = {visit_study, &visitor, NULL};
    enum query query =
        filter->everything ? QUERY_STUDY_LIST_ALL : QUERY_STUDY_LIST;
    return db_read(
               store->db,
               DB_CALL(query, db_int(filter->user_id), db_int(filter->state),
                       db_text(filter->query), db_int(filter->before_id),
                       db_int(filter->only_id), db_int(filter->limit),
                       db_text(filter->owner), db_text(filter->tag),
                       db_int(filter->role), db_int(filter->shared),
                       db_int(filter->only_campaign_id), db_int(filter->kind)),
               &reader, err) < 0
               ? -1
               : 0;
}

// ---- changing ---------------------------------------------------------------

struct locked {
    struct study_progress *progress;
    int64_t *definition_revision;
    enum study_state *state;
    struct user_quotas *owner;
};

static int read_locked(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    struct locked *locked = context;
    *locked->definition_revision = db_next_int(row);
    *locked->state = (enum study_state)db_next_int(row);
    store_next_progress(row, locked->progress);
    if (locked->owner)
        store_next_quotas(row, locked->owner);
    return 0;
}

int store_study_lock(struct store *store, int64_t id,
                     struct study_progress *progress,
                     int64_t *definition_revision, enum study_state *state,
                     struct user_quotas *owner, struct error *err)
{
    struct locked locked = {progress, definition_revision, state, owner};
    struct store_one one = {
        .call = DB_CALL(QUERY_STUDY_LOCK, db_int(id)),
        .visit = read_locked,
        .context = &locked,
        .what = "study",
    };
    return store_read_one(store, &one, err);
}

int store_study_advance(struct store *store, int64_t id,
                        const struct study_progress *progress,
                        int64_t changed_ms, struct error *err)
{
    const int64_t *count = progress->count;
    int64_t bytes = store->counted_id == id ? store->counted : 0;
    store->counted_id = store->counted = 0;
    return db_write(
        store->db,
        DB_CALL(QUERY_STUDY_ADVANCE, db_int(id), db_int(progress->next_number),
                db_int(progress->revision), db_int(count[TRIAL_QUEUED]),
                db_int(count[TRIAL_RUNNING]), db_int(count[TRIAL_COMPLETE]),
                db_int(count[TRIAL_PRUNED]), db_int(count[TRIAL_FAILED]),
                db_int(count[TRIAL_INFEASIBLE]), db_int(count[TRIAL_LOST]),
                db_int(count[TRIAL_CANCELLED]),
                db_int_unless(progress->best_number, -1),
                db_real(progress->best_value), db_int(changed_ms),
                db_int(progress->invalid), db_int(progress->started),
                db_real(progress->cost), db_int_unless(progress->iteration, 0),
                db_int(bytes), db_int(progress->points), db_int(progress->runs),
                db_int(progress->runs_complete), db_int(progress->runs_failed)),
        err);
}

int store_study_define(struct store *store, const struct study_row *row,
                       struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_STUDY_DEFINE, db_int(row->id),
                            db_text(row->name), db_text(row->definition),
                            db_int(row->definition_revision),
                            db_int(row->state), db_text(row->reason)),
                    err);
}

int store_study_delete(struct store *store, int64_t id, struct error *err)
{
    static const enum query steps[] = {
        QUERY_STUDY_DELETE_EVENTS,
        QUERY_STUDY_DELETE_REPORTS,
        QUERY_STUDY_DELETE_TRIALS,
        QUERY_STUDY_DELETE_PRIORS,
        QUERY_STUDY_DELETE_WEBHOOKS,
        QUERY_STUDY_DELETE_TOKENS,
        QUERY_STUDY_DELETE_SEGMENT,
        QUERY_STUDY_DELETE_ASKS,
        QUERY_STUDY_DELETE_MEMBERS,
        QUERY_STUDY_DELETE_GROUPS,
        QUERY_STUDY_DELETE_LIMIT_DATA,
        QUERY_STUDY_DELETE_LIMIT_TOYS,
        QUERY_STUDY_DELETE,
    };
    if (store_flush_events(store, err))
        return -1;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (db_write(store->db, DB_CALL(steps[i], db_int(id)), err))
            return -1;
    return 0;
}

struct progress_of_key {
    int64_t *id, *owner_id;
    struct study_progress *progress;
};

static int read_progress(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    struct progress_of_key *found = context;
    *found->id = db_next_int(row);
    *found->owner_id = db_next_int(row);
    store_next_progress(row, found->progress);
    return 0;
}

int store_study_progress(struct store *store, const char *key, int64_t *id,
                         int64_t *owner_id, struct study_progress *progress,
                         struct error *err)
{
    struct progress_of_key found = {id, owner_id, progress};
    struct store_one one = {
        .call = DB_CALL(QUERY_STUDY_PROGRESS, db_text(key)),
        .visit = read_progress,
        .context = &found,
        .what = "study",
    };
    return store_read_one(store, &one, err);
}

struct revision_visitor {
    int (*visit)(void *context, int64_t id, int64_t revision,
                 struct error *err);
    void *context;
};

static int visit_revision(void *context, struct db_row *row, struct error *err)
{
    const struct revision_visitor *visitor = context;
    int64_t id = db_next_int(row);
    return visitor->visit(visitor->context, id, db_next_int(row), err);
}

int store_study_revisions(struct store *store, const int64_t *ids, size_t n,
                          int (*visit)(void *context, int64_t id,
                                       int64_t revision, struct error *err),
                          void *context, struct error *err)
{
    struct revision_visitor visitor = {visit, context};
    struct db_reader reader = {visit_revision, &visitor, NULL};
    return db_read(store->db, DB_CALL(QUERY_STUDY_REVISIONS, db_ints(ids, n)),
                   &reader, err) < 0
               ? -1
               : 0;
}
