// SPDX-License-Identifier: GPL-3.0-or-later
// acquisition.h - what a try is worth, told from a predicted mean and sd
//
// To be maximised; the objective is minimised. With u = (best - mean) / sd and
// h(u) = phi(u) + u Phi(u), expected improvement is sd h(u). Its logarithm has
// the same maximum and does not vanish where improvement is unlikely (Ament et
// al., "Unexpected improvements to expected improvement for Bayesian
// optimization", NeurIPS 2023).

#ifndef CUMAE_ACQUISITION_H
#define CUMAE_ACQUISITION_H

// A value and its derivatives.
struct acquisition {
    double value, by_mean, by_sd;
};

// e^(x^2) erfc(x) for x >= 0.5, to 1e-13.
double acquisition_erfcx(double x);

// ln h(u) for any finite u, and *ratio = Phi(u) / h(u), its derivative.
double acquisition_log_h(double u, double *ratio);

// ln of the expected improvement on `best`; sd > 0.
struct acquisition acquisition_log_ei(double mean, double sd, double best);

// ln of the probability to be <= 0; sd > 0.
struct acquisition acquisition_log_probability(double mean, double sd);

// kappa sd - mean: the optimist's value.
struct acquisition acquisition_ucb(double mean, double sd, double kappa);

#endif
