// SPDX-License-Identifier: GPL-3.0-or-later
// store_campaign.c - campaigns and their segments

#include "store_campaign.h"

#include "store_private.h"
#include "store_trial.h"

// ---- campaigns --------------------------------------------------------------

int store_campaign_add(struct store *store, struct campaign_row *row,
                       struct error *err)
{
    struct store_one one = {
        .call = DB_CALL(QUERY_CAMPAIGN_ADD, db_text(row->key),
                        db_int(row->owner_id), db_text(row->identity),
                        db_text(row->name), db_text(row->template_),
                        db_text(row->axis), db_text(row->notes),
                        db_bytes(row->request_key, STORE_REQUEST_KEY_BYTES),
                        db_int(row->created_ms), db_int(row->building_ms)),
        .visit = store_keep_int,
        .context = &row->id,
        .what = "campaign",
    };
    return store_read_one(store, &one, err);
}

static int read_campaign(void *context, struct db_row *row, struct error *err)
{
    struct campaign_row *campaign = context;
    (void)err;
    *campaign = (struct campaign_row){.id = db_next_int(row)};
    campaign->key = db_next_text(row);
    campaign->owner_id = db_next_int(row);
    campaign->owner_name = db_next_text(row);
    campaign->name = db_next_text(row);
    campaign->template_ = db_next_text(row);
    campaign->axis = db_next_text(row);
    campaign->notes = db_next_text(row);
    db_next_bytes(row, campaign->request_key, STORE_REQUEST_KEY_BYTES);
    campaign->created_ms = db_next_int(row);
    campaign->n_segments = db_next_int(row);
    return 0;
}

static int read_one(struct store *store, const struct db_call *call,
                    struct arena *arena, struct campaign_row *row,
                    struct error *err)
{
    struct store_one one = {call, read_campaign, row, arena, "campaign"};
    return store_read_one(store, &one, err);
}

int store_campaign_get(struct store *store, int64_t id, struct arena *arena,
                       struct campaign_row *row, struct error *err)
{
    return read_one(store, DB_CALL(QUERY_CAMPAIGN_GET, db_int(id)), arena, row,
                    err);
}

int store_campaign_find(struct store *store, const char *key,
                        struct arena *arena, struct campaign_row *row,
                        struct error *err)
{
    return read_one(store, DB_CALL(QUERY_CAMPAIGN_FIND, db_text(key)), arena,
                    row, err);
}

int store_campaign_find_identity(struct store *store, int64_t owner_id,
                                 const char *identity, struct arena *arena,
                                 struct campaign_row *row, struct error *err)
{
    return read_one(store,
                    DB_CALL(QUERY_CAMPAIGN_FIND_IDENTITY, db_int(owner_id),
                            db_text(identity)),
                    arena, row, err);
}

struct campaign_visitor {
    int (*visit)(void *context, const struct campaign_row *row,
                 struct error *err);
    void *context;
};

static int visit_campaign(void *context, struct db_row *row, struct error *err)
{
    const struct campaign_visitor *visitor = context;
    struct campaign_row campaign;
    read_campaign(&campaign, row, err);
    campaign.role = (enum role)db_next_int(row);
    return visitor->visit(visitor->context, &campaign, err);
}

int store_campaign_list(struct store *store,
                        const struct campaign_filter *filter,
                        int (*visit)(void *context,
                                     const struct campaign_row *row,
                                     struct error *err),
                        void *context, struct error *err)
{
    struct campaign_visitor visitor = {visit, context};
    struct db_reader reader = {visit_campaign, &visitor, NULL};
    return db_read(store->db,
                   DB_CALL(QUERY_CAMPAIGN_LIST, db_int(filter->user_id),
                           db_int(filter->before_id), db_int(filter->only_id),
                           db_int(filter->limit)),
                   &reader, err) < 0
               ? -1
               : 0;
}

// Reads the one integer of a call.
static int read_int(struct store *store, const struct db_call *call,
                    int64_t *value, struct error *err)
{
    struct store_one one = {
        .call = call,
        .visit = store_keep_int,
        .context = value,
        .what = "campaign",
    };
    return store_read_one(store, &one, err);
}

