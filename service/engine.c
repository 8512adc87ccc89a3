// SPDX-License-Identifier: GPL-3.0-or-later
// engine.c - live studies, and the threads that change them

#include "engine.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "clock.h"

// A study with its mailbox. It exists while it has mail or is live.
struct actor {
    int64_t study_id;
    struct live *live;           // NULL: not loaded
    struct command *head, *tail; // mail
    bool busy;                   // in the ready list or with a writer
    struct actor *ready;         // next in the ready list
    struct actor *bucket;        // next in the hash bucket
    struct actor *older, *newer; // idle live actors by time of last use
};

enum { BUCKETS = 4096, MAX_TRIES = 4 };

struct engine {
    struct engine_options options;
    pthread_mutex_t mutex; // guards everything below
    pthread_cond_t work;
    struct actor *buckets[BUCKETS];
    struct actor *ready_head, *ready_tail;
    struct actor *oldest, *newest;     // idle live actors
    struct actor *fit_head, *fit_tail; // linked by `ready`, too
    pthread_cond_t fit;
    size_t n_idle, n_waiting, n_fitting; // fitting: in the list or at it
    bool stopping, ended;                // ended: the writers are
    pthread_t fitter;
    unsigned n_threads;
    pthread_t threads[64];
};

// The part of a batch that belongs to one study.
struct share {
    struct actor *actor;
    struct command *commands; // taken from its mailbox
};

struct batch {
    struct share shares[256];
    size_t n, n_commands;
};

// ---- the table of actors; all under the mutex -------------------------------

static struct actor **bucket_of(struct engine *engine, int64_t id)
{
    uint64_t hash = (uint64_t)id * 0x9e3779b97f4a7c15u;
    return &engine->buckets[hash >> 52];
}

static struct actor *find_or_make(struct engine *engine, int64_t id)
{
    struct actor **bucket = bucket_of(engine, id);
    for (struct actor *actor = *bucket; actor; actor = actor->bucket)
        if (actor->study_id == id)
            return actor;
    struct actor *actor = calloc(1, sizeof *actor);
    if (!actor)
        abort();
    actor->study_id = id;
    actor->bucket = *bucket;
    *bucket = actor;
    return actor;
}

static void forget(struct engine *engine, struct actor *actor)
{
    struct actor **link = bucket_of(engine, actor->study_id);
    while (*link != actor)
        link = &(*link)->bucket;
    *link = actor->bucket;
    live_free(actor->live);
    free(actor);
}

static void unlink_idle(struct engine *engine, struct actor *actor)
{
    if (!actor->older && !actor->newer && engine->oldest != actor)
        return;
    *(actor->older ? &actor->older->newer : &engine->oldest) = actor->newer;
    *(actor->newer ? &actor->newer->older : &engine->newest) = actor->older;
    actor->older = actor->newer = NULL;
    engine->n_idle--;
}

static void link_idle(struct engine *engine, struct actor *actor)
{
    actor->older = engine->newest;
    *(engine->newest ? &engine->newest->newer : &engine->oldest) = actor;
    engine->newest = actor;
    engine->n_idle++;
    while (engine->n_idle > engine->options.live_studies) {
        struct actor *oldest = engine->oldest;
        assert(oldest && !oldest->older);
        unlink_idle(engine, oldest);
        forget(engine, oldest);
    }
}

static void make_ready(struct engine *engine, struct actor *actor)
{
    actor->busy = true;
    actor->ready = NULL;
    *(engine->ready_tail ? &engine->ready_tail->ready : &engine->ready_head) =
        actor;
    engine->ready_tail = actor;
}

static void send_to_fit(struct engine *engine, struct actor *actor)
{
    actor->ready = NULL;
    *(engine->fit_head ? &engine->fit_tail->ready : &engine->fit_head) = actor;
    engine->fit_tail = actor;
    engine->n_fitting++;
    pthread_cond_signal(&engine->fit);
}

// ---- taking and giving back -------------------------------------------------

// Takes up to `room` commands from the actor's mailbox.
static struct command *take_mail(struct actor *actor, size_t room, size_t *n)
{
    struct command *first = actor->head, *last = NULL;
    for (*n = 0; actor->head && *n < room; ++*n) {
        last = actor->head;
        actor->head = last->next;
    }
    if (last)
        last->next = NULL;
    return first;
}

