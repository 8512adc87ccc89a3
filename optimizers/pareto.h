// SPDX-License-Identifier: GPL-3.0-or-later
// pareto.h - which results with several objectives are best
//
// A result dominates another when it is nowhere worse and somewhere better.
// Everything is minimised. NaN is worse than any number, infinity included, and
// as good as another NaN. With constraints the one that violates them less in
// total is better, whatever its objectives say (K. Deb et al., "A fast and
// elitist multiobjective genetic algorithm: NSGA-II", IEEE Trans. Evol. Comput.
// 6, 2002); between equal violations the objectives decide, where Deb et al.
// call infeasible ones equally good.
//
// Notation: n results, m >= 1 objectives.

#ifndef CUMAE_PARETO_H
#define CUMAE_PARETO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

struct pareto_set {
    size_t n, m;
    const double *value;     // [n x m]
    const double *violation; // [n], feasible: <= 0; NULL: all are feasible
};

// Does a[m] dominate b[m]?
bool pareto_dominates(const double *a, const double *b, size_t m);

// Does result i of the set dominate result j, violations considered?
bool pareto_before(const struct pareto_set *set, size_t i, size_t j);

// Writes rank[n]: 0 for those that nothing dominates, r for those that nothing
// but ranks below r dominates. Returns the number of ranks. O(n log n) for m
// up to 2; else O(m n^2) at worst, less with many ranks (X. Zhang et al., "An
// efficient approach to nondominated sorting", IEEE Trans. Evol. Comput. 19,
// 2015).
size_t pareto_rank(const struct pareto_set *set, struct arena *arena,
                   uint32_t *rank);

// Writes the results of rank 0 to front[n], ascending; returns their number.
// O(n log n) for m up to 2, else O(m n (log n + size of the front)).
size_t pareto_front(const struct pareto_set *set, struct arena *arena,
                    size_t *front);

// Writes distance[n] of the results member[n], which are of one rank: the size
// of the gap around each (Deb et al. 2002), INFINITY at the ends of each
// objective. Deviation: of equal results the first counts and the others are at
// distance 0, so that the sum does not depend on how they happen to be sorted.
void pareto_crowding(const struct pareto_set *set, const size_t *member,
                     size_t n, struct arena *arena, double *distance);

#endif
