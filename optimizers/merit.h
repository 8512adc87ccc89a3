// SPDX-License-Identifier: GPL-3.0-or-later
// merit.h - which of two results is better, whatever became of the trials
//
// Complete trials come first, by value; then pruned ones, those with more steps
// first, then by their last value; then infeasible ones that told how far they
// were from meeting the constraints, the nearest first; then all others,
// equally bad. The trial's number decides between equals, so the order is
// total. For one objective.

#ifndef CUMAE_MERIT_H
#define CUMAE_MERIT_H

#include <stddef.h>
#include <stdint.h>

#include "history.h"

enum merit_rank {
    MERIT_COMPLETE, // with a finite value
    MERIT_PRUNED,
    MERIT_INFEASIBLE, // by a known amount
    MERIT_NONE,       // failed, or told something that is no number
};

struct merit {
    uint32_t number;
    enum merit_rank rank;
    int64_t step; // of the last report of a pruned trial; -1 without
    double value; // never NaN; of an infeasible trial: the violation
};

// The merit of trial `number`.
struct merit merit_of(const struct history *history, uint32_t number);

// Negative when *a is better than *b.
int merit_compare(const struct merit *a, const struct merit *b);

// Moves the best k of results[0..n) to the front, in order; k <= n.
void merit_select(struct merit *results, size_t n, size_t k);

#endif
