// SPDX-License-Identifier: GPL-3.0-or-later
// load.c - a load generator: connections that ask and tell in turn
//
// Usage: load [--hopaas] --port P --token T [--connections N] [--seconds S]
//             [--warmup W] STUDY...
//
// Every connection is kept alive and cycles ask -> tell without pipelining;
// connection i works on study i modulo the number of studies. A STUDY is an
// id, or with --hopaas a file holding the body of the ask. The told value
// falls towards a point inside the space, so that a model has something to
// learn. One thread and one epoll; a latency runs from the write of a request
// to the last byte of its answer. Prints one JSON object.

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    SUB_BITS = 7, // 128 buckets per power of two: within 0.8 %
    BUCKETS = (64 - SUB_BITS) << SUB_BITS,
    ANSWER_BYTES = 65536,
    REQUEST_BYTES = 8192,
};

struct histogram {
    uint64_t count[BUCKETS];
    uint64_t total;
    int64_t max_ns;
};

struct options {
    bool hopaas;
    int port;
    const char *token;
    unsigned connections;
    double seconds, warmup_s;
    char **studies;
    unsigned n_studies;
};

struct connection {
    int fd;
    const char *study; // id, or the ask's body with hopaas
    bool asking;       // an ask is under way, else a tell
    int64_t sent_ns;
    char trial[128]; // number, or SUID:N
    double value;
    size_t used;
    char answer[ANSWER_BYTES];
};

struct load {
    struct options options;
    int epoll;
    int64_t from_ns, until_ns; // what ends in between is counted
    struct connection *connections;
    struct histogram ask, tell;
    uint64_t errors;
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

// ---- histogram --------------------------------------------------------------

// Bucket of a latency: its highest bit and the SUB_BITS bits below it.
static unsigned bucket_of(uint64_t ns)
{
    if (ns < 1u << SUB_BITS)
        return (unsigned)ns;
    unsigned shift = 63u - (unsigned)__builtin_clzll(ns) - SUB_BITS;
    return ((shift + 1) << SUB_BITS) +
           (unsigned)((ns >> shift) & ((1u << SUB_BITS) - 1));
}

// The middle of a bucket, in nanoseconds.
static double middle_of(unsigned bucket)
{
    unsigned high = bucket >> SUB_BITS;
    if (high == 0)
        return bucket;
    uint64_t mantissa = (1u << SUB_BITS) + (bucket & ((1u << SUB_BITS) - 1));
    return ((double)mantissa + 0.5) * exp2((double)high - 1);
}

static void record(struct histogram *histogram, int64_t ns)
{
    histogram->count[bucket_of((uint64_t)ns)]++;
    histogram->total++;
    if (ns > histogram->max_ns)
        histogram->max_ns = ns;
}

// The latency in ms that a share q of the requests did not exceed.
static double quantile_ms(const struct histogram *histogram, double q)
{
    uint64_t wanted = (uint64_t)ceil(q * (double)histogram->total);
    uint64_t seen = 0;
    for (unsigned i = 0; i < BUCKETS; i++) {
        seen += histogram->count[i];
        if (seen >= wanted && seen > 0)
            return middle_of(i) / 1e6;
    }
    return 0;
}

// ---- what the answers say ---------------------------------------------------

// The first character after `"name":` and blanks, or NULL.
static const char *field(const char *json, const char *name)
{
    const char *found = strstr(json, name);
    if (found == NULL)
        return NULL;
    found += strlen(name);
    return found + strspn(found, ": \t");
}

// Sum over the numbers of the object that starts at `json` of the squared
// distance of v/(1+|v|) from 0.3: smooth, bounded, minimal inside any of the
// bench's ranges, and defined without knowing the space.
static double value_of(const char *json)
{
    double sum = 0;
    for (const char *at = json; *at != '\0' && *at != '}'; at++) {
        if (*at == '"') {
            at = strchr(at + 1, '"');
            if (at == NULL)
                break;
        } else if (*at == ':') {
            char *end;
            double v = strtod(at + 1, &end);
            if (end != at + 1) {
                double d = v / (1 + fabs(v)) - 0.3;
                sum += d * d;
                at = end - 1;
            }
        }
    }
    return sum;
}

// Reads the trial and computes its value. False when the answer has no trial.
static bool read_trial(const struct load *load, struct connection *connection,
                       const char *body)
{
    bool hopaas = load->options.hopaas;
    const char *id = field(body, hopaas ? "\"hopaas_trial\"" : "\"number\"");
    const char *params = hopaas ? body : field(body, "\"params\"");
    if (id == NULL || params == NULL)
        return false;
    id += *id == '"';
    size_t length = strcspn(id, "\",} \r\n");
    if (length == 0 || length >= sizeof connection->trial)
        return false;
    memcpy(connection->trial, id, length);
    connection->trial[length] = '\0';
    connection->value = value_of(params);
    return true;
}

// ---- connections ------------------------------------------------------------

static void open_connection(struct load *load, struct connection *connection)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)load->options.port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0)
        die("socket");
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof address))
        die("connect");
    int one = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &event))
        die("epoll_ctl");
    connection->used = 0;
}

