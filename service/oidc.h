// SPDX-License-Identifier: GPL-3.0-or-later
// oidc.h - providers of identities: what they say of themselves, their keys,
// and the tokens that they sign
//
// What a provider says of itself and its keys are fetched when they are needed
// first, once an hour after that, and when a token names a key that is not
// known: then at most once per refresh_s, so that forged tokens make no
// traffic. While a provider is away its old keys are good. After a failure the
// next try is OIDC_RETRY_S later at the earliest (oidc_desk.h). What says "may
// wait" is for threads of their own (route.h, ROUTE_OUTSIDE), which may wait
// for a provider.

#ifndef CUMAE_OIDC_H
#define CUMAE_OIDC_H

#include "oidc_provider.h"
#include "wire_oidc.h"

struct oidc;

// The providers are lent.
struct oidc *oidc_new(const struct oidc_providers *providers,
                      unsigned refresh_s);
// Ends what waits for a provider, soon.
void oidc_stop(struct oidc *oidc);
void oidc_free(struct oidc *oidc);

const struct oidc_providers *oidc_providers(const struct oidc *oidc);

// The provider of this name, or NULL.
const struct oidc_provider *oidc_find(const struct oidc *oidc,
                                      const char *name);

// What the provider says of itself, in the arena. ERROR_BUSY while it is away
// and was never heard of. May wait, unless oidc_is_known.
int oidc_discover(struct oidc *oidc, const struct oidc_provider *provider,
                  struct arena *arena, struct oidc_discovery *discovery,
                  struct error *err);
bool oidc_is_known(struct oidc *oidc, const struct oidc_provider *provider);

// Verifies a token of the provider and reads its claims. nonce NULL: an access
// token for `audience`. ERROR_UNAUTHORIZED; ERROR_BUSY as above. May wait.
struct oidc_token {
    const char *text, *audience, *nonce;
};
int oidc_verify(struct oidc *oidc, const struct oidc_provider *provider,
                const struct oidc_token *token, struct arena *arena,
                struct oidc_claims *claims, struct error *err);

// Trades the code of a sign-in for claims about who signed in: those of the ID
// token, and of userinfo where the provider is to be asked. May wait.
struct oidc_code {
    const char *code, *verifier, *nonce, *redirect_uri;
};
int oidc_exchange(struct oidc *oidc, const struct oidc_provider *provider,
                  const struct oidc_code *code, struct arena *arena,
                  struct oidc_claims *claims, struct error *err);

#endif
