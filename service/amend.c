// SPDX-License-Identifier: GPL-3.0-or-later
// amend.c - what people change about trials that are there

#include "amend.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "clock.h"
#include "kind.h"
#include "store_log.h"
#include "study.h"
#include "trial_private.h"
#include "wire_detail.h"

// ---- deciding ---------------------------------------------------------------

// A message as it would have been right, and what it comes to.
struct correction {
    struct tell tell;
    struct message message;
};

static bool corrects(const struct amend *amend)
{
    const struct told_numbers *numbers = &amend->tell.numbers;
    return amend->whole || amend->tell.state >= 0 || numbers->n_values ||
           numbers->n_constraints || !isnan(numbers->uncertainty);
}

// Whether an infeasible trial is so still is for its constraints to say.
static int state_of(const struct trial_row *before,
                    const struct told_numbers *numbers)
{
    bool open = before->state == TRIAL_INFEASIBLE && numbers->n_values &&
                numbers->n_constraints;
    return open ? TRIAL_COMPLETE : (int)before->state;
}

// Takes what the message leaves out from what there is.
static void fill_in(const struct trial_row *before, struct tell *tell)
{
    struct told_numbers *numbers = &tell->numbers;
    if (!numbers->n_values && before->n_values) {
        numbers->n_values = before->n_values;
        memcpy(numbers->values, before->values,
               before->n_values * sizeof *before->values);
    }
    if (!numbers->n_constraints && before->n_constraint_values) {
        numbers->n_constraints = before->n_constraint_values;
        numbers->named = false;
        memcpy(numbers->constraints, before->constraint_values,
               before->n_constraint_values * sizeof *numbers->constraints);
    }
    if (isnan(numbers->uncertainty))
        numbers->uncertainty = before->uncertainty;
    if (tell->state < 0)
        tell->state = state_of(before, numbers);
}

static int check_result(const struct trial_row *before, const char *what,
                        struct error *err)
{
    if (trial_state_is_result(before->state))
        return 0;
    return error_set(err, ERROR_CONFLICT,
                     "trial %" PRId64 " is %s: only a trial with a result can "
                     "be %s",
                     before->number, trial_state_name(before->state), what);
}

// An error text goes with the failure that it was about.
static const char *error_of(const struct trial_row *before,
                            const struct trial_end *end)
{
    bool over = before->state == TRIAL_FAILED && end->state != TRIAL_FAILED;
    return end->error ? end->error : over ? NULL : before->error;
}

static int correct(const struct live *live, const struct amend *amend,
                   const struct trial_row *before, struct trial_row *after,
                   struct error *err)
{
    const struct definition *definition = live->definition;
    struct correction *c = arena_zeros(amend->arena, 1, sizeof *c);
    const struct trial_end *end = &c->message.end;
    if (!corrects(amend))
        return 0;
    c->tell = amend->tell;
    if (!amend->whole)
        fill_in(before, &c->tell);
    if (check_result(before, "corrected", err) ||
        trial_resolve(live, &c->tell, &c->message, err))
        return -1;
    after->state = end->state;
    after->values = end->outcome.values;
    after->n_values = after->values ? definition->n_objectives : 0;
    after->constraint_values = end->outcome.constraints;
    after->n_constraint_values =
        after->constraint_values ? definition->n_outcome_constraints : 0;
    after->uncertainty = end->outcome.uncertainty;
    after->error = error_of(before, end);
    return 0;
}

static int withdraw(const struct amend *amend, const struct trial_row *before,
                    struct trial_row *after, struct error *err)
{
    if (amend->invalid > 0 && check_result(before, "invalid", err))
        return -1;
    if (amend->invalid >= 0)
        after->withdrawn = amend->invalid ? WITHDRAWN_INVALID : WITHDRAWN_NOT;
    if (amend->reason && !after->withdrawn)
        return error_set(err, ERROR_INVALID,
                         "reason is for a trial that is invalid");
    if (amend->reason || !after->withdrawn)
        after->withdrawn_reason = amend->reason;
    return 0;
}

// Texts that are given replace those that are there.
static void annotate(const struct amend *amend, struct trial_row *after)
{
    const struct tell *tell = &amend->tell;
    after->notes = amend->notes ? amend->notes : after->notes;
    after->tags = amend->tags ? amend->tags : after->tags;
    after->meta = tell->meta ? tell->meta : after->meta;
    after->outputs = tell->outputs ? tell->outputs : after->outputs;
    after->env = tell->env ? tell->env : after->env;
    after->wall_s = isnan(tell->wall_s) ? after->wall_s : tell->wall_s;
    after->cost = tell->cost ? *tell->cost : after->cost;
}

static bool same_numbers(const double *a, size_t n, const double *b, size_t k)
{
    return n == k && (n == 0 || memcmp(a, b, n * sizeof *a) == 0);
}

static bool same_result(const struct trial_row *a, const struct trial_row *b)
{
    return a->state == b->state && a->withdrawn == b->withdrawn &&
           same_numbers(a->values, a->n_values, b->values, b->n_values) &&
           same_numbers(a->constraint_values, a->n_constraint_values,
                        b->constraint_values, b->n_constraint_values) &&
           (a->uncertainty == b->uncertainty ||
            (isnan(a->uncertainty) && isnan(b->uncertainty)));
}

// ---- writing ----------------------------------------------------------------

