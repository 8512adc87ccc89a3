// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_expression.c - any text as a formula over the parameters of a space
//
// What is refused names a column of the text, what is read has a value at any
// point, and blanks and parentheses around it change nothing.

#include "fuzz.h"

#include <math.h>

#include "expression.h"

static void add(struct space *space, struct param param)
{
    struct error err = {0};
    expect(space_add(space, &param, &err) == 0, "%s", err.message);
}

static void make_space(struct space *space)
{
    char *choices[] = {"\"a\"", "\"b\\\"\"", "null", "-2", "true"};
    double levels[] = {0.5, 2}, on[] = {1};
    struct condition when = {.parent = 1, .n = 1, .values = on};
    space_init(space);
    add(space, (struct param){.name = "x", .kind = PARAM_FLOAT, .high = 1});
    add(space, (struct param){.name = "f", .kind = PARAM_BOOL});
    add(space, (struct param){.name = "c",
                              .kind = PARAM_CATEGORICAL,
                              .n_choices = 5,
                              .choices = choices,
                              .n_conditions = 1,
                              .conditions = &when});
    add(space, (struct param){.name = "d",
                              .kind = PARAM_DISCRETE,
                              .n_choices = 2,
                              .levels = levels});
    add(space, (struct param){.name = "n", .kind = PARAM_INT, .high = 9});
}

static void check_refusal(const struct error *err, size_t size)
{
    size_t column = 0;
    expect_refusal(err);
    expect(err->code == ERROR_INVALID, "code %d", (int)err->code);
    expect(sscanf(err->message, "column %zu: ", &column) == 1, "%s",
           err->message);
    expect(column >= 1 && column <= size + 1, "%s", err->message);
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void check_values(const char *text, const struct space *space,
                         const struct expression *expression,
                         struct arena *arena)
{
    static const double points[][5] = {{0, 0, NAN, 0, 0},
                                       {1, 1, 4, 1, 9},
                                       {0.5, 1, 3, 0, 4},
                                       {NAN, NAN, NAN, NAN, NAN}};
    struct expression again;
    struct error err = {0};
    text = arena_print(arena, " (%s) ", text);
    bool deeper = expression_read(text, space, arena, &again, &err);
    expect(!deeper || strstr(err.message, "too much stands inside") ||
               strstr(err.message, "at most 1000 bytes"),
           "%s", err.message);
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        double value = expression_value(expression, space, points[i]);
        expect(!expression->truth || value == 0 || value == 1, "%g", value);
        expect(deeper ||
                   same(value, expression_value(&again, space, points[i])),
               "%g in parentheses is another value", value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct space space;
    struct expression expression;
    struct error err = {0};
    arena_init(&arena);
    make_space(&space);
    const char *text = arena_copy(&arena, (const char *)data, size);
    if (expression_read(text, &space, &arena, &expression, &err))
        check_refusal(&err, strlen(text));
    else
        check_values(text, &space, &expression, &arena);
    space_done(&space);
    arena_done(&arena);
    return 0;
}
