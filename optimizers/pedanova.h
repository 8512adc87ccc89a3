// SPDX-License-Identifier: GPL-3.0-or-later
// pedanova.h - which parameters decide whether a result is among the best
//
// S. Watanabe, A. Bansal, F. Hutter, "PED-ANOVA: efficiently quantifying
// hyperparameter importance in arbitrary subspaces", IJCAI 2023,
// arXiv:2304.10255. Of the best part `among` (gamma) of all results, the best
// part `top` (gamma') of all is told apart by an indicator function; what a
// parameter alone explains of its variance is, by equation 16,
//   (gamma' / gamma)^2 D_PE(p_top || p_among),
//   D_PE(p || q) = integral of (p / q - 1)^2 q,
// where p_top and p_among are the densities of the parameter's value in both
// groups. It is global importance with among = 1 and local otherwise. Only the
// order of the values matters.
//
// Densities are Parzen estimates on cells of [0, 1]: one per level, at most
// PEDANOVA_CELLS. Kernels are normals cut to [0, 1], with Scott's bandwidth as
// in Optuna's implementation; choices of a category are counted; a uniform
// prior weighs as much as one result of the top group.
//
// Deviations:
// * both densities have the bandwidth and the share of the prior of the top
//   group, so that they differ by what the results say and by nothing else;
// * the divergence that a random subset of the same size would show on
//   average is subtracted, what is left is at least 0. It is large for few
//   results and many choices: (K - 1) / size of the top group;
// * a conditional parameter counts where it is active: with a and a' the
//   shares of `among` and `top` in which it is, D_PE of these results is
//   multiplied with a'^2 / a. This is what the value explains once it is known
//   that the parameter is active (the law of total variance); that it is
//   active is explained by the parameters that its condition asks. Compare
//   K. Baba, Y. Ozaki, S. Watanabe, arXiv:2601.20800;
// * the top group has at least 5 results, or half of `among` if that is less:
//   Optuna's documentation asks for 5. Results equal to the last one of a
//   group belong to it.
//
// Notation: d parameters, n results.

#ifndef CUMAE_PEDANOVA_H
#define CUMAE_PEDANOVA_H

#include <stddef.h>

#include "space.h"

enum { PEDANOVA_CELLS = 64 };

struct pedanova_plan {
    const struct space *space;
    size_t n;            // at least 1
    const double **unit; // [n] rows of d unit coordinates, NaN: inactive
    const double *value; // [n] finite
    double top, among;   // 0 < top < among <= 1
};

// Writes the fraction of the variance of "is in the top group" that each
// parameter explains by itself to single[0..d). All zero when both groups are
// the same. O(n ln n + n d + d PEDANOVA_CELLS^2).
void pedanova_of(const struct pedanova_plan *plan, double *single);

#endif
