// SPDX-License-Identifier: GPL-3.0-or-later
// history.h - the trials of a study, in columns
//
// Row i is trial number i: numbers are dense from 0. Values are minimised; the
// sign of a maximised objective is flipped before it gets here, once. Outcome
// constraints are met where they are <= 0.
// `ended` lists the trials that brought a result (complete, pruned, failed,
// infeasible) in the order in which they first ended: a prefix of it is the
// past as a model fitted earlier saw it. A trial whose result is corrected
// keeps its place; one that leaves these states leaves the list.
//
// Notation: n trials, d parameters (space->n), m objectives, c constraints.

#ifndef CUMAE_HISTORY_H
#define CUMAE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "space.h"

enum trial_state {
    TRIAL_QUEUED,     // enqueued, not handed out
    TRIAL_RUNNING,    // handed out
    TRIAL_COMPLETE,   // told a value
    TRIAL_PRUNED,     // stopped early; value = last report
    TRIAL_FAILED,     // the worker failed, or told NaN
    TRIAL_INFEASIBLE, // violates a constraint; may have values all the same
    TRIAL_LOST,       // the lease ran out
    TRIAL_CANCELLED,  // taken back
    TRIAL_STATES
};

// The snake_case name of a state, and back (-1 when unknown).
const char *trial_state_name(enum trial_state state);
int trial_state_from_name(const char *name);

// Did a trial in this state bring a result: complete, pruned, failed or
// infeasible?
static inline bool trial_state_is_result(enum trial_state state)
{
    return state >= TRIAL_COMPLETE && state <= TRIAL_INFEASIBLE;
}

// Reports of one trial: steps ascending and distinct.
struct series {
    size_t n, capacity;
    int64_t *step;
    double *value;
};

struct history {
    const struct space *space; // lent by the owner
    size_t n_objectives;       // m >= 1
    size_t n_constraints;      // c
    size_t n, capacity;
    uint8_t *state;        // [n] enum trial_state
    double *point;         // [n x d] see space.h
    double *unit;          // [n x d] encoded
    double *value;         // [n x m] NaN when there is none
    double *constraint;    // [n x c] NaN when it was not told
    double *variance;      // [n] of the first value's noise, NaN: not told
    struct series *series; // [n]
    uint32_t *seen;        // [n] n_ended when the trial was appended
    size_t n_ended;
    uint32_t *ended;   // [n_ended] trial numbers
    uint32_t *running; // [count[RUNNING]] numbers, ascending
    size_t count[TRIAL_STATES];
    int64_t best; // complete trial of least value, or -1; with several
                  // objectives -1
};

// For one objective and no constraints.
void history_init(struct history *history, const struct space *space);
// For m objectives and c constraints.
void history_init_for(struct history *history, const struct space *space,
                      size_t n_objectives, size_t n_constraints);
void history_done(struct history *history);

// Makes *copy the same as *history; it lends the same space.
void history_copy(struct history *copy, const struct history *history);

// Appends trial number history->n (returned). `point` has d coordinates and
// is valid; state is QUEUED or RUNNING.
size_t history_append(struct history *history, enum trial_state state,
                      const double *point);

// What became of a trial. Numbers are kept for COMPLETE, PRUNED and
// INFEASIBLE, and are NaN otherwise.
struct result {
    enum trial_state state;
    const double *values;      // [m], or NULL: none
    const double *constraints; // [c], or NULL: not told
    double variance;           // of the first value's noise, NaN: not told
};

// Moves a trial to result->state. Any transition is allowed: the life cycle is
// the domain's business.
void history_enter(struct history *history, size_t number,
                   const struct result *result);

// The same with just the value of a single objective, NaN: none.
void history_move(struct history *history, size_t number,
                  enum trial_state state, double value);

// Inserts or replaces the report at `step`. Returns true when it was new.
bool history_report(struct history *history, size_t number, int64_t step,
                    double value);

// Forgets all reports of a trial.
void history_forget_reports(struct history *history, size_t number);

// The reported value at `step`, NaN when there is none.
double history_at(const struct history *history, size_t number, int64_t step);

// The m values of a trial.
static inline const double *history_values(const struct history *history,
                                           size_t number)
{
    return history->value + number * history->n_objectives;
}

// How far a trial is from meeting the constraints: the sum of the excesses, 0
// when all are met, NaN when not all were told.
double history_violation(const struct history *history, size_t number);

static inline const double *history_point(const struct history *history,
                                          size_t number)
{
    return history->point + number * history->space->n;
}

static inline const double *history_unit(const struct history *history,
                                         size_t number)
{
    return history->unit + number * history->space->n;
}

#endif
