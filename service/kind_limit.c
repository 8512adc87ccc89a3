// SPDX-License-Identifier: GPL-3.0-or-later
// kind_limit.c - what sets limit studies apart

#include "kind_limit.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "limit_tell.h"
#include "live_limit.h"
#include "wire_limit.h"

enum { SOON_S = 10 }; // when to come back

static struct limit_errand errand_of(const struct live *live, size_t number)
{
    return limit_errand_read(history_point(&live->history, number));
}

// ---- what is next -----------------------------------------------------------

// The terms as they are for whoever asks: with what a toy takes him.
static struct limit_plan plan_for(const struct live *live,
                                  const struct ask *ask, struct arena *arena)
{
    struct limit_plan plan = live->definition->limit->plan;
    struct limit_settings *settings = &plan.settings;
    const char *place = wire_limit_place(ask->worker, arena);
    settings->seconds_sb = live_limit_seconds(live, place, LIMIT_ERRAND_SB);
    settings->seconds_b = live_limit_seconds(live, place, LIMIT_ERRAND_B);
    if (ask->max_seconds > 0 && ask->max_seconds < settings->batch_seconds)
        settings->batch_seconds = ask->max_seconds;
    return plan;
}

static int wait(struct ask *ask, const char *why, struct error *err)
{
    ask->reason = "waiting_for_data";
    ask->retry_after_s = SOON_S;
    return error_set(err, ERROR_EXHAUSTED, "%s", why);
}

// Nothing is ordered; ask->reason says why.
static int refuse(enum limit_want want, const struct limit_running *running,
                  size_t n, struct ask *ask, struct error *err)
{
    ask->retry_after_s = 0;
    ask->reason = want == LIMIT_WANT_NOTHING ? "converged" : "budget";
    if (want == LIMIT_WANT_NOTHING)
        return error_set(err, ERROR_EXHAUSTED, "precision reached");
    if (want != LIMIT_WANT_WAIT)
        return error_set(err, ERROR_EXHAUSTED,
                         want == LIMIT_WANT_NO_BUDGET ? "max_toys reached"
                                                      : "max_points reached");
    for (size_t i = 0; i < n; i++)
        if (running[i].data)
            return wait(ask, "the statistic of the data is being computed",
                        err);
    return wait(ask, "the toys that are running may be enough", err);
}

static const char *explain(const struct limit_order *order, size_t n,
                           struct arena *arena)
{
    if (order->want == LIMIT_WANT_DATA)
        return order->site == n
                   ? "the data at a new point"
                   : "the data at a point where they are not known";
    return arena_print(
        arena, "%" PRIu64 " toys of %s where they tell most", order->toys,
        order->want == LIMIT_WANT_TOYS_B ? "background"
                                         : "signal plus background");
}

int kind_limit_choose(struct live *live, struct ask *ask, struct arena *arena,
                      struct ahead_item *item, struct error *err)
{
    // Another key than the seeds of trials.
    struct rng rng =
        rng_at(live->definition->seed ^ 0x6c696d6974000000u, live->history.n);
    struct limit_plan plan = plan_for(live, ask, arena);
    const struct limit_study *study = live_limit_look(live);
    struct limit_running *running = live_limit_running(live, arena);
    struct limit_order order =
        limit_study_next(&plan, study, running, &rng, arena);
    struct limit_errand errand = {.mu = order.mu, .ntoys = order.toys};
    switch (order.want) {
    case LIMIT_WANT_DATA:
        errand.kind = LIMIT_ERRAND_DATA;
        break;
    case LIMIT_WANT_TOYS_SB:
        errand.kind = LIMIT_ERRAND_SB;
        break;
    case LIMIT_WANT_TOYS_B:
        errand.kind = LIMIT_ERRAND_B;
        break;
    default:
        return refuse(order.want, running, study->n, ask, err);
    }
    errand.mu = fmin(errand.mu, live->definition->space.params[0].high);
    item->point = arena_doubles(arena, live->definition->space.n);
    limit_errand_write(&errand, item->point);
    item->why = (char *)(uintptr_t)explain(&order, study->n, arena);
    item->seen_revision = live->progress.revision;
    item->seen = live->history.n_ended;
    return 0;
}

const char *kind_limit_done(const struct live *live, char *detail)
{
    const struct limit_plan *plan = &live->definition->limit->plan;
    const struct limit_study *study = live_limit_look(live);
    switch (study->state) {
    case LIMIT_STATE_CONVERGED:
        snprintf(detail, BUDGET_DETAIL, "precision reached: %s",
                 plan->n_points ? "all points are decided"
                                : "all limits are within their tolerances");
        return "converged";
    case LIMIT_STATE_MAX_TOYS:
        snprintf(detail, BUDGET_DETAIL, "max_toys %" PRIu64 " reached",
                 plan->settings.max_toys);
        return "budget";
    case LIMIT_STATE_MAX_POINTS:
        snprintf(detail, BUDGET_DETAIL,
                 "max_points %zu reached, or no limit within reach",
                 plan->settings.max_points);
        return "budget";
    case LIMIT_STATE_RUNNING:
        break;
    }
    return NULL;
}

