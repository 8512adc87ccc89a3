// SPDX-License-Identifier: GPL-3.0-or-later
// wire_kind.c - the JSON of what kind a study is

#include "wire_kind.h"

#include <stdio.h>
#include <string.h>

#include "wire_algorithm.h"
#include "wire_goal.h"
#include "wire_grid.h"
#include "wire_restriction.h"
#include "wire_space.h"

// Objectives, a space, a sampler and a pruner.
static int read_search(const struct fields *study, struct definition *d,
                       bool stored)
{
    char where[160];
    snprintf(where, sizeof where, "%.80s%sspace", study->where,
             *study->where ? "." : "");
    const json_t *space = json_object_get(study->object, "space");
    if (wire_goal_read(study, d))
        return -1;
    if (!space)
        return fields_fail(study, ERROR_INVALID, "space", "is required");
    return wire_space_read(space, where, &d->space, study->err) ||
                   wire_restrictions_read(study, &d->space) ||
                   wire_sampler_read(study, d) ||
                   wire_pruner_read(study, d, stored)
               ? -1
               : 0;
}

static const char *const not_of_a_grid[] = {"sampler", "pruner", "iteration",
                                            "warm_start", NULL};

static const struct wire_kind {
    int (*read)(const struct fields *study, struct definition *definition,
                bool stored);
    void (*write)(struct text *text, const struct definition *definition);
    const char *const *foreign; // members that it does not have, NULL ends
} kinds[STUDY_KINDS] = {
    [STUDY_HPO] = {.read = read_search},
    [STUDY_GRID] = {.read = wire_grid_read,
                    .write = wire_grid_write,
                    .foreign = not_of_a_grid},
};

int wire_kind_read(const struct fields *study, struct definition *d)
{
    const char *name = fields_text(study, "kind", 20, "hpo");
    if (study->err->code)
        return -1;
    for (int i = 0; i < STUDY_KINDS; i++) {
        d->kind = (enum study_kind)i;
        if (kinds[i].read && strcmp(name, kind_of(d)->name) == 0)
            return 0;
    }
    char names[80] = "";
    for (int i = 0; i < STUDY_KINDS; i++) {
        d->kind = (enum study_kind)i;
        if (kinds[i].read)
            snprintf(names + strlen(names), sizeof names - strlen(names),
                     "%s%s", *names ? ", " : "", kind_of(d)->name);
    }
    return fields_fail(study, ERROR_INVALID, "kind",
                       "must be one of %s, not \"%s\"", names, name);
}

static int refuse(const struct fields *study, const struct definition *d,
                  const char *name)
{
    return fields_fail(study, ERROR_INVALID, name,
                       "is not a member of a study of kind %s",
                       kind_of(d)->name);
}

int wire_kind_check(const struct fields *study, const struct definition *d)
{
    const char *const *foreign = kinds[d->kind].foreign;
    for (; foreign && *foreign; foreign++)
        if (fields_get(study, *foreign))
            return refuse(study, d, *foreign);
    for (int i = 0; i < STUDY_KINDS; i++) {
        struct definition other = {.kind = (enum study_kind)i};
        const char *name = kind_of(&other)->name;
        if (other.kind != d->kind && fields_get(study, name))
            return refuse(study, d, name);
    }
    return 0;
}

int wire_kind_plan_read(const struct fields *study, struct definition *d,
                        bool stored)
{
    if (!stored && wire_kind_check(study, d))
        return -1;
    return kinds[d->kind].read(study, d, stored);
}

void wire_kind_plan_write(struct text *text, const struct definition *d)
{
    if (kinds[d->kind].write)
        kinds[d->kind].write(text, d);
}
