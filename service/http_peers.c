// SPDX-License-Identifier: GPL-3.0-or-later
// http_peers.c - a small hash table of addresses, and trusted proxies

#include "http_peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024 };

struct peer {
    struct peer *next;
    unsigned connections;
    char name[PEER_TEXT_BYTES];
};

struct peers {
    pthread_mutex_t lock;
    unsigned limit;
    const char *const *trusted;
    struct peer *buckets[BUCKETS];
};

static bool is_address(const char *text)
{
    unsigned char scratch[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, text, scratch) == 1 ||
           inet_pton(AF_INET6, text, scratch) == 1;
}

struct peers *peers_new(unsigned limit, const char *const *trusted,
                        struct error *err)
{
    for (size_t i = 0; trusted != NULL && trusted[i] != NULL; i++) {
        if (!is_address(trusted[i])) {
            error_set(err, ERROR_INVALID,
                      "a trusted proxy must be a numeric address, not \"%s\"",
                      trusted[i]);
            return NULL;
        }
    }
    struct peers *peers = calloc(1, sizeof *peers);
    if (peers == NULL)
        abort();
    pthread_mutex_init(&peers->lock, NULL);
    peers->limit = limit;
    peers->trusted = trusted;
    return peers;
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

static bool is_trusted(const struct peers *peers, const char *name)
{
    for (size_t i = 0; peers->trusted != NULL && peers->trusted[i]; i++)
        if (strcmp(peers->trusted[i], name) == 0)
            return true;
    return false;
}

// The link that points to the peer, or to the end of its bucket. FNV-1a is
// enough: who could choose 1024 colliding addresses has 1024 addresses.
static struct peer **find(struct peers *peers, const char *name)
{
    uint32_t hash = 2166136261u;
    for (const char *c = name; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    struct peer **link = &peers->buckets[hash % BUCKETS];
    while (*link != NULL && strcmp((*link)->name, name) != 0)
        link = &(*link)->next;
    return link;
}

bool peers_welcome(struct peers *peers, const char *name)
{
    if (peers->limit == 0 || is_trusted(peers, name))
        return true;
    pthread_mutex_lock(&peers->lock);
    const struct peer *peer = *find(peers, name);
    bool welcome = peer == NULL || peer->connections < peers->limit;
    pthread_mutex_unlock(&peers->lock);
    return welcome;
}

void peers_enter(struct peers *peers, const char *name)
{
    pthread_mutex_lock(&peers->lock);
    struct peer **link = find(peers, name);
    if (*link == NULL) {
        *link = calloc(1, sizeof **link);
        if (*link == NULL)
            abort();
        snprintf((*link)->name, sizeof(*link)->name, "%s", name);
    }
    (*link)->connections++;
    pthread_mutex_unlock(&peers->lock);
}

void peers_leave(struct peers *peers, const char *name)
{
    pthread_mutex_lock(&peers->lock);
    struct peer **link = find(peers, name), *peer = *link;
    if (peer != NULL && --peer->connections == 0) {
        *link = peer->next;
        free(peer);
    }
    pthread_mutex_unlock(&peers->lock);
}

// Takes the last element off the list. Returns false when it is no address.
static bool take_last(const char *list, size_t *n, char out[PEER_TEXT_BYTES])
{
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
    return is_address(out);
}

void peers_forwarded(const struct peers *peers, const char *forwarded_for,
                     char name[PEER_TEXT_BYTES])
{
    size_t n = forwarded_for == NULL ? 0 : strlen(forwarded_for);
    char before[PEER_TEXT_BYTES] = "";
    while (is_trusted(peers, name) && take_last(forwarded_for, &n, before))
        memcpy(name, before, sizeof before);
}
