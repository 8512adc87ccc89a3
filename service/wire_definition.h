// SPDX-License-Identifier: GPL-3.0-or-later
// wire_definition.h - the JSON of a study's definition
//
// One text form serves the API, the store and the comparison of definitions:
// wire_definition_text writes every field with its value, so two definitions
// are the same when their texts are.

#ifndef CUMAE_WIRE_DEFINITION_H
#define CUMAE_WIRE_DEFINITION_H

#include "definition.h"
#include "wire.h"

enum {
    STUDY_MAX_CONSTANTS = 65536,        // bytes of JSON
    STUDY_MAX_LEASE_S = 30 * 24 * 3600, // a month
};

// Reads a definition that a user sent. ERROR_MALFORMED or ERROR_INVALID name
// the field. Free with definition_free.
struct definition *wire_definition_read(const json_t *json, const char *where,
                                        struct error *err);

// Reads the member "tags" as a JSON array; NULL when it is absent.
const char *wire_tags_read(const struct fields *fields, struct arena *arena);

// Reads a definition that wire_definition_text wrote for the store.
struct definition *wire_definition_load(const char *text, struct error *err);

// The definition with the members of `changes` (budget, notes, tags, sampler,
// pruner, lease_s, max_attempts, space, constraints, grid) replaced, or merged
// for space, budget and grid; its origin becomes that of `definition`, or the
// text of `definition` itself.
struct definition *wire_definition_patch(const struct definition *definition,
                                         const json_t *changes,
                                         struct error *err);

// Replaces members of a definition's JSON; those of space, budget and grid are
// merged, so that the parameters keep their order and what is not named
// stays.
int wire_definition_merge(json_t *definition, const json_t *changes);

// Appends the members `"name":...,` without the surrounding braces. `stored`
// adds those that only the store needs.
void wire_definition_write(struct text *text,
                           const struct definition *definition, bool stored);

// The stored form, complete.
char *wire_definition_text(const struct definition *definition,
                           struct arena *arena);

// Are two stored forms the same definition? The order of parameters is none of
// its meaning.
bool wire_definition_same(const char *a, const char *b);

#endif
