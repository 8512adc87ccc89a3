// SPDX-License-Identifier: GPL-3.0-or-later
// surrogate.h - what the results of a study say, as Gaussian processes
//
// Each output of a trial has a process of its own (gp.h), learnt from the
// trials that tell something of it:
//   objectives   warped (warp.h). A pruned trial enters with no less than the
//                median of the complete ones: it did not show what it is worth,
//                only that it was not good. Variances of the first objective
//                are scaled by the squared slope of the warp at the value.
//   constraints  met where they are <= 0 (bilog.h)
//   success      -1 for trials that told what they are worth, 1 for failed
//                ones: those that failed, told no finite value, or are
//                infeasible for no stated reason. It exists when they are at
//                least a fifth of all; else they enter the objectives with the
//                worst value.
// So everything after the objectives is met where it is <= 0.
//
// Results of other studies (transfer.h) enter the objectives. Then the points
// of all processes have one more coordinate, a category: 0 for this study, the
// number of the source, from 1, for the others. It has its own length scale,
// which tells how much the studies have in common. They are left out again when
// the results of this study are more likely without them.

#ifndef CUMAE_SURROGATE_H
#define CUMAE_SURROGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "bilog.h"
#include "gp.h"
#include "sampler.h"
#include "warp.h"

struct output {
    enum output_kind {
        OUTPUT_OBJECTIVE,
        OUTPUT_CONSTRAINT,
        OUTPUT_SUCCESS
    } kind;
    size_t index; // of the objective or constraint
    struct warp warp;
    double median, worst; // of complete values; of warped ones
    struct bilog bilog;
    struct gp gp;
};

struct surrogate {
    size_t n_objectives; // all of them, or 0 while no trial has values
    size_t n_outputs;
    struct output *output; // objectives, constraints, success
    bool failures;         // have a process of their own
    size_t n_ended;        // results that it has seen
    uint32_t *trial;       // of each point of the first process, or
                           // SURROGATE_OTHER
};

#define SURROGATE_OTHER UINT32_MAX // a result of another study

// How many of the first n_ended results told values or constraints.
size_t surrogate_usable(const struct history *history, size_t n_ended);

// How many trials before `number` did so, or are running; counted up to `most`.
size_t surrogate_begun(const struct history *history, uint64_t number,
                       size_t most);

// Learns from the first n_ended results; false when no process can be
// conditioned on them. `arena` holds the result.
bool surrogate_fit(const struct sampler_task *task, size_t n_ended,
                   double least_noise, struct arena *arena,
                   struct surrogate *surrogate);

// The same with the results since then, and the running trials, the latest
// 100 of them, with the values that are believed there. Trials from `number`
// on are left out.
struct surrogate surrogate_look(const struct surrogate *surrogate,
                                const struct history *history, uint64_t number,
                                struct arena *arena);

#endif
