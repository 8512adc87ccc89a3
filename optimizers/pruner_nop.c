// SPDX-License-Identifier: GPL-3.0-or-later
// pruner_nop.c - never stops a trial

#include "pruner.h"

static void decide(const struct pruner_task *task,
                   struct pruner_verdict *verdict)
{
    (void)task;
    *verdict = (struct pruner_verdict){0};
}

const struct pruner pruner_nop = {
    .name = "nop",
    .help = "never stops a trial",
    .decide = decide,
};
