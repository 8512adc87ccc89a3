// SPDX-License-Identifier: GPL-3.0-or-later
// studies.h - studies in a database and in memory, for tests of the domain

#ifndef CUMAE_TESTS_STUDIES_H
#define CUMAE_TESTS_STUDIES_H

#include <math.h>

#include "databases.h"
#include "live.h"
#include "study.h"
#include "trial.h"
#include "wire_definition.h"

#define ONE_FLOAT "\"space\":{\"x\":{\"type\":\"float\",\"low\":0,\"high\":1}}"

// A definition with the members `json`, which must hold the space.
static inline struct definition *definition_of(const char *name,
                                               const char *json)
{
    struct error err = {0};
    struct arena arena;
    arena_init(&arena);
    char *text = arena_print(&arena, "{\"name\":\"%s\",%s}", name, json);
    json_t *parsed = wire_parse(text, strlen(text), &arena, &err);
    struct definition *definition =
        parsed ? wire_definition_read(parsed, "", &err) : NULL;
    ck_assert_msg(definition != NULL, "%s: %s", text, err.message);
    json_decref(parsed);
    arena_done(&arena);
    return definition;
}

// Stores a study with these members and returns its id.
static inline int64_t study_in(struct store *store, int64_t owner,
                               const char *name, const char *json)
{
    struct error err = {0};
    struct study_wanted wanted = {.owner_id = owner,
                                  .key = name,
                                  .identity = name,
                                  .definition = definition_of(name, json)};
    must(store_begin(store, &err));
    must(study_find_or_create(store, &wanted, &err));
    must(store_commit(store, &err));
    ck_assert(wanted.created);
    definition_free(wanted.definition);
    return wanted.id;
}

// Begins a transaction, locks the study and brings *live (NULL: none yet) up to
// date, as a writer of the engine does.
static inline void live_begin(struct live **live, struct store *store,
                              int64_t id)
{
    struct error err = {0};
    struct study_progress progress;
    int64_t definition_revision;
    enum study_state state;
    must(store_begin(store, &err));
    must(store_study_lock(store, id, &progress, &definition_revision, &state,
                          NULL, &err));
    if (*live == NULL)
        *live = live_load(store, id, &err);
    ck_assert_msg(*live != NULL, "%s", err.message);
    must(live_catch_up(*live, store, &progress, definition_revision, state,
                       &err));
}

static inline void live_commit(struct live *live, struct store *store)
{
    struct error err = {0};
    if (live->changed)
        must(store_study_advance(store, live->id, &live->progress, 1, &err));
    live->changed = false;
    must(store_commit(store, &err));
}

