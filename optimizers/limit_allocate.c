// SPDX-License-Identifier: GPL-3.0-or-later
// limit_allocate.c - where the next toys tell most about a limit

#include "limit_allocate.h"

#include <assert.h>
#include <math.h>

#include "limit_reach.h"
#include "normal.h"

static const double WIDTH = 0.08;   // least width of the draw, of the limit
static const double NEAR = 0.01;    // draws as near as this use a known point
static const double GUESS = 0.15;   // error of a guessed limit, relative
static const double WINDOW = 2;     // |ln CLs - ln alpha| of points that matter
static const double STEP = 1. / 16; // of the toys so far, in one go

struct state {
    const struct limit_settings *settings;
    const struct limit_site *sites;
    size_t n;
    const struct limit_curve *curves;
    size_t m;
    uint64_t left; // toys of the budget
    double thrown; // toys so far, those that are out included
};

double limit_neyman(double variance_sb, double variance_b, double seconds_sb,
                    double seconds_b)
{
    double cost = seconds_sb > 0 && seconds_b > 0 ? seconds_b / seconds_sb : 1;
    return sqrt(variance_sb / variance_b * cost);
}

uint64_t limit_batch(const struct limit_settings *settings, double seconds,
                     uint64_t left)
{
    double toys = seconds > 0 ? settings->batch_seconds / seconds : 0;
    toys = fmin(fmax(toys, (double)settings->min_batch),
                (double)settings->max_batch);
    return toys < (double)left ? (uint64_t)toys : left;
}

double limit_tolerance(const struct limit_settings *settings, double mu)
{
    double relative = settings->relative_error * mu;
    double absolute = settings->absolute_error;
    if (relative <= 0 || absolute <= 0)
        return fmax(relative, absolute);
    return fmin(relative, absolute);
}

bool limit_precise(const struct limit *limit,
                   const struct limit_settings *settings)
{
    return limit_found(limit) && limit->status != LIMIT_EXTRAPOLATED &&
           limit_total_error(limit) <= limit_tolerance(settings, limit->mu);
}

static struct limit_order order(enum limit_want want)
{
    return (struct limit_order){.want = want};
}

// The index of the site nearest to mu; n: there is none.
static size_t nearest(const struct state *state, double mu, bool observed)
{
    size_t best = state->n;
    for (size_t i = 0; i < state->n; i++) {
        if (observed && !state->sites[i].observed)
            continue;
        if (best == state->n ||
            fabs(state->sites[i].mu - mu) < fabs(state->sites[best].mu - mu))
            best = i;
    }
    return best;
}

// As many as take the time that is wanted. But a study that throws most of its
// toys before it knows where they are worth most has few points, through which
// its curves pass as they please.
static uint64_t batch(const struct state *state, double seconds)
{
    uint64_t toys = limit_batch(state->settings, seconds, state->left);
    double most =
        fmax((double)state->settings->min_batch, STEP * state->thrown);
    return (double)toys > most ? (uint64_t)most : toys;
}

static struct limit_order toys(const struct state *state, size_t site, bool sb)
{
    const struct limit_settings *settings = state->settings;
    double seconds = sb ? settings->seconds_sb : settings->seconds_b;
    return (struct limit_order){
        .want = sb ? LIMIT_WANT_TOYS_SB : LIMIT_WANT_TOYS_B,
        .mu = state->sites[site].mu,
        .site = site,
        .toys = batch(state, seconds),
    };
}

static struct limit_order data(const struct state *state, double mu)
{
    return (struct limit_order){
        .want = LIMIT_WANT_DATA, .mu = mu, .site = state->n};
}

// Data of a new mu, unless a known one is within `distance` or there are too
// many; then `*site`, an observed one if possible.
static bool is_new(const struct state *state, double mu, double distance,
                   size_t *site)
{
    *site = nearest(state, mu, false);
    if (*site < state->n && (fabs(state->sites[*site].mu - mu) <= distance ||
                             state->n >= state->settings->max_points)) {
        *site = nearest(state, mu, true);
        return false;
    }
    return true;
}

// The starting points come first.
static bool begin(const struct state *state, struct limit_order *result)
{
    for (unsigned i = 0; i < LIMIT_REACH_STARTS; i++) {
        size_t site;
        double mu = limit_reach_start(state->settings, i);
        if (is_new(state, mu, 1e-9 * mu, &site)) {
            *result = data(state, mu);
            return true;
        }
    }
    return false;
}

