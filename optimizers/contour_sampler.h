// SPDX-License-Identifier: GPL-3.0-or-later
// contour_sampler.h - the sampler of studies of an exclusion contour
//
// It is not in the registry, for it needs a plan (sampler_task.contour), and
// serves no other kind of study. With the interface of all samplers it has what
// they have: models that are kept and prepared aside, and suggestions that are
// pure functions.

#ifndef CUMAE_CONTOUR_SAMPLER_H
#define CUMAE_CONTOUR_SAMPLER_H

#include <stdbool.h>

#include "sampler.h"

extern const struct sampler contour_sampler;

// Says whether a model needs no further point.
bool contour_sampler_converged(const struct model *model);

// The largest misclassified fraction of a curve that a model expects.
double contour_sampler_area(const struct model *model);

#endif
