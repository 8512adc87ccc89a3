// SPDX-License-Identifier: GPL-3.0-or-later
// engine_private.h - what the files of engine.h share
//
// An actor is a study with its mailbox. With mail it is in the list of the
// ready, from which a writer takes it: then that writer holds it, and is the
// only one to touch its live study. What it holds is in a batch. Without mail
// it rests, by time of last use, until there are too many.

#ifndef CUMAE_ENGINE_PRIVATE_H
#define CUMAE_ENGINE_PRIVATE_H

#include <pthread.h>

#include "engine.h"

enum { ENGINE_BUCKETS = 4096, ENGINE_MAX_THREADS = 64 };

// A study with its mailbox. It exists while it has mail or is live.
struct actor {
    int64_t study_id;
    struct live *live;           // NULL: not loaded
    struct command *head, *tail; // mail
    struct command *parked;      // mail that waits for a preparation
    struct preparation *work;    // waits for a preparer
    struct preparation *done;    // to be adopted
    bool preparing;              // in the list of preparations or at it
    bool busy;                   // in the ready list or with a writer
    struct actor *ready;         // next in the ready list
    struct actor *next_work;     // next in the list of preparations
    struct actor *bucket;        // next in the hash bucket
    struct actor *older, *newer; // idle live actors by time of last use
};

struct engine {
    struct engine_options options;
    pthread_mutex_t mutex; // guards everything below
    pthread_cond_t work;
    struct actor *buckets[ENGINE_BUCKETS];
    struct actor *ready_head, *ready_tail;
    struct actor *oldest, *newest;       // idle live actors
    struct actor *work_head, *work_tail; // with a preparation to make
    pthread_cond_t prepare;
    size_t n_idle, n_waiting, n_preparing;
    bool stopping, ended; // ended: the writers are
    unsigned n_writers, n_preparers;
    pthread_t writers[ENGINE_MAX_THREADS], preparers[ENGINE_MAX_THREADS];
};

// The part of a batch that belongs to one study.
struct share {
    struct actor *actor;
    struct command *commands; // taken from its mailbox
    bool may_wait;            // for preparations
    bool gone;                // there is no such study
    struct user_quotas owner; // quotas of the owner of the study
};

struct batch {
    struct share shares[256];
    size_t n, n_commands;
};

// ---- mail -------------------------------------------------------------------

// Puts a command into its study's mailbox. Under the mutex.
void engine_post(struct engine *engine, struct command *command);

// Waits for ready actors and takes their mail. Studies are sorted by id, the
// order in which rows are locked. Returns false when the engine ends.
bool engine_take_batch(struct engine *engine, struct batch *batch);

// Sends what is to be prepared on its way, and lets the actors go on.
void engine_give_back(struct engine *engine, struct batch *batch);

// Lets the actor go on, or rest. Under the mutex.
void engine_release(struct engine *engine, struct actor *actor);

// The next preparation to make; NULL when the engine ends. Under the mutex.
struct actor *engine_take_work(struct engine *engine);

// Frees all actors. No thread is left.
void engine_forget_all(struct engine *engine);

// ---- the owners of studies
// ---------------------------------------------------

// The quotas that a transaction takes from.
struct owners {
    struct quota *quotas; // by ascending owner
    size_t n;
};

// Opens the quotas of all whom commands of the batch take from, unless they
// have no limits, and gives them to the live studies and commands. The studies
// are open.
int engine_open_owners(struct batch *batch, const struct user_quotas *standard,
                       struct store *store, struct owners *owners,
                       struct error *err);

void engine_close_owners(struct batch *batch, struct owners *owners);

// ---- one transaction --------------------------------------------------------

// Runs the commands of a batch, and reports to those that are done.
void engine_run_batch(struct engine *engine, struct batch *batch,
                      struct store *store);

#endif
