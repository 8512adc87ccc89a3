// SPDX-License-Identifier: GPL-3.0-or-later
// courier_delivery.c - one delivery: claimed, sent, settled

#include "courier_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/rng.h"
#include "auth.h"
#include "clock.h"
#include "log.h"
#include "wire_hook.h"

enum {
    PAGE = 1000,        // events read for one delivery
    LEASE_TIMEOUTS = 3, // a claim lasts as long as so many requests
};

// ---- a delivery and its commands --------------------------------------------

static const char *keep(struct arena *arena, const char *text)
{
    return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

struct delivery *delivery_new(struct courier *courier,
                              const struct hook_row *hook)
{
    struct delivery *delivery = calloc(1, sizeof *delivery);
    if (!delivery)
        abort();
    struct arena *arena = &delivery->arena;
    arena_init(arena);
    delivery->hook = *hook;
    delivery->hook.study_key = keep(arena, hook->study_key);
    delivery->hook.url = keep(arena, hook->url);
    delivery->hook.kinds = keep(arena, hook->kinds);
    delivery->hook.secret = keep(arena, hook->secret);
    delivery->hook.last_error = keep(arena, hook->last_error);
    delivery->hook.reason = NULL;
    delivery->courier = courier;
    delivery->next = courier->first;
    courier->first = delivery;
    courier->n++;
    return delivery;
}

static void delivery_free(struct delivery *delivery)
{
    struct courier *courier = delivery->courier;
    struct delivery **place = &courier->first;
    while (*place != delivery)
        place = &(*place)->next;
    *place = delivery->next;
    courier->n--;
    arena_done(&delivery->arena);
    free(delivery);
}

static void done(struct command *command, const struct live *live)
{
    struct delivery *delivery = (struct delivery *)command;
    struct courier *courier = delivery->courier;
    (void)live;
    pthread_mutex_lock(&courier->mutex);
    delivery->next_done = courier->inbox;
    courier->inbox = delivery;
    pthread_mutex_unlock(&courier->mutex);
    outbound_wake(courier->outbound);
}

// Submits a command; `then` is called by the courier when it is done.
static void submit(struct delivery *delivery, int64_t study_id,
                   int (*apply)(struct command *command, struct live *live,
                                struct store *store, struct error *err),
                   void (*then)(struct delivery *delivery))
{
    delivery->command =
        (struct command){.study_id = study_id, .apply = apply, .done = done};
    delivery->then = then;
    engine_submit(delivery->courier->engine, &delivery->command);
}

static bool failed(const struct delivery *delivery, const char *what)
{
    const struct error *error = &delivery->command.error;
    if (error->code)
        log_event(LOG_WARNING, what, log_integer("webhook", delivery->hook.id),
                  log_text("error", error->message));
    return error->code != ERROR_NONE;
}

// ---- settling ---------------------------------------------------------------

static int apply_give_up(struct command *command, struct live *live,
                         struct store *store, struct error *err)
{
    const struct delivery *delivery = (const struct delivery *)command;
    return hook_give_up(live, store, delivery->hook.id, delivery->reason, err);
}

static void given_up(struct delivery *delivery)
{
    if (!failed(delivery, "cannot disable a webhook"))
        log_event(LOG_WARNING, "webhook disabled",
                  log_integer("webhook", delivery->hook.id),
                  log_text("reason", delivery->reason));
    delivery_free(delivery);
}

static int apply_settle(struct command *command, struct live *live,
                        struct store *store, struct error *err)
{
    struct delivery *delivery = (struct delivery *)command;
    (void)live;
    return store_hook_settle(store, &delivery->hook, &delivery->granted, err);
}

static void settled(struct delivery *delivery)
{
    bool lost = failed(delivery, "cannot settle a delivery");
    courier_keep_warm(delivery->courier, delivery->hook.study_id);
    if (!lost && delivery->granted && delivery->reason)
        submit(delivery, delivery->hook.study_id, apply_give_up, given_up);
    else
        delivery_free(delivery);
}

static void log_delivery(const struct delivery *delivery)
{
    const struct letter *letter = &delivery->letter;
    bool good = delivery->hook.failures == 0;
    log_event(
        good ? LOG_DEBUG : LOG_INFO, good ? "delivered" : "delivery failed",
        log_integer("webhook", delivery->hook.id),
        log_text("delivery", delivery->id),
        log_integer("status", letter->status),
        log_text("error", letter->problem), log_real("wall_s", letter->wall_s));
}

// Enters what came back.
static void judge(struct delivery *delivery)
{
    struct courier *courier = delivery->courier;
    const struct letter *letter = &delivery->letter;
    struct rng rng = rng_at(courier->seed, courier->draws++);
    const struct hook_answer answer = {.at_ms = clock_wall_ms(),
                                       .status = letter->status,
                                       .retry_after_s = letter->retry_after_s,
                                       .problem = letter->problem,
                                       .luck = rng_uniform(&rng)};
    delivery->reason = hook_judge(&delivery->hook, &answer,
                                  &courier->options.policy, &delivery->arena);
    metrics_add(courier->options.metrics,
                delivery->hook.failures ? METRIC_WEBHOOK_FAILURES
                                        : METRIC_WEBHOOK_DELIVERIES,
                1);
    log_delivery(delivery);
    submit(delivery, 0, apply_settle, settled);
}

// ---- sending ----------------------------------------------------------------

static void send_letter(struct delivery *delivery)
{
    struct hook_headers headers;
    struct letter *letter = &delivery->letter;
    hook_sign(&delivery->hook, delivery->id, clock_wall_ms(), delivery->body,
              &delivery->arena, &headers);
    letter->url = delivery->hook.url;
    letter->headers[0] = headers.id;
    letter->headers[1] = headers.timestamp;
    letter->headers[2] = headers.signature;
    letter->body = delivery->body;
    letter->body_bytes = strlen(delivery->body);
    outbound_send(delivery->courier->outbound, letter);
}

static int apply_claim(struct command *command, struct live *live,
                       struct store *store, struct error *err)
{
    struct delivery *delivery = (struct delivery *)command;
    (void)live;
    return store_hook_claim(store, &delivery->claim, &delivery->granted, err);
}

static void claimed(struct delivery *delivery)
{
    if (failed(delivery, "cannot claim a webhook") || !delivery->granted) {
        delivery_free(delivery);
    } else if (!delivery->body) { // no event of the kinds that it wants
        courier_keep_warm(delivery->courier, delivery->hook.study_id);
        delivery_free(delivery);
    } else {
        delivery->hook.lease_ms = delivery->claim.lease_ms;
        send_letter(delivery);
    }
}

static void prepare_claim(struct delivery *delivery, bool sends)
{
    const struct hook_row *hook = &delivery->hook;
    const struct outbound_options *outbound =
        &delivery->courier->options.outbound;
    int64_t now = clock_wall_ms();
    int64_t lease = outbound->timeout_s * LEASE_TIMEOUTS * INT64_C(1000);
    delivery->claim =
        (struct hook_claim){.id = hook->id,
                            .was_delivered = hook->delivered,
                            .now_ms = now,
                            .delivered = sends ? hook->delivered : hook->tried,
                            .tried = sends ? hook->tried : 0,
                            .lease_ms = sends ? now + lease : 0};
}

int delivery_begin(struct delivery *delivery, struct error *err)
{
    struct courier *courier = delivery->courier;
    struct event_page page = {.study_id = delivery->hook.study_id,
                              .after = delivery->hook.delivered,
                              .limit = PAGE};
    struct text text;
    if (store_event_page(courier->store, &page, &delivery->arena, err)) {
        delivery_free(delivery);
        return -1;
    }
    hook_choose(&delivery->hook, &page);
    if (page.n) {
        text_init(&text, &delivery->arena);
        wire_hook_delivery(&text, "events", &delivery->hook, &page);
        delivery->id = hook_delivery_id(&delivery->hook, &delivery->arena);
        delivery->body = text.data;
    }
    prepare_claim(delivery, page.n > 0);
    submit(delivery, 0, apply_claim, claimed);
    return 0;
}

// ---- pings ------------------------------------------------------------------

static void answer_ping(struct delivery *delivery)
{
    struct ping *ping = delivery->ping;
    const struct letter *letter = &delivery->letter;
    ping->status = letter->status;
    ping->wall_s = letter->wall_s;
    snprintf(ping->problem, sizeof ping->problem, "%s", letter->problem);
    ping->done(ping);
    delivery_free(delivery);
}

int delivery_ping(struct courier *courier, struct ping *ping)
{
    const struct event_page none = {0};
    struct hook_row hook;
    struct text text;
    char luck[17];
    if (courier->n >= COURIER_MAX_DELIVERIES)
        return error_set(&ping->error, ERROR_BUSY,
                         "%d deliveries are on their way already",
                         COURIER_MAX_DELIVERIES);
    if (store_hook_get(courier->store, ping->study_id, ping->hook_id,
                       &courier->arena, &hook, &ping->error))
        return -1;
    struct delivery *delivery = delivery_new(courier, &hook);
    arena_reset(&courier->arena);
    auth_random(luck, sizeof luck - 1);
    snprintf(ping->id, sizeof ping->id, "ping_%s", luck);
    text_init(&text, &delivery->arena);
    wire_hook_delivery(&text, "ping", &delivery->hook, &none);
    delivery->ping = ping;
    delivery->id = ping->id;
    delivery->body = text.data;
    send_letter(delivery);
    return 0;
}

// ---- letters that came back -------------------------------------------------

void delivery_finish(struct letter *letter)
{
    struct delivery *delivery =
        (struct delivery *)((char *)letter - offsetof(struct delivery, letter));
    if (delivery->ping)
        answer_ping(delivery);
    else
        judge(delivery);
}

void delivery_release(struct letter *letter)
{
    struct delivery *delivery =
        (struct delivery *)((char *)letter - offsetof(struct delivery, letter));
    if (delivery->ping)
        answer_ping(delivery);
    else
        submit(delivery, 0, apply_settle, settled);
}
