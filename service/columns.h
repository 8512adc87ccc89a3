// SPDX-License-Identifier: GPL-3.0-or-later
// columns.h - the trials of a study as columns of numbers
//
// What plots and tables need of many trials is a few numbers of each, so it
// leaves the service as columns of doubles: NaN is "none", and a column of
// texts holds indices into its labels. Rows come by ascending number. A deleted
// trial keeps its row, in which all but its number is NaN, so that whoever
// follows a study learns that it is gone.

#ifndef CUMAE_COLUMNS_H
#define CUMAE_COLUMNS_H

#include "definition.h"
#include "store_columns.h"

enum {
    COLUMNS_MAX = 1200,        // of one answer
    COLUMNS_MAX_ROWS = 100000, // of one answer, unless its columns are many
    COLUMNS_MAX_CELLS = 4194304,
    COLUMNS_MAX_SAMPLE = 10000,
};

enum column_kind {
    COLUMN_NUMBER,
    COLUMN_STATE,   // labels: the states
    COLUMN_INVALID, // 0 or 1
    COLUMN_VALUE,
    COLUMN_CONSTRAINT,
    COLUMN_PARAM, // labels: the choices, where there are such
    COLUMN_UNCERTAINTY,
    COLUMN_COST,
    COLUMN_WALL,    // seconds, as told
    COLUMN_CREATED, // ms since 1970 UTC
    COLUMN_STARTED,
    COLUMN_ENDED,
    COLUMN_ATTEMPT,
    COLUMN_RETRY_OF,
    COLUMN_ITERATION,
    COLUMN_WORKER, // labels: the names of the workers
    COLUMN_REMARK, // labels: errors, and why trials are invalid or stopped
};

struct labels;

struct column {
    const char *name;
    enum column_kind kind;
    size_t index;          // of the value, the constraint or the parameter
    double *cells;         // [columns.n]
    struct labels *labels; // of texts that the rows bring, or NULL
};

struct columns {
    struct arena *arena;
    const struct definition *definition; // lent
    struct column *columns;              // [n_columns]
    size_t n_columns;
    size_t n, capacity;  // rows
    const int64_t *only; // [n_only] ascending: the trials that are taken, the
    size_t n_only, next; // others are left out; NULL: all are taken
};

// Chooses columns: names with commas between them, where `value.*`,
// `constraint.*` and `p.*` stand for all of their kind. ERROR_INVALID.
int columns_choose(struct columns *columns, const char *list,
                   struct error *err);

// Is this kind among them?
bool columns_has(const struct columns *columns, enum column_kind kind);

// Makes room for up to `rows` rows; never for more than an answer may have.
// Returns how many.
size_t columns_reserve(struct columns *columns, size_t rows);

// Appends a trial, which fits the definition unless it is deleted.
void columns_add(struct columns *columns, const struct trial_row *row);

// The label of the text with this index, NULL beyond the last one. State and
// parameters of choices have labels, too; those of parameters are JSON texts.
const char *columns_label(const struct columns *columns, size_t column,
                          size_t index);

// Are the labels of this column JSON texts?
bool columns_labels_are_json(const struct columns *columns, size_t column);

enum sampling { SAMPLE_TOP, SAMPLE_RANDOM, SAMPLE_MIXED };

// Chooses up to k of the n trials with these numbers, which are ascending, and
// minimised values: the best, some at random, or two fifths of k of the best
// and the rest at random. What is random depends on seed and number alone, so
// that a sample changes little while a study grows. Returns how many; numbers
// in chosen[k], ascending.
size_t columns_sample(enum sampling how, size_t k, const int64_t *number,
                      const double *value, size_t n, uint64_t seed,
                      struct arena *arena, int64_t *chosen);

#endif
