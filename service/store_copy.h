// SPDX-License-Identifier: GPL-3.0-or-later
// store_copy.h - studies that are being built from the trials of others
//
// A study that is added with building_ms is in no list and found by no key
// until it is published. One that nobody goes on building is removed in steps
// (reaper.h).

#ifndef CUMAE_STORE_COPY_H
#define CUMAE_STORE_COPY_H

#include "store_trial.h"

// Says that the building goes on. ERROR_NOT_FOUND when it was given up.
int store_study_build(struct store *store, int64_t id, int64_t now_ms,
                      struct error *err);
// Makes the study one that is found, by this identity. ERROR_CONFLICT when the
// owner has one of that identity.
int store_study_publish(struct store *store, int64_t id, const char *identity,
                        struct error *err);
// Gives the building up, if it has not ended.
int store_study_abandon(struct store *store, int64_t id, struct error *err);

// Studies whose building did not go on since before_ms, at most `limit`.
int store_studies_abandoned(struct store *store, int64_t before_ms, int limit,
                            int (*visit)(void *context, int64_t id,
                                         struct error *err),
                            void *context, struct error *err);
// Removes the last `step` trials of such a study, and the study itself when no
// more are left: then *gone.
int store_study_dismantle(struct store *store, int64_t id, int64_t step,
                          bool *gone, struct error *err);

// Which trials to copy: those of the filter (study_id, states, tags, values)
// with numbers first..last that are not withdrawn, in order. Number and point
// of each.
int store_trial_choose(struct store *store, const struct trial_filter *filter,
                       int64_t first, int64_t last,
                       int (*visit)(void *context, const struct trial_row *row,
                                    struct error *err),
                       void *context, struct error *err);

#endif
