// SPDX-License-Identifier: GPL-3.0-or-later
// test_oidc_claims.c - which claims are believed, and whom a rule names

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "oidc_flow.h"
#include "oidc_provider.h"

enum { NOW = 1700000000 };

static const char *us[] = {"cumae"}, *both[] = {"other", "cumae"};
static struct oidc_claims claims;
static struct oidc_expected expected;
static struct error err;

static void setup(void)
{
    claims = (struct oidc_claims){.iss = "https://i.example",
                                  .sub = "ada",
                                  .aud = us,
                                  .n_aud = 1,
                                  .nonce = "n-0S6_WzA2Mj",
                                  .exp = NOW + 300,
                                  .iat = NOW};
    expected = (struct oidc_expected){.issuer = "https://i.example",
                                      .audience = "cumae",
                                      .nonce = "n-0S6_WzA2Mj",
                                      .now_s = NOW};
    error_clear(&err);
}

static void accept(void)
{
    ck_assert_msg(oidc_claims_check(&claims, &expected, &err) == 0, "%s",
                  err.message);
}

// Refused, for a reason that has this word.
static void refuse(const char *word)
{
    error_clear(&err);
    ck_assert_msg(oidc_claims_check(&claims, &expected, &err) == -1, "%s",
                  word);
    ck_assert_int_eq(err.code, ERROR_UNAUTHORIZED);
    ck_assert_msg(strstr(err.message, word), "%s: %s", word, err.message);
}

#define REFUSED(name, word, ...)                                               \
    START_TEST(name)                                                           \
    {                                                                          \
        accept();                                                              \
        __VA_ARGS__;                                                           \
        refuse(word);                                                          \
    }                                                                          \
    END_TEST

REFUSED(test_another_issuer_is_refused, "iss",
        claims.iss = "https://i.example/")
REFUSED(test_no_issuer_is_refused, "iss", claims.iss = NULL)
REFUSED(test_another_audience_is_refused, "aud", expected.audience = "Cumae")
REFUSED(test_no_audience_is_refused, "aud", claims.n_aud = 0)
REFUSED(test_no_subject_is_refused, "sub", claims.sub = NULL)
REFUSED(test_an_empty_subject_is_refused, "sub", claims.sub = "")
REFUSED(test_no_end_is_refused, "exp", claims.exp = 0)
REFUSED(test_an_end_61_s_ago_is_refused, "exp", claims.exp = NOW - 61)
REFUSED(test_an_end_60_s_ago_is_refused, "exp", claims.exp = NOW - 60)
REFUSED(test_a_beginning_in_61_s_is_refused, "nbf", claims.nbf = NOW + 61)
REFUSED(test_a_token_from_the_future_is_refused, "iat", claims.iat = NOW + 61)
REFUSED(test_an_id_token_without_time_is_refused, "iat", claims.iat = 0)
REFUSED(test_another_nonce_is_refused, "nonce", claims.nonce = "n-0S6_WzA2Mk")
REFUSED(test_a_longer_nonce_is_refused, "nonce", claims.nonce = "n-0S6_WzA2Mjx")
REFUSED(test_no_nonce_is_refused, "nonce", claims.nonce = NULL)
REFUSED(test_another_party_is_refused, "azp", claims.azp = "other")
REFUSED(test_two_audiences_need_a_party, "azp", claims.aud = both;
        claims.n_aud = 2)

START_TEST(test_clocks_may_differ_by_a_minute)
{
    claims.exp = NOW - 59;
    claims.nbf = claims.iat = NOW + 60;
    accept();
}
END_TEST

START_TEST(test_one_of_several_audiences_is_enough_with_the_party)
{
    claims.aud = both;
    claims.n_aud = 2;
    claims.azp = "cumae";
    accept();
}
END_TEST

START_TEST(test_an_access_token_needs_no_nonce_party_or_time)
{
    claims.nonce = NULL;
    claims.iat = 0;
    claims.azp = "a machine";
    expected.nonce = NULL;
    accept();
}
END_TEST

// ---- rules ------------------------------------------------------------------

START_TEST(test_a_rule_names_by_group_subject_or_verified_address)
{
    static const char *groups[] = {"/cms"}, *subjects[] = {"ada"},
                      *emails[] = {"*@cern.ch"};
    const char *in[] = {"/atlas", "/cms"};
    struct oidc_claims who = {.sub = "eve", .email = "Eve@CERN.ch"};
    struct oidc_rule rule = {.groups = {groups, 1},
                             .subjects = {subjects, 1},
                             .emails = {emails, 1}};
    ck_assert(!oidc_rule_names(&rule, &claims)); // not set
    rule.set = true;
    ck_assert(oidc_rule_names(&rule, &claims));
    ck_assert(!oidc_rule_names(&rule, &who));
    who.email_verified = true;
    ck_assert(oidc_rule_names(&rule, &who));
    who.email = "eve@cern.ch.example";
    ck_assert(!oidc_rule_names(&rule, &who));
    who.groups = in;
    who.n_groups = 2;
    ck_assert(oidc_rule_names(&rule, &who));
}
END_TEST

START_TEST(test_scopes_of_machines_are_whole_words)
{
    static const struct oidc_scope map[] = {{"compute.create", SCOPE_ASK},
                                            {"compute.read", SCOPE_READ}};
    const struct oidc_provider provider = {.machine_scopes = map,
                                           .n_machine_scopes = 2};
    ck_assert_uint_eq(
        oidc_machine_scopes(&provider, "openid compute.create  compute.read"),
        SCOPE_ASK | SCOPE_READ);
    ck_assert_uint_eq(oidc_machine_scopes(&provider, "compute.readx"), 0);
    ck_assert_uint_eq(oidc_machine_scopes(&provider, "xcompute.read"), 0);
    ck_assert_uint_eq(oidc_machine_scopes(&provider, "cumae.ask"), 0);
    ck_assert_uint_eq(oidc_machine_scopes(&provider, NULL), 0);
}
END_TEST

