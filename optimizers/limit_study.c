// SPDX-License-Identifier: GPL-3.0-or-later
// limit_study.c - everything that the told toys of a study say

#include "limit_study.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "limit_asymptotic.h"
#include "limit_grid.h"
#include "limit_interpolate.h"
#include "limit_reach.h"
#include "normal.h"

static const double NARROW = 1; // window of curves among others

// CLs at one signal strength, without its error.
struct height {
    double mu, cls, toys;
};

// Of the points with the same mu the one with most toys is first.
static int by_mu(const void *a, const void *b)
{
    const struct height *x = a, *y = b;
    if (x->mu != y->mu)
        return x->mu < y->mu ? -1 : 1;
    if (x->toys != y->toys)
        return x->toys > y->toys ? -1 : 1;
    return x->cls < y->cls ? -1 : x->cls > y->cls;
}

// CLs as other tools have it; false: it is not known.
static bool height(const struct limit_plan *plan,
                   const struct limit_summary *site, unsigned curve,
                   double *cls)
{
    bool data = curve == LIMIT_OBSERVED;
    if (data ? !site->observed || site->data.status != LIMIT_CLS_OK
             : site->band[curve - 1].share <= 0)
        return false;
    *cls = data                    ? site->data.cls
           : plan->reading.sb_only ? site->expected[curve - 1].cls
                                   : site->band[curve - 1].linear;
    return true;
}

static bool interpolate(const struct limit_plan *plan,
                        const struct limit_study *study, unsigned curve,
                        bool asymptotic, struct arena *arena, double *mu)
{
    struct height *heights =
        arena_alloc(arena, (study->n + 1) * sizeof *heights);
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < study->n; i++) {
        const struct limit_summary *site = &study->sites[i];
        double cls = curve == LIMIT_OBSERVED ? site->asymptotic_data
                                             : site->asymptotic[curve - 1];
        if (asymptotic ? site->has_asymptotic : height(plan, site, curve, &cls))
            heights[n++] =
                (struct height){site->mu, cls, site->n_sb + site->n_b};
    }
    qsort(heights, n, sizeof *heights, by_mu);
    double *mus = arena_doubles(arena, n + 1);
    double *cls = arena_doubles(arena, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && heights[i].mu == heights[i - 1].mu)
            continue;
        mus[kept] = heights[i].mu;
        cls[kept++] = heights[i].cls;
    }
    return limit_interpolate(mus, cls, kept, plan->alpha,
                             asymptotic ? LIMIT_PARABOLA : LIMIT_LINEAR, mu);
}

static int by_strength(const void *a, const void *b)
{
    const struct limit_asimov *x = a, *y = b;
    return x->mu < y->mu ? -1 : x->mu > y->mu;
}

static bool asymptotic(const struct limit_plan *plan,
                       const struct limit_study *study, unsigned curve,
                       struct arena *arena, double *mu)
{
    if (plan->reading.sb_only)
        return interpolate(plan, study, curve, true, arena, mu);
    struct limit_asimov *points =
        arena_alloc(arena, (study->n + 1) * sizeof *points);
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < study->n; i++) {
        const struct limit_summary *site = &study->sites[i];
        if (site->has_asymptotic)
            points[n++] =
                (struct limit_asimov){site->mu, site->q, site->q_asimov};
    }
    qsort(points, n, sizeof *points, by_strength);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || points[i].mu != points[kept - 1].mu)
            points[kept++] = points[i];
    double sigmas = curve == LIMIT_OBSERVED
                        ? LIMIT_ASYMPTOTIC_OBSERVED
                        : limit_band_sigmas(plan->reading.quantiles, curve - 1);
    return limit_asymptotic_limit(points, kept, sigmas, plan->reading.bounded,
                                  plan->alpha, mu);
}

// Is one curve all that is wanted? Then the points are around its limit.
static bool is_alone(const struct limit_plan *plan)
{
    unsigned wanted = 0;
    for (unsigned c = 0; c < LIMIT_CURVES; c++)
        wanted += plan->wanted[c];
    return wanted == 1;
}

