// SPDX-License-Identifier: GPL-3.0-or-later
// rng.c - random numbers that depend on nothing but (seed, number)

#include "rng.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>

enum { ROUNDS = 10 };

// The constants of Philox4x32 (Salmon et al. 2011, table 2 and section 3.2).
static const uint32_t multiplier[2] = {0xd2511f53, 0xcd9e8d57};
static const uint32_t weyl[2] = {0x9e3779b9, 0xbb67ae85};

void rng_block(const uint32_t counter[4], const uint32_t key[2],
               uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1];
    uint32_t c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t a = (uint64_t)multiplier[0] * c0;
        uint64_t b = (uint64_t)multiplier[1] * c2;
        c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)b;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)a;
        k0 += weyl[0];
        k1 += weyl[1];
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

struct rng rng_at(uint64_t seed, uint64_t number)
{
    return (struct rng){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, 0, (uint32_t)number, (uint32_t)(number >> 32)},
    };
}

uint32_t rng_u32(struct rng *rng)
{
    if (rng->left == 0) {
        rng_block(rng->counter, rng->key, rng->words);
        rng->left = 4;
        if (++rng->counter[0] == 0)
            rng->counter[1]++;
    }
    return rng->words[4 - rng->left--];
}

uint64_t rng_u64(struct rng *rng)
{
    uint64_t low = rng_u32(rng);
    return low | (uint64_t)rng_u32(rng) << 32;
}

double rng_uniform(struct rng *rng)
{
    return (double)(rng_u64(rng) >> 11) * 0x1p-53;
}

double rng_normal(struct rng *rng)
{
    // Midpoints of 2^52 cells: neither 0 nor 1, and symmetric.
    double u = ((double)(rng_u64(rng) >> 12) + 0.5) * 0x1p-52;
    return gsl_cdf_ugaussian_Pinv(u);
}

uint64_t rng_below(struct rng *rng, uint64_t n)
{
    assert(n >= 1);
    // 2^64 mod n draws are turned away, so that n divides the rest.
    uint64_t turned_away = (0 - n) % n, draw;
    do
        draw = rng_u64(rng);
    while (draw < turned_away);
    return draw % n;
}

size_t rng_choose(struct rng *rng, const double *weights, size_t n)
{
    double sum = 0;
    size_t last = n;
    for (size_t i = 0; i < n; i++) {
        sum += weights[i];
        if (weights[i] > 0)
            last = i;
    }
    assert(last < n);
    double left = rng_uniform(rng) * sum;
    for (size_t i = 0; i < last; i++) {
        if (left < weights[i])
            return i;
        left -= weights[i];
    }
    return last; // also where rounding of the sum ends up
}

void rng_shuffle(struct rng *rng, size_t *order, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)rng_below(rng, i), kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}
