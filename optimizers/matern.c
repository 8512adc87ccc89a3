// SPDX-License-Identifier: GPL-3.0-or-later
// matern.c - the Matern-5/2 correlation between points of any space
//
// The vectors are GCC's and clang's own extension, as in exponential.c.

#include "matern.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "exponential.h"

typedef double reals __attribute__((vector_size(32)));
typedef int64_t integers __attribute__((vector_size(32)));
// The same in an array of doubles, which is aligned for these only.
typedef double loose_reals
    __attribute__((vector_size(32), aligned(8), may_alias));

enum { WIDTH = 4 };

#define BROADCAST(x) ((reals){(x), (x), (x), (x)})
#define LOAD(p)      (*(const loose_reals *)(p))
#define STORE(p)     (*(loose_reals *)(p))
#define INLINE       static inline __attribute__((always_inline))

size_t matern_padded(size_t n)
{
    return (n + MATERN_LANES - 1) / MATERN_LANES * MATERN_LANES;
}

// `there` is 1 where `mask` is set, `here` elsewhere; a pointer, because
// vectors by value are passed in different ways with and without AVX.
INLINE void one_where(const integers *mask, reals *here)
{
    reals one = BROADCAST(1);
    *here = (reals)(((integers)one & *mask) | ((integers)*here & ~*mask));
}

INLINE void distances(enum matern_distance kind, const reals *x,
                      const reals *other, reals *out)
{
    bool category = kind == MATERN_CATEGORY || kind == MATERN_CATEGORY_OR_NONE;
    reals difference = *x - *other;
    if (category) {
        integers unequal = *x != *other;
        *out = BROADCAST(0);
        one_where(&unequal, out);
    } else {
        *out = difference * difference;
    }
    if (kind == MATERN_NUMBER || kind == MATERN_CATEGORY)
        return;
    reals copy = *x, other_copy = *other; // a NaN differs from itself
    integers none = *x != copy, other_none = *other != other_copy;
    integers both = none & other_none, one = none ^ other_none;
    *out = (reals)((integers)*out & ~both);
    one_where(&one, out);
}

INLINE void add_distances(enum matern_distance kind, const double *points,
                          size_t n, double x, double weight, double *sum)
{
    reals here = BROADCAST(x), w = BROADCAST(weight);
    for (size_t i = 0; i < n; i += WIDTH) {
        reals other = LOAD(points + i), square;
        distances(kind, &here, &other, &square);
        STORE(sum + i) = LOAD(sum + i) + w * square;
    }
}

INLINE double sum_distances(enum matern_distance kind, const double *points,
                            size_t n, double x, const double *c)
{
    reals here = BROADCAST(x), sum = BROADCAST(0);
    for (size_t i = 0; i < n; i += WIDTH) {
        reals other = LOAD(points + i), square;
        distances(kind, &here, &other, &square);
        sum += LOAD(c + i) * square;
    }
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

// Calls f with the kind as a constant, so that each gets a loop of its own.
#define FOR_KIND(kind, f, ...)                                                 \
    ((kind) == MATERN_NUMBER     ? f(MATERN_NUMBER, __VA_ARGS__)               \
     : (kind) == MATERN_CATEGORY ? f(MATERN_CATEGORY, __VA_ARGS__)             \
     : (kind) == MATERN_NUMBER_OR_NONE                                         \
         ? f(MATERN_NUMBER_OR_NONE, __VA_ARGS__)                               \
         : f(MATERN_CATEGORY_OR_NONE, __VA_ARGS__))

VECTOR_CLONES
static void squared_radii(const struct matern_points *points, size_t n,
                          const double *x, const double *weight, double *sum)
{
    memset(sum, 0, n * sizeof *sum);
    for (size_t k = 0; k < points->d; k++)
        FOR_KIND(points->distance[k], add_distances,
                 points->x + k * points->stride, n, x[k], weight[k], sum);
}

void matern_correlate(const struct matern_points *points, size_t n,
                      const double *x, const double *weight,
                      double *correlation, double *slope)
{
    double argument[64]; // -sqrt5 r, then its exponential
    size_t padded = matern_padded(n),
           block = sizeof argument / sizeof *argument;
    squared_radii(points, padded, x, weight, correlation);
    for (size_t from = 0; from < padded; from += block) {
        size_t m = padded - from < block ? padded - from : block;
        double *value = correlation + from;
        for (size_t i = 0; i < m; i++)
            argument[i] = -sqrt(5 * value[i]);
        double root[64];
        memcpy(root, argument, m * sizeof *root);
        exponential_each(argument, m);
        for (size_t i = 0; i < m; i++) {
            double near = (1 - root[i]) * argument[i];
            value[i] = near + 5.0 / 3 * value[i] * argument[i];
            if (slope)
                slope[from + i] = 5.0 / 3 * near;
        }
    }
}

VECTOR_CLONES
double matern_distances(const struct matern_points *points, size_t n, size_t k,
                        double x, const double *c)
{
    return FOR_KIND(points->distance[k], sum_distances,
                    points->x + k * points->stride, matern_padded(n), x, c);
}

double matern_pull(const struct matern_points *points, size_t n, size_t k,
                   double x, const double *c)
{
    const double *other = points->x + k * points->stride;
    enum matern_distance kind = points->distance[k];
    double sum = 0;
    if (isnan(x) || kind == MATERN_CATEGORY || kind == MATERN_CATEGORY_OR_NONE)
        return 0;
    for (size_t i = 0; i < n; i++)
        sum += isnan(other[i]) ? 0 : c[i] * (x - other[i]);
    return sum;
}
