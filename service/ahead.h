// SPDX-License-Identifier: GPL-3.0-or-later
// ahead.h - models and suggestions, made before they are asked for
//
// What a slow sampler has to compute is computed aside: a preparation is a copy
// of what the sampler needs of a live study, some thread fits the model and
// makes the next suggestions from it, and the live study adopts the results.
// An ask then takes the suggestion that is in turn.
//
// A suggestion stays a pure function. That of trial N sees the results up to
// the trial's seen_revision, and every trial below N that had not ended by then
// as running. So one that was made ahead lacks the results since; how many it
// may lack is an eighth of the trials that are running, none of up to seven:
// a worker that works alone always gets the benefit of its last result. The
// suggestions in waiting presume each other, in order; when a trial gets its
// number in another way (a retry, another instance), all of them are dropped.

#ifndef CUMAE_AHEAD_H
#define CUMAE_AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../optimizers/arena.h"
#include "../optimizers/error.h"

enum {
    AHEAD_MOST = 64,  // suggestions in waiting
    AHEAD_AT_ONCE = 8 // in one preparation
};

struct live;
struct fitted; // a model that threads share

// A suggestion in waiting.
struct ahead_item {
    double *point; // [d]
    char *why;     // or NULL
    int64_t seen_revision;
    size_t seen; // results in it
    int64_t run; // of a grid study (scan.h); 0: none
};

// What a live study keeps of all this.
struct ahead {
    struct fitted *fitted; // or NULL
    struct ahead_item items[AHEAD_MOST];
    size_t n;       // items in waiting: for the next n numbers
    uint64_t epoch; // counts the times that all was dropped
    size_t wanted;  // suggestions that somebody waits for
    bool may_wait;  // there is somebody who prepares
};

// ERROR_WAIT when the next n suggestions take long to make and there are fewer
// in waiting; never unless live->ahead.may_wait.
int ahead_require(struct live *live, size_t n, struct error *err);

// The suggestion for the live study's next number: one in waiting, or made on
// the spot. `item` lends from the arena.
int ahead_suggest(struct live *live, struct arena *arena,
                  struct ahead_item *item, struct error *err);

// A trial got its number and its point in another way.
void ahead_skip(struct live *live);

// Forgets models and suggestions, for what they were made from has changed.
void ahead_forget(struct live *live);

// Is there something to prepare?
bool ahead_wants(const struct live *live);

struct preparation;

// Copies what is needed to prepare what is wanted.
struct preparation *ahead_prepare(struct live *live);
// Does the work. Any thread; the live study is not touched.
void ahead_run(struct preparation *preparation);
// Takes over what is still of use, and frees the rest.
void ahead_adopt(struct live *live, struct preparation *preparation);
void ahead_discard(struct preparation *preparation);

#endif
