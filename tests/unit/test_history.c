// SPDX-License-Identifier: GPL-3.0-or-later
// test_history.c - the trials of a study, in columns

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "rng.h"

static struct space space;
static struct history history;

static void setup(void)
{
    static char a[] = "a", b[] = "b";
    struct param p = {.name = a, .kind = PARAM_FLOAT, .low = 0, .high = 4};
    struct param q = {.name = b, .kind = PARAM_BOOL};
    struct error err = {0};
    space_init(&space);
    ck_assert_int_eq(space_add(&space, &p, &err), 0);
    ck_assert_int_eq(space_add(&space, &q, &err), 0);
    history_init(&history, &space);
}

static void teardown(void)
{
    history_done(&history);
    space_done(&space);
}

static size_t add(enum trial_state state)
{
    return history_append(&history, state, (double[]){1, 0});
}

// ---- states -----------------------------------------------------------------

START_TEST(test_names_of_states_go_both_ways)
{
    for (int i = 0; i < TRIAL_STATES; i++)
        ck_assert_int_eq(
            trial_state_from_name(trial_state_name((enum trial_state)i)), i);
    ck_assert_str_eq(trial_state_name(TRIAL_INFEASIBLE), "infeasible");
    ck_assert_int_eq(trial_state_from_name("Complete"), -1);
}
END_TEST

START_TEST(test_appended_rows_hold_point_and_unit)
{
    ck_assert_uint_eq(history_append(&history, TRIAL_RUNNING, (double[]){1, 1}),
                      0);
    ck_assert_uint_eq(history_append(&history, TRIAL_QUEUED, (double[]){4, 0}),
                      1);
    ck_assert_double_eq(history_point(&history, 0)[1], 1);
    ck_assert_double_eq(history_unit(&history, 0)[0], 0.25);
    ck_assert_double_eq(history_unit(&history, 0)[1], 0.75);
    ck_assert_double_eq(history_unit(&history, 1)[0], 1);
    ck_assert_double_nan(history.value[0]);
    ck_assert_uint_eq(history.count[TRIAL_QUEUED], 1);
    ck_assert_uint_eq(history.count[TRIAL_RUNNING], 1);
    ck_assert_uint_eq(history.running[0], 0);
}
END_TEST

START_TEST(test_best_is_the_least_complete_value)
{
    for (int i = 0; i < 5; i++)
        add(TRIAL_RUNNING);
    ck_assert_int_eq(history.best, -1);
    history_move(&history, 0, TRIAL_PRUNED, -9);
    history_move(&history, 1, TRIAL_COMPLETE, NAN);
    ck_assert_int_eq(history.best, -1);
    history_move(&history, 3, TRIAL_COMPLETE, 2);
    ck_assert_int_eq(history.best, 3);
    history_move(&history, 4, TRIAL_COMPLETE, 2);
    ck_assert_int_eq(history.best, 3);
    history_move(&history, 2, TRIAL_COMPLETE, 2);
    ck_assert_int_eq(history.best, 2); // of equals the lowest number
}
END_TEST

START_TEST(test_a_best_trial_corrected_for_the_worse_is_replaced)
{
    for (int i = 0; i < 3; i++)
        history_move(&history, add(TRIAL_RUNNING), TRIAL_COMPLETE, i);
    history_move(&history, 0, TRIAL_COMPLETE, 1.5);
    ck_assert_int_eq(history.best, 1);
    history_move(&history, 1, TRIAL_FAILED, 0);
    ck_assert_int_eq(history.best, 0);
    history_move(&history, 0, TRIAL_CANCELLED, 0);
    ck_assert_int_eq(history.best, 2);
    history_move(&history, 2, TRIAL_LOST, 0);
    ck_assert_int_eq(history.best, -1);
}
END_TEST

START_TEST(test_only_results_keep_a_value)
{
    size_t i = add(TRIAL_RUNNING);
    history_move(&history, i, TRIAL_FAILED, 3);
    ck_assert_double_nan(history.value[i]);
    history_move(&history, i, TRIAL_PRUNED, 3);
    ck_assert_double_eq(history.value[i], 3);
    history_move(&history, i, TRIAL_COMPLETE, 4);
    ck_assert_double_eq(history.value[i], 4);
}
END_TEST

