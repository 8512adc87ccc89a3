// SPDX-License-Identifier: GPL-3.0-or-later
// worth.h - what a try is worth, told from the predictions of all outputs
//
// To be maximised. Outputs are independent: the objectives, which are
// minimised, then what has to be <= 0. The acquisition of the objectives is
// added to the logarithms of the probabilities that each of the others is met:
// with expected improvement that is the logarithm of the improvement expected
// of feasible results (Gardner et al., "Bayesian optimization with inequality
// constraints", ICML 2014).

#ifndef CUMAE_WORTH_H
#define CUMAE_WORTH_H

#include <stddef.h>

#include "boxes.h"
#include "gp.h"

enum worth_kind {
    WORTH_FEASIBILITY, // only the probabilities
    WORTH_IMPROVEMENT, // ln of the expected improvement on `best`
    WORTH_OPTIMISM,    // the upper confidence bound, 1 sd
    WORTH_VOLUME,      // ln of the expected hypervolume improvement
    WORTH_MIXTURE,     // optimism about a mixture of objectives, below
};

// The values y_k = mean_k - 0.2 sd_k make the mixture
//   - max_k w_k (y_k - ideal_k) - 0.05 sum_k w_k (y_k - ideal_k),
// Chebyshev's with the augmentation of Knowles (ParEGO, IEEE Trans. Evol.
// Comput. 10, 2006): each optimum of it is on the front, and each point of the
// front is one for some weights.

struct worth {
    enum worth_kind kind;
    size_t n_objectives, n_constraints;
    double best;               // IMPROVEMENT
    const struct boxes *boxes; // VOLUME
    const double *weight;      // MIXTURE: [n_objectives]
    const double *ideal;
};

// The worth for predictions[n_objectives + n_constraints]; writes its
// derivatives to by_mean and by_sd of the same length.
double worth_of(const struct worth *worth,
                const struct gp_prediction *predictions, double *by_mean,
                double *by_sd);

#endif
