// SPDX-License-Identifier: GPL-3.0-or-later
// oidc.c - providers of identities

#include "oidc.h"

#include <stdlib.h>
#include <string.h>

#include "auth_jwt.h"
#include "clock.h"
#include "oidc_desk.h"
#include "oidc_fetch.h"
#include "url.h"

struct oidc {
    const struct oidc_providers *providers;
    atomic_bool stop;
    struct oidc_desk desks[OIDC_MAX_PROVIDERS];
};

// ---- the providers ----------------------------------------------------------

struct oidc *oidc_new(const struct oidc_providers *providers,
                      unsigned refresh_s)
{
    struct oidc *oidc = calloc(1, sizeof *oidc);
    if (!oidc)
        abort();
    oidc_fetch_start();
    oidc->providers = providers;
    for (size_t i = 0; i < providers->n; i++) {
        struct oidc_desk *desk = &oidc->desks[i];
        desk->provider = &providers->list[i];
        desk->stop = &oidc->stop;
        desk->refresh_us = refresh_s * INT64_C(1000000);
        oidc_desk_init(desk);
    }
    return oidc;
}

void oidc_stop(struct oidc *oidc)
{
    if (oidc)
        atomic_store(&oidc->stop, true);
}

void oidc_free(struct oidc *oidc)
{
    if (!oidc)
        return;
    for (size_t i = 0; i < oidc->providers->n; i++)
        oidc_desk_done(&oidc->desks[i]);
    oidc_fetch_stop();
    free(oidc);
}

const struct oidc_providers *oidc_providers(const struct oidc *oidc)
{
    return oidc->providers;
}

const struct oidc_provider *oidc_find(const struct oidc *oidc, const char *name)
{
    for (size_t i = 0; i < oidc->providers->n; i++)
        if (strcmp(oidc->providers->list[i].name, name) == 0)
            return &oidc->providers->list[i];
    return NULL;
}

static struct oidc_desk *desk_of(struct oidc *oidc,
                                 const struct oidc_provider *provider)
{
    return &oidc->desks[provider - oidc->providers->list];
}

static int no_answer(const struct oidc_provider *provider, struct error *err)
{
    return error_set(err, ERROR_BUSY, "%s does not answer", provider->title);
}

bool oidc_is_known(struct oidc *oidc, const struct oidc_provider *provider)
{
    return oidc_desk_look(desk_of(oidc, provider), NULL, NULL);
}

int oidc_discover(struct oidc *oidc, const struct oidc_provider *provider,
                  struct arena *arena, struct oidc_discovery *discovery,
                  struct error *err)
{
    struct oidc_desk *desk = desk_of(oidc, provider);
    oidc_desk_refresh(desk, false);
    return oidc_desk_look(desk, arena, discovery) ? 0
                                                  : no_answer(provider, err);
}

// ---- tokens -----------------------------------------------------------------

static int get_key(struct oidc_desk *desk, const struct oidc_header *header,
                   struct auth_key *key, struct error *err)
{
    bool known = false;
    for (int i = 0; i < AUTH_ALGORITHMS; i++)
        known = known || strcmp(header->alg, auth_algorithm_names[i]) == 0;
    if (!known)
        return error_set(err, ERROR_UNAUTHORIZED,
                         "alg of the token must be RS256, ES256 or EdDSA, not "
                         "%.20s",
                         header->alg);
    oidc_desk_refresh(desk, false);
    if (oidc_desk_key(desk, header, key))
        return 0;
    oidc_desk_refresh(desk, true);
    if (oidc_desk_key(desk, header, key))
        return 0;
    if (!oidc_desk_look(desk, NULL, NULL))
        return no_answer(desk->provider, err);
    return error_set(err, ERROR_UNAUTHORIZED,
                     "kid of the token names no key of %s",
                     desk->provider->title);
}

int oidc_verify(struct oidc *oidc, const struct oidc_provider *provider,
                const struct oidc_token *token, struct arena *arena,
                struct oidc_claims *claims, struct error *err)
{
    struct auth_jwt jwt = {0};
    struct auth_key key = {0};
    struct oidc_header header = {0};
    struct oidc_expected expected = {.issuer = provider->issuer,
                                     .audience = token->audience,
                                     .nonce = token->nonce,
                                     .now_s = clock_wall_ms() / 1000};
    if (auth_jwt_split(token->text, arena, &jwt, err) ||
        wire_oidc_header(jwt.header, jwt.header_bytes, arena, &header, err) ||
        get_key(desk_of(oidc, provider), &header, &key, err))
        return -1;
    int result = auth_jwt_verify(&jwt, header.alg, &key, err);
    auth_key_done(&key);
    if (result || wire_oidc_claims(jwt.claims, jwt.claims_bytes,
                                   provider->groups_claim, arena, claims, err))
        return -1;
    return oidc_claims_check(claims, &expected, err);
}