static void post(struct load *load, struct connection *connection,
                 const char *path, const char *body)
{
    const struct options *options = &load->options;
    char request[REQUEST_BYTES];
    int length = snprintf(request, sizeof request,
                          "POST %s HTTP/1.1\r\n"
                          "Host: 127.0.0.1:%d\r\n"
                          "%s%s%s"
                          "Content-Type: application/json\r\n"
                          "Content-Length: %zu\r\n\r\n%s",
                          path, options->port,
                          options->hopaas ? "" : "Authorization: Bearer ",
                          options->hopaas ? "" : options->token,
                          options->hopaas ? "" : "\r\n", strlen(body), body);
    if (length < 0 || (size_t)length >= sizeof request) {
        fprintf(stderr, "load: the request is too long\n");
        exit(1);
    }
    connection->sent_ns = now_ns();
    // A failed write shows as a closed connection at the next read.
    ssize_t sent = send(connection->fd, request, (size_t)length, MSG_NOSIGNAL);
    (void)sent;
}

static void ask(struct load *load, struct connection *connection)
{
    char path[512];
    const struct options *options = &load->options;
    connection->asking = true;
    if (options->hopaas)
        snprintf(path, sizeof path, "/api/ask/%s", options->token);
    else
        snprintf(path, sizeof path, "/api/v1/studies/%s/ask",
                 connection->study);
    post(load, connection, path, options->hopaas ? connection->study : "{}");
}

static void tell(struct load *load, struct connection *connection)
{
    char path[512], body[256];
    const struct options *options = &load->options;
    connection->asking = false;
    if (options->hopaas) {
        snprintf(path, sizeof path, "/api/tell/%s", options->token);
        snprintf(body, sizeof body, "{\"hopaas_trial\":\"%s\",\"loss\":%.17g}",
                 connection->trial, connection->value);
    } else {
        snprintf(path, sizeof path, "/api/v1/studies/%s/trials/%s/tell",
                 connection->study, connection->trial);
        snprintf(body, sizeof body, "{\"value\":%.17g}", connection->value);
    }
    post(load, connection, path, body);
}

// Counts an error and shows the first of them.
static void fail(struct load *load, const struct connection *connection)
{
    if (load->errors++ == 0)
        fprintf(stderr, "load: first error, at %s: %.400s\n",
                connection->asking ? "ask" : "tell",
                connection->used > 0 ? connection->answer : "closed");
}

// A whole answer is there: counts it and sends the next request.
static void answered(struct load *load, struct connection *connection,
                     const char *body)
{
    int64_t now = now_ns();
    bool asked = connection->asking;
    bool good = strncmp(connection->answer + 8, " 200", 4) == 0 &&
                (!asked || read_trial(load, connection, body));
    if (!good)
        fail(load, connection);
    else if (now >= load->from_ns && now < load->until_ns)
        record(asked ? &load->ask : &load->tell, now - connection->sent_ns);
    connection->used = 0;
    if (good && asked)
        tell(load, connection);
    else
        ask(load, connection);
}

// Body of the answer once all of it is there, else NULL.
static const char *whole_body(const struct connection *connection)
{
    const char *end = strstr(connection->answer, "\r\n\r\n");
    if (end == NULL)
        return NULL;
    const char *length = strcasestr(connection->answer, "\r\nContent-Length:");
    if (length == NULL || length > end) {
        fprintf(stderr, "load: an answer without Content-Length\n");
        exit(1);
    }
    const char *body = end + 4;
    size_t have = connection->used - (size_t)(body - connection->answer);
    return have >= strtoul(length + 17, NULL, 10) ? body : NULL;
}

