// SPDX-License-Identifier: GPL-3.0-or-later
// store.h - every query the domain needs, by value
//
// The store is the only truth. A `struct store` is one session: one database
// connection used by one thread at a time; it reconnects by itself, with
// back-off, on the next call after a failure. PostgreSQL (libpq) and SQLite
// (WAL, synchronous=FULL) behave alike: tests/contract/test_store.c runs over
// both.
//
// Writes happen between store_begin and store_commit. They may be sent late
// (libpq pipeline mode), so a failure can surface at a later call or at the
// commit; after any failure in a transaction the caller rolls back and starts
// over. ERROR_STORE: the database is away or the outcome of the commit is
// unknown; ERROR_FULL: no space left; ERROR_CONFLICT: a unique key exists;
// ERROR_BUSY: lock or statement timeout, deadlock (the caller may try again).
//
// Times are milliseconds since 1970 UTC and come from the caller. Text is
// UTF-8 and NUL-terminated, NULL is SQL NULL; NaN is stored as NULL. What a
// read returns is copied into the caller's arena, visitors get rows that live
// until they return. A visitor returns 0 to go on, -1 to stop (the read then
// returns -1 with the visitor's error).

#ifndef CUMAE_STORE_H
#define CUMAE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../optimizers/arena.h"
#include "../optimizers/error.h"
#include "../optimizers/history.h"

struct store;

enum {
    STORE_ASK_KEY_BYTES = 24,
    STORE_CLIENT_KEY_BYTES = 16,
    STORE_COPY_KEY_BYTES = 16,
    STORE_HASH_BYTES = 32
};

// ---- sessions -------------------------------------------------------------

// True when the URL names PostgreSQL: then several writing sessions may work
// at once. A SQLite file takes one writer at a time.
bool store_is_shared(const char *url);

// Brings the schema up to date, under a lock (PostgreSQL: advisory lock;
// SQLite: BEGIN IMMEDIATE). Refuses a database newer than this binary and a
// migration whose text has changed. Creates the SQLite file (mode 0600), and
// holds an exclusive lock on it until the process ends, so that a second
// process on the same file fails fast with a clear message.
int store_migrate(const char *url, struct error *err);

// Opens a session. url: sqlite:PATH, or postgresql://... (also postgres://).
// The connection is made on first use; a bad URL is an error here.
struct store *store_open(const char *url, struct error *err);
void store_close(struct store *store);

// One round trip; for /readyz.
int store_ping(struct store *store, struct error *err);

// ---- transactions ---------------------------------------------------------

int store_begin(struct store *store, struct error *err);
// After a failure the transaction is over: rolled back, or lost with the
// connection.
int store_commit(struct store *store, struct error *err);
// Does nothing outside a transaction.
void store_rollback(struct store *store);

// For tests: the n-th database call from now loses the connection (0: never).
// A commit counts twice: before it has an effect, and after it, when the
// answer is on the way back.
void store_fail_at(struct store *store, unsigned n);

// ---- users and tokens -----------------------------------------------------

struct user_row {
    int64_t id;
    const char *name; // unique
    bool admin;
    bool disabled;
    int64_t created_ms;
};

// Sets row->id. ERROR_CONFLICT: the name exists.
int store_user_add(struct store *store, struct user_row *row,
                   struct error *err);
int store_user_count(struct store *store, int64_t *count, struct error *err);

enum token_kind { TOKEN_API, TOKEN_SESSION, TOKEN_LINK };

struct token_row {
    int64_t id;
    int64_t user_id;
    unsigned char hash[STORE_HASH_BYTES]; // SHA-256 of the secret, unique
    const char *prefix;                   // first characters, for display
    const char *name;
    unsigned scopes;                // bits, see account.h
    int64_t study_id;               // 0: any study
    int64_t created_ms, expires_ms; // expires_ms 0: never
    int64_t revoked_ms;             // 0: valid
    int64_t used_ms;                // 0: never
    const char *used_address;
    const char *user_name;          // read only: joined
    bool user_admin, user_disabled; // read only: joined
    enum token_kind kind;
};

int store_token_add(struct store *store, struct token_row *row,
                    struct error *err);
// By hash; also expired and revoked ones. ERROR_NOT_FOUND.
int store_token_find(struct store *store, const unsigned char *hash,
                     struct arena *arena, struct token_row *row,
                     struct error *err);
// Tokens of kind API of a user, newest first.
int store_token_list(struct store *store, int64_t user_id,
                     int (*visit)(void *context, const struct token_row *row,
                                  struct error *err),
                     void *context, struct error *err);
// Revokes a token of that user that is not yet revoked. ERROR_NOT_FOUND.
int store_token_revoke(struct store *store, int64_t user_id, int64_t id,
                       int64_t revoked_ms, struct error *err);
// Remembers the last use.
int store_token_used(struct store *store, int64_t id, int64_t used_ms,
                     const char *address, struct error *err);

