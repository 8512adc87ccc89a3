// SPDX-License-Identifier: GPL-3.0-or-later
// http_loop.c - an event loop, and what the HTTP library calls in it
//
// The loops are our own, around a libmicrohttpd that runs without threads,
// because of three of its properties (0.9.75). Its own epoll thread waits again
// before it serves a batch of exactly 128 ready connections, and nothing may
// ever wake it. A connection that another thread resumes may not be noticed
// before the next timeout. And when a client hangs up right behind its last
// bytes, MHD reads the bytes but not the end, and waits for more. So each loop
// waits on MHD's epoll descriptor, on an eventfd of its own, and for the ends
// of connections; takes the answered exchanges off its stack, resumes their
// connections itself, and then lets MHD run, which cannot block.

#include "http_exchange.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "log.h"
#include "problem.h"

enum {
    TURN_MS = 500,         // a loop turns at least this often
    STOPPING_TURN_MS = 10, // while it waits for the last answers
    CROWDED_TURN_MS = 50,  // or while places for connections are scarce
    HEADER_BYTES = 16384,  // memory of a connection: request line, headers
    COMPLAINT_US = 1000000 // between two complaints of the library in the log
};

// Resumes the connections of what was answered, the oldest first.
static void resume_answered(struct loop *loop)
{
    struct exchange *exchange = atomic_exchange(&loop->answered, NULL);
    struct exchange *oldest = NULL;
    while (exchange != NULL) {
        struct exchange *next = exchange->next;
        exchange->next = oldest;
        oldest = exchange;
        exchange = next;
    }
    for (; oldest != NULL; oldest = oldest->next) {
        loop->handed--;
        MHD_resume_connection(oldest->connection->mhd);
    }
}

// ---- what MHD calls ---------------------------------------------------------

static enum MHD_Result send_reply(struct exchange *exchange)
{
    struct connection *connection = exchange->connection;
    struct http *http = exchange->loop->http;
    exchange->close =
        exchange->close || atomic_load(&http->state) != HTTP_RUNNING;
    exchange->held_bytes = arena_bytes(&exchange->request.arena);
    atomic_fetch_add(&http->unsent, exchange->held_bytes);
    connection_send(connection, exchange->sent_bytes);
    return exchange_send(exchange) ? MHD_YES : MHD_NO;
}

// Answers with a problem of the HTTP layer itself and ends the connection.
static enum MHD_Result refuse(struct exchange *exchange,
                              const struct error *err)
{
    exchange->loop->busy++;
    problem_reply(&exchange->request, err);
    exchange->close = true;
    exchange_prepare(exchange);
    return send_reply(exchange);
}

static enum MHD_Result hand_over(struct exchange *exchange)
{
    struct http *http = exchange->loop->http;
    struct connection *connection = exchange->connection;
    struct error err = {0};
    if (exchange_end(exchange, &err) != 0)
        return refuse(exchange, &err);
    connection->deadline_us = 0;
    exchange->stage = HANDED;
    exchange->loop->busy++;
    exchange->handling = true;
    atomic_fetch_add(&http->in_flight, 1);
    http->options.handle(http->options.context, &exchange->request);
    if (!exchange->handling) // answered at once
        return send_reply(exchange);
    exchange->handling = false;
    exchange->loop->handed++;
    MHD_suspend_connection(connection->mhd);
    return MHD_YES;
}

static enum MHD_Result receive(void *context, struct MHD_Connection *mhd,
                               const char *url, const char *method,
                               const char *version, const char *data, size_t *n,
                               void **request)
{
    struct exchange *exchange = *request;
    struct error err = {0};
    (void)context, (void)mhd, (void)url;
    if (exchange == NULL)
        return MHD_NO;
    switch (exchange->stage) {
    case FRESH:
        if (exchange_begin(exchange, method, version, &err) != 0)
            return refuse(exchange, &err);
        return MHD_YES;
    case READING:
        if (*n == 0)
            return hand_over(exchange);
        if (!exchange_take(exchange, data, *n))
            return MHD_NO;
        *n = 0;
        return MHD_YES;
    case HANDED:
        return send_reply(exchange);
    case ANSWERED:
        *n = 0; // the rest of a refused body
        return MHD_YES;
    }
    return MHD_NO;
}

