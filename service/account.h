// SPDX-License-Identifier: GPL-3.0-or-later
// account.h - who is calling, and what they may do
//
// A secret is looked up by its hash. What was found, also that nothing was, is
// kept until permissions change: accounts_forget (see permit.h). It is believed
// for ACCOUNT_TRUST_S after the last accounts_confirm only, so that it does not
// outlive the database, and for ACCOUNT_CACHE_S at most.

#ifndef CUMAE_ACCOUNT_H
#define CUMAE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "store_account.h"

enum {
    ACCOUNT_CACHE_S = 30,
    ACCOUNT_TRUST_S = 5,
    ACCOUNT_USE_S = 60,        // between two notes of the last use
    ACCOUNT_IDLE_S = 8 * 3600, // a session that is not used for so long ends
};

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
    int64_t study_id;    // the only one it may touch; 0: any
    int64_t campaign_id; // it and its studies are all that it may touch; 0:
                         // also others
    unsigned scopes;
    bool admin; // the user is an administrator
    bool guest; // whoever has the link that the user made (access.h)
    enum token_kind kind;
    unsigned requests_per_minute;   // allowed to the user; 0: as to everybody
    char name[64];                  // of the user
    int64_t created_ms, expires_ms; // of the token; expires_ms 0: never
};

struct accounts;

struct accounts *accounts_new(void);
void accounts_free(struct accounts *accounts);

// Who has this secret? Returns 0 with *principal; 1 when the store is needed
// and `store` is NULL, with only the user_id of whose it was when last looked
// at, which proves nothing (0: nobody's); -1 with ERROR_UNAUTHORIZED (the same
// message for unknown, expired and revoked secrets) or ERROR_STORE. *use: true
// once in ACCOUNT_USE_S, when this use is to be noted (uses.h).
int accounts_check(struct accounts *accounts, struct store *store,
                   const char *secret, struct principal *principal, bool *use,
                   struct error *err);

// Signed tokens of others (auth_jwt.h) are looked at by this: it fills the row
// of a token that is nowhere stored, with id 0, texts in the arena, or returns
// -1 with ERROR_UNAUTHORIZED or a reason to try again. Without it they are
// refused.
struct accounts_foreign {
    int (*look_up)(void *context, struct store *store, const char *token,
                   struct arena *arena, struct token_row *row,
                   struct error *err);
    void *context;
};
void accounts_accept(struct accounts *accounts,
                     const struct accounts_foreign *foreign);

// Forgets what was kept: permissions have changed.
void accounts_forget(struct accounts *accounts);

// What is kept was true at this time of the monotonic clock.
void accounts_confirm(struct accounts *accounts, int64_t looked_us);

// Does the token end within a week, and in the last quarter of its life? Then
// its user should know.
bool account_ends_soon(const struct principal *principal, int64_t now_ms);

// Is the token bound to a study or a campaign? Then it makes neither.
bool account_is_bound(const struct principal *principal);

// Does a caller see this token? One who is bound sees what is bound to the
// same.
bool account_sees(const struct principal *principal,
                  const struct token_row *row);

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
