// SPDX-License-Identifier: GPL-3.0-or-later
// answers.h - a few answers that took long to compute
//
// What is computed from a whole study stays true until the study changes, so
// an answer is kept with the revision that it was computed at. Safe for any
// thread. Nothing but speed depends on what is found here.

#ifndef CUMAE_ANSWERS_H
#define CUMAE_ANSWERS_H

#include <stdint.h>

#include "../optimizers/arena.h"

struct answers;

struct answers *answers_new(void);
void answers_free(struct answers *answers);

// A copy of the answer to this question at this revision, or NULL.
const char *answers_get(struct answers *answers, const char *question,
                        int64_t revision, struct arena *arena);

// Keeps a copy of the answer; the oldest one makes room.
void answers_put(struct answers *answers, const char *question,
                 int64_t revision, const char *answer);

#endif
