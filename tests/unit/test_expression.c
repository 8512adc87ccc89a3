// SPDX-License-Identifier: GPL-3.0-or-later
// test_expression.c - a formula over the parameters of a space

#include "expression.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spaces.h"

static struct arena arena;
static struct error err;
static struct expression expression;

// x is 0.25, n is 7, flag true, the booster dart, the level 0.5, gone inactive.
enum { X, N, FLAG, BOOSTER, LEVEL, GONE, SPACED };
static const double point[] = {0.25, 7, 1, 1, 1, NAN, 0.125};

static void setup(void)
{
    char *boosters[] = {"\"gbtree\"",     "\"dart\"", "null",     "-3",
                        "\"a\\\"b\\\\\"", "true",     "\"c\\nd\""};
    double levels[] = {0.1, 0.5};
    double off[] = {0};
    struct condition when = {.parent = FLAG, .n = 1, .values = off};
    space_init(&space);
    add_float("x");
    add_int("n", 0, 10, false);
    add((struct param){.name = "flag", .kind = PARAM_BOOL});
    add((struct param){.name = "booster",
                       .kind = PARAM_CATEGORICAL,
                       .n_choices = 7,
                       .choices = boosters});
    add((struct param){.name = "level",
                       .kind = PARAM_DISCRETE,
                       .n_choices = 2,
                       .levels = levels});
    add((struct param){.name = "gone",
                       .kind = PARAM_FLOAT,
                       .high = 1,
                       .n_conditions = 1,
                       .conditions = &when});
    add_float("learning rate-2");
    arena_init(&arena);
    err = (struct error){0};
}

static void teardown(void)
{
    arena_done(&arena);
    space_done(&space);
}

static double value_at(const char *text, const double *where)
{
    ck_assert_msg(expression_read(text, &space, &arena, &expression, &err) == 0,
                  "%s: %s", text, err.message);
    return expression_value(&expression, &space, where);
}

static double value(const char *text)
{
    return value_at(text, point);
}

static void check_holds(const char *text)
{
    ck_assert_msg(value(text) == 1, "%s does not hold", text);
    ck_assert_msg(expression.truth, "%s is a number", text);
}

static void check_fault(const char *text, const char *message)
{
    ck_assert_int_eq(expression_read(text, &space, &arena, &expression, &err),
                     -1);
    ck_assert_str_eq(err.message, message);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    error_clear(&err);
}

START_TEST(test_operators_bind_as_in_mathematics)
{
    ck_assert_double_eq(value("1 + 2 * 3"), 7);
    ck_assert_double_eq(value("(1 + 2) * 3"), 9);
    ck_assert_double_eq(value("8 - 4 - 2"), 2);
    ck_assert_double_eq(value("8 / 4 / 2"), 1);
    ck_assert_double_eq(value("2 ^ 3 ** 2"), 512); // 2^9
    ck_assert_double_eq(value("-2 ^ 2"), -4);
    ck_assert_double_eq(value("2 ^ -1"), 0.5);
    ck_assert_double_eq(value("--3"), 3);
    ck_assert_double_eq(value("n * x"), 1.75);
    ck_assert(!expression.truth);
}
END_TEST

START_TEST(test_truths_bind_looser_than_comparisons)
{
    check_holds("1 < 2 and 2 < 3 or 1 > 2");
    check_holds("1 > 2 and 1 > 2 or 1 < 2"); // (f and f) or t
    check_holds("not 1 > 2 and flag");       // (not f) and t
    check_holds("not not flag");
    check_holds("flag == true");
    check_holds("(x < 1) != (x > 1)");
    check_holds("x + 1 >= 1.25");
    check_holds("x + 1 <= 1.25");
    ck_assert_double_eq(value("not flag"), 0);
}
END_TEST

START_TEST(test_functions_take_numbers)
{
    ck_assert_double_eq(value("abs(-3)"), 3);
    ck_assert_double_eq(value("exp(0)"), 1);
    ck_assert_double_eq(value("floor(-0.5)"), -1);
    ck_assert_double_eq(value("log(exp(2))"), 2);
    ck_assert_double_eq(value("sqrt(x)"), 0.5);
    ck_assert_double_eq(value("pow(2, n)"), 128);
    ck_assert_double_eq(value("max(x, n, 3) - min(1, x)"), 6.75);
}
END_TEST

START_TEST(test_parameters_have_their_values)
{
    ck_assert_double_eq(value("level"), 0.5);
    ck_assert_double_eq(value("`learning rate-2`"), 0.125);
    check_holds("booster == 'dart'");
    check_holds("\"dart\" == booster");
    check_holds("booster != 'gbtree' and booster != null");
    check_holds("booster != -3 and -3.0 != booster and booster != true");
}
END_TEST

START_TEST(test_choices_are_found_by_what_they_say)
{
    double other[7];
    static const char *const texts[] = {
        "booster == 'gbtree'", "booster == 'dart'",     "booster == null",
        "booster == (-3)",     "('a\"b\\') == booster", "booster == true"};
    memcpy(other, point, sizeof other);
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 6; j++) {
            other[BOOSTER] = (double)j;
            ck_assert_double_eq(value_at(texts[i], other), i == j);
        }
}
END_TEST

