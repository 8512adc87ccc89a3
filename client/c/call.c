// SPDX-License-Identifier: MIT
// call.c - one keep-alive connection, attempts and pauses

#include "call.h"

#include <curl/curl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FIRST_PAUSE_S   0.2
#define LONGEST_PAUSE_S 30.0

enum {
    CONNECT_S = 10,
    ATTEMPT_S = 60,
    MAX_ANSWER_BYTES = 64 << 20,
    KEY_BYTES = 16
};

struct cumae {
    CURL *curl;
    char *base; // without a slash at the end
    struct curl_slist *headers;
    double patience_s;
};

struct answer {
    char *text;
    size_t bytes;
};

int cumae_fault(struct cumae_error *err, enum cumae_code code, int status,
                const char *format, ...)
{
    if (err) {
        va_list arguments;
        err->code = code;
        err->status = status;
        va_start(arguments, format);
        vsnprintf(err->message, sizeof err->message, format, arguments);
        va_end(arguments);
    }
    return -1;
}

// ---- waiting ----------------------------------------------------------------

double cumae_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double cumae_deadline(const struct cumae *service)
{
    return cumae_now() + service->patience_s;
}

// Uniform in [0, 1). Not rand(): jobs that seed it alike would march in step.
static double uniform(void)
{
    uint32_t bits = 0;
    if (getentropy(&bits, sizeof bits) != 0)
        bits = (uint32_t)getpid() * 2654435761u;
    return bits / 4294967296.0;
}

static void sleep_s(double seconds)
{
    struct timespec left = {
        .tv_sec = (time_t)seconds,
        .tv_nsec = (long)((seconds - floor(seconds)) * 1e9),
    };
    while (nanosleep(&left, &left) != 0)
        ;
}

bool cumae_pause(unsigned attempt, double least_s, double deadline)
{
    double ceiling = ldexp(FIRST_PAUSE_S, attempt < 20 ? (int)attempt : 20);
    double pause = least_s + uniform() * fmin(ceiling, LONGEST_PAUSE_S);
    if (cumae_now() + pause > deadline)
        return false;
    sleep_s(pause);
    return true;
}

// ---- opening and closing ----------------------------------------------------

static size_t receive(char *data, size_t size, size_t n, void *context)
{
    struct answer *answer = context;
    size_t bytes = size * n;
    if (bytes > MAX_ANSWER_BYTES - answer->bytes)
        return 0;
    char *longer = realloc(answer->text, answer->bytes + bytes + 1);
    if (!longer)
        return 0;
    memcpy(longer + answer->bytes, data, bytes);
    answer->text = longer;
    answer->bytes += bytes;
    answer->text[answer->bytes] = '\0';
    return bytes;
}

// CURLOPT_NOSIGNAL stays off: then libcurl shields the program from SIGPIPE.
static void configure(CURL *curl)
{
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)ATTEMPT_S);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "libcumae/1");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
}

// Adds a header; the list is freed and NULL returned when memory runs out.
static struct curl_slist *add(struct curl_slist *list, const char *header)
{
    struct curl_slist *longer = curl_slist_append(list, header);
    if (!longer)
        curl_slist_free_all(list);
    return longer;
}

static struct curl_slist *standing_headers(const char *token)
{
    char header[512];
    snprintf(header, sizeof header, "Authorization: Bearer %s", token);
    struct curl_slist *list = add(NULL, header);
    if (list)
        list = add(list, "Content-Type: application/json");
    // No round trip of "100 Continue" before bodies that are always small.
    return list ? add(list, "Expect:") : NULL;
}

// What the caller gave, else the environment variable, else "".
static const char *given_or_set(const char *given, const char *variable)
{
    const char *set = given ? given : getenv(variable);
    return set ? set : "";
}

static int check(const char *url, const char *token, struct cumae_error *err)
{
    if (!*url)
        return cumae_fault(err, CUMAE_INVALID, 0,
                           "no URL given and CUMAE_URL is not set");
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return cumae_fault(err, CUMAE_INVALID, 0,
                           "the URL must begin with http:// or https://, "
                           "not %s",
                           url);
    if (!*token)
        return cumae_fault(err, CUMAE_INVALID, 0,
                           "no token given and CUMAE_TOKEN is not set");
    if (strlen(token) > 400 || strpbrk(token, "\r\n \t"))
        return cumae_fault(err, CUMAE_INVALID, 0,
                           "the token is too long or has white space");
    return 0;
}

struct cumae *cumae_open(const char *url, const char *token,
                         struct cumae_error *err)
{
    url = given_or_set(url, "CUMAE_URL");
    token = given_or_set(token, "CUMAE_TOKEN");
    if (check(url, token, err) != 0)
        return NULL;
    struct cumae *service = calloc(1, sizeof *service);
    if (service && curl_global_init(CURL_GLOBAL_DEFAULT) == 0) {
        service->patience_s = 300;
        service->base = strdup(url);
        service->curl = curl_easy_init();
        service->headers = standing_headers(token);
    }
    if (!service || !service->base || !service->curl || !service->headers) {
        cumae_fault(err, CUMAE_MEMORY, 0, "out of memory");
        cumae_close(service);
        return NULL;
    }
    for (size_t n = strlen(service->base); service->base[n - 1] == '/'; n--)
        service->base[n - 1] = '\0';
    configure(service->curl);
    return service;
}

