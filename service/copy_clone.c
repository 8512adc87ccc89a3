// SPDX-License-Identifier: GPL-3.0-or-later
// copy_clone.c - a study that is built from another one, and then published

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "copy.h"
#include "store_copy.h"

int copy_find(struct store *store, struct study_wanted *wanted,
              struct error *err)
{
    struct arena arena;
    struct study_row row;
    struct error fault = {0};
    int result = 0;
    arena_init(&arena);
    if (store_study_find_identity(store, wanted->owner_id, wanted->identity,
                                  &arena, &row, &fault)) {
        result = fault.code == ERROR_NOT_FOUND
                     ? 1
                     : error_set(err, fault.code, "%s", fault.message);
    } else if (memcmp(row.copy_key, wanted->copy_key, sizeof row.copy_key) !=
               0) {
        result = error_set(err, ERROR_CONFLICT,
                           "name \"%.100s\" is a study that did not come from "
                           "the same clone",
                           wanted->definition->name);
    } else {
        wanted->id = row.id;
    }
    arena_done(&arena);
    return result;
}

int copy_begin(struct store *store, struct study_wanted *wanted,
               struct error *err)
{
    char building[80];
    wanted->created = false;
    int found = copy_find(store, wanted, err);
    if (found != 1)
        return found;
    struct study_wanted hidden = *wanted;
    snprintf(building, sizeof building, "building:%.64s", wanted->key);
    hidden.identity = building;
    int result = study_find_or_create(store, &hidden, err);
    wanted->id = hidden.id;
    wanted->created = hidden.created;
    return result;
}

int copy_publish(struct live *live, struct store *store,
                 struct study_wanted *wanted, struct error *err)
{
    int found = copy_find(store, wanted, err);
    if (found != 1)
        return found;
    if (store_study_publish(store, live->id, wanted->identity, err) ||
        study_settle(live, store, err))
        return -1;
    live->changed = false;
    return store_study_advance(store, live->id, &live->progress,
                               clock_wall_ms(), err);
}
