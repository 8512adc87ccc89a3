// SPDX-License-Identifier: GPL-3.0-or-later
// scan.c - the runs of a grid study

#include "scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/memory.h"
#include "../optimizers/restriction.h"
#include "live.h"
#include "widen.h"

// ---- the points -------------------------------------------------------------

int scan_check(const struct space *space, int64_t replicas, struct error *err)
{
    struct arena arena;
    struct grid grid;
    for (size_t k = 0; k < space->n; k++)
        if (!param_levels(&space->params[k]))
            return error_set(err, ERROR_INVALID,
                             "space.%.100s needs a step: a cartesian grid has "
                             "a finite number of points",
                             space->params[k].name);
    arena_init(&arena);
    grid_init(&grid, space, 0, &arena);
    double cells = grid.count;
    arena_done(&arena);
    if (cells * (double)replicas > SCAN_MAX_RUNS)
        return error_set(err, ERROR_INVALID,
                         "space must have at most %d points times replicas, "
                         "not %.15g x %d",
                         SCAN_MAX_RUNS, cells, (int)replicas);
    if (space->restrictions && cells > SCAN_MAX_RESTRICTED)
        return error_set(err, ERROR_INVALID,
                         "space must have at most %d points with constraints, "
                         "not %.15g",
                         SCAN_MAX_RESTRICTED, cells);
    return 0;
}

static bool same_constraints(const struct space *a, const struct space *b)
{
    const struct restrictions *x = a->restrictions, *y = b->restrictions;
    bool same = (x ? x->n : 0) == (y ? y->n : 0);
    for (size_t i = 0; same && x && i < x->n; i++)
        same = strcmp(x->list[i].text, y->list[i].text) == 0;
    return same;
}

int scan_check_change(const struct scan *scan, const struct definition *before,
                      const struct definition *after, struct error *err)
{
    struct error fault = {0};
    if (before->grid.cartesian != after->grid.cartesian)
        return error_set(err, ERROR_INVALID, "grid.points cannot be changed");
    if (after->grid.replicas < before->grid.replicas)
        return error_set(err, ERROR_INVALID,
                         "grid.replicas must be at least %d, as they are, "
                         "not %d",
                         (int)before->grid.replicas, (int)after->grid.replicas);
    if ((double)scan->n_points * (double)after->grid.replicas > SCAN_MAX_RUNS)
        return error_set(err, ERROR_INVALID,
                         "grid.replicas must make at most %d runs of %zu "
                         "points, not %d each",
                         SCAN_MAX_RUNS, scan->n_points,
                         (int)after->grid.replicas);
    if (!scan->cartesian)
        return 0;
    if (widen_check(&after->space, &before->space, &fault))
        return error_set(err, ERROR_INVALID,
                         "space of a cartesian grid cannot be changed");
    if (!same_constraints(&before->space, &after->space))
        return error_set(err, ERROR_INVALID,
                         "constraints of a cartesian grid cannot be changed");
    return 0;
}

// Makes room for n points in all, the new ones without trials.
static void grow(struct scan *scan, size_t n)
{
    size_t wanted = n * scan->replicas;
    if (wanted > scan->capacity) {
        scan->capacity = wanted > 2 * scan->capacity || scan->cartesian
                             ? wanted
                             : 2 * scan->capacity;
        scan->runs =
            memory_resize(scan->runs, scan->capacity, sizeof *scan->runs);
    }
    for (size_t i = scan->n_points * scan->replicas; i < wanted; i++)
        scan->runs[i] = (struct scan_run){-1, -1, RUN_FRESH};
    scan->count[RUN_FRESH] += wanted - scan->n_points * scan->replicas;
    scan->n_points = n;
    if (!scan->cartesian)
        scan->fresh_from = 0; // the order of hand-outs has changed
}

// Takes out the cells that may not be tried.
static void forbid(struct scan *scan)
{
    const struct space *space = scan->grid.space;
    double *point = arena_doubles(&scan->arena, space->n);
    for (size_t i = 0; i < scan->n_points; i++) {
        grid_point(&scan->grid, i, point);
        if (restriction_allows(space, point))
            continue;
        for (size_t r = 0; r < scan->replicas; r++)
            scan->runs[i * scan->replicas + r].state = RUN_NONE;
        scan->count[RUN_FRESH] -= scan->replicas;
        scan->count[RUN_NONE] += scan->replicas;
    }
}

