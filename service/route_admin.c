// SPDX-License-Identifier: GPL-3.0-or-later
// route_admin.c - /api/v1/admin: settings, and how much the service carries

#include "clock.h"
#include "route.h"
#include "store_load.h"
#include "user.h"

enum { TOP_USERS = 20 };

// ---- settings ---------------------------------------------------------------

static void write_setting(void *context, const struct config_value *value)
{
    struct text *text = context;
    text_next(text);
    text_char(text, '{');
    text_key_string(text, "name", value->name);
    text_key_string(text, "value", value->value);
    text_key_string(text, "source", value->source);
    text_key_string(text, "help", value->help);
    text_char(text, '}');
}

static int check(const struct call *call, struct error *err)
{
    static const char *const known[] = {NULL};
    return user_may_administer(&call->principal, err) ||
                   route_query_known(call, known, err)
               ? -1
               : 0;
}

enum route_outcome route_admin_settings(struct call *call, struct error *err)
{
    struct arena *arena = &call->request->arena;
    struct text text;
    if (check(call, err))
        return ROUTE_FAILED;
    text_init(&text, arena);
    text_add(&text, "{\"settings\":[");
    config_show(call->service->config, arena, write_setting, &text);
    text_add(&text, "]}");
    return route_json(call, 200, &text);
}

// ---- load -------------------------------------------------------------------

static int write_table(void *context, const char *name, int64_t rows,
                       int64_t bytes, struct error *err)
{
    struct text *text = context;
    (void)err;
    text_next(text);
    text_char(text, '{');
    text_key_string(text, "name", name);
    text_key_int(text, "rows", rows);
    if (bytes < 0)
        text_key_json(text, "bytes", NULL);
    else
        text_key_int(text, "bytes", bytes);
    text_char(text, '}');
    return 0;
}

static int write_user(void *context, const char *name,
                      const struct user_use *use, struct error *err)
{
    struct text *text = context;
    (void)err;
    text_next(text);
    text_char(text, '{');
    text_key_string(text, "name", name);
    text_key_int(text, "studies", use->studies);
    text_key_int(text, "trials", use->trials);
    text_key_int(text, "running", use->running);
    text_key_int(text, "bytes", use->bytes);
    text_char(text, '}');
    return 0;
}

// Asks the database, unless that was done a moment ago.
static const char *look(struct call *call, struct error *err)
{
    struct load *load = call->service->load;
    struct arena *arena = &call->request->arena;
    const char *kept = load_kept(load, arena);
    struct text text;
    int64_t bytes;
    if (kept)
        return kept;
    if (store_database_bytes(call->store, &bytes, err))
        return NULL;
    text_init(&text, arena);
    text_char(&text, '{');
    text_key_time(&text, "at", clock_wall_ms());
    text_key_int(&text, "bytes", bytes);
    text_add(&text, ",\"tables\":[");
    if (store_table_sizes(call->store, write_table, &text, err))
        return NULL;
    text_add(&text, "],\"users\":[");
    if (store_user_top(call->store, TOP_USERS, write_user, &text, err))
        return NULL;
    text_add(&text, "]}");
    load_keep(load, text.data);
    return text.data;
}

static void write_rates(struct text *text, const struct service *service)
{
    const struct metrics *metrics = service->metrics;
    struct load_counts counts = {
        .requests = metrics_requests(metrics),
        .commits = metrics_count(metrics, METRIC_COMMITS),
        .asks = metrics_count(metrics, METRIC_ASKS),
        .tells = metrics_count(metrics, METRIC_TELLS),
    };
    struct load_rates rates;
    load_rates(service->load, &counts, &rates);
    text_key_real(text, "uptime_s", rates.uptime_s);
    text_key(text, "rates");
    text_char(text, '{');
    text_key_real(text, "interval_s", rates.interval_s);
    text_key_real(text, "requests_per_minute", 60 * rates.requests);
    text_key_real(text, "commits_per_s", rates.commits);
    text_key_real(text, "asks_per_s", rates.asks);
    text_key_real(text, "tells_per_s", rates.tells);
    text_char(text, '}');
}

static void write_queues(struct text *text, const struct service *service)
{
    text_key(text, "queues");
    text_char(text, '{');
    text_key_int(text, "requests", (int64_t)pool_waiting(service->pool));
    text_key_int(text, "writes", (int64_t)engine_waiting(service->engine));
    text_key_int(text, "in_flight", (int64_t)http_in_flight(service->http));
    text_key_int(text, "event_waits", (int64_t)watch_waiting(service->watch));
    text_char(text, '}');
    text_key_int(text, "live_studies", (int64_t)engine_live(service->engine));
}

enum route_outcome route_admin_load(struct call *call, struct error *err)
{
    struct text text;
    if (check(call, err))
        return ROUTE_FAILED;
    const char *database = look(call, err);
    if (!database)
        return ROUTE_FAILED;
    text_init(&text, &call->request->arena);
    text_char(&text, '{');
    text_key_string(&text, "version", CUMAE_VERSION);
    write_rates(&text, call->service);
    write_queues(&text, call->service);
    text_key_json(&text, "database", database);
    text_char(&text, '}');
    return route_json(call, 200, &text);
}
