// SPDX-License-Identifier: GPL-3.0-or-later
// test_wire_hopaas.c - the JSON of a Hopaas ask

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "wire_algorithm.h"
#include "wire_definition.h"
#include "wire_hopaas.h"

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

static json_t *parse(const char *text)
{
    json_t *json = wire_parse(text, strlen(text), &arena, &err);
    ck_assert_msg(json != NULL, "%s: %s", text, err.message);
    return json;
}

static struct definition *try_read(const char *ask, char **identity)
{
    error_clear(&err);
    json_t *json = parse(ask);
    struct definition *d = wire_hopaas_read(json, &arena, identity, &err);
    json_decref(json);
    return d;
}

static struct definition *read(const char *ask, char **identity)
{
    struct definition *d = try_read(ask, identity);
    ck_assert_msg(d != NULL, "%s: %s", ask, err.message);
    ck_assert_int_eq(err.code, ERROR_NONE);
    return d;
}

static char *identity_of(const char *ask)
{
    char *identity;
    definition_free(read(ask, &identity));
    return identity;
}

#define X            "\"x\":\"optuna#uniform(0,1)\""
#define CONFIG(rest) "{" X ",\"hopaas_config\":{" rest "}}"
static const char plain[] = CONFIG("\"title\":\"t\"");

// ---- the study --------------------------------------------------------------

// As wire_hopaas_setup says, which is what a service that has seen the study
// compares; one that has not must find the same.
START_TEST(test_the_order_of_members_is_no_part_of_the_set_up_at_any_depth)
{
    const char *a = "{" X ",\"k\":[{\"b\":0.1,\"a\":{\"d\":1,\"c\":2}}]}";
    const char *b = "{\"k\":[{\"a\":{\"c\":2,\"d\":1},\"b\":0.1}]," X "}";
    ck_assert_str_eq(identity_of(a), identity_of(b));
}
END_TEST

// U+F8FF and a number is how wire.c keeps a number that JSON cannot hold; as a
// choice or a title it would make the stored study unreadable.
START_TEST(test_a_text_that_looks_like_a_marked_number_is_refused)
{
    static const char *const asks[] = {
        "{\"c\":\"optuna#categorical(a,\xef\xa3\xbf"
        "2)\"}",
        CONFIG("\"title\":\"\xef\xa3\xbf"
               "2\""),
    };
    char *identity;
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        ck_assert_ptr_null(try_read(asks[i], &identity));
        ck_assert_int_eq(err.code, ERROR_INVALID);
    }
}
END_TEST

START_TEST(test_the_least_ask_is_a_study)
{
    char *identity;
    struct definition *d = read("{" X "}", &identity);
    ck_assert_str_eq(d->name, "untitled");
    ck_assert_str_eq(d->objectives[0].name, "loss");
    ck_assert(!d->objectives[0].maximize && d->hopaas);
    ck_assert_str_eq(d->sampler->name, "tpe");
    ck_assert_str_eq(d->pruner->name, "nop");
    ck_assert_str_eq(d->constants, "{}");
    ck_assert_int_eq(d->lease_s, 600);
    ck_assert_int_eq(d->max_attempts, 1);
    ck_assert_uint_eq(d->seed, wire_definition_seed(identity));
    definition_free(d);
}
END_TEST

START_TEST(test_config_says_title_direction_and_algorithms)
{
    char *identity;
    struct definition *d =
        read(CONFIG("\"title\":\"t\",\"direction\":\"maximize\","
                    "\"sampler\":{\"name\":\"TPESampler\",\"args\":"
                    "{\"n_startup_trials\":3,\"consider_magic_clip\":false,"
                    "\"seed\":5}},"
                    "\"pruner\":{\"name\":\"HyperbandPruner\",\"args\":"
                    "{\"min_resources\":2,\"max_resources\":\"auto\","
                    "\"bootstrap_count\":0}}"),
             &identity);
    ck_assert_str_eq(d->name, "t");
    ck_assert(d->objectives[0].maximize);
    ck_assert_double_eq(d->sampler_options[0], 3);
    ck_assert_str_eq(d->sampler->options[0].name, "n_startup_trials");
    ck_assert_str_eq(d->pruner->name, "hyperband");
    definition_free(d);
}
END_TEST

