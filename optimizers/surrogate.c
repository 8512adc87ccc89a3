// SPDX-License-Identifier: GPL-3.0-or-later
// surrogate.c - what the results of a study say, as Gaussian processes

#include "surrogate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "subset.h"
#include "transfer.h"

enum {
    MOST = 600,         // results in the model, less with many outputs
    MOST_OUTPUTS = 3,   // that leave it so
    MOST_PENDING = 100, // rows of running trials: the latest
    FAILING = 5,        // one in so many: failures get a process
};

static const double most_variance = 1e6; // of a warped value

// What a trial says of an output.
struct datum {
    double y, variance;
};

// ---- what became of a trial -------------------------------------------------

static bool finite_values(const struct history *history, uint32_t number)
{
    const double *values = history_values(history, number);
    for (size_t j = 0; j < history->n_objectives; j++)
        if (!isfinite(values[j]))
            return false;
    return true;
}

// Did it say what the objectives are there?
static bool valued(const struct history *history, uint32_t number)
{
    enum trial_state state = history->state[number];
    bool told =
        state == TRIAL_COMPLETE || state == TRIAL_PRUNED ||
        (state == TRIAL_INFEASIBLE && history_violation(history, number) > 0);
    return told && finite_values(history, number);
}

// Did it end for a reason of its own, with nothing told?
static bool failed(const struct history *history, uint32_t number)
{
    enum trial_state state = history->state[number];
    if (state == TRIAL_INFEASIBLE)
        return !(history_violation(history, number) > 0);
    if (state == TRIAL_PRUNED && history->n_objectives > 1)
        return false; // reports say nothing of the other objectives
    return state == TRIAL_FAILED || !valued(history, number);
}

// Is a constraint known there?
static bool constrained(const struct history *history, uint32_t number)
{
    size_t c = history->n_constraints;
    for (size_t j = 0; j < c; j++)
        if (isfinite(history->constraint[number * c + j]))
            return true;
    return false;
}

size_t surrogate_usable(const struct history *history, size_t n_ended)
{
    size_t n = 0;
    for (size_t i = 0; i < n_ended; i++)
        n += valued(history, history->ended[i]) ||
             constrained(history, history->ended[i]);
    return n;
}

size_t surrogate_begun(const struct history *history, uint64_t number,
                       size_t most)
{
    size_t n = 0;
    for (uint32_t i = 0; n < most && i < number && i < history->n; i++)
        n += history->state[i] == TRIAL_RUNNING || valued(history, i) ||
             constrained(history, i);
    return n;
}

// ---- outputs ----------------------------------------------------------------

static double raw_value(const struct output *output,
                        const struct history *history, uint32_t number)
{
    double value = history_values(history, number)[output->index];
    return history->state[number] == TRIAL_PRUNED ? fmax(output->median, value)
                                                  : value;
}

static bool objective_of(const struct surrogate *surrogate,
                         const struct output *output,
                         const struct history *history, uint32_t number,
                         struct datum *datum)
{
    if (!valued(history, number)) {
        datum->y = output->worst;
        return failed(history, number) && !surrogate->failures;
    }
    double raw = raw_value(output, history, number);
    datum->y = warp_value(&output->warp, raw);
    if (output->index == 0 && history->variance[number] > 0) {
        double slope = warp_slope(&output->warp, raw);
        datum->variance =
            fmin(history->variance[number] * slope * slope, most_variance);
    }
    return true;
}

// What a trial says of an output; false: nothing.
static bool datum_of(const struct surrogate *surrogate,
                     const struct output *output, const struct history *history,
                     uint32_t number, struct datum *datum)
{
    *datum = (struct datum){0};
    if (output->kind == OUTPUT_OBJECTIVE)
        return objective_of(surrogate, output, history, number, datum);
    if (output->kind == OUTPUT_SUCCESS) {
        datum->y = failed(history, number) ? 1 : -1;
        return true;
    }
    size_t c = history->n_constraints;
    double told = history->constraint[number * c + output->index];
    datum->y = bilog_value(&output->bilog, told);
    return isfinite(told);
}

