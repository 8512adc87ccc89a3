// SPDX-License-Identifier: GPL-3.0-or-later
// uses.c - when tokens were used last, on the way to the store

#include "uses.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "store_account.h"

// Notes of a while, in columns; a command that writes them.
struct batch {
    struct command command;
    size_t n;
    int64_t token_id[USES_MAX], used_ms[USES_MAX];
    char address[USES_MAX][48];
    const char *addresses[USES_MAX];
};

struct uses {
    pthread_mutex_t mutex;
    struct batch *batch; // NULL: no notes
};

static int apply(struct command *command, struct live *live,
                 struct store *store, struct error *err)
{
    struct batch *batch = (struct batch *)command;
    (void)live;
    const struct token_uses used = {batch->token_id, batch->used_ms,
                                    batch->addresses, batch->n};
    return store_tokens_used(store, &used, err);
}

static void done(struct command *command, const struct live *live)
{
    (void)live;
    free(command);
}

static struct batch *new_batch(void)
{
    struct batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        abort();
    batch->command.apply = apply;
    batch->command.done = done;
    return batch;
}

struct uses *uses_new(void)
{
    struct uses *uses = calloc(1, sizeof *uses);
    if (!uses)
        abort();
    pthread_mutex_init(&uses->mutex, NULL);
    return uses;
}

void uses_free(struct uses *uses)
{
    if (!uses)
        return;
    pthread_mutex_destroy(&uses->mutex);
    free(uses->batch);
    free(uses);
}

void uses_note(struct uses *uses, int64_t token_id, const char *address)
{
    pthread_mutex_lock(&uses->mutex);
    if (!uses->batch)
        uses->batch = new_batch();
    struct batch *batch = uses->batch;
    if (batch->n < USES_MAX) {
        size_t i = batch->n++;
        batch->token_id[i] = token_id;
        batch->used_ms[i] = clock_wall_ms();
        snprintf(batch->address[i], sizeof batch->address[i], "%s", address);
        batch->addresses[i] = batch->address[i];
    }
    pthread_mutex_unlock(&uses->mutex);
}

void uses_write(struct uses *uses, struct engine *engine)
{
    pthread_mutex_lock(&uses->mutex);
    struct batch *batch = uses->batch;
    uses->batch = NULL;
    pthread_mutex_unlock(&uses->mutex);
    if (batch)
        engine_submit(engine, &batch->command);
}
