// SPDX-License-Identifier: GPL-3.0-or-later
// main.c - starts the service, waits for a signal, drains it
//
// Order of start: settings, schema, first user, writers, readers, sockets; of
// the end: the reverse. What is printed on standard output is for the person
// who started it: the address and, once, the first token and sign-in link.

#include <gsl/gsl_errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auth.h"
#include "clock.h"
#include "copy.h"
#include "log.h"
#include "notify.h"
#include "problem.h"
#include "route.h"
#include "secret.h"
#include "service.h"
#include "shell.h"
#include "url.h"
#include "wire.h"

void openblas_set_num_threads(int threads);

enum {
    WATCHDOG_S = 5,
    MAX_WAITING = 20000,
    BATCH = 128,
    // What one user may have in the pools.
    USER_WAITING = 1000,
    USER_SLOW_WAITING = 64,
    USER_SLOW_HELD = 4,
    SLOW_HELD = 16, // by all: an export takes about 16 MiB until it is sent
    SLOW_NICE = 5,
    OUTSIDE_THREADS = 4,
    MAX_WAITING_OUTSIDE = 256,
};

// One line per request. Those that come by the thousand and went well are
// counted and only logged when debugging.
static void log_request(const struct request *request, int64_t us,
                        bool delivered)
{
    static const char *const methods[] = {
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"};
    const struct route *route = request->context;
    int status = request->reply.status;
    bool frequent = status < 400 && route && route->quick;
    enum log_level level = status >= 500 ? LOG_ERROR
                           : frequent    ? LOG_DEBUG
                                         : LOG_INFO;
    if (!log_wants(level))
        return;
    log_event(level, "request", log_text("req_id", request->id),
              log_text("method", methods[request->method]),
              log_text("route", request->route ? request->route : "none"),
              log_integer("status", status),
              log_integer("user", request->user_id),
              log_text("peer", request->peer), log_flag("delivered", delivered),
              log_integer("dur_us", us));
}

static void finished(void *context, const struct request *request,
                     bool delivered)
{
    struct service *service = context;
    if (request->lane)
        pool_let_go(service->slow_pool, request);
    int64_t us = clock_monotonic_us() - request->started_us;
    metrics_request(service->metrics, request->route,
                    delivered ? request->reply.status : 0, (uint64_t)us);
    log_request(request, us, delivered);
}

static void observe(void *context, size_t commands, double seconds, int ok)
{
    struct service *service = context;
    metrics_add(service->metrics, ok ? METRIC_COMMITS : METRIC_STORE_ERRORS, 1);
    metrics_observe(service->metrics, METRIC_BATCH_SIZE, commands);
    metrics_observe(service->metrics, METRIC_COMMIT_TIME,
                    (uint64_t)(seconds * 1e6));
    if (!ok)
        log_event(LOG_WARNING, "transaction failed",
                  log_integer("commands", (int64_t)commands));
}

static void touched(void *context, int64_t study_id, const struct live *live)
{
    const struct service *service = context;
    bool gone = live && live->deleted;
    watch_changed(service->watch, study_id, gone);
    courier_changed(service->courier, study_id);
    if (gone)
        roster_gone(service->rosters, study_id);
    else if (live)
        roster_note(service->rosters, live);
}

// The one place where all that is kept about permissions is forgotten.
static void forget_permissions(void *context)
{
    const struct service *service = context;
    accounts_forget(service->accounts);
    access_forget(service->access);
}

static void confirm_permissions(void *context, int64_t looked_us)
{
    const struct service *service = context;
    accounts_confirm(service->accounts, looked_us);
}

// Who waits may have lost the right to.
static void permissions_changed(void *context)
{
    const struct service *service = context;
    watch_wake(service->watch);
}

// ---- start ------------------------------------------------------------------

static const char *local_url(struct service *service)
{
    const struct config *config = service->config;
    return url_listened(config->listen, http_port(service->http),
                        *config->tls_key, &service->arena);
}

// Prints the first user's token and sign-in link, when this made one.
static int welcome(struct service *service, struct error *err)
{
    struct new_token token, link;
    bool made;
    struct store *store = store_open(service->config->database, err);
    if (!store)
        return -1;
    int result = account_first(store, &token, &link, &made, err);
    store_close(store);
    if (result || !made)
        return result;
    const char *url = service->config->public_url;
    printf("token: %s\n", token.secret);
    printf("sign in: %s/#code=%s\n", *url ? url : local_url(service),
           link.secret);
    auth_wipe(token.secret, sizeof token.secret);
    auth_wipe(link.secret, sizeof link.secret);
    return 0;
}

static struct courier_options courier_options(const struct config *config)
{
    return (struct courier_options){
        .database = config->database,
        .outbound = {.http = config->webhook_http,
                     .private = config->webhook_private,
                     .ca_file = config->webhook_ca_file,
                     .timeout_s = config->webhook_timeout_s},
        .policy = {.retry_ms = config->webhook_retry_ms,
                   .give_up_ms = config->webhook_give_up_s * INT64_C(1000)},
    };
}

// The threads that may wait for providers of identities, if there are any.
static int start_outside(struct service *service, struct error *err)
{
    const struct config *config = service->config;
    const struct accounts_foreign foreign = {machine_look_up,
                                             &service->machines};
    if (!service->oidc)
        return 0;
    service->machines = (struct machines){
        .oidc = service->oidc,
        .engine = service->engine,
        .permit = service->permit,
    };
    accounts_accept(service->accounts, &foreign);
    const struct pool_options options = {.database = config->database,
                                         .threads = OUTSIDE_THREADS,
                                         .max_waiting = MAX_WAITING_OUTSIDE,
                                         .work = route_work_outside,
                                         .context = service};
    service->outside = pool_start(&options, err);
    return service->outside ? 0 : -1;
}

static struct http_options http_options(struct service *service)
{
    const struct config *config = service->config;
    return (struct http_options){
        .listen = config->listen,
        .loops = config->loops,
        .max_body_bytes = config->max_body_bytes,
        .large_path = "/api/v1/studies/import",
        .max_large_bytes = IMPORT_MAX_BYTES,
        .max_connections = config->max_connections,
        .max_connections_per_address = config->max_connections_per_address,
        .idle_s = config->idle_s,
        .request_s = config->request_s,
        .send_s = config->send_s,
        .max_unsent_bytes = config->max_unsent_bytes,
        .trusted_proxies = config->trusted_proxies,
        .tls_certificate = config->tls_certificate,
        .tls_key = config->tls_key,
        .public_https = gate_wants_tls(config),
        .hsts_s = config->hsts_s,
        .handle = route_request,
        .finished = finished,
        .context = service,
    };
}

// One user leaves a thread for slow requests to the others, if there are two.
static int start_pools(struct service *service, struct error *err)
{
    const struct config *config = service->config;
    unsigned n = config->slow_workers;
    const struct pool_options normal = {.database = config->database,
                                        .threads = config->workers,
                                        .max_waiting = MAX_WAITING,
                                        .limits = {.waiting = USER_WAITING},
                                        .work = route_work,
                                        .context = service};
    const struct pool_options slow = {.database = config->database,
                                      .threads = n,
                                      .nice = SLOW_NICE,
                                      .max_waiting = MAX_WAITING,
                                      .limits = {.waiting = USER_SLOW_WAITING,
                                                 .running = n > 1 ? n - 1 : 1,
                                                 .held = USER_SLOW_HELD,
                                                 .all_held = SLOW_HELD},
                                      .work = route_work_slow,
                                      .context = service};
    service->pool = pool_start(&normal, err);
    if (!service->pool)
        return -1;
    service->slow_pool = pool_start(&slow, err);
    return service->slow_pool ? 0 : -1;
}

static int start(struct service *service, struct error *err)
{
    const struct config *config = service->config;
    struct engine_options engine = {
        .database = config->database,
        .writers = config->writers,
        .preparers = config->preparers,
        .batch = BATCH,
        .live_studies = config->live_studies,
        .max_waiting = MAX_WAITING,
        .quotas = config->quotas,
        .observe = observe,
        .touched = touched,
        .context = service,
    };
    struct courier_options courier = courier_options(config);
    struct reaper_options reaper = {
        .database = config->database,
        .token_keep_days = config->token_keep_days,
        .audit_days = config->audit_days,
    };
    const struct permit_options permit = {
        .database = config->database,
        .forget = forget_permissions,
        .confirm = confirm_permissions,
        .context = service,
    };
    struct http_options http = http_options(service);
    service->accounts = accounts_new();
    service->uses = uses_new();
    service->access = access_new(permissions_changed, service);
    service->directory = directory_new();
    service->answers = answers_new();
    service->rosters = rosters_new();
    service->metrics = metrics_new();
    service->gate = gate_new(config, service->metrics);
    service->load = load_new();
    courier.metrics = service->metrics;
    if (*config->oidc_file) {
        if (oidc_providers_load(&service->providers, config->oidc_file,
                                &service->arena, err))
            return -1;
        service->oidc = oidc_new(&service->providers, config->oidc_refresh_s);
    }
    if (store_migrate(config->database, err))
        return -1;
    service->watch = watch_start(config->database, err);
    if (!service->watch)
        return -1;
    service->permit = permit_start(&permit, err);
    if (!service->permit)
        return -1;
    service->courier = courier_new(&courier, err);
    if (!service->courier)
        return -1;
    service->engine = engine_start(&engine, err);
    if (!service->engine)
        return -1;
    if (start_pools(service, err) || start_outside(service, err))
        return -1;
    reaper.engine = service->engine;
    reaper.metrics = service->metrics;
    service->reaper = reaper_start(&reaper, err);
    if (!service->reaper ||
        courier_start(service->courier, service->engine, err))
        return -1;
    service->http = http_start(&http, err);
    return service->http ? 0 : -1;
}

static void stop(struct service *service)
{
    atomic_store(&service->draining, true);
    // Whoever waits for what a receiver says is answered before the sockets
    // are closed.
    unsigned drain_s = service->config->drain_s;
    courier_drain(service->courier, drain_s > 1 ? drain_s - 1 : 0);
    if (service->http) {
        http_drain(service->http);
        watch_drain(service->watch);
        http_stop(service->http, drain_s);
    }
    oidc_stop(service->oidc);
    pool_stop(service->outside);
    pool_stop(service->pool);
    pool_stop(service->slow_pool);
    reaper_stop(service->reaper);
    courier_stop(service->courier);
    if (service->engine)
        uses_write(service->uses, service->engine);
    engine_stop(service->engine);
    courier_free(service->courier);
    permit_stop(service->permit); // it wakes the watch
    watch_stop(service->watch);
    uses_free(service->uses);
    accounts_free(service->accounts);
    access_free(service->access);
    directory_free(service->directory);
    answers_free(service->answers);
    rosters_free(service->rosters);
    gate_free(service->gate);
    metrics_free(service->metrics);
    load_free(service->load);
    oidc_free(service->oidc);
    arena_done(&service->arena);
}

static void announce(struct service *service)
{
    printf("listening on %s\n", local_url(service));
}

// ---- signals ----------------------------------------------------------------

static void pass_on(int number)
{
    tgkill(getpid(), getpid(), number);
}

// Keeps the signals that end the service for wait_for_end. OpenBLAS starts
// threads before main, which do not inherit the mask: a signal that one of
// them is given goes on to the main thread, where it waits.
static void keep_signals(sigset_t *signals)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    const struct sigaction action = {.sa_handler = pass_on,
                                     .sa_flags = SA_RESTART};
    sigemptyset(signals);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        sigaddset(signals, numbers[i]);
        sigaction(numbers[i], &action, NULL);
    }
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

