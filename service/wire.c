// SPDX-License-Identifier: GPL-3.0-or-later
// wire.c - reading JSON from strangers

#include "wire.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char mark[] = "\xef\xa3\xbf"; // U+F8FF, a private-use character

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

// The bytes of the number at p.
static size_t number_token(const char *p, const char *end)
{
    const char *q = p;
    while (q < end && (isdigit((unsigned char)*q) || strchr("+-.eE", *q)))
        q++;
    return (size_t)(q - p);
}

// True when jansson could not hold the number: an integer beyond 64 bits, a
// real beyond the range of a double.
static bool beyond(const char *p, size_t n)
{
    char digits[400];
    if (n < 16 && !memchr(p, 'e', n) && !memchr(p, 'E', n))
        return false;
    bool real = memchr(p, '.', n) || memchr(p, 'e', n) || memchr(p, 'E', n);
    if (n >= sizeof digits)
        return !real || isinf(strtod(p, NULL));
    memcpy(digits, p, n);
    digits[n] = '\0';
    errno = 0;
    if (real)
        return isinf(strtod(digits, NULL));
    strtoll(digits, NULL, 10);
    return errno == ERANGE;
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
        bool odd = n > 0;
        if (!odd && (isdigit((unsigned char)*p) || *p == '-')) {
            n = number_token(p, end);
            odd = beyond(p, n);
        }
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
    if (n && (bare_token(string, string + n) == n ||
              number_token(string, string + n) == n))
        return string;
    return NULL;
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

// ---- members of an object ---------------------------------------------------

static bool listed(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

int fields_open(struct fields *fields, const json_t *object, const char *where,
                const char *const *known, struct error *err)
{
    *fields = (struct fields){.object = object, .err = err};
    snprintf(fields->where, sizeof fields->where, "%s", where);
    if (!json_is_object(object))
        return error_set(err, ERROR_MALFORMED, "%s must be an object, not %s",
                         *where ? where : "the body", wire_type(object));
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        if (known && !listed(known, name))
            return error_set(err, ERROR_MALFORMED, "unknown field %s%s%.80s",
                             where, *where ? "." : "", name);
    }
    return 0;
}

const json_t *fields_get(const struct fields *fields, const char *name)
{
    const json_t *value = json_object_get(fields->object, name);
    return json_is_null(value) ? NULL : value;
}

int fields_fail(const struct fields *fields, enum error_code code,
                const char *name, const char *format, ...)
{
    char text[160];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return error_set(fields->err, code, "%.100s%s%.60s %s", fields->where,
                     *fields->where ? "." : "", name, text);
}

int64_t fields_int(const struct fields *fields, const char *name, int64_t low,
                   int64_t high, int64_t standard)
{
    const json_t *value = fields_get(fields, name);
    if (!value || fields->err->code)
        return standard;
    double real = json_is_real(value) ? json_real_value(value) : 0.5;
    if (json_is_integer(value) || real == floor(real)) {
        int64_t i = json_is_integer(value) ? json_integer_value(value)
                    : fabs(real) < 9e15    ? (int64_t)real
                                           : INT64_MAX;
        if (i >= low && i <= high)
            return i;
        fields_fail(fields, ERROR_INVALID, name,
                    "must be from %lld to %lld, not %lld", (long long)low,
                    (long long)high, (long long)i);
        return standard;
    }
    const char *odd = wire_odd_number(value);
    if (odd)
        fields_fail(fields, ERROR_INVALID, name,
                    "must be from %lld to %lld, not %.40s", (long long)low,
                    (long long)high, odd);
    else if (json_is_real(value))
        fields_fail(fields, ERROR_MALFORMED, name, "must be an integer, not %g",
                    real);
    else
        fields_fail(fields, ERROR_MALFORMED, name, "must be an integer, not %s",
                    wire_type(value));
    return standard;
}

double fields_value(const struct fields *fields, const char *name,
                    double standard)
{
    const json_t *value = fields_get(fields, name);
    double number;
    if (!value || fields->err->code)
        return standard;
    if (wire_number(value, &number))
        return number;
    const char *string = json_string_value(value);
    if (string && *string &&
        bare_token(string, string + strlen(string)) == strlen(string))
        return strtod(string, NULL);
    fields_fail(fields, ERROR_MALFORMED, name, "must be a number, not %s",
                wire_type(value));
    return standard;
}

double fields_real(const struct fields *fields, const char *name,
                   double standard)
{
    const json_t *value = fields_get(fields, name);
    double number;
    if (!value || fields->err->code)
        return standard;
    if (!wire_number(value, &number)) {
        fields_fail(fields, ERROR_MALFORMED, name, "must be a number, not %s",
                    wire_type(value));
        return standard;
    }
    if (isfinite(number))
        return number;
    const char *odd = wire_odd_number(value);
    fields_fail(fields, ERROR_INVALID, name, "must be finite, not %.40s",
                odd ? odd : "infinite");
    return standard;
}

const char *fields_text(const struct fields *fields, const char *name,
                        size_t max, const char *standard)
{
    const json_t *value = fields_get(fields, name);
    if (!value || fields->err->code)
        return standard;
    if (!json_is_string(value) || wire_odd_number(value)) {
        fields_fail(fields, ERROR_MALFORMED, name, "must be a string, not %s",
                    wire_type(value));
        return standard;
    }
    if (json_string_length(value) > max) {
        fields_fail(fields, ERROR_INVALID, name,
                    "must have at most %zu bytes, not %zu", max,
                    json_string_length(value));
        return standard;
    }
    return json_string_value(value);
}

bool fields_bool(const struct fields *fields, const char *name, bool standard)
{
    const json_t *value = fields_get(fields, name);
    if (!value || fields->err->code)
        return standard;
    if (!json_is_boolean(value))
        fields_fail(fields, ERROR_MALFORMED, name,
                    "must be true or false, not %s", wire_type(value));
    return json_is_true(value);
}

const char *fields_json(const struct fields *fields, const char *name, int type,
                        size_t max, struct arena *arena)
{
    static const char *const types[] = {"an object", "an array", "a string"};
    const json_t *value = fields_get(fields, name);
    if (!value || fields->err->code)
        return NULL;
    if (type >= 0 && (int)json_typeof(value) != type) {
        fields_fail(fields, ERROR_MALFORMED, name, "must be %s, not %s",
                    types[type], wire_type(value));
        return NULL;
    }
    struct text text;
    text_init(&text, arena);
    wire_write(&text, value, false);
    if (text.n <= max)
        return text.data;
    fields_fail(fields, ERROR_INVALID, name,
                "must have at most %zu bytes of JSON, not %zu", max, text.n);
    return NULL;
}

int64_t fields_time(const struct fields *fields, const char *name)
{
    const char *string = fields_text(fields, name, 40, NULL);
    if (!string)
        return 0;
    int64_t ms = wire_time(string);
    if (ms >= 0)
        return ms;
    fields_fail(fields, ERROR_MALFORMED, name,
                "must be a time such as 2026-11-30T12:00:00Z, not \"%s\"",
                string);
    return 0;
}

// The offset east of UTC in seconds at p; INT_MIN when it is none.
static long offset(const char *p)
{
    int hours, minutes, used = 0;
    if ((*p == 'Z' || *p == 'z') && !p[1])
        return 0;
    if ((*p != '+' && *p != '-') ||
        sscanf(p + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 ||
        p[1 + used] || hours > 23 || minutes > 59)
        return LONG_MIN;
    long seconds = hours * 3600L + minutes * 60L;
    return *p == '-' ? -seconds : seconds;
}

int64_t wire_time(const char *string)
{
    struct tm tm = {.tm_isdst = 0};
    const char *p = strptime(string, "%Y-%m-%dT%H:%M:%S", &tm);
    double fraction = 0;
    if (!p || tm.tm_year < 70 || tm.tm_year > 8099)
        return -1;
    if (*p == '.') {
        char *end;
        fraction = strtod(p, &end);
        if (end == p + 1)
            return -1;
        p = end;
    }
    long east = offset(p);
    if (east == LONG_MIN)
        return -1;
    int day = tm.tm_mday;
    int64_t seconds = timegm(&tm);
    if (tm.tm_mday != day)
        return -1; // the 30th of February
    return (seconds - east) * 1000 + (int64_t)(fraction * 1000);
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
