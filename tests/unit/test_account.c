// SPDX-License-Identifier: GPL-3.0-or-later
// test_account.c - who is calling, and what they may do

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "auth.h"
#include "clock.h"

static char folder[64], url[128];
static struct store *store;
static struct accounts *accounts;
static struct error err;
static struct principal principal;
static struct new_token token, sign_in;
static bool use;

// A migrated database with its first user.
static void setup(void)
{
    bool made;
    strcpy(folder, "/tmp/cumae-account-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(url, sizeof url, "sqlite:%s/test.db", folder);
    error_clear(&err);
    ck_assert_msg(store_migrate(url, &err) == 0, "%s", err.message);
    store = store_open(url, &err);
    ck_assert_ptr_nonnull(store);
    ck_assert_int_eq(account_first(store, &token, &sign_in, &made, &err), 0);
    ck_assert(made);
    accounts = accounts_new();
}

static void teardown(void)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    accounts_free(accounts);
    store_close(store);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char path[96];
        snprintf(path, sizeof path, "%s/test.db%s", folder, suffixes[i]);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}

static int check_with(struct store *session, const char *secret)
{
    error_clear(&err);
    return accounts_check(accounts, session, secret, &principal, &use, &err);
}

static void refuse(const char *secret)
{
    ck_assert_int_eq(check_with(store, secret), -1);
    ck_assert_int_eq(err.code, ERROR_UNAUTHORIZED);
    ck_assert_str_eq(err.message, "the token is not valid");
}

// Stores a token of the first user.
static void add(struct new_token *made, enum token_kind kind, unsigned scopes,
                int64_t expires_ms)
{
    account_new_token(made, kind, principal.user_id, "t", scopes, expires_ms);
    ck_assert_msg(store_token_add(store, &made->row, &err) == 0, "%s",
                  err.message);
}

START_TEST(test_the_first_user_is_an_administrator_with_a_token)
{
    ck_assert_int_eq(check_with(store, token.secret), 0);
    ck_assert_str_eq(principal.name, "admin");
    ck_assert(principal.admin);
    ck_assert_uint_eq(principal.scopes, SCOPE_ALL);
    ck_assert_int_eq(principal.study_id, 0);
    ck_assert_int_eq(principal.kind, TOKEN_API);
    ck_assert_int_eq(principal.token_id, token.row.id);
    ck_assert_int_eq(strncmp(token.secret, "cum_", 4), 0);
    ck_assert_int_eq(strncmp(sign_in.secret, "cuml_", 5), 0);
}
END_TEST

START_TEST(test_there_is_only_one_first_time)
{
    struct new_token other, another;
    bool made = true;
    ck_assert_int_eq(account_first(store, &other, &another, &made, &err), 0);
    ck_assert(!made);
    int64_t users;
    ck_assert_int_eq(store_user_count(store, &users, &err), 0);
    ck_assert_int_eq(users, 1);
}
END_TEST

START_TEST(test_the_store_is_asked_once)
{
    ck_assert_int_eq(check_with(NULL, token.secret), 1);
    ck_assert_int_eq(check_with(store, token.secret), 0);
    ck_assert(use);
    memset(&principal, 0, sizeof principal);
    ck_assert_int_eq(check_with(NULL, token.secret), 0);
    ck_assert(!use);
    ck_assert_str_eq(principal.name, "admin");
    accounts_forget(accounts);
    ck_assert_int_eq(check_with(NULL, token.secret), 1);
}
END_TEST

START_TEST(test_an_unknown_secret_is_looked_up_once)
{
    char unknown[AUTH_SECRET_SIZE];
    auth_secret("cum_", unknown);
    ck_assert_int_eq(check_with(NULL, unknown), 1);
    refuse(unknown);
    ck_assert_int_eq(check_with(NULL, unknown), -1);
    ck_assert_int_eq(err.code, ERROR_UNAUTHORIZED);
}
END_TEST

START_TEST(test_what_is_no_secret_needs_no_look_up)
{
    char wrong[AUTH_SECRET_SIZE];
    memcpy(wrong, token.secret, sizeof wrong);
    wrong[10] = wrong[10] == 'a' ? 'b' : 'a';
    ck_assert_int_eq(check_with(NULL, wrong), -1);
    ck_assert_int_eq(check_with(NULL, ""), -1);
    ck_assert_int_eq(err.code, ERROR_UNAUTHORIZED);
}
END_TEST

