// SPDX-License-Identifier: GPL-3.0-or-later
// kind.c - what sets studies of different kinds apart

#include "kind.h"

#include <string.h>

#include "kind_limit.h"
#include "live.h"

static const struct kind kinds[STUDY_KINDS] = {
    [STUDY_HPO] = {.name = "hpo"},
    [STUDY_GRID] = {.name = "grid",
                    .valueless = true,
                    .choose = scan_choose,
                    .done = scan_done},
    [STUDY_LIMIT] = {.name = "limit",
                     .valueless = true,
                     .ordered = true,
                     .choose = kind_limit_choose,
                     .done = kind_limit_done,
                     .expected = kind_limit_expected,
                     .resolve = kind_limit_resolve,
                     .keep = kind_limit_keep,
                     .repeats = kind_limit_repeats,
                     .stands_alone = kind_limit_stands_alone,
                     .amended = kind_limit_amended},
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

const char *kind_done(const struct live *live, char *detail)
{
    const struct kind *kind = kind_of(live->definition);
    return kind->done ? kind->done(live, detail) : NULL;
}
