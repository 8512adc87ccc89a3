// SPDX-License-Identifier: GPL-3.0-or-later
// wire_provider.c - the JSON that says who may sign people in

#include "wire_provider.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "wire.h"

enum { MAX_TEXT = 1000 };

struct reader {
    struct arena *arena;
    struct error *err;
};

// ---- pieces -----------------------------------------------------------------

// A text of 1 to `max` bytes in the arena; the default, which may be NULL,
// when it is absent.
static const char *read_text(const struct reader *reader,
                             const struct fields *fields, const char *name,
                             size_t max, const char *standard)
{
    const char *text = fields_text(fields, name, max, NULL);
    if (!text)
        return standard;
    if (!*text)
        fields_fail(fields, ERROR_INVALID, name, "must not be empty");
    return arena_copy(reader->arena, text, strlen(text));
}

static const char *read_required(const struct reader *reader,
                                 const struct fields *fields, const char *name,
                                 size_t max)
{
    const char *text = read_text(reader, fields, name, max, NULL);
    if (!text && !reader->err->code)
        fields_fail(fields, ERROR_INVALID, name, "is required");
    return text ? text : arena_copy(reader->arena, "", 0);
}

static struct oidc_list read_list(const struct reader *reader,
                                  const struct fields *fields, const char *name)
{
    struct oidc_list list = {0};
    const json_t *array = fields_get(fields, name), *item;
    size_t i;
    if (!array)
        return list;
    if (!json_is_array(array) || json_array_size(array) > OIDC_MAX_RULES) {
        fields_fail(fields, ERROR_INVALID, name,
                    "must be a list of at most %d texts", OIDC_MAX_RULES);
        return list;
    }
    list.items = arena_zeros(reader->arena, json_array_size(array) + 1,
                             sizeof *list.items);
    json_array_foreach(array, i, item)
    {
        const char *text = json_string_value(item);
        if (!text || !*text || strlen(text) > MAX_TEXT)
            fields_fail(fields, ERROR_INVALID, name,
                        "must hold texts of 1 to %d bytes", MAX_TEXT);
        else
            list.items[list.n++] =
                arena_copy(reader->arena, text, strlen(text));
    }
    return list;
}

// Opens the member as an object. Returns false when it is absent or wrong.
static bool open_member(const struct reader *reader,
                        const struct fields *parent, const char *name,
                        const char *const *known, struct fields *fields)
{
    char where[sizeof fields->where];
    const json_t *object = fields_get(parent, name);
    snprintf(where, sizeof where, "%.100s.%.40s", parent->where, name);
    return object &&
           fields_open(fields, object, where, known, reader->err) == 0;
}

// ---- rules ------------------------------------------------------------------

static struct oidc_rule read_rule(const struct reader *reader,
                                  const struct fields *parent, const char *name,
                                  const char *const *known)
{
    struct oidc_rule rule = {0};
    struct fields fields;
    if (!open_member(reader, parent, name, known, &fields))
        return rule;
    rule.set = true;
    rule.groups = read_list(reader, &fields, "groups");
    rule.subjects = read_list(reader, &fields, "subjects");
    rule.emails = read_list(reader, &fields, "emails");
    if (rule.groups.n + rule.subjects.n + rule.emails.n == 0)
        fields_fail(parent, ERROR_INVALID, name,
                    "must name somebody; leave it out to have no such rule");
    return rule;
}

// ---- machines ---------------------------------------------------------------

static const struct oidc_scope usual_scopes[] = {{"cumae.read", SCOPE_READ},
                                                 {"cumae.ask", SCOPE_ASK},
                                                 {"cumae.steer", SCOPE_STEER}};

