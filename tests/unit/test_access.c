// SPDX-License-Identifier: GPL-3.0-or-later
// test_access.c - what a caller may do, to the service and to a study

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "store_group.h"
#include "store_study.h"

static char folder[64], url[128];
static struct store *store;
static struct access *access_to;
static struct error err;
static int64_t anna, bert, study;
static int forgotten;

static void count(void *context)
{
    (*(int *)context)++;
}

static int64_t add_user(const char *name)
{
    struct user_row row = {.name = name};
    ck_assert_msg(store_user_add(store, &row, &err) == 0, "%s", err.message);
    return row.id;
}

// Anna has a study.
static void setup(void)
{
    struct arena arena;
    bool created;
    strcpy(folder, "/tmp/cumae-access-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(url, sizeof url, "sqlite:%s/test.db", folder);
    error_clear(&err);
    ck_assert_msg(store_migrate(url, &err) == 0, "%s", err.message);
    store = store_open(url, &err);
    ck_assert_ptr_nonnull(store);
    anna = add_user("anna");
    bert = add_user("bert");
    struct study_row row = {.key = "s",
                            .owner_id = anna,
                            .identity = "s",
                            .name = "s",
                            .definition = "{}",
                            .progress = {.best_number = -1}};
    arena_init(&arena);
    ck_assert_int_eq(store_study_add(store, &row, &arena, &created, &err), 0);
    arena_done(&arena);
    study = row.id;
    forgotten = 0;
    access_to = access_new(count, &forgotten);
}

static void teardown(void)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    access_free(access_to);
    store_close(store);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char path[96];
        snprintf(path, sizeof path, "%s/test.db%s", folder, suffixes[i]);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}

static int check_for(struct store *session, int64_t user, enum right right)
{
    const struct principal who = {.user_id = user, .scopes = SCOPE_ALL};
    enum role role;
    error_clear(&err);
    return access_study(access_to, session, &who, study, right, &role, &err);
}

static void put(int64_t user, enum role role)
{
    const struct membership membership = {.study_id = study, .user_id = user};
    ck_assert_int_eq(store_member_put(store, &membership, role, &err), 0);
}

// ---- rules ------------------------------------------------------------------

START_TEST(test_roles_have_names_both_ways)
{
    static const char *const names[] = {"none", "viewer", "worker", "editor",
                                        "owner"};
    for (enum role role = ROLE_VIEWER; role <= ROLE_OWNER; role++) {
        ck_assert_str_eq(role_name(role), names[role]);
        ck_assert_int_eq(role_from_name(names[role]), role);
    }
    ck_assert_int_eq(role_from_name("none"), ROLE_NONE);
    ck_assert_int_eq(role_from_name("king"), ROLE_NONE);
}
END_TEST

// What each right needs: the least role, and the scopes.
static const struct {
    enum right right;
    enum role role;
    unsigned scopes;
} needs[] = {
    {RIGHT_READ, ROLE_VIEWER, SCOPE_READ},
    {RIGHT_ASK, ROLE_WORKER, SCOPE_ASK},
    {RIGHT_COPY, ROLE_VIEWER, SCOPE_READ | SCOPE_ASK},
    {RIGHT_MERGE, ROLE_EDITOR, SCOPE_READ | SCOPE_STEER},
    {RIGHT_STEER, ROLE_EDITOR, SCOPE_STEER},
    {RIGHT_OWN, ROLE_OWNER, SCOPE_STEER},
};

START_TEST(test_a_right_needs_its_scopes_and_its_role)
{
    enum right right = needs[_i].right;
    for (unsigned scopes = 0; scopes <= SCOPE_ALL; scopes++) {
        const struct principal who = {.user_id = 1, .scopes = scopes};
        for (enum role role = ROLE_NONE; role <= ROLE_OWNER; role++) {
            bool scoped = (scopes & needs[_i].scopes) == needs[_i].scopes;
            error_clear(&err);
            int result = access_allow(&who, role, right, &err);
            ck_assert_int_eq(result, scoped && role >= needs[_i].role ? 0 : -1);
            if (result && scoped && role == ROLE_NONE)
                ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
            else if (result)
                ck_assert_int_eq(err.code, ERROR_FORBIDDEN);
        }
    }
}
END_TEST

