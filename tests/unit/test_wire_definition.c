// SPDX-License-Identifier: GPL-3.0-or-later
// test_wire_definition.c - the JSON of a study's definition

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../random_space.h"
#include "restriction.h"
#include "wire_algorithm.h"
#include "wire_definition.h"
#include "wire_space.h"

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

static struct definition *try_read(const char *text)
{
    error_clear(&err);
    json_t *json = wire_parse(text, strlen(text), &arena, &err);
    ck_assert_msg(json != NULL, "%s: %s", text, err.message);
    struct definition *d = wire_definition_read(json, "", &err);
    json_decref(json);
    return d;
}

static struct definition *read(const char *text)
{
    struct definition *d = try_read(text);
    ck_assert_msg(d != NULL, "%s: %s", text, err.message);
    ck_assert_int_eq(err.code, ERROR_NONE);
    return d;
}

static struct definition *load(const char *text)
{
    struct definition *d = wire_definition_load(text, &err);
    ck_assert_msg(d != NULL, "%s: %s", text, err.message);
    return d;
}

// The definition that loading the stored text gives writes the same text.
static void check_fixed_point(const struct definition *definition)
{
    char *text = wire_definition_text(definition, &arena);
    struct definition *again = load(text);
    ck_assert_str_eq(wire_definition_text(again, &arena), text);
    ck_assert(wire_definition_same(text, text));
    definition_free(again);
}

#define SPACE "\"space\":{\"x\":{\"type\":\"float\",\"low\":0,\"high\":1}}"
static const char least[] = "{\"name\":\"s\"," SPACE "}";

// ---- reading ----------------------------------------------------------------

START_TEST(test_every_field_has_a_default)
{
    struct definition *d = read(least);
    ck_assert_str_eq(d->name, "s");
    ck_assert_str_eq(d->objectives[0].name, "value");
    ck_assert(!d->objectives[0].maximize && !d->hopaas);
    ck_assert_str_eq(d->sampler->name, "auto");
    ck_assert_str_eq(d->pruner->name, "nop");
    for (size_t i = 0; i < d->sampler->n_options; i++)
        ck_assert_double_eq(d->sampler_options[i],
                            d->sampler->options[i].standard);
    ck_assert_uint_eq(d->seed, wire_definition_seed("s"));
    ck_assert_int_eq(d->budget.max_trials, 0);
    ck_assert_int_eq(d->budget.max_running, 0);
    ck_assert_int_eq(d->budget.max_failed, 0);
    ck_assert_int_eq(d->budget.patience, 0);
    ck_assert_int_eq(d->budget.deadline_ms, 0);
    ck_assert_double_nan(d->budget.target);
    ck_assert_int_eq(d->lease_s, 600);
    ck_assert_int_eq(d->max_attempts, 3);
    ck_assert_ptr_null(d->constants);
    ck_assert_ptr_null(d->tags);
    ck_assert_ptr_null(d->notes);
    ck_assert_ptr_null(d->origin);
    check_fixed_point(d);
    definition_free(d);
}
END_TEST

static const char full[] =
    "{\"name\":\"\xc3\xbc \\\"s\\\"\",\"kind\":\"hpo\","
    "\"objectives\":[{\"name\":\"loss\",\"direction\":\"maximize\"}]," SPACE
    ",\"sampler\":{\"name\":\"tpe\",\"seed\":9007199254740991,"
    "\"options\":{\"multivariate\":false,\"n_startup_trials\":3,"
    "\"gamma\":0.3}},"
    "\"pruner\":{\"name\":\"threshold\",\"options\":{\"upper\":0.25}},"
    "\"budget\":{\"max_trials\":1,\"max_running\":2,\"max_failed\":3,"
    "\"patience\":4,\"deadline\":\"2026-11-30T12:00:00.257Z\","
    "\"target\":-1.5},"
    "\"lease_s\":7,\"max_attempts\":9,\"constants\":{\"a\":[1,2.0,null]},"
    "\"tags\":[\"x\",\"y\"],\"notes\":\"# n\\n\"}";

