// SPDX-License-Identifier: GPL-3.0-or-later
// test_wire_oidc.c - what providers and the file about them say

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account.h"
#include "wire.h"
#include "wire_oidc.h"
#include "wire_provider.h"

static struct arena arena;
static struct error err;
static char folder[64], path[128], secret[128];

static void setup(void)
{
    arena_init(&arena);
    error_clear(&err);
    snprintf(folder, sizeof folder, "/tmp/cumae-oidc-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/providers.json", folder);
    snprintf(secret, sizeof secret, "%s/secret", folder);
}

static void teardown(void)
{
    unlink(path);
    unlink(secret);
    rmdir(folder);
    arena_done(&arena);
}

// ---- tokens -----------------------------------------------------------------

static int header(const char *json)
{
    struct oidc_header found;
    error_clear(&err);
    return wire_oidc_header(json, strlen(json), &arena, &found, &err);
}

START_TEST(test_headers_are_read_strictly)
{
    static const char *const bad[] = {"",
                                      "[]",
                                      "{",
                                      "{}",
                                      "{\"alg\":1}",
                                      "{\"alg\":null}",
                                      "{\"alg\":\"RS256\",\"kid\":1}",
                                      "{\"alg\":\"RS256\",\"crit\":[]}",
                                      "{\"alg\":\"RS256\",\"crit\":null}",
                                      "{\"alg\":\"none\",\"alg\":\"RS256\"}",
                                      "{\"alg\":\"RS256\"}x"};
    ck_assert_int_eq(header("{\"alg\":\"RS256\",\"typ\":\"at+jwt\"}"), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(header(bad[i]) == -1, "%s", bad[i]);
        ck_assert_int_eq(err.code, ERROR_UNAUTHORIZED);
    }
}
END_TEST

static int read_claims(const char *json, struct oidc_claims *claims)
{
    error_clear(&err);
    return wire_oidc_claims(json, strlen(json), "groups", &arena, claims, &err);
}

START_TEST(test_claims_come_out_as_they_are)
{
    struct oidc_claims claims;
    ck_assert_msg(
        read_claims("{\"iss\":\"i\",\"sub\":\"s\",\"aud\":[\"a\",\"b\"],"
                    "\"exp\":1700000000.5,\"iat\":3,\"scope\":\"x y\","
                    "\"email\":\"e\",\"email_verified\":true,\"name\":7,"
                    "\"groups\":[\"/g\",8,\"\",\"/h\"],\"more\":{}}",
                    &claims) == 0,
        "%s", err.message);
    ck_assert_str_eq(claims.sub, "s");
    ck_assert_uint_eq(claims.n_aud, 2);
    ck_assert_str_eq(claims.aud[1], "b");
    ck_assert_int_eq(claims.exp, 1700000000);
    ck_assert_int_eq(claims.nbf, 0);
    ck_assert(claims.email_verified && claims.has_groups);
    ck_assert_ptr_null(claims.name);
    ck_assert_uint_eq(claims.n_groups, 2);
    ck_assert_str_eq(claims.groups[1], "/h");
    ck_assert_int_eq(
        read_claims("{\"groups\":\"/one\",\"aud\":\"a\"}", &claims), 0);
    ck_assert_uint_eq(claims.n_groups, 1);
    ck_assert_int_eq(read_claims("{\"groups\":null}", &claims), 0);
    ck_assert(!claims.has_groups);
}
END_TEST

START_TEST(test_claims_of_another_type_are_refused)
{
    static const char *const bad[] = {"{\"sub\":1}",
                                      "{\"iss\":[]}",
                                      "{\"aud\":1}",
                                      "{\"aud\":[1]}",
                                      "{\"aud\":{}}",
                                      "{\"exp\":\"9\"}",
                                      "{\"exp\":-1}",
                                      "{\"exp\":1e999}",
                                      "{\"exp\":NaN}",
                                      "{\"exp\":true}",
                                      "{\"nonce\":1}",
                                      "{\"azp\":1}",
                                      "{\"scope\":[]}",
                                      "{\"sub\":\"a\",\"sub\":\"b\"}",
                                      "[]",
                                      "",
                                      "{",
                                      "{\"sub\":\"a\\u0000b\"}",
                                      "{\"sub\":\"\xff\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct oidc_claims claims;
        ck_assert_msg(read_claims(bad[i], &claims) == -1, "%s", bad[i]);
        ck_assert_int_eq(err.code, ERROR_UNAUTHORIZED);
    }
}
END_TEST

// ---- providers --------------------------------------------------------------

