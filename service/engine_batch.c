// SPDX-License-Identifier: GPL-3.0-or-later
// engine_batch.c - the commands of a batch, in one transaction

#include "engine_private.h"

#include <assert.h>

#include "clock.h"

enum {
    MAX_TRIES = 4,
    MAX_WAITS = 16, // of a command for preparations
};

// Does this error mean that the transaction is lost, and not just one command?
static bool is_fatal(enum error_code code)
{
    return code == ERROR_STORE || code == ERROR_FULL || code == ERROR_BUSY ||
           code == ERROR_INTERNAL;
}

static void drop_live(struct batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        live_free(batch->shares[i].actor->live);
        batch->shares[i].actor->live = NULL;
    }
}

// Locks the study's row and brings the live study up to date.
static int open_study(struct share *share, struct store *store,
                      struct error *err)
{
    struct actor *actor = share->actor;
    struct study_progress progress;
    int64_t definition_revision;
    enum study_state state;
    if (actor->study_id == 0)
        return 0;
    if (store_study_lock(store, actor->study_id, &progress,
                         &definition_revision, &state, &share->owner, err))
        return -1;
    if (actor->live && actor->live->progress.revision > progress.revision) {
        live_free(actor->live); // the database was set back
        actor->live = NULL;
    }
    if (!actor->live)
        actor->live = live_load(store, actor->study_id, err);
    if (!actor->live)
        return -1;
    return live_catch_up(actor->live, store, &progress, definition_revision,
                         state, err);
}

static void fail_share(struct share *share, const struct error *err)
{
    for (struct command *c = share->commands; c; c = c->next)
        c->error = *err;
}

// The same, unless the study is gone. Returns -1 when the transaction is lost.
static int open_share(struct share *share, struct store *store,
                      struct error *err)
{
    share->gone = false;
    if (open_study(share, store, err) == 0)
        return 0;
    if (is_fatal(err->code))
        return -1;
    fail_share(share, err);
    error_clear(err);
    share->gone = true;
    return 0;
}

// Applies one study's commands. Returns -1 when the transaction is lost.
static int run_share(struct share *share, struct store *store,
                     struct error *err)
{
    struct actor *actor = share->actor;
    if (share->gone)
        return 0;
    for (struct command *c = share->commands; c; c = c->next) {
        error_clear(&c->error);
        if (actor->live)
            actor->live->ahead.may_wait =
                share->may_wait && c->waits < MAX_WAITS;
        if (actor->live && actor->live->deleted) {
            error_set(&c->error, ERROR_NOT_FOUND, "there is no such study");
            continue;
        }
        int failed = c->apply(c, actor->live, store, &c->error);
        if (actor->live)
            quota_follow(actor->live);
        if (!failed)
            continue;
        assert(c->error.code != ERROR_NONE);
        if (is_fatal(c->error.code)) {
            *err = c->error;
            return -1;
        }
    }
    struct live *live = actor->live;
    if (!live || !live->changed || live->deleted)
        return 0;
    live->changed = false;
    return store_study_advance(store, live->id, &live->progress,
                               clock_wall_ms(), err);
}

// Rows are locked in a fixed order: all studies by id, then all owners by id.
static int apply_all(struct batch *batch, const struct user_quotas *standard,
                     struct store *store, struct error *err)
{
    struct owners owners = {0};
    int result = 0;
    for (size_t i = 0; i < batch->n && result == 0; i++)
        result = open_share(&batch->shares[i], store, err);
    if (result == 0)
        result = engine_open_owners(batch, standard, store, &owners, err);
    for (size_t i = 0; i < batch->n && result == 0; i++)
        result = run_share(&batch->shares[i], store, err);
    engine_close_owners(batch, &owners);
    return result;
}

