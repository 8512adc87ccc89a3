// SPDX-License-Identifier: GPL-3.0-or-later
// hypervolume.h - the volume that a set of results dominates
//
// The volume of all points that are no better than some result and better than
// the reference point: one number for how good a front is, that grows with
// every result that no other dominates. Everything is minimised. Results that
// are not better than the reference in every objective count nothing, nor do
// those with a NaN or an infinity.
//
// Cost for n results: O(n log n) up to m = 3, by sweeping with a staircase
// (Fonseca, Paquete and Lopez-Ibanez, "An improved dimension-sweep algorithm
// for the hypervolume indicator", CEC 2006). From 4 on slices are swept, each
// with what the results before it leave of it (WFG: While, Bradstreet and
// Barone, "A fast way of calculating exact hypervolumes", IEEE Trans. Evol.
// Comput. 16, 2012): exponential in m. 100 results on a sphere take 0.5 ms for
// m = 4, 12 ms for m = 6 and 0.3 s for m = 8.
//
// Notation: n results, m >= 1 objectives.

#ifndef CUMAE_HYPERVOLUME_H
#define CUMAE_HYPERVOLUME_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"

struct hypervolume_task {
    size_t n, m;
    const double *value;     // [n x m]
    const double *reference; // [m] finite
};

// The volume; INFINITY where it is no double.
double hypervolume(const struct hypervolume_task *task, struct arena *arena);

// Writes what the volume would lose without each result to loss[n]: 0 for those
// that are dominated, outside, or there twice.
void hypervolume_contributions(const struct hypervolume_task *task,
                               struct arena *arena, double *loss);

// Chooses k <= n results with a large volume together: one after the other, the
// one that adds most (the first of equals), which reaches at least 1 - 1/e of
// the largest volume (Nemhauser, Wolsey and Fisher, Math. Program. 14, 1978).
// Writes their indices to chosen[k] in that order. What a result adds only
// shrinks as others are chosen, so few have to be looked at again (Minoux
// 1978).
void hypervolume_subset(const struct hypervolume_task *task, size_t k,
                        struct arena *arena, size_t *chosen);

// Writes a reference point for value[n x m]: beyond the worst of the
// non-dominated finite results by 0.1 of their range, as BoTorch has it. Where
// they have no range: by 0.1 of the size of the value, or by 0.1 if that is 0.
// False when no result is finite.
bool hypervolume_reference(const double *value, size_t n, size_t m,
                           struct arena *arena, double *reference);

#endif
