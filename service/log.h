// SPDX-License-Identifier: GPL-3.0-or-later
// log.h - one JSON object per line on stderr, one line per event
//
//     log_event(LOG_INFO, "listening", log_text("address", address),
//               log_integer("port", port));
//     log_message(LOG_INFO, "draining");
//
// A line is one write(2) of at most 4096 bytes, so lines of several processes
// do not mix in a pipe. Text is escaped and cannot forge a line. What does
// not fit is left out and "truncated":true says so. Credentials, cookies and
// query strings never belong in a log.
//
// Of warnings and errors with the same message at most LOG_BURST are written
// per second; the next one that is written says how many were suppressed.

#ifndef CUMAE_LOG_H
#define CUMAE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR, LOG_LEVELS };

enum { LOG_LINE_BYTES = 4096, LOG_BURST = 10 };

// "debug", "info", "warning", "error".
extern const char *const log_level_names[LOG_LEVELS];

struct log_field {
    const char *name; // NULL ends a list of fields
    enum { LOG_IS_TEXT, LOG_IS_INTEGER, LOG_IS_REAL, LOG_IS_FLAG } kind;
    union {
        const char *text;
        int64_t integer;
        double real;
        bool flag;
    };
};

// The kinds of fields. NULL text and NaN or infinity are written as null.
static inline struct log_field log_text(const char *name, const char *text)
{
    return (struct log_field){.name = name, .kind = LOG_IS_TEXT, .text = text};
}

static inline struct log_field log_integer(const char *name, int64_t integer)
{
    return (struct log_field){
        .name = name, .kind = LOG_IS_INTEGER, .integer = integer};
}

static inline struct log_field log_real(const char *name, double real)
{
    return (struct log_field){.name = name, .kind = LOG_IS_REAL, .real = real};
}

static inline struct log_field log_flag(const char *name, bool flag)
{
    return (struct log_field){.name = name, .kind = LOG_IS_FLAG, .flag = flag};
}

// Writes an event with its fields. Any thread; errno is kept.
#define log_event(level, message, ...)                                         \
    log_fields(level, message,                                                 \
               (const struct log_field[]){__VA_ARGS__, {.name = NULL}})

// Writes an event without fields.
void log_message(enum log_level level, const char *message);

// What log_event expands to: fields end with one whose name is NULL.
void log_fields(enum log_level level, const char *message,
                const struct log_field *fields);

// Events below this level are dropped; LOG_INFO at first.
void log_set_level(enum log_level level);

// True when events of this level are written: saves preparing them.
bool log_wants(enum log_level level);

#endif
