// SPDX-License-Identifier: GPL-3.0-or-later
// campaign_sweep.c - removes campaigns that nobody goes on building
//
// A command that is done submits itself again until the campaign is gone. Two
// of them at once, of one instance or of two, are harmless: the row of the
// campaign is locked by the first.

#include "campaign_sweep.h"

#include <stdlib.h>

#include "campaign.h"
#include "clock.h"

struct sweep {
    struct command command;
    struct engine *engine;
    int64_t id;
    bool gone;
    int left; // transactions
};

static int apply(struct command *command, struct live *live,
                 struct store *store, struct error *err)
{
    struct sweep *sweep = (struct sweep *)command;
    (void)live;
    return campaign_dismantle(store, sweep->id, &sweep->gone, err);
}

static void done(struct command *command, const struct live *live)
{
    struct sweep *sweep = (struct sweep *)command;
    (void)live;
    if (!command->error.code && !sweep->gone && --sweep->left > 0)
        engine_submit(sweep->engine, command);
    else
        free(sweep);
}

int campaign_sweep(struct engine *engine, struct store *store,
                   struct error *err)
{
    int64_t id;
    int64_t before_ms = clock_wall_ms() - CAMPAIGN_GIVEN_UP_S * INT64_C(1000);
    if (store_campaign_abandoned(store, before_ms, &id, err))
        return -1;
    if (!id)
        return 0;
    struct sweep *sweep = calloc(1, sizeof *sweep);
    if (!sweep)
        abort();
    sweep->command.apply = apply;
    sweep->command.done = done;
    sweep->engine = engine;
    sweep->id = id;
    sweep->left = CAMPAIGN_MAX_SEGMENTS / CAMPAIGN_STEP + 1;
    engine_submit(engine, &sweep->command);
    return 0;
}
