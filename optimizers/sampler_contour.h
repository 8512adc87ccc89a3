// SPDX-License-Identifier: GPL-3.0-or-later
// sampler_contour.h - the sampler of studies of an exclusion contour
//
// It is not in the registry, for it needs a plan (sampler_task.contour), and
// serves no other kind of study. With the interface of all samplers it has what
// they have: models that are kept and prepared aside, and suggestions that are
// pure functions.

#ifndef CUMAE_SAMPLER_CONTOUR_H
#define CUMAE_SAMPLER_CONTOUR_H

#include <stdbool.h>

#include "sampler.h"

extern const struct sampler sampler_contour;

// Says whether a model needs no further point.
bool sampler_contour_converged(const struct model *model);

// The largest misclassified fraction of a curve that a model expects.
double sampler_contour_area(const struct model *model);

#endif
