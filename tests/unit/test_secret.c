// SPDX-License-Identifier: GPL-3.0-or-later
// test_secret.c - what is hidden, and what is read from files

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "secret.h"

static struct arena arena;
static struct error err;
static char file[] = "/tmp/cumae-secret-XXXXXX";

static void start(void)
{
    arena_init(&arena);
    error_clear(&err);
    strcpy(file, "/tmp/cumae-secret-XXXXXX");
    close(mkstemp(file));
}

static void stop(void)
{
    arena_done(&arena);
    unlink(file);
}

static void fill(const char *text)
{
    FILE *out = fopen(file, "w");
    fputs(text, out);
    fclose(out);
}

static void hide(char *argument, char *value)
{
    char name[] = "cumaed", *argv[] = {name, argument, value, NULL};
    secret_hide(argv, (char *[]){NULL});
    ck_assert_str_eq(name, "cumaed");
}

START_TEST(test_the_value_of_a_secret_flag_is_overwritten)
{
    static const struct {
        const char *flag, *value;
        bool secret;
    } cases[] = {
        {"--database", "postgresql://u:p@h/d", true},
        {"--some-password", "abc", true},
        {"--client_secret", "abc", true},
        {"--api-token", "abc", true},
        {"--database-password-file", "/run/secret", false},
        {"--listen", "127.0.0.1:0", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char flag[40], value[40], both[80];
        snprintf(flag, sizeof flag, "%s", cases[i].flag);
        snprintf(value, sizeof value, "%s", cases[i].value);
        snprintf(both, sizeof both, "%s=%s", flag, value);
        hide(flag, value);
        ck_assert_str_eq(flag, cases[i].flag);
        ck_assert_int_eq(value[0] == '*', cases[i].secret);
        ck_assert_uint_eq(strlen(value), strlen(cases[i].value));
        hide(both, NULL);
        ck_assert_int_eq(both[strlen(flag) + 1] == '*', cases[i].secret);
    }
}
END_TEST

START_TEST(test_variables_of_ours_that_are_secret_are_overwritten)
{
    char url[] = "CUMAE_DATABASE=postgresql://u:p@h/d",
         path[] = "CUMAE_DATABASE_PASSWORD_FILE=/x", other[] = "PGPASSWORD=abc",
         bare[] = "CUMAE_SECRET";
    char *none[] = {NULL}, *environment[] = {url, path, other, bare, NULL};
    secret_hide(none, environment);
    ck_assert_ptr_null(strstr(url, "u:p"));
    ck_assert_str_eq(path, "CUMAE_DATABASE_PASSWORD_FILE=/x");
    // libpq reads it each time it connects.
    ck_assert_str_eq(other, "PGPASSWORD=abc");
    ck_assert_str_eq(bare, "CUMAE_SECRET");
}
END_TEST

START_TEST(test_a_secret_is_the_first_line_of_its_file)
{
    fill("two words\r\nand more\n");
    ck_assert_str_eq(secret_read(file, &arena, &err), "two words");
    fill("no newline");
    ck_assert_str_eq(secret_read(file, &arena, &err), "no newline");
}
END_TEST

START_TEST(test_a_file_without_a_secret_is_an_error_that_names_it)
{
    static const char *const bad[] = {"", "\n", "\nsecond line\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fill(bad[i]);
        error_clear(&err);
        ck_assert_ptr_null(secret_read(file, &arena, &err));
        ck_assert_int_eq(err.code, ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(err.message, file));
    }
    error_clear(&err);
    ck_assert_ptr_null(secret_read("/nowhere/at/all", &arena, &err));
    ck_assert_int_eq(err.code, ERROR_INVALID);
}
END_TEST

START_TEST(test_a_secret_has_at_most_4096_bytes)
{
    char text[SECRET_MAX_BYTES + 3];
    memset(text, 'x', sizeof text);
    memcpy(text + SECRET_MAX_BYTES, "\n", 2);
    fill(text);
    ck_assert_uint_eq(strlen(secret_read(file, &arena, &err)),
                      SECRET_MAX_BYTES);
    memcpy(text + SECRET_MAX_BYTES, "x\n", 3);
    fill(text);
    ck_assert_ptr_null(secret_read(file, &arena, &err));
}
END_TEST

// RFC 3986: unreserved characters stay, all others are %XX of their bytes.
START_TEST(test_percent_encoding)
{
    ck_assert_str_eq(secret_percent("aZ09-._~", &arena), "aZ09-._~");
    ck_assert_str_eq(secret_percent(" %/@:?&#+", &arena),
                     "%20%25%2F%40%3A%3F%26%23%2B");
    ck_assert_str_eq(secret_percent("\xc3\xbc", &arena), "%C3%BC");
    ck_assert_str_eq(secret_percent("", &arena), "");
}
END_TEST

START_TEST(test_only_the_first_word_may_be_repeated)
{
    ck_assert_int_eq(secret_free("databas postgresql://u:p@h"), 7);
    ck_assert_int_eq(secret_free("postgresql://u:p@h"), 10);
    ck_assert_int_eq(secret_free("password=x"), 8);
    ck_assert_int_eq(secret_free(""), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("secret");
    TCase *tests = tcase_create("secret");
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, test_the_value_of_a_secret_flag_is_overwritten);
    tcase_add_test(tests,
                   test_variables_of_ours_that_are_secret_are_overwritten);
    tcase_add_test(tests, test_a_secret_is_the_first_line_of_its_file);
    tcase_add_test(tests,
                   test_a_file_without_a_secret_is_an_error_that_names_it);
    tcase_add_test(tests, test_a_secret_has_at_most_4096_bytes);
    tcase_add_test(tests, test_percent_encoding);
    tcase_add_test(tests, test_only_the_first_word_may_be_repeated);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
