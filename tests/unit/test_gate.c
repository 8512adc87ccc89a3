// SPDX-License-Identifier: GPL-3.0-or-later
// test_gate.c - who passes, who is sent elsewhere, who has to wait

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "gate.h"

static struct config config;
static struct metrics *metrics;
static struct gate *gate;
static struct request request;
static struct error err;

static void start(void)
{
    config = (struct config){.public_url = ""};
    metrics = metrics_new();
    err = (struct error){0};
    request = (struct request){.path = "/api/v1/me", .target = "/api/v1/me"};
    arena_init(&request.arena);
}

static void stop(void)
{
    gate_free(gate);
    metrics_free(metrics);
    arena_done(&request.arena);
}

static int enter(void)
{
    err = (struct error){0};
    request.reply = (struct reply){0};
    return gate_enter(gate, &request, &err);
}

static const char *replied(const char *name)
{
    for (size_t i = 0; i < request.reply.n_headers; i++)
        if (strcmp(request.reply.headers[i].name, name) == 0)
            return request.reply.headers[i].value;
    return NULL;
}

static void open_gate(void)
{
    gate = gate_new(&config, metrics);
}

START_TEST(test_a_limit_of_the_users_own_replaces_the_common_one)
{
    const struct principal common = {.user_id = 1};
    const struct principal strict = {.user_id = 2, .requests_per_minute = 1};
    const struct principal free = {.user_id = 3, .requests_per_minute = 9};
    config.requests_per_minute = 2;
    open_gate();
    for (int i = 0; i < 9; i++) {
        ck_assert_int_eq(gate_user(gate, &request, &common, &err),
                         i < 2 ? 0 : -1);
        ck_assert_int_eq(gate_user(gate, &request, &strict, &err),
                         i < 1 ? 0 : -1);
        ck_assert_int_eq(gate_user(gate, &request, &free, &err), 0);
        request.reply.n_headers = 0;
    }
    ck_assert_int_eq(err.code, ERROR_RATE);
}
END_TEST

START_TEST(test_a_user_may_have_a_limit_where_others_have_none)
{
    const struct principal any = {.user_id = 1};
    const struct principal strict = {.user_id = 2, .requests_per_minute = 60};
    open_gate();
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(gate_user(gate, &request, &any, &err), 0);
    for (int i = 0; i < 60; i++)
        ck_assert_int_eq(gate_user(gate, &request, &strict, &err), 0);
    ck_assert_int_eq(gate_user(gate, &request, &strict, &err), -1);
    ck_assert_str_eq(replied("Retry-After"), "1");
}
END_TEST

START_TEST(test_addresses_and_guesses_are_counted_apart)
{
    config.requests_per_minute_per_address = 3;
    config.failed_per_minute = 1;
    open_gate();
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(enter(), 0);
        ck_assert_int_eq(gate_guess(gate, &request, &err), 0);
    }
    gate_guessed(gate, &request);
    ck_assert_int_eq(gate_guess(gate, &request, &err), -1);
    ck_assert_int_eq(enter(), -1);
    ck_assert_int_eq(err.code, ERROR_RATE);
    request.peer_key = 7; // somebody else
    ck_assert_int_eq(enter(), 0);
    ck_assert_int_eq(gate_guess(gate, &request, &err), 0);
}
END_TEST

START_TEST(test_nothing_is_counted_for_jobs_of_hopaas)
{
    const struct principal strict = {.user_id = 2, .requests_per_minute = 1};
    config.requests_per_minute_per_address = 1;
    config.failed_per_minute = 1;
    open_gate();
    request.path = "/api/ask/cum_x";
    for (int i = 0; i < 5; i++) {
        gate_guessed(gate, &request);
        ck_assert_int_eq(enter(), 0);
        ck_assert_int_eq(gate_guess(gate, &request, &err), 0);
        ck_assert_int_eq(gate_user(gate, &request, &strict, &err), 0);
    }
}
END_TEST

static const struct {
    const char *public_url, *target, *location;
} ways[] = {
    {"https://a.example", "/x?y=1", "https://a.example/x?y=1"},
    {"https://a.example/", "/", "https://a.example/"},
    {"HTTPS://a.example:8443", "//b.example",
     "HTTPS://a.example:8443//b.example"},
    {"https://a.example", "http://b.example/x", "https://a.example/"},
    {"https://a.example", "*", "https://a.example/"},
};

START_TEST(test_the_way_to_https_is_that_of_the_public_url)
{
    config.public_url = ways[_i].public_url;
    request.target = ways[_i].target;
    open_gate();
    ck_assert_int_eq(enter(), -1);
    ck_assert_int_eq(err.code, ERROR_ELSEWHERE);
    ck_assert_str_eq(replied("Location"), ways[_i].location);
    request.secure = true;
    ck_assert_int_eq(enter(), 0);
}
END_TEST

START_TEST(test_who_has_shown_a_secret_is_told_and_not_sent_on)
{
    static const char *const names[] = {"authorization", "cookie"};
    config.public_url = "https://a.example";
    open_gate();
    for (size_t i = 0; i < 2; i++) {
        request.headers[0] = (struct http_pair){names[i], "x"};
        request.n_headers = 1;
        ck_assert_int_eq(enter(), -1);
        ck_assert_int_eq(err.code, ERROR_FORBIDDEN);
        ck_assert_ptr_null(replied("Location"));
    }
    request.n_headers = 0;
    request.method = HTTP_POST;
    ck_assert_int_eq(enter(), -1);
    ck_assert_int_eq(err.code, ERROR_FORBIDDEN);
    request.method = HTTP_GET;
    request.path = "/api/get_best_trial/cum_x";
    ck_assert_int_eq(enter(), -1);
    ck_assert_int_eq(err.code, ERROR_FORBIDDEN);
}
END_TEST

int main(void)
{
    const TTest *const all[] = {
        test_a_limit_of_the_users_own_replaces_the_common_one,
        test_a_user_may_have_a_limit_where_others_have_none,
        test_addresses_and_guesses_are_counted_apart,
        test_nothing_is_counted_for_jobs_of_hopaas,
        test_who_has_shown_a_secret_is_told_and_not_sent_on,
    };
    Suite *suite = suite_create("gate");
    TCase *cases = tcase_create("gate");
    tcase_add_checked_fixture(cases, start, stop);
    tcase_add_loop_test(cases, test_the_way_to_https_is_that_of_the_public_url,
                        0, sizeof ways / sizeof ways[0]);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        tcase_add_test(cases, all[i]);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
