// SPDX-License-Identifier: GPL-3.0-or-later
// live_amend.c - results that people change, take away and bring back
//
// For those who learn from results a withdrawn trial is a cancelled one without
// reports: no sampler, pruner or budget has to know of it. The live study
// remembers what it is to its users. The results stay in order of the revision
// in which each first ended, and the history of a study is a function of its
// rows: it is the same on the instance that made the change, on one that hears
// of it, and after a restart.

#include "live_private.h"

void live_count_withdrawn(struct live *live, size_t number, int by)
{
    const struct live_trial *trial = &live->trials[number];
    if (trial->withdrawn == WITHDRAWN_NOT)
        return;
    live->hidden[TRIAL_CANCELLED] -= by;
    if (trial->withdrawn == WITHDRAWN_DELETED)
        return;
    live->hidden[trial->state] += by;
    live->n_invalid += by;
}

void live_place(struct live *live, size_t number)
{
    uint32_t *ended = live->history.ended;
    size_t i = live->history.n_ended;
    if (i == 0 || ended[--i] != number)
        return;
    for (; i > 0 && live->trials[ended[i - 1]].ended_revision >
                        live->trials[number].ended_revision;
         i--)
        ended[i] = ended[i - 1];
    ended[i] = (uint32_t)number;
}

// How many results there were at a revision.
static size_t results_at(const struct live *live, int64_t revision)
{
    const uint32_t *ended = live->history.ended;
    size_t low = 0, high = live->history.n_ended;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (live->trials[ended[middle]].ended_revision <= revision)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void live_see(struct live *live, size_t first)
{
    for (size_t number = first; number < live->history.n; number++)
        live->history.seen[number] =
            (uint32_t)results_at(live, live->trials[number].seen_revision);
}

void live_amend(struct live *live, size_t number, enum withdrawn withdrawn,
                enum trial_state state, const struct outcome *outcome)
{
    struct live_trial *trial = &live->trials[number];
    bool moved = trial->withdrawn != withdrawn;
    live_count_withdrawn(live, number, -1);
    trial->withdrawn = withdrawn;
    trial->state = state;
    live_count_withdrawn(live, number, 1);
    live_move(live, number, withdrawn ? TRIAL_CANCELLED : state,
              withdrawn ? &outcome_none : outcome);
    live_place(live, number);
    if (withdrawn)
        history_forget_reports(&live->history, number);
    if (moved) {
        live_see(live, 0);
        ahead_forget(live);
    }
}

// ---- reports ----------------------------------------------------------------

int live_visit_report(void *context, const struct report_row *row,
                      struct error *err)
{
    struct live *live = context;
    if ((size_t)row->number >= live->history.n)
        return error_set(err, ERROR_INTERNAL,
                         "a report for trial %lld of study %lld, which has "
                         "%zu",
                         (long long)row->number, (long long)live->id,
                         live->history.n);
    live_report(live, (size_t)row->number, row->step, row->value);
    return 0;
}

int live_read_reports(struct live *live, struct store *store, size_t number,
                      struct error *err)
{
    return store_reports_of(store, live->id, (int64_t)number, (int64_t)number,
                            live_visit_report, live, err);
}
