// SPDX-License-Identifier: GPL-3.0-or-later
// test_hopaas.c - the suggestion strings of the Hopaas protocol

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hopaas.h"

static struct space space;
static struct error err;

static void setup(void)
{
    space_init(&space);
    error_clear(&err);
}

static void teardown(void)
{
    space_done(&space);
}

// The only parameter that the suggestion makes.
static const struct param *read(const char *suggestion)
{
    space_done(&space);
    space_init(&space);
    error_clear(&err);
    ck_assert_msg(hopaas_add(&space, "x", suggestion, &err) == 0, "%s: %s",
                  suggestion, err.message);
    ck_assert_uint_eq(space.n, 1);
    ck_assert_str_eq(space.params[0].name, "x");
    return &space.params[0];
}

static const struct range {
    const char *text;
    enum param_kind kind;
    bool log;
    double low, high, step;
} ranges[] = {
    {"optuna#uniform(0,1)", PARAM_FLOAT, false, 0, 1, 0},
    {"optuna#uniform(-10,1e+22)", PARAM_FLOAT, false, -10, 1e22, 0},
    {"optuna#uniform( 0 , 1 )", PARAM_FLOAT, false, 0, 1, 0},
    {"optuna#uniform(2.5,2.5)", PARAM_FLOAT, false, 2.5, 2.5, 0},
    {"optuna#loguniform(0.001,1000.0)", PARAM_FLOAT, true, 1e-3, 1000, 0},
    {"optuna#log_uniform(1e-05,1)", PARAM_FLOAT, true, 1e-5, 1, 0},
    {"optuna#float(1e-05,1000.0)", PARAM_FLOAT, false, 1e-5, 1000, 0},
    {"optuna#float(0,1,None,False)", PARAM_FLOAT, false, 0, 1, 0},
    {"optuna#float(0,1,0.25,false)", PARAM_FLOAT, false, 0, 1, 0.25},
    {"optuna#float(1,8,NaN,true)", PARAM_FLOAT, true, 1, 8, 0},
    {"optuna#float(1,8,null,True)", PARAM_FLOAT, true, 1, 8, 0},
    {"optuna#float(1, 8, None, True)", PARAM_FLOAT, true, 1, 8, 0},
    // Optuna takes no step together with log, so log wins.
    {"optuna#float(1,8,0.5,true)", PARAM_FLOAT, true, 1, 8, 0},
    // The last value on the steps from 0 by 0.3 below 1 is 0.9.
    {"optuna#float(0,1,0.3)", PARAM_FLOAT, false, 0, 0.9, 0.3},
    {"optuna#int(0,10)", PARAM_INT, false, 0, 10, 1},
    {"optuna#int(0,10,2,false)", PARAM_INT, false, 0, 10, 2},
    {"optuna#int(1,10,1,true)", PARAM_INT, true, 1, 10, 1},
    {"optuna#int(1,10,None,true)", PARAM_INT, true, 1, 10, 1},
    {"optuna#int(1,10,1,1)", PARAM_INT, true, 1, 10, 1},
    {"optuna#int(-3.0,4.0)", PARAM_INT, false, -3, 4, 1},
    {"optuna#discrete_uniform(-1.0,1.0)", PARAM_FLOAT, false, -1, 1, 0},
    {"optuna#discrete_uniform(-1.0,1.0,0.5)", PARAM_FLOAT, false, -1, 1, 0.5},
    {"optuna#uniform(0,1) and a comment", PARAM_FLOAT, false, 0, 1, 0},
};

START_TEST(test_every_spelling_of_a_range_is_read)
{
    const struct range *range = &ranges[_i];
    const struct param *param = read(range->text);
    ck_assert_int_eq(param->kind, range->kind);
    ck_assert_double_eq(param->low, range->low);
    ck_assert_double_eq_tol(param->high, range->high, 1e-12);
    ck_assert_double_eq(param->step, range->step);
    ck_assert(param->log == range->log);
}
END_TEST

static void check_choices(const char *suggestion, size_t n,
                          const char *const *choices)
{
    const struct param *param = read(suggestion);
    ck_assert_int_eq(param->kind, PARAM_CATEGORICAL);
    ck_assert_uint_eq(param->n_choices, n);
    for (size_t i = 0; i < n; i++)
        ck_assert_str_eq(param->choices[i], choices[i]);
}

