// SPDX-License-Identifier: GPL-3.0-or-later
// trial_tell.c - how a trial went: what a tell says, and what it changes

#include <math.h>
#include <string.h>

#include "trial_private.h"

// What a message says, and room for its numbers.
struct message {
    struct trial_end end;
    double constraints[STUDY_MAX_OUTCOME_CONSTRAINTS];
    double last;
    char fault[STUDY_MAX_NAME + 40];
};

static int check_complete(const struct definition *definition,
                          const struct outcome *outcome, struct error *err)
{
    if (!outcome->values)
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

// Works out what the message says: state, numbers and error text.
static int resolve(const struct live *live, const struct tell *tell,
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
    if (outcome_read(definition, &tell->numbers, message->constraints,
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
    return resolve(live, tell, &message, err);
}

// Is this what the trial was told before? What a message does not tell, it
// does not contradict.
static bool is_repeat(const struct live *live, size_t number,
                      const struct tell *tell, const struct trial_end *end)
{
    double values[STUDY_MAX_OBJECTIVES];
    struct outcome kept, told = end->outcome;
    if ((enum trial_state)live->history.state[number] != end->state)
        return false;
    live_outcome(live, number, values, &kept);
    if (!tell->numbers.n_values)
        told.values = NULL;
    return outcome_repeats(live->definition, &told, &kept);
}

static int contradict(const struct live *live, size_t number, struct error *err)
{
    double values[STUDY_MAX_OBJECTIVES];
    struct outcome kept;
    char numbers[200];
    live_outcome(live, number, values, &kept);
    outcome_describe(live->definition, &kept, numbers, sizeof numbers);
    return error_set(
        err, ERROR_CONFLICT,
        "the first result stays: trial %zu is %s already, with "
        "%s",
        number, trial_state_name((enum trial_state)live->history.state[number]),
        numbers);
}

// A lost trial has told after all: nobody needs the one that was to replace it,
// nor the one that was to replace that.
static int cancel_twin(struct live *live, struct store *store, size_t number,
                       struct error *err)
{
    static const struct trial_end end = {
        .state = TRIAL_CANCELLED,
        .outcome = {.uncertainty = NAN},
        .error = "the trial that this one retries has told"};
    int32_t twin = live->trials[number].retried_by;
    while (twin >= 0 && live->history.state[twin] == TRIAL_LOST)
        twin = live->trials[twin].retried_by;
    if (twin < 0 || live->history.state[twin] != TRIAL_RUNNING)
        return 0;
    return trial_end(live, store, (size_t)twin, &end, err);
}

// Copies what the trial is now into the answer.
static void answer(const struct live *live, size_t number, struct tell *tell)
{
    struct outcome kept;
    tell->told = (enum trial_state)live->history.state[number];
    live_outcome(live, number, tell->kept, &kept);
    tell->n_kept = kept.values ? live->definition->n_objectives : 0;
}

// May the message of a worker still end the trial?
static bool ends(const struct live *live, const struct tell *tell,
                 const struct trial_end *end)
{
    size_t number = (size_t)tell->number;
    enum trial_state state = (enum trial_state)live->history.state[number];
    if (state == TRIAL_CANCELLED)
        return live->trials[number].started_ms &&
               (end->state == TRIAL_COMPLETE || end->state == TRIAL_INFEASIBLE);
    return trial_is_open(state) || (tell->lenient && state == TRIAL_FAILED &&
                                    end->state == TRIAL_COMPLETE);
}

// Is the message one that changes nothing, and no reason to complain? A worker
// that was told to stop may say that it did.
static bool is_harmless(const struct live *live, const struct tell *tell,
                        const struct trial_end *end)
{
    size_t number = (size_t)tell->number;
    return tell->lenient || is_repeat(live, number, tell, end) ||
           (live->history.state[number] == TRIAL_CANCELLED &&
            live->trials[number].started_ms);
}

int trial_tell(struct live *live, struct store *store, struct tell *tell,
               struct error *err)
{
    struct message message;
    const struct trial_end *end = &message.end;
    if (trial_check_number(live, tell->number, err) ||
        resolve(live, tell, &message, err))
        return -1;
    size_t number = (size_t)tell->number;
    if (!ends(live, tell, end)) {
        if (!is_harmless(live, tell, end))
            return contradict(live, number, err);
    } else if (trial_end(live, store, number, end, err) ||
               cancel_twin(live, store, number, err)) {
        return -1;
    }
    answer(live, number, tell);
    return 0;
}
