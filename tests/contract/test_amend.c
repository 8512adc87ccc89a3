// SPDX-License-Identifier: GPL-3.0-or-later
// test_amend.c - trials that are edited, made invalid, deleted and run again,
// on both databases
//
// There are always two instances: `live` makes the changes, `other` hears of
// them. At the end of each test both and the store must hold the same.

#include "amend.h"
#include "rerun.h"
#include "rng.h"
#include "trials.h"
#include "store_log.h"

#define BOUND "\"outcome_constraints\":[{\"name\":\"ms\",\"upper\":20}]"

static struct live *other;

static void open_studies(int kind, const char *members)
{
    other = NULL;
    open_study(kind, members);
}

static void check_everywhere(void)
{
    live_begin(&other, store, live->id);
    store_rollback(store);
    check_same_live(live, other);
    check_stored(live, store);
}

static void close_studies(void)
{
    check_everywhere();
    live_free(other);
    close_study();
}

// ---- messages ---------------------------------------------------------------

// n trials with the values 0, 1 ... n - 1.
static void tell_in_turn(int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        tell(ask(), (double)i);
}

// A change that leaves everything alone.
static struct amend change(int64_t number)
{
    return (struct amend){.tell = bare(number, -1),
                          .invalid = -1,
                          .revision = -1,
                          .arena = &arena};
}

static int amend(struct amend *amend)
{
    begin();
    return end(amend_trial(live, store, amend, &err));
}

static void must_amend(struct amend what)
{
    ck_assert_msg(amend(&what) == 0, "%s", err.message);
}

static void edit(int64_t number, int state, size_t n, double value)
{
    struct amend what = change(number);
    what.tell.state = state;
    what.tell.numbers.n_values = n;
    what.tell.numbers.values[0] = value;
    must_amend(what);
}

static void invalidate(int64_t number, bool invalid)
{
    struct amend what = change(number);
    what.invalid = invalid;
    must_amend(what);
}

static int delete (int64_t number)
{
    begin();
    return end(amend_delete(live, store, number, 0, &err));
}

static struct rerun_item items[RERUN_MAX];

static int rerun(struct rerun *what)
{
    what->items = items;
    begin();
    return end(rerun_trials(live, store, what, &err));
}

static struct rerun rerun_one(int64_t number)
{
    struct rerun what = {.numbers = &number, .n_numbers = 1};
    ck_assert_msg(rerun(&what) == 0, "%s", err.message);
    ck_assert_uint_eq(what.n, 1);
    ck_assert_int_eq(items[0].of, number);
    what.numbers = NULL;
    return what;
}

static struct rerun rerun_states(unsigned states)
{
    struct rerun what = {.states = states};
    ck_assert_msg(rerun(&what) == 0, "%s", err.message);
    return what;
}

// The details of the last event of this kind.
static const char *last_detail(const char *kind)
{
    struct event_page page = {.study_id = live->id, .limit = 1000};
    const char *detail = NULL;
    must(store_event_page(store, &page, &arena, &err));
    for (size_t i = 0; i < page.n; i++)
        if (strcmp(page.events[i].kind, kind) == 0)
            detail = page.events[i].detail;
    return detail;
}

static void check_counts(int64_t complete, int64_t invalid, int64_t best)
{
    ck_assert_int_eq(live->progress.count[TRIAL_COMPLETE], complete);
    ck_assert_int_eq(live->progress.count[TRIAL_CANCELLED], 0);
    ck_assert_int_eq(live->progress.invalid, invalid);
    ck_assert_int_eq(live->progress.best_number, best);
}

// ---- corrections ------------------------------------------------------------

START_TEST(test_a_corrected_value_takes_the_place_of_the_old_one)
{
    open_studies(_i, "");
    tell_in_turn(4);
    edit(2, -1, 1, -5);
    check_counts(4, 0, 2);
    ck_assert_double_eq(live->progress.best_value, -5);
    for (uint32_t i = 0; i < 4; i++)
        ck_assert_uint_eq(live->history.ended[i], i);
    ck_assert_double_eq(row_of(2).values[0], -5);
    ck_assert_str_eq(last_detail("trial_edited"),
                     "{\"before\":{\"values\":[2.0]},"
                     "\"after\":{\"values\":[-5.0]}}");
    close_studies();
}
END_TEST

