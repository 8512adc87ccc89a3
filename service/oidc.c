// SPDX-License-Identifier: GPL-3.0-or-later
// oidc.c - providers of identities

#include "oidc.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth_jwt.h"
#include "clock.h"
#include "log.h"
#include "oidc_fetch.h"
#include "url.h"

// What is known of one provider.
struct desk {
    const struct oidc_provider *provider;
    pthread_mutex_t fetching; // one thread fetches, others wait for it
    pthread_mutex_t mutex;    // guards everything below
    struct arena arena;       // of the discovery
    struct oidc_discovery discovery;
    struct auth_key keys[OIDC_MAX_KEYS];
    size_t n_keys;
    bool known;
    unsigned fetches;   // that ended well
    int64_t fetched_us; // the last of them
    int64_t failed_us;  // the last one, unless one ended well since
    int64_t missed_us;  // the last one for a key that was not known
};

struct oidc {
    const struct oidc_providers *providers;
    int64_t refresh_us;
    atomic_bool stop;
    struct desk desks[OIDC_MAX_PROVIDERS];
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
    oidc->refresh_us = refresh_s * INT64_C(1000000);
    for (size_t i = 0; i < providers->n; i++) {
        struct desk *desk = &oidc->desks[i];
        desk->provider = &providers->list[i];
        pthread_mutex_init(&desk->fetching, NULL);
        pthread_mutex_init(&desk->mutex, NULL);
        arena_init(&desk->arena);
    }
    return oidc;
}

void oidc_stop(struct oidc *oidc)
{
    if (oidc)
        atomic_store(&oidc->stop, true);
}

static void drop_keys(struct auth_key *keys, size_t n)
{
    for (size_t i = 0; i < n; i++)
        auth_key_done(&keys[i]);
}

