// SPDX-License-Identifier: GPL-3.0-or-later
// http_peers.c - a small hash table of addresses, and trusted proxies

#include "http_peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024, ADDRESS_BITS = 128, V4_BITS = 32 };

struct peer {
    struct peer *next;
    uint64_t key;
    _Atomic unsigned connections; // changed under the lock
};

// The addresses that have the first `bits` bits in common.
struct network {
    struct in6_addr first;
    unsigned bits;
};

struct peers {
    pthread_mutex_t lock;
    unsigned limit;
    struct network *trusted;
    size_t n_trusted;
    struct peer *buckets[BUCKETS];
};

// ---- addresses --------------------------------------------------------------

// Reads a numeric address, IPv4 as IPv4 in IPv6 (RFC 4291 2.5.5.2).
static bool read_address(const char *text, struct in6_addr *address)
{
    if (inet_pton(AF_INET6, text, address) == 1)
        return true;
    memset(address, 0, sizeof *address);
    memset(&address->s6_addr[10], 0xff, 2);
    return inet_pton(AF_INET, text, &address->s6_addr[12]) == 1;
}

static bool read_network(const char *text, struct network *network)
{
    char address[PEER_TEXT_BYTES];
    size_t n = strcspn(text, "/");
    if (n >= sizeof address)
        return false;
    memcpy(address, text, n);
    address[n] = '\0';
    network->bits = ADDRESS_BITS;
    if (!read_address(address, &network->first))
        return false;
    if (text[n] == '\0')
        return true;
    const char *length = text + n + 1;
    unsigned most = strchr(address, ':') ? ADDRESS_BITS : V4_BITS;
    size_t digits = strspn(length, "0123456789");
    if (digits == 0 || digits > 3 || length[digits] != '\0' ||
        (unsigned)atoi(length) > most)
        return false;
    network->bits = ADDRESS_BITS - most + (unsigned)atoi(length);
    return true;
}

static bool contains(const struct network *network,
                     const struct in6_addr *address)
{
    size_t bytes = network->bits / 8;
    unsigned rest = network->bits % 8;
    if (memcmp(&network->first, address, bytes) != 0)
        return false;
    return rest == 0 ||
           (network->first.s6_addr[bytes] ^ address->s6_addr[bytes]) >>
                   (8 - rest) ==
               0;
}

static int read_trusted(struct peers *peers, const char *const *trusted,
                        struct error *err)
{
    size_t n = 0;
    while (trusted != NULL && trusted[n] != NULL)
        n++;
    peers->trusted = calloc(n + 1, sizeof *peers->trusted);
    if (peers->trusted == NULL)
        abort();
    for (; peers->n_trusted < n; peers->n_trusted++)
        if (!read_network(trusted[peers->n_trusted],
                          &peers->trusted[peers->n_trusted]))
            return error_set(err, ERROR_INVALID,
                             "a trusted proxy must be a numeric address or a "
                             "network such as 10.0.0.0/8, not \"%s\"",
                             trusted[peers->n_trusted]);
    return 0;
}

struct peers *peers_new(unsigned limit, const char *const *trusted,
                        struct error *err)
{
    struct peers *peers = calloc(1, sizeof *peers);
    if (peers == NULL)
        abort();
    pthread_mutex_init(&peers->lock, NULL);
    peers->limit = limit;
    if (read_trusted(peers, trusted, err) == 0)
        return peers;
    peers_free(peers);
    return NULL;
}

void peers_free(struct peers *peers)
{
    if (peers == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct peer *peer = peers->buckets[i], *next; peer; peer = next) {
            next = peer->next;
            free(peer);
        }
    }
    pthread_mutex_destroy(&peers->lock);
    free(peers->trusted);
    free(peers);
}

