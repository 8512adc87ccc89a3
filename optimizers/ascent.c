// SPDX-License-Identifier: GPL-3.0-or-later
// ascent.c - where in a space a try is worth most
//
// The numbers of candidates and of climbs are those of optimizers/README.md,
// section gp; more of them were not better. From 300 known points on, climbs
// are fewer and shorter, so that a suggestion takes some ten milliseconds.

#include "ascent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lbfgs.h"
#include "outset.h"

enum {
    CLIMBS = 4, // 2 from MANY known points on
    MANY = 300,
    ROUNDS = 3,       // of continuous and discrete moves
    EVALUATIONS = 50, // of L-BFGS per round; half of it with MANY
    MOVES = 4,        // discrete ones per round
    NEIGHBOURS = 256, // that are looked at per move
    FINE = 100,       // a parameter with more levels moves continuously
    EXHAUSTIVE = 16,  // with so many, all levels are neighbours
};

// ---- values -----------------------------------------------------------------

bool ascent_is_number(const struct ascent *ascent, size_t k)
{
    enum matern_distance distance = ascent->gps[0].points.distance[k];
    return distance == MATERN_NUMBER || distance == MATERN_NUMBER_OR_NONE;
}

static bool held(const struct ascent *ascent, size_t k)
{
    return ascent->held && ascent->held[k];
}

// To the nearest known point: the largest difference of a coordinate.
static double remoteness(const struct ascent *ascent, const double *unit)
{
    const struct matern_points *points = &ascent->gps[0].points;
    double least = INFINITY;
    for (size_t i = 0; i < points->n; i++) {
        double most = 0;
        for (size_t k = 0; k < ascent->space->n && most < least; k++) {
            double gap = fabs(unit[k] - points->x[k * points->stride + i]);
            if (ascent_is_number(ascent, k) && gap > most)
                most = gap;
        }
        least = fmin(least, most);
    }
    return least;
}

static size_t n_outputs(const struct ascent *ascent)
{
    return ascent->worth->n_objectives + ascent->worth->n_constraints;
}

// The worth of a point for its predictions, and its derivatives by them.
// Outside of the trust region it falls with the distance; where restrictions
// forbid the point, it is least.
static double judge(const struct ascent *ascent, const double *unit,
                    const struct gp_prediction *p, struct arena *arena,
                    double *by_mean, double *by_sd)
{
    double value = worth_of(ascent->worth, p, by_mean, by_sd);
    double far = isinf(ascent->radius) ? 0 : remoteness(ascent, unit);
    bool forbidden = !outset_allows(ascent->space, unit, arena);
    if (far <= ascent->radius && !forbidden)
        return value;
    memset(by_mean, 0, n_outputs(ascent) * sizeof *by_mean);
    memset(by_sd, 0, n_outputs(ascent) * sizeof *by_sd);
    return forbidden ? -1e6 : -1e4 - far;
}

// Copies m points to rows as wide as those of the processes.
static const double *widen(const struct ascent *ascent, const double *unit,
                           size_t m, struct arena *arena)
{
    size_t d = ascent->space->n, width = ascent->gps[0].points.d;
    if (width == d)
        return unit;
    double *wide = arena_zeros(arena, m * width, sizeof *wide);
    for (size_t i = 0; i < m; i++)
        memcpy(wide + i * width, unit + i * d, d * sizeof *unit);
    return wide;
}

static void values(const struct ascent *ascent, const double *unit, size_t m,
                   struct arena *arena, double *value)
{
    size_t n = n_outputs(ascent);
    const double *x = widen(ascent, unit, m, arena);
    struct gp_prediction *p = arena_alloc(arena, (n * m + 1) * sizeof *p);
    struct gp_prediction *row = arena_alloc(arena, n * sizeof *row);
    double *by_mean = arena_doubles(arena, n), *by_sd = arena_doubles(arena, n);
    for (size_t i = 0; i < n; i++)
        gp_predict_many(&ascent->gps[i], x, m, arena, p + i * m);
    for (size_t j = 0; j < m; j++) {
        for (size_t i = 0; i < n; i++)
            row[i] = p[i * m + j];
        value[j] = judge(ascent, unit + j * ascent->space->n, row, arena,
                         by_mean, by_sd);
    }
}

static double value_at(const struct ascent *ascent, const double *unit,
                       struct arena *arena)
{
    double value;
    values(ascent, unit, 1, arena, &value);
    return value;
}

// ---- continuous moves -------------------------------------------------------

struct slope {
    const struct ascent *ascent;
    struct arena *arena;
    size_t n;
    size_t *coordinate;               // [n] that move
    double *scale;                    // [n] z = scale u
    double *unit;                     // [width] all of them
    struct gp_prediction *prediction; // [outputs]
    double *by_mean, *by_sd;          // [outputs]
    double *mean_slope, *sd_slope;    // [outputs x width]
};

