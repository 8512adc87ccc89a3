// SPDX-License-Identifier: GPL-3.0-or-later
// scan_next.c - what a grid study hands out next, and how far it is

#include <stdio.h>
#include <string.h>

#include "scan.h"
#include "trial.h"

enum { SOON_S = 10 }; // when to look whether what runs has failed

// ---- once more --------------------------------------------------------------

bool scan_may_retry(const struct live *live, size_t number)
{
    const struct scan *scan = live->scan;
    int64_t run = live->trials[number].run;
    if (!run)
        return false;
    const struct scan_run *its = &scan->runs[scan_place(scan, run)];
    return (its->state == RUN_LOST || its->state == RUN_ERRED) &&
           (size_t)its->latest == number;
}

// The latest trial of the first run in this state, of which there is one. None
// is before *from.
static int64_t first_in(const struct scan *scan, enum run_state state,
                        size_t *from)
{
    while (scan->runs[*from].state != state)
        ++*from;
    return scan->runs[*from].latest;
}

int64_t scan_find_retry(const struct live *live)
{
    struct scan *scan = live->scan;
    if (scan->count[RUN_LOST])
        return first_in(scan, RUN_LOST, &scan->lost_from);
    if (scan->count[RUN_ERRED])
        return first_in(scan, RUN_ERRED, &scan->erred_from);
    return -1;
}

bool scan_defers(const struct live *live, size_t number)
{
    return live->history.state[number] == TRIAL_FAILED &&
           live->scan->count[RUN_FRESH] > 0;
}

// ---- never tried ------------------------------------------------------------

// The place in `runs` of the next fresh run. All points come once before the
// next replica of any.
static size_t next_fresh(struct scan *scan)
{
    for (;; scan->fresh_from++) {
        size_t point = scan->fresh_from % scan->n_points;
        size_t replica = scan->fresh_from / scan->n_points;
        size_t at = point * scan->replicas + replica;
        if (scan->runs[at].state == RUN_FRESH)
            return at;
    }
}

static int say_exhausted(const struct scan *scan, struct ask *ask,
                         struct error *err)
{
    size_t running = scan->count[RUN_RUNNING];
    ask->reason = "exhausted";
    ask->retry_after_s = running ? SOON_S : 0;
    return error_set(err, ERROR_EXHAUSTED,
                     "no run is left to hand out: %zu of %zu are complete, "
                     "%zu run, %zu failed",
                     scan->count[RUN_COMPLETE], scan_runs(scan), running,
                     scan->count[RUN_FAILED]);
}

int scan_choose(struct live *live, struct ask *ask, struct arena *arena,
                struct ahead_item *item, struct error *err)
{
    struct scan *scan = live->scan;
    size_t d = live->history.space->n;
    if (!scan->count[RUN_FRESH])
        return say_exhausted(scan, ask, err);
    size_t at = next_fresh(scan);
    item->run = scan_run_at(scan, at);
    item->point = arena_doubles(arena, d);
    if (scan->cartesian)
        grid_point(&scan->grid, at / scan->replicas, item->point);
    else if (d)
        memcpy(
            item->point,
            history_point(&live->history, (size_t)scan_origin(scan, item->run)),
            d * sizeof *item->point);
    item->why = NULL;
    item->seen_revision = live->progress.revision;
    item->seen = live->history.n_ended;
    return 0;
}

// ---- how far it is ----------------------------------------------------------

bool scan_is_done(const struct scan *scan)
{
    return scan->cartesian && scan->count[RUN_FRESH] + scan->count[RUN_LOST] +
                                      scan->count[RUN_ERRED] +
                                      scan->count[RUN_QUEUED] +
                                      scan->count[RUN_RUNNING] ==
                                  0;
}

const char *scan_done(const struct live *live, char *detail)
{
    const struct scan *scan = live->scan;
    if (!scan_is_done(scan))
        return NULL;
    snprintf(detail, BUDGET_DETAIL,
             "points are done: %zu of %zu runs are complete, %zu failed",
             scan->count[RUN_COMPLETE], scan_runs(scan),
             scan->count[RUN_FAILED]);
    return "exhausted";
}

size_t scan_runs(const struct scan *scan)
{
    return scan->n_points * scan->replicas - scan->count[RUN_NONE];
}

size_t scan_missing(const struct scan *scan)
{
    return scan_runs(scan) - scan->count[RUN_COMPLETE] -
           scan->count[RUN_FAILED];
}

void scan_show(const struct scan *scan, struct study_progress *progress)
{
    if (!scan)
        return;
    progress->points = (int64_t)(scan_runs(scan) / scan->replicas);
    progress->runs = (int64_t)scan_runs(scan);
    progress->runs_complete = (int64_t)scan->count[RUN_COMPLETE];
    progress->runs_failed = (int64_t)scan->count[RUN_FAILED];
}
