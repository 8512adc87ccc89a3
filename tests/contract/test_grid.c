// SPDX-License-Identifier: GPL-3.0-or-later
// test_grid.c - every point of a grid study once per replica

#include <pthread.h>

#include "bring.h"
#include "engine.h"
#include "rerun.h"
#include "trials.h"

#define SQUARE                                                                 \
    "\"kind\":\"grid\",\"space\":{\"a\":{\"type\":\"int\",\"low\":0,"          \
    "\"high\":2},\"b\":{\"type\":\"int\",\"low\":0,\"high\":1}}"
#define CELLS "\"grid\":{\"points\":\"cartesian\"}"
#define LIST  "\"kind\":\"grid\"," ONE_FLOAT ",\"grid\":{\"points\":\"list\""

// ---- what workers and users do ----------------------------------------------

// Tells outputs and no value.
static void tell_outputs(int64_t number)
{
    struct tell tell = bare(number, -1);
    tell.outputs = "{\"CLs_exp\":[1,2]}";
    must_send(tell);
}

static void release(int64_t number)
{
    struct release back = {.number = number};
    begin();
    end_well(trial_release(live, store, &back, &err));
}

// Enqueues a point of a list.
static int bring_point(const char *id, double x, const char *meta)
{
    double *point = arena_doubles(&arena, 1);
    *point = x;
    struct brought trial = {.id = id, .point = point, .meta = meta};
    struct bring bring = {.trials = &trial, .n = 1};
    if (id)
        memcpy(trial.key, id, strlen(id));
    begin();
    return end(bring_trials(live, store, &bring, &err));
}

static int import(double a, double b, int state)
{
    double *point = arena_doubles(&arena, 2);
    point[0] = a;
    point[1] = b;
    struct brought trial = {
        .point = point, .imported = true, .tell = bare(0, state)};
    struct bring bring = {.trials = &trial, .n = 1};
    begin();
    return end(bring_trials(live, store, &bring, &err));
}

static struct rerun run_failed_again(void)
{
    static struct rerun_item items[RERUN_MAX];
    struct rerun rerun = {.states = 1u << TRIAL_FAILED, .items = items};
    begin();
    end_well(rerun_trials(live, store, &rerun, &err));
    return rerun;
}

// ---- what became of it ------------------------------------------------------

// The cell of SQUARE that a trial has.
static int cell_of(int64_t number)
{
    const double *point = history_point(&live->history, (size_t)number);
    return (int)(2 * point[0] + point[1]);
}

static size_t runs_in(enum run_state state)
{
    return live->scan->count[state];
}

static void check_exhausted(bool comes_back)
{
    struct ask none = ask_many(1);
    ck_assert_uint_eq(none.n_numbers, 0);
    ck_assert_str_eq(none.reason, "exhausted");
    ck_assert((none.retry_after_s > 0) == comes_back);
}

// ---- cartesian --------------------------------------------------------------

START_TEST(test_every_cell_is_handed_out_once_and_then_the_study_is_finished)
{
    int seen[6] = {0};
    open_study_of(_i, SQUARE "," CELLS);
    ck_assert_int_eq(live->progress.points, 6);
    struct ask six = ask_many(10);
    ck_assert_uint_eq(six.n_numbers, 6);
    ck_assert_str_eq(six.reason, "exhausted");
    for (int i = 0; i < 6; i++)
        seen[cell_of(i)]++;
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(seen[i], 1);
    check_exhausted(true); // for what runs may fail
    for (int i = 0; i < 6; i++) {
        ck_assert_int_eq(live->state, STUDY_RUNNING);
        tell_outputs(i);
    }
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_str_eq(live->reason,
                     "points are done: 6 of 6 runs are complete, 0 failed");
    ck_assert_int_eq(live->progress.runs_complete, 6);
    close_study();
}
END_TEST