static struct limit_estimate estimate(const struct limit_plan *plan,
                                      const struct limit_study *study,
                                      unsigned curve, struct arena *arena)
{
    struct limit_point *points =
        arena_alloc(arena, (study->n + 1) * sizeof *points);
    for (size_t i = 0; i < study->n; i++)
        points[i] = (struct limit_point){study->sites[i].mu,
                                         study->sites[i].counts[curve]};
    struct limit_estimate result = {
        .wanted = true,
        .curve.scan = {.points = points,
                       .n = study->n,
                       .alpha = plan->alpha,
                       .sb_only = plan->reading.sb_only,
                       .known_b = curve != LIMIT_OBSERVED,
                       .window = is_alone(plan) ? 0 : NARROW},
        .inconsistent = curve == LIMIT_OBSERVED && study->inconsistent > 0,
    };
    result.curve.limit = limit_scan(&result.curve.scan, arena);
    if (limit_found(&result.curve.limit))
        result.total_error = limit_total_error(&result.curve.limit);
    result.precise = limit_precise(&result.curve.limit, &plan->settings);
    result.has_linear =
        interpolate(plan, study, curve, false, arena, &result.linear);
    result.has_asymptotic =
        asymptotic(plan, study, curve, arena, &result.asymptotic);
    if (result.has_asymptotic)
        result.curve.guess = result.asymptotic;
    return result;
}

static void count(struct limit_study *study)
{
    for (size_t i = 0; i < study->n; i++) {
        const struct limit_summary *site = &study->sites[i];
        study->toys_sb += site->n_sb;
        study->toys_b += site->n_b * site->share_b;
        study->failed += site->failed_sb + site->failed_b * site->share_b;
        study->inconsistent += site->inconsistent;
    }
}

static bool is_exhausted(const struct limit_plan *plan,
                         const struct limit_estimate *estimate)
{
    return limit_reach_exhausted(&plan->settings, &estimate->curve);
}

static double thrown(const struct limit_study *study)
{
    return study->toys_sb + study->toys_b + study->failed;
}

static enum limit_state judge(const struct limit_plan *plan,
                              const struct limit_study *study)
{
    bool precise = true, settled = true;
    for (unsigned c = 0; c < LIMIT_CURVES; c++) {
        const struct limit_estimate *estimate = &study->curve[c];
        if (!estimate->wanted || estimate->precise)
            continue;
        precise = false;
        settled &= is_exhausted(plan, estimate);
    }
    bool enough = thrown(study) >= (double)plan->settings.min_toys;
    if (enough && precise)
        return LIMIT_STATE_CONVERGED;
    if (thrown(study) >= (double)plan->settings.max_toys)
        return LIMIT_STATE_MAX_TOYS;
    return enough && settled ? LIMIT_STATE_MAX_POINTS : LIMIT_STATE_RUNNING;
}

// Errors shrink with the root of the toys, so the worst curve tells how many
// times as many are needed.
static bool foresee(const struct limit_plan *plan,
                    const struct limit_study *study, double *toys)
{
    double times = 1, done = thrown(study);
    double most = fmax((double)plan->settings.max_toys - done, 0);
    for (unsigned c = 0; c < LIMIT_CURVES; c++) {
        const struct limit_estimate *estimate = &study->curve[c];
        if (!estimate->wanted || estimate->precise ||
            is_exhausted(plan, estimate))
            continue;
        const struct limit *limit = &estimate->curve.limit;
        if (!limit_found(limit))
            return false;
        double wanted = limit_tolerance(&plan->settings, limit->mu);
        double ratio = wanted > 0 ? estimate->total_error / wanted : INFINITY;
        times = fmax(times, ratio * ratio);
    }
    double least = (double)plan->settings.min_toys - done;
    *toys = fmin(fmax(done * (times - 1), fmax(least, 0)), most);
    return true;
}

