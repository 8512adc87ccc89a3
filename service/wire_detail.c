// SPDX-License-Identifier: GPL-3.0-or-later
// wire_detail.c - the JSON of what a change of a trial changed

#include "wire_detail.h"

#include <string.h>

#include "text.h"

// ---- numbers ----------------------------------------------------------------

static void write_state(struct text *text, const struct definition *definition,
                        const struct trial_row *row)
{
    (void)definition;
    text_string(text, trial_state_name(row->state));
}

static void write_invalid(struct text *text,
                          const struct definition *definition,
                          const struct trial_row *row)
{
    (void)definition;
    text_bool(text, row->withdrawn == WITHDRAWN_INVALID);
}

static void write_values(struct text *text, const struct definition *definition,
                         const struct trial_row *row)
{
    (void)definition;
    text_add(text, row->n_values ? "[" : "null");
    for (size_t i = 0; i < row->n_values; i++) {
        text_next(text);
        text_real(text, row->values[i]);
    }
    text_add(text, row->n_values ? "]" : "");
}

static void write_constraints(struct text *text,
                              const struct definition *definition,
                              const struct trial_row *row)
{
    size_t k = row->n_constraint_values;
    text_add(text, k ? "{" : "null");
    for (size_t i = 0; i < k; i++) {
        text_key_real(text, definition->outcome_constraints[i].name,
                      row->constraint_values[i]);
    }
    text_add(text, k ? "}" : "");
}

static void write_uncertainty(struct text *text,
                              const struct definition *definition,
                              const struct trial_row *row)
{
    (void)definition;
    text_real(text, row->uncertainty);
}

static void write_wall_s(struct text *text, const struct definition *definition,
                         const struct trial_row *row)
{
    (void)definition;
    text_real(text, row->wall_s);
}

static void write_cost(struct text *text, const struct definition *definition,
                       const struct trial_row *row)
{
    (void)definition;
    text_real(text, row->cost);
}

static const struct {
    const char *name;
    void (*write)(struct text *text, const struct definition *definition,
                  const struct trial_row *row);
} numbers[] = {
    {"state", write_state},
    {"invalid", write_invalid},
    {"values", write_values},
    {"constraints", write_constraints},
    {"uncertainty", write_uncertainty},
    {"wall_s", write_wall_s},
    {"cost", write_cost},
};

// ---- texts ------------------------------------------------------------------

static const struct {
    const char *name;
    size_t offset;
    bool json;
} texts[] = {
    {"invalid_reason", offsetof(struct trial_row, withdrawn_reason), false},
    {"error", offsetof(struct trial_row, error), false},
    {"notes", offsetof(struct trial_row, notes), false},
    {"tags", offsetof(struct trial_row, tags), true},
    {"meta", offsetof(struct trial_row, meta), true},
    {"outputs", offsetof(struct trial_row, outputs), true},
    {"env", offsetof(struct trial_row, env), true},
};

static const char *text_of(const struct trial_row *row, size_t i)
{
    return *(const char *const *)((const char *)row + texts[i].offset);
}

static void write_text(struct text *text, const char *what, bool json)
{
    if (what && strlen(what) > WIRE_DETAIL_MAX)
        text_print(text, "{\"bytes\":%zu}", strlen(what));
    else if (json)
        text_json(text, what);
    else
        text_string(text, what);
}

// ---- both -------------------------------------------------------------------

enum {
    NUMBERS = sizeof numbers / sizeof *numbers,
    TEXTS = sizeof texts / sizeof *texts
};

// Writes field i of the row.
static void write_field(struct text *text, const struct definition *definition,
                        const struct trial_row *row, size_t i)
{
    if (i < NUMBERS)
        numbers[i].write(text, definition, row);
    else
        write_text(text, text_of(row, i - NUMBERS), texts[i - NUMBERS].json);
}

static const char *name_of(size_t i)
{
    return i < NUMBERS ? numbers[i].name : texts[i - NUMBERS].name;
}

static bool same_texts(const struct trial_row *a, const struct trial_row *b,
                       size_t i)
{
    const char *x = text_of(a, i), *y = text_of(b, i);
    return x == y || (x && y && strcmp(x, y) == 0);
}

// Do the rows differ in field i? Numbers do when they are written differently.
static bool differs(const struct definition *definition,
                    const struct trial_row *a, const struct trial_row *b,
                    size_t i, struct arena *arena)
{
    struct text x, y;
    if (i >= NUMBERS)
        return !same_texts(a, b, i - NUMBERS);
    text_init(&x, arena);
    text_init(&y, arena);
    write_field(&x, definition, a, i);
    write_field(&y, definition, b, i);
    return strcmp(x.data, y.data) != 0;
}

bool wire_detail_both(const struct definition *definition,
                      const struct trial_row *before,
                      const struct trial_row *after, struct arena *arena,
                      char **before_json, char **after_json)
{
    struct text was, is;
    bool changed = false;
    text_init(&was, arena);
    text_init(&is, arena);
    text_char(&was, '{');
    text_char(&is, '{');
    for (size_t i = 0; i < NUMBERS + TEXTS; i++) {
        if (!differs(definition, before, after, i, arena))
            continue;
        changed = true;
        text_key(&was, name_of(i));
        write_field(&was, definition, before, i);
        text_key(&is, name_of(i));
        write_field(&is, definition, after, i);
    }
    text_char(&was, '}');
    text_char(&is, '}');
    *before_json = was.data;
    *after_json = is.data;
    return changed;
}

char *wire_detail_change(const struct definition *definition,
                         const struct trial_row *before,
                         const struct trial_row *after, struct arena *arena)
{
    char *was, *is;
    return wire_detail_both(definition, before, after, arena, &was, &is)
               ? arena_print(arena, "{\"before\":%s,\"after\":%s}", was, is)
               : NULL;
}

char *wire_detail_deleted(const struct definition *definition,
                          const struct trial_row *row, size_t n_reports,
                          struct arena *arena)
{
    struct text was;
    text_init(&was, arena);
    text_add(&was, "{\"before\":{");
    for (size_t i = 0; i < NUMBERS + TEXTS; i++) {
        text_key(&was, name_of(i));
        write_field(&was, definition, row, i);
    }
    text_print(&was, ",\"reports\":%zu}}", n_reports);
    return was.data;
}
