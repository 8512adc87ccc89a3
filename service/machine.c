// SPDX-License-Identifier: GPL-3.0-or-later
// machine.c - programs that come with a token of their institute

#include "machine.h"

#include <string.h>

#include "auth_jwt.h"
#include "clock.h"
#include "errand.h"
#include "identity.h"
#include "log.h"

// ---- whose token ------------------------------------------------------------

static bool is_for(const struct oidc_provider *provider,
                   const struct oidc_claims *claims)
{
    if (!provider->audience || !claims->iss ||
        strcmp(provider->issuer, claims->iss) != 0)
        return false;
    for (size_t i = 0; i < claims->n_aud; i++)
        if (strcmp(claims->aud[i], provider->audience) == 0)
            return true;
    return false;
}

// The provider whose token this claims to be. Nothing is believed yet.
static const struct oidc_provider *choose(const struct oidc *oidc,
                                          const char *token,
                                          struct arena *arena,
                                          struct error *err)
{
    const struct oidc_providers *providers = oidc_providers(oidc);
    struct oidc_claims claims;
    struct auth_jwt jwt;
    if (auth_jwt_split(token, arena, &jwt, err) ||
        wire_oidc_claims(jwt.claims, jwt.claims_bytes, "", arena, &claims, err))
        return NULL;
    for (size_t i = 0; i < providers->n; i++)
        if (is_for(&providers->list[i], &claims))
            return &providers->list[i];
    error_set(err, ERROR_UNAUTHORIZED,
              "iss and aud of the token are those of no provider's machines");
    return NULL;
}

// ---- whose user -------------------------------------------------------------

struct entry {
    const struct identity *identity;
    struct identity_user *user;
};

static int enter(void *context, struct store *store, struct error *err)
{
    const struct entry *entry = context;
    return identity_enter(store, entry->identity, entry->user, err);
}

static int find_user(const struct machines *machines, struct store *store,
                     const struct identity *identity,
                     struct identity_user *user, struct error *err)
{
    struct error fault = {0};
    struct entry entry = {identity, user};
    bool current = false;
    if (identity_find(store, identity, user, &current, &fault) == 0 && current)
        return 0;
    for (int try = 0; try < IDENTITY_TRIES; try++) {
        if (fault.code && fault.code != ERROR_NOT_FOUND &&
            fault.code != ERROR_CONFLICT)
            break;
        error_clear(&fault);
        if (errand_run(machines->engine, enter, &entry, &fault) == 0) {
            permit_changed(machines->permit);
            return 0;
        }
    }
    return error_set(err, fault.code, "%s", fault.message);
}

// ---- the token --------------------------------------------------------------

static int read(const struct machines *machines, struct store *store,
                const struct oidc_provider *provider, const char *text,
                struct arena *arena, struct token_row *row, struct error *err)
{
    struct oidc_claims claims;
    struct identity_user user;
    struct user_row more;
    struct oidc_token token = {.text = text, .audience = provider->audience};
    struct identity identity = {
        .provider = provider, .claims = &claims, .now_ms = clock_wall_ms()};
    if (oidc_verify(machines->oidc, provider, &token, arena, &claims, err) ||
        identity_check(&identity, err) ||
        find_user(machines, store, &identity, &user, err) ||
        store_user_get(store, user.id, arena, &more, err))
        return -1;
    *row = (struct token_row){
        .user_id = user.id,
        .kind = TOKEN_API,
        .scopes = oidc_machine_scopes(provider, claims.scope),
        .created_ms = claims.iat * 1000,
        .expires_ms = (claims.exp + OIDC_SKEW_S) * 1000,
        .used_ms = identity.now_ms, // nobody notes its use
        .user_name = more.name,
        .user_admin = false,
        .user_disabled = more.disabled,
        .user_requests_per_minute = more.quotas.requests_per_minute,
    };
    return 0;
}

int machine_look_up(void *context, struct store *store, const char *token,
                    struct arena *arena, struct token_row *row,
                    struct error *err)
{
    const struct machines *machines = context;
    struct error fault = {0};
    const struct oidc_provider *provider =
        choose(machines->oidc, token, arena, &fault);
    if (provider &&
        read(machines, store, provider, token, arena, row, &fault) == 0)
        return 0;
    if (fault.code == ERROR_BUSY || fault.code == ERROR_STORE ||
        fault.code == ERROR_FULL)
        return error_set(err, fault.code, "%s", fault.message);
    log_event(LOG_WARNING, "token refused",
              log_text("provider", provider ? provider->name : NULL),
              log_text("reason", fault.message));
    return error_set(err, ERROR_UNAUTHORIZED, "the token is not valid");
}
