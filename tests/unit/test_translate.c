// SPDX-License-Identifier: GPL-3.0-or-later
// test_translate.c - a point of one search space in another one

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "translate.h"
#include "wire.h"
#include "wire_space.h"

static struct space from, to;
static double result[4];
static struct error err;

static void read_space(struct space *space, const char *json)
{
    struct arena arena;
    struct error fault = {0};
    arena_init(&arena);
    json_t *parsed = wire_parse(json, strlen(json), &arena, &fault);
    ck_assert_msg(parsed != NULL, "%s", fault.message);
    space_init(space);
    ck_assert_msg(wire_space_read(parsed, "space", space, &fault) == 0, "%s",
                  fault.message);
    json_decref(parsed);
    arena_done(&arena);
}

static int translated(const char *source, const double *point,
                      const char *target)
{
    err = (struct error){0};
    read_space(&from, source);
    read_space(&to, target);
    int code = translate_point(&from, point, &to, result, &err);
    space_done(&from);
    space_done(&to);
    return code;
}

#define X(low, high)                                                           \
    "\"x\":{\"type\":\"float\",\"low\":" low ",\"high\":" high "}"
#define N(high)    "\"n\":{\"type\":\"int\",\"low\":0,\"high\":" high "}"
#define C(choices) "\"c\":{\"type\":\"categorical\",\"choices\":" choices "}"

START_TEST(test_parameters_are_found_by_name_and_choices_by_what_they_say)
{
    double point[] = {0.25, 1, 3};
    ck_assert_int_eq(
        translated("{" X("0", "1") "," C("[\"a\",\"b\"]") "," N("9") "}", point,
                   "{" N("5") "," C("[\"b\",7,\"a\"]") "," X("-1", "3") "}"),
        0);
    ck_assert_double_eq(result[0], 3);
    ck_assert_double_eq(result[1], 0); // "b"
    ck_assert_double_eq(result[2], 0.25);
}
END_TEST

START_TEST(test_what_does_not_fit_is_named)
{
    static const struct {
        const char *from, *to, *word;
        double at;
    } cases[] = {
        {X("0", "1"), X("0.5", "1"), "'x' must be between 0.5 and 1", 0.25},
        {X("0", "1"), N("9"), "'x' is no parameter", 0.25},
        {N("9"), "\"n\":{\"type\":\"int\",\"low\":0,\"high\":8,\"step\":2}",
         "'n' must be 0 plus a multiple of 2", 3},
        {C("[\"a\",\"b\"]"), C("[\"a\",\"c\"]"), "\"b\"", 1},
        {C("[\"a\",\"b\"]"), "\"c\":{\"type\":\"bool\"}", "another type", 1},
        {"\"b\":{\"type\":\"bool\"}",
         "\"b\":{\"type\":\"int\",\"low\":0,\"high\":1}", "another type", 1},
        {"\"d\":{\"type\":\"discrete\",\"values\":[1,2.5]}",
         "\"d\":{\"type\":\"discrete\",\"values\":[1,3]}", "no level 2.5", 1},
        {C("[\"a\"]"), C("[\"a\"]"), "new choice", 1}, // since it was read
        {X("0", "1"), X("0", "1") "," N("9"), "n", 0.25},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char source[200], target[200];
        snprintf(source, sizeof source, "{%s}", cases[i].from);
        snprintf(target, sizeof target, "{%s}", cases[i].to);
        ck_assert_msg(translated(source, &cases[i].at, target) == -1,
                      "case %zu", i);
        ck_assert_int_eq(err.code, ERROR_INVALID);
        ck_assert_msg(strstr(err.message, cases[i].word) != NULL,
                      "case %zu: %s", i, err.message);
    }
}
END_TEST

START_TEST(test_a_level_may_become_a_number_of_a_range_and_back)
{
    double level = 1, value = 2.5;
    const char *levels = "{\"x\":{\"type\":\"discrete\",\"values\":[1,2.5]}}";
    ck_assert_int_eq(translated(levels, &level, "{" X("0", "3") "}"), 0);
    ck_assert_double_eq(result[0], 2.5);
    ck_assert_int_eq(translated("{" X("0", "3") "}", &value, levels), 0);
    ck_assert_double_eq(result[0], 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("translate");
    TCase *tc = tcase_create("points");
    tcase_add_test(
        tc, test_parameters_are_found_by_name_and_choices_by_what_they_say);
    tcase_add_test(tc, test_what_does_not_fit_is_named);
    tcase_add_test(tc, test_a_level_may_become_a_number_of_a_range_and_back);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