START_TEST(test_cells_that_the_constraints_forbid_are_no_points)
{
    open_study_of(_i, SQUARE "," CELLS ",\"constraints\":[\"a > b\"]");
    // (1, 0), (2, 0) and (2, 1)
    ck_assert_int_eq(live->progress.points, 3);
    ck_assert_uint_eq(ask_many(10).n_numbers, 3);
    for (int i = 0; i < 3; i++)
        ck_assert(cell_of(i) == 2 || cell_of(i) >= 4);
    close_study();
}
END_TEST

START_TEST(test_all_points_come_once_before_the_second_replica_of_any)
{
    int seen[6] = {0};
    open_study_of(_i,
                  SQUARE ",\"grid\":{\"points\":\"cartesian\",\"replicas\":3}");
    ck_assert_int_eq(live->progress.runs, 18);
    ck_assert_uint_eq(ask_many(18).n_numbers, 18);
    for (int i = 0; i < 18; i++) {
        ck_assert_int_eq(scan_replica(live->trials[i].run), i / 6 + 1);
        ck_assert_int_eq(seen[cell_of(i)]++, i / 6);
    }
    check_exhausted(true);
    close_study();
}
END_TEST

START_TEST(test_what_failed_is_run_again_after_what_was_never_tried)
{
    open_study_of(_i, SQUARE "," CELLS ",\"max_attempts\":2");
    give_up(ask());
    for (int i = 1; i < 6; i++)
        ck_assert_int_eq(live->trials[ask()].retry_of, -1);
    int64_t again = ask();
    ck_assert_int_eq(live->trials[again].retry_of, 0);
    ck_assert_int_eq(live->trials[again].attempt, 2);
    ck_assert_int_eq(cell_of(again), cell_of(0));
    ck_assert_str_eq(row_of(again).why, "trial 0 again, which failed");
    give_up(again);
    ck_assert_uint_eq(runs_in(RUN_FAILED), 1);
    check_exhausted(true);
    for (int i = 1; i < 6; i++)
        tell(i, 0.5);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_str_eq(live->reason,
                     "points are done: 5 of 6 runs are complete, 1 failed");
    close_study();
}
END_TEST

START_TEST(test_what_was_lost_is_run_again_first_and_uses_an_attempt)
{
    open_study_of(_i, SQUARE "," CELLS ",\"max_attempts\":2");
    lose(ask());
    int64_t again = ask();
    ck_assert_int_eq(live->trials[again].retry_of, 0);
    ck_assert_int_eq(live->trials[again].attempt, 2);
    release(again); // which uses none
    int64_t third = ask();
    ck_assert_int_eq(live->trials[third].retry_of, again);
    ck_assert_int_eq(live->trials[third].attempt, 2);
    lose(third);
    ck_assert_uint_eq(runs_in(RUN_FAILED), 1);
    ck_assert_int_eq(live->trials[ask()].retry_of, -1);
    close_study();
}
END_TEST

START_TEST(test_a_late_result_cancels_the_twin_and_a_late_failure_does_not)
{
    open_study_of(_i, SQUARE "," CELLS);
    lose(ask());
    int64_t twin = ask();
    give_up(0);
    ck_assert_int_eq(state_of(twin), TRIAL_RUNNING);
    ck_assert_uint_eq(runs_in(RUN_RUNNING), 1);
    lose(twin);
    int64_t third = ask();
    ck_assert_int_eq(live->trials[third].retry_of, twin);
    tell(twin, 0.5);
    ck_assert_int_eq(state_of(third), TRIAL_CANCELLED);
    ck_assert_uint_eq(runs_in(RUN_COMPLETE), 1);
    ck_assert_int_eq(live->trials[ask()].retry_of, -1);
    close_study();
}
END_TEST

START_TEST(test_a_failure_that_was_told_stays_one_unless_an_editor_says_so)
{
    open_study_of(_i, SQUARE "," CELLS);
    give_up(ask());
    ck_assert_uint_eq(ask_many(6).n_numbers, 6);
    struct tell late = message(0, -1, 0.5);
    ck_assert_int_eq(send(&late), -1);
    check_refusal(ERROR_CONFLICT, "the first result stays");
    ck_assert_int_eq(state_of(6), TRIAL_RUNNING);
    late.overwrite = true;
    must_send(late);
    ck_assert_int_eq(state_of(6), TRIAL_CANCELLED);
    ck_assert_uint_eq(runs_in(RUN_COMPLETE), 1);
    close_study();
}
END_TEST

