// SPDX-License-Identifier: GPL-3.0-or-later
// live_limit_look.c - what the toys of a live limit study say, and what is out

#include <math.h>

#include "live_limit.h"

// ---- what it says -----------------------------------------------------------

// Over how many points a background toy of the site counts, on average: its
// inverse.
static double share_of(const struct live_limit_site *site)
{
    uint64_t alone = site->b.total;
    double shares = 0;
    if (!site->shared || !alone)
        return 1;
    for (size_t k = 2; k <= LIMIT_MAX_POINTS; k++) {
        shares += (double)site->shared[k] / (double)k;
        alone -= site->shared[k];
    }
    return (shares + (double)alone) / (double)site->b.total;
}

static void summarise(struct live_limit_site *site,
                      const struct limit_reading *reading)
{
    struct arena arena;
    arena_init(&arena);
    const struct live_limit_datum *source = site->source;
    struct limit_told told = {.mu = site->mu,
                              .observed = site->observed,
                              .inconsistent = site->inconsistent,
                              .q = site->observed ? site->q : 0,
                              .q_asimov = source ? source->q_asimov : NAN,
                              .muhat = source ? source->muhat : NAN,
                              .sb = &site->sb,
                              .b = &site->b,
                              .share_b = share_of(site)};
    site->summary = limit_site_look(&told, reading, &arena);
    site->fresh = true;
    arena_done(&arena);
}

const struct limit_study *live_limit_look(const struct live *live)
{
    struct live_limit *limit = live->limit;
    const struct limit_plan *plan = &live->definition->limit->plan;
    live_limit_sync(live);
    if (limit->looked)
        return &limit->study;
    for (size_t i = 0; i < limit->n; i++) {
        if (!limit->sites[i].fresh)
            summarise(&limit->sites[i], &plan->reading);
        limit->summaries[i] = limit->sites[i].summary;
    }
    arena_reset(&limit->arena);
    limit->study =
        limit_study_look(plan, limit->summaries, limit->n, &limit->arena);
    limit->looked = true;
    return &limit->study;
}

// ---- what is out ------------------------------------------------------------

size_t live_limit_points(const struct live *live, size_t number,
                         size_t sites[LIMIT_MAX_POINTS])
{
    const struct live_limit *limit = live->limit;
    struct limit_errand errand =
        limit_errand_read(history_point(&live->history, number));
    size_t n = 0, most = 1;
    live_limit_sync(live);
    sites[n++] = limit->site_of[number];
    if (live->definition->limit->plan.shared && errand.kind == LIMIT_ERRAND_B)
        most = LIMIT_MAX_VALUES / errand.ntoys;
    for (size_t i = 0; i < limit->n && n < most && n < LIMIT_MAX_POINTS; i++)
        if (i != sites[0] && limit->sites[i].first <= number)
            sites[n++] = i;
    return n;
}

struct limit_running *live_limit_running(const struct live *live,
                                         struct arena *arena)
{
    const struct history *history = &live->history;
    live_limit_sync(live);
    struct limit_running *running =
        arena_zeros(arena, live->limit->n + 1, sizeof *running);
    for (size_t i = 0; i < history->count[TRIAL_RUNNING]; i++) {
        size_t number = history->running[i], sites[LIMIT_MAX_POINTS];
        struct limit_errand errand =
            limit_errand_read(history_point(history, number));
        size_t n = live_limit_points(live, number, sites);
        if (errand.kind == LIMIT_ERRAND_DATA)
            running[sites[0]].data = true;
        else if (errand.kind == LIMIT_ERRAND_SB)
            running[sites[0]].sb += (double)errand.ntoys;
        for (size_t k = 0; errand.kind == LIMIT_ERRAND_B && k < n; k++)
            running[sites[k]].b += (double)errand.ntoys / (double)n;
    }
    return running;
}

struct live_limit_out live_limit_out(const struct live *live,
                                     struct arena *arena)
{
    const struct history *history = &live->history;
    struct live_limit_out out = {.total = 0};
    live_limit_sync(live);
    for (int i = 0; i < 2; i++)
        out.toys[i] =
            arena_zeros(arena, live->limit->n + 1, sizeof *out.toys[i]);
    for (size_t i = 0; i < history->count[TRIAL_RUNNING]; i++) {
        size_t number = history->running[i], sites[LIMIT_MAX_POINTS];
        struct limit_errand errand =
            limit_errand_read(history_point(history, number));
        size_t n = live_limit_points(live, number, sites);
        for (size_t k = 0; k < n; k++)
            out.toys[errand.kind == LIMIT_ERRAND_B][sites[k]] += errand.ntoys;
        out.total += errand.ntoys;
    }
    return out;
}
