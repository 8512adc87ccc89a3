// SPDX-License-Identifier: GPL-3.0-or-later
// config.c - the table of settings and its sources

#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "secret.h"

enum kind { TEXT, COUNT, LARGE, BYTES, SECONDS, LEVEL, LIST, SWITCH };

struct setting {
    const char *name;
    enum kind kind;
    const char *fallback; // as text, like any other source
    size_t offset;        // in struct config
    size_t low, high;     // of numbers
    const char *help;
};

#define AT(field) offsetof(struct config, field)
#define KIB       ((size_t)1024)
#define MIB       (1024 * KIB)

#define USER_LIMIT ((size_t)1000000000000000)

static const struct setting settings[] = {
    {"listen", TEXT, "127.0.0.1:8080", AT(listen), 0, 0,
     "ADDRESS:PORT to serve on; [ADDRESS]:PORT for IPv6, port 0 for any"},
    {"database", TEXT, "", AT(database), 0, 0,
     "sqlite:PATH or postgresql://...; a file in the home by default"},
    {"database_password_file", TEXT, "", AT(database_password_file), 0, 0,
     "file with the password for PostgreSQL, which belongs nowhere else"},
    {"migrate", TEXT, "start", AT(migrate), 0, 0,
     "start: bring the schema up to date and serve; only: then end"},
    {"public_url", TEXT, "", AT(public_url), 0, 0,
     "the URL that users see, when a proxy is in front"},
    {"trusted_proxies", LIST, "", AT(trusted_proxies), 0, 0,
     "addresses and networks (10.0.0.0/8) of proxies, with commas, whose "
     "X-Forwarded-For and -Proto are believed"},
    {"tls_certificate", TEXT, "", AT(tls_certificate), 0, 0,
     "PEM file of a certificate with its chain; read again on SIGHUP"},
    {"tls_key", TEXT, "", AT(tls_key), 0, 0,
     "PEM file of its key, which not everybody may read"},
    {"hsts_s", SECONDS, "31536000", AT(hsts_s), 0, 63072000,
     "with an https public_url: browsers insist on https so long; 0: not"},
    {"web_dir", TEXT, "", AT(web_dir), 0, 0,
     "serve the pages from this folder instead of the built-in ones"},
    {"log_level", LEVEL, "info", AT(log_level), 0, 0,
     "debug, info, warning or error"},
    {"loops", COUNT, "1", AT(loops), 1, 64, "event-loop threads"},
    {"workers", COUNT, "4", AT(workers), 2, 64,
     "threads that read from the database; each has a session"},
    {"slow_workers", COUNT, "2", AT(slow_workers), 1, 64,
     "threads for exports, imports, clones and what else takes long"},
    {"writers", COUNT, "4", AT(writers), 1, 64,
     "threads that suggest and commit; SQLite always has one"},
    {"preparers", COUNT, "3", AT(preparers), 1, 64,
     "threads that fit models and prepare suggestions, at low priority"},
    {"max_body_bytes", BYTES, "4MiB", AT(max_body_bytes), KIB, 1024 * MIB,
     "largest body of a request, after inflating"},
    {"max_connections", COUNT, "4096", AT(max_connections), 8, 1000000,
     "open connections; more wait in the kernel's queue"},
    {"max_connections_per_address", COUNT, "2048",
     AT(max_connections_per_address), 0, 1000000,
     "of one client address, trusted proxies aside; 0 for no limit"},
    {"idle_s", SECONDS, "75", AT(idle_s), 1, 86400,
     "a connection without a request is closed after this time"},
    {"request_s", SECONDS, "30", AT(request_s), 1, 86400,
     "a request must have come in whole within this time"},
    {"send_s", SECONDS, "30", AT(send_s), 1, 86400,
     "a client that takes nothing of its answer for this time is cut"},
    {"max_unsent_bytes", BYTES, "256MiB", AT(max_unsent_bytes), MIB,
     1024 * 1024 * MIB,
     "of answers on their way, beyond which that time is one second"},
    {"requests_per_minute", COUNT, "600000", AT(requests_per_minute), 0,
     60000000, "of one user who has no limit of their own; 0 for no limit"},
    {"requests_per_minute_per_address", COUNT, "600000",
     AT(requests_per_minute_per_address), 0, 60000000,
     "of one client address, an IPv6 network of 64 bits; 0 for no limit"},
    {"failed_per_minute", COUNT, "60", AT(failed_per_minute), 0, 60000000,
     "unknown tokens and codes that are looked up for one address; 0 for any"},
    {"drain_s", SECONDS, "25", AT(drain_s), 0, 3600,
     "patience with requests in flight when stopping"},
    {"live_studies", COUNT, "256", AT(live_studies), 1, 1000000,
     "studies kept in memory"},
    {"token_keep_days", COUNT, "30", AT(token_keep_days), 0, 3660,
     "tokens and sessions are listed for so long after their end"},
    {"hopaas", SWITCH, "on", AT(hopaas), 0, 0,
     "on or off: the protocol of Hopaas, with tokens in its URLs"},
    {"oidc_file", TEXT, "", AT(oidc_file), 0, 0,
     "JSON file with the OpenID Connect providers that sign people in"},
    {"oidc_refresh_s", SECONDS, "60", AT(oidc_refresh_s), 1, 86400,
     "keys of a provider are not asked for again within this time"},
    {"webhook_http", COUNT, "0", AT(webhook_http), 0, 1,
     "1: webhooks may have http:// URLs"},
    {"webhook_private", COUNT, "0", AT(webhook_private), 0, 1,
     "1: webhooks may lead to loopback and private addresses"},
    {"webhook_ca_file", TEXT, "", AT(webhook_ca_file), 0, 0,
     "PEM file of the authorities to believe instead of the system's"},
    {"webhook_timeout_s", SECONDS, "10", AT(webhook_timeout_s), 1, 60,
     "a receiver must answer within this time"},
    {"webhook_retry_ms", COUNT, "5000", AT(webhook_retry_ms), 1, 3600000,
     "wait after a failed delivery; five times as long after each further one"},
    {"webhook_give_up_s", SECONDS, "259200", AT(webhook_give_up_s), 1, 31536000,
     "a webhook that failed for so long is disabled"},
    {"user_max_studies", LARGE, "0", AT(user_max_studies), 0, USER_LIMIT,
     "studies of a user without a quota of their own; 0 for no limit"},
    {"user_max_trials", LARGE, "0", AT(user_max_trials), 0, USER_LIMIT,
     "the same for the trials in all of a user's studies"},
    {"user_max_running", LARGE, "0", AT(user_max_running), 0, USER_LIMIT,
     "the same for the trials that run at once"},
    {"user_max_bytes", BYTES, "0", AT(user_max_bytes), 0, USER_LIMIT,
     "the same for what is stored of them, as estimated"},
    {"audit_days", COUNT, "0", AT(audit_days), 0, 36500,
     "older lines of the audit log are removed; 0 keeps them for ever"},
};

