// SPDX-License-Identifier: GPL-3.0-or-later
// http_peers.h - who is at the other end, and how many connections they have
//
// One table for all loops. Who has an IPv6 address has 2^64 of them, so what
// is counted is the network of 64 bits, and an IPv4 address as it is. Trusted
// proxies are exempt from the limit per address, and the address that they
// vouch for in X-Forwarded-For replaces their own in logs and limits of the
// layers above.

#ifndef CUMAE_HTTP_PEERS_H
#define CUMAE_HTTP_PEERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "../optimizers/error.h"

enum { PEER_TEXT_BYTES = 48 };

struct peers;
struct peer; // somebody with connections

// `limit` connections per address, 0: no limit. `trusted` is a NULL-terminated
// list of numeric addresses and networks (10.0.0.0/8) or NULL. Fails with
// ERROR_INVALID when one of them is neither.
struct peers *peers_new(unsigned limit, const char *const *trusted,
                        struct error *err);
void peers_free(struct peers *peers);

// Writes the numeric address; IPv4 in IPv6 is written as IPv4.
void peers_name(const struct sockaddr *address, char out[PEER_TEXT_BYTES]);

// The number that stands for whoever has this address; 0 for nonsense.
uint64_t peers_key(const char *name);

bool peers_trusted(const struct peers *peers, const char *name);

// Whether one more connection from this address is welcome.
bool peers_welcome(struct peers *peers, const char *name);

// Counts a connection that came, or went. What peers_enter returns is valid
// until peers_leave.
struct peer *peers_enter(struct peers *peers, uint64_t key);
void peers_leave(struct peers *peers, struct peer *peer);

unsigned peer_connections(const struct peer *peer);

// Replaces `name` by the last address in X-Forwarded-For that is no trusted
// proxy, if `name` is one. NULL and nonsense change nothing.
void peers_forwarded(const struct peers *peers, const char *forwarded_for,
                     char name[PEER_TEXT_BYTES]);

#endif
