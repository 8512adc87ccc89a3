// SPDX-License-Identifier: GPL-3.0-or-later
// gp.c - a Gaussian process: what values are likely where

#include "gp.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "cholesky.h"
#include "lbfgs.h"

enum {
    FEW = 128,  // points on which theta is looked for first
    STEPS = 70, // evaluations of the loss there
    LEAST = 6,  // on all points
};

// Of the second part of gp_learn, in multiplications; about half a second.
static const double work = 3e9;

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

// ---- points -----------------------------------------------------------------

struct matern_points gp_points(size_t n, size_t d,
                               const enum matern_distance *distance,
                               struct arena *arena)
{
    struct matern_points points = {.d = d, .distance = distance};
    points.stride = matern_padded(n + 1);
    points.x = arena_zeros(arena, d * points.stride + 1, sizeof *points.x);
    return points;
}

void gp_points_add(struct matern_points *points, const double *x)
{
    assert(points->n < points->stride);
    for (size_t k = 0; k < points->d; k++)
        points->x[k * points->stride + points->n] = x[k];
    points->n++;
}

void gp_points_get(const struct matern_points *points, size_t i, double *x)
{
    for (size_t k = 0; k < points->d; k++)
        x[k] = points->x[k * points->stride + i];
}

// ---- the posterior density of theta -----------------------------------------

struct gp_loss {
    const struct gp_data *data;
    double *weight, *x;         // [d]
    double *covariance, *slope; // [stride x stride] upper triangles
    double *factor;             // [stride x stride] U, then K^-1
    double *alpha;              // [stride]
    double *pull;               // [stride] of one column
};

struct gp_loss *gp_loss_new(const struct gp_data *data, struct arena *arena)
{
    size_t stride = data->points.stride, square = stride * stride;
    struct gp_loss *loss = arena_alloc(arena, sizeof *loss);
    loss->data = data;
    loss->weight = arena_doubles(arena, data->points.d);
    loss->x = arena_doubles(arena, data->points.d);
    loss->covariance = arena_doubles(arena, square);
    loss->slope = arena_doubles(arena, square);
    loss->factor = arena_doubles(arena, square);
    loss->alpha = arena_doubles(arena, stride);
    loss->pull = arena_doubles(arena, stride);
    return loss;
}

// Two categories are 1 apart, two random numbers a third on average.
static double typical_log_length(const struct matern_points *points, size_t k)
{
    bool category = points->distance[k] == MATERN_CATEGORY ||
                    points->distance[k] == MATERN_CATEGORY_OR_NONE;
    double d = (double)points->d;
    return log(category ? 0.5 : 0.25) + (d < 50 ? 0.25 : 0.5) * log(d);
}

// A normal prior: what it adds to the loss, and to the derivative.
static double prior(double x, double mean, double sd, double *derivative)
{
    double z = (x - mean) / sd;
    *derivative += z / sd;
    return 0.5 * z * z;
}

static double priors(const struct matern_points *points, const double *theta,
                     double *gradient)
{
    size_t d = points->d;
    double sum = 0;
    for (size_t k = 0; k < d; k++)
        sum += prior(theta[k], typical_log_length(points, k), 1, &gradient[k]);
    sum += prior(theta[d], 0, 1.5, &gradient[d]);
    return sum + prior(theta[d + 1], -7, 3, &gradient[d + 1]);
}

static double known_variance(const struct gp_data *data, size_t i)
{
    return data->variance ? data->variance[i] : 0;
}

static void fill(struct gp_loss *loss, double scale, double noise)
{
    const struct matern_points *points = &loss->data->points;
    size_t stride = points->stride;
    for (size_t j = 0; j < points->n; j++) {
        double *column = loss->covariance + j * stride;
        gp_points_get(points, j, loss->x);
        matern_correlate(points, j, loss->x, loss->weight, column,
                         loss->slope + j * stride);
        for (size_t i = 0; i < j; i++)
            column[i] *= scale;
        column[j] = scale + noise + known_variance(loss->data, j);
        memcpy(loss->factor + j * stride, column, (j + 1) * sizeof *column);
    }
}