START_TEST(test_every_field_is_read_and_kept)
{
    struct definition *d = read(full);
    ck_assert_str_eq(d->name, "\xc3\xbc \"s\"");
    ck_assert_str_eq(d->objectives[0].name, "loss");
    ck_assert(d->objectives[0].maximize);
    ck_assert_uint_eq(d->seed, 9007199254740991);
    ck_assert_int_eq(d->budget.max_trials, 1);
    ck_assert_int_eq(d->budget.max_running, 2);
    ck_assert_int_eq(d->budget.max_failed, 3);
    ck_assert_int_eq(d->budget.patience, 4);
    // 20787 days after 1970-01-01, see test_wire.c.
    ck_assert_int_eq(d->budget.deadline_ms,
                     (INT64_C(20787) * 24 + 12) * 3600000 + 257);
    ck_assert_double_eq(d->budget.target, -1.5);
    ck_assert_int_eq(d->lease_s, 7);
    ck_assert_int_eq(d->max_attempts, 9);
    ck_assert_str_eq(d->constants, "{\"a\":[1,2.0,null]}");
    ck_assert_str_eq(d->tags, "[\"x\",\"y\"]");
    ck_assert_str_eq(d->notes, "# n\n");
    check_fixed_point(d);
    definition_free(d);
}
END_TEST

START_TEST(test_short_forms_mean_the_same)
{
    struct definition *d =
        read("{\"name\":\"s\"," SPACE ",\"direction\":\"maximize\","
             "\"sampler\":\"random\",\"pruner\":\"median\",\"budget\":null}");
    struct definition *same = read(
        "{\"name\":\"s\"," SPACE
        ",\"objectives\":[{\"direction\":\"maximize\"}],"
        "\"sampler\":{\"name\":\"random\"},\"pruner\":{\"name\":\"median\","
        "\"options\":{}},\"budget\":{}}");
    ck_assert_str_eq(wire_definition_text(d, &arena),
                     wire_definition_text(same, &arena));
    definition_free(d);
    definition_free(same);
}
END_TEST

