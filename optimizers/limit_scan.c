// SPDX-License-Identifier: GPL-3.0-or-later
// limit_scan.c - where a curve of CLs, known from toys, crosses alpha

#include "limit_scan.h"

#include <math.h>
#include <stdlib.h>

#include "limit_probit.h"

enum { CELLS = 256 }; // among which the crossing is looked for

// The points that can speak, by mu, each mu once.
struct ladder {
    size_t n;
    struct limit_point *points;
    struct limit_cls *cls;
};

// Columns for limit_probit.h, with x = (mu - centre) / scale.
struct table {
    struct limit_probit_data sb, b;
    double centre, scale;
    double low, high; // of the x that matter
};

struct curves {
    struct limit_probit sb, b;
    bool sb_only, known_b;
    double log_alpha;
};

static int by_mu(const void *a, const void *b)
{
    double x = ((const struct limit_point *)a)->mu;
    double y = ((const struct limit_point *)b)->mu;
    return x < y ? -1 : x > y;
}

static void merge(struct limit_counts *into, const struct limit_counts *from)
{
    into->k_sb += from->k_sb;
    into->n_sb += from->n_sb;
    into->k_b += from->k_b;
    into->n_b += from->n_b;
}

static bool speaks(const struct limit_scan *scan,
                   const struct limit_counts *counts, bool whole)
{
    bool sb = counts->n_sb > 0, b = counts->n_b > 0 && !scan->sb_only;
    return whole && !scan->sb_only ? sb && b : sb || b;
}

// `whole`: only points with toys of all hypotheses; else those with any, which
// still shape a curve.
static struct ladder climb(const struct limit_scan *scan, bool whole,
                           struct arena *arena)
{
    struct limit_point *points =
        arena_alloc(arena, (scan->n + 1) * sizeof *points);
    size_t merged = 0, kept = 0;
    for (size_t i = 0; i < scan->n; i++)
        points[i] = scan->points[i];
    qsort(points, scan->n, sizeof *points, by_mu);
    for (size_t i = 0; i < scan->n; i++)
        if (merged > 0 && points[merged - 1].mu == points[i].mu)
            merge(&points[merged - 1].counts, &points[i].counts);
        else
            points[merged++] = points[i];
    for (size_t i = 0; i < merged; i++)
        if (speaks(scan, &points[i].counts, whole))
            points[kept++] = points[i];
    struct limit_cls *cls = arena_alloc(arena, (kept + 1) * sizeof *cls);
    for (size_t i = 0; i < kept; i++)
        cls[i] = scan->sb_only ? limit_cls_sb(&points[i].counts)
                               : limit_cls(&points[i].counts);
    return (struct ladder){kept, points, cls};
}

// The first of the last two neighbours between which CLs falls below alpha;
// `n` when there are none.
static size_t bracket(const struct ladder *ladder, double log_alpha)
{
    for (size_t i = ladder->n; i-- > 1;)
        if (ladder->cls[i - 1].log_mean >= log_alpha &&
            ladder->cls[i].log_mean < log_alpha)
            return i - 1;
    return ladder->n;
}

// A point that is certainly excluded to the left of one that certainly is not.
static bool recrosses(const struct ladder *ladder, double alpha)
{
    bool excluded = false;
    for (size_t i = 0; i < ladder->n; i++) {
        double below = limit_cls_below(&ladder->cls[i], alpha);
        if (excluded && below < 0.001)
            return true;
        excluded |= below > 0.999;
    }
    return false;
}

// The log-linear line through the two points around the crossing. Its error is
// propagated, and at least a fifth of the distance.
static struct limit secant(const struct ladder *ladder, size_t at,
                           double log_alpha)
{
    const struct limit_cls *low = &ladder->cls[at], *high = low + 1;
    double from = ladder->points[at].mu;
    double width = ladder->points[at + 1].mu - from;
    double slope = (high->log_mean - low->log_mean) / width;
    double part =
        (low->log_mean - log_alpha) / (low->log_mean - high->log_mean);
    double error = hypot((1 - part) * low->log_sd, part * high->log_sd);
    return (struct limit){
        .mu = from + part * width,
        .error = error / fabs(slope),
        .interpolation = 0.2 * width,
        .slope = slope,
    };
}

