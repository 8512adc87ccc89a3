// SPDX-License-Identifier: GPL-3.0-or-later
// sweep.h - removes tokens, sessions and links that ended long ago

#ifndef CUMAE_SWEEP_H
#define CUMAE_SWEEP_H

#include "engine.h"

enum { SWEEP_S = 600, SWEEP_MOST = 1000 }; // between two sweeps; rows of one

// Has up to SWEEP_MOST of those removed that ended `keep_days` ago. Never
// waits.
void sweep_tokens(struct engine *engine, unsigned keep_days);

#endif
