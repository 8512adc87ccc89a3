// SPDX-License-Identifier: GPL-3.0-or-later
// bilog.c - values of a constraint, compressed on both sides of its bound

#include "bilog.h"

#include <math.h>
#include <stdlib.h>

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

struct bilog bilog_fit(const double *values, size_t n, struct arena *arena)
{
    double *size = arena_doubles(arena, n), squares = 0;
    for (size_t i = 0; i < n; i++)
        size[i] = fabs(values[i]);
    qsort(size, n, sizeof *size, by_size);
    struct bilog bilog = {.scale = 1, .size = 1};
    // More than half may lie on the bound; the largest then is the unit.
    if (n > 0 && size[n - 1] > 0)
        bilog.scale = size[n / 2] > 0 ? size[n / 2] : size[n - 1];
    for (size_t i = 0; i < n; i++)
        squares += pow(bilog_value(&bilog, values[i]), 2) / (double)n;
    if (squares > 0)
        bilog.size = sqrt(squares);
    return bilog;
}

double bilog_value(const struct bilog *bilog, double value)
{
    // |value| / scale may overflow, its logarithm does not
    double size = fabs(value) / bilog->scale;
    double log_size =
        isinf(size) ? log(fabs(value)) - log(bilog->scale) : log1p(size);
    return copysign(log_size / bilog->size, value);
}
