// SPDX-License-Identifier: GPL-3.0-or-later
// oidc_provider.c - who may sign people in, and whom they may let in

#include "oidc_provider.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "wire_provider.h"

enum { MAX_SECRET = 4096 };

// ---- files ------------------------------------------------------------------

// The text of a file, or NULL. *open: everybody may read it.
static char *read_file(const char *path, size_t most, struct arena *arena,
                       bool *open, struct error *err)
{
    struct stat status;
    FILE *file = fopen(path, "re");
    if (!file || fstat(fileno(file), &status)) {
        error_set(err, ERROR_INVALID, "cannot read %.100s: %s", path,
                  strerror(errno));
        if (file)
            fclose(file);
        return NULL;
    }
    char *text = arena_alloc(arena, most + 1);
    size_t n = fread(text, 1, most + 1, file);
    bool failed = ferror(file) != 0;
    fclose(file);
    *open = (status.st_mode & S_IROTH) != 0;
    if (failed || n > most) {
        error_set(err, ERROR_INVALID,
                  "%.100s must be a file of at most %zu bytes", path, most);
        return NULL;
    }
    text[n] = '\0';
    return text;
}

static int refuse_open(const char *path, struct error *err)
{
    return error_set(err, ERROR_INVALID,
                     "%.100s holds a secret and must not be readable by "
                     "everybody (chmod o-r)",
                     path);
}

static int load_secret(struct oidc_provider *provider, bool open,
                       const char *path, struct arena *arena, struct error *err)
{
    if (provider->client_secret)
        return open ? refuse_open(path, err) : 0;
    if (!provider->client_secret_file)
        return 0;
    char *secret =
        read_file(provider->client_secret_file, MAX_SECRET, arena, &open, err);
    if (!secret)
        return -1;
    if (open)
        return refuse_open(provider->client_secret_file, err);
    secret[strcspn(secret, "\r\n")] = '\0';
    provider->client_secret = secret;
    return *secret ? 0
                   : error_set(err, ERROR_INVALID, "%.100s is empty",
                               provider->client_secret_file);
}

int oidc_providers_load(struct oidc_providers *providers, const char *path,
                        struct arena *arena, struct error *err)
{
    struct error fault = {0};
    bool open;
    char *text = read_file(path, OIDC_MAX_FILE, arena, &open, &fault);
    int result =
        text ? wire_providers_read(text, arena, providers, &fault) : -1;
    for (size_t i = 0; result == 0 && i < providers->n; i++)
        result = load_secret(&providers->list[i], open, path, arena, &fault);
    return result ? error_set(err, ERROR_INVALID, "oidc_file %.80s: %.160s",
                              path, fault.message)
                  : 0;
}

bool oidc_is_url(const char *url, bool loopback)
{
    static const char *const hosts[] = {"127.0.0.1", "[::1]", "localhost"};
    if (strlen(url) > OIDC_MAX_URL || strpbrk(url, " \t\r\n\"<>\\^`{|}@#"))
        return false;
    if (strncmp(url, "https://", 8) == 0)
        return url[8] && !strchr("/:?", url[8]);
    if (!loopback || strncmp(url, "http://", 7) != 0)
        return false;
    size_t n = strcspn(url + 7, "/?");
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        size_t host = strlen(hosts[i]);
        if (strncmp(url + 7, hosts[i], host) == 0 &&
            (n == host || url[7 + host] == ':'))
            return true;
    }
    return false;
}

// ---- rules ------------------------------------------------------------------

static bool holds(const struct oidc_list *list, const char *text)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

static bool matches(const struct oidc_list *patterns, const char *text)
{
    for (size_t i = 0; i < patterns->n; i++)
        if (fnmatch(patterns->items[i], text, FNM_CASEFOLD | FNM_NOESCAPE) == 0)
            return true;
    return false;
}

bool oidc_rule_names(const struct oidc_rule *rule,
                     const struct oidc_claims *claims)
{
    if (!rule->set)
        return false;
    if (holds(&rule->subjects, claims->sub))
        return true;
    if (claims->email && claims->email_verified &&
        matches(&rule->emails, claims->email))
        return true;
    for (size_t i = 0; i < claims->n_groups; i++)
        if (holds(&rule->groups, claims->groups[i]))
            return true;
    return false;
}

unsigned oidc_machine_scopes(const struct oidc_provider *provider,
                             const char *scope)
{
    unsigned scopes = 0;
    while (scope && *scope) {
        size_t n = strcspn(scope, " ");
        for (size_t i = 0; i < provider->n_machine_scopes; i++) {
            const struct oidc_scope *known = &provider->machine_scopes[i];
            if (strlen(known->name) == n && strncmp(known->name, scope, n) == 0)
                scopes |= known->scope;
        }
        scope += n + strspn(scope + n, " ");
    }
    return scopes;
}
