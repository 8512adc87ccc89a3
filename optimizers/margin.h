// SPDX-License-Identifier: GPL-3.0-or-later
// margin.h - keeps a normal distribution from settling on one level
//
// A coordinate with levels (integers, steps, categories) cuts the line into
// slots (slot.h). Once a search distribution is narrower than a slot all its
// samples are the same, and nothing tells it to move. CMA-ES with margin
// (Hamano, Saito, Nomura, Shirakawa, GECCO 2022, arXiv:2205.13482, section 4)
// draws such a coordinate wider and moves its mean, so that the neighbours keep
// a probability of at least `margin`.
//
// Deviation: thresholds are the edges of the slot around the mean, which need
// not be equally wide.

#ifndef CUMAE_MARGIN_H
#define CUMAE_MARGIN_H

#include "param.h"

// One coordinate: samples are mean + stretch * deviation * N(0, 1).
struct margin_axis {
    double mean, deviation;
    double stretch; // the paper's A
};

// Moves mean and stretch of a parameter with two levels or more, margin < 1/4.
// In the slot at an end the neighbour's side has at least `margin`; elsewhere
// both sides have at least margin / 2.
void margin_keep(const struct param *param, double margin,
                 struct margin_axis *axis);

#endif