START_TEST(test_a_state_moves_among_those_with_a_result)
{
    open_studies(_i, "");
    tell_in_turn(2);
    edit(0, TRIAL_FAILED, 0, NAN);
    check_counts(1, 0, 1);
    ck_assert_uint_eq(row_of(0).n_values, 0);
    struct amend bare = change(0);
    bare.tell.state = TRIAL_COMPLETE;
    ck_assert_int_eq(amend(&bare), -1);
    check_refusal(ERROR_INVALID, "value");
    edit(0, TRIAL_COMPLETE, 1, 7);
    edit(1, TRIAL_PRUNED, 0, NAN);
    check_counts(1, 0, 0);
    ck_assert_double_eq(row_of(1).values[0], 1);
    close_studies();
}
END_TEST

START_TEST(test_what_a_correction_leaves_out_stays)
{
    open_studies(_i, BOUND);
    struct tell first = message(ask(), -1, 0.5);
    first.numbers.n_constraints = 1;
    first.numbers.constraints[0] = 30;
    first.numbers.uncertainty = 0.25;
    first.outputs = "{\"a\":1}";
    ck_assert_int_eq(send(&first), 0);
    ck_assert_int_eq(first.told, TRIAL_INFEASIBLE);
    edit(0, -1, 1, 0.75);
    struct trial_row row = row_of(0);
    ck_assert_int_eq(row.state, TRIAL_INFEASIBLE);
    ck_assert_double_eq(row.constraint_values[0], 30);
    ck_assert_double_eq(row.uncertainty, 0.25);
    ck_assert_str_eq(row.outputs, "{\"a\":1}");
    // Within its bound it is infeasible no more.
    struct amend what = change(0);
    what.tell.numbers.n_constraints = 1;
    what.tell.numbers.constraints[0] = 20;
    must_amend(what);
    check_counts(1, 0, 0);
    ck_assert_double_eq(live->progress.best_value, 0.75);
    close_studies();
}
END_TEST

START_TEST(test_only_a_result_can_be_corrected)
{
    open_studies(_i, "");
    ask();
    lose(ask());
    for (int64_t number = 0; number < 2; number++) {
        struct amend value = change(number), invalid = change(number);
        value.tell.numbers.n_values = 1;
        invalid.invalid = true;
        ck_assert_int_eq(amend(&value), -1);
        check_refusal(ERROR_CONFLICT, number ? "is lost" : "is running");
        ck_assert_int_eq(amend(&invalid), -1);
        check_refusal(ERROR_CONFLICT, "invalid");
    }
    struct amend notes = change(0), none = change(9);
    notes.notes = "of a trial that runs";
    must_amend(notes);
    ck_assert_str_eq(row_of(0).notes, notes.notes);
    none.notes = "x";
    ck_assert_int_eq(amend(&none), -1);
    check_refusal(ERROR_NOT_FOUND, "number 9");
    close_studies();
}
END_TEST

START_TEST(test_an_equal_change_is_none)
{
    open_studies(_i, "");
    tell_in_turn(1);
    struct amend what = change(0);
    what.notes = "seen";
    what.tags = "[\"a\"]";
    what.tell.meta = "{\"by\":1}";
    what.invalid = true;
    what.reason = "wrong data";
    must_amend(what);
    int64_t revision = live->progress.revision;
    must_amend(what);
    ck_assert_int_eq(live->progress.revision, revision);
    ck_assert_int_eq(what.row.revision, 0);
    struct trial_row row = row_of(0);
    ck_assert_str_eq(row.notes, "seen");
    ck_assert_str_eq(row.tags, "[\"a\"]");
    ck_assert_str_eq(row.meta, "{\"by\":1}");
    ck_assert_str_eq(row.withdrawn_reason, "wrong data");
    ck_assert_str_eq(
        last_detail("trial_edited"),
        "{\"before\":{\"invalid\":false,\"invalid_reason\":null,"
        "\"notes\":null,\"tags\":null,\"meta\":null},"
        "\"after\":{\"invalid\":true,\"invalid_reason\":\"wrong data\","
        "\"notes\":\"seen\",\"tags\":[\"a\"],\"meta\":{\"by\":1}}}");
    close_studies();
}
END_TEST

