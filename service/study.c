// SPDX-License-Identifier: GPL-3.0-or-later
// study.c - the life of a study: created, steered, finished

#include "study.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/memory.h"
#include "budget.h"
#include "clock.h"
#include "quota.h"
#include "store_log.h"
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
    live->reason = reason ? memory_text(reason) : NULL;
}

int study_settle(struct live *live, struct store *store, struct error *err)
{
    char detail[BUDGET_DETAIL];
    if (live->state == STUDY_FINISHED || live->history.count[TRIAL_RUNNING] > 0)
        return 0;
    const char *word = budget_used_up(live, detail);
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

int study_settle_again(struct live *live, struct store *store, int64_t user_id,
                       struct error *err)
{
    char detail[BUDGET_DETAIL];
    if (live->state != STUDY_FINISHED || !budget_is_reason(live->reason) ||
        budget_used_up(live, detail))
        return study_settle(live, store, err);
    set_state(live, STUDY_RUNNING, NULL);
    return write_definition(live, store, "study_resumed", user_id, err);
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
    char detail[BUDGET_DETAIL];
    if (widen_check(&live->definition->space, &definition->space, err) ||
        (live->scan &&
         scan_check_change(live->scan, live->definition, definition, err))) {
        definition_free(definition);
        return -1;
    }
    live_define(live, definition);
    if (live->state == STUDY_FINISHED && live->reason &&
        budget_is_reason(live->reason)) {
        bool over = budget_used_up(live, detail);
        set_state(live, over ? STUDY_FINISHED : STUDY_RUNNING,
                  over ? detail : NULL);
    }
    if (write_definition(live, store, "study_changed", user_id, err))
        return -1;
    return study_settle(live, store, err);
}

int study_shared(struct live *live, struct store *store, int64_t user_id,
                 struct error *err)
{
    return write_definition(live, store, "study_changed", user_id, err);
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

// May the owner have one more study, unless this one is there already?
static int check_quota(struct store *store, const struct study_wanted *wanted,
                       struct arena *arena, struct error *err)
{
    struct study_row row;
    struct error fault = {0};
    if (!wanted->quota ||
        store_study_find_identity(store, wanted->owner_id, wanted->identity,
                                  arena, &row, &fault) == 0)
        return 0;
    if (fault.code != ERROR_NOT_FOUND)
        return error_set(err, fault.code, "%s", fault.message);
    return quota_take_studies(wanted->quota, 1, err);
}

// The points of a cartesian grid are known before its first trial.
static void count_points(const struct definition *definition,
                         struct study_progress *progress)
{
    struct scan *scan = scan_new(definition);
    scan_show(scan, progress);
    scan_free(scan);
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
        .kind = wanted->definition->kind,
        .copied_from = wanted->copied_from,
        .building_ms = wanted->hidden        ? INT64_MAX
                       : wanted->copied_from ? now
                                             : 0,
    };
    memcpy(row.copy_key, wanted->copy_key, sizeof row.copy_key);
    count_points(wanted->definition, &row.progress);
    struct gathered gathered = {0};
    int64_t group_id;
    if (check_quota(store, wanted, arena, err) ||
        member_sharing(store, wanted->principal, &wanted->sharing, &group_id,
                       err) ||
        gather(store, wanted, arena, &gathered, err) ||
        store_study_add(store, &row, arena, &wanted->created, err))
        return -1;
    wanted->id = row.id;
    snprintf(wanted->found_key, sizeof wanted->found_key, "%s", row.key);
    if (!wanted->created)
        return 0;
    if (wanted->quota)
        wanted->quota->use.studies++;
    if (warm_write(store, row.id, &gathered, err) ||
        (wanted->sharing.given &&
         store_study_share(store, row.id, wanted->sharing.visibility, group_id,
                           err)))
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
