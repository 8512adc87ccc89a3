// SPDX-License-Identifier: GPL-3.0-or-later
// test_auth_jwt.c - keys from JSON Web Keys, and what they have signed
//
// The tokens of RFC 7515 and RFC 8037 are the first witness. The second is
// libjwt, which signs here what the service verifies. It does not verify in
// the service: it has no EdDSA, refuses the type at+jwt of RFC 9068, and lets
// the token choose the algorithm.

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jwt.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "auth_base64.h"
#include "auth_jwt.h"

static struct error err;
static struct arena arena;

static void setup(void)
{
    error_clear(&err);
    arena_init(&arena);
}

static void teardown(void)
{
    arena_done(&arena);
}

// RFC 7515, A.2
static const struct auth_jwk rsa = {
    .kty = "RSA",
    .e = "AQAB",
    .n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp"
         "-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOW"
         "vG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs"
         "LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9k"
         "G4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2"
         "PAcDTW9gb54h4FRWyuXpoQ",
};
static const char by_rsa[] =
    "eyJhbGciOiJSUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLm"
    "NvbS9pc19yb290Ijp0cnVlfQ"
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm"
    "4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
    "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6"
    "_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8n"
    "p6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

// RFC 7515, A.3
static const struct auth_jwk p256 = {
    .kty = "EC",
    .crv = "P-256",
    .x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    .y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
};
static const char by_p256[] =
    "eyJhbGciOiJFUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLm"
    "NvbS9pc19yb290Ijp0cnVlfQ"
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxf"
    "KTUJqPP3-Kg6NU1Q";

// RFC 8037, A.4
static const struct auth_jwk ed25519 = {
    .kty = "OKP",
    .crv = "Ed25519",
    .x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
};
static const char by_ed25519[] =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g"
    "7sVvpAr_MuM0KAg";

static const struct witness {
    const struct auth_jwk *jwk;
    const char *token, *algorithm;
} witnesses[] = {
    {&rsa, by_rsa, "RS256"},
    {&p256, by_p256, "ES256"},
    {&ed25519, by_ed25519, "EdDSA"},
};
enum { WITNESSES = sizeof witnesses / sizeof *witnesses };

static struct auth_key key_of(const struct auth_jwk *jwk)
{
    struct auth_key key;
    ck_assert_msg(auth_key_init(&key, jwk, &err) == 0, "%s", err.message);
    return key;
}

// 0 when the key of the JWK has signed the token.
static int verify(const struct auth_jwk *jwk, const char *token,
                  const char *algorithm)
{
    struct auth_jwt jwt;
    struct auth_key key = key_of(jwk);
    error_clear(&err);
    int result = auth_jwt_split(token, &arena, &jwt, &err) ||
                 auth_jwt_verify(&jwt, algorithm, &key, &err);
    auth_key_done(&key);
    ck_assert(!result == !err.code);
    ck_assert(!result || err.code == ERROR_UNAUTHORIZED);
    return result;
}

// ---- signatures -------------------------------------------------------------

START_TEST(test_tokens_of_the_standards_are_verified)
{
    const struct witness *w = &witnesses[_i];
    ck_assert_msg(verify(w->jwk, w->token, w->algorithm) == 0, "%s",
                  err.message);
}
END_TEST

START_TEST(test_a_token_that_was_changed_anywhere_is_refused)
{
    const struct witness *w = &witnesses[_i];
    char token[1024];
    size_t n = strlen(w->token);
    for (size_t i = 0; i < n; i++) {
        memcpy(token, w->token, n + 1);
        if (token[i] == '.')
            continue;
        token[i] = token[i] == 'A' ? 'B' : 'A';
        ck_assert_msg(verify(w->jwk, token, w->algorithm) != 0, "at %zu", i);
    }
}
END_TEST

START_TEST(test_the_algorithm_is_that_of_the_key_whatever_the_token_says)
{
    static const char *const others[] = {"none",  "HS256", "RS512", "PS256",
                                         "rs256", "ES384", "RS256", "ES256",
                                         "EdDSA", ""};
    const struct witness *w = &witnesses[_i];
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i], w->algorithm) != 0)
            ck_assert(verify(w->jwk, w->token, others[i]) != 0);
    for (size_t i = 0; i < WITNESSES; i++)
        if (&witnesses[i] != w)
            ck_assert(verify(witnesses[i].jwk, w->token,
                             witnesses[i].algorithm) != 0);
}
END_TEST

START_TEST(test_a_signature_that_is_cut_or_longer_is_refused)
{
    const struct witness *w = &witnesses[_i];
    char token[1200];
    snprintf(token, sizeof token, "%.*s", (int)strlen(w->token) - 4, w->token);
    ck_assert(verify(w->jwk, token, w->algorithm) != 0);
    snprintf(token, sizeof token, "%sAAAA", w->token);
    ck_assert(verify(w->jwk, token, w->algorithm) != 0);
}
END_TEST

