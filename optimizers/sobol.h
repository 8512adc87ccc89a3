// SPDX-License-Identifier: GPL-3.0-or-later
// sobol.h - the Sobol sequence, addressed by index
//
// Direction numbers of Joe and Kuo, "Constructing Sobol sequences with better
// two-dimensional projections", SIAM J. Sci. Comput. 30 (2008), their set
// new-joe-kuo-6. A coordinate is a binary fraction of SOBOL_BITS bits held in
// an integer. The points are in the order of the index itself, not of its Gray
// code, which permutes each aligned block of 2^m points within itself.

#ifndef CUMAE_SOBOL_H
#define CUMAE_SOBOL_H

#include <stddef.h>
#include <stdint.h>

#include "rng.h"

enum {
    SOBOL_DIMENSIONS = 256,
    SOBOL_BITS = 53, // as many as a double in [0, 1) has
};

// For each dimension: its primitive polynomial over GF(2), of degree s, as the
// s + 1 bits of a number, then the initial direction numbers m_1 .. m_s.
extern const uint16_t sobol_table[];

// Coordinate number `index` < 2^53 of the dimension whose part of the table
// begins at `row`, times 2^53; *row moves on to the next dimension.
uint64_t sobol_coordinate(const uint16_t **row, uint64_t index);

// Writes scrambled point number `index` to unit[n], each in [0, 1). Every
// coordinate is scrambled by a random lower triangular binary matrix and a
// digital shift (Matousek, "On the L2-discrepancy for anchored boxes",
// J. Complexity 14, 1998), both drawn from `seed`: the sequence stays a digital
// net, and different seeds give different ones. Dimensions beyond the table
// are taken from `rng`.
void sobol_scrambled(uint64_t seed, uint64_t index, size_t n, struct rng *rng,
                     double *unit);

#endif
