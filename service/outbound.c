// SPDX-License-Identifier: GPL-3.0-or-later
// outbound.c - requests to URLs that users named

#include "outbound.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "address.h"
#include "config.h"

enum { KEPT_CONNECTIONS = 32 };

// A letter on its way.
struct envelope {
    struct envelope *next, **place;
    const struct outbound *outbound;
    struct letter *letter;
    CURL *easy;
    struct curl_slist *headers;
    size_t received;
    bool refused; // an address
};

struct outbound {
    struct outbound_options options;
    CURLM *multi;
    struct envelope *first;
};

// ---- which URLs -------------------------------------------------------------

static int check_parts(const struct outbound_options *options, CURLU *parts,
                       struct error *err)
{
    static const CURLUPart secrets[] = {CURLUPART_USER, CURLUPART_PASSWORD,
                                        CURLUPART_OPTIONS};
    char *part = NULL, host[256];
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        if (curl_url_get(parts, secrets[i], &part, 0) != CURLUE_OK)
            continue;
        curl_free(part);
        return error_set(err, ERROR_INVALID,
                         "url must hold no user and no password");
    }
    if (curl_url_get(parts, CURLUPART_FRAGMENT, &part, 0) == CURLUE_OK) {
        curl_free(part);
        return error_set(err, ERROR_INVALID, "url must have no fragment");
    }
    if (curl_url_get(parts, CURLUPART_HOST, &part, 0) != CURLUE_OK)
        return error_set(err, ERROR_INVALID, "url must name a host");
    size_t n = strlen(part);
    bool bracketed = *part == '[';
    snprintf(host, sizeof host, "%.*s", (int)(n - 2 * bracketed),
             part + bracketed);
    curl_free(part);
    enum address_reach reach = address_reach_of(host);
    if (reach == ADDRESS_PUBLIC ||
        (reach == ADDRESS_PRIVATE && options->private))
        return 0;
    return error_set(err, ERROR_INVALID,
                     "url must lead to a public address, not to %.80s", host);
}

int outbound_check(const struct outbound_options *options, const char *url,
                   struct error *err)
{
    CURLU *parts = curl_url();
    char *scheme = NULL;
    if (!parts)
        abort();
    int result = -1;
    if (curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
        error_set(err, ERROR_INVALID, "url must be a whole URL");
    else if (strcmp(scheme, "https") == 0 ||
             (options->http && strcmp(scheme, "http") == 0))
        result = check_parts(options, parts, err);
    else
        error_set(err, ERROR_INVALID, "url must begin with https://%s",
                  options->http ? " or http://" : "");
    curl_free(scheme);
    curl_url_cleanup(parts);
    return result;
}

// ---- what libcurl calls -----------------------------------------------------

static curl_socket_t open_socket(void *context, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    struct envelope *envelope = context;
    enum address_reach reach = address_reach(&address->addr);
    (void)purpose;
    if (reach == ADDRESS_PUBLIC ||
        (reach == ADDRESS_PRIVATE && envelope->outbound->options.private))
        return socket(address->family, address->socktype | SOCK_CLOEXEC,
                      address->protocol);
    envelope->refused = true;
    return CURL_SOCKET_BAD;
}

static size_t receive(char *data, size_t size, size_t n, void *context)
{
    struct envelope *envelope = context;
    (void)data;
    envelope->received += size * n;
    return envelope->received > OUTBOUND_MAX_ANSWER ? 0 : size * n;
}

// ---- sending ----------------------------------------------------------------

struct outbound *outbound_new(const struct outbound_options *options,
                              struct error *err)
{
    if (options->ca_file[0] && access(options->ca_file, R_OK) != 0) {
        error_set(err, ERROR_INVALID, "webhook_ca_file: cannot read %.150s",
                  options->ca_file);
        return NULL;
    }
    struct outbound *outbound = calloc(1, sizeof *outbound);
    if (!outbound || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
    outbound->options = *options;
    outbound->multi = curl_multi_init();
    if (!outbound->multi)
        abort();
    curl_multi_setopt(outbound->multi, CURLMOPT_MAXCONNECTS,
                      (long)KEPT_CONNECTIONS);
    // One request at a time on a connection: none waits for another one.
    curl_multi_setopt(outbound->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    return outbound;
}

static struct envelope *envelope_new(struct outbound *outbound,
                                     struct letter *letter)
{
    struct envelope *envelope = calloc(1, sizeof *envelope);
    if (!envelope || !(envelope->easy = curl_easy_init()))
        abort();
    envelope->outbound = outbound;
    envelope->letter = letter;
    envelope->next = outbound->first;
    envelope->place = &outbound->first;
    if (envelope->next)
        envelope->next->place = &envelope->next;
    outbound->first = envelope;
    return envelope;
}

static void add_header(struct envelope *envelope, const char *header)
{
    struct curl_slist *longer = curl_slist_append(envelope->headers, header);
    if (!longer)
        abort();
    envelope->headers = longer;
}

static void set_headers(struct envelope *envelope)
{
    const struct letter *letter = envelope->letter;
    for (size_t i = 0; i < OUTBOUND_MAX_HEADERS && letter->headers[i]; i++)
        add_header(envelope, letter->headers[i]);
    add_header(envelope, "Content-Type: application/json");
    add_header(envelope, "Expect:"); // a receiver need not know 100-continue
    curl_easy_setopt(envelope->easy, CURLOPT_HTTPHEADER, envelope->headers);
}

// What keeps a request within its bounds.
static void set_bounds(struct envelope *envelope)
{
    const struct outbound_options *options = &envelope->outbound->options;
    CURL *easy = envelope->easy;
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
                     options->http ? "https,http" : "https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (options->ca_file[0])
        curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)options->timeout_s);
    // Nobody waits for the thread of a resolver that does not answer.
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, envelope);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, envelope);
}

