// SPDX-License-Identifier: GPL-3.0-or-later
// boxes.h - the part of the space of objectives that no result dominates
//
// Cut into disjoint boxes, so that an integral over it is a sum. Everything is
// minimised: the region is all points that are no worse than the reference
// point and that no result dominates, and it has no lower end. Together with
// what the results dominate (hypervolume.h) it fills all that is below the
// reference point.
//
// A new result y improves the hypervolume by the sum, over the boxes, of the
// product over k of max(0, high[k] - max(low[k], y[k])).
//
// Notation: n boxes, m objectives.

#ifndef CUMAE_BOXES_H
#define CUMAE_BOXES_H

#include <stddef.h>

#include "arena.h"
#include "hypervolume.h"

enum { BOXES_MOST_OBJECTIVES = 3 };

struct boxes {
    size_t n, m;
    double *low;  // [n x m] -INFINITY: no end
    double *high; // [n x m] finite, above low
};

// The boxes around the results of `task`, in memory of `arena`. With p
// non-dominated results better than the reference there are at most p + 1 for m
// = 2 and 2 p + 1 for m = 3, as many as R. Lacour, K. Klamroth and C. M.
// Fonseca, "A box decomposition algorithm to compute the hypervolume
// indicator", Comput. Oper. Res. 79 (2017) have. The sweep is simpler: O(p^2)
// at worst. Other results change nothing.
struct boxes boxes_of(const struct hypervolume_task *task, struct arena *arena);

#endif
