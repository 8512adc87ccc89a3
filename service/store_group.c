// SPDX-License-Identifier: GPL-3.0-or-later
// store_group.c - groups of users, and the number of changes of permissions

#include "store_group.h"

#include "store_private.h"

static int enter(struct store *store, int64_t user_id, const char *source,
                 const char *name, int64_t now_ms, struct error *err)
{
    int64_t group_id;
    struct store_one one = {
        .call = DB_CALL(QUERY_GROUP_ADD, db_text(name), db_int(now_ms)),
        .visit = store_keep_int,
        .context = &group_id,
        .what = "group",
    };
    if (store_read_one(store, &one, err))
        return -1;
    return db_write(store->db,
                    DB_CALL(QUERY_GROUP_MEMBER_ADD, db_int(group_id),
                            db_int(user_id), db_text(source)),
                    err);
}

int store_groups_replace(struct store *store, int64_t user_id,
                         const char *source, const char *const *names, size_t n,
                         int64_t now_ms, struct error *err)
{
    if (db_write(store->db,
                 DB_CALL(QUERY_GROUP_MEMBERS_LEAVE, db_int(user_id),
                         db_text(source)),
                 err))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (enter(store, user_id, source, names[i], now_ms, err))
            return -1;
    return 0;
}

struct name_visitor {
    int (*visit)(void *context, const char *name, struct error *err);
    void *context;
};

static int visit_name(void *context, struct db_row *row, struct error *err)
{
    const struct name_visitor *visitor = context;
    return visitor->visit(visitor->context, db_next_text(row), err);
}

int store_groups_of(struct store *store, int64_t user_id,
                    int (*visit)(void *context, const char *name,
                                 struct error *err),
                    void *context, struct error *err)
{
    struct name_visitor visitor = {visit, context};
    struct db_reader reader = {visit_name, &visitor, NULL};
    return db_read(store->db, DB_CALL(QUERY_GROUP_NAMES_OF, db_int(user_id)),
                   &reader, err) < 0
               ? -1
               : 0;
}

static int keep_revision(struct store *store, const struct db_call *call,
                         int64_t *revision, struct error *err)
{
    struct store_one one = {
        .call = call,
        .visit = store_keep_int,
        .context = revision,
        .what = "revision of permissions",
    };
    return store_read_one(store, &one, err);
}

int store_permissions_change(struct store *store, struct error *err)
{
    int64_t revision;
    return keep_revision(store,
                         &(struct db_call){.query = QUERY_PERMISSIONS_CHANGE},
                         &revision, err);
}

int store_permissions_revision(struct store *store, int64_t *revision,
                               struct error *err)
{
    return keep_revision(store,
                         &(struct db_call){.query = QUERY_PERMISSIONS_REVISION},
                         revision, err);
}
