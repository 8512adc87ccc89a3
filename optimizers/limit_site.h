// SPDX-License-Identifier: GPL-3.0-or-later
// limit_site.h - what the told toys of one signal strength say
//
// The part of a limit that costs time, O(cells of limit_toys.h), and that is
// the same until something of this signal strength is told: keep the summary,
// which is a value without pointers, and look again only then.
//
// A toy of the background may be evaluated at several signal strengths. The
// statements on one point are those of all its toys. But curves go through
// many points, and toys that several of them share would count several times:
// so in curves each counts `share_b`, one over the number of points that it
// was evaluated at. Then all points together know as much as the distinct
// toys do, which errs on the large side, since the points agree only in part.

#ifndef CUMAE_LIMIT_SITE_H
#define CUMAE_LIMIT_SITE_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "limit_band.h"
#include "limit_cls.h"
#include "limit_toys.h"

// How toys are read, the same for a whole study.
struct limit_reading {
    bool sb_only; // the rule is CLs+b
    enum limit_quantiles quantiles;
    double tie_tolerance;
    bool asymptotic; // the statistic is q_mu or q~_mu, with known laws
    bool bounded;    // it is q~_mu
};

// What was told of one signal strength.
struct limit_told {
    double mu;
    bool observed;          // the statistic of the data, q, is known
    bool inconsistent;      // but values of it disagree: see limit_site_agree
    double q;               // negated where the left tail is the unlikely one
    double q_asimov, muhat; // NAN: not told
    const struct limit_toys *sb, *b; // that watch limit_toys_threshold(q)
    double share_b; // in (0, 1]: the mean of the toys; 1 if nothing is shared
};

enum limit_site_status {
    LIMIT_SITE_OK,
    LIMIT_SITE_NO_DATA,      // nothing is said of the data
    LIMIT_SITE_INCONSISTENT, // the numbers are those of q
    LIMIT_SITE_NO_TOYS,      // of one hypothesis or both
    LIMIT_SITE_CLB_ZERO,     // no background toy reaches the data
};

// A probability with its interval of Clopper and Pearson.
struct limit_proportion {
    double p, low, high; // 0, 0, 1 without toys
};

// All numbers are finite but q_asimov and muhat, which may be NAN.
struct limit_summary {
    enum limit_site_status status;
    double mu;
    bool observed, inconsistent;
    double q, q_asimov, muhat; // as told; q is 0 without data
    double n_sb, n_b;          // toys with a value
    double failed_sb, failed_b;
    double share_b;
    struct limit_proportion sb, b; // CLs+b and CLb
    struct limit_cls data;         // all 0 without data
    // The band, in its order: the quantile itself, and what is known of its
    // ln CLs (CLb taken for known). All 0 without toys of both hypotheses.
    struct limit_expected band[LIMIT_BAND];
    struct limit_cls expected[LIMIT_BAND];
    // For limit_scan.h, where shared toys weigh less: the data, all 0 without,
    // and the band.
    struct limit_counts counts[1 + LIMIT_BAND];
    bool has_asymptotic; // q_asimov is known, and its laws
    double asymptotic_data, asymptotic[LIMIT_BAND]; // CLs; 0 if unknown
};

// Says everything about one signal strength. 4 ms at 32768 cells.
struct limit_summary limit_site_look(const struct limit_told *told,
                                     const struct limit_reading *reading,
                                     struct arena *arena);

// Do the values q[n] that workers told for the data at one mu agree: within
// 1e-3 + tie_tolerance max(1, |q|)? Writes the value to use, the median of the
// largest group that agrees, and marks those outside of it in odd[n]; all of
// them unless it has more than half. Returns how many are odd. n >= 1; finite.
size_t limit_site_agree(const double *q, size_t n, double tie_tolerance,
                        struct arena *arena, double *agreed, bool *odd);

#endif