START_TEST(test_a_long_text_is_in_the_event_by_its_length)
{
    open_studies(_i, "");
    tell_in_turn(1);
    struct amend what = change(0);
    char *notes = arena_zeros(&arena, 1, 2002);
    memset(notes, 'x', 2001);
    what.notes = notes;
    must_amend(what);
    ck_assert_str_eq(last_detail("trial_edited"),
                     "{\"before\":{\"notes\":null},"
                     "\"after\":{\"notes\":{\"bytes\":2001}}}");
    close_studies();
}
END_TEST

START_TEST(test_a_change_of_what_has_changed_since_is_a_conflict)
{
    open_studies(_i, "");
    tell_in_turn(1);
    int64_t seen = row_of(0).revision;
    struct amend mine = change(0), yours = change(0);
    mine.notes = "mine";
    yours.notes = "yours";
    mine.revision = yours.revision = seen;
    must_amend(mine);
    ck_assert_int_eq(amend(&yours), -1);
    check_refusal(ERROR_CONFLICT, "revision");
    ck_assert_str_eq(row_of(0).notes, "mine");
    must_amend(mine); // what a lost answer makes a client repeat
    yours.revision = row_of(0).revision;
    must_amend(yours);
    ck_assert_str_eq(row_of(0).notes, "yours");
    close_studies();
}
END_TEST

START_TEST(test_a_tell_that_overwrites_is_an_edit)
{
    open_studies(_i, "");
    struct tell first = message(ask(), -1, 3);
    first.overwrite = true; // of what has not been told: a tell
    ck_assert_int_eq(send(&first), 0);
    ck_assert_ptr_null(last_detail("trial_edited"));
    struct tell other_value = message(0, -1, 4);
    ck_assert_int_eq(send(&other_value), -1);
    check_refusal(ERROR_CONFLICT, "first result stays");
    other_value.overwrite = true;
    other_value.outputs = "{}";
    other_value.cost = &(double){2.5};
    ck_assert_int_eq(send(&other_value), 0);
    ck_assert_double_eq(other_value.kept[0], 4);
    ck_assert_double_eq(live->progress.best_value, 4);
    ck_assert_str_eq(row_of(0).outputs, "{}");
    ck_assert_double_eq(row_of(0).cost, 2.5);
    ck_assert_double_eq(live->progress.cost, 2.5);
    ck_assert_ptr_nonnull(last_detail("trial_edited"));
    int64_t revision = live->progress.revision;
    ck_assert_int_eq(send(&other_value), 0);
    ck_assert_int_eq(live->progress.revision, revision);
    close_studies();
}
END_TEST

// ---- invalid ----------------------------------------------------------------

START_TEST(test_an_invalid_result_informs_nobody_and_comes_back)
{
    open_studies(_i, "");
    tell_in_turn(4);
    invalidate(0, true);
    check_counts(4, 1, 1);
    ck_assert_uint_eq(live->history.n_ended, 3);
    ck_assert_uint_eq(live->history.ended[0], 1);
    // Trials 1, 2 and 3 were suggested when the results 0 .. n - 1 were there.
    for (uint32_t i = 1; i < 4; i++)
        ck_assert_uint_eq(live->history.seen[i], i - 1);
    ck_assert_double_eq(row_of(0).values[0], 0);
    ck_assert_int_eq(row_of(0).state, TRIAL_COMPLETE);
    check_everywhere();
    invalidate(0, false);
    check_counts(4, 0, 0);
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(live->history.ended[i], i);
        ck_assert_uint_eq(live->history.seen[i], i);
    }
    ck_assert_ptr_null(row_of(0).withdrawn_reason);
    close_studies();
}
END_TEST

