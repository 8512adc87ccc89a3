// SPDX-License-Identifier: GPL-3.0-or-later
// wire_contour.h - the JSON of studies of kind contour
//
//   "contour": {"features": ["m1", "log(m1 - m2 + 20)"], "curves": ["obs"], ..}
//   {"mu_up": {"obs": 1.2}, "err": {"obs": 0.02}}   {"invalid": "no EWSB"}

#ifndef CUMAE_WIRE_CONTOUR_H
#define CUMAE_WIRE_CONTOUR_H

#include "contour_view.h"
#include "definition.h"
#include "outcome.h"
#include "wire.h"

enum {
    CONTOUR_MAX_NAME = 80,       // bytes of a curve's
    CONTOUR_MAX_INITIAL = 100,   // points
    CONTOUR_MAX_PENDING = 1000,  // min_unevaluated
    CONTOUR_MAX_INVALID = 10000, // bytes of the text
};

// Reads space, constraints and "contour", once the name is known. Where points
// may lie is checked unless the text was stored.
int wire_contour_read(const struct fields *study, struct definition *definition,
                      bool stored);

// Appends the member "contour".
void wire_contour_write(struct text *text, const struct definition *definition);

// Members of a definition that such a study does not have.
extern const char *const wire_contour_foreign[];

// ERROR_INVALID for what a study that has results cannot change: curves, target
// and seed.
int wire_contour_check_changes(const json_t *own, struct error *err);

// May points still lie anywhere? ERROR_INVALID as contour_plan_domain.
int wire_contour_check_domain(const struct definition *definition,
                              const char *where, struct error *err);

// Reads mu_up or cls, err and invalid of a message, if there is one of them,
// into what *curves points to in the arena. They exclude what others tells say.
int wire_contour_told_read(const struct fields *fields,
                           const struct told_curves **curves,
                           struct arena *arena);

// Appends the answer to GET .../contour, with its grid if there is to be one.
void wire_contour_view_write(struct text *text, const struct contour_view *view,
                             const char *study_key, int64_t revision,
                             bool grid);

#endif