// Waits for ready actors and takes their mail. Studies are sorted by id, the
// order in which rows are locked. Returns false when the engine ends.
static bool take_batch(struct engine *engine, struct batch *batch)
{
    *batch = (struct batch){.n = 0};
    pthread_mutex_lock(&engine->mutex);
    while (!engine->ready_head && !(engine->stopping && engine->n_fitting == 0))
        pthread_cond_wait(&engine->work, &engine->mutex);
    size_t most = sizeof batch->shares / sizeof *batch->shares;
    while (engine->ready_head && batch->n < most &&
           batch->n_commands < engine->options.batch) {
        struct actor *actor = engine->ready_head;
        engine->ready_head = actor->ready;
        if (!engine->ready_head)
            engine->ready_tail = NULL;
        size_t taken, at = batch->n++;
        struct command *mail =
            take_mail(actor, engine->options.batch - batch->n_commands, &taken);
        for (;
             at > 0 && batch->shares[at - 1].actor->study_id > actor->study_id;
             at--)
            batch->shares[at] = batch->shares[at - 1];
        batch->shares[at] = (struct share){actor, mail};
        batch->n_commands += taken;
    }
    pthread_mutex_unlock(&engine->mutex);
    return batch->n > 0;
}

// Lets the actor go on, or rest. Under the mutex.
static void release(struct engine *engine, struct actor *actor)
{
    actor->busy = false;
    if (actor->head)
        make_ready(engine, actor);
    else if (actor->live)
        link_idle(engine, actor);
    else
        forget(engine, actor);
}

static void give_back(struct engine *engine, struct batch *batch)
{
    pthread_mutex_lock(&engine->mutex);
    for (size_t i = 0; i < batch->n; i++) {
        struct actor *actor = batch->shares[i].actor;
        if (!engine->stopping && actor->live && live_wants_fit(actor->live))
            send_to_fit(engine, actor);
        else
            release(engine, actor);
    }
    engine->n_waiting -= batch->n_commands;
    if (engine->ready_head)
        pthread_cond_signal(&engine->work);
    pthread_mutex_unlock(&engine->mutex);
}

