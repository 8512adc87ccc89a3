// SPDX-License-Identifier: GPL-3.0-or-later
// oidc_fetch.c - one request to a provider, and its answer

#include "oidc_fetch.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "config.h"
#include "text.h"
#include "url.h"

void oidc_fetch_start(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
}

void oidc_fetch_stop(void)
{
    curl_global_cleanup();
}

// ---- what libcurl calls -----------------------------------------------------

static size_t receive(char *data, size_t size, size_t n, void *context)
{
    struct text *body = context;
    if (body->n + size * n > FETCH_MAX_BYTES)
        return 0;
    text_bytes(body, data, size * n);
    return size * n;
}

static int is_stopped(void *context, curl_off_t a, curl_off_t b, curl_off_t c,
                      curl_off_t d)
{
    const atomic_bool *stop = context;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(stop);
}

// ---- one try ----------------------------------------------------------------

static void set_bounds(CURL *easy, const struct oidc_fetch *fetch)
{
    const struct oidc_provider *provider = fetch->provider;
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
                     provider->loopback ? "https,http" : "https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (*provider->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, provider->ca_file);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)FETCH_CONNECT_S);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)FETCH_TOTAL_S);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, is_stopped);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, fetch->stop);
}

// The client's name and secret, escaped as RFC 6749, 2.3.1 wants it.
static void set_client(CURL *easy, const struct oidc_provider *provider,
                       struct arena *arena)
{
    struct text id, secret;
    text_init(&id, arena);
    text_init(&secret, arena);
    url_escape(&id, provider->client_id);
    url_escape(&secret, provider->client_secret);
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(easy, CURLOPT_USERNAME, id.data);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, secret.data);
}

static void set_content(CURL *easy, const struct oidc_fetch *fetch,
                        struct arena *arena)
{
    curl_easy_setopt(easy, CURLOPT_URL, fetch->url);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "Cumae/" CUMAE_VERSION);
    if (fetch->form)
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, fetch->form);
    if (fetch->authenticate && fetch->provider->client_secret)
        set_client(easy, fetch->provider, arena);
    if (fetch->bearer) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, fetch->bearer);
    }
}

static CURLcode try(struct oidc_fetch *fetch, struct arena *arena)
{
    struct text body;
    long status = 0;
    CURL *easy = curl_easy_init();
    struct curl_slist *headers =
        curl_slist_append(NULL, "Accept: application/json");
    if (!easy || !headers)
        abort();
    text_init(&body, arena);
    set_bounds(easy, fetch);
    set_content(easy, fetch, arena);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
    CURLcode code = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    fetch->status = (int)status;
    fetch->body = body.data;
    fetch->body_bytes = body.n;
    return code;
}

int oidc_fetch(struct oidc_fetch *fetch, struct arena *arena, struct error *err)
{
    CURLcode code;
    int tries = fetch->form ? 1 : FETCH_TRIES;
    do
        code = try(fetch, arena);
    while (--tries > 0 && (code != CURLE_OK || fetch->status >= 500) &&
           !atomic_load(fetch->stop));
    if (code == CURLE_OK)
        return 0;
    return error_set(err, ERROR_BUSY, "%s does not answer: %s",
                     fetch->provider->title,
                     code == CURLE_WRITE_ERROR ? "its answer is too long"
                                               : curl_easy_strerror(code));
}
