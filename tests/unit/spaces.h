// SPDX-License-Identifier: GPL-3.0-or-later
// spaces.h - a space for a test, parameter by parameter

#ifndef CUMAE_TESTS_SPACES_H
#define CUMAE_TESTS_SPACES_H

#include <check.h>

#include "space.h"

static struct space space;

static inline void add(struct param param)
{
    struct error err = {0};
    ck_assert_msg(space_add(&space, &param, &err) == 0, "%s", err.message);
}

static inline void add_float(char *name)
{
    add((struct param){.name = name, .kind = PARAM_FLOAT, .high = 1});
}

// Up to six, named a, b ...
static inline void add_floats(size_t n)
{
    char *names[] = {"a", "b", "c", "d", "e", "f"};
    for (size_t k = 0; k < n; k++)
        add_float(names[k]);
}

static inline void add_int(char *name, double low, double high, bool log)
{
    add((struct param){
        .name = name, .kind = PARAM_INT, .low = low, .high = high, .log = log});
}

static inline void add_choices(char *name, size_t n)
{
    char *choices[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    add((struct param){.name = name,
                       .kind = PARAM_CATEGORICAL,
                       .n_choices = n,
                       .choices = choices});
}

#endif