// The request line has come: the first sign of a request.
static void *begin(void *context, const char *target,
                   struct MHD_Connection *mhd)
{
    struct loop *loop = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct connection *connection = info->socket_context;
    connection->since_us = http_now_us();
    int64_t latest =
        connection->since_us + loop->http->options.request_s * INT64_C(1000000);
    connection->exchange = exchange_new(connection, target);
    if (connection->deadline_us > latest)
        connection->deadline_us = latest;
    return connection->exchange;
}

static void completed(void *context, struct MHD_Connection *mhd, void **request,
                      enum MHD_RequestTerminationCode why)
{
    struct loop *loop = context;
    struct exchange *exchange = *request;
    const struct http_options *options = &loop->http->options;
    (void)mhd;
    if (exchange == NULL)
        return;
    if (options->finished != NULL)
        options->finished(options->context, &exchange->request,
                          why == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    struct connection *connection = exchange->connection;
    connection->exchange = NULL;
    connection->known = connection->known || exchange->request.user_id != 0;
    // A silent connection is closed by MHD after idle_s; this patience is for
    // those that drip.
    connection_listen(connection, options->idle_s + options->request_s);
    atomic_fetch_sub(&loop->http->unsent, exchange->held_bytes);
    loop->busy -= exchange->stage >= HANDED;
    exchange_free(exchange);
    *request = NULL;
}

static int watch(struct loop *loop, int fd, uint32_t what, void *context)
{
    struct epoll_event event = {.events = what, .data.ptr = context};
    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event);
}

static void connection_changed(void *context, struct MHD_Connection *mhd,
                               void **socket_context,
                               enum MHD_ConnectionNotificationCode what)
{
    struct loop *loop = context;
    struct connection *connection = *socket_context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = connection = connection_new(loop, mhd);
        watch(loop, connection->fd, EPOLLRDHUP | EPOLLET, connection);
    } else if (connection != NULL) {
        epoll_ctl(loop->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
        connection_free(connection);
    }
}

static enum MHD_Result welcome(void *context, const struct sockaddr *address,
                               socklen_t bytes)
{
    struct loop *loop = context;
    char name[PEER_TEXT_BYTES];
    (void)bytes;
    peers_name(address, name);
    return peers_welcome(loop->http->peers, name) ? MHD_YES : MHD_NO;
}

__attribute__((format(printf, 2, 0))) static void
complain(void *context, const char *format, va_list arguments)
{
    struct loop *loop = context;
    char text[512];
    int64_t now = http_now_us();
    loop->silenced++;
    if (now - loop->complained_us < COMPLAINT_US)
        return;
    vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = '\0';
    log_event(LOG_WARNING, "libmicrohttpd", log_text("detail", text),
              log_integer("count", loop->silenced));
    loop->complained_us = now;
    loop->silenced = 0;
}

// The certificate of a handshake. It stays with the connection, because GnuTLS
// may ask for the key once more before the handshake is done.
static int choose_certificate(gnutls_session_t session,
                              const struct gnutls_cert_retr_st *info,
                              gnutls_pcert_st **chain, unsigned *n,
                              gnutls_ocsp_data_st **ocsp, unsigned *n_ocsp,
                              gnutls_privkey_t *key, unsigned *flags)
{
    struct MHD_Connection *mhd = gnutls_session_get_ptr(session);
    struct connection *connection =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
            ->socket_context;
    (void)info;
    if (connection->credential == NULL)
        connection->credential = tls_hold(connection->loop->http->tls);
    *chain = connection->credential->chain;
    *n = connection->credential->n;
    *key = connection->credential->key;
    *ocsp = NULL;
    *n_ocsp = 0;
    *flags = 0;
    return 0;
}

// ---- a loop -----------------------------------------------------------------

// Takes no more connections.
static void quiesce(struct loop *loop)
{
    if (loop->quiesced)
        return;
    loop->quiesced = true;
    int fd = MHD_quiesce_daemon(loop->daemon);
    if (fd >= 0)
        close(fd);
}