enum { N_SETTINGS = sizeof settings / sizeof *settings };

// ---- values -----------------------------------------------------------------

// Parses a whole number with an optional KiB, MiB or GiB.
static bool parse_number(const char *text, bool bytes, size_t *out)
{
    static const struct {
        const char *unit;
        size_t factor;
    } units[] = {{"", 1}, {"KiB", KIB}, {"MiB", MIB}, {"GiB", KIB * MIB}};
    char *end;
    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || (*end != '\0' && !bytes))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].unit) == 0 &&
            value <= SIZE_MAX / units[i].factor) {
            *out = (size_t)value * units[i].factor;
            return true;
        }
    }
    return false;
}

static int set_number(struct config *config, const struct setting *setting,
                      const char *value, struct error *err)
{
    size_t number;
    void *field = (char *)config + setting->offset;
    if (!parse_number(value, setting->kind == BYTES, &number) ||
        number < setting->low || number > setting->high)
        return error_set(err, ERROR_INVALID,
                         "%s must be a whole number%s%s between %zu and %zu, "
                         "not \"%s\"",
                         setting->name,
                         setting->kind == SECONDS ? " of seconds" : "",
                         setting->kind == BYTES ? " of bytes" : "",
                         setting->low, setting->high, value);
    if (setting->kind == BYTES || setting->kind == LARGE)
        *(size_t *)field = number;
    else
        *(unsigned *)field = (unsigned)number;
    return 0;
}

static int set_level(struct config *config, const char *value,
                     struct error *err)
{
    for (enum log_level level = 0; level < LOG_LEVELS; level++) {
        if (strcmp(log_level_names[level], value) == 0) {
            config->log_level = level;
            return 0;
        }
    }
    return error_set(err, ERROR_INVALID,
                     "log_level must be debug, info, warning or error, "
                     "not \"%s\"",
                     value);
}

static int set_switch(struct config *config, const struct setting *setting,
                      const char *value, struct error *err)
{
    bool on = strcmp(value, "on") == 0;
    *(bool *)((char *)config + setting->offset) = on;
    return on || strcmp(value, "off") == 0
               ? 0
               : error_set(err, ERROR_INVALID,
                           "%s must be on or off, not \"%s\"", setting->name,
                           value);
}

