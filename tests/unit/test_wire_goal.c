// SPDX-License-Identifier: GPL-3.0-or-later
// test_wire_goal.c - the JSON of objectives, outcome constraints and budgets

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "outcome.h"
#include "wire_definition.h"

static struct arena arena;
static struct error err;

static void setup(void)
{
    arena_init(&arena);
    error_clear(&err);
}

static void teardown(void)
{
    arena_done(&arena);
}

// A definition with these members besides name, space and sampler.
static struct definition *try_read(const char *sampler, const char *members)
{
    char *text =
        arena_print(&arena,
                    "{\"name\":\"s\",\"space\":{\"x\":{\"type\":\"bool\"}},"
                    "\"sampler\":\"%s\",%s}",
                    sampler, members);
    error_clear(&err);
    json_t *json = wire_parse(text, strlen(text), &arena, &err);
    ck_assert_msg(json != NULL, "%s: %s", text, err.message);
    struct definition *d = wire_definition_read(json, "", &err);
    json_decref(json);
    return d;
}

static struct definition *read(const char *members)
{
    struct definition *d = try_read("random", members);
    ck_assert_msg(d != NULL, "%s: %s", members, err.message);
    return d;
}

#define TWO "\"objectives\":[{\"name\":\"a\"},{\"name\":\"b\"}]"
#define BOUNDED(member)                                                        \
    "\"outcome_constraints\":[{\"name\":\"ms\",\"upper\":20}," member "]"

START_TEST(test_objectives_have_names_and_directions)
{
    struct definition *d =
        read("\"objectives\":[{\"name\":\"loss\"},{\"name\":\"auc\","
             "\"direction\":\"maximize\"}]");
    ck_assert_uint_eq(d->n_objectives, 2);
    ck_assert_str_eq(d->objectives[0].name, "loss");
    ck_assert_str_eq(d->objectives[1].name, "auc");
    ck_assert_double_eq(definition_sign(d, 0, 3), 3);
    ck_assert_double_eq(definition_sign(d, 1, 3), -3);
    definition_free(d);
}
END_TEST

START_TEST(test_bounds_are_counted_one_by_one)
{
    struct definition *d =
        read(BOUNDED("{\"name\":\"mb\",\"lower\":1,\"upper\":1}"));
    ck_assert_uint_eq(d->n_outcome_constraints, 2);
    ck_assert_double_nan(d->outcome_constraints[0].lower);
    ck_assert_double_eq(d->outcome_constraints[0].upper, 20);
    ck_assert_double_eq(d->outcome_constraints[1].lower, 1);
    ck_assert_uint_eq(definition_n_bounds(d), 3);
    definition_free(d);
}
END_TEST

START_TEST(test_goals_are_stored_and_read_back)
{
    struct definition *d =
        read(TWO "," BOUNDED("{\"name\":\"mb\",\"lower\":-1e-300}"));
    char *text = wire_definition_text(d, &arena);
    ck_assert_ptr_nonnull(
        strstr(text, "{\"name\":\"ms\",\"lower\":null,\"upper\":20.0}"));
    struct definition *again = wire_definition_load(text, &err);
    ck_assert_msg(again != NULL, "%s", err.message);
    ck_assert_str_eq(wire_definition_text(again, &arena), text);
    definition_free(again);
    definition_free(d);
}
END_TEST

// A study that is stored already must stay the same study.
START_TEST(test_the_stored_text_of_a_study_without_constraints_has_none)
{
    struct definition *d = read("\"direction\":\"maximize\"");
    struct text shown;
    text_init(&shown, &arena);
    wire_definition_write(&shown, d, false);
    ck_assert_ptr_null(strstr(wire_definition_text(d, &arena), "outcome"));
    ck_assert_ptr_nonnull(strstr(shown.data, "\"outcome_constraints\":[]"));
    definition_free(d);
}
END_TEST

START_TEST(test_other_goals_are_another_definition)
{
    static const char *const goals[] = {
        TWO,
        "\"objectives\":[{\"name\":\"b\"},{\"name\":\"a\"}]",
        TWO "," BOUNDED("{\"name\":\"mb\",\"lower\":1}"),
        TWO "," BOUNDED("{\"name\":\"mb\",\"upper\":1}"),
        TWO "," BOUNDED("{\"name\":\"mb\",\"upper\":2}"),
    };
    for (size_t i = 0; i < sizeof goals / sizeof *goals; i++)
        for (size_t j = 0; j < sizeof goals / sizeof *goals; j++) {
            struct definition *a = read(goals[i]), *b = read(goals[j]);
            ck_assert(wire_definition_same(wire_definition_text(a, &arena),
                                           wire_definition_text(b, &arena)) ==
                      (i == j));
            definition_free(a);
            definition_free(b);
        }
}
END_TEST

START_TEST(test_as_many_as_the_limits_say_are_taken)
{
    struct text text;
    text_init(&text, &arena);
    text_add(&text, "\"objectives\":[");
    for (int i = 0; i < STUDY_MAX_OBJECTIVES; i++)
        text_print(&text, "%s{\"name\":\"o%d\"}", i ? "," : "", i);
    text_add(&text, "],\"outcome_constraints\":[");
    for (int i = 0; i < STUDY_MAX_OUTCOME_CONSTRAINTS; i++)
        text_print(&text, "%s{\"name\":\"c%d\",\"lower\":0,\"upper\":1}",
                   i ? "," : "", i);
    text_char(&text, ']');
    struct definition *d = read(text.data);
    ck_assert_uint_eq(d->n_objectives, STUDY_MAX_OBJECTIVES);
    ck_assert_uint_eq(definition_n_bounds(d),
                      2 * STUDY_MAX_OUTCOME_CONSTRAINTS);
    definition_free(d);
}
END_TEST

