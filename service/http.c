// SPDX-License-Identifier: GPL-3.0-or-later
// http.c - listens, starts the loops, takes answers, stops
//
// Stopping goes in three steps, because the HTTP library aborts the process
// when it is stopped with a suspended connection: no new connections, then
// every loop turns until nothing is in flight, then the daemons are stopped.

#include "http_exchange.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

enum {
    BACKLOG = 4096,   // cut to net.core.somaxconn by the kernel
    SPARE_FILES = 256 // descriptors for everything but connections
};

int64_t http_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

// ---- answers come in --------------------------------------------------------

// Puts an exchange on its loop's stack and wakes the loop if it was empty:
// whoever pushes onto a stack that is not empty knows that the loop has been
// woken and has not looked yet.
static void push_answered(struct exchange *exchange)
{
    struct loop *loop = exchange->loop;
    struct exchange *newest = atomic_load(&loop->answered);
    do {
        exchange->next = newest;
    } while (!atomic_compare_exchange_weak(&loop->answered, &newest, exchange));
    if (newest == NULL)
        eventfd_write(loop->wake, 1);
}

void http_answer(struct request *request)
{
    struct exchange *exchange = (struct exchange *)request;
    struct http *http = exchange->loop->http;
    assert(request->reply.status >= 200 && request->reply.status <= 599);
    exchange_prepare(exchange);
    // `handling` belongs to the loop's thread, hence the order of the tests.
    if (pthread_equal(pthread_self(), exchange->loop->self) &&
        exchange->handling)
        exchange->handling = false;
    else
        push_answered(exchange);
    // The last touch: http_stop frees the loops when nothing is in flight.
    atomic_fetch_sub(&http->in_flight, 1);
}

// ---- listening --------------------------------------------------------------

// Splits "ADDRESS:PORT" or "[ADDRESS]:PORT".
static int split_address(const char *listen, char host[64], char port[8],
                         struct error *err)
{
    const char *colon = strrchr(listen, ':');
    size_t n = colon == NULL ? 0 : (size_t)(colon - listen);
    const char *start = listen;
    if (n >= 2 && listen[0] == '[' && listen[n - 1] == ']') {
        start++;
        n -= 2;
    }
    if (n == 0 || n >= 64 || strlen(colon + 1) - 1 >= 5 ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
        atoi(colon + 1) > 65535)
        return error_set(err, ERROR_INVALID,
                         "listen must be ADDRESS:PORT with a port up to "
                         "65535, not \"%s\"",
                         listen);
    memcpy(host, start, n);
    host[n] = '\0';
    memcpy(port, colon + 1, strlen(colon + 1) + 1);
    return 0;
}

static int bind_first(const struct addrinfo *found)
{
    for (; found != NULL; found = found->ai_next) {
        int on = 1, off = 0;
        int fd = socket(found->ai_family,
                        SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (found->ai_family == AF_INET6)
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
        if (bind(fd, found->ai_addr, found->ai_addrlen) == 0 &&
            listen(fd, BACKLOG) == 0)
            return fd;
        int kept = errno;
        close(fd);
        errno = kept;
    }
    return -1;
}

// Returns the listening socket, or -1.
static int listen_on(const char *address, struct error *err)
{
    char host[64], port[8];
    struct addrinfo *found = NULL;
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                             .ai_socktype = SOCK_STREAM};
    if (split_address(address, host, port, err) != 0)
        return -1;
    int status = getaddrinfo(host, port, &hints, &found);
    if (status != 0)
        return error_set(err, ERROR_INVALID, "cannot listen on %s: %s", address,
                         gai_strerror(status));
    int fd = bind_first(found);
    if (fd < 0)
        error_set(err, ERROR_INVALID, "cannot listen on %s: %s", address,
                  strerror(errno));
    freeaddrinfo(found);
    return fd;
}

static unsigned port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {0};
    socklen_t n = sizeof address;
    getsockname(fd, &address.any, &n);
    return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port
                                                  : address.v6.sin6_port);
}

// ---- starting ---------------------------------------------------------------

// Raises the limit of open files as far as it goes (nothing here uses select),
// and lowers the number of connections when that is not enough for them.
static unsigned make_room(unsigned connections)
{
    struct rlimit files;
    rlim_t wanted = (rlim_t)connections + SPARE_FILES;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return connections;
    rlim_t before = files.rlim_cur;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0)
        files.rlim_cur = before;
    if (files.rlim_cur >= wanted)
        return connections;
    unsigned most = (unsigned)files.rlim_cur;
    unsigned allowed = most > 2 * SPARE_FILES ? most - SPARE_FILES : most / 2;
    log_event(LOG_WARNING, "the limit of open files lowers max_connections",
              log_integer("files", (int64_t)files.rlim_cur),
              log_integer("max_connections", allowed));
    return allowed;
}

