// SPDX-License-Identifier: GPL-3.0-or-later
// http_connection.c - how long a connection may stay
//
// Nobody waits for a client without end. It has a deadline for a whole request,
// one for silence, and one for taking an answer: an average speed, and never
// send_s without progress, which the kernel knows as the bytes that the client
// has acknowledged. When places get scarce, those who rest give way, the
// oldest first: strangers from crowded addresses, then all strangers, then
// those whom a token has shown to be users. Who is being answered stays.

#include "http_exchange.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <microhttpd.h>

static const int64_t second_us = 1000000;

enum {
    SWEEP_US = 250000,           // between two looks at the deadlines
    CROWDED_SWEEP_US = 50000,    // the same while places are scarce
    SLOWEST_BYTES_PER_S = 16384, // an average speed
    REST_S = 1,                  // nobody is cut before
    UNFINISHED_S = 5,            // nor with half a request before this
    STALL_S = 1,         // nor with an answer, however many bytes are unsent
    SPARE = 8,           // one in so many places is kept free
    CROWDED = 8,         // with more than one in so many places: crowded
    UNSENT_MAX = 131072, // bytes in the kernel that the client has no room for
};

static void unlink_from(struct connection *connection)
{
    struct loop *loop = connection->loop;
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        loop->newest = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    else
        loop->oldest = connection->previous;
}

static void link_to(struct connection *connection)
{
    struct loop *loop = connection->loop;
    connection->previous = NULL;
    connection->next = loop->newest;
    if (loop->newest != NULL)
        loop->newest->previous = connection;
    else
        loop->oldest = connection;
    loop->newest = connection;
}

static int fd_of(struct MHD_Connection *mhd)
{
    return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)
        ->connect_fd;
}

struct connection *connection_new(struct loop *loop, struct MHD_Connection *mhd)
{
    struct http *http = loop->http;
    struct connection *connection = calloc(1, sizeof *connection);
    int unsent = UNSENT_MAX;
    if (connection == NULL)
        abort();
    connection->loop = loop;
    connection->mhd = mhd;
    connection->fd = fd_of(mhd);
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent,
               sizeof unsent);
    peers_name(MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
                   ->client_addr,
               connection->peer);
    connection->peer_key = peers_key(connection->peer);
    connection->owner = peers_enter(http->peers, connection->peer_key);
    atomic_fetch_add(&http->connections, 1);
    loop->n_connections++;
    link_to(connection);
    connection_listen(connection, http->options.request_s);
    return connection;
}

void connection_free(struct connection *connection)
{
    struct loop *loop = connection->loop;
    unlink_from(connection);
    loop->n_connections--;
    loop->n_cut -= connection->cut;
    atomic_fetch_sub(&loop->http->connections, 1);
    peers_leave(loop->http->peers, connection->owner);
    tls_let_go(connection->credential);
    free(connection);
}

void connection_listen(struct connection *connection, unsigned patience_s)
{
    unlink_from(connection);
    link_to(connection);
    connection->since_us = http_now_us();
    connection->deadline_us = connection->since_us + patience_s * second_us;
}

void connection_send(struct connection *connection, size_t bytes)
{
    unsigned send_s = connection->loop->http->options.send_s;
    connection->taken_us = http_now_us();
    connection->deadline_us =
        connection->taken_us +
        (send_s + (int64_t)(bytes / SLOWEST_BYTES_PER_S)) * second_us;
}

// ---- cutting ----------------------------------------------------------------

static bool is_stage(const struct connection *connection,
                     enum exchange_stage stage)
{
    return connection->exchange != NULL && connection->exchange->stage == stage;
}

static void cut(struct connection *connection)
{
    static const struct linger at_once = {.l_onoff = 1};
    if (connection->cut)
        return;
    connection->cut = true;
    connection->loop->n_cut++;
    connection->deadline_us = 0;
    // What the client does not take is thrown away: left alone, the kernel
    // would keep it for minutes.
    if (is_stage(connection, ANSWERED))
        setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once,
                   sizeof at_once);
    shutdown(connection->fd, SHUT_RDWR);
}

