// SPDX-License-Identifier: GPL-3.0-or-later
// live.c - one study in memory, as the store last knew it

#include "live.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/memory.h"
#include "live_limit.h"
#include "live_private.h"
#include "wire_definition.h"

static void *grow(void *block, size_t n, size_t size)
{
    void *bigger = reallocarray(block, n, size);
    if (!bigger)
        abort();
    return bigger;
}

// ---- trials -----------------------------------------------------------------

// Enters the trial where it is looked up and counted.
static void remember(struct live *live, size_t number)
{
    const struct live_trial *trial = &live->trials[number];
    numbers_put(&live->asks, trial->ask_key, number);
    numbers_put(&live->clients, trial->client_key, number);
    tally_add(&live->tally, trial);
}

static size_t append(struct live *live, enum trial_state state,
                     const double *point, const struct live_trial *trial)
{
    if (live->history.n == live->capacity) {
        live->capacity = live->capacity ? 2 * live->capacity : 64;
        live->trials = grow(live->trials, live->capacity, sizeof *live->trials);
        size_t k = live->definition->n_outcome_constraints;
        if (k)
            live->constraints = grow(live->constraints, live->capacity,
                                     k * sizeof *live->constraints);
    }
    size_t number = history_append(&live->history, state, point);
    live->trials[number] = *trial;
    live->trials[number].retried_by = -1;
    live->trials[number].cost = NAN;
    if (trial->retry_of >= 0)
        live->trials[trial->retry_of].retried_by = (int32_t)number;
    remember(live, number);
    scan_enter(live, number);
    return number;
}

static void count(struct live *live)
{
    for (int i = 0; i < TRIAL_STATES; i++)
        live->progress.count[i] =
            (int64_t)live->history.count[i] + live->hidden[i];
    live->progress.invalid = live->n_invalid;
    live->progress.best_number = live->history.best;
    live->progress.best_value =
        live->history.best < 0 ? NAN
                               : live_value(live, (size_t)live->history.best);
    live->progress.next_number = (int64_t)live->history.n;
    tally_show(&live->tally, &live->progress);
    scan_show(live->scan, &live->progress);
}

size_t live_append(struct live *live, const double *point,
                   const struct live_trial *trial, size_t seen)
{
    size_t number = append(live, TRIAL_RUNNING, point, trial);
    live->history.seen[number] = (uint32_t)seen;
    count(live);
    return number;
}

size_t live_enqueue(struct live *live, const double *point,
                    const struct live_trial *trial)
{
    size_t number = append(live, TRIAL_QUEUED, point, trial);
    count(live);
    return number;
}

void live_start(struct live *live, size_t number,
                const struct live_trial *trial)
{
    tally_remove(&live->tally, &live->trials[number]);
    live->trials[number] = *trial;
    remember(live, number);
    live_move(live, number, TRIAL_RUNNING, &outcome_none);
}

// A model that has seen a result which is corrected now is out of date; so is
// one when a report comes after the end, for what a pruned trial is worth
// depends on its reports.
static void forget_corrected(struct live *live, size_t number)
{
    enum trial_state before = (enum trial_state)live->history.state[number];
    if (trial_state_is_result(before))
        ahead_forget(live);
}

// Enters what the trial says about durations in this state.
static void measure(struct live *live, size_t number, enum trial_state state)
{
    struct live_trial *trial = &live->trials[number];
    double seconds = trial->started_ms && trial->ended_ms
                         ? 1e-3 * (double)(trial->ended_ms - trial->started_ms)
                         : 0;
    duration_enter(&live->duration, trial->duration, -1);
    trial->duration =
        (int16_t)(state == TRIAL_RUNNING
                      ? 0
                      : duration_mark(state, isnan(trial->wall_s)
                                                 ? seconds
                                                 : trial->wall_s));
    duration_enter(&live->duration, trial->duration, 1);
}