START_TEST(test_an_invalid_trial_may_be_corrected_and_repeated)
{
    open_studies(_i, "");
    tell_in_turn(2);
    invalidate(0, true);
    struct tell again = message(0, -1, 0), wrong = message(0, -1, 8);
    ck_assert_int_eq(send(&again), 0);
    ck_assert_int_eq(again.told, TRIAL_COMPLETE);
    ck_assert_double_eq(again.kept[0], 0);
    ck_assert_int_eq(send(&wrong), -1);
    check_refusal(ERROR_CONFLICT, "value 0");
    wrong.lenient = true;
    ck_assert_int_eq(send(&wrong), 0);
    ck_assert_double_eq(wrong.kept[0], 0);
    edit(0, TRIAL_FAILED, 0, NAN);
    check_counts(1, 1, 1);
    ck_assert_int_eq(live->progress.count[TRIAL_FAILED], 1);
    ck_assert_uint_eq(live->history.count[TRIAL_FAILED], 0);
    wrong.state = TRIAL_COMPLETE; // as a Hopaas client corrects a failure
    ck_assert_int_eq(send(&wrong), 0);
    ck_assert_int_eq(wrong.told, TRIAL_FAILED);
    edit(0, TRIAL_COMPLETE, 1, -1);
    check_counts(2, 1, 1);
    invalidate(0, false);
    check_counts(2, 0, 0);
    close_studies();
}
END_TEST

START_TEST(test_reports_of_an_invalid_trial_prune_no_other)
{
    open_studies(_i, "\"pruner\":{\"name\":\"median\",\"options\":"
                     "{\"n_startup_trials\":1,\"n_warmup_steps\":0}}");
    struct report good = {.number = ask(), .step = 1, .value = 0};
    begin();
    end_well(trial_report(live, store, &good, &err));
    tell(0, 0);
    for (int invalid = 1; invalid >= 0; invalid--) {
        invalidate(0, invalid);
        struct report bad = {.number = ask(), .step = 1, .value = 9};
        begin();
        end_well(trial_report(live, store, &bad, &err));
        ck_assert_int_eq(bad.should_prune, !invalid);
        check_everywhere();
        // What comes late is kept all the same.
        struct report late = {.number = 0, .step = 2 + invalid, .value = 0};
        begin();
        end_well(trial_report(live, store, &late, &err));
        ck_assert_uint_eq(live->history.series[0].n, invalid ? 0 : 3);
    }
    close_studies();
}
END_TEST

START_TEST(test_a_study_goes_on_when_what_ended_it_is_taken_away)
{
    open_studies(_i, "\"budget\":{\"target\":0.5}");
    tell(ask(), 0.25);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    invalidate(0, true);
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    tell(ask(), 2);
    invalidate(0, false);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    edit(0, -1, 1, 1);
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    ck_assert_int_eq(steer(STUDY_DRAINING), 0);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    invalidate(1, true);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    close_studies();
}
END_TEST

START_TEST(test_failures_that_are_invalid_cost_no_budget)
{
    open_studies(_i, "\"budget\":{\"max_failed\":2}");
    give_up(ask());
    invalidate(0, true);
    give_up(ask());
    give_up(ask());
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    close_studies();
}
END_TEST

// ---- deleted ----------------------------------------------------------------

START_TEST(test_a_deleted_trial_leaves_its_number)
{
    open_studies(_i, "");
    struct report report = {.number = ask(), .step = 1, .value = 0.5};
    begin();
    end_well(trial_report(live, store, &report, &err));
    tell(0, 0);
    tell_in_turn(2);
    check_everywhere();
    ck_assert_int_eq(delete (0), 0);
    check_counts(2, 0, 1);
    ck_assert_uint_eq(live->history.series[0].n, 0);
    struct trial_row row = row_of(0);
    ck_assert_int_eq(row.withdrawn, WITHDRAWN_DELETED);
    ck_assert_uint_eq(row.n_values, 0);
    ck_assert_str_eq(
        last_detail("trial_deleted"),
        "{\"before\":{\"state\":\"complete\",\"invalid\":false,"
        "\"values\":[0.0],\"constraints\":null,\"uncertainty\":null,"
        "\"wall_s\":null,\"cost\":null,\"invalid_reason\":null,\"error\":null,"
        "\"notes\":null,\"tags\":null,\"meta\":null,\"outputs\":null,"
        "\"env\":null,\"reports\":1}}");
    ck_assert_int_eq(ask(), 3);
    int64_t revision = live->progress.revision;
    ck_assert_int_eq(delete (0), 0);
    ck_assert_int_eq(live->progress.revision, revision);
    struct tell late = message(0, -1, 0);
    ck_assert_int_eq(send(&late), -1);
    check_refusal(ERROR_NOT_FOUND, "trial 0 was deleted");
    struct amend what = change(0);
    what.invalid = false;
    ck_assert_int_eq(amend(&what), -1);
    check_refusal(ERROR_NOT_FOUND, "was deleted");
    close_studies();
}
END_TEST