START_TEST(test_pruners_are_known_by_their_classes)
{
    const char *const classes[][2] = {
        {"NopPruner", "nop"},
        {"MedianPruner", "median"},
        {"PercentilePruner", "percentile"},
        {"ThresholdPruner", "threshold"},
        {"SuccessiveHalvingPruner", "asha"},
        {"HyperbandPruner", "hyperband"},
        {"PatientPruner", "patient"},
        {"WilcoxonPruner", "wilcoxon"},
    };
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        char *identity, body[200];
        snprintf(body, sizeof body, CONFIG("\"pruner\":{\"name\":\"%s\"}"),
                 classes[i][0]);
        struct definition *d = read(body, &identity);
        ck_assert_str_eq(d->pruner->name, classes[i][1]);
        definition_free(d);
    }
}
END_TEST

START_TEST(test_popsize_is_the_population_of_cmaes)
{
    char *identity;
    struct definition *d =
        read(CONFIG("\"sampler\":{\"name\":\"CmaEsSampler\",\"args\":"
                    "{\"popsize\":30,\"sigma0\":7}}"),
             &identity);
    ck_assert_str_eq(d->sampler->name, "cmaes");
    ck_assert_str_eq(d->sampler->options[0].name, "population");
    ck_assert_double_eq(d->sampler_options[0], 30);
    ck_assert_str_eq(d->sampler->options[1].name, "sigma");
    ck_assert_double_eq(d->sampler_options[1], 0.2);
    definition_free(d);
}
END_TEST

START_TEST(test_population_size_is_the_population_of_nsga2)
{
    char *identity;
    struct definition *d =
        read(CONFIG("\"sampler\":{\"name\":\"NSGAIISampler\",\"args\":"
                    "{\"population_size\":30,\"swapping_prob\":0.4}}"),
             &identity);
    ck_assert_str_eq(d->sampler->name, "nsga2");
    ck_assert_str_eq(d->sampler->options[0].name, "population");
    ck_assert_double_eq(d->sampler_options[0], 30);
    definition_free(d);
}
END_TEST

START_TEST(test_properties_are_sorted_into_space_and_constants)
{
    char *identity;
    struct definition *d =
        read("{\"z\":\"optuna#int(1,5)\",\"k\":1,\"a\":\"optuna#uniform(0,1)\","
             "\"c\":{\"b\":[null]},\"_host\":\"n1\"}",
             &identity);
    ck_assert_uint_eq(d->space.n, 2);
    ck_assert_str_eq(d->space.params[0].name, "a");
    ck_assert_str_eq(d->space.params[1].name, "z");
    ck_assert_str_eq(d->constants, "{\"c\":{\"b\":[null]},\"k\":1}");
    definition_free(d);
}
END_TEST

static const char *const faults[][2] = {
    {"{\"x\":\"optuna#uniform(1,0)\"}", NULL},
    {"{" X ",\"hopaas_config\":1}",
     "hopaas_config must be an object, not an integer"},
    {CONFIG("\"title\":5"),
     "hopaas_config.title must be a string of at most 200 bytes"},
    {CONFIG("\"direction\":\"up\""),
     "hopaas_config.direction must be minimize or maximize"},
    {CONFIG("\"sampler\":{\"name\":\"CmaSampler\"}"),
     "hopaas_config.sampler.name: there is no \"CmaSampler\""},
    {CONFIG("\"pruner\":{\"name\":\"MyPruner\"}"),
     "hopaas_config.pruner.name: there is no \"MyPruner\""},
    {CONFIG("\"sampler\":{\"name\":\"TPESampler\",\"args\":"
            "{\"n_ei_candidates\":\"many\"}}"),
     "hopaas_config.sampler.args.n_ei_candidates must be a number, not a "
     "string"},
    {"{" X ",\"_seed\":-1}", "_seed must be from 0 to 9007199254740991, not "
                             "-1"},
    {"{" X ",\"_seed\":9007199254740992}",
     "_seed must be from 0 to 9007199254740991, not 9007199254740992"},
    {"{" X ",\"_max_trials\":0}",
     "_max_trials must be from 1 to 1000000000, not 0"},
    {"{" X ",\"_lease_s\":\"1\"}", "_lease_s must be an integer, not a string"},
};

START_TEST(test_faults_are_named)
{
    char *identity;
    ck_assert_msg(try_read(faults[_i][0], &identity) == NULL, "%s",
                  faults[_i][0]);
    ck_assert_int_ne(err.code, ERROR_NONE);
    if (faults[_i][1])
        ck_assert_str_eq(err.message, faults[_i][1]);
}
END_TEST

// ---- identity ---------------------------------------------------------------