// Splits "a, b,c" into a NULL-terminated array.
static void set_list(struct config *config, const char *value)
{
    size_t n = 0, bytes = strlen(value);
    const char **list =
        arena_zeros(&config->arena, bytes / 2 + 2, sizeof *list);
    char *rest = arena_copy(&config->arena, value, bytes), *item;
    while ((item = strsep(&rest, ", \t")) != NULL)
        if (*item != '\0')
            list[n++] = item;
    config->trusted_proxies = list;
}

static int set(struct config *config, const struct setting *setting,
               const char *value, struct error *err)
{
    config->values[setting - settings] = (struct config_value){
        setting->name, arena_copy(&config->arena, value, strlen(value)),
        config->source, setting->help};
    switch (setting->kind) {
    case TEXT:
        *(const char **)(void *)((char *)config + setting->offset) =
            arena_copy(&config->arena, value, strlen(value));
        return 0;
    case LEVEL:
        return set_level(config, value, err);
    case LIST:
        set_list(config, value);
        return 0;
    case SWITCH:
        return set_switch(config, setting, value, err);
    default:
        return set_number(config, setting, value, err);
    }
}

// ---- sources ----------------------------------------------------------------

// Finds a setting by the n bytes of its name, where - and _ are the same.
static const struct setting *find(const char *name, size_t n)
{
    for (size_t i = 0; i < N_SETTINGS; i++) {
        size_t k = 0;
        while (k < n && settings[i].name[k] == (name[k] == '-' ? '_' : name[k]))
            k++;
        if (k == n && settings[i].name[k] == '\0')
            return &settings[i];
    }
    return NULL;
}

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t n = strlen(text);
    while (n > 0 && isspace((unsigned char)text[n - 1]))
        text[--n] = '\0';
    return text;
}

static int load_line(struct config *config, char *line, struct error *err)
{
    line = trim(line);
    if (*line == '\0' || *line == '#')
        return 0;
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return error_set(err, ERROR_INVALID,
                         "a line must be NAME = VALUE, not \"%.*s\"",
                         secret_free(line), line);
    *equals = '\0';
    const char *name = trim(line);
    const struct setting *setting = find(name, strlen(name));
    if (setting == NULL)
        return error_set(err, ERROR_INVALID,
                         "there is no setting \"%.100s\"; see --help", name);
    return set(config, setting, trim(equals + 1), err);
}

static int load_file(struct config *config, const char *path, struct error *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(err, ERROR_INVALID, "cannot read %s: %s", path,
                         strerror(errno));
    char *line = NULL;
    size_t room = 0;
    int status = 0;
    for (unsigned n = 1; status == 0 && getline(&line, &room, file) >= 0; n++) {
        struct error found = {0};
        status = load_line(config, line, &found);
        if (status != 0)
            error_set(err, found.code, "%.80s:%u: %.160s", path, n,
                      found.message);
    }
    free(line);
    fclose(file);
    return status;
}

static int load_environment(struct config *config, struct error *err)
{
    for (size_t i = 0; i < N_SETTINGS; i++) {
        char name[64] = "CUMAE_";
        size_t n = strlen(name);
        for (const char *c = settings[i].name; *c != '\0'; c++)
            name[n++] = (char)toupper((unsigned char)*c);
        name[n] = '\0';
        const char *value = getenv(name);
        if (value != NULL && set(config, &settings[i], value, err) != 0)
            return -1;
    }
    return 0;
}

struct flag {
    const char *name, *value;
    size_t name_bytes;
};

// Reads the flag at argv[*i] with its value and moves *i past them.
static int next_flag(char *const *argv, int *i, struct flag *flag,
                     struct error *err)
{
    const char *text = argv[(*i)++];
    flag->value = "";
    if (strncmp(text, "--", 2) != 0)
        return error_set(err, ERROR_INVALID, "\"%.*s\" is no flag; see --help",
                         secret_free(text), text);
    flag->name = text + 2;
    flag->name_bytes = strcspn(flag->name, "=");
    if (flag->name[flag->name_bytes] == '=')
        flag->value = flag->name + flag->name_bytes + 1;
    else if (argv[*i] != NULL)
        flag->value = argv[(*i)++];
    else
        return error_set(err, ERROR_INVALID, "%.100s needs a value", text);
    return 0;
}

static bool is_config(const struct flag *flag)
{
    return flag->name_bytes == 6 && strncmp(flag->name, "config", 6) == 0;
}

static int load_flag(struct config *config, const struct flag *flag,
                     struct error *err)
{
    const struct setting *setting = find(flag->name, flag->name_bytes);
    if (setting == NULL)
        return error_set(err, ERROR_INVALID,
                         "there is no flag --%.100s; see --help", flag->name);
    return set(config, setting, flag->value, err);
}

