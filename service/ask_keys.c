// SPDX-License-Identifier: GPL-3.0-or-later
// ask_keys.c - which trial an ask with an idempotency key got first

#include "ask_keys.h"

#include <stdlib.h>

void ask_keys_done(struct ask_keys *keys)
{
    free(keys->slots);
    *keys = (struct ask_keys){0};
}

// The slot of the key, or the free one where it belongs. There is a free one.
static struct ask_key *slot_of(const struct ask_keys *keys, uint64_t key)
{
    size_t i = key & (keys->n_slots - 1);
    while (keys->slots[i].key && keys->slots[i].key != key)
        i = (i + 1) & (keys->n_slots - 1);
    return &keys->slots[i];
}

static void grow(struct ask_keys *keys)
{
    struct ask_keys old = *keys;
    keys->n_slots = old.n_slots ? 2 * old.n_slots : 64;
    keys->slots = calloc(keys->n_slots, sizeof *keys->slots);
    if (!keys->slots)
        abort();
    for (size_t i = 0; i < old.n_slots; i++)
        if (old.slots[i].key)
            *slot_of(keys, old.slots[i].key) = old.slots[i];
    free(old.slots);
}

void ask_keys_put(struct ask_keys *keys, uint64_t key, size_t number)
{
    if (!key)
        return;
    if (2 * (keys->n + 1) > keys->n_slots)
        grow(keys);
    struct ask_key *slot = slot_of(keys, key);
    if (slot->key)
        return;
    *slot = (struct ask_key){key, (uint32_t)number};
    keys->n++;
}

int64_t ask_keys_find(const struct ask_keys *keys, uint64_t key)
{
    if (!key || !keys->n)
        return -1;
    const struct ask_key *slot = slot_of(keys, key);
    return slot->key ? (int64_t)slot->number : -1;
}
