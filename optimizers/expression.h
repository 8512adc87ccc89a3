// SPDX-License-Identifier: GPL-3.0-or-later
// expression.h - a formula over the parameters of a space, as users write it
//
//   max_depth * eta <= 3            log(m1 - m2 + 20)
//   booster == 'dart' or not flag   `learning rate` < 1e-2 and min(a, b) > 0
//
// Loosest first: or, and, not, comparisons (< <= > >= == !=, which do not
// chain), + -, * /, the sign -, ^ (also written **, from the right), and
// abs exp floor log max min pow sqrt of numbers; max and min take two or more.
//
// A value is a number or a truth. A float, int or discrete parameter is a
// number and a bool a truth; a categorical one is only compared, by == or !=,
// with one of its choices: a text between ' or ", a number, true, false, null.
// An inactive parameter is NaN. What is computed from NaN is NaN, and any
// comparison with NaN is false, != too; as a truth NaN is false. Nothing else
// is an error when a value is computed: log(0) is -infinity, log(-1) NaN.
//
// A text is read once, into steps for a machine with a stack, and computed any
// number of times without memory. Texts are bounded (EXPRESSION_MAX_BYTES), and
// so is the depth of what stands inside one another (EXPRESSION_MAX_DEPTH).

#ifndef CUMAE_EXPRESSION_H
#define CUMAE_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "error.h"
#include "program.h"
#include "space.h"

enum {
    EXPRESSION_MAX_BYTES = 1000,
    EXPRESSION_MAX_DEPTH = 32, // parentheses, signs, not and powers
};

struct expression {
    size_t n;
    const struct step *steps; // in the arena
    bool truth;               // a truth, not a number
};

// Reads a text about the parameters of `space` into the arena. ERROR_INVALID
// says what is wrong and at which byte ("column 7: expected a number, a name or
// (, not *"): no such parameter or choice, a number where a truth is needed,
// something too long or too deep.
int expression_read(const char *text, const struct space *space,
                    struct arena *arena, struct expression *expression,
                    struct error *err);

// The value at a valid point of the space that the text was read for, or of one
// that became wider since; 0 or 1 for a truth.
double expression_value(const struct expression *expression,
                        const struct space *space, const double *point);

#endif
