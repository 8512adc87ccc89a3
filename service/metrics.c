// SPDX-License-Identifier: GPL-3.0-or-later
// metrics.c - atomics and their text

#include "metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum type { COUNTER, GAUGE, HISTOGRAM };
enum unit { SECONDS, ITEMS };

static const struct {
    enum type type;
    enum unit unit;
    const char *name, *help;
} table[METRICS] = {
#define COUNTER(id, name, help)         {COUNTER, ITEMS, name, help},
#define GAUGE(id, name, help)           {GAUGE, ITEMS, name, help},
#define HISTOGRAM(id, name, unit, help) {HISTOGRAM, unit, name, help},
#include "metrics.def"
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM
};

// Upper bounds of the buckets; the last bucket has none.
enum { BOUNDS = 16, CLASSES = 6 };
static const uint64_t bounds[][BOUNDS] = {
    [SECONDS] = {100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000,
                 250000, 500000, 1000000, 2500000, 5000000, 10000000},
    [ITEMS] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256},
};
static const char *const classes[CLASSES] = {"none", "1xx", "2xx",
                                             "3xx",  "4xx", "5xx"};

struct histogram {
    _Atomic uint64_t buckets[BOUNDS + 1], sum;
};

struct route {
    const char *_Atomic name;
    _Atomic uint64_t requests[CLASSES];
    struct histogram time;
};

struct metrics {
    _Atomic uint64_t counters[METRICS];
    _Atomic int64_t gauges[METRICS];
    struct histogram histograms[METRICS];
    struct route routes[METRICS_MAX_ROUTES + 1]; // the last one: "other"
};

struct metrics *metrics_new(void)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);
    if (metrics == NULL)
        abort();
    atomic_store(&metrics->routes[METRICS_MAX_ROUTES].name, "other");
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    free(metrics);
}

// ---- counting ---------------------------------------------------------------

