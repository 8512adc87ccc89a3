// SPDX-License-Identifier: GPL-3.0-or-later
// wire_export.h - a study as lines of text, for files
//
// JSON lines: first {"study": ...} as the API shows it, then a trial in each
// line, as the API shows it with its reports. CSV (RFC 4180): names of columns,
// then a trial in each line; what is absent is empty, strings among the params
// come without quotation marks of JSON.

#ifndef CUMAE_WIRE_EXPORT_H
#define CUMAE_WIRE_EXPORT_H

#include "definition.h"
#include "store_trial.h"
#include "text.h"
#include "wire_outputs.h"

// A string of a user's; quoted where a reader needs it. NULL is empty.
void wire_csv_text(struct text *text, const char *string);

// The names of the columns: number, state, invalid, values.NAME ...,
// constraints.NAME ..., uncertainty, params.NAME ..., attempt, retry_of,
// created, started, ended, wall_s, cost, sampler, worker, id, error, tags,
// notes, meta, point_id, replica, and those of the outputs.
void wire_csv_head(struct text *text, const struct definition *definition,
                   const struct outputs *outputs);

void wire_csv_trial(struct text *text, const struct definition *definition,
                    const struct outputs *outputs, const struct trial_row *row);

#endif
