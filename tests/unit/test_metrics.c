// SPDX-License-Identifier: GPL-3.0-or-later
// test_metrics.c - counts add up, and Prometheus can read them

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"

static struct metrics *metrics;
static struct arena arena;

static void start(void)
{
    metrics = metrics_new();
    arena_init(&arena);
}

static void stop(void)
{
    metrics_free(metrics);
    arena_done(&arena);
}

// The value of a series, written as in the text; -1 when it is not there.
static double value(const char *series)
{
    size_t bytes, n = strlen(series);
    const char *line = metrics_print(metrics, &arena, &bytes);
    ck_assert_uint_eq(strlen(line), bytes);
    while (line != NULL) {
        if (strncmp(line, series, n) == 0 && line[n] == ' ')
            return atof(line + n);
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    return -1;
}

START_TEST(test_counters_and_gauges_show_their_value)
{
    ck_assert_double_eq(value("cumae_commits_total"), 0);
    metrics_add(metrics, METRIC_COMMITS, 2);
    metrics_add(metrics, METRIC_COMMITS, 3);
    metrics_set(metrics, METRIC_QUEUE_DEPTH, 7);
    metrics_set(metrics, METRIC_QUEUE_DEPTH, -4);
    ck_assert_double_eq(value("cumae_commits_total"), 5);
    ck_assert_double_eq(value("cumae_queue_depth"), -4);
}
END_TEST

START_TEST(test_buckets_count_what_is_at_most_their_bound)
{
    static const uint64_t sizes[] = {1, 1, 2, 256, 257};
    for (size_t i = 0; i < 5; i++)
        metrics_observe(metrics, METRIC_BATCH_SIZE, sizes[i]);
    ck_assert_double_eq(value("cumae_commit_batch_size_bucket{le=\"1\"}"), 2);
    ck_assert_double_eq(value("cumae_commit_batch_size_bucket{le=\"2\"}"), 3);
    ck_assert_double_eq(value("cumae_commit_batch_size_bucket{le=\"192\"}"), 3);
    ck_assert_double_eq(value("cumae_commit_batch_size_bucket{le=\"256\"}"), 4);
    ck_assert_double_eq(value("cumae_commit_batch_size_bucket{le=\"+Inf\"}"),
                        5);
    ck_assert_double_eq(value("cumae_commit_batch_size_sum"), 517);
    ck_assert_double_eq(value("cumae_commit_batch_size_count"), 5);
}
END_TEST

START_TEST(test_times_are_printed_in_seconds)
{
    metrics_observe(metrics, METRIC_COMMIT_TIME, 100);     // 0.1 ms
    metrics_observe(metrics, METRIC_COMMIT_TIME, 2000000); // 2 s
    ck_assert_double_eq(value("cumae_commit_seconds_bucket{le=\"0.0001\"}"), 1);
    ck_assert_double_eq(value("cumae_commit_seconds_bucket{le=\"2.5\"}"), 2);
    ck_assert_double_eq_tol(value("cumae_commit_seconds_sum"), 2.0001, 1e-9);
}
END_TEST

START_TEST(test_requests_are_counted_by_route_and_class)
{
    char same[] = "ask"; // equal text, another address
    metrics_request(metrics, "ask", 200, 1000);
    metrics_request(metrics, same, 201, 3000);
    metrics_request(metrics, "ask", 503, 10);
    metrics_request(metrics, "ask", 0, 10); // the client vanished
    metrics_request(metrics, NULL, 404, 10);
    ck_assert_double_eq(
        value("cumae_http_requests_total{route=\"ask\",class=\"2xx\"}"), 2);
    ck_assert_double_eq(
        value("cumae_http_requests_total{route=\"ask\",class=\"5xx\"}"), 1);
    ck_assert_double_eq(
        value("cumae_http_requests_total{route=\"ask\",class=\"none\"}"), 1);
    ck_assert_double_eq(
        value("cumae_http_requests_total{route=\"none\",class=\"4xx\"}"), 1);
    ck_assert_double_eq(
        value("cumae_http_request_seconds_count{route=\"ask\"}"), 4);
}
END_TEST

START_TEST(test_too_many_routes_share_one_label)
{
    static char names[METRICS_MAX_ROUTES + 10][8];
    for (int i = 0; i < METRICS_MAX_ROUTES + 10; i++) {
        sprintf(names[i], "r%d", i);
        metrics_request(metrics, names[i], 200, 1);
    }
    ck_assert_double_eq(
        value("cumae_http_requests_total{route=\"r63\",class=\"2xx\"}"), 1);
    ck_assert_double_eq(
        value("cumae_http_requests_total{route=\"r64\",class=\"2xx\"}"), -1);
    ck_assert_double_eq(
        value("cumae_http_requests_total{route=\"other\",class=\"2xx\"}"), 10);
    ck_assert_double_eq(
        value("cumae_http_request_seconds_count{route=\"other\"}"), 10);
}
END_TEST

enum { THREADS = 4, ROUNDS = 10000 };

static void *count(void *context)
{
    static const char *const routes[] = {"a", "b", "c", "d", "e"};
    (void)context;
    for (int i = 0; i < ROUNDS; i++) {
        metrics_add(metrics, METRIC_ASKS, 1);
        metrics_request(metrics, routes[i % 5], 200, 5);
    }
    return NULL;
}

START_TEST(test_threads_lose_no_count)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, count, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_double_eq(value("cumae_trials_asked_total"), THREADS * ROUNDS);
    ck_assert_double_eq(
        value("cumae_http_requests_total{route=\"c\",class=\"2xx\"}"),
        (double)THREADS * ROUNDS / 5);
}
END_TEST

// Each line is a comment or `name{labels} number`, and each name has been
// introduced by HELP and TYPE (Prometheus text format 0.0.4).
START_TEST(test_the_text_is_well_formed)
{
    size_t bytes;
    metrics_request(metrics, "ask", 200, 1);
    const char *line = metrics_print(metrics, &arena, &bytes);
    char family[100] = "", help[100] = "";
    ck_assert_int_eq(line[bytes - 1], '\n');
    for (; *line != '\0'; line = strchr(line, '\n') + 1) {
        char name[100], type[20], number[40];
        if (sscanf(line, "# HELP %99s", help) == 1)
            continue;
        if (sscanf(line, "# TYPE %99s %19s", family, type) == 2) {
            ck_assert_str_eq(family, help);
            continue;
        }
        ck_assert_int_eq(sscanf(line, "%99[a-z_]", name), 1);
        ck_assert_int_eq(strncmp(name, family, strlen(family)), 0);
        const char *rest = line + strcspn(line, "} \n");
        rest += *rest == '}';
        ck_assert_int_eq(sscanf(rest, " %39[0-9.e+-]", number), 1);
        ck_assert_int_eq(rest[1 + strlen(number)], '\n');
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tests = tcase_create("metrics");
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, test_counters_and_gauges_show_their_value);
    tcase_add_test(tests, test_buckets_count_what_is_at_most_their_bound);
    tcase_add_test(tests, test_times_are_printed_in_seconds);
    tcase_add_test(tests, test_requests_are_counted_by_route_and_class);
    tcase_add_test(tests, test_too_many_routes_share_one_label);
    tcase_add_test(tests, test_threads_lose_no_count);
    tcase_add_test(tests, test_the_text_is_well_formed);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
