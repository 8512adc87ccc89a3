// SPDX-License-Identifier: GPL-3.0-or-later
// log.c - formats a line in a buffer on the stack and writes it once
//
// The level and the counters against floods are the only mutable state of the
// process that nobody owns: a logger must work before and after everything
// else.

#include "log.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "utf8.h"

enum { ENDING = 32, FLOOD_SLOTS = 64 }; // room kept for ,"truncated":true}

const char *const log_level_names[LOG_LEVELS] = {"debug", "info", "warning",
                                                 "error"};

static _Atomic int threshold = LOG_INFO;

struct line {
    char text[LOG_LINE_BYTES];
    size_t used;
    bool truncated;
};

static void put(struct line *line, const char *text, size_t n)
{
    memcpy(line->text + line->used, text, n);
    line->used += n;
}

static size_t room(const struct line *line)
{
    return sizeof line->text - ENDING - line->used;
}

// Starts a field: `"name":`. Returns false when it does not fit.
static bool put_name(struct line *line, const char *name)
{
    size_t n = strlen(name);
    if (room(line) < n + 64) { // 64: any number, or a little text
        line->truncated = true;
        return false;
    }
    put(line, line->used == 0 ? "{\"" : ",\"", 2);
    put(line, name, n);
    put(line, "\":", 2);
    return true;
}

static void put_text(struct line *line, const char *text)
{
    size_t n = strlen(text), space = room(line) - 2;
    put(line, "\"", 1);
    size_t bytes = utf8_escape(line->text + line->used, space, text, n);
    line->used += bytes;
    // Less room than one character may need: it was cut, or as good as.
    line->truncated = line->truncated || bytes + UTF8_ESCAPED_MAX > space;
    put(line, "\"", 1);
}

static void put_field(struct line *line, const struct log_field *field)
{
    char number[40];
    int n = 0;
    if (!put_name(line, field->name))
        return;
    switch (field->kind) {
    case LOG_IS_TEXT:
        if (field->text != NULL) {
            put_text(line, field->text);
            return;
        }
        n = sprintf(number, "null");
        break;
    case LOG_IS_INTEGER:
        n = sprintf(number, "%lld", (long long)field->integer);
        break;
    case LOG_IS_REAL:
        n = isfinite(field->real) ? sprintf(number, "%.9g", field->real)
                                  : sprintf(number, "null");
        break;
    case LOG_IS_FLAG:
        n = sprintf(number, "%s", field->flag ? "true" : "false");
        break;
    }
    put(line, number, (size_t)n);
}

static void put_time(struct line *line)
{
    char text[40];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + n, sizeof text - n, ".%03dZ", (int)(now.tv_nsec / 1000000));
    put_field(line, &(struct log_field){
                        .name = "ts", .kind = LOG_IS_TEXT, .text = text});
}

struct flood {
    char message[64];
    time_t second;
    unsigned written, suppressed;
};

// Decides whether a warning is one too many. Messages that fall into the same
// slot share it by turns: they are limited less, never more.
static bool is_flood(const char *message, unsigned *suppressed)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct flood floods[FLOOD_SLOTS];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint32_t hash = 2166136261u;
    for (const char *c = message; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    pthread_mutex_lock(&lock);
    struct flood *flood = &floods[hash % FLOOD_SLOTS];
    if (strncmp(flood->message, message, sizeof flood->message - 1) != 0) {
        *flood = (struct flood){.second = now.tv_sec};
        strncat(flood->message, message, sizeof flood->message - 1);
    }
    if (flood->second != now.tv_sec) {
        flood->second = now.tv_sec;
        flood->written = 0;
    }
    bool too_many = flood->written == LOG_BURST;
    *suppressed = too_many ? 0 : flood->suppressed;
    flood->suppressed = too_many ? flood->suppressed + 1 : 0;
    flood->written += !too_many;
    pthread_mutex_unlock(&lock);
    return too_many;
}

static void write_line(struct line *line)
{
    if (line->truncated)
        put(line, ",\"truncated\":true", 17);
    put(line, "}\n", 2);
    ssize_t written;
    do {
        written = write(STDERR_FILENO, line->text, line->used);
    } while (written < 0 && errno == EINTR);
}

void log_fields(enum log_level level, const char *message,
                const struct log_field *fields)
{
    int kept = errno;
    unsigned suppressed = 0;
    if (!log_wants(level) ||
        (level >= LOG_WARNING && is_flood(message, &suppressed)))
        return;
    struct line line;
    line.used = 0;
    line.truncated = false;
    put_time(&line);
    put_field(&line, &(struct log_field){.name = "level",
                                         .kind = LOG_IS_TEXT,
                                         .text = log_level_names[level]});
    put_field(&line, &(struct log_field){
                         .name = "msg", .kind = LOG_IS_TEXT, .text = message});
    if (suppressed > 0)
        put_field(&line, &(struct log_field){.name = "suppressed",
                                             .kind = LOG_IS_INTEGER,
                                             .integer = suppressed});
    for (; fields->name != NULL; fields++)
        put_field(&line, fields);
    write_line(&line);
    errno = kept;
}

void log_message(enum log_level level, const char *message)
{
    log_fields(level, message, &(const struct log_field){.name = NULL});
}

void log_set_level(enum log_level level)
{
    atomic_store(&threshold, level);
}

bool log_wants(enum log_level level)
{
    return (int)level >= atomic_load(&threshold);
}
