// SPDX-License-Identifier: GPL-3.0-or-later
// test_widen.c - may a space take the place of another while trials exist?

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "widen.h"
#include "wire_space.h"

static struct arena arena;
static struct error err;
static struct space before, after;

static void setup(void)
{
    arena_init(&arena);
    space_init(&before);
    space_init(&after);
    error_clear(&err);
}

static void teardown(void)
{
    space_done(&before);
    space_done(&after);
    arena_done(&arena);
}

static void read(const char *text, struct space *space)
{
    space_done(space);
    space_init(space);
    json_t *json = wire_parse(text, strlen(text), &arena, &err);
    ck_assert_msg(json && wire_space_read(json, "space", space, &err) == 0,
                  "%s: %s", text, err.message);
    json_decref(json);
}

static int widen(const char *from, const char *to)
{
    error_clear(&err);
    read(from, &before);
    read(to, &after);
    return widen_check(&before, &after, &err);
}

#define X(rest)       "{\"x\":{" rest "}}"
#define FLOAT(rest)   X("\"type\":\"float\"," rest)
#define INT(rest)     X("\"type\":\"int\"," rest)
#define CHOICES(list) X("\"type\":\"categorical\",\"choices\":[" list "]")
#define LEVELS(list)  X("\"type\":\"discrete\",\"values\":[" list "]")
#define CHILD(when)                                                            \
    "{\"m\":{\"type\":\"categorical\",\"choices\":[\"a\",\"b\",\"c\"]},"       \
    "\"x\":{\"type\":\"bool\",\"when\":{\"m\":" when "}}}"

static const char *const wider[][2] = {
    {FLOAT("\"low\":0,\"high\":1"), FLOAT("\"low\":0,\"high\":1")},
    {FLOAT("\"low\":0,\"high\":1"), FLOAT("\"low\":-1,\"high\":1")},
    {FLOAT("\"low\":0,\"high\":1"), FLOAT("\"low\":0,\"high\":1.5")},
    {FLOAT("\"low\":0,\"high\":1,\"step\":0.1"),
     FLOAT("\"low\":-0.3,\"high\":2,\"step\":0.1")},
    {FLOAT("\"low\":1,\"high\":2,\"log\":true"),
     FLOAT("\"low\":0.1,\"high\":2,\"log\":true")},
    {INT("\"low\":1,\"high\":7,\"step\":3"),
     INT("\"low\":-2,\"high\":10,\"step\":3")},
    {CHOICES("\"a\",1"), CHOICES("\"a\",1,null")},
    {LEVELS("1,2"), LEVELS("1,2,3")},
    {CHILD("[\"a\"]"), CHILD("[\"a\"]")},
    {"{}", "{}"},
};

START_TEST(test_what_only_grows_is_wider)
{
    int result = widen(wider[_i][0], wider[_i][1]);
    ck_assert_msg(result == 0, "%s -> %s: %s", wider[_i][0], wider[_i][1],
                  err.message);
}
END_TEST

static const char *const other[][2] = {
    {FLOAT("\"low\":0,\"high\":1"), FLOAT("\"low\":0.1,\"high\":1")},
    {FLOAT("\"low\":0,\"high\":1"), FLOAT("\"low\":0,\"high\":0.9")},
    {FLOAT("\"low\":0,\"high\":1"), FLOAT("\"low\":0,\"high\":1,\"step\":0.5")},
    {FLOAT("\"low\":0,\"high\":1,\"step\":0.5"), FLOAT("\"low\":0,\"high\":1")},
    {FLOAT("\"low\":1,\"high\":2"), FLOAT("\"low\":1,\"high\":2,\"log\":true")},
    // Off the steps: 0 is no multiple of 0.1 above -0.25.
    {FLOAT("\"low\":0,\"high\":1,\"step\":0.1"),
     FLOAT("\"low\":-0.25,\"high\":2,\"step\":0.1")},
    // On the steps of before lie 1, 4, 7; of after 0, 3, 6, 9.
    {INT("\"low\":1,\"high\":7,\"step\":3"),
     INT("\"low\":0,\"high\":10,\"step\":3")},
    {INT("\"low\":0,\"high\":8,\"step\":2"),
     INT("\"low\":0,\"high\":8,\"step\":1")},
    {INT("\"low\":0,\"high\":1"), FLOAT("\"low\":0,\"high\":1")},
    {CHOICES("\"a\",\"b\""), CHOICES("\"a\"")},
    {CHOICES("\"a\",\"b\""), CHOICES("\"b\",\"a\"")},
    {CHOICES("\"a\",\"b\""), CHOICES("\"c\",\"a\",\"b\"")},
    {CHOICES("1"), CHOICES("\"1\"")},
    {LEVELS("1,2"), LEVELS("1,3")},
    {LEVELS("1,2"), LEVELS("0,1,2")},
    {CHILD("[\"a\"]"), CHILD("[\"b\"]")},
    {CHILD("[\"a\"]"), CHILD("[\"a\",\"b\"]")},
    {FLOAT("\"low\":0,\"high\":1"), "{}"},
};

START_TEST(test_what_changes_the_meaning_of_points_is_refused)
{
    int result = widen(other[_i][0], other[_i][1]);
    ck_assert_msg(result == -1, "%s -> %s", other[_i][0], other[_i][1]);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_str_eq(err.message, "space.x may only become wider: trials with "
                                  "its values exist");
}
END_TEST

START_TEST(test_a_new_parameter_is_refused_by_name)
{
    ck_assert_int_eq(widen("{\"a\":{\"type\":\"bool\"}}",
                           "{\"a\":{\"type\":\"bool\"},"
                           "\"b\":{\"type\":\"bool\"}}"),
                     -1);
    ck_assert_str_eq(err.message,
                     "space.b cannot be added: trials without it exist");
}
END_TEST

START_TEST(test_parameters_keep_their_order)
{
    ck_assert_int_eq(widen("{\"a\":{\"type\":\"bool\"},"
                           "\"b\":{\"type\":\"bool\"}}",
                           "{\"b\":{\"type\":\"bool\"},"
                           "\"a\":{\"type\":\"bool\"}}"),
                     -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
}
END_TEST

// What the check promises: every point of before is a point of after.
START_TEST(test_points_of_before_are_points_of_after)
{
    for (size_t i = 0; i < sizeof wider / sizeof *wider; i++) {
        ck_assert_int_eq(widen(wider[i][0], wider[i][1]), 0);
        for (int k = 0; k <= 20; k++) {
            double unit[2] = {k / 20.0, k / 20.0}, point[2];
            space_decode(&before, unit, point);
            ck_assert_msg(space_check(&after, point, &err) == 0, "%s: %s",
                          wider[i][1], err.message);
        }
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("widen");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_loop_test(cases, test_what_only_grows_is_wider, 0,
                        sizeof wider / sizeof *wider);
    tcase_add_loop_test(cases,
                        test_what_changes_the_meaning_of_points_is_refused, 0,
                        sizeof other / sizeof *other);
    tcase_add_test(cases, test_a_new_parameter_is_refused_by_name);
    tcase_add_test(cases, test_parameters_keep_their_order);
    tcase_add_test(cases, test_points_of_before_are_points_of_after);
    Suite *suite = suite_create("widen");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