static const char *const same[][2] = {
    {plain, CONFIG("\"title\":\"t\",\"direction\":\"minimize\"")},
    {plain, "{\"hopaas_config\":{\"title\":\"t\"}," X "}"},
    {plain, "{" X ",\"_seed\":5,\"_max_trials\":7,\"_lease_s\":9,"
            "\"_host\":\"n\",\"hopaas_config\":{\"title\":\"t\"}}"},
    {plain, "{\"x\":\"optuna#uniform(0.0,1.0)\","
            "\"hopaas_config\":{\"title\":\"t\"}}"},
    {plain, "{\"x\":\"optuna#uniform(0.0, 1e0)\","
            "\"hopaas_config\":{\"title\":\"t\"}}"},
    {plain, CONFIG("\"title\":\"t\",\"sampler\":{\"name\":\"TPESampler\","
                   "\"args\":{\"n_startup_trials\":10}}")},
    {"{\"a\":1,\"b\":2," X "}", "{\"b\":2," X ",\"a\":1}"},
};

START_TEST(test_the_same_set_up_has_the_same_identity)
{
    ck_assert_str_eq(identity_of(same[_i][0]), identity_of(same[_i][1]));
}
END_TEST

static const char *const different[][2] = {
    {plain, CONFIG("\"title\":\"u\"")},
    {plain, CONFIG("\"title\":\"t\",\"direction\":\"maximize\"")},
    {plain, CONFIG("\"title\":\"t\",\"pruner\":{\"name\":\"MedianPruner\"}")},
    {plain, CONFIG("\"title\":\"t\",\"sampler\":{\"name\":\"TPESampler\","
                   "\"args\":{\"n_startup_trials\":11}}")},
    {plain, "{\"x\":\"optuna#uniform(0,2)\","
            "\"hopaas_config\":{\"title\":\"t\"}}"},
    {plain, "{\"y\":\"optuna#uniform(0,1)\","
            "\"hopaas_config\":{\"title\":\"t\"}}"},
    // Another kind that means the same parameter.
    {plain, "{\"x\":\"optuna#float(0,1)\","
            "\"hopaas_config\":{\"title\":\"t\"}}"},
    {plain, "{" X ",\"k\":1,\"hopaas_config\":{\"title\":\"t\"}}"},
    {"{" X ",\"k\":1}", "{" X ",\"k\":2}"},
    {"{" X ",\"k\":1}", "{" X ",\"k\":\"1\"}"},
};

START_TEST(test_another_set_up_has_another_identity)
{
    ck_assert_str_ne(identity_of(different[_i][0]),
                     identity_of(different[_i][1]));
}
END_TEST

static char *setup_of(const char *ask)
{
    json_t *json = parse(ask);
    char *text = wire_hopaas_setup(json);
    char *copy = arena_copy(&arena, text, strlen(text));
    free(text);
    json_decref(json);
    return copy;
}

START_TEST(test_the_set_up_is_sorted_and_without_specials)
{
    ck_assert_str_eq(setup_of("{\"b\":1,\"_h\":2,\"a\":[2.5]}"),
                     "{\"a\":[2.5],\"b\":1}");
    ck_assert_str_eq(setup_of("{\"a\":[2.5],\"b\":1,\"_h\":3}"),
                     "{\"a\":[2.5],\"b\":1}");
}
END_TEST

START_TEST(test_specials_are_kept_apart)
{
    json_t *ask = parse("{\"_host\":\"n1\"," X ",\"_n\":[1]}");
    ck_assert_str_eq(wire_hopaas_special(ask, &arena),
                     "{\"_host\":\"n1\",\"_n\":[1]}");
    json_decref(ask);
    ask = parse("{" X "}");
    ck_assert_ptr_null(wire_hopaas_special(ask, &arena));
    json_decref(ask);
}
END_TEST

START_TEST(test_specials_set_seed_budget_and_lease)
{
    char *identity;
    struct definition *d = read("{" X ",\"_seed\":9007199254740991,"
                                "\"_max_trials\":7,\"_lease_s\":9}",
                                &identity);
    ck_assert_uint_eq(d->seed, 9007199254740991);
    ck_assert_int_eq(d->budget.max_trials, 7);
    ck_assert_int_eq(d->lease_s, 9);
    definition_free(d);
}
END_TEST

// ---- what is stored can be loaded -------------------------------------------

static void check_stored(const char *ask)
{
    char *identity;
    struct definition *d = read(ask, &identity);
    char *text = wire_definition_text(d, &arena);
    struct definition *again = wire_definition_load(text, &err);
    ck_assert_msg(again != NULL, "%s", err.message);
    ck_assert_str_eq(wire_definition_text(again, &arena), text);
    definition_free(again);
    definition_free(d);
}

