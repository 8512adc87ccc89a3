// SPDX-License-Identifier: GPL-3.0-or-later
// wilcoxon.c - the signed-rank test of paired differences

#include "wilcoxon.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "normal.h"

enum { EXACT = 50 }; // differences up to which all signs are counted

static int by_distance(const void *a, const void *b)
{
    double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
    return x < y ? -1 : x > y;
}

// Twice the ranks of differences sorted by size: integers, also where equal
// ones share a mean rank.
static void rank(const double *differences, size_t n, size_t *ranks)
{
    for (size_t begin = 0, end; begin < n; begin = end) {
        for (end = begin + 1; end < n; end++)
            if (fabs(differences[end]) != fabs(differences[begin]))
                break;
        for (size_t i = begin; i < end; i++)
            ranks[i] = begin + end + 1;
    }
}

// P(sum >= observed), where each rank is part of the sum or not. ways[s]: the
// probability of the sum s, one rank after the other.
static double count(const size_t *ranks, size_t n, size_t total,
                    size_t observed, struct arena *arena)
{
    double *ways = arena_doubles(arena, total + 1);
    memset(ways, 0, (total + 1) * sizeof *ways);
    ways[0] = 1;
    size_t reached = 0;
    for (size_t i = 0; i < n; i++) {
        reached += ranks[i];
        for (size_t sum = reached + 1; sum-- > 0;)
            ways[sum] =
                (ways[sum] + (sum >= ranks[i] ? ways[sum - ranks[i]] : 0)) / 2;
    }
    double p = 0;
    for (size_t sum = total + 1; sum-- > observed;)
        p += ways[sum];
    return p;
}

double wilcoxon_greater(double *differences, size_t n, struct arena *arena)
{
    qsort(differences, n, sizeof *differences, by_distance);
    size_t *ranks = arena_alloc(arena, n * sizeof *ranks);
    rank(differences, n, ranks);
    size_t zeros = 0; // they come first, and count half for either outcome
    while (zeros < n && differences[zeros] == 0)
        zeros++;
    size_t total = 0, observed = 0;
    double squares = 0;
    for (size_t i = zeros; i < n; i++) {
        total += ranks[i];
        observed += differences[i] > 0 ? ranks[i] : 0;
        squares += (double)ranks[i] * (double)ranks[i];
    }
    if (zeros == n)
        return 1;
    if (n <= EXACT)
        return count(ranks + zeros, n - zeros, total, observed, arena);
    double mean = (double)total / 2;
    return normal_cdf((mean - (double)observed) / sqrt(squares / 4));
}