// ---- transformations --------------------------------------------------------

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

// The results that a model sees, and what its points look like.
struct rows {
    const struct history *history;
    size_t n;
    uint32_t *number; // [n]
    struct transfer transfer;
    size_t width; // coordinates
    const enum matern_distance *distance;
    double least_noise;
};

// The median of the complete values; -INFINITY: there are none.
static double median_of(const struct rows *rows, size_t index, double *scratch)
{
    size_t m = 0;
    for (size_t i = 0; i < rows->n; i++) {
        uint32_t number = rows->number[i];
        if (rows->history->state[number] == TRIAL_COMPLETE &&
            valued(rows->history, number))
            scratch[m++] = history_values(rows->history, number)[index];
    }
    qsort(scratch, m, sizeof *scratch, by_size);
    return m ? 0.5 * scratch[(m - 1) / 2] + 0.5 * scratch[m / 2] : -INFINITY;
}

// Fits the warp of an objective; there is at least one value.
static void bend(struct output *output, const struct rows *rows,
                 struct arena *arena)
{
    double *value = arena_doubles(arena, rows->n);
    output->median = median_of(rows, output->index, value);
    size_t m = 0;
    for (size_t i = 0; i < rows->n; i++)
        if (valued(rows->history, rows->number[i]))
            value[m++] = raw_value(output, rows->history, rows->number[i]);
    bool several = rows->history->n_objectives > 1;
    output->warp = several ? warp_fit_straight(value, m, arena)
                           : warp_fit(value, m, arena);
    output->worst = -INFINITY;
    for (size_t i = 0; i < m; i++)
        output->worst =
            fmax(output->worst, warp_value(&output->warp, value[i]));
}

static void compress(struct output *output, const struct rows *rows,
                     struct arena *arena)
{
    double *value = arena_doubles(arena, rows->n);
    size_t c = rows->history->n_constraints, m = 0;
    for (size_t i = 0; i < rows->n; i++) {
        size_t at = rows->number[i] * c + output->index;
        if (isfinite(rows->history->constraint[at]))
            value[m++] = rows->history->constraint[at];
    }
    output->bilog = bilog_fit(value, m, arena);
}

// ---- learning ---------------------------------------------------------------

// What an output is learnt from: results of others, then those of this study.
struct lesson {
    struct gp_data data;
    double *y, *variance; // of data
    uint32_t *trial;      // of each point
    double *x;            // [width] of the next point
};

static void add_to(struct lesson *lesson, uint32_t number, struct datum datum)
{
    size_t i = lesson->data.points.n;
    lesson->y[i] = datum.y;
    lesson->variance[i] = datum.variance;
    lesson->trial[i] = number;
    gp_points_add(&lesson->data.points, lesson->x);
}

static void add_others(struct lesson *lesson, const struct transfer *transfer,
                       size_t objective, size_t d)
{
    for (size_t i = 0; i < transfer->n; i++) {
        memcpy(lesson->x, transfer->unit[i], d * sizeof *lesson->x);
        lesson->x[d] = transfer->source[i] + 1;
        struct datum datum = {transfer->y[objective * TRANSFER_MOST + i], 0};
        add_to(lesson, SURROGATE_OTHER, datum);
    }
    lesson->x[d] = 0;
}

// `others`: with the results of other studies.
static struct lesson gather(const struct surrogate *surrogate,
                            const struct output *output,
                            const struct rows *rows, bool others,
                            struct arena *arena)
{
    size_t d = rows->history->space->n;
    size_t most = rows->n + rows->transfer.n;
    struct lesson lesson = {.y = arena_doubles(arena, most),
                            .variance = arena_doubles(arena, most)};
    lesson.trial = arena_alloc(arena, most * sizeof *lesson.trial);
    lesson.x = arena_zeros(arena, rows->width, sizeof *lesson.x);
    lesson.data.points = gp_points(most, rows->width, rows->distance, arena);
    if (others)
        add_others(&lesson, &rows->transfer, output->index, d);
    for (size_t i = 0; i < rows->n; i++) {
        struct datum datum;
        uint32_t number = rows->number[i];
        memcpy(lesson.x, history_unit(rows->history, number),
               d * sizeof *lesson.x);
        if (datum_of(surrogate, output, rows->history, number, &datum))
            add_to(&lesson, number, datum);
    }
    lesson.data.y = lesson.y;
    lesson.data.variance = lesson.variance;
    lesson.data.least_noise = rows->least_noise;
    return lesson;
}

