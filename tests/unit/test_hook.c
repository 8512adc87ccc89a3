// SPDX-License-Identifier: GPL-3.0-or-later
// test_hook.c - what a delivery holds, and what follows from its outcome

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "auth_hook.h"
#include "hook.h"
#include "outbound.h"

static struct arena arena;
static struct error err;
static struct event_row events[300];
static const struct hook_policy policy = {.retry_ms = 5000,
                                          .give_up_ms = 259200000};

static void start(void)
{
    arena_init(&arena);
    error_clear(&err);
}

static void stop(void)
{
    arena_done(&arena);
}

// Events 11, 12 ... of which every third is an end.
static struct event_page page_of(size_t n)
{
    for (size_t i = 0; i < n; i++)
        events[i] =
            (struct event_row){.revision = (int64_t)i + 11,
                               .kind = i % 3 ? "trial_started" : "trial_ended"};
    return (struct event_page){.events = events, .n = n, .limit = 300};
}

static struct hook_row a_hook(void)
{
    return (struct hook_row){.id = 3,
                             .study_key = "abc",
                             .secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                             .delivered = 10};
}

// ---- what a delivery holds --------------------------------------------------

START_TEST(test_a_delivery_has_all_events_up_to_a_hundred)
{
    struct hook_row hook = a_hook();
    struct event_page page = page_of(40);
    hook_choose(&hook, &page);
    ck_assert_uint_eq(page.n, 40);
    ck_assert_int_eq(hook.tried, 50);
    hook = a_hook();
    page = page_of(300);
    hook_choose(&hook, &page);
    ck_assert_uint_eq(page.n, HOOK_MAX_EVENTS);
    ck_assert_int_eq(hook.tried, 110);
}
END_TEST

START_TEST(test_events_of_other_kinds_are_passed_over)
{
    struct hook_row hook = a_hook();
    struct event_page page = page_of(5);
    hook.kinds = " trial trial_ended ";
    hook_choose(&hook, &page);
    ck_assert_uint_eq(page.n, 2);
    ck_assert_int_eq(page.events[0].revision, 11);
    ck_assert_int_eq(page.events[1].revision, 14);
    ck_assert_int_eq(hook.tried, 15);
    page = page_of(5);
    hook = a_hook();
    hook.kinds = " rial_ended trial_ended_x ";
    hook_choose(&hook, &page);
    ck_assert_uint_eq(page.n, 0);
    ck_assert_int_eq(hook.tried, 15);
}
END_TEST

START_TEST(test_what_is_tried_again_is_what_was_tried)
{
    struct hook_row hook = a_hook();
    struct event_page page = page_of(40);
    hook.tried = 17;
    hook_choose(&hook, &page);
    ck_assert_uint_eq(page.n, 7);
    ck_assert_int_eq(hook.tried, 17);
    ck_assert_str_eq(hook_delivery_id(&hook, &arena), "abc_3_10_17");
}
END_TEST

