// SPDX-License-Identifier: GPL-3.0-or-later
// engine.h - live studies, and the threads that change them
//
// Every change of a study is a `struct command` in that study's mailbox. A
// study with mail is taken by one writer thread at a time, so nothing in a live
// study needs a lock. A writer takes the mail of as many studies as are ready,
// up to a batch, and does all of it in one database transaction:
//
//   begin - lock each study's row, in ascending order - catch up with what
//   other instances wrote - open the quotas that are taken from - apply each
//   command - write the counters - commit
//
// and only then reports to each command that it is done. So a thousand asks
// cost a few commits (group commit), an answer is sent only when its change is
// durable, and two instances never see different pasts. When a transaction
// fails for a reason that only one command may have, its commands are run one
// by one, so that one cannot fail its neighbours.
//
// Users take turns by the time that they use (fair.h), and a batch ends after a
// few milliseconds: who sends much waits behind himself. The same holds for
// preparations, of which one user cannot have every thread.
//
// What a slow sampler suggests is prepared aside (ahead.h) by threads of lower
// priority, from a copy of the study. An ask that finds nothing prepared leaves
// the batch with ERROR_WAIT and comes back when it is; all else goes on.

#ifndef CUMAE_ENGINE_H
#define CUMAE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live.h"
#include "quota.h"
#include "store.h"

struct command {
    struct command *next;
    int64_t study_id; // 0: a change that belongs to no study
    int64_t user_id;  // whose turn it takes; 0: the service's own
    unsigned waits;   // how often it waited for a preparation; the engine's

    // Does it take what quotas limit? Then the quotas of the study's owner are
    // open while it is applied; in a command of no study those of owner_id,
    // which are here, NULL when that is 0.
    bool takes;
    int64_t owner_id;
    struct quota *quota; // the engine's

    // Decides and writes, inside the transaction. Runs again, from scratch,
    // when the transaction has to be repeated. Returns -1 with an error when
    // nothing was changed. `live` is NULL for study 0.
    int (*apply)(struct command *command, struct live *live,
                 struct store *store, struct error *err);

    // Called once, after the commit or when all is lost; `live` is still held.
    // The command may be freed here.
    void (*done)(struct command *command, const struct live *live);

    struct error error; // code ERROR_NONE: done and durable
};

struct engine_options {
    const char *database; // URL
    unsigned writers;     // threads; SQLite is served by one
    unsigned preparers;   // threads; at least one
    size_t batch;         // commands in one transaction, at most
    size_t live_studies;  // kept in memory beyond those at work
    size_t max_waiting;   // commands in mailboxes; beyond it ERROR_BUSY, and
                          // for one user beyond a quarter of it
    struct user_quotas quotas; // of users who have none of their own

    // Called after each transaction, for metrics; may be NULL.
    void (*observe)(void *context, size_t commands, double seconds, int ok);

    // Called after each transaction for each study in it, before its commands
    // are told: it may have changed. `live` is NULL when what became of it is
    // unknown; it is gone when that says so. May be NULL.
    void (*touched)(void *context, int64_t study_id, const struct live *live);
    void *context;
};

struct engine;

// Starts the writers. The schema must be up to date.
struct engine *engine_start(const struct engine_options *options,
                            struct error *err);

// Puts a command into its study's mailbox. Any thread; never waits. When too
// many wait already, of this user or of all, done is called at once with
// ERROR_BUSY.
void engine_submit(struct engine *engine, struct command *command);

// Commands that wait or are at work.
size_t engine_waiting(struct engine *engine);

// Studies in memory.
size_t engine_live(struct engine *engine);

// Finishes all submitted commands, then ends the threads.
void engine_stop(struct engine *engine);

#endif
