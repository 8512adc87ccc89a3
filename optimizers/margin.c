// SPDX-License-Identifier: GPL-3.0-or-later
// margin.c - keeps a normal distribution from settling on one level

#include "margin.h"

#include <math.h>

#include "normal.h"
#include "slot.h"

// The slot at an end has one threshold; the mean comes nearer to it.
static void keep_at_end(double threshold, double margin,
                        struct margin_axis *axis)
{
    double reach = -normal_quantile(margin) * axis->stretch * axis->deviation;
    double distance = axis->mean - threshold;
    if (fabs(distance) > reach)
        axis->mean = threshold + copysign(reach, distance);
}

// Both sides get their share, and the middle what is left; mean and stretch
// follow from the two probabilities (equations 24-31 of the paper).
static void keep_between(const struct slot *slot, double margin,
                         struct margin_axis *axis)
{
    double s = axis->stretch * axis->deviation, least = margin / 2;
    double below = normal_cdf((slot->low - axis->mean) / s);
    double above = normal_cdf((axis->mean - slot->high) / s);
    double middle = 1 - below - above;
    if (below >= least && above >= least)
        return;
    below = fmax(below, least);
    above = fmax(above, least);
    double excess =
        (1 - below - above - middle) / (below + above + middle - 3 * least);
    double low = -normal_quantile(below + excess * (below - least));
    double high = -normal_quantile(above + excess * (above - least));
    axis->stretch = (slot->high - slot->low) / ((low + high) * axis->deviation);
    axis->mean = (slot->low * high + slot->high * low) / (low + high);
}

void margin_keep(const struct param *param, double margin,
                 struct margin_axis *axis)
{
    struct slot slot = slot_at(param, fmin(fmax(axis->mean, 0), 1));
    if (!(axis->deviation > 0 && slot.high > slot.low))
        return; // slots of 2^54 levels have no width in doubles
    if (slot.level == 0)
        keep_at_end(slot.high, margin, axis);
    else if (slot.level + 1 == param_levels(param))
        keep_at_end(slot.low, margin, axis);
    else
        keep_between(&slot, margin, axis);
}
