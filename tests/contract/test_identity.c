// SPDX-License-Identifier: GPL-3.0-or-later
// test_identity.c - users of providers and sign-ins, in every store

#include "databases.h"
#include "identity.h"
#include "store_group.h"
#include "user.h"

enum { SEEN = 200 };

static struct database database;
static struct store *store;
static struct error err;
static struct identity_user user;

static const char *admins[] = {"/admins"};
static struct oidc_provider gitlab, iam;
static struct oidc_claims claims;
static struct identity identity;

static void begin(int kind)
{
    store = database_ready(&database, kind);
    gitlab = (struct oidc_provider){
        .name = "gitlab",
        .issuer = "https://gitlab.example",
        .admins = {.set = true, .groups = {admins, 1}},
    };
    iam = (struct oidc_provider){.name = "iam", .issuer = "https://iam.test"};
    claims = (struct oidc_claims){.sub = "17",
                                  .preferred_username = "Ada",
                                  .name = "Ada Lovelace",
                                  .email = "ada@cern.example"};
    identity = (struct identity){&gitlab, &claims, true, 5};
}

static void end(void)
{
    store_close(store);
    database_remove(&database);
}

static void enter(void)
{
    must(identity_enter(store, &identity, &user, &err));
}

static void say_groups(const char *const *groups, size_t n)
{
    claims.groups = groups;
    claims.n_groups = n;
    claims.has_groups = true;
}

static int append(void *context, const char *name, struct error *error)
{
    char *seen = context;
    size_t n = strlen(seen);
    (void)error;
    snprintf(seen + n, SEEN - n, "%s ", name);
    return 0;
}

static void check_groups(const char *expected)
{
    char seen[SEEN] = "";
    must(store_groups_of(store, user.id, append, seen, &err));
    ck_assert_str_eq(seen, expected);
}

static int64_t revision(void)
{
    int64_t found;
    must(store_permissions_revision(store, &found, &err));
    return found;
}

// ---- users ------------------------------------------------------------------

START_TEST(test_somebody_new_becomes_a_user_and_stays_it)
{
    struct arena arena;
    struct user_row row;
    begin(_i);
    enter();
    ck_assert(user.made && user.changed && !user.admin);
    ck_assert_str_eq(user.name, "ada");
    int64_t id = user.id;
    arena_init(&arena);
    must(store_user_get(store, id, &arena, &row, &err));
    ck_assert_str_eq(row.display_name, "Ada Lovelace");
    ck_assert_str_eq(row.email, "ada@cern.example");
    claims.preferred_username = "countess";
    claims.email = "countess@cern.example";
    enter();
    ck_assert(!user.made && !user.changed);
    ck_assert_int_eq(user.id, id);
    ck_assert_str_eq(user.name, "ada");
    must(store_user_get(store, id, &arena, &row, &err));
    ck_assert_str_eq(row.email, "countess@cern.example");
    arena_done(&arena);
    end();
}
END_TEST

START_TEST(test_a_name_that_is_taken_gets_a_number)
{
    begin(_i);
    enter();
    claims.sub = "18"; // another person of that name
    enter();
    ck_assert(user.made);
    ck_assert_str_eq(user.name, "ada-2");
    identity.provider = &iam; // the same subject elsewhere
    enter();
    ck_assert(user.made);
    ck_assert_str_eq(user.name, "ada-3");
    end();
}
END_TEST

START_TEST(test_any_name_becomes_one_that_needs_no_quotes)
{
    static const char *const names[][2] = {
        {"A.b_c-D", "a.b_c-d"},
        {"x@cern.ch", "x"},
        {"a b//c", "a-b-c"},
        {"\xc3\xa9t\xc3\xa9", "t"},
        {"...", "user"},
        {"", "user-2"},
        {"\xe2\x80\xae", "user-3"},
        {"1234567890123456789012345678901234567890123",
         "1234567890123456789012345678901234567890"}};
    char subject[8];
    begin(_i);
    claims.email = NULL;
    claims.sub = subject;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(subject, sizeof subject, "s%zu", i);
        claims.preferred_username = names[i][0];
        enter();
        must(user_name_check(user.name, &err));
        if (i != 3) // begins with what is left out
            ck_assert_str_eq(user.name, names[i][1]);
    }
    claims.preferred_username = NULL;
    claims.email = "bob@cern.example";
    claims.sub = "bob";
    enter();
    ck_assert_str_eq(user.name, "bob");
    end();
}
END_TEST

START_TEST(test_who_is_disabled_is_refused)
{
    struct user_change change = {.disabled = 1, .admin = -1};
    struct user_row before, after;
    struct arena arena;
    bool current;
    begin(_i);
    enter();
    arena_init(&arena);
    must(user_change(store, user.id, &change, &arena, &before, &after, &err));
    must_fail(ERROR_FORBIDDEN, identity_enter(store, &identity, &user, &err));
    must_fail(ERROR_FORBIDDEN,
              identity_find(store, &identity, &user, &current, &err));
    arena_done(&arena);
    end();
}
END_TEST

START_TEST(test_the_list_lets_in_whom_it_names)
{
    static const char *chosen[] = {"17"};
    begin(_i);
    must(identity_check(&identity, &err));
    gitlab.allow = (struct oidc_rule){.set = true, .subjects = {chosen, 1}};
    must(identity_check(&identity, &err));
    claims.sub = "18";
    must_fail(ERROR_FORBIDDEN, identity_check(&identity, &err));
    end();
}
END_TEST

// ---- groups and administrators ----------------------------------------------

