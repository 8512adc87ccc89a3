// SPDX-License-Identifier: GPL-3.0-or-later
// budget.c - may a trial be handed out now, why not, and when to come back

#include "budget.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "kind.h"
#include "trial.h"

enum { SOON_S = 10, LATER_S = 30 }; // when to come back

// ---- what was used ----------------------------------------------------------

// Results of trials that ran here since the best one of all.
static int64_t results_without_best(const struct live *live)
{
    const struct history *history = &live->history;
    int64_t n = 0;
    for (size_t i = history->n_ended; i-- > 0;) {
        size_t number = history->ended[i];
        if (history->best >= 0 && number == (size_t)history->best)
            break;
        n += history->state[number] == TRIAL_COMPLETE &&
             live->trials[number].started_ms;
    }
    return n;
}

// Trials that failed here; not those that failed before they were imported.
static int64_t failed_here(const struct live *live)
{
    const struct history *history = &live->history;
    int64_t n = 0;
    for (size_t i = 0; i < history->n_ended; i++) {
        size_t number = history->ended[i];
        n += history->state[number] == TRIAL_FAILED &&
             live->trials[number].started_ms;
    }
    return n;
}

static int64_t running(const struct live *live)
{
    return (int64_t)live->history.count[TRIAL_RUNNING];
}

static bool reaches_target(const struct live *live)
{
    const struct definition *d = live->definition;
    return !isnan(d->budget.target) && live->history.best >= 0 &&
           live->history.value[live->history.best] <=
               definition_sign(d, 0, d->budget.target);
}

// Has so much been spent? Ten times 0.1 is 1, whatever the sum of doubles.
static bool reaches_cost(double spent, double limit)
{
    return limit > 0 && spent >= limit * (1 - 1e-9);
}

// What the running trials are expected to cost.
static double expected_cost(const struct live *live)
{
    const struct tally *tally = &live->tally;
    double mean = tally->n_told ? tally->told / (double)tally->n_told : 0;
    return (double)running(live) * mean;
}

// ---- limits that end a study ------------------------------------------------

// Says why in detail, and returns the word.
__attribute__((format(printf, 3, 4))) static const char *
say(const char *word, char *detail, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, BUDGET_DETAIL, format, arguments);
    va_end(arguments);
    return word;
}

