// SPDX-License-Identifier: GPL-3.0-or-later
// test_text.c - a string that grows in an arena, with the JSON spellings

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rng.h"
#include "text.h"

static struct arena arena;
static struct text text;

static void setup(void)
{
    arena_init(&arena);
    text_init(&text, &arena);
}

static void teardown(void)
{
    arena_done(&arena);
}

// The text is `expected`; starts a new one.
static void check_is(const char *expected)
{
    ck_assert_str_eq(text.data, expected);
    ck_assert_uint_eq(text.n, strlen(expected));
    text_init(&text, &arena);
}

START_TEST(test_a_new_text_is_empty)
{
    check_is("");
}
END_TEST

START_TEST(test_a_text_grows_beyond_any_first_size)
{
    for (int i = 0; i < 100000; i++)
        text_char(&text, (char)('a' + i % 26));
    text_print(&text, "%d%s", 17, "x");
    ck_assert_uint_eq(text.n, 100003);
    ck_assert_uint_eq(strlen(text.data), 100003);
    for (int i = 0; i < 100000; i++)
        ck_assert_int_eq(text.data[i], 'a' + i % 26);
    ck_assert_str_eq(text.data + 100000, "17x");
}
END_TEST

START_TEST(test_commas_stand_between_members_only)
{
    text_char(&text, '{');
    text_key(&text, "a");
    text_char(&text, '[');
    for (int i = 1; i <= 3; i++) {
        text_next(&text);
        text_int(&text, i);
    }
    text_char(&text, ']');
    text_key(&text, "b");
    text_char(&text, '{');
    text_char(&text, '}');
    text_key(&text, "c");
    text_next(&text);
    text_bool(&text, 1);
    text_char(&text, '}');
    check_is("{\"a\":[1,2,3],\"b\":{},\"c\":true}");
}
END_TEST

START_TEST(test_a_string_that_ends_with_a_bracket_still_gets_a_comma)
{
    text_char(&text, '[');
    text_string(&text, "a[");
    text_next(&text);
    text_string(&text, "b");
    check_is("[\"a[\",\"b\"");
}
END_TEST

// ---- reals ------------------------------------------------------------------

// The number of digits of the mantissa, without leading and trailing zeros.
static int digits_of(const char *number)
{
    int n = 0, zeros = 0;
    for (; *number && *number != 'e'; number++) {
        if (*number < '0' || *number > '9' || (n == 0 && *number == '0'))
            continue;
        zeros = *number == '0' ? zeros + 1 : 0;
        n++;
    }
    return n - zeros;
}

// What is written reads back as the same double, is a real, and is the
// shortest: one digit less, rounded to nearest, is another double.
static void check_real(double value)
{
    char shorter[40];
    text_init(&text, &arena);
    text_real(&text, value);
    double back = strtod(text.data, NULL);
    ck_assert_msg(back == value && !signbit(back) == !signbit(value),
                  "%.17g became %s", value, text.data);
    ck_assert_msg(strpbrk(text.data, ".e") != NULL, "%s", text.data);
    int digits = digits_of(text.data);
    if (digits < 2)
        return;
    snprintf(shorter, sizeof shorter, "%.*e", digits - 2, value);
    ck_assert_msg(strtod(shorter, NULL) != value, "%s is shorter than %s",
                  shorter, text.data);
}

START_TEST(test_any_real_reads_back_and_is_the_shortest)
{
    struct rng rng = rng_at(1, 0);
    int finite = 0;
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = rng_u64(&rng);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        check_real(value);
        finite++;
        arena_reset(&arena);
    }
    // One exponent in 2048 is that of NaN and the infinities.
    ck_assert_int_gt(finite, 99000);
}
END_TEST

