// SPDX-License-Identifier: GPL-3.0-or-later
// test_trial.c - the life of trials and studies, on both databases

#include <unistd.h>

#include "clock.h"
#include "trials.h"

// ---- the messages of a worker -----------------------------------------------

// No trial is handed out, for this reason.
static void ask_in_vain(const char *reason)
{
    struct ask one = ask_many(1);
    ck_assert_uint_eq(one.n_numbers, 0);
    ck_assert_pstr_eq(one.reason, reason);
}

static double kept(const struct tell *tell)
{
    return tell->n_kept ? tell->kept[0] : NAN;
}

static struct report report_as(int64_t number, int64_t step, double value,
                               bool lenient)
{
    struct report one = {
        .number = number, .step = step, .value = value, .lenient = lenient};
    begin();
    end_well(trial_report(live, store, &one, &err));
    return one;
}

static struct report report(int64_t number, int64_t step, double value)
{
    return report_as(number, step, value, false);
}

// Has the trial marked lost if its lease ran out; was it?
static bool expire(int64_t number)
{
    struct expiry expiry = {.number = number, .now_ms = clock_wall_ms()};
    begin();
    end_well(trial_expire(live, store, &expiry, &err));
    return expiry.lost;
}

// ---- ask --------------------------------------------------------------------

START_TEST(test_numbers_are_dense_and_rows_are_stored)
{
    open_study(_i, "\"lease_s\":100");
    int64_t before = clock_wall_ms();
    struct ask many = ask_many(5);
    ck_assert_uint_eq(many.n_numbers, 5);
    ck_assert_ptr_null(many.reason);
    for (size_t i = 0; i < 5; i++)
        ck_assert_uint_eq(numbers[i], i);
    ck_assert_int_eq(ask(), 5);
    struct trial_row row = row_of(4);
    ck_assert_int_eq(row.state, TRIAL_RUNNING);
    ck_assert_str_eq(row.sampler, "auto");
    ck_assert_int_eq(row.attempt, 1);
    ck_assert_int_eq(row.retry_of, -1);
    ck_assert_int_ge(row.lease_ms, before + 100000);
    ck_assert_int_le(row.lease_ms, clock_wall_ms() + 100000);
    ck_assert(row.point[0] >= 0 && row.point[0] <= 1);
    close_study();
}
END_TEST

static struct ask ask_with_key(unsigned char key, unsigned char body, size_t n,
                               int expected)
{
    struct ask one = {.n = n, .numbers = numbers};
    memset(one.key, key, 16);
    memset(one.key + 16, body, 8);
    begin();
    ck_assert_int_eq(end(trial_ask(live, store, &one, &err)), expected);
    return one;
}