START_TEST(test_a_revoked_token_ends_when_the_cache_forgets)
{
    ck_assert_int_eq(check_with(store, token.secret), 0);
    ck_assert_int_eq(store_token_revoke(store, principal.user_id, TOKEN_API,
                                        token.row.id, clock_wall_ms(), &err),
                     0);
    accounts_forget(accounts);
    refuse(token.secret);
}
END_TEST

START_TEST(test_what_was_read_before_permissions_changed_is_never_believed)
{
    // Permissions may change between a look at the store and its end: then
    // what was found must not be kept. Here they change right after.
    ck_assert_int_eq(check_with(store, token.secret), 0);
    accounts_forget(accounts);
    ck_assert_int_eq(check_with(NULL, token.secret), 1);
    ck_assert_int_eq(principal.user_id, token.row.user_id);
    ck_assert_uint_eq(principal.scopes, 0);
}
END_TEST

START_TEST(test_nothing_is_believed_long_after_the_last_confirmation)
{
    int64_t now_us = clock_monotonic_us();
    ck_assert_int_eq(check_with(store, token.secret), 0);
    accounts_confirm(accounts, now_us - ACCOUNT_TRUST_S * INT64_C(1000000));
    ck_assert_int_eq(check_with(NULL, token.secret), 1);
    accounts_confirm(accounts, now_us);
    ck_assert_int_eq(check_with(NULL, token.secret), 0);
}
END_TEST

START_TEST(test_the_use_of_a_token_is_noted_once_a_minute)
{
    ck_assert_int_eq(check_with(store, token.secret), 0);
    ck_assert(use);
    ck_assert_int_eq(check_with(NULL, token.secret), 0);
    ck_assert(!use);
}
END_TEST

// A session that was used last so many seconds ago.
static int check_session(int64_t idle_s)
{
    struct new_token session;
    ck_assert_int_eq(check_with(store, token.secret), 0);
    account_new_token(&session, TOKEN_SESSION, principal.user_id, "s",
                      SCOPE_READ, 0);
    session.row.used_ms = clock_wall_ms() - idle_s * 1000;
    ck_assert_int_eq(store_token_add(store, &session.row, &err), 0);
    return check_with(store, session.secret);
}

START_TEST(test_an_idle_session_ends)
{
    ck_assert_int_eq(check_session(ACCOUNT_IDLE_S - 10), 0);
    ck_assert(use);
    ck_assert_int_eq(check_session(ACCOUNT_IDLE_S), -1);
    ck_assert_int_eq(err.code, ERROR_UNAUTHORIZED);
}
END_TEST

// Seven days before the end, and not before the last quarter of a life.
static const struct {
    double life_days, left_days;
    bool soon;
} ends[] = {{31, 7.1, false}, {31, 6.9, true}, {365, 6.9, true},
            {7, 6.9, false},  {7, 1.8, false}, {7, 1.7, true},
            {1, 0.26, false}, {1, 0.24, true}, {0, 1, false}};

START_TEST(test_a_token_ends_soon_in_its_last_week_and_quarter)
{
    const double day_ms = 86400000;
    struct principal who = {.created_ms = 1000};
    int64_t life_ms = (int64_t)(ends[_i].life_days * day_ms);
    who.expires_ms = life_ms ? who.created_ms + life_ms : 0;
    int64_t now_ms = who.expires_ms - (int64_t)(ends[_i].left_days * day_ms);
    ck_assert(account_ends_soon(&who, now_ms) == ends[_i].soon);
}
END_TEST

START_TEST(test_an_expired_token_is_refused_also_from_the_cache)
{
    struct new_token past, soon;
    ck_assert_int_eq(check_with(store, token.secret), 0);
    add(&past, TOKEN_API, SCOPE_ALL, clock_wall_ms() - 1);
    refuse(past.secret);
    add(&soon, TOKEN_API, SCOPE_ALL, clock_wall_ms() + 1000);
    ck_assert_int_eq(check_with(store, soon.secret), 0);
    while (clock_wall_ms() < soon.row.expires_ms)
        usleep(10000);
    ck_assert_int_eq(check_with(NULL, soon.secret), -1);
    ck_assert_int_eq(err.code, ERROR_UNAUTHORIZED);
}
END_TEST

