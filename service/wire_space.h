// SPDX-License-Identifier: GPL-3.0-or-later
// wire_space.h - the JSON of a search space and of its points

#ifndef CUMAE_WIRE_SPACE_H
#define CUMAE_WIRE_SPACE_H

#include "../optimizers/space.h"
#include "wire.h"

// Reads {"eta": {"type": "float", "low": 0.01, "high": 0.3, "log": true}, ...}
// into an empty space. Parents come before the parameters whose `when` names
// them, otherwise the order is that of the members. ERROR_MALFORMED and
// ERROR_INVALID name the parameter and the field.
int wire_space_read(const json_t *json, const char *where, struct space *space,
                    struct error *err);

// Appends the space as an object that wire_space_read reads.
void wire_space_write(struct text *text, const struct space *space);

// Appends the value of parameter k as users write it: an int as an integer, a
// categorical as the scalar it was declared with. value is not NaN.
void wire_param_write(struct text *text, const struct param *param,
                      double value);

// Reads {"eta": 0.1, ...} into the point; parameters that are not there become
// NaN. ERROR_INVALID names one that the space does not have, or its value that
// is out of range; which of them are active is not looked at.
int wire_point_read(const json_t *json, const char *where,
                    const struct space *space, struct arena *arena,
                    double *point, struct error *err);

// Appends {"eta": 0.1, ...}: the active parameters of a point.
void wire_point_write(struct text *text, const struct space *space,
                      const double *point);

#endif