static bool learn_from(struct surrogate *surrogate, struct output *output,
                       const struct lesson *lesson, struct arena *arena,
                       struct arena *scratch)
{
    size_t n = lesson->data.points.n;
    double *theta = arena_doubles(scratch, lesson->data.points.d + 2);
    gp_learn(&lesson->data, scratch, theta);
    if (output == surrogate->output) {
        surrogate->trial = arena_alloc(arena, n * sizeof *lesson->trial);
        memcpy(surrogate->trial, lesson->trial, n * sizeof *lesson->trial);
    }
    return gp_condition(&output->gp, &lesson->data, theta, n, arena);
}

static bool learn(struct surrogate *surrogate, struct output *output,
                  const struct rows *rows, struct arena *arena,
                  struct arena *scratch)
{
    if (output->kind == OUTPUT_OBJECTIVE)
        bend(output, rows, scratch);
    if (output->kind == OUTPUT_CONSTRAINT)
        compress(output, rows, scratch);
    struct lesson own = gather(surrogate, output, rows, false, scratch);
    if (!learn_from(surrogate, output, &own, arena, scratch))
        return false;
    size_t others = rows->transfer.n;
    if (output->kind != OUTPUT_OBJECTIVE || others == 0)
        return true;
    // Other studies count if they make the results of this one more likely.
    struct output alone = *output;
    uint32_t *trial = surrogate->trial;
    struct lesson all = gather(surrogate, output, rows, true, scratch);
    if (!learn_from(surrogate, output, &all, arena, scratch) ||
        gp_evidence(&output->gp, others) < gp_evidence(&alone.gp, 0)) {
        *output = alone;
        surrogate->trial = trial;
    }
    return true;
}

static const enum matern_distance *distances(const struct space *space,
                                             struct arena *arena)
{
    enum matern_distance *kind =
        arena_alloc(arena, (space->n + 1) * sizeof *kind);
    for (size_t k = 0; k < space->n; k++) {
        const struct param *p = &space->params[k];
        bool category = p->kind == PARAM_CATEGORICAL || p->kind == PARAM_BOOL;
        if (p->n_conditions)
            kind[k] =
                category ? MATERN_CATEGORY_OR_NONE : MATERN_NUMBER_OR_NONE;
        else
            kind[k] = category ? MATERN_CATEGORY : MATERN_NUMBER;
    }
    kind[space->n] = MATERN_CATEGORY; // the study
    return kind;
}

// Lists what there is to be learnt from the rows.
static void list_outputs(struct surrogate *surrogate, const struct rows *rows,
                         struct arena *arena)
{
    const struct history *history = rows->history;
    size_t m = history->n_objectives, c = history->n_constraints;
    size_t values = 0, failures = 0, n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        values += valued(history, rows->number[i]);
        failures += failed(history, rows->number[i]);
    }
    struct output *output =
        arena_zeros(arena, m + c + 1, sizeof *surrogate->output);
    for (; values > 0 && n < m; n++)
        output[n] = (struct output){.kind = OUTPUT_OBJECTIVE, .index = n};
    surrogate->n_objectives = n;
    for (size_t j = 0; j < c; j++) {
        size_t told = 0;
        for (size_t i = 0; i < rows->n; i++)
            told += isfinite(history->constraint[rows->number[i] * c + j]);
        if (told > 0)
            output[n++] =
                (struct output){.kind = OUTPUT_CONSTRAINT, .index = j};
    }
    surrogate->failures = FAILING * failures >= rows->n && failures > 0;
    if (surrogate->failures)
        output[n++] = (struct output){.kind = OUTPUT_SUCCESS};
    surrogate->output = output;
    surrogate->n_outputs = n;
}

