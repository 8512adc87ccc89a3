// SPDX-License-Identifier: GPL-3.0-or-later
// route_grid.c - GET /studies/{id}/grid: how far a grid is, run by run
//
// The live study knows all runs, so counting them and finding a page of those
// in some state reads nothing. What users said of the points, and why trials
// failed, is read for the runs of the page.

#include <inttypes.h>
#include <string.h>

#include "kind.h"
#include "route.h"
#include "wire_space.h"

enum {
    PAGE_BYTES = 4194304, // after which a page ends
    STEP = 50,            // runs whose texts are read at once
};

struct looking {
    struct command command;
    struct call *call;
    unsigned states; // bits 1 << enum run_state
    int64_t after;   // the run before the first one, 0: from the start
    int64_t limit;
    struct text text;
};

// What the API calls the states of a run.
static const char *const names[RUN_STATES] = {
    [RUN_FRESH] = "missing",     [RUN_LOST] = "missing",
    [RUN_ERRED] = "missing",     [RUN_DROPPED] = "missing",
    [RUN_QUEUED] = "queued",     [RUN_RUNNING] = "running",
    [RUN_COMPLETE] = "complete", [RUN_FAILED] = "failed"};

// ---- the texts of some runs -------------------------------------------------

// The texts of one run: of its first trial those of the point, of its latest
// the error.
struct item {
    size_t place;
    int64_t origin, latest; // -1: there is none
    const char *point_id, *meta, *error;
};

struct step {
    struct arena arena;
    struct item items[STEP];
    size_t n;
};

static int visit_texts(void *context, const struct trial_row *row,
                       struct error *err)
{
    struct step *step = context;
    (void)err;
    for (size_t i = 0; i < step->n; i++) {
        struct item *item = &step->items[i];
        if (item->origin == row->number) {
            item->point_id = row->point_id;
            item->meta = row->meta;
        }
        if (item->latest == row->number)
            item->error = row->error;
    }
    return 0;
}

static int read_texts(const struct live *live, struct store *store,
                      struct step *step, struct error *err)
{
    int64_t numbers[2 * STEP];
    size_t n = 0;
    for (size_t i = 0; i < step->n; i++) {
        if (step->items[i].origin >= 0)
            numbers[n++] = step->items[i].origin;
        if (step->items[i].latest >= 0)
            numbers[n++] = step->items[i].latest;
    }
    return n ? store_trial_texts(store, live->id, numbers, n, &step->arena,
                                 visit_texts, step, err)
             : 0;
}

// ---- a run ------------------------------------------------------------------

static void write_params(struct text *text, const struct live *live,
                         const struct item *item, struct arena *arena)
{
    const struct scan *scan = live->scan;
    const struct space *space = live->history.space;
    text_key(text, "params");
    if (scan->cartesian) {
        double *point = arena_doubles(arena, space->n);
        grid_point(&scan->grid, item->place / scan->replicas, point);
        wire_point_write(text, space, point);
    } else {
        wire_point_write(text, space,
                         history_point(&live->history, (size_t)item->origin));
    }
}

// The attempts, in their order.
static void write_numbers(struct text *text, const struct live *live,
                          int32_t latest, struct arena *arena)
{
    size_t n = 0;
    for (int32_t i = latest; i >= 0; i = live->trials[i].run_before)
        n += live->trials[i].withdrawn != WITHDRAWN_DELETED;
    int32_t *numbers = arena_zeros(arena, n + 1, sizeof *numbers);
    size_t at = n;
    for (int32_t i = latest; i >= 0; i = live->trials[i].run_before)
        if (live->trials[i].withdrawn != WITHDRAWN_DELETED)
            numbers[--at] = i;
    text_key(text, "numbers");
    text_char(text, '[');
    for (size_t i = 0; i < n; i++) {
        text_next(text);
        text_int(text, numbers[i]);
    }
    text_char(text, ']');
}

static void write_item(struct text *text, const struct live *live,
                       const struct item *item, struct arena *arena)
{
    const struct scan *scan = live->scan;
    const struct scan_run *run = &scan->runs[item->place];
    text_next(text);
    text_char(text, '{');
    text_key_string(text, "point_id", item->point_id);
    write_params(text, live, item, arena);
    text_key_json(text, "meta", item->meta);
    text_key_int(text, "replica", scan_replica(scan_run_at(scan, item->place)));
    text_key_string(text, "state", names[run->state]);
    write_numbers(text, live, run->latest, arena);
    text_key_string(text, "error",
                    run->state == RUN_COMPLETE ? NULL : item->error);
    text_char(text, '}');
}

// ---- a page -----------------------------------------------------------------

// Gathers the next runs that are wanted, from *place on.
static void gather(const struct looking *looking, const struct scan *scan,
                   size_t most, size_t *place, struct step *step)
{
    size_t n = scan->n_points * scan->replicas;
    step->n = 0;
    for (; *place < n && step->n < most; ++*place) {
        const struct scan_run *run = &scan->runs[*place];
        if (looking->states >> run->state & 1)
            step->items[step->n++] = (struct item){
                .place = *place,
                .origin = scan_origin(scan, scan_run_at(scan, *place)),
                .latest = run->latest};
    }
}

