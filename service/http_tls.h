// SPDX-License-Identifier: GPL-3.0-or-later
// http_tls.h - the certificate of the service, and its key
//
// Read from two PEM files, and again when somebody says that they have
// changed. A connection keeps the pair that its handshake began with, so a
// change disturbs nobody; the old pair goes with the last who holds it.

#ifndef CUMAE_HTTP_TLS_H
#define CUMAE_HTTP_TLS_H

#include <gnutls/abstract.h>

#include "../optimizers/error.h"

// TLS 1.2 and 1.3 with forward secrecy and authenticated encryption only
// (RFC 9325 4.2), in the order of the service.
#define TLS_PRIORITIES                                                         \
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:-CIPHER-ALL:"    \
    "+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:%SERVER_PRECEDENCE"

enum { TLS_MAX_CHAIN = 16 }; // certificates in the file

struct tls;

// A certificate chain with its key.
struct credential {
    _Atomic unsigned holders;
    unsigned n;
    gnutls_pcert_st chain[TLS_MAX_CHAIN];
    gnutls_privkey_t key;
};

// Reads both files, whose names must outlive the struct. Fails with
// ERROR_INVALID when they do not fit together, or when all users of the
// machine may read the key.
struct tls *tls_new(const char *certificate, const char *key,
                    struct error *err);
void tls_free(struct tls *tls);

// Reads both files again. On error all stays as it was.
int tls_reload(struct tls *tls, struct error *err);

// The pair of now, for a connection that begins; any thread. Give it back.
struct credential *tls_hold(struct tls *tls);
void tls_let_go(struct credential *credential); // NULL is fine

#endif
