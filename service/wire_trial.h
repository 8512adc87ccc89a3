// SPDX-License-Identifier: GPL-3.0-or-later
// wire_trial.h - the JSON of trials and of studies as users see them

#ifndef CUMAE_WIRE_TRIAL_H
#define CUMAE_WIRE_TRIAL_H

#include "definition.h"
#include "live.h"
#include "store_log.h"
#include "store_study.h"
#include "store_trial.h"
#include "text.h"
#include "trial.h"

// ERROR_BUSY when the numbers of the row are not of the definition, which was
// read before it and may have been changed meanwhile.
int wire_trial_check(const struct definition *definition,
                     const struct trial_row *row, struct error *err);

// Checks the trial and appends it without its closing brace, so that more can
// follow.
int wire_trial_open(struct text *text, const struct definition *definition,
                    const char *study_key, const struct trial_row *row,
                    struct error *err);

// Appends trial i that is being handed out to the ask: what a worker needs and
// no more.
void wire_trial_hand_out(struct text *text, const struct live *live,
                         const struct ask *ask, size_t i);

// Appends {"total":..., "invalid":..., ...}: trials by their states.
void wire_counts_write(struct text *text,
                       const struct study_progress *progress);

// Appends {"number":..., "value":...}, or null.
void wire_best_write(struct text *text, const struct study_progress *progress);

// Appends {"step":..., "value":...}.
void wire_report_write(struct text *text, const struct report_row *row);

// Appends a study. ERROR_INTERNAL when its stored definition cannot be read.
int wire_study_write(struct text *text, const struct study_row *row,
                     struct error *err);

#endif