static inline bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static inline void check_same_trial(const struct live *a, const struct live *b,
                                    size_t i)
{
    const struct live_trial *x = &a->trials[i], *y = &b->trials[i];
    const struct series *s = &a->history.series[i], *t = &b->history.series[i];
    ck_assert_int_eq(a->history.state[i], b->history.state[i]);
    const struct definition *d = a->definition;
    size_t m = d->n_objectives, c = a->history.n_constraints;
    ck_assert_uint_eq(b->history.n_objectives, m);
    ck_assert_uint_eq(b->history.n_constraints, c);
    for (size_t k = 0; k < m; k++)
        ck_assert(same_number(history_values(&a->history, i)[k],
                              history_values(&b->history, i)[k]));
    for (size_t k = 0; k < c; k++)
        ck_assert(same_number(a->history.constraint[i * c + k],
                              b->history.constraint[i * c + k]));
    if (c && !isnan(a->history.constraint[i * c]))
        ck_assert_mem_eq(a->constraints + i * d->n_outcome_constraints,
                         b->constraints + i * d->n_outcome_constraints,
                         d->n_outcome_constraints * sizeof *a->constraints);
    ck_assert(same_number(a->history.variance[i], b->history.variance[i]));
    for (size_t k = 0; k < a->history.space->n; k++) {
        ck_assert(same_number(history_point(&a->history, i)[k],
                              history_point(&b->history, i)[k]));
        ck_assert(same_number(history_unit(&a->history, i)[k],
                              history_unit(&b->history, i)[k]));
    }
    ck_assert_uint_eq(s->n, t->n);
    for (size_t k = 0; k < s->n; k++) {
        ck_assert_int_eq(s->step[k], t->step[k]);
        ck_assert(same_number(s->value[k], t->value[k]));
    }
    ck_assert_int_eq(x->lease_ms, y->lease_ms);
    ck_assert_int_eq(x->started_ms, y->started_ms);
    ck_assert_int_eq(x->ended_ms, y->ended_ms);
    ck_assert_int_eq(x->ended_revision, y->ended_revision);
    ck_assert_uint_eq(x->ask_key, y->ask_key);
    ck_assert_uint_eq(x->ask_body, y->ask_body);
    ck_assert_int_eq(x->seen_revision, y->seen_revision);
    ck_assert_uint_eq(a->history.seen[i], b->history.seen[i]);
    ck_assert_int_eq(x->attempt, y->attempt);
    ck_assert_int_eq(x->retry_of, y->retry_of);
    ck_assert_int_eq(x->retried_by, y->retried_by);
    ck_assert(x->stopped == y->stopped);
    ck_assert_int_eq(x->withdrawn, y->withdrawn);
    ck_assert_int_eq(live_state(a, i), live_state(b, i));
    ck_assert(same_number(x->wall_s, y->wall_s));
    ck_assert_int_eq(x->duration, y->duration);
    ck_assert(same_number(x->cost, y->cost));
    ck_assert_int_eq(x->iteration, y->iteration);
    ck_assert_int_eq(x->run, y->run);
    ck_assert_uint_eq(x->point_key, y->point_key);
}

// The runs of a grid study are the same.
static inline void check_same_scan(const struct scan *a, const struct scan *b)
{
    ck_assert((a == NULL) == (b == NULL));
    if (!a)
        return;
    ck_assert_uint_eq(a->n_points, b->n_points);
    ck_assert_uint_eq(a->replicas, b->replicas);
    ck_assert_uint_eq(a->attempts, b->attempts);
    ck_assert_mem_eq(a->count, b->count, sizeof a->count);
    for (size_t i = 0; i < a->n_points * a->replicas; i++) {
        ck_assert_int_eq(a->runs[i].first, b->runs[i].first);
        ck_assert_int_eq(a->runs[i].latest, b->runs[i].latest);
        ck_assert_int_eq(a->runs[i].state, b->runs[i].state);
    }
}

// Both know the same of the study.
static inline void check_same_live(const struct live *a, const struct live *b)
{
    struct arena arena;
    arena_init(&arena);
    ck_assert_str_eq(wire_definition_text(a->definition, &arena),
                     wire_definition_text(b->definition, &arena));
    arena_done(&arena);
    ck_assert_int_eq(a->state, b->state);
    ck_assert_pstr_eq(a->reason, b->reason);
    ck_assert_int_eq(a->definition_revision, b->definition_revision);
    ck_assert_int_eq(a->progress.revision, b->progress.revision);
    ck_assert_int_eq(a->progress.next_number, b->progress.next_number);
    ck_assert_mem_eq(a->progress.count, b->progress.count,
                     sizeof a->progress.count);
    ck_assert_int_eq(a->progress.best_number, b->progress.best_number);
    ck_assert(same_number(a->progress.best_value, b->progress.best_value));
    ck_assert_int_eq(a->progress.invalid, b->progress.invalid);
    ck_assert_mem_eq(&a->duration, &b->duration, sizeof a->duration);
    ck_assert_int_eq(a->tally.started, b->tally.started);
    ck_assert_int_eq(a->tally.iteration, b->tally.iteration);
    ck_assert_int_eq(a->tally.in_iteration, b->tally.in_iteration);
    ck_assert_int_eq(a->tally.n_told, b->tally.n_told);
    ck_assert_double_eq_tol(a->tally.spent, b->tally.spent, 1e-9);
    ck_assert_double_eq_tol(a->tally.told, b->tally.told, 1e-9);
    ck_assert_int_eq(a->progress.started, a->tally.started);
    ck_assert_double_eq_tol(a->progress.cost, a->tally.spent, 1e-9);
    ck_assert_int_eq(a->progress.iteration, a->tally.iteration);
    ck_assert_int_eq(a->progress.points, b->progress.points);
    ck_assert_int_eq(a->progress.runs, b->progress.runs);
    ck_assert_int_eq(a->progress.runs_complete, b->progress.runs_complete);
    ck_assert_int_eq(a->progress.runs_failed, b->progress.runs_failed);
    check_same_scan(a->scan, b->scan);
    ck_assert_uint_eq(a->history.n, b->history.n);
    ck_assert_int_eq(a->history.best, b->history.best);
    for (size_t i = 0; i < a->history.n; i++)
        check_same_trial(a, b, i);
    ck_assert_uint_eq(a->history.n_ended, b->history.n_ended);
    for (size_t i = 0; i < a->history.n_ended; i++)
        ck_assert_uint_eq(a->history.ended[i], b->history.ended[i]);
    for (size_t i = 0; i < a->history.count[TRIAL_RUNNING]; i++)
        ck_assert_uint_eq(a->history.running[i], b->history.running[i]);
}