// Reads the certificate if there is to be TLS.
static int start_tls(struct http *http, struct error *err)
{
    const struct http_options *options = &http->options;
    bool certificate = options->tls_certificate && *options->tls_certificate;
    bool key = options->tls_key && *options->tls_key;
    if (certificate != key)
        return error_set(err, ERROR_INVALID,
                         "tls_certificate and tls_key are needed both, or "
                         "neither");
    if (!certificate)
        return 0;
    http->tls = tls_new(options->tls_certificate, options->tls_key, err);
    return http->tls == NULL ? -1 : 0;
}

static int start_threads(struct http *http, struct error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    int status = 0;
    // Signals are for the main thread.
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (status == 0 && http->n_running < http->n_loops) {
        struct loop *loop = &http->loops[http->n_running];
        status = pthread_create(&loop->thread, NULL, loop_turn, loop);
        http->n_running += status == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status == 0
               ? 0
               : error_set(err, ERROR_INTERNAL, "a thread does not start: %s",
                           strerror(status));
}

static int start_loops(struct http *http, int listening, struct error *err)
{
    for (unsigned i = 0; i < http->options.loops; i++) {
        http->loops[i].http = http;
        http->n_loops++;
        if (loop_init(&http->loops[i], listening, err) != 0)
            return -1;
    }
    return start_threads(http, err);
}

struct http *http_start(const struct http_options *options, struct error *err)
{
    assert(options->loops >= 1 && options->handle != NULL);
    struct http *http =
        calloc(1, sizeof *http + options->loops * sizeof *http->loops);
    if (http == NULL)
        abort();
    http->options = *options;
    signal(SIGPIPE, SIG_IGN);
    if (getrandom(&http->id_seed, 6, 0) != 6)
        abort();
    int listening = -1;
    http->peers = peers_new(options->max_connections_per_address,
                            options->trusted_proxies, err);
    if (options->public_https && options->hsts_s > 0)
        snprintf(http->hsts, sizeof http->hsts, "max-age=%u", options->hsts_s);
    if (http->peers == NULL || start_tls(http, err) != 0 ||
        (listening = listen_on(options->listen, err)) < 0)
        goto failed;
    http->port = port_of(listening);
    http->options.max_connections = make_room(options->max_connections);
    if (start_loops(http, listening, err) != 0)
        goto failed;
    close(listening);
    return http;
failed:
    if (listening >= 0)
        close(listening);
    http_stop(http, 0);
    return NULL;
}

unsigned http_port(const struct http *http)
{
    return http->port;
}

unsigned http_in_flight(const struct http *http)
{
    return atomic_load(&http->in_flight);
}

unsigned http_connections(const struct http *http)
{
    return atomic_load(&http->connections);
}

int http_reload(struct http *http, struct error *err)
{
    return http->tls == NULL ? 0 : tls_reload(http->tls, err);
}

bool http_alive(const struct http *http, unsigned seconds)
{
    int64_t oldest = http_now_us() - (int64_t)seconds * 1000000;
    for (unsigned i = 0; i < http->n_loops; i++)
        if (atomic_load(&http->loops[i].turned_us) < oldest)
            return false;
    return true;
}

// ---- stopping ---------------------------------------------------------------

static void wake_all(struct http *http)
{
    for (unsigned i = 0; i < http->n_loops; i++)
        eventfd_write(http->loops[i].wake, 1);
}

void http_drain(struct http *http)
{
    int running = HTTP_RUNNING;
    atomic_compare_exchange_strong(&http->state, &running, HTTP_DRAINING);
    wake_all(http);
}

void http_stop(struct http *http, unsigned deadline_s)
{
    if (http == NULL)
        return;
    atomic_store(&http->stop_us, http_now_us() + (int64_t)deadline_s * 1000000);
    atomic_store(&http->state, HTTP_STOPPING);
    wake_all(http);
    for (unsigned i = 0; i < http->n_running; i++)
        pthread_join(http->loops[i].thread, NULL);
    for (unsigned i = 0; i < http->n_loops; i++)
        loop_done(&http->loops[i]);
    peers_free(http->peers);
    tls_free(http->tls);
    free(http);
}
