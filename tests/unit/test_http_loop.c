// SPDX-License-Identifier: GPL-3.0-or-later
// test_http_loop.c - nothing that is ready stays unserved, nothing hangs
//
// The first test holds the two traps shut that decided the shape of the loop
// (see service/http_loop.c): batches of exactly 128 ready connections, and
// resuming from other threads.

#include "http_probe.h"

// Keeps the loop busy while `n` clients send one request each, then counts
// how many get an answer.
static unsigned served_when_ready_at_once(struct server *server, unsigned n)
{
    struct client *clients = calloc(n, sizeof *clients);
    struct client blocker = client_open(server->port);
    unsigned served = 0;
    for (unsigned i = 0; i < n; i++) {
        clients[i] = client_open(server->port);
        struct answer answer = client_ask(&clients[i], GET("/echo"));
        ck_assert_int_eq(answer.status, 200);
        answer_done(&answer);
    }
    client_say(&blocker, GET("/block"));
    sem_wait(&server->blocked);
    for (unsigned i = 0; i < n; i++)
        ck_assert(client_say(&clients[i], GET("/later")));
    sem_post(&server->unblock);
    for (unsigned i = 0; i < n; i++) {
        patience(clients[i].fd, 3);
        struct answer answer = client_read(&clients[i]);
        served += answer.status == 200;
        answer_done(&answer);
        client_close(&clients[i]);
    }
    client_close(&blocker);
    free(clients);
    return served;
}

START_TEST(test_any_number_of_ready_connections_is_served)
{
    static const unsigned counts[] = {127, 128, 129, 256};
    struct server *server = server_start(probe_options());
    ck_assert_uint_eq(served_when_ready_at_once(server, counts[_i]),
                      counts[_i]);
    server_stop(server);
}
END_TEST

static int ascending(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

START_TEST(test_answers_from_other_threads_are_not_late)
{
    enum { CLIENTS = 16, ROUNDS = 625, ALL = CLIENTS * ROUNDS };
    static int64_t took[ALL];
    struct server *server = server_start(probe_options());
    struct client clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = client_open(server->port);
    int64_t began = now_us();
    for (int round = 0; round < ROUNDS; round++) {
        int64_t sent = now_us();
        for (int i = 0; i < CLIENTS; i++)
            client_say(&clients[i], GET("/later"));
        for (int i = 0; i < CLIENTS; i++) {
            struct answer answer = client_read(&clients[i]);
            ck_assert_int_eq(answer.status, 200);
            answer_done(&answer);
            took[round * CLIENTS + i] = now_us() - sent;
        }
    }
    double seconds = (double)(now_us() - began) / 1e6;
    qsort(took, ALL, sizeof *took, ascending);
    fprintf(stderr,
            "%d answers from %d threads: %.0f/s, p50 %lld us, "
            "p99 %lld us\n",
            ALL, PROBE_WORKERS, ALL / seconds, (long long)took[ALL / 2],
            (long long)took[ALL * 99 / 100]);
    // The loop turns by itself every 500 ms: a lost wake-up would show.
    ck_assert_int_lt(took[ALL * 99 / 100], 250000);
    for (int i = 0; i < CLIENTS; i++)
        client_close(&clients[i]);
    server_stop(server);
}
END_TEST

START_TEST(test_answers_at_once_are_fast)
{
    enum { ALL = 10000 };
    struct server *server = server_start(probe_options());
    struct client client = client_open(server->port);
    int64_t began = now_us();
    for (int i = 0; i < ALL; i++) {
        struct answer answer = client_ask(&client, GET("/echo"));
        ck_assert_int_eq(answer.status, 200);
        answer_done(&answer);
    }
    double seconds = (double)(now_us() - began) / 1e6;
    fprintf(stderr, "%d answers at once on one connection: %.0f/s\n", ALL,
            ALL / seconds);
    ck_assert_double_lt(seconds, 60);
    client_close(&client);
    server_stop(server);
}
END_TEST

static void *stop_http(void *context)
{
    struct server *server = context;
    http_stop(server->http, 10);
    server->http = NULL;
    return NULL;
}

static void *stop_http_at_once(void *context)
{
    struct server *server = context;
    http_stop(server->http, 0);
    server->http = NULL;
    return NULL;
}

// The library aborts the process when it is stopped with a suspended
// connection.
START_TEST(test_stopping_waits_for_held_requests)
{
    enum { CLIENTS = 8 };
    struct server *server = server_start(probe_options());
    struct client clients[CLIENTS];
    pthread_t stopper;
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_open(server->port);
        client_say(&clients[i], GET("/hold"));
    }
    wait_for(server, &server->n_held, CLIENTS);
    ck_assert_uint_eq(http_in_flight(server->http), CLIENTS);
    pthread_create(&stopper, NULL, stop_http, server);
    release(server);
    for (int i = 0; i < CLIENTS; i++) {
        struct answer answer = client_read(&clients[i]);
        ck_assert_int_eq(answer.status, 200);
        answer_done(&answer);
        ck_assert(client_sees_end(&clients[i]));
        client_close(&clients[i]);
    }
    pthread_join(stopper, NULL);
    server_stop(server);
}
END_TEST

