// SPDX-License-Identifier: GPL-3.0-or-later
// store_account.h - users and their tokens, as the store keeps them
//
// The conventions are those of store.h.

#ifndef CUMAE_STORE_ACCOUNT_H
#define CUMAE_STORE_ACCOUNT_H

#include "store.h"

enum { STORE_HASH_BYTES = 32 };

struct user_row {
    int64_t id;
    const char *name; // unique
    bool admin;
    bool disabled;
    int64_t created_ms;
};

// Sets row->id. ERROR_CONFLICT: the name exists.
int store_user_add(struct store *store, struct user_row *row,
                   struct error *err);
int store_user_count(struct store *store, int64_t *count, struct error *err);

enum token_kind { TOKEN_API, TOKEN_SESSION, TOKEN_LINK };

struct token_row {
    int64_t id;
    int64_t user_id;
    unsigned char hash[STORE_HASH_BYTES]; // SHA-256 of the secret, unique
    const char *prefix;                   // first characters, for display
    const char *name;
    unsigned scopes;                // bits, see account.h
    int64_t study_id;               // 0: any study
    int64_t created_ms, expires_ms; // expires_ms 0: never
    int64_t revoked_ms;             // 0: valid
    int64_t used_ms;                // 0: never
    const char *used_address;
    const char *user_name;          // read only: joined
    bool user_admin, user_disabled; // read only: joined
    bool guest;                     // a link to its study
    enum token_kind kind;
};

int store_token_add(struct store *store, struct token_row *row,
                    struct error *err);
// By hash; also expired and revoked ones. ERROR_NOT_FOUND.
int store_token_find(struct store *store, const unsigned char *hash,
                     struct arena *arena, struct token_row *row,
                     struct error *err);
// Tokens of kind API of a user, newest first; no links.
int store_token_list(struct store *store, int64_t user_id,
                     int (*visit)(void *context, const struct token_row *row,
                                  struct error *err),
                     void *context, struct error *err);
// Revokes a token of that user that is not yet revoked. ERROR_NOT_FOUND.
int store_token_revoke(struct store *store, int64_t user_id, int64_t id,
                       int64_t revoked_ms, struct error *err);
// Remembers the last use.
int store_token_used(struct store *store, int64_t id, int64_t used_ms,
                     const char *address, struct error *err);

#endif