START_TEST(test_what_a_user_takes_back_is_missing_until_it_is_run_again)
{
    open_study_of(_i, SQUARE "," CELLS);
    ask_many(6);
    struct cancel cancel = {.number = 3};
    begin();
    end_well(trial_cancel(live, store, &cancel, &err));
    check_exhausted(true);
    ck_assert_uint_eq(runs_in(RUN_DROPPED), 1);
    ck_assert_uint_eq(scan_missing(live->scan), 6);
    for (int i = 0; i < 6; i++)
        if (i != 3)
            tell(i, 0.5);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    int64_t number = 3;
    struct rerun_item item;
    struct rerun rerun = {.numbers = &number, .n_numbers = 1, .items = &item};
    begin();
    end_well(rerun_trials(live, store, &rerun, &err));
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    ck_assert_int_eq(ask(), item.number);
    tell(item.number, 0.5);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_uint_eq(runs_in(RUN_COMPLETE), 6);
    close_study();
}
END_TEST

START_TEST(test_a_finished_grid_goes_on_when_its_failures_are_run_again)
{
    open_study_of(_i, SQUARE "," CELLS ",\"max_attempts\":1");
    ask_many(6);
    for (int i = 0; i < 6; i++)
        i < 2 ? give_up(i) : tell(i, 0.5);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_uint_eq(run_failed_again().n_new, 2);
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    ck_assert_uint_eq(run_failed_again().n_new, 0);
    struct ask two = ask_many(10);
    ck_assert_uint_eq(two.n_numbers, 2);
    ck_assert_int_eq(cell_of(6), cell_of(0));
    tell(6, 0.5);
    give_up(7);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_uint_eq(runs_in(RUN_COMPLETE), 5);
    ck_assert_uint_eq(runs_in(RUN_FAILED), 1);
    close_study();
}
END_TEST

START_TEST(test_results_from_elsewhere_count_once)
{
    open_study_of(_i, SQUARE "," CELLS);
    ck_assert_int_eq(import(2, 1, TRIAL_COMPLETE), 0);
    ck_assert_int_eq(import(2, 1, TRIAL_COMPLETE), 0);
    ck_assert_int_eq(import(0, 0, TRIAL_FAILED), 0);
    ck_assert_uint_eq(runs_in(RUN_COMPLETE), 1);
    ck_assert_int_eq(live->trials[1].run, 0);
    struct ask five = ask_many(10);
    ck_assert_uint_eq(five.n_numbers, 5);
    for (size_t i = 0; i < 5; i++)
        ck_assert_int_ne(cell_of((int64_t)numbers[i]), 5);
    ck_assert_int_eq(live->trials[numbers[4]].retry_of, 2);
    close_study();
}
END_TEST

START_TEST(test_a_cell_cannot_be_enqueued)
{
    double point[2] = {0, 0};
    struct brought trial = {.point = point};
    struct bring bring = {.trials = &trial, .n = 1};
    open_study_of(_i, SQUARE "," CELLS);
    begin();
    ck_assert_int_eq(end(bring_trials(live, store, &bring, &err)), -1);
    check_refusal(ERROR_INVALID, "cells");
    close_study();
}
END_TEST

// ---- lists ------------------------------------------------------------------

START_TEST(test_points_of_a_list_carry_what_the_user_said_of_them)
{
    open_study_of(_i, LIST ",\"replicas\":2}");
    ck_assert_int_eq(bring_point("p", 0.25, "{\"m1\":150}"), 0);
    struct ask first = ask_many(1);
    ck_assert_str_eq(first.labels[0].id, "p");
    ck_assert_str_eq(first.labels[0].meta, "{\"m1\":150}");
    give_up(0);
    struct ask second = ask_many(2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_str_eq(second.labels[i].id, "p");
        ck_assert_str_eq(second.labels[i].meta, "{\"m1\":150}");
        ck_assert(*history_point(&live->history, numbers[i]) == 0.25);
    }
    ck_assert_int_eq(scan_replica(live->trials[1].run), 2);
    ck_assert_int_eq(live->trials[2].retry_of, 0);
    ck_assert_str_eq(row_of(2).point_id, "p");
    close_study();
}
END_TEST

