// SPDX-License-Identifier: GPL-3.0-or-later
// test_budget.c - what a budget lets an ask hand out, on both databases

#include "bring.h"
#include "trials.h"

static void open_random(int kind, const char *members)
{
    char json[512];
    snprintf(json, sizeof json, "\"sampler\":\"random\",%s", members);
    open_study(kind, json);
}

static void must_patch(const char *changes)
{
    ck_assert_int_eq(patch(changes), 0);
}

static void must_steer(enum study_state state)
{
    ck_assert_int_eq(steer(state), 0);
}

// ---- the messages of a worker -----------------------------------------------

// Asks for n trials, of which `expected` come for want of more.
static void ask_for(size_t n, size_t expected, const char *reason,
                    const char *detail)
{
    struct ask some = ask_many(n);
    ck_assert_uint_eq(some.n_numbers, expected);
    ck_assert_pstr_eq(some.reason, reason);
    if (detail)
        ck_assert_str_eq(some.detail, detail);
}

static int send_cost(int64_t number, int state, double value, double cost)
{
    struct tell one =
        isnan(value) ? bare(number, state) : message(number, state, value);
    one.cost = &cost;
    return send(&one);
}

static void tell_cost(int64_t number, double cost)
{
    ck_assert_msg(send_cost(number, -1, 1, cost) == 0, "%s", err.message);
}

static void import(double value, const double *cost)
{
    static double point[1] = {0.25};
    struct brought trial = {.point = point, .imported = true};
    struct bring bring = {.trials = &trial, .n = 1};
    trial.tell = message(0, -1, value);
    trial.tell.cost = cost;
    begin();
    end_well(bring_trials(live, store, &bring, &err));
}

static void enqueue(size_t n)
{
    static double points[8][1] = {{0.125}, {0.25}, {0.5}, {0.75}};
    struct brought trials[8] = {0};
    struct bring bring = {.trials = trials, .n = n};
    for (size_t i = 0; i < n; i++)
        trials[i].point = points[i];
    begin();
    end_well(bring_trials(live, store, &bring, &err));
}

// ---- trials -----------------------------------------------------------------

START_TEST(test_an_ask_gets_what_is_left_and_hears_why)
{
    open_random(_i, "\"budget\":{\"max_trials\":5}");
    ask_for(2, 2, NULL, NULL);
    ask_for(10, 3, "budget", "max_trials 5 reached: 5 handed out");
    ask_for(1, 0, "budget", "max_trials 5 reached: 5 handed out");
    ck_assert_int_eq(live->progress.started, 5);
    close_study();
}
END_TEST

START_TEST(test_an_ask_for_all_that_is_left_has_no_reason)
{
    open_random(_i, "\"budget\":{\"max_trials\":5}");
    ask_for(5, 5, NULL, NULL);
    close_study();
}
END_TEST

// Two points: the first is lost and tried again, so three trials are handed
// out, and two results come of it.
START_TEST(test_a_retry_is_the_point_that_it_was)
{
    open_random(_i, "\"budget\":{\"max_trials\":2},\"max_attempts\":2");
    ask_for(2, 2, NULL, NULL);
    tell(1, 1);
    lose(0);
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    enqueue(1);
    ask_for(3, 1, "budget", "max_trials 2 reached: 2 handed out");
    ck_assert_int_eq(live->trials[numbers[0]].retry_of, 0);
    ck_assert_int_eq(live->progress.started, 2);
    restart();
    ck_assert_int_eq(live->tally.started, 2);
    tell((int64_t)numbers[0], 1);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    close_study();
}
END_TEST

START_TEST(test_a_study_whose_attempts_ran_out_finishes)
{
    open_random(_i, "\"budget\":{\"max_trials\":1},\"max_attempts\":1");
    int64_t number = ask();
    lose(number);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_str_eq(live->reason, "max_trials 1 reached: 1 handed out");
    close_study();
}
END_TEST

START_TEST(test_a_late_tell_ends_a_study_that_waits_for_a_retry)
{
    open_random(_i, "\"budget\":{\"max_trials\":1},\"max_attempts\":2");
    int64_t number = ask();
    lose(number);
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    tell(number, 1);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    close_study();
}
END_TEST