START_TEST(test_a_corrected_trial_keeps_its_place_among_the_ended)
{
    for (int i = 0; i < 3; i++)
        add(TRIAL_RUNNING);
    history_move(&history, 2, TRIAL_COMPLETE, 1);
    history_move(&history, 0, TRIAL_FAILED, 0);
    history_move(&history, 1, TRIAL_PRUNED, 0);
    history_move(&history, 2, TRIAL_INFEASIBLE, 0);
    ck_assert_uint_eq(history.n_ended, 3);
    ck_assert_uint_eq(history.ended[0], 2);
    ck_assert_uint_eq(history.ended[1], 0);
    ck_assert_uint_eq(history.ended[2], 1);
}
END_TEST

START_TEST(test_a_lost_trial_ends_when_its_late_result_arrives)
{
    size_t i = add(TRIAL_RUNNING), j = add(TRIAL_RUNNING);
    history_move(&history, i, TRIAL_LOST, NAN);
    ck_assert_uint_eq(history.n_ended, 0);
    history_move(&history, j, TRIAL_COMPLETE, 1);
    history_move(&history, i, TRIAL_COMPLETE, 0);
    ck_assert_uint_eq(history.ended[1], i);
    ck_assert_int_eq(history.best, (int64_t)i);
}
END_TEST

START_TEST(test_a_trial_knows_how_many_results_came_before_it)
{
    size_t i = add(TRIAL_RUNNING), j = add(TRIAL_RUNNING);
    history_move(&history, j, TRIAL_COMPLETE, 1);
    history_move(&history, i, TRIAL_LOST, NAN);
    size_t k = add(TRIAL_QUEUED);
    ck_assert_uint_eq(history.seen[i], 0);
    ck_assert_uint_eq(history.seen[j], 0);
    ck_assert_uint_eq(history.seen[k], 1);
}
END_TEST

// ---- against a naive model --------------------------------------------------

static void check_against(const enum trial_state *state, const double *value,
                          const size_t *order, size_t n_order)
{
    size_t running = 0, count[TRIAL_STATES] = {0};
    int64_t best = -1;
    for (size_t i = 0; i < history.n; i++) {
        ck_assert_uint_eq(history.state[i], state[i]);
        count[state[i]]++;
        if (state[i] == TRIAL_RUNNING)
            ck_assert_uint_eq(history.running[running++], i);
        if (state[i] == TRIAL_COMPLETE && !isnan(value[i]) &&
            (best < 0 || value[i] < value[best]))
            best = (int64_t)i;
    }
    ck_assert_mem_eq(count, history.count, sizeof count);
    ck_assert_int_eq(history.best, best);
    ck_assert_uint_eq(history.n_ended, n_order);
    for (size_t i = 0; i < n_order; i++)
        ck_assert_uint_eq(history.ended[i], order[i]);
}

static bool is_result(enum trial_state s)
{
    return s >= TRIAL_COMPLETE && s <= TRIAL_INFEASIBLE;
}

START_TEST(test_any_sequence_of_moves_agrees_with_a_naive_model)
{
    enum { ROWS = 60, MOVES = 4000 };
    enum trial_state state[ROWS];
    double value[ROWS];
    size_t order[ROWS] = {0}, n_order = 0;
    struct rng rng = rng_at(61, (uint64_t)_i);
    for (int move = 0; move < MOVES; move++) {
        if (history.n < ROWS && rng_below(&rng, 20) == 0) {
            enum trial_state first = (enum trial_state)rng_below(&rng, 2);
            state[add(first)] = first;
            value[history.n - 1] = NAN;
        }
        if (history.n == 0)
            continue;
        size_t number = (size_t)rng_below(&rng, history.n);
        enum trial_state to = (enum trial_state)rng_below(&rng, TRIAL_STATES);
        double v = rng_below(&rng, 9) ? (double)rng_below(&rng, 6) : NAN;
        history_move(&history, number, to, v);
        size_t place = 0;
        while (place < n_order && order[place] != number)
            place++;
        if (is_result(to) && place == n_order)
            order[n_order++] = number;
        if (!is_result(to) && place < n_order) {
            n_order--;
            memmove(order + place, order + place + 1,
                    (n_order - place) * sizeof *order);
        }
        state[number] = to;
        value[number] = v;
        check_against(state, value, order, n_order);
    }
}
END_TEST

