// SPDX-License-Identifier: GPL-3.0-or-later
// wire_algorithm.h - the JSON of a study's sampler and pruner
//
// Parts of the JSON of a definition (wire_definition.h).

#ifndef CUMAE_WIRE_ALGORITHM_H
#define CUMAE_WIRE_ALGORITHM_H

#include "definition.h"
#include "wire.h"

// Reads "sampler", once name, objectives and space are known.
int wire_sampler_read(const struct fields *study,
                      struct definition *definition);

// Reads "pruner". One that is stored was good when it came.
int wire_pruner_read(const struct fields *study, struct definition *definition,
                     bool stored);

// Appends the members "sampler" and "pruner".
void wire_algorithms_write(struct text *text,
                           const struct definition *definition);

// Appends the value of an option: null for one that is not set.
void wire_option_write(struct text *text, const struct option *option,
                       double value);

// The seed of a study that was given none: depends on the text alone, so that
// the same study started twice proposes the same points.
uint64_t wire_definition_seed(const char *name);

#endif
