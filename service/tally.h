// SPDX-License-Identifier: GPL-3.0-or-later
// tally.h - what the trials of a study have used of its budget
//
// Beside what the history counts. It is told by the rows of the trials alone:
// each contributes what it is now, whatever the order in which the rows are
// read, so every instance has the same tally after every restart. A trial that
// changes is taken out and put in again.
//
// A lost trial that is tried again is the same point, and is not counted again,
// but one that somebody has run once more is; trials that were imported have
// not run here and use nothing.

#ifndef CUMAE_TALLY_H
#define CUMAE_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "store_study.h"

struct live;
struct live_trial;

struct tally {
    int64_t started;      // points that were ever handed out
    int64_t iteration;    // the latest one, 0: none
    int64_t in_iteration; // points of it
    double spent;         // what the trials that ran here cost
    double told;          // what all trials cost that told it
    int64_t n_told;       // how many those are
};

void tally_add(struct tally *tally, const struct live_trial *trial);
void tally_remove(struct tally *tally, const struct live_trial *trial);

// Copies what belongs to the study's row.
void tally_show(const struct tally *tally, struct study_progress *progress);

// Notes what a trial costs, in place of what it cost before.
void tally_charge(struct live *live, size_t number, double cost);

#endif
