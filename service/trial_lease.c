// SPDX-License-Identifier: GPL-3.0-or-later
// trial_lease.c - how long a trial belongs to its worker

#include <math.h>

#include "clock.h"
#include "trial_private.h"

static int64_t lease_of(const struct live *live)
{
    return 1000 * live->definition->lease_s;
}

// Every call of a worker renews its lease. The store hears of it when half of
// the lease is used up, so that frequent reports cost one write, not two.
int trial_renew(struct live *live, struct store *store, size_t number,
                struct error *err)
{
    struct live_trial *trial = &live->trials[number];
    int64_t now = clock_wall_ms();
    if (live->history.state[number] != TRIAL_RUNNING ||
        trial->lease_ms - now > lease_of(live) / 2)
        return 0;
    trial->lease_ms = now + lease_of(live);
    return store_trial_lease(store, live->id, (int64_t)number, trial->lease_ms,
                             err);
}

int trial_heartbeat(struct live *live, struct store *store,
                    struct heartbeat *heartbeat, struct error *err)
{
    if (trial_check_number(live, heartbeat->number, err))
        return -1;
    size_t number = (size_t)heartbeat->number;
    enum trial_state state = live_state(live, number);
    if (trial_renew(live, store, number, err))
        return -1;
    heartbeat->lease_ms = live->trials[number].lease_ms;
    heartbeat->go_on = trial_is_open(state) && !live->trials[number].stopped;
    heartbeat->reason = !trial_is_open(state)          ? trial_state_name(state)
                        : live->trials[number].stopped ? "stopped"
                                                       : NULL;
    return 0;
}

// ---- the reaper's part ------------------------------------------------------

// Learns the lease from the store: another instance may have renewed it, which
// changes no revision.
static int read_lease(struct live *live, struct store *store, size_t number,
                      struct error *err)
{
    struct arena arena;
    struct trial_row row;
    arena_init(&arena);
    int result =
        store_trial_get(store, live->id, (int64_t)number, &arena, &row, err);
    if (result == 0)
        live->trials[number].lease_ms = row.lease_ms;
    arena_done(&arena);
    return result;
}

// Gives another lease in a revision of its own, for the other instances to see:
// one that remembered a later end would not renew it in time.
static int give(struct live *live, struct store *store, size_t number,
                int64_t lease_ms, struct error *err)
{
    live->trials[number].lease_ms = lease_ms;
    live_revise(live);
    struct trial_row row = trial_row_of(live, number);
    return store_trial_end(store, &row, err);
}

// The end of a lease whose clock was set back: it goes on for what remained
// before, and for a whole lease at least.
static int64_t corrected(const struct live *live, int64_t lease_ms,
                         const struct expiry *expiry)
{
    int64_t remained = lease_ms - expiry->now_ms - expiry->set_back_ms;
    int64_t most = lease_of(live) > remained ? lease_of(live) : remained;
    return expiry->now_ms + most;
}

// Was the lease given by spared_ms? One that was renewed since ends a lease of
// the study later at least; an ask may have granted less.
static bool is_spared(const struct live *live, size_t number, int64_t spared_ms)
{
    const struct live_trial *trial = &live->trials[number];
    return spared_ms && trial->started_ms <= spared_ms &&
           trial->lease_ms < spared_ms + lease_of(live);
}

int trial_expire(struct live *live, struct store *store, struct expiry *expiry,
                 struct error *err)
{
    expiry->lost = false;
    if (trial_check_number(live, expiry->number, err))
        return -1;
    size_t number = (size_t)expiry->number;
    if (live->history.state[number] != TRIAL_RUNNING)
        return 0;
    if (read_lease(live, store, number, err))
        return -1;
    int64_t lease_ms = live->trials[number].lease_ms;
    if (expiry->set_back_ms > lease_of(live) &&
        lease_ms > expiry->now_ms + expiry->set_back_ms)
        return give(live, store, number, corrected(live, lease_ms, expiry),
                    err);
    if (lease_ms > expiry->now_ms)
        return 0;
    if (is_spared(live, number, expiry->spared_ms))
        return give(live, store, number, expiry->now_ms + lease_of(live), err);
    struct trial_end end = {.state = TRIAL_LOST,
                            .outcome = outcome_none,
                            .error = "the lease ran out"};
    expiry->lost = true;
    return trial_end(live, store, number, &end, err);
}