// Half the trace of (K^-1 - alpha alpha^T) dK / dtheta, for each theta.
static void traces(struct gp_loss *loss, double scale, double noise,
                   double *gradient)
{
    const struct matern_points *points = &loss->data->points;
    size_t d = points->d, stride = points->stride;
    for (size_t j = 0; j < points->n; j++) {
        const double *inverse = loss->factor + j * stride;
        const double *covariance = loss->covariance + j * stride;
        const double *slope = loss->slope + j * stride;
        for (size_t i = 0; i < j; i++) {
            double w = inverse[i] - loss->alpha[i] * loss->alpha[j];
            gradient[d] += w * covariance[i];
            loss->pull[i] = w * scale * slope[i];
        }
        for (size_t i = j; i < matern_padded(j); i++)
            loss->pull[i] = 0;
        double w = inverse[j] - loss->alpha[j] * loss->alpha[j];
        gradient[d] += 0.5 * w * scale;
        gradient[d + 1] += 0.5 * w * noise;
        for (size_t k = 0; k < d; k++)
            gradient[k] +=
                loss->weight[k] * matern_distances(points, j, k,
                                                   points->x[k * stride + j],
                                                   loss->pull);
    }
}

double gp_loss(struct gp_loss *loss, const double *theta, double *gradient)
{
    const struct matern_points *points = &loss->data->points;
    size_t n = points->n, d = points->d, stride = points->stride;
    double scale = exp(theta[d]), noise = exp(theta[d + 1]);
    for (size_t k = 0; k < d; k++)
        loss->weight[k] = exp(-2 * theta[k]);
    memset(gradient, 0, (d + 2) * sizeof *gradient);
    fill(loss, scale, noise);
    if (!cholesky_factor(loss->factor, n, stride))
        return 1e25;
    memcpy(loss->alpha, loss->data->y, n * sizeof *loss->alpha);
    cholesky_solve(loss->factor, n, stride, true, loss->alpha);
    double sum = 0.5 * dot(loss->alpha, loss->alpha, n);
    cholesky_solve(loss->factor, n, stride, false, loss->alpha);
    for (size_t i = 0; i < n; i++)
        sum += log(loss->factor[i * stride + i]);
    cholesky_invert(loss->factor, n, stride);
    traces(loss, scale, noise, gradient);
    return sum + priors(points, theta, gradient);
}

// ---- learning theta ---------------------------------------------------------

static double value_of(void *context, const double *theta, double *gradient)
{
    return gp_loss(context, theta, gradient);
}

static double improve(const struct gp_data *data, size_t max_evaluations,
                      struct arena *arena, double *theta)
{
    size_t d = data->points.d;
    double *low = arena_doubles(arena, d + 2);
    double *high = arena_doubles(arena, d + 2);
    for (size_t k = 0; k < d; k++) {
        low[k] = log(0.025);
        high[k] = log(100 * sqrt((double)d));
    }
    low[d] = log(1e-3);
    high[d] = log(100);
    low[d + 1] = log(data->least_noise);
    high[d + 1] = 0;
    struct lbfgs_problem problem = {.n = d + 2,
                                    .low = low,
                                    .high = high,
                                    .value = value_of,
                                    .context = gp_loss_new(data, arena),
                                    .max_evaluations = max_evaluations,
                                    .tolerance = 1e-2};
    return lbfgs_minimise(&problem, arena, theta);
}

// `few` points of the data, evenly spread over their order.
static struct gp_data thin_out(const struct gp_data *data, size_t few,
                               struct arena *arena)
{
    const struct matern_points *all = &data->points;
    struct gp_data less = {.least_noise = data->least_noise};
    double *x = arena_doubles(arena, all->d);
    double *y = arena_doubles(arena, few);
    double *variance = arena_doubles(arena, few);
    less.points = gp_points(few, all->d, all->distance, arena);
    for (size_t i = 0; i < few; i++) {
        size_t from = i * all->n / few;
        gp_points_get(all, from, x);
        gp_points_add(&less.points, x);
        y[i] = data->y[from];
        variance[i] = known_variance(data, from);
    }
    less.y = y;
    less.variance = variance;
    return less;
}

