// SPDX-License-Identifier: GPL-3.0-or-later
// contrast.h - what sets some points of a space apart from others
//
// Two densities, of the points that are wanted and of the others (see
// parzen.h). Where a point is more probable under the first than under the
// second, a wanted one is likely to be found: with the share q of wanted points
// the probability at x is q l(x) / (q l(x) + (1 - q) g(x)). Several such pairs,
// one per condition that a point should meet, add up in logarithms: S. Watanabe
// and F. Hutter, "c-TPE: tree-structured Parzen estimator with inequality
// constraints for expensive hyperparameter optimization", arXiv:2211.14411.

#ifndef CUMAE_CONTRAST_H
#define CUMAE_CONTRAST_H

#include <stddef.h>

#include "arena.h"
#include "parzen.h"
#include "rng.h"

// A density in two parts: a fitted one and what came since.
struct side {
    const struct parzen *base;
    const struct parzen *extra; // NULL: nothing
};

struct contrast {
    struct side good, bad;
    double share; // q, in (0, 1)
};

// The same for parameter k alone; the marginals are taken from `arena`.
struct contrast contrast_marginal(const struct contrast *contrast, size_t k,
                                  struct arena *arena);

// Draws n points from the good base density of *contrast: n unit rows, on the
// centres of slots. Where all parameters are at play, NaN where inactive, and
// points that the restrictions of the space allow, as long as such are found.
void contrast_draw(const struct contrast *contrast, size_t n, struct rng *rng,
                   struct arena *arena, double *unit);

// Writes score[n] for each of n unit rows, NaN where inactive: ln l - ln g
// with a single pair; with several the sum of -ln(q + (1 - q) g / l), which no
// pair can lift above -ln q.
void contrast_score(const struct contrast *pairs, size_t n_pairs,
                    const double *unit, size_t n, struct arena *arena,
                    double *score);

#endif
