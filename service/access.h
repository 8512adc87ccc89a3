// SPDX-License-Identifier: GPL-3.0-or-later
// access.h - what a caller may do, to the service, to a study, to a campaign
//
// A right is what a line of routes.def asks for. It names the scopes that the
// token must have and the role that its user must have on the study. The
// effective role is what the user's role leaves after the token had its say: a
// token that is bound to another study or campaign has none (one of the study's
// own campaign has it), an administrator's token with
// the scope admin is an owner's, and a guest may look where the user who made
// the link is an owner.
//
// What is not yours to see is not there: ERROR_NOT_FOUND, in the same words.
// What you may see but not do is ERROR_FORBIDDEN, and names what is missing.
//
// Roles are kept for ACCESS_CACHE_S seconds, by user and study, so that an ask
// reads none. access_forget drops them all; a role that was read before it and
// arrives after it is not kept.

#ifndef CUMAE_ACCESS_H
#define CUMAE_ACCESS_H

#include "account.h"
#include "store_member.h"

enum { ACCESS_CACHE_S = 30 };

enum right {
    RIGHT_NONE,   // to be known is enough
    RIGHT_PERSON, // read what is one's own; no guests
    RIGHT_READ,   // look at a study
    RIGHT_ASK,    // ask, report, tell; create studies
    RIGHT_COPY,   // look at a study and create another one
    RIGHT_MERGE,  // change a study by what others hold
    RIGHT_STEER,  // pause, change, edit trials, webhooks
    RIGHT_OWN,    // delete, members, visibility, links
    RIGHT_TOKENS, // one's own tokens
    RIGHT_ADMIN,  // other people's affairs
};

// The name of a role, and back (ROLE_NONE when unknown).
const char *role_name(enum role role);
enum role role_from_name(const char *name);

// Does the token allow this, whatever the study?
int access_use(const struct principal *principal, enum right right,
               struct error *err);

// Is this effective role enough for what the token is about to do?
int access_allow(const struct principal *principal, enum role role,
                 enum right right, struct error *err);

// What is left of the role of the principal's user on a study, which belongs to
// this campaign (0: none).
enum role access_effective(const struct principal *principal, int64_t study_id,
                           int64_t campaign_id, enum role role);

struct access;

// `forgotten` is called at the end of each access_forget; it may be NULL.
struct access *access_new(void (*forgotten)(void *context), void *context);
void access_free(struct access *access);

// May the principal do this to the study? Returns 0 with the effective role; 1
// when the store is needed and `store` is NULL; -1. `access` may be NULL, and
// is inside a transaction that may have changed roles: then nothing is kept.
int access_study(struct access *access, struct store *store,
                 const struct principal *principal, int64_t study_id,
                 enum right right, enum role *role, struct error *err);

// The same for a campaign. A token that is bound to a study has no role on one,
// nor has a guest.
int access_campaign(struct access *access, struct store *store,
                    const struct principal *principal, int64_t campaign_id,
                    enum right right, enum role *role, struct error *err);

// Forgets all roles: after any change of who may do what.
void access_forget(struct access *access);

// How often roles were forgotten. When it is the same as before a check, the
// answer of the check still holds.
uint64_t access_generation(struct access *access);

#endif
