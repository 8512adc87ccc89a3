// SPDX-License-Identifier: GPL-3.0-or-later
// test_config.c - where a setting comes from, and what it may be

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

static struct config config;
static struct error err;
static enum config_wish wish;
static char file[] = "/tmp/cumae-config-XXXXXX";

static void start(void)
{
    clearenv();
    setenv("HOME", "/home/someone", 1);
    error_clear(&err);
    strcpy(file, "/tmp/cumae-config-XXXXXX");
    close(mkstemp(file));
}

static void stop(void)
{
    config_done(&config);
    unlink(file);
}

static void fill(const char *text)
{
    FILE *out = fopen(file, "w");
    fputs(text, out);
    fclose(out);
}

// Loads with up to four arguments.
static int load(const char *a, const char *b, const char *c, const char *d)
{
    const char *words[] = {"cumaed", a, b, c, d, NULL};
    char copies[5][300], *argv[6] = {0};
    for (int i = 0; i < 5 && words[i] != NULL; i++)
        argv[i] = memcpy(copies[i], words[i], strlen(words[i]) + 1);
    return config_load(&config, argv, &wish, &err);
}

START_TEST(test_defaults_are_sensible)
{
    ck_assert_int_eq(load(NULL, NULL, NULL, NULL), 0);
    ck_assert_int_eq(wish, CONFIG_RUN);
    ck_assert_str_eq(config.listen, "127.0.0.1:8080");
    ck_assert_str_eq(config.database,
                     "sqlite:/home/someone/.local/share/cumae/cumae.db");
    ck_assert_uint_eq(config.loops, 1);
    ck_assert_uint_ge(config.workers, 2);
    ck_assert_uint_eq(config.max_body_bytes, 4 * 1024 * 1024);
    ck_assert_int_eq(config.log_level, LOG_INFO);
    ck_assert_uint_eq(config.webhook_http, 0);
    ck_assert_uint_eq(config.webhook_private, 0);
    ck_assert_ptr_nonnull(config.trusted_proxies);
    ck_assert_ptr_null(config.trusted_proxies[0]);
    ck_assert_str_eq(config.public_url, "");
    ck_assert_str_eq(config.web_dir, "");
}
END_TEST

START_TEST(test_flags_win_over_environment_over_file_over_default)
{
    fill("# a comment\n\n  loops = 2  \nworkers=2\nidle-s = 20\n");
    setenv("CUMAE_LOOPS", "3", 1);
    setenv("CUMAE_WORKERS", "3", 1);
    ck_assert_int_eq(load("--loops", "4", "--config", file), 0);
    ck_assert_uint_eq(config.loops, 4);      // flag
    ck_assert_uint_eq(config.workers, 3);    // environment
    ck_assert_uint_eq(config.idle_s, 20);    // file
    ck_assert_uint_eq(config.request_s, 30); // default
}
END_TEST

START_TEST(test_flags_have_two_spellings)
{
    ck_assert_int_eq(load("--max-body-bytes=2MiB", "--log_level", "debug",
                          "--database=sqlite:/x?a=b"),
                     0);
    ck_assert_uint_eq(config.max_body_bytes, 2 * 1024 * 1024);
    ck_assert_int_eq(config.log_level, LOG_DEBUG);
    ck_assert_str_eq(config.database, "sqlite:/x?a=b");
}
END_TEST

START_TEST(test_the_last_flag_wins)
{
    ck_assert_int_eq(load("--loops", "2", "--loops", "5"), 0);
    ck_assert_uint_eq(config.loops, 5);
}
END_TEST

START_TEST(test_a_list_is_split)
{
    ck_assert_int_eq(
        load("--trusted-proxies", "10.0.0.1, ::1,,10.0.0.2 ", NULL, NULL), 0);
    ck_assert_str_eq(config.trusted_proxies[0], "10.0.0.1");
    ck_assert_str_eq(config.trusted_proxies[1], "::1");
    ck_assert_str_eq(config.trusted_proxies[2], "10.0.0.2");
    ck_assert_ptr_null(config.trusted_proxies[3]);
}
END_TEST

START_TEST(test_the_database_is_looked_for_where_xdg_says)
{
    setenv("XDG_DATA_HOME", "/data", 1);
    ck_assert_int_eq(load(NULL, NULL, NULL, NULL), 0);
    ck_assert_str_eq(config.database, "sqlite:/data/cumae/cumae.db");
    config_done(&config);
    // The specification asks to ignore a relative path.
    setenv("XDG_DATA_HOME", "data", 1);
    ck_assert_int_eq(load(NULL, NULL, NULL, NULL), 0);
    ck_assert_str_eq(config.database,
                     "sqlite:/home/someone/.local/share/cumae/cumae.db");
    config_done(&config);
    unsetenv("HOME");
    ck_assert_int_eq(load(NULL, NULL, NULL, NULL), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "--database"));
}
END_TEST

