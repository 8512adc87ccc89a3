// SPDX-License-Identifier: GPL-3.0-or-later
// store_campaign.h - campaigns and their segments, as the store keeps them
//
// The conventions are those of store.h. A segment is a study with a name, and
// perhaps a place on an axis, in one campaign. A campaign that is being built,
// like the studies in it, is found by nobody but who builds it.

#ifndef CUMAE_STORE_CAMPAIGN_H
#define CUMAE_STORE_CAMPAIGN_H

#include "store_study.h"

enum { STORE_REQUEST_KEY_BYTES = 16 };

struct campaign_row {
    int64_t id;
    const char *key; // public id, as that of a study
    int64_t owner_id;
    const char *owner_name;       // read only: joined
    const char *identity;         // write only: unique per owner
    const char *name, *template_; // template_: JSON
    const char *axis, *notes;     // or NULL
    unsigned char request_key[STORE_REQUEST_KEY_BYTES];
    int64_t created_ms;
    int64_t building_ms; // write only
    int64_t n_segments;  // read only
    enum role role;      // of whom it is read for, by store_campaign_list
};

int store_campaign_add(struct store *store, struct campaign_row *row,
                       struct error *err);
int store_campaign_get(struct store *store, int64_t id, struct arena *arena,
                       struct campaign_row *row, struct error *err);
// By key.
int store_campaign_find(struct store *store, const char *key,
                        struct arena *arena, struct campaign_row *row,
                        struct error *err);
int store_campaign_find_identity(struct store *store, int64_t owner_id,
                                 const char *identity, struct arena *arena,
                                 struct campaign_row *row, struct error *err);

struct campaign_filter {
    int64_t user_id;   // who looks
    int64_t before_id; // 0: from the newest; else only ids below
    int64_t only_id;   // 0: any
    int limit;
};
// Those on which the user has a role, newest first.
int store_campaign_list(struct store *store,
                        const struct campaign_filter *filter,
                        int (*visit)(void *context,
                                     const struct campaign_row *row,
                                     struct error *err),
                        void *context, struct error *err);

// Locks a campaign that is complete until the end of the transaction.
// ERROR_NOT_FOUND.
int store_campaign_lock(struct store *store, int64_t id, struct error *err);

// Writes name, identity and notes.
int store_campaign_change(struct store *store, const struct campaign_row *row,
                          struct error *err);

// Deletes a campaign that has no segments, with members and tokens.
int store_campaign_delete(struct store *store, int64_t id, struct error *err);

// ---- segments ---------------------------------------------------------------

struct segment_row {
    int64_t campaign_id;   // write only
    const char *overrides; // write only: JSON
    const char *name, *kind;
    double x; // NaN: none
    int64_t position;
    // Of the study; all but its id are read only.
    int64_t study_id;
    const char *study_key;
    enum study_state state;
    const char *reason; // or NULL
    struct study_progress progress;
};

int store_segment_add(struct store *store, const struct segment_row *row,
                      struct error *err);

// Up to `limit` segments after a position (-1: all), in their order, each with
// what its study has come to: one query.
int store_segment_list(struct store *store, int64_t campaign_id, int64_t after,
                       int limit,
                       int (*visit)(void *context,
                                    const struct segment_row *row,
                                    struct error *err),
                       void *context, struct error *err);

// Name, x and overrides of all segments.
int store_segment_overrides(struct store *store, int64_t campaign_id,
                            int (*visit)(void *context,
                                         const struct segment_row *row,
                                         struct error *err),
                            void *context, struct error *err);

// ---- building ---------------------------------------------------------------

// Notes that the building goes on now. ERROR_NOT_FOUND: it was given up.
int store_campaign_build(struct store *store, int64_t id, int64_t now_ms,
                         struct error *err);

// The name of a study in the campaign that its owner has elsewhere already,
// NULL when there is none; in the arena.
int store_campaign_taken(struct store *store, int64_t id, struct arena *arena,
                         const char **name, struct error *err);

// Makes the studies of a campaign found by their names.
int store_campaign_publish_studies(struct store *store, int64_t id,
                                   struct error *err);
// Makes the campaign found by this identity.
int store_campaign_publish(struct store *store, int64_t id,
                           const char *identity, struct error *err);
// Gives its segments to another campaign, after those that it has.
int store_campaign_join(struct store *store, int64_t id, int64_t into_id,
                        struct error *err);

// Gives the building up. *abandoned: false when the campaign is complete, or
// gone.
int store_campaign_abandon(struct store *store, int64_t id, bool *abandoned,
                           struct error *err);

// A campaign that was given up, or not gone on with since that time; 0: none.
int store_campaign_abandoned(struct store *store, int64_t before_ms,
                             int64_t *id, struct error *err);

// ---- asks -------------------------------------------------------------------

// Which study answered the ask with this key; 0: none did.
int store_campaign_ask_find(struct store *store, int64_t campaign_id,
                            const unsigned char *ask_key, int64_t *study_id,
                            struct error *err);
// *added: no other study answered it.
int store_campaign_ask_add(struct store *store, int64_t campaign_id,
                           const unsigned char *ask_key, int64_t study_id,
                           bool *added, struct error *err);

// ---- who may do what --------------------------------------------------------

// ROLE_NONE also when there is no such campaign.
int store_campaign_role(struct store *store, int64_t campaign_id,
                        int64_t user_id, enum role *role, struct error *err);

// As those of a study in store_member.h.
int store_campaign_member_list(struct store *store, int64_t campaign_id,
                               int (*visit)(void *context,
                                            const struct member_row *row,
                                            struct error *err),
                               void *context, struct error *err);
int store_campaign_member_count(struct store *store, int64_t campaign_id,
                                int64_t *n, struct error *err);
int store_campaign_owner(struct store *store, int64_t campaign_id,
                         int64_t *owner_id, struct error *err);

#endif
