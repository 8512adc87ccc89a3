// SPDX-License-Identifier: GPL-3.0-or-later
// uses.h - when tokens were used last, on the way to the store
//
// A request only leaves a note in memory. Notes are written together, a
// thousand tokens in one statement, and nobody waits for it. A note that is
// lost costs nothing but a minute of "last used".

#ifndef CUMAE_USES_H
#define CUMAE_USES_H

#include "engine.h"

enum { USES_MAX = 4096 }; // notes that wait; more are dropped

struct uses;

struct uses *uses_new(void);
void uses_free(struct uses *uses);

// Notes that the token was used now, from this address.
void uses_note(struct uses *uses, int64_t token_id, const char *address);

// Has the notes written, if there are any. Never waits.
void uses_write(struct uses *uses, struct engine *engine);

#endif
