// SPDX-License-Identifier: GPL-3.0-or-later
// forest.h - regression trees over a space, as boxes of constant value
//
// Random forests (L. Breiman, Machine Learning 45, 2001): each tree is grown on
// a bootstrap sample of the results by the splits that reduce the squared error
// most (CART), over all parameters. A tree cuts the unit cube (see space.h)
// into boxes that are intervals in every coordinate:
//   continuous     cut in the middle between two observed values
//   K levels       cut between slots (see slot.h)
//   categorical    the choices in the order of their mean value, each 1 / K
//                  wide. For one cut this order is optimal (W. Fisher, JASA 53,
//                  1958); taken once for the whole forest it is as good in
//                  practice as anew in each node (M. Wright and I. Koenig,
//                  PeerJ 7:e6339, 2019, "order"). A choice without a
//                  result stands at the mean of all.
//   inactive       drawn uniformly, because the value does not depend on it.
//                  So the forest is a function on the whole cube, in which
//                  coordinates are independent, and a condition's effect is
//                  seen in the parameter that it asks.
//
// Of two splits that are equally good the one with the wider gap between the
// results of its sides is taken, so the order of the parameters matters only in
// draws for inactive ones and where gaps are equal too.
//
// Notation: d parameters, n results.

#ifndef CUMAE_FOREST_H
#define CUMAE_FOREST_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "space.h"

enum { FOREST_MAX_DEPTH = 64 };

#define FOREST_LEAF UINT32_MAX

struct forest_node {
    uint32_t feature; // the parameter that is cut, or FOREST_LEAF
    uint32_t child;   // below the edge; the one above it is child + 1
    double edge;      // in (0, 1)
    double value;     // of a leaf: the mean of its results
};

struct forest_tree {
    size_t n;                 // nodes
    struct forest_node *node; // the root is the first
};

struct forest {
    size_t d;
    size_t n_trees;
    struct forest_tree *tree;
};

struct forest_plan {
    const struct space *space;
    size_t n;            // at least 1
    const double **unit; // [n] rows of d unit coordinates, NaN: inactive
    const double *value; // [n] finite, squares must not overflow
    size_t n_trees;      // at least 1
    size_t leaf;         // least number of results in a leaf, at least 1
    uint64_t seed;
};

// Grows a forest; all memory is taken from `arena`. O(n_trees d n depth).
struct forest forest_grow(const struct forest_plan *plan, struct arena *arena);

#endif