START_TEST(test_no_comparison_with_nan_holds)
{
    for (const char *const *text =
             (const char *const[]){"gone < 1", "gone <= 1", "gone > 1",
                                   "gone >= 1", "gone == gone", "gone != 1",
                                   "log(-1) != 0", "not gone < 1 and gone > 0",
                                   NULL};
         *text; text++)
        ck_assert_msg(value(*text) == 0, "%s", *text);
    check_holds("not gone < 1");
    ck_assert_double_nan(value("gone ^ 0"));
    ck_assert_double_nan(value("max(1, gone)"));
    ck_assert_double_nan(value("min(gone, 1)"));
    ck_assert_double_nan(value("abs(gone) * 0"));
    ck_assert_double_eq(value("log(0)"), -INFINITY);
}
END_TEST

START_TEST(test_an_inactive_truth_is_none)
{
    double other[7];
    memcpy(other, point, sizeof other);
    other[FLAG] = other[BOOSTER] = NAN;
    ck_assert_double_eq(value_at("flag", other), 0);
    ck_assert_double_eq(value_at("not flag", other), 1);
    ck_assert_double_eq(value_at("flag == false", other), 0);
    ck_assert_double_eq(value_at("flag or true", other), 1);
    ck_assert_double_eq(value_at("booster != 'dart'", other), 0);
}
END_TEST

START_TEST(test_faults_say_where_and_what)
{
    check_fault("x + * 2", "column 5: expected a number, a name or (, not *");
    check_fault("", "column 1: expected a number, a name or (, not the end");
    check_fault("(x", "column 3: expected an operator or ), not the end");
    check_fault("x 2", "column 3: expected an operator, not 2");
    check_fault("x)", "column 2: expected an operator, not )");
    check_fault("2x", "column 2: expected an operator behind a number");
    check_fault("x + y", "column 5: there is no parameter y");
    check_fault("1 < x < 3",
                "column 7: comparisons do not chain: a < b and b < c");
    check_fault("x = 1", "column 3: one = has no meaning");
    check_fault("x ; 1", "column 3: the character ; has no meaning");
    check_fault("x + 'a", "column 5: ' without another one");
    check_fault("1e999 > x", "column 1: a number is at most 1.8e308");
    check_fault("min(x)", "column 6: expected a comma, not )");
    check_fault("sqrt(x, 1)", "column 7: expected ), not ,");
    check_fault("sin(x)", "column 1: the functions are abs, exp, floor, log, "
                          "max, min, pow, sqrt");
}
END_TEST

START_TEST(test_values_of_another_kind_are_refused)
{
    check_fault("x and flag", "column 1: expected true or false");
    check_fault("not n", "column 5: expected true or false");
    check_fault("1 + flag", "column 5: expected a number");
    check_fault("-flag", "column 2: expected a number");
    check_fault("log(flag)", "column 5: expected a number");
    check_fault("flag == 1", "column 9: expected true or false");
    check_fault("flag < true", "column 1: expected a number");
    check_fault("x == 'a'", "column 6: expected a number");
    check_fault("booster", "column 1: expected a number, true or false");
    check_fault("booster < 'dart'", "column 1: expected a number");
    check_fault("booster == 'lamp'", "column 12: booster has no such choice");
    check_fault("booster == 'c\nd'", "column 12: booster has no such choice");
    check_fault("booster == x", "column 12: a categorical parameter is "
                                "compared with one of its choices");
    check_fault("booster == booster",
                "column 12: a categorical parameter is compared with one of "
                "its choices");
}
END_TEST

// The text of n times `before`, `middle`, n times `after`.
static const char *nest(const char *before, const char *middle,
                        const char *after, size_t n)
{
    const char *text = middle;
    while (n-- > 0)
        text = arena_print(&arena, "%s%s%s", before, text, after);
    return text;
}

START_TEST(test_what_is_too_long_or_too_deep_is_refused)
{
    const char *deep = "too much stands inside one another";
    size_t most = EXPRESSION_MAX_DEPTH - 1;
    ck_assert_double_eq(value(nest("(", "x", ")", most)), 0.25);
    ck_assert_double_eq(value(nest("-", "x", "", most - 1)), 0.25);
    ck_assert_double_eq(value(nest("1^", "x", "", most)), 1);
    for (size_t i = 0; i < 3; i++) {
        const char *before = (const char *[]){"(", "-", "1^"}[i];
        expression_read(nest(before, "x", "", most + 1), &space, &arena,
                        &expression, &err);
        ck_assert_ptr_nonnull(strstr(err.message, deep));
        error_clear(&err);
    }
    ck_assert_double_eq(value(nest("not ", "flag", "", 248)), 1);
    ck_assert_double_eq(value(nest("1+", "x", "", 499)), 499.25);
    check_fault(nest("1+", "x", "", 500), "column 1001: an expression has at "
                                          "most 1000 bytes, not 1001");
    // Three wait at each level of 26 bytes: the 65th is the second of level 21.
    check_fault(nest("flag or flag and flag == (", "flag", ")", 22),
                "column 555: too many values that wait");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("expression");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, test_operators_bind_as_in_mathematics);
    tcase_add_test(cases, test_truths_bind_looser_than_comparisons);
    tcase_add_test(cases, test_functions_take_numbers);
    tcase_add_test(cases, test_parameters_have_their_values);
    tcase_add_test(cases, test_choices_are_found_by_what_they_say);
    tcase_add_test(cases, test_no_comparison_with_nan_holds);
    tcase_add_test(cases, test_an_inactive_truth_is_none);
    tcase_add_test(cases, test_faults_say_where_and_what);
    tcase_add_test(cases, test_values_of_another_kind_are_refused);
    tcase_add_test(cases, test_what_is_too_long_or_too_deep_is_refused);
    Suite *suite = suite_create("expression");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
