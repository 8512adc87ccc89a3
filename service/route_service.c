// SPDX-License-Identifier: GPL-3.0-or-later
// route_service.c - the service about itself: health, metrics, info

#include <math.h>
#include <string.h>

#include "asset.h"
#include "route.h"
#include "wire_algorithm.h"
#include "wire_definition.h"

enum route_outcome route_service_health(struct call *call, struct error *err)
{
    struct text text;
    (void)err;
    text_init(&text, &call->request->arena);
    text_add(&text, "{\"status\":\"ok\"}");
    return route_json(call, 200, &text);
}

// Ready: not draining, and the database answers.
enum route_outcome route_service_ready(struct call *call, struct error *err)
{
    if (atomic_load(&call->service->draining)) {
        error_set(err, ERROR_BUSY, "the service is draining");
        return ROUTE_FAILED;
    }
    if (store_ping(call->store, err))
        return ROUTE_FAILED;
    return route_service_health(call, err);
}

enum route_outcome route_service_metrics(struct call *call, struct error *err)
{
    struct service *service = call->service;
    struct reply *reply = &call->request->reply;
    (void)err;
    metrics_set(service->metrics, METRIC_QUEUE_DEPTH,
                (int64_t)(pool_waiting(service->pool) +
                          pool_waiting(service->slow_pool)));
    metrics_set(service->metrics, METRIC_WRITE_QUEUE_DEPTH,
                (int64_t)engine_waiting(service->engine));
    metrics_set(service->metrics, METRIC_EVENT_WAITS,
                (int64_t)watch_waiting(service->watch));
    metrics_set(service->metrics, METRIC_LIVE_STUDIES,
                (int64_t)engine_live(service->engine));
    metrics_set(service->metrics, METRIC_IN_FLIGHT,
                (int64_t)http_in_flight(service->http));
    metrics_set(service->metrics, METRIC_CONNECTIONS,
                (int64_t)http_connections(service->http));
    reply->status = 200;
    reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
    reply->body = metrics_print(service->metrics, &call->request->arena,
                                &reply->body_bytes);
    return ROUTE_DONE;
}

// ---- info -------------------------------------------------------------------

// A bool has no bounds.
static void write_bound(struct text *text, const char *name,
                        const struct option *option, double bound)
{
    text_key(text, name);
    wire_option_write(text, option, option->kind == OPTION_BOOL ? NAN : bound);
}

static void write_options(struct text *text, const struct option *options,
                          size_t n)
{
    static const char *const kinds[] = {"int", "float", "bool"};
    text_key(text, "options");
    text_char(text, '[');
    for (size_t i = 0; i < n; i++) {
        text_next(text);
        text_char(text, '{');
        text_key_string(text, "name", options[i].name);
        text_key_string(text, "type", kinds[options[i].kind]);
        text_key(text, "default");
        wire_option_write(text, &options[i], options[i].standard);
        write_bound(text, "low", &options[i], options[i].low);
        write_bound(text, "high", &options[i], options[i].high);
        text_key_string(text, "help", options[i].help);
        text_char(text, '}');
    }
    text_add(text, "]}");
}

static void write_algorithm(struct text *text, const char *name,
                            const char *help)
{
    text_next(text);
    text_char(text, '{');
    text_key_string(text, "name", name);
    text_key_string(text, "help", help);
}

enum route_outcome route_service_info(struct call *call, struct error *err)
{
    struct text text;
    (void)err;
    text_init(&text, &call->request->arena);
    text_add(&text, "{\"name\":\"cumae\",\"version\":\"" CUMAE_VERSION "\","
                    "\"samplers\":[");
    for (size_t i = 0; i < n_samplers; i++) {
        write_algorithm(&text, samplers[i]->name, samplers[i]->help);
        text_key_bool(&text, "several", samplers[i]->several);
        write_options(&text, samplers[i]->options, samplers[i]->n_options);
    }
    text_add(&text, "],\"pruners\":[");
    for (size_t i = 0; i < n_pruners; i++) {
        write_algorithm(&text, pruners[i]->name, pruners[i]->help);
        write_options(&text, pruners[i]->options, pruners[i]->n_options);
    }
    text_add(&text,
             "],\"defaults\":{\"sampler\":\"auto\",\"pruner\":\"nop\"}}");
    return route_json(call, 200, &text);
}

enum route_outcome route_service_openapi(struct call *call, struct error *err)
{
    call->request->path = "/openapi.json";
    if (asset_reply(call->request, call->service->config->web_dir))
        return ROUTE_DONE;
    error_set(err, ERROR_NOT_FOUND, "this binary holds no API document");
    return ROUTE_FAILED;
}
