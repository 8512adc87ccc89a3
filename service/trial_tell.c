// SPDX-License-Identifier: GPL-3.0-or-later
// trial_tell.c - how a trial went: what a tell says, and what it changes

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "amend.h"
#include "kind.h"
#include "trial_private.h"

static int check_complete(const struct definition *definition,
                          const struct outcome *outcome, struct error *err)
{
    if (!outcome->values && !kind_of(definition)->valueless)
        return error_set(err, ERROR_INVALID, "value%s for a complete trial",
                         definition->n_objectives > 1 ? "s are required"
                                                      : " is required");
    if (definition->n_outcome_constraints && !outcome->constraints)
        return error_set(err, ERROR_INVALID,
                         "constraints are required for a complete trial of a "
                         "study with outcome constraints");
    return 0;
}

// The value of a pruned trial that was told none: its last report, which is
// one of the first objective.
static void take_last_report(const struct live *live, size_t number,
                             struct message *message)
{
    if (number >= live->history.n || live->definition->n_objectives > 1)
        return;
    const struct series *series = &live->history.series[number];
    if (!series->n)
        return;
    message->last =
        definition_sign(live->definition, 0, series->value[series->n - 1]);
    if (isfinite(message->last))
        message->end.outcome.values = &message->last;
}

// What the kind of the study has to say.
static int resolve_kind(const struct live *live, const struct tell *tell,
                        struct message *message, struct error *err)
{
    const struct kind *kind = kind_of(live->definition);
    if (kind->resolve)
        return kind->resolve(live, tell, message, err);
    if (tell->data || tell->toys)
        return error_set(err, ERROR_INVALID,
                         "%s is told in a study of kind limit, not %s",
                         tell->data ? "obs" : "toys", kind->name);
    return 0;
}

int trial_resolve(const struct live *live, const struct tell *tell,
                  struct message *message, struct error *err)
{
    const struct definition *definition = live->definition;
    struct trial_end *end = &message->end;
    *end = (struct trial_end){.state = tell->state < 0
                                           ? TRIAL_COMPLETE
                                           : (enum trial_state)tell->state,
                              .tell = tell,
                              .error = tell->error,
                              .user_id = tell->user_id};
    if (resolve_kind(live, tell, message, err) ||
        outcome_read(definition, &tell->numbers, message->constraints,
                     &end->outcome, err))
        return -1;
    if (end->state == TRIAL_COMPLETE &&
        check_complete(definition, &end->outcome, err))
        return -1;
    bool odd = outcome_clean(definition, &end->outcome, message->fault,
                             sizeof message->fault);
    if (odd && (end->state == TRIAL_COMPLETE || end->state == TRIAL_PRUNED)) {
        end->state = TRIAL_FAILED;
        end->error = message->fault;
    }
    if (end->state == TRIAL_FAILED)
        end->outcome = outcome_none;
    if (end->state == TRIAL_PRUNED && !end->outcome.values)
        take_last_report(live, (size_t)tell->number, message);
    if (end->state == TRIAL_COMPLETE &&
        !outcome_feasible(definition, &end->outcome))
        end->state = TRIAL_INFEASIBLE;
    return 0;
}

int trial_check_tell(const struct live *live, const struct tell *tell,
                     struct error *err)
{
    struct message message;
    return trial_resolve(live, tell, &message, err);
}

// What a trial was told, in the user's numbers.
struct standing {
    enum trial_state state;
    struct outcome outcome;
    double values[STUDY_MAX_OBJECTIVES];
};

// The numbers of an invalid trial are in the store alone.
static int recall(const struct live *live, struct store *store, size_t number,
                  struct arena *arena, struct standing *standing,
                  struct error *err)
{
    struct trial_row row;
    standing->state = live_state(live, number);
    if (!live->trials[number].withdrawn) {
        live_outcome(live, number, standing->values, &standing->outcome);
        return 0;
    }
    if (store_trial_get(store, live->id, (int64_t)number, arena, &row, err))
        return -1;
    standing->outcome = (struct outcome){
        .values = row.n_values ? row.values : NULL,
        .constraints = row.n_constraint_values ? row.constraint_values : NULL,
        .uncertainty = row.uncertainty};
    return 0;
}

// Is this what the trial was told before? What a message does not tell, it
// does not contradict.
static bool is_repeat(const struct live *live, const struct standing *kept,
                      const struct tell *tell, const struct trial_end *end)
{
    struct outcome told = end->outcome;
    if (kept->state != end->state)
        return false;
    if (tell->cost && *tell->cost != live->trials[tell->number].cost)
        return false;
    if (!tell->numbers.n_values)
        told.values = NULL;
    return outcome_repeats(live->definition, &told, &kept->outcome);
}