START_TEST(test_what_is_accepted_can_be_loaded_again)
{
    check_stored(plain);
    check_stored("{" X ",\"_seed\":9007199254740991,\"_lease_s\":2592000}");
    check_stored("{" X ",\"k\":NaN,\"l\":[-Infinity,1e999,"
                 "18446744073709551616]}");
    check_stored("{\"c\":\"optuna#categorical(\xc3\xbc,\\\"q\\\\)\"}");
    check_stored(CONFIG("\"pruner\":{\"name\":\"ThresholdPruner\","
                        "\"args\":{\"lower\":null,\"upper\":null}}"));
}
END_TEST

// In the stored text the constants lie one level deeper.
START_TEST(test_constants_as_deep_as_an_ask_may_be_can_be_loaded)
{
    enum { DEEP = WIRE_MAX_DEPTH - 1 };
    char left[DEEP + 1] = {0}, right[DEEP + 1] = {0};
    memset(left, '[', DEEP);
    memset(right, ']', DEEP);
    check_stored(arena_print(&arena, "{\"k\":%s%s," X "}", left, right));
}
END_TEST

START_TEST(test_constants_of_any_size_can_be_loaded)
{
    enum { BYTES = 150000 };
    char *text = arena_zeros(&arena, BYTES + 1, 1);
    memset(text, 'k', BYTES);
    check_stored(arena_print(&arena, "{" X ",\"k\":\"%s\"}", text));
}
END_TEST

// ---- the answer -------------------------------------------------------------

START_TEST(test_the_answer_echoes_every_property_with_its_value)
{
    static const char ask[] =
        "{\"u\":\"\\u00fc\",\"i\":\"optuna#int(1,5)\","
        "\"c\":\"optuna#categorical(a,\\u00fc)\","
        "\"x\":\"optuna#uniform(0,1)\",\"n\":null,\"nan\":NaN,"
        "\"nested\":{\"a\":[1,2.0]},\"big\":1e999,\"text\":\"NaN\","
        "\"hopaas_trial\":\"old:1\",\"_host\":\"n1\","
        "\"hopaas_config\":{\"title\":\"t\"}}";
    static const double point[] = {1, 4, 0.25}; // c, i, x
    char *identity;
    struct text text;
    char key[] = "study-key";
    struct live live = {.key = key, .definition = read(ask, &identity)};
    history_init(&live.history, &live.definition->space);
    for (int i = 0; i < 3; i++)
        history_append(&live.history, TRIAL_RUNNING, point);
    json_t *json = parse(ask);
    text_init(&text, &arena);
    wire_hopaas_answer(&text, json, &live, 2);
    ck_assert_str_eq(
        text.data,
        "{\"hopaas_trial\":\"study-key:2\",\"u\":\"\\u00fc\",\"i\":4,"
        "\"c\":\"\\u00fc\",\"x\":0.25,\"n\":null,\"nan\":NaN,"
        "\"nested\":{\"a\":[1,2.0]},\"big\":1e999,\"text\":\"NaN\"}");
    json_decref(json);
    history_done(&live.history);
    definition_free(live.definition);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("wire_hopaas");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, test_the_least_ask_is_a_study);
    tcase_add_test(cases,
                   test_a_text_that_looks_like_a_marked_number_is_refused);
    tcase_add_test(
        cases, test_the_order_of_members_is_no_part_of_the_set_up_at_any_depth);
    tcase_add_test(cases, test_config_says_title_direction_and_algorithms);
    tcase_add_test(cases, test_pruners_are_known_by_their_classes);
    tcase_add_test(cases, test_popsize_is_the_population_of_cmaes);
    tcase_add_test(cases, test_population_size_is_the_population_of_nsga2);
    tcase_add_test(cases, test_properties_are_sorted_into_space_and_constants);
    tcase_add_loop_test(cases, test_faults_are_named, 0,
                        sizeof faults / sizeof *faults);
    tcase_add_loop_test(cases, test_the_same_set_up_has_the_same_identity, 0,
                        sizeof same / sizeof *same);
    tcase_add_loop_test(cases, test_another_set_up_has_another_identity, 0,
                        sizeof different / sizeof *different);
    tcase_add_test(cases, test_the_set_up_is_sorted_and_without_specials);
    tcase_add_test(cases, test_specials_are_kept_apart);
    tcase_add_test(cases, test_specials_set_seed_budget_and_lease);
    tcase_add_test(cases, test_what_is_accepted_can_be_loaded_again);
    tcase_add_test(cases,
                   test_constants_as_deep_as_an_ask_may_be_can_be_loaded);
    tcase_add_test(cases, test_constants_of_any_size_can_be_loaded);
    tcase_add_test(cases, test_the_answer_echoes_every_property_with_its_value);
    Suite *suite = suite_create("wire_hopaas");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
