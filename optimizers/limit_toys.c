// SPDX-License-Identifier: GPL-3.0-or-later
// limit_toys.c - the test statistics of many toys, sorted, in bounded memory

#include "limit_toys.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

enum { MANTISSA = 52 };

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

// Clears the last bits: monotone, and idempotent.
static double coarse(double value, unsigned cleared)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits &= ~UINT64_C(0) << cleared;
    memcpy(&value, &bits, sizeof bits);
    return value;
}

void limit_toys_init(struct limit_toys *toys)
{
    *toys = (struct limit_toys){.watched = INFINITY};
}

void limit_toys_done(struct limit_toys *toys)
{
    free(toys->value);
    free(toys->count);
    limit_toys_init(toys);
}

static uint64_t beyond(const struct limit_toys *toys, double threshold)
{
    uint64_t sum = 0;
    for (size_t i = toys->cells; i-- > 0 && toys->value[i] >= threshold;)
        sum += toys->count[i];
    return sum;
}

void limit_toys_watch(struct limit_toys *toys, double threshold)
{
    toys->watched = threshold;
    toys->reached = beyond(toys, threshold);
}

// Clears the bits of all values and joins those that became equal.
static void coarsen(struct limit_toys *toys, unsigned cleared)
{
    size_t kept = 0;
    for (size_t i = 0; i < toys->cells; i++) {
        double value = coarse(toys->value[i], cleared);
        if (kept > 0 && toys->value[kept - 1] == value) {
            toys->count[kept - 1] += toys->count[i];
        } else {
            toys->value[kept] = value;
            toys->count[kept++] = toys->count[i];
        }
    }
    toys->cells = kept;
    toys->cleared = cleared;
}

// Merges sorted values, count[i] of each or one of each, and keeps the bound.
static void merge(struct limit_toys *toys, const double *value,
                  const uint64_t *count, size_t n)
{
    size_t most = toys->cells + n, i = 0, j = 0;
    double *values = memory_resize(NULL, most, sizeof *values);
    uint64_t *counts = memory_resize(NULL, most, sizeof *counts);
    for (size_t k = 0; k < most; k++) {
        bool ours = j == n || (i < toys->cells && toys->value[i] <= value[j]);
        values[k] = ours ? toys->value[i] : value[j];
        counts[k] = ours ? toys->count[i] : count ? count[j] : 1;
        ours ? i++ : j++;
    }
    free(toys->value);
    free(toys->count);
    toys->value = values;
    toys->count = counts;
    toys->cells = most;
    coarsen(toys, toys->cleared);
    while (toys->cells > LIMIT_TOYS_CELLS && toys->cleared < MANTISSA)
        coarsen(toys, toys->cleared + 1);
    size_t room = toys->cells > 0 ? toys->cells : 1;
    toys->value = memory_resize(toys->value, room, sizeof *toys->value);
    toys->count = memory_resize(toys->count, room, sizeof *toys->count);
}

void limit_toys_add(struct limit_toys *toys, const struct limit_toys_rule *rule,
                    double *q, size_t n)
{
    size_t good = 0;
    for (size_t i = 0; i < n; i++) {
        double value = rule->left ? -q[i] : q[i];
        bool negative = rule->bounded && value < 0;
        if (!isfinite(value) || (negative && value < -rule->tolerance)) {
            toys->failed++;
            continue;
        }
        toys->clipped += negative;
        value = negative ? 0 : value + 0.0; // no negative zero
        toys->reached += value >= toys->watched;
        q[good++] = value;
    }
    qsort(q, good, sizeof *q, ascending);
    merge(toys, q, NULL, good);
    toys->total += good;
}

void limit_toys_merge(struct limit_toys *toys, const struct limit_toys *other)
{
    assert(toys->watched == other->watched);
    if (other->cleared > toys->cleared)
        coarsen(toys, other->cleared);
    merge(toys, other->value, other->count, other->cells);
    toys->total += other->total;
    toys->failed += other->failed;
    toys->clipped += other->clipped;
    toys->reached += other->reached;
}

uint64_t limit_toys_reaching(const struct limit_toys *toys, double threshold)
{
    return threshold == toys->watched ? toys->reached : beyond(toys, threshold);
}

double limit_toys_threshold(double q, double tie_tolerance)
{
    return q - tie_tolerance * fmax(1, fabs(q));
}
