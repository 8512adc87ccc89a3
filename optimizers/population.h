// SPDX-License-Identifier: GPL-3.0-or-later
// population.h - the results that survive so far, as parents of new points
//
// Steady state: results enter one by one, and as soon as there are too many the
// worst one leaves, before the next comes (mu + 1; Durillo, Nebro, Luna and
// Alba, "On the effect of the steady-state selection scheme in multi-objective
// genetic algorithms", EMO 2009). The worst is the most crowded one of the last
// rank (pareto.h). No generation has to be complete, so nobody waits for a slow
// or lost trial, and the population is a function of the sequence of results.
//
// A result is feasible, or violates the constraints by a known amount. A pruned
// one comes after all that are feasible and before all that are not. Failed
// trials, values that are no numbers and unknown violations never enter.
//
// Notation: m objectives, mu members at most.

#ifndef CUMAE_POPULATION_H
#define CUMAE_POPULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "history.h"

// In the order of entry.
struct population {
    size_t m, n;
    size_t capacity;
    size_t mu;         // 1 .. capacity; may be raised at any time
    uint32_t *number;  // [n] of the trials
    double *value;     // [n x m]
    double *violation; // [n]
    uint32_t *rank;    // [n] valid if n = mu
};

// An empty population with mu = capacity, in memory of `arena`, and a copy of
// one.
struct population population_make(size_t m, size_t capacity,
                                  struct arena *arena);
struct population population_copy(const struct population *from,
                                  struct arena *arena);

// Lets the result of trial `number` enter; false if it has none that counts.
// O(m mu) if it is dominated by a member of the last rank, as most are late in
// a study, else O(m mu^2) at worst.
bool population_enter(struct population *population,
                      const struct history *history, uint32_t number);

// Writes the rank and the crowding distance of each member: rank[n],
// distance[n].
void population_order(const struct population *population, struct arena *arena,
                      uint32_t *rank, double *distance);

#endif
