// SPDX-License-Identifier: GPL-3.0-or-later
// load.c - how much the service carries, looked at once a minute

#include "load.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/memory.h"
#include "clock.h"

struct sample {
    int64_t at_us;
    struct load_counts counts;
};

struct load {
    pthread_mutex_t mutex;
    int64_t started_us, kept_us;
    char *kept;               // NULL: nothing yet
    struct sample base, next; // rates are since base; next takes its place
};

struct load *load_new(void)
{
    struct load *load = calloc(1, sizeof *load);
    if (!load)
        abort();
    pthread_mutex_init(&load->mutex, NULL);
    load->started_us = clock_monotonic_us();
    load->base.at_us = load->next.at_us = load->started_us;
    return load;
}

void load_free(struct load *load)
{
    if (!load)
        return;
    pthread_mutex_destroy(&load->mutex);
    free(load->kept);
    free(load);
}

const char *load_kept(struct load *load, struct arena *arena)
{
    const char *copy = NULL;
    pthread_mutex_lock(&load->mutex);
    int64_t age_us = clock_monotonic_us() - load->kept_us;
    if (load->kept && age_us < LOAD_KEPT_S * INT64_C(1000000))
        copy = arena_copy(arena, load->kept, strlen(load->kept));
    pthread_mutex_unlock(&load->mutex);
    return copy;
}

void load_keep(struct load *load, const char *json)
{
    char *copy = memory_text(json);
    pthread_mutex_lock(&load->mutex);
    free(load->kept);
    load->kept = copy;
    load->kept_us = clock_monotonic_us();
    pthread_mutex_unlock(&load->mutex);
}

void load_rates(struct load *load, const struct load_counts *now,
                struct load_rates *rates)
{
    int64_t at_us = clock_monotonic_us();
    pthread_mutex_lock(&load->mutex);
    if (at_us - load->next.at_us >= LOAD_RATE_S * INT64_C(1000000)) {
        load->base = load->next;
        load->next = (struct sample){at_us, *now};
    }
    struct sample base = load->base;
    pthread_mutex_unlock(&load->mutex);
    double s = (double)(at_us - base.at_us) / 1e6;
    *rates = (struct load_rates){
        .uptime_s = (double)(at_us - load->started_us) / 1e6,
        .interval_s = s,
        .requests = (double)(now->requests - base.counts.requests) / s,
        .commits = (double)(now->commits - base.counts.commits) / s,
        .asks = (double)(now->asks - base.counts.asks) / s,
        .tells = (double)(now->tells - base.counts.tells) / s,
    };
}
