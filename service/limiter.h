// SPDX-License-Identifier: GPL-3.0-or-later
// limiter.h - how often somebody may do something
//
// A token bucket for each key, which holds what is allowed in a minute. It is
// kept as one number, the moment when it will be full again (the "generic cell
// rate algorithm"), so a full bucket needs no entry. The table has a fixed
// size: keys share sets of eight entries, and when a set is full, whoever is
// nearest to a full bucket is forgotten. Where a key lands is a secret of the
// process, so nobody can choose who shares their set.

#ifndef CUMAE_LIMITER_H
#define CUMAE_LIMITER_H

#include <stddef.h>
#include <stdint.h>

struct limiter;

// Room for `keys` keys at once, rounded up to a power of two of sets.
struct limiter *limiter_new(size_t keys);
void limiter_free(struct limiter *limiter);

// Takes one of the `per_minute` >= 1 that the key may have. Returns 0, or for
// how many microseconds there is none. now_us is monotonic. Any thread.
int64_t limiter_take(struct limiter *limiter, uint64_t key, unsigned per_minute,
                     int64_t now_us);

// The same answer, but nothing is taken.
int64_t limiter_look(struct limiter *limiter, uint64_t key, unsigned per_minute,
                     int64_t now_us);

#endif
