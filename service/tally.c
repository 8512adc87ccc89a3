// SPDX-License-Identifier: GPL-3.0-or-later
// tally.c - what the trials of a study have used of its budget

#include "tally.h"

#include <math.h>

#include "live.h"

// Counts a trial `times` times: 1 or -1.
static void count(struct tally *tally, const struct live_trial *trial,
                  int64_t times)
{
    bool first = trial->started_ms && !live_is_retry(trial);
    tally->started += first ? times : 0;
    if (trial->iteration > tally->iteration) {
        tally->iteration = trial->iteration;
        tally->in_iteration = 0;
    }
    if (first && trial->iteration && trial->iteration == tally->iteration)
        tally->in_iteration += times;
    if (isnan(trial->cost))
        return;
    tally->n_told += times;
    tally->told += (double)times * trial->cost;
    tally->spent += trial->started_ms ? (double)times * trial->cost : 0;
}

void tally_add(struct tally *tally, const struct live_trial *trial)
{
    count(tally, trial, 1);
}

void tally_remove(struct tally *tally, const struct live_trial *trial)
{
    count(tally, trial, -1);
}

void tally_show(const struct tally *tally, struct study_progress *progress)
{
    progress->started = tally->started;
    progress->iteration = tally->iteration;
    // What was taken out again may leave a rest below nothing.
    progress->cost = fmax(tally->spent, 0);
}

void tally_charge(struct live *live, size_t number, double cost)
{
    struct live_trial *trial = &live->trials[number];
    tally_remove(&live->tally, trial);
    trial->cost = cost;
    tally_add(&live->tally, trial);
    tally_show(&live->tally, &live->progress);
}
