// SPDX-License-Identifier: GPL-3.0-or-later
// quota.h - what the studies of one owner may still take
//
// Quotas are those of the owner of a study, whoever asks. They are looked at
// where something is taken: a study made, a trial handed out, enqueued or
// copied. A result is never refused because of them, so what running trials
// tell may carry the bytes beyond max_bytes.
//
// They are exact, however many instances and askers there are. Before a
// transaction applies commands that take something, it locks the row of each
// owner with a limit, after those of the studies and in ascending order, and
// adds up what the owner's studies have taken: the rows of studies are the only
// counters. Nobody else takes from the same owner before it commits. What the
// transaction itself takes is followed in memory. Who has no limit pays for no
// lock and no sum: that the owner has none is read with the row of the study.

#ifndef CUMAE_QUOTA_H
#define CUMAE_QUOTA_H

#include "live.h"
#include "store_user.h"

struct ask;

struct quota {
    int64_t owner_id;
    struct user_quotas limits; // 0: none
    struct user_use use;       // with what this transaction took so far
};

// The user's own quotas, with those of the settings where there are none.
struct user_quotas quota_limits(const struct user_quotas *own,
                                const struct user_quotas *standard);

// Is there a limit to what a study of this owner may take?
bool quota_is_limited(const struct user_quotas *limits);

// Locks the owner, and reads limits and use.
int quota_open(struct store *store, const struct user_quotas *standard,
               int64_t owner_id, struct quota *quota, struct error *err);

// Enters what the live study took or gave back since the last time; nothing
// for a study without a quota.
void quota_follow(struct live *live);

// May n more studies be made? ERROR_QUOTA names the quota, its limit and its
// use. No quota: they may.
int quota_take_studies(const struct quota *quota, size_t n, struct error *err);

// May n more trials be added to the study?
int quota_take_trials(struct live *live, size_t n, struct error *err);

// May a trial be handed out, which is a new one or waited in the queue? Returns
// 1 when it may, and 0 when it may not now, with ask->reason, detail and
// retry_after_s; -1 with ERROR_QUOTA when it may not before somebody deletes
// something, and the ask has got nothing.
int quota_take_run(struct live *live, bool is_new, struct ask *ask,
                   struct error *err);

#endif
