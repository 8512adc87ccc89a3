// SPDX-License-Identifier: GPL-3.0-or-later
// fanova.h - how much of a forest's variance each parameter explains
//
// The functional analysis of variance of a function f on the unit cube, with
// independent uniform coordinates, splits it into a mean, one function of each
// coordinate, one of each pair, and so on, all uncorrelated, so that their
// variances add up to that of f. What the functions of one coordinate (Sobol's
// first order indices) and of pairs explain is found exactly for a tree:
// F. Hutter, H. Hoos, K. Leyton-Brown, "An efficient approach for assessing
// hyperparameter importance", ICML 2014, algorithm 2. Fractions are averaged
// over the trees, as there; a tree without variance does not count.
//
// A box with value c above the mean and volume v, in coordinate k [l, h),
// contributes to the function of k
//   c v ([l <= x_k < h] / (h - l) - 1),
// and to that of a pair the product of two such factors. Both vanish where the
// box spans the whole coordinate, so only the coordinates that were cut on the
// way to a leaf cost anything. That is the source's result, found in one pass
// instead of one traversal per value.
//
// Notation: d parameters; a tree of L leaves, depth h.

#ifndef CUMAE_FANOVA_H
#define CUMAE_FANOVA_H

#include <stdbool.h>

#include "arena.h"
#include "forest.h"

struct fanova {
    double *single; // [d] fraction of the variance, in [0, 1]
    double *pair;   // [d x d] of the interaction of k < l, else 0; or NULL
};

// Decomposes the variance of a forest; all zero when no tree has any.
// O(L h) per tree, with pairs O(L h^2 + (L + d)^2). The result lives in
// `arena`.
struct fanova fanova_of(const struct forest *forest, bool pairs,
                        struct arena *arena);

#endif
