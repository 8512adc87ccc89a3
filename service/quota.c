// SPDX-License-Identifier: GPL-3.0-or-later
// quota.c - what the studies of one owner may still take

#include "quota.h"

#include <inttypes.h>
#include <stdio.h>

#include "trial.h"

enum { SOON_S = 10 }; // when to come back

// ---- limits -----------------------------------------------------------------

static int64_t either(int64_t own, int64_t standard)
{
    return own == USER_AS_SET ? standard : own;
}

struct user_quotas quota_limits(const struct user_quotas *own,
                                const struct user_quotas *standard)
{
    return (struct user_quotas){
        .max_studies = either(own->max_studies, standard->max_studies),
        .max_trials = either(own->max_trials, standard->max_trials),
        .max_running = either(own->max_running, standard->max_running),
        .max_bytes = either(own->max_bytes, standard->max_bytes),
        .requests_per_minute =
            either(own->requests_per_minute, standard->requests_per_minute)};
}

bool quota_is_limited(const struct user_quotas *limits)
{
    return limits->max_trials > 0 || limits->max_running > 0 ||
           limits->max_bytes > 0;
}

int quota_open(struct store *store, const struct user_quotas *standard,
               int64_t owner_id, struct quota *quota, struct error *err)
{
    struct user_quotas own;
    *quota = (struct quota){.owner_id = owner_id};
    if (store_user_lock(store, owner_id, &own, err))
        return -1;
    quota->limits = quota_limits(&own, standard);
    if (!quota_is_limited(&quota->limits) && !quota->limits.max_studies)
        return 0;
    return store_user_use(store, owner_id, &quota->use, err);
}

// ---- use --------------------------------------------------------------------

void quota_follow(struct live *live)
{
    struct quota *quota = live->quota;
    int64_t trials = 0, running = live->progress.count[TRIAL_RUNNING];
    if (!quota)
        return;
    for (int state = 0; state < TRIAL_STATES; state++)
        trials += live->progress.count[state];
    quota->use.trials += trials - live->followed.trials;
    quota->use.running += running - live->followed.running;
    live->followed.trials = trials;
    live->followed.running = running;
}

static int refuse(const char *name, int64_t limit, int64_t use, size_t more,
                  struct error *err)
{
    return error_set(err, ERROR_QUOTA,
                     "%s of the owner is %" PRId64 ": %" PRId64
                     " are in use, %zu more are wanted",
                     name, limit, use, more);
}

static int check_bytes(const struct quota *quota, struct error *err)
{
    int64_t limit = quota->limits.max_bytes;
    if (!limit || quota->use.bytes < limit)
        return 0;
    return error_set(err, ERROR_QUOTA,
                     "max_bytes of the owner is %" PRId64 ": about %" PRId64
                     " are in use",
                     limit, quota->use.bytes);
}

int quota_take_studies(const struct quota *quota, size_t n, struct error *err)
{
    if (!quota)
        return 0;
    int64_t limit = quota->limits.max_studies;
    if (limit && quota->use.studies + (int64_t)n > limit)
        return refuse("max_studies", limit, quota->use.studies, n, err);
    return check_bytes(quota, err);
}

int quota_take_trials(struct live *live, size_t n, struct error *err)
{
    const struct quota *quota = live->quota;
    if (!quota || n == 0)
        return 0;
    quota_follow(live);
    int64_t limit = quota->limits.max_trials;
    if (limit && quota->use.trials + (int64_t)n > limit)
        return refuse("max_trials", limit, quota->use.trials, n, err);
    return check_bytes(quota, err);
}

int quota_take_run(struct live *live, bool is_new, struct ask *ask,
                   struct error *err)
{
    const struct quota *quota = live->quota;
    struct error fault = {0};
    if (!quota)
        return 1;
    quota_follow(live);
    int64_t limit = quota->limits.max_running;
    if (limit && quota->use.running >= limit) {
        snprintf(ask->detail, sizeof ask->detail,
                 "max_running of the owner is %" PRId64 ": %" PRId64
                 " trials are running",
                 limit, quota->use.running);
        ask->retry_after_s = SOON_S;
    } else if (is_new && quota_take_trials(live, 1, &fault)) {
        snprintf(ask->detail, sizeof ask->detail, "%.150s", fault.message);
        ask->retry_after_s = 0;
    } else {
        return 1;
    }
    ask->reason = "quota";
    if (fault.code && !ask->n_numbers)
        return error_set(err, fault.code, "%s", fault.message);
    return 0;
}
