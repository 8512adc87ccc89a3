// SPDX-License-Identifier: GPL-3.0-or-later
// test_http_guards.c - what a hostile or broken client gets
//
// Never a second meaning of its bytes, never more memory, time or connections
// than the options allow.

#include "http_probe.h"

static struct server *server;

static void start(void)
{
    server = server_start(probe_options());
}

static void stop(void)
{
    server_stop(server);
}

// ---- request smuggling ------------------------------------------------------

#define HIDDEN GET("/hidden")
#define POST   "POST /echo HTTP/1.1\r\n"
#define HOST   "Host: x\r\n"

// Requests whose end two parsers could see in different places, or that are
// otherwise against RFC 9112, each followed by a request that must not be
// served: the first answer is a 4xx or nothing, and then the connection ends.
static const struct {
    const char *what;
    const char *bytes;
    size_t n;
} smuggled[] = {
#define PROBE(what, bytes)                                                     \
    {                                                                          \
        what, bytes, sizeof(bytes) - 1                                         \
    }
    PROBE("length and chunks", POST HOST "Content-Length: 4\r\n"
                                         "Transfer-Encoding: chunked\r\n\r\n"
                                         "0\r\n\r\n" HIDDEN),
    PROBE("chunks and length", POST HOST "Transfer-Encoding: chunked\r\n"
                                         "Content-Length: 4\r\n\r\n"
                                         "0\r\n\r\n" HIDDEN),
    PROBE("two lengths", POST HOST "Content-Length: 0\r\n"
                                   "Content-Length: 33\r\n\r\n" HIDDEN),
    PROBE("one length twice", POST HOST "Content-Length: 0\r\n"
                                        "Content-Length: 0\r\n\r\n" HIDDEN),
    PROBE("a list of lengths",
          POST HOST "Content-Length: 0, 33\r\n\r\n" HIDDEN),
    PROBE("a signed length", POST HOST "Content-Length: +0\r\n\r\n" HIDDEN),
    PROBE("a negative length", POST HOST "Content-Length: -1\r\n\r\n" HIDDEN),
    PROBE("a huge length",
          POST HOST "Content-Length: 18446744073709551616\r\n\r\n" HIDDEN),
    PROBE("a hexadecimal length",
          POST HOST "Content-Length: 0x0\r\n\r\n" HIDDEN),
    PROBE("no length", POST HOST "Content-Length:\r\n\r\n" HIDDEN),
    PROBE("an unknown encoding", POST HOST "Transfer-Encoding: xchunked\r\n\r\n"
                                           "0\r\n\r\n" HIDDEN),
    PROBE("two encodings", POST HOST "Transfer-Encoding: identity\r\n"
                                     "Transfer-Encoding: chunked\r\n\r\n"
                                     "0\r\n\r\n" HIDDEN),
    PROBE("a list of encodings",
          POST HOST "Transfer-Encoding: gzip, chunked\r\n\r\n"
                    "0\r\n\r\n" HIDDEN),
    PROBE("a vertical tab after chunked",
          POST HOST "Transfer-Encoding: chunked\v\r\n\r\n"
                    "0\r\n\r\n" HIDDEN),
    PROBE("chunks in HTTP/1.0",
          "POST /echo HTTP/1.0\r\n" HOST "Connection: keep-alive\r\n"
          "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN),
    PROBE("a blank before the colon",
          POST HOST "Content-Length : 33\r\n\r\n" HIDDEN),
    PROBE("a blank in a name", POST HOST "Content Length: 33\r\n\r\n" HIDDEN),
    PROBE("a NUL in a name", POST HOST "X\0Y: a\r\n\r\n" HIDDEN),
    PROBE("no Host", POST "Content-Length: 0\r\n\r\n" HIDDEN),
    PROBE("two Hosts", POST HOST HOST "Content-Length: 0\r\n\r\n" HIDDEN),
    PROBE("a bad chunk size", POST HOST "Transfer-Encoding: chunked\r\n\r\n"
                                        "0x0\r\n\r\n" HIDDEN),
    PROBE("a negative chunk size",
          POST HOST "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" HIDDEN),
    PROBE("a huge chunk size",
          POST HOST "Transfer-Encoding: chunked\r\n\r\n"
                    "10000000000000000\r\n\r\n0\r\n\r\n" HIDDEN),
    PROBE("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" HIDDEN),
    PROBE("two Authorizations", POST HOST "Authorization: a\r\n"
                                          "Authorization: b\r\n\r\n" HIDDEN),
#undef PROBE
};

enum { N_SMUGGLED = sizeof smuggled / sizeof *smuggled };

START_TEST(test_an_ambiguous_request_ends_its_connection)
{
    struct client client = client_open(server->port);
    client_write(&client, smuggled[_i].bytes, smuggled[_i].n);
    shutdown(client.fd, SHUT_WR);
    while (client_fill(&client))
        ;
    const char *text = client.used == 0 ? "" : client.text;
    ck_assert_msg(strstr(text, "HTTP/1.1 2") == NULL &&
                      strstr(text, "hidden") == NULL,
                  "%s: %s", smuggled[_i].what, text);
    client_close(&client);
    struct answer answer = ask_once(server->port, GET("/echo"));
    ck_assert_int_eq(answer.status, 200);
    answer_done(&answer);
}
END_TEST

START_TEST(test_a_refusal_is_a_problem_and_closes)
{
    struct client client = client_open(server->port);
    char value[256];
    struct answer answer =
        client_ask(&client, POST HOST "Content-Length: 4\r\n"
                                      "Transfer-Encoding: chunked\r\n\r\n");
    ck_assert_int_eq(answer.status, 400);
    ck_assert_str_eq(answer_header(&answer, "Content-Type", value),
                     "application/problem+json");
    ck_assert_str_eq(answer_header(&answer, "Connection", value), "close");
    ck_assert_ptr_nonnull(strstr(answer.body, "\"status\":400"));
    ck_assert(client_sees_end(&client));
    answer_done(&answer);
    client_close(&client);
}
END_TEST

START_TEST(test_http_1_0_needs_no_host)
{
    struct answer answer = ask_once(server->port, "GET /echo HTTP/1.0\r\n\r\n");
    ck_assert_int_eq(answer.status, 200);
    answer_done(&answer);
}
END_TEST

// ---- sizes ------------------------------------------------------------------

START_TEST(test_a_body_may_have_exactly_the_limit)
{
    struct client client = client_open(server->port);
    static char body[100000];
    memset(body, 'x', sizeof body);
    client_say(&client, POST HOST "Content-Length: 100000\r\n\r\n");
    client_write(&client, body, sizeof body);
    struct answer answer = client_read(&client);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_uint_gt(answer.body_bytes, 100000);
    answer_done(&answer);
    client_close(&client);
}
END_TEST

START_TEST(test_a_body_announced_too_large_is_refused_before_it_comes)
{
    struct client client = client_open(server->port);
    struct answer answer =
        client_ask(&client, POST HOST "Content-Length: 100001\r\n\r\n");
    ck_assert_int_eq(answer.status, 413);
    ck_assert_ptr_nonnull(strstr(answer.body, "100001 bytes"));
    ck_assert(client_sees_end(&client));
    answer_done(&answer);
    client_close(&client);
}
END_TEST

// Sends n chunks of 1000 bytes; false when the server has cut it short.
static bool say_chunks(struct client *client, int n)
{
    char chunk[1008] = "3e8\r\n";
    memset(chunk + 5, 'x', 1000);
    memcpy(chunk + 1005, "\r\n", 3);
    client_say(client, POST HOST "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < n; i++)
        if (!client_say(client, chunk))
            return false;
    return client_say(client, "0\r\n\r\n");
}

START_TEST(test_chunks_beyond_the_limit_are_counted_and_refused)
{
    struct client client = client_open(server->port);
    char value[256];
    ck_assert(say_chunks(&client, 101));
    struct answer answer = client_read(&client);
    ck_assert_int_eq(answer.status, 413);
    ck_assert_str_eq(answer_header(&answer, "Connection", value), "close");
    ck_assert(client_sees_end(&client));
    answer_done(&answer);
    client_close(&client);
}
END_TEST

START_TEST(test_endless_chunks_are_cut)
{
    struct client client = client_open(server->port);
    ck_assert(!say_chunks(&client, 1000000));
    client_close(&client);
    struct answer answer = ask_once(server->port, GET("/echo"));
    ck_assert_int_eq(answer.status, 200);
    answer_done(&answer);
}
END_TEST

static struct answer ask_with(const char *before, size_t filler,
                              const char *after)
{
    struct client client = client_open(server->port);
    char *text = malloc(filler);
    memset(text, 'a', filler);
    client_say(&client, before);
    client_write(&client, text, filler);
    client_say(&client, after);
    free(text);
    struct answer answer = client_read(&client);
    client_close(&client);
    return answer;
}

START_TEST(test_a_url_and_headers_have_bounded_memory)
{
    struct answer answer =
        ask_with("GET /", 40000, " HTTP/1.1\r\nHost: x\r\n\r\n");
    ck_assert_int_eq(answer.status, 414);
    answer_done(&answer);
    answer =
        ask_with("GET /echo HTTP/1.1\r\nHost: x\r\nX: ", 40000, "\r\n\r\n");
    ck_assert_int_eq(answer.status, 431);
    answer_done(&answer);
    answer = ask_with("GET /echo/", 4000, " HTTP/1.1\r\nHost: x\r\n\r\n");
    ck_assert_int_eq(answer.status, 200);
    answer_done(&answer);
}
END_TEST

START_TEST(test_two_thousand_headers_are_refused)
{
    struct client client = client_open(server->port);
    client_say(&client, "GET /echo HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < 2000; i++)
        client_say(&client, "X-Header: 1\r\n");
    client_say(&client, "\r\n");
    struct answer answer = client_read(&client);
    ck_assert_int_ne(answer.status, 200);
    answer_done(&answer);
    client_close(&client);
}
END_TEST

// ---- time -------------------------------------------------------------------

// Drips `text` byte by byte, then `filler` for ever, until the server closes.
// Returns the seconds that took.
static double drip(struct client *client, const char *text, char filler)
{
    int64_t began = now_us(), end = began + PROBE_PATIENCE_S * 1000000LL;
    char byte = 0;
    while (now_us() < end) {
        if (*text != '\0')
            byte = *text++;
        else
            byte = filler;
        if (!client_write(client, &byte, 1) ||
            recv(client->fd, &byte, 1, MSG_DONTWAIT) == 0)
            return (double)(now_us() - began) / 1e6;
        usleep(50000);
    }
    ck_abort_msg("a dripping client was not cut");
}

static const char *const drips[] = {
    "G",                                    // in the method
    "GET /echo HTTP/1.1\r\nHost: x\r\nX: ", // in a header
    "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n"};

START_TEST(test_a_dripping_client_is_cut_at_the_deadline)
{
    struct http_options options = probe_options();
    options.idle_s = 10;
    options.request_s = 2;
    struct server *strict = server_start(options);
    struct client client = client_open(strict->port);
    const char *text = drips[_i], *line = strstr(text, "\r\n");
    if (line != NULL) { // a request line in one piece starts the clock
        char head[200];
        size_t n = (size_t)(strrchr(text, '\n') + 1 - text);
        memcpy(head, text, n);
        client_write(&client, head, n);
        text += n;
    }
    double seconds = drip(&client, text, 'x');
    // The deadline is 2 s; the loop looks at it once per turn.
    ck_assert_double_ge(seconds, 1.9);
    ck_assert_double_lt(seconds, 6);
    client_close(&client);
    server_stop(strict);
}
END_TEST

START_TEST(test_a_silent_connection_is_closed_when_idle)
{
    struct http_options options = probe_options();
    options.idle_s = 1;
    struct server *strict = server_start(options);
    struct client client = client_open(strict->port);
    struct answer answer = client_ask(&client, GET("/echo"));
    ck_assert_int_eq(answer.status, 200);
    answer_done(&answer);
    int64_t began = now_us();
    ck_assert(client_sees_end(&client));
    ck_assert_int_lt(now_us() - began, 10 * 1000000);
    client_close(&client);
    server_stop(strict);
}
END_TEST

START_TEST(test_a_held_request_outlives_idle_time_and_deadline)
{
    struct http_options options = probe_options();
    options.idle_s = 1;
    options.request_s = 1;
    struct server *strict = server_start(options);
    struct client client = client_open(strict->port);
    client_say(&client, GET("/hold"));
    wait_for(strict, &strict->n_held, 1);
    // Another connection that is closed for its silence shows that the time
    // has passed; both began at the same moment.
    struct client silent = client_open(strict->port);
    ck_assert(client_sees_end(&silent));
    client_close(&silent);
    release(strict);
    struct answer answer = client_read(&client);
    ck_assert_int_eq(answer.status, 200);
    answer_done(&answer);
    client_close(&client);
    server_stop(strict);
}
END_TEST

START_TEST(test_a_client_that_does_not_read_is_cut)
{
    struct http_options options = probe_options();
    options.idle_s = 60;
    options.send_s = 1;
    struct server *strict = server_start(options);
    struct client client = client_open(strict->port);
    int small = 4096;
    setsockopt(client.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    // 100 answers of 150 kB do not fit into the kernel's buffers.
    for (int i = 0; i < 100; i++)
        if (!client_say(&client, GET("/noise/150000")))
            break;
    wait_for(strict, &strict->n_undelivered, 1);
    client_close(&client);
    server_stop(strict);
}
END_TEST

// ---- connections ------------------------------------------------------------

START_TEST(test_an_address_has_a_limited_number_of_connections)
{
    struct http_options options = probe_options();
    options.max_connections_per_address = 3;
    options.loops = 2;
    struct server *strict = server_start(options);
    struct client clients[3];
    for (int i = 0; i < 3; i++) {
        clients[i] = client_open(strict->port);
        struct answer answer = client_ask(&clients[i], GET("/echo"));
        ck_assert_int_eq(answer.status, 200);
        answer_done(&answer);
    }
    struct client fourth = client_open(strict->port);
    ck_assert(client_sees_end(&fourth));
    client_close(&fourth);
    // A place becomes free when one of them leaves.
    client_close(&clients[0]);
    int status = 0;
    for (int64_t end = now_us() + 10000000; status != 200 && now_us() < end;) {
        struct answer answer = ask_once(strict->port, GET("/echo"));
        status = answer.status;
        answer_done(&answer);
    }
    ck_assert_int_eq(status, 200);
    client_close(&clients[1]);
    client_close(&clients[2]);
    server_stop(strict);
}
END_TEST

START_TEST(test_a_trusted_proxy_has_no_limit_of_connections)
{
    static const char *const trusted[] = {"127.0.0.1", NULL};
    struct http_options options = probe_options();
    options.max_connections_per_address = 1;
    options.trusted_proxies = trusted;
    struct server *behind = server_start(options);
    struct client clients[3];
    for (int i = 0; i < 3; i++) {
        clients[i] = client_open(behind->port);
        struct answer answer = client_ask(&clients[i], GET("/echo"));
        ck_assert_int_eq(answer.status, 200);
        answer_done(&answer);
    }
    for (int i = 0; i < 3; i++)
        client_close(&clients[i]);
    server_stop(behind);
}
END_TEST

START_TEST(test_beyond_max_connections_clients_wait_for_a_place)
{
    struct http_options options = probe_options();
    options.max_connections = 2;
    struct server *strict = server_start(options);
    struct client clients[3];
    for (int i = 0; i < 2; i++) {
        clients[i] = client_open(strict->port);
        client_say(&clients[i], GET("/hold"));
    }
    wait_for(strict, &strict->n_held, 2);
    clients[2] = client_open(strict->port);
    client_say(&clients[2], GET("/echo"));
    patience(clients[2].fd, 1);
    ck_assert(!client_fill(&clients[2]));
    release(strict);
    patience(clients[2].fd, PROBE_PATIENCE_S);
    for (int i = 0; i < 3; i++) {
        struct answer answer = client_read(&clients[i]);
        ck_assert_int_eq(answer.status, 200);
        answer_done(&answer);
        client_close(&clients[i]);
    }
    server_stop(strict);
}
END_TEST

int main(void)
{
    const TTest *const all[] = {
        test_a_refusal_is_a_problem_and_closes,
        test_http_1_0_needs_no_host,
        test_a_body_may_have_exactly_the_limit,
        test_a_body_announced_too_large_is_refused_before_it_comes,
        test_chunks_beyond_the_limit_are_counted_and_refused,
        test_endless_chunks_are_cut,
        test_a_url_and_headers_have_bounded_memory,
        test_two_thousand_headers_are_refused,
        test_a_silent_connection_is_closed_when_idle,
        test_a_held_request_outlives_idle_time_and_deadline,
        test_a_client_that_does_not_read_is_cut,
        test_an_address_has_a_limited_number_of_connections,
        test_a_trusted_proxy_has_no_limit_of_connections,
        test_beyond_max_connections_clients_wait_for_a_place,
        NULL,
    };
    Suite *suite = suite_create("http_guards");
    TCase *tests = tcase_create("guards");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_loop_test(tests, test_an_ambiguous_request_ends_its_connection, 0,
                        N_SMUGGLED);
    tcase_add_loop_test(tests, test_a_dripping_client_is_cut_at_the_deadline, 0,
                        3);
    for (size_t i = 0; all[i] != NULL; i++)
        tcase_add_test(tests, all[i]);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
