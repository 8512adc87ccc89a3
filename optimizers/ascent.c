// SPDX-License-Identifier: GPL-3.0-or-later
// ascent.c - where in a space an acquisition is largest
//
// The numbers of candidates and of climbs are those of optimizers/README.md,
// section gp; more of them were not better. From 300 known points on, climbs
// are fewer and shorter, so that a suggestion takes some ten milliseconds.

#include "ascent.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "acquisition.h"
#include "lbfgs.h"
#include "sobol.h"

enum {
    SPREAD = 256, // Sobol candidates
    NEAR = 128,   // candidates around the best known points
    CANDIDATES = SPREAD + NEAR,
    KNOWN = 5,  // of these
    CLIMBS = 4, // 2 from MANY known points on
    MANY = 300,
    ROUNDS = 3,       // of continuous and discrete moves
    EVALUATIONS = 50, // of L-BFGS per round; half of it with MANY
    MOVES = 4,        // discrete ones per round
    NEIGHBOURS = 256, // that are looked at per move
    FINE = 100,       // a parameter with more levels moves continuously
    EXHAUSTIVE = 16,  // with so many, all levels are neighbours
};

static const double kappa = 1.8; // standard deviations of optimism

// ---- values -----------------------------------------------------------------

static bool is_number(const struct ascent *ascent, size_t k)
{
    enum matern_distance distance = ascent->gp->points.distance[k];
    return distance == MATERN_NUMBER || distance == MATERN_NUMBER_OR_NONE;
}

// To the nearest known point: the largest difference of a coordinate.
static double remoteness(const struct ascent *ascent, const double *unit)
{
    const struct matern_points *points = &ascent->gp->points;
    double least = INFINITY;
    for (size_t i = 0; i < points->n; i++) {
        double most = 0;
        for (size_t k = 0; k < points->d && most < least; k++) {
            double gap = fabs(unit[k] - points->x[k * points->stride + i]);
            if (is_number(ascent, k) && gap > most)
                most = gap;
        }
        least = fmin(least, most);
    }
    return least;
}

static struct acquisition judge(const struct ascent *ascent, const double *unit,
                                struct gp_prediction p)
{
    if (!ascent->optimist)
        return acquisition_log_ei(p.mean, p.sd, ascent->best);
    double far = isinf(ascent->radius) ? 0 : remoteness(ascent, unit);
    if (far > ascent->radius)
        return (struct acquisition){.value = -1e4 - far};
    return acquisition_ucb(p.mean, p.sd, kappa);
}

double ascent_value(const struct ascent *ascent, const double *unit,
                    struct arena *arena)
{
    return judge(ascent, unit, gp_predict(ascent->gp, unit, arena)).value;
}

static void values(const struct ascent *ascent, const double *unit, size_t m,
                   struct arena *arena, double *value)
{
    struct gp_prediction *p = arena_alloc(arena, (m + 1) * sizeof *p);
    gp_predict_many(ascent->gp, unit, m, arena, p);
    for (size_t j = 0; j < m; j++)
        value[j] = judge(ascent, unit + j * ascent->space->n, p[j]).value;
}

// ---- candidates -------------------------------------------------------------

// Makes a unit point one that decodes to itself.
static void snap(const struct space *space, struct arena *arena, double *unit)
{
    double *point = arena_doubles(arena, space->n);
    space_decode(space, unit, point);
    space_encode(space, point, unit);
}

// Sobol points, each coordinate with a random digital shift.
static void spread(const struct space *space, struct rng *rng, double *unit)
{
    const uint16_t *row = sobol_table;
    for (size_t k = 0; k < space->n; k++) {
        uint64_t shift = rng_u64(rng) >> (64 - SOBOL_BITS);
        const uint16_t *next = row;
        for (size_t i = 0; i < SPREAD; i++) {
            double *u = unit + i * space->n + k;
            next = row;
            *u = k < SOBOL_DIMENSIONS
                     ? (double)(sobol_coordinate(&next, i) ^ shift) * 0x1p-53
                     : rng_uniform(rng);
        }
        row = next;
    }
}

// The indices of the best known points; returns how many.
static size_t best_known(const struct gp *gp, size_t known[KNOWN])
{
    size_t n = 0;
    for (size_t i = 0; i < gp->points.n; i++) {
        size_t at = n;
        while (at > 0 && gp->y[i] < gp->y[known[at - 1]])
            at--;
        if (at == KNOWN)
            continue;
        n += n < KNOWN;
        for (size_t j = n - 1; j > at; j--)
            known[j] = known[j - 1];
        known[at] = i;
    }
    return n;
}

static double reflect(double u)
{
    u = fabs(u);
    u = u > 1 ? 2 - u : u;
    return fmin(1, fmax(0, u));
}

// Moves some coordinates by a normal step of random width, 1e-3 to 0.2.
static void perturb(const struct ascent *ascent, struct rng *rng, double *unit)
{
    size_t d = ascent->space->n;
    double width = pow(10, -3 + 2.3 * rng_uniform(rng));
    double share = fmin(1, fmax(0.2, 3.0 / (double)d));
    if (rng_below(rng, 2))
        share = 1;
    size_t always = (size_t)rng_below(rng, d);
    for (size_t k = 0; k < d; k++) {
        bool category = !is_number(ascent, k);
        if (isnan(unit[k]) || (category && rng_below(rng, 4) == 0))
            unit[k] = rng_uniform(rng);
        else if (!category && (k == always || rng_uniform(rng) < share))
            unit[k] = reflect(unit[k] + width * rng_normal(rng));
    }
}