START_TEST(test_labels_are_those_of_their_trials_whatever_the_priorities)
{
    open_study_of(_i, LIST "}");
    ck_assert_int_eq(bring_point("p", 0.25, NULL), 0);
    double point = 0.5;
    struct brought trial = {
        .id = "q", .point = &point, .priority = 5, .key = "q"};
    struct bring bring = {.trials = &trial, .n = 1};
    begin();
    end_well(bring_trials(live, store, &bring, &err));
    struct ask both = ask_many(2);
    ck_assert_str_eq(both.labels[0].id, "p");
    ck_assert_str_eq(both.labels[1].id, "q");
    close_study();
}
END_TEST

START_TEST(test_a_list_that_is_done_takes_more_points)
{
    open_study_of(_i, LIST "}");
    check_exhausted(false);
    ck_assert_int_eq(bring_point("p", 0.25, NULL), 0);
    ck_assert_int_eq(bring_point("p", 0.25, NULL), 0);
    tell(ask(), 1);
    check_exhausted(false);
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    ck_assert_int_eq(bring_point(NULL, 0.25, NULL), 0);
    tell(ask(), 1);
    ck_assert_int_eq(live->progress.points, 2);
    ck_assert_int_eq(live->progress.runs_complete, 2);
    close_study();
}
END_TEST

START_TEST(test_a_point_of_a_list_gives_all_its_parameters)
{
    open_study_of(_i, LIST "}");
    ck_assert_int_eq(bring_point("p", NAN, NULL), -1);
    check_refusal(ERROR_INVALID, "params.x is required");
    close_study();
}
END_TEST

// ---- changes ----------------------------------------------------------------

START_TEST(test_more_replicas_open_a_grid_again)
{
    open_study_of(_i, SQUARE "," CELLS);
    ask_many(6);
    for (int i = 0; i < 6; i++)
        tell(i, 0.5);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_int_eq(patch("{\"grid\":{\"replicas\":2}}"), 0);
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    ck_assert_int_eq(live->progress.runs, 12);
    ck_assert_uint_eq(ask_many(10).n_numbers, 6);
    ck_assert_int_eq(scan_replica(live->trials[6].run), 2);
    ck_assert_int_eq(patch("{\"grid\":{\"replicas\":1}}"), -1);
    check_refusal(ERROR_INVALID, "grid.replicas");
    close_study();
}
END_TEST

START_TEST(test_the_points_of_a_cartesian_grid_stay_and_a_list_may_widen)
{
    open_study_of(_i, SQUARE "," CELLS);
    ck_assert_int_eq(
        patch("{\"space\":{\"a\":{\"type\":\"int\",\"low\":0,\"high\":3}}}"),
        -1);
    check_refusal(ERROR_INVALID, "space");
    ck_assert_int_eq(patch("{\"constraints\":[\"a > b\"]}"), -1);
    check_refusal(ERROR_INVALID, "constraints");
    ck_assert_int_eq(patch("{\"grid\":{\"points\":\"list\"}}"), -1);
    check_refusal(ERROR_INVALID, "grid.points");
    close_study();
    open_study_of(_i, LIST "}");
    ck_assert_int_eq(bring_point("p", 1, NULL), 0);
    ck_assert_int_eq(
        patch("{\"space\":{\"x\":{\"type\":\"float\",\"low\":0,\"high\":2}}}"),
        0);
    ck_assert_int_eq(bring_point("q", 2, NULL), 0);
    ck_assert_uint_eq(ask_many(3).n_numbers, 2);
    close_study();
}
END_TEST

