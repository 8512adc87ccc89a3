// SPDX-License-Identifier: GPL-3.0-or-later
// wire.c - JSON from strangers: what jansson cannot hold, and back

#include "wire.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/memory.h"

static const char mark[] = "\xef\xa3\xbf"; // U+F8FF, a private-use character

static void *allocate(size_t bytes)
{
    return memory_resize(NULL, bytes, 1);
}

void wire_start(void)
{
    json_set_alloc_funcs(allocate, free);
}

// ---- what Python writes and JSON forbids ------------------------------------

// The bytes of a bare NaN or Infinity token at p, 0 when there is none.
static size_t bare_token(const char *p, const char *end)
{
    static const char *const tokens[] = {"NaN", "Infinity", "-Infinity"};
    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(tokens[i]);
        if ((size_t)(end - p) >= n && memcmp(p, tokens[i], n) == 0)
            return n;
    }
    return 0;
}

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && isdigit((unsigned char)*p))
        p++;
    return p;
}

// The bytes of the JSON number at p, 0 when there is none. *real: it has a
// fraction or an exponent.
static size_t number_token(const char *p, const char *end, bool *real)
{
    const char *start = p, *first = p + (p < end && *p == '-');
    *real = false;
    p = skip_digits(first, end);
    if (p == first || (*first == '0' && p - first > 1))
        return 0;
    if (p < end && *p == '.') {
        *real = true;
        first = p + 1;
        p = skip_digits(first, end);
        if (p == first)
            return 0;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        *real = true;
        first = p + 1;
        first += first < end && (*first == '+' || *first == '-');
        p = skip_digits(first, end);
        if (p == first)
            return 0;
    }
    return (size_t)(p - start);
}

// True when jansson could not hold the number: an integer beyond 64 bits, a
// real beyond the range of a double.
static bool beyond(const char *p, size_t n, bool real, struct arena *arena)
{
    char buffer[400], *digits = buffer;
    if (n < 16 && !memchr(p, 'e', n) && !memchr(p, 'E', n))
        return false;
    if (n >= sizeof buffer)
        digits = arena_copy(arena, p, n);
    else
        *(char *)mempcpy(buffer, p, n) = '\0';
    if (real)
        return isinf(strtod(digits, NULL));
    errno = 0;
    strtoll(digits, NULL, 10);
    return errno == ERANGE;
}

// Does a colon follow? Then this would be the name of a member.
static bool is_name(const char *p, const char *end)
{
    while (p < end && isspace((unsigned char)*p))
        p++;
    return p < end && *p == ':';
}

// Copies the text with the odd numbers marked, and checks the depth.
static int rewrite(const char *p, size_t bytes, struct text *out,
                   struct error *err)
{
    const char *end = p + bytes, *copied = p;
    bool quoted = false;
    int depth = 0;
    while (p < end) {
        if (quoted) {
            quoted = *p != '"';
            p += *p == '\\' ? 2 : 1;
            continue;
        }
        size_t n = bare_token(p, end);
        bool odd = n > 0, real;
        if (!odd) {
            n = number_token(p, end, &real);
            odd = n > 0 && beyond(p, n, real, out->arena);
        }
        if (odd && is_name(p + n, end))
            return error_set(err, ERROR_MALFORMED,
                             "the body is not JSON: a number cannot be a name");
        if (odd) {
            text_bytes(out, copied, (size_t)(p - copied));
            text_print(out, "\"%s%.*s\"", mark, (int)n, p);
            copied = p + n;
        }
        quoted = *p == '"';
        if (*p == '{' || *p == '[')
            depth++;
        if (*p == '}' || *p == ']')
            depth--;
        if (depth > WIRE_MAX_DEPTH)
            return error_set(err, ERROR_MALFORMED,
                             "the body is nested deeper than %d levels",
                             WIRE_MAX_DEPTH);
        p += n ? n : 1;
    }
    if (copied < end)
        text_bytes(out, copied, (size_t)(end - copied));
    return 0;
}

json_t *wire_parse(const char *text, size_t bytes, struct arena *arena,
                   struct error *err)
{
    struct text clean;
    text_init(&clean, arena);
    if (rewrite(text, bytes, &clean, err))
        return NULL;
    if (clean.n == 0)
        return json_object();
    json_error_t fault;
    json_t *value = json_loadb(
        clean.data, clean.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault);
    if (!value) {
        error_set(err, ERROR_MALFORMED, "the body is not JSON: %s at byte %d",
                  fault.text, fault.position);
        return NULL;
    }
    if (!json_is_object(value)) {
        error_set(err, ERROR_MALFORMED, "the body must be an object, not %s",
                  wire_type(value));
        json_decref(value);
        return NULL;
    }
    return value;
}

const char *wire_odd_number(const json_t *value)
{
    const char *string = json_string_value(value);
    if (!string || strncmp(string, mark, sizeof mark - 1) != 0)
        return NULL;
    string += sizeof mark - 1;
    size_t n = strlen(string);
    bool real, odd = bare_token(string, string + n) == n ||
                     number_token(string, string + n, &real) == n;
    return n && odd ? string : NULL;
}

const char *wire_type(const json_t *value)
{
    if (wire_odd_number(value))
        return "a number out of range";
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
        return "an integer";
    case JSON_REAL:
        return "a real number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    default:
        return "null";
    }
}

bool wire_number(const json_t *value, double *number)
{
    const char *odd = wire_odd_number(value);
    if (odd)
        *number = strtod(odd, NULL);
    else if (json_is_number(value))
        *number = json_number_value(value);
    else
        return false;
    return true;
}

bool wire_integer(const json_t *value, int64_t *integer)
{
    double number;
    if (!wire_number(value, &number) || number != floor(number))
        return false;
    if (json_is_integer(value))
        *integer = json_integer_value(value);
    else if (fabs(number) < 0x1p63)
        *integer = (int64_t)number;
    else
        *integer = number < 0 ? INT64_MIN : INT64_MAX;
    return true;
}

bool wire_constant(const char *string, double *number)
{
    size_t n = string ? strlen(string) : 0;
    if (n == 0 || bare_token(string, string + n) != n)
        return false;
    *number = strtod(string, NULL);
    return true;
}

// ---- writing ----------------------------------------------------------------

static void write_string(struct text *text, const char *string, bool raw)
{
    if (raw)
        text_string_ascii(text, string);
    else
        text_string(text, string);
}

static void write_object(struct text *text, const json_t *value, bool raw)
{
    const char *name;
    json_t *member;
    text_char(text, '{');
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        text_next(text);
        write_string(text, name, raw);
        text_char(text, ':');
        wire_write(text, member, raw);
    }
    text_char(text, '}');
}

static void write_array(struct text *text, const json_t *value, bool raw)
{
    size_t i;
    json_t *member;
    text_char(text, '[');
    json_array_foreach(value, i, member)
    {
        text_next(text);
        wire_write(text, member, raw);
    }
    text_char(text, ']');
}

void wire_write(struct text *text, const json_t *value, bool raw)
{
    const char *odd = raw ? wire_odd_number(value) : NULL;
    if (odd) {
        text_add(text, odd);
        return;
    }
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        write_object(text, value, raw);
        break;
    case JSON_ARRAY:
        write_array(text, value, raw);
        break;
    case JSON_STRING:
        write_string(text, json_string_value(value), raw);
        break;
    case JSON_INTEGER:
        text_int(text, json_integer_value(value));
        break;
    case JSON_REAL:
        text_real(text, json_real_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        text_bool(text, json_is_true(value));
        break;
    case JSON_NULL:
        text_add(text, "null");
        break;
    }
}
