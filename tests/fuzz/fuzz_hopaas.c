// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_hopaas.c - asks of Hopaas clients, and their suggestion strings
//
// An ask that is understood makes a definition that can be stored, and the same
// one when its set-up is read again; the answer is JSON of Python, has every
// property of the ask, and its parameters are in range. An input that begins
// with no brace is a suggestion alone.

#include "fuzz.h"

#include <math.h>

#include "utf8.h"
#include "wire_definition.h"
#include "hopaas.h"
#include "wire_hopaas.h"
#include "wire_space.h"

// ---- suggestions ------------------------------------------------------------

static json_t *parse(const char *text, struct arena *arena)
{
    struct error err = {0};
    json_t *json = wire_parse(text, strlen(text), arena, &err);
    expect(json, "%s: %s", err.message, text);
    return json;
}

// The space can be stored.
static void check_space(const struct space *space, struct arena *arena)
{
    struct error err = {0};
    struct space again;
    struct text first, second;
    space_init(&again);
    text_init(&first, arena);
    text_init(&second, arena);
    wire_space_write(&first, space);
    json_t *json = parse(first.data, arena);
    expect(!wire_space_read(json, "space", &again, &err), "%s: %s", err.message,
           first.data);
    wire_space_write(&second, &again);
    expect(strcmp(first.data, second.data) == 0, "%s and %s", first.data,
           second.data);
    json_decref(json);
    space_done(&again);
}

static void check_suggestion(const char *suggestion, struct arena *arena)
{
    struct error err = {0};
    struct space space;
    space_init(&space);
    if (!hopaas_is_suggestion(suggestion))
        return;
    if (hopaas_add(&space, "x", suggestion, &err))
        expect_refusal(&err);
    else
        check_space(&space, arena);
    space_done(&space);
}

// ---- asks -------------------------------------------------------------------

static bool is_echoed(const char *name)
{
    return *name != '_' && strcmp(name, "hopaas_config") != 0 &&
           strcmp(name, "hopaas_trial") != 0;
}

// What the answer says of one property.
static void check_property(const struct space *space, const char *name,
                           const json_t *sent, const json_t *answered)
{
    const char *text = json_string_value(sent);
    int k = space_find(space, name);
    expect(answered, "%s is not in the answer", name);
    if (!text || !hopaas_is_suggestion(text)) {
        expect(json_equal((json_t *)(uintptr_t)sent,
                          (json_t *)(uintptr_t)answered),
               "%s", name);
        return;
    }
    double value;
    struct error err = {0};
    const struct param *param = &space->params[k];
    if (param->kind == PARAM_CATEGORICAL)
        expect(json_is_string(answered), "%s", name);
    else
        expect(wire_number(answered, &value) &&
                   !param_check(param, value, &err),
               "%s: %s", name, err.message);
}

static void check_answer(const json_t *ask, struct definition *definition,
                         struct arena *arena)
{
    struct live live = {.definition = definition, .key = "key"};
    const struct space *space = &definition->space;
    double *point = arena_doubles(arena, space->n);
    const char *name;
    json_t *value;
    struct text text;
    for (size_t k = 0; k < space->n; k++)
        point[k] = (double)k / (double)space->n;
    space_decode(space, point, point);
    history_init(&live.history, space);
    history_append(&live.history, TRIAL_RUNNING, point);
    text_init(&text, arena);
    wire_hopaas_answer(&text, ask, &live, 0);
    json_t *answer = parse(text.data, arena);
    json_object_foreach((json_t *)(uintptr_t)ask, name, value)
    {
        if (is_echoed(name))
            check_property(space, name, value, json_object_get(answer, name));
    }
    json_decref(answer);
    history_done(&live.history);
}

// The set-up alone is the same study, but for what special members say.
static void check_setup(const json_t *ask, const char *identity,
                        struct arena *arena)
{
    struct error err = {0};
    char *setup = wire_hopaas_setup(ask), *again;
    json_t *json = parse(setup, arena);
    struct definition *definition = wire_hopaas_read(json, arena, &again, &err);
    expect(definition, "%s: %s", err.message, setup);
    expect(strcmp(identity, again) == 0, "%s and %s", identity, again);
    definition_free(definition);
    json_decref(json);
    free(setup);
}

static void check_stored(const struct definition *definition,
                         struct arena *arena)
{
    struct error err = {0};
    const char *text = wire_definition_text(definition, arena);
    struct definition *again = wire_definition_load(text, &err);
    expect(again, "%s: %s", err.message, text);
    const char *back = wire_definition_text(again, arena);
    expect(strcmp(text, back) == 0, "%s and %s", text, back);
    definition_free(again);
}

// A constant of U+F8FF and a number comes back as that number (wire.h).
static bool is_marked(const char *text)
{
    return strstr(text, "\xef\xa3\xbf") || strcasestr(text, "\\uf8ff");
}

static void check_ask(const json_t *ask, bool marked, struct arena *arena)
{
    struct error err = {0};
    char *identity;
    struct definition *definition =
        wire_hopaas_read(ask, arena, &identity, &err);
    char *special = wire_hopaas_special(ask, arena);
    if (special)
        json_decref(parse(special, arena));
    if (!definition) {
        expect_refusal(&err);
        return;
    }
    check_stored(definition, arena);
    check_setup(ask, identity, arena);
    if (!marked)
        check_answer(ask, definition, arena);
    definition_free(definition);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct arena arena;
    arena_init(&arena);
    const char *text = arena_copy(&arena, (const char *)data, size);
    if (*text == '{') {
        json_t *ask = wire_parse(text, size, &arena, &err);
        if (ask)
            check_ask(ask, is_marked(text), &arena);
        else
            expect_refusal(&err);
        json_decref(ask);
    } else if (strlen(text) == size && utf8_is_valid(text, size)) {
        check_suggestion(text, &arena);
    }
    arena_done(&arena);
    return 0;
}
