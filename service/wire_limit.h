// SPDX-License-Identifier: GPL-3.0-or-later
// wire_limit.h - the JSON of limit studies: their terms, orders and tells
//
// The answer of GET /studies/{id}/limit is that of wire_limit_answer.c.

#ifndef CUMAE_WIRE_LIMIT_H
#define CUMAE_WIRE_LIMIT_H

#include "definition.h"
#include "live_limit.h"
#include "trial.h"
#include "wire.h"

// Members of a definition that a limit study does not have; NULL ends.
extern const char *const wire_limit_foreign[];

// Reads "limit" and what follows from it: the space and one objective, whose
// values nobody tells.
int wire_limit_read(const struct fields *study, struct definition *definition,
                    bool stored);

// Appends the member "limit".
void wire_limit_write(struct text *text, const struct definition *definition);

// May a PATCH change these members of "limit"? Precision, budget and sizes.
int wire_limit_check_changes(const json_t *limit, struct error *err);

// Where a worker says it is: `site` of its JSON, of at most 200 bytes; or NULL.
const char *wire_limit_place(const char *worker, struct arena *arena);

// Are two contexts (JSON, or NULL) the same?
bool wire_limit_same_context(const char *a, const char *b);

// Reads "obs" and "toys" of a tell into tell->data and tell->toys, which live
// in the arena; NULL where they are absent.
int wire_limit_read_told(const struct fields *fields, struct tell *tell,
                         struct arena *arena);

// Appends what a worker needs to know of its order: want, mu, hypothesis,
// ntoys, mu_eval and context.
void wire_limit_hand_out(struct text *text, const struct live *live,
                         size_t number);

// Appends the answer of GET /studies/{id}/limit. It looks at the study.
void wire_limit_answer(struct text *text, const struct live *live);

// Appends the list of its curves: limits with errors, or why there are none.
void wire_limit_curves(struct text *text, const struct live *live);

// Appends the test statistics at one of the sites, counted in equal bins.
void wire_limit_histogram(struct text *text, const struct live_limit_site *site,
                          size_t bins);

#endif
