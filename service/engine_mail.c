// SPDX-License-Identifier: GPL-3.0-or-later
// engine_mail.c - the mailboxes of studies, and who may empty which

#include "engine_private.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

// ---- the table of actors; all under the mutex -------------------------------

static struct actor **bucket_of(struct engine *engine, int64_t id)
{
    uint64_t hash = (uint64_t)id * 0x9e3779b97f4a7c15u;
    return &engine->buckets[hash >> 52];
}

static struct actor *find_or_make(struct engine *engine, int64_t key)
{
    struct actor **bucket = bucket_of(engine, key);
    for (struct actor *actor = *bucket; actor; actor = actor->bucket)
        if (actor->key == key)
            return actor;
    struct actor *actor = calloc(1, sizeof *actor);
    if (!actor)
        abort();
    actor->key = key;
    actor->study_id = key > 0 ? key : 0;
    actor->bucket = *bucket;
    *bucket = actor;
    return actor;
}

static void forget(struct engine *engine, struct actor *actor)
{
    struct actor **link = bucket_of(engine, actor->key);
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
    fair_put(engine->ready, actor->head->user_id, actor);
}

static void send_to_prepare(struct engine *engine, struct actor *actor,
                            struct preparation *work)
{
    actor->work = work;
    actor->preparing = true;
    fair_put(engine->to_prepare, actor->live->owner_id, actor);
    engine->n_preparing++;
    pthread_cond_signal(&engine->prepare);
}

// Puts commands before all other mail.
static void put_first(struct actor *actor, struct command *first)
{
    struct command *last = first;
    if (!first)
        return;
    while (last->next)
        last = last->next;
    last->next = actor->head;
    if (!actor->head)
        actor->tail = last;
    actor->head = first;
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
    if (actor->preparing)
        return;
    put_first(actor, actor->parked);
    actor->parked = NULL;
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

// Is the lane's first share in the batch still to come?
static bool is_first(const struct batch *batch, const struct fair_lane *lane)
{
    for (size_t i = 0; i < batch->n; i++)
        if (batch->shares[i].lane == lane)
            return false;
    return true;
}

// Enters a share in the order of studies.
static void enter(struct batch *batch, const struct share *share)
{
    size_t at = batch->n++;
    for (; at > 0 &&
           batch->shares[at - 1].actor->study_id > share->actor->study_id;
         at--)
        batch->shares[at] = batch->shares[at - 1];
    batch->shares[at] = *share;
}

// How large the work of a user may be that still joins the batch.
static double time_left(const struct batch *batch)
{
    return batch->n == 0 ? INFINITY : ENGINE_BATCH_US / 1e6 - batch->size_s;
}

// Takes mail of the actor whose turn it is: as much as there is room for, but
// a quarter of a batch while others wait. Returns false when nobody's work
// fits into the batch any more: what takes long goes alone, so that all others
// are answered before it.
static bool take_share(struct engine *engine, struct batch *batch)
{
    struct share share = {.may_wait = !engine->stopping};
    size_t room = engine->options.batch - batch->n_commands, taken;
    size_t quarter = (engine->options.batch + 3) / 4;
    share.actor =
        fair_take_within(engine->ready, time_left(batch), &share.lane);
    if (!share.actor)
        return false;
    if (fair_waiting(engine->ready) && room > quarter)
        room = quarter;
    catch_up(share.actor);
    share.commands = take_mail(share.actor, room, &taken);
    share.first = is_first(batch, share.lane);
    if (!share.first)
        fair_join(engine->ready, share.lane);
    enter(batch, &share);
    batch->n_commands += taken;
    batch->size_s += fair_size(share.lane);
    return true;
}

// Takes what is ready. Under the mutex.
static void take_shares(struct engine *engine, struct batch *batch)
{
    size_t most = sizeof batch->shares / sizeof *batch->shares;
    while (batch->n < most && batch->n_commands < engine->options.batch &&
           take_share(engine, batch))
        ;
}

bool engine_take_batch(struct engine *engine, struct batch *batch)
{
    *batch = (struct batch){.n = 0};
    pthread_mutex_lock(&engine->mutex);
    for (;;) {
        take_shares(engine, batch);
        if (batch->n > 0 || (engine->stopping && engine->n_preparing == 0 &&
                             fair_waiting(engine->ready) == 0))
            break;
        pthread_cond_wait(&engine->work, &engine->mutex);
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

static void pay(struct engine *engine, const struct share *share)
{
    double seconds = (double)share->spent_us / 1e6;
    fair_note_size(share->lane, (double)share->applied_us / 1e6);
    if (share->first)
        fair_done(engine->ready, share->lane, seconds);
    else
        fair_done_joined(engine->ready, share->lane, seconds);
}

void engine_give_back(struct engine *engine, struct batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        struct actor *actor = batch->shares[i].actor;
        struct preparation *work = plan(engine, actor);
        pthread_mutex_lock(&engine->mutex);
        if (work)
            send_to_prepare(engine, actor, work);
        put_first(actor, batch->shares[i].left);
        pay(engine, &batch->shares[i]);
        engine_release(engine, actor);
        if (fair_waiting(engine->ready))
            pthread_cond_signal(&engine->work);
        pthread_mutex_unlock(&engine->mutex);
    }
}

void engine_post(struct engine *engine, struct command *command)
{
    struct actor *actor = find_or_make(
        engine, command->study_id ? command->study_id : -command->user_id);
    *(actor->head ? &actor->tail->next : &actor->head) = command;
    actor->tail = command;
    command->next = NULL;
    engine->n_waiting++;
    ++*fair_tally(engine->ready, command->user_id);
    if (!actor->busy) {
        unlink_idle(engine, actor);
        make_ready(engine, actor);
        pthread_cond_signal(&engine->work);
    }
}

struct actor *engine_take_work(struct engine *engine, struct fair_lane **lane)
{
    for (;;) {
        struct actor *actor = fair_take(engine->to_prepare, lane);
        if (actor || engine->ended)
            return actor;
        pthread_cond_wait(&engine->prepare, &engine->mutex);
    }
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
