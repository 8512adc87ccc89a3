// SPDX-License-Identifier: GPL-3.0-or-later
// ask_keys.h - which trial an ask with an idempotency key got first
//
// A hash table that only grows, from the digest of the key to the number of a
// trial. No key is 0.

#ifndef CUMAE_ASK_KEYS_H
#define CUMAE_ASK_KEYS_H

#include <stddef.h>
#include <stdint.h>

struct ask_key {
    uint64_t key; // 0: a free slot
    uint32_t number;
};

// All zero: empty.
struct ask_keys {
    struct ask_key *slots; // [n_slots], a power of two
    size_t n_slots, n;
};

void ask_keys_done(struct ask_keys *keys);

// Remembers the trial unless the key has one: the first stands for all. A key
// of 0 is none.
void ask_keys_put(struct ask_keys *keys, uint64_t key, size_t number);

// The first trial with the key, or -1.
int64_t ask_keys_find(const struct ask_keys *keys, uint64_t key);

#endif
