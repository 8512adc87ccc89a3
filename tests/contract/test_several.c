// SPDX-License-Identifier: GPL-3.0-or-later
// test_several.c - several objectives, outcome constraints, noise and reasons,
// on both databases

#include "trials.h"

#define TWO                                                                    \
    "\"sampler\":\"random\",\"objectives\":[{\"name\":\"loss\"},"              \
    "{\"name\":\"auc\",\"direction\":\"maximize\"}]"
#define BOUNDS                                                                 \
    "\"outcome_constraints\":[{\"name\":\"ms\",\"upper\":20},"                 \
    "{\"name\":\"mb\",\"lower\":-1,\"upper\":8}]"

static struct ask ask_with_key(unsigned char key)
{
    struct ask ask = {.n = 1, .numbers = numbers, .arena = &arena};
    memset(ask.key, key, sizeof ask.key);
    begin();
    end_well(trial_ask(live, store, &ask, &err));
    ck_assert_uint_eq(ask.n_numbers, 1);
    return ask;
}

static struct tell values(int64_t number, size_t n, const double *values)
{
    struct tell tell = bare(number, -1);
    tell.numbers.n_values = n;
    memcpy(tell.numbers.values, values, n * sizeof *values);
    return tell;
}

static struct tell two(int64_t number, double loss, double auc)
{
    return values(number, 2, (double[]){loss, auc});
}

// One value, and outcomes in the order of BOUNDS.
static struct tell bounded(int64_t number, double value, double ms, double mb)
{
    struct tell tell = message(number, -1, value);
    tell.numbers.n_constraints = 2;
    tell.numbers.constraints[0] = ms;
    tell.numbers.constraints[1] = mb;
    return tell;
}

static void send_as(enum trial_state told, struct tell tell)
{
    ck_assert_msg(send(&tell) == 0, "%s", err.message);
    ck_assert_str_eq(trial_state_name(tell.told), trial_state_name(told));
}

static void refuse(enum error_code code, const char *word, struct tell tell)
{
    int64_t revision = live->progress.revision;
    ck_assert_int_eq(send(&tell), -1);
    check_refusal(code, word);
    ck_assert_int_eq(live->progress.revision, revision);
}

// ---- objectives -------------------------------------------------------------

START_TEST(test_each_value_has_the_sign_of_its_objective)
{
    open_study(_i, TWO);
    struct tell tell = two(ask(), 0.25, 0.75);
    ck_assert_int_eq(send(&tell), 0);
    ck_assert_uint_eq(tell.n_kept, 2);
    ck_assert_double_eq(tell.kept[0], 0.25);
    ck_assert_double_eq(tell.kept[1], 0.75);
    const double *inside = history_values(&live->history, 0);
    ck_assert_double_eq(inside[0], 0.25);
    ck_assert_double_eq(inside[1], -0.75);
    struct trial_row row = row_of(0);
    ck_assert_uint_eq(row.n_values, 2);
    ck_assert_double_eq(row.values[1], 0.75);
    close_study();
}
END_TEST

START_TEST(test_with_several_objectives_nothing_is_the_best)
{
    open_study(_i, TWO);
    send_as(TRIAL_COMPLETE, two(ask(), 1, 2));
    send_as(TRIAL_COMPLETE, two(ask(), 0, 3));
    ck_assert_int_eq(live->progress.best_number, -1);
    ck_assert_double_nan(live->progress.best_value);
    close_study();
}
END_TEST

START_TEST(test_another_number_of_values_is_refused)
{
    open_study(_i, TWO);
    int64_t number = ask();
    double three[] = {1, 2, 3};
    refuse(ERROR_INVALID, "2 numbers", values(number, 1, three));
    refuse(ERROR_INVALID, "not 3", values(number, 3, three));
    refuse(ERROR_INVALID, "values are required", values(number, 0, three));
    struct tell noisy = two(number, 1, 2);
    noisy.numbers.uncertainty = 0.5;
    refuse(ERROR_INVALID, "uncertainty", noisy);
    close_study();
}
END_TEST

START_TEST(test_repeats_are_compared_in_every_value)
{
    open_study(_i, TWO);
    int64_t number = ask();
    send_as(TRIAL_COMPLETE, two(number, 1, 2));
    send_as(TRIAL_COMPLETE, two(number, 1, 2));
    refuse(ERROR_CONFLICT, "values 1, 2", two(number, 1, 2.5));
    close_study();
}
END_TEST

