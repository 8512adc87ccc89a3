// SPDX-License-Identifier: GPL-3.0-or-later
// contour_grid.h - what a field says on a plane through the space, to be drawn
//
// The plane is spanned by two parameters; the others are fixed. Nodes are
// spread evenly over the ranges of the two, in the logarithm where these are
// searched so.

#ifndef CUMAE_CONTOUR_GRID_H
#define CUMAE_CONTOUR_GRID_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "contour_domain.h"
#include "contour_field.h"
#include "contour_lines.h"
#include "error.h"
#include "gp.h"

enum { CONTOUR_MAX_NODES = 201 }; // along an axis

struct contour_slice {
    size_t axis[2];      // two parameters
    size_t n[2];         // nodes along each, 2 .. CONTOUR_MAX_NODES
    const double *fixed; // [space->n] a point that gives the others; may be
                         // NULL with two parameters
};

struct contour_grid {
    struct contour_slice slice;
    size_t n, n_curves; // nodes in all; node (i, j) is j * slice.n[0] + i
    double *at[2];      // [slice.n] values of the two parameters
    bool *allowed;      // [n] the constraints hold
    double *valid;      // [n] probability, NaN where there are no features
    struct gp_prediction *curve[CONTOUR_MAX_CURVES]; // [n] with NaN as well;
                                                     // NULL: not known
};

// Reads the field out; what it returns is in the arena and lends the slice's
// fixed point. Predictions are there beyond the constraints, too, as far as
// there are features. ERROR_INVALID: axes or numbers of nodes that are none.
int contour_grid_read(const struct contour_field *field,
                      const struct contour_domain *domain,
                      const struct contour_slice *slice, struct arena *arena,
                      struct contour_grid *grid, struct error *err);

// The lines where mean + sigmas * sd of a known curve is 0, in units of the two
// parameters, as far as points are allowed (lines end on the border, found by
// bisection) and more likely valid than not. With sigmas = 1 and -1 they are
// the band in which the contour is expected with the probability of a standard
// deviation: the excluded area at least and at most.
struct contour_lines contour_grid_lines(const struct contour_grid *grid,
                                        const struct contour_domain *domain,
                                        size_t curve, double sigmas,
                                        struct arena *arena);

#endif