START_TEST(test_100000_trials_with_1000_running)
{
    enum { ROWS = 100000, AHEAD = 1000 };
    struct rng rng = rng_at(67, 0);
    double least = INFINITY;
    for (size_t i = 0; i < ROWS + AHEAD; i++) {
        if (i < ROWS)
            add(TRIAL_RUNNING);
        if (i < AHEAD)
            continue;
        double value = rng_uniform(&rng);
        least = fmin(least, value);
        for (int64_t step = 0; step < 10; step++)
            history_report(&history, i - AHEAD, step, value);
        history_move(&history, i - AHEAD, TRIAL_COMPLETE, value);
    }
    ck_assert_uint_eq(history.n_ended, ROWS);
    ck_assert_uint_eq(history.count[TRIAL_RUNNING], 0);
    ck_assert(history.value[history.best] == least);
    ck_assert(history_at(&history, 4711, 9) == history.value[4711]);
}
END_TEST

// ---- reports ----------------------------------------------------------------

START_TEST(test_reports_are_kept_by_ascending_step)
{
    size_t i = add(TRIAL_RUNNING);
    const int64_t steps[] = {5, 1, INT64_MAX, 0, 3, 4, 2};
    for (size_t s = 0; s < 7; s++)
        ck_assert(history_report(&history, i, steps[s], (double)s));
    ck_assert_uint_eq(history.series[i].n, 7);
    for (size_t s = 1; s < 7; s++)
        ck_assert_int_lt(history.series[i].step[s - 1],
                         history.series[i].step[s]);
    for (size_t s = 0; s < 7; s++)
        ck_assert_double_eq(history_at(&history, i, steps[s]), (double)s);
    ck_assert_double_nan(history_at(&history, i, 6));
}
END_TEST

START_TEST(test_a_repeated_report_replaces_the_value)
{
    size_t i = add(TRIAL_RUNNING);
    ck_assert(history_report(&history, i, 3, 1));
    ck_assert(!history_report(&history, i, 3, 2));
    ck_assert_uint_eq(history.series[i].n, 1);
    ck_assert_double_eq(history_at(&history, i, 3), 2);
}
END_TEST

START_TEST(test_forgotten_reports_may_come_again)
{
    size_t i = add(TRIAL_RUNNING);
    history_report(&history, i, 1, 0.25);
    for (int twice = 0; twice < 2; twice++) {
        history_forget_reports(&history, i);
        ck_assert_uint_eq(history.series[i].n, 0);
        ck_assert_double_nan(history_at(&history, i, 1));
    }
    ck_assert(history_report(&history, i, 1, 0.75));
    ck_assert_double_eq(history_at(&history, i, 1), 0.75);
}
END_TEST

START_TEST(test_the_order_of_arrival_of_reports_does_not_matter)
{
    enum { STEPS = 200 };
    size_t a = add(TRIAL_RUNNING), b = add(TRIAL_RUNNING), order[STEPS];
    for (size_t s = 0; s < STEPS; s++) {
        order[s] = s;
        history_report(&history, a, (int64_t)s, (double)(s * s));
    }
    struct rng rng = rng_at(71, 0);
    rng_shuffle(&rng, order, STEPS);
    for (size_t s = 0; s < STEPS; s++)
        history_report(&history, b, (int64_t)order[s],
                       (double)(order[s] * order[s]));
    ck_assert_mem_eq(history.series[a].step, history.series[b].step,
                     STEPS * sizeof(int64_t));
    ck_assert_mem_eq(history.series[a].value, history.series[b].value,
                     STEPS * sizeof(double));
}
END_TEST

START_TEST(test_a_space_without_parameters_has_rows_too)
{
    struct space empty;
    struct history rows;
    space_init(&empty);
    history_init(&rows, &empty);
    for (size_t i = 0; i < 100; i++)
        ck_assert_uint_eq(history_append(&rows, TRIAL_QUEUED, NULL), i);
    history_move(&rows, 7, TRIAL_COMPLETE, 1);
    ck_assert_int_eq(rows.best, 7);
    history_done(&rows);
    space_done(&empty);
}
END_TEST

