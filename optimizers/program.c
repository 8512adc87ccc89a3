// SPDX-License-Identifier: GPL-3.0-or-later
// program.c - an expression as steps for a machine with a stack

#include "program.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

static double load(const struct param *param, double coordinate)
{
    bool level = param->kind == PARAM_DISCRETE && !isnan(coordinate);
    return level ? param->levels[(size_t)coordinate] : coordinate;
}

static double one(enum step_kind operation, double x)
{
    switch (operation) {
    case STEP_NEGATE:
        return -x;
    case STEP_NOT:
        return x != 1;
    case STEP_ABS:
        return fabs(x);
    case STEP_EXP:
        return exp(x);
    case STEP_FLOOR:
        return floor(x);
    case STEP_LOG:
        return log(x);
    default:
        return sqrt(x);
    }
}

static double two(enum step_kind operation, double x, double y)
{
    switch (operation) {
    case STEP_ADD:
        return x + y;
    case STEP_SUBTRACT:
        return x - y;
    case STEP_MULTIPLY:
        return x * y;
    case STEP_DIVIDE:
        return x / y;
    case STEP_POWER:
        return isnan(x) || isnan(y) ? NAN : pow(x, y);
    case STEP_LESS:
        return x < y;
    case STEP_AT_MOST:
        return x <= y;
    case STEP_MORE:
        return x > y;
    case STEP_AT_LEAST:
        return x >= y;
    case STEP_EQUAL:
        return x == y;
    case STEP_UNEQUAL:
        return x < y || x > y;
    case STEP_AND:
        return x == 1 && y == 1;
    case STEP_OR:
        return x == 1 || y == 1;
    case STEP_MAX:
        return isnan(x) || x > y ? x : y;
    default:
        return isnan(x) || x < y ? x : y;
    }
}

static bool takes_one(enum step_kind operation)
{
    return operation == STEP_NEGATE || operation == STEP_NOT ||
           (operation >= STEP_ABS && operation <= STEP_LOG) ||
           operation == STEP_SQRT;
}

// ---- values -----------------------------------------------------------------

double program_value(const struct step *steps, size_t n,
                     const struct space *space, const double *point)
{
    double stack[PROGRAM_MAX_STACK] = {NAN}; // no steps, no value
    size_t used = 0;
    for (const struct step *step = steps; step < steps + n; step++) {
        if (step->kind == STEP_PUSH)
            stack[used++] = step->number;
        else if (step->kind == STEP_LOAD)
            stack[used++] = load(&space->params[step->k], point[step->k]);
        else if (takes_one(step->kind))
            stack[used - 1] = one(step->kind, stack[used - 1]);
        else {
            used--;
            stack[used - 1] = two(step->kind, stack[used - 1], stack[used]);
        }
    }
    return stack[0];
}

// ---- degrees of truth -------------------------------------------------------

// A value, and how far it is from being true and from being false as a truth.
struct degree {
    double value, from_true, from_false;
};

static struct degree degree_of(double value, double gap)
{
    return (struct degree){value, value == 1 ? 0 : gap, value == 1 ? gap : 0};
}

// What is compared to NaN or to infinity is further off than anything else.
static double gap_of(double x, double y)
{
    double gap = fabs(x - y);
    return isfinite(gap) ? fmax(log1p(gap), DBL_MIN) : 1000;
}

static struct degree join(enum step_kind operation, struct degree x,
                          struct degree y)
{
    double value = two(operation, x.value, y.value);
    if (operation == STEP_AND)
        return (struct degree){value, x.from_true + y.from_true,
                               fmin(x.from_false, y.from_false)};
    if (operation == STEP_OR)
        return (struct degree){value, fmin(x.from_true, y.from_true),
                               x.from_false + y.from_false};
    bool compares = operation >= STEP_LESS && operation <= STEP_UNEQUAL;
    return degree_of(value, compares ? gap_of(x.value, y.value) : 1);
}

double program_miss(const struct step *steps, size_t n,
                    const struct space *space, const double *point)
{
    struct degree stack[PROGRAM_MAX_STACK] = {{0, 1, 0}};
    size_t used = 0;
    for (const struct step *step = steps; step < steps + n; step++) {
        struct degree *top = stack + used;
        if (step->kind == STEP_PUSH)
            stack[used++] = degree_of(step->number, 1);
        else if (step->kind == STEP_LOAD)
            stack[used++] =
                degree_of(load(&space->params[step->k], point[step->k]), 1);
        else if (step->kind == STEP_NOT)
            top[-1] = (struct degree){one(STEP_NOT, top[-1].value),
                                      top[-1].from_false, top[-1].from_true};
        else if (takes_one(step->kind))
            top[-1] = degree_of(one(step->kind, top[-1].value), 1);
        else {
            used--;
            top[-2] = join(step->kind, top[-2], top[-1]);
        }
    }
    return stack[0].from_true;
}
