// SPDX-License-Identifier: GPL-3.0-or-later
// wire_share.c - the JSON of who may look at a study

#include "wire_share.h"

#include <string.h>

static const char *const names[] = {"private", "group", "public"};

const char *visibility_name(enum visibility visibility)
{
    return names[visibility];
}

static int read_visibility(const struct fields *fields, struct sharing *sharing)
{
    const char *name = fields_text(fields, "visibility", 20, "private");
    if (fields->err->code)
        return -1;
    for (int i = VISIBLE_PRIVATE; i <= VISIBLE_PUBLIC; i++)
        if (strcmp(names[i], name) == 0) {
            sharing->visibility = (enum visibility)i;
            return 0;
        }
    return fields_fail(fields, ERROR_INVALID, "visibility",
                       "must be private, group or public, not \"%s\"", name);
}

static int read_group(const struct fields *fields, struct sharing *sharing,
                      struct arena *arena)
{
    const char *group = fields_text(fields, "group", MEMBER_NAME, NULL);
    if (fields->err->code)
        return -1;
    if (!group && sharing->visibility == VISIBLE_GROUP)
        return fields_fail(fields, ERROR_INVALID, "group",
                           "is required with the visibility group");
    if (group && sharing->visibility != VISIBLE_GROUP)
        return fields_fail(fields, ERROR_INVALID, "group",
                           "goes with the visibility group, not with %s",
                           names[sharing->visibility]);
    sharing->group = group ? arena_copy(arena, group, strlen(group)) : NULL;
    return 0;
}

int wire_sharing_take(json_t *object, const char *where,
                      struct sharing *sharing, struct arena *arena,
                      struct error *err)
{
    struct fields fields;
    *sharing =
        (struct sharing){.given = json_object_get(object, "visibility") ||
                                  json_object_get(object, "group")};
    if (!sharing->given)
        return 0;
    if (fields_open(&fields, object, where, NULL, err) ||
        read_visibility(&fields, sharing) ||
        read_group(&fields, sharing, arena))
        return -1;
    json_object_del(object, "visibility");
    json_object_del(object, "group");
    return 0;
}
