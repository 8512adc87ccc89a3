// SPDX-License-Identifier: GPL-3.0-or-later
// machine.h - programs that come with a token of their institute
//
// Such a token is a signed one (RFC 9068, the WLCG profile) of a provider that
// has `machines` in its file, for the audience that is named there. Its scopes
// say what it may do here, never more than read, ask and steer; its subject is
// a user like any other one, made when it is seen first. Only the claims of
// the token count for the provider's list of who is let in.

#ifndef CUMAE_MACHINE_H
#define CUMAE_MACHINE_H

#include "engine.h"
#include "oidc.h"
#include "permit.h"
#include "store_account.h"

struct machines {
    struct oidc *oidc;
    struct engine *engine;
    struct permit *permit;
};

// The look_up of struct accounts_foreign; context is a struct machines. The
// same ERROR_UNAUTHORIZED for whatever is wrong: the reason is for the log. May
// wait for a provider.
int machine_look_up(void *context, struct store *store, const char *token,
                    struct arena *arena, struct token_row *row,
                    struct error *err);

#endif
