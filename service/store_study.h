// SPDX-License-Identifier: GPL-3.0-or-later
// store_study.h - studies and their progress, as the store keeps them
//
// The conventions are those of store.h. What changes with every batch of
// commands, the progress, is read and written apart from the rest.

#ifndef CUMAE_STORE_STUDY_H
#define CUMAE_STORE_STUDY_H

#include "../optimizers/history.h"
#include "store_member.h"
#include "store_user.h"

enum { STORE_COPY_KEY_BYTES = 16 };

enum study_state {
    STUDY_RUNNING,
    STUDY_PAUSED,
    STUDY_DRAINING,
    STUDY_FINISHED
};

// What changes with every batch; written whole by store_study_advance.
struct study_progress {
    int64_t next_number; // number of the next trial
    int64_t revision;    // grows with every change of anything in the study
    int64_t count[TRIAL_STATES];
    int64_t best_number; // -1: none
    double best_value;   // in the user's sign; NaN: none
    int64_t invalid;     // trials that are; `count` has them, too
    int64_t started;     // points that were handed out, retries not counted
    double cost;         // what they cost, as told
    int64_t iteration;   // the latest one, 0: none
    // Of a grid study (scan.h), else 0:
    int64_t points, runs, runs_complete, runs_failed;
};

struct study_row {
    int64_t id;
    const char *key; // public id: URL-safe, unique, no ':'
    int64_t owner_id;
    const char *owner_name; // read only: joined
    const char *identity;   // unique per owner: what find-or-create finds by
    const char *name;       // not unique (Hopaas titles are not)
    const char *definition; // canonical JSON
    int64_t definition_revision; // revision at which it last changed
    int64_t kind; // enum study_kind; write only, the definition has it
    enum study_state state;
    const char *reason; // why finished or paused, or NULL
    int64_t created_ms, changed_ms;
    const char *warm_start;  // JSON: how many results it has from whom, or NULL
    int64_t building_ms;     // write only: see store_copy.h; 0: complete
    const char *copied_from; // JSON: of what it is a copy, or NULL
    unsigned char copy_key[STORE_COPY_KEY_BYTES]; // all zero: no copy
    enum visibility visibility; // read only: see store_study_share
    const char *group_name;     // read only: whose members may look, or NULL
    enum role role; // of whom it is read for, where the reader says so
    struct study_progress progress;
};

// Adds a study unless the owner has one with that identity: then *created is
// false and the row is left alone except for id and key, which are those of
// the existing one. Safe against any number of racing callers.
int store_study_add(struct store *store, struct study_row *row,
                    struct arena *arena, bool *created, struct error *err);
int store_study_get(struct store *store, int64_t id, struct arena *arena,
                    struct study_row *row, struct error *err);
int store_study_find(struct store *store, const char *key, struct arena *arena,
                     struct study_row *row, struct error *err);
int store_study_find_identity(struct store *store, int64_t owner_id,
                              const char *identity, struct arena *arena,
                              struct study_row *row, struct error *err);

// How a study is shared with the one who looks.
enum shared { SHARED_ANY, SHARED_MINE, SHARED_WITH_ME, SHARED_PUBLIC };

struct study_filter {
    int64_t user_id; // who looks
    bool everything; // also at what that user cannot see, as an owner
    enum role role;  // at least
    enum shared shared;
    int state;         // -1: any
    int kind;          // enum study_kind, -1: any
    const char *query; // substring of the name, in any (ASCII) case; or NULL
    int64_t only_id;   // 0: any study, else this one
    int64_t only_campaign_id; // 0: any study, else those of this campaign
    int64_t before_id;        // 0: from the newest; else only ids below
    const char *owner;        // name of the owner, or NULL
    const char *tag;          // one of its tags, or NULL
    int limit;
};

// Newest first, each with the role of who looks; none that is being built.
int store_study_list(struct store *store, const struct study_filter *filter,
                     int (*visit)(void *context, const struct study_row *row,
                                  struct error *err),
                     void *context, struct error *err);

// Locks the study's row until the end of the transaction and reads what other
// writers may have changed, and the quotas of its owner unless `owner` is NULL.
// Lock studies in ascending order of id.
int store_study_lock(struct store *store, int64_t id,
                     struct study_progress *progress,
                     int64_t *definition_revision, enum study_state *state,
                     struct user_quotas *owner, struct error *err);
// Writes the progress of a locked study.
int store_study_advance(struct store *store, int64_t id,
                        const struct study_progress *progress,
                        int64_t changed_ms, struct error *err);
// Writes name, definition, definition_revision, state and reason of a locked
// study.
int store_study_define(struct store *store, const struct study_row *row,
                       struct error *err);
// Deletes the study and everything in it.
int store_study_delete(struct store *store, int64_t id, struct error *err);
// The revision and counts alone, by key (one indexed read; for polling).
int store_study_progress(struct store *store, const char *key, int64_t *id,
                         int64_t *owner_id, struct study_progress *progress,
                         struct error *err);

// The revisions of those of the n studies that exist, in ascending order of
// their ids. For databases that are shared (store_is_shared).
int store_study_revisions(struct store *store, const int64_t *ids, size_t n,
                          int (*visit)(void *context, int64_t id,
                                       int64_t revision, struct error *err),
                          void *context, struct error *err);

// Writes what the study learnt from whom.
int store_study_warm_start(struct store *store, int64_t id,
                           const char *warm_start, struct error *err);

#endif
