// SPDX-License-Identifier: GPL-3.0-or-later
// store_member.c - who may do what to a study

#include "store_member.h"

#include "store_private.h"

static int read_int(struct store *store, const struct db_call *call,
                    int64_t *value, const char *what, struct error *err)
{
    struct store_one one = {
        .call = call, .visit = store_keep_int, .context = value, .what = what};
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

static int keep_standing(void *context, struct db_row *row, struct error *err)
{
    struct member_standing *standing = context;
    (void)err;
    standing->role = (enum role)db_next_int(row);
    standing->campaign_id = db_next_int_or(row, 0);
    return 0;
}

int store_member_standing(struct store *store, int64_t study_id,
                          int64_t user_id, struct member_standing *standing,
                          struct error *err)
{
    struct db_reader reader = {keep_standing, standing, NULL};
    *standing = (struct member_standing){.role = ROLE_NONE};
    return db_read(
               store->db,
               DB_CALL(QUERY_MEMBER_ROLE, db_int(study_id), db_int(user_id)),
               &reader, err) < 0
               ? -1
               : 0;
}

// ---- members ----------------------------------------------------------------

struct member_visitor {
    int (*visit)(void *context, const struct member_row *row,
                 struct error *err);
    void *context;
};

static int visit_member(void *context, struct db_row *row, struct error *err)
{
    const struct member_visitor *visitor = context;
    struct member_row member;
    member.user = db_next_text(row);
    member.group = db_next_text(row);
    member.role = (enum role)db_next_int(row);
    return visitor->visit(visitor->context, &member, err);
}

int store_members(struct store *store, const struct db_call *call,
                  int (*visit)(void *context, const struct member_row *row,
                               struct error *err),
                  void *context, struct error *err)
{
    struct member_visitor visitor = {visit, context};
    struct db_reader reader = {visit_member, &visitor, NULL};
    return db_read(store->db, call, &reader, err) < 0 ? -1 : 0;
}

int store_member_list(struct store *store, int64_t study_id,
                      int (*visit)(void *context, const struct member_row *row,
                                   struct error *err),
                      void *context, struct error *err)
{
    return store_members(store, DB_CALL(QUERY_MEMBER_LIST, db_int(study_id)),
                         visit, context, err);
}

int store_member_count(struct store *store, int64_t study_id, int64_t *n,
                       struct error *err)
{
    return read_int(store, DB_CALL(QUERY_MEMBER_COUNT, db_int(study_id)), n,
                    "count", err);
}

struct found_user {
    int64_t *id;
    bool *disabled;
};

static int keep_user(void *context, struct db_row *row, struct error *err)
{
    const struct found_user *found = context;
    (void)err;
    *found->id = db_next_int(row);
    *found->disabled = db_next_flag(row);
    return 0;
}

int store_member_user(struct store *store, const char *name, int64_t *id,
                      bool *disabled, struct error *err)
{
    struct found_user found = {id, disabled};
    struct store_one one = {
        .call = DB_CALL(QUERY_MEMBER_USER, db_text(name)),
        .visit = keep_user,
        .context = &found,
        .what = "user",
    };
    return store_read_one(store, &one, err);
}

// What the membership is of.
static int64_t shared_id(const struct membership *membership)
{
    return membership->campaign_id ? membership->campaign_id
                                   : membership->study_id;
}

int store_member_get(struct store *store, const struct membership *membership,
                     enum role *role, struct error *err)
{
    int64_t found, group = membership->group_id;
    enum query query =
        membership->campaign_id
            ? (group ? QUERY_CAMPAIGN_GROUP_ROLE : QUERY_CAMPAIGN_USER_ROLE)
            : (group ? QUERY_MEMBER_GROUP_ROLE : QUERY_MEMBER_USER_ROLE);
    int result = read_any(store,
                          DB_CALL(query, db_int(shared_id(membership)),
                                  db_int(group ? group : membership->user_id)),
                          &found, err);
    *role = (enum role)found;
    return result;
}

int store_member_put(struct store *store, const struct membership *membership,
                     enum role role, struct error *err)
{
    static const enum query remove[2][2] = {
        {QUERY_MEMBER_REMOVE_USER, QUERY_MEMBER_REMOVE_GROUP},
        {QUERY_CAMPAIGN_REMOVE_USER, QUERY_CAMPAIGN_REMOVE_GROUP}};
    static const enum query put[2][2] = {
        {QUERY_MEMBER_PUT_USER, QUERY_MEMBER_PUT_GROUP},
        {QUERY_CAMPAIGN_PUT_USER, QUERY_CAMPAIGN_PUT_GROUP}};
    bool campaign = membership->campaign_id != 0;
    bool group = membership->group_id != 0;
    struct db_value what = db_int(shared_id(membership));
    struct db_value who =
        db_int(group ? membership->group_id : membership->user_id);
    if (role == ROLE_NONE)
        return db_write(store->db, DB_CALL(remove[campaign][group], what, who),
                        err);
    return db_write(
        store->db, DB_CALL(put[campaign][group], what, who, db_int(role)), err);
}

// ---- the owner --------------------------------------------------------------

int store_study_owner(struct store *store, int64_t study_id, int64_t *owner_id,
                      struct error *err)
{
    return read_int(store, DB_CALL(QUERY_STUDY_OWNER, db_int(study_id)),
                    owner_id, "study", err);
}

int store_study_successor(struct store *store, int64_t study_id,
                          int64_t *user_id, bool *taken, struct error *err)
{
    struct found_user found = {user_id, taken};
    struct db_reader reader = {keep_user, &found, NULL};
    *user_id = 0;
    *taken = false;
    return db_read(store->db, DB_CALL(QUERY_MEMBER_SUCCESSOR, db_int(study_id)),
                   &reader, err) < 0
               ? -1
               : 0;
}

int store_study_pass_on(struct store *store, int64_t study_id, int64_t owner_id,
                        struct error *err)
{
    return db_write(
        store->db,
        DB_CALL(QUERY_STUDY_PASS_ON, db_int(study_id), db_int(owner_id)), err);
}

int store_study_share(struct store *store, int64_t study_id,
                      enum visibility visibility, int64_t group_id,
                      struct error *err)
{
    return db_write(store->db,
                    DB_CALL(QUERY_STUDY_SHARE, db_int(study_id),
                            db_int(visibility), db_int_unless(group_id, 0)),
                    err);
}
