// SPDX-License-Identifier: GPL-3.0-or-later
// reference.h - the table of reference values,
// tests/unit/data/cls_reference.csv
//
// Computed with SciPy from the formulas of limits, or published where `group`
// says so. A row's inputs are NAME=VALUE, separated by semicolons, a value
// being a number or several with | between. Values have ten digits.

#ifndef CUMAE_TEST_REFERENCE_H
#define CUMAE_TEST_REFERENCE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REFERENCE_ROWS = 880 };

struct reference {
    char text[512];
    char *group, *id, *inputs, *quantity;
    double value, tolerance; // absolute
};

// Reads all rows into rows[REFERENCE_ROWS]; returns how many there are.
static inline size_t reference_read(const char *beside, struct reference *rows)
{
    char path[512];
    const char *slash = strrchr(beside, '/');
    int folder = slash ? (int)(slash - beside) : 1;
    snprintf(path, sizeof path, "%.*s/data/cls_reference.csv", folder,
             slash ? beside : ".");
    FILE *file = fopen(path, "r");
    size_t n = 0;
    char header[512];
    if (!file || !fgets(header, sizeof header, file))
        return 0;
    while (n < REFERENCE_ROWS &&
           fgets(rows[n].text, sizeof rows[n].text, file)) {
        struct reference *row = &rows[n++];
        char *field[8], *rest = row->text;
        for (int i = 0; i < 8; i++)
            field[i] = strsep(&rest, ",");
        row->group = field[0];
        row->id = field[1];
        row->inputs = field[2];
        row->quantity = field[3];
        row->value = strtod(field[4], NULL);
        double relative = strtod(field[6], NULL);
        row->tolerance = (relative + 5e-10) * fabs(row->value);
    }
    fclose(file);
    return n;
}

// Input `name`, its entry `i`; NaN: there is none.
static inline double reference_entry(const struct reference *row,
                                     const char *name, int i)
{
    size_t length = strlen(name);
    for (const char *at = row->inputs; at; at = strchr(at, ';')) {
        at += *at == ';';
        if (strncmp(at, name, length) != 0 || at[length] != '=')
            continue;
        const char *end = strchr(at, ';');
        at += length + 1;
        for (; i > 0 && at; i--) {
            at = strchr(at, '|');
            at = at && (!end || at < end) ? at + 1 : NULL;
        }
        return at ? strtod(at, NULL) : (double)NAN;
    }
    return (double)NAN;
}

static inline double reference_input(const struct reference *row,
                                     const char *name)
{
    return reference_entry(row, name, 0);
}

// Does the row's quantity begin so?
static inline int reference_asks(const struct reference *row, const char *name)
{
    return strncmp(row->quantity, name, strlen(name)) == 0;
}

// The number of sigmas at the end of a name such as CLs_exp_-2.
static inline double reference_sigmas(const char *name)
{
    return strtod(name + strlen(name) - 2, NULL);
}

#endif