// The same example as in test_auth_hook.c.
START_TEST(test_a_delivery_is_signed_with_its_id_and_its_time)
{
    struct hook_row hook = a_hook();
    struct hook_headers headers;
    hook_sign(&hook, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330999,
              "{\"test\": 2432232314}", &arena, &headers);
    ck_assert_str_eq(headers.id, "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek");
    ck_assert_str_eq(headers.timestamp, "webhook-timestamp: 1614265330");
    ck_assert_str_eq(headers.signature,
                     "webhook-signature: "
                     "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}
END_TEST

START_TEST(test_kinds_are_words_in_lower_case)
{
    static const char *const bad[] = {"",      "_a",  "a_", "a__b",
                                      "Trial", "a b", "a1", "a,b"};
    char longest[HOOK_MAX_KIND + 2] = "";
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!hook_is_kind(bad[i]), "%s", bad[i]);
    ck_assert(hook_is_kind("trial_ended") && hook_is_kind("a"));
    memset(longest, 'a', HOOK_MAX_KIND);
    ck_assert(hook_is_kind(longest));
    longest[HOOK_MAX_KIND] = 'a';
    ck_assert(!hook_is_kind(longest));
}
END_TEST

// ---- what follows from an outcome -------------------------------------------

static const char *judge(struct hook_row *hook, struct hook_answer answer)
{
    return hook_judge(hook, &answer, &policy, &arena);
}

START_TEST(test_success_moves_on_and_forgets_failures)
{
    for (int status = 200; status < 300; status += 33) {
        struct hook_row hook = a_hook();
        hook.tried = 17;
        hook.failures = 3;
        hook.failing_ms = 500;
        hook.due_ms = 900;
        ck_assert_ptr_null(judge(
            &hook, (struct hook_answer){.at_ms = 1000, .status = status}));
        ck_assert_int_eq(hook.delivered, 17);
        ck_assert_int_eq(hook.tried, 0);
        ck_assert_int_eq(hook.failures, 0);
        ck_assert_int_eq(hook.failing_ms, 0);
        ck_assert_int_eq(hook.due_ms, 0);
        ck_assert_int_eq(hook.last_ms, 1000);
        ck_assert_int_eq(hook.last_status, status);
    }
}
END_TEST

START_TEST(test_any_other_outcome_is_a_failure)
{
    static const int statuses[] = {0, 101, 199, 300, 302, 404, 429, 500};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        struct hook_row hook = a_hook();
        hook.tried = 17;
        ck_assert_ptr_null(
            judge(&hook, (struct hook_answer){.at_ms = 1000,
                                              .status = statuses[i],
                                              .problem = "no route"}));
        ck_assert_int_eq(hook.delivered, 10);
        ck_assert_int_eq(hook.tried, 17);
        ck_assert_int_eq(hook.failures, 1);
        ck_assert_int_eq(hook.failing_ms, 1000);
        ck_assert_pstr_eq(hook.last_error, statuses[i] ? NULL : "no route");
    }
}
END_TEST

// 5 s times 5^(k - 1), at most 6 h.
START_TEST(test_waits_grow_to_six_hours)
{
    static const int64_t waits_s[] = {5,    25,    125,   625,
                                      3125, 15625, 21600, 21600};
    struct hook_row hook = a_hook();
    for (size_t i = 0; i < sizeof waits_s / sizeof *waits_s; i++) {
        judge(&hook, (struct hook_answer){.at_ms = 1000, .status = 500});
        ck_assert_int_eq(hook.due_ms, 1000 + waits_s[i] * 1000);
    }
    hook.failures = 1000000;
    judge(&hook, (struct hook_answer){.at_ms = 1000, .status = 500});
    ck_assert_int_eq(hook.due_ms, 1000 + 21600 * 1000);
}
END_TEST

START_TEST(test_luck_makes_a_wait_up_to_a_fifth_longer)
{
    struct hook_row hook = a_hook();
    judge(&hook, (struct hook_answer){.status = 500, .luck = 0.5});
    ck_assert_int_eq(hook.due_ms, 5500);
}
END_TEST

START_TEST(test_a_receiver_may_ask_for_more_time_up_to_a_day)
{
    struct hook_row hook = a_hook();
    judge(&hook, (struct hook_answer){.status = 429, .retry_after_s = 60});
    ck_assert_int_eq(hook.due_ms, 60000);
    hook = a_hook();
    judge(&hook, (struct hook_answer){.status = 429, .retry_after_s = 1});
    ck_assert_int_eq(hook.due_ms, 5000);
    hook = a_hook();
    judge(&hook,
          (struct hook_answer){.status = 503, .retry_after_s = INT64_MAX});
    ck_assert_int_eq(hook.due_ms, 86400000);
}
END_TEST

