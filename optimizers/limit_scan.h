// SPDX-License-Identifier: GPL-3.0-or-later
// limit_scan.h - where a curve of CLs, known from toys, crosses alpha
//
// The counts of all points are fitted at once: CLs+b(mu) = Phi(-z_sb(mu)) and
// CLb(mu) = Phi(-z_b(mu)), z polynomials of limit_probit.h of degree 2 and 1
// (less with few points), each point weighted by how near its ln CLs is to
// ln alpha. The limit is the root of
//   g(mu) = ln Phi(-z_sb) - ln Phi(-z_b) - ln alpha
// and its error the propagated one, sd(g) / |g'|. Counts are fitted instead of
// ln CLs because weights that follow from the counts fluctuate along with them:
// least squares is biased by a standard deviation.

#ifndef CUMAE_LIMIT_SCAN_H
#define CUMAE_LIMIT_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "limit_cls.h"

enum limit_status {
    LIMIT_OK,
    LIMIT_INSUFFICIENT,     // no point has toys of all hypotheses, or no fit
    LIMIT_CLB_ZERO,         // no background toy reaches the data anywhere
    LIMIT_NO_CROSSING_HIGH, // CLs > alpha everywhere: mu is a lower bound
    LIMIT_NO_CROSSING_LOW,  // CLs < alpha everywhere: mu is an upper bound
    LIMIT_MULTIPLE,         // crossings, beyond doubt; mu is the largest
    LIMIT_EXTRAPOLATED,     // mu lies outside of the points
};

struct limit_point {
    double mu;
    struct limit_counts counts;
};

struct limit_scan {
    const struct limit_point *points; // [n] in any order, mu may repeat
    size_t n;
    double alpha;
    bool sb_only; // the rule is CLs+b < alpha
    bool known_b; // CLb has no error: expected curves, see limit_band.h
    // Points count exp(-1/2 ((ln CLs - ln alpha) / window)^2); 0: 2. Narrower
    // where there are many points for other curves, which bend this one.
    double window;
};

// Finite numbers, whatever the status; where there is no limit the errors are
// 0. `error` is statistical, `interpolation` what the shape of the curve leaves
// open. `fitted` is false for the log-linear line through the two points around
// the crossing, for want of a third.
struct limit {
    enum limit_status status;
    double mu, error, interpolation;
    double slope; // d ln CLs / d mu at mu
    bool fitted;
};

// The two in quadrature.
double limit_total_error(const struct limit *limit);

// Is there a number with an error?
bool limit_found(const struct limit *limit);

// Finds the limit.
struct limit limit_scan(const struct limit_scan *scan, struct arena *arena);

#endif
