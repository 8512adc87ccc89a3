// SPDX-License-Identifier: GPL-3.0-or-later
// problem.c - the table of statuses and the formatter of RFC 9457 answers

#include "problem.h"

#include <stdio.h>
#include <string.h>

#include "utf8.h"

static const struct problem table[ERROR_CODES] = {
    [ERROR_NONE] = {500, "internal", "Internal error"},
    [ERROR_MALFORMED] = {400, "malformed", "Malformed request"},
    [ERROR_UNAUTHORIZED] = {401, "unauthorized", "No valid credentials"},
    [ERROR_ELSEWHERE] = {308, "elsewhere", "To be asked elsewhere"},
    [ERROR_FORBIDDEN] = {403, "forbidden", "Not allowed"},
    [ERROR_NOT_FOUND] = {404, "not_found", "Not found"},
    [ERROR_METHOD] = {405, "method", "Method not allowed"},
    [ERROR_CONFLICT] = {409, "conflict", "Contradicts what is stored"},
    [ERROR_TOO_LARGE] = {413, "too_large", "Too large"},
    [ERROR_MEDIA_TYPE] = {415, "media_type", "Unsupported media type"},
    [ERROR_INVALID] = {422, "invalid", "Impossible request"},
    [ERROR_EXHAUSTED] = {409, "exhausted", "Nothing left to suggest"},
    [ERROR_RATE] = {429, "rate", "Too many requests"},
    [ERROR_QUOTA] = {403, "quota", "A quota is used up"},
    [ERROR_BUSY] = {503, "busy", "Try again later"},
    [ERROR_WAIT] = {503, "wait", "Being prepared"},
    [ERROR_STORE] = {503, "store", "Database unavailable"},
    [ERROR_FULL] = {503, "full", "No space left"},
    [ERROR_INTERNAL] = {500, "internal", "Internal error"},
};

const struct problem *problem_of(enum error_code code)
{
    if ((unsigned)code >= ERROR_CODES || code == ERROR_NONE)
        return &table[ERROR_INTERNAL];
    return &table[code];
}

static char *escaped(struct arena *arena, const char *text)
{
    size_t n = strlen(text);
    char *out = arena_alloc(arena, n * UTF8_ESCAPED_MAX + 1);
    out[utf8_escape(out, n * UTF8_ESCAPED_MAX, text, n)] = '\0';
    return out;
}

void problem_reply(struct request *request, const struct error *err)
{
    const struct problem *problem = problem_of(err->code);
    struct reply *reply = &request->reply;
    reply->status = problem->status;
    reply->content_type = "application/problem+json";
    reply->body = arena_print(
        &request->arena,
        "{\"type\":\"/errors/%s\",\"title\":\"%s\",\"status\":%d,"
        "\"detail\":\"%s\",\"code\":\"%s\",\"request_id\":\"%s\"}",
        problem->code, problem->title, problem->status,
        escaped(&request->arena, err->message), problem->code, request->id);
    reply->body_bytes = strlen(reply->body);
    if (problem->status == 503)
        reply_header(request, "Retry-After",
                     arena_print(&request->arena, "%d", PROBLEM_RETRY_AFTER_S));
    if (problem->status == 401)
        reply_header(request, "WWW-Authenticate", "Bearer realm=\"cumae\"");
}
