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
struct message;
struct store;
struct tell;

struct kind {
    const char *name;
    bool valueless; // a trial may be complete without a value
    // The point of the next trial, which lends from the arena. ERROR_EXHAUSTED
    // when there is none; ask->reason and detail may say more, else it is
    // "exhausted". NULL: what the sampler proposes.
    int (*choose)(struct live *live, struct ask *ask, struct arena *arena,
                  struct ahead_item *item, struct error *err);

    // The rest is NULL, or false, where the kind has nothing to say.
    bool ordered; // takes no points from users: neither queued nor imported
    // Is what was to be found out known, or the kind's own budget used up? As
    // budget_used_up.
    const char *(*done)(const struct live *live, char *detail);
    // What the next trial takes at least, in seconds; 0: unknown.
    double (*expected)(const struct live *live, const struct ask *ask);
    // Looks at what a tell says besides values; may change its end.
    int (*resolve)(const struct live *live, const struct tell *tell,
                   struct message *message, struct error *err);
    // Keeps what a tell said that made its trial complete, in the store, too.
    int (*keep)(struct live *live, struct store *store, const struct tell *tell,
                struct error *err);
    // ERROR_CONFLICT when a tell of a complete trial says other than was kept.
    int (*repeats)(const struct live *live, struct store *store,
                   const struct tell *tell, struct error *err);
    // Is what this trial brings also of use when its retry runs?
    bool (*stands_alone)(const struct live *live, size_t number);
    // A result has been withdrawn, has come back, or is another one.
    int (*amended)(struct live *live, struct store *store, struct error *err);
};

// The kind of that name, or -1.
int kind_from_name(const char *name);

// The kind of a study.
const struct kind *kind_of(const struct definition *definition);

// Chooses the point of the next trial as the kind of the study does.
int kind_choose(struct live *live, struct ask *ask, struct arena *arena,
                struct ahead_item *item, struct error *err);

// Is all known that was to be found out? As budget_used_up.
const char *kind_done(const struct live *live, char *detail);

#endif
