// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_json.c - bodies, and the readers of their members
//
// What is parsed and written parses to the same. A reader that records an
// error returns the default. U+F8FF is what wire.c marks odd numbers with: a
// string that began with it would be one.

#include "fuzz.h"

#include <math.h>

#include "wire.h"

static void check_same(const json_t *json, const struct text *text,
                       struct arena *arena)
{
    struct error err = {0};
    json_t *again = wire_parse(text->data, text->n, arena, &err);
    expect(again, "%s: %s", err.message, text->data);
    expect(json_equal(json, again), "%s", text->data);
    json_decref(again);
}

static void check_writing(const json_t *json, struct arena *arena)
{
    struct text plain, raw;
    text_init(&plain, arena);
    text_init(&raw, arena);
    wire_write(&plain, json, false);
    wire_write(&raw, json, true);
    check_same(json, &plain, arena);
    check_same(json, &raw, arena);
    for (size_t i = 0; i < raw.n; i++)
        expect((unsigned char)raw.data[i] < 0x80, "%s", raw.data);
}

static void check_error(struct fields *fields, bool standard)
{
    if (fields->err->code) {
        expect_refusal(fields->err);
        expect(standard, "%s", fields->err->message);
    }
    error_clear(fields->err);
}

// Reads the member as everything that it might be.
static void check_member(struct fields *fields, const char *name,
                         struct arena *arena)
{
    int64_t integer = fields_int(fields, name, -5, 1000, 7);
    expect(integer >= -5 && integer <= 1000, "%lld", (long long)integer);
    check_error(fields, integer == 7);
    double real = fields_real(fields, name, 0.5);
    expect(isfinite(real), "%g", real);
    check_error(fields, real == 0.5);
    check_error(fields, fields_value(fields, name, 0.5) == 0.5);
    const char *text = fields_text(fields, name, 40, "");
    expect(strlen(text) <= 40, "%s", text);
    check_error(fields, !*text);
    check_error(fields, fields_bool(fields, name, false) == false ||
                            fields->err->code == ERROR_NONE);
    text = fields_json(fields, name, -1, 100, arena);
    expect(!text || strlen(text) <= 100, "%s", text);
    check_error(fields, !text);
    check_error(fields, !fields_json(fields, name, JSON_ARRAY, 100, arena) ||
                            fields->err->code == ERROR_NONE);
    int64_t time = fields_time(fields, name);
    expect(time >= 0, "%lld", (long long)time);
    check_error(fields, time == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct error err = {0};
    struct fields fields;
    const char *name;
    json_t *value;
    arena_init(&arena);
    json_t *json = wire_parse((const char *)data, size, &arena, &err);
    bool marked =
        memmem(data, size, "\xef\xa3\xbf", 3) ||
        strcasestr(arena_copy(&arena, (const char *)data, size), "\\uf8ff");
    if (json && !marked) {
        check_writing(json, &arena);
        expect(!fields_open(&fields, json, "", NULL, &err), "%s", err.message);
        json_object_foreach(json, name, value)
        {
            check_member(&fields, name, &arena);
        }
    }
    if (!json)
        expect_refusal(&err);
    json_decref(json);
    arena_done(&arena);
    return 0;
}
