// SPDX-License-Identifier: GPL-3.0-or-later
// store_trial.h - trials, as the store keeps them
//
// The conventions are those of store.h.

#ifndef CUMAE_STORE_TRIAL_H
#define CUMAE_STORE_TRIAL_H

#include "../optimizers/history.h"
#include "store.h"

enum { STORE_ASK_KEY_BYTES = 24, STORE_CLIENT_KEY_BYTES = 16 };

// Is a trial still there for those who learn from results?
enum withdrawn {
    WITHDRAWN_NOT,
    WITHDRAWN_INVALID, // it keeps all it has, and informs nobody
    WITHDRAWN_DELETED  // what is left keeps the number
};

struct trial_row {
    int64_t study_id;
    int64_t number;
    enum trial_state state;
    const double *point; // [n_point] as in space.h; NaN inside = inactive
    size_t n_point;
    const double *values; // [n_values] in the user's sign; n 0: none yet
    size_t n_values;
    const double *constraint_values; // [n_constraint_values] as told, in the
                                     // order of the study; n 0: none
    size_t n_constraint_values;
    double uncertainty; // standard error of the value; NaN: not given
    bool stopped;       // a pruner said stop; sticky
    const char *stop_reason;
    const char *sampler;   // which algorithm chose the point
    const char *why;       // in words, or NULL
    int64_t seen_revision; // revision of the history that it was chosen from
    int64_t attempt;       // 1 for the first
    int64_t retry_of;      // -1: not a retry
    int64_t lease_ms;      // when the lease runs out
    int64_t created_ms, started_ms, ended_ms; // 0: not yet
    int64_t revision;       // study revision of the last change
    int64_t ended_revision; // study revision when it first ended; 0: not yet
    double wall_s;          // told by the worker; NaN: not told
    double cost;            // told, in the user's unit; NaN: not told
    int64_t iteration;      // in which it was handed out; 0: none
    unsigned char ask_key[STORE_ASK_KEY_BYTES]; // all zero: none
    const char *worker, *constants, *special, *error, *outputs, *meta, *env,
        *tags, *notes;     // JSON texts, except error and notes (plain text)
    const char *client_id; // what the user who brought it calls it; unique
                           // in the study; NULL: nothing
    unsigned char client_key[STORE_CLIENT_KEY_BYTES]; // all zero: none
    bool brought;     // by a user: enqueued or imported
    int64_t priority; // of a brought trial
    enum withdrawn withdrawn;
    const char *withdrawn_reason; // plain text, or NULL
    int64_t run;                  // of a grid study (scan.h); 0: none
    const char *point_id; // what the user calls the point of it, or NULL
};

// Adds a trial with all its fields. (study_id, number) is unique.
int store_trial_add(struct store *store, const struct trial_row *row,
                    struct error *err);
// Writes state, values, uncertainty, stopped, stop_reason, lease_ms, ended_ms,
// revision, ended_revision, wall_s, error, outputs, meta, env,
// constraint_values, cost. NULL texts and a cost of NaN leave the stored ones
// alone, but a complete trial has no error that it does not bring.
int store_trial_end(struct store *store, const struct trial_row *row,
                    struct error *err);
// Renews the lease; changes no revision.
int store_trial_lease(struct store *store, int64_t study_id, int64_t number,
                      int64_t lease_ms, struct error *err);
// Writes state, started_ms, lease_ms, worker, special, ask_key, revision,
// iteration (a queued trial is handed out).
int store_trial_start(struct store *store, const struct trial_row *row,
                      struct error *err);

// Cancels all queued and running trials of a study: writes state, ended_ms,
// revision, ended_revision and error.
int store_trials_cancel(struct store *store, int64_t study_id, int64_t now_ms,
                        int64_t revision, const char *text, struct error *err);

// Writes what people may change: state, values, uncertainty,
// constraint_values, wall_s, cost, error, outputs, meta, env, tags, notes,
// withdrawn, withdrawn_reason, and the revision. NULL is written, too.
int store_trial_amend(struct store *store, const struct trial_row *row,
                      struct error *err);
// Makes a trial a deleted one: its results, texts and reports are gone.
// Writes ended_ms, ended_revision and revision.
int store_trial_erase(struct store *store, const struct trial_row *row,
                      struct error *err);
// Copies meta, tags and point_id of trial `from` to trial `number`.
int store_trial_inherit(struct store *store, int64_t study_id, int64_t number,
                        int64_t from, struct error *err);

// One trial, all fields, also a deleted one. ERROR_NOT_FOUND.
int store_trial_get(struct store *store, int64_t study_id, int64_t number,
                    struct arena *arena, struct trial_row *row,
                    struct error *err);

// Number, point_id, meta and error of the n trials of these numbers, in any
// order; `arena` is for the call.
int store_trial_texts(struct store *store, int64_t study_id,
                      const int64_t *numbers, size_t n, struct arena *arena,
                      int (*visit)(void *context, const struct trial_row *row,
                                   struct error *err),
                      void *context, struct error *err);

// Number and outputs of the first `limit` trials above after_number that told
// any.
int store_trial_outputs(struct store *store, int64_t study_id,
                        int64_t after_number, int limit,
                        int (*visit)(void *context, int64_t number,
                                     const char *outputs, struct error *err),
                        void *context, struct error *err);

struct trial_filter {
    int64_t study_id;
    unsigned states;    // a bit for each that is wanted, 0: any
    const char *tags;   // JSON array, one of which it must have; or NULL
    const char *worker; // the name of its worker, or NULL
    double value_min, value_max; // of the first value, inclusive; NaN: none
    int64_t after_number;        // -1: from the first
    int64_t since_revision;      // -1: all; else only rows with revision above
    bool newest_first; // then after_number is "below this number", -1: all
    bool deleted;      // those, too
    int limit;
    struct arena *keep; // where what is read lives on, or NULL
};

// All fields, ascending numbers unless newest_first.
int store_trial_list(struct store *store, const struct trial_filter *filter,
                     int (*visit)(void *context, const struct trial_row *row,
                                  struct error *err),
                     void *context, struct error *err);

// The rows that changed after `revision` (-1: all), in ascending numbers, with
// only the fields that the engine keeps: number, state, point, values,
// uncertainty, stopped, stop_reason, seen_revision, attempt, retry_of,
// lease_ms, created_ms, started_ms, ended_ms, revision, ended_revision,
// ask_key, client_key, brought, priority, constraint_values, cost, iteration,
// wall_s, withdrawn, run, point_id.
int store_trials_since(struct store *store, int64_t study_id, int64_t revision,
                       int (*visit)(void *context, const struct trial_row *row,
                                    struct error *err),
                       void *context, struct error *err);

// Number and values of the trials in that state, by number; not of those that
// are withdrawn.
int store_trial_values(struct store *store, int64_t study_id,
                       enum trial_state state,
                       int (*visit)(void *context, int64_t number,
                                    const double *values, size_t n,
                                    struct error *err),
                       void *context, struct error *err);

// Visits (study_id, number) of running trials whose leases end after until_ms.
int store_trials_leased_beyond(struct store *store, int64_t until_ms,
                               int (*visit)(void *context, int64_t study_id,
                                            int64_t number, struct error *err),
                               void *context, struct error *err);

// Moves leases that ran out before now_ms: visits (study_id, number) of
// running trials, oldest first, at most `limit`.
int store_trials_expired(struct store *store, int64_t now_ms, int limit,
                         int (*visit)(void *context, int64_t study_id,
                                      int64_t number, struct error *err),
                         void *context, struct error *err);

#endif
