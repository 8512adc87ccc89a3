// SPDX-License-Identifier: GPL-3.0-or-later
// live_define.c - the definition of a live study, and what follows from it

#include "live.h"

#include "live_limit.h"

// In a wider space the same points have other unit coordinates.
static void encode_again(struct history *history)
{
    size_t d = history->space->n;
    for (size_t i = 0; i < history->n; i++)
        space_encode(history->space, history_point(history, i),
                     history->unit + i * d);
}

void live_define(struct live *live, struct definition *definition)
{
    if (live->definition) {
        ahead_forget(live);
        definition_free(live->definition);
        live->definition = definition;
        live->history.space = &definition->space;
        encode_again(&live->history);
        struct warm *warm = warm_encode(live->warm, &definition->space);
        warm_free(live->warm);
        live->warm = warm;
        live_limit_forget(live);
    } else {
        live->definition = definition;
        live->limit = definition->limit ? live_limit_new() : NULL;
        history_init_for(&live->history, &definition->space,
                         definition->n_objectives,
                         definition_n_bounds(definition));
    }
    scan_rebuild(live);
}
