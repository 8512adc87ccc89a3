// SPDX-License-Identifier: GPL-3.0-or-later
// definition.c - what a study is: its space, its goal and its rules

#include "definition.h"

#include <stdlib.h>

struct definition *definition_keep(struct definition *definition)
{
    atomic_fetch_add(&definition->sharers, 1);
    return definition;
}

void definition_free(struct definition *definition)
{
    if (!definition || atomic_fetch_sub(&definition->sharers, 1) > 0)
        return;
    space_done(&definition->space);
    free(definition->name);
    free(definition->objective);
    free(definition->constants);
    free(definition->tags);
    free(definition->notes);
    free(definition->origin);
    free(definition);
}

double definition_sign(const struct definition *definition, double value)
{
    return definition->maximize ? -value : value;
}
