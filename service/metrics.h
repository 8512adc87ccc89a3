// SPDX-License-Identifier: GPL-3.0-or-later
// metrics.h - counters for operators, in the text format of Prometheus
//
// Everything is an atomic in a fixed array: counting never locks and never
// allocates. Which metrics exist is known when compiling (metrics.def);
// requests are counted per route, and a route is a string constant of the
// router, so no client can make a new label.

#ifndef CUMAE_METRICS_H
#define CUMAE_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "../optimizers/arena.h"

enum metric {
#define COUNTER(id, name, help)         METRIC_##id,
#define GAUGE(id, name, help)           METRIC_##id,
#define HISTOGRAM(id, name, unit, help) METRIC_##id,
#include "metrics.def"
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM
    METRICS
};

enum { METRICS_MAX_ROUTES = 64 }; // further ones are counted as "other"

struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

// Adds to a counter.
void metrics_add(struct metrics *metrics, enum metric counter, uint64_t n);

// What a counter has come to.
uint64_t metrics_count(const struct metrics *metrics, enum metric counter);

// All requests that were answered.
uint64_t metrics_requests(const struct metrics *metrics);

// Sets a gauge.
void metrics_set(struct metrics *metrics, enum metric gauge, int64_t value);

// Puts a value into a histogram: microseconds or items, by its unit.
void metrics_observe(struct metrics *metrics, enum metric histogram,
                     uint64_t value);

// Counts a finished request. `route` is a constant that lives for ever; NULL
// is counted as "none". A status below 100 means that the client vanished.
void metrics_request(struct metrics *metrics, const char *route, int status,
                     uint64_t us);

// Writes everything as text/plain; version=0.0.4 into the arena.
const char *metrics_print(const struct metrics *metrics, struct arena *arena,
                          size_t *bytes);

#endif