static int add_event(const struct live *live, struct store *store,
                     const struct event_row *what, struct error *err)
{
    struct event_row event = *what;
    event.study_id = live->id;
    event.at_ms = clock_wall_ms();
    return store_event_add(store, &event, err);
}

// Tells the kind of the study, and sees whether the study is still finished.
static int settle(struct live *live, struct store *store, int64_t user_id,
                  struct error *err)
{
    const struct kind *kind = kind_of(live->definition);
    if (kind->amended && kind->amended(live, store, err))
        return -1;
    return study_settle_again(live, store, user_id, err);
}

static int write_change(struct live *live, struct store *store,
                        const struct amend *amend,
                        const struct trial_row *before, struct trial_row *after,
                        const char *detail, struct error *err)
{
    bool same = same_result(before, after);
    struct outcome outcome = {.values = after->n_values ? after->values : NULL,
                              .constraints = after->n_constraint_values
                                                 ? after->constraint_values
                                                 : NULL,
                              .uncertainty = after->uncertainty};
    after->revision = live_revise(live);
    tally_charge(live, (size_t)after->number, after->cost);
    live_time(live, (size_t)after->number, after->wall_s);
    if (!same)
        live_amend(live, (size_t)after->number, after->withdrawn, after->state,
                   &outcome);
    if (before->withdrawn && !after->withdrawn &&
        live_read_reports(live, store, (size_t)after->number, err))
        return -1;
    struct event_row event = {.revision = after->revision,
                              .kind = "trial_edited",
                              .number = after->number,
                              .user_id = amend->tell.user_id,
                              .detail = detail};
    if (store_trial_amend(store, after, err) ||
        add_event(live, store, &event, err))
        return -1;
    return same ? 0 : settle(live, store, amend->tell.user_id, err);
}

int amend_trial(struct live *live, struct store *store, struct amend *amend,
                struct error *err)
{
    struct trial_row before, *after = &amend->row;
    if (trial_check_number(live, amend->tell.number, err) ||
        store_trial_get(store, live->id, amend->tell.number, amend->arena,
                        &before, err))
        return -1;
    *after = before;
    annotate(amend, after);
    if (correct(live, amend, &before, after, err) ||
        withdraw(amend, &before, after, err))
        return -1;
    const char *detail =
        wire_detail_change(live->definition, &before, after, amend->arena);
    if (!detail)
        return 0;
    if (amend->revision >= 0 && amend->revision != before.revision)
        return error_set(err, ERROR_CONFLICT,
                         "revision of trial %" PRId64 " is %" PRId64
                         " by now, not %" PRId64,
                         before.number, before.revision, amend->revision);
    return write_change(live, store, amend, &before, after, detail, err);
}

int amend_overwrite(struct live *live, struct store *store,
                    const struct tell *tell, struct arena *arena,
                    struct error *err)
{
    struct amend amend = {.tell = *tell,
                          .whole = true,
                          .invalid = -1,
                          .revision = -1,
                          .arena = arena};
    return amend_trial(live, store, &amend, err);
}

// ---- deletion ---------------------------------------------------------------

static int count_report(void *context, const struct report_row *row,
                        struct error *err)
{
    (void)row;
    (void)err;
    ++*(size_t *)context;
    return 0;
}

// Writes what was there, which soon is not.
static int describe(const struct live *live, struct store *store,
                    int64_t number, struct arena *arena, const char **detail,
                    struct error *err)
{
    struct trial_row row;
    size_t n_reports = 0;
    if (store_trial_get(store, live->id, number, arena, &row, err) ||
        store_reports_of(store, live->id, number, number, count_report,
                         &n_reports, err))
        return -1;
    *detail = wire_detail_deleted(live->definition, &row, n_reports, arena);
    return 0;
}

static int erase(struct live *live, struct store *store, size_t number,
                 const struct event_row *event, struct error *err)
{
    struct live_trial *trial = &live->trials[number];
    struct event_row deleted = *event;
    deleted.revision = live_revise(live);
    if (!trial->ended_revision) {
        trial->ended_revision = deleted.revision;
        trial->ended_ms = clock_wall_ms();
    }
    live_time(live, number, NAN);
    live_amend(live, number, WITHDRAWN_DELETED, live_state(live, number),
               &outcome_none);
    struct trial_row row = trial_row_of(live, number);
    if (store_trial_erase(store, &row, err) ||
        add_event(live, store, &deleted, err))
        return -1;
    return settle(live, store, event->user_id, err);
}

int amend_delete(struct live *live, struct store *store, int64_t number,
                 int64_t user_id, struct error *err)
{
    struct event_row event = {
        .kind = "trial_deleted", .number = number, .user_id = user_id};
    if (number >= 0 && (uint64_t)number < live->history.n &&
        live->trials[number].withdrawn == WITHDRAWN_DELETED)
        return 0;
    if (trial_check_number(live, number, err))
        return -1;
    if (live->history.state[number] == TRIAL_RUNNING)
        return error_set(err, ERROR_CONFLICT,
                         "trial %" PRId64 " is running: only a trial that does "
                         "not run can be deleted",
                         number);
    struct arena arena;
    arena_init(&arena);
    int result = describe(live, store, number, &arena, &event.detail, err);
    if (result == 0)
        result = erase(live, store, (size_t)number, &event, err);
    arena_done(&arena);
    return result;
}
