// SPDX-License-Identifier: GPL-3.0-or-later
// engine.c - live studies, and the threads that change them

#include "engine.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"

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

enum {
    BUCKETS = 4096,
    MAX_TRIES = 4,
    MAX_THREADS = 64,
    MAX_WAITS = 16, // of a command for preparations
    PREPARER_NICE = 5,
};

struct engine {
    struct engine_options options;
    pthread_mutex_t mutex; // guards everything below
    pthread_cond_t work;
    struct actor *buckets[BUCKETS];
    struct actor *ready_head, *ready_tail;
    struct actor *oldest, *newest;       // idle live actors
    struct actor *work_head, *work_tail; // with a preparation to make
    pthread_cond_t prepare;
    size_t n_idle, n_waiting, n_preparing;
    bool stopping, ended; // ended: the writers are
    unsigned n_writers, n_preparers;
    pthread_t writers[MAX_THREADS], preparers[MAX_THREADS];
};

// The part of a batch that belongs to one study.
struct share {
    struct actor *actor;
    struct command *commands; // taken from its mailbox
    bool may_wait;            // for preparations
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

static void send_to_prepare(struct engine *engine, struct actor *actor,
                            struct preparation *work)
{
    actor->work = work;
    actor->preparing = true;
    actor->next_work = NULL;
    *(engine->work_head ? &engine->work_tail->next_work : &engine->work_head) =
        actor;
    engine->work_tail = actor;
    engine->n_preparing++;
    pthread_cond_signal(&engine->prepare);
}

// Puts the mail that waited for a preparation before all other.
static void unpark(struct actor *actor)
{
    struct command *last = actor->parked;
    if (!last)
        return;
    while (last->next)
        last = last->next;
    last->next = actor->head;
    if (!actor->head)
        actor->tail = last;
    actor->head = actor->parked;
    actor->parked = NULL;
}

// ---- taking and giving back -------------------------------------------------

// Gives the live study what was prepared for it. The actor is held.
static void adopt(struct actor *actor)
{
    if (!actor->done)
        return;
    if (actor->live)
        ahead_adopt(actor->live, actor->done);
    else
        ahead_discard(actor->done);
    actor->done = NULL;
}

// Adopts, and lets the mail that waited for it go on. The actor is held.
static void catch_up(struct actor *actor)
{
    adopt(actor);
    if (!actor->preparing)
        unpark(actor);
}

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
    while (!engine->ready_head &&
           !(engine->stopping && engine->n_preparing == 0))
        pthread_cond_wait(&engine->work, &engine->mutex);
    size_t most = sizeof batch->shares / sizeof *batch->shares;
    while (engine->ready_head && batch->n < most &&
           batch->n_commands < engine->options.batch) {
        struct actor *actor = engine->ready_head;
        engine->ready_head = actor->ready;
        if (!engine->ready_head)
            engine->ready_tail = NULL;
        size_t taken, at = batch->n++;
        catch_up(actor);
        struct command *mail =
            take_mail(actor, engine->options.batch - batch->n_commands, &taken);
        for (;
             at > 0 && batch->shares[at - 1].actor->study_id > actor->study_id;
             at--)
            batch->shares[at] = batch->shares[at - 1];
        batch->shares[at] = (struct share){actor, mail, !engine->stopping};
        batch->n_commands += taken;
    }
    pthread_mutex_unlock(&engine->mutex);
    return batch->n > 0;
}

// Lets the actor go on, or rest. Under the mutex.
static void release(struct engine *engine, struct actor *actor)
{
    catch_up(actor);
    actor->busy = false;
    if (actor->head)
        make_ready(engine, actor);
    else if (actor->preparing)
        return; // its preparer comes back here
    else if (actor->live)
        link_idle(engine, actor);
    else
        forget(engine, actor);
}

// Copies what a study wants prepared, unless a preparation is under way.
static struct preparation *plan(struct engine *engine, struct actor *actor)
{
    pthread_mutex_lock(&engine->mutex);
    adopt(actor);
    bool may = !actor->preparing && !engine->stopping;
    pthread_mutex_unlock(&engine->mutex);
    return may && actor->live && ahead_wants(actor->live)
               ? ahead_prepare(actor->live)
               : NULL;
}

