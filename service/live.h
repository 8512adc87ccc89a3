// SPDX-License-Identifier: GPL-3.0-or-later
// live.h - one study in memory, as the store last knew it
//
// A live study is a cache of the rows of its study: columns instead of JSON,
// and models fitted to them. It is only touched by the thread that holds the
// study's row lock, after it has caught up with the revision found there; so
// inside a transaction it is the truth, and the domain decides by looking at
// memory and writes what it decided. When a transaction fails the live study
// is thrown away and built again from the store.

#ifndef CUMAE_LIVE_H
#define CUMAE_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "ahead.h"
#include "definition.h"
#include "duration.h"
#include "numbers.h"
#include "outcome.h"
#include "scan.h"
#include "store_study.h"
#include "store_trial.h"
#include "tally.h"
#include "warm.h"

// Of one point, that use up no attempt.
enum { LIVE_MAX_HAND_BACKS = 100 };

// What the engine keeps of a trial beside the history's columns.
struct live_trial {
    int64_t lease_ms;             // when the lease runs out
    int64_t started_ms, ended_ms; // 0: not yet
    int64_t ended_revision;       // that its place in history.ended follows
    uint64_t ask_key;  // digests of the idempotency key and of the body of
    uint64_t ask_body; // the ask that made it; 0: none
    int64_t seen_revision;
    int32_t attempt;
    int32_t retry_of;     // -1: not a retry
    int32_t retried_by;   // -1: not retried yet
    bool stopped;         // a pruner said stop
    bool brought;         // by a user: enqueued or imported
    int64_t priority;     // of a brought one while it is queued
    uint64_t client_key;  // digests of the name that the user gave it and of
    uint64_t client_body; // what came with it; 0: none
    double wall_s;        // how long it took, if it was told; NaN
    int16_t duration;     // what it says in live.duration
    int64_t iteration;    // in which it was handed out, 0: none
    double cost;          // told, NaN: not yet
    enum withdrawn withdrawn;
    enum trial_state state; // of a withdrawn one, which the history has as
                            // cancelled, for then it informs nobody
    int64_t run;            // of a grid study (scan.h), 0: none
    int32_t run_before;     // the trial of that run before this one, or -1
    uint64_t point_key;     // of the id of its point (scan_key), 0: none
};

struct live_limit;
struct quota;

struct live {
    int64_t id;
    char *key;
    int64_t owner_id;
    struct definition *definition;
    int64_t definition_revision;
    enum study_state state;
    char *reason;              // why it is not running, or NULL
    struct history history;    // minimised values
    struct live_trial *trials; // [history.n]
    double *constraints;       // [history.n x k] as told, where they were
    size_t capacity;
    struct study_progress progress; // progress.revision: what we have seen
    bool changed; // progress must be written before the commit
    bool deleted;
    struct warm *warm;            // results of other studies, or NULL
    struct ahead ahead;           // models and suggestions
    struct numbers asks;          // first trials by ask_key
    struct numbers clients;       // trials by client_key
    struct tally tally;           // what was used of the budget
    struct scan *scan;            // the runs of a grid study, or NULL
    struct duration duration;     // how long trials took
    int64_t hidden[TRIAL_STATES]; // what users count and the history does not
    int64_t n_invalid;
    struct live_limit *limit; // of kind limit, else NULL (live_limit.h)
    struct quota *quota; // of the owner, in a transaction that takes from it
    struct {
        int64_t trials, running; // that the quota knows of
    } followed;
};

// Loads the study from the store. ERROR_NOT_FOUND when it is gone.
struct live *live_load(struct store *store, int64_t id, struct error *err);
void live_free(struct live *live);

// Fetches what others wrote since the revision we have seen. `now` is what
// store_study_lock read.
int live_catch_up(struct live *live, struct store *store,
                  const struct study_progress *now, int64_t definition_revision,
                  enum study_state state, struct error *err);

// Appends a trial that is being handed out and was suggested when there were
// `seen` results; returns its number. It has told no cost yet.
size_t live_append(struct live *live, const double *point,
                   const struct live_trial *trial, size_t seen);

// Appends a trial that waits to be handed out; returns its number.
size_t live_enqueue(struct live *live, const double *point,
                    const struct live_trial *trial);

// Hands out a queued trial, of which *trial is what to know from now on.
void live_start(struct live *live, size_t number,
                const struct live_trial *trial);

// Moves a trial to a state, keeps the counts and the best of `progress`.
// The numbers are kept where the history keeps them.
void live_move(struct live *live, size_t number, enum trial_state state,
               const struct outcome *outcome);

// The same for a trial that people change: what it is from now on, and whether
// it is withdrawn. A result that comes back takes its place of old among the
// results; its reports are for live_read_reports. What was made from the
// results before is forgotten.
void live_amend(struct live *live, size_t number, enum withdrawn withdrawn,
                enum trial_state state, const struct outcome *outcome);

// Notes how long a trial took, in place of what was told before; NaN: not told.
void live_time(struct live *live, size_t number, double wall_s);

// What a trial is to its users, withdrawn or not.
static inline enum trial_state live_state(const struct live *live,
                                          size_t number)
{
    const struct live_trial *trial = &live->trials[number];
    return trial->withdrawn ? trial->state
                            : (enum trial_state)live->history.state[number];
}

// Is this the same point again, because its worker was lost or handed it back?
// Not a trial that somebody asked to run again.
static inline bool live_is_retry(const struct live_trial *trial)
{
    return trial->retry_of >= 0 && !trial->brought;
}

// Reads the reports of a trial that is withdrawn no more.
int live_read_reports(struct live *live, struct store *store, size_t number,
                      struct error *err);

// Cancels all queued and running trials in the present revision.
void live_cancel(struct live *live, int64_t now_ms);

// Inserts or replaces a report; `value` is the user's. Returns true when the
// step is new. Those of a withdrawn trial are in the store alone.
bool live_report(struct live *live, size_t number, int64_t step, double value);

// The user's first value of a trial, NaN when it has none.
double live_value(const struct live *live, size_t number);

// The numbers of a trial: *outcome points into values[m], the caller's, and
// into the live study. The uncertainty is not among them.
void live_outcome(const struct live *live, size_t number, double *values,
                  struct outcome *outcome);

// Was this trial, which is lost, handed back before its lease ran out, and may
// it be tried again without using up an attempt?
bool live_is_handed_back(const struct live *live, size_t number);

// Is this trial lost, or failed in a grid study, and to be tried again?
bool live_may_retry(const struct live *live, size_t number);

// The first trial that is to be tried again, or -1.
int64_t live_find_lost(const struct live *live);

// The queued trial to hand out next, or -1: of those with the highest priority
// the first.
int64_t live_find_queued(const struct live *live);

// What a trial that is handed out now is expected to take, in seconds; 0 when
// too little is known (duration.h).
double live_expected_s(const struct live *live, int64_t now_ms);

// Replaces the definition (owned from now on) and forgets what was made with
// the old one.
void live_define(struct live *live, struct definition *definition);

// A new revision for one change; marks the study as changed.
int64_t live_revise(struct live *live);

#endif
