// SPDX-License-Identifier: GPL-3.0-or-later
// variation.c - new coordinates from those of one or two parents

#include "variation.h"

#include <math.h>
#include <stdbool.h>

#include "slot.h"

static bool unordered(const struct param *param)
{
    return param->kind == PARAM_CATEGORICAL || param->kind == PARAM_BOOL;
}

double variation_cross(const struct param *param, double a, double b,
                       double eta, struct rng *rng)
{
    double chance = rng_uniform(rng);
    bool first = rng_below(rng, 2) == 0;
    if (unordered(param))
        return first ? a : b;
    double low = fmin(a, b), high = fmax(a, b), width = high - low;
    if (!(width > 1e-14))
        return a;
    // The spread is cut so that the child on this side stays within bounds.
    double room = first ? low : 1 - high;
    double alpha = 2 - pow(1 + 2 * room / width, -(eta + 1));
    double spread =
        chance * alpha <= 1 ? chance * alpha : 1 / (2 - chance * alpha);
    double half = 0.5 * pow(spread, 1 / (eta + 1)) * width;
    double middle = low + 0.5 * width;
    return fmin(fmax(first ? middle - half : middle + half, 0), 1);
}

static double polynomial(double u, double eta, double chance)
{
    double room = chance < 0.5 ? u : 1 - u;
    double tail = pow(1 - room, eta + 1);
    double power = chance < 0.5 ? 2 * chance + (1 - 2 * chance) * tail
                                : 2 * (1 - chance) + (2 * chance - 1) * tail;
    double move = 1 - pow(power, 1 / (eta + 1));
    return fmin(fmax(chance < 0.5 ? u - move : u + move, 0), 1);
}

// The level next to `level`, of n > 1.
static size_t neighbour(size_t level, size_t n, bool up)
{
    if (level == 0)
        return 1;
    return up && level + 1 < n ? level + 1 : level - 1;
}

double variation_mutate(const struct param *param, double u, double eta,
                        struct rng *rng)
{
    double chance = rng_uniform(rng);
    size_t n = param_levels(param);
    if (n == 1)
        return u;
    if (n == 0)
        return polynomial(u, eta, chance);
    size_t level = slot_at(param, u).level;
    if (unordered(param)) {
        size_t other = (level + 1 + rng_below(rng, n - 1)) % n;
        return slot_of_level(param, other).centre;
    }
    double moved = polynomial(u, eta, chance);
    if (slot_at(param, moved).level != level)
        return moved;
    return slot_of_level(param, neighbour(level, n, chance >= 0.5)).centre;
}
