// SPDX-License-Identifier: GPL-3.0-or-later
// config.h - the settings of cumaed
//
// One table (in config.c) says everything about a setting: its name, kind,
// default, limits and help. Values come, in rising precedence, from the
// table, from `--config FILE` with lines `name = value`, from the environment
// (CUMAE_NAME), and from flags (`--name VALUE` or `--name=VALUE`, where - and
// _ mean the same).

#ifndef CUMAE_CONFIG_H
#define CUMAE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "../optimizers/arena.h"
#include "../optimizers/error.h"
#include "log.h"
#include "store_user.h"

#define CUMAE_VERSION "0.1.0"

// A setting as it is: its value as text, where that came from (default, file,
// environment or flag), and help.
struct config_value {
    const char *name, *value, *source, *help;
};

struct config {
    struct arena arena; // owns every string below
    const char *listen;
    const char *database;
    const char *database_password_file; // "" when not set
    const char *migrate;                // start or only
    const char *public_url;             // "" when not set
    const char *const *trusted_proxies; // NULL-terminated
    const char *web_dir;                // "" when not set
    enum log_level log_level;
    unsigned loops, workers, slow_workers, writers, preparers;
    size_t max_body_bytes, max_unsent_bytes;
    unsigned max_connections, max_connections_per_address;
    unsigned idle_s, request_s, send_s, drain_s;
    const char *tls_certificate, *tls_key; // "": no TLS
    unsigned hsts_s;
    unsigned requests_per_minute, requests_per_minute_per_address; // 0: any
    unsigned failed_per_minute;                                    // 0: any
    unsigned live_studies;
    unsigned token_keep_days;
    bool hopaas;
    const char *oidc_file; // "" when not set
    unsigned oidc_refresh_s;
    unsigned webhook_http, webhook_private; // 1: allowed
    const char *webhook_ca_file;            // "" when not set
    unsigned webhook_timeout_s, webhook_retry_ms, webhook_give_up_s;
    size_t user_max_studies, user_max_trials, user_max_running, user_max_bytes;
    struct user_quotas quotas;   // the four above
    unsigned audit_days;         // 0: for ever
    struct config_value *values; // of the settings, as they were read
    size_t n_values;
    const char *source; // that is being read
};

enum config_wish { CONFIG_RUN, CONFIG_HELP, CONFIG_SHOW_VERSION };

// Fills config from all sources; argv ends with NULL, as in main. What the user
// wishes, other than to run, comes out in `wish`; then the other values are of
// no interest. Fails with ERROR_INVALID naming the setting, its value and the
// limit. config_done must be called in any case.
int config_load(struct config *config, char *const *argv,
                enum config_wish *wish, struct error *err);

void config_done(struct config *config);

// Shows all settings, in the order of the table. Of secrets, and of passwords
// in the URL of the database, only stars are shown.
void config_show(const struct config *config, struct arena *arena,
                 void (*visit)(void *context, const struct config_value *value),
                 void *context);

// Prints the settings with their defaults and help.
void config_help(FILE *out);

#endif
