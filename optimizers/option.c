// SPDX-License-Identifier: GPL-3.0-or-later
// option.c - the tunable numbers of an algorithm, as a table

#include "option.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void option_defaults(const struct option *options, size_t n, double *values)
{
    for (size_t i = 0; i < n; i++)
        values[i] = options[i].standard;
}

static const struct option *find(const struct option *options, size_t n,
                                 const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

static int refuse_name(const struct option *options, size_t n, const char *name,
                       struct error *err)
{
    char known[160] = "";
    size_t used = 0;
    for (size_t i = 0; i < n && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s",
                                 i ? ", " : "", options[i].name);
    if (n == 0)
        return error_set(err, ERROR_INVALID,
                         "there is no option '%.60s', nor any other", name);
    return error_set(err, ERROR_INVALID, "there is no option '%.60s', only %s",
                     name, known);
}

static int check(const struct option *option, double value, struct error *err)
{
    if (isnan(value))
        return isnan(option->standard)
                   ? 0
                   : error_set(err, ERROR_INVALID, "%s must be a number",
                               option->name);
    if (option->kind == OPTION_BOOL && value != 0 && value != 1)
        return error_set(err, ERROR_INVALID, "%s must be true or false, not %g",
                         option->name, value);
    if (option->kind == OPTION_INT && value != floor(value))
        return error_set(err, ERROR_INVALID, "%s must be an integer, not %g",
                         option->name, value);
    if (value < option->low || value > option->high)
        return error_set(err, ERROR_INVALID,
                         "%s must be between %g and %g, not %g", option->name,
                         option->low, option->high, value);
    return 0;
}

int option_set(const struct option *options, size_t n, const char *name,
               double value, double *values, struct error *err)
{
    const struct option *option = find(options, n, name);
    if (!option)
        return refuse_name(options, n, name, err);
    if (check(option, value, err))
        return -1;
    values[option - options] = value;
    return 0;
}