struct scan *scan_new(const struct definition *definition)
{
    if (definition->kind != STUDY_GRID)
        return NULL;
    struct scan *scan = memory_resize(NULL, 1, sizeof *scan);
    *scan = (struct scan){.cartesian = definition->grid.cartesian,
                          .replicas = (size_t)definition->grid.replicas};
    arena_init(&scan->arena);
    if (!scan->cartesian)
        return scan;
    grid_init(&scan->grid, &definition->space, 0, &scan->arena);
    grow(scan, (size_t)scan->grid.count);
    if (definition->space.restrictions)
        forbid(scan);
    return scan;
}

void scan_free(struct scan *scan)
{
    if (!scan)
        return;
    arena_done(&scan->arena);
    numbers_done(&scan->points);
    free(scan->runs);
    free(scan);
}

void scan_rebuild(struct live *live)
{
    scan_free(live->scan);
    live->scan = scan_new(live->definition);
    if (!live->scan)
        return;
    for (size_t i = 0; i < live->history.n; i++)
        scan_enter(live, i);
    scan_show(live->scan, &live->progress);
}

// ---- numbers of runs --------------------------------------------------------

int64_t scan_replica(int64_t run)
{
    return run ? (run - 1) % GRID_MAX_REPLICAS + 1 : 0;
}

static size_t point_of(int64_t run)
{
    return (size_t)(run - 1) / GRID_MAX_REPLICAS;
}

static int64_t run_of(size_t point, size_t replica)
{
    return (int64_t)(point * GRID_MAX_REPLICAS + replica);
}

size_t scan_place(const struct scan *scan, int64_t run)
{
    return point_of(run) * scan->replicas + (size_t)scan_replica(run) - 1;
}

int64_t scan_run_at(const struct scan *scan, size_t place)
{
    return run_of(place / scan->replicas, place % scan->replicas + 1);
}

bool scan_holds(const struct scan *scan, int64_t run)
{
    if (!run)
        return true;
    size_t more = scan && !scan->cartesian;
    return scan && run > 0 && scan_replica(run) <= (int64_t)scan->replicas &&
           point_of(run) < scan->n_points + more;
}

int64_t scan_origin(const struct scan *scan, int64_t run)
{
    return run ? scan->runs[scan_place(scan, run_of(point_of(run), 1))].first
               : -1;
}

bool scan_has_room(const struct scan *scan, size_t n)
{
    return (scan->n_points + n) * scan->replicas <= SCAN_MAX_RUNS;
}

int64_t scan_append(const struct scan *scan)
{
    return run_of(scan->n_points, 1);
}

// ---- keys of points ---------------------------------------------------------

static uint64_t hash(uint64_t seed, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) // FNV-1a
        seed = (seed ^ ((const unsigned char *)bytes)[i]) *
               UINT64_C(1099511628211);
    return seed;
}

uint64_t scan_key(const char *id)
{
    uint64_t key = hash(UINT64_C(14695981039346656037), id, strlen(id));
    return key ? key : 1;
}

// Of a point without an id.
static uint64_t key_of_point(const double *point, size_t d)
{
    uint64_t key = UINT64_C(7046029254386353131);
    for (size_t k = 0; k < d; k++) {
        double value = isnan(point[k]) ? -HUGE_VAL : point[k] + 0.0;
        key = hash(key, &value, sizeof value);
    }
    return key ? key : 1;
}

// ---- trials -----------------------------------------------------------------

