// SPDX-License-Identifier: GPL-3.0-or-later
// kind.c - what sets studies of different kinds apart

#include "kind.h"

#include <string.h>

#include "live.h"

static const struct kind kinds[STUDY_KINDS] = {
    [STUDY_HPO] = {.name = "hpo"},
    [STUDY_GRID] = {.name = "grid", .valueless = true, .choose = scan_choose},
    [STUDY_LIMIT] = {.name = "limit"},
    [STUDY_CONTOUR] = {.name = "contour"},
};

int kind_from_name(const char *name)
{
    for (int i = 0; i < STUDY_KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return i;
    return -1;
}

const struct kind *kind_of(const struct definition *definition)
{
    return &kinds[definition->kind];
}

int kind_choose(struct live *live, struct ask *ask, struct arena *arena,
                struct ahead_item *item, struct error *err)
{
    const struct kind *kind = kind_of(live->definition);
    return kind->choose ? kind->choose(live, ask, arena, item, err)
                        : ahead_suggest(live, arena, item, err);
}
