// SPDX-License-Identifier: GPL-3.0-or-later
// contour_choose.h - the next point of a contour, and when there are enough
//
// A point is worth the randomised straddle
//   a(x) = max(sqrt(beta) s(x) - |m(x)|, 0),  beta ~ chi^2 with 2 degrees of
// freedom, drawn anew for each point (Inatsu, Takeno, Kutsukake and Takeuchi,
// "Active learning for level set estimation using randomized straddle
// algorithms", arXiv:2408.03144), of the curve where it is largest, times the
// probability to be valid. Where a is 0 everywhere, the largest negative value
// counts. With sqrt(beta) = 1.96 this is the straddle of Bryan et al., "Active
// learning for identifying function threshold boundaries", NIPS 2005.
//
// The area that is still misclassified, as a fraction of the allowed one, is
// expected to be mean_x Phi(-|m(x)| / s(x)), each place counting as much as it
// is probable to be valid.

#ifndef CUMAE_CONTOUR_CHOOSE_H
#define CUMAE_CONTOUR_CHOOSE_H

#include "contour_domain.h"
#include "contour_field.h"
#include "rng.h"

// kappa s - |m|.
double contour_straddle(const struct gp_prediction *prediction, double kappa);

// Phi(-|m| / s): the probability that m has the wrong sign.
double contour_misclassified(const struct gp_prediction *prediction);

// What a field says about the sample, pending points left out. It is looked at
// once per model, and tells an ask where to look closer.
struct contour_outlook {
    size_t n, n_curves;
    struct gp_prediction *curve[CONTOUR_MAX_CURVES]; // [n], NULL: not known
    double *valid;                                   // [n] probabilities
};

struct contour_outlook contour_outlook(const struct contour_field *field,
                                       const struct contour_domain *domain,
                                       struct arena *arena);

// The misclassified fraction of the curve that is expected; 0.5 when it is not
// known.
double contour_area(const struct contour_outlook *outlook, size_t curve);

// Is a place x[d] within 1e-3 of a point of the field in all coordinates?
bool contour_taken(const struct contour_field *field, size_t d,
                   const double *x);

// Writes the allowed point that is worth most: of the places of the sample that
// are worth most according to `outlook`, and of what lies around the best of
// them, all judged by `field`; none that is taken. False: there is none, or no
// curve is known.
bool contour_choose(const struct contour_field *field,
                    const struct contour_outlook *outlook,
                    const struct contour_domain *domain, struct rng *rng,
                    struct arena *arena, double *point);

#endif
