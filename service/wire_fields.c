// SPDX-License-Identifier: GPL-3.0-or-later
// wire_fields.c - the members of a JSON object, read one by one

#include "wire.h"

#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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
    const char *odd = wire_odd_number(value);
    double real = json_real_value(value); // 0 for another type
    if (real != floor(real)) {
        fields_fail(fields, ERROR_MALFORMED, name, "must be an integer, not %g",
                    real);
        return standard;
    }
    if (!odd && !json_is_number(value)) {
        fields_fail(fields, ERROR_MALFORMED, name, "must be an integer, not %s",
                    wire_type(value));
        return standard;
    }
    bool fits = !odd && fabs(real) < 0x1p63;
    int64_t i = json_is_integer(value) ? json_integer_value(value)
                : fits                 ? (int64_t)real
                                       : 0;
    if (fits && i >= low && i <= high)
        return i;
    if (json_is_integer(value))
        fields_fail(fields, ERROR_INVALID, name,
                    "must be from %lld to %lld, not %lld", (long long)low,
                    (long long)high, (long long)i);
    else if (odd)
        fields_fail(fields, ERROR_INVALID, name,
                    "must be from %lld to %lld, not %.40s", (long long)low,
                    (long long)high, odd);
    else
        fields_fail(fields, ERROR_INVALID, name,
                    "must be from %lld to %lld, not %.17g", (long long)low,
                    (long long)high, real);
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
    if (wire_constant(json_string_value(value), &number))
        return number;
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
    fields_fail(fields, ERROR_INVALID, name,
                "must be a time such as 2026-11-30T12:00:00Z, not \"%s\"",
                string);
    return 0;
}

// ---- times ------------------------------------------------------------------

// Reads exactly n digits, and the character behind them unless it is NUL, a
// letter of either case. -1 when there is something else.
static int read_digits(const char **p, int n, char behind)
{
    int value = 0;
    for (; n > 0; n--, ++*p) {
        if (!isdigit((unsigned char)**p))
            return -1;
        value = 10 * value + (**p - '0');
    }
    if (behind && toupper((unsigned char)*(*p)++) != behind)
        return -1;
    return value;
}

// Milliseconds of a fraction such as ".25"; 0 when there is none, -1 when it
// has no digits.
static int read_fraction(const char **p)
{
    int ms = 0, unit = 100;
    if (**p != '.')
        return 0;
    if (!isdigit((unsigned char)*++*p))
        return -1;
    for (; isdigit((unsigned char)**p); unit /= 10, ++*p)
        ms += unit * (**p - '0');
    return ms;
}

// The offset east of UTC in seconds at p, where the text must end; INT_MIN
// when it is none.
static int read_offset(const char *p)
{
    if ((*p == 'Z' || *p == 'z') && !p[1])
        return 0;
    int sign = *p == '-' ? -1 : 1;
    if (*p != '+' && *p != '-')
        return INT_MIN;
    p++;
    int hours = read_digits(&p, 2, ':');
    int minutes = hours < 0 ? -1 : read_digits(&p, 2, '\0');
    if (hours > 23 || minutes < 0 || minutes > 59 || *p)
        return INT_MIN;
    return sign * (hours * 3600 + minutes * 60);
}

int64_t wire_time(const char *string)
{
    static const int64_t last_second = 253402300799; // of the year 9999
    static const char behind[] = "--T::";
    static const int least[] = {1970, 1, 1, 0, 0, 0};
    static const int most[] = {9999, 12, 31, 23, 59, 60}; // a leap second
    const char *p = string;
    int part[6];
    for (int i = 0; i < 6; i++) {
        part[i] = read_digits(&p, i == 0 ? 4 : 2, behind[i]);
        if (part[i] < least[i] || part[i] > most[i])
            return -1;
    }
    int ms = read_fraction(&p), east = ms < 0 ? INT_MIN : read_offset(p);
    struct tm tm = {.tm_year = part[0] - 1900,
                    .tm_mon = part[1] - 1,
                    .tm_mday = part[2],
                    .tm_hour = part[3],
                    .tm_min = part[4]};
    int64_t seconds = timegm(&tm) + part[5];
    bool real_day = tm.tm_mday == part[2];
    if (east == INT_MIN || !real_day)
        return -1; // the 30th of February
    // In UTC, the form in which it is kept, it may be another year.
    int64_t utc = seconds - east;
    return utc >= 0 && utc <= last_second ? utc * 1000 + ms : -1;
}
