// SPDX-License-Identifier: GPL-3.0-or-later
// test_error.c - what went wrong, in the caller's frame

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

START_TEST(test_the_first_message_wins)
{
    struct error err = {0};
    ck_assert_int_eq(error_set(&err, ERROR_INVALID, "low is %d", 3), -1);
    ck_assert_int_eq(error_set(&err, ERROR_STORE, "later"), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_str_eq(err.message, "low is 3");
}
END_TEST

START_TEST(test_a_cleared_error_can_be_set_again)
{
    struct error err = {0};
    error_set(&err, ERROR_INVALID, "first");
    error_clear(&err);
    ck_assert_int_eq(err.code, ERROR_NONE);
    ck_assert_str_eq(err.message, "");
    error_set(&err, ERROR_FULL, "second");
    ck_assert_int_eq(err.code, ERROR_FULL);
    ck_assert_str_eq(err.message, "second");
}
END_TEST

START_TEST(test_a_long_message_is_cut)
{
    struct error err = {0};
    char text[1000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    error_set(&err, ERROR_INVALID, "%s", text);
    ck_assert_uint_eq(strlen(err.message), sizeof err.message - 1);
}
END_TEST

START_TEST(test_a_message_is_one_line)
{
    struct error err = {0};
    error_set(&err, ERROR_INVALID, "a\nb\r\tc\x7f.");
    ck_assert_str_eq(err.message, "a b  c .");
}
END_TEST

START_TEST(test_a_cut_utf8_sequence_is_replaced)
{
    // U+00B5 is c2 b5, U+20AC e2 82 ac, U+1F600 f0 9f 98 80 (RFC 3629).
    struct error err = {0};
    error_set(&err, ERROR_INVALID, "\xc2\xb5 %.1s|%.2s|%.3s|\xe2\x82\xac",
              "\xc2\xb5", "\xe2\x82\xac", "\xf0\x9f\x98\x80");
    ck_assert_str_eq(err.message, "\xc2\xb5 ?|??|???|\xe2\x82\xac");
}
END_TEST

START_TEST(test_invalid_utf8_is_replaced)
{
    // Overlong '/', a surrogate, beyond U+10FFFF, a lone continuation byte.
    struct error err = {0};
    error_set(&err, ERROR_INVALID,
              "\xc0\xaf|\xe0\x80\xaf|\xed\xa0\x80|\xf4\x90\x80\x80|\x80");
    ck_assert_str_eq(err.message, "??|???|???|????|?");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("error");
    tcase_add_test(cases, test_the_first_message_wins);
    tcase_add_test(cases, test_a_cleared_error_can_be_set_again);
    tcase_add_test(cases, test_a_long_message_is_cut);
    tcase_add_test(cases, test_a_message_is_one_line);
    tcase_add_test(cases, test_a_cut_utf8_sequence_is_replaced);
    tcase_add_test(cases, test_invalid_utf8_is_replaced);
    Suite *suite = suite_create("error");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