// ---- a sign-in --------------------------------------------------------------

static int fetch_tokens(struct oidc *oidc, const struct oidc_provider *provider,
                        const char *url, const struct oidc_code *code,
                        struct arena *arena, struct oidc_tokens *tokens,
                        struct error *err)
{
    struct text form;
    text_init(&form, arena);
    url_field(&form, "grant_type", "authorization_code");
    url_field(&form, "code", code->code);
    url_field(&form, "redirect_uri", code->redirect_uri);
    url_field(&form, "code_verifier", code->verifier);
    if (!provider->client_secret)
        url_field(&form, "client_id", provider->client_id);
    struct oidc_fetch fetch = {.provider = provider,
                               .stop = &oidc->stop,
                               .url = url,
                               .form = form.data,
                               .authenticate = true};
    if (oidc_fetch(&fetch, arena, err))
        return -1;
    if (fetch.status == 200)
        return wire_oidc_tokens(fetch.body, fetch.body_bytes, arena, tokens,
                                err);
    const char *fault = wire_oidc_fault(fetch.body, fetch.body_bytes, arena);
    return error_set(err, ERROR_UNAUTHORIZED,
                     "the token endpoint answers with status %d, %s",
                     fetch.status, fault ? fault : "no error");
}

// Userinfo is believed about the person of the ID token alone, and what it
// says is newer.
static int merge(struct oidc_claims *claims, const struct oidc_claims *info,
                 struct error *err)
{
    if (!info->sub || strcmp(info->sub, claims->sub) != 0)
        return error_set(err, ERROR_UNAUTHORIZED,
                         "sub of userinfo is not that of the token");
    if (info->name)
        claims->name = info->name;
    if (info->preferred_username)
        claims->preferred_username = info->preferred_username;
    if (info->email) {
        claims->email = info->email;
        claims->email_verified = info->email_verified;
    }
    if (info->has_groups) {
        claims->has_groups = true;
        claims->groups = info->groups;
        claims->n_groups = info->n_groups;
    }
    return 0;
}

static int ask_userinfo(struct oidc *oidc, const struct oidc_provider *provider,
                        const char *url, const char *access_token,
                        struct arena *arena, struct oidc_claims *claims,
                        struct error *err)
{
    struct oidc_claims info;
    struct oidc_fetch fetch = {.provider = provider,
                               .stop = &oidc->stop,
                               .url = url,
                               .bearer = access_token};
    if (!url || !access_token)
        return error_set(err, ERROR_UNAUTHORIZED, "%s has no userinfo",
                         provider->title);
    if (oidc_fetch(&fetch, arena, err))
        return -1;
    if (fetch.status != 200)
        return error_set(err, ERROR_UNAUTHORIZED,
                         "userinfo answers with status %d", fetch.status);
    return wire_oidc_claims(fetch.body, fetch.body_bytes,
                            provider->groups_claim, arena, &info, err) ||
                   merge(claims, &info, err)
               ? -1
               : 0;
}

int oidc_exchange(struct oidc *oidc, const struct oidc_provider *provider,
                  const struct oidc_code *code, struct arena *arena,
                  struct oidc_claims *claims, struct error *err)
{
    struct oidc_discovery discovery = {0};
    struct oidc_tokens tokens = {0};
    if (oidc_discover(oidc, provider, arena, &discovery, err) ||
        fetch_tokens(oidc, provider, discovery.token_endpoint, code, arena,
                     &tokens, err))
        return -1;
    struct oidc_token token = {.text = tokens.id_token,
                               .audience = provider->client_id,
                               .nonce = code->nonce};
    if (oidc_verify(oidc, provider, &token, arena, claims, err))
        return -1;
    return provider->userinfo
               ? ask_userinfo(oidc, provider, discovery.userinfo_endpoint,
                              tokens.access_token, arena, claims, err)
               : 0;
}
