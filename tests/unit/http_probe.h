// SPDX-License-Identifier: GPL-3.0-or-later
// http_probe.h - a server whose handler obeys its path, and a raw client
//
// The server answers as the path says:
//
//     /echo    at once: method, path, query, a few headers and the body
//     /later   the same from one of four worker threads
//     /hold    when the test calls release()
//     /block   keeps the whole loop busy until the test posts `unblock`
//     /text/N  N compressible bytes; /noise/N N incompressible ones
//     /empty   204; /headers sets headers of its own; /user says who calls
//
// The client speaks bytes, so that it can also be wrong. Every read has a
// deadline: a test that would hang fails.

#ifndef CUMAE_TESTS_HTTP_PROBE_H
#define CUMAE_TESTS_HTTP_PROBE_H

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http.h"

enum { PROBE_WORKERS = 4, PROBE_PATIENCE_S = 20 };

// ---- the server -------------------------------------------------------------

struct server {
    struct http *http;
    unsigned port;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct request *later, *held; // stacks
    unsigned n_held, n_finished, n_undelivered;
    bool stopping;
    pthread_t workers[PROBE_WORKERS];
    sem_t blocked, unblock;
    char last_peer[48];
};

static inline void reply_with(struct request *request, const char *text,
                              size_t n)
{
    request->reply.status = 200;
    request->reply.content_type = "text/plain";
    request->reply.body = text;
    request->reply.body_bytes = n;
}

static inline void reply_echo(struct request *request)
{
    const char *q = request_query(request, "q");
    const char *agent = request_header(request, "user-agent");
    char *head = arena_print(
        &request->arena, "%d|%s|%s|%s|%s|", request->method, request->path,
        q == NULL ? "-" : q, agent == NULL ? "-" : agent, request->id);
    size_t used = strlen(head), n = used + request->body_bytes;
    char *text = arena_alloc(&request->arena, n + 1);
    memcpy(text, head, used);
    memcpy(text + used, request->body, request->body_bytes + 1);
    reply_with(request, text, n);
}

static inline void reply_bytes(struct request *request, size_t n, bool noise)
{
    char *text = arena_alloc(&request->arena, n + 1);
    unsigned state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        text[i] = noise ? (char)(state >> 24) : (char)('a' + i % 7);
    }
    reply_with(request, text, n);
}