static void read_scopes(const struct reader *reader,
                        const struct fields *fields,
                        struct oidc_provider *provider)
{
    const json_t *object = fields_get(fields, "scopes"), *value;
    const char *name;
    size_t n = 0;
    provider->machine_scopes = usual_scopes;
    provider->n_machine_scopes = sizeof usual_scopes / sizeof *usual_scopes;
    if (!object)
        return;
    if (!json_is_object(object) || json_object_size(object) > OIDC_MAX_RULES) {
        fields_fail(fields, ERROR_INVALID, "scopes",
                    "must be an object of at most %d members", OIDC_MAX_RULES);
        return;
    }
    struct oidc_scope *scopes = arena_zeros(
        reader->arena, json_object_size(object) + 1, sizeof *scopes);
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        const char *word = json_string_value(value);
        unsigned scope = word ? scope_from_name(word) : 0;
        if (!scope || scope == SCOPE_ADMIN)
            fields_fail(fields, ERROR_INVALID, "scopes",
                        "must map to read, ask or steer, not %.80s",
                        word ? word : wire_type(value));
        scopes[n++] = (struct oidc_scope){
            arena_copy(reader->arena, name, strlen(name)), scope};
    }
    provider->machine_scopes = scopes;
    provider->n_machine_scopes = n;
}

// An ID token is made for the client_id. Who takes those for tokens of
// machines lets in everybody that ever saw one.
static void read_machines(const struct reader *reader,
                          const struct fields *parent,
                          struct oidc_provider *provider)
{
    static const char *const known[] = {"audience", "scopes", NULL};
    struct fields fields;
    if (!open_member(reader, parent, "machines", known, &fields))
        return;
    provider->audience = read_required(reader, &fields, "audience", MAX_TEXT);
    read_scopes(reader, &fields, provider);
    if (!reader->err->code &&
        strcmp(provider->audience, provider->client_id) == 0)
        fields_fail(&fields, ERROR_INVALID, "audience",
                    "must not be the client_id");
}

// ---- a provider -------------------------------------------------------------

static void check_name(const struct fields *fields, const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    if (name[strspn(name, letters)])
        fields_fail(fields, ERROR_INVALID, "name",
                    "must consist of letters, digits, - and _, not %.40s",
                    name);
}

static void read_issuer(const struct reader *reader,
                        const struct fields *fields,
                        struct oidc_provider *provider)
{
    const char *issuer = read_required(reader, fields, "issuer", OIDC_MAX_URL);
    provider->issuer = issuer;
    provider->loopback = strncmp(issuer, "http://", 7) == 0;
    if (!reader->err->code &&
        (!oidc_is_url(issuer, provider->loopback) || strchr(issuer, '?')))
        fields_fail(fields, ERROR_INVALID, "issuer",
                    "must be an https:// URL (http:// on loopback alone), "
                    "not %.80s",
                    issuer);
}

static void read_client(const struct reader *reader,
                        const struct fields *fields,
                        struct oidc_provider *provider)
{
    provider->client_id = read_required(reader, fields, "client_id", MAX_TEXT);
    provider->client_secret =
        read_text(reader, fields, "client_secret", MAX_TEXT, NULL);
    provider->client_secret_file =
        read_text(reader, fields, "client_secret_file", MAX_TEXT, NULL);
    if (provider->client_secret && provider->client_secret_file)
        fields_fail(fields, ERROR_INVALID, "client_secret_file",
                    "and client_secret exclude each other");
    provider->ca_file = read_text(reader, fields, "ca_file", MAX_TEXT, "");
    if (*provider->ca_file && access(provider->ca_file, R_OK) != 0)
        fields_fail(fields, ERROR_INVALID, "ca_file", "cannot be read: %.100s",
                    provider->ca_file);
}

// A list, or as OAuth writes it: words with blanks between them.
static struct oidc_list read_words(const struct reader *reader,
                                   const struct fields *fields,
                                   const char *name)
{
    const json_t *value = fields_get(fields, name);
    struct oidc_list list = {0};
    if (!json_is_string(value))
        return read_list(reader, fields, name);
    const char *text = read_text(reader, fields, name, MAX_TEXT, "");
    list.items =
        arena_zeros(reader->arena, strlen(text) / 2 + 1, sizeof *list.items);
    while (*(text += strspn(text, " "))) {
        size_t n = strcspn(text, " ");
        list.items[list.n++] = arena_copy(reader->arena, text, n);
        text += n;
    }
    return list;
}

