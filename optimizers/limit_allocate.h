// SPDX-License-Identifier: GPL-3.0-or-later
// limit_allocate.h - where the next toys tell most about a limit
//
// A pure function of the tallies: any number of workers ask one after the
// other, and toys that are out count as thrown. Four rules, the first that has
// something to say decides:
//   stop     every requested limit is as precise as wanted, or the budget is
//            spent. It looks at the precision, never at CLs itself, which would
//            bias the limit.
//   bracket  the points of limit_reach.h get their first toys; then points
//            further out, until the outer one is excluded with a probability
//            of 0.999 and the inner one is not.
//   refine   near the limit that is worst known relative to its tolerance: a
//            normal draw of its width, at least 8 % of it so that the slope is
//            known too. A point nearby is used again.
//            A batch is at most a sixteenth of the toys so far.
//   split    the hypothesis that is furthest behind Neyman's allocation
//            ("On the two different aspects of the representative method",
//            J. R. Stat. Soc. 97, 1934): n_h ~ sqrt(variance per toy / cost).

#ifndef CUMAE_LIMIT_ALLOCATE_H
#define CUMAE_LIMIT_ALLOCATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "limit_scan.h"
#include "rng.h"

// A signal strength that workers know of.
struct limit_site {
    double mu;
    bool observed;    // the test statistic of the data was told
    bool asked;       // or somebody is computing it
    double n_sb, n_b; // toys, those that are out included
};

// A requested limit. Its points are the sites, in their order.
struct limit_curve {
    struct limit_scan scan;
    struct limit limit; // of the scan
    double guess;       // where it may be as long as there is none; 0: unknown
};

struct limit_settings {
    double low, high;      // where limits are expected, 0 <= low < high
    double hint;           // a guess of the widest limit; 0: none
    double relative_error; // to stop at; 0: whatever
    double absolute_error; // and at; 0: whatever
    uint64_t min_toys;     // before stopping
    uint64_t max_toys;     // at which to stop
    size_t max_points;     // at least 3
    uint64_t min_batch;    // toys in one go; below 300 errors are too small
    uint64_t max_batch;
    double batch_seconds;         // how long one go should take; 0: whatever
    double seconds_sb, seconds_b; // per toy; 0: unknown
};

enum limit_want {
    LIMIT_WANT_DATA,      // the test statistic of the data at mu
    LIMIT_WANT_TOYS_SB,   // toys of signal plus background
    LIMIT_WANT_TOYS_B,    // toys of background alone
    LIMIT_WANT_WAIT,      // for what somebody is computing
    LIMIT_WANT_NOTHING,   // precise enough
    LIMIT_WANT_NO_BUDGET, // max_toys are thrown or out
    LIMIT_WANT_NO_POINTS, // a limit is out of reach, all others are precise
};

struct limit_order {
    enum limit_want want;
    double mu;
    size_t site;   // its index; the number of sites: a new one
    uint64_t toys; // 0 unless toys are wanted
};

// The stricter of both tolerances of a limit mu; 0 when there is none.
double limit_tolerance(const struct limit_settings *settings, double mu);

// Is the limit as precise as wanted?
bool limit_precise(const struct limit *limit,
                   const struct limit_settings *settings);

// The toys to throw in one go.
uint64_t limit_batch(const struct limit_settings *settings, double seconds,
                     uint64_t left);

// n_sb / n_b for the smallest variance of ln CLs at a given cost, where one toy
// has the variances variance_sb and variance_b.
double limit_neyman(double variance_sb, double variance_b, double seconds_sb,
                    double seconds_b);

// n_sb / n_b that tell most about the scan's ln CLs where CLs+b and CLb are
// p_sb and p_b, in (0, 1); INFINITY where toys of background tell nothing.
double limit_ratio(const struct limit_settings *settings,
                   const struct limit_scan *scan, double p_sb, double p_b);

// What the next worker should do. sites[n], curves[m], m >= 1; rng: a stream of
// this ask alone.
struct limit_order limit_allocate(const struct limit_settings *settings,
                                  const struct limit_site *sites, size_t n,
                                  const struct limit_curve *curves, size_t m,
                                  struct rng *rng);

#endif