START_TEST(test_what_does_not_run_can_be_deleted)
{
    open_studies(_i, "\"max_attempts\":1");
    ask();
    ck_assert_int_eq(delete (0), -1);
    check_refusal(ERROR_CONFLICT, "is running");
    lose(0);
    rerun_one(0);
    ck_assert_int_eq(live->progress.count[TRIAL_QUEUED], 1);
    ck_assert_int_eq(delete (1), 0);
    ck_assert_int_eq(delete (0), 0);
    for (int state = 0; state < TRIAL_STATES; state++)
        ck_assert_int_eq(live->progress.count[state], 0);
    ck_assert_int_eq(ask(), 2);
    ck_assert_int_eq(delete (9), -1);
    check_refusal(ERROR_NOT_FOUND, "number 9");
    close_studies();
}
END_TEST

START_TEST(test_a_repeated_ask_for_a_deleted_trial_makes_no_other)
{
    size_t number;
    open_studies(_i, "");
    struct ask one = {.n = 1, .numbers = &number};
    memset(one.key, 7, sizeof one.key);
    begin();
    end_well(trial_ask(live, store, &one, &err));
    give_up(0);
    ck_assert_int_eq(delete (0), 0);
    begin();
    ck_assert_int_eq(end(trial_ask(live, store, &one, &err)), -1);
    check_refusal(ERROR_CONFLICT, "deleted");
    ck_assert_uint_eq(live->history.n, 1);
    close_studies();
}
END_TEST

// ---- once more --------------------------------------------------------------

START_TEST(test_a_trial_is_run_again_with_its_point_and_texts)
{
    open_studies(_i, "");
    give_up(ask());
    struct amend what = change(0);
    what.tell.meta = "{\"by\":1}";
    what.tags = "[\"a\"]";
    must_amend(what);
    struct rerun answer = rerun_one(0);
    ck_assert_uint_eq(answer.n_new, 1);
    ck_assert_int_eq(items[0].number, 1);
    struct trial_row row = row_of(1);
    ck_assert_int_eq(row.state, TRIAL_QUEUED);
    ck_assert_double_eq(row.point[0], row_of(0).point[0]);
    ck_assert_int_eq(row.retry_of, 0);
    ck_assert_int_eq(row.attempt, 1);
    ck_assert_str_eq(row.meta, "{\"by\":1}");
    ck_assert_str_eq(row.tags, "[\"a\"]");
    ck_assert_str_eq(row.sampler, "rerun");
    ck_assert_int_eq(ask(), 1);
    close_studies();
}
END_TEST

START_TEST(test_a_trial_is_run_again_once)
{
    open_studies(_i, "");
    give_up(ask());
    rerun_one(0);
    ck_assert_uint_eq(rerun_one(0).n_new, 0); // it waits
    ck_assert_int_eq(items[0].number, 1);
    ck_assert_int_eq(ask(), 1);
    ck_assert_uint_eq(rerun_one(0).n_new, 0); // it runs
    give_up(1);
    ck_assert_uint_eq(rerun_one(0).n_new, 1); // it failed as well
    ck_assert_int_eq(items[0].number, 2);
    ck_assert_int_eq(live->trials[2].retry_of, 1);
    tell(ask(), 1);
    ck_assert_uint_eq(rerun_one(0).n_new, 0); // it succeeded
    ck_assert_int_eq(items[0].number, 2);
    invalidate(2, true);
    ck_assert_uint_eq(rerun_one(0).n_new, 1); // not really
    tell(ask(), 1);
    ck_assert_uint_eq(rerun_one(3).n_new, 1); // a result is measured twice
    close_studies();
}
END_TEST

