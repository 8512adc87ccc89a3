// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_target.c - request targets
//
// What target_parse lets in is UTF-8, its path begins with '/' and has no
// empty segment, and when it is escaped again, byte by byte, it means the same.

#include "fuzz.h"

#include "http_target.h"
#include "text.h"
#include "utf8.h"

static void escape(struct text *text, const char *string, const char *kept)
{
    for (; *string; string++)
        if (strchr(kept, *string))
            text_char(text, *string);
        else
            text_print(text, "%%%02X", (unsigned char)*string);
}

static char *escaped(const struct request *request, struct arena *arena)
{
    struct text text;
    text_init(&text, arena);
    escape(&text, request->path, "/*");
    for (size_t i = 0; i < request->n_query; i++) {
        text_char(&text, i ? '&' : '?');
        escape(&text, request->query[i].name, "");
        text_char(&text, '=');
        escape(&text, request->query[i].value, "");
    }
    return text.data;
}

static void check_text(const char *text)
{
    expect(utf8_is_valid(text, strlen(text)), "%s", text);
}

static void check_accepted(const struct request *request)
{
    struct request again = {.path = NULL};
    struct error err = {0};
    check_text(request->path);
    expect(*request->path == '/' || strcmp(request->path, "*") == 0, "%s",
           request->path);
    expect(!strstr(request->path, "//"), "%s", request->path);
    arena_init(&again.arena);
    const char *target = escaped(request, &again.arena);
    expect(target_parse(&again, target, &err) == 0, "%s", err.message);
    expect(strcmp(again.path, request->path) == 0, "%s", target);
    expect(again.n_query == request->n_query, "%s", target);
    for (size_t i = 0; i < request->n_query; i++) {
        check_text(request->query[i].name);
        check_text(request->query[i].value);
        expect(!strcmp(again.query[i].name, request->query[i].name) &&
                   !strcmp(again.query[i].value, request->query[i].value),
               "%s", target);
    }
    arena_done(&again.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request request = {.path = NULL};
    struct error err = {0};
    arena_init(&request.arena);
    const char *target = arena_copy(&request.arena, (const char *)data, size);
    if (target_parse(&request, target, &err) == 0)
        check_accepted(&request);
    else
        expect_refusal(&err);
    arena_done(&request.arena);
    return 0;
}
