// SPDX-License-Identifier: GPL-3.0-or-later
// wire_csv.h - lines of CSV with different columns, under one head
//
// Studies differ in their parameters and so in their columns. The head that
// stands for all of them has each name once, in the order in which it came
// first; a line of one study leaves the others' columns empty. A cell is taken
// as it is written (RFC 4180), so nothing is quoted anew.

#ifndef CUMAE_WIRE_CSV_H
#define CUMAE_WIRE_CSV_H

#include <stddef.h>

#include "../optimizers/arena.h"
#include "text.h"

struct cell {
    const char *text; // not terminated
    size_t n;
};

struct columns {
    struct arena *arena; // the caller's; the names are copied there
    struct cell *names;  // [n]
    size_t n, capacity;
    size_t *slots; // [n_slots] hash table: 1 + place in names, 0: free
    size_t n_slots;
    size_t *places; // [n_places] of the cells of the lines that come now
    size_t n_places;
    struct cell *cells; // [capacity] of one line
};

void columns_init(struct columns *columns, struct arena *arena);

// Adds the names of a head; `n` bytes that end with CRLF.
void columns_add(struct columns *columns, const char *head, size_t n);

// Writes the head of all, without CRLF.
void columns_head(const struct columns *columns, struct text *text);

// From now on lines have the cells of this head, whose names were all added.
void columns_take(struct columns *columns, const char *head, size_t n);

// Writes a line of n bytes under the head of all, without CRLF.
void columns_line(struct columns *columns, struct text *text, const char *line,
                  size_t n);

#endif
