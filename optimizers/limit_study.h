// SPDX-License-Identifier: GPL-3.0-or-later
// limit_study.h - everything that the told toys of a study say
//
// limit_study_look is a pure function of the summaries of its sites (see
// limit_site.h): the limits of the wanted curves, how good they are, whether
// the study is done and how many toys it still needs. It does not know what is
// running, so it holds until something is told. limit_study_next says what the
// next worker should do; it is quick, and all that changes between two tells
// is what is running.
//
// Two modes. An adaptive study goes where limit_allocate.h sends it. A study
// with a fixed grid throws toys at each of its points until the point is
// decided (limit_grid.h), for people who want CLs at these points.

#ifndef CUMAE_LIMIT_STUDY_H
#define CUMAE_LIMIT_STUDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "limit_allocate.h"
#include "limit_site.h"
#include "rng.h"

enum {
    LIMIT_OBSERVED,                // the curve of the data, then the band,
    LIMIT_CURVES = 1 + LIMIT_BAND, // -2 to +2 sigma
};

// What a study is to find out.
struct limit_plan {
    bool wanted[LIMIT_CURVES]; // at least one
    double alpha;              // 1 - confidence level
    struct limit_reading reading;
    struct limit_settings settings;
    const double *points; // [n_points] of a fixed grid, distinct
    size_t n_points;      // 0: adaptive
    bool shared;          // background toys are evaluated at all sites
    uint64_t max_values;  // that one tell may have; 0: any number
};

struct limit_estimate {
    bool wanted;              // the rest is 0 if not
    struct limit_curve curve; // its points lie in the arena of the look
    double total_error;       // 0 without a limit
    bool precise;             // as wanted
    bool inconsistent;        // data of a site disagree: `limit` is in doubt
    bool has_linear;          // what pyhf would say, see limit_interpolate.h
    double linear;
    bool has_asymptotic;
    double asymptotic;
};

enum limit_state {
    LIMIT_STATE_RUNNING,
    LIMIT_STATE_CONVERGED,  // every wanted limit is precise, or every point
                            // of the grid decided
    LIMIT_STATE_MAX_TOYS,   // the budget of toys is told
    LIMIT_STATE_MAX_POINTS, // a limit is not where points may still be put;
                            // all others are precise
};

struct limit_study {
    const struct limit_summary *sites; // [n] lent
    size_t n;
    struct limit_estimate curve[LIMIT_CURVES];
    enum limit_state state;
    double toys_sb, toys_b; // told, with a value; shared ones once
    double failed;          // shared ones once
    bool has_forecast;      // is the number of toys still needed foreseeable?
    double forecast;        // never more than the budget; those running count
    size_t inconsistent;    // sites
};

// What workers are doing for a site.
struct limit_running {
    double sb, b; // toys; shared ones count share_b = 1 / sites they go to
    bool data;    // somebody computes the statistic of the data
};

// Looks at n summaries, in the order in which their sites became known. The
// summaries and the arena must outlive the study. Nothing is NAN. 3 ms for 20
// sites and 6 curves.
struct limit_study limit_study_look(const struct limit_plan *plan,
                                    const struct limit_summary *sites, size_t n,
                                    struct arena *arena);

// What the next worker should do, where running[n] belongs to the sites of the
// study. order.site is n for a new one. With plan->shared, toys of background
// are to be evaluated at every site (order.site among them), and their number
// times n is at most max_values. NOTHING, NO_BUDGET and NO_POINTS go with the
// states CONVERGED, MAX_TOYS and MAX_POINTS; as long as results that might
// change that are out, it is WAIT. rng: a stream of this ask alone.
struct limit_order limit_study_next(const struct limit_plan *plan,
                                    const struct limit_study *study,
                                    const struct limit_running *running,
                                    struct rng *rng, struct arena *arena);

#endif