START_TEST(test_a_receiver_that_is_gone_ends_it_at_once)
{
    struct hook_row hook = a_hook();
    const char *reason =
        judge(&hook, (struct hook_answer){.at_ms = 1, .status = 410});
    ck_assert_ptr_nonnull(reason);
    ck_assert_ptr_nonnull(strstr(reason, "410"));
    ck_assert_int_eq(hook.delivered, 10);
}
END_TEST

START_TEST(test_three_days_of_failures_end_it)
{
    struct hook_row hook = a_hook();
    struct hook_answer answer = {.at_ms = 1000, .status = 500};
    ck_assert_ptr_null(judge(&hook, answer));
    answer.at_ms = 1000 + policy.give_up_ms - 1;
    ck_assert_ptr_null(judge(&hook, answer));
    answer.at_ms++;
    const char *reason = judge(&hook, answer);
    ck_assert_ptr_nonnull(reason);
    ck_assert_ptr_nonnull(strstr(reason, "259200 s"));
}
END_TEST

// ---- where requests may go --------------------------------------------------

struct url_row {
    const char *url;
    bool by_default, with_http, with_private;
};

static const struct url_row urls[] = {
    {"https://example.org/", true, true, true},
    {"https://example.org:8443/a?b=c", true, true, true},
    {"https://8.8.8.8/", true, true, true},
    {"https://[2a00::1]/", true, true, true},
    {"http://example.org/", false, true, false},
    {"https://127.0.0.1/", false, false, true},
    {"https://[::1]/", false, false, true},
    {"https://10.0.0.1/", false, false, true},
    {"https://169.254.169.254/", false, false, false},
    {"https://[fe80::1]/", false, false, false},
    {"https://u@example.org/", false, false, false},
    {"https://u:p@example.org/", false, false, false},
    {"https://example.org/#f", false, false, false},
    {"ftp://example.org/", false, false, false},
    {"file:///etc/passwd", false, false, false},
    {"/hook", false, false, false},
    {"", false, false, false},
};

static bool allowed(const char *url, bool http, bool private)
{
    struct outbound_options options = {
        .http = http, .private = private, .ca_file = "", .timeout_s = 1};
    error_clear(&err);
    bool good = outbound_check(&options, url, &err) == 0;
    ck_assert(good || err.code == ERROR_INVALID);
    ck_assert(good || strncmp(err.message, "url ", 4) == 0);
    return good;
}

START_TEST(test_requests_go_only_where_the_settings_allow)
{
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        const struct url_row *row = &urls[i];
        ck_assert_msg(allowed(row->url, false, false) == row->by_default &&
                          allowed(row->url, true, false) == row->with_http &&
                          allowed(row->url, false, true) == row->with_private,
                      "%s", row->url);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("hook");
    tcase_add_checked_fixture(cases, start, stop);
    tcase_add_test(cases, test_a_delivery_has_all_events_up_to_a_hundred);
    tcase_add_test(cases, test_events_of_other_kinds_are_passed_over);
    tcase_add_test(cases, test_what_is_tried_again_is_what_was_tried);
    tcase_add_test(cases, test_a_delivery_is_signed_with_its_id_and_its_time);
    tcase_add_test(cases, test_kinds_are_words_in_lower_case);
    tcase_add_test(cases, test_success_moves_on_and_forgets_failures);
    tcase_add_test(cases, test_any_other_outcome_is_a_failure);
    tcase_add_test(cases, test_waits_grow_to_six_hours);
    tcase_add_test(cases, test_luck_makes_a_wait_up_to_a_fifth_longer);
    tcase_add_test(cases, test_a_receiver_may_ask_for_more_time_up_to_a_day);
    tcase_add_test(cases, test_a_receiver_that_is_gone_ends_it_at_once);
    tcase_add_test(cases, test_three_days_of_failures_end_it);
    tcase_add_test(cases, test_requests_go_only_where_the_settings_allow);
    Suite *suite = suite_create("hook");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