// ---- studies --------------------------------------------------------------

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
    enum study_state state;
    const char *reason; // why finished or paused, or NULL
    int64_t created_ms, changed_ms;
    const char *warm_start;  // JSON: how many results it has from whom, or NULL
    int64_t building_ms;     // write only: see store_copy.h; 0: complete
    const char *copied_from; // JSON: of what it is a copy, or NULL
    unsigned char copy_key[STORE_COPY_KEY_BYTES]; // all zero: no copy
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

struct study_filter {
    int64_t owner_id;  // 0: all owners
    int state;         // -1: any
    const char *query; // substring of the name, in any (ASCII) case; or NULL
    int64_t only_id;   // 0: any study, else this one
    int64_t before_id; // 0: from the newest; else only ids below
    const char *owner; // name of the owner, or NULL
    const char *tag;   // one of its tags, or NULL
    int limit;
};

// Newest first; none that is being built.
int store_study_list(struct store *store, const struct study_filter *filter,
                     int (*visit)(void *context, const struct study_row *row,
                                  struct error *err),
                     void *context, struct error *err);

// Locks the study's row until the end of the transaction and reads what other
// writers may have changed. Lock studies in ascending order of id.
int store_study_lock(struct store *store, int64_t id,
                     struct study_progress *progress,
                     int64_t *definition_revision, enum study_state *state,
                     struct error *err);
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

// ---- trials ---------------------------------------------------------------

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
};

// Adds a trial with all its fields. (study_id, number) is unique.
int store_trial_add(struct store *store, const struct trial_row *row,
                    struct error *err);
// Writes state, values, uncertainty, stopped, stop_reason, lease_ms, ended_ms,
// revision, ended_revision, wall_s, error, outputs, meta, env,
// constraint_values, cost. NULL texts and a cost of NaN leave the stored ones
// alone.
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
// Copies meta and tags of trial `from` to trial `number`.
int store_trial_inherit(struct store *store, int64_t study_id, int64_t number,
                        int64_t from, struct error *err);

// One trial, all fields, also a deleted one. ERROR_NOT_FOUND.
int store_trial_get(struct store *store, int64_t study_id, int64_t number,
                    struct arena *arena, struct trial_row *row,
                    struct error *err);

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
// wall_s, withdrawn.
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

// ---- results of other studies ----------------------------------------------

struct prior_row {
    int64_t study_id;
    int64_t position;    // 0, 1 ... within the study
    int64_t source;      // which of the studies that it learnt from
    const double *point; // [n_point] in the space of the study
    size_t n_point;
    const double *values; // [n_values] minimised
    size_t n_values;
};

int store_prior_add(struct store *store, const struct prior_row *row,
                    struct error *err);
// By position.
int store_prior_list(struct store *store, int64_t study_id,
                     int (*visit)(void *context, const struct prior_row *row,
                                  struct error *err),
                     void *context, struct error *err);
// Writes what the study learnt from whom.
int store_study_warm_start(struct store *store, int64_t id,
                           const char *warm_start, struct error *err);
// The complete trials of a study, by number: point, and values in the user's
// sign; not those that are withdrawn. `source` is the number.
int store_trial_results(struct store *store, int64_t study_id,
                        int (*visit)(void *context, const struct prior_row *row,
                                     struct error *err),
                        void *context, struct error *err);

// ---- reports --------------------------------------------------------------

struct report_row {
    int64_t study_id, number, step;
    double value; // in the user's sign
    int64_t at_ms;
    int64_t revision;
};

// Inserts or replaces the report of (study_id, number, step).
int store_report_put(struct store *store, const struct report_row *row,
                     struct error *err);
// Reports that changed after `revision` (-1: all), by number, then step.
int store_reports_since(struct store *store, int64_t study_id, int64_t revision,
                        int (*visit)(void *context,
                                     const struct report_row *row,
                                     struct error *err),
                        void *context, struct error *err);
// Reports of the trials first..last (numbers, inclusive), by number and step.
int store_reports_of(struct store *store, int64_t study_id, int64_t first,
                     int64_t last,
                     int (*visit)(void *context, const struct report_row *row,
                                  struct error *err),
                     void *context, struct error *err);

// ---- events ---------------------------------------------------------------

struct event_row {
    int64_t study_id;
    int64_t revision; // the event's sequence number within the study
    const char *kind; // "trial_started", "trial_ended", "study_created" ...
    int64_t number;   // the trial, or -1
    int64_t at_ms;
    int64_t user_id;    // who, 0: the service
    const char *detail; // JSON of what it changed, or NULL

    // Filled in by reading.
    const char *user; // the name of who, or NULL
    int state;        // enum trial_state that the trial has now, or -1
};

// (study_id, revision) is unique. Meant for the hot path: written in bulk.
int store_event_add(struct store *store, const struct event_row *row,
                    struct error *err);

// The first events after a revision, the oldest first.
struct event_page {
    int64_t study_id, after;
    size_t limit;
    struct event_row *events; // [n], in the arena they are read into
    size_t n;
};
int store_event_page(struct store *store, struct event_page *page,
                     struct arena *arena, struct error *err);

#endif
