// SPDX-License-Identifier: GPL-3.0-or-later
// campaign_sweep.h - removes campaigns that nobody goes on building

#ifndef CUMAE_CAMPAIGN_SWEEP_H
#define CUMAE_CAMPAIGN_SWEEP_H

#include "engine.h"

// Removes one campaign that was given up or abandoned, some studies in each
// transaction; the engine does it, and it ends with the service. `store` is
// for the look. -1: the look failed.
int campaign_sweep(struct engine *engine, struct store *store,
                   struct error *err);

#endif
