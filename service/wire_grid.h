// SPDX-License-Identifier: GPL-3.0-or-later
// wire_grid.h - the JSON of a grid study: its points, and how often each is run
//
// Parts of the JSON of a definition (wire_kind.h), of a trial and of a study
// (wire_trial.h).

#ifndef CUMAE_WIRE_GRID_H
#define CUMAE_WIRE_GRID_H

#include "store_study.h"
#include "trial.h"
#include "wire.h"

// Reads objectives, space, constraints and the member "grid". Sets sampler and
// pruner, which a grid study does not use.
int wire_grid_read(const struct fields *study, struct definition *definition,
                   bool stored);

// All of it may be changed by a PATCH; what may not is refused by what it would
// change (scan_check_change).
int wire_grid_check_changes(const json_t *own, struct error *err);

// Appends the member "grid".
void wire_grid_write(struct text *text, const struct definition *definition);

// Appends point_id, meta and replica of a trial that is handed out.
void wire_grid_label(struct text *text, const struct live *live,
                     const struct point_label *label);

// Appends the member "progress": null unless it is a grid study.
void wire_grid_progress(struct text *text, const struct definition *definition,
                        const struct study_progress *progress);

#endif
