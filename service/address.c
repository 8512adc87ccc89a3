// SPDX-License-Identifier: GPL-3.0-or-later
// address.c - whom an IP address reaches

#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct block4 {
    uint32_t first;
    int bits;
    enum address_reach reach;
};

#define IP4(a, b, c, d)                                                        \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

static const struct block4 blocks4[] = {
    {IP4(10, 0, 0, 0), 8, ADDRESS_PRIVATE},
    {IP4(100, 64, 0, 0), 10, ADDRESS_PRIVATE},
    {IP4(127, 0, 0, 0), 8, ADDRESS_PRIVATE},
    {IP4(172, 16, 0, 0), 12, ADDRESS_PRIVATE},
    {IP4(192, 168, 0, 0), 16, ADDRESS_PRIVATE},
    {IP4(0, 0, 0, 0), 8, ADDRESS_NEVER},
    {IP4(169, 254, 0, 0), 16, ADDRESS_NEVER},
    {IP4(192, 0, 0, 0), 24, ADDRESS_NEVER},
    {IP4(192, 0, 2, 0), 24, ADDRESS_NEVER},
    {IP4(192, 88, 99, 0), 24, ADDRESS_NEVER},
    {IP4(198, 18, 0, 0), 15, ADDRESS_NEVER},
    {IP4(198, 51, 100, 0), 24, ADDRESS_NEVER},
    {IP4(203, 0, 113, 0), 24, ADDRESS_NEVER},
    {IP4(224, 0, 0, 0), 3, ADDRESS_NEVER},
};

// `ip` in the order of the host.
static enum address_reach reach4(uint32_t ip)
{
    for (size_t i = 0; i < sizeof blocks4 / sizeof *blocks4; i++)
        if ((ip ^ blocks4[i].first) >> (32 - blocks4[i].bits) == 0)
            return blocks4[i].reach;
    return ADDRESS_PUBLIC;
}

struct block6 {
    unsigned char first[16];
    int bits;
    int ip4_at; // the byte at which an IPv4 address begins, -1: none
    enum address_reach reach;
};

// The first one that fits decides.
static const struct block6 blocks6[] = {
    {{[10] = 0xff, 0xff}, 96, 12, ADDRESS_NEVER},      // IPv4-mapped
    {{0x00, 0x64, 0xff, 0x9b}, 96, 12, ADDRESS_NEVER}, // NAT64
    {{0x20, 0x02}, 16, 2, ADDRESS_NEVER},              // 6to4
    {{[15] = 1}, 128, -1, ADDRESS_PRIVATE},            // loopback
    {{0xfc}, 7, -1, ADDRESS_PRIVATE},                  // unique-local
    {{0x20, 0x01, 0x00}, 23, -1, ADDRESS_NEVER},       // protocols, Teredo
    {{0x20, 0x01, 0x0d, 0xb8}, 32, -1, ADDRESS_NEVER}, // documentation
    {{0x3f, 0xff, 0x00, 0x00}, 20, -1, ADDRESS_NEVER}, // documentation
    {{0x20}, 3, -1, ADDRESS_PUBLIC},                   // global unicast
};

static int within(const unsigned char *ip, const struct block6 *block)
{
    int whole = block->bits / 8, rest = block->bits % 8;
    if (memcmp(ip, block->first, (size_t)whole) != 0)
        return 0;
    return rest == 0 || (ip[whole] ^ block->first[whole]) >> (8 - rest) == 0;
}

static enum address_reach reach6(const unsigned char *ip)
{
    for (size_t i = 0; i < sizeof blocks6 / sizeof *blocks6; i++) {
        const struct block6 *block = &blocks6[i];
        if (!within(ip, block))
            continue;
        if (block->ip4_at < 0)
            return block->reach;
        const unsigned char *ip4 = ip + block->ip4_at;
        return reach4(IP4(ip4[0], ip4[1], ip4[2], ip4[3]));
    }
    return ADDRESS_NEVER;
}

enum address_reach address_reach(const struct sockaddr *address)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    switch (address->sa_family) {
    case AF_INET:
        memcpy(&in, address, sizeof in);
        return reach4(ntohl(in.sin_addr.s_addr));
    case AF_INET6:
        memcpy(&in6, address, sizeof in6);
        return reach6(in6.sin6_addr.s6_addr);
    default:
        return ADDRESS_NEVER;
    }
}

enum address_reach address_reach_of(const char *text)
{
    struct in_addr in;
    struct in6_addr in6;
    if (inet_pton(AF_INET, text, &in) == 1)
        return reach4(ntohl(in.s_addr));
    if (inet_pton(AF_INET6, text, &in6) == 1)
        return reach6(in6.s6_addr);
    return ADDRESS_PUBLIC;
}