static inline void push(struct server *server, struct request **stack,
                        struct request *request)
{
    pthread_mutex_lock(&server->lock);
    request->next = *stack;
    *stack = request;
    server->n_held += stack == &server->held;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

static inline void probe_handle(void *context, struct request *request)
{
    struct server *server = context;
    const char *path = request->path;
    pthread_mutex_lock(&server->lock);
    strcpy(server->last_peer, request->peer);
    pthread_mutex_unlock(&server->lock);
    if (strncmp(path, "/later", 6) == 0) {
        push(server, &server->later, request);
        return;
    }
    if (strcmp(path, "/hold") == 0) {
        push(server, &server->held, request);
        return;
    }
    if (strcmp(path, "/block") == 0) {
        sem_post(&server->blocked);
        sem_wait(&server->unblock);
    }
    reply_echo(request);
    if (strncmp(path, "/text/", 6) == 0)
        reply_bytes(request, (size_t)atol(path + 6), false);
    else if (strncmp(path, "/noise/", 7) == 0)
        reply_bytes(request, (size_t)atol(path + 7), true);
    else if (strcmp(path, "/empty") == 0)
        request->reply = (struct reply){.status = 204};
    else if (strcmp(path, "/user") == 0)
        request->user_id = 1;
    else if (strcmp(path, "/headers") == 0) {
        reply_header(request, "Cache-Control", "no-cache");
        reply_header(request, "ETag", "\"abc\"");
        reply_bytes(request, 2000, false);
    }
    http_answer(request);
}

static inline void probe_finished(void *context, const struct request *request,
                                  bool delivered)
{
    struct server *server = context;
    (void)request;
    pthread_mutex_lock(&server->lock);
    server->n_finished++;
    server->n_undelivered += !delivered;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

static inline void *probe_work(void *context)
{
    struct server *server = context;
    pthread_mutex_lock(&server->lock);
    while (!server->stopping || server->later != NULL) {
        struct request *request = server->later;
        if (request == NULL) {
            pthread_cond_wait(&server->changed, &server->lock);
            continue;
        }
        server->later = request->next;
        pthread_mutex_unlock(&server->lock);
        reply_echo(request);
        http_answer(request);
        pthread_mutex_lock(&server->lock);
    }
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

static inline struct http_options probe_options(void)
{
    return (struct http_options){.listen = "127.0.0.1:0",
                                 .loops = 1,
                                 .max_body_bytes = 100000,
                                 .max_connections = 600,
                                 .idle_s = 30,
                                 .request_s = 30,
                                 .send_s = 30,
                                 .max_unsent_bytes = 1 << 30};
}

static inline struct server *server_start(struct http_options options)
{
    struct server *server = calloc(1, sizeof *server);
    struct error err = {0};
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->changed, NULL);
    sem_init(&server->blocked, 0, 0);
    sem_init(&server->unblock, 0, 0);
    options.handle = probe_handle;
    options.finished = probe_finished;
    options.context = server;
    server->http = http_start(&options, &err);
    ck_assert_msg(server->http != NULL, "%s", err.message);
    server->port = http_port(server->http);
    for (int i = 0; i < PROBE_WORKERS; i++)
        pthread_create(&server->workers[i], NULL, probe_work, server);
    return server;
}

// Waits until the counter under the lock has reached `n`.
static inline void wait_for(struct server *server, const unsigned *counter,
                            unsigned n)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += PROBE_PATIENCE_S;
    pthread_mutex_lock(&server->lock);
    while (*counter < n)
        ck_assert_int_eq(
            pthread_cond_timedwait(&server->changed, &server->lock, &end), 0);
    pthread_mutex_unlock(&server->lock);
}

// Answers everything that is held.
static inline void release(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    struct request *request = server->held;
    server->held = NULL;
    server->n_held = 0;
    pthread_mutex_unlock(&server->lock);
    while (request != NULL) {
        struct request *next = request->next;
        reply_echo(request);
        http_answer(request);
        request = next;
    }
}

static inline void server_stop(struct server *server)
{
    if (server->http != NULL)
        http_stop(server->http, 5);
    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    for (int i = 0; i < PROBE_WORKERS; i++)
        pthread_join(server->workers[i], NULL);
    sem_destroy(&server->blocked);
    sem_destroy(&server->unblock);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

// ---- the client -------------------------------------------------------------

enum { CLIENT_BYTES = 1 << 21 };

struct client {
    int fd;
    size_t used; // bytes in text that no answer has taken yet
    char *text;  // CLIENT_BYTES
};

struct answer {
    int status;      // 0: the connection ended without an answer
    char head[4096]; // status line and headers
    char *body;      // NUL-terminated; free with answer_done
    size_t body_bytes;
};

static inline void patience(int fd, int seconds)
{
    struct timeval time = {.tv_sec = seconds};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

static inline struct client client_open(unsigned port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    struct client client = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
    int on = 1;
    ck_assert_int_ge(client.fd, 0);
    ck_assert_int_eq(connect(client.fd, (void *)&address, sizeof address), 0);
    setsockopt(client.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    patience(client.fd, PROBE_PATIENCE_S);
    return client;
}

static inline void client_close(struct client *client)
{
    close(client->fd);
    free(client->text);
}

// Sends all bytes; false when the server has closed.
static inline bool client_write(struct client *client, const void *data,
                                size_t n)
{
    const char *bytes = data;
    while (n > 0) {
        ssize_t sent = send(client->fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        n -= (size_t)sent;
    }
    return true;
}

static inline bool client_say(struct client *client, const char *text)
{
    return client_write(client, text, strlen(text));
}

// Reads more; false at the end of the connection or of the patience.
static inline bool client_fill(struct client *client)
{
    if (client->text == NULL)
        client->text = malloc(CLIENT_BYTES);
    ck_assert_uint_lt(client->used, CLIENT_BYTES - 1);
    ssize_t n = recv(client->fd, client->text + client->used,
                     CLIENT_BYTES - 1 - client->used, 0);
    if (n <= 0)
        return false;
    client->used += (size_t)n;
    client->text[client->used] = '\0';
    return true;
}

// The value of a header in buf[256], or NULL.
static inline char *answer_header(const struct answer *answer, const char *name,
                                  char buf[256])
{
    size_t n = strlen(name);
    for (const char *line = strstr(answer->head, "\r\n"); line != NULL;
         line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, n) != 0 || line[n] != ':')
            continue;
        line += n + 1 + strspn(line + n + 1, " ");
        snprintf(buf, 256, "%.*s", (int)strcspn(line, "\r"), line);
        return buf;
    }
    return NULL;
}

static inline void answer_done(struct answer *answer)
{
    free(answer->body);
    answer->body = NULL;
}

// Reads one answer; `bodiless` for HEAD.
static inline struct answer client_read_of(struct client *client, bool bodiless)
{
    struct answer answer = {0};
    char value[256], *end;
    while (client->used == 0 ||
           (end = memmem(client->text, client->used, "\r\n\r\n", 4)) == NULL)
        if (!client_fill(client))
            return answer;
    size_t head = (size_t)(end - client->text) + 4;
    ck_assert_uint_lt(head, sizeof answer.head);
    memcpy(answer.head, client->text, head);
    answer.status = atoi(answer.head + 9);
    char *length = answer_header(&answer, "Content-Length", value);
    answer.body_bytes = bodiless || length == NULL ? 0 : (size_t)atol(length);
    while (client->used < head + answer.body_bytes)
        if (!client_fill(client)) {
            answer.status = 0;
            return answer;
        }
    answer.body = malloc(answer.body_bytes + 1);
    memcpy(answer.body, client->text + head, answer.body_bytes);
    answer.body[answer.body_bytes] = '\0';
    client->used -= head + answer.body_bytes;
    memmove(client->text, client->text + head + answer.body_bytes,
            client->used);
    return answer;
}

static inline struct answer client_read(struct client *client)
{
    return client_read_of(client, false);
}

// True when the server closes without another byte.
static inline bool client_sees_end(struct client *client)
{
    char byte;
    return client->used == 0 && recv(client->fd, &byte, 1, 0) <= 0;
}

static inline struct answer client_ask(struct client *client, const char *text)
{
    client_say(client, text);
    return client_read(client);
}

// One request on a connection of its own.
static inline struct answer ask_once(unsigned port, const char *text)
{
    struct client client = client_open(port);
    struct answer answer = client_ask(&client, text);
    client_close(&client);
    return answer;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static inline int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

#endif