double gp_learn(const struct gp_data *data, struct arena *arena, double *theta)
{
    size_t d = data->points.d, n = data->points.n;
    struct gp_data less = *data;
    if (n > FEW)
        less = thin_out(data, FEW, arena);
    double best = INFINITY, *trial = arena_doubles(arena, d + 2);
    for (int start = 0; start < 2; start++) {
        double length = fmax(0.5, 0.5 * sqrt((double)d));
        for (size_t k = 0; k < d; k++)
            trial[k] = log(start ? 0.2 * length : length);
        trial[d] = 0;
        trial[d + 1] = log(fmax(1e-3, 2 * data->least_noise));
        double loss = improve(&less, STEPS, arena, trial);
        if (loss < best || start == 0)
            memcpy(theta, trial, (d + 2) * sizeof *theta);
        best = fmin(best, loss);
    }
    if (n <= FEW)
        return best;
    double size = (double)n, each = size * size * (size + 4 * (double)d);
    return improve(data, (size_t)clamp(work / each, LEAST, STEPS), arena,
                   theta);
}

// ---- the process given the data ---------------------------------------------

static struct gp make_room(const struct matern_points *points, size_t room,
                           struct arena *arena)
{
    struct gp gp = {.points =
                        gp_points(room, points->d, points->distance, arena)};
    size_t stride = gp.points.stride;
    gp.weight = arena_doubles(arena, points->d);
    gp.y = arena_doubles(arena, stride);
    gp.variance = arena_doubles(arena, stride);
    gp.whitened = arena_doubles(arena, stride);
    gp.alpha = arena_doubles(arena, stride);
    gp.factor = arena_doubles(arena, stride * stride);
    return gp;
}

static void covariances(const struct gp *gp, size_t n, const double *x,
                        double *column, double *slope)
{
    matern_correlate(&gp->points, n, x, gp->weight, column, slope);
    for (size_t i = 0; i < n; i++)
        column[i] *= gp->scale;
}

static bool factor(struct gp *gp, double *x)
{
    size_t stride = gp->points.stride;
    for (size_t j = 0; j < gp->points.n; j++) {
        double *column = gp->factor + j * stride;
        gp_points_get(&gp->points, j, x);
        covariances(gp, j, x, column, NULL);
        column[j] = gp->scale + gp->noise + gp->variance[j];
    }
    return cholesky_factor(gp->factor, gp->points.n, stride);
}

bool gp_condition(struct gp *gp, const struct gp_data *data,
                  const double *theta, size_t room, struct arena *arena)
{
    size_t n = data->points.n, d = data->points.d;
    double *x = arena_doubles(arena, d);
    *gp = make_room(&data->points, room > n ? room : n, arena);
    for (size_t i = 0; i < n; i++) {
        gp_points_get(&data->points, i, x);
        gp_points_add(&gp->points, x);
        gp->variance[i] = known_variance(data, i);
    }
    for (size_t k = 0; k < d; k++)
        gp->weight[k] = exp(-2 * theta[k]);
    gp->scale = exp(theta[d]);
    double noise = gp->noise = exp(theta[d + 1]);
    for (double more = 1e-8; !factor(gp, x); more *= 10) {
        if (more > 2e-2)
            return false;
        gp->noise = noise + more;
    }
    memcpy(gp->y, data->y, n * sizeof *gp->y);
    memcpy(gp->whitened, gp->y, n * sizeof *gp->y);
    cholesky_solve(gp->factor, n, gp->points.stride, true, gp->whitened);
    gp_solve(gp);
    return true;
}

struct gp gp_widen(const struct gp *gp, size_t room, struct arena *arena)
{
    size_t n = gp->points.n, d = gp->points.d;
    struct gp wide = make_room(&gp->points, room > n ? room : n, arena);
    wide.scale = gp->scale;
    wide.noise = gp->noise;
    wide.points.n = n;
    memcpy(wide.weight, gp->weight, d * sizeof *gp->weight);
    memcpy(wide.y, gp->y, n * sizeof *gp->y);
    memcpy(wide.variance, gp->variance, n * sizeof *gp->variance);
    memcpy(wide.whitened, gp->whitened, n * sizeof *gp->y);
    memcpy(wide.alpha, gp->alpha, n * sizeof *gp->y);
    size_t from = gp->points.stride, to = wide.points.stride;
    for (size_t k = 0; k < d; k++)
        memcpy(wide.points.x + k * to, gp->points.x + k * from,
               n * sizeof *gp->points.x);
    for (size_t j = 0; j < n; j++)
        memcpy(wide.factor + j * to, gp->factor + j * from,
               (j + 1) * sizeof *gp->factor);
    return wide;
}

