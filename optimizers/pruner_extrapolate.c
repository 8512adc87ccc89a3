// SPDX-License-Identifier: GPL-3.0-or-later
// pruner_extrapolate.c - stops a trial whose curve is not going to be the best
//
// The reports of the trial are extrapolated to the last step by power laws,
// y = a + b t^-g with t = step + 1, as T. Domhan, J. T. Springenberg and F.
// Hutter, "Speeding up automatic hyperparameter optimization of deep neural
// networks by extrapolation of learning curves", IJCAI 2015, do; it stops when
// the probability of ending below a rival is less than `probability`. The
// rivals are the best value that another trial had at the last step and, so
// that the trials that start together need not wait for one to end, the
// extrapolated end of the leader: the trial with the least latest value among
// those that came as far as this one. Deviations: one family of curves, and
// instead of Monte Carlo the exact posterior, a mixture of Student
// distributions over a grid of g.
//
// For each g, with x = (t / t_now)^-g - 1 and y - a = b x + noise: a has a flat
// prior, the noise an inverse gamma one of 2 degrees of freedom around what
// consecutive reports differ by, and b a normal one that allows for several
// times the spread of the trials at their beginning, so that a trial is not
// given up before it has shown that its descent slows down. For the same reason
// a straight line, g = -1, is among the curves.

#include <math.h>

#include <gsl/gsl_cdf.h>

#include "curve.h"

enum { MAX_RESOURCE, PROBABILITY, MINIMUM };

static const struct option options_table[] = {
    {"max_resource", OPTION_INT, NAN, 1, 1e15,
     "last step of a full trial, where trials are compared; must be set"},
    {"probability", OPTION_REAL, 0.2, 0, 1,
     "stop when the trial becomes the best with less than this probability"},
    {"n_min_reports", OPTION_INT, 3, 3, 1e9,
     "reports of the trial before it may be stopped"},
    PRUNER_PATIENCE,
};

static const double exponents[] = {-1, 0.25, 0.5, 1, 2};

enum { EXPONENTS = sizeof exponents / sizeof *exponents };

// The finite reports of a trial.
struct points {
    size_t n;
    double *t, *y;
};

// What is expected before the trial is looked at.
struct prior {
    double noise; // standard deviation of one report
    double slope; // standard deviation of b
};

// How likely the reports are under one exponent, and what it predicts.
struct prediction {
    double log_weight, mean, deviation, freedom;
};

// Where a trial ends: a mixture, whose weights sum to 1.
struct forecast {
    size_t n;
    struct prediction part[EXPONENTS];
};

static int check(const double *options, struct error *err)
{
    if (isnan(options[MAX_RESOURCE]))
        return error_set(err, ERROR_INVALID,
                         "the extrapolate pruner needs max_resource");
    return 0;
}

static struct points finite_points(const struct series *series,
                                   struct arena *arena)
{
    struct points points = {.t = arena_doubles(arena, series->n),
                            .y = arena_doubles(arena, series->n)};
    for (size_t i = 0; i < series->n; i++) {
        if (!isfinite(series->value[i]))
            continue;
        points.t[points.n] = (double)series->step[i] + 1;
        points.y[points.n++] = series->value[i];
    }
    return points;
}

// The larger of what the trial itself has gained so far and the distance of the
// quartiles of all trials at its first step.
static double spread(const struct pruner_task *task, size_t number,
                     struct points points)
{
    const struct series *own = &task->history->series[number];
    double *values = arena_doubles(task->arena, task->history->n);
    size_t n = curve_values(task->history, (struct curve_peers){0},
                            own->step[0], values);
    double upper = curve_quantile(values, n, 0.75);
    double between = upper - curve_quantile(values, n, 0.25);
    double gain = fabs(points.y[0] - points.y[points.n - 1]);
    return isfinite(between) ? fmax(between, gain) : gain;
}

static struct prior expect(const struct pruner_task *task, size_t number,
                           struct points points)
{
    const double several = 3;
    const double to_deviation = 0.954; // median |difference| of two normals
    double *jumps = arena_doubles(task->arena, points.n);
    for (size_t i = 1; i < points.n; i++)
        jumps[i - 1] = fabs(points.y[i] - points.y[i - 1]);
    double typical = curve_quantile(jumps, points.n - 1, 0.5);
    double all = spread(task, number, points);
    return (struct prior){.noise = typical / to_deviation + 1e-3 * all,
                          .slope = several * all};
}