static bool needs_b(const struct state *state)
{
    for (size_t i = 0; i < state->m; i++)
        if (!state->curves[i].scan.sb_only || state->curves[i].scan.known_b)
            return true;
    return false;
}

// A point nobody asked for data of: its request was lost.
static bool recall(const struct state *state, struct limit_order *result)
{
    for (size_t i = 0; i < state->n; i++) {
        const struct limit_site *site = &state->sites[i];
        if (site->observed || site->asked)
            continue;
        *result = (struct limit_order){
            .want = LIMIT_WANT_DATA, .mu = site->mu, .site = i};
        return true;
    }
    return false;
}

// First toys of each hypothesis for a point of the bracket.
static bool prime(const struct state *state, size_t site,
                  struct limit_order *result)
{
    const struct limit_site *at = &state->sites[site];
    double first = (double)state->settings->min_batch;
    if (!at->observed)
        return false;
    if (at->n_sb >= first && (at->n_b >= first || !needs_b(state)))
        return false;
    *result = toys(state, site, at->n_sb < first);
    return true;
}

// Is the site on its side of all limits?
static bool is_beyond(const struct state *state, size_t site, bool outer)
{
    for (size_t i = 0; i < state->m; i++)
        if (!limit_reach_beyond(&state->curves[i], site, outer))
            return false;
    return true;
}

// Makes sure that the points surround all limits.
static bool surround(const struct state *state, bool outer,
                     struct limit_order *result)
{
    const struct limit_scan *scan = &state->curves[0].scan;
    size_t site = limit_reach_end(scan, outer);
    if (prime(state, site, result))
        return true;
    const struct limit_counts *told = &scan->points[site].counts;
    bool waiting = !state->sites[site].observed || told->n_sb <= 0 ||
                   (told->n_b <= 0 && !scan->sb_only);
    double mu;
    if (waiting || is_beyond(state, site, outer) ||
        !limit_reach_next(state->settings, scan, outer, &mu))
        return false;
    *result = data(state, mu);
    return true;
}

static bool bracket(const struct state *state, struct limit_order *result)
{
    if (begin(state, result) || recall(state, result))
        return true;
    for (unsigned i = 0; i < LIMIT_REACH_STARTS; i++) {
        size_t site =
            nearest(state, limit_reach_start(state->settings, i), false);
        if (prime(state, site, result))
            return true;
    }
    return surround(state, true, result) || surround(state, false, result);
}

// How far a curve is from what is wanted; infinite without a limit.
static double need(const struct state *state, const struct limit_curve *curve)
{
    if (!limit_found(&curve->limit))
        return INFINITY;
    double wanted = limit_tolerance(state->settings, curve->limit.mu);
    return limit_total_error(&curve->limit) /
           (wanted > 0 ? wanted : curve->limit.mu);
}

static const struct limit_curve *worst(const struct state *state)
{
    size_t best = 0;
    for (size_t i = 1; i < state->m; i++)
        if (need(state, &state->curves[i]) > need(state, &state->curves[best]))
            best = i;
    return &state->curves[best];
}

// CLb where the limit is, from the points around it.
static double background(const struct limit_curve *curve)
{
    double k = 0.5, n = 1;
    for (size_t i = 0; i < curve->scan.n; i++) {
        const struct limit_point *point = &curve->scan.points[i];
        double distance = (point->mu - curve->limit.mu) * curve->limit.slope;
        if (fabs(distance) > WINDOW)
            continue;
        k += point->counts.k_b;
        n += point->counts.n_b;
    }
    return k / n;
}

double limit_ratio(const struct limit_settings *settings,
                   const struct limit_scan *scan, double p_sb, double p_b)
{
    if (scan->sb_only && !scan->known_b)
        return INFINITY;
    p_b = fmin(p_b, 1 - 1e-6);
    double variance_b = (1 - p_b) / p_b;
    if (scan->known_b) {
        double z_sb = normal_quantile(p_sb), z_b = normal_quantile(p_b);
        double ratio = exp(z_b * z_b - z_sb * z_sb); // of densities, squared
        variance_b = ratio * p_b * (1 - p_b) / (p_sb * p_sb);
    }
    return limit_neyman((1 - p_sb) / p_sb, variance_b, settings->seconds_sb,
                        settings->seconds_b);
}

static double neyman(const struct state *state, const struct limit_curve *curve)
{
    double p_b = background(curve);
    double p_sb = curve->scan.alpha * (curve->scan.sb_only ? 1 : p_b);
    return limit_ratio(state->settings, &curve->scan, p_sb, p_b);
}