START_TEST(test_states_choose_what_is_run_again)
{
    const unsigned failed = 1u << TRIAL_FAILED, complete = 1u << TRIAL_COMPLETE;
    open_studies(_i, "");
    give_up(ask());
    tell(ask(), 1);
    give_up(ask());
    give_up(ask());
    invalidate(3, true);
    struct rerun answer = rerun_states(failed);
    ck_assert_uint_eq(answer.n_new, 2);
    ck_assert(!answer.more);
    ck_assert_int_eq(items[0].of, 0);
    ck_assert_int_eq(items[1].of, 2);
    ck_assert_uint_eq(rerun_states(failed).n, 0);
    ck_assert_uint_eq(rerun_states(failed | complete).n, 1);
    ck_assert_int_eq(items[0].of, 1);
    for (int i = 0; i < 3; i++)
        tell(ask(), 1);
    ck_assert_uint_eq(rerun_states(failed | complete).n, 0);
    close_studies();
}
END_TEST

START_TEST(test_more_than_a_call_may_hold_takes_another_call)
{
    open_studies(_i, "\"sampler\":\"random\"");
    for (int i = 0; i < 2; i++)
        ck_assert_uint_eq(ask_many(RERUN_MAX).n_numbers, RERUN_MAX);
    begin();
    for (int64_t i = 0; i < RERUN_MAX + 5; i++) {
        struct tell one = bare(i, TRIAL_FAILED);
        must(trial_tell(live, store, &one, &err));
    }
    end(0);
    struct rerun answer = rerun_states(1u << TRIAL_FAILED);
    ck_assert_uint_eq(answer.n_new, RERUN_MAX);
    ck_assert(answer.more);
    answer = rerun_states(1u << TRIAL_FAILED);
    ck_assert_uint_eq(answer.n_new, 5);
    ck_assert(!answer.more);
    close_studies();
}
END_TEST

START_TEST(test_a_call_with_an_impossible_number_enqueues_nothing)
{
    int64_t two[] = {0, 9};
    open_studies(_i, "");
    give_up(ask());
    struct rerun what = {.numbers = two, .n_numbers = 2};
    ck_assert_int_eq(rerun(&what), -1);
    check_refusal(ERROR_NOT_FOUND, "number 9");
    ck_assert_int_eq(steer(STUDY_DRAINING), 0);
    what.n_numbers = 1;
    ck_assert_int_eq(rerun(&what), -1);
    check_refusal(ERROR_CONFLICT, "finished");
    ck_assert_uint_eq(live->history.n, 1);
    close_studies();
}
END_TEST

START_TEST(test_a_lost_one_that_ran_again_is_tried_again)
{
    open_studies(_i, "\"max_attempts\":2");
    give_up(ask());
    rerun_one(0);
    lose(ask());
    ck_assert_int_eq(ask(), 2);
    ck_assert_int_eq(live->trials[2].retry_of, 1);
    ck_assert_int_eq(live->trials[2].attempt, 2);
    close_studies();
}
END_TEST

START_TEST(test_what_runs_again_costs_budget)
{
    open_studies(_i, "\"budget\":{\"max_trials\":2}");
    give_up(ask());
    rerun_one(0);
    ck_assert_int_eq(ask(), 1);
    ck_assert_int_eq(live->progress.started, 2);
    tell(1, 1);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_int_eq(delete (0), 0); // what was spent is spent
    ck_assert_int_eq(live->progress.started, 2);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    close_studies();
}
END_TEST

START_TEST(test_a_late_tell_takes_back_what_waits_to_run_again)
{
    open_studies(_i, "\"max_attempts\":1");
    lose(ask());
    rerun_one(0);
    tell(0, 1);
    ck_assert_int_eq(live->progress.count[TRIAL_QUEUED], 0);
    ck_assert_int_eq(live->progress.count[TRIAL_CANCELLED], 1);
    close_studies();
}
END_TEST