static const char *say_deadline(int64_t deadline_ms, char *detail)
{
    char text[40];
    struct tm tm;
    time_t seconds = (time_t)(deadline_ms / 1000);
    gmtime_r(&seconds, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return say("budget", detail, "deadline %s passed", text);
}

// Limits that retries must keep, too.
static const char *overspent(const struct live *live, char *detail)
{
    const struct budget *budget = &live->definition->budget;
    const struct history *history = &live->history;
    bool may_be = (int64_t)history->count[TRIAL_FAILED] >= budget->max_failed;
    int64_t failed = budget->max_failed && may_be ? failed_here(live) : 0;
    if (budget->max_failed && failed >= budget->max_failed)
        return say("budget", detail,
                   "max_failed %" PRId64 " reached: %" PRId64 " failed",
                   budget->max_failed, failed);
    if (budget->deadline_ms && clock_wall_ms() >= budget->deadline_ms)
        return say_deadline(budget->deadline_ms, detail);
    if (reaches_cost(live->tally.spent, budget->max_cost))
        return say("budget", detail, "max_cost %.10g reached: %.10g was spent",
                   budget->max_cost, live->tally.spent);
    if (reaches_target(live))
        return say("converged", detail,
                   "target %.10g reached: trial %" PRId64 " has %.10g",
                   budget->target, (int64_t)history->best,
                   live_value(live, (size_t)history->best));
    int64_t vain = budget->patience ? results_without_best(live) : 0;
    if (budget->patience && vain >= budget->patience)
        return say("converged", detail,
                   "patience %" PRId64 ": %" PRId64
                   " results without a new best",
                   budget->patience, vain);
    return NULL;
}

// No new point is handed out any more.
static const char *all_handed_out(const struct live *live, char *detail)
{
    int64_t most = live->definition->budget.max_trials;
    if (!most || live->tally.started < most)
        return NULL;
    return say("budget", detail,
               "max_trials %" PRId64 " reached: %" PRId64 " handed out", most,
               live->tally.started);
}

const char *budget_used_up(const struct live *live, char *detail)
{
    const char *word = kind_done(live, detail);
    if (word)
        return word;
    word = all_handed_out(live, detail);
    if (word && live_find_lost(live) < 0)
        return word;
    return overspent(live, detail);
}

bool budget_is_reason(const char *detail)
{
    static const char *const limits[] = {
        "max_trials ", "max_failed ", "deadline ", "max_cost ",   "target ",
        "patience ",   "precision ",  "max_toys ", "max_points ", "points "};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (strncmp(detail, limits[i], strlen(limits[i])) == 0)
            return true;
    return false;
}

// ---- limits that pass -------------------------------------------------------

static const char *must_wait(const struct live *live, char *detail)
{
    const struct budget *budget = &live->definition->budget;
    double spent = live->tally.spent, expected = expected_cost(live);
    if (budget->max_running && running(live) >= budget->max_running)
        return say("budget", detail,
                   "max_running %" PRId64 " reached: %" PRId64 " running",
                   budget->max_running, running(live));
    if (reaches_cost(spent + expected, budget->max_cost))
        return say("budget", detail,
                   "max_cost %.10g reached: %.10g was spent, and %" PRId64
                   " running are expected to cost %.6g",
                   budget->max_cost, spent, running(live), expected);
    return NULL;
}

// Points of the latest iteration that may still bring a result: they run, or
// were lost and will be tried again.
static int64_t unfinished(const struct live *live)
{
    const struct history *history = &live->history;
    size_t left = history->count[TRIAL_RUNNING] + history->count[TRIAL_LOST];
    int64_t n = 0;
    for (size_t i = history->n; left > 0 && i-- > 0;) {
        bool runs = history->state[i] == TRIAL_RUNNING;
        if (!runs && history->state[i] != TRIAL_LOST)
            continue;
        left--;
        n += live->trials[i].iteration == live->tally.iteration &&
             (runs || live_may_retry(live, i));
    }
    return n;
}

static bool is_full(const struct live *live)
{
    const struct iteration *rule = &live->definition->iteration;
    return rule->points && live->tally.iteration &&
           live->tally.in_iteration >= rule->points;
}

int64_t budget_iteration(const struct live *live)
{
    if (!live->definition->iteration.points)
        return 0;
    return is_full(live) || !live->tally.iteration ? live->tally.iteration + 1
                                                   : live->tally.iteration;
}

static const char *between_iterations(const struct live *live, char *detail)
{
    const struct tally *tally = &live->tally;
    if (!is_full(live))
        return NULL;
    int64_t ended = tally->in_iteration - unfinished(live);
    // 0.7 of 10 is 7, whatever the product of doubles.
    int64_t trigger =
        (int64_t)ceil(live->definition->iteration.trigger_fraction *
                          (double)tally->in_iteration -
                      1e-9);
    if (ended >= trigger)
        return NULL;
    return say("waiting_for_iteration", detail,
               "iteration %" PRId64 ": %" PRId64 " of %" PRId64
               " trials have ended, the next one begins at %" PRId64,
               tally->iteration, ended, tally->in_iteration, trigger);
}

// ---- asks -------------------------------------------------------------------

// Says why a study is not running, and when to come back.
static const char *steered(const struct live *live, struct ask *ask)
{
    ask->retry_after_s = live->state == STUDY_PAUSED ? LATER_S : 0;
    switch (live->state) {
    case STUDY_RUNNING:
        return NULL;
    case STUDY_PAUSED:
        return say("paused", ask->detail, "paused until somebody resumes it");
    case STUDY_DRAINING:
        return say("draining", ask->detail,
                   "stopped; %" PRId64 " trials are still running",
                   running(live));
    case STUDY_FINISHED:
        break;
    }
    const char *word = kind_done(live, ask->detail);
    if (word && live->reason && budget_is_reason(live->reason))
        return word;
    return say("finished", ask->detail, "%s", live->reason ? live->reason : "");
}

enum budget_leave budget_leave(const struct live *live, struct ask *ask)
{
    const char *word = steered(live, ask);
    if (!word)
        word = budget_used_up(live, ask->detail);
    if (!word && (word = must_wait(live, ask->detail)))
        ask->retry_after_s = SOON_S;
    if (word) {
        ask->reason = word;
        return BUDGET_CLOSED;
    }
    word = all_handed_out(live, ask->detail);
    if (!word && (word = between_iterations(live, ask->detail)))
        ask->retry_after_s = SOON_S;
    if (!word)
        return BUDGET_OPEN;
    ask->reason = word;
    return live_find_lost(live) >= 0 ? BUDGET_RETRIES : BUDGET_CLOSED;
}
