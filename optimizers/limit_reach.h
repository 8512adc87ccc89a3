// SPDX-License-Identifier: GPL-3.0-or-later
// limit_reach.h - how far from the first guess a limit is looked for
//
// The first points are 1/2, 1, 3/2 of a hint or 1/4, 1/2, 3/4 of the range.
// From there it goes out and in by factors of two, six times at most: a limit
// that is not within a factor of 64 of the guess is not there.

#ifndef CUMAE_LIMIT_REACH_H
#define CUMAE_LIMIT_REACH_H

#include <stdbool.h>
#include <stddef.h>

#include "limit_allocate.h"

enum { LIMIT_REACH_STARTS = 3, LIMIT_REACH_EXPANSIONS = 6 };

// The first points, i below LIMIT_REACH_STARTS, ascending.
double limit_reach_start(const struct limit_settings *settings, unsigned i);

// P(CLs < alpha) at a site, also for few toys, where ln CLs is far from normal:
// the posterior of CLs+b itself, CLb taken for known.
double limit_reach_excluded(const struct limit_scan *scan, size_t site);

// Is a site outside (or inside) of the limit beyond doubt? Where no toy reaches
// the data, none will further out.
bool limit_reach_beyond(const struct limit_curve *curve, size_t site,
                        bool outer);

// The site with the largest (smallest) mu; scan->n >= 1.
size_t limit_reach_end(const struct limit_scan *scan, bool outer);

// The point after the last one, outwards (inwards); false: there are enough
// points, or it is too far.
bool limit_reach_next(const struct limit_settings *settings,
                      const struct limit_scan *scan, bool outer, double *mu);

// Is it certain that the curve does not cross within reach?
bool limit_reach_exhausted(const struct limit_settings *settings,
                           const struct limit_curve *curve);

#endif
