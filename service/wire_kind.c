// SPDX-License-Identifier: GPL-3.0-or-later
// wire_kind.c - the JSON of what kind a study is

#include "wire_kind.h"

#include <stdio.h>
#include <string.h>

#include "wire_algorithm.h"
#include "wire_contour.h"
#include "wire_goal.h"
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

static const char *const no_plan[] = {"contour", NULL};
static const char *const no_search[] = {
    "objectives", "direction", "outcome_constraints", "sampler", "pruner",
    "warm_start", NULL};

static const struct wire_kind {
    int (*read)(const struct fields *study, struct definition *definition,
                bool stored);
    void (*write)(struct text *text, const struct definition *definition);
    const char *const *foreign; // members that it does not have, NULL ends
} kinds[STUDY_KINDS] = {
    [STUDY_HPO] = {.read = read_search, .foreign = no_plan},
    [STUDY_CONTOUR] = {.read = wire_contour_read,
                       .write = wire_contour_write,
                       .foreign = no_search},
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

int wire_kind_check(const struct fields *study, const struct definition *d)
{
    const char *const *foreign = kinds[d->kind].foreign;
    for (; foreign && *foreign; foreign++)
        if (fields_get(study, *foreign))
            return fields_fail(study, ERROR_INVALID, *foreign,
                               "is not a member of a study of kind %s",
                               kind_of(d)->name);
    return 0;
}

// The kind that a study which was written says.
static enum study_kind kind_in(const json_t *study)
{
    const char *name = json_string_value(json_object_get(study, "kind"));
    struct definition d = {.kind = STUDY_KINDS - 1};
    while (d.kind > STUDY_HPO &&
           (!name || strcmp(name, kind_of(&d)->name) != 0))
        d.kind--;
    return d.kind;
}

void wire_kind_strip(json_t *study)
{
    const char *const *foreign = kinds[kind_in(study)].foreign;
    for (; foreign && *foreign; foreign++)
        json_object_del(study, *foreign);
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

static const char *plan_text(const struct definition *d, struct arena *arena)
{
    struct text text;
    text_init(&text, arena);
    wire_space_write(&text, &d->space);
    wire_restrictions_write(&text, &d->space);
    wire_kind_plan_write(&text, d);
    return text.data;
}

bool wire_kind_plan_same(const struct definition *a, const struct definition *b)
{
    struct arena arena;
    arena_init(&arena);
    bool same = strcmp(plan_text(a, &arena), plan_text(b, &arena)) == 0;
    arena_done(&arena);
    return same;
}
