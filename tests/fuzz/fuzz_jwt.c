// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_jwt.c - tokens of providers, and all that providers say
//
// The first byte chooses what the rest is: t a token, h its header, c claims,
// d a discovery document, k keys, o an answer of a token endpoint, f the file
// of providers. What is let in obeys its bounds; a token is verified by a key
// of RFC 7515 or RFC 8037 only when it is the one that the key has signed.

#include "fuzz.h"

#include "auth_jwt.h"
#include "utf8.h"
#include "wire.h"
#include "wire_oidc.h"
#include "wire_provider.h"

static const char keys_json[] =
    "{\"keys\":["
    "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_"
    "wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2l"
    "ZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5"
    "z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwK"
    "h9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW"
    "9gb54h4FRWyuXpoQ\"},"
    "{\"kty\":\"EC\",\"crv\":\"P-256\","
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";

// What each of these keys has signed: the ends of the texts tell them apart.
static const char *const signed_texts[AUTH_ALGORITHMS] = {
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0"
    "dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0"
    "dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
};

static struct auth_key keys[OIDC_MAX_KEYS];
static size_t n_keys;

static void check_text(const char *text, size_t most)
{
    expect(!text || strlen(text) <= most, "%zu", strlen(text));
    expect(!text || utf8_is_valid(text, strlen(text)), "%s", text);
}

// ---- readers ----------------------------------------------------------------

static int check_header(const char *json, size_t n, struct arena *arena,
                        struct error *err)
{
    struct oidc_header header;
    if (wire_oidc_header(json, n, arena, &header, err))
        return -1;
    expect(header.alg, "no alg");
    check_text(header.alg, 20);
    check_text(header.kid, AUTH_KEY_MAX_ID);
    return 0;
}

static int check_claims(const char *json, size_t n, struct arena *arena,
                        struct error *err)
{
    struct oidc_claims claims;
    struct oidc_expected expected = {"https://i", "us", "n", 1700000000};
    struct error fault = {0};
    if (wire_oidc_claims(json, n, "groups", arena, &claims, err))
        return -1;
    check_text(claims.sub, OIDC_MAX_SUBJECT);
    expect(claims.n_aud <= OIDC_MAX_AUDIENCES, "%zu", claims.n_aud);
    expect(claims.n_groups <= OIDC_MAX_GROUPS, "%zu", claims.n_groups);
    expect(claims.exp >= 0 && claims.nbf >= 0 && claims.iat >= 0, "time");
    for (size_t i = 0; i < claims.n_aud; i++)
        expect(claims.aud[i] && *claims.aud[i], "aud %zu", i);
    for (size_t i = 0; i < claims.n_groups; i++)
        check_text(claims.groups[i], OIDC_MAX_GROUP);
    if (oidc_claims_check(&claims, &expected, &fault))
        expect_refusal(&fault);
    else
        expect(strcmp(claims.nonce, "n") == 0, "%s", claims.nonce);
    return 0;
}

static int check_discovery(const char *json, size_t n, struct arena *arena,
                           struct error *err)
{
    struct oidc_discovery discovery;
    if (wire_oidc_discovery(json, n, arena, &discovery, err))
        return -1;
    expect(discovery.issuer && discovery.jwks_uri, "no issuer");
    check_text(discovery.token_endpoint, OIDC_MAX_URL);
    check_text(discovery.end_session_endpoint, OIDC_MAX_URL);
    oidc_is_url(discovery.token_endpoint, true);
    return 0;
}

static int check_keys(const char *json, size_t n, struct arena *arena,
                      struct error *err)
{
    struct auth_key found[OIDC_MAX_KEYS];
    size_t n_found = 0;
    int result = wire_oidc_keys(json, n, arena, found, &n_found, err);
    for (size_t i = 0; i < n_found; i++) {
        expect(found[i].key && found[i].algorithm < AUTH_ALGORITHMS, "%zu", i);
        auth_key_done(&found[i]);
    }
    return result;
}

static int check_tokens(const char *json, size_t n, struct arena *arena,
                        struct error *err)
{
    struct oidc_tokens tokens;
    check_text(wire_oidc_fault(json, n, arena), 80);
    if (wire_oidc_tokens(json, n, arena, &tokens, err))
        return -1;
    check_text(tokens.id_token, AUTH_JWT_MAX);
    return 0;
}

static int check_file(const char *json, size_t n, struct arena *arena,
                      struct error *err)
{
    struct oidc_providers providers = {0};
    if (strlen(json) != n || wire_providers_read(json, arena, &providers, err))
        return strlen(json) != n ? 0 : -1;
    for (size_t i = 0; i < providers.n; i++) {
        check_text(providers.list[i].name, OIDC_MAX_NAME);
        expect(
            oidc_is_url(providers.list[i].issuer, providers.list[i].loopback),
            "%s", providers.list[i].issuer);
        expect(providers.list[i].scopes.n > 0, "no scopes");
    }
    return 0;
}

// ---- tokens -----------------------------------------------------------------

static void check_signatures(const struct auth_jwt *jwt)
{
    for (size_t i = 0; i < n_keys; i++) {
        struct error fault = {0};
        enum auth_algorithm algorithm = keys[i].algorithm;
        const char *text = signed_texts[algorithm];
        if (auth_jwt_verify(jwt, auth_algorithm_names[algorithm], &keys[i],
                            &fault))
            expect_refusal(&fault);
        else
            expect(jwt->text_bytes == strlen(text) &&
                       memcmp(jwt->text, text, jwt->text_bytes) == 0,
                   "%s", jwt->text);
        expect(auth_jwt_verify(jwt, "HS256", &keys[i], &fault), "HS256");
    }
}

static int check_token(const char *text, size_t n, struct arena *arena,
                       struct error *err)
{
    struct auth_jwt jwt;
    struct error fault = {0};
    (void)n;
    expect((auth_jwt_split(text, arena, &jwt, err) == 0) <= auth_is_jwt(text),
           "%s", text);
    if (err->code)
        return -1;
    check_signatures(&jwt);
    check_header(jwt.header, jwt.header_bytes, arena, &fault);
    error_clear(&fault);
    check_claims(jwt.claims, jwt.claims_bytes, arena, &fault);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        char first;
        int (*check)(const char *text, size_t n, struct arena *arena,
                     struct error *err);
    } kinds[] = {{'t', check_token},  {'h', check_header},
                 {'c', check_claims}, {'d', check_discovery},
                 {'k', check_keys},   {'o', check_tokens},
                 {'f', check_file}};
    struct error err = {0};
    struct arena arena;
    arena_init(&arena);
    if (!n_keys && wire_oidc_keys(keys_json, sizeof keys_json - 1, &arena, keys,
                                  &n_keys, &err))
        abort();
    const char *text =
        size ? arena_copy(&arena, (const char *)data + 1, size - 1) : "";
    for (size_t i = 0; size && i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].first == (char)data[0] &&
            kinds[i].check(text, size - 1, &arena, &err))
            expect_refusal(&err);
    arena_done(&arena);
    return 0;
}