START_TEST(test_a_refusal_names_the_role_that_is_needed)
{
    const struct principal who = {.user_id = 1, .scopes = SCOPE_ALL};
    ck_assert_int_eq(access_allow(&who, ROLE_WORKER, RIGHT_STEER, &err), -1);
    ck_assert_str_eq(err.message, "the role editor on the study is required, "
                                  "yours is worker");
}
END_TEST

START_TEST(test_other_peoples_affairs_are_for_administrators)
{
    struct principal who = {.user_id = 1, .scopes = SCOPE_ALL};
    ck_assert_int_eq(access_use(&who, RIGHT_ADMIN, &err), -1);
    ck_assert_int_eq(err.code, ERROR_FORBIDDEN);
    who.admin = true;
    ck_assert_int_eq(access_use(&who, RIGHT_ADMIN, &err), 0);
    who.scopes = SCOPE_READ;
    ck_assert_int_eq(access_use(&who, RIGHT_ADMIN, &err), -1);
}
END_TEST

// Role of the user on study 5 of campaign 7, and what the token leaves of it.
static const struct {
    struct principal who;
    enum role role, left;
} effects[] = {
    {{.scopes = SCOPE_READ}, ROLE_OWNER, ROLE_OWNER},
    {{.scopes = SCOPE_ALL}, ROLE_NONE, ROLE_NONE},
    {{.scopes = SCOPE_ALL, .study_id = 5}, ROLE_EDITOR, ROLE_EDITOR},
    {{.scopes = SCOPE_ALL, .study_id = 6}, ROLE_OWNER, ROLE_NONE},
    {{.scopes = SCOPE_ALL, .campaign_id = 7}, ROLE_EDITOR, ROLE_EDITOR},
    {{.scopes = SCOPE_ALL, .campaign_id = 8}, ROLE_OWNER, ROLE_NONE},
    {{.scopes = SCOPE_ALL, .admin = true, .campaign_id = 8},
     ROLE_OWNER,
     ROLE_NONE},
    {{.scopes = SCOPE_ALL, .admin = true}, ROLE_NONE, ROLE_OWNER},
    {{.scopes = SCOPE_READ, .admin = true}, ROLE_NONE, ROLE_NONE},
    {{.scopes = SCOPE_READ, .admin = true}, ROLE_WORKER, ROLE_WORKER},
    {{.scopes = SCOPE_ALL, .admin = true, .study_id = 6},
     ROLE_OWNER,
     ROLE_NONE},
    {{.scopes = SCOPE_READ, .guest = true, .study_id = 5},
     ROLE_OWNER,
     ROLE_VIEWER},
    {{.scopes = SCOPE_READ, .guest = true, .study_id = 5},
     ROLE_EDITOR,
     ROLE_NONE},
    {{.scopes = SCOPE_READ, .guest = true, .study_id = 6},
     ROLE_OWNER,
     ROLE_NONE},
    {{.scopes = SCOPE_READ, .guest = true, .admin = true, .study_id = 5},
     ROLE_NONE,
     ROLE_VIEWER},
};

START_TEST(test_the_token_limits_the_role)
{
    ck_assert_int_eq(access_effective(&effects[_i].who, 5, 7, effects[_i].role),
                     effects[_i].left);
}
END_TEST

START_TEST(test_a_guest_looks_and_is_nobody)
{
    const struct principal guest = {
        .user_id = 1, .scopes = SCOPE_READ, .guest = true, .study_id = 5};
    ck_assert_int_eq(access_use(&guest, RIGHT_NONE, &err), 0);
    ck_assert_int_eq(access_use(&guest, RIGHT_READ, &err), 0);
    static const enum right refused[] = {RIGHT_PERSON, RIGHT_ASK, RIGHT_COPY,
                                         RIGHT_STEER,  RIGHT_OWN, RIGHT_TOKENS,
                                         RIGHT_ADMIN};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        error_clear(&err);
        ck_assert_int_eq(access_use(&guest, refused[i], &err), -1);
        ck_assert_int_eq(err.code, ERROR_FORBIDDEN);
    }
}
END_TEST