// The hypothesis that is behind at the points around the limit. An expected
// curve needs both at each point.
static bool split(const struct state *state, const struct limit_curve *curve,
                  size_t site)
{
    if (curve->scan.sb_only && !curve->scan.known_b)
        return true;
    double n_sb = 0, n_b = 0;
    for (size_t i = 0; i < state->n; i++) {
        double distance =
            (state->sites[i].mu - curve->limit.mu) * curve->limit.slope;
        if (curve->scan.known_b ? i != site : fabs(distance) > WINDOW)
            continue;
        n_sb += state->sites[i].n_sb;
        n_b += state->sites[i].n_b;
    }
    return n_sb <= neyman(state, curve) * n_b;
}

// Without a limit: the observed point with fewest toys.
static struct limit_order spread(const struct state *state)
{
    size_t best = state->n;
    for (size_t i = 0; i < state->n; i++) {
        const struct limit_site *site = &state->sites[i];
        if (!site->observed)
            continue;
        if (best == state->n ||
            site->n_sb + site->n_b <
                state->sites[best].n_sb + state->sites[best].n_b)
            best = i;
    }
    if (best == state->n)
        return order(LIMIT_WANT_WAIT);
    const struct limit_site *site = &state->sites[best];
    return toys(state, best, !needs_b(state) || site->n_sb <= site->n_b);
}

// A point near the limit whose data are known, but that has no toys yet, or for
// an expected curve not of both hypotheses.
static size_t idle(const struct state *state, const struct limit_curve *curve,
                   double width)
{
    for (size_t i = 0; i < state->n; i++) {
        const struct limit_site *site = &state->sites[i];
        double thrown = curve->scan.known_b ? fmin(site->n_sb, site->n_b)
                                            : site->n_sb + site->n_b;
        if (site->observed && thrown <= 0 &&
            fabs(site->mu - curve->limit.mu) <= width)
            return i;
    }
    return state->n;
}

// A limit that is only guessed, with the slope that most limits have.
static struct limit_curve guessed(const struct limit_curve *curve)
{
    struct limit_curve result = *curve;
    double mu = curve->guess;
    result.limit = (struct limit){
        .status = LIMIT_OK, .mu = mu, .error = GUESS * mu, .slope = -4 / mu};
    return result;
}

static struct limit_order refine(const struct state *state, struct rng *rng)
{
    const struct limit_curve *curve = worst(state);
    struct limit_curve guess;
    if (!limit_found(&curve->limit)) {
        if (curve->guess <= 0)
            return spread(state);
        guess = guessed(curve);
        curve = &guess;
    }
    const struct limit *limit = &curve->limit;
    double sigma = fmax(limit_total_error(limit), WIDTH * limit->mu);
    // A first guess may be known to an order of magnitude only.
    sigma = fmin(sigma, limit->mu / 3);
    size_t site = idle(state, curve, 2 * sigma);
    if (site < state->n)
        return toys(state, site, split(state, curve, site));
    double mu = fmax(limit->mu + sigma * rng_normal(rng), limit->mu / 10);
    double error = fmin(limit_total_error(limit), sigma);
    double distance = fmax(0.2 * error, NEAR * limit->mu);
    if (is_new(state, mu, distance, &site))
        return data(state, mu);
    if (site == state->n)
        return order(LIMIT_WANT_WAIT);
    return toys(state, site, split(state, curve, site));
}

struct limit_order limit_allocate(const struct limit_settings *settings,
                                  const struct limit_site *sites, size_t n,
                                  const struct limit_curve *curves, size_t m,
                                  struct rng *rng)
{
    assert(m >= 1 && settings->max_points >= LIMIT_REACH_STARTS);
    double thrown = 0;
    for (size_t i = 0; i < n; i++)
        thrown += sites[i].n_sb + sites[i].n_b;
    bool precise = thrown >= (double)settings->min_toys;
    for (size_t i = 0; i < m; i++) {
        assert(curves[i].scan.n == n);
        precise &= limit_precise(&curves[i].limit, settings);
    }
    if (precise)
        return order(LIMIT_WANT_NOTHING);
    if (thrown >= (double)settings->max_toys)
        return order(LIMIT_WANT_NO_BUDGET);
    struct state state = {
        settings, sites, n, curves, m, settings->max_toys - (uint64_t)thrown,
        thrown};
    struct limit_order result;
    if (bracket(&state, &result))
        return result;
    return refine(&state, rng);
}