START_TEST(test_a_sign_in_link_is_no_token_and_a_session_is)
{
    struct new_token session;
    refuse(sign_in.secret);
    ck_assert_int_eq(check_with(store, token.secret), 0);
    account_new_token(&session, TOKEN_SESSION, principal.user_id, "s",
                      SCOPE_READ | SCOPE_ASK, 0);
    session.row.used_ms = clock_wall_ms();
    ck_assert_int_eq(store_token_add(store, &session.row, &err), 0);
    ck_assert_int_eq(check_with(store, session.secret), 0);
    ck_assert_int_eq(principal.kind, TOKEN_SESSION);
    ck_assert_uint_eq(principal.scopes, SCOPE_READ | SCOPE_ASK);
}
END_TEST

START_TEST(test_only_the_hash_and_eight_characters_are_stored)
{
    struct arena arena;
    struct token_row row;
    unsigned char hash[AUTH_HASH_BYTES];
    arena_init(&arena);
    auth_hash(token.secret, strlen(token.secret), hash);
    ck_assert_int_eq(store_token_find(store, hash, &arena, &row, &err), 0);
    ck_assert_uint_eq(strlen(row.prefix), AUTH_DISPLAY_CHARS);
    ck_assert_int_eq(strncmp(row.prefix, token.secret, AUTH_DISPLAY_CHARS), 0);
    arena_done(&arena);
}
END_TEST

// ---- permissions ------------------------------------------------------------

START_TEST(test_scopes_have_names_both_ways)
{
    static const char *const names[] = {"read", "ask", "steer", "admin"};
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_str_eq(scope_name(1u << i), names[i]);
        ck_assert_uint_eq(scope_from_name(names[i]), 1u << i);
    }
    ck_assert_uint_eq(scope_from_name("all"), 0);
    ck_assert_ptr_null(scope_name(16));
}
END_TEST

START_TEST(test_a_scope_that_is_not_there_is_forbidden_by_name)
{
    struct principal worker = {.scopes = SCOPE_READ | SCOPE_ASK};
    ck_assert_int_eq(account_may(&worker, SCOPE_ASK, &err), 0);
    ck_assert_int_eq(account_may(&worker, SCOPE_STEER, &err), -1);
    ck_assert_int_eq(err.code, ERROR_FORBIDDEN);
    ck_assert_str_eq(err.message, "the token lacks the scope steer");
    error_clear(&err);
    unsigned several = SCOPE_ADMIN | SCOPE_STEER | SCOPE_ASK;
    ck_assert_int_eq(account_may(&worker, several, &err), -1);
    ck_assert_str_eq(err.message, "the token lacks the scope admin");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("account");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, test_the_first_user_is_an_administrator_with_a_token);
    tcase_add_test(cases, test_there_is_only_one_first_time);
    tcase_add_test(cases, test_the_store_is_asked_once);
    tcase_add_test(cases, test_an_unknown_secret_is_looked_up_once);
    tcase_add_test(cases, test_what_is_no_secret_needs_no_look_up);
    tcase_add_test(cases, test_a_revoked_token_ends_when_the_cache_forgets);
    tcase_add_test(
        cases, test_what_was_read_before_permissions_changed_is_never_believed);
    tcase_add_test(cases,
                   test_nothing_is_believed_long_after_the_last_confirmation);
    tcase_add_test(cases, test_the_use_of_a_token_is_noted_once_a_minute);
    tcase_add_test(cases, test_an_idle_session_ends);
    tcase_add_loop_test(cases,
                        test_a_token_ends_soon_in_its_last_week_and_quarter, 0,
                        sizeof ends / sizeof *ends);
    tcase_add_test(cases, test_an_expired_token_is_refused_also_from_the_cache);
    tcase_add_test(cases, test_a_sign_in_link_is_no_token_and_a_session_is);
    tcase_add_test(cases, test_only_the_hash_and_eight_characters_are_stored);
    tcase_add_test(cases, test_scopes_have_names_both_ways);
    tcase_add_test(cases, test_a_scope_that_is_not_there_is_forbidden_by_name);
    Suite *suite = suite_create("account");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
