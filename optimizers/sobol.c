// SPDX-License-Identifier: GPL-3.0-or-later
// sobol.c - the Sobol sequence, addressed by index

#include "sobol.h"

#include <assert.h>

uint64_t sobol_coordinate(const uint16_t **row, uint64_t index)
{
    assert(index >> SOBOL_BITS == 0);
    const uint16_t polynomial = **row, *initial = *row + 1;
    int degree = 0;
    while (polynomial >> (degree + 1))
        degree++;
    *row = initial + degree;

    // Direction number v_j = m_j 2^-j; beyond the initial ones they follow
    // from the polynomial: equations (2) and (3) of Joe and Kuo. Degree 0 is
    // the first dimension, where all m_j are 1.
    uint64_t v[SOBOL_BITS], coordinate = 0;
    for (int j = 0; index >> j; j++) {
        v[j] = UINT64_C(1) << (SOBOL_BITS - 1 - j);
        if (j < degree)
            v[j] *= initial[j];
        else if (degree > 0)
            v[j] = v[j - degree] ^ v[j - degree] >> degree;
        for (int lag = 1; lag < degree && j >= degree; lag++)
            if (polynomial >> (degree - lag) & 1)
                v[j] ^= v[j - lag];
        if (index >> j & 1)
            coordinate ^= v[j];
    }
    return coordinate;
}

// Bit b of the result is bit b of x plus a random combination of the higher
// bits, plus a random bit.
static uint64_t scramble(uint64_t x, uint64_t seed, size_t dimension)
{
    struct rng rng = rng_at(seed, RNG_STUDY + dimension);
    const uint64_t all = (UINT64_C(1) << SOBOL_BITS) - 1;
    uint64_t y = rng_u64(&rng) & all;
    for (int b = 0; b < SOBOL_BITS; b++) {
        uint64_t diagonal = UINT64_C(1) << b, higher = all - (2 * diagonal - 1);
        uint64_t row = (rng_u64(&rng) & higher) | diagonal;
        y ^= (uint64_t)__builtin_parityll(x & row) << b;
    }
    return y;
}

void sobol_scrambled(uint64_t seed, uint64_t index, size_t n, struct rng *rng,
                     double *unit)
{
    const uint16_t *row = sobol_table;
    for (size_t k = 0; k < n; k++) {
        if (k >= SOBOL_DIMENSIONS) {
            unit[k] = rng_uniform(rng);
            continue;
        }
        uint64_t x = sobol_coordinate(&row, index);
        unit[k] = (double)scramble(x, seed, k) * 0x1p-53;
    }
}
