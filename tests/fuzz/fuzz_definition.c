// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_definition.c - definitions of studies, sent and stored
//
// Three lines of JSON: a definition, a change of it and a point. What is
// accepted is stored, and what is stored can be read, for ever, and says the
// same; a point that is accepted comes back. The first line is also read as if
// it came from the store.

#include "fuzz.h"

#include <math.h>

#include "wire_definition.h"
#include "wire_space.h"

enum { LINES = 3 };

static struct definition *load(const char *text)
{
    struct error err = {0};
    struct definition *definition = wire_definition_load(text, &err);
    expect(definition, "%s: %s", err.message, text);
    return definition;
}

// What is written can be read and is written again like that.
static void check_stored(const struct definition *definition,
                         struct arena *arena)
{
    const char *text = wire_definition_text(definition, arena);
    struct definition *again = load(text);
    const char *back = wire_definition_text(again, arena);
    expect(strcmp(text, back) == 0, "%s and %s", text, back);
    expect(wire_definition_same(text, back), "%s", text);
    definition_free(again);
}

// What is shown to users is what they may send. Where the results of a study
// came from and its batches are shown elsewhere.
static void check_shown(const struct definition *definition,
                        struct arena *arena)
{
    struct error err = {0};
    struct text text;
    if (definition->n_warm_start || definition->iteration.points)
        return;
    text_init(&text, arena);
    text_char(&text, '{');
    wire_definition_write(&text, definition, false);
    text_char(&text, '}');
    json_t *json = wire_parse(text.data, text.n, arena, &err);
    expect(json, "%s: %s", err.message, text.data);
    struct definition *again = wire_definition_read(json, "", &err);
    expect(again, "%s: %s", err.message, text.data);
    const char *stored = wire_definition_text(definition, arena);
    const char *back = wire_definition_text(again, arena);
    expect(strcmp(stored, back) == 0, "%s and %s", stored, back);
    definition_free(again);
    json_decref(json);
}

static void check_change(const struct definition *definition,
                         const json_t *changes, struct arena *arena)
{
    struct error err = {0};
    struct definition *changed =
        wire_definition_patch(definition, changes, &err);
    if (changed)
        check_stored(changed, arena);
    else
        expect_refusal(&err);
    definition_free(changed);
}

static bool same(const struct space *space, const double *a, const double *b)
{
    for (size_t k = 0; k < space->n; k++)
        if (a[k] != b[k] && !(isnan(a[k]) && isnan(b[k])))
            return false;
    return true;
}

static void check_point(const struct space *space, const json_t *json,
                        struct arena *arena)
{
    struct error err = {0};
    struct text text;
    double *point = arena_doubles(arena, space->n);
    double *again = arena_doubles(arena, space->n);
    if (wire_point_read(json, "params", space, arena, point, &err)) {
        expect_refusal(&err);
        return;
    }
    text_init(&text, arena);
    wire_point_write(&text, space, point);
    json_t *back = wire_parse(text.data, text.n, arena, &err);
    expect(back, "%s: %s", err.message, text.data);
    expect(!wire_point_read(back, "params", space, arena, again, &err),
           "%s: %s", err.message, text.data);
    expect(same(space, point, again), "%s", text.data);
    json_decref(back);
    if (space_check(space, point, &err))
        return;
    space_encode(space, point, again);
    space_decode(space, again, again);
    expect(!space_check(space, again, &err), "%s: %s", err.message, text.data);
}

// ---- what the lines are -----------------------------------------------------

static json_t *parse(const char *line, struct arena *arena)
{
    struct error err = {0};
    json_t *json = wire_parse(line, strlen(line), arena, &err);
    if (!json)
        expect_refusal(&err);
    return json;
}

static void check_lines(char *const *lines, struct arena *arena)
{
    struct error err = {0};
    json_t *json = parse(lines[0], arena);
    json_t *changes = parse(lines[1], arena), *point = parse(lines[2], arena);
    struct definition *definition =
        json ? wire_definition_read(json, "", &err) : NULL;
    if (json && !definition)
        expect_refusal(&err);
    if (definition) {
        check_stored(definition, arena);
        check_shown(definition, arena);
    }
    if (definition && changes)
        check_change(definition, changes, arena);
    if (definition && point)
        check_point(&definition->space, point, arena);
    definition_free(definition);
    json_decref(point);
    json_decref(changes);
    json_decref(json);
}

// Whatever became of a row, it is read or refused.
static void check_row(const char *text)
{
    struct error err = {0};
    struct definition *definition = wire_definition_load(text, &err);
    expect(definition || *err.message, "%s", text);
    definition_free(definition);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena);
    char *rest = arena_copy(&arena, (const char *)data, size);
    char *lines[LINES];
    for (size_t i = 0; i < LINES; i++) {
        char *line = strsep(&rest, "\n");
        lines[i] = line ? line : rest ? rest : arena_copy(&arena, "", 0);
    }
    check_lines(lines, &arena);
    check_row(lines[0]);
    arena_done(&arena);
    return 0;
}