static void give_back(struct engine *engine, struct batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        struct actor *actor = batch->shares[i].actor;
        struct preparation *work = plan(engine, actor);
        pthread_mutex_lock(&engine->mutex);
        if (work)
            send_to_prepare(engine, actor, work);
        release(engine, actor);
        if (engine->ready_head)
            pthread_cond_signal(&engine->work);
        pthread_mutex_unlock(&engine->mutex);
    }
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
        if (actor->live)
            actor->live->ahead.may_wait =
                share->may_wait && c->waits < MAX_WAITS;
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
            struct batch one = {.shares = {{share->actor, c, false}}, .n = 1};
            struct error err = {0};
            c->next = NULL;
            if (run_with_retries(&one, store, &err))
                c->error = err;
            report_done(engine, &one); // the next one may lose the live study
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
            run_singly(engine, batch, store);
        else if (failed)
            for (size_t i = 0; i < batch->n; i++)
                fail_share(&batch->shares[i], &err);
        if (engine->options.observe)
            engine->options.observe(
                engine->options.context, batch->n_commands,
                (double)(clock_monotonic_us() - start_us) / 1e6, !failed);
        report_done(engine, batch);
        give_back(engine, batch);
    }
    store_close(store);
    free(batch);
    return NULL;
}

// The next preparation to make; NULL when the engine ends. Under the mutex.
static struct actor *take_work(struct engine *engine)
{
    while (!engine->work_head && !engine->ended)
        pthread_cond_wait(&engine->prepare, &engine->mutex);
    struct actor *actor = engine->work_head;
    if (actor)
        engine->work_head = actor->next_work;
    return actor;
}

// Makes preparations, with less right to the processor than those who answer.
static void *preparer(void *context)
{
    struct engine *engine = context;
    setpriority(PRIO_PROCESS, (id_t)gettid(), PREPARER_NICE);
    pthread_mutex_lock(&engine->mutex);
    for (struct actor *actor; (actor = take_work(engine));) {
        struct preparation *work = actor->work;
        pthread_mutex_unlock(&engine->mutex);
        ahead_run(work);
        pthread_mutex_lock(&engine->mutex);
        actor->done = work;
        actor->preparing = false;
        engine->n_preparing--;
        if (!actor->busy)
            release(engine, actor);
        pthread_cond_broadcast(&engine->work);
    }
    pthread_mutex_unlock(&engine->mutex);
    return NULL;
}

// ---- the outside ------------------------------------------------------------

// Starts up to n threads; returns how many there are.
static unsigned start(struct engine *engine, void *(*run_thread)(void *),
                      unsigned n, pthread_t *threads)
{
    unsigned started = 0;
    while (started < n && started < MAX_THREADS &&
           pthread_create(&threads[started], NULL, run_thread, engine) == 0)
        started++;
    return started;
}

struct engine *engine_start(const struct engine_options *options,
                            struct error *err)
{
    struct engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        abort();
    engine->options = *options;
    unsigned writers =
        store_is_shared(options->database) ? options->writers : 1;
    unsigned preparers = options->preparers ? options->preparers : 1;
    pthread_mutex_init(&engine->mutex, NULL);
    pthread_cond_init(&engine->work, NULL);
    pthread_cond_init(&engine->prepare, NULL);
    engine->n_preparers = start(engine, preparer, preparers, engine->preparers);
    engine->n_writers = start(engine, writer, writers, engine->writers);
    if (engine->n_preparers > 0 && engine->n_writers > 0)
        return engine;
    error_set(err, ERROR_INTERNAL, "cannot start the threads of the engine");
    engine_stop(engine);
    return NULL;
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
    for (unsigned i = 0; i < engine->n_writers; i++)
        pthread_join(engine->writers[i], NULL);
    pthread_mutex_lock(&engine->mutex);
    engine->ended = true;
    pthread_cond_broadcast(&engine->prepare);
    pthread_mutex_unlock(&engine->mutex);
    for (unsigned i = 0; i < engine->n_preparers; i++)
        pthread_join(engine->preparers[i], NULL);
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct actor *actor = engine->buckets[i], *next; actor;
             actor = next) {
            next = actor->bucket;
            live_free(actor->live);
            free(actor);
        }
    }
    pthread_cond_destroy(&engine->prepare);
    pthread_cond_destroy(&engine->work);
    pthread_mutex_destroy(&engine->mutex);
    free(engine);
}
