// SPDX-License-Identifier: GPL-3.0-or-later
// variation.h - new coordinates from those of one or two parents
//
// The operators of genetic algorithms with real numbers, one coordinate at a
// time, in [0, 1] (see param.h). An index eta says how close to the parents a
// child stays: the larger, the closer. Numbers with steps are treated as if
// they were continuous and fall into a slot afterwards; between categories
// there is no distance.

#ifndef CUMAE_VARIATION_H
#define CUMAE_VARIATION_H

#include "param.h"
#include "rng.h"

// One of the two children that simulated binary crossover makes of the
// coordinates a and b, each with probability 1/2 (Deb and Agrawal, Complex
// Systems 9, 1995, within bounds as in Deb's NSGA-II). Of categories: a or b.
double variation_cross(const struct param *param, double a, double b,
                       double eta, struct rng *rng);

// Polynomial mutation (Deb and Goyal 1996, within bounds as in Deb's NSGA-II):
// a continuous coordinate on a bound stays there half of the time. Where a
// number with steps would stay on its level, it moves to a neighbouring one, up
// or down with probability 1/2. Of categories: any other one. A parameter with
// a single value keeps it.
double variation_mutate(const struct param *param, double u, double eta,
                        struct rng *rng);

#endif
