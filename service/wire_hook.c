// SPDX-License-Identifier: GPL-3.0-or-later
// wire_hook.c - the JSON of webhooks, and of what they deliver

#include "wire_hook.h"

#include <string.h>

#include "wire_event.h"

void wire_hook_delivery(struct text *text, const char *type,
                        const struct hook_row *hook,
                        const struct event_page *page)
{
    text_char(text, '{');
    text_key_string(text, "type", type);
    text_key_string(text, "study", hook->study_key);
    text_key_int(text, "hook", hook->id);
    text_key(text, "events");
    wire_events_list(text, page->events, page->n);
    text_char(text, '}');
}

// " a b " as a list of a and b.
static void write_kinds(struct text *text, const char *kinds)
{
    text_key(text, "events");
    if (!kinds) {
        text_add(text, "null");
        return;
    }
    text_char(text, '[');
    for (const char *word = kinds + 1; *word;) {
        size_t n = strcspn(word, " ");
        text_next(text);
        text_char(text, '"');
        text_bytes(text, word, n);
        text_char(text, '"');
        word += n + 1;
    }
    text_char(text, ']');
}

void wire_hook_open(struct text *text, const struct hook_row *hook,
                    int64_t pending)
{
    const char *state = hook->disabled_ms ? "disabled"
                        : hook->failures  ? "failing"
                                          : "enabled";
    text_char(text, '{');
    text_key_int(text, "id", hook->id);
    text_key_string(text, "url", hook->url);
    write_kinds(text, hook->kinds);
    text_key_string(text, "state", state);
    text_key_string(text, "reason", hook->reason);
    text_key_time(text, "created", hook->created_ms);
    text_key_int(text, "delivered", hook->delivered);
    text_key_int(text, "pending", pending);
    text_key_int(text, "failures", hook->failures);
    text_key_time(text, "next_try", hook->disabled_ms ? 0 : hook->due_ms);
    text_key_time(text, "last_try", hook->last_ms);
    text_key(text, "last_status");
    if (hook->last_status)
        text_int(text, hook->last_status);
    else
        text_add(text, "null");
    text_key_string(text, "last_error", hook->last_error);
}

char *wire_hook_brief(const struct hook_row *hook, struct arena *arena)
{
    struct text text;
    const char *host = strstr(hook->url, "://");
    host = host ? host + 3 : hook->url;
    size_t n = strcspn(host, "/?#");
    for (const char *at; (at = memchr(host, '@', n)) != NULL; host = at + 1)
        n -= (size_t)(at + 1 - host);
    text_init(&text, arena);
    text_char(&text, '{');
    text_key_string(&text, "host", arena_copy(arena, host, n));
    write_kinds(&text, hook->kinds);
    text_key_bool(&text, "enabled", !hook->disabled_ms);
    text_char(&text, '}');
    return text.data;
}