void cumae_patience(struct cumae *service, double seconds)
{
    service->patience_s = seconds > 0 ? seconds : 0;
}

// libcurl stays initialised: the program may use it elsewhere.
void cumae_close(struct cumae *service)
{
    if (!service)
        return;
    curl_slist_free_all(service->headers);
    curl_easy_cleanup(service->curl);
    free(service->base);
    free(service);
}

// ---- calls ------------------------------------------------------------------

// A random key of 32 hexadecimal digits as a header.
static int make_key(char *header, size_t size, struct cumae_error *err)
{
    unsigned char bytes[KEY_BYTES];
    if (getentropy(bytes, sizeof bytes) != 0)
        return cumae_fault(err, CUMAE_INVALID, 0,
                           "the system has no random bytes");
    int n = snprintf(header, size, "Idempotency-Key: ");
    for (size_t i = 0; i < KEY_BYTES; i++)
        n += snprintf(header + n, size - (size_t)n, "%02x", bytes[i]);
    return 0;
}

static enum cumae_code code_of(long status)
{
    switch (status) {
    case 401:
    case 403:
        return CUMAE_UNAUTHORIZED;
    case 404:
        return CUMAE_NOT_FOUND;
    case 409:
        return CUMAE_CONFLICT;
    case 400:
    case 413:
    case 415:
    case 422:
        return CUMAE_INVALID;
    default:
        return CUMAE_PROTOCOL;
    }
}

// What the service (problem+json) or somebody in between says about a failure.
static void explain(struct cumae *service, long status, const json_t *json,
                    struct cumae_error *err)
{
    const char *detail = json_string_value(json_object_get(json, "detail"));
    char *target = NULL;
    curl_easy_getinfo(service->curl, CURLINFO_REDIRECT_URL, &target);
    if (detail)
        cumae_fault(err, code_of(status), (int)status, "%s", detail);
    else if (target)
        cumae_fault(err, CUMAE_PROTOCOL, (int)status,
                    "%s sends us to %s: use that in the URL", service->base,
                    target);
    else
        cumae_fault(err, code_of(status), (int)status,
                    "%s answered with status %ld", service->base, status);
}

static bool passes(long status)
{
    return status == 429 || status == 502 || status == 503 || status == 504;
}

static bool hopeless(CURLcode result)
{
    return result == CURLE_PEER_FAILED_VERIFICATION ||
           result == CURLE_URL_MALFORMAT;
}

// One attempt. Returns the decoded answer, or NULL; then *least_s is the pause
// before the next one, or negative when there is no point in another.
static json_t *attempt(struct cumae *service, struct answer *answer,
                       double *least_s, struct cumae_error *err)
{
    CURL *curl = service->curl;
    long status = 0;
    curl_off_t after_s = 0;
    CURLcode result = curl_easy_perform(curl);
    *least_s = -1;
    if (result != CURLE_OK) {
        if (!hopeless(result))
            *least_s = 0;
        cumae_fault(err, CUMAE_UNREACHABLE, 0, "%s: %s", service->base,
                    curl_easy_strerror(result));
        return NULL;
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &after_s);
    json_t *json =
        answer->text ? json_loadb(answer->text, answer->bytes, 0, NULL) : NULL;
    if ((status == 200 || status == 201) && json_is_object(json))
        return json;
    explain(service, status, json, err);
    if (passes(status)) {
        *least_s = (double)after_s;
        err->code = CUMAE_UNREACHABLE;
    }
    json_decref(json);
    return NULL;
}

// Only the failure that ends the attempts is the caller's.
static json_t *try_until(struct cumae *service, struct cumae_error *err)
{
    double deadline = cumae_deadline(service);
    struct cumae_error last;
    double least_s;
    for (unsigned n = 0;; n++) {
        struct answer answer = {0};
        curl_easy_setopt(service->curl, CURLOPT_WRITEDATA, &answer);
        json_t *json = attempt(service, &answer, &least_s, &last);
        free(answer.text);
        if (json)
            return json;
        if (least_s < 0 || !cumae_pause(n, least_s, deadline)) {
            if (err)
                *err = last;
            return NULL;
        }
    }
}

json_t *cumae_call(struct cumae *service, const char *path, const char *body,
                   bool idempotent, struct cumae_error *err)
{
    char url[1024];
    char key[64];
    struct curl_slist one = {.data = key, .next = service->headers};
    int n = snprintf(url, sizeof url, "%s/api/v1/%s", service->base, path);
    if (n < 0 || (size_t)n >= sizeof url) {
        cumae_fault(err, CUMAE_INVALID, 0, "the URL is too long");
        return NULL;
    }
    if (idempotent && make_key(key, sizeof key, err) != 0)
        return NULL;
    curl_easy_setopt(service->curl, CURLOPT_URL, url);
    curl_easy_setopt(service->curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(service->curl, CURLOPT_HTTPHEADER,
                     idempotent ? &one : service->headers);
    return try_until(service, err);
}
