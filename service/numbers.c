// SPDX-License-Identifier: GPL-3.0-or-later
// numbers.c - trial numbers by a key

#include "numbers.h"

#include <stdlib.h>

void numbers_done(struct numbers *numbers)
{
    free(numbers->slots);
    *numbers = (struct numbers){0};
}

// The slot that holds the key, or the free one where it belongs.
static struct numbers_slot *seek(const struct numbers *numbers, uint64_t key)
{
    size_t last = numbers->n_slots - 1, i = key & last;
    while (numbers->slots[i].key && numbers->slots[i].key != key)
        i = (i + 1) & last;
    return &numbers->slots[i];
}

static void grow(struct numbers *numbers)
{
    struct numbers old = *numbers;
    numbers->n_slots = old.n_slots ? 2 * old.n_slots : 64;
    numbers->slots = calloc(numbers->n_slots, sizeof *numbers->slots);
    if (!numbers->slots)
        abort();
    for (size_t i = 0; i < old.n_slots; i++)
        if (old.slots[i].key)
            *seek(numbers, old.slots[i].key) = old.slots[i];
    free(old.slots);
}

void numbers_put(struct numbers *numbers, uint64_t key, size_t number)
{
    if (!key)
        return;
    if (2 * (numbers->n + 1) > numbers->n_slots)
        grow(numbers);
    struct numbers_slot *slot = seek(numbers, key);
    if (slot->key && slot->number <= number)
        return;
    numbers->n += !slot->key;
    *slot = (struct numbers_slot){key, (uint32_t)number};
}

int64_t numbers_find(const struct numbers *numbers, uint64_t key)
{
    if (!numbers->n || !key)
        return -1;
    const struct numbers_slot *slot = seek(numbers, key);
    return slot->key ? (int64_t)slot->number : -1;
}
