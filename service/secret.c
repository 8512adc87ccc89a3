// SPDX-License-Identifier: GPL-3.0-or-later
// secret.c - secrets that come from outside, and who must not see them

#include "secret.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "url.h"

enum { FREE_BYTES = 100 };

void secret_lock_process(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    umask(077);
}

// ---- hiding -----------------------------------------------------------------

// Do the n bytes of a name say that its value is secret? What is in a file is
// not in the value.
static bool is_secret(const char *name, size_t n)
{
    static const char *const words[] = {"password", "secret", "token"};
    if (n == 8 && strncasecmp(name, "database", n) == 0)
        return true;
    if (n > 5 && strncasecmp(name + n - 4, "file", 4) == 0)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (size_t at = 0; at + strlen(words[i]) <= n; at++)
            if (strncasecmp(name + at, words[i], strlen(words[i])) == 0)
                return true;
    return false;
}

static void overwrite(char *text)
{
    memset(text, '*', strlen(text));
}

static void hide_arguments(char **argv)
{
    for (; *argv != NULL; argv++) {
        if (strncmp(*argv, "--", 2) != 0)
            continue;
        char *name = *argv + 2, *equals = strchr(name, '=');
        size_t n = strcspn(name, "=");
        if (!is_secret(name, n))
            continue;
        if (equals != NULL)
            overwrite(equals + 1);
        else if (argv[1] != NULL)
            overwrite(*++argv);
    }
}

void secret_hide(char **argv, char **environment)
{
    static const char prefix[] = "CUMAE_";
    hide_arguments(argv);
    for (; *environment != NULL; environment++) {
        size_t n = strcspn(*environment, "="), own = sizeof prefix - 1;
        if (n > own && strncmp(*environment, prefix, own) == 0 &&
            is_secret(*environment + own, n - own) && (*environment)[n] == '=')
            overwrite(*environment + n + 1);
    }
}

// ---- reading ----------------------------------------------------------------

const char *secret_read(const char *path, struct arena *arena,
                        struct error *err)
{
    char line[SECRET_MAX_BYTES + 2];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        error_set(err, ERROR_INVALID, "cannot read %.200s: %s", path,
                  strerror(errno));
        return NULL;
    }
    bool read = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    size_t n = read ? strcspn(line, "\r\n") : 0;
    const char *secret = NULL;
    if (n == 0 || n > SECRET_MAX_BYTES)
        error_set(err, ERROR_INVALID,
                  "the first line of %.200s must be a secret of at most %d "
                  "bytes",
                  path, SECRET_MAX_BYTES);
    else
        secret = arena_copy(arena, line, n);
    explicit_bzero(line, sizeof line);
    return secret;
}

const char *secret_percent(const char *text, struct arena *arena)
{
    struct text encoded;
    text_init(&encoded, arena);
    url_escape(&encoded, text);
    return encoded.data;
}

int secret_free(const char *text)
{
    size_t n = strcspn(text, " \t:=");
    return n < FREE_BYTES ? (int)n : FREE_BYTES;
}
