// SPDX-License-Identifier: GPL-3.0-or-later
// load.h - how much the service carries, looked at once a minute
//
// What the database is asked for is kept for LOAD_KEPT_S seconds, so that
// looking often costs nothing. Rates are those since an earlier look, at least
// LOAD_RATE_S seconds ago, or since the start.

#ifndef CUMAE_LOAD_H
#define CUMAE_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "../optimizers/arena.h"

enum { LOAD_KEPT_S = 60, LOAD_RATE_S = 10 };

struct load;

struct load *load_new(void);
void load_free(struct load *load);

// What was kept, copied to the arena; NULL when it is too old.
const char *load_kept(struct load *load, struct arena *arena);
void load_keep(struct load *load, const char *json);

// What has been counted since the start.
struct load_counts {
    uint64_t requests, commits, asks, tells;
};

struct load_rates {
    double uptime_s, interval_s;
    double requests, commits, asks, tells; // per second
};

void load_rates(struct load *load, const struct load_counts *now,
                struct load_rates *rates);

#endif
