// SPDX-License-Identifier: GPL-3.0-or-later
// test_trial_back.c - trials handed back, taken back, and leases that were
// spared, on both databases

#include "bring.h"
#include "trials.h"

static struct ask ask_for(double max_seconds)
{
    struct ask ask = {.n = 1, .numbers = numbers, .max_seconds = max_seconds};
    begin();
    end_well(trial_ask(live, store, &ask, &err));
    return ask;
}

static int64_t enqueue(int64_t priority)
{
    double point[] = {0.5};
    struct brought trial = {.point = point, .priority = priority};
    struct bring bring = {.trials = &trial, .n = 1};
    begin();
    end_well(bring_trials(live, store, &bring, &err));
    return trial.number;
}

static struct tell told(int64_t number, int state, double value, double wall_s)
{
    struct tell tell =
        isnan(value) ? bare(number, state) : message(number, state, value);
    tell.wall_s = wall_s;
    ck_assert_msg(send(&tell) == 0, "%s", err.message);
    return tell;
}

static int refused(int64_t number, int state, double value)
{
    struct tell tell = message(number, state, value);
    ck_assert_int_eq(send(&tell), -1);
    return (int)err.code;
}

static struct release release(int64_t number)
{
    struct release one = {.number = number, .reason = "preempted"};
    begin();
    end_well(trial_release(live, store, &one, &err));
    return one;
}

static int cancel(int64_t number)
{
    struct cancel one = {.number = number, .reason = "too dear"};
    begin();
    return end(trial_cancel(live, store, &one, &err));
}

static struct heartbeat beat(int64_t number)
{
    struct heartbeat one = {.number = number};
    begin();
    end_well(trial_heartbeat(live, store, &one, &err));
    return one;
}

static struct report report(int64_t number)
{
    struct report one = {.number = number, .step = 1, .value = 2};
    begin();
    end_well(trial_report(live, store, &one, &err));
    return one;
}

static void check_error(int64_t number, const char *error)
{
    ck_assert_pstr_eq(row_of(number).error, error);
}

// ---- handed back ------------------------------------------------------------

START_TEST(test_a_released_trial_is_tried_again_by_the_next_ask)
{
    open_study(_i, "\"max_attempts\":1");
    int64_t first = ask();
    struct release one = release(first);
    ck_assert_int_eq(one.state, TRIAL_LOST);
    ck_assert(one.retried);
    check_error(first, "handed back: preempted");
    int64_t twin = ask();
    ck_assert_int_eq(live->trials[twin].retry_of, first);
    ck_assert_int_eq(live->trials[twin].attempt, 1);
    ck_assert_double_eq(*history_point(&live->history, (size_t)twin),
                        *history_point(&live->history, (size_t)first));
    ck_assert_int_eq(live->trials[ask()].retry_of, -1);
    close_study();
}
END_TEST

START_TEST(test_a_repeated_release_changes_nothing)
{
    open_study(_i, "");
    ask();
    release(0);
    int64_t revision = live->progress.revision;
    ck_assert(release(0).retried);
    ck_assert_int_eq(live->progress.revision, revision);
    ask();
    ck_assert(release(0).retried);
    ck_assert_int_eq(state_of(1), TRIAL_RUNNING);
    close_study();
}
END_TEST

