// SPDX-License-Identifier: GPL-3.0-or-later
// contour_view.h - what a study of a contour knows, to be drawn
//
// A pure function of definition and history: that of the model which the next
// ask uses, with all results that came since.

#ifndef CUMAE_CONTOUR_VIEW_H
#define CUMAE_CONTOUR_VIEW_H

#include "../optimizers/contour_grid.h"
#include "../optimizers/contour_plan.h"
#include "../optimizers/history.h"
#include "definition.h"

struct contour_view_curve {
    const char *name; // the definition's
    double area;      // expected misclassified fraction, NaN: not known
    bool converged;   // that is below stop_area
    struct contour_lines lines, inner, outer; // at mean, mean - sd, mean + sd
};

struct contour_view {
    struct contour_domain domain;
    struct contour_grid grid;
    const char *status; // "running", "converged" or "budget"
    const char *detail; // for people, or NULL
    size_t points;      // results with values
    size_t pending, invalid;
    size_t fitted; // results that the hyperparameters were learnt from
    size_t n_curves;
    struct contour_view_curve curve[CONTOUR_MAX_CURVES];
};

// Looks at a slice through the space; what it returns is in the arena and lends
// from the definition. ERROR_INVALID as contour_plan_domain and
// contour_grid_read.
int contour_view(const struct definition *definition,
                 const struct history *history,
                 const struct contour_slice *slice, struct arena *arena,
                 struct contour_view *view, struct error *err);

#endif
