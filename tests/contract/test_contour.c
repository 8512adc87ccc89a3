// SPDX-License-Identifier: GPL-3.0-or-later
// test_contour.c - studies of kind contour, on both databases
//
// The plane of these tests: mu_up = exp((x - 0.5)^2 + y - 0.6), so the contour
// is the parabola y = 0.6 - (x - 0.5)^2, and a point is excluded below it.

#include "bring.h"
#include "kind_contour.h"
#include "trials.h"

#define PLANE                                                                  \
    "\"kind\":\"contour\",\"space\":{"                                         \
    "\"x\":{\"type\":\"float\",\"low\":0,\"high\":1},"                         \
    "\"y\":{\"type\":\"float\",\"low\":0,\"high\":1}}"
#define PLAN(settings) PLANE ",\"contour\":{\"seed\":7," settings "}"

static double limit_at(const double *point)
{
    double x = point[0] - 0.5;
    return exp(x * x + point[1] - 0.6);
}

static const double *point_of(int64_t number)
{
    return history_point(&live->history, (size_t)number);
}

// ---- the messages of a worker -----------------------------------------------

// A message in the words of contours: a limit for "obs", and its error if that
// is not NaN.
static struct tell limit(int64_t number, double mu_up, double error)
{
    static struct told_curves told[2];
    static size_t which;
    struct told_curves *curves = &told[which++ % 2];
    *curves = (struct told_curves){
        .target = CONTOUR_LN_MU_UP, .n = 1, .name = {"obs"}, .value = {mu_up}};
    if (!isnan(error)) {
        curves->n_errors = 1;
        curves->error_name[0] = "obs";
        curves->error[0] = error;
    }
    struct tell tell = bare(number, -1);
    tell.numbers.curves = curves;
    return tell;
}

static struct tell invalid(int64_t number, const char *why)
{
    static struct told_curves told;
    told = (struct told_curves){.invalid = why};
    struct tell tell = bare(number, TRIAL_INFEASIBLE);
    tell.numbers.curves = &told;
    return tell;
}

static void tell_limit(int64_t number)
{
    must_send(limit(number, limit_at(point_of(number)), NAN));
}

static void must_refuse(struct tell tell, const char *word)
{
    ck_assert_int_ne(send(&tell), 0);
    check_refusal(ERROR_INVALID, word);
}

// Asks for n points, one by one, and tells each.
static void go_on(size_t n)
{
    for (size_t i = 0; i < n; i++)
        tell_limit(ask());
}

// `workers` trials always run, and the oldest is told first. Returns how many
// points there are when nothing is handed out any more.
static size_t run(size_t workers, const char *reason)
{
    int64_t running[16];
    size_t n = 0, asked = 0;
    for (;;) {
        struct ask one = ask_many(1);
        if (!one.n_numbers) {
            ck_assert_pstr_eq(one.reason, reason);
            break;
        }
        running[n++] = (int64_t)numbers[0];
        asked++;
        if (n < workers)
            continue;
        tell_limit(running[0]);
        memmove(running, running + 1, --n * sizeof *running);
    }
    ck_assert_int_eq(live->state, n ? STUDY_RUNNING : STUDY_FINISHED);
    for (size_t i = 0; i < n; i++)
        tell_limit(running[i]);
    return asked;
}

static void check_reason(const char *reason, const char *detail,
                         double retry_after_s)
{
    struct ask one = ask_many(1);
    ck_assert_uint_eq(one.n_numbers, 0);
    ck_assert_pstr_eq(one.reason, reason);
    ck_assert_msg(strstr(one.detail, detail) != NULL, "%s", one.detail);
    ck_assert(one.retry_after_s == retry_after_s);
}

// ---- suggestions ------------------------------------------------------------

START_TEST(test_an_even_design_comes_first_and_then_points_in_doubt)
{
    open_study_of(_i, PLAN("\"initial\":5"));
    for (int64_t i = 0; i < 9; i++) {
        int64_t number = ask();
        struct trial_row row = row_of(number);
        ck_assert_str_eq(row.sampler, "contour");
        ck_assert_ptr_nonnull(
            strstr(row.why, i < 5 ? "even design of 5" : "in doubt"));
        tell_limit(number);
    }
    check_suggestions(live);
    close_study();
}
END_TEST

