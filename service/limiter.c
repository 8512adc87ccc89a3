// SPDX-License-Identifier: GPL-3.0-or-later
// limiter.c - how often somebody may do something

#include "limiter.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/random.h>

enum { WAYS = 8 };

static const int64_t minute_ns = INT64_C(60000000000);

struct entry {
    uint64_t key;
    int64_t full_ns; // when the bucket is full again; the past: it is
};

struct limiter {
    pthread_mutex_t lock;
    uint64_t seed;
    size_t n_sets; // a power of two
    struct entry entries[];
};

struct limiter *limiter_new(size_t keys)
{
    size_t sets = 1;
    while (sets * WAYS < keys)
        sets *= 2;
    struct limiter *limiter =
        calloc(1, sizeof *limiter + sets * WAYS * sizeof *limiter->entries);
    if (limiter == NULL || getrandom(&limiter->seed, sizeof limiter->seed, 0) !=
                               sizeof limiter->seed)
        abort();
    pthread_mutex_init(&limiter->lock, NULL);
    limiter->n_sets = sets;
    return limiter;
}

void limiter_free(struct limiter *limiter)
{
    if (limiter == NULL)
        return;
    pthread_mutex_destroy(&limiter->lock);
    free(limiter);
}

// The finalizer of MurmurHash3: each bit of the key changes each bit.
static uint64_t mix(uint64_t key)
{
    key = (key ^ key >> 33) * UINT64_C(0xff51afd7ed558ccd);
    key = (key ^ key >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return key ^ key >> 33;
}

// The entry of the key, else the one of its set that is missed least.
static struct entry *find(struct limiter *limiter, uint64_t key)
{
    // Twice, with a secret before each: one round could be inverted.
    uint64_t hash = mix(mix(key ^ limiter->seed) + limiter->seed);
    struct entry *set =
        &limiter->entries[(hash & (limiter->n_sets - 1)) * WAYS];
    struct entry *found = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].full_ns < found->full_ns)
            found = &set[i];
    }
    return found;
}

static int64_t take(struct limiter *limiter, uint64_t key, unsigned per_minute,
                    int64_t now_us, bool really)
{
    int64_t now = now_us * 1000, each = minute_ns / per_minute;
    pthread_mutex_lock(&limiter->lock);
    struct entry *entry = find(limiter, key);
    int64_t full =
        entry->key == key && entry->full_ns > now ? entry->full_ns : now;
    int64_t wait = full - now - (minute_ns - each);
    if (wait <= 0 && really)
        *entry = (struct entry){key, full + each};
    pthread_mutex_unlock(&limiter->lock);
    return wait <= 0 ? 0 : wait / 1000 + 1;
}

int64_t limiter_take(struct limiter *limiter, uint64_t key, unsigned per_minute,
                     int64_t now_us)
{
    return take(limiter, key, per_minute, now_us, true);
}

int64_t limiter_look(struct limiter *limiter, uint64_t key, unsigned per_minute,
                     int64_t now_us)
{
    return take(limiter, key, per_minute, now_us, false);
}
