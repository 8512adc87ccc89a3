// SPDX-License-Identifier: GPL-3.0-or-later
// wire_hook.h - the JSON of webhooks, and of what they deliver

#ifndef CUMAE_WIRE_HOOK_H
#define CUMAE_WIRE_HOOK_H

#include "hook.h"
#include "text.h"
#include "store_log.h"

// Appends {"type":...,"study":...,"hook":...,"events":[...]}; `type` is
// "events", or "ping" for a delivery that a user asked for.
void wire_hook_delivery(struct text *text, const char *type,
                        const struct hook_row *hook,
                        const struct event_page *page);

// Appends a webhook with `pending` events to deliver, without its last brace
// and without its secret.
void wire_hook_open(struct text *text, const struct hook_row *hook,
                    int64_t pending);

// What the audit log keeps: {"host", "events", "enabled"}. The rest of a URL
// may be a secret of the receiver.
char *wire_hook_brief(const struct hook_row *hook, struct arena *arena);

#endif