// ---- libjwt signs -----------------------------------------------------------

static char *pem_of(EVP_PKEY *pkey, bool public)
{
    char *data, *copy;
    BIO *bio = BIO_new(BIO_s_mem());
    if (public)
        PEM_write_bio_PUBKEY(bio, pkey);
    else
        PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
    long n = BIO_get_mem_data(bio, &data);
    copy = arena_copy(&arena, data, (size_t)n);
    BIO_free(bio);
    return copy;
}

static char *sign(jwt_alg_t algorithm, const char *key)
{
    jwt_t *jwt;
    ck_assert_int_eq(jwt_new(&jwt), 0);
    jwt_add_grant(jwt, "sub", "admin");
    if (key)
        ck_assert_int_eq(jwt_set_alg(jwt, algorithm, (const unsigned char *)key,
                                     (int)strlen(key)),
                         0);
    char *text = jwt_encode_str(jwt);
    char *copy = arena_copy(&arena, text, strlen(text));
    free(text);
    jwt_free(jwt);
    return copy;
}

static int judge(const char *token, const char *algorithm,
                 const struct auth_key *key)
{
    struct auth_jwt jwt;
    error_clear(&err);
    return auth_jwt_split(token, &arena, &jwt, &err) ||
           auth_jwt_verify(&jwt, algorithm, key, &err);
}

START_TEST(test_what_libjwt_signs_is_verified_and_a_public_key_is_no_secret)
{
    EVP_PKEY *rsa_key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    EVP_PKEY *ec_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    const struct {
        jwt_alg_t libjwt;
        struct auth_key key;
    } kinds[] = {{JWT_ALG_RS256, {AUTH_RS256, "", rsa_key}},
                 {JWT_ALG_ES256, {AUTH_ES256, "", ec_key}}};
    for (int i = 0; i < 2; i++) {
        const char *name = auth_algorithm_names[i];
        const struct auth_key *key = &kinds[i].key;
        const char *token = sign(kinds[i].libjwt, pem_of(key->key, false));
        ck_assert_msg(judge(token, name, key) == 0, "%s", err.message);
        // libjwt itself would believe this one.
        const char *forged = sign(JWT_ALG_HS256, pem_of(key->key, true));
        ck_assert(judge(forged, "HS256", key) != 0);
        ck_assert(judge(forged, name, key) != 0);
        // Signed with nothing it has no third part.
        const char *bare = sign(JWT_ALG_NONE, NULL);
        ck_assert(judge(bare, "none", key) != 0);
    }
    EVP_PKEY_free(rsa_key);
    EVP_PKEY_free(ec_key);
}
END_TEST

// ---- the form ---------------------------------------------------------------

START_TEST(test_a_text_that_is_not_three_parts_is_no_token)
{
    static const char *const texts[] = {"",       ".",       "..",
                                        "...",    "a.b",     "a.b.",
                                        ".a.b",   "a..b",    "a.b.c.d",
                                        "a.b.c=", "a.b.c d", "a.b.c+",
                                        "a b.c",  "a.b.c\n", "e30.e30.e3\xc3"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct auth_jwt jwt;
        error_clear(&err);
        ck_assert_msg(!auth_is_jwt(texts[i]), "%s", texts[i]);
        ck_assert_int_eq(auth_jwt_split(texts[i], &arena, &jwt, &err), -1);
        ck_assert_int_eq(err.code, ERROR_UNAUTHORIZED);
    }
    ck_assert(auth_is_jwt(by_rsa));
}
END_TEST

START_TEST(test_a_token_beyond_16_kib_is_none)
{
    char *token = arena_alloc(&arena, AUTH_JWT_MAX + 2);
    memset(token, 'A', AUTH_JWT_MAX + 1);
    token[4] = token[9] = '.';
    token[AUTH_JWT_MAX] = '\0';
    ck_assert(auth_is_jwt(token));
    token[AUTH_JWT_MAX] = 'A';
    token[AUTH_JWT_MAX + 1] = '\0';
    ck_assert(!auth_is_jwt(token));
}
END_TEST

// RFC 4648, 10, without padding, and texts that mean nothing or the same as
// another one: "Zh" has bits left over that "Zg" has not.
START_TEST(test_base64url_is_read_strictly)
{
    static const char *const good[][2] = {{"", ""},
                                          {"Zg", "f"},
                                          {"Zm8", "fo"},
                                          {"Zm9v", "foo"},
                                          {"Zm9vYg", "foob"},
                                          {"Zm9vYmE", "fooba"},
                                          {"Zm9vYmFy", "foobar"},
                                          {"_-8", "\xff\xef"}};
    static const char *const bad[] = {"Z",    "Zm9vY", "Zh",  "Zm9",
                                      "Zg==", "+/8",   "Z g", "Zm8\n"};
    unsigned char out[AUTH_BASE64_BYTES(16)];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t n = strlen(good[i][1]);
        ck_assert(auth_base64_decode(good[i][0], strlen(good[i][0]), out) ==
                  (ptrdiff_t)n);
        ck_assert_mem_eq(out, good[i][1], n);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(auth_base64_decode(bad[i], strlen(bad[i]), out) == -1,
                      "%s", bad[i]);
}
END_TEST

