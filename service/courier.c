// SPDX-License-Identifier: GPL-3.0-or-later
// courier.c - brings the events of studies to the receivers of webhooks

#include "courier.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/rng.h"
#include "auth.h"
#include "clock.h"
#include "log.h"
#include "wire_hook.h"

enum {
    PAUSE_US = 20000,    // between two looks: what comes together goes together
    SECOND_US = 1000000, // between two looks without a ring
    WARM_US = 60000000,  // a study rings so long after its last delivery
    WARM_STUDIES = 1024, // that ring, at most
    PAGE = 1000,         // events read for one delivery
    LEASE_TIMEOUTS = 3,  // a claim lasts as long as so many requests
};

// A delivery: of a batch that is claimed, sent and settled, or of a ping.
struct delivery {
    struct command command;
    struct letter letter;
    struct delivery *next;                   // of those on their way
    struct delivery *next_done;              // in the inbox
    void (*then)(struct delivery *delivery); // what the courier does next
    struct courier *courier;
    struct arena arena;
    struct hook_row hook;
    struct hook_claim claim;
    bool granted;
    const char *id, *body;
    const char *reason; // for disabling the webhook
    struct ping *ping;
};

// A study that was delivered from.
struct warm_study {
    int64_t study_id;
    int64_t until_us;
};

struct courier {
    struct courier_options options;
    struct engine *engine;
    struct store *store;
    struct outbound *outbound;
    pthread_t thread;
    bool started;
    uint64_t seed;
    uint64_t draws;
    struct delivery *first; // all that are on their way
    size_t n;

    pthread_mutex_t mutex;  // guards everything below
    struct delivery *inbox; // whose commands are done
    struct ping *pings;
    struct warm_study warm[WARM_STUDIES]; // by a hash of study_id
    bool rung, draining, stopping;
    int64_t recall_us; // what is still on its way then is given up
};

// ---- studies that ring ------------------------------------------------------

static struct warm_study *warm_of(struct courier *courier, int64_t study_id)
{
    uint64_t hash = (uint64_t)study_id * 0x9e3779b97f4a7c15u;
    return &courier->warm[hash >> 54];
}

static void keep_warm(struct courier *courier, int64_t study_id)
{
    pthread_mutex_lock(&courier->mutex);
    *warm_of(courier, study_id) =
        (struct warm_study){study_id, clock_monotonic_us() + WARM_US};
    courier->rung = true; // more may have come
    pthread_mutex_unlock(&courier->mutex);
}

void courier_changed(struct courier *courier, int64_t study_id)
{
    pthread_mutex_lock(&courier->mutex);
    const struct warm_study *warm = warm_of(courier, study_id);
    bool rings = warm->study_id == study_id && !courier->rung &&
                 warm->until_us > clock_monotonic_us();
    if (rings)
        courier->rung = true;
    pthread_mutex_unlock(&courier->mutex);
    if (rings)
        outbound_wake(courier->outbound);
}

// ---- a delivery and its commands --------------------------------------------

