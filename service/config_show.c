// SPDX-License-Identifier: GPL-3.0-or-later
// config_show.c - the settings as they are, without their secrets

#include <stdbool.h>
#include <string.h>

#include "config.h"

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

// By its name: then a new setting cannot be forgotten here.
static bool is_secret(const char *name)
{
    return strstr(name, "secret") || strstr(name, "password") ||
           ends_with(name, "_token") || ends_with(name, "_key");
}

// Replaces n bytes at `at` by stars.
static char *mask(const char *text, const char *at, size_t n,
                  struct arena *arena)
{
    return arena_print(arena, "%.*s***%s", (int)(at - text), text, at + n);
}

// postgresql://user:PASSWORD@host/name?password=PASSWORD
static const char *mask_url(const char *url, struct arena *arena)
{
    const char *start = strstr(url, "://"), *at = NULL;
    if (!start)
        return url;
    start += 3;
    size_t n = strcspn(start, "/?");
    for (size_t i = 0; i < n; i++)
        if (start[i] == '@')
            at = start + i;
    const char *colon = at ? memchr(start, ':', (size_t)(at - start)) : NULL;
    if (colon)
        url = mask(url, colon + 1, (size_t)(at - colon - 1), arena);
    for (const char *found = url; (found = strstr(found, "password="));) {
        size_t prefix = (size_t)(found - url) + strlen("password=");
        url = mask(url, url + prefix, strcspn(url + prefix, "&"), arena);
        found = url + prefix;
    }
    return url;
}

void config_show(const struct config *config, struct arena *arena,
                 void (*visit)(void *context, const struct config_value *value),
                 void *context)
{
    for (size_t i = 0; i < config->n_values; i++) {
        struct config_value value = config->values[i];
        if (strcmp(value.name, "database") == 0)
            value.value = mask_url(config->database, arena);
        else if (is_secret(value.name) && *value.value)
            value.value = "***";
        visit(context, &value);
    }
}