// The client has the word: nothing is being done for it.
static bool rests(const struct connection *connection)
{
    return connection->exchange == NULL || connection->exchange->stage < HANDED;
}

// True when the client has hung up, all that it sent has been read, and it
// makes no whole request. An answer on its way out is still sent; whoever hangs
// up earlier has gone, for MHD, even with only its own direction closed.
static bool is_over(const struct connection *connection)
{
    char byte;
    return connection->hung_up && rests(connection) &&
           recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

// For how long the client has taken nothing of an answer.
static int64_t stalled_us(struct connection *connection, int64_t now_us)
{
    struct tcp_info info = {0};
    socklen_t n = sizeof info;
    if (getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0 &&
        info.tcpi_bytes_acked != connection->taken) {
        connection->taken = info.tcpi_bytes_acked;
        connection->taken_us = now_us;
    }
    return now_us - connection->taken_us;
}

// How much more memory the answers on their way hold than they should.
static size_t excess(const struct http *http)
{
    size_t unsent = atomic_load(&http->unsent);
    size_t most = http->options.max_unsent_bytes;
    return unsent > most ? unsent - most : 0;
}

static void cut_late(struct loop *loop, int64_t now)
{
    size_t over = excess(loop->http);
    unsigned send_s = loop->http->options.send_s;
    for (struct connection *c = loop->oldest; c != NULL; c = c->previous) {
        if ((c->deadline_us != 0 && c->deadline_us < now) || is_over(c))
            cut(c);
        if (!is_stage(c, ANSWERED) || c->cut ||
            stalled_us(c, now) <= (over > 0 ? STALL_S : send_s) * second_us)
            continue;
        cut(c);
        size_t held = c->exchange->held_bytes;
        over -= held < over ? held : over;
    }
}

// ---- places -----------------------------------------------------------------

// A little unfairness of accept() must not leave one loop full while another
// has room.
unsigned connections_share(const struct http *http)
{
    unsigned all = http->options.max_connections, n = http->options.loops;
    return n == 1 ? all : all / n + all / (4 * n) + 1;
}

// How many too many there are.
static unsigned surplus(const struct loop *loop)
{
    unsigned share = connections_share(loop->http);
    unsigned wanted = share - share / SPARE - 1;
    unsigned open = loop->n_connections - loop->n_cut;
    return open > wanted ? open - wanted : 0;
}

bool connections_crowded(const struct loop *loop)
{
    return surplus(loop) > 0;
}

enum victims { CROWDED_STRANGERS, STRANGERS, ANYBODY, VICTIMS };

static bool may_go(const struct connection *connection, enum victims victims,
                   int64_t now_us)
{
    int64_t least = connection->exchange == NULL ? REST_S : UNFINISHED_S;
    unsigned all = connection->loop->http->options.max_connections;
    if (connection->cut || !rests(connection) ||
        now_us - connection->since_us < least * second_us)
        return false;
    return victims == ANYBODY ||
           (!connection->known &&
            (victims == STRANGERS ||
             peer_connections(connection->owner) > all / CROWDED));
}

static void make_room(struct loop *loop, int64_t now_us)
{
    unsigned n = surplus(loop);
    for (enum victims victims = 0; n > 0 && victims < VICTIMS; victims++)
        for (struct connection *c = loop->oldest; n > 0 && c != NULL;
             c = c->previous)
            if (may_go(c, victims, now_us)) {
                cut(c);
                n--;
            }
}

void connections_sweep(struct loop *loop, int64_t now_us)
{
    bool crowded = connections_crowded(loop);
    if (now_us - loop->swept_us < (crowded ? CROWDED_SWEEP_US : SWEEP_US))
        return;
    loop->swept_us = now_us;
    cut_late(loop, now_us);
    if (crowded)
        make_room(loop, now_us);
}
