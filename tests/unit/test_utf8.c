// SPDX-License-Identifier: GPL-3.0-or-later
// test_utf8.c - strict decoding, and escapes that fit their room

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

START_TEST(test_what_rfc_3629_allows_is_utf8)
{
    // The ends of each range of its section 4.
    static const char *const good[] = {
        "",
        "a\x7f",
        "\xC2\x80\xDF\xBF",
        "\xE0\xA0\x80\xEC\xBF\xBF",
        "\xED\x9F\xBF\xEE\x80\x80",
        "\xEF\xBF\xBF",
        "\xF0\x90\x80\x80",
        "\xF4\x8F\xBF\xBF",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert(utf8_is_valid(good[i], strlen(good[i])));
}
END_TEST

START_TEST(test_what_rfc_3629_forbids_is_not_utf8)
{
    static const char *const bad[] = {
        "\x80",             // a continuation alone
        "\xC0\xAF",         // overlong slash
        "\xC1\xBF",         // overlong
        "\xC3",             // cut short
        "\xC3(",            // continuation expected
        "\xE0\x9F\xBF",     // overlong
        "\xED\xA0\x80",     // a surrogate
        "\xE2\x82",         // cut short
        "\xF0\x8F\xBF\xBF", // overlong
        "\xF4\x90\x80\x80", // beyond U+10FFFF
        "\xF5\x80\x80\x80",
        "\xFF",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert(!utf8_is_valid(bad[i], strlen(bad[i])));
}
END_TEST

START_TEST(test_escapes_are_those_of_json)
{
    static const char text[] = "a\"\\\b\f\n\r\t\x01\x7f\0\xC3\xA9\xFF";
    static const char expected[] =
        "a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u007f\\u0000\xC3\xA9\\ufffd";
    char out[100];
    size_t n = utf8_escape(out, sizeof out, text, sizeof text - 1);
    ck_assert_uint_eq(n, sizeof expected - 1);
    ck_assert_mem_eq(out, expected, n);
}
END_TEST

START_TEST(test_no_character_is_cut_in_two)
{
    static const char text[] = "\xE2\x82\xAC\n\x01";
    // Bytes after 0, 1, 2 and 3 characters: 3, then 2, then 6.
    static const size_t ends[] = {0, 3, 5, 11};
    for (size_t space = 0; space <= 12; space++) {
        size_t expected = 0;
        for (size_t i = 0; i < 4; i++)
            if (ends[i] <= space)
                expected = ends[i];
        char *exact = malloc(space + 1);
        ck_assert_uint_eq(utf8_escape(exact, space, text, 5), expected);
        free(exact);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("utf8");
    TCase *tests = tcase_create("utf8");
    tcase_add_test(tests, test_what_rfc_3629_allows_is_utf8);
    tcase_add_test(tests, test_what_rfc_3629_forbids_is_not_utf8);
    tcase_add_test(tests, test_escapes_are_those_of_json);
    tcase_add_test(tests, test_no_character_is_cut_in_two);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
