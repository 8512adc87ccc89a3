// SPDX-License-Identifier: GPL-3.0-or-later
// limit_cls.h - CLs at one signal strength, and how well toys know it
//
// k of n toys have a test statistic at least as large as the observed one,
// under signal plus background (sb) and under background alone (b); equality
// counts for both. CLs = (k_sb / n_sb) / (k_b / n_b) (A. L. Read, "Presentation
// of search results: the CLs technique", J. Phys. G 28, 2002). What is known of
// it is told by the moments of ln CLs under Jeffreys priors, p ~ Beta(k + 1/2,
// n - k + 1/2): they are exact and finite for every count, where the usual
// propagation of errors says 0 +- 0 for k = 0 and stops too early.
//
// Counts are doubles, so that a toy can weigh less than one.

#ifndef CUMAE_LIMIT_CLS_H
#define CUMAE_LIMIT_CLS_H

#include <stdbool.h>

struct limit_counts {
    double k_sb, n_sb; // 0 <= k <= n
    double k_b, n_b;
};

enum limit_cls_status {
    LIMIT_CLS_OK,
    LIMIT_CLS_NO_TOYS,  // of one hypothesis or both: the prior alone speaks
    LIMIT_CLS_CLB_ZERO, // no background toy reaches: the ratio is undefined
};

struct limit_cls {
    enum limit_cls_status status;
    double sb, b;            // CLs+b and CLb; 0 without toys
    double cls;              // the ratio; exp(log_mean) where it is undefined
    double low, high;        // exp(log_mean -+ log_sd)
    double wald;             // the propagated error, to compare; 0: undefined
    double log_mean, log_sd; // of ln CLs
};

// Everything about these counts; all numbers are finite.
struct limit_cls limit_cls(const struct limit_counts *counts);

// The same for CLs+b alone, whatever the toys of the background.
struct limit_cls limit_cls_sb(const struct limit_counts *counts);

// The central 68.27 % interval of Clopper and Pearson (Biometrika 26, 1934) for
// the probability that k of n toys estimate, to 1e-12; [0, 1] for n = 0. By
// bisection: GSL's inverse of the beta distribution does not always converge.
void limit_cls_interval(double k, double n, double *low, double *high);

// P(CLs < alpha), ln CLs being normal.
double limit_cls_below(const struct limit_cls *cls, double alpha);

#endif
