// SPDX-License-Identifier: GPL-3.0-or-later
// limit_band.h - the CLs that background alone would give at one point
//
// Each background toy is taken for the data: CLs_j = F_sb(q_j) / F_b(q_j),
// where F_h(q) is the share of toys of h at or beyond q. The expected CLs are
// quantiles of the CLs_j: few CLs_j are below the one of -2 sigma, which is the
// strongest limit. (Quantiles of CLs, not CLs at quantiles of q: they differ
// for few events, where bands collapse.)
//
// The quantile's own error comes from its ranks, n p -+ sqrt(n p (1 - p)): ln
// CLs at the toys with these ranks, whose F_b is moved back by the ranks, which
// is where another sample of toys would have found them. So a continuous
// statistic has the error of q alone, and a discrete one that of F_b.

#ifndef CUMAE_LIMIT_BAND_H
#define CUMAE_LIMIT_BAND_H

#include "arena.h"
#include "limit_cls.h"
#include "limit_toys.h"

enum { LIMIT_BAND = 5 }; // -2 to +2 sigma

enum limit_quantiles {
    LIMIT_SIGMA, // the normal probabilities, 0.02275 .. 0.97725
    LIMIT_CMS,   // 0.025, 0.16, 0.5, 0.84, 0.975
};

// The probability of curve i of the band, 0 (-2 sigma) to 4.
double limit_band_probability(enum limit_quantiles quantiles, unsigned i);

// How many sigmas that is.
double limit_band_sigmas(enum limit_quantiles quantiles, unsigned i);

struct limit_expected {
    double cls;    // the quantile, of type 1: one of the CLs_j
    double linear; // the quantile of type 7, numpy's default
    double q;      // of a toy with this CLs
    // F_sb and F_b there; n_sb and k_sb are reduced until they also hold the
    // error of the quantile. For limit_scan with `known_b`.
    struct limit_counts counts;
    double share; // what they are reduced by, in (0, 1]
};

// Writes the band of a point; all 0 when there are no toys of a hypothesis.
void limit_band(const struct limit_toys *sb, const struct limit_toys *b,
                double tie_tolerance, enum limit_quantiles quantiles,
                struct arena *arena, struct limit_expected band[LIMIT_BAND]);

#endif
