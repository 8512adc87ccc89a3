// SPDX-License-Identifier: GPL-3.0-or-later
// importance.h - how much each parameter matters for the value
//
// Two methods (fanova.h, pedanova.h) from the same data to the same answer:
//   fanova    what part of the variance of the values a parameter explains by
//             itself, over the whole space; on request also pairs
//   ped       what part of the variance of "is among the best" it explains
// The caller picks the results, usually the complete trials without violated
// constraints, and one objective of each.
// Both refer to the measure in which the unit cube is uniform: ln v with log,
// levels alike, and so on (see param.h).
//
// Notation: d parameters, n results.

#ifndef CUMAE_IMPORTANCE_H
#define CUMAE_IMPORTANCE_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "error.h"
#include "space.h"

enum importance_method { IMPORTANCE_FANOVA, IMPORTANCE_PED };

// What fanova sees of the values. PED-ANOVA sees their order, and nothing else.
enum importance_values {
    // beyond 3 interquartile ranges from the quartiles (the outer fences of
    // J. Tukey, "Exploratory data analysis", 1977): moved to the fence
    IMPORTANCE_FENCED,
    IMPORTANCE_PLAIN,
    IMPORTANCE_RANKED, // the mean rank instead of the value
};

struct importance_plan {
    const struct space *space;
    size_t n;
    const double *unit;     // rows of d unit coordinates (history.h: `unit`)
    const uint32_t *number; // [n] the row of each result
    const double *value;    // [n] of one objective, minimised; results whose
                            // value is not finite are left out
    enum importance_method method;
    uint64_t seed;

    // fanova; 0 stands for the default
    enum importance_values values;
    double best;    // values worse than this quantile count as the quantile, in
                    // (0, 1]; 1: none does. Small: what matters among the best.
    size_t pairs;   // how many of the largest interactions to report; 0: none
    size_t n_trees; // 64; at most 1024
    size_t leaf;    // 3; least number of results in a leaf

    // ped; 0 stands for the default
    double top;   // 0.1; the best part that is to be explained
    double among; // 1; the part among which it is told apart; above `top`
};

struct importance_pair {
    size_t a, b; // a < b
    double variance;
};

struct importance {
    size_t used;      // results that were looked at
    double *variance; // [d] fraction of the variance explained, in [0, 1]
    double *share;    // [d] the same divided by their sum: adds up to 1
    size_t n_pairs;   // at most plan->pairs
    struct importance_pair *pair; // largest first
};

// Measures the importance of every parameter, in memory of `arena`. When
// nothing is explained (a constant value, or nothing but noise with `ped`)
// every variance and share is 0. A parameter with one value has 0.
//
// fanova looks at no more than max(512, min(4096, 2^17 / d)) results: one
// drawn from each of as many runs of neighbours, so all ages of a study are
// seen alike. ped looks at all of them. 100,000 results of 20 parameters take
// 0.3 s with fanova and 0.1 s with ped.
//
// ERROR_INVALID: fewer than 2 results with a finite value; best, top, among or
// n_trees out of range.
int importance_measure(const struct importance_plan *plan, struct arena *arena,
                       struct importance *importance, struct error *err);

#endif
