// SPDX-License-Identifier: GPL-3.0-or-later
// limit_band.c - the CLs that background alone would give at one point

#include "limit_band.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "normal.h"

// Background toys of one value, taken for the data.
struct step {
    double cls, q;
    double sb, b;   // toys at or beyond
    uint64_t count; // of them
    uint64_t up_to; // of them and of all before them
};

double limit_band_probability(enum limit_quantiles quantiles, unsigned i)
{
    static const double cms[LIMIT_BAND] = {0.025, 0.16, 0.5, 0.84, 0.975};
    assert(i < LIMIT_BAND);
    return quantiles == LIMIT_CMS ? cms[i] : normal_cdf((double)i - 2);
}

double limit_band_sigmas(enum limit_quantiles quantiles, unsigned i)
{
    double whole = (double)i - 2;
    return quantiles == LIMIT_CMS
               ? normal_quantile(limit_band_probability(quantiles, i))
               : whole;
}

static int by_cls(const void *a, const void *b)
{
    double x = ((const struct step *)a)->cls, y = ((const struct step *)b)->cls;
    return x < y ? -1 : x > y;
}

static void rank(struct step *steps, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        steps[i].up_to = sum += steps[i].count;
}

// Moves *cell down to the lowest one at or beyond the threshold; returns how
// many toys were passed.
static double pass(const struct limit_toys *toys, double threshold,
                   size_t *cell)
{
    uint64_t sum = 0;
    while (*cell > 0 && toys->value[*cell - 1] >= threshold)
        sum += toys->count[--*cell];
    return (double)sum;
}

// All values of the background, the largest q first.
static struct step *climb(const struct limit_toys *sb,
                          const struct limit_toys *b, double tie_tolerance,
                          struct arena *arena)
{
    struct step *steps = arena_alloc(arena, b->cells * sizeof *steps);
    size_t at_sb = sb->cells, at_b = b->cells;
    double reach_sb = 0, reach_b = 0;
    for (size_t i = b->cells; i-- > 0;) {
        double threshold = limit_toys_threshold(b->value[i], tie_tolerance);
        reach_sb += pass(sb, threshold, &at_sb);
        reach_b += pass(b, threshold, &at_b);
        steps[b->cells - 1 - i] = (struct step){
            .cls = reach_sb / (double)sb->total / (reach_b / (double)b->total),
            .q = b->value[i],
            .sb = reach_sb,
            .b = reach_b,
            .count = b->count[i],
        };
    }
    rank(steps, b->cells);
    return steps;
}

// The step of the toy with this rank, 1 .. total.
static const struct step *ranked(const struct step *steps, size_t n,
                                 double rank)
{
    size_t low = 0, high = n - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if ((double)steps[middle].up_to >= rank)
            high = middle;
        else
            low = middle + 1;
    }
    return &steps[low];
}

// ln CLs at a rank that is `shift` toys off.
static double shifted(const struct step *steps, size_t n, double rank,
                      double shift, double n_sb)
{
    const struct step *step = ranked(steps, n, rank + shift);
    double b = fmax(step->b - shift, 0.5);
    return log((step->sb + 0.5) / (n_sb + 1)) - log(b);
}

static struct limit_expected expect(const struct step *steps, size_t n,
                                    double n_sb, double n_b, double p)
{
    double rank = fmax(ceil(n_b * p - 1e-9), 1);
    const struct step *step = ranked(steps, n, rank);
    double shift = sqrt(n_b * p * (1 - p));
    double spread = (shifted(steps, n, rank, shift, n_sb) -
                     shifted(steps, n, rank, -shift, n_sb)) /
                    2;
    double share_sb = (step->sb + 0.5) / (n_sb + 1);
    double variance = (1 - share_sb) / (n_sb * share_sb);
    double share = variance / (variance + spread * spread);
    return (struct limit_expected){
        .cls = step->cls,
        .q = step->q,
        .counts = {step->sb * share, n_sb * share, step->b, n_b},
        .share = share,
    };
}

// numpy's quantile of steps by CLs.
static double linear(const struct step *steps, size_t n, double n_b, double p)
{
    double place = p * (n_b - 1), part = place - floor(place);
    double lower = ranked(steps, n, floor(place) + 1)->cls;
    double upper = ranked(steps, n, ceil(place) + 1)->cls;
    return lower + part * (upper - lower);
}

void limit_band(const struct limit_toys *sb, const struct limit_toys *b,
                double tie_tolerance, enum limit_quantiles quantiles,
                struct arena *arena, struct limit_expected band[LIMIT_BAND])
{
    memset(band, 0, LIMIT_BAND * sizeof *band);
    if (sb->total == 0 || b->total == 0)
        return;
    struct step *steps = climb(sb, b, tie_tolerance, arena);
    for (unsigned i = 0; i < LIMIT_BAND; i++)
        band[i] = expect(steps, b->cells, (double)sb->total, (double)b->total,
                         limit_band_probability(quantiles, i));
    qsort(steps, b->cells, sizeof *steps, by_cls);
    rank(steps, b->cells);
    for (unsigned i = 0; i < LIMIT_BAND; i++)
        band[i].linear = linear(steps, b->cells, (double)b->total,
                                limit_band_probability(quantiles, i));
}
