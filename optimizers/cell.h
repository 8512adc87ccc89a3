// SPDX-License-Identifier: GPL-3.0-or-later
// cell.h - the piece of [0, 1] that one value of a parameter occupies
//
// A parameter with finitely many values ("levels", see param.h) cuts [0, 1]
// into one cell per level: equally wide ones, or, for a log int v, the image of
// [v - 1/2, v + 1/2] under ln, so that cells get narrower.

#ifndef CUMAE_CELL_H
#define CUMAE_CELL_H

#include <stddef.h>

#include "param.h"

struct cell {
    size_t level;
    double low, centre, high; // centre: where param_encode puts the level
};

// The cell of a level of a parameter with finitely many.
struct cell cell_of_level(const struct param *param, size_t level);

// The cell around u in [0, 1].
struct cell cell_at(const struct param *param, double u);

// How many cells are wider than `width`; they are the first ones.
size_t cell_count_wider(const struct param *param, double width);

#endif
