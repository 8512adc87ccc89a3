// SPDX-License-Identifier: GPL-3.0-or-later
// lbfgs.h - a smooth function of many variables, minimised in a box
//
// Projected L-BFGS: the two-loop recursion of Nocedal ("Updating quasi-Newton
// matrices with limited storage", Math. Comp. 35, 1980) with the last eight
// steps, on the variables that no bound holds back, and a line search along the
// path bent by the bounds (Bertsekas, "Projected Newton methods for
// optimization problems with simple constraints", SIAM J. Control Optim. 20,
// 1982) that halves the step until the decrease is sufficient (Armijo).
// Nothing is random: equal starts give equal ends.

#ifndef CUMAE_LBFGS_H
#define CUMAE_LBFGS_H

#include <stddef.h>

#include "arena.h"

struct lbfgs_problem {
    size_t n;
    const double *low, *high; // [n]; low == high: a constant
    // Returns f(x) and writes its gradient; not finite: x is out of question.
    double (*value)(void *context, const double *x, double *gradient);
    void *context;
    size_t max_evaluations; // of value(), at least 1
    double tolerance;       // on the projected gradient's largest component
};

// Moves x, which is first put into the box, to a minimum and returns the value
// there. It stops at the tolerance, when a step gains less than 1e-9 of the
// value, when no step gains anything, or when the evaluations are spent.
double lbfgs_minimise(const struct lbfgs_problem *problem, struct arena *arena,
                      double *x);

#endif
