// SPDX-License-Identifier: GPL-3.0-or-later
// test_log.c - every line is one JSON object, whatever is in it

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

static FILE *captured;
static int kept;

// From here on stderr is a file.
static void start(void)
{
    captured = tmpfile();
    kept = dup(STDERR_FILENO);
    dup2(fileno(captured), STDERR_FILENO);
    // Several threads append; a pipe would need a reader.
    fcntl(STDERR_FILENO, F_SETFL, O_APPEND);
    log_set_level(LOG_INFO);
}

static void stop(void)
{
    dup2(kept, STDERR_FILENO);
    close(kept);
    fclose(captured);
}

// The next line, or NULL. The line is left in `line`.
static json_t *next(char line[LOG_LINE_BYTES + 2])
{
    if (fgets(line, LOG_LINE_BYTES + 2, captured) == NULL)
        return NULL;
    ck_assert_uint_le(strlen(line), LOG_LINE_BYTES);
    ck_assert_int_eq(line[strlen(line) - 1], '\n');
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_msg(object != NULL, "%s", line);
    return object;
}

static json_t *first(void)
{
    static char line[LOG_LINE_BYTES + 2];
    rewind(captured);
    json_t *object = next(line);
    ck_assert_ptr_nonnull(object);
    return object;
}

static const char *text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

START_TEST(test_a_line_has_its_fields_in_their_types)
{
    log_event(LOG_INFO, "hello", log_text("text", "a \"b\"\n\x1b[31m"),
              log_text("nothing", NULL), log_integer("n", -9007199254740993),
              log_real("x", 0.25), log_real("nan", NAN),
              log_flag("flag", true));
    json_t *line = first();
    ck_assert_str_eq(text(line, "level"), "info");
    ck_assert_str_eq(text(line, "msg"), "hello");
    ck_assert_str_eq(text(line, "text"), "a \"b\"\n\x1b[31m");
    ck_assert(json_is_null(json_object_get(line, "nothing")));
    ck_assert_int_eq(json_integer_value(json_object_get(line, "n")),
                     -9007199254740993);
    ck_assert_double_eq(json_real_value(json_object_get(line, "x")), 0.25);
    ck_assert(json_is_null(json_object_get(line, "nan")));
    ck_assert(json_is_true(json_object_get(line, "flag")));
    ck_assert_uint_eq(json_object_size(line), 9);
    // 2026-01-02T03:04:05.678Z
    const char *ts = text(line, "ts");
    ck_assert_uint_eq(strlen(ts), 24);
    ck_assert_int_eq(ts[10], 'T');
    ck_assert_int_eq(ts[23], 'Z');
    json_decref(line);
}
END_TEST

START_TEST(test_levels_below_the_threshold_are_silent)
{
    log_message(LOG_DEBUG, "too small");
    ck_assert(!log_wants(LOG_DEBUG));
    log_set_level(LOG_ERROR);
    log_message(LOG_WARNING, "too small");
    log_message(LOG_ERROR, "large");
    json_t *line = first();
    ck_assert_str_eq(text(line, "msg"), "large");
    json_decref(line);
}
END_TEST

START_TEST(test_what_does_not_fit_is_cut_and_said)
{
    // One byte of source, up to six in the line: each stays below 4096.
    static const char *const fillers[] = {"a", "\n", "\x01", "\xC3\xA9",
                                          "\xFF"};
    for (size_t i = 0; i < 5; i++) {
        char long_text[6001];
        size_t n = strlen(fillers[i]);
        for (size_t k = 0; k + n <= 6000; k += n)
            memcpy(long_text + k, fillers[i], n);
        long_text[6000] = '\0';
        log_event(LOG_INFO, "long", log_text("text", long_text),
                  log_integer("after", 1));
    }
    char line[LOG_LINE_BYTES + 2];
    rewind(captured);
    for (size_t i = 0; i < 5; i++) {
        json_t *object = next(line);
        ck_assert(json_is_true(json_object_get(object, "truncated")));
        ck_assert_uint_gt(json_string_length(json_object_get(object, "text")),
                          600);
        json_decref(object);
    }
}
END_TEST

START_TEST(test_lines_of_every_length_are_whole)
{
    // The lengths around the end of the line are where an error would hide.
    for (size_t n = 3800; n < 4100; n++) {
        char long_text[4101];
        memset(long_text, 'x', n);
        long_text[n] = '\0';
        log_event(LOG_INFO, "m", log_text("text", long_text),
                  log_text("also", "y"), log_integer("n", 1));
    }
    char line[LOG_LINE_BYTES + 2];
    size_t lines = 0;
    rewind(captured);
    for (json_t *object; (object = next(line)) != NULL; lines++)
        json_decref(object);
    ck_assert_uint_eq(lines, 300);
}
END_TEST

START_TEST(test_a_flood_of_errors_is_limited_and_counted)
{
    enum { FLOOD = 1000 };
    struct timespec now, began;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (int i = 0; i < FLOOD; i++)
        log_message(LOG_ERROR, "the sky falls");
    // Into the next second, where the suppressed ones are reported.
    do {
        usleep(10000);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec == began.tv_sec);
    log_message(LOG_ERROR, "the sky falls");
    char line[LOG_LINE_BYTES + 2];
    json_int_t written = 0, suppressed = 0;
    rewind(captured);
    for (json_t *object; (object = next(line)) != NULL; written++) {
        suppressed += json_integer_value(json_object_get(object, "suppressed"));
        json_decref(object);
    }
    // The loop may have seen more than one second on a slow machine.
    ck_assert_int_lt(written, FLOOD / 2);
    ck_assert_int_eq(written + suppressed, FLOOD + 1);
}
END_TEST

START_TEST(test_information_is_never_limited)
{
    enum { MANY = 100 };
    for (int i = 0; i < MANY; i++)
        log_message(LOG_INFO, "news");
    char line[LOG_LINE_BYTES + 2];
    int written = 0;
    rewind(captured);
    for (json_t *object; (object = next(line)) != NULL; written++)
        json_decref(object);
    ck_assert_int_eq(written, MANY);
}
END_TEST

static void *chatter(void *context)
{
    for (int i = 0; i < 200; i++)
        log_event(i % 2 ? LOG_INFO : LOG_WARNING, context, log_integer("i", i));
    return NULL;
}

START_TEST(test_threads_do_not_mix_their_lines)
{
    pthread_t threads[4];
    char names[4][8] = {"one", "two", "three", "four"};
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, chatter, names[i]);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    char line[LOG_LINE_BYTES + 2];
    int written = 0;
    rewind(captured);
    for (json_t *object; (object = next(line)) != NULL; written++)
        json_decref(object);
    ck_assert_int_ge(written, 4 * 100 + 4 * LOG_BURST);
}
END_TEST

START_TEST(test_errno_is_kept)
{
    close(STDERR_FILENO); // so that the write fails
    errno = ENOENT;
    log_message(LOG_INFO, "nobody hears");
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *tests = tcase_create("log");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, test_a_line_has_its_fields_in_their_types);
    tcase_add_test(tests, test_levels_below_the_threshold_are_silent);
    tcase_add_test(tests, test_what_does_not_fit_is_cut_and_said);
    tcase_add_test(tests, test_lines_of_every_length_are_whole);
    tcase_add_test(tests, test_a_flood_of_errors_is_limited_and_counted);
    tcase_add_test(tests, test_information_is_never_limited);
    tcase_add_test(tests, test_threads_do_not_mix_their_lines);
    tcase_add_test(tests, test_errno_is_kept);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
