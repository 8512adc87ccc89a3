// SPDX-License-Identifier: GPL-3.0-or-later
// wire_outputs.h - the outputs of trials, as columns of a table
//
// Outputs are any JSON that workers told. Each number, string or truth value in
// them has a column, named by the way to it: outputs.fit_time,
// outputs.CLs_exp.0. Columns are in the order in which they were first seen, so
// all outputs must have been seen before the first line is written.

#ifndef CUMAE_WIRE_OUTPUTS_H
#define CUMAE_WIRE_OUTPUTS_H

#include <stdint.h>

#include "text.h"

enum {
    OUTPUTS_MAX_COLUMNS = 1000, // what is beyond is left out, as are those
    OUTPUTS_MAX_NAME = 200,     // with longer names, in bytes
};

struct outputs {
    void *places; // a JSON object: where the column of a name is
    char **names; // [n]
    size_t n;
};

void wire_outputs_init(struct outputs *outputs);
void wire_outputs_done(struct outputs *outputs);

// Sees to it that all of a trial's outputs, JSON or NULL, have columns.
void wire_outputs_learn(struct outputs *outputs, const char *json);

// A digest of the names of the columns, below 2^53.
int64_t wire_outputs_digest(const struct outputs *outputs);

// Calls `write` with each column of a trial: NULL where it has nothing, else
// the text of the value, without the quotation marks of JSON.
void wire_outputs_cells(const struct outputs *outputs, const char *json,
                        void (*write)(struct text *text, const char *cell),
                        struct text *text);

#endif
