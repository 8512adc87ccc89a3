// SPDX-License-Identifier: GPL-3.0-or-later
// live_read.c - a study that is only looked at, outside of transactions

#include "live_private.h"

struct live *live_read(struct store *store, int64_t id, struct error *err)
{
    struct live *live = live_load(store, id, err);
    if (!live || live_fetch(live, store, -1, err) == 0)
        return live;
    live_free(live);
    return NULL;
}
