// SPDX-License-Identifier: GPL-3.0-or-later
// account.h - who is calling, and what they may do
//
// A secret is looked up by its hash. What was found, also that nothing was, is
// kept for ACCOUNT_CACHE_S seconds, so a revoked token works at most that long
// on another instance; on the instance that revokes it, it ends at once.

#ifndef CUMAE_ACCOUNT_H
#define CUMAE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "store_account.h"

enum { ACCOUNT_CACHE_S = 30 };

enum {
    SCOPE_READ = 1,  // look
    SCOPE_ASK = 2,   // create studies, ask, report, tell
    SCOPE_STEER = 4, // pause, change, delete studies
    SCOPE_ADMIN = 8, // tokens, and for administrators what is not theirs
    SCOPE_ALL = 15,
};

// The name of one scope bit, and back (0 when unknown).
const char *scope_name(unsigned scope);
unsigned scope_from_name(const char *name);

struct principal {
    int64_t user_id, token_id;
    int64_t study_id; // the only one it may touch; 0: any
    unsigned scopes;
    bool admin; // the user is an administrator
    bool guest; // whoever has the link that the user made (access.h)
    enum token_kind kind;
    unsigned requests_per_minute; // allowed to the user; 0: as to everybody
    char name[64];                // of the user
};

struct accounts;

struct accounts *accounts_new(void);
void accounts_free(struct accounts *accounts);

// Who has this secret? Returns 0 with *principal; 1 when the store is needed
// and `store` is NULL; -1 with ERROR_UNAUTHORIZED (the same message for
// unknown, expired and revoked secrets) or ERROR_STORE. *fresh: read from the
// store just now.
int accounts_check(struct accounts *accounts, struct store *store,
                   const char *secret, struct principal *principal, bool *fresh,
                   struct error *err);

// Forgets what was kept: after a revocation.
void accounts_forget(struct accounts *accounts);

// May the principal use these scopes? ERROR_FORBIDDEN names the
// greatest that is missing. What it may do to a study says access.h.
int account_may(const struct principal *principal, unsigned scopes,
                struct error *err);

// A new secret and its row, to be stored by account_add_token.
struct new_token {
    struct token_row row;
    char secret[48];
    char display[16];
};
void account_new_token(struct new_token *token, enum token_kind kind,
                       int64_t user_id, const char *name, unsigned scopes,
                       int64_t expires_ms);

// On a database without users: makes the first one, an administrator, with a
// token and a sign-in link. *made is false when there are users already.
int account_first(struct store *store, struct new_token *token,
                  struct new_token *link, bool *made, struct error *err);

#endif