// ---- the cache --------------------------------------------------------------

START_TEST(test_the_store_is_asked_once)
{
    ck_assert_int_eq(check_for(NULL, anna, RIGHT_OWN), 1);
    ck_assert_int_eq(check_for(store, anna, RIGHT_OWN), 0);
    ck_assert_int_eq(check_for(NULL, anna, RIGHT_OWN), 0);
}
END_TEST

START_TEST(test_that_there_is_no_role_is_kept_too)
{
    ck_assert_int_eq(check_for(store, bert, RIGHT_READ), -1);
    ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
    ck_assert_int_eq(check_for(NULL, bert, RIGHT_READ), -1);
    ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
}
END_TEST

START_TEST(test_what_is_forgotten_is_read_again)
{
    put(bert, ROLE_WORKER);
    ck_assert_int_eq(check_for(store, bert, RIGHT_ASK), 0);
    put(bert, ROLE_VIEWER);
    ck_assert_int_eq(check_for(NULL, bert, RIGHT_ASK), 0);
    uint64_t before = access_generation(access_to);
    access_forget(access_to);
    ck_assert_uint_gt(access_generation(access_to), before);
    ck_assert_int_eq(forgotten, 1);
    ck_assert_int_eq(check_for(NULL, bert, RIGHT_ASK), 1);
    ck_assert_int_eq(check_for(store, bert, RIGHT_ASK), -1);
    ck_assert_int_eq(err.code, ERROR_FORBIDDEN);
}
END_TEST

START_TEST(test_nothing_is_kept_without_a_cache)
{
    const struct principal who = {.user_id = bert, .scopes = SCOPE_ALL};
    enum role role;
    for (enum role r = ROLE_VIEWER; r <= ROLE_OWNER; r++) {
        put(bert, r);
        ck_assert_int_eq(
            access_study(NULL, store, &who, study, RIGHT_READ, &role, &err), 0);
        ck_assert_int_eq(role, r);
    }
    ck_assert_int_eq(check_for(NULL, bert, RIGHT_READ), 1);
}
END_TEST

START_TEST(test_users_and_studies_do_not_share_what_is_kept)
{
    put(bert, ROLE_VIEWER);
    ck_assert_int_eq(check_for(store, anna, RIGHT_OWN), 0);
    ck_assert_int_eq(check_for(store, bert, RIGHT_OWN), -1);
    const struct principal who = {.user_id = anna, .scopes = SCOPE_ALL};
    enum role role;
    error_clear(&err);
    ck_assert_int_eq(access_study(access_to, store, &who, study + 1, RIGHT_READ,
                                  &role, &err),
                     -1);
    ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
    ck_assert_int_eq(check_for(NULL, anna, RIGHT_OWN), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("access");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, test_roles_have_names_both_ways);
    tcase_add_loop_test(cases, test_a_right_needs_its_scopes_and_its_role, 0,
                        sizeof needs / sizeof *needs);
    tcase_add_test(cases, test_a_refusal_names_the_role_that_is_needed);
    tcase_add_test(cases, test_other_peoples_affairs_are_for_administrators);
    tcase_add_loop_test(cases, test_the_token_limits_the_role, 0,
                        sizeof effects / sizeof *effects);
    tcase_add_test(cases, test_a_guest_looks_and_is_nobody);
    tcase_add_test(cases, test_the_store_is_asked_once);
    tcase_add_test(cases, test_that_there_is_no_role_is_kept_too);
    tcase_add_test(cases, test_what_is_forgotten_is_read_again);
    tcase_add_test(cases, test_nothing_is_kept_without_a_cache);
    tcase_add_test(cases, test_users_and_studies_do_not_share_what_is_kept);
    Suite *suite = suite_create("access");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
