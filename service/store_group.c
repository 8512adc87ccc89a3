// SPDX-License-Identifier: GPL-3.0-or-later
// store_group.c - groups of users, and the number of changes of permissions

#include "store_group.h"

#include "store_private.h"

int store_group_add(struct store *store, const char *name, int64_t now_ms,
                    int64_t *id, struct error *err)
{
    struct store_one one = {
        .call = DB_CALL(QUERY_GROUP_ADD, db_text(name), db_int(now_ms)),
        .visit = store_keep_int,
        .context = id,
        .what = "group",
    };
    return store_read_one(store, &one, err);
}

// Returns 1 for a new membership, 0 for one that was there, or -1.
static int add_member(struct store *store, int64_t group_id, int64_t user_id,
                      const char *source, struct error *err)
{
    int64_t added;
    struct db_reader reader = {store_keep_int, &added, NULL};
    return db_read(store->db,
                   DB_CALL(QUERY_GROUP_MEMBER_ADD, db_int(group_id),
                           db_int(user_id), db_text(source)),
                   &reader, err);
}

static int enter(struct store *store, int64_t user_id, const char *source,
                 const char *name, int64_t now_ms, struct error *err)
{
    int64_t group_id;
    if (store_group_add(store, name, now_ms, &group_id, err))
        return -1;
    return add_member(store, group_id, user_id, source, err) < 0 ? -1 : 0;
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

// ---- groups -----------------------------------------------------------------

struct found_group {
    int64_t *id;
    bool *member;
};

static int keep_group(void *context, struct db_row *row, struct error *err)
{
    const struct found_group *found = context;
    (void)err;
    *found->id = db_next_int(row);
    *found->member = db_next_flag(row);
    return 0;
}

int store_group_find(struct store *store, const char *name, int64_t user_id,
                     int64_t *id, bool *member, struct error *err)
{
    struct found_group found = {id, member};
    struct store_one one = {
        .call = DB_CALL(QUERY_GROUP_FIND, db_text(name), db_int(user_id)),
        .visit = keep_group,
        .context = &found,
        .what = "group",
    };
    return store_read_one(store, &one, err);
}

static int keep_name(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    *(const char **)context = db_next_text(row);
    return 0;
}

int store_group_get(struct store *store, int64_t id, struct arena *arena,
                    const char **name, struct error *err)
{
    struct store_one one = {
        .call = DB_CALL(QUERY_GROUP_GET, db_int(id)),
        .visit = keep_name,
        .context = name,
        .arena = arena,
        .what = "group",
    };
    return store_read_one(store, &one, err);
}

int store_group_delete(struct store *store, int64_t id, struct error *err)
{
    static const enum query steps[] = {
        QUERY_GROUP_DELETE_MEMBERS,   QUERY_GROUP_DELETE_STUDIES,
        QUERY_GROUP_DELETE_CAMPAIGNS, QUERY_GROUP_DELETE_VISIBILITY,
        QUERY_GROUP_DELETE,
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (db_write(store->db, DB_CALL(steps[i], db_int(id)), err))
            return -1;
    return 0;
}

struct group_visitor {
    int (*visit)(void *context, const struct group_row *row, struct error *err);
    void *context;
};

static int visit_group(void *context, struct db_row *row, struct error *err)
{
    const struct group_visitor *visitor = context;
    struct group_row group;
    group.id = db_next_int(row);
    group.name = db_next_text(row);
    group.created_ms = db_next_int(row);
    group.members = db_next_int(row);
    return visitor->visit(visitor->context, &group, err);
}

int store_group_list(struct store *store, const struct group_filter *filter,
                     int (*visit)(void *context, const struct group_row *row,
                                  struct error *err),
                     void *context, struct error *err)
{
    struct group_visitor visitor = {visit, context};
    struct db_reader reader = {visit_group, &visitor, NULL};
    return db_read(store->db,
                   DB_CALL(QUERY_GROUP_LIST, db_int(filter->user_id),
                           db_text(filter->after), db_int(filter->limit)),
                   &reader, err) < 0
               ? -1
               : 0;
}

// ---- members ----------------------------------------------------------------

struct member_visitor {
    int (*visit)(void *context, const struct group_member *row,
                 struct error *err);
    void *context;
};

static int visit_member(void *context, struct db_row *row, struct error *err)
{
    const struct member_visitor *visitor = context;
    struct group_member member;
    member.user = db_next_text(row);
    member.by_administrator = db_next_int(row) != 0;
    member.issuer = db_next_text(row);
    return visitor->visit(visitor->context, &member, err);
}

int store_group_members(struct store *store, int64_t id, const char *after,
                        int limit,
                        int (*visit)(void *context,
                                     const struct group_member *row,
                                     struct error *err),
                        void *context, struct error *err)
{
    struct member_visitor visitor = {visit, context};
    struct db_reader reader = {visit_member, &visitor, NULL};
    return db_read(store->db,
                   DB_CALL(QUERY_GROUP_MEMBER_LIST, db_int(id), db_text(after),
                           db_int(limit)),
                   &reader, err) < 0
               ? -1
               : 0;
}

int store_group_enter(struct store *store, int64_t id, int64_t user_id,
                      bool *entered, struct error *err)
{
    int added = add_member(store, id, user_id, "", err);
    *entered = added > 0;
    return added < 0 ? -1 : 0;
}

int store_group_leave(struct store *store, int64_t id, int64_t user_id,
                      struct error *err)
{
    int64_t left;
    struct store_one one = {
        .call = DB_CALL(QUERY_GROUP_MEMBER_REMOVE, db_int(id), db_int(user_id)),
        .visit = store_keep_int,
        .context = &left,
        .what = "member",
    };
    return store_read_one(store, &one, err);
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