// Appended to the numbers of a trial that told its cost.
static void describe_cost(double cost, char *text, size_t size)
{
    *text = '\0';
    if (!isnan(cost))
        snprintf(text, size, " at a cost of %.17g", cost);
}

static int contradict(const struct live *live, size_t number,
                      const struct standing *kept, struct error *err)
{
    char numbers[200], cost[40];
    outcome_describe(live->definition, &kept->outcome, numbers, sizeof numbers);
    describe_cost(live->trials[number].cost, cost, sizeof cost);
    return error_set(err, ERROR_CONFLICT,
                     "the first result stays: trial %zu is %s already, with "
                     "%s%s",
                     number, trial_state_name(kept->state), numbers, cost);
}

// A lost trial has told after all: nobody needs the one that was to replace it,
// nor the one that was to replace that.
// In a grid study a result ends its run, and a failure is none.
static int cancel_twin(struct live *live, struct store *store, size_t number,
                       struct error *err)
{
    static const struct trial_end end = {
        .state = TRIAL_CANCELLED,
        .outcome = {.uncertainty = NAN},
        .error = "the trial that this one retries has told"};
    const struct kind *kind = kind_of(live->definition);
    int64_t other = live->scan && scan_is_complete(live, number)
                        ? scan_twin(live, number)
                        : -1;
    if (other >= 0)
        return trial_end(live, store, (size_t)other, &end, err);
    if (live->scan || (kind->stands_alone && kind->stands_alone(live, number)))
        return 0;
    int32_t twin = live->trials[number].retried_by;
    while (twin >= 0 && live->history.state[twin] == TRIAL_LOST)
        twin = live->trials[twin].retried_by;
    if (twin < 0 || (live->history.state[twin] != TRIAL_RUNNING &&
                     live->history.state[twin] != TRIAL_QUEUED))
        return 0;
    return trial_end(live, store, (size_t)twin, &end, err);
}

// Copies what the trial is now into the answer.
static void answer(const struct live *live, const struct standing *kept,
                   struct tell *tell)
{
    size_t m = live->definition->n_objectives;
    tell->told = kept->state;
    tell->n_kept = kept->outcome.values ? m : 0;
    if (tell->n_kept)
        memcpy(tell->kept, kept->outcome.values, m * sizeof *tell->kept);
}

// Was the trial taken back from a worker?
static bool is_taken_back(const struct live *live, size_t number)
{
    const struct live_trial *trial = &live->trials[number];
    return live->history.state[number] == TRIAL_CANCELLED &&
           !trial->withdrawn && trial->started_ms;
}

// Does the message of a worker end the trial? Work that was done counts, also
// when it was to stop.
static bool ends(const struct live *live, const struct tell *tell,
                 enum trial_state told)
{
    size_t number = (size_t)tell->number;
    enum trial_state state = live_state(live, number);
    if (is_taken_back(live, number))
        return told == TRIAL_COMPLETE || told == TRIAL_INFEASIBLE;
    return trial_is_open(state) ||
           (tell->lenient && state == TRIAL_FAILED && told == TRIAL_COMPLETE &&
            !live->trials[number].withdrawn);
}

static int tell_in(struct live *live, struct store *store, struct tell *tell,
                   struct arena *arena, struct error *err)
{
    struct message message;
    struct standing kept;
    const struct trial_end *end = &message.end;
    size_t number = (size_t)tell->number;
    bool checks = false; // it changes nothing, so it must not say otherwise
    if (trial_resolve(live, tell, &message, err))
        return -1;
    enum trial_state state = live_state(live, number);
    if (tell->overwrite && trial_state_is_result(state)) {
        if (amend_overwrite(live, store, tell, arena, err) ||
            (live->scan && cancel_twin(live, store, number, err)))
            return -1;
    } else if (ends(live, tell, end->state)) {
        if (trial_end(live, store, number, end, err) ||
            cancel_twin(live, store, number, err))
            return -1;
    } else {
        checks = !tell->lenient && !is_taken_back(live, number);
    }
    if (recall(live, store, number, arena, &kept, err))
        return -1;
    if (checks && !is_repeat(live, &kept, tell, end))
        return contradict(live, number, &kept, err);
    const struct kind *kind = kind_of(live->definition);
    if (checks && kind->repeats && end->state == TRIAL_COMPLETE &&
        kind->repeats(live, store, tell, err))
        return -1;
    answer(live, &kept, tell);
    return 0;
}

int trial_tell(struct live *live, struct store *store, struct tell *tell,
               struct error *err)
{
    if (trial_check_number(live, tell->number, err))
        return -1;
    struct arena arena;
    arena_init(&arena);
    int result = tell_in(live, store, tell, &arena, err);
    arena_done(&arena);
    return result;
}