START_TEST(test_a_restart_changes_no_suggestion)
{
    open_study_of(_i, PLAN("\"initial\":4,\"max_points\":20"));
    int64_t first = ask();
    for (size_t i = 0; i < 12; i++) {
        int64_t second = ask();
        restart();
        tell_limit(first);
        first = second;
    }
    check_suggestions(live);
    close_study();
}
END_TEST

START_TEST(test_two_instances_suggest_as_one)
{
    open_study_of(_i, PLAN("\"initial\":4"));
    struct live *other = NULL, *swap;
    live_begin(&other, store, live->id);
    store_rollback(store);
    for (size_t i = 0; i < 14; i++) {
        int64_t number = ask();
        swap = live, live = other, other = swap;
        begin(); // it learns of the trial
        live_commit(live, store);
        tell_limit(number);
    }
    live_begin(&other, store, live->id);
    store_rollback(store);
    check_same_live(live, other);
    check_suggestions(live);
    live_free(other);
    close_study();
}
END_TEST

START_TEST(test_points_that_are_prepared_are_those_of_the_pure_function)
{
    open_study_of(_i, PLAN("\"initial\":4,\"max_points\":14"));
    live->ahead.may_wait = true;
    int64_t told = -1;
    for (size_t waits = 0; live->state == STUDY_RUNNING; waits++) {
        struct ask one = {.n = 1, .numbers = numbers};
        ck_assert_uint_lt(waits, 60);
        begin();
        int failed = trial_ask(live, store, &one, &err);
        live_commit(live, store);
        if (failed) {
            ck_assert_int_eq(err.code, ERROR_WAIT);
            struct preparation *work = ahead_prepare(live);
            ahead_run(work);
            ahead_adopt(live, work);
        } else if (one.n_numbers) {
            told = (int64_t)numbers[0];
            tell_limit(told);
        }
    }
    ck_assert_int_ge(told, 9);
    ck_assert(!ahead_wants(live));
    check_suggestions(live);
    close_study();
}
END_TEST

START_TEST(test_constraints_and_features_are_kept)
{
    open_study_of(_i,
                  PLAN("\"features\":[\"x\",\"log(y+0.1)\"]") ",\"constraints\""
                                                              ":[\"y <= x\"]");
    go_on(16);
    for (int64_t i = 0; i < 16; i++)
        ck_assert(point_of(i)[1] <= point_of(i)[0]);
    check_suggestions(live);
    close_study();
}
END_TEST

// ---- when to stop -----------------------------------------------------------

START_TEST(test_a_study_stops_when_the_contour_is_known)
{
    open_study_of(_i, PLAN("\"stop_area\":0.01"));
    size_t n = run(1, "converged");
    ck_assert_uint_ge(n, 17); // the design and the results that confirm it
    ck_assert_uint_lt(n, 60);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_ptr_nonnull(strstr(live->reason, "stop_area 0.01 reached"));
    check_reason("converged", "stop_area", 0);
    check_suggestions(live);
    close_study();
}
END_TEST

START_TEST(test_a_study_goes_on_when_more_is_wanted_and_only_then)
{
    open_study_of(_i, PLAN("\"stop_area\":0.02"));
    run(1, "converged");
    ck_assert_int_eq(patch("{\"notes\":\"done\"}"), 0);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_int_eq(patch("{\"contour\":{\"stop_area\":0.0001}}"), 0);
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    go_on(1);
    ck_assert_int_eq(patch("{\"contour\":{\"stop_area\":0.02}}"), 0);
    check_reason("converged", "stop_area 0.02 reached", 0);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    close_study();
}
END_TEST

START_TEST(test_max_points_end_a_study_when_all_have_ended)
{
    open_study_of(_i, PLAN("\"max_points\":15,\"stop_area\":0"));
    ck_assert_uint_eq(run(4, "budget"), 15);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_str_eq(live->reason,
                     "max_points 15 reached: 15 were tried, 0 are running");
    ck_assert_int_eq(patch("{\"contour\":{\"max_points\":17}}"), 0);
    ck_assert_uint_eq(run(4, "budget"), 2);
    close_study();
}
END_TEST

START_TEST(test_no_more_points_run_than_are_wanted)
{
    open_study_of(_i, PLAN("\"min_unevaluated\":3"));
    struct ask many = ask_many(8);
    ck_assert_uint_eq(many.n_numbers, 3);
    ck_assert_str_eq(many.reason, "waiting_for_points");
    ck_assert(many.retry_after_s == 10);
    check_reason("waiting_for_points", "min_unevaluated 3", 10);
    tell_limit(0);
    ck_assert_int_eq(ask(), 3);
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    close_study();
}
END_TEST