void outbound_send(struct outbound *outbound, struct letter *letter)
{
    struct envelope *envelope = envelope_new(outbound, letter);
    CURL *easy = envelope->easy;
    letter->status = 0;
    letter->retry_after_s = 0;
    letter->wall_s = 0;
    letter->problem[0] = '\0';
    set_bounds(envelope);
    set_headers(envelope);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, envelope);
    curl_easy_setopt(easy, CURLOPT_URL, letter->url);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "Cumae/" CUMAE_VERSION);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, letter->body);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)letter->body_bytes);
    if (curl_multi_add_handle(outbound->multi, easy) != CURLM_OK)
        abort();
}

void outbound_work(struct outbound *outbound, int timeout_ms)
{
    int running;
    curl_multi_perform(outbound->multi, &running);
    curl_multi_poll(outbound->multi, NULL, 0, timeout_ms, NULL);
    curl_multi_perform(outbound->multi, &running);
}

static struct letter *envelope_open(struct envelope *envelope)
{
    struct letter *letter = envelope->letter;
    curl_multi_remove_handle(envelope->outbound->multi, envelope->easy);
    curl_easy_cleanup(envelope->easy);
    curl_slist_free_all(envelope->headers);
    *envelope->place = envelope->next;
    if (envelope->next)
        envelope->next->place = envelope->place;
    free(envelope);
    return letter;
}

// What came back. An answer that is too long is an answer.
static void note_result(const struct envelope *envelope, CURLcode code)
{
    struct letter *letter = envelope->letter;
    long status = 0;
    curl_off_t retry_s = 0, wall_us = 0;
    curl_easy_getinfo(envelope->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(envelope->easy, CURLINFO_RETRY_AFTER, &retry_s);
    curl_easy_getinfo(envelope->easy, CURLINFO_TOTAL_TIME_T, &wall_us);
    letter->wall_s = (double)wall_us / 1e6;
    bool long_answer =
        code == CURLE_WRITE_ERROR && envelope->received > OUTBOUND_MAX_ANSWER;
    if (code == CURLE_OK || long_answer) {
        letter->status = (int)status;
        letter->retry_after_s = retry_s;
    } else if (envelope->refused) {
        snprintf(letter->problem, sizeof letter->problem,
                 "the host's address is not public");
    } else {
        snprintf(letter->problem, sizeof letter->problem, "%s",
                 curl_easy_strerror(code));
    }
}

struct letter *outbound_next(struct outbound *outbound)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(outbound->multi, &left))) {
        struct envelope *envelope;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &envelope);
        note_result(envelope, message->data.result);
        return envelope_open(envelope);
    }
    return NULL;
}

struct letter *outbound_recall(struct outbound *outbound)
{
    if (!outbound->first)
        return NULL;
    struct letter *letter = envelope_open(outbound->first);
    snprintf(letter->problem, sizeof letter->problem, "the service stops");
    return letter;
}

void outbound_wake(struct outbound *outbound)
{
    curl_multi_wakeup(outbound->multi);
}

void outbound_free(struct outbound *outbound)
{
    if (!outbound)
        return;
    assert(!outbound->first);
    curl_multi_cleanup(outbound->multi);
    curl_global_cleanup();
    free(outbound);
}
