// SPDX-License-Identifier: GPL-3.0-or-later
// parzen.h - a density over a space, learnt from observed points
//
// A mixture with one kernel per observation and, optionally, one broad prior
// kernel. A kernel is a product of one factor per parameter, in unit
// coordinates (see space.h):
//   continuous     a normal around the observation, truncated to [0, 1]
//   K levels       the mass of that normal in the level's slot (see slot.h)
//   categorical    (1 / kernels + [same choice]) / (1 + K / kernels)
// Where an observation lacks a parameter (its condition does not hold) the
// factor is the prior's: a normal around 1/2 with deviation 1, or uniform over
// the choices. Where the point asked about lacks it, the factor is left out.
//
// Bandwidth: a quarter of the distance between the two neighbours among the
// observations, the ends of the range and the prior's centre, or all of it,
// clipped to [floor, 1]. S. Watanabe, "Tree-structured Parzen estimator:
// understanding its algorithm components and their roles for better empirical
// performance", arXiv:2304.11127, section 3.3 ("hyperopt"), has the larger
// distance to either neighbour instead, which is two to four times as much.
//
// Deviations: slots narrower than the floor (a quarter of it for a log int)
// take the density at their centre times their width instead of the exact mass;
// where all are equally wide the normal is widened by their variance. The
// error is below 2 % within three deviations. Neighbours closer than 2^-16
// may be taken in the wrong order, which no floor >= 0.001 lets matter.
//
// Notation: d parameters, n kernels. Immutable once built.

#ifndef CUMAE_PARZEN_H
#define CUMAE_PARZEN_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "rng.h"
#include "space.h"

struct parzen_factor; // one parameter's factors of all kernels

struct parzen {
    const struct space *space;
    size_t from, to;    // the parameters at play: [from, to)
    size_t n;           // kernels, the prior included (it is the last)
    double weights;     // sum of the weights before normalisation
    double *weight;     // [n] normalised
    double *log_weight; // [n, padded]
    struct parzen_factor *factors; // [d]
};

struct parzen_plan {
    const struct space *space;
    size_t n;             // observations
    const double **unit;  // [n] rows of d unit coordinates
    const double *weight; // [n] positive, or NULL: 1 each
    double prior_weight;  // 0: no prior kernel
    double floor;         // least bandwidth, in [0.001, 1]
    bool wide;            // bandwidths are the distance, not a quarter of it
    // Takes the neighbours of a bandwidth, and the number of kernels, from
    // this mixture: the new one is an addition to it. NULL: stands alone.
    const struct parzen *around;
};

// Builds the mixture; there must be at least one kernel. All memory is taken
// from `arena`, nothing of the plan but the space is kept.
struct parzen *parzen_build(const struct parzen_plan *plan,
                            struct arena *arena);

// The mixture of parameter k alone; shares the memory of *parzen.
struct parzen parzen_marginal(const struct parzen *parzen, size_t k);

// Draws one point: unit[from..to), on the centres of slots. A parameter that
// the chosen kernel lacks is drawn from the kernels that have it.
// Conditions are not looked at: every coordinate gets a value.
void parzen_sample(const struct parzen *parzen, struct rng *rng, double *unit);

// Writes ln of the density (mass, for levels and choices) at each of `points`
// unit rows of d coordinates, NaN where inactive, to log_density[points]. Takes
// scratch memory from `arena`.
void parzen_log_density(const struct parzen *parzen, const double *unit,
                        size_t points, struct arena *arena,
                        double *log_density);

#endif
