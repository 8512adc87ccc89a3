// SPDX-License-Identifier: GPL-3.0-or-later
// pruner_nop.c - never stops a trial

#include "pruner.h"

static void decide(const struct history *history, size_t number,
                   const double *options, uint64_t seed, struct arena *arena,
                   struct pruner_verdict *verdict)
{
    (void)history, (void)number, (void)options, (void)seed, (void)arena;
    *verdict = (struct pruner_verdict){0};
}

const struct pruner pruner_nop = {
    .name = "nop",
    .help = "never stops a trial",
    .decide = decide,
};