START_TEST(test_any_value_that_is_no_number_is_a_failure)
{
    open_study(_i, TWO);
    send_as(TRIAL_FAILED, two(ask(), 1, NAN));
    send_as(TRIAL_FAILED, two(ask(), -INFINITY, 1));
    ck_assert_str_eq(row_of(0).error, "the value of auc is NaN");
    ck_assert_str_eq(row_of(1).error, "the value of loss is infinite");
    ck_assert_uint_eq(row_of(1).n_values, 0);
    close_study();
}
END_TEST

START_TEST(test_a_pruned_trial_takes_no_report_for_several_values)
{
    open_study(_i, TWO);
    struct report report = {.number = ask(), .step = 1, .value = 3};
    begin();
    end_well(trial_report(live, store, &report, &err));
    struct tell pruned = two(0, 1, 2);
    pruned.numbers.n_values = 0;
    pruned.state = TRIAL_PRUNED;
    send_as(TRIAL_PRUNED, pruned);
    ck_assert_uint_eq(row_of(0).n_values, 0);
    close_study();
}
END_TEST

// ---- constraints ------------------------------------------------------------

START_TEST(test_a_broken_bound_makes_a_trial_infeasible)
{
    open_study(_i, BOUNDS);
    send_as(TRIAL_COMPLETE, bounded(ask(), 5, 20, 8));
    send_as(TRIAL_INFEASIBLE, bounded(ask(), 1, 20.5, 0));
    send_as(TRIAL_INFEASIBLE, bounded(ask(), 2, 0, -3));
    // value - upper, then lower - value, by constraint
    static const double excess[3][3] = {
        {0, 0, -9}, {0.5, -8, -1}, {-20, -11, 2}};
    ck_assert_uint_eq(live->history.n_constraints, 3);
    for (size_t i = 0; i < 9; i++)
        ck_assert_double_eq(live->history.constraint[i], excess[i / 3][i % 3]);
    ck_assert_double_eq(history_violation(&live->history, 1), 0.5);
    ck_assert_int_eq(live->progress.best_number, 0);
    ck_assert_int_eq(live->progress.count[TRIAL_INFEASIBLE], 2);
    struct trial_row row = row_of(1);
    ck_assert_double_eq(row.values[0], 1);
    ck_assert_uint_eq(row.n_constraint_values, 2);
    ck_assert_double_eq(row.constraint_values[0], 20.5);
    ck_assert_double_eq(row.constraint_values[1], 0);
    close_study();
}
END_TEST

START_TEST(test_constraints_have_names_in_any_order)
{
    open_study(_i, BOUNDS);
    int64_t number = ask();
    struct tell tell = bounded(number, 1, 7, 19);
    tell.numbers.named = true;
    tell.numbers.names[0] = "mb";
    tell.numbers.names[1] = "kg";
    refuse(ERROR_INVALID, "constraints.kg", tell);
    tell.numbers.n_constraints = 1;
    refuse(ERROR_INVALID, "constraints.ms is missing", tell);
    tell.numbers.n_constraints = 2;
    tell.numbers.names[1] = "ms";
    send_as(TRIAL_COMPLETE, tell);
    ck_assert_double_eq(row_of(number).constraint_values[0], 19);
    close_study();
}
END_TEST

START_TEST(test_a_complete_trial_needs_its_constraints)
{
    open_study(_i, BOUNDS);
    struct tell tell = bounded(ask(), 1, 2, 3);
    tell.numbers.n_constraints = 1;
    refuse(ERROR_INVALID, "constraints must hold 2", tell);
    tell.numbers.n_constraints = 0;
    refuse(ERROR_INVALID, "constraints are required", tell);
    tell.state = TRIAL_PRUNED;
    send_as(TRIAL_PRUNED, tell);
    close_study();
}
END_TEST

START_TEST(test_constraints_of_a_study_without_any_are_refused)
{
    open_study(_i, "\"sampler\":\"random\"");
    refuse(ERROR_INVALID, "0 numbers", bounded(ask(), 1, 2, 3));
    close_study();
}
END_TEST

START_TEST(test_repeats_are_compared_in_every_constraint)
{
    open_study(_i, BOUNDS);
    int64_t number = ask();
    send_as(TRIAL_INFEASIBLE, bounded(number, 1, 30, 3));
    send_as(TRIAL_INFEASIBLE, bounded(number, 1, 30, 3));
    refuse(ERROR_CONFLICT, "value 1 and constraints 30, 3",
           bounded(number, 1, 31, 3));
    refuse(ERROR_CONFLICT, "infeasible already", bounded(number, 1, 3, 3));
    close_study();
}
END_TEST

