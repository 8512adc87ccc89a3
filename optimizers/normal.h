// SPDX-License-Identifier: GPL-3.0-or-later
// normal.h - the standard normal distribution, accurate in the tails
//
// Everything is a function of z scores. Logarithms are computed directly where
// the probability itself would underflow or cancel.

#ifndef CUMAE_NORMAL_H
#define CUMAE_NORMAL_H

// P(Z < z).
double normal_cdf(double z);

// ln P(Z < z), finite for every finite z.
double normal_log_cdf(double z);

// The z with P(Z < z) = p; -INFINITY at 0, INFINITY at 1.
double normal_quantile(double p);

// ln P(a < Z < b) for a < b, either of which may be infinite.
double normal_log_mass(double a, double b);

// The quantile at p in [0, 1] of a normal truncated to [a, b], a < b. Inverts
// the cdf on the side of the lower tail (Robert, "Simulation of truncated
// normal variables", Stat. Comput. 5, 1995, names the method and its limits).
// Where the mass between a and b underflows, the end nearest to zero.
double normal_truncated(double p, double a, double b);

#endif