START_TEST(test_more_attempts_bring_back_what_had_failed)
{
    open_study_of(_i, SQUARE "," CELLS ",\"max_attempts\":1");
    ask_many(6);
    give_up(0);
    ck_assert_uint_eq(runs_in(RUN_FAILED), 1);
    ck_assert_int_eq(patch("{\"max_attempts\":2}"), 0);
    ck_assert_int_eq(live->trials[ask()].retry_of, 0);
    close_study();
}
END_TEST

// ---- several of them --------------------------------------------------------

// Does something to the study that a number decides.
static void stir(uint32_t number)
{
    const struct history *history = &live->history;
    struct ask some = ask_many(1 + number % 3);
    (void)some;
    size_t running = history->count[TRIAL_RUNNING];
    if (!running)
        return;
    int64_t trial = history->running[number / 3 % running];
    switch (number / 64 % 4) {
    case 0:
        give_up(trial);
        break;
    case 1:
        lose(trial);
        break;
    case 2:
        release(trial);
        break;
    default:
        tell(trial, 0.5);
    }
}

START_TEST(test_a_restart_at_any_time_changes_nothing)
{
    struct live *other = NULL; // another instance, which follows
    open_study_of(_i,
                  SQUARE ",\"grid\":{\"points\":\"cartesian\",\"replicas\":3},"
                         "\"max_attempts\":3");
    uint32_t number = 1;
    for (int i = 0; i < 60 && live->state == STUDY_RUNNING; i++) {
        number = number * 1664525u + 1013904223u;
        stir(number >> 8);
        if (i % 7 == 0)
            restart();
        live_begin(&other, store, live->id);
        store_rollback(store);
        check_same_live(live, other);
    }
    for (int i = 0; i < 100 && live->state == STUDY_RUNNING; i++) {
        ask_many(20);
        while (live->history.count[TRIAL_RUNNING])
            tell(live->history.running[0], 0.5);
    }
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_uint_eq(runs_in(RUN_COMPLETE) + runs_in(RUN_FAILED), 18);
    live_free(other);
    close_study();
}
END_TEST

// ---- crowds -----------------------------------------------------------------

enum { JOBS = 120, EACH = 7, POINTS = 400, REPLICAS = 2 };