static void readable(struct load *load, struct connection *connection)
{
    size_t room = sizeof connection->answer - 1 - connection->used;
    ssize_t got = recv(connection->fd, connection->answer + connection->used,
                       room, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        connection->answer[connection->used] = '\0';
        fail(load, connection);
        close(connection->fd);
        open_connection(load, connection);
        ask(load, connection);
        return;
    }
    connection->used += (size_t)got;
    connection->answer[connection->used] = '\0';
    const char *body = whole_body(connection);
    if (body != NULL)
        answered(load, connection, body);
}

// ---- the run ----------------------------------------------------------------

static void run(struct load *load)
{
    const struct options *options = &load->options;
    for (unsigned i = 0; i < options->connections; i++) {
        struct connection *connection = &load->connections[i];
        connection->study = options->studies[i % options->n_studies];
        open_connection(load, connection);
    }
    int64_t start = now_ns();
    load->from_ns = start + (int64_t)(options->warmup_s * 1e9);
    load->until_ns = load->from_ns + (int64_t)(options->seconds * 1e9);
    for (unsigned i = 0; i < options->connections; i++)
        ask(load, &load->connections[i]);
    while (now_ns() < load->until_ns) {
        struct epoll_event events[64];
        int n = epoll_wait(load->epoll, events, 64, 100);
        for (int i = 0; i < n; i++)
            readable(load, events[i].data.ptr);
    }
}

static void print(const struct load *load)
{
    double seconds = load->options.seconds;
    printf("{\"cycles\": %llu, \"cycles_per_s\": %.2f, "
           "\"ask_p50_ms\": %.4f, \"ask_p99_ms\": %.4f, "
           "\"ask_max_ms\": %.4f, "
           "\"tell_p50_ms\": %.4f, \"tell_p99_ms\": %.4f, "
           "\"tell_max_ms\": %.4f, \"errors\": %llu}\n",
           (unsigned long long)load->tell.total,
           (double)load->tell.total / seconds, quantile_ms(&load->ask, 0.5),
           quantile_ms(&load->ask, 0.99), (double)load->ask.max_ns / 1e6,
           quantile_ms(&load->tell, 0.5), quantile_ms(&load->tell, 0.99),
           (double)load->tell.max_ns / 1e6, (unsigned long long)load->errors);
}

// The text of a file, without what follows its last '}'.
static char *read_text(const char *path)
{
    static const size_t limit = REQUEST_BYTES;
    char *text = calloc(1, limit);
    FILE *file = fopen(path, "r");
    if (text == NULL || file == NULL)
        die(path);
    size_t length = fread(text, 1, limit - 1, file);
    fclose(file);
    while (length > 0 && text[length - 1] != '}')
        text[--length] = '\0';
    return text;
}

static void parse(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"hopaas", no_argument, NULL, 'h'},
        {"port", required_argument, NULL, 'p'},
        {"token", required_argument, NULL, 't'},
        {"connections", required_argument, NULL, 'c'},
        {"seconds", required_argument, NULL, 's'},
        {"warmup", required_argument, NULL, 'w'},
        {NULL, 0, NULL, 0},
    };
    *options = (struct options){.connections = 1, .seconds = 1};
    for (int o; (o = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (o) {
        case 'h':
            options->hopaas = true;
            break;
        case 'p':
            options->port = atoi(optarg);
            break;
        case 't':
            options->token = optarg;
            break;
        case 'c':
            options->connections = (unsigned)atoi(optarg);
            break;
        case 's':
            options->seconds = strtod(optarg, NULL);
            break;
        case 'w':
            options->warmup_s = strtod(optarg, NULL);
            break;
        default:
            exit(2);
        }
    }
    options->studies = argv + optind;
    options->n_studies = (unsigned)(argc - optind);
    if (options->port == 0 || options->token == NULL ||
        options->n_studies == 0 || options->connections == 0) {
        fprintf(stderr, "usage: load [--hopaas] --port P --token T "
                        "[--connections N] [--seconds S] [--warmup W] "
                        "STUDY...\n");
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct load *load = calloc(1, sizeof *load);
    if (load == NULL)
        die("memory");
    parse(argc, argv, &load->options);
    if (load->options.hopaas)
        for (unsigned i = 0; i < load->options.n_studies; i++)
            load->options.studies[i] = read_text(load->options.studies[i]);
    load->connections =
        calloc(load->options.connections, sizeof *load->connections);
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load->connections == NULL || load->epoll < 0)
        die("epoll");
    run(load);
    print(load);
    if (load->options.hopaas)
        for (unsigned i = 0; i < load->options.n_studies; i++)
            free(load->options.studies[i]);
    free(load->connections);
    free(load);
    return 0;
}
