// SPDX-License-Identifier: GPL-3.0-or-later
// grid.h - the points of a finite space, counted and numbered
//
// A cell is a point whose active coordinates are levels of their parameters;
// inactive ones do not multiply. The cells are numbered 0 .. count-1 without
// gaps, as a mixed-radix number whose digits are the parameters.
//
// Conditions make the radix of one digit depend on others. The parameters are
// arranged as a forest in which everything that a parameter's condition reads
// is among its ancestors: each one hangs below the last parameter it depends
// on, and that one inherits the other dependencies (the elimination tree of
// Liu, "The role of elimination trees in sparse factorization", SIAM J. Matrix
// Anal. Appl. 11, 1990, with the order reversed). So once the ancestors are
// fixed, the subtrees are independent and their counts multiply.
//
// Levels that no condition mentions behave alike and are counted together.

#ifndef CUMAE_GRID_H
#define CUMAE_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "space.h"

struct grid {
    const struct space *space;
    size_t resolution;     // levels of a continuous parameter; 0: refuse
    double count;          // INFINITY when not countable; exact to 2^53
    const size_t *first;   // [n+1] first child; that of n is the first root
    const size_t *next;    // [n] next sibling
    const size_t *n_forks; // [n] levels that some condition mentions
    size_t *const *forks;  // [n][n_forks] ascending
};

// Arranges and counts; everything lives in the arena. The count is INFINITY
// when a parameter is continuous and resolution is 0, and when the conditions
// are so entangled that counting would take more than 20 000 steps.
void grid_init(struct grid *grid, const struct space *space, size_t resolution,
               struct arena *arena);

// Number of levels of parameter k: param_levels, or the resolution.
size_t grid_levels(const struct grid *grid, size_t k);

// Coordinate of level i of parameter k. With a resolution, the levels of a
// continuous parameter are evenly spaced (in ln v when log), ends included.
double grid_value(const struct grid *grid, size_t k, size_t i);

// Finds the level of a valid coordinate. False when it is on none.
bool grid_level(const struct grid *grid, size_t k, double coordinate,
                size_t *level);

// Writes cell number `rank` < count <= 2^53 to point[n].
void grid_point(const struct grid *grid, uint64_t rank, double *point);

// Finds the number of a valid point; `scratch` has n doubles. False when the
// point is no cell. Requires count <= 2^53.
bool grid_rank(const struct grid *grid, const double *point, double *scratch,
               uint64_t *rank);

#endif