// A job asks for some trials and then tells one of them, or has it fail.
struct job {
    struct command command;
    struct ask ask;
    size_t numbers[EACH];
    int64_t told;
    bool failed;
    bool done;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static int apply_ask(struct command *command, struct live *its,
                     struct store *session, struct error *fault)
{
    return trial_ask(its, session, &((struct job *)command)->ask, fault);
}

static int apply_tell(struct command *command, struct live *its,
                      struct store *session, struct error *fault)
{
    const struct job *job = (struct job *)command;
    struct tell tell = bare(job->told, job->failed ? TRIAL_FAILED : -1);
    return trial_tell(its, session, &tell, fault);
}

static void job_done(struct command *command, const struct live *its)
{
    (void)its;
    pthread_mutex_lock(&mutex);
    ((struct job *)command)->done = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static void run_all(struct engine *const *engines, int n, struct job *jobs,
                    size_t n_jobs)
{
    for (size_t i = 0; i < n_jobs; i++)
        engine_submit(engines[i % (size_t)n], &jobs[i].command);
    for (size_t i = 0; i < n_jobs; i++) {
        pthread_mutex_lock(&mutex);
        while (!jobs[i].done)
            pthread_cond_wait(&changed, &mutex);
        pthread_mutex_unlock(&mutex);
        ck_assert_msg(!jobs[i].command.error.code, "%s",
                      jobs[i].command.error.message);
    }
}

// Everybody asks at once. Returns how many trials there were.
static size_t ask_at_once(struct engine *const *engines, int n)
{
    static struct job jobs[JOBS];
    size_t handed_out = 0;
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (struct job){.command = {.study_id = live->id,
                                           .apply = apply_ask,
                                           .done = job_done},
                               .ask = {.n = EACH}};
        jobs[i].ask.numbers = jobs[i].numbers;
    }
    run_all(engines, n, jobs, JOBS);
    for (int i = 0; i < JOBS; i++)
        handed_out += jobs[i].ask.n_numbers;
    return handed_out;
}

// Everything that runs is told at once; a third of it are failures.
static void tell_at_once(struct engine *const *engines, int n, size_t round)
{
    static struct job jobs[POINTS * REPLICAS];
    size_t running = live->history.count[TRIAL_RUNNING];
    ck_assert_uint_le(running, POINTS * REPLICAS);
    for (size_t i = 0; i < running; i++)
        jobs[i] = (struct job){.command = {.study_id = live->id,
                                           .apply = apply_tell,
                                           .done = job_done},
                               .told = live->history.running[i],
                               .failed = (i + round) % 3 == 0};
    run_all(engines, n, jobs, running);
}

START_TEST(test_racing_askers_get_every_point_once_per_replica)
{
    open_study_of(_i, "\"kind\":\"grid\",\"space\":{\"a\":{\"type\":\"int\","
                      "\"low\":0,\"high\":399}},\"max_attempts\":100,"
                      "\"grid\":{\"points\":\"cartesian\",\"replicas\":2}");
    int n = _i == ON_POSTGRES ? 3 : 1;
    struct engine *engines[3];
    struct engine_options options = {.database = database.url,
                                     .writers = 2,
                                     .preparers = 1,
                                     .batch = 16,
                                     .live_studies = 4,
                                     .max_waiting = 10000};
    for (int i = 0; i < n; i++) {
        engines[i] = engine_start(&options, &err);
        ck_assert_msg(engines[i] != NULL, "%s", err.message);
    }
    for (size_t round = 0; live->state == STUDY_RUNNING && round < 50;
         round++) {
        size_t handed_out = ask_at_once(engines, n);
        if (round == 0)
            ck_assert_uint_eq(handed_out, POINTS * REPLICAS);
        restart();
        tell_at_once(engines, n, round);
        restart();
    }
    for (int i = 0; i < n; i++)
        engine_stop(engines[i]);
    int complete[POINTS] = {0};
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    for (size_t i = 0; i < live->history.n; i++)
        if (live->history.state[i] == TRIAL_COMPLETE)
            complete[(int)*history_point(&live->history, i)]++;
    for (int i = 0; i < POINTS; i++)
        ck_assert_int_eq(complete[i], REPLICAS);
    ck_assert_uint_eq(runs_in(RUN_COMPLETE), POINTS * REPLICAS);
    close_study();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("grid");
    TCase *tc = tcase_create("both databases");
    const TTest *const tests[] = {
        test_every_cell_is_handed_out_once_and_then_the_study_is_finished,
        test_cells_that_the_constraints_forbid_are_no_points,
        test_all_points_come_once_before_the_second_replica_of_any,
        test_what_failed_is_run_again_after_what_was_never_tried,
        test_what_was_lost_is_run_again_first_and_uses_an_attempt,
        test_a_late_result_cancels_the_twin_and_a_late_failure_does_not,
        test_a_failure_that_was_told_stays_one_unless_an_editor_says_so,
        test_what_a_user_takes_back_is_missing_until_it_is_run_again,
        test_a_finished_grid_goes_on_when_its_failures_are_run_again,
        test_results_from_elsewhere_count_once,
        test_a_cell_cannot_be_enqueued,
        test_points_of_a_list_carry_what_the_user_said_of_them,
        test_labels_are_those_of_their_trials_whatever_the_priorities,
        test_a_list_that_is_done_takes_more_points,
        test_a_point_of_a_list_gives_all_its_parameters,
        test_more_replicas_open_a_grid_again,
        test_the_points_of_a_cartesian_grid_stay_and_a_list_may_widen,
        test_more_attempts_bring_back_what_had_failed,
        test_a_restart_at_any_time_changes_nothing,
        test_racing_askers_get_every_point_once_per_replica,
        NULL,
    };
    for (size_t i = 0; tests[i] != NULL; i++)
        tcase_add_loop_test(tc, tests[i], 0, DATABASES);
    tcase_set_timeout(tc, 120);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