START_TEST(test_a_trial_that_has_ended_cannot_be_handed_back)
{
    open_study(_i, "");
    tell(ask(), 1);
    struct release one = release(0);
    ck_assert_int_eq(one.state, TRIAL_COMPLETE);
    ck_assert(!one.retried);
    ck_assert_int_eq(cancel(ask()), 0);
    ck_assert_int_eq(release(1).state, TRIAL_CANCELLED);
    one.number = enqueue(0);
    begin();
    ck_assert_int_eq(end(trial_release(live, store, &one, &err)), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    ck_assert_int_eq(state_of(one.number), TRIAL_QUEUED);
    close_study();
}
END_TEST

START_TEST(test_a_late_tell_on_a_released_trial_cancels_its_twin)
{
    open_study(_i, "");
    ask();
    release(0);
    ask();
    tell(0, 0.5);
    ck_assert_int_eq(state_of(0), TRIAL_COMPLETE);
    ck_assert_int_eq(state_of(1), TRIAL_CANCELLED);
    ck_assert(!beat(1).go_on);
    close_study();
}
END_TEST

START_TEST(test_what_was_told_after_all_is_not_tried_again)
{
    open_study(_i, "");
    ask();
    release(0);
    ask();
    release(1);
    tell(0, 0.5);
    ck_assert(!release(1).retried);
    ck_assert_int_eq(live->trials[ask()].retry_of, -1);
    close_study();
}
END_TEST

// A point is a point, however often it was handed back.
START_TEST(test_a_hand_back_uses_no_trial_of_the_budget)
{
    open_study(_i, "\"budget\":{\"max_trials\":1}");
    ask();
    ck_assert(release(0).retried);
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    ck_assert_int_eq(ask(), 1);
    ck_assert(release(1).retried);
    ck_assert_int_eq(ask(), 2);
    ck_assert_int_eq(live->tally.started, 1);
    ck_assert_uint_eq(ask_for(0).n_numbers, 0);
    tell(2, 1);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    close_study();
}
END_TEST

// Trials 0..100 are handed back. The first hundred use up no attempt, the last
// one does, and it was the only one.
START_TEST(test_hand_backs_are_free_a_hundred_times)
{
    open_study(_i, "\"sampler\":\"random\",\"max_attempts\":1");
    for (int64_t i = 0; i <= LIVE_MAX_HAND_BACKS; i++) {
        ck_assert_int_eq(ask(), i);
        ck_assert_int_eq(live->trials[i].retry_of, i - 1);
        ck_assert_int_eq(live->trials[i].attempt, 1);
        ck_assert(release(i).retried == (i < LIVE_MAX_HAND_BACKS));
    }
    ck_assert_int_eq(live->trials[ask()].retry_of, -1);
    close_study();
}
END_TEST

START_TEST(test_a_draining_study_tries_nothing_again)
{
    open_study(_i, "");
    ask();
    ask();
    begin();
    must(study_steer(live, store, STUDY_PAUSED, owner, &err));
    ck_assert(end(0) == 0 && release(0).retried);
    begin();
    must(study_steer(live, store, STUDY_DRAINING, owner, &err));
    ck_assert(end(0) == 0 && !release(1).retried);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    close_study();
}
END_TEST

// ---- taken back -------------------------------------------------------------

START_TEST(test_a_cancelled_trial_is_told_to_its_worker_and_not_retried)
{
    open_study(_i, "");
    ask();
    ck_assert_int_eq(cancel(0), 0);
    int64_t revision = live->progress.revision;
    ck_assert_int_eq(cancel(0), 0);
    ck_assert_int_eq(live->progress.revision, revision);
    check_error(0, "cancelled: too dear");
    ck_assert(!beat(0).go_on);
    ck_assert_str_eq(beat(0).reason, "cancelled");
    struct report one = report(0);
    ck_assert(one.should_prune);
    ck_assert_str_eq(one.reason, "the trial was cancelled");
    ck_assert_int_eq(live->trials[ask()].retry_of, -1);
    close_study();
}
END_TEST

START_TEST(test_a_trial_in_the_queue_can_be_cancelled)
{
    open_study(_i, "");
    int64_t number = enqueue(0);
    ck_assert_int_eq(cancel(number), 0);
    ck_assert_int_ne(ask(), number);
    ck_assert_int_eq(refused(number, -1, 1), ERROR_CONFLICT);
    ck_assert_int_eq(state_of(number), TRIAL_CANCELLED);
    close_study();
}
END_TEST

START_TEST(test_what_has_ended_cannot_be_cancelled)
{
    open_study(_i, "");
    tell(ask(), 1);
    ask();
    release(1);
    for (int64_t number = 0; number < 2; number++) {
        ck_assert_int_eq(cancel(number), -1);
        ck_assert_int_eq(err.code, ERROR_CONFLICT);
        ck_assert_ptr_nonnull(
            strstr(err.message, trial_state_name(state_of(number))));
    }
    close_study();
}
END_TEST

// Work that was done counts; to say that one stopped contradicts nothing.
START_TEST(test_a_cancelled_trial_that_completes_all_the_same_counts)
{
    open_study(_i, "");
    ask();
    ck_assert_int_eq(cancel(0), 0);
    ck_assert_int_eq(told(0, TRIAL_PRUNED, 3, NAN).told, TRIAL_CANCELLED);
    ck_assert_int_eq(told(0, TRIAL_FAILED, NAN, NAN).told, TRIAL_CANCELLED);
    check_error(0, "cancelled: too dear");
    ck_assert_int_eq(told(0, -1, 0.5, NAN).told, TRIAL_COMPLETE);
    check_error(0, NULL);
    ck_assert_int_eq(live->progress.best_number, 0);
    ck_assert_uint_eq(live->history.n_ended, 1);
    ck_assert_int_eq(told(0, -1, 0.5, NAN).told, TRIAL_COMPLETE);
    ck_assert_int_eq(refused(0, -1, 0.25), ERROR_CONFLICT);
    close_study();
}
END_TEST

START_TEST(test_both_of_a_lost_trial_and_its_twin_may_complete)
{
    open_study(_i, "");
    ask();
    release(0);
    ask();
    tell(0, 0.5);
    ck_assert_int_eq(state_of(1), TRIAL_CANCELLED);
    tell(1, 0.25);
    ck_assert_int_eq(state_of(0), TRIAL_COMPLETE);
    ck_assert_int_eq(state_of(1), TRIAL_COMPLETE);
    ck_assert_int_eq(live->progress.best_number, 1);
    close_study();
}
END_TEST

static int cancel_study(void)
{
    begin();
    return end(study_cancel(live, store, owner, &err));
}

START_TEST(test_a_cancelled_study_ends_at_once)
{
    open_study(_i, "\"sampler\":\"random\"");
    tell(ask(), 1);
    for (int i = 0; i < 5; i++)
        ask();
    release(5);
    for (int i = 0; i < 5; i++)
        enqueue(i);
    ck_assert_int_eq(cancel_study(), 0);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_str_eq(live->reason, "cancelled");
    ck_assert_uint_eq(live->history.count[TRIAL_RUNNING], 0);
    ck_assert_uint_eq(live->history.count[TRIAL_QUEUED], 0);
    ck_assert_uint_eq(live->history.count[TRIAL_CANCELLED], 9);
    check_error(1, "the study was cancelled");
    ck_assert_str_eq(ask_for(0).reason, "finished");
    ck_assert(!beat(1).go_on);
    tell(1, 0.5);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_int_eq(live->progress.best_number, 1);
    int64_t revision = live->progress.revision;
    ck_assert_int_eq(cancel_study(), 0);
    ck_assert_int_eq(live->progress.revision, revision);
    close_study();
}
END_TEST

START_TEST(test_a_cancelled_study_stays_so_until_it_is_resumed)
{
    open_study(_i, "\"budget\":{\"max_trials\":3}");
    ask();
    ck_assert_int_eq(cancel_study(), 0);
    ck_assert_int_eq(patch("{\"notes\":\"n\"}"), 0);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_int_eq(steer(STUDY_RUNNING), 0);
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    ck_assert_ptr_null(live->reason);
    ask();
    ask();
    ck_assert_int_eq(cancel_study(), 0);
    ck_assert_int_eq(steer(STUDY_RUNNING), 0);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_str_eq(live->reason, "max_trials 3 reached: 3 handed out");
    close_study();
}
END_TEST

// ---- leases and clocks ------------------------------------------------------

enum { LEASE_MS = 600000, HOUR_MS = 3600000 };

static struct expiry expire(int64_t number, int64_t now_ms, int64_t spared_ms,
                            int64_t set_back_ms)
{
    struct expiry one = {.number = number,
                         .now_ms = now_ms,
                         .spared_ms = spared_ms,
                         .set_back_ms = set_back_ms};
    begin();
    end_well(trial_expire(live, store, &one, &err));
    return one;
}

// The clock went an hour forward: all leases seem to have run out.
START_TEST(test_a_spared_lease_is_followed_by_one_more_and_no_third)
{
    open_study(_i, "\"lease_s\":600");
    ask();
    int64_t jumped = live->trials[0].lease_ms + HOUR_MS;
    ck_assert(!expire(0, jumped, jumped, 0).lost);
    ck_assert_int_eq(live->trials[0].lease_ms, jumped + LEASE_MS);
    check_stored(live, store);
    ck_assert(!expire(0, jumped + LEASE_MS - 1, jumped, 0).lost);
    ck_assert(expire(0, jumped + LEASE_MS, jumped, 0).lost);
    close_study();
}
END_TEST

// By a clock that went five minutes forward, a lease of which six were left
// runs out in one.
START_TEST(test_a_lease_that_a_jump_made_shorter_is_spared)
{
    open_study(_i, "\"lease_s\":600");
    ask();
    int64_t ends = live->trials[0].lease_ms;
    ck_assert(!expire(0, ends, ends - 60000, 0).lost);
    ck_assert_int_eq(live->trials[0].lease_ms, ends + LEASE_MS);
    close_study();
}
END_TEST

START_TEST(test_a_lease_that_was_given_after_the_jump_is_not_spared)
{
    open_study(_i, "\"lease_s\":600");
    ask();
    int64_t ends = live->trials[0].lease_ms;
    ck_assert(expire(0, ends, ends - LEASE_MS, 0).lost);
    close_study();
}
END_TEST

// An ask may grant less than the lease of the study.
START_TEST(test_a_short_lease_of_a_trial_started_since_is_not_spared)
{
    open_study(_i, "\"lease_s\":600");
    ask();
    int64_t started = live->trials[0].started_ms;
    begin();
    must(store_trial_lease(store, live->id, 0, started + 1000, &err));
    end(0);
    ck_assert(expire(0, started + 1000, started - 1, 0).lost);
    close_study();
}
END_TEST

// The lease was given by a clock that is an hour ahead of the present one.
START_TEST(test_a_lease_of_a_clock_that_was_set_back_is_shortened)
{
    open_study(_i, "\"lease_s\":600");
    ask();
    int64_t now = live->trials[0].lease_ms - HOUR_MS - 300000;
    ck_assert(!expire(0, now, 0, HOUR_MS).lost);
    ck_assert_int_eq(live->trials[0].lease_ms, now + LEASE_MS);
    ck_assert(!expire(0, now, 0, HOUR_MS).lost);
    ck_assert_int_eq(live->trials[0].lease_ms, now + LEASE_MS);
    ck_assert(expire(0, now + LEASE_MS, 0, 0).lost);
    close_study();
}
END_TEST

// Another instance renewed the lease after the reaper had looked. A renewal
// has no revision, so memory does not know.
START_TEST(test_the_lease_in_the_store_counts)
{
    open_study(_i, "\"lease_s\":600");
    ask();
    int64_t ends = live->trials[0].lease_ms;
    begin();
    must(store_trial_lease(store, live->id, 0, ends + LEASE_MS, &err));
    end(0);
    ck_assert(!expire(0, ends, 0, 0).lost);
    ck_assert_int_eq(state_of(0), TRIAL_RUNNING);
    ck_assert(expire(0, ends + LEASE_MS, 0, 0).lost);
    close_study();
}
END_TEST

// Another instance learns from the rows what happened here.
START_TEST(test_other_instances_learn_of_all_this)
{
    struct live *other = NULL;
    open_study(_i, "\"lease_s\":600");
    for (int i = 0; i < 4; i++)
        ask();
    enqueue(1);
    live_begin(&other, store, live->id);
    store_rollback(store);
    int64_t jumped = live->trials[0].lease_ms + HOUR_MS;
    ck_assert(!expire(0, jumped, jumped, 0).lost);
    release(1);
    ck_assert_int_eq(cancel(2), 0);
    told(2, -1, 1, 90);
    live_begin(&other, store, live->id);
    store_rollback(store);
    check_same_live(live, other);
    ck_assert_int_eq(cancel_study(), 0);
    told(3, -1, 2, 80);
    live_begin(&other, store, live->id);
    store_rollback(store);
    check_same_live(live, other);
    live_free(other);
    close_study();
}
END_TEST

// ---- the time that is left --------------------------------------------------

START_TEST(test_no_trial_is_handed_out_that_would_last_too_long)
{
    open_study(_i, "\"sampler\":\"random\"");
    for (int i = 0; i < 2; i++)
        told(ask(), -1, 1, 90);
    ck_assert_uint_eq(ask_for(60).n_numbers, 1); // too few to tell
    told(2, -1, 1, 90);
    struct ask short_job = ask_for(60);
    ck_assert_uint_eq(short_job.n_numbers, 0);
    ck_assert_str_eq(short_job.reason, "walltime");
    // 90 s is in the bin that ends at 2^(104/16) s.
    ck_assert_str_eq(short_job.detail,
                     "a trial is expected to take 91 s, 60 s are left");
    ck_assert_double_eq(short_job.retry_after_s, 0); // never again
    ck_assert_uint_eq(ask_for(95).n_numbers, 1);
    ck_assert_uint_eq(ask_for(0).n_numbers, 1);
    close_study();
}
END_TEST

START_TEST(test_a_told_duration_wins_over_the_clock)
{
    open_study(_i, "\"sampler\":\"random\"");
    for (int i = 0; i < 3; i++)
        tell(ask(), 1); // within milliseconds
    ck_assert_uint_eq(ask_for(5).n_numbers, 1);
    for (int i = 0; i < 30; i++)
        told(ask(), -1, 1, 50);
    ck_assert_uint_eq(ask_for(5).n_numbers, 0);
    close_study();
}
END_TEST

START_TEST(test_durations_are_the_same_after_a_restart)
{
    open_study(_i, "\"sampler\":\"random\"");
    for (int i = 0; i < 40; i++) {
        int64_t number = ask();
        if (i % 4 == 0)
            told(number, -1, 1, 10 + i);
        else if (i % 4 == 1)
            told(number, TRIAL_PRUNED, 1, 1 + i);
        else if (i % 4 == 2)
            told(number, TRIAL_FAILED, NAN, 1000);
        check_stored(live, store);
    }
    ck_assert_uint_eq(live->duration.n_whole, 10);
    ck_assert_uint_eq(live->duration.n_part, 10);
    close_study();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trial_back");
    TCase *tc = tcase_create("both databases");
    const TTest *const tests[] = {
        test_a_released_trial_is_tried_again_by_the_next_ask,
        test_a_repeated_release_changes_nothing,
        test_a_trial_that_has_ended_cannot_be_handed_back,
        test_a_late_tell_on_a_released_trial_cancels_its_twin,
        test_what_was_told_after_all_is_not_tried_again,
        test_a_hand_back_uses_no_trial_of_the_budget,
        test_hand_backs_are_free_a_hundred_times,
        test_a_draining_study_tries_nothing_again,
        test_a_cancelled_trial_is_told_to_its_worker_and_not_retried,
        test_a_trial_in_the_queue_can_be_cancelled,
        test_what_has_ended_cannot_be_cancelled,
        test_a_cancelled_trial_that_completes_all_the_same_counts,
        test_both_of_a_lost_trial_and_its_twin_may_complete,
        test_a_cancelled_study_ends_at_once,
        test_a_cancelled_study_stays_so_until_it_is_resumed,
        test_a_spared_lease_is_followed_by_one_more_and_no_third,
        test_a_lease_that_a_jump_made_shorter_is_spared,
        test_a_lease_that_was_given_after_the_jump_is_not_spared,
        test_a_short_lease_of_a_trial_started_since_is_not_spared,
        test_a_lease_of_a_clock_that_was_set_back_is_shortened,
        test_the_lease_in_the_store_counts,
        test_other_instances_learn_of_all_this,
        test_no_trial_is_handed_out_that_would_last_too_long,
        test_a_told_duration_wins_over_the_clock,
        test_durations_are_the_same_after_a_restart,
        NULL,
    };
    for (size_t i = 0; tests[i] != NULL; i++)
        tcase_add_loop_test(tc, tests[i], 0, DATABASES);
    tcase_set_timeout(tc, 120);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
