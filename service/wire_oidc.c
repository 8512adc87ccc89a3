// SPDX-License-Identifier: GPL-3.0-or-later
// wire_oidc.c - the JSON of OpenID Connect

#include "wire_oidc.h"

#include <math.h>
#include <string.h>

#include "auth_jwt.h"
#include "oidc_provider.h"
#include "wire.h"

enum { MAX_TEXT = 4000 };

// Parses an object. An empty text is none here.
static json_t *parse(const char *json, size_t bytes, struct arena *arena,
                     struct fields *fields, struct error *err)
{
    struct error fault = {0};
    json_t *root = bytes ? wire_parse(json, bytes, arena, &fault) : NULL;
    if (!root)
        error_set(err, ERROR_UNAUTHORIZED, "not a JSON object");
    else
        fields_open(fields, root, "", NULL, err);
    return root;
}

// A text in the arena; NULL when it is absent.
static const char *text_of(const struct fields *fields, const char *name,
                           size_t max, struct arena *arena)
{
    const char *text = fields_text(fields, name, max, NULL);
    return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

// Whatever was wrong, the message must be that of a token that is refused: it
// names members, never values.
static int settle(const struct error *fault, struct error *err)
{
    return fault->code
               ? error_set(err, ERROR_UNAUTHORIZED, "%s", fault->message)
               : 0;
}

// ---- tokens -----------------------------------------------------------------

int wire_oidc_header(const char *json, size_t bytes, struct arena *arena,
                     struct oidc_header *header, struct error *err)
{
    struct error fault = {0};
    struct fields fields;
    json_t *root = parse(json, bytes, arena, &fields, &fault);
    *header = (struct oidc_header){0};
    if (root) {
        header->alg = text_of(&fields, "alg", 20, arena);
        header->kid = text_of(&fields, "kid", AUTH_KEY_MAX_ID, arena);
        if (!header->alg)
            error_set(&fault, ERROR_UNAUTHORIZED, "alg is missing");
        if (json_object_get(root, "crit"))
            error_set(&fault, ERROR_UNAUTHORIZED, "crit is not understood");
    }
    json_decref(root);
    return settle(&fault, err);
}

// Seconds since 1970; 0 when absent. Fractions are cut off.
static int64_t time_of(const struct fields *fields, const char *name)
{
    double value = fields_real(fields, name, 0);
    if (!fields->err->code && fields_get(fields, name) &&
        (value < 1 || value > 0x1p53))
        fields_fail(fields, ERROR_INVALID, name, "must be a time");
    return fields->err->code ? 0 : (int64_t)value;
}

// The texts of a list, or the one text, with at most `bytes` each; what is
// beyond `most` and what is something else is left out.
static const char *const *texts_of(const json_t *value, size_t most,
                                   size_t bytes, struct arena *arena, size_t *n)
{
    size_t size = json_is_array(value) ? json_array_size(value) : 1;
    const char **list = arena_zeros(arena, size + 1, sizeof *list);
    *n = 0;
    for (size_t i = 0; i < size && *n < most; i++) {
        const json_t *item =
            json_is_array(value) ? json_array_get(value, i) : value;
        const char *text = json_string_value(item);
        if (text && *text && strlen(text) <= bytes && !wire_odd_number(item))
            list[(*n)++] = arena_copy(arena, text, strlen(text));
    }
    return list;
}

static void read_audience(const struct fields *fields, struct arena *arena,
                          struct oidc_claims *claims)
{
    const json_t *aud = fields_get(fields, "aud");
    size_t size = json_is_array(aud) ? json_array_size(aud) : 1;
    claims->aud =
        texts_of(aud, OIDC_MAX_AUDIENCES, MAX_TEXT, arena, &claims->n_aud);
    if (aud && claims->n_aud != size)
        fields_fail(fields, ERROR_INVALID, "aud",
                    "must be a text or a list of at most %d",
                    OIDC_MAX_AUDIENCES);
}

// Some providers say true, some "true".
static bool is_true(const json_t *value)
{
    const char *word = json_string_value(value);
    return json_is_true(value) || (word && strcmp(word, "true") == 0);
}

// A text that nobody has to know; NULL when it is something else.
static const char *maybe_text(const struct fields *fields, const char *name,
                              struct arena *arena)
{
    const json_t *value = fields_get(fields, name);
    const char *text = json_string_value(value);
    bool good =
        text && *text && !wire_odd_number(value) && strlen(text) <= MAX_TEXT;
    return good ? arena_copy(arena, text, strlen(text)) : NULL;
}

static void read_person(const struct fields *fields, const char *groups_claim,
                        struct arena *arena, struct oidc_claims *claims)
{
    const json_t *groups = fields_get(fields, groups_claim);
    claims->name = maybe_text(fields, "name", arena);
    claims->preferred_username =
        maybe_text(fields, "preferred_username", arena);
    claims->email = maybe_text(fields, "email", arena);
    claims->email_verified = is_true(fields_get(fields, "email_verified"));
    claims->has_groups = groups != NULL;
    claims->groups = texts_of(groups, OIDC_MAX_GROUPS, OIDC_MAX_GROUP, arena,
                              &claims->n_groups);
}

int wire_oidc_claims(const char *json, size_t bytes, const char *groups_claim,
                     struct arena *arena, struct oidc_claims *claims,
                     struct error *err)
{
    struct error fault = {0};
    struct fields fields;
    json_t *root = parse(json, bytes, arena, &fields, &fault);
    *claims = (struct oidc_claims){0};
    if (root) {
        claims->iss = text_of(&fields, "iss", OIDC_MAX_URL, arena);
        claims->sub = text_of(&fields, "sub", OIDC_MAX_SUBJECT, arena);
        claims->azp = text_of(&fields, "azp", MAX_TEXT, arena);
        claims->nonce = text_of(&fields, "nonce", MAX_TEXT, arena);
        claims->scope = text_of(&fields, "scope", AUTH_JWT_MAX, arena);
        claims->exp = time_of(&fields, "exp");
        claims->nbf = time_of(&fields, "nbf");
        claims->iat = time_of(&fields, "iat");
        read_audience(&fields, arena, claims);
        read_person(&fields, groups_claim, arena, claims);
    }
    json_decref(root);
    return settle(&fault, err);
}

// ---- providers --------------------------------------------------------------

int wire_oidc_discovery(const char *json, size_t bytes, struct arena *arena,
                        struct oidc_discovery *discovery, struct error *err)
{
    struct error fault = {0};
    struct fields fields;
    json_t *root = parse(json, bytes, arena, &fields, &fault);
    *discovery = (struct oidc_discovery){0};
    struct {
        const char *name, **text;
        bool required;
    } members[] = {
        {"issuer", &discovery->issuer, true},
        {"authorization_endpoint", &discovery->authorization_endpoint, true},
        {"token_endpoint", &discovery->token_endpoint, true},
        {"jwks_uri", &discovery->jwks_uri, true},
        {"userinfo_endpoint", &discovery->userinfo_endpoint, false},
        {"end_session_endpoint", &discovery->end_session_endpoint, false},
    };
    for (size_t i = 0; root && i < sizeof members / sizeof *members; i++) {
        *members[i].text =
            text_of(&fields, members[i].name, OIDC_MAX_URL, arena);
        if (!*members[i].text && members[i].required)
            error_set(&fault, ERROR_INVALID, "%s is missing", members[i].name);
    }
    if (root)
        discovery->answers_with_iss = fields_bool(
            &fields, "authorization_response_iss_parameter_supported", false);
    json_decref(root);
    return settle(&fault, err);
}

static struct auth_jwk read_key(const json_t *key)
{
    const struct {
        const char *name;
        size_t at;
    } members[] = {
#define MEMBER(name) {#name, offsetof(struct auth_jwk, name)}
        MEMBER(kty), MEMBER(use), MEMBER(alg), MEMBER(kid), MEMBER(n),
        MEMBER(e),   MEMBER(crv), MEMBER(x),   MEMBER(y),   MEMBER(d),
#undef MEMBER
    };
    struct auth_jwk jwk = {0};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        *(const char **)(void *)((char *)&jwk + members[i].at) =
            json_string_value(json_object_get(key, members[i].name));
    return jwk;
}

int wire_oidc_keys(const char *json, size_t bytes, struct arena *arena,
                   struct auth_key keys[OIDC_MAX_KEYS], size_t *n,
                   struct error *err)
{
    struct error fault = {0};
    struct fields fields;
    json_t *root = parse(json, bytes, arena, &fields, &fault);
    const json_t *list = json_object_get(root, "keys"), *item;
    size_t i;
    *n = 0;
    if (root && !json_is_array(list))
        error_set(&fault, ERROR_INVALID, "keys must be a list");
    json_array_foreach(list, i, item)
    {
        struct auth_jwk jwk = read_key(item);
        struct error unfit = {0};
        if (*n < OIDC_MAX_KEYS && auth_key_init(&keys[*n], &jwk, &unfit) == 0)
            ++*n;
    }
    json_decref(root);
    return settle(&fault, err);
}

int wire_oidc_tokens(const char *json, size_t bytes, struct arena *arena,
                     struct oidc_tokens *tokens, struct error *err)
{
    struct error fault = {0};
    struct fields fields;
    json_t *root = parse(json, bytes, arena, &fields, &fault);
    *tokens = (struct oidc_tokens){0};
    if (root) {
        tokens->id_token = text_of(&fields, "id_token", AUTH_JWT_MAX, arena);
        tokens->access_token =
            text_of(&fields, "access_token", AUTH_JWT_MAX, arena);
        if (!tokens->id_token)
            error_set(&fault, ERROR_INVALID, "id_token is missing");
    }
    json_decref(root);
    return settle(&fault, err);
}

const char *wire_oidc_fault(const char *json, size_t bytes, struct arena *arena)
{
    struct error fault = {0};
    struct fields fields;
    json_t *root = parse(json, bytes, arena, &fields, &fault);
    const char *word = root ? text_of(&fields, "error", 80, arena) : NULL;
    json_decref(root);
    return word;
}
