// SPDX-License-Identifier: GPL-3.0-or-later
// audit_sweep.h - removes old lines of the audit log

#ifndef CUMAE_AUDIT_SWEEP_H
#define CUMAE_AUDIT_SWEEP_H

#include "engine.h"

enum { AUDIT_SWEEP_S = 10 }; // between two sweeps

// Has those of the AUDIT_TRIM_STEP oldest lines removed that are older than
// `days`, unless that is 0. Never waits.
void audit_sweep(struct engine *engine, unsigned days);

#endif
