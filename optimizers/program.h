// SPDX-License-Identifier: GPL-3.0-or-later
// program.h - an expression as steps for a machine with a stack
//
// Each step takes one or two values from the stack and leaves one, or leaves a
// new one. A truth is 0 or 1. What is computed from NaN is NaN; a comparison
// with it is 0, STEP_UNEQUAL too, and as a truth it is 0.

#ifndef CUMAE_PROGRAM_H
#define CUMAE_PROGRAM_H

#include <stddef.h>

#include "space.h"

enum { PROGRAM_MAX_STACK = 64 };

enum step_kind {
    STEP_PUSH, // number
    STEP_LOAD, // the value of parameter k
    STEP_ADD,
    STEP_SUBTRACT,
    STEP_MULTIPLY,
    STEP_DIVIDE,
    STEP_POWER,
    STEP_NEGATE,
    STEP_LESS,
    STEP_AT_MOST,
    STEP_MORE,
    STEP_AT_LEAST,
    STEP_EQUAL,
    STEP_UNEQUAL,
    STEP_AND,
    STEP_OR,
    STEP_NOT,
    STEP_ABS,
    STEP_EXP,
    STEP_FLOOR,
    STEP_LOG,
    STEP_MAX,
    STEP_MIN,
    STEP_SQRT,
};

struct step {
    enum step_kind kind;
    size_t k;
    double number;
};

// What n steps leave, of which there is one value in the end and at no time
// more than PROGRAM_MAX_STACK. The point is a valid one of the space.
double program_value(const struct step *steps, size_t n,
                     const struct space *space, const double *point);

// How far a truth that n steps leave is from being one: 0 where it is 1. Else a
// positive number that says where it is nearer: a comparison misses by
// ln(1 + |x - y|), `and` adds what its sides miss, `or` takes the lesser one.
double program_miss(const struct step *steps, size_t n,
                    const struct space *space, const double *point);

#endif