START_TEST(test_groups_are_those_of_the_last_sign_in)
{
    static const char *const first[] = {"/a", "/b", "/a"}, *const next[] = {
                                                               "/b", "/c"};
    static const char *const own[] = {"friends"};
    begin(_i);
    say_groups(first, 3);
    enter();
    must(store_groups_replace(store, user.id, "", own, 1, 5, &err));
    check_groups("friends gitlab:/a gitlab:/b ");
    int64_t before = revision();
    enter();
    ck_assert_int_eq(revision(), before); // nothing changed
    say_groups(next, 2);
    enter();
    ck_assert_int_gt(revision(), before);
    check_groups("friends gitlab:/b gitlab:/c ");
    say_groups(NULL, 0);
    claims.has_groups = false; // said nothing: in none
    enter();
    check_groups("friends ");
    end();
}
END_TEST

START_TEST(test_the_token_of_a_machine_changes_no_person)
{
    static const char *const groups[] = {"/admins"};
    bool current;
    begin(_i);
    say_groups(groups, 1);
    enter();
    ck_assert(user.admin);
    // What a token of the same person says, without groups and name.
    claims = (struct oidc_claims){.sub = "17"};
    identity.person = false;
    must(identity_find(store, &identity, &user, &current, &err));
    ck_assert(current && user.admin);
    enter();
    ck_assert(user.admin && !user.changed);
    check_groups("gitlab:/admins ");
    claims.sub = "robot";
    must_fail(ERROR_NOT_FOUND,
              identity_find(store, &identity, &user, &current, &err));
    say_groups(groups, 1);
    enter();
    ck_assert(user.made && !user.admin);
    ck_assert_str_eq(user.name, "user");
    end();
}
END_TEST

START_TEST(test_who_leaves_the_administrators_is_none_but_for_the_last)
{
    static const char *const groups[] = {"/admins"};
    struct user_row other = {.name = "root", .admin = true};
    begin(_i);
    say_groups(groups, 1);
    enter();
    ck_assert(user.admin);
    claims.n_groups = 0;
    enter();
    ck_assert(user.admin); // or nobody could administer
    must(store_user_add(store, &other, &err));
    enter();
    ck_assert(!user.admin && user.changed);
    end();
}
END_TEST

static int first(void *context, const char *issuer, struct error *error)
{
    char *seen = context;
    (void)error;
    if (!*seen)
        snprintf(seen, SEEN, "%s", issuer);
    return 0;
}

START_TEST(test_the_issuer_of_the_last_sign_in_comes_first)
{
    char seen[SEEN] = "";
    begin(_i);
    enter();
    must(store_identity_add(store, iam.issuer, "x", user.id, 6, &err));
    must(store_identity_issuers(store, user.id, first, seen, &err));
    ck_assert_str_eq(seen, iam.issuer);
    identity.now_ms = 7;
    enter();
    *seen = '\0';
    must(store_identity_issuers(store, user.id, first, seen, &err));
    ck_assert_str_eq(seen, gitlab.issuer);
    end();
}
END_TEST

// ---- sign-ins ---------------------------------------------------------------

static void add_flow(int number, int64_t expires_ms, int64_t now_ms)
{
    struct flow_row row = {.state_hash = {(unsigned char)number},
                           .cookie_hash = {1, 2, 3},
                           .provider = "gitlab",
                           .return_to = "/#/",
                           .expires_ms = expires_ms};
    must(store_flow_add(store, &row, now_ms, 2, &err));
}

static int take_flow(int number, struct flow_row *row)
{
    static struct arena arena;
    *row = (struct flow_row){.state_hash = {(unsigned char)number}};
    error_clear(&err);
    int result = store_flow_take(store, &arena, row, &err);
    ck_assert(result == 0 || err.code == ERROR_NOT_FOUND);
    return result;
}

START_TEST(test_a_sign_in_is_taken_once)
{
    struct flow_row row;
    begin(_i);
    add_flow(1, 100, 1);
    ck_assert_int_eq(take_flow(1, &row), 0);
    ck_assert_int_eq(row.cookie_hash[2], 3);
    ck_assert_int_eq(row.expires_ms, 100);
    ck_assert_int_eq(take_flow(1, &row), -1);
    ck_assert_int_eq(take_flow(2, &row), -1);
    end();
}
END_TEST

START_TEST(test_old_sign_ins_are_forgotten)
{
    struct flow_row row;
    begin(_i);
    add_flow(1, 100, 1);
    add_flow(2, 200, 100); // the first one has expired
    ck_assert_int_eq(take_flow(1, &row), -1);
    add_flow(3, 300, 100);
    add_flow(4, 400, 100); // one too many beside two others
    add_flow(5, 500, 100);
    ck_assert_int_eq(take_flow(2, &row), -1);
    ck_assert_int_eq(take_flow(3, &row), 0);
    ck_assert_int_eq(take_flow(5, &row), 0);
    end();
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        test_somebody_new_becomes_a_user_and_stays_it,
        test_a_name_that_is_taken_gets_a_number,
        test_any_name_becomes_one_that_needs_no_quotes,
        test_who_is_disabled_is_refused,
        test_the_list_lets_in_whom_it_names,
        test_groups_are_those_of_the_last_sign_in,
        test_the_token_of_a_machine_changes_no_person,
        test_who_leaves_the_administrators_is_none_but_for_the_last,
        test_the_issuer_of_the_last_sign_in_comes_first,
        test_a_sign_in_is_taken_once,
        test_old_sign_ins_are_forgotten,
        NULL,
    };
    Suite *suite = suite_create("identity");
    TCase *tc = tcase_create("both databases");
    tcase_set_timeout(tc, 60);
    for (size_t i = 0; tests[i]; i++)
        tcase_add_loop_test(tc, tests[i], 0, DATABASES);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
