// SPDX-License-Identifier: GPL-3.0-or-later
// copy.c - trials of one study, copied into another

#include "copy_private.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "auth.h"
#include "quota.h"
#include "translate.h"
#include "trial_private.h"

// ---- reading a step ---------------------------------------------------------

struct page {
    const struct copy *copy;
    struct arena *arena;
    struct copied *taken; // [COPY_STEP]
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
        page->taken[page->n++] = (struct copied){.row = *row};
    page->rows++;
    page->bytes += size_of(row);
    page->full = page->n == COPY_STEP || page->bytes > COPY_STEP_BYTES;
    return page->full ? -1 : 0;
}

// Leaves the trials from this number on to the next step.
static void turn_back(struct page *page, int64_t number)
{
    while (page->at > 0 && page->copy->numbers[page->at - 1] >= number)
        page->at--;
}

static void keep_report(struct page *page, struct copied *taken,
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
    struct copied *taken = &page->taken[page->reporting];
    if (taken->row.number != row->number)
        return 0;
    if (page->reports >= COPY_STEP_REPORTS && !taken->n_reports) {
        page->full = true;
        page->n = page->reporting;
        turn_back(page, row->number);
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
    row.withdrawn_reason = from->withdrawn_reason;
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
    row.point_id = live->scan ? from->point_id : NULL;
    return row;
}

static int write_reports(struct live *live, struct store *store, size_t number,
                         const struct copied *taken, struct error *err)
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
    char id[104];
    unsigned char key[STORE_CLIENT_KEY_BYTES];
    uint64_t words[2]; // the same bytes
};

static void hash_name(struct name *name)
{
    unsigned char hash[AUTH_HASH_BYTES];
    auth_hash(name->id, strlen(name->id), hash);
    memcpy(name->key, hash, sizeof name->key);
    memcpy(name->words, hash, sizeof name->words);
}

static void make_name(const struct copy *copy, int64_t number,
                      struct name *name)
{
    snprintf(name->id, sizeof name->id, "%.64s/%" PRId64, copy->source_key,
             number);
    hash_name(name);
}

// Appends the trial in memory, ended. Returns its number.
static size_t append(struct live *live, const struct copied *taken,
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
                               .wall_s = from->wall_s,
                               .client_key = name->words[0],
                               .client_body = name->words[1]};
    if (live->scan) {
        trial.point_key = from->point_id ? scan_key(from->point_id) : 0;
        trial.run = scan_arrive(live, point, trial.point_key);
    }
    ahead_skip(live);
    trial.ended_revision = live_revise(live);
    size_t number = live_append(live, point, &trial, live->history.n_ended);
    for (size_t i = 0; i < taken->n_reports; i++)
        live_report(live, number, taken->reports[i].step,
                    taken->reports[i].value);
    live_move(live, number, state_here(live, from, &outcome), &outcome);
    if (!isnan(from->cost))
        tally_charge(live, number, from->cost);
    if (from->withdrawn)
        live_amend(live, number, from->withdrawn, live_state(live, number),
                   &outcome_none);
    return number;
}

// Adds the trial, which has this point here.
static int add(struct live *live, struct store *store,
               const struct copied *taken, const double *point,
               const struct name *name, struct error *err)
{
    size_t number = append(live, taken, point, name);
    struct trial_row row = row_of(live, number, &taken->row);
    row.client_id = *name->id ? name->id : NULL;
    memcpy(row.client_key, name->key, sizeof row.client_key);
    return store_trial_add(store, &row, err) ||
                   write_reports(live, store, number, taken, err)
               ? -1
               : 0;
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

// The event of the trial that was added last.
static int tell_of(const struct live *live, struct store *store,
                   const struct copy *copy, struct error *err)
{
    return copy->quiet
               ? 0
               : trial_event(live, store, "trial_imported",
                             (int64_t)live->history.n - 1, copy->user_id, err);
}

static int write_page(struct live *live, struct store *store, struct page *page,
                      const struct definition *source, struct copy_step *step,
                      struct error *err)
{
    const struct space *space = &live->definition->space;
    double *point = arena_doubles(page->arena, space->n);
    struct name name;
    for (size_t i = 0; i < page->n; i++) {
        const struct copied *taken = &page->taken[i];
        struct error misfit = {0};
        make_name(page->copy, taken->row.number, &name);
        if (is_present(live, &name)) {
            step->n_there++;
        } else if (taken->row.n_point != source->space.n ||
                   translate_point(&source->space, taken->row.point, space,
                                   point, &misfit)) {
            step->n_unfit++;
        } else if (quota_take_trials(live, 1, &misfit)) {
            if (!step->n_new)
                return error_set(err, misfit.code, "%s", misfit.message);
            turn_back(page, taken->row.number); // the next step says so
            break;
        } else {
            step->n_new++;
            if (add(live, store, taken, point, &name, err) ||
                tell_of(live, store, page->copy, err))
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
        (source = copy_read_source(store, copy, &arena, err)))
        result = write_page(live, store, &page, source, step, err);
    step->next = page.at;
    definition_free(source);
    arena_done(&arena);
    return result ? -1 : study_settle(live, store, err);
}

// ---- trials of a file -------------------------------------------------------

int copy_listed(struct live *live, struct store *store,
                const struct copied *trials, size_t n, struct copy_step *step,
                struct error *err)
{
    size_t bytes = 0;
    *step = (struct copy_step){.at = step->at, .next = step->at};
    while (step->next < n && step->n_new < COPY_STEP &&
           bytes < COPY_STEP_BYTES) {
        const struct copied *trial = &trials[step->next++];
        struct name name = {0};
        if (trial->row.client_id) {
            snprintf(name.id, sizeof name.id, "%s", trial->row.client_id);
            hash_name(&name);
        }
        if (*name.id && is_present(live, &name))
            return error_set(err, ERROR_INVALID,
                             "line %zu: the id \"%.100s\" was there before",
                             step->next + 1, name.id);
        struct error fault = {0};
        if (quota_take_trials(live, 1, &fault)) {
            if (!step->n_new)
                return error_set(err, fault.code, "%s", fault.message);
            step->next--; // the next step says so
            break;
        }
        if (add(live, store, trial, trial->row.point, &name, err))
            return -1;
        step->n_new++;
        bytes +=
            size_of(&trial->row) + trial->n_reports * sizeof *trial->reports;
    }
    return study_settle(live, store, err);
}
