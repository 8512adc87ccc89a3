// SPDX-License-Identifier: GPL-3.0-or-later
// live_private.h - what the files of live.h share

#ifndef CUMAE_LIVE_PRIVATE_H
#define CUMAE_LIVE_PRIVATE_H

#include "live.h"
#include "store_log.h"

// Counts a trial, if it is withdrawn, as its users do (by 1) or no more (-1).
void live_count_withdrawn(struct live *live, size_t number, int by);

// Enters what the store has above a revision, -1: all.
int live_fetch(struct live *live, struct store *store, int64_t revision,
               struct error *err);

// Moves the last result, if it is this trial's, to its place among the
// results, which are in order of ended_revision.
void live_place(struct live *live, size_t number);

// Works out how many results there were when each trial from `first` on was
// suggested.
void live_see(struct live *live, size_t first);

// Enters a report that the store has: the visitor of a struct live.
int live_visit_report(void *context, const struct report_row *row,
                      struct error *err);

#endif