// ---- keys -------------------------------------------------------------------

static void refuse(struct auth_jwk jwk, const char *word)
{
    struct auth_key key;
    error_clear(&err);
    ck_assert_msg(auth_key_init(&key, &jwk, &err) == -1, "%s", word);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_msg(strstr(err.message, word), "%s: %s", word, err.message);
}

#define WITH(base, ...)                                                        \
    (__extension__({                                                           \
        struct auth_jwk changed = base;                                        \
        struct auth_jwk *k = &changed;                                         \
        __VA_ARGS__;                                                           \
        changed;                                                               \
    }))

START_TEST(test_keys_that_are_weak_or_odd_are_refused)
{
    static char ones[1404], kid[AUTH_KEY_MAX_ID + 2];
    refuse(WITH(rsa, k->n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbj"),
           "2048");
    refuse(WITH(rsa, k->e = "AQ"), "odd");
    refuse(WITH(rsa, k->e = "AQAA"), "odd");
    refuse(WITH(rsa, k->e = NULL), "e of a key");
    refuse(WITH(rsa, k->e = "_________________w"), "e of a key");
    memset(ones, '_', sizeof ones - 4); // 1050 bytes
    refuse(WITH(rsa, k->n = ones), "n of a key");
    refuse(WITH(rsa, k->n = "not base64!"), "n of a key");
    refuse(WITH(rsa, k->d = "AQAB"), "public");
    refuse(WITH(rsa, k->use = "enc"), "sig");
    refuse(WITH(rsa, k->alg = "RS512"), "RS256");
    refuse(WITH(rsa, k->alg = "HS256"), "RS256");
    refuse(WITH(rsa, k->kty = "oct"), "oct");
    refuse(WITH(rsa, k->kty = NULL), "RS256");
    memset(kid, 'k', sizeof kid - 1);
    refuse(WITH(rsa, k->kid = kid), "kid");
    refuse(WITH(p256, k->crv = "P-384"), "P-384");
    refuse(WITH(p256, k->y = p256.x), "ES256"); // not on the curve
    refuse(WITH(p256, k->x = "AA"), "x of a key");
    refuse(WITH(ed25519, k->crv = "Ed448"), "Ed448");
    refuse(WITH(ed25519, k->x = "AA"), "x of a key");
}
END_TEST

START_TEST(test_a_key_says_who_it_is)
{
    struct auth_key key = key_of(&(struct auth_jwk){.kty = "OKP",
                                                    .crv = "Ed25519",
                                                    .alg = "EdDSA",
                                                    .use = "sig",
                                                    .kid = "one",
                                                    .x = ed25519.x}),
                    copy;
    auth_key_share(&copy, &key);
    auth_key_done(&key);
    ck_assert_int_eq(copy.algorithm, AUTH_EDDSA);
    ck_assert_str_eq(copy.id, "one");
    ck_assert(judge(by_ed25519, "EdDSA", &copy) == 0);
    auth_key_done(&copy);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("auth_jwt");
    TCase *tokens = tcase_create("tokens"), *keys = tcase_create("keys");
    tcase_add_checked_fixture(tokens, setup, teardown);
    tcase_add_checked_fixture(keys, setup, teardown);
    tcase_set_timeout(tokens, 60);
    tcase_add_loop_test(tokens, test_tokens_of_the_standards_are_verified, 0,
                        WITNESSES);
    tcase_add_loop_test(tokens,
                        test_a_token_that_was_changed_anywhere_is_refused, 0,
                        WITNESSES);
    tcase_add_loop_test(
        tokens, test_the_algorithm_is_that_of_the_key_whatever_the_token_says,
        0, WITNESSES);
    tcase_add_loop_test(tokens,
                        test_a_signature_that_is_cut_or_longer_is_refused, 0,
                        WITNESSES);
    tcase_add_test(
        tokens,
        test_what_libjwt_signs_is_verified_and_a_public_key_is_no_secret);
    tcase_add_test(tokens, test_a_text_that_is_not_three_parts_is_no_token);
    tcase_add_test(tokens, test_a_token_beyond_16_kib_is_none);
    tcase_add_test(keys, test_base64url_is_read_strictly);
    tcase_add_test(keys, test_keys_that_are_weak_or_odd_are_refused);
    tcase_add_test(keys, test_a_key_says_who_it_is);
    suite_add_tcase(suite, tokens);
    suite_add_tcase(suite, keys);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