static void write_counts(struct text *text, const struct live *live)
{
    const struct scan *scan = live->scan;
    const size_t *count = scan->count;
    text_key_string(text, "study_id", live->key);
    text_key_int(text, "revision", live->progress.revision);
    text_key_int(text, "points", live->progress.points);
    text_key_int(text, "replicas", (int64_t)scan->replicas);
    text_key_int(text, "runs", live->progress.runs);
    text_key_int(text, "complete", (int64_t)count[RUN_COMPLETE]);
    text_key_int(text, "running", (int64_t)count[RUN_RUNNING]);
    text_key_int(text, "queued", (int64_t)count[RUN_QUEUED]);
    text_key_int(text, "failed", (int64_t)count[RUN_FAILED]);
    text_key_int(text, "missing", (int64_t)scan_missing(scan));
    text_key_int(text, "attempts",
                 (int64_t)(scan->attempts - count[RUN_QUEUED]));
}

static int write_items(const struct looking *looking, const struct live *live,
                       struct store *store, struct step *step,
                       struct text *text, struct error *err)
{
    const struct scan *scan = live->scan;
    size_t place = looking->after ? scan_place(scan, looking->after) + 1 : 0;
    size_t left = (size_t)looking->limit;
    int64_t last = 0;
    text_key(text, "items");
    text_char(text, '[');
    do {
        arena_reset(&step->arena);
        gather(looking, scan, left < STEP ? left : STEP, &place, step);
        if (read_texts(live, store, step, err))
            return -1;
        for (size_t i = 0; i < step->n; i++) {
            write_item(text, live, &step->items[i], &step->arena);
            last = scan_run_at(scan, step->items[i].place);
        }
        left -= step->n;
    } while (step->n && left > 0 && text->n < PAGE_BYTES);
    text_char(text, ']');
    text_key(text, "next");
    if (step->n && place < scan->n_points * scan->replicas)
        text_print(text, "\"%" PRId64 "\"", last);
    else
        text_add(text, "null");
    return 0;
}

static int apply(struct command *command, struct live *live,
                 struct store *store, struct error *err)
{
    struct looking *looking = (struct looking *)command;
    struct text *text = &looking->text;
    if (!live->scan)
        return error_set(err, ERROR_INVALID,
                         "grid is for a study of kind grid, not %s",
                         kind_of(live->definition)->name);
    if (!scan_holds(live->scan, looking->after))
        return error_set(err, ERROR_INVALID,
                         "cursor must be one that this study gave, not "
                         "%" PRId64,
                         looking->after);
    text_init(text, &looking->call->request->arena);
    text_char(text, '{');
    write_counts(text, live);
    struct step *step =
        arena_zeros(&looking->call->request->arena, 1, sizeof *step);
    arena_init(&step->arena);
    int result = write_items(looking, live, store, step, text, err);
    arena_done(&step->arena);
    text_char(text, '}');
    return result;
}

static void done(struct command *command, const struct live *live)
{
    struct looking *looking = (struct looking *)command;
    (void)live;
    route_finish(looking->call, command, &looking->text);
}

// ---- the request ------------------------------------------------------------

static int read_state(const struct call *call, unsigned *states,
                      struct error *err)
{
    const char *state = request_query(call->request, "state");
    *states = 0;
    for (unsigned i = RUN_NONE + 1; i < RUN_STATES; i++)
        if (!state || strcmp(names[i], state) == 0)
            *states |= 1u << i;
    if (state && strcmp(state, "missing") == 0)
        *states |= 1u << RUN_QUEUED | 1u << RUN_RUNNING;
    return *states ? 0
                   : error_set(err, ERROR_INVALID,
                               "state must be missing, queued, running, "
                               "complete or failed, not \"%.40s\"",
                               state);
}

enum route_outcome route_study_grid(struct call *call, struct error *err)
{
    static const char *const known[] = {"state", "limit", "cursor", NULL};
    struct directory_entry entry;
    struct looking *looking =
        arena_zeros(&call->request->arena, 1, sizeof *looking);
    if (route_query_known(call, known, err) ||
        read_state(call, &looking->states, err) ||
        route_query_int(call, "limit", 1, 1000, 100, &looking->limit, err) ||
        route_query_int(call, "cursor", 1, INT64_C(1) << 53, 0, &looking->after,
                        err))
        return ROUTE_FAILED;
    enum route_outcome found = route_study(call, call->args[0], &entry, err);
    if (found != ROUTE_DONE)
        return found;
    looking->command.study_id = entry.study_id;
    looking->command.apply = apply;
    looking->command.done = done;
    looking->call = route_keep(call);
    route_submit(call, &looking->command);
    return ROUTE_LATER;
}
