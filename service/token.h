// SPDX-License-Identifier: GPL-3.0-or-later
// token.h - the life of an API token: created, rotated, revoked
//
// Each function decides and writes in a transaction, with a line of the audit
// log; it may run again from scratch when that is repeated. Names of tokens
// are for people and need not differ: a rotated token keeps its name, and both
// may be valid for a day.

#ifndef CUMAE_TOKEN_H
#define CUMAE_TOKEN_H

#include "account.h"
#include "store_audit.h"

enum {
    TOKEN_MAX = 500, // valid ones of a user
    TOKEN_MAX_DAYS = 366,
    TOKEN_MAX_NAME = 200, // bytes
    TOKEN_MAX_OVERLAP_S = 86400,
};

// When a token ends: "1d", "1w", "1m" or "1y" from now, or a time within
// TOKEN_MAX_DAYS. ERROR_INVALID; then it returns -1.
int64_t token_expiry(const char *text, int64_t now_ms, struct error *err);

// How far whoever changes tokens reaches. No token makes another one that
// goes beyond it, and one that is bound to a study sees only its like.
struct token_reach {
    int64_t user_id;     // 0: everybody's, for the command line
    int64_t study_id;    // 0: of any study
    int64_t campaign_id; // 0: also of no campaign
    unsigned scopes;
};

// Stores a token that account_new_token made. ERROR_INVALID: the user has
// TOKEN_MAX already. What comes out lives in the arena.
int token_create(struct store *store, struct new_token *token,
                 const struct audit_row *audit, struct arena *arena,
                 struct error *err);

// Revokes a token. ERROR_NOT_FOUND, also when it is revoked already.
int token_revoke(struct store *store, const struct token_reach *reach,
                 int64_t id, const struct audit_row *audit, struct error *err);

struct token_rotation {
    struct token_reach reach;
    int64_t id;         // the token that is replaced
    int64_t overlap_s;  // it stays valid for so long, but not for longer than
                        // it would have
    int64_t expires_ms; // of the new one; 0: it lives as long as the old one
                        // was made for

    struct new_token token; // out
};

// Replaces the secret of a token: a new one with the same name, scopes and
// study. ERROR_NOT_FOUND; ERROR_FORBIDDEN: it goes beyond the reach;
// ERROR_CONFLICT: it has ended, or was rotated already. What comes out lives
// in the arena.
int token_rotate(struct store *store, struct token_rotation *rotation,
                 const struct audit_row *audit, struct arena *arena,
                 struct error *err);

#endif