void gp_append(struct gp *gp, const double *x, double y, double variance)
{
    size_t n = gp->points.n, stride = gp->points.stride;
    double *column = gp->factor + n * stride;
    covariances(gp, n, x, column, NULL);
    cholesky_solve(gp->factor, n, stride, true, column);
    double mean = dot(column, gp->whitened, n);
    double all = gp->scale + gp->noise + variance;
    column[n] = sqrt(fmax(all - dot(column, column, n), 1e-12));
    gp->variance[n] = variance;
    gp->y[n] = isnan(y) ? mean : y;
    gp->whitened[n] = (gp->y[n] - mean) / column[n];
    gp_points_add(&gp->points, x);
}

void gp_solve(struct gp *gp)
{
    size_t n = gp->points.n;
    memcpy(gp->alpha, gp->whitened, n * sizeof *gp->alpha);
    cholesky_solve(gp->factor, n, gp->points.stride, false, gp->alpha);
}

double gp_evidence(const struct gp *gp, size_t from)
{
    double sum = 0;
    for (size_t i = from; i < gp->points.n; i++) {
        double w = gp->whitened[i],
               sd = gp->factor[i * (gp->points.stride + 1)];
        sum -= 0.5 * w * w + log(sd) + 0.5 * log(2 * M_PI);
    }
    return sum;
}

// ---- predictions ------------------------------------------------------------

double gp_mean_at(const struct gp *gp, size_t i)
{
    return gp->y[i] - (gp->noise + gp->variance[i]) * gp->alpha[i];
}

// The sd of a process of variance `scale` of which `known` is explained.
static double remaining(double scale, double known)
{
    return sqrt(fmax(scale - known, 1e-14 * scale));
}

struct gp_prediction gp_predict(const struct gp *gp, const double *x,
                                struct arena *arena)
{
    struct gp_prediction prediction;
    gp_predict_many(gp, x, 1, arena, &prediction);
    return prediction;
}

struct gp_prediction gp_predict_slope(const struct gp *gp, const double *x,
                                      struct arena *arena, double *mean_slope,
                                      double *sd_slope)
{
    size_t n = gp->points.n, stride = gp->points.stride;
    double *beta = arena_doubles(arena, stride);
    double *slope = arena_doubles(arena, stride);
    double *pull = arena_doubles(arena, stride);
    covariances(gp, n, x, beta, slope);
    double mean = dot(beta, gp->alpha, n);
    cholesky_solve(gp->factor, n, stride, true, beta);
    double sd = remaining(gp->scale, dot(beta, beta, n));
    cholesky_solve(gp->factor, n, stride, false, beta);
    for (size_t i = 0; i < n; i++) {
        pull[i] = slope[i] * gp->alpha[i];
        beta[i] *= slope[i];
    }
    // dk_i / dx_k = -s^2 slope_i weight_k (x_k - X_ik)
    for (size_t k = 0; k < gp->points.d; k++) {
        double factor = gp->scale * gp->weight[k];
        mean_slope[k] = -factor * matern_pull(&gp->points, n, k, x[k], pull);
        sd_slope[k] = factor / sd * matern_pull(&gp->points, n, k, x[k], beta);
    }
    return (struct gp_prediction){mean, sd};
}

void gp_predict_many(const struct gp *gp, const double *x, size_t m,
                     struct arena *arena, struct gp_prediction *out)
{
    size_t n = gp->points.n, stride = gp->points.stride;
    double *columns = arena_doubles(arena, m * stride);
    for (size_t j = 0; j < m; j++) {
        double *column = columns + j * stride;
        covariances(gp, n, x + j * gp->points.d, column, NULL);
        out[j].mean = dot(column, gp->alpha, n);
    }
    cholesky_solve_many(gp->factor, n, stride, m, columns);
    for (size_t j = 0; j < m; j++) {
        const double *column = columns + j * stride;
        out[j].sd = remaining(gp->scale, dot(column, column, n));
    }
}
