// SPDX-License-Identifier: GPL-3.0-or-later
// oidc_flow.c - a sign-in on its way through a provider

#include "oidc_flow.h"

#include <stdio.h>
#include <string.h>

#include "url.h"

void oidc_flow_init(struct oidc_flow *flow)
{
    auth_random(flow->state, OIDC_SECRET_CHARS);
    auth_random(flow->cookie, OIDC_SECRET_CHARS);
}

// base64url of the hash of "purpose:secret".
static void derive(const char *purpose, const char *secret,
                   char text[AUTH_BASE64_SIZE])
{
    unsigned char hash[AUTH_HASH_BYTES];
    char input[16 + OIDC_SECRET_CHARS + 2];
    int n = snprintf(input, sizeof input, "%s:%.*s", purpose, OIDC_SECRET_CHARS,
                     secret);
    auth_hash(input, (size_t)n, hash);
    auth_base64url(hash, text);
    auth_wipe(input, sizeof input);
}

void oidc_flow_proof(const char *cookie, struct oidc_proof *proof)
{
    derive("nonce", cookie, proof->nonce);
    derive("verifier", cookie, proof->verifier);
}

static const char *join(const struct oidc_list *words, struct arena *arena)
{
    struct text text;
    text_init(&text, arena);
    for (size_t i = 0; i < words->n; i++) {
        if (i)
            text_char(&text, ' ');
        text_add(&text, words->items[i]);
    }
    return text.data;
}

const char *oidc_flow_url(const struct oidc_provider *provider,
                          const struct oidc_discovery *discovery,
                          const struct oidc_flow *flow,
                          const char *redirect_uri, struct arena *arena)
{
    unsigned char hash[AUTH_HASH_BYTES];
    char challenge[AUTH_BASE64_SIZE];
    struct oidc_proof proof;
    struct text url;
    oidc_flow_proof(flow->cookie, &proof);
    auth_hash(proof.verifier, strlen(proof.verifier), hash);
    auth_base64url(hash, challenge);
    text_init(&url, arena);
    text_add(&url, discovery->authorization_endpoint);
    url_parameter(&url, "response_type", "code");
    url_parameter(&url, "client_id", provider->client_id);
    url_parameter(&url, "redirect_uri", redirect_uri);
    url_parameter(&url, "scope", join(&provider->scopes, arena));
    url_parameter(&url, "state", flow->state);
    url_parameter(&url, "nonce", proof.nonce);
    url_parameter(&url, "code_challenge", challenge);
    url_parameter(&url, "code_challenge_method", "S256");
    return url.data;
}

bool oidc_flow_is_local(const char *path)
{
    size_t n = strlen(path);
    if (n == 0 || n > OIDC_MAX_RETURN || path[0] != '/')
        return false;
    // Browsers take \ for /, and leave out tabs and ends of lines.
    if (path[1] == '/' || strchr(path, '\\'))
        return false;
    for (size_t i = 0; i < n; i++)
        if (path[i] <= ' ' || path[i] > '~')
            return false;
    return true;
}
