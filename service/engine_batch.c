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

// Is there time for this command? After ENGINE_BATCH_US a batch runs nothing
// more but the first command of each user, so that none waits for a batch of
// others.
static bool has_time(const struct batch *batch, const struct share *share,
                     const struct command *command)
{
    return (share->first && command == share->commands) ||
           batch->n_commands == 1 || batch->applied_us < ENGINE_BATCH_US;
}

// Applies a command. What counts is the time that it had the processor: how
// long the database takes, and who else wants the processor, is not its doing,
// and a batch that were shorter when these are slow would make them slower.
static int apply(struct batch *batch, struct share *share,
                 struct command *command, struct store *store)
{
    int64_t start_us = clock_thread_us();
    int result =
        command->apply(command, share->actor->live, store, &command->error);
    int64_t took_us = clock_thread_us() - start_us;
    share->applied_us += took_us;
    batch->applied_us += took_us;
    return result;
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
static int run_share(struct batch *batch, struct share *share,
                     struct store *store, struct error *err)
{
    struct actor *actor = share->actor;
    share->applied_us = 0;
    share->left = NULL;
    if (share->gone)
        return 0;
    for (struct command *c = share->commands; c; c = c->next) {
        if (!has_time(batch, share, c)) {
            share->left = c;
            break;
        }
        error_clear(&c->error);
        if (actor->live)
            actor->live->ahead.may_wait =
                share->may_wait && c->waits < MAX_WAITS;
        if (actor->live && actor->live->deleted) {
            error_set(&c->error, ERROR_NOT_FOUND, "there is no such study");
            continue;
        }
        int failed = apply(batch, share, c, store);
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
    batch->applied_us = 0;
    for (size_t i = 0; i < batch->n && result == 0; i++) {
        int64_t start_us = clock_monotonic_us();
        result = open_share(&batch->shares[i], store, err);
        batch->shares[i].spent_us += clock_monotonic_us() - start_us;
    }
    if (result == 0)
        result = engine_open_owners(batch, standard, store, &owners, err);
    for (size_t i = 0; i < batch->n && result == 0; i++) {
        int64_t start_us = clock_monotonic_us();
        result = run_share(batch, &batch->shares[i], store, err);
        batch->shares[i].spent_us += clock_monotonic_us() - start_us;
    }
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

// Separates what was done from what the batch had no time for. Returns how many
// commands were done.
static size_t cut(struct batch *batch)
{
    size_t n = 0;
    for (size_t i = 0; i < batch->n; i++) {
        struct share *share = &batch->shares[i];
        struct command **link = &share->commands;
        for (; *link != share->left; link = &(*link)->next)
            n++;
        *link = NULL;
    }
    return n;
}

// After a failure all commands of the batch are to be dealt with.
static size_t uncut(struct batch *batch)
{
    for (size_t i = 0; i < batch->n; i++)
        batch->shares[i].left = NULL;
    return batch->n_commands;
}

// Begin, commit and what else was not for one study are paid by all alike.
static void share_costs(struct batch *batch, int64_t total_us)
{
    for (size_t i = 0; i < batch->n; i++)
        total_us -= batch->shares[i].spent_us;
    for (size_t i = 0; i < batch->n; i++)
        batch->shares[i].spent_us += total_us / (int64_t)batch->n;
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

// Counts out the commands that do not wait for a preparation.
static void count_out(struct engine *engine, const struct batch *batch)
{
    for (size_t i = 0; i < batch->n; i++)
        for (struct command *c = batch->shares[i].commands; c; c = c->next) {
            if (c->error.code == ERROR_WAIT)
                continue;
            engine->n_waiting--;
            --*fair_tally(engine->ready, c->user_id);
        }
}

// Whatever became of the transaction: when its outcome is unknown, the study
// may have changed.
static void tell_touched(struct engine *engine, const struct actor *actor)
{
    if (engine->options.touched && actor->study_id)
        engine->options.touched(engine->options.context, actor->study_id,
                                actor->live);
}

// Reports to the commands that are done, and parks the others.
static void report_done(struct engine *engine, struct batch *batch)
{
    pthread_mutex_lock(&engine->mutex);
    count_out(engine, batch);
    pthread_mutex_unlock(&engine->mutex);
    for (size_t i = 0; i < batch->n; i++) {
        struct actor *actor = batch->shares[i].actor;
        struct command *next;
        if (batch->shares[i].commands)
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
                .shares = {{.actor = share->actor, .commands = c}},
                .n = 1,
                .n_commands = 1};
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
    size_t n = failed ? uncut(batch) : cut(batch);
    if (failed && batch->n_commands > 1 && err.code != ERROR_STORE &&
        err.code != ERROR_FULL)
        run_singly(engine, batch, store);
    else if (failed)
        for (size_t i = 0; i < batch->n; i++)
            fail_share(&batch->shares[i], &err);
    int64_t total_us = clock_monotonic_us() - start_us;
    share_costs(batch, total_us);
    if (engine->options.observe)
        engine->options.observe(engine->options.context, n,
                                (double)total_us / 1e6, !failed);
    report_done(engine, batch);
}
