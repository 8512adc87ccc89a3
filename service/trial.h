// SPDX-License-Identifier: GPL-3.0-or-later
// trial.h - the life of a trial: ask, report, tell, heartbeat, release, cancel
//
// Each function runs inside a transaction on a live study that is up to date:
// it decides by looking at memory, changes memory and writes the same to the
// store. On an error of the caller's making nothing is changed. Late, repeated
// and out-of-order messages are expected: an equal repeat succeeds, a
// contradiction is ERROR_CONFLICT and changes nothing.
//
// `lenient` is the Hopaas face, whose clients lose hours of work on anything
// but success: contradictions keep the first result and succeed, and a trial
// that is told to stop has ended then and there (the client never tells it).

#ifndef CUMAE_TRIAL_H
#define CUMAE_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "budget.h"
#include "live.h"
#include "store_trial.h"

enum { ASK_MAX_TRIALS = 1000 };

// What is said of a point of a list, each NULL where it is not.
struct point_label {
    size_t number;    // of the trial
    const char *id;   // the user's name for it
    const char *meta; // JSON
};

struct ask {
    size_t n;            // trials wanted, 1..ASK_MAX_TRIALS
    const char *worker;  // JSON object, or NULL
    const char *special; // JSON object of the Hopaas face, or NULL
    int64_t lease_s;     // 0: the study's
    double max_seconds;  // what the worker has left; 0: it did not say
    unsigned char key[STORE_ASK_KEY_BYTES]; // 16 bytes of the idempotency key,
                                            // 8 of the body; all 0: none
    int64_t user_id;
    struct arena *arena; // NULL: nobody asks why
    // out
    size_t *numbers;    // [n], caller's; ascending
    size_t n_numbers;   // handed out, 0 with a reason
    const char *reason; // why fewer than wanted: "budget", "paused" ...; NULL
                        // when all that were wanted are there
    char detail[BUDGET_DETAIL]; // the same for people
    double retry_after_s;
    int64_t suggest_us; // spent in the sampler
    const char **why;   // [n_numbers] why each was chosen, or NULL; they live
                        // in `arena`
    struct point_label *labels; // [n_numbers] likewise, of a grid study
};

// Hands out trials as far as the budget allows: queued ones first, then lost
// ones that are tried again, then new ones that the kind of study chooses, then
// those of a grid study that failed and are tried again; none when
// a trial is expected to last longer than the worker has left. A repeated key
// returns the same numbers again; the same key with another body is
// ERROR_INVALID.
int trial_ask(struct live *live, struct store *store, struct ask *ask,
              struct error *err);

struct report {
    int64_t number, step;
    double value; // the user's; NaN and infinities are allowed
    bool lenient;
    int64_t user_id;
    // out
    bool should_prune;
    char reason[160]; // "" when it should go on
    int64_t lease_ms;
};

// Stores an intermediate value (the same step again replaces it), renews the
// lease and asks the pruner. Once it said stop it says so for ever.
int trial_report(struct live *live, struct store *store, struct report *report,
                 struct error *err);

struct told_data;
struct told_toys;

struct tell {
    int64_t number;
    int state;                   // enum trial_state, or -1: complete
    struct told_numbers numbers; // the user's; not finite: the trial failed
    double wall_s;               // NaN: not given
    const double *cost;          // in the user's unit; NULL: not told
    const char *error, *outputs, *meta, *env; // or NULL
    const struct told_data *data; // of a limit study (limit_tell.h), or NULL
    const struct told_toys *toys; // the same
    bool lenient;
    bool overwrite; // replaces what was told before, see amend.h
    int64_t user_id;
    // out
    enum trial_state told;             // what the trial is now
    double kept[STUDY_MAX_OBJECTIVES]; // the user's values that are kept
    size_t n_kept;                     // 0: none
};

// Ends a trial. A complete trial that breaks a bound of the study is
// infeasible. A pruned trial without a value gets its last report, if the
// study has one objective. Work that was done counts: a worker that completes a
// trial which was cancelled under it makes the trial complete. Whatever else it
// tells of a cancelled trial is taken, and changes nothing.
int trial_tell(struct live *live, struct store *store, struct tell *tell,
               struct error *err);

struct heartbeat {
    int64_t number;
    // out
    bool go_on;
    const char *reason; // why not, or NULL
    int64_t lease_ms;
};

// Renews the lease of a running trial.
int trial_heartbeat(struct live *live, struct store *store,
                    struct heartbeat *heartbeat, struct error *err);

// What the reaper knows about a lease that seems to have run out, or that ends
// too late.
struct expiry {
    int64_t number;
    int64_t now_ms;      // when it looked
    int64_t spared_ms;   // leases given before get one more; 0: none
    int64_t set_back_ms; // how far the clock was set back just now; 0: not
    // out
    bool lost;
};

// Marks a running trial lost when its lease has run out; a late tell is still
// accepted. One whose lease is spared gets another one first, and one whose
// lease was given by a clock that was set back by more than a lease goes on
// for what remained of it, at least for a lease of the study. Otherwise does
// nothing. The store's lease counts, not that in memory: each instance renews
// on its own.
int trial_expire(struct live *live, struct store *store, struct expiry *expiry,
                 struct error *err);

enum { TRIAL_MAX_REASON = 500 }; // bytes

struct release {
    int64_t number;
    const char *reason; // of at most TRIAL_MAX_REASON bytes, or NULL
    const char *meta;   // JSON that takes the place of the stored one, or NULL
    int64_t user_id;
    // out
    enum trial_state state; // what the trial is now
    bool retried;           // its point is tried again, or will be
};

// Hands a running trial back: it is lost at once, and the same point is tried
// again by the next ask. That is not the job's fault, so the first
// LIVE_MAX_HAND_BACKS of a point use up no attempt. A trial that has ended
// stays as it is; one that was lost before keeps the meta. ERROR_CONFLICT for a
// queued one.
int trial_release(struct live *live, struct store *store,
                  struct release *release, struct error *err);

struct cancel {
    int64_t number;
    const char *reason; // of at most TRIAL_MAX_REASON bytes, or NULL
    int64_t user_id;
};

// Takes a queued or running trial back; again is harmless. Nobody is given its
// point instead. ERROR_CONFLICT when it has ended.
int trial_cancel(struct live *live, struct store *store,
                 const struct cancel *cancel, struct error *err);

// The trial's own random seed for the user's program, 1..2^31-1: a function of
// the study's seed and the number, and another one for each of the first
// 2^31 - 1 numbers. A keyed bijection of 31 bits, walked on from 0 ("cycle
// walking": J. Black, P. Rogaway, "Ciphers with arbitrary finite domains",
// CT-RSA 2002).
uint32_t trial_seed(const struct definition *definition, uint64_t number);

#endif
