// SPDX-License-Identifier: GPL-3.0-or-later
// live_next.c - what is handed out next, as far as it is known already

#include "live.h"

// Has one of the trials that this one tries again told after all? The first
// attempt may itself run again what somebody asked for: that is another story.
static bool is_answered(const struct live *live, size_t number)
{
    const struct live_trial *trial = &live->trials[number];
    for (; live_is_retry(trial); trial = &live->trials[trial->retry_of])
        if (!live->trials[trial->retry_of].withdrawn &&
            live->history.state[trial->retry_of] != TRIAL_LOST)
            return true;
    return false;
}

bool live_is_handed_back(const struct live *live, size_t number)
{
    const struct live_trial *trial = &live->trials[number];
    bool handed_back = trial->lease_ms == 0;
    int n = 0;
    for (; live_is_retry(trial); trial = &live->trials[trial->retry_of])
        n += live->trials[trial->retry_of].lease_ms == 0;
    return handed_back && n < LIVE_MAX_HAND_BACKS;
}

bool live_may_retry(const struct live *live, size_t number)
{
    const struct live_trial *trial = &live->trials[number];
    if (live->scan)
        return scan_may_retry(live, number);
    return live->history.state[number] == TRIAL_LOST && trial->retried_by < 0 &&
           (trial->attempt < live->definition->max_attempts ||
            live_is_handed_back(live, number)) &&
           !is_answered(live, number);
}

int64_t live_find_lost(const struct live *live)
{
    const struct history *history = &live->history;
    if (live->scan)
        return scan_find_retry(live);
    size_t left = history->count[TRIAL_LOST];
    for (size_t i = 0; left > 0 && i < history->n; i++) {
        if (history->state[i] != TRIAL_LOST)
            continue;
        left--;
        if (live_may_retry(live, i))
            return (int64_t)i;
    }
    return -1;
}

int64_t live_find_queued(const struct live *live)
{
    const struct history *history = &live->history;
    size_t left = history->count[TRIAL_QUEUED];
    int64_t first = -1;
    for (size_t i = 0; left > 0 && i < history->n; i++) {
        if (history->state[i] != TRIAL_QUEUED)
            continue;
        left--;
        if (first < 0 ||
            live->trials[i].priority > live->trials[first].priority)
            first = (int64_t)i;
    }
    return first;
}

double live_expected_s(const struct live *live, int64_t now_ms)
{
    const struct history *history = &live->history;
    struct duration duration = live->duration;
    for (size_t i = 0; i < history->count[TRIAL_RUNNING]; i++) {
        const struct live_trial *trial = &live->trials[history->running[i]];
        double seconds = 1e-3 * (double)(now_ms - trial->started_ms);
        duration_enter(&duration, duration_mark(TRIAL_RUNNING, seconds), 1);
    }
    return duration_expected(&duration);
}
