// SPDX-License-Identifier: GPL-3.0-or-later
// ehvi.h - what a try is worth when there are several objectives
//
// Expected hypervolume improvement: by how much the volume that is dominated
// will grow, if the objectives of the new result are independent and normal
// (Emmerich, Giannakoglou and Naujoks, IEEE Trans. Evol. Comput. 10, 2006).
// Over disjoint boxes [l, u] of what is not dominated (boxes.h) it is, exactly,
//   sum over boxes of the product over k of
//     sd_k (h((u_k - mean_k) / sd_k) - h((l_k - mean_k) / sd_k))
// with h as in acquisition.h: a box is improved by E max(0, u - y) less E
// max(0, l - y) in each direction (Yang, Emmerich, Deutz and Bäck, J. Global
// Optim. 75, 2019, maximise). Its logarithm, term by term from ln h, does not
// vanish where improvement is unlikely.
//
// To be maximised; the objectives are minimised. Where the maximum is does not
// depend on their scales.

#ifndef CUMAE_EHVI_H
#define CUMAE_EHVI_H

#include "boxes.h"

// Returns ln of the expected improvement for mean[m] and sd[m] > 0 and writes
// its derivatives to by_mean[m] and by_sd[m]. Finite while the mean is within
// 1e100 sds of a box. O(n m) for n >= 1 boxes, 0.1 us per box and objective.
double ehvi_log(const struct boxes *boxes, const double *mean, const double *sd,
                double *by_mean, double *by_sd);

#endif