// ---- any sequence -----------------------------------------------------------

static const char *const studies[] = {
    "\"sampler\":{\"name\":\"tpe\",\"seed\":5,\"options\":"
    "{\"n_startup_trials\":5}}," BOUND,
    "\"sampler\":{\"name\":\"cmaes\",\"seed\":5}",
    "\"sampler\":{\"name\":\"gp\",\"seed\":5,\"options\":"
    "{\"n_startup_trials\":4}}",
    "\"sampler\":{\"name\":\"nsga2\",\"seed\":5,\"options\":"
    "{\"population\":6}},\"objectives\":[{\"name\":\"a\"},"
    "{\"name\":\"b\",\"direction\":\"maximize\"}]",
    "\"sampler\":{\"name\":\"qmc\",\"seed\":5}",
};
enum { STUDIES = sizeof studies / sizeof *studies };

static void random_numbers(struct rng *rng, struct told_numbers *told)
{
    const struct definition *d = live->definition;
    told->n_values = d->n_objectives;
    told->n_constraints = d->n_outcome_constraints;
    for (size_t i = 0; i < d->n_objectives; i++)
        told->values[i] = rng_uniform(rng);
    for (size_t i = 0; i < d->n_outcome_constraints; i++)
        told->constraints[i] = 30 * rng_uniform(rng);
}

// Tells, edits, withdraws, deletes or runs again a random trial, which may be
// impossible. Returns whether the past was rewritten.
static bool act(struct rng *rng, int64_t number)
{
    static const int states[] = {-1, -1, TRIAL_COMPLETE, TRIAL_FAILED,
                                 TRIAL_PRUNED};
    double dice = rng_uniform(rng);
    struct tell told = bare(number, states[rng_below(rng, 5)]);
    struct amend what = change(number);
    struct rerun again = {.numbers = &number, .n_numbers = 1};
    random_numbers(rng, &told.numbers);
    if (dice < 0.4) {
        send(&told);
        return false;
    }
    if (dice < 0.7)
        what.tell = told;
    else
        what.invalid = dice < 0.85;
    int result = dice < 0.9    ? amend(&what)
                 : dice < 0.95 ? delete (number)
                               : rerun(&again);
    return result == 0;
}

// The complete trials of the store are those of the history.
static int visit_value(void *context, int64_t number, const double *values,
                       size_t n, struct error *fault)
{
    (void)fault;
    ck_assert_int_eq(live->history.state[number], TRIAL_COMPLETE);
    ck_assert_uint_eq(n, live->definition->n_objectives);
    for (size_t i = 0; i < n; i++)
        ck_assert_double_eq(definition_sign(live->definition, i, values[i]),
                            history_values(&live->history, (size_t)number)[i]);
    ++*(size_t *)context;
    return 0;
}

static void check_results(void)
{
    size_t n = 0;
    must(store_trial_values(store, live->id, TRIAL_COMPLETE, visit_value, &n,
                            &err));
    ck_assert_uint_eq(n, live->history.count[TRIAL_COMPLETE]);
    int64_t total = 0;
    for (int state = 0; state < TRIAL_STATES; state++)
        total += live->progress.count[state];
    size_t deleted = 0;
    for (size_t i = 0; i < live->history.n; i++)
        deleted += live->trials[i].withdrawn == WITHDRAWN_DELETED;
    ck_assert_int_eq(total + (int64_t)deleted, (int64_t)live->history.n);
}

// The next suggestion is the same here, there and after a restart.
static void check_next(void)
{
    struct live *fresh = NULL;
    live_begin(&other, store, live->id);
    store_rollback(store);
    live_begin(&fresh, store, live->id);
    store_rollback(store);
    struct live *all[] = {live, other, fresh};
    struct ahead_item item[3];
    for (size_t i = 0; i < 3; i++)
        must(ahead_suggest(all[i], &arena, &item[i], &err));
    for (size_t i = 1; i < 3; i++) {
        ck_assert(same_number(item[i].point[0], item[0].point[0]));
        ck_assert_int_eq(item[i].seen_revision, item[0].seen_revision);
    }
    live_free(fresh);
}