double kind_limit_expected(const struct live *live, const struct ask *ask)
{
    struct arena arena;
    arena_init(&arena);
    struct limit_plan plan = plan_for(live, ask, &arena);
    arena_done(&arena);
    return (double)plan.settings.min_batch *
           fmax(plan.settings.seconds_sb, plan.settings.seconds_b);
}

// ---- tells ------------------------------------------------------------------

static int check_numbers(const struct tell *tell, struct error *err)
{
    const struct told_numbers *numbers = &tell->numbers;
    if (numbers->n_values || numbers->n_constraints ||
        !isnan(numbers->uncertainty))
        return error_set(err, ERROR_INVALID,
                         "value, constraints and uncertainty are not told in a "
                         "study of kind limit");
    if (tell->overwrite)
        return error_set(err, ERROR_INVALID,
                         "overwrite is not for a study of kind limit: make the "
                         "trial invalid");
    return 0;
}

// Do the toys have the shape that was ordered?
static int check_toys(const struct live *live, const struct tell *tell,
                      struct error *err)
{
    size_t sites[LIMIT_MAX_POINTS];
    size_t n = live_limit_points(live, (size_t)tell->number, sites);
    if (!tell->toys)
        return error_set(err, ERROR_INVALID,
                         "toys is required: trial %" PRId64
                         " was to throw some",
                         tell->number);
    if (tell->toys->columns != n)
        return error_set(err, ERROR_INVALID,
                         "toys.q must have %zu values for each toy, as "
                         "mu_eval has, not %zu",
                         n, tell->toys->columns);
    if (tell->toys->rows == 0 && tell->toys->n_failed == 0)
        return error_set(err, ERROR_INVALID,
                         "toys.q is empty, and n_failed is 0");
    return 0;
}

static int check_told(const struct live *live, const struct tell *tell,
                      struct error *err)
{
    struct limit_errand errand = errand_of(live, (size_t)tell->number);
    if (errand.kind != LIMIT_ERRAND_DATA)
        return check_toys(live, tell, err);
    if (!tell->data)
        return error_set(err, ERROR_INVALID,
                         "obs is required: trial %" PRId64
                         " was to look at the data",
                         tell->number);
    if (tell->toys)
        return error_set(err, ERROR_INVALID,
                         "toys were not asked of trial %" PRId64
                         ", which was to look at the data",
                         tell->number);
    return 0;
}

int kind_limit_resolve(const struct live *live, const struct tell *tell,
                       struct message *message, struct error *err)
{
    struct limit_toys_rule rule = limit_terms_rule(live->definition->limit);
    struct trial_end *end = &message->end;
    if (check_numbers(tell, err))
        return -1;
    if (end->state == TRIAL_FAILED && !tell->data && !tell->toys)
        return 0;
    if (end->state != TRIAL_COMPLETE)
        return error_set(err, ERROR_INVALID,
                         end->state == TRIAL_FAILED
                             ? "obs and toys are for a trial that is complete"
                             : "state must be complete or failed in a study of "
                               "kind limit, not %s",
                         trial_state_name(end->state));
    if (check_told(live, tell, err))
        return -1;
    double q = tell->data ? tell->data->q : 0;
    if (limit_statistic_read(&rule, &q))
        return 0;
    snprintf(message->fault, sizeof message->fault,
             isfinite(q) ? "obs.q is %g: the statistic is not negative"
                         : "obs.q is %g, not finite",
             q);
    end->state = TRIAL_FAILED;
    end->error = message->fault;
    return 0;
}

// ---- what was told ----------------------------------------------------------

static struct limit_data_row data_row(const struct live *live,
                                      const struct tell *tell)
{
    struct limit_toys_rule rule = limit_terms_rule(live->definition->limit);
    struct limit_data_row row = {.study_id = live->id,
                                 .number = tell->number,
                                 .revision = live->progress.revision,
                                 .mu = errand_of(live, (size_t)tell->number).mu,
                                 .q = tell->data->q,
                                 .q_asimov = tell->data->q_asimov,
                                 .muhat = tell->data->muhat,
                                 .context = tell->data->context};
    limit_statistic_read(&rule, &row.q);
    if (!limit_statistic_read(&rule, &row.q_asimov))
        row.q_asimov = NAN;
    return row;
}