static struct table tabulate(const struct ladder *ladder, double centre,
                             double scale, struct arena *arena)
{
    size_t n = ladder->n;
    double *x = arena_doubles(arena, n);
    double *k_sb = arena_doubles(arena, n), *n_sb = arena_doubles(arena, n);
    double *k_b = arena_doubles(arena, n), *n_b = arena_doubles(arena, n);
    for (size_t i = 0; i < n; i++) {
        const struct limit_counts *counts = &ladder->points[i].counts;
        x[i] = (ladder->points[i].mu - centre) / scale;
        k_sb[i] = counts->k_sb;
        n_sb[i] = counts->n_sb;
        k_b[i] = counts->k_b;
        n_b[i] = counts->n_b;
    }
    return (struct table){
        .sb = {n, x, k_sb, n_sb, NULL, true},
        .b = {n, x, k_b, n_b, NULL, true},
        .centre = centre,
        .scale = scale,
    };
}

// How much a point says about the crossing, from its ln CLs - ln alpha.
static double window(const struct limit_scan *scan, double distance)
{
    double sigmas = distance / (scan->window > 0 ? scan->window : 2);
    double weight = exp(-0.5 * sigmas * sigmas);
    return weight > 1e-4 ? weight : 0;
}

// The extent of the points that say something, at least that of the bracket.
static double extent(const struct limit_scan *scan, const struct ladder *ladder,
                     size_t at)
{
    double log_alpha = log(scan->alpha);
    double low = ladder->points[at].mu, high = ladder->points[at + 1].mu;
    for (size_t i = 0; i < ladder->n; i++) {
        if (window(scan, ladder->cls[i].log_mean - log_alpha) <= 0)
            continue;
        low = fmin(low, ladder->points[i].mu);
        high = fmax(high, ladder->points[i].mu);
    }
    return high - low;
}

// g at x.
static double excess(const struct curves *curves, double x)
{
    double log_sb = limit_probit_log(&curves->sb, x) - curves->log_alpha;
    return curves->sb_only ? log_sb : log_sb - limit_probit_log(&curves->b, x);
}

// Its derivative by x.
static double descent(const struct curves *curves, double x)
{
    const double step = 1e-5;
    return (excess(curves, x + step) - excess(curves, x - step)) / (2 * step);
}

// The falling crossing nearest to x = 0, in the points' range extended by half.
static bool cross(const struct curves *curves, const struct table *table,
                  double *root)
{
    double span = table->high - table->low, nearest = INFINITY;
    double begin = table->low - 0.25 * span, width = 1.5 * span / CELLS;
    double after = excess(curves, begin);
    for (int i = 0; i < CELLS; i++) {
        double low = begin + i * width, high = low + width;
        double before = after;
        after = excess(curves, high);
        if (before < 0 || after >= 0)
            continue;
        for (int step = 0; step < 60; step++) {
            double middle = 0.5 * (low + high);
            if (excess(curves, middle) >= 0)
                low = middle;
            else
                high = middle;
        }
        if (fabs(low) < fabs(nearest))
            nearest = low;
    }
    *root = nearest;
    return isfinite(nearest);
}

// The variance of x at the root.
static double scatter(const struct curves *curves, double root, double *slope)
{
    double variance = limit_probit_variance(&curves->sb, root);
    if (!curves->sb_only && !curves->known_b)
        variance += limit_probit_variance(&curves->b, root);
    *slope = descent(curves, root);
    return variance / (*slope * *slope);
}

static bool fit(const struct limit_scan *scan, const struct table *table,
                unsigned degree, struct curves *curves)
{
    *curves = (struct curves){.sb_only = scan->sb_only,
                              .known_b = scan->known_b,
                              .log_alpha = log(scan->alpha)};
    return limit_probit_fit(&table->sb, degree, &curves->sb) &&
           (scan->sb_only || limit_probit_fit(&table->b, 1, &curves->b));
}

// Half of what another degree would change, without what is expected of their
// different statistical errors.
static double doubt(const struct limit_scan *scan, const struct table *table,
                    unsigned degree, double root, double variance)
{
    double largest = 0;
    for (unsigned other = degree > 1 ? degree - 1 : 2; other <= degree + 1;
         other += 2) {
        struct curves curves;
        double there, slope;
        if (other > LIMIT_PROBIT_DEGREE || table->sb.n < other + 2 ||
            !fit(scan, table, other, &curves) || !cross(&curves, table, &there))
            continue;
        double noise = fabs(scatter(&curves, there, &slope) - variance);
        double square = (there - root) * (there - root) - noise;
        largest = fmax(largest, 0.5 * sqrt(fmax(square, 0)));
    }
    return largest;
}

