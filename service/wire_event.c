// SPDX-License-Identifier: GPL-3.0-or-later
// wire_event.c - events as users see them: a JSON list, or an event stream

#include "wire_event.h"

#include <inttypes.h>

#include "../optimizers/history.h"

enum { RETRY_MS = 200 }; // between the end of a stream and the next request

static void write_event(struct text *text, const struct event_row *event)
{
    text_print(text, "{\"seq\":%" PRId64 ",\"event\":", event->revision);
    text_string(text, event->kind);
    text_key(text, "number");
    if (event->number < 0)
        text_add(text, "null");
    else
        text_int(text, event->number);
    if (event->state >= 0) {
        text_key_string(text, "state",
                        trial_state_name((enum trial_state)event->state));
    }
    text_key_time(text, "at", event->at_ms);
    text_key_string(text, "by", event->user);
    if (event->detail) {
        text_key_json(text, "detail", event->detail);
    }
    text_char(text, '}');
}

void wire_events_list(struct text *text, const struct event_row *events,
                      size_t n)
{
    text_char(text, '[');
    for (size_t i = 0; i < n; i++) {
        text_next(text);
        write_event(text, &events[i]);
    }
    text_char(text, ']');
}

void wire_events_write(struct text *text, const struct event_row *events,
                       size_t n, int64_t since)
{
    text_add(text, "{\"events\":");
    wire_events_list(text, events, n);
    text_print(text, ",\"next\":%" PRId64 "}",
               n ? events[n - 1].revision : since);
}

void wire_events_stream(struct text *text, const struct event_row *events,
                        size_t n)
{
    text_print(text, "retry: %d\n\n", RETRY_MS);
    if (n == 0)
        text_add(text, ": nothing new\n\n");
    for (size_t i = 0; i < n; i++) {
        text_print(text,
                   "id: %" PRId64 "\nevent: %s\ndata: ", events[i].revision,
                   events[i].kind);
        write_event(text, &events[i]);
        text_add(text, "\n\n");
    }
}