void live_time(struct live *live, size_t number, double wall_s)
{
    live->trials[number].wall_s = wall_s;
    measure(live, number, (enum trial_state)live->history.state[number]);
}

// Enters the end of a trial in the columns.
static void enter_outcome(struct live *live, size_t number,
                          enum trial_state state, const struct outcome *outcome)
{
    double values[STUDY_MAX_OBJECTIVES];
    double excess[2 * STUDY_MAX_OUTCOME_CONSTRAINTS];
    size_t k = live->definition->n_outcome_constraints;
    struct result result;
    forget_corrected(live, number);
    measure(live, number, state);
    outcome_result(live->definition, state, outcome, values, excess, &result);
    history_enter(&live->history, number, &result);
    if (outcome->constraints)
        memcpy(live->constraints + number * k, outcome->constraints,
               k * sizeof *live->constraints);
    scan_touch(live, number);
}

void live_move(struct live *live, size_t number, enum trial_state state,
               const struct outcome *outcome)
{
    enter_outcome(live, number, state, outcome);
    count(live);
}

void live_cancel(struct live *live, int64_t now_ms)
{
    const struct history *history = &live->history;
    for (size_t i = history->n; i-- > 0;) { // the last of `running` goes first
        if (history->state[i] != TRIAL_QUEUED &&
            history->state[i] != TRIAL_RUNNING)
            continue;
        enter_outcome(live, i, TRIAL_CANCELLED, &outcome_none);
        live->trials[i].ended_ms = now_ms;
        live->trials[i].ended_revision = live->progress.revision;
    }
    count(live);
}

bool live_report(struct live *live, size_t number, int64_t step, double value)
{
    if (live->trials[number].withdrawn)
        return true;
    forget_corrected(live, number);
    return history_report(&live->history, number, step,
                          definition_sign(live->definition, 0, value));
}

double live_value(const struct live *live, size_t number)
{
    return definition_sign(live->definition, 0,
                           *history_values(&live->history, number));
}

void live_outcome(const struct live *live, size_t number, double *values,
                  struct outcome *outcome)
{
    const struct history *history = &live->history;
    const double *minimised = history_values(history, number);
    size_t c = history->n_constraints;
    *outcome = outcome_none;
    if (!isnan(*minimised)) {
        for (size_t i = 0; i < history->n_objectives; i++)
            values[i] = definition_sign(live->definition, i, minimised[i]);
        outcome->values = values;
    }
    if (c && !isnan(history->constraint[number * c]))
        outcome->constraints = live->constraints +
                               number * live->definition->n_outcome_constraints;
}

int64_t live_revise(struct live *live)
{
    live->changed = true;
    return ++live->progress.revision;
}

// ---- from the store ---------------------------------------------------------

// A trial whose state other than running arrived from the store.
struct arrival {
    int64_t ended_revision;
    size_t number;
    enum trial_state state;
    struct outcome outcome; // in the arena
    bool back;              // it was withdrawn, and is no more
};

struct catching {
    struct live *live;
    struct arena arena;
    struct arrival *arrivals;
    size_t n, capacity;
    bool rewritten; // a result that was known went, or came back
};