void oidc_free(struct oidc *oidc)
{
    if (!oidc)
        return;
    for (size_t i = 0; i < oidc->providers->n; i++) {
        struct desk *desk = &oidc->desks[i];
        drop_keys(desk->keys, desk->n_keys);
        arena_done(&desk->arena);
        pthread_mutex_destroy(&desk->mutex);
        pthread_mutex_destroy(&desk->fetching);
    }
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

static struct desk *desk_of(struct oidc *oidc,
                            const struct oidc_provider *provider)
{
    return &oidc->desks[provider - oidc->providers->list];
}

// ---- fetching ---------------------------------------------------------------

static int get(struct oidc *oidc, const struct oidc_provider *provider,
               const char *url, struct arena *arena, struct oidc_fetch *fetch,
               struct error *err)
{
    *fetch = (struct oidc_fetch){
        .provider = provider, .stop = &oidc->stop, .url = url};
    if (oidc_fetch(fetch, arena, err))
        return -1;
    if (fetch->status == 200)
        return 0;
    return error_set(err, ERROR_BUSY, "%s answers with status %d",
                     provider->title, fetch->status);
}

static int check_discovery(const struct oidc_provider *provider,
                           const struct oidc_discovery *discovery,
                           struct error *err)
{
    const char *const urls[] = {discovery->authorization_endpoint,
                                discovery->token_endpoint, discovery->jwks_uri,
                                discovery->userinfo_endpoint,
                                discovery->end_session_endpoint};
    if (strcmp(discovery->issuer, provider->issuer) != 0)
        return error_set(err, ERROR_BUSY,
                         "%s says that it is another issuer, %.100s",
                         provider->title, discovery->issuer);
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        if (urls[i] && !oidc_is_url(urls[i], provider->loopback))
            return error_set(err, ERROR_BUSY, "%s names no https URL: %.100s",
                             provider->title, urls[i]);
    return 0;
}

// What came with one fetch.
struct news {
    struct arena arena;
    struct oidc_discovery discovery;
    struct auth_key keys[OIDC_MAX_KEYS];
    size_t n_keys;
};

static int fetch_news(struct oidc *oidc, const struct oidc_provider *provider,
                      struct news *news, struct error *err)
{
    struct oidc_fetch fetch;
    size_t n = strlen(provider->issuer);
    bool slash = n > 0 && provider->issuer[n - 1] == '/';
    const char *url =
        arena_print(&news->arena, "%.*s/.well-known/openid-configuration",
                    (int)(n - slash), provider->issuer);
    if (get(oidc, provider, url, &news->arena, &fetch, err) ||
        wire_oidc_discovery(fetch.body, fetch.body_bytes, &news->arena,
                            &news->discovery, err) ||
        check_discovery(provider, &news->discovery, err) ||
        get(oidc, provider, news->discovery.jwks_uri, &news->arena, &fetch,
            err) ||
        wire_oidc_keys(fetch.body, fetch.body_bytes, &news->arena, news->keys,
                       &news->n_keys, err))
        return -1;
    return news->n_keys ? 0
                        : error_set(err, ERROR_BUSY,
                                    "%s has no keys that are understood",
                                    provider->title);
}

// Takes the place of what was known before.
static void enter_news(struct desk *desk, struct news *news)
{
    struct arena old = desk->arena;
    drop_keys(desk->keys, desk->n_keys);
    desk->arena = news->arena;
    desk->discovery = news->discovery;
    memcpy(desk->keys, news->keys, sizeof desk->keys);
    desk->n_keys = news->n_keys;
    desk->known = true;
    desk->fetches++;
    desk->fetched_us = clock_monotonic_us();
    desk->failed_us = 0;
    arena_done(&old);
}

static void fetch_now(struct oidc *oidc, struct desk *desk)
{
    struct error err = {0};
    struct news *news = calloc(1, sizeof *news);
    if (!news)
        abort();
    arena_init(&news->arena);
    int failed = fetch_news(oidc, desk->provider, news, &err);
    pthread_mutex_lock(&desk->mutex);
    if (failed) {
        desk->failed_us = clock_monotonic_us();
        drop_keys(news->keys, news->n_keys);
        arena_done(&news->arena);
    } else {
        enter_news(desk, news);
    }
    pthread_mutex_unlock(&desk->mutex);
    free(news);
    if (failed)
        log_event(LOG_WARNING, "identity provider",
                  log_text("provider", desk->provider->name),
                  log_text("problem", err.message));
}

// Is it time to fetch? `missing`: because a key is not known.
static bool is_due(const struct oidc *oidc, struct desk *desk, bool missing)
{
    int64_t now = clock_monotonic_us();
    if (desk->failed_us &&
        now - desk->failed_us < OIDC_RETRY_S * INT64_C(1000000) &&
        now - desk->failed_us < oidc->refresh_us)
        return false;
    if (!desk->known)
        return true;
    if (missing)
        return !desk->missed_us || now - desk->missed_us >= oidc->refresh_us;
    return now - desk->fetched_us >= OIDC_KEYS_S * INT64_C(1000000);
}

// Fetches when it is time to. What another thread began is waited for when it
// is needed; who can go on with what is known does.
static void refresh(struct oidc *oidc, struct desk *desk, bool missing)
{
    pthread_mutex_lock(&desk->mutex);
    bool due = is_due(oidc, desk, missing), needed = missing || !desk->known;
    unsigned before = desk->fetches;
    pthread_mutex_unlock(&desk->mutex);
    if (!due && !needed)
        return;
    if (needed)
        pthread_mutex_lock(&desk->fetching);
    else if (pthread_mutex_trylock(&desk->fetching) != 0)
        return;
    pthread_mutex_lock(&desk->mutex);
    due = desk->fetches == before && is_due(oidc, desk, missing);
    if (due && missing && desk->known)
        desk->missed_us = clock_monotonic_us();
    pthread_mutex_unlock(&desk->mutex);
    if (due)
        fetch_now(oidc, desk);
    pthread_mutex_unlock(&desk->fetching);
}

// ---- what a provider says of itself -----------------------------------------

static const char *keep(struct arena *arena, const char *text)
{
    return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

static struct oidc_discovery copy(const struct oidc_discovery *from,
                                  struct arena *arena)
{
    return (struct oidc_discovery){
        .issuer = keep(arena, from->issuer),
        .authorization_endpoint = keep(arena, from->authorization_endpoint),
        .token_endpoint = keep(arena, from->token_endpoint),
        .jwks_uri = keep(arena, from->jwks_uri),
        .userinfo_endpoint = keep(arena, from->userinfo_endpoint),
        .end_session_endpoint = keep(arena, from->end_session_endpoint),
        .answers_with_iss = from->answers_with_iss,
    };
}

bool oidc_is_known(struct oidc *oidc, const struct oidc_provider *provider)
{
    struct desk *desk = desk_of(oidc, provider);
    pthread_mutex_lock(&desk->mutex);
    bool known = desk->known;
    pthread_mutex_unlock(&desk->mutex);
    return known;
}

int oidc_discover(struct oidc *oidc, const struct oidc_provider *provider,
                  struct arena *arena, struct oidc_discovery *discovery,
                  struct error *err)
{
    struct desk *desk = desk_of(oidc, provider);
    refresh(oidc, desk, false);
    pthread_mutex_lock(&desk->mutex);
    bool known = desk->known;
    if (known)
        *discovery = copy(&desk->discovery, arena);
    pthread_mutex_unlock(&desk->mutex);
    return known ? 0
                 : error_set(err, ERROR_BUSY, "%s does not answer",
                             provider->title);
}

// ---- tokens -----------------------------------------------------------------

// The key that the header names. Without a kid, the only one of its algorithm.
static bool find_key(struct desk *desk, const struct oidc_header *header,
                     struct auth_key *found)
{
    const struct auth_key *key = NULL;
    size_t n = 0;
    pthread_mutex_lock(&desk->mutex);
    for (size_t i = 0; i < desk->n_keys; i++) {
        const struct auth_key *other = &desk->keys[i];
        if (strcmp(auth_algorithm_names[other->algorithm], header->alg) != 0 ||
            (header->kid && strcmp(other->id, header->kid) != 0))
            continue;
        key = other;
        n++;
    }
    bool one = n == 1 || (n > 1 && header->kid);
    if (one)
        auth_key_share(found, key);
    pthread_mutex_unlock(&desk->mutex);
    return one;
}

static int get_key(struct oidc *oidc, struct desk *desk,
                   const struct oidc_header *header, struct auth_key *key,
                   struct error *err)
{
    bool known = false;
    for (int i = 0; i < AUTH_ALGORITHMS; i++)
        known = known || strcmp(header->alg, auth_algorithm_names[i]) == 0;
    if (!known)
        return error_set(err, ERROR_UNAUTHORIZED,
                         "alg of the token must be RS256, ES256 or EdDSA, not "
                         "%.20s",
                         header->alg);
    refresh(oidc, desk, false);
    if (find_key(desk, header, key))
        return 0;
    refresh(oidc, desk, true);
    if (find_key(desk, header, key))
        return 0;
    if (!oidc_is_known(oidc, desk->provider))
        return error_set(err, ERROR_BUSY, "%s does not answer",
                         desk->provider->title);
    return error_set(err, ERROR_UNAUTHORIZED,
                     "kid of the token names no key of %s",
                     desk->provider->title);
}

int oidc_verify(struct oidc *oidc, const struct oidc_provider *provider,
                const struct oidc_token *token, struct arena *arena,
                struct oidc_claims *claims, struct error *err)
{
    struct auth_jwt jwt;
    struct auth_key key;
    struct oidc_header header;
    struct oidc_expected expected = {.issuer = provider->issuer,
                                     .audience = token->audience,
                                     .nonce = token->nonce,
                                     .now_s = clock_wall_ms() / 1000};
    if (auth_jwt_split(token->text, arena, &jwt, err) ||
        wire_oidc_header(jwt.header, jwt.header_bytes, arena, &header, err) ||
        get_key(oidc, desk_of(oidc, provider), &header, &key, err))
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
    struct oidc_discovery discovery;
    struct oidc_tokens tokens;
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
