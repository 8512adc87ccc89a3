// SPDX-License-Identifier: GPL-3.0-or-later
// wilcoxon.h - the signed-rank test of paired differences
//
// F. Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin
// 1, 1945. Differences are ranked by size, equal ones share the mean of their
// ranks. Zeros are ranked too and give half of their rank to either side
// ("zsplit"; Pratt, J. Am. Stat. Assoc. 54, 1959, on why they must count).

#ifndef CUMAE_WILCOXON_H
#define CUMAE_WILCOXON_H

#include <stddef.h>

#include "arena.h"

// The probability of a sum of positive ranks at least as large as that of the n
// differences, none of them NaN, if each were as likely to have the other sign.
// Small where they tend to be positive; 1 for n = 0. Up to 50 differences it is
// exact, ties and zeros included; above, a normal with the exact variance,
// without correction for continuity. Reorders the differences.
double wilcoxon_greater(double *differences, size_t n, struct arena *arena);

#endif