// Does k move continuously from here?
static bool moves(const struct ascent *ascent, const double *unit, size_t k)
{
    size_t levels = param_levels(&ascent->space->params[k]);
    return !held(ascent, k) && !isnan(unit[k]) && ascent_is_number(ascent, k) &&
           (levels == 0 || levels > FINE);
}

// Minus the worth, at z = u / length scale of the first output.
static double downhill(void *context, const double *z, double *gradient)
{
    struct slope *s = context;
    size_t m = n_outputs(s->ascent), width = s->ascent->gps[0].points.d;
    for (size_t j = 0; j < s->n; j++)
        s->unit[s->coordinate[j]] = fmin(1, z[j] / s->scale[j]);
    for (size_t i = 0; i < m; i++)
        s->prediction[i] = gp_predict_slope(&s->ascent->gps[i], s->unit,
                                            s->arena, s->mean_slope + i * width,
                                            s->sd_slope + i * width);
    double value = judge(s->ascent, s->unit, s->prediction, s->arena,
                         s->by_mean, s->by_sd);
    for (size_t j = 0; j < s->n; j++) {
        double sum = 0;
        for (size_t i = 0; i < m; i++) {
            size_t at = i * width + s->coordinate[j];
            sum += s->by_mean[i] * s->mean_slope[at] +
                   s->by_sd[i] * s->sd_slope[at];
        }
        gradient[j] = -sum / s->scale[j];
    }
    return -value;
}

static struct slope slope_at(const struct ascent *ascent, const double *unit,
                             struct arena *arena)
{
    size_t d = ascent->space->n, width = ascent->gps[0].points.d;
    size_t m = n_outputs(ascent);
    struct slope s = {.ascent = ascent, .arena = arena};
    s.coordinate = arena_alloc(arena, (d + 1) * sizeof *s.coordinate);
    s.scale = arena_doubles(arena, d);
    s.unit = arena_zeros(arena, width, sizeof *s.unit);
    s.prediction = arena_alloc(arena, m * sizeof *s.prediction);
    s.by_mean = arena_doubles(arena, m);
    s.by_sd = arena_doubles(arena, m);
    s.mean_slope = arena_doubles(arena, m * width);
    s.sd_slope = arena_doubles(arena, m * width);
    memcpy(s.unit, unit, d * sizeof *unit);
    for (size_t k = 0; k < d; k++)
        if (moves(ascent, unit, k)) {
            s.scale[s.n] = sqrt(ascent->gps[0].weight[k]);
            s.coordinate[s.n++] = k;
        }
    return s;
}

static void climb(const struct ascent *ascent, struct arena *arena,
                  double *unit)
{
    struct slope s = slope_at(ascent, unit, arena);
    if (s.n == 0)
        return;
    double *low = arena_zeros(arena, s.n, sizeof *low);
    double *z = arena_doubles(arena, s.n);
    for (size_t j = 0; j < s.n; j++)
        z[j] = unit[s.coordinate[j]] * s.scale[j];
    size_t spared = ascent->gps[0].points.n > MANY;
    struct lbfgs_problem problem = {.n = s.n,
                                    .low = low,
                                    .high = s.scale,
                                    .value = downhill,
                                    .context = &s,
                                    .max_evaluations = EVALUATIONS >> spared,
                                    .tolerance = 1e-4};
    lbfgs_minimise(&problem, arena, z);
    for (size_t j = 0; j < s.n; j++)
        unit[s.coordinate[j]] = fmin(1, z[j] / s.scale[j]);
    outset_snap(ascent->space, arena, unit);
}

// ---- discrete moves ---------------------------------------------------------

// Which levels are neighbours of `level`: writes at most EXHAUSTIVE of them.
static size_t neighbours(size_t levels, size_t level, size_t *out)
{
    size_t n = 0;
    if (levels <= EXHAUSTIVE) {
        for (size_t i = 0; i < levels; i++)
            if (i != level)
                out[n++] = i;
        return n;
    }
    size_t leap = levels / 8;
    const size_t up[] = {1, leap}, room = levels - 1 - level;
    for (int i = 0; i < 2; i++) {
        if (up[i] <= room)
            out[n++] = level + up[i];
        if (up[i] <= level)
            out[n++] = level - up[i];
    }
    return n;
}

