// SPDX-License-Identifier: GPL-3.0-or-later
// copy.c - trials of one study, copied into another

#include "copy.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/memory.h"
#include "auth.h"
#include "store_copy.h"
#include "translate.h"
#include "trial_private.h"
#include "wire_definition.h"

void copy_done(struct copy *copy)
{
    free(copy->numbers);
    copy->numbers = NULL;
    copy->n = copy->capacity = 0;
}

unsigned copy_states_results(void)
{
    return 1u << TRIAL_COMPLETE | 1u << TRIAL_PRUNED | 1u << TRIAL_INFEASIBLE;
}

unsigned copy_states_ended(void)
{
    return copy_states_results() | 1u << TRIAL_FAILED;
}

// ---- what to copy -----------------------------------------------------------

static int check_objectives(const struct copy *copy,
                            const struct definition *source,
                            const struct definition *target, struct error *err)
{
    if (source->n_objectives != target->n_objectives)
        return error_set(err, ERROR_INVALID,
                         "study %.64s has %zu objectives, not %zu as this one",
                         copy->source_key, source->n_objectives,
                         target->n_objectives);
    for (size_t i = 0; i < target->n_objectives; i++) {
        const struct objective *a = &source->objectives[i];
        const struct objective *b = &target->objectives[i];
        if (strcmp(a->name, b->name) == 0 && a->maximize == b->maximize)
            continue;
        return error_set(err, ERROR_INVALID,
                         "study %.64s is to %s %.60s, this one to %s %.60s",
                         copy->source_key,
                         a->maximize ? "maximize" : "minimize", a->name,
                         b->maximize ? "maximize" : "minimize", b->name);
    }
    return 0;
}

static int check_constraints(const struct copy *copy,
                             const struct definition *source,
                             const struct definition *target, struct error *err)
{
    size_t k = target->n_outcome_constraints;
    if (source->n_outcome_constraints != k)
        return error_set(err, ERROR_INVALID,
                         "study %.64s has %zu outcome constraints, not %zu as "
                         "this one",
                         copy->source_key, source->n_outcome_constraints, k);
    for (size_t i = 0; i < k; i++) {
        const char *a = source->outcome_constraints[i].name;
        const char *b = target->outcome_constraints[i].name;
        if (strcmp(a, b) != 0)
            return error_set(err, ERROR_INVALID,
                             "study %.64s has the outcome constraint %.60s "
                             "where this one has %.60s",
                             copy->source_key, a, b);
    }
    return 0;
}

struct planning {
    struct copy *copy;
    const struct definition *source, *target;
    double *point; // [d of the target]
};

static int visit_choice(void *context, const struct trial_row *row,
                        struct error *err)
{
    struct planning *planning = context;
    struct copy *copy = planning->copy;
    struct error misfit = {0};
    if (row->n_point != planning->source->space.n ||
        translate_point(&planning->source->space, row->point,
                        &planning->target->space, planning->point, &misfit)) {
        copy->n_unfit++;
        if (copy->skip_unfit)
            return 0;
        return error_set(err, ERROR_INVALID,
                         "trial %" PRId64 " of study %.64s does not fit: %s",
                         row->number, copy->source_key, misfit.message);
    }
    if (copy->n == COPY_MAX_TRIALS)
        return error_set(err, ERROR_INVALID,
                         "trials must be at most %d, study %.64s has more that "
                         "match",
                         COPY_MAX_TRIALS, copy->source_key);
    if (copy->n == copy->capacity) {
        copy->capacity = copy->n ? 2 * copy->n : 256;
        copy->numbers =
            memory_resize(copy->numbers, copy->capacity, sizeof *copy->numbers);
    }
    copy->numbers[copy->n++] = row->number;
    return 0;
}

static struct definition *read_source(struct store *store,
                                      const struct copy *copy,
                                      struct arena *arena, struct error *err)
{
    struct study_row row;
    return store_study_get(store, copy->source_id, arena, &row, err)
               ? NULL
               : wire_definition_load(row.definition, err);
}

int copy_plan(struct store *store, struct copy *copy,
              const struct definition *target, struct error *err)
{
    struct arena arena;
    int result = -1;
    arena_init(&arena);
    struct definition *source = read_source(store, copy, &arena, err);
    struct planning planning = {copy, source, target,
                                arena_doubles(&arena, target->space.n)};
    if (source && !check_objectives(copy, source, target, err) &&
        !check_constraints(copy, source, target, err)) {
        copy->filter.study_id = copy->source_id;
        result = store_trial_choose(store, &copy->filter, copy->first,
                                    copy->last, visit_choice, &planning, err);
    }
    definition_free(source);
    arena_done(&arena);
    return result;
}

// ---- reading a step ---------------------------------------------------------

struct taken {
    struct trial_row row; // in the arena
    struct report_row *reports;
    size_t n_reports, capacity;
};

struct page {
    const struct copy *copy;
    struct arena *arena;
    struct taken *taken; // [COPY_STEP]
    size_t n;
    size_t at; // in copy->numbers: the next one to look for
    size_t rows, bytes, reports;
    size_t reporting; // of taken: whose reports are read
    bool full;
};

