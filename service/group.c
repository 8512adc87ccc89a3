// SPDX-License-Identifier: GPL-3.0-or-later
// group.c - groups of users, as administrators change them

#include "group.h"

#include "clock.h"
#include "store_member.h"

int group_create(struct store *store, const char *name, struct group_row *row,
                 bool *created, struct error *err)
{
    struct error fault = {0};
    bool member;
    *row = (struct group_row){.name = name, .created_ms = clock_wall_ms()};
    *created = store_group_find(store, name, 0, &row->id, &member, &fault) != 0;
    if (*created && fault.code != ERROR_NOT_FOUND)
        return error_set(err, fault.code, "%s", fault.message);
    if (!*created)
        return 0;
    return store_group_add(store, name, row->created_ms, &row->id, err);
}

int group_delete(struct store *store, int64_t id, struct arena *arena,
                 const char **name, struct error *err)
{
    return store_group_get(store, id, arena, name, err) ||
                   store_group_delete(store, id, err) ||
                   store_permissions_change(store, err)
               ? -1
               : 0;
}

int group_change(struct store *store, int64_t id, const char *user, bool enters,
                 bool *changed, struct error *err)
{
    struct arena arena;
    int64_t user_id;
    bool disabled;
    const char *name;
    *changed = true;
    arena_init(&arena);
    int result =
        store_group_get(store, id, &arena, &name, err) ||
                store_member_user(store, user, &user_id, &disabled, err) ||
                (enters ? store_group_enter(store, id, user_id, changed, err)
                        : store_group_leave(store, id, user_id, err))
            ? -1
            : 0;
    arena_done(&arena);
    if (result || !*changed)
        return result;
    return store_permissions_change(store, err);
}