// Nobody orders anything by these numbers: relaxed is enough.
static void bump(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t get(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void observe(struct histogram *histogram, enum unit unit, uint64_t value)
{
    size_t i = 0;
    while (i < BOUNDS && value > bounds[unit][i])
        i++;
    bump(&histogram->buckets[i], 1);
    bump(&histogram->sum, value);
}

void metrics_add(struct metrics *metrics, enum metric counter, uint64_t n)
{
    assert(table[counter].type == COUNTER);
    bump(&metrics->counters[counter], n);
}

void metrics_set(struct metrics *metrics, enum metric gauge, int64_t value)
{
    assert(table[gauge].type == GAUGE);
    atomic_store_explicit(&metrics->gauges[gauge], value, memory_order_relaxed);
}

void metrics_observe(struct metrics *metrics, enum metric histogram,
                     uint64_t value)
{
    assert(table[histogram].type == HISTOGRAM);
    observe(&metrics->histograms[histogram], table[histogram].unit, value);
}

// The slot of a route; the first request of a route claims one.
static struct route *slot_of(struct metrics *metrics, const char *name)
{
    for (size_t i = 0; i < METRICS_MAX_ROUTES; i++) {
        struct route *route = &metrics->routes[i];
        const char *owner = atomic_load(&route->name);
        if (owner == NULL &&
            atomic_compare_exchange_strong(&route->name, &owner, name))
            return route;
        if (owner == name || strcmp(owner, name) == 0)
            return route;
    }
    return &metrics->routes[METRICS_MAX_ROUTES];
}

void metrics_request(struct metrics *metrics, const char *route, int status,
                     uint64_t us)
{
    struct route *slot = slot_of(metrics, route == NULL ? "none" : route);
    size_t class = status < 100 || status > 599 ? 0 : (size_t)status / 100;
    bump(&slot->requests[class], 1);
    observe(&slot->time, SECONDS, us);
}

uint64_t metrics_count(const struct metrics *metrics, enum metric counter)
{
    assert(table[counter].type == COUNTER);
    return get(&metrics->counters[counter]);
}

uint64_t metrics_requests(const struct metrics *metrics)
{
    uint64_t n = 0;
    for (size_t i = 0; i <= METRICS_MAX_ROUTES; i++)
        for (size_t class = 0; class < CLASSES; class ++)
            n += get(&metrics->routes[i].requests[class]);
    return n;
}

// ---- printing ---------------------------------------------------------------

static void print_head(FILE *out, const char *name, const char *help,
                       enum type type)
{
    static const char *const names[] = {"counter", "gauge", "histogram"};
    fprintf(out, "# HELP cumae_%s %s\n# TYPE cumae_%s %s\n", name, help, name,
            names[type]);
}

static void print_number(FILE *out, enum unit unit, uint64_t value)
{
    if (unit == SECONDS)
        fprintf(out, "%.9g", (double)value / 1e6);
    else
        fprintf(out, "%" PRIu64, value);
}

// `label` is `route="x"` or empty.
static void print_histogram(FILE *out, const struct histogram *histogram,
                            const char *name, enum unit unit, const char *label)
{
    uint64_t below = 0;
    const char *comma = *label == '\0' ? "" : ",";
    for (size_t i = 0; i <= BOUNDS; i++) {
        below += get(&histogram->buckets[i]);
        fprintf(out, "cumae_%s_bucket{%s%sle=\"", name, label, comma);
        if (i < BOUNDS)
            print_number(out, unit, bounds[unit][i]);
        else
            fputs("+Inf", out);
        fprintf(out, "\"} %" PRIu64 "\n", below);
    }
    const char *open = *label == '\0' ? "" : "{";
    const char *shut = *label == '\0' ? "" : "}";
    fprintf(out, "cumae_%s_sum%s%s%s ", name, open, label, shut);
    print_number(out, unit, get(&histogram->sum));
    fprintf(out, "\ncumae_%s_count%s%s%s %" PRIu64 "\n", name, open, label,
            shut, below);
}

static bool is_used(const struct route *route)
{
    uint64_t requests = 0;
    for (size_t class = 0; class < CLASSES; class ++)
        requests += get(&route->requests[class]);
    return requests > 0;
}

static void print_routes(FILE *out, const struct metrics *metrics)
{
    print_head(out, "http_requests_total", "Requests by route and class",
               COUNTER);
    for (size_t i = 0; i <= METRICS_MAX_ROUTES; i++) {
        const struct route *route = &metrics->routes[i];
        for (size_t class = 0; class < CLASSES; class ++)
            if (get(&route->requests[class]) > 0)
                fprintf(out,
                        "cumae_http_requests_total{route=\"%s\","
                        "class=\"%s\"} %" PRIu64 "\n",
                        atomic_load(&route->name), classes[class],
                        get(&route->requests[class]));
    }
    print_head(out, "http_request_seconds",
               "From the request line to the end of the answer", HISTOGRAM);
    for (size_t i = 0; i <= METRICS_MAX_ROUTES; i++) {
        const struct route *route = &metrics->routes[i];
        char label[160];
        const char *name = atomic_load(&route->name);
        if (!is_used(route))
            continue;
        snprintf(label, sizeof label, "route=\"%s\"", name);
        print_histogram(out, &route->time, "http_request_seconds", SECONDS,
                        label);
    }
}

static void print_metric(FILE *out, const struct metrics *metrics,
                         enum metric metric)
{
    const char *name = table[metric].name;
    print_head(out, name, table[metric].help, table[metric].type);
    switch (table[metric].type) {
    case COUNTER:
        fprintf(out, "cumae_%s %" PRIu64 "\n", name,
                get(&metrics->counters[metric]));
        return;
    case GAUGE:
        fprintf(out, "cumae_%s %" PRId64 "\n", name,
                atomic_load(&metrics->gauges[metric]));
        return;
    case HISTOGRAM:
        print_histogram(out, &metrics->histograms[metric], name,
                        table[metric].unit, "");
        return;
    }
}

const char *metrics_print(const struct metrics *metrics, struct arena *arena,
                          size_t *bytes)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);
    if (out == NULL)
        abort();
    for (enum metric metric = 0; metric < METRICS; metric++)
        print_metric(out, metrics, metric);
    print_routes(out, metrics);
    if (fclose(out) != 0)
        abort();
    const char *copy = arena_copy(arena, text, *bytes);
    free(text);
    return copy;
}
