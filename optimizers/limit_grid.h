// SPDX-License-Identifier: GPL-3.0-or-later
// limit_grid.h - toys for the points of a fixed grid, where they decide most
//
// A point is decided when each wanted curve is certainly above or certainly
// below alpha there: P(CLs < alpha), ln CLs being normal with the moments of
// limit_cls.h, is outside of (0.00135, 0.99865), three standard deviations. It
// is spent when its share of the toys, max_toys / n_points, is thrown. Open
// points are served by the entropy of that decision, -P ln P - (1-P) ln(1-P)
// of the curve where it is largest, over cost, so that no toys go far from the
// contour.
//
// Deviations: toys that are out count as if they had shrunk the entropy in
// proportion, so that workers who ask at the same time go to different points.
// It is sequential testing with a fixed bound, so a point that lies exactly on
// the contour is declared decided more often than in 0.27 % of all studies,
// which a maximum of toys keeps within bounds (A. Gandy, "Sequential
// implementation of Monte Carlo tests with uniformly bounded resampling risk",
// J. Am. Stat. Assoc. 104, 2009, does better).

#ifndef CUMAE_LIMIT_GRID_H
#define CUMAE_LIMIT_GRID_H

#include "limit_study.h"

enum limit_grid_state {
    LIMIT_GRID_OPEN,
    LIMIT_GRID_DECIDED,
    LIMIT_GRID_SPENT,
};

struct limit_grid {
    size_t open, decided, spent; // points of the plan
    double forecast;             // toys that the open ones still need
};

// The state of a point from what is told there; NULL: nothing.
enum limit_grid_state limit_grid_point(const struct limit_plan *plan,
                                       const struct limit_summary *site);

// All points of the plan; sites[n] may have others too.
struct limit_grid limit_grid_look(const struct limit_plan *plan,
                                  const struct limit_summary *sites, size_t n);

// What the next worker should do: data first, then toys; WAIT: nothing before
// something is told.
struct limit_order limit_grid_next(const struct limit_plan *plan,
                                   const struct limit_summary *sites, size_t n,
                                   const struct limit_running *running);

#endif