START_TEST(test_choices_are_strings_between_commas)
{
    check_choices("optuna#categorical(a,b c,d)", 3,
                  (const char *const[]){"\"a\"", "\"b c\"", "\"d\""});
    check_choices("optuna#categorical(1)", 1, (const char *const[]){"\"1\""});
    check_choices("optuna#categorical(a, a,)", 3,
                  (const char *const[]){"\"a\"", "\" a\"", "\"\""});
    check_choices("optuna#categorical(,a)", 2,
                  (const char *const[]){"\"\"", "\"a\""});
    // Everything between the first and the last parenthesis counts.
    check_choices("optuna#categorical(f(x),(y))", 2,
                  (const char *const[]){"\"f(x)\"", "\"(y)\""});
    check_choices("optuna#categorical(\xc3\xbc,\"q\\)", 2,
                  (const char *const[]){"\"\xc3\xbc\"", "\"\\\"q\\\\\""});
}
END_TEST

static const char *const wrong[][2] = {
    {"optuna#", "x: \"optuna#\" has no arguments in parentheses"},
    {"optuna#uniform", "x: \"optuna#uniform\" has no arguments in parentheses"},
    {"optuna#uniform)0,1(",
     "x: \"optuna#uniform)0,1(\" has no arguments in parentheses"},
    {"optuna#normal(0,1)", "x: unknown kind of suggestion \"normal\""},
    {"optuna#unif(0,1)", "x: unknown kind of suggestion \"unif\""},
    {"optuna#(0,1)", "x: unknown kind of suggestion \"\""},
    {"optuna#uniform(0)", "x: uniform takes 2 to 2 arguments, not 1"},
    {"optuna#uniform(0,1,2)", "x: uniform takes 2 to 2 arguments, not 3"},
    {"optuna#int(0,1,1,true,1)", "x: int takes 2 to 4 arguments, not 5"},
    {"optuna#uniform()", "x: uniform takes 2 to 2 arguments, not 0"},
    {"optuna#categorical()",
     "x: categorical takes 1 to 10000 arguments, not 0"},
    {"optuna#uniform(a,1)", "x: bounds must be numbers, not a and 1"},
    {"optuna#uniform(0,1x)", "x: bounds must be numbers, not 0 and 1x"},
    {"optuna#uniform(,1)", "x: bounds must be numbers, not  and 1"},
    {"optuna#float(0,1,a)", "x: step must be a number, not a"},
    {"optuna#float(0,1,0)", "x: step must be above 0, not 0"},
    {"optuna#float(0,1,-1)", "x: step must be above 0, not -1"},
    {"optuna#float(0,1,None,yes)", "x: log must be true or false, not yes"},
};

START_TEST(test_what_is_wrong_is_named)
{
    ck_assert_int_eq(hopaas_add(&space, "x", wrong[_i][0], &err), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_str_eq(err.message, wrong[_i][1]);
    ck_assert_uint_eq(space.n, 0);
}
END_TEST

// The search space has the last word on bounds.
START_TEST(test_impossible_ranges_are_refused)
{
    static const char *const impossible[] = {
        "optuna#uniform(1,0)",    "optuna#uniform(0,inf)",
        "optuna#uniform(nan,1)",  "optuna#loguniform(0,1)",
        "optuna#int(0.5,3)",      "optuna#int(0,10,2,true)",
        "optuna#categorical(a,a)"};
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        error_clear(&err);
        ck_assert_msg(hopaas_add(&space, "x", impossible[i], &err) == -1,
                      "accepted: %s", impossible[i]);
        ck_assert_int_eq(err.code, ERROR_INVALID);
    }
}
END_TEST

START_TEST(test_only_the_prefix_makes_a_suggestion)
{
    ck_assert(hopaas_is_suggestion("optuna#uniform(0,1)"));
    ck_assert(hopaas_is_suggestion("optuna#"));
    ck_assert(!hopaas_is_suggestion("optuna"));
    ck_assert(!hopaas_is_suggestion("Optuna#uniform(0,1)"));
    ck_assert(!hopaas_is_suggestion(" optuna#uniform(0,1)"));
    ck_assert(!hopaas_is_suggestion(""));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("hopaas");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_loop_test(cases, test_every_spelling_of_a_range_is_read, 0,
                        sizeof ranges / sizeof *ranges);
    tcase_add_test(cases, test_choices_are_strings_between_commas);
    tcase_add_loop_test(cases, test_what_is_wrong_is_named, 0,
                        sizeof wrong / sizeof *wrong);
    tcase_add_test(cases, test_impossible_ranges_are_refused);
    tcase_add_test(cases, test_only_the_prefix_makes_a_suggestion);
    Suite *suite = suite_create("hopaas");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