static const char *const faults[][2] = {
    {"{" SPACE "}", "name is required and must not be empty"},
    {"{\"name\":\"\"," SPACE "}", "name is required and must not be empty"},
    {"{\"name\":5," SPACE "}", "name must be a string, not an integer"},
    {"{\"name\":\"s\"}", "space is required"},
    {"{\"name\":\"s\",\"space\":null}", "space must be an object, not null"},
    {"{\"name\":\"s\",\"origin\":\"x\"," SPACE "}", "unknown field origin"},
    {"{\"name\":\"s\",\"hopaas\":true," SPACE "}", "unknown field hopaas"},
    {"{\"name\":\"s\",\"kind\":\"race\"," SPACE "}",
     "kind must be one of hpo, grid, limit, contour, not \"race\""},
    {"{\"name\":\"s\",\"direction\":\"up\"," SPACE "}",
     "direction must be minimize or maximize, not \"up\""},
    {"{\"name\":\"s\",\"objectives\":[{\"nmae\":1}]," SPACE "}",
     "unknown field objectives[0].nmae"},
    {"{\"name\":\"s\",\"sampler\":\"oracle\"," SPACE "}",
     "sampler.name must be one of those that /api/v1/info lists, not "
     "\"oracle\""},
    {"{\"name\":\"s\",\"sampler\":{\"seed\":9007199254740992}," SPACE "}",
     "sampler.seed must be from 0 to 9007199254740991, not 9007199254740992"},
    {"{\"name\":\"s\",\"sampler\":{\"name\":\"tpe\",\"options\":{\"gamma\":2}}"
     "," SPACE "}",
     "sampler.options: gamma must be between 0.001 and 0.999, not 2"},
    {"{\"name\":\"s\",\"sampler\":{\"name\":\"tpe\",\"options\":{\"gamma\":"
     "\"a\"}}," SPACE "}",
     "sampler.options.gamma must be a number, not a string"},
    {"{\"name\":\"s\",\"pruner\":{\"name\":\"threshold\",\"options\":{"
     "\"upper\":1e400}}," SPACE "}",
     "pruner.options.upper must be finite, not inf"},
    {"{\"name\":\"s\",\"pruner\":{\"seed\":1}," SPACE "}",
     "pruner.seed is not a field of a pruner"},
    {"{\"name\":\"s\",\"pruner\":[]," SPACE "}",
     "pruner must be an object, not an array"},
    {"{\"name\":\"s\",\"budget\":{\"max_trials\":0}," SPACE "}",
     "budget.max_trials must be from 1 to 1000000000, not 0"},
    {"{\"name\":\"s\",\"budget\":{\"deadline\":\"soon\"}," SPACE "}",
     "budget.deadline must be a time such as 2026-11-30T12:00:00Z, not "
     "\"soon\""},
    {"{\"name\":\"s\",\"budget\":{\"target\":NaN}," SPACE "}",
     "budget.target must be finite, not NaN"},
    {"{\"name\":\"s\",\"lease_s\":0," SPACE "}",
     "lease_s must be from 1 to 2592000, not 0"},
    {"{\"name\":\"s\",\"max_attempts\":101," SPACE "}",
     "max_attempts must be from 1 to 100, not 101"},
    {"{\"name\":\"s\",\"constants\":[]," SPACE "}",
     "constants must be an object, not an array"},
    {"{\"name\":\"s\",\"tags\":[1]," SPACE "}",
     "tags must hold strings, not an integer"},
    {"{\"name\":\"s\",\"tags\":[\"\"]," SPACE "}",
     "tags must have 1 to 100 bytes each, not 0"},
    {"{\"name\":\"s\",\"tags\":\"x\"," SPACE "}",
     "tags must be an array, not a string"},
    {"{\"name\":\"s\",\"space\":{\"x\":{\"type\":\"real\"}}}",
     "space.x.type must be float, int, categorical, bool or discrete, not "
     "real"},
    {"{\"name\":\"s\",\"space\":{\"x\":{\"type\":\"float\",\"low\":0}}}",
     "space.x.high is required"},
    {"{\"name\":\"s\",\"space\":{\"x\":{\"type\":\"float\",\"low\":0,"
     "\"high\":1,\"step\":0}}}",
     "space.x.step must be above 0, not 0"},
    {"{\"name\":\"s\",\"space\":{\"x\":{\"type\":\"bool\",\"low\":0}}}",
     "unknown field space.x.low"},
    {"{\"name\":\"s\",\"space\":{\"x\":{\"type\":\"categorical\"}}}",
     "space.x.choices must be an array, not absent"},
    {"{\"name\":\"s\",\"space\":{\"x\":{\"type\":\"categorical\","
     "\"choices\":[[1]]}}}",
     "space.x.choices must hold scalars, not an array"},
    {"{\"name\":\"s\",\"space\":{\"x\":{\"type\":\"bool\","
     "\"when\":{\"y\":1}}}}",
     "space.x.when names a parameter that is not there, or conditions go in "
     "a circle"},
    {"{\"name\":\"s\",\"space\":{\"y\":{\"type\":\"bool\"},\"x\":{\"type\":"
     "\"bool\",\"when\":{\"y\":1}}}}",
     "space.x.when.y can never be 1"},
};

START_TEST(test_faults_are_named_with_their_path)
{
    ck_assert_msg(try_read(faults[_i][0]) == NULL, "%s", faults[_i][0]);
    ck_assert_str_eq(err.message, faults[_i][1]);
    ck_assert(err.code == ERROR_INVALID || err.code == ERROR_MALFORMED);
}
END_TEST

START_TEST(test_the_seed_is_a_function_of_the_name_that_json_keeps)
{
    // FNV-1a of "" is its offset basis 14695981039346656037, of which the
    // lower 53 bits are 0x2_9ce4_8422_2325 below 0x20_0000_0000_0000.
    ck_assert_uint_eq(wire_definition_seed(""),
                      UINT64_C(0xcbf29ce484222325) & 0x1fffffffffffff);
    ck_assert_uint_ne(wire_definition_seed("a"), wire_definition_seed("b"));
    ck_assert_uint_lt(wire_definition_seed("some study"), UINT64_C(1) << 53);
}
END_TEST

// ---- spaces -----------------------------------------------------------------

static char *write_space(const struct space *space)
{
    struct text text;
    text_init(&text, &arena);
    wire_space_write(&text, space);
    return text.data;
}

static void read_space(const char *text, struct space *space)
{
    json_t *json = wire_parse(text, strlen(text), &arena, &err);
    space_init(space);
    ck_assert_msg(json && wire_space_read(json, "space", space, &err) == 0,
                  "%s: %s", text, err.message);
    json_decref(json);
}

