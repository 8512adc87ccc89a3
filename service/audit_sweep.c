// SPDX-License-Identifier: GPL-3.0-or-later
// audit_sweep.c - removes old lines of the audit log

#include "audit_sweep.h"

#include <stdlib.h>

#include "clock.h"
#include "store_audit.h"

struct sweep {
    struct command command;
    int64_t before_ms;
};

static int apply(struct command *command, struct live *live,
                 struct store *store, struct error *err)
{
    int64_t n;
    (void)live;
    return store_audit_trim(store, ((const struct sweep *)command)->before_ms,
                            &n, err);
}

static void done(struct command *command, const struct live *live)
{
    (void)live;
    free(command);
}

void audit_sweep(struct engine *engine, unsigned days)
{
    if (!days)
        return;
    struct sweep *sweep = calloc(1, sizeof *sweep);
    if (!sweep)
        abort();
    sweep->command.apply = apply;
    sweep->command.done = done;
    sweep->before_ms = clock_wall_ms() - days * (86400 * INT64_C(1000));
    engine_submit(engine, &sweep->command);
}