START_TEST(test_a_constraint_that_is_no_number_is_a_failure)
{
    open_study(_i, BOUNDS);
    send_as(TRIAL_FAILED, bounded(ask(), 1, 2, NAN));
    ck_assert_str_eq(row_of(0).error, "the constraint mb is NaN");
    ck_assert_uint_eq(row_of(0).n_constraint_values, 0);
    close_study();
}
END_TEST

START_TEST(test_an_infeasible_trial_may_lack_numbers)
{
    open_study(_i, BOUNDS);
    struct tell tell = bounded(ask(), NAN, 25, 3);
    tell.state = TRIAL_INFEASIBLE;
    send_as(TRIAL_INFEASIBLE, tell);
    ck_assert_uint_eq(row_of(0).n_values, 0);
    ck_assert_double_eq(history_violation(&live->history, 0), 5);
    close_study();
}
END_TEST

START_TEST(test_an_excess_beyond_all_numbers_stays_finite)
{
    open_study(_i, "\"outcome_constraints\":[{\"name\":\"x\","
                   "\"upper\":-1e308}]");
    struct tell tell = bounded(ask(), 1, 1e308, 0);
    tell.numbers.n_constraints = 1;
    send_as(TRIAL_INFEASIBLE, tell);
    ck_assert(isfinite(live->history.constraint[0]));
    close_study();
}
END_TEST

// ---- noise ------------------------------------------------------------------

START_TEST(test_an_uncertainty_is_the_root_of_the_variance)
{
    static const double told[] = {0.5, 0, NAN}, kept[] = {0.25, 0, NAN};
    open_study(_i, "\"direction\":\"maximize\"");
    for (int i = 0; i < 3; i++) {
        struct tell tell = message(ask(), -1, 1);
        tell.numbers.uncertainty = told[i];
        send_as(TRIAL_COMPLETE, tell);
        ck_assert(same_number(live->history.variance[i], kept[i]));
        ck_assert(same_number(row_of(i).uncertainty, told[i]));
    }
    close_study();
}
END_TEST

// ---- why --------------------------------------------------------------------

START_TEST(test_why_a_trial_was_chosen_is_kept_and_said_again)
{
    open_study(_i, "\"sampler\":\"random\",\"lease_s\":1");
    int64_t first = ask();
    struct expiry expiry = {.number = first,
                            .now_ms = live->trials[first].lease_ms + 1};
    begin();
    end_well(trial_expire(live, store, &expiry, &err));
    ck_assert(expiry.lost);
    for (int again = 0; again < 2; again++) {
        struct ask ask = ask_with_key(7);
        ck_assert_uint_eq(ask.numbers[0], 1);
        ck_assert_str_eq(ask.why[0], "trial 0 again, which was lost");
    }
    ck_assert_str_eq(row_of(1).why, "trial 0 again, which was lost");
    struct tell tell = message(1, -1, 1);
    send_as(TRIAL_COMPLETE, tell);
    ck_assert_str_eq(row_of(1).why, "trial 0 again, which was lost");
    close_study();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("several");
    TCase *tc = tcase_create("both databases");
    const TTest *const tests[] = {
        test_each_value_has_the_sign_of_its_objective,
        test_with_several_objectives_nothing_is_the_best,
        test_another_number_of_values_is_refused,
        test_repeats_are_compared_in_every_value,
        test_any_value_that_is_no_number_is_a_failure,
        test_a_pruned_trial_takes_no_report_for_several_values,
        test_a_broken_bound_makes_a_trial_infeasible,
        test_constraints_have_names_in_any_order,
        test_a_complete_trial_needs_its_constraints,
        test_constraints_of_a_study_without_any_are_refused,
        test_repeats_are_compared_in_every_constraint,
        test_a_constraint_that_is_no_number_is_a_failure,
        test_an_infeasible_trial_may_lack_numbers,
        test_an_excess_beyond_all_numbers_stays_finite,
        test_an_uncertainty_is_the_root_of_the_variance,
        test_why_a_trial_was_chosen_is_kept_and_said_again,
        NULL,
    };
    for (size_t i = 0; tests[i] != NULL; i++)
        tcase_add_loop_test(tc, tests[i], 0, DATABASES);
    tcase_set_timeout(tc, 120);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
