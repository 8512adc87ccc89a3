// SPDX-License-Identifier: GPL-3.0-or-later
// store_private.h - what the files of the store share

#ifndef CUMAE_STORE_PRIVATE_H
#define CUMAE_STORE_PRIVATE_H

#include "db.h"
#include "store_account.h"
#include "store_study.h"

// Events of the transaction that wait for its end, by columns.
enum { STORE_EVENTS = 512 };

struct store_events {
    size_t n;
    int64_t study_id[STORE_EVENTS], revision[STORE_EVENTS];
    int64_t number[STORE_EVENTS], at_ms[STORE_EVENTS], user_id[STORE_EVENTS];
    const char *kind[STORE_EVENTS];
    struct arena kinds;
};

struct store {
    struct db *db;
    struct store_events events;
    int64_t counted_id, counted; // a study, and bytes written about it
};

// What rows take, with their headers and entries in indexes, beside texts and
// arrays: about what PostgreSQL needs.
enum {
    STORE_TRIAL_BYTES = 400,
    STORE_REPORT_BYTES = 120,
    STORE_EVENT_BYTES = 120
};

// Notes that so many bytes were written about a study. The next
// store_study_advance adds them to the study; what is written about several
// studies before it counts for the last one. Nothing is taken off again before
// the study is deleted: it is an estimate of what was stored for it.
void store_count(struct store *store, int64_t study_id, int64_t bytes);

// Bytes of a text.
int64_t store_length(const char *text);

// All states of a trial, as bits.
enum { STORE_ANY_STATE = (1 << TRIAL_STATES) - 1 };

// A key of n zeros is none.
struct db_value store_key(const unsigned char *key, size_t n);

// Writes the events that wait.
int store_flush_events(struct store *store, struct error *err);

// Reads the only row of a call with `visit`, which gets `context`.
// ERROR_NOT_FOUND "there is no such WHAT" when there is none. What is read
// lives in `arena` (NULL: it holds no texts or arrays).
struct store_one {
    const struct db_call *call;
    int (*visit)(void *context, struct db_row *row, struct error *err);
    void *context;
    struct arena *arena;
    const char *what;
};
int store_read_one(struct store *store, const struct store_one *one,
                   struct error *err);

// A visitor that keeps one integer.
int store_keep_int(void *context, struct db_row *row, struct error *err);

// Reads the columns of @quota_columns@.
void store_next_quotas(struct db_row *row, struct user_quotas *quotas);

// Reads the columns of @token_columns@.
void store_next_token(struct db_row *row, struct token_row *token);

// Reads the rows of a list of members.
int store_members(struct store *store, const struct db_call *call,
                  int (*visit)(void *context, const struct member_row *row,
                               struct error *err),
                  void *context, struct error *err);

// Reads the columns of @progress_columns@.
void store_next_progress(struct db_row *row, struct study_progress *progress);

#endif
