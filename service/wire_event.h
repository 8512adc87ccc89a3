// SPDX-License-Identifier: GPL-3.0-or-later
// wire_event.h - events as users see them: a JSON list, or an event stream

#ifndef CUMAE_WIRE_EVENT_H
#define CUMAE_WIRE_EVENT_H

#include "store_log.h"
#include "text.h"

// Appends the events as a JSON list.
void wire_events_list(struct text *text, const struct event_row *events,
                      size_t n);

// Appends {"events":[...],"next":...}, where next is the last event that the
// reader has now seen: `since` when there are none.
void wire_events_write(struct text *text, const struct event_row *events,
                       size_t n, int64_t since);

// Appends the events as text/event-stream (HTML standard, 9.2): how long to
// wait before coming back, then a message per event with its number as id; a
// comment when there are none.
void wire_events_stream(struct text *text, const struct event_row *events,
                        size_t n);

#endif
