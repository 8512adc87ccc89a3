// SPDX-License-Identifier: GPL-3.0-or-later
// bring.c - trials that users bring: to be run, or with their results

#include "bring.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "../optimizers/repair.h"
#include "../optimizers/restriction.h"
#include "../optimizers/rng.h"
#include "clock.h"
#include "kind.h"
#include "quota.h"
#include "store_log.h"
#include "study.h"
#include "trial_private.h"

// ---- deciding ---------------------------------------------------------------

static uint64_t digest(const unsigned char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static bool is_list(const struct live *live)
{
    return live->scan && !live->scan->cartesian;
}

// Finds the point of a list by its id, which a copied trial keeps from where it
// comes. Returns 1 when there is none.
static int find_point(const struct live *live, struct brought *trial)
{
    int64_t point = numbers_find(&live->scan->points, scan_key(trial->id));
    if (point < 0)
        return 1;
    int64_t run = scan_run_at(live->scan, (size_t)point * live->scan->replicas);
    trial->number = scan_origin(live->scan, run);
    return 0;
}

// Finds trial i by its id. Returns 1 when it was not brought before.
static int find(const struct live *live, struct bring *bring, size_t i,
                struct error *err)
{
    struct brought *trial = &bring->trials[i];
    if (!trial->id)
        return 1;
    for (size_t j = 0; j < i; j++)
        if (bring->trials[j].id && strcmp(bring->trials[j].id, trial->id) == 0)
            return error_set(err, ERROR_INVALID,
                             "trials[%zu].id is the id of trials[%zu], too", i,
                             j);
    int64_t number = numbers_find(&live->clients, digest(trial->key));
    if (number < 0 && is_list(live))
        return find_point(live, trial);
    if (number < 0)
        return 1;
    if (live->trials[number].withdrawn == WITHDRAWN_DELETED)
        return error_set(err, ERROR_CONFLICT,
                         "trials[%zu].id \"%.100s\" is that of trial %" PRId64
                         ", which was deleted",
                         i, trial->id, number);
    if (live->trials[number].client_body != digest(trial->key + 8))
        return error_set(err, ERROR_CONFLICT,
                         "trials[%zu].id \"%.100s\" is that of trial %" PRId64
                         ", which came with something else",
                         i, trial->id, number);
    trial->number = number;
    return 0;
}

// Has the point the coordinates that are given in `wanted`?
static bool matches(const double *point, const double *wanted, size_t d)
{
    for (size_t k = 0; k < d; k++)
        if (!isnan(wanted[k]) && point[k] != wanted[k])
            return false;
    return true;
}

// The number of a trial with these coordinates, be it in the study or before i
// in the call; -1 when there is none. One that will bring no result counts not.
static int64_t existing(const struct live *live, const struct bring *bring,
                        size_t i)
{
    const struct history *history = &live->history;
    const double *wanted = bring->trials[i].point;
    size_t d = history->space->n;
    for (size_t number = 0; number < history->n; number++)
        if (history->state[number] != TRIAL_LOST &&
            history->state[number] != TRIAL_CANCELLED &&
            matches(history_point(history, number), wanted, d))
            return (int64_t)number;
    for (size_t j = 0; j < i; j++)
        if (bring->trials[j].is_new &&
            matches(bring->trials[j].point, wanted, d))
            return bring->trials[j].number;
    return -1;
}

// Whether a parameter is active must not be left to what is drawn.
static int check_parents(const struct space *space, const double *point,
                         size_t i, struct error *err)
{
    for (size_t k = 0; k < space->n; k++)
        for (size_t c = 0; c < space->params[k].n_conditions; c++) {
            size_t parent = space->params[k].conditions[c].parent;
            if (!isnan(point[k]) && isnan(point[parent]))
                return error_set(err, ERROR_INVALID,
                                 "trials[%zu].params.%.80s is given without "
                                 "%.80s, on which it depends",
                                 i, space->params[k].name,
                                 space->params[parent].name);
        }
    return 0;
}

// The constraint that is to blame: one that what is given breaks by itself,
// else the first one that is broken.
static const char *broken(const struct space *space, const bool *given,
                          const double *point)
{
    const struct restrictions *all = space->restrictions;
    for (size_t i = 0; i < all->n; i++) {
        const struct restriction *r = &all->list[i];
        bool complete = !restriction_holds(r, space, point);
        for (size_t j = 0; j < r->n; j++)
            complete &= given[r->params[j]];
        if (complete)
            return r->text;
    }
    return restriction_broken(space, point)->text;
}

// Sees to it that all constraints hold, by what is drawn.
static int meet_constraints(const struct space *space, const bool *given,
                            struct rng *rng, struct brought *trial, size_t i,
                            struct error *err)
{
    struct arena arena;
    arena_init(&arena);
    bool found = repair_anew(space, given, rng, &arena, trial->point);
    arena_done(&arena);
    if (found)
        return 0;
    return error_set(
        err, ERROR_INVALID,
        "trials[%zu].params does not meet the constraint \"%.150s\"", i,
        broken(space, given, trial->point));
}

// Checks the coordinates of a trial and, for one that is enqueued, draws those
// that are not given.
static int complete(const struct live *live, struct brought *trial, size_t i,
                    struct error *err)
{
    const struct space *space = live->history.space;
    struct rng rng = rng_at(live->definition->seed ^ 0x656e717565756500u,
                            (uint64_t)trial->number);
    bool given[SPACE_MAX_PARAMS];
    for (size_t k = 0; k < space->n; k++) {
        const struct param *param = &space->params[k];
        bool active = space_active(space, trial->point, k);
        double drawn = param_decode(param, rng_uniform(&rng));
        given[k] = !isnan(trial->point[k]);
        if (active == !isnan(trial->point[k]))
            continue;
        if (!active)
            return error_set(
                err, ERROR_INVALID,
                "trials[%zu].params.%.80s is given, but its `when` "
                "does not hold",
                i, param->name);
        if (trial->imported || live->scan)
            return error_set(err, ERROR_INVALID,
                             "trials[%zu].params.%.80s is required for %s", i,
                             param->name,
                             trial->imported ? "a trial with a result"
                                             : "a point of a list");
        trial->point[k] = drawn;
    }
    return trial->imported
               ? 0
               : meet_constraints(space, given, &rng, trial, i, err);
}

static int check_queue(const struct live *live, size_t n, size_t i,
                       struct error *err)
{
    if (live->state == STUDY_DRAINING || live->state == STUDY_FINISHED)
        return error_set(err, ERROR_CONFLICT,
                         "trials[%zu] cannot be enqueued: the study is %s", i,
                         study_state_name(live->state));
    if (live->history.count[TRIAL_QUEUED] + n > BRING_MAX_QUEUED)
        return error_set(err, ERROR_INVALID,
                         "trials[%zu] cannot be enqueued: %d trials wait "
                         "already",
                         i, BRING_MAX_QUEUED);
    return 0;
}

// Checks all that a trial which is new has to fulfil.
static int check(const struct live *live, struct brought *trial, size_t i,
                 size_t n_queued, struct error *err)
{
    struct error fault = {0};
    if (check_parents(live->history.space, trial->point, i, err) ||
        complete(live, trial, i, err))
        return -1;
    if (!trial->imported)
        return check_queue(live, n_queued, i, err);
    trial->tell.number = trial->number;
    if (trial_check_tell(live, &trial->tell, &fault))
        return error_set(err, fault.code, "trials[%zu].%s", i, fault.message);
    return 0;
}

// May the grid study of `live` get trial i, one of n_new?
static int check_grid(const struct live *live, const struct brought *trial,
                      size_t i, size_t n_new, struct error *err)
{
    const struct scan *scan = live->scan;
    if (scan->cartesian && !trial->imported)
        return error_set(err, ERROR_INVALID,
                         "trials[%zu] cannot be enqueued: the points of a "
                         "cartesian grid are the cells of its space",
                         i);
    if (!scan->cartesian && !scan_has_room(scan, n_new))
        return error_set(err, ERROR_INVALID,
                         "trials[%zu] is too much: a grid has at most %d "
                         "points times replicas, not %zu x %zu",
                         i, SCAN_MAX_RUNS, scan->n_points + n_new,
                         scan->replicas);
    return 0;
}

static int decide(const struct live *live, struct bring *bring,
                  struct error *err)
{
    size_t n_queued = 0;
    bring->n_new = 0;
    for (size_t i = 0; i < bring->n; i++) {
        struct brought *trial = &bring->trials[i];
        trial->is_new = false;
        int first = find(live, bring, i, err);
        if (first < 0)
            return -1;
        if (!first)
            continue;
        trial->number = bring->skip_existing && !trial->imported
                            ? existing(live, bring, i)
                            : -1;
        if (trial->number >= 0)
            continue;
        trial->number = (int64_t)(live->history.n + bring->n_new);
        n_queued += !trial->imported;
        if ((live->scan && check_grid(live, trial, i, bring->n_new + 1, err)) ||
            check(live, trial, i, n_queued, err))
            return -1;
        trial->is_new = true;
        bring->n_new++;
    }
    return 0;
}

// ---- writing ----------------------------------------------------------------

// Which run of a grid study the trial is. What is brought to a list is a point
// of its own.
static void take_run(const struct live *live, const struct brought *brought,
                     struct live_trial *trial)
{
    if (!is_list(live)) {
        trial->run = scan_arrive(live, brought->point, 0);
        return;
    }
    trial->run = scan_append(live->scan);
    trial->point_key = brought->id ? scan_key(brought->id) : 0;
}

// Adds the trial, to the queue or as one that is about to end.
static int add(struct live *live, struct store *store,
               const struct bring *bring, const struct brought *brought,
               struct error *err)
{
    struct live_trial trial = {.seen_revision = live->progress.revision,
                               .attempt = 1,
                               .retry_of = -1,
                               .wall_s = NAN,
                               .brought = true,
                               .priority = brought->priority,
                               .client_key = digest(brought->key),
                               .client_body = digest(brought->key + 8)};
    if (live->scan)
        take_run(live, brought, &trial);
    ahead_skip(live);
    live_revise(live);
    size_t number =
        brought->imported
            ? live_append(live, brought->point, &trial, live->history.n_ended)
            : live_enqueue(live, brought->point, &trial);
    struct trial_row row = trial_row_of(live, number);
    row.created_ms = clock_wall_ms();
    row.sampler = brought->imported ? "imported" : "enqueued";
    row.meta = brought->meta;
    row.client_id = brought->id;
    row.point_id = is_list(live) ? brought->id : NULL;
    memcpy(row.client_key, brought->key, sizeof row.client_key);
    if (store_trial_add(store, &row, err))
        return -1;
    return trial_event(live, store,
                       brought->imported ? "trial_imported" : "trial_queued",
                       row.number, bring->user_id, err);
}

static int add_reports(struct live *live, struct store *store,
                       const struct brought *trial, struct error *err)
{
    for (size_t i = 0; i < trial->n_reports; i++) {
        const struct bring_report *report = &trial->reports[i];
        struct report_row row = {.study_id = live->id,
                                 .number = trial->number,
                                 .step = report->step,
                                 .value = report->value,
                                 .at_ms = clock_wall_ms(),
                                 .revision = live->progress.revision};
        live_report(live, (size_t)trial->number, row.step, row.value);
        if (store_report_put(store, &row, err))
            return -1;
    }
    return 0;
}

int bring_trials(struct live *live, struct store *store, struct bring *bring,
                 struct error *err)
{
    if (kind_of(live->definition)->ordered)
        return error_set(err, ERROR_INVALID,
                         "trials of a study of kind %s are ordered by the "
                         "service: none can be brought",
                         kind_of(live->definition)->name);
    if (decide(live, bring, err) || quota_take_trials(live, bring->n_new, err))
        return -1;
    for (size_t i = 0; i < bring->n; i++) {
        struct brought *trial = &bring->trials[i];
        if (!trial->is_new)
            continue;
        if (add(live, store, bring, trial, err) ||
            add_reports(live, store, trial, err) ||
            (trial->imported && trial_tell(live, store, &trial->tell, err)))
            return -1;
    }
    return 0;
}
