// SPDX-License-Identifier: GPL-3.0-or-later
// wire_hopaas.h - the JSON of a Hopaas ask
//
// An ask is one flat object: strings that begin "optuna#" are parameters,
// members that begin with "_" are special (they differ from worker to worker
// and are no part of the study), `hopaas_config` says title, direction, sampler
// and pruner, and everything else is a constant that is echoed.

#ifndef CUMAE_WIRE_HOPAAS_H
#define CUMAE_WIRE_HOPAAS_H

#include "definition.h"
#include "live.h"
#include "wire.h"

// The study that an ask describes; parameters and constants are in the order
// of their names. *identity, in the arena, is the text that identifies the
// set-up: the special members are no part of it, `_seed`, `_max_trials` and
// `_lease_s` count when the study is made. ERROR_INVALID says what is wrong.
struct definition *wire_hopaas_read(const json_t *ask, struct arena *arena,
                                    char **identity, struct error *err);

// The special members as a JSON object, NULL when there are none.
char *wire_hopaas_special(const json_t *ask, struct arena *arena);

// The ask without special members, with its members sorted: equal texts are the
// same set-up, and finding that out is quicker than reading it. The caller
// frees it.
char *wire_hopaas_setup(const json_t *ask);

// Appends the answer: `hopaas_trial` and every property, the parameters with
// their values.
void wire_hopaas_answer(struct text *text, const json_t *ask,
                        const struct live *live, size_t number);

#endif
