// SPDX-License-Identifier: GPL-3.0-or-later
// test_wire.c - reading JSON from strangers

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

static struct arena arena;
static struct error err;
static json_t *body; // of the test, released by the teardown

static void setup(void)
{
    arena_init(&arena);
    error_clear(&err);
    body = NULL;
}

static void teardown(void)
{
    json_decref(body);
    arena_done(&arena);
}

// Parses n bytes from a block of exactly that size, so that a reader which
// goes too far is found out.
static json_t *parse_bytes(const char *text, size_t n)
{
    char *exact = malloc(n ? n : 1);
    ck_assert_ptr_nonnull(exact);
    memcpy(exact, text, n);
    error_clear(&err);
    json_t *json = wire_parse(exact, n, &arena, &err);
    free(exact);
    ck_assert(json != NULL || err.code != ERROR_NONE);
    return json;
}

static const json_t *parse(const char *text)
{
    json_decref(body);
    body = parse_bytes(text, strlen(text));
    ck_assert_msg(body != NULL, "%s: %s", text, err.message);
    return body;
}

static void refuse(const char *text)
{
    json_t *json = parse_bytes(text, strlen(text));
    ck_assert_msg(json == NULL, "accepted: %s", text);
    ck_assert_int_eq(err.code, ERROR_MALFORMED);
}

// The whole number "x" of the body.
static int64_t integer(const char *text)
{
    int64_t value;
    ck_assert_msg(wire_integer(json_object_get(parse(text), "x"), &value),
                  "no integer: %s", text);
    return value;
}

// The number "x" of the body.
static double number(const char *text)
{
    double value;
    ck_assert_msg(wire_number(json_object_get(parse(text), "x"), &value),
                  "no number: %s", text);
    return value;
}

static void check_text(const char *text, const char *expected)
{
    ck_assert_str_eq(json_string_value(json_object_get(parse(text), "x")),
                     expected);
}

// ---- parsing ----------------------------------------------------------------

START_TEST(test_a_whole_number_may_be_written_as_a_real)
{
    int64_t value;
    ck_assert_int_eq(integer("{\"x\":-7}"), -7);
    ck_assert_int_eq(integer("{\"x\":5.0}"), 5);
    ck_assert_int_eq(integer("{\"x\":9223372036854775807}"), INT64_MAX);
    ck_assert_int_eq(integer("{\"x\":1e300}"), INT64_MAX);
    ck_assert_int_eq(integer("{\"x\":-1e99}"), INT64_MIN);
    ck_assert_int_eq(integer("{\"x\":99999999999999999999}"), INT64_MAX);
    for (const char *const *text =
             (const char *const[]){"{\"x\":0.5}", "{\"x\":\"1\"}",
                                   "{\"x\":NaN}", "{\"x\":true}", NULL};
         *text; text++)
        ck_assert_msg(!wire_integer(json_object_get(parse(*text), "x"), &value),
                      "%s", *text);
}
END_TEST

START_TEST(test_bare_tokens_of_python_are_numbers)
{
    ck_assert_double_nan(number("{\"x\": NaN}"));
    ck_assert_double_eq(number("{\"x\":Infinity}"), INFINITY);
    ck_assert_double_eq(number("{\"x\":-Infinity}"), -INFINITY);
    const json_t *list =
        json_object_get(parse("{\"x\":[NaN,1,-Infinity]}"), "x");
    ck_assert_str_eq(wire_odd_number(json_array_get(list, 0)), "NaN");
    ck_assert_ptr_null(wire_odd_number(json_array_get(list, 1)));
    ck_assert_str_eq(wire_odd_number(json_array_get(list, 2)), "-Infinity");
}
END_TEST

START_TEST(test_numbers_beyond_a_double_and_64_bits_are_kept)
{
    ck_assert_double_eq(number("{\"x\":1e999}"), INFINITY);
    ck_assert_double_eq(number("{\"x\":-1E+999}"), -INFINITY);
    ck_assert_double_eq(number("{\"x\":18446744073709551616}"), 0x1p64);
    ck_assert_double_eq(number("{\"x\":-9223372036854775809}"), -0x1p63);
    ck_assert_str_eq(wire_odd_number(json_object_get(body, "x")),
                     "-9223372036854775809");
    ck_assert_double_eq(number("{\"x\":9223372036854775807}"), 0x1p63);
    ck_assert(json_is_integer(json_object_get(body, "x")));
    ck_assert_double_eq(number("{\"x\":1e-999}"), 0);
    ck_assert_double_eq(number("{\"x\":1.7976931348623157e308}"), DBL_MAX);
}
END_TEST

