// SPDX-License-Identifier: GPL-3.0-or-later
// wire_outputs.c - the outputs of trials, as columns of a table

#include "wire_outputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "../optimizers/memory.h"

void wire_outputs_init(struct outputs *outputs)
{
    *outputs = (struct outputs){.places = json_object()};
    if (!outputs->places)
        abort();
}

void wire_outputs_done(struct outputs *outputs)
{
    json_decref(outputs->places);
    for (size_t i = 0; i < outputs->n; i++)
        free(outputs->names[i]);
    free(outputs->names);
}

// ---- walking through a value ------------------------------------------------

// The value of a column, lent; NULL: none.
struct leaf {
    const json_t *value;
};

// Goes through a value: calls `leaf` with the name of each scalar in it.
struct walk {
    struct outputs *outputs;
    char name[OUTPUTS_MAX_NAME + 1];
    void (*leaf)(struct walk *walk, const json_t *value);
    struct leaf *cells; // [n] of `fill`
};

static void visit(struct walk *walk, size_t length, const json_t *value);

// Appends a part to the name, if that is not too long, and goes on.
static void enter(struct walk *walk, size_t length, const char *part,
                  const json_t *value)
{
    size_t more = strlen(part) + 1;
    if (length + more > OUTPUTS_MAX_NAME)
        return;
    walk->name[length] = '.';
    memcpy(walk->name + length + 1, part, more);
    visit(walk, length + more, value);
}

static void visit(struct walk *walk, size_t length, const json_t *value)
{
    const char *key;
    json_t *item;
    if (json_is_object(value)) {
        json_object_foreach((json_t *)(uintptr_t)value, key, item)
            enter(walk, length, key, item);
    } else if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            char part[24];
            snprintf(part, sizeof part, "%zu", i);
            enter(walk, length, part, json_array_get(value, i));
        }
    } else if (value && !json_is_null(value)) {
        walk->name[length] = '\0';
        walk->leaf(walk, value);
    }
}

static void walk_through(struct walk *walk, const json_t *value)
{
    strcpy(walk->name, "outputs");
    visit(walk, strlen(walk->name), value);
}

// The value of a JSON text; NULL for none.
static json_t *parse(const char *json)
{
    return json ? json_loads(json, 0, NULL) : NULL;
}

static void learn(struct walk *walk, const json_t *value)
{
    struct outputs *outputs = walk->outputs;
    (void)value;
    if (outputs->n == OUTPUTS_MAX_COLUMNS ||
        json_object_get(outputs->places, walk->name))
        return;
    if (json_object_set_new(outputs->places, walk->name,
                            json_integer((json_int_t)outputs->n)))
        abort();
    outputs->names =
        memory_resize(outputs->names, outputs->n + 1, sizeof *outputs->names);
    outputs->names[outputs->n++] = memory_text(walk->name);
}

void wire_outputs_learn(struct outputs *outputs, const char *json)
{
    struct walk walk = {.outputs = outputs, .leaf = learn};
    json_t *value = parse(json);
    walk_through(&walk, value);
    json_decref(value);
}

int64_t wire_outputs_digest(const struct outputs *outputs)
{
    uint64_t hash = 14695981039346656037u; // FNV-1a, each name with its end
    for (size_t i = 0; i < outputs->n; i++)
        for (const char *c = outputs->names[i];; c++) {
            hash = (hash ^ (unsigned char)*c) * 1099511628211u;
            if (!*c)
                break;
        }
    return (int64_t)(hash >> 11);
}

// ---- cells ------------------------------------------------------------------

static void fill(struct walk *walk, const json_t *value)
{
    const json_t *place = json_object_get(walk->outputs->places, walk->name);
    if (place)
        walk->cells[json_integer_value(place)].value = value;
}

static void write_cell(const json_t *value,
                       void (*write)(struct text *text, const char *cell),
                       struct text *text, struct arena *arena)
{
    struct text cell;
    text_init(&cell, arena);
    if (json_is_real(value))
        text_real(&cell, json_real_value(value));
    else if (json_is_integer(value))
        text_int(&cell, json_integer_value(value));
    else if (value && !json_is_string(value))
        text_bool(&cell, json_is_true(value));
    write(text, !value                  ? NULL
                : json_is_string(value) ? json_string_value(value)
                                        : cell.data);
}

void wire_outputs_cells(const struct outputs *outputs, const char *json,
                        void (*write)(struct text *text, const char *cell),
                        struct text *text)
{
    struct arena arena;
    arena_init(&arena);
    struct outputs columns = *outputs;
    struct walk walk = {
        .outputs = &columns,
        .leaf = fill,
        .cells = arena_zeros(&arena, outputs->n + 1, sizeof *walk.cells)};
    json_t *value = parse(json);
    walk_through(&walk, value);
    for (size_t i = 0; i < outputs->n; i++)
        write_cell(walk.cells[i].value, write, text, &arena);
    json_decref(value);
    arena_done(&arena);
}