// The same, 0 when there is no row.
static int read_any(struct store *store, const struct db_call *call,
                    int64_t *value, struct error *err)
{
    struct db_reader reader = {store_keep_int, value, NULL};
    *value = 0;
    return db_read(store->db, call, &reader, err) < 0 ? -1 : 0;
}

int store_campaign_lock(struct store *store, int64_t id, struct error *err)
{
    int64_t found;
    return read_int(store, DB_CALL(QUERY_CAMPAIGN_LOCK, db_int(id)), &found,
                    err);
}

int store_campaign_change(struct store *store, const struct campaign_row *row,
                          struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_CAMPAIGN_CHANGE, db_int(row->id),
                            db_text(row->name), db_text(row->identity),
                            db_text(row->notes)),
                    err);
}

int store_campaign_delete(struct store *store, int64_t id, struct error *err)
{
    static const enum query steps[] = {
        QUERY_CAMPAIGN_DELETE_MEMBERS,
        QUERY_CAMPAIGN_DELETE_GROUPS,
        QUERY_CAMPAIGN_DELETE_TOKENS,
        QUERY_CAMPAIGN_DELETE,
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (db_write(store->db, DB_CALL(steps[i], db_int(id)), err))
            return -1;
    return 0;
}

// ---- segments ---------------------------------------------------------------

int store_segment_add(struct store *store, const struct segment_row *row,
                      struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_SEGMENT_ADD, db_int(row->campaign_id),
                            db_int(row->position), db_text(row->name),
                            db_text(row->kind), db_real(row->x),
                            db_text(row->overrides), db_int(row->study_id)),
                    err);
}

struct segment_visitor {
    int (*visit)(void *context, const struct segment_row *row,
                 struct error *err);
    void *context;
};

static int visit_segment(void *context, struct db_row *row, struct error *err)
{
    const struct segment_visitor *visitor = context;
    struct segment_row segment = {.name = db_next_text(row)};
    segment.kind = db_next_text(row);
    segment.x = db_next_real(row);
    segment.position = db_next_int(row);
    segment.study_id = db_next_int(row);
    segment.study_key = db_next_text(row);
    segment.state = (enum study_state)db_next_int(row);
    segment.reason = db_next_text(row);
    store_next_progress(row, &segment.progress);
    return visitor->visit(visitor->context, &segment, err);
}

int store_segment_list(struct store *store, int64_t campaign_id, int64_t after,
                       int limit,
                       int (*visit)(void *context,
                                    const struct segment_row *row,
                                    struct error *err),
                       void *context, struct error *err)
{
    struct segment_visitor visitor = {visit, context};
    struct db_reader reader = {visit_segment, &visitor, NULL};
    return db_read(store->db,
                   DB_CALL(QUERY_SEGMENT_LIST, db_int(campaign_id),
                           db_int(after), db_int(limit)),
                   &reader, err) < 0
               ? -1
               : 0;
}

static int visit_overrides(void *context, struct db_row *row, struct error *err)
{
    const struct segment_visitor *visitor = context;
    struct segment_row segment = {.name = db_next_text(row)};
    segment.x = db_next_real(row);
    segment.overrides = db_next_text(row);
    return visitor->visit(visitor->context, &segment, err);
}

int store_segment_overrides(struct store *store, int64_t campaign_id,
                            int (*visit)(void *context,
                                         const struct segment_row *row,
                                         struct error *err),
                            void *context, struct error *err)
{
    struct segment_visitor visitor = {visit, context};
    struct db_reader reader = {visit_overrides, &visitor, NULL};
    return db_read(store->db,
                   DB_CALL(QUERY_SEGMENT_OVERRIDES, db_int(campaign_id)),
                   &reader, err) < 0
               ? -1
               : 0;
}

// ---- building ---------------------------------------------------------------

int store_campaign_build(struct store *store, int64_t id, int64_t now_ms,
                         struct error *err)
{
    int64_t found;
    return read_int(store,
                    DB_CALL(QUERY_CAMPAIGN_BUILD, db_int(id), db_int(now_ms)),
                    &found, err);
}