// Flag and value that are refused, and what the message must name.
static const char *const bad[][4] = {
    {"--loops", "0", "loops", "between 1 and 64"},
    {"--loops", "65", "loops", "\"65\""},
    {"--loops", "two", "loops", "\"two\""},
    {"--loops", "", "loops", "\"\""},
    {"--loops", "-1", "loops", "\"-1\""},
    {"--loops", " 1", "loops", "\" 1\""},
    {"--loops", "1 ", "loops", "\"1 \""},
    {"--loops", "1KiB", "loops", "\"1KiB\""},
    {"--loops", "99999999999999999999999", "loops", "whole number"},
    {"--idle_s", "0", "idle_s", "seconds"},
    {"--max_body_bytes", "1kb", "max_body_bytes", "bytes"},
    {"--max_body_bytes", "99999999999999999GiB", "max_body_bytes", "bytes"},
    {"--max_body_bytes", "1023", "max_body_bytes", "between 1024"},
    {"--log_level", "loud", "log_level", "\"loud\""},
    {"--database", "mysql://secret@x", "database", "postgresql://"},
    {"--lops", "1", "--lops", "--help"},
    {"--loop", "1", "--loop", "--help"},
    {"--loops", NULL, "--loops", "value"},
    {"loops", "1", "loops", "no flag"},
    {"-x", "1", "-x", "no flag"},
    {"--", "1", "--", "--help"},
    {"--config", "/no/such/file", "/no/such/file", "No such file"},
};

START_TEST(test_a_bad_flag_is_named_with_its_value_and_limit)
{
    ck_assert_int_eq(load(bad[_i][0], bad[_i][1], NULL, NULL), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_msg(strstr(err.message, bad[_i][2]) != NULL, "%s", err.message);
    ck_assert_msg(strstr(err.message, bad[_i][3]) != NULL, "%s", err.message);
    ck_assert_ptr_null(strstr(err.message, "secret"));
}
END_TEST

START_TEST(test_a_bad_line_is_named_with_its_number)
{
    static const char *const cases[][2] = {
        {"loops = 2\nnonsense\n", ":2: a line must be"},
        {"\n\nlops = 2\n", ":3: there is no setting \"lops\""},
        {"loops = many", ":1: loops must be"},
        {"= 1", ":1: there is no setting"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fill(cases[i][0]);
        error_clear(&err);
        ck_assert_int_eq(load("--config", file, NULL, NULL), -1);
        ck_assert_ptr_nonnull(strstr(err.message, file));
        ck_assert_msg(strstr(err.message, cases[i][1]) != NULL, "%s",
                      err.message);
        config_done(&config);
    }
    arena_init(&config.arena); // for the fixture
}
END_TEST

START_TEST(test_a_bad_variable_is_an_error)
{
    setenv("CUMAE_WORKERS", "1", 1);
    ck_assert_int_eq(load(NULL, NULL, NULL, NULL), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "workers must be"));
}
END_TEST

START_TEST(test_variables_of_others_are_ignored)
{
    setenv("CUMAE_TOKEN", "cum_x", 1); // the client's
    ck_assert_int_eq(load(NULL, NULL, NULL, NULL), 0);
}
END_TEST

START_TEST(test_help_and_version_come_before_errors)
{
    ck_assert_int_eq(load("--nonsense", "--help", NULL, NULL), 0);
    ck_assert_int_eq(wish, CONFIG_HELP);
    config_done(&config);
    ck_assert_int_eq(load("--version", NULL, NULL, NULL), 0);
    ck_assert_int_eq(wish, CONFIG_SHOW_VERSION);
}
END_TEST

static void keep_shown(void *context, const struct config_value *value)
{
    if (strcmp(value->name, "database") == 0)
        *(struct config_value *)context = *value;
}

START_TEST(test_what_is_shown_of_a_url_has_no_password)
{
    static const char *const urls[][2] = {
        {"postgresql://u:hunter2@h/d", "postgresql://u:***@h/d"},
        {"postgresql://u:a@b@h/d", "postgresql://u:***@h/d"},
        {"postgresql://u@h/d?password=hunter2&x=1",
         "postgresql://u@h/d?password=***&x=1"},
        {"postgresql://h:5432/d", "postgresql://h:5432/d"},
        {"sqlite:/a:b@c", "sqlite:/a:b@c"}};
    struct config_value shown = {0};
    struct arena arena;
    ck_assert_int_eq(load("--database", urls[_i][0], NULL, NULL), 0);
    arena_init(&arena);
    config_show(&config, &arena, keep_shown, &shown);
    ck_assert_str_eq(shown.value, urls[_i][1]);
    ck_assert_str_eq(shown.source, "flag");
    arena_done(&arena);
}
END_TEST

START_TEST(test_help_lists_settings_with_their_defaults)
{
    char text[8192] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    config_help(out);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "--listen "));
    ck_assert_ptr_nonnull(strstr(text, "[127.0.0.1:8080]"));
    ck_assert_ptr_nonnull(strstr(text, "--live_studies "));
    ck_assert_ptr_nonnull(strstr(text, "--config FILE"));
    ck_assert_ptr_nonnull(strstr(text, "CUMAE_"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *tests = tcase_create("config");
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, test_defaults_are_sensible);
    tcase_add_test(tests,
                   test_flags_win_over_environment_over_file_over_default);
    tcase_add_test(tests, test_flags_have_two_spellings);
    tcase_add_test(tests, test_the_last_flag_wins);
    tcase_add_test(tests, test_a_list_is_split);
    tcase_add_test(tests, test_the_database_is_looked_for_where_xdg_says);
    tcase_add_loop_test(tests,
                        test_a_bad_flag_is_named_with_its_value_and_limit, 0,
                        sizeof bad / sizeof *bad);
    tcase_add_test(tests, test_a_bad_line_is_named_with_its_number);
    tcase_add_test(tests, test_a_bad_variable_is_an_error);
    tcase_add_test(tests, test_variables_of_others_are_ignored);
    tcase_add_test(tests, test_help_and_version_come_before_errors);
    tcase_add_test(tests, test_help_lists_settings_with_their_defaults);
    tcase_add_loop_test(tests, test_what_is_shown_of_a_url_has_no_password, 0,
                        5);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