static const char *const faults[][2] = {
    {"\"objectives\":{}", "objectives must be an array, not an object"},
    {"\"objectives\":[]", "objectives must hold 1 to 8, not 0"},
    {"\"objectives\":[{},{},{},{},{},{},{},{},{}]",
     "objectives must hold 1 to 8, not 9"},
    {"\"objectives\":[{},{}]", "objectives[0].name is required"},
    {"\"objectives\":[{\"name\":\"\"}]",
     "objectives[0].name must not be empty"},
    {"\"objectives\":[{\"name\":\"a\"},{\"name\":\"a\"}]",
     "objectives[1].name must be there once only, not twice: \"a\""},
    {"\"objectives\":[{\"name\":\"a\"},{\"name\":\"b\",\"direction\":\"up\"}]",
     "objectives[1].direction must be minimize or maximize, not \"up\""},
    {"\"direction\":\"minimize\"," TWO,
     "direction and objectives exclude each other"},
    {TWO ",\"pruner\":\"median\"",
     "pruner.name must be nop with several objectives, not \"median\""},
    {TWO ",\"budget\":{\"target\":1}",
     "budget.target is for a study with one objective, which has a best "
     "value, not 2"},
    {TWO ",\"budget\":{\"patience\":1}",
     "budget.patience is for a study with one objective, which has a best "
     "value, not 2"},
    {"\"outcome_constraints\":{}",
     "outcome_constraints must be an array, not an object"},
    {"\"outcome_constraints\":[1]",
     "outcome_constraints[0] must be an object, not an integer"},
    {"\"outcome_constraints\":[{\"name\":\"a\",\"max\":1}]",
     "unknown field outcome_constraints[0].max"},
    {"\"outcome_constraints\":[{\"upper\":1}]",
     "outcome_constraints[0].name is required"},
    {BOUNDED("{\"name\":\"ms\",\"lower\":1}"),
     "outcome_constraints[1].name must be there once only, not twice: \"ms\""},
    {BOUNDED("{\"name\":\"mb\"}"),
     "outcome_constraints[1].upper or lower is required, or both"},
    {BOUNDED("{\"name\":\"mb\",\"lower\":NaN}"),
     "outcome_constraints[1].lower must be finite, not NaN"},
    {BOUNDED("{\"name\":\"mb\",\"lower\":\"1\"}"),
     "outcome_constraints[1].lower must be a number, not a string"},
    {BOUNDED("{\"name\":\"mb\",\"lower\":2,\"upper\":1}"),
     "outcome_constraints[1].lower must not be above upper: 2 > 1"},
};

START_TEST(test_faults_are_named_with_their_path)
{
    ck_assert_msg(!try_read("random", faults[_i][0]), "%s", faults[_i][0]);
    ck_assert_str_eq(err.message, faults[_i][1]);
    ck_assert(err.code == ERROR_INVALID || err.code == ERROR_MALFORMED);
}
END_TEST

START_TEST(test_samplers_of_one_objective_refuse_several_and_name_others)
{
    size_t refused = 0;
    for (size_t i = 0; i < n_samplers; i++) {
        struct definition *one = try_read(samplers[i]->name, "\"notes\":\"\"");
        if (!one) // not for a space such as this
            continue;
        struct definition *d = try_read(samplers[i]->name, TWO);
        ck_assert((d != NULL) == samplers[i]->several);
        refused += !d;
        if (!d)
            ck_assert_msg(strstr(err.message, "random, ") != NULL, "%s",
                          err.message);
        definition_free(d);
        definition_free(one);
    }
    ck_assert_uint_gt(refused, 0);
}
END_TEST

START_TEST(test_a_patch_may_not_choose_a_sampler_of_one_objective)
{
    struct definition *d = read(TWO);
    for (size_t i = 0; i < n_samplers; i++) {
        if (samplers[i]->several)
            continue;
        error_clear(&err);
        json_t *change = json_pack("{s:s}", "sampler", samplers[i]->name);
        ck_assert_ptr_null(wire_definition_patch(d, change, &err));
        ck_assert_int_eq(err.code, ERROR_INVALID);
        json_decref(change);
    }
    definition_free(d);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("wire_goal");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, test_objectives_have_names_and_directions);
    tcase_add_test(cases, test_bounds_are_counted_one_by_one);
    tcase_add_test(cases, test_goals_are_stored_and_read_back);
    tcase_add_test(
        cases, test_the_stored_text_of_a_study_without_constraints_has_none);
    tcase_add_test(cases, test_other_goals_are_another_definition);
    tcase_add_test(cases, test_as_many_as_the_limits_say_are_taken);
    tcase_add_loop_test(cases, test_faults_are_named_with_their_path, 0,
                        sizeof faults / sizeof *faults);
    tcase_add_test(
        cases, test_samplers_of_one_objective_refuse_several_and_name_others);
    tcase_add_test(cases,
                   test_a_patch_may_not_choose_a_sampler_of_one_objective);
    Suite *suite = suite_create("wire_goal");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
