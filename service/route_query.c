// SPDX-License-Identifier: GPL-3.0-or-later
// route_query.c - what a query says, and numbers in paths

#include "route.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int route_number(const char *text, int64_t *number, struct error *err)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18 || text[digits])
        return error_set(err, ERROR_NOT_FOUND,
                         "number must be a trial's number, not \"%.40s\"",
                         text);
    *number = strtoll(text, NULL, 10);
    return 0;
}

int route_query_int(const struct call *call, const char *name, int64_t low,
                    int64_t high, int64_t standard, int64_t *value,
                    struct error *err)
{
    const char *text = request_query(call->request, name);
    *value = standard;
    if (!text)
        return 0;
    size_t sign = *text == '-', digits = strspn(text + sign, "0123456789");
    if (digits == 0 || digits > 18 || text[sign + digits])
        return error_set(err, ERROR_MALFORMED,
                         "%s must be an integer, not \"%.40s\"", name, text);
    *value = strtoll(text, NULL, 10);
    if (*value >= low && *value <= high)
        return 0;
    return error_set(err, ERROR_INVALID,
                     "%s must be from %" PRId64 " to %" PRId64 ", not %" PRId64,
                     name, low, high, *value);
}

int route_query_real(const struct call *call, const char *name, double *value,
                     struct error *err)
{
    const char *text = request_query(call->request, name);
    char *end;
    *value = NAN;
    if (!text)
        return 0;
    double number = strtod(text, &end);
    // No blanks, hexadecimals or words.
    if (!*text || strspn(text, "0123456789+-.eE") != strlen(text) || *end ||
        !isfinite(number))
        return error_set(err, ERROR_MALFORMED,
                         "%s must be a finite number, not \"%.40s\"", name,
                         text);
    *value = number;
    return 0;
}

int route_query_text(const struct call *call, const char *name, size_t max,
                     const char **value, struct error *err)
{
    *value = request_query(call->request, name);
    if (!*value || strlen(*value) <= max)
        return 0;
    return error_set(err, ERROR_INVALID,
                     "%s must have at most %zu bytes, not "
                     "%zu",
                     name, max, strlen(*value));
}

int route_query_known(const struct call *call, const char *const *known,
                      struct error *err)
{
    const struct request *request = call->request;
    for (size_t i = 0; i < request->n_query; i++) {
        const char *const *name = known;
        while (*name && strcmp(*name, request->query[i].name) != 0)
            name++;
        if (!*name)
            return error_set(err, ERROR_MALFORMED,
                             "unknown query parameter %.80s",
                             request->query[i].name);
    }
    return 0;
}
