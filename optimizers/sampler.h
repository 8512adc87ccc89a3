// SPDX-License-Identifier: GPL-3.0-or-later
// sampler.h - algorithms that propose the next point
//
// A suggestion is a pure function of (space, history, pending trials, options,
// seed, number): no clock, no globals, no state kept between calls. Randomness
// comes from rng_at(seed, number). What is expensive is split in two pure
// steps:
//   fit(task, n_ended)         -> an immutable model of the first n_ended
//                                 results in history->ended
//   suggest(task, model, number) -> a point, using the model, the results since
//                                 then and the pending (running) trials
// The caller may keep, share and precompute models; it asks fit_length which
// model a suggestion must use, so that a kept one and a fresh one are the same.
//
// The registry is samplers.def. A sampler never includes another one.

#ifndef CUMAE_SAMPLER_H
#define CUMAE_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "error.h"
#include "history.h"
#include "option.h"
#include "space.h"

// Results of other studies in the terms of this one: n points that lie in the
// space, complete, with finite values.
struct prior {
    size_t n, n_sources;
    const double *unit;     // [n x d]
    const double *value;    // [n x m] minimised
    const uint32_t *source; // [n] which study, below n_sources
};

struct contour_plan;

struct sampler_task {
    const struct space *space;
    const struct history *history; // its rows below `number` are the past
    const struct prior *prior;     // NULL: none
    const double *options;         // [sampler->n_options]
    uint64_t seed;
    int64_t max_trials;                 // how many there will be, 0: not known
    const struct contour_plan *contour; // for contour_sampler.h alone, or NULL
};

struct suggestion {
    double *point;   // [d], the caller's
    const char *why; // in words, static or in the arena; NULL: nothing to say
};

struct model; // each sampler has its own

struct sampler {
    const char *name;
    const char *help; // one line
    const struct option *options;
    size_t n_options;

    // Can this sampler serve the space? ERROR_INVALID says why not.
    // NULL: any space.
    int (*check)(const struct space *space, const double *options,
                 struct error *err);

    // Does it serve several objectives?
    bool several;

    // How many of n_ended results the model must have seen; non-decreasing,
    // <= n_ended. NULL: there is no model.
    size_t (*fit_length)(const struct sampler_task *task, size_t n_ended);

    // The model of the first n_ended results. Never NULL; free with
    // model_free. Thread-safe: models are immutable. `before` is a model of
    // fewer of the same results, or NULL: it saves time and changes nothing.
    struct model *(*fit)(const struct sampler_task *task, size_t n_ended,
                         const struct model *before);
    void (*model_free)(struct model *model);

    // Does a suggestion after n_ended results take longer than a transaction
    // should be held open? NULL: never.
    bool (*slow)(const struct sampler_task *task, size_t n_ended);

    // Writes a valid point for trial `number`, which the restrictions of the
    // space should allow (sampler_ask sees to it). Rows of the history at or
    // above `number` are ignored. ERROR_EXHAUSTED when a finite space has no
    // new point (grid).
    int (*suggest)(const struct sampler_task *task, const struct model *model,
                   uint64_t number, struct arena *arena, struct suggestion *out,
                   struct error *err);
};

// All samplers, in the order of samplers.def.
extern const struct sampler *const samplers[];
extern const size_t n_samplers;

// The sampler with this name, or NULL.
const struct sampler *sampler_find(const char *name);

// Suggests with a model that was kept, NULL where there is none: what the
// sampler does, and where that forgot the restrictions of the space, an untried
// point near by that they allow. ERROR_EXHAUSTED when none is found that does:
// there is none, or they leave too little of the space (repair.h).
int sampler_ask(const struct sampler *sampler, const struct sampler_task *task,
                const struct model *model, uint64_t number, struct arena *arena,
                struct suggestion *out, struct error *err);

// Fits the model that fit_length asks for, if any, and asks: the whole pure
// function, without anything kept.
int sampler_suggest(const struct sampler *sampler,
                    const struct sampler_task *task, uint64_t number,
                    struct arena *arena, struct suggestion *out,
                    struct error *err);

#endif