// ---- URLs -------------------------------------------------------------------

START_TEST(test_only_https_is_followed_and_http_on_loopback_for_tests)
{
    static const char *const never[] = {"",
                                        "https://",
                                        "https:///x",
                                        "http://i.example/",
                                        "ftp://i.example/",
                                        "file:///etc/passwd",
                                        "javascript:alert(1)",
                                        "https://i.example/ x",
                                        "https://user@i.example/",
                                        "https://i.example/#x",
                                        "//i.example"};
    static const char *const local[] = {"http://127.0.0.1:8080/x",
                                        "http://localhost", "http://[::1]:1/"};
    static const char *const far[] = {"http://127.0.0.1.example/",
                                      "http://localhost.example/",
                                      "http://127.0.0.2/"};
    ck_assert(oidc_is_url("https://i.example/x?y=z", false));
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        ck_assert_msg(!oidc_is_url(never[i], true), "%s", never[i]);
    for (size_t i = 0; i < sizeof local / sizeof *local; i++) {
        ck_assert_msg(oidc_is_url(local[i], true), "%s", local[i]);
        ck_assert_msg(!oidc_is_url(local[i], false), "%s", local[i]);
        ck_assert_msg(!oidc_is_url(far[i], true), "%s", far[i]);
    }
}
END_TEST

START_TEST(test_a_sign_in_ends_on_our_own_host)
{
    static const char *const good[] = {"/", "/#/study/x?y=z", "/a//b"};
    static const char *const bad[] = {
        "",      "x",  "//evil.example", "/\\evil.example", "/\t/evil",
        "/a\nb", "/ü", "https://x",      "/a\\b",           "\t/x"};
    char *path = calloc(1, OIDC_MAX_RETURN + 2);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(oidc_flow_is_local(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!oidc_flow_is_local(bad[i]), "%s", bad[i]);
    memset(path, 'x', OIDC_MAX_RETURN);
    path[0] = '/';
    ck_assert(oidc_flow_is_local(path));
    path[OIDC_MAX_RETURN] = 'x';
    ck_assert(!oidc_flow_is_local(path));
    free(path);
}
END_TEST

START_TEST(test_the_way_to_a_provider_says_what_the_standards_ask_for)
{
    static const char *scopes[] = {"openid", "email"};
    const struct oidc_provider provider = {.client_id = "a b&c",
                                           .scopes = {scopes, 2}};
    const struct oidc_discovery discovery = {.authorization_endpoint =
                                                 "https://i.example/a?x=y"};
    struct oidc_flow flow, other;
    struct oidc_proof proof;
    struct arena arena;
    arena_init(&arena);
    oidc_flow_init(&flow);
    oidc_flow_init(&other);
    ck_assert_str_ne(flow.state, other.state);
    ck_assert_str_ne(flow.cookie, other.cookie);
    oidc_flow_proof(flow.cookie, &proof);
    ck_assert_uint_eq(strlen(proof.verifier), 43);
    ck_assert_str_ne(proof.verifier, proof.nonce);
    const char *url = oidc_flow_url(&provider, &discovery, &flow,
                                    "https://us.example/back", &arena);
    ck_assert_ptr_eq(strstr(url, "https://i.example/a?x=y&response_type=code"
                                 "&client_id=a%20b%26c&redirect_uri=https%3A%2F"
                                 "%2Fus.example%2Fback&scope=openid%20email"
                                 "&state="),
                     url);
    ck_assert_ptr_nonnull(strstr(url, proof.nonce));
    ck_assert_ptr_nonnull(strstr(url, "&code_challenge_method=S256"));
    ck_assert_ptr_null(strstr(url, proof.verifier));
    ck_assert_ptr_null(strstr(url, flow.cookie));
    arena_done(&arena);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        test_another_issuer_is_refused,
        test_no_issuer_is_refused,
        test_another_audience_is_refused,
        test_no_audience_is_refused,
        test_no_subject_is_refused,
        test_an_empty_subject_is_refused,
        test_no_end_is_refused,
        test_an_end_61_s_ago_is_refused,
        test_an_end_60_s_ago_is_refused,
        test_a_beginning_in_61_s_is_refused,
        test_a_token_from_the_future_is_refused,
        test_an_id_token_without_time_is_refused,
        test_another_nonce_is_refused,
        test_a_longer_nonce_is_refused,
        test_no_nonce_is_refused,
        test_another_party_is_refused,
        test_two_audiences_need_a_party,
        test_clocks_may_differ_by_a_minute,
        test_one_of_several_audiences_is_enough_with_the_party,
        test_an_access_token_needs_no_nonce_party_or_time,
        test_a_rule_names_by_group_subject_or_verified_address,
        test_scopes_of_machines_are_whole_words,
        test_only_https_is_followed_and_http_on_loopback_for_tests,
        test_a_sign_in_ends_on_our_own_host,
        test_the_way_to_a_provider_says_what_the_standards_ask_for,
        NULL,
    };
    Suite *suite = suite_create("oidc_claims");
    TCase *tcase = tcase_create("claims");
    tcase_add_checked_fixture(tcase, setup, NULL);
    for (size_t i = 0; tests[i]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
