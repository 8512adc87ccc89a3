// SPDX-License-Identifier: GPL-3.0-or-later
// study.h - the life of a study: created, steered, finished
//
// A study hands out trials while it is `running` and its budget lasts. Paused
// and draining studies still take reports and tells. It is `finished` when the
// budget is used up (budget.h) and nothing runs any more; widening the budget
// opens it again. One that was stopped stays finished.

#ifndef CUMAE_STUDY_H
#define CUMAE_STUDY_H

#include <stdbool.h>
#include <stdint.h>

#include "live.h"
#include "member.h"
#include "store_study.h"

enum { STUDY_KEY_CHARS = 16 }; // of a new public id

const char *study_state_name(enum study_state state);
// -1 when unknown.
int study_state_from_name(const char *name);

// After results were changed: settles the study, or opens one again that had
// finished because a limit of its budget was used up, and is not any more.
int study_settle_again(struct live *live, struct store *store, int64_t user_id,
                       struct error *err);

// Marks the study finished when its budget is used up and nothing runs.
int study_settle(struct live *live, struct store *store, struct error *err);

// A study to find or to create.
struct study_wanted {
    int64_t owner_id;
    const char *key;      // public id for a new one
    const char *identity; // what it is found by
    struct definition *definition;
    const struct principal *principal; // whose studies it may learn from
    const char *copied_from; // JSON of a clone (copy.h), which is not found
                             // before it is published; or NULL
    unsigned char copy_key[STORE_COPY_KEY_BYTES]; // of a clone
    struct sharing sharing;                       // of a new one
    struct quota *quota; // of the owner; NULL: no limits
    bool hidden;         // found by nobody until its campaign is (campaign.h)
    bool strict;         // ERROR_CONFLICT when it has another definition
    bool only_find;      // ERROR_FORBIDDEN when there is none
    // out
    int64_t id;
    bool created;
    char found_key[64];
};

// Finds the owner's study with that identity or creates it. Runs as a command
// of no study.
int study_find_or_create(struct store *store, struct study_wanted *wanted,
                         struct error *err);

// What a study of the API is found by among those of its owner: its name.
char *study_identity(const struct definition *definition, struct arena *arena);

// running <-> paused, running -> draining; also finished -> running or paused
// after study_cancel. ERROR_CONFLICT when the study is finished for another
// reason.
int study_steer(struct live *live, struct store *store, enum study_state state,
                int64_t user_id, struct error *err);

// Ends the study now: all queued and running trials are cancelled, in one
// revision. Running workers hear of it at their next call. Does nothing to a
// study that is finished and has none.
int study_cancel(struct live *live, struct store *store, int64_t user_id,
                 struct error *err);

// Says that the study is shared in another way, or in another name.
int study_shared(struct live *live, struct store *store, int64_t user_id,
                 struct error *err);

// Replaces the definition (owned from now on, also on failure). What it changes
// of the budget holds from the next ask on.
int study_redefine(struct live *live, struct store *store,
                   struct definition *definition, int64_t user_id,
                   struct error *err);

// Deletes the study and all that is in it.
int study_delete(struct live *live, struct store *store, struct error *err);

#endif
