// SPDX-License-Identifier: GPL-3.0-or-later
// exponential.h - sums of exponentials, several at a time
//
// The inner loop of every mixture density. libm's exp takes one argument a
// call and chooses its code by the processor, so its last bit differs between
// machines; this one works on vectors and gives the same bits
// everywhere.

#ifndef CUMAE_EXPONENTIAL_H
#define CUMAE_EXPONENTIAL_H

#include <stddef.h>

enum { EXPONENTIAL_LANES = 8 };

// Where the compiler can do so, a function is made for AVX2 and without, and
// the right one is taken at start. Neither uses fused multiply-add, so both
// give the same numbers.
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) &&         \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define VECTOR_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define VECTOR_CLONES
#endif

// ln of the sum of exp(x[0..n)); n is a positive multiple of
// EXPONENTIAL_LANES, no x is NaN. Terms below e^-40 of the largest may be left
// out. Relative error of the sum below 1e-15 for thousands of terms. -INFINITY
// when all are.
double exponential_log_sum(const double *x, size_t n);

// Each of x[0..n) becomes its exponential, at least e^-700; n is a multiple of
// EXPONENTIAL_LANES, no x is above 0 or NaN. Relative error below 1e-15.
void exponential_each(double *x, size_t n);

#endif
