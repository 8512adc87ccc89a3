// SPDX-License-Identifier: GPL-3.0-or-later
// ahead.c - models and suggestions, made before they are asked for

#include "ahead.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/memory.h"
#include "budget.h"
#include "kind.h"
#include "live.h"

static void *allocate(size_t size)
{
    void *block = malloc(size ? size : 1);
    if (!block)
        abort();
    return block;
}

// ---- models -----------------------------------------------------------------

struct fitted {
    const struct sampler *sampler;
    struct model *model;
    size_t n_ended; // results that it has seen
    atomic_int users;
};

// Fits to what the sampler asks for after all results of the history.
static struct fitted *fit(const struct sampler *sampler,
                          const struct sampler_task *task,
                          const struct fitted *before)
{
    struct fitted *fitted = allocate(sizeof *fitted);
    size_t n = sampler->fit_length(task, task->history->n_ended);
    *fitted = (struct fitted){.sampler = sampler, .n_ended = n, .users = 1};
    bool fewer = before && before->n_ended < n;
    fitted->model = sampler->fit(task, n, fewer ? before->model : NULL);
    return fitted;
}

static struct fitted *keep(struct fitted *fitted)
{
    if (fitted)
        atomic_fetch_add(&fitted->users, 1);
    return fitted;
}

static void let_go(struct fitted *fitted)
{
    if (!fitted || atomic_fetch_sub(&fitted->users, 1) > 1)
        return;
    fitted->sampler->model_free(fitted->model);
    free(fitted);
}

// Makes *fitted the model that the next suggestion needs.
static void refit(struct fitted **fitted, const struct sampler *sampler,
                  const struct sampler_task *task)
{
    if (!sampler->fit_length)
        return;
    size_t n = sampler->fit_length(task, task->history->n_ended);
    if (*fitted && (*fitted)->n_ended == n)
        return;
    struct fitted *next = fit(sampler, task, *fitted);
    let_go(*fitted);
    *fitted = next;
}

static struct sampler_task task_of(const struct definition *definition,
                                   const struct warm *warm,
                                   const struct history *history)
{
    return (struct sampler_task){.space = &definition->space,
                                 .history = history,
                                 .prior = warm ? &warm->prior : NULL,
                                 .options = definition->sampler_options,
                                 .seed = definition->seed,
                                 .max_trials = definition->budget.max_trials,
                                 .contour = definition->contour};
}

// ---- suggestions in waiting -------------------------------------------------

static void drop_item(struct ahead_item *item)
{
    free(item->point);
    free(item->why);
}

static void drop_items(struct ahead *ahead)
{
    for (size_t i = 0; i < ahead->n; i++)
        drop_item(&ahead->items[i]);
    ahead->n = 0;
    ahead->epoch++;
}

// Suggests for trial number task->history->n.
static int suggest(const struct sampler *sampler,
                   const struct sampler_task *task, const struct fitted *fitted,
                   struct arena *arena, struct ahead_item *item,
                   struct error *err)
{
    struct suggestion out = {.point = arena_doubles(arena, task->space->n)};
    if (sampler_ask(sampler, task, fitted ? fitted->model : NULL,
                    task->history->n, arena, &out, err))
        return -1;
    item->point = out.point;
    item->why = out.why ? arena_print(arena, "%s", out.why) : NULL;
    return 0;
}

// ---- the live study ---------------------------------------------------------

static bool is_slow(const struct live *live)
{
    const struct sampler *sampler = live->definition->sampler;
    struct sampler_task task =
        task_of(live->definition, live->warm, &live->history);
    return sampler->slow && sampler->slow(&task, live->history.n_ended);
}

// How many results a suggestion may lack.
static size_t slack(const struct live *live)
{
    return live->history.count[TRIAL_RUNNING] / 8;
}

static bool is_stale(const struct live *live)
{
    const struct ahead *ahead = &live->ahead;
    return ahead->n > 0 &&
           live->history.n_ended - ahead->items[0].seen > slack(live);
}

// Takes the suggestion that is in turn.
static void pop(struct live *live, struct arena *arena, struct ahead_item *item)
{
    struct ahead *ahead = &live->ahead;
    size_t d = live->definition->space.n;
    *item = ahead->items[0];
    item->point = arena_doubles(arena, d);
    if (d)
        memcpy(item->point, ahead->items[0].point, d * sizeof *item->point);
    if (item->why)
        item->why = arena_print(arena, "%s", item->why);
    drop_item(&ahead->items[0]);
    ahead->n--;
    memmove(ahead->items, ahead->items + 1, ahead->n * sizeof *ahead->items);
}

int ahead_require(struct live *live, size_t n, struct error *err)
{
    struct ahead *ahead = &live->ahead;
    n = n < AHEAD_MOST ? n : AHEAD_MOST;
    if (!ahead->may_wait || !is_slow(live) ||
        (ahead->n >= n && !is_stale(live)))
        return 0;
    ahead->wanted += n;
    return error_set(err, ERROR_WAIT, "a suggestion is being prepared");
}

int ahead_suggest(struct live *live, struct arena *arena,
                  struct ahead_item *item, struct error *err)
{
    struct ahead *ahead = &live->ahead;
    const struct sampler *sampler = live->definition->sampler;
    if (ahead->n > 0) {
        pop(live, arena, item);
        return 0;
    }
    struct sampler_task task =
        task_of(live->definition, live->warm, &live->history);
    ahead_skip(live);
    refit(&ahead->fitted, sampler, &task);
    item->seen_revision = live->progress.revision;
    item->seen = live->history.n_ended;
    return suggest(sampler, &task, ahead->fitted, arena, item, err);
}

