// SPDX-License-Identifier: GPL-3.0-or-later
// study.c - the life of a study: created, steered, finished

#include "study.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "trial.h"
#include "warm.h"
#include "widen.h"
#include "wire_definition.h"

#define CANCELLED "cancelled" // why a study is finished

static const char *const names[] = {"running", "paused", "draining",
                                    "finished"};

const char *study_state_name(enum study_state state)
{
    return names[state];
}

int study_state_from_name(const char *name)
{
    for (int i = 0; i <= STUDY_FINISHED; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

// ---- budgets ----------------------------------------------------------------

// Results of trials that ran here since the best one of all.
static int64_t results_without_best(const struct live *live)
{
    const struct history *history = &live->history;
    int64_t n = 0;
    for (size_t i = history->n_ended; i-- > 0;) {
        size_t number = history->ended[i];
        if (history->best >= 0 && number == (size_t)history->best)
            break;
        n += history->state[number] == TRIAL_COMPLETE &&
             live->trials[number].started_ms;
    }
    return n;
}

// Trials that failed here; not those that failed before they were imported.
static int64_t failed_here(const struct live *live)
{
    const struct history *history = &live->history;
    int64_t n = 0;
    for (size_t i = 0; i < history->n_ended; i++) {
        size_t number = history->ended[i];
        n += history->state[number] == TRIAL_FAILED &&
             live->trials[number].started_ms;
    }
    return n;
}

static bool target_reached(const struct live *live)
{
    const struct definition *d = live->definition;
    if (isnan(d->budget.target) || live->history.best < 0)
        return false;
    return live->history.value[live->history.best] <=
           definition_sign(d, 0, d->budget.target);
}

// Why the budget allows no new trial, ever (unless it is widened): a machine
// word in *word, the text for people in detail. NULL when it does.
static const char *used_up(const struct live *live, char *detail, size_t size)
{
    const struct budget *budget = &live->definition->budget;
    const struct history *history = &live->history;
    int64_t started = (int64_t)live->n_started;
    int64_t failed = (int64_t)history->count[TRIAL_FAILED];
    if (budget->max_trials && started >= budget->max_trials) {
        snprintf(detail, size, "max_trials %" PRId64 " handed out",
                 budget->max_trials);
        return "budget";
    }
    if (budget->max_failed && failed >= budget->max_failed &&
        failed_here(live) >= budget->max_failed) {
        snprintf(detail, size, "max_failed %" PRId64 " reached",
                 budget->max_failed);
        return "budget";
    }
    if (budget->deadline_ms && clock_wall_ms() >= budget->deadline_ms) {
        snprintf(detail, size, "deadline passed");
        return "budget";
    }
    if (target_reached(live)) {
        snprintf(detail, size, "target %g reached", budget->target);
        return "converged";
    }
    if (budget->patience && results_without_best(live) >= budget->patience) {
        snprintf(detail, size, "patience %" PRId64 ": no better result since",
                 budget->patience);
        return "converged";
    }
    return NULL;
}

static bool close_ask(struct ask *ask, const char *reason, double retry_after_s)
{
    ask->reason = reason;
    ask->retry_after_s = retry_after_s;
    return true;
}

bool study_closed(const struct live *live, struct ask *ask)
{
    const struct budget *budget = &live->definition->budget;
    int64_t running = (int64_t)live->history.count[TRIAL_RUNNING];
    snprintf(ask->detail, sizeof ask->detail, "%s",
             live->reason ? live->reason : "");
    if (live->state == STUDY_PAUSED)
        return close_ask(ask, "paused", 30);
    if (live->state == STUDY_DRAINING)
        return close_ask(ask, "draining", 0);
    if (live->state == STUDY_FINISHED)
        return close_ask(ask, "finished", 0);
    const char *word = used_up(live, ask->detail, sizeof ask->detail);
    if (word)
        return close_ask(ask, word, 0);
    if (budget->max_running && running >= budget->max_running) {
        snprintf(ask->detail, sizeof ask->detail,
                 "max_running %" PRId64 " reached", budget->max_running);
        return close_ask(ask, "budget", 10);
    }
    return false;
}

// ---- changes of the study's own row -----------------------------------------

static int write_definition(struct live *live, struct store *store,
                            const char *event, int64_t user_id,
                            struct error *err)
{
    struct arena arena;
    arena_init(&arena);
    live->definition_revision = live_revise(live);
    struct study_row row = {
        .id = live->id,
        .name = live->definition->name,
        .definition = wire_definition_text(live->definition, &arena),
        .definition_revision = live->definition_revision,
        .state = live->state,
        .reason = live->reason,
    };
    struct event_row change = {.study_id = live->id,
                               .revision = live->progress.revision,
                               .kind = event,
                               .number = -1,
                               .at_ms = clock_wall_ms(),
                               .user_id = user_id};
    int result = store_study_define(store, &row, err) ||
                         store_event_add(store, &change, err)
                     ? -1
                     : 0;
    arena_done(&arena);
    return result;
}

static void set_state(struct live *live, enum study_state state,
                      const char *reason)
{
    live->state = state;
    free(live->reason);
    live->reason = reason ? strdup(reason) : NULL;
}

int study_settle(struct live *live, struct store *store, struct error *err)
{
    char detail[120];
    if (live->state == STUDY_FINISHED || live->history.count[TRIAL_RUNNING] > 0)
        return 0;
    const char *word = used_up(live, detail, sizeof detail);
    if (!word && live->state == STUDY_DRAINING)
        snprintf(detail, sizeof detail, "stopped");
    else if (!word)
        return 0;
    set_state(live, STUDY_FINISHED, detail);
    return write_definition(live, store, "study_finished", 0, err);
}

// Was it a user that ended the study, and not its budget?
static bool ended_by_hand(const struct live *live)
{
    return live->state == STUDY_FINISHED && live->reason &&
           strcmp(live->reason, CANCELLED) == 0;
}

int study_cancel(struct live *live, struct store *store, int64_t user_id,
                 struct error *err)
{
    const struct history *history = &live->history;
    if (history->count[TRIAL_QUEUED] + history->count[TRIAL_RUNNING] > 0) {
        int64_t now = clock_wall_ms(), revision = live_revise(live);
        live_cancel(live, now);
        if (store_trials_cancel(store, live->id, now, revision,
                                "the study was cancelled", err))
            return -1;
    } else if (live->state == STUDY_FINISHED) {
        return 0;
    }
    set_state(live, STUDY_FINISHED, CANCELLED);
    return write_definition(live, store, "study_cancelled", user_id, err);
}

int study_steer(struct live *live, struct store *store, enum study_state state,
                int64_t user_id, struct error *err)
{
    static const char *const events[] = {"study_resumed", "study_paused",
                                         "study_stopped"};
    if (live->state == state)
        return 0;
    if (live->state == STUDY_FINISHED && state == STUDY_DRAINING)
        return 0;
    if (live->state == STUDY_FINISHED && !ended_by_hand(live))
        return error_set(err, ERROR_CONFLICT,
                         "state is finished (%s): widen the budget to go on",
                         live->reason ? live->reason : "no reason");
    set_state(live, state, NULL);
    if (write_definition(live, store, events[state], user_id, err))
        return -1;
    return study_settle(live, store, err);
}

int study_redefine(struct live *live, struct store *store,
                   struct definition *definition, int64_t user_id,
                   struct error *err)
{
    char detail[120];
    if (widen_check(&live->definition->space, &definition->space, err)) {
        definition_free(definition);
        return -1;
    }
    live_define(live, definition);
    if (live->state == STUDY_FINISHED && !ended_by_hand(live) &&
        !used_up(live, detail, sizeof detail))
        set_state(live, STUDY_RUNNING, NULL);
    if (write_definition(live, store, "study_changed", user_id, err))
        return -1;
    return study_settle(live, store, err);
}

int study_delete(struct live *live, struct store *store, struct error *err)
{
    if (store_study_delete(store, live->id, err))
        return -1;
    live->deleted = true;
    return 0;
}

// ---- find or create ---------------------------------------------------------

// Is what was asked for the definition that is stored, or the one that the
// study was created with before it was changed?
static bool is_same(const char *stored, const struct definition *wanted,
                    struct arena *arena)
{
    struct error err = {0};
    const char *text = wire_definition_text(wanted, arena);
    if (wire_definition_same(stored, text))
        return true;
    struct definition *now = wire_definition_load(stored, &err);
    bool same = now && now->origin && wire_definition_same(now->origin, text);
    definition_free(now);
    return same;
}

static int check_same(struct store *store, struct study_wanted *wanted,
                      struct arena *arena, struct error *err)
{
    struct study_row row;
    if (store_study_get(store, wanted->id, arena, &row, err))
        return -1;
    if (is_same(row.definition, wanted->definition, arena))
        return 0;
    return error_set(err, ERROR_CONFLICT,
                     "name \"%.100s\" is a study with another definition",
                     wanted->definition->name);
}

char *study_identity(const struct definition *definition, struct arena *arena)
{
    return arena_print(arena, "name:%s", definition->name);
}

// Reads the study that is there already.
static int find(struct store *store, struct study_wanted *wanted,
                struct arena *arena, struct error *err)
{
    struct study_row row;
    struct error fault = {0};
    if (store_study_find_identity(store, wanted->owner_id, wanted->identity,
                                  arena, &row, &fault))
        return fault.code == ERROR_NOT_FOUND
                   ? error_set(err, ERROR_FORBIDDEN,
                               "the token is bound to one study and creates "
                               "none")
                   : error_set(err, fault.code, "%s", fault.message);
    wanted->id = row.id;
    snprintf(wanted->found_key, sizeof wanted->found_key, "%s", row.key);
    return 0;
}

// Gathers what a new study is to learn from others; nothing for one that is
// there already.
static int gather(struct store *store, const struct study_wanted *wanted,
                  struct arena *arena, struct gathered *gathered,
                  struct error *err)
{
    struct error fault = {0};
    struct study_row row;
    if (!wanted->definition->n_warm_start ||
        store_study_find_identity(store, wanted->owner_id, wanted->identity,
                                  arena, &row, &fault) == 0)
        return 0;
    if (fault.code != ERROR_NOT_FOUND)
        return error_set(err, fault.code, "%s", fault.message);
    return warm_gather(store, wanted->definition, wanted->principal, arena,
                       gathered, err);
}

static int create(struct store *store, struct study_wanted *wanted,
                  struct arena *arena, struct error *err)
{
    int64_t now = clock_wall_ms();
    struct study_row row = {
        .key = wanted->key,
        .owner_id = wanted->owner_id,
        .identity = wanted->identity,
        .name = wanted->definition->name,
        .definition = wire_definition_text(wanted->definition, arena),
        .definition_revision = 1,
        .state = STUDY_RUNNING,
        .created_ms = now,
        .changed_ms = now,
        .progress = {.revision = 1, .best_number = -1, .best_value = NAN},
    };
    struct gathered gathered = {0};
    if (gather(store, wanted, arena, &gathered, err) ||
        store_study_add(store, &row, arena, &wanted->created, err))
        return -1;
    wanted->id = row.id;
    snprintf(wanted->found_key, sizeof wanted->found_key, "%s", row.key);
    if (!wanted->created)
        return 0;
    if (warm_write(store, row.id, &gathered, err))
        return -1;
    struct event_row event = {.study_id = row.id,
                              .revision = 1,
                              .kind = "study_created",
                              .number = -1,
                              .at_ms = now,
                              .user_id = wanted->owner_id};
    return store_event_add(store, &event, err);
}

int study_find_or_create(struct store *store, struct study_wanted *wanted,
                         struct error *err)
{
    struct arena arena;
    arena_init(&arena);
    int result = wanted->only_find ? find(store, wanted, &arena, err)
                                   : create(store, wanted, &arena, err);
    if (result == 0 && wanted->strict && !wanted->created)
        result = check_same(store, wanted, &arena, err);
    arena_done(&arena);
    return result;
}
