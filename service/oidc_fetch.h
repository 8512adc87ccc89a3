// SPDX-License-Identifier: GPL-3.0-or-later
// oidc_fetch.h - one request to a provider, and its answer
//
// The caller waits: FETCH_TOTAL_S at most for one try. Only URLs that
// oidc_is_url allows; certificates are verified; no redirects, no proxies, no
// answers of more than FETCH_MAX_BYTES.

#ifndef CUMAE_OIDC_FETCH_H
#define CUMAE_OIDC_FETCH_H

#include <stdatomic.h>

#include "oidc_provider.h"

enum {
    FETCH_CONNECT_S = 3,
    FETCH_TOTAL_S = 10,
    FETCH_MAX_BYTES = 262144,
    FETCH_TRIES = 2, // of a GET; a POST may have had an effect
};

struct oidc_fetch {
    const struct oidc_provider *provider;
    const atomic_bool *stop; // give up when it becomes true
    const char *url;
    const char *form;   // body of a POST; NULL: a GET
    bool authenticate;  // as the client, with its secret
    const char *bearer; // a token, or NULL

    // The answer.
    int status;
    const char *body;
    size_t body_bytes;
};

// libcurl's own state; both from one thread, while no other one runs.
void oidc_fetch_start(void);
void oidc_fetch_stop(void);

// Sends the request. ERROR_BUSY when no answer came; any status is an answer.
// No message holds what was sent.
int oidc_fetch(struct oidc_fetch *fetch, struct arena *arena,
               struct error *err);

#endif
