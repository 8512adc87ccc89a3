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

struct kind {
    const char *name;
    bool valueless; // a trial may be complete without a value
    // The point of the next trial, which lends from the arena. ERROR_EXHAUSTED
    // when there is none; ask->reason and detail may say more, else it is
    // "exhausted". NULL: what the sampler proposes.
    int (*choose)(struct live *live, struct ask *ask, struct arena *arena,
                  struct ahead_item *item, struct error *err);
};

// The kind of that name, or -1.
int kind_from_name(const char *name);

// The kind of a study.
const struct kind *kind_of(const struct definition *definition);

// Chooses the point of the next trial as the kind of the study does.
int kind_choose(struct live *live, struct ask *ask, struct arena *arena,
                struct ahead_item *item, struct error *err);

#endif
