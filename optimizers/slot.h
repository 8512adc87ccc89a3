// SPDX-License-Identifier: GPL-3.0-or-later
// slot.h - the piece of [0, 1] that one value of a parameter occupies
//
// A parameter with finitely many values ("levels", see param.h) cuts [0, 1]
// into one slot per level: equally wide ones, or, for a log int v, the image of
// [v - 1/2, v + 1/2] under ln, so that slots get narrower.

#ifndef CUMAE_SLOT_H
#define CUMAE_SLOT_H

#include <stddef.h>

#include "param.h"

struct slot {
    size_t level;
    double low, centre, high; // centre: where param_encode puts the level
};

// The slot of a level of a parameter with finitely many.
struct slot slot_of_level(const struct param *param, size_t level);

// The slot around u in [0, 1].
struct slot slot_at(const struct param *param, double u);

// How many slots are wider than `width`; they are the first ones.
size_t slot_count_wider(const struct param *param, double width);

#endif
