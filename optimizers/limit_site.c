// SPDX-License-Identifier: GPL-3.0-or-later
// limit_site.c - what the told toys of one signal strength say

#include "limit_site.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "limit_asymptotic.h"
#include "normal.h"

static const double AGREE = 1e-3; // how far told values of the data may differ

static struct limit_proportion proportion(double k, double n)
{
    struct limit_proportion share = {.p = n > 0 ? k / n : 0};
    limit_cls_interval(k, n, &share.low, &share.high);
    return share;
}

// Toys of the background that weigh less.
static struct limit_counts lighten(const struct limit_counts *counts,
                                   double share_b)
{
    return (struct limit_counts){counts->k_sb, counts->n_sb,
                                 counts->k_b * share_b, counts->n_b * share_b};
}

static void compare(const struct limit_told *told,
                    const struct limit_reading *reading,
                    struct limit_summary *site)
{
    double threshold = limit_toys_threshold(told->q, reading->tie_tolerance);
    struct limit_counts counts = {
        (double)limit_toys_reaching(told->sb, threshold), site->n_sb,
        (double)limit_toys_reaching(told->b, threshold), site->n_b};
    site->sb = proportion(counts.k_sb, counts.n_sb);
    site->b = proportion(counts.k_b, counts.n_b);
    site->data = reading->sb_only ? limit_cls_sb(&counts) : limit_cls(&counts);
    site->counts[0] = lighten(&counts, told->share_b);
}

// The band counts the error of the quantile as if its toys were all distinct;
// with fewer of them it is larger.
static struct limit_counts dilute(const struct limit_expected *expected,
                                  double share_b)
{
    double share = 1 / (1 + (1 / expected->share - 1) / share_b);
    struct limit_counts counts = lighten(&expected->counts, share_b);
    counts.k_sb *= share / expected->share;
    counts.n_sb *= share / expected->share;
    return counts;
}

// What the counts of a band say of ln CLs, CLb being known.
static struct limit_cls known_b(const struct limit_expected *expected,
                                bool sb_only)
{
    struct limit_cls cls = limit_cls_sb(&expected->counts);
    double factor = sb_only ? 1 : expected->counts.n_b / expected->counts.k_b;
    cls.cls = sb_only ? cls.sb : expected->cls;
    cls.log_mean += log(factor);
    cls.low *= factor;
    cls.high *= factor;
    cls.wald *= factor;
    return cls;
}

static void predict(const struct limit_told *told,
                    const struct limit_reading *reading, struct arena *arena,
                    struct limit_summary *site)
{
    if (site->n_sb <= 0 || site->n_b <= 0)
        return;
    limit_band(told->sb, told->b, reading->tie_tolerance, reading->quantiles,
               arena, site->band);
    for (unsigned i = 0; i < LIMIT_BAND; i++) {
        site->expected[i] = known_b(&site->band[i], reading->sb_only);
        site->counts[1 + i] = dilute(&site->band[i], told->share_b);
    }
}

static void approximate(const struct limit_told *told,
                        const struct limit_reading *reading,
                        struct limit_summary *site)
{
    double q_asimov = told->q_asimov;
    site->has_asymptotic = reading->asymptotic && told->observed &&
                           told->q >= 0 && isfinite(q_asimov) && q_asimov >= 0;
    if (!site->has_asymptotic)
        return;
    struct limit_tails tails =
        limit_asymptotic_tails(told->q, q_asimov, reading->bounded);
    double data = exp(tails.log_sb - (reading->sb_only ? 0 : tails.log_b));
    site->has_asymptotic = isfinite(data);
    if (!site->has_asymptotic)
        return;
    site->asymptotic_data = data;
    for (unsigned i = 0; i < LIMIT_BAND; i++) {
        double sigmas = limit_band_sigmas(reading->quantiles, i);
        double log_b = reading->sb_only ? normal_log_cdf(sigmas) : 0;
        site->asymptotic[i] =
            exp(limit_asymptotic_expected(q_asimov, sigmas) + log_b);
    }
}

static enum limit_site_status judge(const struct limit_summary *site,
                                    bool sb_only)
{
    if (!site->observed)
        return LIMIT_SITE_NO_DATA;
    if (site->inconsistent)
        return LIMIT_SITE_INCONSISTENT;
    if (site->data.status == LIMIT_CLS_NO_TOYS)
        return LIMIT_SITE_NO_TOYS;
    if (!sb_only && site->data.status == LIMIT_CLS_CLB_ZERO)
        return LIMIT_SITE_CLB_ZERO;
    return LIMIT_SITE_OK;
}

struct limit_summary limit_site_look(const struct limit_told *told,
                                     const struct limit_reading *reading,
                                     struct arena *arena)
{
    assert(told->share_b > 0 && told->share_b <= 1);
    struct limit_summary site = {
        .mu = told->mu,
        .observed = told->observed,
        .inconsistent = told->observed && told->inconsistent,
        .q = told->observed ? told->q : 0,
        .q_asimov = told->q_asimov,
        .muhat = told->muhat,
        .n_sb = (double)told->sb->total,
        .n_b = (double)told->b->total,
        .failed_sb = (double)told->sb->failed,
        .failed_b = (double)told->b->failed,
        .share_b = told->share_b,
        .sb = {0, 0, 1},
        .b = {0, 0, 1},
    };
    if (told->observed)
        compare(told, reading, &site);
    predict(told, reading, arena, &site);
    approximate(told, reading, &site);
    site.status = judge(&site, reading->sb_only);
    return site;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

// The first and the number of the largest run of sorted values that lie within
// the tolerance of its first one; of several, the lowest.
static size_t group(const double *sorted, size_t n, double tie_tolerance,
                    size_t *first)
{
    size_t most = 0;
    for (size_t i = 0; i < n; i++) {
        double reach = AGREE + tie_tolerance * fmax(1, fabs(sorted[i]));
        size_t j = i;
        while (j < n && sorted[j] - sorted[i] <= reach)
            j++;
        if (j - i > most) {
            most = j - i;
            *first = i;
        }
    }
    return most;
}

size_t limit_site_agree(const double *q, size_t n, double tie_tolerance,
                        struct arena *arena, double *agreed, bool *odd)
{
    assert(n >= 1);
    double *sorted = arena_doubles(arena, n);
    memcpy(sorted, q, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, ascending);
    size_t first = 0, most = group(sorted, n, tie_tolerance, &first);
    *agreed = sorted[first + (most - 1) / 2];
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        bool inside = q[i] >= sorted[first] && q[i] <= sorted[first + most - 1];
        odd[i] = !inside || 2 * most <= n;
        count += odd[i];
    }
    return count;
}