static size_t length(const char *text)
{
    return text ? strlen(text) : 0;
}

static size_t size_of(const struct trial_row *row)
{
    return sizeof *row + row->n_point * sizeof *row->point +
           length(row->worker) + length(row->constants) + length(row->special) +
           length(row->error) + length(row->outputs) + length(row->meta) +
           length(row->env) + length(row->tags) + length(row->notes) +
           length(row->why);
}

// Takes the trial if it is one of those that were chosen, and still can be.
static int visit_trial(void *context, const struct trial_row *row,
                       struct error *err)
{
    struct page *page = context;
    const struct copy *copy = page->copy;
    (void)err;
    while (page->at < copy->n && copy->numbers[page->at] < row->number)
        page->at++;
    bool chosen = page->at < copy->n && copy->numbers[page->at] == row->number;
    if (chosen)
        page->at++;
    if (chosen && !row->withdrawn && copy_states_ended() >> row->state & 1)
        page->taken[page->n++] = (struct taken){.row = *row};
    page->rows++;
    page->bytes += size_of(row);
    page->full = page->n == COPY_STEP || page->bytes > COPY_STEP_BYTES;
    return page->full ? -1 : 0;
}

static void keep_report(struct page *page, struct taken *taken,
                        const struct report_row *row)
{
    if (taken->n_reports == taken->capacity) {
        size_t capacity = taken->capacity ? 2 * taken->capacity : 16;
        struct report_row *reports =
            arena_zeros(page->arena, capacity, sizeof *reports);
        if (taken->n_reports)
            memcpy(reports, taken->reports, taken->n_reports * sizeof *reports);
        taken->reports = reports;
        taken->capacity = capacity;
    }
    taken->reports[taken->n_reports++] = *row;
    page->reports++;
}

// Reports come in the order of the trials. When there are too many, the trials
// from the next one on are left to the next step.
static int visit_report(void *context, const struct report_row *row,
                        struct error *err)
{
    struct page *page = context;
    (void)err;
    while (page->reporting < page->n &&
           page->taken[page->reporting].row.number < row->number)
        page->reporting++;
    if (page->reporting == page->n)
        return 0;
    struct taken *taken = &page->taken[page->reporting];
    if (taken->row.number != row->number)
        return 0;
    if (page->reports >= COPY_STEP_REPORTS && !taken->n_reports) {
        page->full = true;
        page->n = page->reporting;
        while (page->at > 0 && page->copy->numbers[page->at - 1] >= row->number)
            page->at--;
        return -1;
    }
    keep_report(page, taken, row);
    return 0;
}

static int read_reports(struct store *store, struct page *page,
                        struct error *err)
{
    if (!page->n)
        return 0;
    bool full = page->full;
    page->full = false;
    if (store_reports_of(
            store, page->copy->source_id, page->taken[0].row.number,
            page->taken[page->n - 1].row.number, visit_report, page, err) &&
        !page->full)
        return -1;
    page->full = page->full || full;
    return 0;
}

// Reads the trials of a step.
static int read_page(struct store *store, struct page *page, struct error *err)
{
    const struct copy *copy = page->copy;
    struct trial_filter filter = {.study_id = copy->source_id,
                                  .after_number = copy->numbers[page->at] - 1,
                                  .since_revision = -1,
                                  .value_min = NAN,
                                  .value_max = NAN,
                                  .limit = COPY_STEP_ROWS,
                                  .keep = page->arena};
    if (store_trial_list(store, &filter, visit_trial, page, err) && !page->full)
        return -1;
    if (!page->full && page->rows < COPY_STEP_ROWS)
        page->at = copy->n; // there are no more
    return read_reports(store, page, err);
}

// ---- writing ----------------------------------------------------------------

// A value that meets the bounds there may break those here.
static enum trial_state state_here(const struct live *live,
                                   const struct trial_row *row,
                                   const struct outcome *outcome)
{
    if (row->state != TRIAL_COMPLETE && row->state != TRIAL_INFEASIBLE)
        return row->state;
    return outcome_feasible(live->definition, outcome) ? TRIAL_COMPLETE
                                                       : TRIAL_INFEASIBLE;
}

// What the store keeps beside what memory knows.
static struct trial_row row_of(const struct live *live, size_t number,
                               const struct trial_row *from)
{
    struct trial_row row = trial_row_of(live, number);
    row.values = from->values;
    row.n_values = from->n_values;
    row.constraint_values = from->constraint_values;
    row.n_constraint_values = from->n_constraint_values;
    row.uncertainty = from->uncertainty;
    row.stop_reason = from->stop_reason;
    row.sampler = "imported";
    row.created_ms = from->created_ms;
    row.wall_s = from->wall_s;
    row.cost = from->cost;
    row.worker = from->worker;
    row.constants = from->constants;
    row.special = from->special;
    row.error = from->error;
    row.outputs = from->outputs;
    row.meta = from->meta;
    row.env = from->env;
    row.tags = from->tags;
    row.notes = from->notes;
    return row;
}

