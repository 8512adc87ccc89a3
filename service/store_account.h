// SPDX-License-Identifier: GPL-3.0-or-later
// store_account.h - the tokens of users, as the store keeps them
//
// The conventions are those of store.h.

#ifndef CUMAE_STORE_ACCOUNT_H
#define CUMAE_STORE_ACCOUNT_H

#include "store_user.h"

enum { STORE_HASH_BYTES = 32 };

enum token_kind { TOKEN_API, TOKEN_SESSION, TOKEN_LINK };

struct token_row {
    int64_t id;
    int64_t user_id;
    unsigned char hash[STORE_HASH_BYTES]; // SHA-256 of the secret, unique
    const char *prefix;                   // first characters, for display
    const char *name;
    unsigned scopes;                // bits, see account.h
    int64_t study_id;               // 0: any study
    int64_t campaign_id;            // 0: also what is in no campaign
    int64_t created_ms, expires_ms; // expires_ms 0: never
    int64_t revoked_ms;             // 0: valid
    int64_t used_ms;                // 0: never
    const char *used_address;
    const char *user_name;            // read only: joined
    int64_t user_requests_per_minute; // read only: joined; or USER_AS_SET
    bool user_admin, user_disabled;   // read only: joined
    bool guest;                       // a link to its study
    enum token_kind kind;
    int64_t rotated_from;     // the token whose place it takes; 0: none
    const char *study_key;    // read only: joined; NULL: any study
    const char *campaign_key; // the same of the campaign
};

int store_token_add(struct store *store, struct token_row *row,
                    struct error *err);
// By hash; also expired and revoked ones. ERROR_NOT_FOUND.
int store_token_find(struct store *store, const unsigned char *hash,
                     struct arena *arena, struct token_row *row,
                     struct error *err);
// By its number.
int store_token_get(struct store *store, int64_t id, struct arena *arena,
                    struct token_row *row, struct error *err);
// Tokens of one kind, newest first, links aside; of a user, or of all (0).
int store_token_list(struct store *store, int64_t user_id, enum token_kind kind,
                     int (*visit)(void *context, const struct token_row *row,
                                  struct error *err),
                     void *context, struct error *err);
// How many API tokens of the user are valid.
int store_token_count(struct store *store, int64_t user_id, int64_t now_ms,
                      int64_t *count, struct error *err);
// How many tokens have taken the place of this one: none or one.
int store_token_followers(struct store *store, int64_t id, int64_t *count,
                          struct error *err);
// Revokes a token of that user and kind that is not yet revoked.
// ERROR_NOT_FOUND.
int store_token_revoke(struct store *store, int64_t user_id,
                       enum token_kind kind, int64_t id, int64_t revoked_ms,
                       struct error *err);
// Makes a token end at that time, unless it ends before.
int store_token_shorten(struct store *store, int64_t id, int64_t expires_ms,
                        struct error *err);

// Last uses of n tokens, in columns.
struct token_uses {
    const int64_t *token_id, *used_ms;
    const char *const *address;
    size_t n;
};
// Remembers them, where no later one is known. On PostgreSQL it leaves out
// tokens that another transaction changes at this moment: nobody waits.
int store_tokens_used(struct store *store, const struct token_uses *uses,
                      struct error *err);

// Deletes up to `most` tokens, sessions and links that ended before that time.
int store_tokens_sweep(struct store *store, int64_t before_ms, int64_t most,
                       struct error *err);

// ---- sessions ---------------------------------------------------------------

// Ends the session with this hash, if there is one.
int store_session_end(struct store *store, const unsigned char *hash,
                      int64_t now_ms, struct error *err);
// Ends all sessions of the user, or where study_id or campaign_id is not 0 only
// those that are bound to it. Returns how many there were, or -1.
int store_sessions_end(struct store *store, int64_t user_id, int64_t study_id,
                       int64_t campaign_id, int64_t now_ms, struct error *err);
// Ends all sessions of the user but the newest `keep`, at least one.
int store_sessions_trim(struct store *store, int64_t user_id, int64_t keep,
                        int64_t now_ms, struct error *err);

#endif
