// SPDX-License-Identifier: GPL-3.0-or-later
// route_export.h - the trials of a study on their way into a file

#ifndef CUMAE_ROUTE_EXPORT_H
#define CUMAE_ROUTE_EXPORT_H

#include "definition.h"
#include "route.h"
#include "store_trial.h"
#include "wire_outputs.h"

enum { EXPORT_PAGE_BYTES = 8388608 };

struct exporting {
    struct study_row study;
    struct definition *definition;
    bool csv;
    struct outputs outputs; // of a table
    int64_t columns;        // what they were on the first page, -1: this one
    struct text text;
    int64_t after; // the last number that is in it, -1: none
    // Called with each line, which begins at `start` in the text; or NULL.
    void (*each)(struct exporting *exporting, size_t start);
    void *context;
    // The rows at hand:
    struct arena arena;
    struct trial_row *rows; // [EXPORT_ROWS]
    struct text *reports;   // [EXPORT_ROWS]
    size_t n, bytes, reporting;
    bool full; // no more are read
};

// Appends trials after exporting->after until the text is a page. *more: there
// may be others.
int route_export_trials(struct exporting *exporting, struct store *store,
                        bool *more, struct error *err);

#endif
