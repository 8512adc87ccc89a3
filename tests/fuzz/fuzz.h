// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz.h - what the fuzz targets share
//
// A target is one file with LLVMFuzzerTestOneInput: it takes any bytes, gives
// them to a part of the service and aborts when what comes out breaks a rule.
// `make fuzz` links it with libFuzzer, `make test` with replay.c, which gives
// it its corpus (tests/fuzz/corpus) once.

#ifndef CUMAE_TESTS_FUZZ_H
#define CUMAE_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "problem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define expect(condition, ...)                                                 \
    do {                                                                       \
        if (condition)                                                         \
            break;                                                             \
        fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);        \
        fprintf(stderr, __VA_ARGS__);                                          \
        fputc('\n', stderr);                                                   \
        abort();                                                               \
    } while (0)

// What was refused was refused for a reason that its sender can mend.
static inline void expect_refusal(const struct error *err)
{
    int status = problem_of(err->code)->status;
    expect(status >= 400 && status < 500, "code %d: %s", (int)err->code,
           err->message);
    expect(*err->message, "an error of code %d says nothing", (int)err->code);
}

#endif
