// SPDX-License-Identifier: GPL-3.0-or-later
// epoch.h - one distribution of CMA-ES over the points of a space
//
// Between the points that are evaluated and the raw places that the
// distribution knows. A continuous coordinate is folded into [0, 1] (fold.h),
// one with levels is drawn wider and clipped (margin.h). What is drawn for a
// trial depends on the study's seed, the trial's number and the distribution,
// so that it can be drawn once more.
//
// Notation: n dimensions, the parameters with more than one value; d
// parameters.

#ifndef CUMAE_EPOCH_H
#define CUMAE_EPOCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "cma.h"
#include "sampler.h"

struct epoch {
    const struct arena *owner;
    size_t begun; // after how many results of the history
    size_t n;
    size_t *axis; // [n] which parameters
    struct cma *cma;
    double *stretch; // [n] how much wider a coordinate is drawn
};

// A copy of *from in memory of `arena`.
struct epoch *epoch_copy(const struct epoch *from, struct arena *arena);

// The same in memory of another one of equal n.
void epoch_assign(struct epoch *epoch, const struct epoch *from);

// Gives the other levels of each coordinate a probability of `margin`.
void epoch_keep_margins(struct epoch *epoch, const struct space *space,
                        double margin);

// Writes the sample of trial `number`, raw[0..n), and point[0..d). If 100 are
// forbidden by the restrictions of the space, the last one of them.
void epoch_draw(const struct epoch *epoch, const struct sampler_task *task,
                uint64_t number, double *raw, double *point);

// Is the point of a trial its sample of this distribution? Then that is
// written, raw[0..n). Rounding is forgiven: another machine may have drawn it.
bool epoch_recall(const struct epoch *epoch, const struct sampler_task *task,
                  uint32_t number, double *raw);

// Writes a raw place of the point of a trial, wherever that came from.
void epoch_place(const struct epoch *epoch, const struct sampler_task *task,
                 uint32_t number, double *raw);

#endif
