// SPDX-License-Identifier: GPL-3.0-or-later
// address.h - whom an IP address reaches
//
// A request to a URL that a user named must not reach what only this machine
// or its network can reach. What counts is the address that is connected to,
// not the name, since a name may mean another address a moment later.
//
// Sources: the special-purpose registries of IANA (RFC 6890 and its updates).
// Of IPv6 only 2000::/3 is handed out to the public, so everything else is
// refused, but for the forms that stand for an IPv4 address: IPv4-mapped
// (RFC 4291), NAT64 (RFC 6052) and 6to4 (RFC 3056) count as that address.

#ifndef CUMAE_ADDRESS_H
#define CUMAE_ADDRESS_H

#include <sys/socket.h>

enum address_reach {
    ADDRESS_PUBLIC,
    ADDRESS_PRIVATE, // loopback, private, unique-local, carrier-grade NAT
    ADDRESS_NEVER,   // link-local (where clouds keep credentials), multicast,
                     // unspecified, broadcast, reserved, no IP address at all
};

// Of a socket address of family AF_INET or AF_INET6; it need not be aligned.
enum address_reach address_reach(const struct sockaddr *address);

// Of the text of an address, as in "127.0.0.1" or "::1"; ADDRESS_PUBLIC for
// every other text.
enum address_reach address_reach_of(const char *text);

#endif