// Ends trial i in the view of trial `number` if that one saw it end.
static inline void end_in(struct history *view, const struct live *live,
                          size_t i, size_t number)
{
    const struct history *h = &live->history;
    if (i < number &&
        live->trials[i].ended_revision <= live->trials[number].seen_revision)
        history_enter(view, i,
                      &(struct result){.state = (enum trial_state)h->state[i],
                                       .values = history_values(h, i),
                                       .constraints =
                                           h->constraint + i * h->n_constraints,
                                       .variance = h->variance[i]});
}

// The study as the suggestion of trial `number` saw it: the ends up to its
// seen_revision, and all other trials below it as running.
static inline void history_before(const struct live *live, size_t number,
                                  struct history *view)
{
    const struct history *h = &live->history;
    history_init_for(view, h->space, h->n_objectives, h->n_constraints);
    for (size_t i = 0; i < number; i++) {
        history_append(view, TRIAL_RUNNING, history_point(h, i));
        view->seen[i] = h->seen[i];
    }
    for (size_t i = 0; i < h->n_ended; i++)
        end_in(view, live, h->ended[i], number);
    for (size_t i = 0; i < number; i++)
        if (h->state[i] == TRIAL_LOST || live->trials[i].withdrawn)
            end_in(view, live, i, number);
}

// The point of every trial that was suggested since a revision is what the pure
// function suggests.
static inline void check_suggestions_since(const struct live *live,
                                           int64_t revision)
{
    const struct definition *d = live->definition;
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < live->history.n; i++) {
        struct history view;
        struct error err = {0};
        struct sampler_task task = {.space = &d->space,
                                    .history = &view,
                                    .options = d->sampler_options,
                                    .seed = d->seed,
                                    .max_trials = d->budget.max_trials};
        struct suggestion out = {.point = arena_doubles(&arena, d->space.n)};
        if (live->trials[i].retry_of >= 0 || live->trials[i].brought ||
            live->trials[i].seen_revision < revision)
            continue;
        history_before(live, i, &view);
        ck_assert_uint_eq(view.n_ended, live->history.seen[i]);
        must(sampler_suggest(d->sampler, &task, i, &arena, &out, &err));
        for (size_t k = 0; k < d->space.n; k++)
            ck_assert_msg(
                same_number(out.point[k], history_point(&live->history, i)[k]),
                "trial %zu", i);
        history_done(&view);
        arena_reset(&arena);
    }
    arena_done(&arena);
}

static inline void check_suggestions(const struct live *live)
{
    check_suggestions_since(live, 0);
}

// The store holds what memory holds.
static inline void check_stored(const struct live *live, struct store *store)
{
    struct live *again = NULL;
    live_begin(&again, store, live->id);
    store_rollback(store);
    check_same_live(live, again);
    live_free(again);
}

#endif
