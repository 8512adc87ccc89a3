// SPDX-License-Identifier: GPL-3.0-or-later
// kind_limit.h - what sets limit studies apart
//
// The functions of kind.h for a limit: which order is next, what a tell of data
// or toys must hold, where it is kept, and when enough is known.

#ifndef CUMAE_KIND_LIMIT_H
#define CUMAE_KIND_LIMIT_H

#include "kind.h"
#include "trial_private.h"

int kind_limit_choose(struct live *live, struct ask *ask, struct arena *arena,
                      struct ahead_item *item, struct error *err);
const char *kind_limit_done(const struct live *live, char *detail);
double kind_limit_expected(const struct live *live, const struct ask *ask);
int kind_limit_resolve(const struct live *live, const struct tell *tell,
                       struct message *message, struct error *err);
int kind_limit_keep(struct live *live, struct store *store,
                    const struct tell *tell, struct error *err);
int kind_limit_repeats(const struct live *live, struct store *store,
                       const struct tell *tell, struct error *err);
bool kind_limit_stands_alone(const struct live *live, size_t number);
int kind_limit_amended(struct live *live, struct store *store,
                       struct error *err);

#endif