START_TEST(test_a_repeated_ask_gets_the_same_trials)
{
    open_study(_i, "");
    ask_with_key(1, 1, 3, 0);
    ask();
    struct ask again = ask_with_key(1, 1, 3, 0);
    ck_assert_uint_eq(again.n_numbers, 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_uint_eq(numbers[i], i);
    ck_assert_uint_eq(live->history.n, 4);
    tell(1, 0.5);
    int64_t id = live->id;
    live_free(live); // as another instance that has never seen the ask
    live = NULL;
    live_begin(&live, store, id);
    store_rollback(store);
    again = ask_with_key(1, 1, 3, 0);
    ck_assert_uint_eq(again.n_numbers, 3);
    ck_assert_uint_eq(live->history.n, 4);
    ask_with_key(2, 1, 1, 0);
    ck_assert_uint_eq(live->history.n, 5);
    close_study();
}
END_TEST

START_TEST(test_a_repeated_key_with_another_body_is_refused)
{
    open_study(_i, "");
    ask_with_key(1, 1, 1, 0);
    ask_with_key(1, 2, 1, -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_uint_eq(live->history.n, 1);
    close_study();
}
END_TEST

START_TEST(test_many_keys_are_all_found_again)
{
    open_study(_i, "\"sampler\":\"random\"");
    for (int k = 1; k <= 100; k++)
        ask_with_key((unsigned char)k, 1, 1, 0);
    for (int k = 1; k <= 100; k++) {
        ask_with_key((unsigned char)k, 1, 1, 0);
        ck_assert_uint_eq(numbers[0], (size_t)k - 1);
    }
    close_study();
}
END_TEST

// ---- tell: every state and message ------------------------------------------

enum { KEPT, TAKEN, REFUSED };

// What becomes of a trial that is in state `from`, with value 1 when it has
// one, when its worker tells `to` (with value 2, or 1 when `equal`).
static const struct transition {
    enum trial_state from;
    int to;
    bool equal, lenient;
    int outcome;
} transitions[] = {
    {TRIAL_RUNNING, TRIAL_COMPLETE, false, false, TAKEN},
    {TRIAL_RUNNING, TRIAL_PRUNED, false, false, TAKEN},
    {TRIAL_RUNNING, TRIAL_FAILED, false, false, TAKEN},
    {TRIAL_RUNNING, TRIAL_INFEASIBLE, false, false, TAKEN},
    {TRIAL_RUNNING, TRIAL_COMPLETE, false, true, TAKEN},
    {TRIAL_LOST, TRIAL_COMPLETE, false, false, TAKEN},
    {TRIAL_LOST, TRIAL_PRUNED, false, false, TAKEN},
    {TRIAL_LOST, TRIAL_FAILED, false, false, TAKEN},
    {TRIAL_LOST, TRIAL_COMPLETE, false, true, TAKEN},
    {TRIAL_COMPLETE, TRIAL_COMPLETE, true, false, KEPT},
    {TRIAL_COMPLETE, TRIAL_COMPLETE, false, false, REFUSED},
    {TRIAL_COMPLETE, TRIAL_PRUNED, true, false, REFUSED},
    {TRIAL_COMPLETE, TRIAL_FAILED, false, false, REFUSED},
    {TRIAL_COMPLETE, TRIAL_COMPLETE, false, true, KEPT},
    {TRIAL_COMPLETE, TRIAL_FAILED, false, true, KEPT},
    {TRIAL_PRUNED, TRIAL_PRUNED, true, false, KEPT},
    {TRIAL_PRUNED, TRIAL_PRUNED, false, false, REFUSED},
    {TRIAL_PRUNED, TRIAL_COMPLETE, true, false, REFUSED},
    {TRIAL_PRUNED, TRIAL_COMPLETE, true, true, KEPT},
    {TRIAL_FAILED, TRIAL_FAILED, true, false, KEPT},
    {TRIAL_FAILED, TRIAL_COMPLETE, false, false, REFUSED},
    {TRIAL_FAILED, TRIAL_PRUNED, false, false, REFUSED},
    {TRIAL_FAILED, TRIAL_COMPLETE, false, true, TAKEN},
    {TRIAL_FAILED, TRIAL_PRUNED, false, true, KEPT},
    {TRIAL_INFEASIBLE, TRIAL_INFEASIBLE, true, false, KEPT},
    {TRIAL_INFEASIBLE, TRIAL_COMPLETE, false, false, REFUSED},
};

// Brings a new trial into a state.
static int64_t reach(enum trial_state state)
{
    int64_t number = ask();
    struct tell one = message(number, (int)state, 1);
    if (state == TRIAL_LOST)
        lose(number);
    else if (state != TRIAL_RUNNING)
        ck_assert_int_eq(send(&one), 0);
    ck_assert_int_eq(state_of(number), state);
    return number;
}

static void check_transition(const struct transition *t)
{
    int64_t number = reach(t->from), revision = live->progress.revision;
    struct tell one = message(number, t->to, t->equal ? 1 : 2);
    one.lenient = t->lenient;
    int result = send(&one);
    enum trial_state now = state_of(number);
    ck_assert_int_eq(result, t->outcome == REFUSED ? -1 : 0);
    ck_assert(result == 0 || err.code == ERROR_CONFLICT);
    ck_assert_int_eq(now,
                     t->outcome == TAKEN ? (enum trial_state)t->to : t->from);
    ck_assert((live->progress.revision != revision) == (t->outcome == TAKEN));
    if (result)
        return;
    ck_assert_int_eq(one.told, now);
    ck_assert(same_number(kept(&one), live_value(live, (size_t)number)));
}

START_TEST(test_what_a_tell_does_depends_on_the_state)
{
    open_study(_i, "\"lease_s\":1,\"max_attempts\":1");
    for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++)
        check_transition(&transitions[i]);
    close_study();
}
END_TEST

START_TEST(test_a_value_that_is_no_number_is_a_failure)
{
    static const double values[] = {NAN, INFINITY, -INFINITY};
    open_study(_i, "");
    for (int i = 0; i < 3; i++) {
        struct tell one = message(ask(), -1, values[i]);
        for (int again = 0; again < 2; again++) {
            ck_assert_int_eq(send(&one), 0);
            ck_assert_int_eq(one.told, TRIAL_FAILED);
            ck_assert_uint_eq(one.n_kept, 0);
        }
    }
    struct trial_row row = row_of(0);
    ck_assert_str_eq(row.error, "the value is NaN");
    row = row_of(1);
    ck_assert_str_eq(row.error, "the value is infinite");
    ck_assert_uint_eq(row.n_values, 0);
    close_study();
}
END_TEST

START_TEST(test_a_complete_trial_needs_a_value)
{
    open_study(_i, "");
    struct tell one = bare(ask(), -1);
    ck_assert_int_eq(send(&one), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_int_eq(state_of(0), TRIAL_RUNNING);
    close_study();
}
END_TEST

START_TEST(test_a_pruned_trial_gets_its_last_report)
{
    open_study(_i, "\"direction\":\"maximize\"");
    struct tell one = message(ask(), TRIAL_PRUNED, 0);
    one.numbers.n_values = 0;
    report(0, 7, 3);
    report(0, 2, 5);
    ck_assert_int_eq(send(&one), 0);
    ck_assert_double_eq(kept(&one), 3);
    ck_assert_int_eq(send(&one), 0);
    struct tell bare = message(ask(), TRIAL_PRUNED, 0);
    bare.numbers.n_values = 0;
    ck_assert_int_eq(send(&bare), 0);
    ck_assert_uint_eq(bare.n_kept, 0);
    close_study();
}
END_TEST

START_TEST(test_a_number_that_was_never_issued_is_not_found)
{
    static const int64_t wrong[] = {-1, 1, INT64_MAX};
    open_study(_i, "");
    ask();
    for (int i = 0; i < 3; i++) {
        struct tell one = message(wrong[i], -1, 1);
        struct heartbeat beat = {.number = wrong[i]};
        struct report late = {.number = wrong[i]};
        ck_assert_int_eq(send(&one), -1);
        ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
        begin();
        ck_assert_int_eq(end(trial_heartbeat(live, store, &beat, &err)), -1);
        ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
        begin();
        ck_assert_int_eq(end(trial_report(live, store, &late, &err)), -1);
        ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
    }
    close_study();
}
END_TEST

START_TEST(test_the_best_is_the_greatest_when_maximising)
{
    open_study(_i, "\"direction\":\"maximize\"");
    for (int i = 0; i < 4; i++)
        tell(ask(), (const double[]){1, 5, 5, -2}[i]);
    ck_assert_int_eq(live->progress.best_number, 1);
    ck_assert_double_eq(live->progress.best_value, 5);
    close_study();
}
END_TEST

// A correction keeps the place among the results, here and in the store.
START_TEST(test_a_late_value_takes_the_place_of_the_failure)
{
    open_study(_i, "");
    for (int i = 0; i < 3; i++)
        ask();
    give_up(1);
    tell(2, 2);
    struct tell late = message(1, -1, 1);
    late.lenient = true;
    ck_assert_int_eq(send(&late), 0);
    ck_assert_int_eq(late.told, TRIAL_COMPLETE);
    ck_assert_uint_eq(live->history.n_ended, 2);
    ck_assert_uint_eq(live->history.ended[0], 1);
    ck_assert_uint_eq(live->history.ended[1], 2);
    ck_assert_int_eq(live->progress.best_number, 1);
    close_study();
}
END_TEST

// ---- leases -----------------------------------------------------------------

START_TEST(test_a_trial_is_lost_only_when_its_lease_ran_out)
{
    open_study(_i, "\"lease_s\":1");
    ask();
    ck_assert(!expire(0));
    ck_assert_int_eq(state_of(0), TRIAL_RUNNING);
    lose(0);
    int64_t revision = live->progress.revision;
    ck_assert(!expire(0));
    ck_assert_int_eq(live->progress.revision, revision);
    ck_assert_uint_eq(live->history.n_ended, 0);
    close_study();
}
END_TEST

START_TEST(test_a_lost_trial_is_tried_again_until_max_attempts)
{
    open_study(_i, "\"lease_s\":1,\"max_attempts\":2");
    ask();
    lose(0);
    ck_assert_int_eq(ask(), 1);
    ck_assert_int_eq(live->trials[1].retry_of, 0);
    ck_assert_int_eq(live->trials[1].attempt, 2);
    ck_assert_double_eq(*history_point(&live->history, 0),
                        *history_point(&live->history, 1));
    ck_assert_int_eq(ask(), 2);
    ck_assert_int_eq(live->trials[2].retry_of, -1);
    tell(2, 0);
    lose(1);
    ck_assert_int_eq(ask(), 3);
    ck_assert_int_eq(live->trials[3].retry_of, -1);
    ck_assert_int_eq(live->trials[3].attempt, 1);
    close_study();
}
END_TEST

START_TEST(test_a_late_tell_cancels_the_twin)
{
    open_study(_i, "\"lease_s\":1");
    ask();
    lose(0);
    ck_assert_int_eq(ask(), 1);
    tell(0, 0.5);
    ck_assert_int_eq(state_of(0), TRIAL_COMPLETE);
    ck_assert_int_eq(state_of(1), TRIAL_CANCELLED);
    struct heartbeat beat = {.number = 1};
    begin();
    end_well(trial_heartbeat(live, store, &beat, &err));
    ck_assert(!beat.go_on);
    ck_assert_str_eq(beat.reason, "cancelled");
    close_study();
}
END_TEST

START_TEST(test_a_late_tell_ends_a_whole_chain_of_retries)
{
    open_study(_i, "\"lease_s\":1,\"max_attempts\":9");
    ask();
    lose(0);
    ask();
    lose(1);
    ask();
    ck_assert_int_eq(live->trials[2].retry_of, 1);
    tell(0, 0.5);
    ck_assert_int_eq(state_of(1), TRIAL_LOST);
    ck_assert_int_eq(state_of(2), TRIAL_CANCELLED);
    close_study();
}
END_TEST

START_TEST(test_what_was_told_after_all_is_not_tried_again)
{
    open_study(_i, "\"lease_s\":1,\"max_attempts\":9");
    ask();
    lose(0);
    ask();
    lose(1);
    tell(0, 0.5);
    ck_assert_int_eq(ask(), 2);
    ck_assert_int_eq(live->trials[2].retry_of, -1);
    close_study();
}
END_TEST

START_TEST(test_a_heartbeat_renews_a_lease_that_is_half_over)
{
    open_study(_i, "\"lease_s\":1");
    ask();
    int64_t first = live->trials[0].lease_ms;
    struct heartbeat beat = {.number = 0};
    begin();
    end_well(trial_heartbeat(live, store, &beat, &err));
    ck_assert(beat.go_on && beat.reason == NULL);
    ck_assert_int_eq(beat.lease_ms, first);
    while (clock_wall_ms() < first - 400)
        usleep(10000);
    begin();
    end_well(trial_heartbeat(live, store, &beat, &err));
    ck_assert_int_gt(beat.lease_ms, first);
    tell(0, 1);
    begin();
    end_well(trial_heartbeat(live, store, &beat, &err));
    ck_assert(!beat.go_on);
    ck_assert_str_eq(beat.reason, "complete");
    close_study();
}
END_TEST

// ---- reports and pruning ----------------------------------------------------

#define BELOW_ONE                                                              \
    "\"pruner\":{\"name\":\"threshold\",\"options\":{\"upper\":1}}"

START_TEST(test_reports_replace_each_other_by_step)
{
    open_study(_i, "");
    ask();
    report(0, 3, 0.5);
    int64_t revision = live->progress.revision;
    report(0, 3, 0.5);
    ck_assert_int_eq(live->progress.revision, revision);
    report(0, 3, 0.75);
    report(0, 1, NAN);
    report(0, 1, NAN);
    report(0, 2, -INFINITY);
    ck_assert_uint_eq(live->history.series[0].n, 3);
    ck_assert_double_eq(history_at(&live->history, 0, 3), 0.75);
    close_study();
}
END_TEST

START_TEST(test_a_stop_is_for_ever)
{
    open_study(_i, BELOW_ONE);
    ask();
    ck_assert(!report(0, 1, 0.5).should_prune);
    struct report stopped = report(0, 2, 2);
    ck_assert(stopped.should_prune);
    ck_assert_str_ne(stopped.reason, "");
    ck_assert_int_eq(state_of(0), TRIAL_RUNNING);
    ck_assert(report(0, 3, 0.5).should_prune);
    struct heartbeat beat = {.number = 0};
    begin();
    end_well(trial_heartbeat(live, store, &beat, &err));
    ck_assert_str_eq(beat.reason, "stopped");
    check_stored(live, store);
    tell(0, 0.5);
    ck_assert_int_eq(state_of(0), TRIAL_COMPLETE);
    close_study();
}
END_TEST

START_TEST(test_a_lost_trial_that_is_stopped_stays_lost)
{
    open_study(_i, BELOW_ONE ",\"lease_s\":1");
    ask();
    lose(0);
    int64_t ended_ms = live->trials[0].ended_ms;
    ck_assert(report(0, 1, 2).should_prune);
    ck_assert_int_eq(state_of(0), TRIAL_LOST);
    ck_assert_int_eq(live->trials[0].ended_ms, ended_ms);
    ck_assert(report(0, 2, 0).should_prune);
    close_study();
}
END_TEST

START_TEST(test_a_lenient_stop_ends_the_trial_with_its_value)
{
    open_study(_i, BELOW_ONE);
    ask();
    ck_assert(report_as(0, 1, 2, true).should_prune);
    ck_assert_int_eq(state_of(0), TRIAL_PRUNED);
    ck_assert_double_eq(live_value(live, 0), 2);
    ck_assert(report_as(0, 2, 0, true).should_prune);
    ask();
    ck_assert(report_as(1, 1, NAN, true).should_prune);
    ck_assert_int_eq(state_of(1), TRIAL_FAILED);
    close_study();
}
END_TEST

START_TEST(test_a_report_after_the_end_is_kept_and_stops_nothing)
{
    open_study(_i, BELOW_ONE);
    ask();
    tell(0, 0.5);
    ck_assert(!report(0, 9, 5).should_prune);
    ck_assert_double_eq(history_at(&live->history, 0, 9), 5);
    ck_assert_int_eq(state_of(0), TRIAL_COMPLETE);
    close_study();
}
END_TEST

START_TEST(test_a_maximised_study_is_pruned_below_the_lower_threshold)
{
    open_study(_i, "\"direction\":\"maximize\",\"pruner\":{\"name\":"
                   "\"threshold\",\"options\":{\"lower\":1}}");
    ask();
    ck_assert(!report(0, 1, 2).should_prune);
    ck_assert(report(0, 2, 0.5).should_prune);
    close_study();
}
END_TEST

// ---- budgets ----------------------------------------------------------------

START_TEST(test_max_trials_ends_the_study_when_nothing_runs)
{
    open_study(_i, "\"budget\":{\"max_trials\":2}");
    struct ask many = ask_many(5);
    ck_assert_uint_eq(many.n_numbers, 2);
    ck_assert_str_eq(many.reason, "budget");
    ck_assert_str_eq(many.detail, "max_trials 2 reached: 2 handed out");
    tell(0, 1);
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    ask_in_vain("budget");
    give_up(1);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_str_eq(live->reason, "max_trials 2 reached: 2 handed out");
    ask_in_vain("finished");
    close_study();
}
END_TEST

START_TEST(test_max_running_is_only_for_now)
{
    open_study(_i, "\"budget\":{\"max_running\":2}");
    struct ask many = ask_many(3);
    ck_assert_uint_eq(many.n_numbers, 2);
    ck_assert_double_gt(many.retry_after_s, 0);
    ask_in_vain("budget");
    tell(0, 1);
    ck_assert_int_eq(ask(), 2);
    close_study();
}
END_TEST

START_TEST(test_max_failed_counts_failures_only)
{
    open_study(_i, "\"budget\":{\"max_failed\":2}");
    give_up(ask());
    tell(ask(), 1);
    give_up(ask());
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_str_eq(live->reason, "max_failed 2 reached: 2 failed");
    close_study();
}
END_TEST

START_TEST(test_patience_counts_results_since_the_best)
{
    open_study(_i, "\"budget\":{\"patience\":2}");
    tell(ask(), 5);
    tell(ask(), 6);
    tell(ask(), 4);
    tell(ask(), 7);
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    give_up(ask());
    tell(ask(), 4);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    close_study();
}
END_TEST

START_TEST(test_a_target_is_reached_in_the_users_sign)
{
    open_study(_i, "\"direction\":\"maximize\",\"budget\":{\"target\":3}");
    tell(ask(), 2.5);
    int64_t running = ask();
    tell(ask(), 3);
    ask_in_vain("converged");
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    tell(running, 1);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_str_eq(live->reason, "target 3 reached: trial 2 has 3");
    close_study();
}
END_TEST

START_TEST(test_a_deadline_that_passed_ends_the_study)
{
    open_study(_i, "\"budget\":{\"deadline\":\"2001-01-01T00:00:00Z\"}");
    ask_in_vain("budget");
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_str_eq(live->reason, "deadline 2001-01-01T00:00:00Z passed");
    close_study();
}
END_TEST

START_TEST(test_a_grid_without_a_new_point_is_exhausted)
{
    open_study(_i, "\"sampler\":{\"name\":\"grid\",\"options\":"
                   "{\"resolution\":3}}");
    struct ask many = ask_many(9);
    ck_assert_uint_eq(many.n_numbers, 3);
    ck_assert_str_eq(many.reason, "exhausted");
    close_study();
}
END_TEST

// ---- steering ---------------------------------------------------------------

START_TEST(test_a_paused_study_takes_tells_and_hands_out_nothing)
{
    open_study(_i, "");
    ask();
    ck_assert_int_eq(steer(STUDY_PAUSED), 0);
    ask_in_vain("paused");
    report(0, 1, 1);
    tell(0, 1);
    ck_assert_int_eq(live->state, STUDY_PAUSED);
    ck_assert_int_eq(steer(STUDY_RUNNING), 0);
    ck_assert_int_eq(ask(), 1);
    close_study();
}
END_TEST

START_TEST(test_a_stopped_study_drains_and_is_finished)
{
    open_study(_i, "");
    ask();
    ck_assert_int_eq(steer(STUDY_DRAINING), 0);
    ask_in_vain("draining");
    tell(0, 1);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_str_eq(live->reason, "stopped");
    ck_assert_int_eq(steer(STUDY_DRAINING), 0);
    ck_assert_int_eq(steer(STUDY_RUNNING), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    close_study();
}
END_TEST

START_TEST(test_a_wider_budget_opens_the_study_again)
{
    open_study(_i, "\"budget\":{\"max_trials\":1}");
    tell(ask(), 1);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_int_eq(patch("{\"notes\":\"n\"}"), 0);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_int_eq(patch("{\"budget\":{\"max_trials\":2}}"), 0);
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    ck_assert_ptr_null(live->reason);
    ck_assert_int_eq(ask(), 1);
    close_study();
}
END_TEST

START_TEST(test_a_narrower_budget_ends_the_study)
{
    open_study(_i, "");
    tell(ask(), 1);
    ck_assert_int_eq(patch("{\"budget\":{\"max_trials\":1}}"), 0);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    close_study();
}
END_TEST

START_TEST(test_a_wider_space_encodes_old_points_again)
{
    open_study(_i, "");
    tell(ask(), 1);
    double point = *history_point(&live->history, 0);
    ck_assert_double_eq(*history_unit(&live->history, 0), point);
    ck_assert_int_eq(patch("{\"space\":{\"x\":{\"type\":\"float\",\"low\":-1,"
                           "\"high\":3}}}"),
                     0);
    ck_assert_double_eq(*history_point(&live->history, 0), point);
    ck_assert_double_eq_tol(*history_unit(&live->history, 0), (point + 1) / 4,
                            1e-15);
    for (int i = 0; i < 30; i++)
        tell(ask(), i);
    ck_assert_int_eq(patch("{\"space\":{\"x\":{\"type\":\"float\",\"low\":0,"
                           "\"high\":3}}}"),
                     -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    close_study();
}
END_TEST

START_TEST(test_the_same_study_is_found_and_another_is_a_conflict)
{
    open_study(_i, "");
    struct study_wanted wanted = {.owner_id = owner,
                                  .key = "k2",
                                  .identity = "s",
                                  .strict = true,
                                  .definition = definition_of("s", ONE_FLOAT)};
    must(study_find_or_create(store, &wanted, &err));
    ck_assert(!wanted.created);
    ck_assert_int_eq(wanted.id, live->id);
    ck_assert_str_eq(wanted.found_key, "s");
    ck_assert_int_eq(patch("{\"notes\":\"changed since\"}"), 0);
    must(study_find_or_create(store, &wanted, &err));
    wanted.definition->lease_s = 5;
    must_fail(ERROR_CONFLICT, study_find_or_create(store, &wanted, &err));
    wanted.strict = false;
    must(study_find_or_create(store, &wanted, &err));
    wanted.identity = "t";
    wanted.only_find = true;
    must_fail(ERROR_FORBIDDEN, study_find_or_create(store, &wanted, &err));
    definition_free(wanted.definition);
    close_study();
}
END_TEST

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

START_TEST(test_a_million_trials_have_a_million_seeds)
{
    enum { N = 1000000 };
    struct definition *d = definition_of("s", ONE_FLOAT);
    uint32_t *seeds = malloc(N * sizeof *seeds);
    for (uint64_t i = 0; i < N; i++)
        seeds[i] = trial_seed(d, i);
    ck_assert_uint_eq(trial_seed(d, 7), seeds[7]);
    qsort(seeds, N, sizeof *seeds, ascending);
    ck_assert_uint_ge(seeds[0], 1);
    ck_assert_uint_lt(seeds[N - 1], UINT32_C(1) << 31);
    for (size_t i = 1; i < N; i++)
        ck_assert_uint_ne(seeds[i], seeds[i - 1]);
    // All of 1..2^31-1 are used once: after that they come again.
    ck_assert_uint_eq(trial_seed(d, INT32_MAX), trial_seed(d, 0));
    free(seeds);
    definition_free(d);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trial");
    TCase *tc = tcase_create("both databases");
    const TTest *const tests[] = {
        test_numbers_are_dense_and_rows_are_stored,
        test_a_repeated_ask_gets_the_same_trials,
        test_a_repeated_key_with_another_body_is_refused,
        test_many_keys_are_all_found_again,
        test_what_a_tell_does_depends_on_the_state,
        test_a_value_that_is_no_number_is_a_failure,
        test_a_complete_trial_needs_a_value,
        test_a_pruned_trial_gets_its_last_report,
        test_a_number_that_was_never_issued_is_not_found,
        test_the_best_is_the_greatest_when_maximising,
        test_a_late_value_takes_the_place_of_the_failure,
        test_a_trial_is_lost_only_when_its_lease_ran_out,
        test_a_lost_trial_is_tried_again_until_max_attempts,
        test_a_late_tell_cancels_the_twin,
        test_a_late_tell_ends_a_whole_chain_of_retries,
        test_what_was_told_after_all_is_not_tried_again,
        test_a_heartbeat_renews_a_lease_that_is_half_over,
        test_reports_replace_each_other_by_step,
        test_a_stop_is_for_ever,
        test_a_lost_trial_that_is_stopped_stays_lost,
        test_a_lenient_stop_ends_the_trial_with_its_value,
        test_a_report_after_the_end_is_kept_and_stops_nothing,
        test_a_maximised_study_is_pruned_below_the_lower_threshold,
        test_max_trials_ends_the_study_when_nothing_runs,
        test_max_running_is_only_for_now,
        test_max_failed_counts_failures_only,
        test_patience_counts_results_since_the_best,
        test_a_target_is_reached_in_the_users_sign,
        test_a_deadline_that_passed_ends_the_study,
        test_a_grid_without_a_new_point_is_exhausted,
        test_a_paused_study_takes_tells_and_hands_out_nothing,
        test_a_stopped_study_drains_and_is_finished,
        test_a_wider_budget_opens_the_study_again,
        test_a_narrower_budget_ends_the_study,
        test_a_wider_space_encodes_old_points_again,
        test_the_same_study_is_found_and_another_is_a_conflict,
        NULL,
    };
    for (size_t i = 0; tests[i] != NULL; i++)
        tcase_add_loop_test(tc, tests[i], 0, DATABASES);
    tcase_add_test(tc, test_a_million_trials_have_a_million_seeds);
    tcase_set_timeout(tc, 120);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
