// SPDX-License-Identifier: GPL-3.0-or-later
// kind.c - what sets studies of different kinds apart

#include "kind.h"

#include <stdint.h>

#include "kind_contour.h"
#include "kind_limit.h"
#include "live.h"

static const struct kind kinds[STUDY_KINDS] = {
    [STUDY_HPO] = {.name = "hpo"},
    [STUDY_GRID] = {.name = "grid"},
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
    [STUDY_CONTOUR] = {.name = "contour",
                       .choose = kind_contour_choose,
                       .done = kind_contour_done,
                       .room = kind_contour_room,
                       .resolve = kind_contour_resolve,
                       .check = kind_contour_check},
};

const struct kind *kind_of(const struct definition *definition)
{
    return &kinds[definition->kind];
}

size_t kind_room(const struct live *live)
{
    const struct kind *kind = kind_of(live->definition);
    return kind->room ? kind->room(live) : SIZE_MAX;
}

int kind_check(const struct definition *definition, enum trial_state state,
               struct outcome *outcome, struct error *err)
{
    const struct kind *kind = kind_of(definition);
    return kind->check ? kind->check(definition, state, outcome, err) : 0;
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