START_TEST(test_the_points_of_a_small_space_are_exhausted)
{
    open_study_of(_i, "\"kind\":\"contour\",\"space\":{"
                      "\"x\":{\"type\":\"int\",\"low\":0,\"high\":3},"
                      "\"y\":{\"type\":\"int\",\"low\":0,\"high\":1}},"
                      "\"contour\":{\"stop_area\":0}");
    go_on(8);
    check_reason("exhausted", "all allowed points were tried", 0);
    close_study();
}
END_TEST

START_TEST(test_a_lost_point_is_tried_again)
{
    open_study_of(_i, PLAN("\"max_points\":3,\"stop_area\":0"));
    ask_many(3);
    lose(1);
    int64_t again = ask();
    ck_assert_int_eq(live->trials[again].retry_of, 1);
    ck_assert_mem_eq(point_of(again), point_of(1), 2 * sizeof(double));
    check_suggestions(live);
    close_study();
}
END_TEST

// ---- what is told -----------------------------------------------------------

START_TEST(test_limits_are_values_and_errors_are_outcomes)
{
    open_study_of(_i, PLAN("\"curves\":[\"obs\"]"));
    ask_many(2);
    must_send(limit(0, 1.5, 0.25));
    must_send(limit(1, 2, NAN));
    struct trial_row exact = row_of(1), row = row_of(0);
    ck_assert_uint_eq(row.n_values, 1);
    ck_assert(row.values[0] == 1.5);
    ck_assert_uint_eq(row.n_constraint_values, 1);
    ck_assert(row.constraint_values[0] == 0.25);
    ck_assert_uint_eq(exact.n_constraint_values, 0);
    ck_assert(live->history.constraint[0] == 0.25);
    ck_assert(isnan(live->history.constraint[1]));
    ck_assert_int_eq(state_of(0), TRIAL_COMPLETE);
    ck_assert_int_eq(live->progress.best_number, -1);
    close_study();
}
END_TEST

START_TEST(test_repeats_are_harmless_and_contradictions_refused)
{
    open_study_of(_i, PLAN("\"curves\":[\"obs\"]"));
    ask_many(2);
    for (int i = 0; i < 2; i++) {
        must_send(limit(0, 1.5, 0.25));
        must_send(invalid(1, "no EWSB"));
    }
    must_send(limit(0, 1.5, NAN)); // says nothing else
    struct tell other = limit(0, 1.25, 0.25);
    ck_assert_int_ne(send(&other), 0);
    check_refusal(ERROR_CONFLICT, "the first result stays");
    other = limit(1, 1.25, NAN);
    ck_assert_int_ne(send(&other), 0);
    check_refusal(ERROR_CONFLICT, "infeasible already");
    close_study();
}
END_TEST

START_TEST(test_invalid_points_are_infeasible_and_say_why)
{
    open_study_of(_i, PLAN("\"initial\":4"));
    for (int64_t i = 0; i < 14; i++) {
        int64_t number = ask();
        if (point_of(number)[0] < 0.3)
            must_send(invalid(number, "no EWSB"));
        else
            tell_limit(number);
        if (point_of(number)[0] < 0.3) {
            struct trial_row row = row_of(number);
            ck_assert_int_eq(row.state, TRIAL_INFEASIBLE);
            ck_assert_str_eq(row.error, "no EWSB");
            ck_assert_uint_eq(row.n_values, 0);
        }
    }
    ck_assert_uint_ge(live->history.count[TRIAL_INFEASIBLE], 1);
    check_suggestions(live);
    close_study();
}
END_TEST

START_TEST(test_failed_points_tell_nothing_and_are_not_tried_there_again)
{
    open_study_of(_i, PLAN("\"initial\":2,\"max_points\":12"));
    for (int i = 0; i < 12; i++)
        give_up(ask());
    check_reason("budget", "max_points 12", 0);
    for (size_t i = 1; i < 12; i++)
        for (size_t j = 0; j < i; j++)
            ck_assert_mem_ne(point_of((int64_t)i), point_of((int64_t)j),
                             2 * sizeof(double));
    check_suggestions(live);
    close_study();
}
END_TEST

