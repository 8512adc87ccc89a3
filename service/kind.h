// SPDX-License-Identifier: GPL-3.0-or-later
// kind.h - what sets studies of different kinds apart
//
// All kinds live on the same ask and tell: trials, leases, retries, budgets and
// events know nothing of kinds. What differs is in one table: where the next
// point comes from, and when a trial has told enough to be complete. Its JSON
// is that of wire_kind.h.
//   hpo      a sampler proposes points, which are judged by their values
//   grid     every point of a grid or of a list, once
//   limit    toys for an upper limit on a signal strength
//   contour  points along an exclusion contour

#ifndef CUMAE_KIND_H
#define CUMAE_KIND_H

#include <stdbool.h>

#include "ahead.h"
#include "definition.h"

struct ask;
struct live;
struct outcome;

struct kind {
    const char *name;
    bool valueless; // a trial may be complete without a value
    // How many new points may be handed out now, at most. NULL: any number.
    size_t (*room)(const struct live *live);
    // Why none is: a word for machines, with the text for people in
    // detail[BUDGET_DETAIL]; *passes when results may change that. NULL: some
    // is, as far as memory knows.
    const char *(*closed)(const struct live *live, bool *passes, char *detail);
    // May a trial end so? It may lose numbers. NULL: yes.
    int (*check)(const struct definition *definition, enum trial_state state,
                 struct outcome *outcome, struct error *err);
    // The point of the next trial, which lends from the arena. ERROR_EXHAUSTED
    // when there is none; ask->reason and detail may say more, else it is
    // "exhausted". NULL: what the sampler proposes.
    int (*choose)(struct live *live, struct ask *ask, struct arena *arena,
                  struct ahead_item *item, struct error *err);
};

// The kind of a study.
const struct kind *kind_of(const struct definition *definition);

// What the kind of a study says: SIZE_MAX, NULL and 0 where it says nothing.
size_t kind_room(const struct live *live);
const char *kind_closed(const struct live *live, bool *passes, char *detail);
int kind_check(const struct definition *definition, enum trial_state state,
               struct outcome *outcome, struct error *err);

// Chooses the point of the next trial as the kind of the study does.
int kind_choose(struct live *live, struct ask *ask, struct arena *arena,
                struct ahead_item *item, struct error *err);

#endif