static void read_wishes(const struct reader *reader,
                        const struct fields *fields,
                        struct oidc_provider *provider)
{
    static const char *usual[] = {"openid", "profile", "email"};
    bool open = false;
    provider->scopes = fields_get(fields, "scopes")
                           ? read_words(reader, fields, "scopes")
                           : (struct oidc_list){usual, 3};
    for (size_t i = 0; i < provider->scopes.n; i++)
        open = open || strcmp(provider->scopes.items[i], "openid") == 0;
    if (!open)
        fields_fail(fields, ERROR_INVALID, "scopes", "must hold openid");
    provider->groups_claim =
        read_text(reader, fields, "groups_claim", MAX_TEXT, "groups");
    provider->userinfo = fields_bool(fields, "userinfo", false);
}

static int read_provider(const struct reader *reader, const json_t *object,
                         const char *where, struct oidc_provider *provider)
{
    static const char *const known[] = {"name",          "title",
                                        "issuer",        "client_id",
                                        "client_secret", "scopes",
                                        "userinfo",      "client_secret_file",
                                        "allow",         "groups_claim",
                                        "admins",        "machines",
                                        "ca_file",       NULL};
    static const char *const who[] = {"groups", "subjects", "emails", NULL};
    static const char *const admins[] = {"groups", "subjects", NULL};
    struct fields fields;
    if (fields_open(&fields, object, where, known, reader->err))
        return -1;
    provider->name = read_required(reader, &fields, "name", OIDC_MAX_NAME);
    check_name(&fields, provider->name);
    provider->title = read_text(reader, &fields, "title", 200, provider->name);
    read_issuer(reader, &fields, provider);
    read_client(reader, &fields, provider);
    read_wishes(reader, &fields, provider);
    provider->allow = read_rule(reader, &fields, "allow", who);
    provider->admins = read_rule(reader, &fields, "admins", admins);
    read_machines(reader, &fields, provider);
    return reader->err->code ? -1 : 0;
}

// ---- the file ---------------------------------------------------------------

static int check_names(const struct oidc_providers *providers,
                       struct error *err)
{
    for (size_t i = 0; i < providers->n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(providers->list[i].name, providers->list[k].name) == 0)
                return error_set(err, ERROR_INVALID,
                                 "providers[%zu].name must not be that of "
                                 "another one, %s",
                                 i, providers->list[i].name);
    return 0;
}

static int read_all(const struct reader *reader, const json_t *root,
                    struct oidc_providers *providers)
{
    static const char *const known[] = {"providers", NULL};
    struct fields fields;
    if (fields_open(&fields, root, "", known, reader->err))
        return -1;
    const json_t *array = fields_get(&fields, "providers"), *item;
    size_t i;
    if (!json_is_array(array) || json_array_size(array) == 0 ||
        json_array_size(array) > OIDC_MAX_PROVIDERS)
        return fields_fail(&fields, ERROR_INVALID, "providers",
                           "must be a list of 1 to %d objects",
                           OIDC_MAX_PROVIDERS);
    providers->n = json_array_size(array);
    providers->list =
        arena_zeros(reader->arena, providers->n, sizeof *providers->list);
    json_array_foreach(array, i, item)
    {
        char where[32];
        snprintf(where, sizeof where, "providers[%zu]", i);
        if (read_provider(reader, item, where, &providers->list[i]))
            return -1;
    }
    return check_names(providers, reader->err);
}

int wire_providers_read(const char *text, struct arena *arena,
                        struct oidc_providers *providers, struct error *err)
{
    struct reader reader = {arena, err};
    json_t *root = wire_parse(text, strlen(text), arena, err);
    int result = root ? read_all(&reader, root, providers) : -1;
    json_decref(root);
    return result;
}
