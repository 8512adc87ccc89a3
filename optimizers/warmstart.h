// SPDX-License-Identifier: GPL-3.0-or-later
// warmstart.h - where CMA-ES begins when something is known already
//
// WS-CMA-ES (Nomura, Watanabe, Akimoto, Ozaki, Onishi, AAAI 2021,
// arXiv:2012.06932): the best tenth of the known points, each with a little
// noise around it, is described by one normal distribution, in which the search
// begins. Deviations: what is known about the same function gets less noise
// than what is known about a similar one; with no more points than dimensions
// the matrix is diagonal.

#ifndef CUMAE_WARMSTART_H
#define CUMAE_WARMSTART_H

#include <stddef.h>

#include "arena.h"
#include "cma.h"
#include "sampler.h"

enum { WARMSTART_LEAST = 40 }; // fewer points say too little

struct warmstart {
    const struct sampler_task *task;
    size_t n;           // dimensions
    const size_t *axis; // [n] the parameters that they are
};

// From the best tenth of each source of task->prior; NULL with fewer than
// WARMSTART_LEAST points.
struct cma *warmstart_prior(const struct warmstart *from, struct arena *arena);

// From the best tenth of the complete trials among the first n_ended results;
// NULL with fewer than WARMSTART_LEAST of them.
struct cma *warmstart_results(const struct warmstart *from, size_t n_ended,
                              struct arena *arena);

#endif