// Writes the points that differ in one coordinate, beginning with a random
// one; returns how many.
static size_t surround(const struct ascent *ascent, const double *unit,
                       struct rng *rng, struct arena *arena, double *out)
{
    const struct space *space = ascent->space;
    size_t d = space->n, n = 0, first = (size_t)rng_below(rng, d);
    double *point = arena_doubles(arena, d);
    space_decode(space, unit, point);
    for (size_t i = 0; i < d; i++) {
        size_t k = (first + i) % d, level[EXHAUSTIVE];
        const struct param *param = &space->params[k];
        size_t levels = param_levels(param);
        if (isnan(unit[k]) || levels < 2 || held(ascent, k) ||
            moves(ascent, unit, k))
            continue;
        size_t m = neighbours(levels, param_nearest(param, point[k]), level);
        for (size_t j = 0; j < m && n < NEIGHBOURS; j++, n++) {
            double *row = out + n * d;
            memcpy(row, unit, d * sizeof *row);
            row[k] = param_encode(param, param_value(param, level[j]));
            outset_snap(space, arena, row);
        }
    }
    return n;
}

static size_t largest(const double *value, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (value[i] > value[best])
            best = i;
    return best;
}

// Goes to the best neighbour while that is better; returns its value.
static double hop(const struct ascent *ascent, struct rng *rng,
                  struct arena *arena, double *unit, double value)
{
    size_t d = ascent->space->n;
    double *around = arena_doubles(arena, NEIGHBOURS * d);
    double *found = arena_doubles(arena, NEIGHBOURS);
    size_t moves = ascent->gps[0].points.n > MANY ? MOVES / 2 : MOVES;
    for (size_t i = 0; i < moves; i++) {
        size_t n = surround(ascent, unit, rng, arena, around);
        values(ascent, around, n, arena, found);
        size_t best = largest(found, n);
        if (n == 0 || !(found[best] > value + 1e-12))
            break;
        value = found[best];
        memcpy(unit, around + best * d, d * sizeof *unit);
    }
    return value;
}

// Improves a point in turns; returns its value.
static double refine(const struct ascent *ascent, struct rng *rng,
                     struct arena *arena, double *unit, double value)
{
    size_t d = ascent->space->n;
    double *trial = arena_doubles(arena, d);
    for (int round = 0; round < ROUNDS; round++) {
        double before = value;
        memcpy(trial, unit, d * sizeof *unit);
        climb(ascent, arena, trial);
        double climbed = value_at(ascent, trial, arena);
        if (climbed > value) {
            value = climbed;
            memcpy(unit, trial, d * sizeof *unit);
        }
        double climb_only = value;
        value = hop(ascent, rng, arena, unit, value);
        if (value - before < 1e-9 || value - climb_only < 1e-9)
            break;
    }
    return value;
}

// ---- all of it --------------------------------------------------------------

// Index drawn with weight e^(2 z), z the standardised value (Gumbel's trick).
static size_t draw(const double *value, size_t n, struct rng *rng)
{
    double mean = 0, variance = 0, most = -INFINITY;
    for (size_t i = 0; i < n; i++)
        mean += value[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        variance += (value[i] - mean) * (value[i] - mean) / (double)n;
    double sd = sqrt(variance) + 1e-300;
    size_t chosen = 0;
    for (size_t i = 0; i < n; i++) {
        double luck = -log(-log(fmax(rng_uniform(rng), 1e-300)));
        double weight = 2 * (value[i] - mean) / sd + luck;
        if (weight > most) {
            most = weight;
            chosen = i;
        }
    }
    return chosen;
}

struct ranked {
    double value;
    size_t index;
};

static int by_value(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->value != y->value)
        return x->value > y->value ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

struct ascent_points ascent_find(const struct ascent *ascent, struct rng *rng,
                                 struct arena *arena)
{
    size_t d = ascent->space->n, most = OUTSET_POINTS + CLIMBS;
    double *unit = arena_doubles(arena, most * d);
    double *value = arena_doubles(arena, most);
    size_t candidates = outset_points(ascent, rng, arena, unit);
    values(ascent, unit, candidates, arena, value);
    struct ranked rank[OUTSET_POINTS + CLIMBS] = {{0, 0}};
    for (size_t i = 0; i < candidates; i++)
        rank[i] = (struct ranked){value[i], i};
    qsort(rank, candidates, sizeof *rank, by_value);
    size_t climbs = ascent->gps[0].points.n > MANY ? CLIMBS / 2 : CLIMBS;
    size_t n = candidates;
    for (size_t i = 0; i < climbs; i++, n++) {
        size_t from = i < climbs / 2 && i < candidates
                          ? rank[i].index
                          : draw(value, candidates, rng);
        memcpy(unit + n * d, unit + from * d, d * sizeof *unit);
        value[n] = refine(ascent, rng, arena, unit + n * d, value[from]);
    }
    for (size_t i = 0; i < n; i++)
        rank[i] = (struct ranked){value[i], i};
    qsort(rank, n, sizeof *rank, by_value);
    struct ascent_points found = {n, arena_doubles(arena, n * d)};
    for (size_t i = 0; i < n; i++)
        memcpy(found.unit + i * d, unit + rank[i].index * d, d * sizeof *unit);
    return found;
}
