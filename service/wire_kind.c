// SPDX-License-Identifier: GPL-3.0-or-later
// wire_kind.c - the JSON of what kind a study is

#include "wire_kind.h"

#include <stdio.h>
#include <string.h>

#include "wire_algorithm.h"
#include "wire_goal.h"
#include "wire_grid.h"
#include "wire_limit.h"
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
    // May a PATCH bring these members of the kind's own one? NULL: none.
    int (*check_changes)(const json_t *own, struct error *err);
    void (*hand_out)(struct text *text, const struct live *live, size_t number);
} kinds[STUDY_KINDS] = {
    [STUDY_HPO] = {.read = read_search},
    [STUDY_GRID] = {.read = wire_grid_read,
                    .write = wire_grid_write,
                    .foreign = not_of_a_grid,
                    .check_changes = wire_grid_check_changes},
    [STUDY_LIMIT] = {.read = wire_limit_read,
                     .write = wire_limit_write,
                     .foreign = wire_limit_foreign,
                     .check_changes = wire_limit_check_changes,
                     .hand_out = wire_limit_hand_out},
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

// Members of other kinds, and those that this one does not have.
static int check_foreign(const struct definition *d,
                         const struct fields *members)
{
    const char *const *foreign = kinds[d->kind].foreign;
    for (; foreign && *foreign; foreign++)
        if (fields_get(members, *foreign))
            return fields_fail(members, ERROR_INVALID, *foreign,
                               "is not a member of a study of kind %s",
                               kind_of(d)->name);
    for (int i = 0; i < STUDY_KINDS; i++) {
        struct definition other = {.kind = (enum study_kind)i};
        if (other.kind != d->kind && fields_get(members, kind_of(&other)->name))
            return fields_fail(members, ERROR_INVALID, kind_of(&other)->name,
                               "is not a member of a study of kind %s",
                               kind_of(d)->name);
    }
    return 0;
}

int wire_kind_plan_read(const struct fields *study, struct definition *d,
                        bool stored)
{
    if (!stored && check_foreign(d, study))
        return -1;
    return kinds[d->kind].read(study, d, stored);
}

void wire_kind_plan_write(struct text *text, const struct definition *d)
{
    if (kinds[d->kind].write)
        kinds[d->kind].write(text, d);
}

int wire_kind_check_changes(const struct definition *d,
                            const struct fields *changes, bool patch)
{
    const struct wire_kind *kind = &kinds[d->kind];
    const char *name = kind_of(d)->name;
    const json_t *own = fields_get(changes, name);
    if (check_foreign(d, changes))
        return -1;
    if (!own || !patch)
        return 0;
    return kind->check_changes
               ? kind->check_changes(own, changes->err)
               : fields_fail(changes, ERROR_INVALID, name, "cannot be changed");
}

void wire_kind_strip(const struct definition *d, json_t *json)
{
    const char *const *foreign = kinds[d->kind].foreign;
    for (; foreign && *foreign; foreign++)
        json_object_del(json, *foreign);
}

void wire_kind_hand_out(struct text *text, const struct live *live,
                        size_t number)
{
    const struct wire_kind *kind = &kinds[live->definition->kind];
    if (kind->hand_out)
        kind->hand_out(text, live, number);
}
