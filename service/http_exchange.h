// SPDX-License-Identifier: GPL-3.0-or-later
// http_exchange.h - what the files of the HTTP layer share
//
// A loop owns its daemon, its connections and their exchanges; only its own
// thread touches them. The one way in from other threads is the stack of
// answered exchanges and the eventfd that says it is no longer empty
// (loop_answered). An exchange is one request with its answer:
//
//     FRESH -> READING -> HANDED -> ANSWERED
//
// FRESH: the request line is there. READING: the headers are good, the body
// comes in. HANDED: the handler has it, the connection is suspended. ANSWERED:
// the reply is queued. A refusal skips HANDED.

#ifndef CUMAE_HTTP_EXCHANGE_H
#define CUMAE_HTTP_EXCHANGE_H

#include <pthread.h>
#include <stdatomic.h>

#include "gzip.h"
#include "http.h"
#include "http_peers.h"
#include "http_tls.h"

struct MHD_Connection;
struct MHD_Daemon;

enum exchange_stage { FRESH, READING, HANDED, ANSWERED };

struct exchange {
    struct request request; // first: a request is cast back to its exchange
    struct connection *connection;
    struct loop *loop;
    enum exchange_stage stage;
    bool handling; // inside options.handle, on the loop's thread
    bool close;    // the connection ends with this answer

    char *body; // what came in, inflated; grows by doubling
    size_t body_room;
    size_t received; // bytes that came in, kept or not
    bool too_large, broken;
    struct gunzip *gunzip; // NULL: the body is not compressed

    const char *sent; // the reply's body as it is sent
    size_t sent_bytes;
    bool compressed;
    size_t held_bytes; // of memory while the answer is on its way, else 0

    struct exchange *next; // in the stack of answered ones
};

struct connection {
    struct loop *loop;
    struct connection *next, *previous;
    struct MHD_Connection *mhd;
    struct exchange *exchange; // NULL between requests
    int fd;
    bool hung_up;        // the client sends no more
    bool known;          // somebody with a token has used it
    bool cut;            // it has been shut down
    int64_t deadline_us; // it is cut when this passes, 0: never
    int64_t since_us;    // when the client was last given the word
    uint64_t taken;      // bytes that the client has ever acknowledged
    int64_t taken_us;    // when that number last grew
    struct peer *owner;
    uint64_t peer_key;
    char peer[PEER_TEXT_BYTES];
    struct credential *credential; // held since the handshake, or NULL
};

struct loop {
    struct http *http;
    struct MHD_Daemon *daemon;
    pthread_t thread; // to join it
    pthread_t self;   // the same, written by the thread itself at its start
    int epoll, wake;
    bool quiesced;
    unsigned handed;                    // exchanges that wait for an answer
    unsigned busy;                      // exchanges from HANDED to their end
    struct connection *newest, *oldest; // by since_us
    unsigned n_connections, n_cut;
    int64_t swept_us, complained_us;
    unsigned silenced;                 // complaints of the library since then
    struct exchange *_Atomic answered; // the newest first
    _Atomic int64_t turned_us;         // heartbeat
};

enum http_state { HTTP_RUNNING, HTTP_DRAINING, HTTP_STOPPING };

struct http {
    struct http_options options;
    struct peers *peers;
    struct tls *tls; // NULL: plain HTTP
    char hsts[40];   // "": not sent
    unsigned port;
    unsigned n_loops, n_running; // loops that were made, threads that run
    uint64_t id_seed;
    _Atomic uint64_t id_count;
    _Atomic unsigned in_flight, connections;
    _Atomic size_t unsent; // bytes of memory that answers on their way hold
    _Atomic int state;
    _Atomic int64_t stop_us; // when patience ends
    struct loop loops[];
};

// Monotonic microseconds.
int64_t http_now_us(void);

// ---- http_loop.c: a loop ----------------------------------------------------

// Makes a loop whose `http` is set. On error loop_done must still be called.
int loop_init(struct loop *loop, int listening, struct error *err);

// The thread of a loop; it ends when http->state is HTTP_STOPPING and the
// loop's work is done.
void *loop_turn(void *loop);

void loop_done(struct loop *loop);

// ---- http_connection.c: how long a connection may stay ----------------------

struct connection *connection_new(struct loop *loop,
                                  struct MHD_Connection *mhd);
void connection_free(struct connection *connection);

// The client is to speak: for the first time, or after an answer.
void connection_listen(struct connection *connection, unsigned patience_s);

// The client is to take an answer of so many bytes.
void connection_send(struct connection *connection, size_t bytes);

// True when there is hardly a place left in the loop.
bool connections_crowded(const struct loop *loop);

// Cuts what is late, what stalls, and when places get scarce what rests.
void connections_sweep(struct loop *loop, int64_t now_us);

// How many connections each loop may have.
unsigned connections_share(const struct http *http);

// ---- http_receive.c: a request comes in -------------------------------------

// Makes the exchange of a connection whose request line has come.
struct exchange *exchange_new(struct connection *connection,
                              const char *target);
void exchange_free(struct exchange *exchange);

// Checks the request line and the headers and fills the request. On error
// the exchange must be refused and the connection closed.
int exchange_begin(struct exchange *exchange, const char *method,
                   const char *version, struct error *err);

// Takes a piece of the body. Returns false when the client sends so much
// more than allowed that the connection should be cut.
bool exchange_take(struct exchange *exchange, const char *data, size_t n);

// Ends the body and passes it to the request.
int exchange_end(struct exchange *exchange, struct error *err);

// ---- http_send.c: an answer goes out ----------------------------------------

// Decides on compression and does it; in the answering thread.
void exchange_prepare(struct exchange *exchange);

// Queues the reply. Returns false when that failed and the connection must be
// cut. On the loop's thread.
bool exchange_send(struct exchange *exchange);

#endif
