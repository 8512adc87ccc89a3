// SPDX-License-Identifier: GPL-3.0-or-later
// translate.h - what a point of one search space is in another one
//
// Parameters are the same when their names are. Numbers stay numbers, choices
// are found by what they say, whatever their place in the list.

#ifndef CUMAE_TRANSLATE_H
#define CUMAE_TRANSLATE_H

#include "../optimizers/space.h"

// Writes to result[to->n] what point[from->n] is in `to`. Every parameter that
// is active there must be active here with a value that this space has, and no
// other may be: ERROR_INVALID names the first one.
int translate_point(const struct space *from, const double *point,
                    const struct space *to, double *result, struct error *err);

#endif
