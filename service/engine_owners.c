// SPDX-License-Identifier: GPL-3.0-or-later
// engine_owners.c - the quotas that a transaction takes from

#include "engine_private.h"

#include <stdlib.h>

#include "../optimizers/memory.h"

// Whom a command takes from, 0: nobody, or somebody without limits.
static int64_t owner_of(const struct share *share, const struct command *c,
                        const struct user_quotas *standard)
{
    const struct live *live = share->actor->live;
    if (!c->takes || share->gone)
        return 0;
    if (!live)
        return c->owner_id;
    struct user_quotas limits = quota_limits(&share->owner, standard);
    return quota_is_limited(&limits) ? live->owner_id : 0;
}

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

// Lists the owners, each once, in ascending order. NULL: there are none.
static int64_t *list(const struct batch *batch,
                     const struct user_quotas *standard, size_t *n)
{
    int64_t *ids = NULL;
    size_t capacity = 0, kept = 0;
    *n = 0;
    for (size_t i = 0; i < batch->n; i++)
        for (struct command *c = batch->shares[i].commands; c; c = c->next) {
            int64_t id = owner_of(&batch->shares[i], c, standard);
            if (!id || (*n && ids[*n - 1] == id))
                continue;
            if (*n == capacity) {
                capacity = capacity ? 2 * capacity : 16;
                ids = memory_resize(ids, capacity, sizeof *ids);
            }
            ids[(*n)++] = id;
        }
    if (*n)
        qsort(ids, *n, sizeof *ids, by_id);
    for (size_t i = 0; i < *n; i++)
        if (i == 0 || ids[i] != ids[i - 1])
            ids[kept++] = ids[i];
    *n = kept;
    return ids;
}

static struct quota *find(const struct owners *owners, int64_t id)
{
    for (size_t i = 0; i < owners->n; i++)
        if (owners->quotas[i].owner_id == id)
            return &owners->quotas[i];
    return NULL;
}

// Gives a study its quota, which knows of what is in the study already.
static void attach(struct live *live, struct quota *quota)
{
    struct user_use before = quota->use;
    live->quota = quota;
    quota_follow(live);
    quota->use = before;
}

int engine_open_owners(struct batch *batch, const struct user_quotas *standard,
                       struct store *store, struct owners *owners,
                       struct error *err)
{
    size_t n;
    int64_t *ids = list(batch, standard, &n);
    int result = 0;
    if (!n)
        return 0;
    owners->quotas = memory_resize(NULL, n, sizeof *owners->quotas);
    while (owners->n < n && result == 0) {
        struct quota *quota = &owners->quotas[owners->n];
        result = quota_open(store, standard, ids[owners->n], quota, err);
        owners->n += result == 0;
    }
    free(ids);
    for (size_t i = 0; i < batch->n && result == 0; i++) {
        struct live *live = batch->shares[i].actor->live;
        struct quota *quota = live && !batch->shares[i].gone
                                  ? find(owners, live->owner_id)
                                  : NULL;
        if (quota)
            attach(live, quota);
        for (struct command *c = batch->shares[i].commands; c; c = c->next)
            c->quota = find(owners, c->owner_id);
    }
    return result;
}

void engine_close_owners(struct batch *batch, struct owners *owners)
{
    for (size_t i = 0; i < batch->n && owners->n; i++)
        if (batch->shares[i].actor->live)
            batch->shares[i].actor->live->quota = NULL;
    free(owners->quotas);
}
