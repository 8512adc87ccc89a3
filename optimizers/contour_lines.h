// SPDX-License-Identifier: GPL-3.0-or-later
// contour_lines.h - where the values on a grid change sign, as polylines
//
// Marching squares: a line crosses each side of a cell whose ends differ in
// sign, at the zero of the linear interpolant. In a saddle, where all four
// sides are crossed, the two lines part as those of the bilinear interpolant
// do: by the sign of its value at its saddle point (Nielson and Hamann, "The
// asymptotic decider: resolving the ambiguity in marching cubes", Visualization
// 1991). A value of 0 counts as positive. Cells with a NaN have no lines.

#ifndef CUMAE_CONTOUR_LINES_H
#define CUMAE_CONTOUR_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"

struct contour_line {
    bool closed; // the last vertex is joined with the first
    size_t n;    // at least 2
    double *xy;  // [n x 2]
};

struct contour_lines {
    size_t n;
    struct contour_line *line; // open ones first
};

// The lines of value[ny x nx], where x = 0 .. nx - 1 and y = 0 .. ny - 1 count
// the nodes; nx, ny >= 1.
struct contour_lines contour_lines(const double *value, size_t nx, size_t ny,
                                   struct arena *arena);

#endif