static struct prediction predict(struct points points, struct prior prior,
                                 double exponent, double target)
{
    double n = (double)points.n, now = points.t[points.n - 1];
    double x_mean = 0, y_mean = 0, xx = 0, xy = 0, yy = 0;
    for (size_t i = 0; i < points.n; i++) {
        x_mean += (pow(points.t[i] / now, -exponent) - 1) / n;
        y_mean += points.y[i] / n;
    }
    for (size_t i = 0; i < points.n; i++) {
        double x = pow(points.t[i] / now, -exponent) - 1 - x_mean;
        double y = points.y[i] - y_mean;
        xx += x * x;
        xy += x * y;
        yy += y * y;
    }
    double freedom = 2 + n - 1;
    double precision = xx + pow(prior.noise / prior.slope, 2);
    double slope = xy / precision;
    double rest = 2 * prior.noise * prior.noise + yy - slope * xy;
    double x = pow(target / now, -exponent) - 1 - x_mean;
    return (struct prediction){
        .log_weight = -0.5 * (log(precision) + freedom * log(rest)),
        .mean = y_mean + slope * x,
        .deviation = sqrt(rest / freedom * (1 + 1 / n + x * x / precision)),
        .freedom = freedom,
    };
}

static void normalise(struct forecast *forecast)
{
    double most = -INFINITY, sum = 0;
    for (size_t i = 0; i < forecast->n; i++)
        most = fmax(most, forecast->part[i].log_weight);
    for (size_t i = 0; i < forecast->n; i++)
        sum += exp(forecast->part[i].log_weight - most);
    for (size_t i = 0; i < forecast->n; i++)
        forecast->part[i].log_weight -= most + log(sum);
}

// Where trial `number` ends; false while it has too few reports to tell, or all
// values are the same.
static bool foresee(const struct pruner_task *task, size_t number,
                    struct forecast *forecast)
{
    struct points points =
        finite_points(&task->history->series[number], task->arena);
    if (points.n == 0 || (double)points.n < task->options[MINIMUM])
        return false;
    struct prior prior = expect(task, number, points);
    if (prior.slope == 0)
        return false;
    forecast->n = EXPONENTS;
    for (size_t i = 0; i < EXPONENTS; i++)
        forecast->part[i] = predict(points, prior, exponents[i],
                                    task->options[MAX_RESOURCE] + 1);
    normalise(forecast);
    return true;
}

// The probability that one ends below the other. The difference of two Student
// variables is taken for one, with the freedom of Welch and Satterthwaite.
static double chance(const struct forecast *own, const struct forecast *rival)
{
    double below = 0;
    for (size_t i = 0; i < own->n; i++)
        for (size_t j = 0; j < rival->n; j++) {
            const struct prediction *a = &own->part[i], *b = &rival->part[j];
            double both = hypot(a->deviation, b->deviation);
            double share = pow(a->deviation / both, 2);
            double freedom = 1 / (pow(share, 2) / a->freedom +
                                  pow(1 - share, 2) / b->freedom);
            below += exp(a->log_weight + b->log_weight) *
                     gsl_cdf_tdist_P((b->mean - a->mean) / both, freedom);
        }
    return below;
}

// The trial with the least latest value among those that came at least as far
// but not to the last step; the trial itself when none is better.
static size_t leader(const struct pruner_task *task)
{
    const struct series *all = task->history->series;
    size_t best = task->number;
    int64_t step = all[best].step[all[best].n - 1];
    double least = all[best].value[all[best].n - 1];
    for (size_t i = 0; i < task->history->n; i++) {
        if (all[i].n == 0)
            continue;
        int64_t at = all[i].step[all[i].n - 1];
        double value = all[i].value[all[i].n - 1];
        if (at < step || (double)at >= task->options[MAX_RESOURCE] ||
            !isfinite(value) || !(value < least))
            continue;
        least = value;
        best = i;
    }
    return best;
}

static void decide(const struct pruner_task *task,
                   struct pruner_verdict *verdict)
{
    *verdict = (struct pruner_verdict){0};
    const struct series *own = &task->history->series[task->number];
    int64_t last = (int64_t)task->options[MAX_RESOURCE];
    if (curve_nan(own, verdict) || own->n == 0 || own->step[own->n - 1] >= last)
        return;
    // The trial itself has not come so far.
    double *ends = arena_doubles(task->arena, task->history->n);
    size_t n = curve_values(task->history, (struct curve_peers){0}, last, ends);
    double best = n > 0 ? curve_quantile(ends, n, 0) : INFINITY;
    double now = own->value[own->n - 1];
    struct forecast mine, rival = {1, {{0, best, 0, 1}}};
    if ((n > 0 && now <= best) || !foresee(task, task->number, &mine))
        return;
    double enough = task->options[PROBABILITY];
    int64_t step = own->step[own->n - 1];
    if (isfinite(best) && chance(&mine, &rival) < enough) {
        pruner_stop(verdict, step, now, "the out-of-reach best", best, n);
        return;
    }
    size_t ahead = leader(task);
    if (ahead == task->number || !foresee(task, ahead, &rival) ||
        chance(&mine, &rival) >= enough)
        return;
    const struct series *other = &task->history->series[ahead];
    pruner_stop(verdict, step, now, "the out-of-reach leader at",
                other->value[other->n - 1], 0);
}

const struct pruner pruner_extrapolate = {
    .name = "extrapolate",
    .help = "stops a trial whose curve is not going to be the best",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .check = check,
    .decide = decide,
};
