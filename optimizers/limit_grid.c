// SPDX-License-Identifier: GPL-3.0-or-later
// limit_grid.c - toys for the points of a fixed grid, where they decide most

#include "limit_grid.h"

#include <math.h>

static const double DOUBT = 0.0013498980316300945; // P(Z > 3)
static const double SIGMAS = 3;

// What is not known of a point.
struct doubt {
    double entropy; // of the curve where it is largest
    unsigned curve;
    double sigmas; // the least |ln CLs - ln alpha| of the curves, in errors
};

static double entropy(double p)
{
    return p > 0 && p < 1 ? -p * log(p) - (1 - p) * log1p(-p) : 0;
}

static bool has_toys(const struct limit_plan *plan,
                     const struct limit_summary *site, unsigned curve)
{
    bool data = curve == LIMIT_OBSERVED;
    return data ? site->observed && site->data.status != LIMIT_CLS_NO_TOYS &&
                      (plan->reading.sb_only || site->n_b > 0)
                : site->band[curve - 1].share > 0;
}

static struct doubt doubt(const struct limit_plan *plan,
                          const struct limit_summary *site)
{
    struct doubt most = {.entropy = -1, .sigmas = INFINITY};
    for (unsigned c = 0; c < LIMIT_CURVES; c++) {
        if (!plan->wanted[c])
            continue;
        double here = log(2), sigmas = 0;
        if (has_toys(plan, site, c)) {
            const struct limit_cls *cls =
                c == LIMIT_OBSERVED ? &site->data : &site->expected[c - 1];
            here = entropy(limit_cls_below(cls, plan->alpha));
            sigmas = fabs(log(plan->alpha) - cls->log_mean) / cls->log_sd;
        }
        if (here > most.entropy) {
            most.entropy = here;
            most.curve = c;
        }
        most.sigmas = fmin(most.sigmas, sigmas);
    }
    return most;
}

static double thrown(const struct limit_summary *site)
{
    return site->n_sb + site->failed_sb +
           (site->n_b + site->failed_b) * site->share_b;
}

static double allotted(const struct limit_plan *plan)
{
    return (double)plan->settings.max_toys / (double)plan->n_points;
}

enum limit_grid_state limit_grid_point(const struct limit_plan *plan,
                                       const struct limit_summary *site)
{
    if (!site)
        return LIMIT_GRID_OPEN;
    double toys = site->n_sb + site->n_b * site->share_b;
    if (toys >= (double)plan->settings.min_toys &&
        doubt(plan, site).entropy <= entropy(DOUBT))
        return LIMIT_GRID_DECIDED;
    return thrown(site) >= allotted(plan) ? LIMIT_GRID_SPENT : LIMIT_GRID_OPEN;
}

// The index of a point's site; n: it has none.
static size_t find(const struct limit_summary *sites, size_t n, double mu)
{
    size_t i = 0;
    while (i < n && sites[i].mu != mu)
        i++;
    return i;
}

// Toys until the least certain curve is, errors shrinking with their root.
static double missing(const struct limit_plan *plan,
                      const struct limit_summary *site)
{
    double all = allotted(plan), used = site ? thrown(site) : 0;
    double sigmas = site && used > 0 ? doubt(plan, site).sigmas : 0;
    if (sigmas <= 0)
        return all - used;
    double needed = used * (SIGMAS / sigmas) * (SIGMAS / sigmas);
    needed = fmax(needed, (double)plan->settings.min_toys);
    return fmin(fmax(needed, used), all) - used;
}

struct limit_grid limit_grid_look(const struct limit_plan *plan,
                                  const struct limit_summary *sites, size_t n)
{
    struct limit_grid grid = {0};
    for (size_t i = 0; i < plan->n_points; i++) {
        size_t at = find(sites, n, plan->points[i]);
        const struct limit_summary *site = at < n ? &sites[at] : NULL;
        enum limit_grid_state state = limit_grid_point(plan, site);
        grid.open += state == LIMIT_GRID_OPEN;
        grid.decided += state == LIMIT_GRID_DECIDED;
        grid.spent += state == LIMIT_GRID_SPENT;
        if (state == LIMIT_GRID_OPEN)
            grid.forecast += missing(plan, site);
    }
    return grid;
}

static struct limit_order data(double mu, size_t site)
{
    return (struct limit_order){
        .want = LIMIT_WANT_DATA, .mu = mu, .site = site};
}

// Does signal plus background come next? Both begin with a batch; then as
// limit_ratio has it for the least certain curve.
static bool split(const struct limit_plan *plan,
                  const struct limit_summary *site, double n_sb, double n_b,
                  unsigned curve)
{
    struct limit_scan scan = {.alpha = plan->alpha,
                              .sb_only = plan->reading.sb_only,
                              .known_b = curve != LIMIT_OBSERVED};
    const struct limit_counts *counts = &site->counts[curve];
    double p_sb = (counts->k_sb + 0.5) / (counts->n_sb + 1);
    double p_b = (counts->k_b + 0.5) / (counts->n_b + 1);
    double ratio = limit_ratio(&plan->settings, &scan, p_sb, p_b);
    double first = (double)plan->settings.min_batch;
    if (n_sb < first || (n_b < first && ratio < INFINITY))
        return n_sb < first;
    return n_sb <= ratio * n_b;
}

// What it is worth to throw at a site, and how; 0: nothing.
static double worth(const struct limit_plan *plan,
                    const struct limit_summary *site,
                    const struct limit_running *running,
                    struct limit_order *order)
{
    const struct limit_settings *settings = &plan->settings;
    double told = thrown(site), out = running->sb + running->b;
    double left = allotted(plan) - told - out;
    if (limit_grid_point(plan, site) != LIMIT_GRID_OPEN || left < 1)
        return 0;
    struct doubt least = doubt(plan, site);
    double n_b = (site->n_b + site->failed_b) * site->share_b;
    bool sb = split(plan, site, site->n_sb + site->failed_sb + running->sb,
                    n_b + running->b, least.curve);
    double seconds = sb ? settings->seconds_sb : settings->seconds_b;
    order->want = sb ? LIMIT_WANT_TOYS_SB : LIMIT_WANT_TOYS_B;
    order->toys = limit_batch(settings, seconds, (uint64_t)left);
    // A point that is certain for now, but has too few toys, comes last.
    double doubtful = fmax(least.entropy, entropy(DOUBT));
    return doubtful * (told + 1) / (told + out + 1) /
           (seconds > 0 ? seconds : 1);
}

struct limit_order limit_grid_next(const struct limit_plan *plan,
                                   const struct limit_summary *sites, size_t n,
                                   const struct limit_running *running)
{
    struct limit_order best = {.want = LIMIT_WANT_WAIT};
    double most = 0;
    for (size_t i = 0; i < plan->n_points; i++) {
        double mu = plan->points[i];
        size_t at = find(sites, n, mu);
        if (at == n || (!sites[at].observed && !running[at].data))
            return data(mu, at);
        if (!sites[at].observed)
            continue;
        struct limit_order order = {.mu = mu, .site = at};
        double value = worth(plan, &sites[at], &running[at], &order);
        if (value > most) {
            most = value;
            best = order;
        }
    }
    return best;
}