// With many outputs fewer results, so that the work stays what it is.
static size_t most_results(const struct history *history)
{
    size_t n = history->n_objectives + history->n_constraints;
    return n <= MOST_OUTPUTS
               ? MOST
               : (size_t)(MOST * cbrt((double)MOST_OUTPUTS / (double)n));
}

bool surrogate_fit(const struct sampler_task *task, size_t n_ended,
                   double least_noise, struct arena *arena,
                   struct surrogate *surrogate)
{
    const struct history *history = task->history;
    size_t d = task->space->n, m = history->n_objectives;
    struct arena scratch;
    arena_init(&scratch);
    struct rows rows = {.history = history,
                        .least_noise = least_noise,
                        .distance = distances(task->space, arena)};
    rows.number = arena_alloc(&scratch, (n_ended + 1) * sizeof *rows.number);
    memcpy(rows.number, history->ended, n_ended * sizeof *rows.number);
    rows.n = subset_select(history, most_results(history), n_ended, rows.number,
                           &scratch);
    rows.transfer = transfer_of(task->prior, d, m, &scratch);
    rows.width = d + (rows.transfer.n > 0);
    *surrogate = (struct surrogate){.n_ended = n_ended};
    list_outputs(surrogate, &rows, arena);
    bool good = surrogate->n_outputs > 0;
    for (size_t i = 0; i < surrogate->n_outputs && good; i++)
        good = learn(surrogate, &surrogate->output[i], &rows, arena, &scratch);
    arena_done(&scratch);
    return good;
}

// ---- what came since --------------------------------------------------------

// Appends a trial that says `datum` of an output; a NaN is believed.
static void append(struct surrogate *surrogate, struct output *output,
                   const struct history *history, uint32_t number,
                   struct datum datum, double *x)
{
    memcpy(x, history_unit(history, number), history->space->n * sizeof *x);
    if (output == surrogate->output)
        surrogate->trial[output->gp.points.n] = number;
    gp_append(&output->gp, x, datum.y, datum.variance);
}

// Appends all that trials say of an output.
static void bring_up_to_date(struct surrogate *surrogate, struct output *output,
                             const struct history *history, uint64_t number,
                             double *x)
{
    struct datum datum;
    for (size_t i = surrogate->n_ended; i < history->n_ended; i++) {
        uint32_t trial = history->ended[i];
        if (trial < number &&
            datum_of(surrogate, output, history, trial, &datum))
            append(surrogate, output, history, trial, datum, x);
    }
    size_t end = history->count[TRIAL_RUNNING];
    while (end > 0 && history->running[end - 1] >= number)
        end--;
    datum = (struct datum){.y = NAN};
    for (size_t i = end > MOST_PENDING ? end - MOST_PENDING : 0; i < end; i++)
        append(surrogate, output, history, history->running[i], datum, x);
    gp_solve(&output->gp);
}

struct surrogate surrogate_look(const struct surrogate *surrogate,
                                const struct history *history, uint64_t number,
                                struct arena *arena)
{
    struct surrogate now = *surrogate;
    const struct matern_points *points = &surrogate->output->gp.points;
    size_t more = MOST_PENDING, n = points->n;
    if (history->n_ended > surrogate->n_ended)
        more += history->n_ended - surrogate->n_ended;
    double *x = arena_zeros(arena, points->d, sizeof *x);
    now.trial = arena_alloc(arena, (n + more) * sizeof *now.trial);
    memcpy(now.trial, surrogate->trial, n * sizeof *now.trial);
    now.output = arena_alloc(arena, now.n_outputs * sizeof *now.output);
    for (size_t i = 0; i < now.n_outputs; i++) {
        now.output[i] = surrogate->output[i];
        struct gp *gp = &now.output[i].gp;
        *gp = gp_widen(gp, gp->points.n + more, arena);
        bring_up_to_date(&now, &now.output[i], history, number, x);
    }
    return now;
}