// True when the loop may end: nobody waits for an answer here, nor may push
// one, and the answers on their way out are done or late.
static bool may_end(struct loop *loop)
{
    struct http *http = loop->http;
    if (atomic_load(&http->state) != HTTP_STOPPING || loop->handed > 0 ||
        atomic_load(&http->in_flight) > 0 ||
        atomic_load(&loop->answered) != NULL)
        return false;
    return loop->busy == 0 || http_now_us() > atomic_load(&http->stop_us);
}

static void wait_for_events(struct loop *loop)
{
    struct epoll_event events[64];
    MHD_UNSIGNED_LONG_LONG wanted;
    int ms = TURN_MS;
    if (atomic_load(&loop->http->state) == HTTP_STOPPING)
        ms = STOPPING_TURN_MS;
    else if (connections_crowded(loop))
        ms = CROWDED_TURN_MS;
    if (MHD_get_timeout(loop->daemon, &wanted) == MHD_YES &&
        wanted < (unsigned)ms)
        ms = (int)wanted;
    int n = epoll_wait(loop->epoll, events, 64, ms);
    for (int i = 0; i < n; i++) {
        void *whose = events[i].data.ptr;
        eventfd_t count;
        if (whose == &loop->wake)
            eventfd_read(loop->wake, &count);
        else if (whose != NULL)
            ((struct connection *)whose)->hung_up = true;
    }
}

// A daemon without a free place does not listen, and begins to listen again
// only when it is run after a place has become free.
static void run_daemon(struct loop *loop)
{
    unsigned share = connections_share(loop->http);
    bool full = loop->n_connections >= share;
    MHD_run(loop->daemon);
    if (full && loop->n_connections < share)
        MHD_run(loop->daemon);
}

void *loop_turn(void *context)
{
    struct loop *loop = context;
    loop->self = pthread_self();
    do {
        wait_for_events(loop);
        if (atomic_load(&loop->http->state) != HTTP_RUNNING)
            quiesce(loop);
        resume_answered(loop);
        run_daemon(loop);
        int64_t now = http_now_us();
        connections_sweep(loop, now);
        atomic_store(&loop->turned_us, now);
    } while (!may_end(loop));
    return NULL;
}

// ---- starting and ending ----------------------------------------------------

static struct MHD_Daemon *start_daemon(struct loop *loop, int listening)
{
    struct http *http = loop->http;
    unsigned flags =
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    // The types of values differ from option to option, which the array takes
    // care of. The logger comes first to hear of faults in the others.
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)complain, loop},
        {MHD_OPTION_LISTEN_SOCKET, listening, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, connections_share(http), NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, http->options.idle_s, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADER_BYTES, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)begin, loop},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)completed, loop},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)connection_changed, loop},
        {MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_END, 0, NULL}, // for TLS
        {MHD_OPTION_END, 0, NULL},
        {MHD_OPTION_END, 0, NULL}};
    size_t n = sizeof options / sizeof *options - 3;
    if (http->tls != NULL) {
        flags |= MHD_USE_TLS;
        options[n++] = (struct MHD_OptionItem){
            MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES};
        options[n] =
            (struct MHD_OptionItem){MHD_OPTION_HTTPS_CERT_CALLBACK2, 0,
                                    (void *)(uintptr_t)choose_certificate};
    }
    return MHD_start_daemon(flags, 0, welcome, loop, receive, loop,
                            MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

int loop_init(struct loop *loop, int listening, struct error *err)
{
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    // Each daemon closes its listening socket at its end: it gets its own.
    int own = fcntl(listening, F_DUPFD_CLOEXEC, 0);
    loop->daemon = own < 0 ? NULL : start_daemon(loop, own);
    if (loop->daemon == NULL) {
        if (own >= 0)
            close(own);
        return error_set(err, ERROR_INTERNAL, "an event loop does not start");
    }
    int of_mhd =
        MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    if (watch(loop, of_mhd, EPOLLIN, NULL) != 0 ||
        watch(loop, loop->wake, EPOLLIN, &loop->wake) != 0)
        return error_set(err, ERROR_INTERNAL, "epoll does not work");
    atomic_store(&loop->turned_us, http_now_us());
    return 0;
}

void loop_done(struct loop *loop)
{
    if (loop->daemon != NULL)
        MHD_stop_daemon(loop->daemon);
    close(loop->wake);
    close(loop->epoll);
}
