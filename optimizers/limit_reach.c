// SPDX-License-Identifier: GPL-3.0-or-later
// limit_reach.c - how far from the first guess a limit is looked for

#include "limit_reach.h"

#include <math.h>

#include <gsl/gsl_cdf.h>

static const double SURE = 0.999; // that a point is excluded, or is not

double limit_reach_start(const struct limit_settings *settings, unsigned i)
{
    if (settings->hint > 0)
        return settings->hint * 0.5 * (i + 1);
    return settings->low + (settings->high - settings->low) * 0.25 * (i + 1);
}

double limit_reach_excluded(const struct limit_scan *scan, size_t site)
{
    const struct limit_counts *told = &scan->points[site].counts;
    double p_b = scan->sb_only ? 1 : (told->k_b + 0.5) / (told->n_b + 1);
    return gsl_cdf_beta_P(scan->alpha * p_b, told->k_sb + 0.5,
                          told->n_sb - told->k_sb + 0.5);
}

bool limit_reach_beyond(const struct limit_curve *curve, size_t site,
                        bool outer)
{
    double below = limit_reach_excluded(&curve->scan, site);
    double sigmas = (curve->scan.points[site].mu - curve->limit.mu) /
                    fmax(limit_total_error(&curve->limit), 1e-300);
    bool found = limit_found(&curve->limit);
    bool empty = curve->scan.points[site].counts.k_sb < 0.5;
    return outer ? below > SURE || empty || (found && sigmas > 3)
                 : below < 1 - SURE || (found && sigmas < -3);
}

size_t limit_reach_end(const struct limit_scan *scan, bool outer)
{
    size_t best = 0;
    for (size_t i = 1; i < scan->n; i++)
        if (outer ? scan->points[i].mu > scan->points[best].mu
                  : scan->points[i].mu < scan->points[best].mu)
            best = i;
    return best;
}

bool limit_reach_next(const struct limit_settings *settings,
                      const struct limit_scan *scan, bool outer, double *mu)
{
    double at = scan->points[limit_reach_end(scan, outer)].mu;
    double start =
        limit_reach_start(settings, outer ? LIMIT_REACH_STARTS - 1 : 0);
    int steps = LIMIT_REACH_EXPANSIONS;
    double last = ldexp(start, outer ? steps : -steps);
    *mu = outer ? 2 * at : at / 2;
    return scan->n < settings->max_points &&
           (outer ? *mu <= last * (1 + 1e-9) : *mu >= last * (1 - 1e-9));
}

bool limit_reach_exhausted(const struct limit_settings *settings,
                           const struct limit_curve *curve)
{
    enum limit_status status = curve->limit.status;
    bool outer = status == LIMIT_NO_CROSSING_HIGH;
    double mu;
    if ((!outer && status != LIMIT_NO_CROSSING_LOW) ||
        limit_reach_next(settings, &curve->scan, outer, &mu))
        return false;
    size_t end = limit_reach_end(&curve->scan, outer);
    if (curve->scan.points[end].counts.n_sb <= 0)
        return false;
    double below = limit_reach_excluded(&curve->scan, end);
    return outer ? below < 1 - SURE : below > SURE;
}
