// SPDX-License-Identifier: GPL-3.0-or-later
// sweep.c - removes tokens, sessions and links that ended long ago

#include "sweep.h"

#include <stdlib.h>

#include "clock.h"
#include "store_account.h"

struct sweep {
    struct command command;
    int64_t before_ms;
};

static int apply(struct command *command, struct live *live,
                 struct store *store, struct error *err)
{
    const struct sweep *sweep = (const struct sweep *)command;
    (void)live;
    return store_tokens_sweep(store, sweep->before_ms, SWEEP_MOST, err);
}

static void done(struct command *command, const struct live *live)
{
    (void)live;
    free(command);
}

void sweep_tokens(struct engine *engine, unsigned keep_days)
{
    struct sweep *sweep = calloc(1, sizeof *sweep);
    if (!sweep)
        abort();
    sweep->command.apply = apply;
    sweep->command.done = done;
    sweep->before_ms = clock_wall_ms() - keep_days * (86400 * INT64_C(1000));
    engine_submit(engine, &sweep->command);
}