START_TEST(test_what_a_contour_is_not_told)
{
    open_study_of(_i, PLAN("\"curves\":[\"obs\",\"exp0\"]"));
    ask_many(1);
    struct tell one = limit(0, 1, NAN);
    struct told_curves told = *one.numbers.curves;
    one.numbers.curves = &told;
    must_refuse(one, "mu_up.exp0 is missing");
    told.name[0] = "exp1";
    must_refuse(one, "mu_up.exp1 is not a curve");
    told.target = CONTOUR_LN_CLS;
    must_refuse(one, "cls is not what this study is told, but mu_up");
    must_refuse(bare(0, TRIAL_PRUNED), "not pruned");
    must_refuse(bare(0, -1), "values are required");
    one = message(0, -1, 1);
    must_refuse(one, "2 numbers");
    one.numbers.n_values = 2;
    must_refuse(one, "exp0 must be above 0");
    one.numbers.values[1] = 1;
    one.numbers.n_constraints = 2;
    one.numbers.constraints[1] = -0.5;
    must_refuse(one, "constraints.err.exp0 must be at least 0");
    ck_assert_int_eq(state_of(0), TRIAL_RUNNING);
    close_study();
}
END_TEST

START_TEST(test_other_studies_are_told_no_limits)
{
    open_study(_i, "");
    ask();
    must_refuse(limit(0, 1, NAN),
                "mu_up is told in a study of kind contour, not hpo");
    must_refuse(invalid(0, "no"),
                "invalid is told in a study of kind contour, not hpo");
    close_study();
}
END_TEST

START_TEST(test_seed_points_inform_and_count)
{
    static double points[14][2];
    struct brought trials[14] = {0};
    struct bring bring = {.trials = trials, .n = 14};
    struct told_curves told[14];
    open_study_of(_i, PLAN("\"max_points\":15"));
    for (size_t i = 0; i < 14; i++) {
        size_t row = i / 4;
        points[i][0] = (double)(i % 4) / 3;
        points[i][1] = (double)row / 3;
        told[i] = (struct told_curves){
            .n = 1, .name = {"obs"}, .value = {limit_at(points[i])}};
        trials[i] = (struct brought){.point = points[i], .imported = true};
        trials[i].tell = bare(0, -1);
        trials[i].tell.numbers.curves = &told[i];
    }
    begin();
    end_well(bring_trials(live, store, &bring, &err));
    int64_t number = ask();
    ck_assert_ptr_nonnull(strstr(row_of(number).why, "in doubt"));
    check_reason("budget", "max_points 15", 0);
    check_suggestions(live);
    close_study();
}
END_TEST

START_TEST(test_a_corrected_limit_is_what_the_model_learns)
{
    open_study_of(_i, PLAN("\"initial\":4,\"stop_area\":0.02"));
    run(1, "converged");
    int64_t revision = live->progress.revision;
    double corrected = 1.1 * limit_at(point_of(3));
    struct tell other = limit(3, corrected, 0.5);
    other.overwrite = true;
    must_send(other);
    ck_assert_int_eq(live->state, STUDY_RUNNING); // is it still known?
    run(1, "converged");
    ck_assert(*history_values(&live->history, 3) == corrected);
    check_suggestions_since(live, revision + 1);
    close_study();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("contour");
    TCase *tc = tcase_create("both databases");
    const TTest *const tests[] = {
        test_an_even_design_comes_first_and_then_points_in_doubt,
        test_a_restart_changes_no_suggestion,
        test_two_instances_suggest_as_one,
        test_points_that_are_prepared_are_those_of_the_pure_function,
        test_constraints_and_features_are_kept,
        test_a_study_stops_when_the_contour_is_known,
        test_a_study_goes_on_when_more_is_wanted_and_only_then,
        test_max_points_end_a_study_when_all_have_ended,
        test_no_more_points_run_than_are_wanted,
        test_the_points_of_a_small_space_are_exhausted,
        test_a_lost_point_is_tried_again,
        test_limits_are_values_and_errors_are_outcomes,
        test_repeats_are_harmless_and_contradictions_refused,
        test_invalid_points_are_infeasible_and_say_why,
        test_failed_points_tell_nothing_and_are_not_tried_there_again,
        test_what_a_contour_is_not_told,
        test_other_studies_are_told_no_limits,
        test_seed_points_inform_and_count,
        test_a_corrected_limit_is_what_the_model_learns,
        NULL,
    };
    for (size_t i = 0; tests[i] != NULL; i++)
        tcase_add_loop_test(tc, tests[i], 0, DATABASES);
    tcase_set_timeout(tc, 120);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