// ---- run --------------------------------------------------------------------

static void reload(const struct service *service)
{
    struct error err = {0};
    if (http_reload(service->http, &err))
        log_event(LOG_ERROR, "the old certificate stays",
                  log_text("detail", err.message));
}

// Waits for SIGTERM or SIGINT and tells the supervisor that all loops turn.
static void wait_for_end(const struct service *service, const sigset_t *signals)
{
    const struct timespec second = {.tv_sec = 1};
    for (;;) {
        int signal = sigtimedwait(signals, NULL, &second);
        if (signal == SIGTERM || signal == SIGINT)
            return;
        if (signal == SIGHUP)
            reload(service);
        uses_write(service->uses, service->engine);
        if (http_alive(service->http, WATCHDOG_S))
            notify_systemd("WATCHDOG=1");
    }
}

static int run(const struct config *config, const sigset_t *signals)
{
    struct service service = {.config = config};
    arena_init(&service.arena);
    struct error err = {0};
    int failed = start(&service, &err);
    if (!failed) {
        announce(&service);
        failed = welcome(&service, &err);
        fflush(stdout);
    }
    if (failed) {
        fprintf(stderr, "cumaed: %s\n", err.message);
    } else {
        notify_systemd("READY=1");
        log_message(LOG_INFO, "started");
        wait_for_end(&service, signals);
        notify_systemd("STOPPING=1");
        log_message(LOG_INFO, "draining");
    }
    stop(&service);
    return failed ? 1 : 0;
}

