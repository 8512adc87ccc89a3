// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_text.c - UTF-8, times, secrets, URLs and numbers
//
// jansson has its own idea of what UTF-8 is and of what a JSON string says:
// ours must be the same. What is read and written comes back.

#include "fuzz.h"

#include <math.h>

#include "auth.h"
#include "auth_hook.h"
#include "outbound.h"
#include "utf8.h"
#include "wire.h"

static void check_json(const char *json, const char *meaning)
{
    json_t *value = json_loads(json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    expect(json_is_string(value), "%s", json);
    expect(!meaning || strcmp(json_string_value(value), meaning) == 0, "%s",
           json);
    json_decref(value);
}

// What is escaped is a string of JSON, in whatever room.
static void check_escape(const char *text, size_t n, size_t room,
                         struct arena *arena)
{
    char *out = arena_alloc(arena, room + 1);
    size_t used = utf8_escape(out, room, text, n);
    bool whole = utf8_is_valid(text, n) && room >= n * UTF8_ESCAPED_MAX &&
                 strlen(text) == n;
    expect(used <= room, "%zu bytes in a room of %zu", used, room);
    out[used] = '\0';
    expect(strlen(out) == used, "a NUL at %zu", strlen(out));
    check_json(arena_print(arena, "\"%s\"", out), whole ? text : NULL);
}

static void check_utf8(const char *text, size_t n, struct arena *arena)
{
    json_t *value = json_stringn(text, n);
    expect(utf8_is_valid(text, n) == (value != NULL), "%zu bytes", n);
    json_decref(value);
    check_escape(text, n, n * UTF8_ESCAPED_MAX, arena);
    check_escape(text, n, n, arena);
    if (!utf8_is_valid(text, n))
        return;
    struct text plain, ascii;
    text_init(&plain, arena);
    text_init(&ascii, arena);
    text_string(&plain, text);
    text_string_ascii(&ascii, text);
    check_json(plain.data, text);
    check_json(ascii.data, text);
    for (size_t i = 0; i < ascii.n; i++)
        expect((unsigned char)ascii.data[i] < 0x80, "%s", ascii.data);
}

static void check_time(const char *string, struct arena *arena)
{
    struct text text;
    int64_t ms = wire_time(string);
    if (ms <= 0) // 0 stands for no time
        return;
    text_init(&text, arena);
    text_time(&text, ms);
    text.data[text.n - 1] = '\0'; // its quotes
    expect(wire_time(text.data + 1) == ms, "%s is %s", string, text.data + 1);
}

static void check_real(const char *bytes, struct arena *arena)
{
    struct text text;
    double value;
    memcpy(&value, bytes, sizeof value);
    text_init(&text, arena);
    text_real(&text, value);
    if (!isfinite(value)) {
        expect(strcmp(text.data, "null") == 0, "%s", text.data);
        return;
    }
    double back = strtod(text.data, NULL);
    expect(back == value && !signbit(back) == !signbit(value), "%s", text.data);
    json_t *json = json_loads(text.data, JSON_DECODE_ANY, NULL);
    expect(json_is_real(json), "%s", text.data);
    json_decref(json);
}

static void check_secrets(const char *text)
{
    char signature[AUTH_HOOK_SIGNATURE_SIZE];
    if (auth_is_secret(text))
        expect(strlen(text) < AUTH_SECRET_SIZE, "%s", text);
    if (!auth_is_hook_secret(text))
        return;
    expect(strlen(text) < AUTH_HOOK_SECRET_SIZE, "%s", text);
    auth_hook_sign(text, text, strlen(text), signature);
    expect(strlen(signature) == sizeof signature - 1, "%s", signature);
}

static void check_url(const char *url)
{
    const struct outbound_options options = {.http = true, .ca_file = ""};
    struct error err = {0};
    if (outbound_check(&options, url, &err))
        expect_refusal(&err);
    else
        expect(strncasecmp(url, "http", 4) == 0, "%s", url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena);
    const char *text = arena_copy(&arena, (const char *)data, size);
    check_utf8(text, size, &arena);
    check_time(text, &arena);
    check_secrets(text);
    check_url(text);
    if (size >= sizeof(double))
        check_real(text, &arena);
    arena_done(&arena);
    return 0;
}