// Weighs the points by their ln CLs - ln alpha. The crossing is looked for
// among those that have a say.
static void weigh(const struct limit_scan *scan, struct table *table,
                  const double *distance, double *weight)
{
    table->sb.weight = table->b.weight = weight;
    table->low = INFINITY;
    table->high = -INFINITY;
    for (size_t i = 0; i < table->sb.n; i++) {
        weight[i] = window(scan, distance[i]);
        if (weight[i] < 0.01)
            continue;
        table->low = fmin(table->low, table->sb.x[i]);
        table->high = fmax(table->high, table->sb.x[i]);
    }
    // With one point or none, its surroundings; x has been scaled for that.
    if (!(table->low < table->high)) {
        table->low = -1;
        table->high = 1;
    }
}

// The fit of the highest degree up to `degree` that crosses; false: none does.
static bool settle(const struct limit_scan *scan, const struct table *table,
                   unsigned *degree, struct curves *curves, double *root)
{
    for (; *degree > 0; --*degree)
        if (fit(scan, table, *degree, curves) && cross(curves, table, root))
            return true;
    return false;
}

static bool model(const struct limit_scan *scan, const struct ladder *ladder,
                  double centre, double scale, struct limit *limit,
                  struct arena *arena)
{
    size_t n = ladder->n;
    double low = ladder->points[0].mu, high = ladder->points[n - 1].mu;
    struct table table = tabulate(ladder, centre, scale, arena);
    double *weight = arena_doubles(arena, n);
    double *distance = arena_doubles(arena, n), log_alpha = log(scan->alpha);
    for (size_t i = 0; i < n; i++) {
        const struct limit_cls *cls = &ladder->cls[i];
        distance[i] =
            cls->status == LIMIT_CLS_OK ? cls->log_mean - log_alpha : INFINITY;
    }
    weigh(scan, &table, distance, weight);
    unsigned degree = n > 3 ? 2 : 1;
    struct curves curves;
    double root, slope;
    if (!settle(scan, &table, &degree, &curves, &root))
        return false;
    // Weights of the fitted curve do not follow the fluctuations of a point.
    for (size_t i = 0; i < n; i++)
        distance[i] = excess(&curves, table.sb.x[i]);
    weigh(scan, &table, distance, weight);
    if (!settle(scan, &table, &degree, &curves, &root))
        return false;
    double variance = scatter(&curves, root, &slope);
    if (!isfinite(variance))
        return false;
    limit->mu = centre + root * table.scale;
    limit->error = sqrt(variance) * table.scale;
    limit->interpolation =
        doubt(scan, &table, degree, root, variance) * table.scale;
    limit->slope = slope / table.scale;
    limit->fitted = true;
    if (limit->mu < low || limit->mu > high)
        limit->status = LIMIT_EXTRAPOLATED;
    return true;
}

// Is the background beyond reach of every point?
static bool unreached(const struct limit_scan *scan,
                      const struct ladder *ladder)
{
    for (size_t i = 0; i < ladder->n; i++)
        if (ladder->points[i].counts.k_b > 0)
            return false;
    return !scan->sb_only;
}

struct limit limit_scan(const struct limit_scan *scan, struct arena *arena)
{
    struct ladder ladder = climb(scan, true, arena);
    if (ladder.n == 0)
        return (struct limit){.status = LIMIT_INSUFFICIENT};
    double log_alpha = log(scan->alpha);
    if (unreached(scan, &ladder))
        return (struct limit){.status = LIMIT_CLB_ZERO};
    size_t at = bracket(&ladder, log_alpha);
    if (at == ladder.n) {
        bool excluded = ladder.cls[0].log_mean < log_alpha;
        return (struct limit){
            .status = excluded ? LIMIT_NO_CROSSING_LOW : LIMIT_NO_CROSSING_HIGH,
            .mu = ladder.points[excluded ? 0 : ladder.n - 1].mu,
        };
    }
    struct limit limit = secant(&ladder, at, log_alpha);
    double around = extent(scan, &ladder, at);
    struct ladder all = climb(scan, false, arena);
    if (all.n >= 3)
        model(scan, &all, limit.mu, around, &limit, arena);
    if (recrosses(&ladder, scan->alpha))
        limit.status = LIMIT_MULTIPLE;
    return limit;
}

double limit_total_error(const struct limit *limit)
{
    return hypot(limit->error, limit->interpolation);
}

bool limit_found(const struct limit *limit)
{
    return limit->status == LIMIT_OK || limit->status == LIMIT_MULTIPLE ||
           limit->status == LIMIT_EXTRAPOLATED;
}
