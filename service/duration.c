// SPDX-License-Identifier: GPL-3.0-or-later
// duration.c - how long the next trial of a study may take

#include "duration.h"

#include <math.h>
#include <stdlib.h>

int duration_mark(enum trial_state state, double seconds)
{
    bool whole = state == TRIAL_COMPLETE;
    if (!(seconds > 0) ||
        !(whole || state == TRIAL_PRUNED || state == TRIAL_INFEASIBLE ||
          state == TRIAL_RUNNING))
        return 0;
    double bin = floor((log2(seconds) - DURATION_LOWEST) * DURATION_PER_OCTAVE);
    int number = 1 + (int)fmin(fmax(bin, 0), DURATION_BINS - 1);
    return whole ? number : -number;
}

void duration_enter(struct duration *duration, int mark, int sign)
{
    uint32_t one = (uint32_t)sign; // -1 wraps around
    if (mark > 0) {
        duration->whole[mark - 1] += one;
        duration->n_whole += one;
    } else if (mark < 0) {
        duration->part[-mark - 1] += one;
        duration->n_part += one;
    }
}

static double upper_edge(int bin)
{
    return exp2((double)(bin + 1) / DURATION_PER_OCTAVE + DURATION_LOWEST);
}

double duration_expected(const struct duration *duration)
{
    double left = 0.1 + 1e-9; // of all trials; sums of tenths are not exact
    double surviving = 1;
    uint32_t at_risk = duration->n_whole + duration->n_part;
    if (duration->n_whole < DURATION_ENOUGH)
        return 0;
    int bin = 0;
    for (int i = 0; i < DURATION_BINS && at_risk > 0 && surviving > left; i++) {
        uint32_t n = duration->whole[i] + duration->part[i];
        surviving *= 1 - (double)duration->whole[i] / at_risk;
        at_risk -= n;
        if (n)
            bin = i;
    }
    return upper_edge(bin);
}