static uint64_t digest(const unsigned char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

// n numbers of a row, which does not live long; NULL when it has none.
static const double *keep(struct arena *arena, const double *numbers, size_t n)
{
    double *kept = n ? arena_doubles(arena, n) : NULL;
    return n ? memcpy(kept, numbers, n * sizeof *kept) : NULL;
}

// Does the row have as many numbers as the study asks for, or none, and does it
// come after the trial that it repeats?
static bool fits(const struct live *live, const struct trial_row *row)
{
    const struct definition *d = live->definition;
    return space_holds(&d->space, row->point, row->n_point) &&
           row->retry_of >= -1 && row->retry_of < row->number &&
           scan_holds(live->scan, row->run) &&
           (!row->n_values || row->n_values == d->n_objectives) &&
           (!row->n_constraint_values ||
            row->n_constraint_values == d->n_outcome_constraints);
}

// Does what the trial brought not count any more, or again?
static bool stops_counting(const struct live *live, size_t number,
                           const struct live_trial *now)
{
    bool did = !live->trials[number].withdrawn &&
               live->history.state[number] == TRIAL_COMPLETE;
    bool does = !now->withdrawn && now->state == TRIAL_COMPLETE;
    return did ? !does : does && live->trials[number].withdrawn;
}

// Takes what the store knows now of a trial that is known. Returns whether it
// was withdrawn and is no more.
static bool replace(struct catching *catching, size_t number,
                    const struct live_trial *trial)
{
    struct live *live = catching->live;
    bool back = live->trials[number].withdrawn && !trial->withdrawn;
    live_count_withdrawn(live, number, -1);
    tally_remove(&live->tally, &live->trials[number]);
    if (live->limit && stops_counting(live, number, trial))
        live->limit->stale = true;
    if (live->trials[number].withdrawn != trial->withdrawn) {
        catching->rewritten = true;
        ahead_forget(live);
    }
    if (trial->withdrawn)
        history_forget_reports(&live->history, number);
    live->trials[number] = *trial;
    remember(live, number);
    return back;
}

static int visit_trial(void *context, const struct trial_row *row,
                       struct error *err)
{
    struct catching *catching = context;
    struct live *live = catching->live;
    size_t number = (size_t)row->number;
    bool back = false;
    struct live_trial trial = {
        .lease_ms = row->lease_ms,
        .started_ms = row->started_ms,
        .ended_ms = row->ended_ms,
        .ended_revision = row->ended_revision,
        .ask_key = digest(row->ask_key),
        .ask_body = digest(row->ask_key + 16),
        .seen_revision = row->seen_revision,
        .attempt = (int32_t)row->attempt,
        .retry_of = (int32_t)row->retry_of,
        .stopped = row->stopped,
        .client_key = digest(row->client_key),
        .client_body = digest(row->client_key + 8),
        .brought = row->brought,
        .priority = row->priority,
        .wall_s = row->wall_s,
        .withdrawn = row->withdrawn,
        .state = row->state,
        .iteration = row->iteration,
        .run = row->run,
        .point_key = row->point_id ? scan_key(row->point_id) : 0,
    };
    if (number > live->history.n || !fits(live, row))
        return error_set(err, ERROR_INTERNAL,
                         "trial %zu of study %lld does not fit what came "
                         "before it",
                         number, (long long)live->id);
    if (number == live->history.n) {
        ahead_skip(live);
        append(live, row->state == TRIAL_QUEUED ? TRIAL_QUEUED : TRIAL_RUNNING,
               row->point, &trial);
    } else {
        trial.retried_by = live->trials[number].retried_by;
        trial.run_before = live->trials[number].run_before;
        trial.duration = live->trials[number].duration;
        trial.cost = live->trials[number].cost;
        back = replace(catching, number, &trial);
    }
    live_count_withdrawn(live, number, 1);
    tally_charge(live, number, row->cost);
    if (catching->n == catching->capacity) {
        catching->capacity = catching->capacity ? 2 * catching->capacity : 64;
        catching->arrivals = grow(catching->arrivals, catching->capacity,
                                  sizeof *catching->arrivals);
    }
    struct arena *arena = &catching->arena;
    catching->arrivals[catching->n++] = (struct arrival){
        .ended_revision = row->ended_revision,
        .number = number,
        .state = row->withdrawn ? TRIAL_CANCELLED : row->state,
        .outcome = {.values = keep(arena, row->values, row->n_values),
                    .constraints = keep(arena, row->constraint_values,
                                        row->n_constraint_values),
                    .uncertainty = row->uncertainty},
        .back = back};
    return 0;
}

static int by_end(const void *a, const void *b)
{
    const struct arrival *x = a, *y = b;
    if (x->ended_revision != y->ended_revision)
        return x->ended_revision < y->ended_revision ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

// Results are entered in the order in which they came, not by number.
static void enter(struct catching *catching, size_t known)
{
    struct live *live = catching->live;
    if (catching->n > 0) // else there is no array
        qsort(catching->arrivals, catching->n, sizeof *catching->arrivals,
              by_end);
    for (size_t i = 0; i < catching->n; i++) {
        const struct arrival *a = &catching->arrivals[i];
        enter_outcome(live, a->number, a->state, &a->outcome);
        live_place(live, a->number);
    }
    live_see(live, catching->rewritten ? 0 : known);
}

// Reports that are older than what is fetched, of trials that are back.
static int fetch_old_reports(struct catching *catching, struct store *store,
                             struct error *err)
{
    for (size_t i = 0; i < catching->n; i++)
        if (catching->arrivals[i].back &&
            live_read_reports(catching->live, store,
                              catching->arrivals[i].number, err))
            return -1;
    return 0;
}

static int fetch(struct live *live, struct store *store, int64_t revision,
                 struct error *err)
{
    struct catching catching = {.live = live};
    arena_init(&catching.arena);
    size_t known = live->history.n;
    int failed = store_trials_since(store, live->id, revision, visit_trial,
                                    &catching, err);
    if (!failed) {
        enter(&catching, known);
        failed = fetch_old_reports(&catching, store, err);
    }
    free(catching.arrivals);
    arena_done(&catching.arena);
    if (failed)
        return -1;
    return store_reports_since(store, live->id, revision, live_visit_report,
                               live, err);
}

static int load_definition(struct live *live, struct store *store,
                           struct error *err)
{
    struct arena arena;
    struct study_row row;
    arena_init(&arena);
    int result = store_study_get(store, live->id, &arena, &row, err);
    struct definition *definition =
        result ? NULL : wire_definition_load(row.definition, err);
    if (definition) {
        if (!live->key)
            live->key = memory_text(row.key);
        free(live->reason);
        live->reason = row.reason ? memory_text(row.reason) : NULL;
        live->owner_id = row.owner_id;
        live->state = row.state;
        live->definition_revision = row.definition_revision;
        live_define(live, definition);
    }
    arena_done(&arena);
    return definition ? 0 : -1;
}

struct live *live_load(struct store *store, int64_t id, struct error *err)
{
    struct live *live = calloc(1, sizeof *live);
    if (!live)
        abort();
    live->id = id;
    live->progress.revision = -1;
    if (load_definition(live, store, err) == 0 &&
        warm_load(store, id, live->definition, &live->warm, err) == 0)
        return live;
    live_free(live);
    return NULL;
}

void live_free(struct live *live)
{
    if (!live)
        return;
    ahead_forget(live);
    if (live->definition)
        history_done(&live->history);
    definition_free(live->definition);
    free(live->key);
    free(live->reason);
    free(live->trials);
    free(live->constraints);
    warm_free(live->warm);
    scan_free(live->scan);
    live_limit_free(live->limit);
    numbers_done(&live->asks);
    numbers_done(&live->clients);
    free(live);
}

int live_catch_up(struct live *live, struct store *store,
                  const struct study_progress *now, int64_t definition_revision,
                  enum study_state state, struct error *err)
{
    if (definition_revision != live->definition_revision ||
        state != live->state) {
        if (load_definition(live, store, err))
            return -1;
    }
    if (now->revision == live->progress.revision)
        return 0;
    if (fetch(live, store, live->progress.revision, err) ||
        live_limit_catch_up(live, store, live->progress.revision, err))
        return -1;
    live->progress = *now;
    if (live->history.n != (size_t)now->next_number)
        return error_set(err, ERROR_INTERNAL,
                         "study %lld has %zu trials in the store, its counter "
                         "says %lld",
                         (long long)live->id, live->history.n,
                         (long long)now->next_number);
    return 0;
}