START_TEST(test_a_discovery_document_has_what_we_need)
{
    static const char *const members[] = {"issuer", "authorization_endpoint",
                                          "token_endpoint", "jwks_uri"};
    struct oidc_discovery found;
    for (size_t left_out = 0; left_out <= 4; left_out++) {
        struct text text;
        text_init(&text, &arena);
        text_char(&text, '{');
        for (size_t i = 0; i < 4; i++)
            if (i != left_out)
                text_key_string(&text, members[i], "https://i.example");
        text_add(&text, "}");
        error_clear(&err);
        int result =
            wire_oidc_discovery(text.data, text.n, &arena, &found, &err);
        ck_assert_int_eq(result, left_out < 4 ? -1 : 0);
        if (left_out < 4)
            ck_assert_ptr_nonnull(strstr(err.message, members[left_out]));
    }
    ck_assert_ptr_null(found.end_session_endpoint);
    ck_assert(!found.answers_with_iss);
}
END_TEST

START_TEST(test_keys_that_are_not_understood_are_passed_over)
{
    struct auth_key keys[OIDC_MAX_KEYS];
    size_t n;
    static const char json[] =
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"},7,null,"
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"good\","
        "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},"
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}";
    ck_assert_int_eq(wire_oidc_keys(json, strlen(json), &arena, keys, &n, &err),
                     0);
    ck_assert_uint_eq(n, 1);
    ck_assert_str_eq(keys[0].id, "good");
    auth_key_done(&keys[0]);
    ck_assert_int_eq(wire_oidc_keys("{}", 2, &arena, keys, &n, &err), -1);
}
END_TEST

// ---- the file ---------------------------------------------------------------

#define HEAD                                                                   \
    "{\"providers\":[{\"name\":\"gitlab\",\"issuer\":\"https://"               \
    "g.example\",\"client_id\":\"us\""

static int load(const char *text, struct oidc_providers *providers)
{
    error_clear(&err);
    *providers = (struct oidc_providers){0};
    return wire_providers_read(text, &arena, providers, &err);
}

START_TEST(test_a_short_file_means_what_is_usual)
{
    struct oidc_providers providers;
    ck_assert_msg(load(HEAD ",\"machines\":{\"audience\":\"https://us\"}}]}",
                       &providers) == 0,
                  "%s", err.message);
    const struct oidc_provider *p = providers.list;
    ck_assert_uint_eq(providers.n, 1);
    ck_assert_str_eq(p->title, "gitlab");
    ck_assert_uint_eq(p->scopes.n, 3);
    ck_assert_str_eq(p->groups_claim, "groups");
    ck_assert_ptr_null(p->client_secret);
    ck_assert(!p->allow.set && !p->admins.set && !p->userinfo && !p->loopback);
    ck_assert_uint_eq(oidc_machine_scopes(p, "cumae.read cumae.steer"),
                      SCOPE_READ | SCOPE_STEER);
}
END_TEST

START_TEST(test_a_long_file_is_read_whole)
{
    struct oidc_providers providers;
    ck_assert_msg(
        load(HEAD
             ",\"title\":\"G\",\"client_secret\":\"s\",\"userinfo\":true,"
             "\"scopes\":\"openid  groups\",\"groups_claim\":\"wlcg.groups\","
             "\"allow\":{\"groups\":[],\"emails\":[\"*@cern.ch\"]},"
             "\"admins\":{\"groups\":[\"/root\"]},\"machines\":{\"audience\":"
             "\"https://us\",\"scopes\":{\"compute.create\":\"ask\"}}},"
             "{\"name\":\"t\",\"issuer\":\"http://127.0.0.1:1\","
             "\"client_id\":\"u\"}]}",
             &providers) == 0,
        "%s", err.message);
    const struct oidc_provider *p = providers.list;
    ck_assert_uint_eq(providers.n, 2);
    ck_assert_uint_eq(p->scopes.n, 2);
    ck_assert_str_eq(p->scopes.items[1], "groups");
    ck_assert(p->allow.set && p->admins.set && p->userinfo);
    ck_assert_str_eq(p->allow.emails.items[0], "*@cern.ch");
    ck_assert_uint_eq(oidc_machine_scopes(p, "compute.create cumae.read"),
                      SCOPE_ASK);
    ck_assert(p[1].loopback);
}
END_TEST

