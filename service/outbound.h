// SPDX-License-Identifier: GPL-3.0-or-later
// outbound.h - requests to URLs that users named
//
// The only file of the service that sends requests, and the only one that knows
// libcurl. Many are on their way at once, in one thread: none waits for another
// one. What may go wrong with URLs of strangers is dealt with here:
//
// - only https, and http where that is allowed; no user or password in a URL;
// - the address is checked when connecting (address.h), whatever the name
//   meant before; redirects are not followed, proxies not used, whatever the
//   environment says;
// - certificates are always verified;
// - a request has so many seconds in all, and what comes back is read up to
//   OUTBOUND_MAX_ANSWER bytes and thrown away.

#ifndef CUMAE_OUTBOUND_H
#define CUMAE_OUTBOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../optimizers/error.h"

enum { OUTBOUND_MAX_ANSWER = 4096, OUTBOUND_MAX_HEADERS = 4 };

struct outbound_options {
    bool http;           // unencrypted URLs are allowed
    bool private;        // ADDRESS_PRIVATE is allowed
    const char *ca_file; // whom to believe; "" for the system's authorities
    unsigned timeout_s;  // for one request, from its start
};

// A POST request. Everything is lent until it is finished.
struct letter {
    const char *url;
    const char *headers[OUTBOUND_MAX_HEADERS]; // "name: value"; NULL: no more
    const char *body;
    size_t body_bytes;

    // What became of it.
    int status;            // 0: no answer
    int64_t retry_after_s; // as the answer asks; 0: it does not
    double wall_s;
    char problem[160]; // why there is no answer; "" when there is one
};

struct outbound;

// ERROR_INVALID, with a message that begins with "url", when requests to this
// URL are refused. The address of a name is not looked at yet.
int outbound_check(const struct outbound_options *options, const char *url,
                   struct error *err);

struct outbound *outbound_new(const struct outbound_options *options,
                              struct error *err);

// Begins a request. The letter comes back from outbound_next.
void outbound_send(struct outbound *outbound, struct letter *letter);

// Works on the requests, for up to timeout_ms or until one is finished or
// outbound_wake is called. Call with 0 does what can be done at once.
void outbound_work(struct outbound *outbound, int timeout_ms);

// A finished letter, or NULL.
struct letter *outbound_next(struct outbound *outbound);

// Gives up a request that is on its way: its letter, without an answer, or
// NULL when there is none.
struct letter *outbound_recall(struct outbound *outbound);

// Ends outbound_work early. Any thread.
void outbound_wake(struct outbound *outbound);

// No request may be on its way.
void outbound_free(struct outbound *outbound);

#endif