// Tells what a run is from the trials that it has.
static enum run_state tell_state(const struct live *live, int32_t latest)
{
    const struct history *history = &live->history;
    bool running = false, queued = false;
    for (int32_t i = latest; i >= 0; i = live->trials[i].run_before) {
        enum trial_state state = (enum trial_state)history->state[i];
        if (trial_state_is_result(state) && state != TRIAL_FAILED)
            return RUN_COMPLETE;
        running = running || state == TRIAL_RUNNING;
        queued = queued || state == TRIAL_QUEUED;
    }
    if (running || queued)
        return running ? RUN_RUNNING : RUN_QUEUED;
    if (history->state[latest] == TRIAL_CANCELLED)
        return RUN_DROPPED;
    bool lost = history->state[latest] == TRIAL_LOST;
    bool again =
        live->trials[latest].attempt < live->definition->max_attempts ||
        (lost && live_is_handed_back(live, (size_t)latest));
    return !again ? RUN_FAILED : lost ? RUN_LOST : RUN_ERRED;
}

static void update(struct live *live, size_t at)
{
    struct scan *scan = live->scan;
    struct scan_run *run = &scan->runs[at];
    scan->count[run->state]--;
    run->state = tell_state(live, run->latest);
    scan->count[run->state]++;
    if (run->state == RUN_LOST && at < scan->lost_from)
        scan->lost_from = at;
    if (run->state == RUN_ERRED && at < scan->erred_from)
        scan->erred_from = at;
}

// Enters a new point of a list.
static void enter_point(struct live *live, size_t number)
{
    struct scan *scan = live->scan;
    const struct live_trial *trial = &live->trials[number];
    uint64_t key = trial->point_key
                       ? trial->point_key
                       : key_of_point(history_point(&live->history, number),
                                      live->history.space->n);
    numbers_put(&scan->points, key, scan->n_points);
    grow(scan, scan->n_points + 1);
}

void scan_enter(struct live *live, size_t number)
{
    struct scan *scan = live->scan;
    struct live_trial *trial = &live->trials[number];
    trial->run_before = -1;
    if (!scan || !trial->run)
        return;
    if (point_of(trial->run) == scan->n_points)
        enter_point(live, number);
    size_t at = scan_place(scan, trial->run);
    struct scan_run *run = &scan->runs[at];
    trial->run_before = run->latest;
    run->latest = (int32_t)number;
    if (run->first < 0)
        run->first = (int32_t)number;
    if (!scan->cartesian)
        trial->point_key =
            live->trials[scan_origin(scan, trial->run)].point_key;
    scan->attempts++;
    update(live, at);
}

void scan_touch(struct live *live, size_t number)
{
    int64_t run = live->trials[number].run;
    if (live->scan && run)
        update(live, scan_place(live->scan, run));
}

int64_t scan_arrive(const struct live *live, const double *point, uint64_t key)
{
    const struct scan *scan = live->scan;
    size_t d = live->history.space->n;
    uint64_t rank = 0;
    double *scratch = memory_resize(NULL, d + 1, sizeof *scratch);
    bool found =
        scan->cartesian ? grid_rank(&scan->grid, point, scratch, &rank) : false;
    free(scratch);
    if (!scan->cartesian) {
        int64_t known =
            numbers_find(&scan->points, key ? key : key_of_point(point, d));
        if (known < 0)
            return scan_has_room(scan, 1) ? scan_append(scan) : 0;
        rank = (uint64_t)known;
        found = true;
    }
    for (size_t r = 0; found && r < scan->replicas; r++) {
        enum run_state state = scan->runs[rank * scan->replicas + r].state;
        if (state != RUN_NONE && state != RUN_QUEUED && state != RUN_RUNNING &&
            state != RUN_COMPLETE)
            return run_of(rank, r + 1);
    }
    return 0;
}

int64_t scan_twin(const struct live *live, size_t number)
{
    int64_t run = live->trials[number].run;
    int32_t i = run ? live->scan->runs[scan_place(live->scan, run)].latest : -1;
    for (; i >= 0; i = live->trials[i].run_before)
        if ((size_t)i != number && (live->history.state[i] == TRIAL_RUNNING ||
                                    live->history.state[i] == TRIAL_QUEUED))
            return i;
    return -1;
}

bool scan_is_complete(const struct live *live, size_t number)
{
    int64_t run = live->trials[number].run;
    return run &&
           live->scan->runs[scan_place(live->scan, run)].state == RUN_COMPLETE;
}