START_TEST(test_enqueued_points_count_when_they_are_handed_out)
{
    open_random(_i, "\"budget\":{\"max_trials\":2}");
    enqueue(3);
    import(1, NULL);
    ck_assert_int_eq(live->progress.started, 0);
    ask_for(10, 2, "budget", NULL);
    ck_assert_uint_eq(numbers[0], 0);
    ck_assert_uint_eq(numbers[1], 1);
    ck_assert_uint_eq(live->history.count[TRIAL_QUEUED], 1);
    close_study();
}
END_TEST

// ---- running, failed --------------------------------------------------------

START_TEST(test_no_more_than_max_running_run)
{
    open_random(_i, "\"budget\":{\"max_running\":3},\"max_attempts\":2");
    ask_for(10, 3, "budget", "max_running 3 reached: 3 running");
    ck_assert_double_gt(ask_many(1).retry_after_s, 0);
    lose(0);
    ask_for(2, 1, "budget", "max_running 3 reached: 3 running");
    ck_assert_int_eq(live->trials[numbers[0]].retry_of, 0);
    close_study();
}
END_TEST

START_TEST(test_failures_stop_retries_too)
{
    open_random(_i, "\"budget\":{\"max_failed\":2},\"max_attempts\":3");
    ask_for(4, 4, NULL, NULL);
    give_up(0);
    lose(1);
    give_up(2);
    ask_for(1, 0, "budget", "max_failed 2 reached: 2 failed");
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    tell(3, 1);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ask_for(1, 0, "finished", "max_failed 2 reached: 2 failed");
    close_study();
}
END_TEST

// ---- cost -------------------------------------------------------------------

// 0.1 told ten times is 1, though the doubles add up to less.
START_TEST(test_a_cost_is_spent_exactly)
{
    open_random(_i, "\"budget\":{\"max_cost\":1}");
    for (int i = 0; i < 10; i++)
        tell_cost(ask(), 0.1);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_str_eq(live->reason, "max_cost 1 reached: 1 was spent");
    ask_for(1, 0, "finished", NULL);
    close_study();
}
END_TEST

// Trials cost 2 each: with 4 spent and 3 running 10 are expected. A fourth one
// would make it 12; so three more are handed out, of the six that are wanted.
START_TEST(test_running_trials_are_expected_to_cost_the_mean)
{
    open_random(_i, "\"budget\":{\"max_cost\":10}");
    tell_cost(ask(), 1);
    tell_cost(ask(), 3);
    ask_for(6, 3, "budget",
            "max_cost 10 reached: 4 was spent, and 3 running are expected to "
            "cost 6");
    ck_assert_double_gt(ask_many(1).retry_after_s, 0);
    restart();
    ask_for(6, 0, "budget", NULL);
    tell_cost(2, 0.5); // 4.5 spent, 2 running at 1.5: 7.5
    ask_for(6, 2, "budget", NULL);
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    close_study();
}
END_TEST

// A crowd of 500 meets a budget of 100 when trials cost 1: the first wave is
// bounded by max_running, then no more are handed out than fit.
START_TEST(test_a_crowd_overspends_by_no_more_than_a_trial)
{
    open_random(_i, "\"budget\":{\"max_cost\":100.5,\"max_running\":30}");
    struct ask some = ask_many(500);
    while (some.n_numbers > 0) {
        size_t n = some.n_numbers, wave[ASK_MAX_TRIALS];
        memcpy(wave, numbers, n * sizeof *wave);
        for (size_t i = 0; i < n; i++)
            tell_cost((int64_t)wave[i], 1);
        some = ask_many(500);
    }
    ck_assert_str_eq(some.reason, "finished");
    ck_assert_double_eq(live->progress.cost, 101);
    close_study();
}
END_TEST