START_TEST(test_a_fault_in_the_file_is_named)
{
    static const struct {
        const char *text, *word;
    } bad[] = {
        {"", "providers must"},
        {"{\"providers\":[]}", "providers must"},
        {"{\"providers\":[],\"x\":1}", "x"},
        {HEAD ",\"clientid\":1}]}", "providers[0].clientid"},
        {HEAD ",\"allow\":{\"group\":[]}}]}", "providers[0].allow.group"},
        {HEAD ",\"allow\":{}}]}", "providers[0].allow"},
        {HEAD ",\"admins\":{\"emails\":[\"x\"]}}]}", "admins.emails"},
        {HEAD ",\"scopes\":[\"email\"]}]}", "openid"},
        {HEAD ",\"scopes\":[7]}]}", "scopes"},
        {HEAD ",\"userinfo\":\"yes\"}]}", "userinfo"},
        {HEAD ",\"machines\":{}}]}", "machines.audience"},
        {HEAD ",\"machines\":{\"audience\":\"us\"}}]}", "client_id"},
        {HEAD ",\"machines\":{\"audience\":\"x\",\"scopes\":{\"y\":"
              "\"admin\"}}}]}",
         "machines.scopes"},
        {HEAD ",\"ca_file\":\"/nowhere\"}]}", "/nowhere"},
        {HEAD ",\"client_secret\":\"\"}]}", "client_secret"},
        {HEAD ",\"client_secret\":\"a\",\"client_secret_file\":\"b\"}]}",
         "exclude"},
        {HEAD "},{\"name\":\"gitlab\",\"issuer\":\"https://h\","
              "\"client_id\":\"u\"}]}",
         "providers[1].name"},
        {"{\"providers\":[{\"name\":\"a/b\",\"issuer\":\"https://h\","
         "\"client_id\":\"u\"}]}",
         "providers[0].name"},
        {"{\"providers\":[{\"name\":\"a\",\"issuer\":\"http://h.example\","
         "\"client_id\":\"u\"}]}",
         "providers[0].issuer"},
        {"{\"providers\":[{\"name\":\"a\",\"client_id\":\"u\"}]}",
         "providers[0].issuer"},
        {"{\"providers\":[{\"name\":\"a\",\"issuer\":\"https://h\"}]}",
         "providers[0].client_id"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct oidc_providers providers;
        ck_assert_msg(load(bad[i].text, &providers) == -1, "%s", bad[i].text);
        ck_assert_msg(strstr(err.message, bad[i].word), "%s: %s", bad[i].word,
                      err.message);
    }
}
END_TEST

static void write_file(const char *name, const char *text, mode_t mode)
{
    FILE *file = fopen(name, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    ck_assert_int_eq(chmod(name, mode), 0);
}

static int load_path(const char *name, struct oidc_providers *providers)
{
    error_clear(&err);
    *providers = (struct oidc_providers){0};
    return oidc_providers_load(providers, name, &arena, &err);
}

START_TEST(test_files_with_secrets_are_for_their_owner_only)
{
    struct oidc_providers providers;
    char text[600];
    write_file(path, HEAD "}]}", 0644);
    ck_assert_msg(load_path(path, &providers) == 0, "%s", err.message);
    write_file(path, HEAD ",\"client_secret\":\"s\"}]}", 0644);
    ck_assert_int_eq(load_path(path, &providers), -1);
    ck_assert_msg(strstr(err.message, "chmod"), "%s", err.message);
    ck_assert_int_eq(chmod(path, 0640), 0);
    ck_assert_int_eq(load_path(path, &providers), 0);

    snprintf(text, sizeof text, HEAD ",\"client_secret_file\":\"%s\"}]}",
             secret);
    write_file(path, text, 0644);
    ck_assert_int_eq(load_path(path, &providers), -1); // no such file
    write_file(secret, "of ours\n", 0604);
    ck_assert_int_eq(load_path(path, &providers), -1);
    ck_assert_int_eq(chmod(secret, 0600), 0);
    ck_assert_msg(load_path(path, &providers) == 0, "%s", err.message);
    ck_assert_str_eq(providers.list[0].client_secret, "of ours");
}
END_TEST

START_TEST(test_a_file_that_is_not_there_is_named)
{
    struct oidc_providers providers;
    ck_assert_int_eq(load_path("/nowhere/x.json", &providers), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.message, "oidc_file"));
    ck_assert_ptr_nonnull(strstr(err.message, "/nowhere/x.json"));
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        test_headers_are_read_strictly,
        test_claims_come_out_as_they_are,
        test_claims_of_another_type_are_refused,
        test_a_discovery_document_has_what_we_need,
        test_keys_that_are_not_understood_are_passed_over,
        test_a_short_file_means_what_is_usual,
        test_a_long_file_is_read_whole,
        test_a_fault_in_the_file_is_named,
        test_files_with_secrets_are_for_their_owner_only,
        test_a_file_that_is_not_there_is_named,
        NULL,
    };
    wire_start();
    Suite *suite = suite_create("wire_oidc");
    TCase *tcase = tcase_create("wire");
    tcase_add_checked_fixture(tcase, setup, teardown);
    for (size_t i = 0; tests[i]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
