// SPDX-License-Identifier: GPL-3.0-or-later
// courier.c - brings the events of studies to the receivers of webhooks

#include "courier_private.h"

#include <assert.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"

enum {
    PAUSE_US = 20000,    // between two looks: what comes together goes together
    SECOND_US = 1000000, // between two looks without a ring
    WARM_US = 60000000,  // a study rings so long after its last delivery
};

// ---- studies that ring ------------------------------------------------------

static struct warm_study *warm_of(struct courier *courier, int64_t study_id)
{
    uint64_t hash = (uint64_t)study_id * 0x9e3779b97f4a7c15u;
    return &courier->warm[hash >> 54];
}

void courier_keep_warm(struct courier *courier, int64_t study_id)
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

// ---- looking for work -------------------------------------------------------

static bool is_on_its_way(const struct courier *courier, int64_t hook_id)
{
    for (const struct delivery *d = courier->first; d; d = d->next)
        if (!d->ping && d->hook.id == hook_id)
            return true;
    return false;
}

// Begins a delivery for each webhook that has something to deliver.
static int look(struct courier *courier, struct error *err)
{
    struct hook_page due = {.limit = COURIER_MAX_DELIVERIES};
    if (courier->n >= COURIER_MAX_DELIVERIES)
        return 0;
    if (store_hooks_due(courier->store, clock_wall_ms(), &due, &courier->arena,
                        err))
        return -1;
    for (size_t i = 0; i < due.n && courier->n < COURIER_MAX_DELIVERIES; i++) {
        if (is_on_its_way(courier, due.hooks[i].id))
            continue;
        if (delivery_begin(delivery_new(courier, &due.hooks[i]), err))
            return -1;
    }
    return 0;
}

// ---- the thread -------------------------------------------------------------

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
        if (late || delivery_ping(courier, ping))
            ping->done(ping);
    }
}

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

static void look_around(struct courier *courier)
{
    struct error err = {0};
    pthread_mutex_lock(&courier->mutex);
    courier->rung = false;
    pthread_mutex_unlock(&courier->mutex);
    if (look(courier, &err))
        log_event(LOG_WARNING, "cannot look for webhooks",
                  log_text("error", err.message));
    arena_reset(&courier->arena);
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
    struct letter *letter;
    int64_t looked_us = 0;
    for (;;) {
        take_inbox(courier);
        take_pings(courier);
        while ((letter = outbound_next(courier->outbound)))
            delivery_finish(letter);
        struct orders orders = read_orders(courier, looked_us);
        while (orders.recall && (letter = outbound_recall(courier->outbound)))
            delivery_release(letter);
        if (orders.stopping && courier->n == 0)
            break;
        if (!orders.draining && clock_monotonic_us() >= orders.due_us) {
            looked_us = clock_monotonic_us();
            look_around(courier);
            orders = read_orders(courier, looked_us);
        }
        outbound_work(courier->outbound, patience_ms(&orders));
    }
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
    arena_init(&courier->arena);
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
    arena_done(&courier->arena);
    pthread_mutex_destroy(&courier->mutex);
    free(courier);
}