// ---- one transaction --------------------------------------------------------

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
static int open_study(struct actor *actor, struct store *store,
                      struct error *err)
{
    struct study_progress progress;
    int64_t definition_revision;
    enum study_state state;
    if (actor->study_id == 0)
        return 0;
    if (store_study_lock(store, actor->study_id, &progress,
                         &definition_revision, &state, err))
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

// Applies one study's commands. Returns -1 when the transaction is lost.
static int run_share(struct share *share, struct store *store,
                     struct error *err)
{
    struct actor *actor = share->actor;
    if (open_study(actor, store, err)) {
        if (is_fatal(err->code))
            return -1;
        fail_share(share, err); // the study is gone
        error_clear(err);
        return 0;
    }
    for (struct command *c = share->commands; c; c = c->next) {
        error_clear(&c->error);
        if (actor->live && actor->live->deleted) {
            error_set(&c->error, ERROR_NOT_FOUND, "there is no such study");
            continue;
        }
        if (c->apply(c, actor->live, store, &c->error) == 0)
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

// Runs the batch as one transaction. *committing tells whether a failure left
// the outcome open.
static int run(struct batch *batch, struct store *store, bool *committing,
               struct error *err)
{
    *committing = false;
    if (store_begin(store, err))
        return -1;
    for (size_t i = 0; i < batch->n; i++)
        if (run_share(&batch->shares[i], store, err))
            return -1;
    *committing = true;
    return store_commit(store, err);
}

// Runs until it succeeds or cannot. Only what is known not to have happened is
// tried again: a lost connection before the commit, a deadlock, a timeout.
static int run_with_retries(struct batch *batch, struct store *store,
                            struct error *err)
{
    for (int try = 1;; try++) {
        bool committing;
        error_clear(err);
        if (run(batch, store, &committing, err) == 0)
            return 0;
        store_rollback(store);
        drop_live(batch);
        bool again = err->code == ERROR_BUSY ||
                     (err->code == ERROR_STORE && !committing);
        if (!again || try == MAX_TRIES)
            return -1;
    }
}

static void report_done(struct batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        struct actor *actor = batch->shares[i].actor;
        struct command *next;
        for (struct command *c = batch->shares[i].commands; c; c = next) {
            next = c->next;
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
static void run_singly(struct batch *batch, struct store *store)
{
    for (size_t i = 0; i < batch->n; i++) {
        struct share *share = &batch->shares[i];
        while (share->commands) {
            struct command *c = share->commands, *rest = c->next;
            struct batch one = {.shares = {{share->actor, c}}, .n = 1};
            struct error err = {0};
            c->next = NULL;
            if (run_with_retries(&one, store, &err))
                c->error = err;
            report_done(&one); // the next one may lose the live study
            share->commands = rest;
        }
    }
}

static void *writer(void *context)
{
    struct engine *engine = context;
    struct error err = {0};
    struct batch *batch = malloc(sizeof *batch);
    struct store *store = store_open(engine->options.database, &err);
    if (!store || !batch)
        abort(); // the URL was good when the schema was brought up to date
    while (take_batch(engine, batch)) {
        int64_t start_us = clock_monotonic_us();
        int failed = run_with_retries(batch, store, &err);
        if (failed && batch->n_commands > 1 && err.code != ERROR_STORE &&
            err.code != ERROR_FULL)
            run_singly(batch, store);
        else if (failed)
            for (size_t i = 0; i < batch->n; i++)
                fail_share(&batch->shares[i], &err);
        if (engine->options.observe)
            engine->options.observe(
                engine->options.context, batch->n_commands,
                (double)(clock_monotonic_us() - start_us) / 1e6, !failed);
        report_done(batch);
        give_back(engine, batch);
    }
    store_close(store);
    free(batch);
    return NULL;
}

// Fits the models that take long, outside of any transaction. A study that is
// fitted is held like one that is written; only its own mail waits.
static void *fitter(void *context)
{
    struct engine *engine = context;
    pthread_mutex_lock(&engine->mutex);
    for (;;) {
        while (!engine->fit_head && !engine->ended)
            pthread_cond_wait(&engine->fit, &engine->mutex);
        struct actor *actor = engine->fit_head;
        if (!actor)
            break;
        engine->fit_head = actor->ready;
        pthread_mutex_unlock(&engine->mutex);
        live_fit(actor->live);
        pthread_mutex_lock(&engine->mutex);
        engine->n_fitting--;
        release(engine, actor);
        pthread_cond_broadcast(&engine->work);
    }
    pthread_mutex_unlock(&engine->mutex);
    return NULL;
}

// ---- the outside ------------------------------------------------------------

struct engine *engine_start(const struct engine_options *options,
                            struct error *err)
{
    struct engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        abort();
    engine->options = *options;
    unsigned writers =
        store_is_shared(options->database) ? options->writers : 1;
    pthread_mutex_init(&engine->mutex, NULL);
    pthread_cond_init(&engine->work, NULL);
    pthread_cond_init(&engine->fit, NULL);
    if (pthread_create(&engine->fitter, NULL, fitter, engine)) {
        error_set(err, ERROR_INTERNAL, "cannot start the fitter thread");
        free(engine);
        return NULL;
    }
    for (; engine->n_threads < writers && engine->n_threads < 64;
         engine->n_threads++) {
        if (pthread_create(&engine->threads[engine->n_threads], NULL, writer,
                           engine)) {
            error_set(err, ERROR_INTERNAL, "cannot start writer thread %u",
                      engine->n_threads);
            engine_stop(engine);
            return NULL;
        }
    }
    return engine;
}

void engine_submit(struct engine *engine, struct command *command)
{
    command->next = NULL;
    error_clear(&command->error);
    pthread_mutex_lock(&engine->mutex);
    if (engine->n_waiting >= engine->options.max_waiting) {
        pthread_mutex_unlock(&engine->mutex);
        error_set(&command->error, ERROR_BUSY,
                  "%zu changes wait already, which is the limit",
                  engine->options.max_waiting);
        command->done(command, NULL);
        return;
    }
    struct actor *actor = find_or_make(engine, command->study_id);
    *(actor->head ? &actor->tail->next : &actor->head) = command;
    actor->tail = command;
    engine->n_waiting++;
    if (!actor->busy) {
        unlink_idle(engine, actor);
        make_ready(engine, actor);
        pthread_cond_signal(&engine->work);
    }
    pthread_mutex_unlock(&engine->mutex);
}

size_t engine_waiting(struct engine *engine)
{
    pthread_mutex_lock(&engine->mutex);
    size_t n = engine->n_waiting;
    pthread_mutex_unlock(&engine->mutex);
    return n;
}

size_t engine_live(struct engine *engine)
{
    pthread_mutex_lock(&engine->mutex);
    size_t n = engine->n_idle;
    pthread_mutex_unlock(&engine->mutex);
    return n;
}

void engine_stop(struct engine *engine)
{
    if (!engine)
        return;
    pthread_mutex_lock(&engine->mutex);
    engine->stopping = true;
    pthread_cond_broadcast(&engine->work);
    pthread_mutex_unlock(&engine->mutex);
    for (unsigned i = 0; i < engine->n_threads; i++)
        pthread_join(engine->threads[i], NULL);
    pthread_mutex_lock(&engine->mutex);
    engine->ended = true;
    pthread_cond_signal(&engine->fit);
    pthread_mutex_unlock(&engine->mutex);
    pthread_join(engine->fitter, NULL);
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct actor *actor = engine->buckets[i], *next; actor;
             actor = next) {
            next = actor->bucket;
            live_free(actor->live);
            free(actor);
        }
    }
    pthread_cond_destroy(&engine->fit);
    pthread_cond_destroy(&engine->work);
    pthread_mutex_destroy(&engine->mutex);
    free(engine);
}