static int migrate_only(const struct config *config)
{
    struct error err = {0};
    if (store_migrate(config->database, &err) == 0)
        return 0;
    fprintf(stderr, "cumaed: %s\n", err.message);
    return 1;
}

int main(int argc, char **argv)
{
    struct config config;
    struct error err = {0};
    enum config_wish wish;
    sigset_t signals;
    int status = 0;
    (void)argc;
    secret_lock_process();
    wire_start();
    if (shell_is_asked(argv))
        return shell_run(argv);
    keep_signals(&signals);
    gsl_set_error_handler_off(); // the default one aborts
    openblas_set_num_threads(1); // our own threads share the cores
    if (config_load(&config, argv, &wish, &err)) {
        fprintf(stderr, "cumaed: %s\n", err.message);
        status = 2;
    } else if (wish == CONFIG_HELP) {
        config_help(stdout);
        puts("\nCommands on the database, also while the service runs:\n");
        shell_help(stdout, NULL);
    } else if (wish == CONFIG_SHOW_VERSION) {
        printf("cumaed %s\n", CUMAE_VERSION);
    } else {
        log_set_level(config.log_level);
        secret_hide(argv, environ);
        status = strcmp(config.migrate, "only") == 0 ? migrate_only(&config)
                                                     : run(&config, &signals);
    }
    config_done(&config);
    return status;
}
