// SPDX-License-Identifier: GPL-3.0-or-later
// driver_expression.c - computes expressions for test_expression.py
//
// Reads lines "x y n flag: expression" and prints the value of each, or "error"
// and why there is none.

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "expression.h"

enum { MAX_LINE = 4096 };

static void add(struct space *space, const char *name, enum param_kind kind)
{
    struct error err = {0};
    char *copy = (char *)(uintptr_t)name;
    space_add(
        space,
        &(struct param){.name = copy, .kind = kind, .low = -100, .high = 100},
        &err);
}

static void compute(const struct space *space, const char *line)
{
    struct arena arena;
    struct error err = {0};
    struct expression expression;
    double point[4];
    int bytes = 0;
    sscanf(line, "%lf %lf %lf %lf: %n", &point[0], &point[1], &point[2],
           &point[3], &bytes);
    arena_init(&arena);
    if (expression_read(line + bytes, space, &arena, &expression, &err))
        printf("error %s\n", err.message);
    else
        printf("%.17g\n", expression_value(&expression, space, point));
    arena_done(&arena);
}

int main(void)
{
    char line[MAX_LINE];
    struct space space;
    space_init(&space);
    add(&space, "x", PARAM_FLOAT);
    add(&space, "y", PARAM_FLOAT);
    add(&space, "n", PARAM_INT);
    add(&space, "flag", PARAM_BOOL);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        compute(&space, line);
    }
    space_done(&space);
    return 0;
}