START_TEST(test_numbers_with_very_many_digits_are_read)
{
    char digits[1001] = {0}, text[1100];
    memset(digits, '3', 1000);
    snprintf(text, sizeof text, "{\"x\":0.%s}", digits);
    ck_assert_double_eq_tol(number(text), 1.0 / 3, 1e-15);
    snprintf(text, sizeof text, "{\"x\":9%s}", digits);
    ck_assert_double_eq(number(text), INFINITY);
}
END_TEST

// The number is the last thing before the end of the bytes.
START_TEST(test_a_long_number_at_the_end_is_not_read_beyond_it)
{
    char text[1000] = "1.";
    memset(text + 2, '0', 600);
    refuse(text);
    ck_assert_ptr_nonnull(strstr(err.message, "must be an object"));
}
END_TEST

START_TEST(test_what_only_resembles_an_odd_number_is_refused)
{
    static const char *const texts[] = {
        "{\"x\":NaNN}",
        "{\"x\":nan}",
        "{\"x\":+Infinity}",
        "{\"x\":--Infinity}",
        "{\"x\":1e999.5}",
        "{\"x\":1e999e9}",
        "{\"x\":00018446744073709551616}",
        "{\"x\":18446744073709551616-5}",
        "{\"x\":.18446744073709551616e999}",
        "{\"x\":1e}",
        "{\"x\":-}",
        "{\"x\":18446744073709551616.}",
        "{NaN:1}",
        "{1e999:1}",
        "{ -Infinity : 1}",
        "{\"x\" NaN}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        refuse(texts[i]);
    json_t *json = parse_bytes("{\"x\":18446744073709551616\0}", 26);
    ck_assert_ptr_null(json);
}
END_TEST

START_TEST(test_tokens_inside_strings_are_text)
{
    check_text("{\"x\":\"NaN\"}", "NaN");
    check_text("{\"x\":\"a, -Infinity}\"}", "a, -Infinity}");
    check_text("{\"x\":\"\\\"NaN\"}", "\"NaN");
    check_text("{\"x\":\"\\\\\"}", "\\");
    check_text("{\"x\":\"18446744073709551616\"}", "18446744073709551616");
    check_text("{\"x\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}",
               "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[");
    ck_assert_int_eq(
        json_integer_value(json_object_get(parse("{\"NaN\":3}"), "NaN")), 3);
}
END_TEST

START_TEST(test_an_escape_at_the_very_end_is_refused)
{
    refuse("{\"x\":\"\\");
    refuse("{\"x\":\"a");
    refuse("\"\\");
    refuse("{\"x\":\"\\u12");
    refuse("{\"x\":\"\\ud800\"}");
    refuse("{\"x\":\"\\u0000\"}");
}
END_TEST

// The object is the first level, so 31 more arrays are allowed.
static char *nest(int arrays)
{
    char *left = arena_zeros(&arena, (size_t)arrays + 1, 1);
    char *right = arena_zeros(&arena, (size_t)arrays + 1, 1);
    memset(left, '[', (size_t)arrays);
    memset(right, ']', (size_t)arrays);
    return arena_print(&arena, "{\"x\":%s%s}", left, right);
}

START_TEST(test_nesting_ends_at_32_levels)
{
    parse(nest(WIRE_MAX_DEPTH - 1));
    refuse(nest(WIRE_MAX_DEPTH));
    ck_assert_str_eq(err.message, "the body is nested deeper than 32 levels");
    // Levels, not brackets.
    const char *wide = "0";
    for (int i = 0; i < 100; i++)
        wide = arena_print(&arena, "[],%s", wide);
    parse(arena_print(&arena, "{\"x\":[%s]}", wide));
}
END_TEST

START_TEST(test_what_is_not_json_is_refused)
{
    static const char *const texts[] = {
        "{\"x\":1,\"x\":2}",
        "{\"a\":{\"x\":1,\"x\":1}}",
        "{\"x\":\"\xff\"}",
        "{\"x\":\"\xc0\x80\"}",
        "{\"x\":\"\xed\xa0\x80\"}",
        "{\"x\":\"\xe6\xbc\"}",
        "{\"x\":\"a\nb\"}",
        "{x:1}",
        "{'x':1}",
        "{\"x\":1,}",
        "{\"x\":01}",
        "{\"x\":1} {}",
        "{",
        "}",
        "  ",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        refuse(texts[i]);
    ck_assert_ptr_null(parse_bytes("{}\0", 3));
}
END_TEST

START_TEST(test_only_an_object_is_a_body)
{
    refuse("[1]");
    ck_assert_str_eq(err.message, "the body must be an object, not an array");
    refuse("NaN");
    ck_assert_str_eq(err.message,
                     "the body must be an object, not a number out of range");
    refuse("null");
    ck_assert_str_eq(err.message, "the body must be an object, not null");
}
END_TEST

// ---- members ----------------------------------------------------------------

static struct fields fields;

static void open_fields(const char *text, const char *where)
{
    parse(text);
    error_clear(&err);
    ck_assert_int_eq(fields_open(&fields, body, where, NULL, &err), 0);
}

// The fault that reading has left behind.
static void check_fault(enum error_code code, const char *message)
{
    ck_assert_str_eq(err.message, message);
    ck_assert_int_eq(err.code, code);
    error_clear(&err);
}

START_TEST(test_an_unknown_member_is_named_with_its_path)
{
    static const char *const known[] = {"low", "high", NULL};
    parse("{\"low\":1,\"hihg\":2}");
    ck_assert_int_eq(fields_open(&fields, body, "space.eta", known, &err), -1);
    check_fault(ERROR_MALFORMED, "unknown field space.eta.hihg");
    ck_assert_int_eq(fields_open(&fields, body, "", known, &err), -1);
    check_fault(ERROR_MALFORMED, "unknown field hihg");
    const json_t *low = json_object_get(body, "low");
    ck_assert_int_eq(fields_open(&fields, low, "space", known, &err), -1);
    check_fault(ERROR_MALFORMED, "space must be an object, not an integer");
}
END_TEST

START_TEST(test_absent_and_null_members_give_the_default)
{
    open_fields("{\"n\":null}", "");
    ck_assert_ptr_null(fields_get(&fields, "n"));
    ck_assert_int_eq(fields_int(&fields, "n", 0, 9, 4), 4);
    ck_assert_double_eq(fields_real(&fields, "n", 0.5), 0.5);
    ck_assert_double_eq(fields_value(&fields, "m", 0.25), 0.25);
    ck_assert_str_eq(fields_text(&fields, "n", 9, "x"), "x");
    ck_assert(fields_bool(&fields, "m", true));
    ck_assert_ptr_null(fields_json(&fields, "n", JSON_OBJECT, 9, &arena));
    ck_assert_int_eq(fields_time(&fields, "n"), 0);
    ck_assert_int_eq(err.code, ERROR_NONE);
}
END_TEST

START_TEST(test_an_integer_is_one_within_its_limits)
{
    open_fields("{\"n\":3,\"r\":4.0,\"h\":1.5,\"s\":\"3\",\"b\":true,"
                "\"o\":18446744073709551616,\"i\":Infinity,\"l\":-1e300}",
                "budget");
    ck_assert_int_eq(fields_int(&fields, "n", 3, 3, 0), 3);
    ck_assert_int_eq(fields_int(&fields, "r", 0, 9, 0), 4);
    ck_assert_int_eq(err.code, ERROR_NONE);
    ck_assert_int_eq(fields_int(&fields, "n", 4, 9, 7), 7);
    check_fault(ERROR_INVALID, "budget.n must be from 4 to 9, not 3");
    fields_int(&fields, "h", 0, 9, 0);
    check_fault(ERROR_MALFORMED, "budget.h must be an integer, not 1.5");
    fields_int(&fields, "s", 0, 9, 0);
    check_fault(ERROR_MALFORMED, "budget.s must be an integer, not a string");
    fields_int(&fields, "b", 0, 9, 0);
    check_fault(ERROR_MALFORMED, "budget.b must be an integer, not a boolean");
    fields_int(&fields, "o", 0, 9, 0);
    check_fault(ERROR_INVALID,
                "budget.o must be from 0 to 9, not 18446744073709551616");
    fields_int(&fields, "i", 0, INT64_MAX, 0);
    check_fault(ERROR_INVALID, "budget.i must be from 0 to "
                               "9223372036854775807, not Infinity");
    ck_assert_int_eq(fields_int(&fields, "l", 0, INT64_MAX, 5), 5);
    ck_assert_int_eq(err.code, ERROR_INVALID);
}
END_TEST

START_TEST(test_a_real_is_finite)
{
    open_fields("{\"n\":3,\"r\":0.5,\"s\":\"NaN\",\"x\":NaN,\"h\":1e999}", "");
    ck_assert_double_eq(fields_real(&fields, "n", 0), 3);
    ck_assert_double_eq(fields_real(&fields, "r", 0), 0.5);
    ck_assert_double_eq(fields_real(&fields, "s", 7), 7);
    check_fault(ERROR_MALFORMED, "s must be a number, not a string");
    ck_assert_double_eq(fields_real(&fields, "x", 7), 7);
    check_fault(ERROR_INVALID, "x must be finite, not NaN");
    fields_real(&fields, "h", 0);
    check_fault(ERROR_INVALID, "h must be finite, not 1e999");
}
END_TEST

START_TEST(test_a_value_may_be_any_number_also_as_text)
{
    open_fields("{\"a\":NaN,\"b\":\"NaN\",\"c\":\"Infinity\","
                "\"d\":\"-Infinity\",\"e\":\"\",\"f\":\"1\",\"g\":[1]}",
                "t");
    ck_assert_double_nan(fields_value(&fields, "a", 0));
    ck_assert_double_nan(fields_value(&fields, "b", 0));
    ck_assert_double_eq(fields_value(&fields, "c", 0), INFINITY);
    ck_assert_double_eq(fields_value(&fields, "d", 0), -INFINITY);
    ck_assert_int_eq(err.code, ERROR_NONE);
    fields_value(&fields, "e", 0);
    check_fault(ERROR_MALFORMED, "t.e must be a number, not a string");
    fields_value(&fields, "f", 0);
    check_fault(ERROR_MALFORMED, "t.f must be a number, not a string");
    fields_value(&fields, "g", 0);
    check_fault(ERROR_MALFORMED, "t.g must be a number, not an array");
}
END_TEST

START_TEST(test_texts_are_counted_in_bytes)
{
    open_fields("{\"s\":\"\xc3\xbc\",\"n\":1,\"x\":NaN}", "study");
    ck_assert_str_eq(fields_text(&fields, "s", 2, NULL), "\xc3\xbc");
    ck_assert_ptr_null(fields_text(&fields, "s", 1, NULL));
    check_fault(ERROR_INVALID, "study.s must have at most 1 bytes, not 2");
    fields_text(&fields, "n", 9, NULL);
    check_fault(ERROR_MALFORMED, "study.n must be a string, not an integer");
    fields_text(&fields, "x", 9, NULL);
    check_fault(ERROR_MALFORMED,
                "study.x must be a string, not a number out of range");
    ck_assert(!fields_bool(&fields, "n", false));
    check_fault(ERROR_MALFORMED,
                "study.n must be true or false, not an integer");
}
END_TEST

START_TEST(test_json_members_come_back_compact)
{
    open_fields("{\"o\": { \"b\" : [ 1, 2.0 ], \"a\": \"\\u00fc\" },"
                "\"l\":[]}",
                "tell");
    ck_assert_str_eq(fields_json(&fields, "o", JSON_OBJECT, 30, &arena),
                     "{\"b\":[1,2.0],\"a\":\"\xc3\xbc\"}");
    ck_assert_str_eq(fields_json(&fields, "l", -1, 2, &arena), "[]");
    ck_assert_ptr_null(fields_json(&fields, "l", JSON_OBJECT, 9, &arena));
    check_fault(ERROR_MALFORMED, "tell.l must be an object, not an array");
    fields_json(&fields, "o", JSON_ARRAY, 9, &arena);
    check_fault(ERROR_MALFORMED, "tell.o must be an array, not an object");
    ck_assert_ptr_null(fields_json(&fields, "l", -1, 1, &arena));
    check_fault(ERROR_INVALID,
                "tell.l must have at most 1 bytes of JSON, not 2");
}
END_TEST

START_TEST(test_the_first_fault_stays_and_later_reads_give_defaults)
{
    open_fields("{\"a\":\"x\",\"b\":\"y\",\"n\":5}", "");
    fields_int(&fields, "a", 0, 9, 0);
    fields_int(&fields, "b", 0, 9, 0);
    ck_assert_int_eq(fields_int(&fields, "n", 0, 9, 8), 8);
    check_fault(ERROR_MALFORMED, "a must be an integer, not a string");
}
END_TEST

// ---- times ------------------------------------------------------------------

// 2026-11-30 is 20787 days after 1970-01-01: 56 years with 14 leap days are
// 20454 days, and the days of the ten months before November 30 are
// 31+28+31+30+31+30+31+31+30+31 = 304, and 29.
static const int64_t noon = (INT64_C(20787) * 24 + 12) * 3600 * 1000;

START_TEST(test_times_have_fractions_and_offsets)
{
    ck_assert_int_eq(wire_time("2026-11-30T12:00:00Z"), noon);
    ck_assert_int_eq(wire_time("2026-11-30t12:00:00z"), noon);
    ck_assert_int_eq(wire_time("2026-11-30T12:00:00.5Z"), noon + 500);
    ck_assert_int_eq(wire_time("2026-11-30T12:00:00.0079999Z"), noon + 7);
    ck_assert_int_eq(wire_time("2026-11-30T14:30:00+02:30"), noon);
    ck_assert_int_eq(wire_time("2026-11-30T04:00:00.25-08:00"), noon + 250);
    ck_assert_int_eq(wire_time("2026-12-01T00:00:00+12:00"), noon);
    ck_assert_int_eq(wire_time("1970-01-01T00:00:00Z"), 0);
    ck_assert_int_eq(wire_time("2016-12-31T23:59:60Z"), // a leap second
                     wire_time("2017-01-01T00:00:00Z"));
    ck_assert_int_eq(wire_time("9999-12-31T23:59:59.999Z"),
                     INT64_C(2932897) * 86400000 - 1);
}
END_TEST

START_TEST(test_every_millisecond_of_a_second_reads_back)
{
    struct text text;
    for (int64_t ms = noon; ms < noon + 1000; ms++) {
        text_init(&text, &arena);
        text_time(&text, ms);
        text.data[text.n - 1] = '\0'; // without the quotes
        ck_assert_int_eq(wire_time(text.data + 1), ms);
    }
}
END_TEST

START_TEST(test_leap_days_are_days_in_leap_years_only)
{
    ck_assert_int_eq(wire_time("2000-02-29T00:00:00Z"), INT64_C(951782400000));
    ck_assert_int_gt(wire_time("2024-02-29T00:00:00Z"), 0);
    ck_assert_int_eq(wire_time("2026-02-29T00:00:00Z"), -1);
    ck_assert_int_eq(wire_time("2100-02-29T00:00:00Z"), -1);
}
END_TEST

// What is kept is UTC, with a year of four digits: what could be read once but
// not again would make its study unreadable.
START_TEST(test_a_time_whose_year_is_another_one_in_utc_is_refused)
{
    ck_assert_int_eq(wire_time("9999-12-31T23:59:59-00:01"), -1);
    ck_assert_int_eq(wire_time("9999-12-31T23:59:60Z"), -1);
    ck_assert_int_gt(wire_time("9999-12-31T23:59:60+00:01"), 0);
    ck_assert_int_eq(wire_time("1970-01-01T00:00:00+00:01"), -1);
    ck_assert_int_eq(wire_time("1970-01-01T00:01:00+00:01"), 0);
}
END_TEST

START_TEST(test_what_is_no_time_is_refused)
{
    static const char *const texts[] = {
        "",
        "now",
        "2026-11-30",
        "2026-11-30T12:00:00",
        "2026-11-30T12:00Z",
        "2026-11-30 12:00:00Z",
        "2026-11-30T12:00:00Zx",
        "2026-11-30T12:00:00.Z",
        "2026-11-30T12:00:00.5e3Z",
        "2026-11-30T12:00:00.5e300Z",
        "2026-11-30T12:00:00+2:00",
        "2026-11-30T12:00:00+24:00",
        "2026-11-30T12:00:00+01:60",
        "2026-11-30T12:00:00+-1:30",
        "2026-11-30T12:00:00+0100",
        "2026-00-30T12:00:00Z",
        "2026-13-30T12:00:00Z",
        "2026-11-00T12:00:00Z",
        "2026-11-31T12:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-11-30T24:00:00Z",
        "2026-11-30T12:60:00Z",
        "2026-11-30T12:00:61Z",
        "2026- 1- 1T12:00:00Z",
        "26-11-30T12:00:00Z",
        "1969-12-31T23:59:59Z",
        "12026-11-30T12:00:00Z",
        "-026-11-30T12:00:00Z",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ck_assert_msg(wire_time(texts[i]) == -1, "accepted: %s", texts[i]);
}
END_TEST

START_TEST(test_a_member_that_is_no_time_is_named)
{
    open_fields("{\"deadline\":\"tomorrow\",\"n\":5}", "budget");
    ck_assert_int_eq(fields_time(&fields, "deadline"), 0);
    check_fault(ERROR_INVALID,
                "budget.deadline must be a time such as 2026-11-30T12:00:00Z, "
                "not \"tomorrow\"");
    fields_time(&fields, "n");
    check_fault(ERROR_MALFORMED, "budget.n must be a string, not an integer");
}
END_TEST

// ---- writing ----------------------------------------------------------------

START_TEST(test_values_are_written_as_they_were_read)
{
    static const char json[] =
        "{\"b\":[1,-2.5,\"\xc3\xbc\\n\",true,false,null,{}],\"a\":1.0}";
    struct text text;
    text_init(&text, &arena);
    wire_write(&text, parse(json), false);
    ck_assert_str_eq(text.data, json);
}
END_TEST

START_TEST(test_raw_values_are_ascii_and_keep_their_tokens)
{
    static const char json[] = "{\"\\u00fc\":[NaN,-Infinity,1e999,"
                               "18446744073709551616,\"NaN\"]}";
    struct text text;
    text_init(&text, &arena);
    wire_write(&text, parse(json), true);
    ck_assert_str_eq(text.data, json);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("wire");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, test_a_whole_number_may_be_written_as_a_real);
    tcase_add_test(cases, test_bare_tokens_of_python_are_numbers);
    tcase_add_test(cases, test_numbers_beyond_a_double_and_64_bits_are_kept);
    tcase_add_test(cases, test_numbers_with_very_many_digits_are_read);
    tcase_add_test(cases, test_a_long_number_at_the_end_is_not_read_beyond_it);
    tcase_add_test(cases, test_what_only_resembles_an_odd_number_is_refused);
    tcase_add_test(cases, test_tokens_inside_strings_are_text);
    tcase_add_test(cases, test_an_escape_at_the_very_end_is_refused);
    tcase_add_test(cases, test_nesting_ends_at_32_levels);
    tcase_add_test(cases, test_what_is_not_json_is_refused);
    tcase_add_test(cases, test_only_an_object_is_a_body);
    tcase_add_test(cases, test_an_unknown_member_is_named_with_its_path);
    tcase_add_test(cases, test_absent_and_null_members_give_the_default);
    tcase_add_test(cases, test_an_integer_is_one_within_its_limits);
    tcase_add_test(cases, test_a_real_is_finite);
    tcase_add_test(cases, test_a_value_may_be_any_number_also_as_text);
    tcase_add_test(cases, test_texts_are_counted_in_bytes);
    tcase_add_test(cases, test_json_members_come_back_compact);
    tcase_add_test(cases,
                   test_the_first_fault_stays_and_later_reads_give_defaults);
    tcase_add_test(cases, test_times_have_fractions_and_offsets);
    tcase_add_test(cases, test_every_millisecond_of_a_second_reads_back);
    tcase_add_test(cases, test_leap_days_are_days_in_leap_years_only);
    tcase_add_test(cases,
                   test_a_time_whose_year_is_another_one_in_utc_is_refused);
    tcase_add_test(cases, test_what_is_no_time_is_refused);
    tcase_add_test(cases, test_a_member_that_is_no_time_is_named);
    tcase_add_test(cases, test_values_are_written_as_they_were_read);
    tcase_add_test(cases, test_raw_values_are_ascii_and_keep_their_tokens);
    Suite *suite = suite_create("wire");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