START_TEST(test_a_result_has_a_number_for_each_objective_and_constraint)
{
    struct history rows;
    history_init_for(&rows, &space, 2, 3);
    for (size_t i = 0; i < 40; i++)
        history_append(&rows, TRIAL_RUNNING, (double[]){1, 0});
    ck_assert_double_nan(history_values(&rows, 39)[1]);
    ck_assert_double_nan(history_violation(&rows, 39));
    history_enter(&rows, 39,
                  &(struct result){.state = TRIAL_INFEASIBLE,
                                   .values = (double[]){4, 5},
                                   .constraints = (double[]){-3, 0.5, 2},
                                   .variance = 0.25});
    ck_assert_double_eq(history_values(&rows, 39)[0], 4);
    ck_assert_double_eq(history_values(&rows, 39)[1], 5);
    ck_assert_double_eq(history_violation(&rows, 39), 2.5);
    ck_assert_double_eq(rows.variance[39], 0.25);
    history_enter(&rows, 38,
                  &(struct result){.state = TRIAL_COMPLETE,
                                   .values = (double[]){1, 2},
                                   .constraints = (double[]){-1, -1, 0}});
    ck_assert_double_eq(history_violation(&rows, 38), 0);
    ck_assert_int_eq(rows.best, -1); // of several objectives none is the best
    history_enter(&rows, 39, &(struct result){.state = TRIAL_LOST});
    ck_assert_double_nan(history_values(&rows, 39)[0]);
    ck_assert_double_nan(rows.variance[39]);
    history_done(&rows);
}
END_TEST

START_TEST(test_a_copy_is_the_same_and_lives_on_its_own)
{
    for (int i = 0; i < 50; i++)
        add(TRIAL_RUNNING);
    for (int i = 0; i < 20; i++) {
        history_report(&history, (size_t)i, 3, i);
        history_report(&history, (size_t)i, 1, -i);
        history_move(&history, (size_t)i, i % 3 ? TRIAL_COMPLETE : TRIAL_PRUNED,
                     20 - i);
    }
    struct history copy;
    history_copy(&copy, &history);
    ck_assert_uint_eq(copy.n, 50);
    ck_assert_int_eq(copy.best, history.best);
    ck_assert_mem_eq(copy.count, history.count, sizeof copy.count);
    ck_assert_mem_eq(copy.ended, history.ended, 20 * sizeof *copy.ended);
    ck_assert_mem_eq(copy.running, history.running, 30 * sizeof *copy.running);
    ck_assert_mem_eq(copy.point, history.point, 100 * sizeof *copy.point);
    ck_assert_mem_eq(copy.unit, history.unit, 100 * sizeof *copy.unit);
    ck_assert_mem_eq(copy.state, history.state, 50);
    ck_assert_mem_eq(copy.seen, history.seen, 50 * sizeof *copy.seen);
    ck_assert_double_eq(copy.value[19], 1);
    ck_assert_double_eq(history_at(&copy, 7, 1), -7);
    history_move(&history, 19, TRIAL_LOST, NAN);
    history_report(&history, 7, 1, 0);
    ck_assert_double_eq(copy.value[19], 1);
    ck_assert_double_eq(history_at(&copy, 7, 1), -7);
    ck_assert_uint_eq(history_append(&copy, TRIAL_QUEUED, (double[]){0, 1}),
                      50);
    ck_assert_uint_eq(history.n, 50);
    history_done(&copy);
}
END_TEST

START_TEST(test_without_constraints_nothing_is_violated)
{
    size_t number = add(TRIAL_RUNNING);
    ck_assert_double_eq(history_violation(&history, number), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("history");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_names_of_states_go_both_ways);
    tcase_add_test(cases, test_appended_rows_hold_point_and_unit);
    tcase_add_test(cases, test_best_is_the_least_complete_value);
    tcase_add_test(cases,
                   test_a_best_trial_corrected_for_the_worse_is_replaced);
    tcase_add_test(cases, test_only_results_keep_a_value);
    tcase_add_test(cases,
                   test_a_corrected_trial_keeps_its_place_among_the_ended);
    tcase_add_test(cases, test_a_lost_trial_ends_when_its_late_result_arrives);
    tcase_add_test(cases, test_a_trial_knows_how_many_results_came_before_it);
    tcase_add_loop_test(
        cases, test_any_sequence_of_moves_agrees_with_a_naive_model, 0, 3);
    tcase_add_test(cases, test_100000_trials_with_1000_running);
    tcase_add_test(cases, test_reports_are_kept_by_ascending_step);
    tcase_add_test(cases, test_a_repeated_report_replaces_the_value);
    tcase_add_test(cases, test_forgotten_reports_may_come_again);
    tcase_add_test(cases, test_the_order_of_arrival_of_reports_does_not_matter);
    tcase_add_test(cases, test_a_space_without_parameters_has_rows_too);
    tcase_add_test(
        cases, test_a_result_has_a_number_for_each_objective_and_constraint);
    tcase_add_test(cases, test_without_constraints_nothing_is_violated);
    tcase_add_test(cases, test_a_copy_is_the_same_and_lives_on_its_own);
    Suite *suite = suite_create("history");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