START_TEST(test_all_ends_cost)
{
    open_random(_i, "\"budget\":{\"max_cost\":100}");
    ask_for(5, 5, NULL, NULL);
    ck_assert_int_eq(send_cost(0, TRIAL_COMPLETE, 1, 1), 0);
    ck_assert_int_eq(send_cost(1, TRIAL_PRUNED, 1, 2), 0);
    ck_assert_int_eq(send_cost(2, TRIAL_FAILED, NAN, 4), 0);
    ck_assert_int_eq(send_cost(3, TRIAL_INFEASIBLE, 1, 8), 0);
    lose(4);
    ck_assert_int_eq(send_cost(4, TRIAL_COMPLETE, 1, 16), 0);
    ck_assert_double_eq(live->progress.cost, 31);
    close_study();
}
END_TEST

START_TEST(test_a_cost_is_counted_once)
{
    open_random(_i, "\"budget\":{\"max_cost\":100}");
    int64_t number = ask();
    tell_cost(number, 3);
    ck_assert_int_eq(send_cost(number, -1, 1, 3), 0);
    tell(number, 1); // says nothing of the cost
    ck_assert_double_eq(live->progress.cost, 3);
    ck_assert_int_eq(send_cost(number, -1, 1, 4), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    ck_assert_ptr_nonnull(strstr(err.message, "at a cost of 3"));
    ck_assert_double_eq(live->progress.cost, 3);
    int64_t free_of_charge = ask();
    tell(free_of_charge, 1);
    ck_assert_int_eq(send_cost(free_of_charge, -1, 1, 4), -1);
    restart();
    ck_assert_double_eq(live->tally.spent, 3);
    ck_assert_int_eq(live->tally.n_told, 1);
    close_study();
}
END_TEST

// What was imported was paid for elsewhere, but says what to expect: 5 each, so
// that a third running trial would go beyond 10.
START_TEST(test_an_imported_cost_is_an_estimate_and_not_spent)
{
    static const double cost = 5;
    open_random(_i, "\"budget\":{\"max_cost\":10}");
    import(1, &cost);
    ck_assert_double_eq(live->progress.cost, 0);
    ask_for(5, 2, "budget", NULL);
    close_study();
}
END_TEST

START_TEST(test_a_cost_is_kept_without_a_limit)
{
    struct trial_row row;
    open_random(_i, "\"notes\":\"\"");
    tell_cost(ask(), 0);
    tell_cost(ask(), 2.5);
    must(store_trial_get(store, live->id, 0, &arena, &row, &err));
    ck_assert_double_eq(row.cost, 0);
    must(store_trial_get(store, live->id, 1, &arena, &row, &err));
    ck_assert_double_eq(row.cost, 2.5);
    ck_assert_double_eq(live->progress.cost, 2.5);
    close_study();
}
END_TEST

// ---- iterations -------------------------------------------------------------

#define BY_FOUR "\"iteration\":{\"points\":4,\"trigger_fraction\":0.5}"

START_TEST(test_the_next_iteration_begins_when_enough_has_ended)
{
    open_random(_i, BY_FOUR);
    ask_for(10, 4, "waiting_for_iteration",
            "iteration 1: 0 of 4 trials have ended, the next one begins at 2");
    tell(3, 1);
    restart();
    ck_assert_double_gt(ask_many(1).retry_after_s, 0);
    give_up(0);
    ask_for(3, 3, NULL, NULL);
    ck_assert_int_eq(live->trials[4].iteration, 2);
    tell(4, 1);
    tell(5, 1);
    // The second iteration has a place left, so it is not over.
    ask_for(2, 2, NULL, NULL);
    ck_assert_int_eq(live->trials[7].iteration, 2);
    ck_assert_int_eq(live->trials[8].iteration, 3);
    ck_assert_int_eq(live->progress.iteration, 3);
    close_study();
}
END_TEST

START_TEST(test_without_a_fraction_all_must_end)
{
    open_random(_i, "\"iteration\":{\"points\":3}");
    ask_for(3, 3, NULL, NULL);
    tell(0, 1);
    tell(1, 1);
    ask_for(1, 0, "waiting_for_iteration", NULL);
    tell(2, 1);
    ask_for(5, 3, "waiting_for_iteration", NULL);
    close_study();
}
END_TEST

// 0.7 of 10 is 7, though the product of the doubles is above.
START_TEST(test_a_fraction_of_the_points_is_exact)
{
    open_random(_i, "\"iteration\":{\"points\":10,\"trigger_fraction\":0.7}");
    ask_for(10, 10, NULL, NULL);
    for (int64_t i = 0; i < 6; i++)
        tell(i, 1);
    ask_for(1, 0, "waiting_for_iteration", NULL);
    tell(6, 1);
    ask_for(1, 1, NULL, NULL);
    close_study();
}
END_TEST

START_TEST(test_a_lost_trial_holds_its_iteration_until_its_attempts_end)
{
    open_random(_i, "\"iteration\":{\"points\":2},\"max_attempts\":2");
    ask_for(2, 2, NULL, NULL);
    tell(0, 1);
    lose(1);
    ask_for(5, 1, "waiting_for_iteration", NULL);
    ck_assert_int_eq(live->trials[2].retry_of, 1);
    ck_assert_int_eq(live->trials[2].iteration, 1);
    ask_for(1, 0, "waiting_for_iteration", NULL);
    lose(2);
    ask_for(1, 1, NULL, NULL);
    ck_assert_int_eq(live->trials[3].iteration, 2);
    close_study();
}
END_TEST

START_TEST(test_enqueued_points_have_a_place_in_an_iteration)
{
    open_random(_i, "\"iteration\":{\"points\":2}");
    enqueue(3);
    import(1, NULL);
    ask_for(5, 2, "waiting_for_iteration", NULL);
    ck_assert_uint_eq(live->history.count[TRIAL_QUEUED], 1);
    tell(0, 1);
    tell(1, 1);
    ask_for(2, 2, NULL, NULL);
    ck_assert_int_eq(live->trials[2].iteration, 2);
    ck_assert_int_eq(live->trials[3].iteration, 0); // imported
    ck_assert_int_eq(live->trials[4].iteration, 2);
    close_study();
}
END_TEST

START_TEST(test_iterations_can_be_changed_begun_and_ended)
{
    open_random(_i, "\"notes\":\"\"");
    ask_for(3, 3, NULL, NULL);
    must_patch("{\"iteration\":{\"points\":2}}");
    ask_for(5, 2, "waiting_for_iteration", NULL);
    ck_assert_int_eq(live->trials[2].iteration, 0);
    ck_assert_int_eq(live->trials[3].iteration, 1);
    must_patch("{\"iteration\":{\"points\":3}}");
    ask_for(5, 1, "waiting_for_iteration", NULL);
    must_patch("{\"iteration\":null}");
    ask_for(5, 5, NULL, NULL);
    ck_assert_int_eq(live->trials[8].iteration, 0);
    close_study();
}
END_TEST

// ---- changes ----------------------------------------------------------------

// Each limit: reached, raised, lowered below what is used, and removed.
static const struct change {
    const char *set, *raise, *lower, *remove;
} changes[] = {
    {"{\"max_trials\":2}", "{\"budget\":{\"max_trials\":9}}",
     "{\"budget\":{\"max_trials\":1}}", "{\"budget\":{\"max_trials\":null}}"},
    {"{\"max_failed\":1}", "{\"budget\":{\"max_failed\":9}}",
     "{\"budget\":{\"max_failed\":1}}", "{\"budget\":{\"max_failed\":null}}"},
    {"{\"max_cost\":2}", "{\"budget\":{\"max_cost\":9}}",
     "{\"budget\":{\"max_cost\":0.5}}", "{\"budget\":{\"max_cost\":null}}"},
    {"{\"target\":2}", "{\"budget\":{\"target\":-1}}",
     "{\"budget\":{\"target\":1}}", "{\"budget\":{\"target\":null}}"},
    {"{\"patience\":1}", "{\"budget\":{\"patience\":9}}",
     "{\"budget\":{\"patience\":1}}", "{\"budget\":{\"patience\":null}}"},
    {"{\"max_running\":9,\"deadline\":\"2001-01-01T00:00:00Z\"}",
     "{\"budget\":{\"deadline\":\"2101-01-01T00:00:00Z\"}}",
     "{\"budget\":{\"deadline\":\"2001-01-02T00:00:00Z\"}}",
     "{\"budget\":null}"},
};

// Two results of 1 and a failure; one result and the failure cost 1 each.
static void run_three(void)
{
    ask_for(3, 3, NULL, NULL);
    tell_cost(0, 1);
    tell(1, 1);
    ck_assert_int_eq(send_cost(2, TRIAL_FAILED, NAN, 1), 0);
}

static void check_change(int kind, const struct change *change)
{
    char budget[200];
    snprintf(budget, sizeof budget, "{\"budget\":%s}", change->set);
    open_random(kind, "\"notes\":\"\"");
    run_three();
    int64_t still = ask();
    must_patch(budget);
    ck_assert_int_eq(live->state, STUDY_RUNNING); // as something runs
    ck_assert_uint_eq(ask_many(1).n_numbers, 0);
    tell(still, 2);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    must_patch("{\"notes\":\"n\"}");
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    must_patch(change->raise);
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    ck_assert_ptr_null(live->reason);
    must_patch(change->lower);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_ptr_nonnull(live->reason);
    must_patch(change->remove);
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    ask_for(1, 1, NULL, NULL);
    close_study();
}

START_TEST(test_each_limit_can_be_set_raised_lowered_and_removed)
{
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        check_change(_i, &changes[i]);
}
END_TEST

START_TEST(test_a_stopped_study_is_opened_by_no_budget)
{
    open_random(_i, "\"budget\":{\"max_trials\":5}");
    tell(ask(), 1);
    must_steer(STUDY_DRAINING);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    must_patch("{\"budget\":{\"max_trials\":9}}");
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ask_for(1, 0, "finished", "stopped");
    close_study();
}
END_TEST

START_TEST(test_who_is_refused_hears_what_people_did)
{
    open_random(_i, "\"budget\":{\"max_trials\":5}");
    ask_for(2, 2, NULL, NULL);
    must_steer(STUDY_PAUSED);
    ask_for(1, 0, "paused", "paused until somebody resumes it");
    must_steer(STUDY_RUNNING);
    must_steer(STUDY_DRAINING);
    ask_for(1, 0, "draining", "stopped; 2 trials are still running");
    close_study();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("budget");
    TCase *tc = tcase_create("both databases");
    const TTest *const tests[] = {
        test_an_ask_gets_what_is_left_and_hears_why,
        test_an_ask_for_all_that_is_left_has_no_reason,
        test_a_retry_is_the_point_that_it_was,
        test_a_study_whose_attempts_ran_out_finishes,
        test_a_late_tell_ends_a_study_that_waits_for_a_retry,
        test_enqueued_points_count_when_they_are_handed_out,
        test_no_more_than_max_running_run,
        test_failures_stop_retries_too,
        test_a_cost_is_spent_exactly,
        test_running_trials_are_expected_to_cost_the_mean,
        test_a_crowd_overspends_by_no_more_than_a_trial,
        test_all_ends_cost,
        test_a_cost_is_counted_once,
        test_an_imported_cost_is_an_estimate_and_not_spent,
        test_a_cost_is_kept_without_a_limit,
        test_the_next_iteration_begins_when_enough_has_ended,
        test_without_a_fraction_all_must_end,
        test_a_fraction_of_the_points_is_exact,
        test_a_lost_trial_holds_its_iteration_until_its_attempts_end,
        test_enqueued_points_have_a_place_in_an_iteration,
        test_iterations_can_be_changed_begun_and_ended,
        test_each_limit_can_be_set_raised_lowered_and_removed,
        test_a_stopped_study_is_opened_by_no_budget,
        test_who_is_refused_hears_what_people_did,
        NULL,
    };
    for (size_t i = 0; tests[i] != NULL; i++)
        tcase_add_loop_test(tc, tests[i], 0, DATABASES);
    tcase_set_timeout(tc, 120);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