// JSON cannot say that two conditions of a parameter test the same parent.
static bool has_twin_conditions(const struct param *param)
{
    return param->n_conditions == 2 &&
           param->conditions[0].parent == param->conditions[1].parent;
}

static bool is_in_json(const struct space *space)
{
    for (size_t k = 0; k < space->n; k++)
        if (has_twin_conditions(&space->params[k]))
            return false;
    return true;
}

static void random_space(struct rng *rng, struct space *space)
{
    size_t n = 1 + (size_t)rng_below(rng, 8);
    space_init(space);
    do {
        space_done(space);
        space_init(space);
        for (int tries = 0; space->n < n && tries < 100; tries++) {
            struct error fault = {0};
            random_param_add(space, rng, false, &fault);
        }
    } while (!is_in_json(space));
    ck_assert_uint_eq(space->n, n);
}

START_TEST(test_random_spaces_read_back_as_the_same_space)
{
    for (uint64_t i = 0; i < 2000; i++) {
        struct rng rng = rng_at(7, i);
        struct space space, again;
        random_space(&rng, &space);
        char *text = write_space(&space);
        read_space(text, &again);
        ck_assert_str_eq(write_space(&again), text);
        for (int k = 0; k < 5; k++) {
            double unit[8], a[8], b[8];
            for (size_t j = 0; j < space.n; j++)
                unit[j] = rng_uniform(&rng);
            space_decode(&space, unit, a);
            space_decode(&again, unit, b);
            ck_assert_mem_eq(a, b, space.n * sizeof *a);
        }
        space_done(&space);
        space_done(&again);
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(test_definitions_of_random_spaces_are_fixed_points)
{
    for (uint64_t i = 0; i < 300; i++) {
        struct rng rng = rng_at(8, i);
        struct definition *d = read(least);
        space_done(&d->space);
        random_space(&rng, &d->space);
        check_fixed_point(d);
        definition_free(d);
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(test_parents_may_come_after_their_children)
{
    struct space space;
    read_space("{\"c\":{\"type\":\"bool\",\"when\":{\"b\":[2,3]}},"
               "\"b\":{\"type\":\"int\",\"low\":1,\"high\":3,"
               "\"when\":{\"a\":\"x\"}},"
               "\"a\":{\"type\":\"categorical\",\"choices\":[\"x\",\"y\"]}}",
               &space);
    static const char *const order[] = {"a", "b", "c"};
    for (size_t k = 0; k < 3; k++)
        ck_assert_str_eq(space.params[k].name, order[k]);
    ck_assert_uint_eq(space.params[1].conditions[0].parent, 0);
    ck_assert_double_eq(space.params[1].conditions[0].values[0], 0);
    ck_assert_uint_eq(space.params[2].conditions[0].parent, 1);
    ck_assert_double_eq(space.params[2].conditions[0].values[1], 3);
    space_done(&space);
}
END_TEST

START_TEST(test_points_are_written_as_users_wrote_them)
{
    struct space space;
    struct text text;
    const double point[] = {3, 0.5, 2, 1, 1, NAN};
    read_space("{\"i\":{\"type\":\"int\",\"low\":1,\"high\":3},"
               "\"f\":{\"type\":\"float\",\"low\":0,\"high\":1},"
               "\"c\":{\"type\":\"categorical\",\"choices\":[1,\"a\",null]},"
               "\"b\":{\"type\":\"bool\"},"
               "\"d\":{\"type\":\"discrete\",\"values\":[0.5,2]},"
               "\"n\":{\"type\":\"bool\",\"when\":{\"b\":false}}}",
               &space);
    text_init(&text, &arena);
    wire_point_write(&text, &space, point);
    ck_assert_str_eq(text.data,
                     "{\"i\":3,\"f\":0.5,\"c\":null,\"b\":true,\"d\":2.0}");
    space_done(&space);
}
END_TEST

// ---- sameness ---------------------------------------------------------------

static char *stored(const char *text)
{
    struct definition *d = read(text);
    char *result = wire_definition_text(d, &arena);
    definition_free(d);
    return result;
}

START_TEST(test_the_order_of_parameters_does_not_matter)
{
    ck_assert(wire_definition_same(
        stored("{\"name\":\"s\",\"space\":{\"a\":{\"type\":\"bool\"},"
               "\"b\":{\"type\":\"bool\"}}}"),
        stored("{\"space\":{\"b\":{\"type\":\"bool\"},"
               "\"a\":{\"type\":\"bool\"}},\"name\":\"s\"}")));
}
END_TEST

START_TEST(test_any_other_difference_matters)
{
    static const char *const others[] = {
        "{\"name\":\"t\"," SPACE "}",
        "{\"name\":\"s\",\"space\":{\"x\":{\"type\":\"float\",\"low\":0,"
        "\"high\":1.5}}}",
        "{\"name\":\"s\",\"space\":{\"x\":{\"type\":\"int\",\"low\":0,"
        "\"high\":1}}}",
        "{\"name\":\"s\",\"direction\":\"maximize\"," SPACE "}",
        "{\"name\":\"s\",\"sampler\":{\"seed\":1}," SPACE "}",
        "{\"name\":\"s\",\"budget\":{\"max_trials\":5}," SPACE "}",
        "{\"name\":\"s\",\"constants\":{\"a\":1}," SPACE "}",
        "{\"name\":\"s\",\"tags\":[\"a\"]," SPACE "}",
    };
    char *text = stored(least);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ck_assert_msg(!wire_definition_same(text, stored(others[i])), "%s",
                      others[i]);
    ck_assert(!wire_definition_same(text, "not JSON"));
}
END_TEST

// ---- patches ----------------------------------------------------------------

// Patches and frees the definition; NULL when that is refused.
static struct definition *patch(struct definition *definition,
                                const char *changes)
{
    error_clear(&err);
    json_t *json = wire_parse(changes, strlen(changes), &arena, &err);
    ck_assert_ptr_nonnull(json);
    struct definition *d = wire_definition_patch(definition, json, &err);
    json_decref(json);
    definition_free(definition);
    ck_assert((d != NULL) == (err.code == ERROR_NONE));
    return d;
}

START_TEST(test_a_patch_merges_the_budget_and_the_space)
{
    struct definition *d =
        patch(read("{\"name\":\"s\",\"space\":{\"a\":{\"type\":\"bool\"},"
                   "\"b\":{\"type\":\"int\",\"low\":0,\"high\":5},"
                   "\"c\":{\"type\":\"bool\"}},"
                   "\"budget\":{\"max_trials\":10,\"patience\":5}}"),
              "{\"budget\":{\"max_trials\":20,\"target\":0.5},"
              "\"space\":{\"b\":{\"type\":\"int\",\"low\":0,\"high\":9}}}");
    ck_assert_int_eq(d->budget.max_trials, 20);
    ck_assert_int_eq(d->budget.patience, 5);
    ck_assert_double_eq(d->budget.target, 0.5);
    ck_assert_uint_eq(d->space.n, 3);
    ck_assert_str_eq(d->space.params[1].name, "b");
    ck_assert_double_eq(d->space.params[1].high, 9);
    d = patch(d, "{\"budget\":{\"patience\":null}}");
    ck_assert_int_eq(d->budget.patience, 0);
    ck_assert_int_eq(d->budget.max_trials, 20);
    d = patch(d, "{\"budget\":null}");
    ck_assert_int_eq(d->budget.max_trials, 0);
    check_fixed_point(d);
    definition_free(d);
}
END_TEST

START_TEST(test_a_patch_replaces_the_rest)
{
    struct definition *d =
        patch(read(full), "{\"notes\":\"new\",\"tags\":[],\"lease_s\":60,"
                          "\"max_attempts\":1,\"sampler\":\"random\","
                          "\"pruner\":{\"name\":\"median\"}}");
    ck_assert_str_eq(d->notes, "new");
    ck_assert_str_eq(d->tags, "[]");
    ck_assert_int_eq(d->lease_s, 60);
    ck_assert_int_eq(d->max_attempts, 1);
    ck_assert_str_eq(d->sampler->name, "random");
    ck_assert_str_eq(d->pruner->name, "median");
    ck_assert(d->objectives[0].maximize);
    ck_assert_str_eq(d->constants, "{\"a\":[1,2.0,null]}");
    definition_free(d);
}
END_TEST

START_TEST(test_a_patched_definition_remembers_what_it_was_made_as)
{
    char *first = stored(least);
    struct definition *d = patch(read(least), "{\"notes\":\"a\"}");
    ck_assert_str_eq(d->origin, first);
    d = patch(d, "{\"notes\":\"b\"}");
    ck_assert_str_eq(d->origin, first);
    ck_assert_str_eq(d->notes, "b");
    definition_free(d);
}
END_TEST

START_TEST(test_constraints_are_stored_where_there_are_some)
{
    struct definition *d = read(least);
    ck_assert_ptr_null(strstr(wire_definition_text(d, &arena), "constraints"));
    d = patch(d, "{\"constraints\":[\"x < 0.5\",\"x > 0 or x == 0\"]}");
    ck_assert_ptr_nonnull(d);
    check_fixed_point(d);
    ck_assert_ptr_nonnull(
        strstr(wire_definition_text(d, &arena),
               "\"constraints\":[\"x < 0.5\",\"x > 0 or x == 0\"]"));
    ck_assert(restriction_allows(&d->space, (double[]){0.25}));
    ck_assert(!restriction_allows(&d->space, (double[]){0.5}));
    d = patch(d, "{\"constraints\":[]}");
    ck_assert_ptr_null(d->space.restrictions);
    definition_free(d);
}
END_TEST

START_TEST(test_a_patch_of_what_is_fixed_is_refused)
{
    static const char *const changes[] = {
        "{\"name\":\"t\"}",
        "{\"direction\":\"maximize\"}",
        "{\"constants\":{}}",
        "{\"origin\":\"x\"}",
        "{\"objectives\":[]}",
        "{\"outcome_constraints\":[]}",
        "{\"space\":{}}",
        "{\"lease_s\":0}",
        "{\"budget\":{\"x\":1}}",
        "{\"pruner\":{\"name\":\"threshold\"}}",
        "{\"space\":{\"x\":{\"type\":\"float\",\"low\":3,\"high\":1}}}"};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        ck_assert_msg(patch(read(least), changes[i]) == NULL, "%s", changes[i]);
}
END_TEST

// The Hopaas client sends a threshold pruner without thresholds, which stops
// nothing; such a study can still be changed, and nobody hears of an error.
START_TEST(test_a_hopaas_study_is_patched_with_the_pruner_it_has)
{
    struct definition *d = read(least);
    d->hopaas = true;
    d->pruner = pruner_find("threshold");
    option_defaults(d->pruner->options, d->pruner->n_options,
                    d->pruner_options);
    d = patch(d, "{\"notes\":\"a\"}");
    ck_assert_ptr_nonnull(d);
    definition_free(d);
}
END_TEST

START_TEST(test_stored_text_that_is_broken_is_an_error)
{
    static const char *const texts[] = {"", "{", "[]", "{\"name\":\"s\"}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        error_clear(&err);
        ck_assert_ptr_null(wire_definition_load(texts[i], &err));
        ck_assert_int_ne(err.code, ERROR_NONE);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("wire_definition");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_every_field_has_a_default);
    tcase_add_test(cases, test_every_field_is_read_and_kept);
    tcase_add_test(cases, test_short_forms_mean_the_same);
    tcase_add_loop_test(cases, test_faults_are_named_with_their_path, 0,
                        sizeof faults / sizeof *faults);
    tcase_add_test(cases,
                   test_the_seed_is_a_function_of_the_name_that_json_keeps);
    tcase_add_test(cases, test_random_spaces_read_back_as_the_same_space);
    tcase_add_test(cases, test_definitions_of_random_spaces_are_fixed_points);
    tcase_add_test(cases, test_parents_may_come_after_their_children);
    tcase_add_test(cases, test_points_are_written_as_users_wrote_them);
    tcase_add_test(cases, test_the_order_of_parameters_does_not_matter);
    tcase_add_test(cases, test_any_other_difference_matters);
    tcase_add_test(cases, test_a_patch_merges_the_budget_and_the_space);
    tcase_add_test(cases, test_a_patch_replaces_the_rest);
    tcase_add_test(cases,
                   test_a_patched_definition_remembers_what_it_was_made_as);
    tcase_add_test(cases, test_constraints_are_stored_where_there_are_some);
    tcase_add_test(cases, test_a_patch_of_what_is_fixed_is_refused);
    tcase_add_test(cases,
                   test_a_hopaas_study_is_patched_with_the_pruner_it_has);
    tcase_add_test(cases, test_stored_text_that_is_broken_is_an_error);
    Suite *suite = suite_create("wire_definition");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
