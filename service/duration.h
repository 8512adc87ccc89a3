// SPDX-License-Identifier: GPL-3.0-or-later
// duration.h - how long the next trial of a study may take
//
// A job that has an hour left should not be given a trial of two. What a trial
// is expected to take is the time by which nine in ten would have completed,
// told from those that ran: the Kaplan-Meier estimate (JASA 53, 1958, 457-481)
// over bins of equal width in the logarithm, 16 to a factor of two. Complete
// trials are observations; those that were pruned or found infeasible, and
// those that still run, would have taken at least as long as they did. So a
// crowd of quick first trials, or a pruner, does not make the others look
// short. Failed, lost and cancelled trials say nothing.
//
// The answer is the upper edge of a bin, at most 4.5 % too long. While more
// than one in ten outlasts all that completed it is the longest time of any,
// which is too short. It does not look at the parameters.
//
// Counts are integers: in whatever order trials end, are corrected or are
// loaded from the store, every instance has the same.

#ifndef CUMAE_DURATION_H
#define CUMAE_DURATION_H

#include <stddef.h>
#include <stdint.h>

#include "../optimizers/history.h"

enum {
    DURATION_PER_OCTAVE = 16,
    DURATION_LOWEST = -10, // 2^-10 s and less share a bin
    DURATION_BINS = 640,   // up to 2^30 s, 34 years
    DURATION_ENOUGH = 3    // complete trials, before there is an answer
};

// Zeros are a study of which nothing is known.
struct duration {
    uint32_t whole[DURATION_BINS]; // trials that completed
    uint32_t part[DURATION_BINS];  // trials that would have taken longer
    uint32_t n_whole, n_part;
};

// What a trial in this state that took so many seconds says: the number of its
// bin, from 1, below 0 where it would have taken longer; 0: nothing.
int duration_mark(enum trial_state state, double seconds);

// Enters what a trial says (sign 1), or takes it out again (-1).
void duration_enter(struct duration *duration, int mark, int sign);

// What a trial is expected to take, in seconds; 0 while fewer than
// DURATION_ENOUGH completed. O(DURATION_BINS).
double duration_expected(const struct duration *duration);

#endif