static double *make_candidates(const struct ascent *ascent, struct rng *rng,
                               struct arena *arena)
{
    const struct space *space = ascent->space;
    size_t d = space->n, known[KNOWN];
    size_t n_known = best_known(ascent->gp, known);
    double *unit = arena_doubles(arena, CANDIDATES * d);
    assert(n_known > 0);
    spread(space, rng, unit);
    for (size_t i = SPREAD; i < CANDIDATES; i++) {
        gp_points_get(&ascent->gp->points, known[i % n_known], unit + i * d);
        perturb(ascent, rng, unit + i * d);
    }
    for (size_t i = 0; i < CANDIDATES; i++)
        snap(space, arena, unit + i * d);
    return unit;
}

// ---- continuous moves -------------------------------------------------------

struct slope {
    const struct ascent *ascent;
    struct arena *arena;
    size_t n;
    size_t *coordinate;            // [n] that move
    double *unit;                  // [d] all of them
    double *mean_slope, *sd_slope; // [d]
};

// Does k move continuously from here?
static bool moves(const struct ascent *ascent, const double *unit, size_t k)
{
    size_t levels = param_levels(&ascent->space->params[k]);
    return !isnan(unit[k]) && is_number(ascent, k) &&
           (levels == 0 || levels > FINE);
}

// Minus the acquisition, at z = u / length scale.
static double downhill(void *context, const double *z, double *gradient)
{
    struct slope *s = context;
    const struct gp *gp = s->ascent->gp;
    for (size_t j = 0; j < s->n; j++) {
        size_t k = s->coordinate[j];
        s->unit[k] = fmin(1, z[j] / sqrt(gp->weight[k]));
    }
    struct gp_prediction p =
        gp_predict_slope(gp, s->unit, s->arena, s->mean_slope, s->sd_slope);
    struct acquisition a = judge(s->ascent, s->unit, p);
    for (size_t j = 0; j < s->n; j++) {
        size_t k = s->coordinate[j];
        gradient[j] =
            -(a.by_mean * s->mean_slope[k] + a.by_sd * s->sd_slope[k]) /
            sqrt(gp->weight[k]);
    }
    return -a.value;
}

static void climb(const struct ascent *ascent, struct arena *arena,
                  double *unit)
{
    size_t d = ascent->space->n;
    struct slope s = {.ascent = ascent, .arena = arena, .unit = unit};
    s.coordinate = arena_zeros(arena, d + 1, sizeof *s.coordinate);
    s.mean_slope = arena_doubles(arena, d);
    s.sd_slope = arena_doubles(arena, d);
    double *low = arena_zeros(arena, d + 1, sizeof *low);
    double *high = arena_doubles(arena, d), *z = arena_doubles(arena, d);
    for (size_t k = 0; k < d; k++) {
        if (!moves(ascent, unit, k))
            continue;
        high[s.n] = sqrt(ascent->gp->weight[k]);
        z[s.n] = unit[k] * high[s.n];
        s.coordinate[s.n++] = k;
    }
    if (s.n == 0)
        return;
    size_t spared = ascent->gp->points.n > MANY;
    struct lbfgs_problem problem = {.n = s.n,
                                    .low = low,
                                    .high = high,
                                    .value = downhill,
                                    .context = &s,
                                    .max_evaluations = EVALUATIONS >> spared,
                                    .tolerance = 1e-4};
    lbfgs_minimise(&problem, arena, z);
    for (size_t j = 0; j < s.n; j++)
        unit[s.coordinate[j]] = fmin(1, z[j] / high[j]);
    snap(ascent->space, arena, unit);
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
        if (isnan(unit[k]) || levels < 2 || moves(ascent, unit, k))
            continue;
        size_t m = neighbours(levels, param_nearest(param, point[k]), level);
        for (size_t j = 0; j < m && n < NEIGHBOURS; j++, n++) {
            double *row = out + n * d;
            memcpy(row, unit, d * sizeof *row);
            row[k] = param_encode(param, param_value(param, level[j]));
            snap(space, arena, row);
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
    size_t moves = ascent->gp->points.n > MANY ? MOVES / 2 : MOVES;
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
        double climbed = ascent_value(ascent, trial, arena);
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
    size_t d = ascent->space->n, n = CANDIDATES + CLIMBS;
    double *unit = arena_doubles(arena, n * d);
    double *value = arena_doubles(arena, n);
    memcpy(unit, make_candidates(ascent, rng, arena),
           CANDIDATES * d * sizeof *unit);
    values(ascent, unit, CANDIDATES, arena, value);
    struct ranked rank[CANDIDATES + CLIMBS];
    for (size_t i = 0; i < CANDIDATES; i++)
        rank[i] = (struct ranked){value[i], i};
    qsort(rank, CANDIDATES, sizeof *rank, by_value);
    size_t climbs = ascent->gp->points.n > MANY ? CLIMBS / 2 : CLIMBS;
    n = CANDIDATES;
    for (size_t i = 0; i < climbs; i++, n++) {
        size_t from =
            i < climbs / 2 ? rank[i].index : draw(value, CANDIDATES, rng);
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
