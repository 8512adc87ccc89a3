// SPDX-License-Identifier: GPL-3.0-or-later
// test_directory.c - the way from a name in a request to a study

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory.h"

static struct directory *directory;

static void setup(void)
{
    directory = directory_new();
}

static void teardown(void)
{
    directory_free(directory);
}

static void put(const char *name, int64_t study_id)
{
    struct directory_entry entry = {.study_id = study_id};
    snprintf(entry.key, sizeof entry.key, "key%d", (int)study_id);
    directory_put(directory, name, &entry);
}

// The study of the name, 0 when it is not known.
static int64_t get(const char *name)
{
    struct directory_entry entry = {.study_id = -1};
    if (!directory_get(directory, name, &entry)) {
        ck_assert_int_eq(entry.study_id, -1);
        return 0;
    }
    char key[32];
    snprintf(key, sizeof key, "key%d", (int)entry.study_id);
    ck_assert_str_eq(entry.key, key);
    return entry.study_id;
}

START_TEST(test_a_new_directory_knows_no_name)
{
    ck_assert_int_eq(get("a"), 0);
    ck_assert_int_eq(get(""), 0);
    directory_free(NULL);
}
END_TEST

START_TEST(test_a_study_is_found_by_all_its_names)
{
    put("a", 7);
    put("b", 7);
    put("c", 8);
    ck_assert_int_eq(get("a"), 7);
    ck_assert_int_eq(get("b"), 7);
    ck_assert_int_eq(get("c"), 8);
    put("a", 9);
    ck_assert_int_eq(get("a"), 9);
}
END_TEST

START_TEST(test_a_dropped_study_is_forgotten_under_every_name)
{
    put("a", 7);
    put("b", 7);
    put("c", 8);
    directory_drop(directory, 7);
    ck_assert_int_eq(get("a"), 0);
    ck_assert_int_eq(get("b"), 0);
    ck_assert_int_eq(get("c"), 8);
    put("a", 10);
    ck_assert_int_eq(get("a"), 10);
}
END_TEST

START_TEST(test_names_have_at_most_63_bytes)
{
    char name[80];
    memset(name, 'x', sizeof name);
    name[DIRECTORY_MAX_NAME] = '\0';
    put(name, 7);
    ck_assert_int_eq(get(name), 7);
    name[DIRECTORY_MAX_NAME] = 'x';
    name[DIRECTORY_MAX_NAME + 1] = '\0';
    put(name, 8);
    ck_assert_int_eq(get(name), 0);
    put("", 9);
    ck_assert_int_eq(get(""), 0);
}
END_TEST

// It is bounded, so old names may be forgotten, but a name never leads to the
// study of another one.
START_TEST(test_a_full_directory_forgets_but_never_mixes_up)
{
    enum { N = 100000 };
    char name[32];
    int known = 0;
    for (int i = 1; i <= N; i++) {
        snprintf(name, sizeof name, "study%d", i);
        put(name, i);
        ck_assert_int_eq(get(name), i);
    }
    for (int i = 1; i <= N; i++) {
        snprintf(name, sizeof name, "study%d", i);
        int64_t found = get(name);
        ck_assert(found == 0 || found == i);
        known += found == i;
    }
    ck_assert_int_gt(known, 1000);
    ck_assert_int_lt(known, N);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("directory");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, test_a_new_directory_knows_no_name);
    tcase_add_test(cases, test_a_study_is_found_by_all_its_names);
    tcase_add_test(cases, test_a_dropped_study_is_forgotten_under_every_name);
    tcase_add_test(cases, test_names_have_at_most_63_bytes);
    tcase_add_test(cases, test_a_full_directory_forgets_but_never_mixes_up);
    Suite *suite = suite_create("directory");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