// One row for each signal strength at which the toys were evaluated.
static struct limit_toys_row *
toys_rows(const struct live *live, const struct tell *tell, struct arena *arena)
{
    const struct told_toys *toys = tell->toys;
    struct limit_toys_rule rule = limit_terms_rule(live->definition->limit);
    const struct live_trial *trial = &live->trials[tell->number];
    size_t sites[LIMIT_MAX_POINTS];
    size_t n = live_limit_points(live, (size_t)tell->number, sites);
    struct limit_toys_row *rows = arena_zeros(arena, n, sizeof *rows);
    // Who tells no time took at most that between ask and tell.
    double elapsed = 1e-3 * (double)(trial->ended_ms - trial->started_ms);
    for (size_t k = 0; k < n; k++) {
        struct limit_batch batch = limit_batch_read(toys, k, &rule, arena);
        rows[k] = (struct limit_toys_row){
            .study_id = live->id,
            .number = tell->number,
            .mu = live->limit->sites[sites[k]].mu,
            .revision = live->progress.revision,
            .hypothesis = errand_of(live, (size_t)tell->number).kind,
            .points = (int64_t)n,
            .n_failed = batch.n_failed,
            .n_negative = batch.n_negative,
            .seconds = isnan(tell->wall_s) ? elapsed : tell->wall_s,
            .q = batch.q,
            .n = batch.n};
    }
    return rows;
}

// Where the worker of a trial is.
static int find_place(const struct live *live, struct store *store,
                      int64_t number, struct arena *arena, const char **place,
                      struct error *err)
{
    struct trial_row row;
    if (store_trial_get(store, live->id, number, arena, &row, err))
        return -1;
    *place = wire_limit_place(row.worker, arena);
    return 0;
}

static int keep_in(struct live *live, struct store *store,
                   const struct tell *tell, struct arena *arena,
                   struct error *err)
{
    const char *place;
    if (find_place(live, store, tell->number, arena, &place, err))
        return -1;
    if (tell->data) {
        struct limit_data_row row = data_row(live, tell);
        row.site = place;
        if (store_limit_data_add(store, &row, err) ||
            live_limit_tell_data(live, store, &row, err))
            return -1;
    }
    if (!tell->toys)
        return 0;
    struct limit_toys_row *rows = toys_rows(live, tell, arena);
    for (int64_t k = 0; k < rows->points; k++) {
        rows[k].site = place;
        if (store_limit_toys_add(store, &rows[k], err))
            return -1;
        live_limit_tell_toys(live, &rows[k]);
    }
    return 0;
}

int kind_limit_keep(struct live *live, struct store *store,
                    const struct tell *tell, struct error *err)
{
    struct arena arena;
    arena_init(&arena);
    int result = keep_in(live, store, tell, &arena, err);
    arena_done(&arena);
    return result;
}

// ---- repeats ----------------------------------------------------------------

// What a tell says, and whether the rows that were kept say it, too.
struct comparison {
    const struct tell *tell;
    struct limit_data_row data;
    const struct limit_toys_row *toys;
    int64_t n_data, n_toys; // rows that are equal
};

static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static int compare_data(void *context, const struct limit_data_row *row,
                        struct error *err)
{
    struct comparison *c = context;
    (void)err;
    c->n_data += row->q == c->data.q &&
                 same_number(row->q_asimov, c->data.q_asimov) &&
                 same_number(row->muhat, c->data.muhat) &&
                 wire_limit_same_context(row->context, c->data.context);
    return 0;
}

static int compare_toys(void *context, const struct limit_toys_row *row,
                        struct error *err)
{
    struct comparison *c = context;
    (void)err;
    for (int64_t k = 0; k < c->toys->points; k++) {
        const struct limit_toys_row *told = &c->toys[k];
        c->n_toys += told->mu == row->mu && told->n == row->n &&
                     told->n_failed == row->n_failed &&
                     told->n_negative == row->n_negative &&
                     (row->n == 0 ||
                      memcmp(told->q, row->q, row->n * sizeof *row->q) == 0);
    }
    return 0;
}

static int compare(const struct live *live, struct store *store,
                   struct comparison *c, struct arena *arena, struct error *err)
{
    const struct tell *tell = c->tell;
    int64_t n_data = tell->data ? 1 : 0, n_toys = 0;
    if (tell->data)
        c->data = data_row(live, tell);
    if (tell->toys) {
        c->toys = toys_rows(live, tell, arena);
        n_toys = c->toys->points;
    }
    if (tell->data && store_limit_data_of(store, live->id, tell->number,
                                          compare_data, c, err))
        return -1;
    if (tell->toys && store_limit_toys_of(store, live->id, tell->number,
                                          compare_toys, c, err))
        return -1;
    if (c->n_data == n_data && c->n_toys == n_toys)
        return 0;
    return error_set(err, ERROR_CONFLICT,
                     "the first result stays: trial %" PRId64
                     " is complete already, with other %s",
                     tell->number, c->n_data == n_data ? "toys" : "data");
}

int kind_limit_repeats(const struct live *live, struct store *store,
                       const struct tell *tell, struct error *err)
{
    struct comparison comparison = {.tell = tell};
    struct arena arena;
    arena_init(&arena);
    int result = compare(live, store, &comparison, &arena, err);
    arena_done(&arena);
    return result;
}

bool kind_limit_stands_alone(const struct live *live, size_t number)
{
    return errand_of(live, number).kind != LIMIT_ERRAND_DATA;
}

int kind_limit_amended(struct live *live, struct store *store,
                       struct error *err)
{
    return live_limit_reload(live, store, err);
}
