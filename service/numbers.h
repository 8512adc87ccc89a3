// SPDX-License-Identifier: GPL-3.0-or-later
// numbers.h - trial numbers by a key
//
// A hash table from digests that others chose for a trial (of the idempotency
// key of an ask, of the name that a user gave it) to the trial's number. Keys
// are digests already, so their bits are the hash. Nothing is ever removed.

#ifndef CUMAE_NUMBERS_H
#define CUMAE_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

struct numbers {
    size_t n, n_slots; // n_slots: a power of two, or 0
    struct numbers_slot {
        uint64_t key; // 0: the slot is free
        uint32_t number;
    } * slots;
};

// A table of zeros is empty.
void numbers_done(struct numbers *numbers);

// Enters a trial. Of several under one key the lowest number stays. Key 0 is
// none and is not entered.
void numbers_put(struct numbers *numbers, uint64_t key, size_t number);

// The number under this key, or -1.
int64_t numbers_find(const struct numbers *numbers, uint64_t key);

#endif
