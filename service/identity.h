// SPDX-License-Identifier: GPL-3.0-or-later
// identity.h - from what a provider says about somebody to a user
//
// A user is known by issuer and subject, which never change; a name or an
// address may pass to somebody else. Whoever is let in and not known becomes a
// new user, under the name that the provider prefers or one like it that is
// free. What the provider says of groups, name and address replaces what it
// said before; other providers and administrators have groups of their own.

#ifndef CUMAE_IDENTITY_H
#define CUMAE_IDENTITY_H

#include "oidc_provider.h"
#include "store_identity.h"

enum {
    IDENTITY_MAX_NAME = 40, // bytes of a name that comes from a provider
    IDENTITY_TRIES = 5,     // when others make the same user
};

struct identity {
    const struct oidc_provider *provider;
    const struct oidc_claims *claims;
    bool person; // signed in: the claims are all that the provider says
    int64_t now_ms;
};

struct identity_user {
    int64_t id;
    char name[64];
    bool admin;
    bool made;    // just now
    bool changed; // what it may do
};

// Does the provider's list let this person in? ERROR_FORBIDDEN.
int identity_check(const struct identity *identity, struct error *err);

// Finds the user. *current: all that the claims say is stored already.
// ERROR_NOT_FOUND: there is none yet; ERROR_FORBIDDEN: disabled.
int identity_find(struct store *store, const struct identity *identity,
                  struct identity_user *user, bool *current, struct error *err);

// The same in a transaction, which makes the user or brings it up to date.
// ERROR_CONFLICT: another instance was faster; try again.
int identity_enter(struct store *store, const struct identity *identity,
                   struct identity_user *user, struct error *err);

#endif