const struct model *ahead_model(const struct live *live)
{
    const struct fitted *fitted = live->ahead.fitted;
    if (!fitted)
        return NULL;
    struct sampler_task task =
        task_of(live->definition, live->warm, &live->history);
    size_t n = fitted->sampler->fit_length(&task, live->history.n_ended);
    return fitted->n_ended == n ? fitted->model : NULL;
}

void ahead_skip(struct live *live)
{
    drop_items(&live->ahead);
}

void ahead_forget(struct live *live)
{
    drop_items(&live->ahead);
    let_go(live->ahead.fitted);
    live->ahead.fitted = NULL;
}

// How many suggestions should be in waiting.
static size_t goal(const struct live *live)
{
    size_t n = slack(live) < 1 ? 1 : slack(live);
    n = n < live->ahead.wanted ? live->ahead.wanted : n;
    return n < AHEAD_MOST ? n : AHEAD_MOST;
}

// How many of them a preparation makes.
static size_t missing(const struct live *live)
{
    size_t wanted = goal(live), n = live->ahead.n;
    size_t more = wanted > n ? wanted - n : 0;
    return more < AHEAD_AT_ONCE ? more : AHEAD_AT_ONCE;
}

bool ahead_wants(const struct live *live)
{
    int64_t most = live->definition->budget.max_trials;
    char detail[BUDGET_DETAIL];
    if (live->state != STUDY_RUNNING || live->deleted || !is_slow(live) ||
        (most > 0 && live->tally.started >= most) || kind_done(live, detail))
        return false;
    return missing(live) > 0 || is_stale(live);
}

// ---- preparations -----------------------------------------------------------

struct preparation {
    struct definition *definition;
    struct warm *warm;
    struct history history;
    struct fitted *fitted;
    uint64_t epoch;
    int64_t revision;
    size_t seen;
    size_t wanted, n;
    struct ahead_item items[AHEAD_AT_ONCE];
};

// What is queued will be handed out before any new suggestion is.
static void start_queued(struct history *history)
{
    static const struct result running = {.state = TRIAL_RUNNING,
                                          .variance = NAN};
    for (size_t i = 0; history->count[TRIAL_QUEUED] && i < history->n; i++)
        if (history->state[i] == TRIAL_QUEUED)
            history_enter(history, i, &running);
}

struct preparation *ahead_prepare(struct live *live)
{
    struct ahead *ahead = &live->ahead;
    struct preparation *p = allocate(sizeof *p);
    if (is_stale(live))
        drop_items(ahead);
    *p = (struct preparation){.definition = definition_keep(live->definition),
                              .warm = warm_keep(live->warm),
                              .fitted = keep(ahead->fitted),
                              .epoch = ahead->epoch,
                              .revision = live->progress.revision,
                              .seen = live->history.n_ended,
                              .wanted = missing(live)};
    history_copy(&p->history, &live->history);
    start_queued(&p->history);
    for (size_t i = 0; i < ahead->n; i++)
        history_append(&p->history, TRIAL_RUNNING, ahead->items[i].point);
    ahead->wanted = 0;
    return p;
}

// Makes the next suggestion and counts on it. False when there is none.
static bool prepare_one(struct preparation *p, const struct sampler_task *task)
{
    struct arena arena;
    struct error err = {0};
    struct ahead_item found;
    size_t d = p->definition->space.n;
    arena_init(&arena);
    bool made = suggest(p->definition->sampler, task, p->fitted, &arena, &found,
                        &err) == 0;
    if (made) {
        struct ahead_item *item = &p->items[p->n++];
        *item = (struct ahead_item){.point = allocate(d * sizeof(double)),
                                    .why = found.why ? memory_text(found.why)
                                                     : NULL,
                                    .seen_revision = p->revision,
                                    .seen = p->seen};
        if (d)
            memcpy(item->point, found.point, d * sizeof(double));
        history_append(&p->history, TRIAL_RUNNING, item->point);
    }
    arena_done(&arena);
    return made;
}

void ahead_run(struct preparation *p)
{
    struct sampler_task task = task_of(p->definition, p->warm, &p->history);
    refit(&p->fitted, p->definition->sampler, &task);
    while (p->n < p->wanted && prepare_one(p, &task))
        ;
    history_done(&p->history); // here, where it holds nobody up
}

void ahead_discard(struct preparation *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n; i++)
        drop_item(&p->items[i]);
    let_go(p->fitted);
    history_done(&p->history);
    warm_free(p->warm);
    definition_free(p->definition);
    free(p);
}

void ahead_adopt(struct live *live, struct preparation *p)
{
    struct ahead *ahead = &live->ahead;
    if (p->epoch == ahead->epoch && p->definition == live->definition) {
        assert(ahead->n + p->n <= AHEAD_MOST);
        memcpy(ahead->items + ahead->n, p->items, p->n * sizeof *p->items);
        ahead->n += p->n;
        p->n = 0;
        let_go(ahead->fitted);
        ahead->fitted = keep(p->fitted);
    }
    ahead_discard(p);
}