// True when nobody takes connections at the port any more.
static bool is_closed(unsigned port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int status = connect(fd, (void *)&address, sizeof address);
    close(fd);
    return status != 0;
}

START_TEST(test_stopping_waits_for_answers_even_beyond_the_deadline)
{
    struct server *server = server_start(probe_options());
    struct client client = client_open(server->port);
    pthread_t stopper;
    client_say(&client, GET("/hold"));
    wait_for(server, &server->n_held, 1);
    pthread_create(&stopper, NULL, stop_http_at_once, server);
    while (!is_closed(server->port))
        usleep(1000);
    usleep(100000); // ten turns of the loop that might wrongly end it
    release(server);
    pthread_join(stopper, NULL);
    ck_assert_uint_eq(server->n_finished, 1);
    client_close(&client);
    server_stop(server);
}
END_TEST

START_TEST(test_stopping_does_not_wait_for_a_half_sent_request)
{
    struct server *server = server_start(probe_options());
    struct client client = client_open(server->port);
    client_say(&client, "POST /echo HTTP/1.1\r\nHost: x\r\n"
                        "Content-Length: 10\r\n\r\nabc");
    // A whole request on another connection shows that the loop has turned.
    struct answer answer = ask_once(server->port, GET("/echo"));
    answer_done(&answer);
    int64_t began = now_us();
    http_stop(server->http, 60);
    server->http = NULL;
    ck_assert_int_lt(now_us() - began, 10 * 1000000);
    ck_assert(client_sees_end(&client));
    client_close(&client);
    server_stop(server);
}
END_TEST

// Sends the text and the end of the connection while the loop is busy, so that
// it finds both at once.
static struct client hang_up_behind(struct server *server, const char *text)
{
    struct client blocker = client_open(server->port);
    struct client client = client_open(server->port);
    struct answer answer = client_ask(&client, GET("/echo"));
    answer_done(&answer);
    client_say(&blocker, GET("/block"));
    sem_wait(&server->blocked);
    client_say(&client, text);
    shutdown(client.fd, SHUT_WR);
    sem_post(&server->unblock);
    answer = client_read(&blocker);
    ck_assert_int_eq(answer.status, 200);
    answer_done(&answer);
    client_close(&blocker);
    patience(client.fd, 10); // less than idle_s and request_s
    return client;
}

static const char half_a_chunk[] = "POST /echo HTTP/1.1\r\nHost: x\r\n"
                                   "Transfer-Encoding: chunked\r\n\r\n"
                                   "ffff\r\nabc";
static const char *const torn[] = {
    "",
    "POST /ec",
    "POST /echo HTTP/1.1\r\nContent-Le",
    "POST /echo HTTP/1.1\r\nHost: x\r\nX-Some: thing\r\n",
    "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
    half_a_chunk,
};
enum { TORN = sizeof torn / sizeof *torn };

START_TEST(test_a_torn_request_ends_its_connection)
{
    struct server *server = server_start(probe_options());
    struct client client = hang_up_behind(server, torn[_i]);
    char byte;
    ck_assert_int_eq(recv(client.fd, &byte, 1, 0), 0);
    client_close(&client);
    server_stop(server);
}
END_TEST

START_TEST(test_who_hangs_up_before_an_answer_at_once_gets_it)
{
    static const char *const texts[] = {GET("/echo"), GET("/noise/1000000")};
    struct server *server = server_start(probe_options());
    struct client client = hang_up_behind(server, texts[_i]);
    struct answer answer = client_read(&client);
    ck_assert_int_eq(answer.status, 200);
    ck_assert(client_sees_end(&client));
    answer_done(&answer);
    client_close(&client);
    server_stop(server);
}
END_TEST