START_TEST(test_small_decimals_are_written_as_people_wrote_them)
{
    char decimal[40];
    for (int i = 1; i < 10000; i++) {
        text_init(&text, &arena);
        text_real(&text, i / 1000.0);
        snprintf(decimal, sizeof decimal, "%.3f", i / 1000.0);
        ck_assert_double_eq(strtod(text.data, NULL), strtod(decimal, NULL));
        ck_assert_uint_le(text.n, strlen(decimal));
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(test_the_extremes_of_a_double_read_back)
{
    static const double values[] = {
        5e-324,      -5e-324,   1e-320,
        DBL_MIN,     DBL_MAX,   -DBL_MAX,
        DBL_EPSILON, 0x1p-1074, 0x1.fffffffffffffp-1023,
        1e22,        1e23,      0x1p53,
        0x1p53 + 2,  0.1 + 0.2, 1 - DBL_EPSILON / 2,
        -0.0};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        check_real(values[i]);
    for (double value = 5e-324; value < DBL_MIN; value *= 2)
        check_real(value);
}
END_TEST

START_TEST(test_a_whole_real_stays_a_real)
{
    text_real(&text, 3);
    check_is("3.0");
    text_real(&text, -0.0);
    check_is("-0.0");
    text_real(&text, 1e15);
    check_is("1e+15");
    text_real(&text, 123456789012345);
    check_is("123456789012345.0");
    text_real(&text, 0.1);
    check_is("0.1");
    text_real(&text, 5e-324); // as Python writes it
    check_is("5e-324");
}
END_TEST

START_TEST(test_what_json_cannot_hold_is_null)
{
    text_real(&text, NAN);
    check_is("null");
    text_real(&text, INFINITY);
    check_is("null");
    text_real(&text, -INFINITY);
    check_is("null");
}
END_TEST

START_TEST(test_integers_are_exact_to_both_ends)
{
    text_int(&text, 0);
    check_is("0");
    text_int(&text, INT64_MAX);
    check_is("9223372036854775807");
    text_int(&text, INT64_MIN);
    check_is("-9223372036854775808");
    text_int(&text, 9007199254740993); // 2^53 + 1, no double
    check_is("9007199254740993");
}
END_TEST

// ---- strings ----------------------------------------------------------------

START_TEST(test_strings_are_escaped_as_json_asks)
{
    text_string(&text, "a\"b\\c/\b\f\n\r\t\x01\x1f\x7f");
    check_is("\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
    text_string(&text, "");
    check_is("\"\"");
    text_string(&text, "M\xc3\xbcller \xe6\xbc\xa2 \xf0\x9f\x98\x80");
    check_is("\"M\xc3\xbcller \xe6\xbc\xa2 \xf0\x9f\x98\x80\"");
    text_string(&text, NULL);
    check_is("null");
}
END_TEST

// U+FC, U+6F22, and U+1F600 as the surrogates D800 + (F600 >> 10) = D83D and
// DC00 + (F600 & 3FF) = DE00.
START_TEST(test_ascii_strings_spell_every_other_character)
{
    text_string_ascii(&text, "\xc3\xbc\xe6\xbc\xa2\xf0\x9f\x98\x80\"\n\x7f");
    check_is("\"\\u00fc\\u6f22\\ud83d\\ude00\\\"\\n\\u007f\"");
    // The last character of each length: 7FF, FFFF, 10FFFF.
    text_string_ascii(&text, "\xdf\xbf\xef\xbf\xbf\xf4\x8f\xbf\xbf");
    check_is("\"\\u07ff\\uffff\\udbff\\udfff\"");
}
END_TEST

START_TEST(test_json_in_ascii_keeps_its_escapes)
{
    text_json_ascii(&text, "{\"\xc3\xbc\":\"\\n\\\"\xf0\x9f\x98\x80\"}");
    check_is("{\"\\u00fc\":\"\\n\\\"\\ud83d\\ude00\"}");
    text_json(&text, "{\"\xc3\xbc\":1}");
    check_is("{\"\xc3\xbc\":1}");
    text_json(&text, NULL);
    check_is("null");
}
END_TEST

START_TEST(test_bytes_may_hold_anything)
{
    text_bytes(&text, "a\0b", 3);
    ck_assert_uint_eq(text.n, 3);
    ck_assert_mem_eq(text.data, "a\0b", 4);
}
END_TEST

// ---- times ------------------------------------------------------------------

// 951782400 s is 2000-02-29 (11016 days of 86400 s after 1970-01-01: 30 years
// with 7 leap days are 10957 days, then January's 31 and 28 of February).
START_TEST(test_times_are_utc_with_milliseconds)
{
    text_time(&text, INT64_C(951782400000) + 7);
    check_is("\"2000-02-29T00:00:00.007Z\"");
    text_time(&text, 1);
    check_is("\"1970-01-01T00:00:00.001Z\"");
    // 2932896 days after 1970-01-01 is 9999-12-31.
    text_time(&text, INT64_C(2932896) * 86400000 + 86399999);
    check_is("\"9999-12-31T23:59:59.999Z\"");
    text_time(&text, 0);
    check_is("null");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("text");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_a_new_text_is_empty);
    tcase_add_test(cases, test_a_text_grows_beyond_any_first_size);
    tcase_add_test(cases, test_commas_stand_between_members_only);
    tcase_add_test(cases,
                   test_a_string_that_ends_with_a_bracket_still_gets_a_comma);
    tcase_add_test(cases, test_any_real_reads_back_and_is_the_shortest);
    tcase_add_test(cases, test_small_decimals_are_written_as_people_wrote_them);
    tcase_add_test(cases, test_the_extremes_of_a_double_read_back);
    tcase_add_test(cases, test_a_whole_real_stays_a_real);
    tcase_add_test(cases, test_what_json_cannot_hold_is_null);
    tcase_add_test(cases, test_integers_are_exact_to_both_ends);
    tcase_add_test(cases, test_strings_are_escaped_as_json_asks);
    tcase_add_test(cases, test_ascii_strings_spell_every_other_character);
    tcase_add_test(cases, test_json_in_ascii_keeps_its_escapes);
    tcase_add_test(cases, test_bytes_may_hold_anything);
    tcase_add_test(cases, test_times_are_utc_with_milliseconds);
    Suite *suite = suite_create("text");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