// What a fixed grid has instead of limits that become precise.
static void look_at_grid(const struct limit_plan *plan,
                         struct limit_study *study)
{
    struct limit_grid grid = limit_grid_look(plan, study->sites, study->n);
    study->has_forecast = true;
    study->forecast = grid.forecast;
    study->state = grid.open > 0    ? LIMIT_STATE_RUNNING
                   : grid.spent > 0 ? LIMIT_STATE_MAX_TOYS
                                    : LIMIT_STATE_CONVERGED;
}

struct limit_study limit_study_look(const struct limit_plan *plan,
                                    const struct limit_summary *sites, size_t n,
                                    struct arena *arena)
{
    struct limit_study study = {.sites = sites, .n = n};
    count(&study);
    for (unsigned c = 0; c < LIMIT_CURVES; c++)
        if (plan->wanted[c])
            study.curve[c] = estimate(plan, &study, c, arena);
    if (plan->n_points > 0) {
        look_at_grid(plan, &study);
        return study;
    }
    study.state = judge(plan, &study);
    study.has_forecast = study.state != LIMIT_STATE_RUNNING ||
                         foresee(plan, &study, &study.forecast);
    return study;
}

// ---- the next order ---------------------------------------------------------

// The curves that toys can still help, or all if there are none.
static size_t gather(const struct limit_plan *plan,
                     const struct limit_study *study,
                     struct limit_curve curves[LIMIT_CURVES])
{
    size_t m = 0, hopeful = 0;
    for (unsigned c = 0; c < LIMIT_CURVES; c++)
        hopeful +=
            study->curve[c].wanted && !is_exhausted(plan, &study->curve[c]);
    for (unsigned c = 0; c < LIMIT_CURVES; c++)
        if (study->curve[c].wanted &&
            (hopeful == 0 || !is_exhausted(plan, &study->curve[c])))
            curves[m++] = study->curve[c].curve;
    return m;
}

static struct limit_order adapt(const struct limit_plan *plan,
                                const struct limit_study *study,
                                const struct limit_running *running,
                                struct rng *rng, struct arena *arena)
{
    struct limit_site *sites =
        arena_alloc(arena, (study->n + 1) * sizeof *sites);
    for (size_t i = 0; i < study->n; i++) {
        const struct limit_summary *told = &study->sites[i];
        double b = (told->n_b + told->failed_b) * told->share_b;
        sites[i] = (struct limit_site){
            .mu = told->mu,
            .observed = told->observed,
            .asked = running[i].data,
            .n_sb = told->n_sb + told->failed_sb + running[i].sb,
            .n_b = b + running[i].b,
        };
    }
    struct limit_curve curves[LIMIT_CURVES];
    size_t m = gather(plan, study, curves);
    return limit_allocate(&plan->settings, sites, study->n, curves, m, rng);
}

struct limit_order limit_study_next(const struct limit_plan *plan,
                                    const struct limit_study *study,
                                    const struct limit_running *running,
                                    struct rng *rng, struct arena *arena)
{
    static const enum limit_want done[] = {
        [LIMIT_STATE_CONVERGED] = LIMIT_WANT_NOTHING,
        [LIMIT_STATE_MAX_TOYS] = LIMIT_WANT_NO_BUDGET,
        [LIMIT_STATE_MAX_POINTS] = LIMIT_WANT_NO_POINTS,
    };
    if (study->state != LIMIT_STATE_RUNNING)
        return (struct limit_order){.want = done[study->state]};
    struct limit_order order =
        plan->n_points > 0
            ? limit_grid_next(plan, study->sites, study->n, running)
            : adapt(plan, study, running, rng, arena);
    // The study is not done, so what is missing is out.
    if (order.want == LIMIT_WANT_NOTHING || order.want == LIMIT_WANT_NO_BUDGET)
        order = (struct limit_order){.want = LIMIT_WANT_WAIT};
    bool everywhere = plan->shared && order.want == LIMIT_WANT_TOYS_B;
    uint64_t most = plan->max_values / (everywhere ? study->n : 1);
    if (plan->max_values > 0 && order.toys > most)
        order.toys = most > 0 ? most : 1;
    return order;
}