// Fits models here and there, makes the change, and expects them to be gone.
static void check_forgotten(int64_t number, struct amend what)
{
    check_next();
    ck_assert_ptr_nonnull(live->ahead.fitted);
    ck_assert_ptr_nonnull(other->ahead.fitted);
    what.tell.number = number;
    must_amend(what);
    live_begin(&other, store, live->id);
    store_rollback(store);
    ck_assert_ptr_null(live->ahead.fitted);
    ck_assert_ptr_null(other->ahead.fitted);
}

START_TEST(test_models_of_what_was_changed_are_forgotten)
{
    open_studies(_i, "\"sampler\":{\"name\":\"gp\",\"options\":"
                     "{\"n_startup_trials\":2}}");
    tell_in_turn(4);
    struct amend edited = change(0), notes = change(0);
    edited.tell.numbers.n_values = 1;
    edited.tell.numbers.values[0] = 7;
    check_forgotten(0, edited);
    edited.invalid = true;
    check_forgotten(1, edited);
    edited.invalid = false;
    check_forgotten(1, edited);
    check_next();
    notes.notes = "a text teaches nothing";
    must_amend(notes);
    ck_assert_ptr_nonnull(live->ahead.fitted);
    close_studies();
}
END_TEST

// Loops over studies and databases.
START_TEST(test_a_restart_after_an_edit_changes_no_suggestion)
{
    open_studies(_i % DATABASES, studies[_i / DATABASES]);
    struct rng rng = rng_at(20250307, (uint64_t)_i);
    int64_t rewritten = 0, edits = 0;
    for (int i = 0; i < 80; i++) {
        size_t n = live->history.n;
        if (n == 0 || rng_uniform(&rng) < 0.35) {
            ask();
        } else if (act(&rng, (int64_t)rng_below(&rng, n))) {
            rewritten = live->progress.revision;
            edits++;
        }
        if (i % 10 == 9) {
            check_results();
            check_next();
            check_everywhere();
        }
    }
    ck_assert_int_gt(edits, 5);
    // What was suggested since can be computed again from what is there.
    for (int i = 0; i < 5; i++)
        ask();
    check_suggestions_since(live, rewritten);
    close_studies();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("amend");
    TCase *tc = tcase_create("both databases");
    const TTest *const tests[] = {
        test_a_corrected_value_takes_the_place_of_the_old_one,
        test_a_state_moves_among_those_with_a_result,
        test_what_a_correction_leaves_out_stays,
        test_only_a_result_can_be_corrected,
        test_an_equal_change_is_none,
        test_a_long_text_is_in_the_event_by_its_length,
        test_a_change_of_what_has_changed_since_is_a_conflict,
        test_a_tell_that_overwrites_is_an_edit,
        test_an_invalid_result_informs_nobody_and_comes_back,
        test_an_invalid_trial_may_be_corrected_and_repeated,
        test_reports_of_an_invalid_trial_prune_no_other,
        test_a_study_goes_on_when_what_ended_it_is_taken_away,
        test_failures_that_are_invalid_cost_no_budget,
        test_a_deleted_trial_leaves_its_number,
        test_what_does_not_run_can_be_deleted,
        test_a_repeated_ask_for_a_deleted_trial_makes_no_other,
        test_a_trial_is_run_again_with_its_point_and_texts,
        test_a_trial_is_run_again_once,
        test_states_choose_what_is_run_again,
        test_more_than_a_call_may_hold_takes_another_call,
        test_a_call_with_an_impossible_number_enqueues_nothing,
        test_a_lost_one_that_ran_again_is_tried_again,
        test_what_runs_again_costs_budget,
        test_a_late_tell_takes_back_what_waits_to_run_again,
        test_models_of_what_was_changed_are_forgotten,
        NULL,
    };
    for (size_t i = 0; tests[i] != NULL; i++)
        tcase_add_loop_test(tc, tests[i], 0, DATABASES);
    tcase_add_loop_test(tc, test_a_restart_after_an_edit_changes_no_suggestion,
                        0, DATABASES * STUDIES);
    tcase_set_timeout(tc, 120);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
