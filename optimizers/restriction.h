// SPDX-License-Identifier: GPL-3.0-or-later
// restriction.h - what the points of a space must fulfil
//
//   max_depth * eta <= 3            booster != 'dart' or rate_drop > 0
//
// A restriction is an expression over the parameters (expression.h) that must
// be true. One that names a parameter which is inactive at a point says nothing
// about that point: it holds there. Users call them the constraints of a
// study; in the optimizers that word is for outcomes (history.h).
//
// Parameters that some restriction ties together, with all that decide whether
// those are active, form a group. What holds in one group depends on no other,
// so each can be looked after by itself (repair.h).

#ifndef CUMAE_RESTRICTION_H
#define CUMAE_RESTRICTION_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "error.h"
#include "expression.h"
#include "space.h"

enum { RESTRICTION_MOST = 20 }; // of a space

struct restriction {
    const char *text;
    struct expression expression;
    size_t n;             // parameters that it names, at least one
    const size_t *params; // [n]
    size_t group;
};

struct restrictions {
    struct arena arena;
    size_t n;
    struct restriction list[RESTRICTION_MOST];
    size_t n_groups;
    size_t *group; // [d] of each parameter, n_groups: of none
};

// Adds what a text says to the restrictions of a space that has all of its
// parameters. ERROR_INVALID: there are RESTRICTION_MOST already, the text is no
// expression about them, names none of them or is not a truth; the column is
// named.
int restriction_add(struct space *space, const char *text, struct error *err);

// NULL is fine.
void restriction_free(struct restrictions *restrictions);

// The first restriction that does not hold at a valid point; NULL: all do.
const struct restriction *restriction_broken(const struct space *space,
                                             const double *point);

// Does this one hold there?
bool restriction_holds(const struct restriction *restriction,
                       const struct space *space, const double *point);

// Do all hold? Costs nothing where there are none.
static inline bool restriction_allows(const struct space *space,
                                      const double *point)
{
    return !space->restrictions || !restriction_broken(space, point);
}

// How far the restrictions of a group are from holding at a point of which the
// coordinates of the group are valid: 0 if they hold, else positive
// (program.h).
double restriction_miss(const struct space *space, size_t group,
                        const double *point);

#endif