START_TEST(test_draining_answers_and_closes)
{
    struct server *server = server_start(probe_options());
    struct client client = client_open(server->port);
    char value[256];
    struct answer answer = client_ask(&client, GET("/echo"));
    ck_assert_ptr_null(answer_header(&answer, "Connection", value));
    answer_done(&answer);
    http_drain(server->http);
    answer = client_ask(&client, GET("/echo"));
    ck_assert_int_eq(answer.status, 200);
    ck_assert_str_eq(answer_header(&answer, "Connection", value), "close");
    ck_assert(client_sees_end(&client));
    answer_done(&answer);
    client_close(&client);
    server_stop(server);
}
END_TEST

START_TEST(test_a_client_that_vanishes_while_held_harms_nobody)
{
    struct server *server = server_start(probe_options());
    struct client client = client_open(server->port);
    client_say(&client, GET("/hold"));
    wait_for(server, &server->n_held, 1);
    client_close(&client);
    release(server);
    wait_for(server, &server->n_finished, 1);
    struct answer answer = ask_once(server->port, GET("/later"));
    ck_assert_int_eq(answer.status, 200);
    answer_done(&answer);
    server_stop(server);
}
END_TEST

START_TEST(test_a_thousand_pipelined_requests_are_answered_in_order)
{
    enum { ALL = 1000 };
    struct server *server = server_start(probe_options());
    struct client client = client_open(server->port);
    char text[200], expected[64];
    for (int i = 0; i < ALL; i++) {
        sprintf(text, "GET /%s/%d HTTP/1.1\r\nHost: x\r\n\r\n",
                i % 2 ? "later" : "echo", i);
        ck_assert(client_say(&client, text));
    }
    for (int i = 0; i < ALL; i++) {
        struct answer answer = client_read(&client);
        ck_assert_int_eq(answer.status, 200);
        sprintf(expected, "0|/%s/%d|", i % 2 ? "later" : "echo", i);
        ck_assert_int_eq(strncmp(answer.body, expected, strlen(expected)), 0);
        answer_done(&answer);
    }
    client_close(&client);
    server_stop(server);
}
END_TEST

START_TEST(test_several_loops_share_the_work)
{
    enum { CLIENTS = 40, ROUNDS = 20 };
    struct http_options options = probe_options();
    options.loops = 3;
    struct server *server = server_start(options);
    struct client clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = client_open(server->port);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CLIENTS; i++)
            client_say(&clients[i], i % 2 ? GET("/later") : GET("/echo"));
        for (int i = 0; i < CLIENTS; i++) {
            struct answer answer = client_read(&clients[i]);
            ck_assert_int_eq(answer.status, 200);
            answer_done(&answer);
        }
    }
    ck_assert(http_alive(server->http, 5));
    for (int i = 0; i < CLIENTS; i++)
        client_close(&clients[i]);
    server_stop(server);
}
END_TEST

START_TEST(test_a_blocked_loop_is_not_alive)
{
    struct server *server = server_start(probe_options());
    struct client client = client_open(server->port);
    ck_assert(http_alive(server->http, 10));
    client_say(&client, GET("/block"));
    sem_wait(&server->blocked);
    int64_t end = now_us() + 10 * 1000000;
    while (http_alive(server->http, 1) && now_us() < end)
        usleep(20000);
    ck_assert(!http_alive(server->http, 1));
    sem_post(&server->unblock);
    client_close(&client);
    server_stop(server);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http_loop");
    TCase *tests = tcase_create("loop");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, test_any_number_of_ready_connections_is_served,
                        0, 4);
    tcase_add_test(tests, test_answers_from_other_threads_are_not_late);
    tcase_add_test(tests, test_answers_at_once_are_fast);
    tcase_add_test(tests, test_stopping_waits_for_held_requests);
    tcase_add_test(tests,
                   test_stopping_waits_for_answers_even_beyond_the_deadline);
    tcase_add_test(tests, test_stopping_does_not_wait_for_a_half_sent_request);
    tcase_add_loop_test(tests, test_a_torn_request_ends_its_connection, 0,
                        TORN);
    tcase_add_loop_test(
        tests, test_who_hangs_up_before_an_answer_at_once_gets_it, 0, 2);
    tcase_add_test(tests, test_draining_answers_and_closes);
    tcase_add_test(tests, test_a_client_that_vanishes_while_held_harms_nobody);
    tcase_add_test(tests,
                   test_a_thousand_pipelined_requests_are_answered_in_order);
    tcase_add_test(tests, test_several_loops_share_the_work);
    tcase_add_test(tests, test_a_blocked_loop_is_not_alive);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
