// SPDX-License-Identifier: GPL-3.0-or-later
// limit_toys.h - the test statistics of many toys, sorted, in bounded memory
//
// A sorted list of the different values and how often each came. Up to
// LIMIT_TOYS_CELLS of them it is exact; beyond, the last bits of all values are
// cleared until they fit, which leaves about 11 bits of the mantissa however
// many toys there are: 5e-4 of a value, 1e-4 of a limit. Cells with more bits
// cleared are unions of cells with fewer, so that the state is a function of
// the multiset of toys alone: batches may be merged in any order and give the
// same bits. The count at one watched value stays exact.
//
// At most 16 LIMIT_TOYS_CELLS bytes (512 KiB), however many toys there are.

#ifndef CUMAE_LIMIT_TOYS_H
#define CUMAE_LIMIT_TOYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIMIT_TOYS_CELLS 32768

struct limit_toys {
    size_t cells;     // distinct values, after clearing bits
    double *value;    // [cells] ascending
    uint64_t *count;  // [cells] at least 1 each
    uint64_t total;   // their sum
    uint64_t failed;  // toys without a valid value
    uint64_t clipped; // between -tolerance and 0, counted as 0
    unsigned cleared; // bits of each value
    double watched;   // see limit_toys_watch
    uint64_t reached; // toys at or beyond it
};

// What told values mean.
struct limit_toys_rule {
    bool left;        // small is unlike the signal: values change sign
    bool bounded;     // below 0 is a fit that missed the global minimum,
    double tolerance; // and below -tolerance a failed one
};

// Makes an empty sample; limit_toys_done frees it.
void limit_toys_init(struct limit_toys *toys);
void limit_toys_done(struct limit_toys *toys);

// Counts those that reach `threshold` exactly from now on. Of those already
// there, the ones in its own cell are counted as if they had its lower end.
void limit_toys_watch(struct limit_toys *toys, double threshold);

// Adds told values q[n]; what is not finite has failed. Reorders them.
void limit_toys_add(struct limit_toys *toys, const struct limit_toys_rule *rule,
                    double *q, size_t n);

// Adds all of another sample that watches the same value.
void limit_toys_merge(struct limit_toys *toys, const struct limit_toys *other);

// How many are at or beyond the threshold: exact at the watched one.
uint64_t limit_toys_reaching(const struct limit_toys *toys, double threshold);

// The value from which on a toy counts as equal to q: within tie_tolerance,
// relative above 1 and absolute below.
double limit_toys_threshold(double q, double tie_tolerance);

#endif