void peers_name(const struct sockaddr *address, char out[PEER_TEXT_BYTES])
{
    const struct sockaddr_in *v4 = (const void *)address;
    const struct sockaddr_in6 *v6 = (const void *)address;
    memcpy(out, "unknown", sizeof "unknown");
    if (address->sa_family == AF_INET)
        inet_ntop(AF_INET, &v4->sin_addr, out, PEER_TEXT_BYTES);
    else if (address->sa_family == AF_INET6 &&
             IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], out, PEER_TEXT_BYTES);
    else if (address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &v6->sin6_addr, out, PEER_TEXT_BYTES);
}

uint64_t peers_key(const char *name)
{
    static const uint64_t v4 = UINT64_C(0xffff) << V4_BITS;
    struct in6_addr address;
    uint64_t network = 0;
    if (!read_address(name, &address))
        return 0;
    if (IN6_IS_ADDR_V4MAPPED(&address)) {
        uint32_t host;
        memcpy(&host, &address.s6_addr[12], sizeof host);
        return v4 | ntohl(host);
    }
    for (int i = 0; i < 8; i++)
        network = network << 8 | address.s6_addr[i];
    return network;
}

bool peers_trusted(const struct peers *peers, const char *name)
{
    struct in6_addr address;
    if (peers->n_trusted == 0 || !read_address(name, &address))
        return false;
    for (size_t i = 0; i < peers->n_trusted; i++)
        if (contains(&peers->trusted[i], &address))
            return true;
    return false;
}

// ---- connections ------------------------------------------------------------

// The link that points to the peer, or to the end of its bucket. Multiplying
// is enough: who could choose 1024 colliding addresses has 1024 addresses.
static struct peer **find(struct peers *peers, uint64_t key)
{
    uint64_t hash = (key ^ key >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    struct peer **link = &peers->buckets[(hash >> 32) % BUCKETS];
    while (*link != NULL && (*link)->key != key)
        link = &(*link)->next;
    return link;
}

bool peers_welcome(struct peers *peers, const char *name)
{
    if (peers->limit == 0 || peers_trusted(peers, name))
        return true;
    pthread_mutex_lock(&peers->lock);
    const struct peer *peer = *find(peers, peers_key(name));
    bool welcome = peer == NULL || peer->connections < peers->limit;
    pthread_mutex_unlock(&peers->lock);
    return welcome;
}

struct peer *peers_enter(struct peers *peers, uint64_t key)
{
    pthread_mutex_lock(&peers->lock);
    struct peer **link = find(peers, key);
    if (*link == NULL) {
        *link = calloc(1, sizeof **link);
        if (*link == NULL)
            abort();
        (*link)->key = key;
    }
    struct peer *peer = *link;
    peer->connections++;
    pthread_mutex_unlock(&peers->lock);
    return peer;
}

void peers_leave(struct peers *peers, struct peer *peer)
{
    pthread_mutex_lock(&peers->lock);
    if (--peer->connections == 0) {
        *find(peers, peer->key) = peer->next;
        free(peer);
    }
    pthread_mutex_unlock(&peers->lock);
}

unsigned peer_connections(const struct peer *peer)
{
    return atomic_load(&peer->connections);
}

// ---- what proxies say -------------------------------------------------------

// Takes the last element off the list. Returns false when it is no address.
static bool take_last(const char *list, size_t *n, char out[PEER_TEXT_BYTES])
{
    struct in6_addr scratch;
    size_t end = *n;
    while (end > 0 && strchr(", \t", list[end - 1]) != NULL)
        end--;
    size_t start = end;
    while (start > 0 && strchr(", \t", list[start - 1]) == NULL)
        start--;
    *n = start;
    if (end == start || end - start >= PEER_TEXT_BYTES)
        return false;
    memcpy(out, list + start, end - start);
    out[end - start] = '\0';
    return read_address(out, &scratch);
}

void peers_forwarded(const struct peers *peers, const char *forwarded_for,
                     char name[PEER_TEXT_BYTES])
{
    size_t n = forwarded_for == NULL ? 0 : strlen(forwarded_for);
    char before[PEER_TEXT_BYTES] = "";
    while (peers_trusted(peers, name) && take_last(forwarded_for, &n, before))
        memcpy(name, before, sizeof before);
}
