// SPDX-License-Identifier: GPL-3.0-or-later
// route_lines.h - a study from lines of JSON, as wire_export.h writes them

#ifndef CUMAE_ROUTE_LINES_H
#define CUMAE_ROUTE_LINES_H

#include "copy.h"
#include "wire.h"

// What a file holds; texts and rows lie in the arena.
struct imported {
    struct definition *definition; // owned
    const char *study, *name;      // of the study that was exported
    int64_t revision;
    struct copied *trials; // [n] that ended with an outcome
    size_t n, n_left_out;
};

// Reads n bytes of lines: {"study": ...}, then trials. `name` is what the study
// is to be called, NULL: as in the file. Errors name the line, from 1.
int route_lines_read(const char *text, size_t bytes, const char *name,
                     struct arena *arena, struct imported *imported,
                     struct error *err);

#endif
