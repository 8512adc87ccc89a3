// SPDX-License-Identifier: GPL-3.0-or-later
// budget.h - may a trial be handed out now, why not, and when to come back
//
// The budget is looked at each time before a trial is handed out, on a live
// study that has caught up and whose row is locked. So racing asks of several
// instances meet each limit exactly, and an ask for ten trials gets the three
// that are left.
//
// max_trials and the iterations count points: a lost trial that is tried again
// is the point that it was, so retries are handed out when no new point is.
// All other limits hold for retries, too. What was imported uses nothing, but
// may reach the target; what is enqueued counts when it is handed out.
//
// Costs are known after the end. Each running trial is expected to cost the
// mean of what was told so far (0 before anything was), so that a crowd of jobs
// overspends by about one trial and not by one each.

#ifndef CUMAE_BUDGET_H
#define CUMAE_BUDGET_H

#include "live.h"

struct ask;

enum { BUDGET_DETAIL = 160 }; // bytes of a text for people

enum budget_leave {
    BUDGET_CLOSED,  // hand out nothing
    BUDGET_RETRIES, // hand out lost trials that are to be tried again
    BUDGET_OPEN
};

// What may be handed out now? Unless it is all, ask->reason, detail and
// retry_after_s say why; they are left alone otherwise.
enum budget_leave budget_leave(const struct live *live, struct ask *ask);

// Is the budget used up for good, unless it is widened, or a grid done? Returns
// a machine word, "budget", "converged" or "exhausted", and the text for people
// in detail[BUDGET_DETAIL]; NULL when it is not.
const char *budget_used_up(const struct live *live, char *detail);

// Is this the text for people of a limit that was used up? Not of a study that
// somebody stopped.
bool budget_is_reason(const char *detail);

// The iteration to which the next new point belongs, 0 where a study has none.
int64_t budget_iteration(const struct live *live);

#endif
