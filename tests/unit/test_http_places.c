// SPDX-License-Identifier: GPL-3.0-or-later
// test_http_places.c - who keeps a connection when places are scarce

#include "http_probe.h"

// Opens connections that have been answered once and rest.
static void open_resting(struct server *server, struct client *clients, int n)
{
    for (int i = 0; i < n; i++) {
        clients[i] = client_open(server->port);
        struct answer answer = client_ask(&clients[i], GET("/echo"));
        ck_assert_int_eq(answer.status, 200);
        answer_done(&answer);
    }
}

static void let_somebody_in(struct server *server)
{
    struct answer answer = ask_once(server->port, GET("/empty"));
    ck_assert_int_eq(answer.status, 204);
    answer_done(&answer);
}

// Waits until the server has no more than n connections.
static void wait_for_connections(struct server *server, unsigned n)
{
    int64_t end = now_us() + PROBE_PATIENCE_S * INT64_C(1000000);
    while (http_connections(server->http) > n) {
        ck_assert_int_lt(now_us(), end);
        usleep(1000);
    }
}

START_TEST(test_the_oldest_that_rests_gives_way_to_a_newcomer)
{
    enum { PLACES = 16, SPARED = PLACES - PLACES / 8 - 1 };
    struct http_options options = probe_options();
    options.max_connections = PLACES;
    struct server *server = server_start(options);
    struct client clients[PLACES];
    open_resting(server, clients, PLACES);
    let_somebody_in(server);
    wait_for_connections(server, SPARED);
    ck_assert(client_sees_end(&clients[0]));
    // The youngest is still there.
    struct answer answer = client_ask(&clients[PLACES - 1], GET("/echo"));
    ck_assert_int_eq(answer.status, 200);
    answer_done(&answer);
    for (int i = 0; i < PLACES; i++)
        client_close(&clients[i]);
    server_stop(server);
}
END_TEST

START_TEST(test_who_is_being_answered_does_not_give_way)
{
    enum { PLACES = 8 };
    struct http_options options = probe_options();
    options.max_connections = PLACES;
    struct server *server = server_start(options);
    struct client held = client_open(server->port), resting[PLACES - 1];
    client_say(&held, GET("/hold"));
    wait_for(server, &server->n_held, 1);
    open_resting(server, resting, PLACES - 1);
    let_somebody_in(server);
    wait_for_connections(server, PLACES - 2);
    release(server);
    struct answer answer = client_read(&held);
    ck_assert_int_eq(answer.status, 200);
    answer_done(&answer);
    client_close(&held);
    for (int i = 0; i < PLACES - 1; i++)
        client_close(&resting[i]);
    server_stop(server);
}
END_TEST

// Users are marked by the handler; here nobody else has a token.
START_TEST(test_strangers_give_way_before_users)
{
    enum { PLACES = 16, USERS = 4 };
    struct http_options options = probe_options();
    options.max_connections = PLACES;
    struct server *server = server_start(options);
    struct client users[USERS], strangers[PLACES - USERS];
    for (int i = 0; i < USERS; i++) { // the oldest
        users[i] = client_open(server->port);
        struct answer answer = client_ask(&users[i], GET("/user"));
        ck_assert_int_eq(answer.status, 200);
        answer_done(&answer);
    }
    open_resting(server, strangers, PLACES - USERS);
    let_somebody_in(server);
    ck_assert(client_sees_end(&strangers[0]));
    for (int i = 0; i < USERS; i++) {
        struct answer answer = client_ask(&users[i], GET("/echo"));
        ck_assert_int_eq(answer.status, 200);
        answer_done(&answer);
        client_close(&users[i]);
    }
    for (int i = 0; i < PLACES - USERS; i++)
        client_close(&strangers[i]);
    server_stop(server);
}
END_TEST

static struct client deaf_client(struct server *server)
{
    struct client client = client_open(server->port);
    int small = 4096;
    setsockopt(client.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    client_say(&client, GET("/noise/30000000"));
    return client;
}

START_TEST(test_a_large_answer_that_nobody_takes_is_given_up)
{
    struct http_options options = probe_options();
    options.send_s = 1;
    struct server *server = server_start(options);
    struct client client = deaf_client(server);
    // By its size alone it would have half an hour.
    wait_for(server, &server->n_undelivered, 1);
    client_close(&client);
    server_stop(server);
}
END_TEST

// Reads a tenth of a second's worth at a time, longer than send_s in all.
START_TEST(test_a_slow_reader_gets_all_of_a_large_answer)
{
    enum { BYTES = 20000000, STEPS = 25 };
    struct http_options options = probe_options();
    options.send_s = 1;
    struct server *server = server_start(options);
    struct client client = client_open(server->port);
    char request[80];
    static char piece[BYTES / STEPS];
    size_t taken = 0;
    snprintf(request, sizeof request,
             "GET /noise/%d HTTP/1.1\r\nHost: x\r\n\r\n", BYTES);
    client_say(&client, request);
    for (;;) {
        ssize_t n = recv(client.fd, piece, sizeof piece, MSG_WAITALL);
        taken += n > 0 ? (size_t)n : 0;
        if (n <= 0 || taken > BYTES)
            break;
        usleep(100000);
    }
    ck_assert_uint_gt(taken, BYTES);
    client_close(&client);
    server_stop(server);
}
END_TEST

START_TEST(test_beyond_the_bytes_for_answers_a_stall_is_cut_soon)
{
    struct http_options options = probe_options();
    options.send_s = 3600;
    options.max_unsent_bytes = 50000000;
    struct server *server = server_start(options);
    struct client first = deaf_client(server), second = deaf_client(server);
    wait_for(server, &server->n_undelivered, 1);
    client_close(&first);
    client_close(&second);
    server_stop(server);
}
END_TEST

int main(void)
{
    const TTest *const all[] = {
        test_the_oldest_that_rests_gives_way_to_a_newcomer,
        test_who_is_being_answered_does_not_give_way,
        test_strangers_give_way_before_users,
        test_a_large_answer_that_nobody_takes_is_given_up,
        test_a_slow_reader_gets_all_of_a_large_answer,
        test_beyond_the_bytes_for_answers_a_stall_is_cut_soon,
    };
    Suite *suite = suite_create("http_places");
    TCase *cases = tcase_create("http_places");
    tcase_set_timeout(cases, 120);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        tcase_add_test(cases, all[i]);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
