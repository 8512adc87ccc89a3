// SPDX-License-Identifier: GPL-3.0-or-later
// wire_detail.h - the JSON of what a change of a trial changed
//
// Events keep it, so it is bounded: of a text of more than WIRE_DETAIL_MAX
// bytes only its length is written, {"bytes": n}.

#ifndef CUMAE_WIRE_DETAIL_H
#define CUMAE_WIRE_DETAIL_H

#include "definition.h"
#include "store_trial.h"

enum { WIRE_DETAIL_MAX = 2000 };

// {"before": {...}, "after": {...}} with the fields in which the rows differ;
// NULL when they do not.
char *wire_detail_change(const struct definition *definition,
                         const struct trial_row *before,
                         const struct trial_row *after, struct arena *arena);

// The two by themselves. False when the rows do not differ: then both are {}.
bool wire_detail_both(const struct definition *definition,
                      const struct trial_row *before,
                      const struct trial_row *after, struct arena *arena,
                      char **before_json, char **after_json);

// {"before": {...}} with what a deleted trial had, and how many reports. Its
// params are still there.
char *wire_detail_deleted(const struct definition *definition,
                          const struct trial_row *row, size_t n_reports,
                          struct arena *arena);

#endif
