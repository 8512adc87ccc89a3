// SPDX-License-Identifier: GPL-3.0-or-later
// gate.h - what a request must pass before anything is done for it
//
// Three things, all from memory, so an event loop can ask them. It must have
// come over TLS when the public URL is https. Its address must not ask too
// often, nor, once it is known, its user. And an address that keeps trying
// secrets that are nobody's must wait before the database is asked about one
// more. What others have used before is not affected, as it is found in memory:
// a computing centre has one address and many users.
//
// Probes (/healthz, /readyz, /metrics) pass always. The jobs of Hopaas take
// every answer but 200 for their end, so for them nothing is counted; they are
// held to TLS, as their token is in the path.

#ifndef CUMAE_GATE_H
#define CUMAE_GATE_H

#include "account.h"
#include "config.h"
#include "http.h"
#include "metrics.h"

struct gate;

// Both must outlive the gate.
struct gate *gate_new(const struct config *config, struct metrics *metrics);
void gate_free(struct gate *gate);

// Does the service want to be reached over TLS only?
bool gate_wants_tls(const struct config *config);

// A request has come. Fails with ERROR_ELSEWHERE (Location says where),
// ERROR_FORBIDDEN, or ERROR_RATE with Retry-After.
int gate_enter(struct gate *gate, struct request *request, struct error *err);

// The user is known. Fails with ERROR_RATE.
int gate_user(struct gate *gate, struct request *request,
              const struct principal *principal, struct error *err);

// May the database be asked whose secret this is? Fails with ERROR_RATE.
int gate_guess(struct gate *gate, struct request *request, struct error *err);

// It was asked, and the secret was nobody's.
void gate_guessed(struct gate *gate, const struct request *request);

// A job that speaks the protocol of Hopaas?
bool gate_is_hopaas(const struct request *request);

#endif