static int write_reports(struct live *live, struct store *store, size_t number,
                         const struct taken *taken, struct error *err)
{
    for (size_t i = 0; i < taken->n_reports; i++) {
        struct report_row row = taken->reports[i];
        row.study_id = live->id;
        row.number = (int64_t)number;
        row.revision = live->progress.revision;
        if (store_report_put(store, &row, err))
            return -1;
    }
    return 0;
}

// The id of a copy, and the key by which memory knows it. What came with it
// does not matter, for it may have been edited there since.
struct name {
    char id[100];
    unsigned char key[STORE_CLIENT_KEY_BYTES];
    uint64_t words[2]; // the same bytes
};

static void make_name(const struct copy *copy, int64_t number,
                      struct name *name)
{
    unsigned char hash[AUTH_HASH_BYTES];
    int n = snprintf(name->id, sizeof name->id, "%.64s/%" PRId64,
                     copy->source_key, number);
    auth_hash(name->id, (size_t)n, hash);
    memcpy(name->key, hash, sizeof name->key);
    memcpy(name->words, hash, sizeof name->words);
}

// Appends the trial in memory, ended. Returns its number.
static size_t append(struct live *live, const struct taken *taken,
                     const double *point, const struct name *name)
{
    const struct trial_row *from = &taken->row;
    struct outcome outcome = {.values = from->n_values ? from->values : NULL,
                              .constraints = from->n_constraint_values
                                                 ? from->constraint_values
                                                 : NULL,
                              .uncertainty = from->uncertainty};
    struct live_trial trial = {.seen_revision = live->progress.revision,
                               .attempt = 1,
                               .retry_of = -1,
                               .brought = true,
                               .stopped = from->stopped,
                               .ended_ms = from->ended_ms,
                               .client_key = name->words[0],
                               .client_body = name->words[1]};
    ahead_skip(live);
    trial.ended_revision = live_revise(live);
    size_t number = live_append(live, point, &trial, live->history.n_ended);
    for (size_t i = 0; i < taken->n_reports; i++)
        live_report(live, number, taken->reports[i].step,
                    taken->reports[i].value);
    live_move(live, number, state_here(live, from, &outcome), &outcome);
    if (!isnan(from->cost))
        tally_charge(live, number, from->cost);
    return number;
}

static int add(struct live *live, struct store *store, const struct copy *copy,
               const struct taken *taken, const double *point,
               const struct name *name, struct error *err)
{
    size_t number = append(live, taken, point, name);
    struct trial_row row = row_of(live, number, &taken->row);
    row.client_id = name->id;
    memcpy(row.client_key, name->key, sizeof row.client_key);
    if (store_trial_add(store, &row, err) ||
        write_reports(live, store, number, taken, err))
        return -1;
    return copy->quiet ? 0
                       : trial_event(live, store, "trial_imported", row.number,
                                     copy->user_id, err);
}

static bool is_present(const struct live *live, const struct name *name)
{
    return numbers_find(&live->clients, name->words[0]) >= 0;
}

// Passes over trials that are there already, without reading them.
static void skip_present(const struct live *live, const struct copy *copy,
                         struct copy_step *step)
{
    struct name name;
    while (step->next < copy->n && step->n_there < COPY_STEP_PRESENT) {
        make_name(copy, copy->numbers[step->next], &name);
        if (!is_present(live, &name))
            return;
        step->next++;
        step->n_there++;
    }
}

static int write_page(struct live *live, struct store *store,
                      const struct page *page, const struct definition *source,
                      struct copy_step *step, struct error *err)
{
    const struct space *space = &live->definition->space;
    double *point = arena_doubles(page->arena, space->n);
    struct name name;
    for (size_t i = 0; i < page->n; i++) {
        const struct taken *taken = &page->taken[i];
        struct error misfit = {0};
        make_name(page->copy, taken->row.number, &name);
        if (is_present(live, &name)) {
            step->n_there++;
        } else if (taken->row.n_point != source->space.n ||
                   translate_point(&source->space, taken->row.point, space,
                                   point, &misfit)) {
            step->n_unfit++;
        } else {
            step->n_new++;
            if (add(live, store, page->copy, taken, point, &name, err))
                return -1;
        }
    }
    return 0;
}

int copy_some(struct live *live, struct store *store, const struct copy *copy,
              struct copy_step *step, struct error *err)
{
    struct arena arena;
    struct definition *source = NULL;
    *step = (struct copy_step){.at = step->at, .next = step->at};
    skip_present(live, copy, step);
    if (step->next >= copy->n || step->n_there == COPY_STEP_PRESENT)
        return 0;
    arena_init(&arena);
    struct page page = {.copy = copy,
                        .arena = &arena,
                        .taken =
                            arena_zeros(&arena, COPY_STEP, sizeof *page.taken),
                        .at = step->next};
    int result = -1;
    // The definition is read last: it is no older than the trials.
    if (read_page(store, &page, err) == 0 &&
        (source = read_source(store, copy, &arena, err)))
        result = write_page(live, store, &page, source, step, err);
    step->next = page.at;
    definition_free(source);
    arena_done(&arena);
    return result ? -1 : study_settle(live, store, err);
}