// Reads the files that --config names when `files`, else all other flags.
static int load_flags(struct config *config, char *const *argv, bool files,
                      struct error *err)
{
    struct flag flag = {0};
    for (int i = 1; argv[i] != NULL;) {
        if (next_flag(argv, &i, &flag, err) != 0)
            return -1;
        int status = 0;
        if (files && is_config(&flag))
            status = load_file(config, flag.value, err);
        else if (!files && !is_config(&flag))
            status = load_flag(config, &flag, err);
        if (status != 0)
            return -1;
    }
    return 0;
}

// ---- the whole --------------------------------------------------------------

// A file in the user's data folder (XDG Base Directory Specification).
static int choose_database(struct config *config, struct error *err)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (data != NULL && *data == '/')
        config->database =
            arena_print(&config->arena, "sqlite:%s/cumae/cumae.db", data);
    else if (home != NULL && *home == '/')
        config->database = arena_print(
            &config->arena, "sqlite:%s/.local/share/cumae/cumae.db", home);
    else
        return error_set(err, ERROR_INVALID,
                         "there is no HOME for the database: "
                         "set --database sqlite:PATH");
    return 0;
}

// The URL may hold a password, so the message does not repeat it.
static int check_database(const char *url, struct error *err)
{
    static const char *const schemes[] = {"sqlite:", "postgresql://",
                                          "postgres://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
            return 0;
    return error_set(err, ERROR_INVALID,
                     "database must begin with sqlite: or postgresql://");
}

// The password goes where libpq looks for it: into the URL, which from here on
// is in the memory of this process only.
static int add_password(struct config *config, struct error *err)
{
    if (strncmp(config->database, "sqlite:", 7) == 0)
        return error_set(err, ERROR_INVALID,
                         "database_password_file is for PostgreSQL");
    const char *password =
        secret_read(config->database_password_file, &config->arena, err);
    if (password == NULL)
        return -1;
    config->database =
        arena_print(&config->arena, "%s%cpassword=%s", config->database,
                    strchr(config->database, '?') ? '&' : '?',
                    secret_percent(password, &config->arena));
    return 0;
}

static int load(struct config *config, char *const *argv, struct error *err)
{
    config->n_values = N_SETTINGS;
    config->values =
        arena_zeros(&config->arena, N_SETTINGS, sizeof *config->values);
    config->source = "default";
    for (size_t i = 0; i < N_SETTINGS; i++)
        if (set(config, &settings[i], settings[i].fallback, err) != 0)
            return -1;
    config->source = "file";
    if (load_flags(config, argv, true, err) != 0)
        return -1;
    config->source = "environment";
    if (load_environment(config, err) != 0)
        return -1;
    config->source = "flag";
    if (load_flags(config, argv, false, err) != 0)
        return -1;
    config->quotas = (struct user_quotas){
        .max_studies = (int64_t)config->user_max_studies,
        .max_trials = (int64_t)config->user_max_trials,
        .max_running = (int64_t)config->user_max_running,
        .max_bytes = (int64_t)config->user_max_bytes,
        .requests_per_minute = USER_AS_SET,
    };
    if (strcmp(config->migrate, "start") != 0 &&
        strcmp(config->migrate, "only") != 0)
        return error_set(err, ERROR_INVALID,
                         "migrate must be start or only, not \"%s\"",
                         config->migrate);
    if (*config->database == '\0')
        return choose_database(config, err);
    if (check_database(config->database, err))
        return -1;
    return *config->database_password_file ? add_password(config, err) : 0;
}

int config_load(struct config *config, char *const *argv,
                enum config_wish *wish, struct error *err)
{
    *config = (struct config){0};
    arena_init(&config->arena);
    *wish = CONFIG_RUN;
    for (size_t i = 1; argv[0] != NULL && argv[i] != NULL; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            *wish = CONFIG_HELP;
        else if (strcmp(argv[i], "--version") == 0)
            *wish = CONFIG_SHOW_VERSION;
    }
    return *wish == CONFIG_RUN ? load(config, argv, err) : 0;
}

void config_done(struct config *config)
{
    arena_done(&config->arena);
}

void config_help(FILE *out)
{
    fputs("Usage: cumaed [--SETTING VALUE]...\n"
          "       cumaed token|user COMMAND...\n\n"
          "Each setting is also read from the environment as CUMAE_SETTING,\n"
          "and from a file given by --config FILE with lines SETTING = VALUE."
          "\nFlags win over the environment, the environment over the "
          "file.\n\n",
          out);
    for (size_t i = 0; i < N_SETTINGS; i++) {
        const struct setting *setting = &settings[i];
        const char *fallback = setting->fallback;
        fprintf(out, "  --%-28s %s", setting->name, setting->help);
        fprintf(out, *fallback == '\0' ? "\n" : " [%s]\n", fallback);
    }
    fputs("  --config FILE                  read settings from this file\n"
          "  --help, --version\n",
          out);
}