static int keep_text(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    *(const char **)context = db_next_text(row);
    return 0;
}

int store_campaign_taken(struct store *store, int64_t id, struct arena *arena,
                         const char **name, struct error *err)
{
    struct db_reader reader = {keep_text, name, arena};
    *name = NULL;
    return db_read(store->db, DB_CALL(QUERY_CAMPAIGN_TAKEN, db_int(id)),
                   &reader, err) < 0
               ? -1
               : 0;
}

int store_campaign_publish_studies(struct store *store, int64_t id,
                                   struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_CAMPAIGN_PUBLISH_STUDIES, db_int(id)), err);
}

int store_campaign_publish(struct store *store, int64_t id,
                           const char *identity, struct error *err)
{
    return db_write(
        store->db,
        DB_CALL(QUERY_CAMPAIGN_PUBLISH, db_int(id), db_text(identity)), err);
}

int store_campaign_join(struct store *store, int64_t id, int64_t into_id,
                        struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_CAMPAIGN_JOIN, db_int(id), db_int(into_id)),
                    err);
}

int store_campaign_abandon(struct store *store, int64_t id, bool *abandoned,
                           struct error *err)
{
    int64_t found;
    int result = read_any(store, DB_CALL(QUERY_CAMPAIGN_ABANDON, db_int(id)),
                          &found, err);
    *abandoned = found == id;
    return result;
}

int store_campaign_abandoned(struct store *store, int64_t before_ms,
                             int64_t *id, struct error *err)
{
    return read_any(store, DB_CALL(QUERY_CAMPAIGN_ABANDONED, db_int(before_ms)),
                    id, err);
}

// ---- asks -------------------------------------------------------------------

enum { KEY_BYTES = 16 }; // of the idempotency key, without those of the body

int store_campaign_ask_find(struct store *store, int64_t campaign_id,
                            const unsigned char *ask_key, int64_t *study_id,
                            struct error *err)
{
    return read_any(store,
                    DB_CALL(QUERY_CAMPAIGN_ASK_FIND, db_int(campaign_id),
                            db_bytes(ask_key, KEY_BYTES)),
                    study_id, err);
}

int store_campaign_ask_add(struct store *store, int64_t campaign_id,
                           const unsigned char *ask_key, int64_t study_id,
                           bool *added, struct error *err)
{
    int64_t found;
    int result =
        read_any(store,
                 DB_CALL(QUERY_CAMPAIGN_ASK_ADD, db_int(campaign_id),
                         db_bytes(ask_key, KEY_BYTES), db_int(study_id)),
                 &found, err);
    *added = found == study_id;
    return result;
}

// ---- who may do what --------------------------------------------------------

int store_campaign_role(struct store *store, int64_t campaign_id,
                        int64_t user_id, enum role *role, struct error *err)
{
    int64_t found;
    int result = read_any(
        store,
        DB_CALL(QUERY_CAMPAIGN_ROLE, db_int(campaign_id), db_int(user_id)),
        &found, err);
    *role = (enum role)found;
    return result;
}

int store_campaign_member_list(struct store *store, int64_t campaign_id,
                               int (*visit)(void *context,
                                            const struct member_row *row,
                                            struct error *err),
                               void *context, struct error *err)
{
    return store_members(
        store, DB_CALL(QUERY_CAMPAIGN_MEMBER_LIST, db_int(campaign_id)), visit,
        context, err);
}

int store_campaign_member_count(struct store *store, int64_t campaign_id,
                                int64_t *n, struct error *err)
{
    return read_int(store,
                    DB_CALL(QUERY_CAMPAIGN_MEMBER_COUNT, db_int(campaign_id)),
                    n, err);
}

int store_campaign_owner(struct store *store, int64_t campaign_id,
                         int64_t *owner_id, struct error *err)
{
    return read_int(store, DB_CALL(QUERY_CAMPAIGN_OWNER, db_int(campaign_id)),
                    owner_id, err);
}
