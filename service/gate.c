// SPDX-License-Identifier: GPL-3.0-or-later
// gate.c - what a request must pass before anything is done for it

#include "gate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "limiter.h"

enum { KEYS = 32768 }; // 512 KiB each

struct gate {
    const struct config *config;
    struct metrics *metrics;
    struct limiter *addresses, *users, *guesses; // NULL: no limit
};

bool gate_wants_tls(const struct config *config)
{
    return strncasecmp(config->public_url, "https://", 8) == 0;
}

struct gate *gate_new(const struct config *config, struct metrics *metrics)
{
    struct gate *gate = calloc(1, sizeof *gate);
    if (!gate)
        abort();
    gate->config = config;
    gate->metrics = metrics;
    if (config->requests_per_minute_per_address)
        gate->addresses = limiter_new(KEYS);
    if (config->failed_per_minute)
        gate->guesses = limiter_new(KEYS);
    // A user may have a limit where the others have none.
    gate->users = limiter_new(KEYS);
    return gate;
}

void gate_free(struct gate *gate)
{
    if (!gate)
        return;
    limiter_free(gate->addresses);
    limiter_free(gate->users);
    limiter_free(gate->guesses);
    free(gate);
}

bool gate_is_hopaas(const struct request *request)
{
    return strncmp(request->path, "/api/", 5) == 0 &&
           strncmp(request->path, "/api/v1/", 8) != 0;
}

static bool is_probe(const struct request *request)
{
    static const char *const paths[] = {"/healthz", "/readyz", "/metrics"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (strcmp(request->path, paths[i]) == 0)
            return true;
    return false;
}

// ---- TLS --------------------------------------------------------------------

// Does the request carry what should not have been sent in the clear?
static bool has_secret(const struct request *request)
{
    return request_header(request, "authorization") ||
           request_header(request, "cookie") || gate_is_hopaas(request);
}

// The public URL is an origin; the target follows it as it came, but for the
// origin that a proxy's form of it may have.
static const char *secure_url(const struct gate *gate, struct request *request)
{
    const char *url = gate->config->public_url, *target = request->target;
    size_t n = strlen(url);
    while (n > 0 && url[n - 1] == '/')
        n--;
    if (*target != '/')
        target = "/";
    return arena_print(&request->arena, "%.*s%s", (int)n, url, target);
}

// What carries no secret is sent on, so that links work. What does has been
// sent in the clear already: to say so is better than to let it go on.
static int refuse_plain(const struct gate *gate, struct request *request,
                        struct error *err)
{
    const char *scheme = request_header(request, "x-forwarded-proto");
    if (scheme && strcasecmp(scheme, "https") == 0)
        return error_set(err, ERROR_FORBIDDEN,
                         "X-Forwarded-Proto is not believed: %s is not in "
                         "trusted_proxies",
                         request->peer);
    if ((request->method != HTTP_GET && request->method != HTTP_HEAD) ||
        has_secret(request))
        return error_set(err, ERROR_FORBIDDEN,
                         "this service is to be reached at %.100s: what was "
                         "sent to http:// was not encrypted, so replace "
                         "tokens that were in it",
                         gate->config->public_url);
    reply_header(request, "Location", secure_url(gate, request));
    return error_set(err, ERROR_ELSEWHERE,
                     "this service is to be reached at %.150s",
                     gate->config->public_url);
}

// ---- rates ------------------------------------------------------------------

static int64_t now_us(void)
{
    return clock_monotonic_us();
}

static int refuse_rate(const struct gate *gate, struct request *request,
                       int64_t wait_us, const char *what, unsigned limit,
                       struct error *err)
{
    int64_t seconds = (wait_us + 999999) / 1000000;
    metrics_add(gate->metrics, METRIC_REQUESTS_LIMITED, 1);
    reply_header(request, "Retry-After",
                 arena_print(&request->arena, "%" PRId64, seconds));
    return error_set(err, ERROR_RATE, "at most %u %s in a minute", limit, what);
}

static int take_address(struct gate *gate, struct request *request,
                        struct error *err)
{
    unsigned limit = gate->config->requests_per_minute_per_address;
    if (!gate->addresses)
        return 0;
    int64_t wait_us =
        limiter_take(gate->addresses, request->peer_key, limit, now_us());
    return wait_us
               ? refuse_rate(gate, request, wait_us,
                             "requests of one address are taken", limit, err)
               : 0;
}

int gate_enter(struct gate *gate, struct request *request, struct error *err)
{
    if (is_probe(request))
        return 0;
    if (!request_is_secure(request) && gate_wants_tls(gate->config))
        return refuse_plain(gate, request, err);
    return gate_is_hopaas(request) ? 0 : take_address(gate, request, err);
}

int gate_user(struct gate *gate, struct request *request,
              const struct principal *principal, struct error *err)
{
    unsigned limit = principal->requests_per_minute
                         ? principal->requests_per_minute
                         : gate->config->requests_per_minute;
    if (!limit || gate_is_hopaas(request))
        return 0;
    int64_t wait_us = limiter_take(gate->users, (uint64_t)principal->user_id,
                                   limit, now_us());
    return wait_us ? refuse_rate(gate, request, wait_us,
                                 "requests of one user are taken", limit, err)
                   : 0;
}

int gate_guess(struct gate *gate, struct request *request, struct error *err)
{
    unsigned limit = gate->config->failed_per_minute;
    if (!gate->guesses || gate_is_hopaas(request))
        return 0;
    int64_t wait_us =
        limiter_look(gate->guesses, request->peer_key, limit, now_us());
    return wait_us ? refuse_rate(gate, request, wait_us,
                                 "wrong tokens and codes of one address are "
                                 "looked at",
                                 limit, err)
                   : 0;
}

void gate_guessed(struct gate *gate, const struct request *request)
{
    if (gate->guesses)
        limiter_take(gate->guesses, request->peer_key,
                     gate->config->failed_per_minute, now_us());
}
