// SPDX-License-Identifier: GPL-3.0-or-later
// limit_asymptotic.h - what limits would be if there were many events
//
// G. Cowan, K. Cranmer, E. Gross, O. Vitells, "Asymptotic formulae for
// likelihood-based tests of new physics", Eur. Phys. J. C 71, 2011,
// arXiv:1007.1727. q: the test statistic with the factor 2, q_mu or q~_mu;
// q_A: its value for the Asimov data of background alone, (mu / sigma)^2.
// Probabilities are kept as logarithms, so that nothing underflows.

#ifndef CUMAE_LIMIT_ASYMPTOTIC_H
#define CUMAE_LIMIT_ASYMPTOTIC_H

#include <stdbool.h>
#include <stddef.h>

struct limit_tails {
    double log_sb, log_b; // ln CLs+b and ln CLb; ln CLs is the difference
};

// Equations 57, 59, and with `bounded` (q~) 65 where q > q_A; q, q_A >= 0.
struct limit_tails limit_asymptotic_tails(double q, double q_asimov,
                                          bool bounded);

// ln CLs expected at `sigmas` of background fluctuation (-2: few events).
double limit_asymptotic_expected(double q_asimov, double sigmas);

// Equation 89 with CLs: the expected limit in units of sigma.
double limit_asymptotic_factor(double sigmas, double alpha);

// The limit of a measured mu = estimate +- sigma, sigma > 0.
double limit_asymptotic_normal(double estimate, double sigma, double alpha);

// Discovery of n (real valued for Asimov data) events above b > 0: equations
// 52 and 97; 0 for n <= b. The significance is its square root.
double limit_asymptotic_q0(double n, double b);

// What workers told at one signal strength.
struct limit_asimov {
    double mu, q, q_asimov;
};

enum { LIMIT_ASYMPTOTIC_OBSERVED = 99 };

// The crossing of alpha by the curve through n points, sorted by mu, distinct:
// `sigmas` of the expected ones, or LIMIT_ASYMPTOTIC_OBSERVED. Between points,
// sqrt q and sqrt q_A are parabolas through three neighbours (both are straight
// lines for a Gaussian measurement). False when no two neighbours bracket it;
// of several crossings, the largest.
bool limit_asymptotic_limit(const struct limit_asimov *points, size_t n,
                            double sigmas, bool bounded, double alpha,
                            double *mu);

#endif
