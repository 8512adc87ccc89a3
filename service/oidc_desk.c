// SPDX-License-Identifier: GPL-3.0-or-later
// oidc_desk.c - what is known of one provider of identities

#include "oidc_desk.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "oidc_fetch.h"

void oidc_desk_init(struct oidc_desk *desk)
{
    pthread_mutex_init(&desk->fetching, NULL);
    pthread_mutex_init(&desk->mutex, NULL);
    arena_init(&desk->arena);
}

static void drop_keys(struct auth_key *keys, size_t n)
{
    for (size_t i = 0; i < n; i++)
        auth_key_done(&keys[i]);
}

void oidc_desk_done(struct oidc_desk *desk)
{
    drop_keys(desk->keys, desk->n_keys);
    arena_done(&desk->arena);
    pthread_mutex_destroy(&desk->mutex);
    pthread_mutex_destroy(&desk->fetching);
}

// ---- fetching ---------------------------------------------------------------

static int get(const struct oidc_desk *desk, const char *url,
               struct arena *arena, struct oidc_fetch *fetch, struct error *err)
{
    const struct oidc_provider *provider = desk->provider;
    *fetch = (struct oidc_fetch){
        .provider = provider, .stop = desk->stop, .url = url};
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

static int fetch_news(const struct oidc_desk *desk, struct news *news,
                      struct error *err)
{
    const struct oidc_provider *provider = desk->provider;
    struct oidc_fetch fetch;
    size_t n = strlen(provider->issuer);
    bool slash = n > 0 && provider->issuer[n - 1] == '/';
    const char *url =
        arena_print(&news->arena, "%.*s/.well-known/openid-configuration",
                    (int)(n - slash), provider->issuer);
    if (get(desk, url, &news->arena, &fetch, err) ||
        wire_oidc_discovery(fetch.body, fetch.body_bytes, &news->arena,
                            &news->discovery, err) ||
        check_discovery(provider, &news->discovery, err) ||
        get(desk, news->discovery.jwks_uri, &news->arena, &fetch, err) ||
        wire_oidc_keys(fetch.body, fetch.body_bytes, &news->arena, news->keys,
                       &news->n_keys, err))
        return -1;
    return news->n_keys ? 0
                        : error_set(err, ERROR_BUSY,
                                    "%s has no keys that are understood",
                                    provider->title);
}

// Takes the place of what was known before.
static void enter_news(struct oidc_desk *desk, struct news *news)
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

static void fetch_now(struct oidc_desk *desk)
{
    struct error err = {0};
    struct news *news = calloc(1, sizeof *news);
    if (!news)
        abort();
    arena_init(&news->arena);
    int failed = fetch_news(desk, news, &err);
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
static bool is_due(const struct oidc_desk *desk, bool missing)
{
    int64_t now = clock_monotonic_us();
    if (desk->failed_us &&
        now - desk->failed_us < OIDC_RETRY_S * INT64_C(1000000) &&
        now - desk->failed_us < desk->refresh_us)
        return false;
    if (!desk->known)
        return true;
    if (missing)
        return !desk->missed_us || now - desk->missed_us >= desk->refresh_us;
    return now - desk->fetched_us >= OIDC_KEYS_S * INT64_C(1000000);
}

// Fetches when it is time to. What another thread began is waited for when it
// is needed; who can go on with what is known does.
void oidc_desk_refresh(struct oidc_desk *desk, bool missing)
{
    pthread_mutex_lock(&desk->mutex);
    bool due = is_due(desk, missing), needed = missing || !desk->known;
    unsigned before = desk->fetches;
    pthread_mutex_unlock(&desk->mutex);
    if (!due && !needed)
        return;
    if (needed)
        pthread_mutex_lock(&desk->fetching);
    else if (pthread_mutex_trylock(&desk->fetching) != 0)
        return;
    pthread_mutex_lock(&desk->mutex);
    due = desk->fetches == before && is_due(desk, missing);
    if (due && missing && desk->known)
        desk->missed_us = clock_monotonic_us();
    pthread_mutex_unlock(&desk->mutex);
    if (due)
        fetch_now(desk);
    pthread_mutex_unlock(&desk->fetching);
}

// ---- what is known ----------------------------------------------------------

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

bool oidc_desk_look(struct oidc_desk *desk, struct arena *arena,
                    struct oidc_discovery *discovery)
{
    pthread_mutex_lock(&desk->mutex);
    bool known = desk->known;
    if (known && discovery)
        *discovery = copy(&desk->discovery, arena);
    pthread_mutex_unlock(&desk->mutex);
    return known;
}

bool oidc_desk_key(struct oidc_desk *desk, const struct oidc_header *header,
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
