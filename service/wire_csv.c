// SPDX-License-Identifier: GPL-3.0-or-later
// wire_csv.c - lines of CSV with different columns, under one head

#include "wire_csv.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

void columns_init(struct columns *columns, struct arena *arena)
{
    *columns = (struct columns){.arena = arena};
}

// Takes the next cell off a line; NULL text after the last one.
static struct cell next_cell(const char **at, const char *end)
{
    const char *start = *at, *c = start;
    bool quoted = false;
    if (!start)
        return (struct cell){NULL, 0};
    for (; c < end && (quoted || (*c != ',' && *c != '\r')); c++)
        if (*c == '"')
            quoted = !quoted;
    *at = c < end && *c == ',' ? c + 1 : NULL;
    return (struct cell){start, (size_t)(c - start)};
}

// ---- names ------------------------------------------------------------------

static size_t hash(const struct cell *cell)
{
    uint64_t h = 0xcbf29ce484222325u; // FNV-1a
    for (size_t i = 0; i < cell->n; i++)
        h = (h ^ (unsigned char)cell->text[i]) * 0x100000001b3u;
    return (size_t)(h >> 16);
}

// The slot of a name: its own, or the free one where it belongs.
static size_t *slot_of(const struct columns *columns, const struct cell *name)
{
    size_t mask = columns->n_slots - 1;
    for (size_t i = hash(name) & mask;; i = (i + 1) & mask) {
        size_t *slot = &columns->slots[i];
        if (!*slot)
            return slot;
        const struct cell *there = &columns->names[*slot - 1];
        if (there->n == name->n &&
            memcmp(there->text, name->text, name->n) == 0)
            return slot;
    }
}

static void grow(struct columns *columns)
{
    size_t capacity = columns->capacity ? 2 * columns->capacity : 64;
    struct cell *names = arena_zeros(columns->arena, capacity, sizeof *names);
    if (columns->n)
        memcpy(names, columns->names, columns->n * sizeof *names);
    columns->names = names;
    columns->capacity = capacity;
    columns->places =
        arena_zeros(columns->arena, capacity, sizeof *columns->places);
    columns->cells =
        arena_zeros(columns->arena, capacity, sizeof *columns->cells);
    columns->n_slots = 2 * capacity;
    columns->slots =
        arena_zeros(columns->arena, columns->n_slots, sizeof *columns->slots);
    for (size_t i = 0; i < columns->n; i++)
        *slot_of(columns, &names[i]) = i + 1;
}

void columns_add(struct columns *columns, const char *head, size_t n)
{
    const char *at = head;
    for (struct cell name; (name = next_cell(&at, head + n)).text;) {
        if (columns->n == columns->capacity)
            grow(columns);
        size_t *slot = slot_of(columns, &name);
        if (*slot)
            continue;
        columns->names[columns->n] = (struct cell){
            arena_copy(columns->arena, name.text, name.n), name.n};
        *slot = ++columns->n;
    }
}

void columns_head(const struct columns *columns, struct text *text)
{
    for (size_t i = 0; i < columns->n; i++) {
        if (i)
            text_char(text, ',');
        text_bytes(text, columns->names[i].text, columns->names[i].n);
    }
}

// ---- lines ------------------------------------------------------------------

void columns_take(struct columns *columns, const char *head, size_t n)
{
    const char *at = head;
    columns->n_places = 0;
    for (struct cell name; (name = next_cell(&at, head + n)).text;)
        columns->places[columns->n_places++] = *slot_of(columns, &name) - 1;
}

void columns_line(struct columns *columns, struct text *text, const char *line,
                  size_t n)
{
    const char *at = line;
    memset(columns->cells, 0, columns->n * sizeof *columns->cells);
    for (size_t i = 0; i < columns->n_places; i++)
        columns->cells[columns->places[i]] = next_cell(&at, line + n);
    for (size_t i = 0; i < columns->n; i++) {
        if (i)
            text_char(text, ',');
        if (columns->cells[i].n)
            text_bytes(text, columns->cells[i].text, columns->cells[i].n);
    }
}
