// SPDX-License-Identifier: GPL-3.0-or-later
// evolution.h - CMA-ES fed by trials that come and go one by one
//
// cma.h learns from generations. The results of a history, in the order in
// which they ended, are dealt into generations of lambda, whichever
// distribution their trials were drawn from: a step is taken from the mean of
// now. That is sound while lambda is no less than the number of results between
// a suggestion and its own result, so lambda follows that number (Hansen's
// lambda = max(lambda, workers)).
//
// Nothing is stored but the history: a sample is drawn once more from its
// trial's own stream and the distribution of then, of which the latest few are
// kept, and is known by the point that it decodes to. Points that differ come
// from elsewhere (enqueued, imported, another sampler) and are injected.
//
// Notation: n parameters with more than one value; raw coordinates are those of
// the distribution, on the whole line.

#ifndef CUMAE_EVOLUTION_H
#define CUMAE_EVOLUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "sampler.h"

struct evolution_rules {
    size_t population; // results per generation; 0: by n and workers
    double sigma;      // first standard deviation
    bool restarts;     // begin elsewhere when converged
    bool bipop;        // with small populations in turns
};

// Before any result: around the best of task->prior, or around the centre.
// Memory is the arena's; the task is not looked at after the call.
struct evolution *evolution_new(const struct sampler_task *task,
                                const struct evolution_rules *rules,
                                struct arena *arena);

// One that goes on in `arena` and borrows from `from` until then.
struct evolution *evolution_resume(const struct evolution *from,
                                   struct arena *arena);

// An independent copy.
struct evolution *evolution_copy(const struct evolution *from,
                                 struct arena *arena);

// How many results of history->ended it has taken.
size_t evolution_taken(const struct evolution *evolution);

// Takes the next result; one of a trial at or above `number` is passed over.
void evolution_take(struct evolution *evolution,
                    const struct sampler_task *task, uint64_t number);

// Writes the point of trial `number`.
void evolution_draw(const struct evolution *evolution,
                    const struct sampler_task *task, uint64_t number,
                    double *point);

// Where it is, in words.
const char *evolution_explain(const struct evolution *evolution,
                              struct arena *arena);

#endif
