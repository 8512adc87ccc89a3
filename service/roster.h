// SPDX-License-Identifier: GPL-3.0-or-later
// roster.h - which segment of a campaign is asked next
//
// An ask on a campaign goes to the segment with the fewest running trials that
// may have something to give. To choose takes no query: the counts are kept in
// memory, for the campaigns that were asked lately. They follow each
// transaction of this process (roster_note), and for what others wrote the
// store is looked at again when ROSTER_LOOK_MS have passed. So the choice is
// exact in one process, and half a second behind the others'. It is a choice
// only: what a study gives, and whether, is decided by the study under its
// lock.
//
// A thousand asks come at once, so an ask counts where it was sent (pending)
// until its transaction is over. Trials that it got may be counted by the study
// before that; they are known (applied) and left out until then.
//
// A segment that had nothing to give is passed over until its study changes, or
// the time has come that it said.

#ifndef CUMAE_ROSTER_H
#define CUMAE_ROSTER_H

#include "campaign.h"
#include "live.h"
#include "trial.h"

enum {
    ROSTER_LOOK_MS = 500,
    ROSTER_MAX = 128, // campaigns in memory
};

struct rosters;

struct rosters *rosters_new(void);
void rosters_free(struct rosters *rosters);

// Finds a campaign by its key. Returns 0 with its id; 1 when the store must be
// looked at and `store` is NULL; -1 with ERROR_NOT_FOUND, among others.
int rosters_open(struct rosters *rosters, struct store *store, const char *key,
                 int64_t *campaign_id, struct error *err);

// An ask on its way through the segments.
struct turn {
    int64_t campaign_id;
    const char *segment; // only this one, or NULL: any
    size_t n;            // trials wanted
    double max_seconds;  // 0: any
    // of this file
    uint64_t since;
    uint64_t born;                       // of the memory that counts it
    int64_t study_id;                    // where it is now; 0: nowhere
    char name[CAMPAIGN_MAX_SEGMENT + 1]; // of that segment; "": unknown
    size_t applied;
};

// Sends a new ask to a segment: turn->study_id. Returns 0; 1 when none has
// anything to give, with the most telling reason, detail and retry_after_s in
// *ask; -1: ERROR_NOT_FOUND, the campaign or the segment is gone. An ask that
// was refused (roster_leave) goes on to another one.
int roster_take(struct rosters *rosters, struct turn *turn, struct ask *ask,
                struct error *err);

// Sends it to this study, whatever it has.
void roster_go(struct rosters *rosters, struct turn *turn, int64_t study_id);

// The ask got n trials, in a transaction that may still fail.
void roster_applied(struct rosters *rosters, struct turn *turn, size_t n);

// The ask is over where it was, with success or (ask NULL) without. `live` is
// the study, NULL when it is unknown.
void roster_leave(struct rosters *rosters, struct turn *turn,
                  const struct ask *ask, const struct live *live);

// After a transaction on the study.
void roster_note(struct rosters *rosters, const struct live *live);

// The study is not there any more.
void roster_gone(struct rosters *rosters, int64_t study_id);

// Forgets a campaign that has changed; it is read again when it is asked.
void roster_drop(struct rosters *rosters, int64_t campaign_id);

#endif