static struct delivery *delivery_new(struct courier *courier)
{
    struct delivery *delivery = calloc(1, sizeof *delivery);
    if (!delivery)
        abort();
    arena_init(&delivery->arena);
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
    keep_warm(delivery->courier, delivery->hook.study_id);
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
        keep_warm(delivery->courier, delivery->hook.study_id);
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

// Reads what is to be delivered, and claims it.
static int begin(struct delivery *delivery, struct error *err)
{
    struct courier *courier = delivery->courier;
    struct event_page page = {.study_id = delivery->hook.study_id,
                              .after = delivery->hook.delivered,
                              .limit = PAGE};
    struct text text;
    if (store_event_page(courier->store, &page, &delivery->arena, err))
        return -1;
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

static int send_ping(struct courier *courier, struct ping *ping)
{
    const struct event_page none = {0};
    struct text text;
    char luck[17];
    if (courier->n >= COURIER_MAX_DELIVERIES)
        return error_set(&ping->error, ERROR_BUSY,
                         "%d deliveries are on their way already",
                         COURIER_MAX_DELIVERIES);
    struct delivery *delivery = delivery_new(courier);
    if (store_hook_get(courier->store, ping->study_id, ping->hook_id,
                       &delivery->arena, &delivery->hook, &ping->error)) {
        delivery_free(delivery);
        return -1;
    }
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

// Answers pings that came; all of them when it is too late to send any.
static void take_pings(struct courier *courier)
{
    pthread_mutex_lock(&courier->mutex);
    struct ping *ping = courier->pings;
    bool late = courier->draining;
    courier->pings = NULL;
    pthread_mutex_unlock(&courier->mutex);
    for (struct ping *next; ping; ping = next) {
        next = ping->next;
        if (late)
            error_set(&ping->error, ERROR_BUSY, "the service stops");
        if (late || send_ping(courier, ping))
            ping->done(ping);
    }
}

// ---- looking for work -------------------------------------------------------

static bool is_on_its_way(const struct courier *courier, int64_t hook_id)
{
    for (const struct delivery *d = courier->first; d; d = d->next)
        if (!d->ping && d->hook.id == hook_id)
            return true;
    return false;
}

static const char *keep(struct arena *arena, const char *text)
{
    return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

static void take_hook(struct delivery *delivery, const struct hook_row *hook)
{
    struct arena *arena = &delivery->arena;
    delivery->hook = *hook;
    delivery->hook.study_key = keep(arena, hook->study_key);
    delivery->hook.url = keep(arena, hook->url);
    delivery->hook.kinds = keep(arena, hook->kinds);
    delivery->hook.secret = keep(arena, hook->secret);
    delivery->hook.last_error = keep(arena, hook->last_error);
    delivery->hook.reason = NULL;
}

// Begins a delivery for each webhook that has something to deliver.
static int look(struct courier *courier, struct arena *arena, struct error *err)
{
    struct hook_page due = {.limit = COURIER_MAX_DELIVERIES};
    if (courier->n >= COURIER_MAX_DELIVERIES)
        return 0;
    if (store_hooks_due(courier->store, clock_wall_ms(), &due, arena, err))
        return -1;
    for (size_t i = 0; i < due.n && courier->n < COURIER_MAX_DELIVERIES; i++) {
        if (is_on_its_way(courier, due.hooks[i].id))
            continue;
        struct delivery *delivery = delivery_new(courier);
        take_hook(delivery, &due.hooks[i]);
        if (begin(delivery, err)) {
            delivery_free(delivery);
            return -1;
        }
    }
    return 0;
}

// ---- the thread -------------------------------------------------------------

static void take_inbox(struct courier *courier)
{
    pthread_mutex_lock(&courier->mutex);
    struct delivery *delivery = courier->inbox;
    courier->inbox = NULL;
    pthread_mutex_unlock(&courier->mutex);
    for (struct delivery *next; delivery; delivery = next) {
        next = delivery->next_done;
        delivery->then(delivery);
    }
}

static void finish(struct letter *letter)
{
    struct delivery *delivery =
        (struct delivery *)((char *)letter - offsetof(struct delivery, letter));
    if (delivery->ping)
        answer_ping(delivery);
    else
        judge(delivery);
}

// What is not answered by the end counts as not tried.
static void release(struct letter *letter)
{
    struct delivery *delivery =
        (struct delivery *)((char *)letter - offsetof(struct delivery, letter));
    if (delivery->ping)
        answer_ping(delivery);
    else
        submit(delivery, 0, apply_settle, settled);
}

// What the thread was told, and when it looks for work next.
struct orders {
    bool draining, stopping, recall;
    int64_t due_us;
};

static struct orders read_orders(struct courier *courier, int64_t looked_us)
{
    pthread_mutex_lock(&courier->mutex);
    struct orders orders = {
        .draining = courier->draining,
        .stopping = courier->stopping,
        .recall =
            courier->draining && clock_monotonic_us() >= courier->recall_us,
        .due_us = looked_us + (courier->rung ? PAUSE_US : SECOND_US),
    };
    pthread_mutex_unlock(&courier->mutex);
    return orders;
}

static void look_around(struct courier *courier, struct arena *arena)
{
    struct error err = {0};
    pthread_mutex_lock(&courier->mutex);
    courier->rung = false;
    pthread_mutex_unlock(&courier->mutex);
    if (look(courier, arena, &err))
        log_event(LOG_WARNING, "cannot look for webhooks",
                  log_text("error", err.message));
    arena_reset(arena);
}

static int patience_ms(const struct orders *orders)
{
    int64_t us = orders->due_us - clock_monotonic_us();
    if (orders->draining)
        us = PAUSE_US;
    return us <= 0 ? 0 : (int)(us / 1000 + 1);
}

static void *turn(void *context)
{
    struct courier *courier = context;
    struct arena arena;
    struct letter *letter;
    int64_t looked_us = 0;
    arena_init(&arena);
    for (;;) {
        take_inbox(courier);
        take_pings(courier);
        while ((letter = outbound_next(courier->outbound)))
            finish(letter);
        struct orders orders = read_orders(courier, looked_us);
        while (orders.recall && (letter = outbound_recall(courier->outbound)))
            release(letter);
        if (orders.stopping && courier->n == 0)
            break;
        if (!orders.draining && clock_monotonic_us() >= orders.due_us) {
            looked_us = clock_monotonic_us();
            look_around(courier, &arena);
            orders = read_orders(courier, looked_us);
        }
        outbound_work(courier->outbound, patience_ms(&orders));
    }
    arena_done(&arena);
    return NULL;
}

// ---- the outside ------------------------------------------------------------

struct courier *courier_new(const struct courier_options *options,
                            struct error *err)
{
    struct courier *courier = calloc(1, sizeof *courier);
    if (!courier)
        abort();
    courier->options = *options;
    courier->seed = (uint64_t)clock_monotonic_us();
    pthread_mutex_init(&courier->mutex, NULL);
    courier->outbound = outbound_new(&options->outbound, err);
    courier->store =
        courier->outbound ? store_open(options->database, err) : NULL;
    if (courier->store)
        return courier;
    courier_free(courier);
    return NULL;
}

int courier_start(struct courier *courier, struct engine *engine,
                  struct error *err)
{
    courier->engine = engine;
    if (!store_is_shared(courier->options.database) &&
        store_hooks_release(courier->store, err))
        return -1;
    if (pthread_create(&courier->thread, NULL, turn, courier) != 0)
        return error_set(err, ERROR_INTERNAL,
                         "cannot start the courier's thread");
    courier->started = true;
    return 0;
}

int courier_check(const struct courier *courier, const char *url,
                  struct error *err)
{
    return outbound_check(&courier->options.outbound, url, err);
}

void courier_ping(struct courier *courier, struct ping *ping)
{
    pthread_mutex_lock(&courier->mutex);
    ping->next = courier->pings;
    courier->pings = ping;
    pthread_mutex_unlock(&courier->mutex);
    outbound_wake(courier->outbound);
}

void courier_drain(struct courier *courier, unsigned seconds)
{
    if (!courier)
        return;
    pthread_mutex_lock(&courier->mutex);
    courier->draining = true;
    courier->recall_us = clock_monotonic_us() + seconds * (int64_t)SECOND_US;
    pthread_mutex_unlock(&courier->mutex);
    outbound_wake(courier->outbound);
}

void courier_stop(struct courier *courier)
{
    if (!courier || !courier->started)
        return;
    pthread_mutex_lock(&courier->mutex);
    courier->draining = courier->stopping = true;
    pthread_mutex_unlock(&courier->mutex);
    outbound_wake(courier->outbound);
    pthread_join(courier->thread, NULL);
    courier->started = false;
}

void courier_free(struct courier *courier)
{
    if (!courier)
        return;
    assert(courier->n == 0);
    outbound_free(courier->outbound);
    store_close(courier->store);
    pthread_mutex_destroy(&courier->mutex);
    free(courier);
}