// Runs the batch as one transaction. *committing tells whether a failure left
// the outcome open.
static int run(struct batch *batch, const struct user_quotas *standard,
               struct store *store, bool *committing, struct error *err)
{
    *committing = false;
    if (store_begin(store, err) || apply_all(batch, standard, store, err))
        return -1;
    *committing = true;
    return store_commit(store, err);
}

// Runs until it succeeds or cannot. Only what is known not to have happened is
// tried again: a lost connection before the commit, a deadlock, a timeout.
static int run_with_retries(struct engine *engine, struct batch *batch,
                            struct store *store, struct error *err)
{
    for (int try = 1;; try++) {
        bool committing;
        error_clear(err);
        if (run(batch, &engine->options.quotas, store, &committing, err) == 0)
            return 0;
        store_rollback(store);
        drop_live(batch);
        bool again = err->code == ERROR_BUSY ||
                     (err->code == ERROR_STORE && !committing);
        if (!again || try == MAX_TRIES)
            return -1;
    }
}

// Sets a command aside until what it needs is prepared.
static void park(struct actor *actor, struct command *command)
{
    command->waits++;
    command->next = NULL;
    struct command **end = &actor->parked;
    while (*end)
        end = &(*end)->next;
    *end = command;
}

// How many commands do not wait for a preparation.
static size_t count_done(const struct batch *batch)
{
    size_t n = 0;
    for (size_t i = 0; i < batch->n; i++)
        for (struct command *c = batch->shares[i].commands; c; c = c->next)
            n += c->error.code != ERROR_WAIT;
    return n;
}

// Whatever became of the transaction: when its outcome is unknown, the study
// may have changed.
static void tell_touched(struct engine *engine, const struct actor *actor)
{
    if (engine->options.touched && actor->study_id)
        engine->options.touched(engine->options.context, actor->study_id,
                                actor->live && actor->live->deleted);
}

// Reports to the commands that are done, and parks the others.
static void report_done(struct engine *engine, struct batch *batch)
{
    pthread_mutex_lock(&engine->mutex);
    engine->n_waiting -= count_done(batch);
    pthread_mutex_unlock(&engine->mutex);
    for (size_t i = 0; i < batch->n; i++) {
        struct actor *actor = batch->shares[i].actor;
        struct command *next;
        tell_touched(engine, actor);
        for (struct command *c = batch->shares[i].commands; c; c = next) {
            next = c->next;
            if (c->error.code == ERROR_WAIT)
                park(actor, c);
            else
                c->done(c, actor->live);
        }
        if (actor->live && actor->live->deleted) {
            live_free(actor->live);
            actor->live = NULL;
        }
    }
}

// After a batch failed for a reason that may be one command's own, runs its
// commands one by one, and reports each as it is done.
static void run_singly(struct engine *engine, struct batch *batch,
                       struct store *store)
{
    for (size_t i = 0; i < batch->n; i++) {
        struct share *share = &batch->shares[i];
        while (share->commands) {
            struct command *c = share->commands, *rest = c->next;
            struct batch one = {
                .shares = {{.actor = share->actor, .commands = c}}, .n = 1};
            struct error err = {0};
            c->next = NULL;
            if (run_with_retries(engine, &one, store, &err))
                c->error = err;
            report_done(engine, &one); // the next one may lose the live study
            share->commands = rest;
        }
    }
}

void engine_run_batch(struct engine *engine, struct batch *batch,
                      struct store *store)
{
    struct error err = {0};
    int64_t start_us = clock_monotonic_us();
    int failed = run_with_retries(engine, batch, store, &err);
    if (failed && batch->n_commands > 1 && err.code != ERROR_STORE &&
        err.code != ERROR_FULL)
        run_singly(engine, batch, store);
    else if (failed)
        for (size_t i = 0; i < batch->n; i++)
            fail_share(&batch->shares[i], &err);
    if (engine->options.observe)
        engine->options.observe(engine->options.context, batch->n_commands,
                                (double)(clock_monotonic_us() - start_us) / 1e6,
                                !failed);
    report_done(engine, batch);
}
