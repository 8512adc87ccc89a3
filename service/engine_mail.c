// SPDX-License-Identifier: GPL-3.0-or-later
// engine_mail.c - the mailboxes of studies, and who may empty which

#include "engine_private.h"

#include <assert.h>
#include <stdlib.h>

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

bool engine_take_batch(struct engine *engine, struct batch *batch)
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
        batch->shares[at] = (struct share){
            .actor = actor, .commands = mail, .may_wait = !engine->stopping};
        batch->n_commands += taken;
    }
    pthread_mutex_unlock(&engine->mutex);
    return batch->n > 0;
}

void engine_release(struct engine *engine, struct actor *actor)
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

void engine_give_back(struct engine *engine, struct batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        struct actor *actor = batch->shares[i].actor;
        struct preparation *work = plan(engine, actor);
        pthread_mutex_lock(&engine->mutex);
        if (work)
            send_to_prepare(engine, actor, work);
        engine_release(engine, actor);
        if (engine->ready_head)
            pthread_cond_signal(&engine->work);
        pthread_mutex_unlock(&engine->mutex);
    }
}

void engine_post(struct engine *engine, struct command *command)
{
    struct actor *actor = find_or_make(engine, command->study_id);
    *(actor->head ? &actor->tail->next : &actor->head) = command;
    actor->tail = command;
    engine->n_waiting++;
    if (!actor->busy) {
        unlink_idle(engine, actor);
        make_ready(engine, actor);
        pthread_cond_signal(&engine->work);
    }
}

struct actor *engine_take_work(struct engine *engine)
{
    while (!engine->work_head && !engine->ended)
        pthread_cond_wait(&engine->prepare, &engine->mutex);
    struct actor *actor = engine->work_head;
    if (actor)
        engine->work_head = actor->next_work;
    return actor;
}

void engine_forget_all(struct engine *engine)
{
    for (size_t i = 0; i < ENGINE_BUCKETS; i++) {
        for (struct actor *actor = engine->buckets[i], *next; actor;
             actor = next) {
            next = actor->bucket;
            live_free(actor->live);
            free(actor);
        }
    }
}
