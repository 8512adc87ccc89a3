// SPDX-License-Identifier: GPL-3.0-or-later
// fold.c - the real line, folded smoothly into [0, 1]

#include "fold.h"

#include <math.h>

// The identity holds in [edge, 1 - edge]; the line is mirrored at -edge and
// 1 + edge.
static const double edge = 0.05;

double fold(double y)
{
    double width = 1 + 2 * edge, t = fabs(y + edge);
    t = fmod(t, 2 * width);
    y = (t > width ? 2 * width - t : t) - edge;
    if (y < edge)
        return (y + edge) * (y + edge) / (4 * edge);
    if (y > 1 - edge)
        return 1 - (y - 1 - edge) * (y - 1 - edge) / (4 * edge);
    return y;
}

double fold_inside(double u)
{
    if (u < edge)
        return -edge + 2 * sqrt(edge * u);
    if (u > 1 - edge)
        return 1 + edge - 2 * sqrt(edge * (1 - u));
    return u;
}

double fold_outside(double u)
{
    return (u < 0.5 ? -2 * edge : 2 * (1 + edge)) - fold_inside(u);
}
