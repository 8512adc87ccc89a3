// SPDX-License-Identifier: GPL-3.0-or-later
// test_problem.c - an error becomes the same answer everywhere

#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "problem.h"

static struct request *request;

static void start(void)
{
    request = calloc(1, sizeof *request);
    arena_init(&request->arena);
    strcpy(request->id, "0123-abc");
}

static void stop(void)
{
    arena_done(&request->arena);
    free(request);
}

static const char *header(const char *name)
{
    for (size_t i = 0; i < request->reply.n_headers; i++)
        if (strcmp(request->reply.headers[i].name, name) == 0)
            return request->reply.headers[i].value;
    return NULL;
}

static const char *text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

START_TEST(test_every_code_has_its_status)
{
    static const int statuses[ERROR_CODES] = {
        [ERROR_NONE] = 500,         [ERROR_MALFORMED] = 400,
        [ERROR_UNAUTHORIZED] = 401, [ERROR_FORBIDDEN] = 403,
        [ERROR_NOT_FOUND] = 404,    [ERROR_METHOD] = 405,
        [ERROR_CONFLICT] = 409,     [ERROR_TOO_LARGE] = 413,
        [ERROR_MEDIA_TYPE] = 415,   [ERROR_INVALID] = 422,
        [ERROR_EXHAUSTED] = 409,    [ERROR_BUSY] = 503,
        [ERROR_STORE] = 503,        [ERROR_FULL] = 503,
        [ERROR_ELSEWHERE] = 308,    [ERROR_RATE] = 429,
        [ERROR_WAIT] = 503,         [ERROR_INTERNAL] = 500,
        [ERROR_QUOTA] = 403};
    for (int code = 0; code < ERROR_CODES; code++) {
        const struct problem *problem = problem_of((enum error_code)code);
        ck_assert_int_eq(problem->status, statuses[code]);
        ck_assert_uint_gt(strlen(problem->code), 0);
        ck_assert_uint_gt(strlen(problem->title), 0);
    }
    ck_assert_int_eq(problem_of(ERROR_CODES)->status, 500);
    ck_assert_int_eq(problem_of((enum error_code) - 1)->status, 500);
}
END_TEST

START_TEST(test_the_answer_has_all_members)
{
    struct error err = {.code = ERROR_INVALID,
                        .message = "low must be below high, not 3 >= 1"};
    problem_reply(request, &err);
    ck_assert_int_eq(request->reply.status, 422);
    ck_assert_str_eq(request->reply.content_type, "application/problem+json");
    json_t *body = json_loadb(request->reply.body, request->reply.body_bytes,
                              JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(body);
    ck_assert_uint_eq(json_object_size(body), 6);
    ck_assert_str_eq(text(body, "type"), "/errors/invalid");
    ck_assert_str_eq(text(body, "title"), "Impossible request");
    ck_assert_int_eq(json_integer_value(json_object_get(body, "status")), 422);
    ck_assert_str_eq(text(body, "detail"), err.message);
    ck_assert_str_eq(text(body, "code"), "invalid");
    ck_assert_str_eq(text(body, "request_id"), "0123-abc");
    ck_assert_uint_eq(request->reply.n_headers, 0);
    json_decref(body);
}
END_TEST

START_TEST(test_any_message_stays_json)
{
    struct error err = {.code = ERROR_MALFORMED};
    // Every byte but NUL, in two halves; most of them are no UTF-8.
    for (int half = 0; half < 2; half++) {
        for (int i = 0; i < 128; i++)
            err.message[i] = (char)(half * 128 + i + (half == 0));
        err.message[half == 0 ? 127 : 128] = '\0';
        request->reply = (struct reply){0};
        problem_reply(request, &err);
        json_t *body = json_loads(request->reply.body, 0, NULL);
        ck_assert_ptr_nonnull(body);
        if (half == 0)
            ck_assert_str_eq(text(body, "detail"), err.message);
        json_decref(body);
    }
}
END_TEST

START_TEST(test_some_statuses_bring_their_header)
{
    problem_reply(request, &(struct error){.code = ERROR_BUSY});
    ck_assert_str_eq(header("Retry-After"), "2");
    request->reply = (struct reply){0};
    problem_reply(request, &(struct error){.code = ERROR_STORE});
    ck_assert_str_eq(header("Retry-After"), "2");
    request->reply = (struct reply){0};
    problem_reply(request, &(struct error){.code = ERROR_UNAUTHORIZED});
    ck_assert_str_eq(header("WWW-Authenticate"), "Bearer realm=\"cumae\"");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("problem");
    TCase *tests = tcase_create("problem");
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, test_every_code_has_its_status);
    tcase_add_test(tests, test_the_answer_has_all_members);
    tcase_add_test(tests, test_any_message_stays_json);
    tcase_add_test(tests, test_some_statuses_bring_their_header);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
