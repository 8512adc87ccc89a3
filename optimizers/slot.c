// SPDX-License-Identifier: GPL-3.0-or-later
// slot.c - the piece of [0, 1] that one value of a parameter occupies

#include "slot.h"

#include <math.h>

// Where the lower edge of log int low + level is.
static double log_edge(const struct param *param, double level)
{
    double edge = param->low - 0.5, cells = param->high - param->low + 1;
    return log1p(level / edge) / log1p(cells / edge);
}

struct slot slot_of_level(const struct param *param, size_t level)
{
    size_t levels = param_levels(param);
    double i = (double)level, n = (double)levels;
    if (levels > 1 && param->log && param->kind == PARAM_INT)
        return (struct slot){.level = level,
                             .low = log_edge(param, i),
                             .centre = log_edge(param, i + 0.5),
                             .high = log_edge(param, i + 1)};
    return (struct slot){.level = level,
                         .low = i / n,
                         .centre = (i + 0.5) / n,
                         .high = (i + 1) / n};
}

struct slot slot_at(const struct param *param, double u)
{
    return slot_of_level(param, param_nearest(param, param_decode(param, u)));
}

size_t slot_count_wider(const struct param *param, double width)
{
    size_t low = 0, high = param_levels(param);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct slot slot = slot_of_level(param, middle);
        if (slot.high - slot.low > width)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
