// SPDX-License-Identifier: GPL-3.0-or-later
// kind.c - what sets studies of different kinds apart

#include "kind.h"

#include <stdint.h>

#include "budget.h"
#include "kind_contour.h"
#include "live.h"
#include "trial.h"

static const struct kind kinds[STUDY_KINDS] = {
    [STUDY_HPO] = {.name = "hpo"},
    [STUDY_GRID] = {.name = "grid"},
    [STUDY_LIMIT] = {.name = "limit"},
    [STUDY_CONTOUR] = {.name = "contour",
                       .room = kind_contour_room,
                       .closed = kind_contour_closed,
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

const char *kind_closed(const struct live *live, bool *passes, char *detail)
{
    const struct kind *kind = kind_of(live->definition);
    return kind->closed ? kind->closed(live, passes, detail) : NULL;
}

int kind_check(const struct definition *definition, enum trial_state state,
               struct outcome *outcome, struct error *err)
{
    const struct kind *kind = kind_of(definition);
    return kind->check ? kind->check(definition, state, outcome, err) : 0;
}

// A sampler that found nothing may know why only now.
static int explain(const struct live *live, struct ask *ask, struct error *err)
{
    bool passes;
    char detail[BUDGET_DETAIL];
    const char *word = kind_closed(live, &passes, detail);
    if (!word || err->code != ERROR_EXHAUSTED)
        return -1;
    ask->reason = word;
    error_clear(err);
    return error_set(err, ERROR_EXHAUSTED, "%s", detail);
}

int kind_choose(struct live *live, struct ask *ask, struct arena *arena,
                struct ahead_item *item, struct error *err)
{
    const struct kind *kind = kind_of(live->definition);
    if (kind->choose)
        return kind->choose(live, ask, arena, item, err);
    return ahead_suggest(live, arena, item, err) ? explain(live, ask, err) : 0;
}
