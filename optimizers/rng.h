// SPDX-License-Identifier: GPL-3.0-or-later
// rng.h - random numbers that depend on nothing but (seed, number)
//
// Counter-based: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random
// numbers: as easy as 1, 2, 3", SC11). The key is the study's seed; the
// trial's number is the upper half of the counter, the position within the
// trial's stream the lower half. So each trial owns a stream of 2^66 numbers
// that any process can produce in any order, and a suggestion can be replayed.
//
// Check values: the known-answer vectors of Random123's kat_vectors file
// (philox4x32 10), held by tests/unit/test_rng.c.

#ifndef CUMAE_RNG_H
#define CUMAE_RNG_H

#include <stddef.h>
#include <stdint.h>

// Trial numbers are below 2^53. Streams from here on hold what all trials of
// a study share, such as the scramble of a low-discrepancy sequence.
#define RNG_STUDY (UINT64_C(1) << 63)

struct rng {
    uint32_t key[2];
    uint32_t counter[4];
    uint32_t words[4]; // the block at hand
    unsigned left;     // words of it not yet handed out
};

// One Philox4x32-10 block: out = f(counter, key). Pure.
void rng_block(const uint32_t counter[4], const uint32_t key[2],
               uint32_t out[4]);

// The stream of trial `number` in the study with `seed`, at its beginning.
struct rng rng_at(uint64_t seed, uint64_t number);

// The next 32 and 64 random bits.
uint32_t rng_u32(struct rng *rng);
uint64_t rng_u64(struct rng *rng);

// Uniform in [0, 1), 53 bits.
double rng_uniform(struct rng *rng);

// Standard normal, by inversion of the normal distribution.
double rng_normal(struct rng *rng);

// Uniform integer in [0, n), without bias; n >= 1.
uint64_t rng_below(struct rng *rng, uint64_t n);

// Index i with probability weights[i] / sum; weights are finite, >= 0 and
// not all zero.
size_t rng_choose(struct rng *rng, const double *weights, size_t n);

// Shuffles order[0..n) (Fisher-Yates).
void rng_shuffle(struct rng *rng, size_t *order, size_t n);

#endif
