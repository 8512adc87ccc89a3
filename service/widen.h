// SPDX-License-Identifier: GPL-3.0-or-later
// widen.h - may a space take the place of another while trials exist?

#ifndef CUMAE_WIDEN_H
#define CUMAE_WIDEN_H

#include "../optimizers/space.h"

// Checks that every point of `before` is the same point of `after`: the same
// parameters in the same order, with bounds that only grew (on the same steps),
// choices that were only appended and conditions as they were. ERROR_INVALID
// names the parameter.
int widen_check(const struct space *before, const struct space *after,
                struct error *err);

#endif
