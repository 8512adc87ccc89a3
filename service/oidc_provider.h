// SPDX-License-Identifier: GPL-3.0-or-later
// oidc_provider.h - who may sign people in, and whom they may let in
//
// The setting `oidc_file` names a JSON file with the providers. It is read at
// the start, and a fault in it ends the start: nobody should find out by a
// sign-in that a rule was misspelt.

#ifndef CUMAE_OIDC_PROVIDER_H
#define CUMAE_OIDC_PROVIDER_H

#include "../optimizers/arena.h"
#include "oidc_claims.h"

enum {
    OIDC_MAX_PROVIDERS = 16,
    OIDC_MAX_NAME = 32,   // bytes of a provider's name
    OIDC_MAX_RULES = 100, // entries of one list of the file
    OIDC_MAX_URL = 2000,
    OIDC_MAX_FILE = 262144, // bytes of the file
};

struct oidc_list {
    const char **items;
    size_t n;
};

// People whom a rule names: one match is enough.
struct oidc_rule {
    bool set; // there is a rule
    struct oidc_list groups, subjects;
    struct oidc_list emails; // patterns: * stands for anything
};

// A scope of a machine's token, and what it lets the machine do.
struct oidc_scope {
    const char *name;
    unsigned scope; // bit of account.h
};

struct oidc_provider {
    const char *name;  // in paths: a-z, 0-9, - and _
    const char *title; // for people
    const char *issuer;
    const char *client_id;
    const char *client_secret;      // NULL: a public client
    const char *client_secret_file; // where it was read from, or NULL
    struct oidc_list scopes;        // asked for at a sign-in
    const char *groups_claim;
    bool userinfo; // ask it, too
    struct oidc_rule allow, admins;
    const char *audience; // of tokens of machines; NULL: none are taken
    const struct oidc_scope *machine_scopes;
    size_t n_machine_scopes;
    const char *ca_file; // "" for the system's authorities
    bool loopback;       // an http:// issuer on this machine: a test
};

struct oidc_providers {
    struct oidc_provider *list;
    size_t n;
};

// Reads the file. ERROR_INVALID, naming the file and the member.
int oidc_providers_load(struct oidc_providers *providers, const char *path,
                        struct arena *arena, struct error *err);

// Is this URL one that we may follow: https, or for a loopback provider http
// on loopback?
bool oidc_is_url(const char *url, bool loopback);

// ---- rules ------------------------------------------------------------------

// Does the rule name the person? An address counts when the provider says that
// it was verified. A rule that is not set names nobody.
bool oidc_rule_names(const struct oidc_rule *rule,
                     const struct oidc_claims *claims);

// The scopes (account.h) that the words of a token's `scope` stand for.
unsigned oidc_machine_scopes(const struct oidc_provider *provider,
                             const char *scope);

#endif
