// SPDX-License-Identifier: GPL-3.0-or-later
// hopaas.h - the suggestion strings of the Hopaas protocol
//
//     "optuna#" kind "(" argument {"," argument} ")"
//
//     uniform(low,high)            loguniform(low,high)  log_uniform(low,high)
//     float(low,high)              float(low,high,step,log)
//     int(low,high)                int(low,high,step,log)
//     discrete_uniform(low,high)   discrete_uniform(low,high,step)
//     categorical(a,b c,d)
//
// Numbers are Python's repr, booleans true/false/True/False, a step may also be
// None, NaN or null. Everything between the first "(" and the last ")" counts,
// so choices may hold parentheses but never a comma. Choices are strings.

#ifndef CUMAE_HOPAAS_H
#define CUMAE_HOPAAS_H

#include <stdbool.h>

#include "../optimizers/space.h"

// Is this property value a suggestion?
bool hopaas_is_suggestion(const char *text);

// Adds the parameter that the suggestion describes. ERROR_INVALID names the
// property and what is wrong.
int hopaas_add(struct space *space, const char *name, const char *suggestion,
               struct error *err);

#endif
