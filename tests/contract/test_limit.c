// SPDX-License-Identifier: GPL-3.0-or-later
// test_limit.c - limit studies: orders, data and toys, on both databases

#include "../unit/counting.h"
#include "kind.h"
#include "limit_tell.h"
#include "live_limit.h"
#include "memory.h"
#include "amend.h"
#include "bring.h"
#include "trials.h"
#include "wire_limit.h"

static int64_t limit_in(const char *name, const char *terms)
{
    return study_in(
        store, owner, name,
        arena_print(&arena, "\"kind\":\"limit\",\"limit\":{%s}", terms));
}

static void open_limit(int kind, const char *terms)
{
    arena_init(&arena);
    store = database_ready(&database, kind);
    owner = new_user(store, "anna");
    int64_t id = limit_in("s", terms);
    live = NULL;
    live_begin(&live, store, id);
    store_rollback(store);
}

// The same study as somebody sees it who has just started.
static struct live *newcomer(void)
{
    struct live *other = NULL;
    live_begin(&other, store, live->id);
    store_rollback(store);
    return other;
}

static const char *answer_of(const struct live *one)
{
    struct text text;
    text_init(&text, &arena);
    wire_limit_answer(&text, one);
    return text.data;
}

// The point that would be ordered next.
static const double *next_of(struct live *one)
{
    struct ask ask = {.n = 1};
    struct ahead_item item = {0};
    struct error fault = {0};
    static double point[3];
    for (int i = 0; i < 3; i++)
        point[i] = -1;
    if (kind_choose(one, &ask, &arena, &item, &fault) == 0)
        memcpy(point, item.point, sizeof point);
    return point;
}

// Whoever starts now knows all of it, bit by bit, and orders the same.
static void check_newcomer(void)
{
    struct live *other = newcomer();
    double ours[3], theirs[3];
    memcpy(ours, next_of(live), sizeof ours);
    memcpy(theirs, next_of(other), sizeof theirs);
    ck_assert_str_eq(answer_of(live), answer_of(other));
    for (int i = 0; i < 3; i++)
        ck_assert(same_number(ours[i], theirs[i]));
    live_free(other);
}

static void close_limit(void)
{
    check_newcomer();
    close_study();
}

static struct limit_errand errand_of(int64_t number)
{
    return limit_errand_read(history_point(&live->history, (size_t)number));
}

static struct live_limit_site *site_at(double mu)
{
    live_limit_sync(live);
    for (size_t i = 0; i < live->limit->n; i++)
        if (live->limit->sites[i].mu == mu)
            return &live->limit->sites[i];
    ck_abort_msg("no site at %g", mu);
}

// ---- a worker: the counting experiment with n = b = s = 3 -------------------

static struct tell data_tell(int64_t number, double q)
{
    struct told_data *data = arena_zeros(&arena, 1, sizeof *data);
    *data = (struct told_data){.q = q, .q_asimov = NAN, .muhat = NAN};
    struct tell tell = bare(number, -1);
    tell.data = data;
    return tell;
}

static struct tell toys_tell(int64_t number, const double *q, size_t rows,
                             size_t columns)
{
    struct told_toys *toys = arena_zeros(&arena, 1, sizeof *toys);
    *toys = (struct told_toys){.q = q, .rows = rows, .columns = columns};
    struct tell tell = bare(number, -1);
    tell.toys = toys;
    tell.wall_s = 1e-3 * (double)rows;
    return tell;
}

static double counting(unsigned n, double mu)
{
    return counting_q(n, 3 * mu + 3, 3, 1);
}

// Toys of an order, thrown with its seed.
static struct tell throw_toys(int64_t number)
{
    struct limit_errand errand = errand_of(number);
    size_t sites[LIMIT_MAX_POINTS];
    size_t k = live_limit_points(live, (size_t)number, sites);
    double mu = errand.kind == LIMIT_ERRAND_B ? 0 : errand.mu;
    double *q = arena_doubles(&arena, errand.ntoys * k);
    struct rng rng =
        rng_at(trial_seed(live->definition, (uint64_t)number), errand.kind);
    for (size_t i = 0; i < errand.ntoys; i++) {
        unsigned n = counting_throw(&rng, 3 * mu + 3);
        for (size_t j = 0; j < k; j++)
            q[i * k + j] = counting(n, live->limit->sites[sites[j]].mu);
    }
    return toys_tell(number, q, errand.ntoys, k);
}

static struct tell work(int64_t number)
{
    struct limit_errand errand = errand_of(number);
    return errand.kind == LIMIT_ERRAND_DATA
               ? data_tell(number, counting(3, errand.mu))
               : throw_toys(number);
}

// Asks and tells until this many trials were told.
static void run(int trials)
{
    for (int i = 0; i < trials; i++)
        must_send(work(ask()));
}

// The next order for toys; data are told on the way.
static int64_t ask_toys(void)
{
    for (;;) {
        int64_t number = ask();
        if (errand_of(number).kind != LIMIT_ERRAND_DATA)
            return number;
        must_send(work(number));
    }
}

// ---- orders -----------------------------------------------------------------

START_TEST(test_an_order_is_the_point_of_a_trial)
{
    open_limit(_i, "\"high\":4");
    int64_t first = ask(), second = ask();
    ck_assert_int_eq(errand_of(first).kind, LIMIT_ERRAND_DATA);
    ck_assert(errand_of(first).mu != errand_of(second).mu);
    ck_assert(isnan(history_point(&live->history, (size_t)first)[2]));
    must_send(work(first));
    must_send(work(second));
    int64_t toys = ask_toys();
    ck_assert_uint_eq(errand_of(toys).ntoys, 300); // batch_min
    ck_assert_str_eq(row_of(toys).sampler, "limit");
    must_send(work(toys));
    close_limit();
}
END_TEST

START_TEST(test_who_asks_while_data_are_computed_is_told_to_wait)
{
    open_limit(_i, "\"high\":4");
    struct ask many = ask_many(10);
    ck_assert_uint_eq(many.n_numbers, 3); // 1/4, 1/2, 3/4 of the range
    ck_assert_str_eq(many.reason, "waiting_for_data");
    ck_assert(many.retry_after_s > 0);
    close_limit();
}
END_TEST

START_TEST(test_batches_are_sized_by_seconds_per_toy)
{
    open_limit(_i, "\"mode\":\"grid\",\"points\":[1.5,1.8],"
                   "\"batch_seconds\":2");
    for (int i = 0; i < 6; i++) // both hypotheses of both points
        must_send(work(ask_toys()));
    // 1 ms each were told: 2 s are 2000 toys.
    ck_assert_uint_eq(errand_of(ask()).ntoys, 2000);
    struct ask brief = {
        .n = 1, .numbers = numbers, .arena = &arena, .max_seconds = 0.5};
    begin();
    end_well(trial_ask(live, store, &brief, &err));
    ck_assert_uint_eq(errand_of((int64_t)numbers[0]).ntoys, 500);
    // 300 toys take 0.3 s.
    brief.max_seconds = 0.2;
    begin();
    end_well(trial_ask(live, store, &brief, &err));
    ck_assert_str_eq(brief.reason, "walltime");
    close_limit();
}
END_TEST

START_TEST(test_a_restart_changes_no_suggestion_and_no_bit)
{
    open_limit(_i, "\"high\":4,\"rel_tol\":0.005,\"batch_seconds\":0.5");
    for (int i = 0; i < 30; i++) {
        run(1);
        if (i % 3 == 0)
            check_newcomer();
        if (i % 10 == 0)
            restart();
    }
    close_limit();
}
END_TEST

START_TEST(test_the_order_of_tells_changes_no_count)
{
    static const char terms[] =
        "\"mode\":\"grid\",\"points\":[1,1.5,2],\"batch_min\":50,"
        "\"max_toys\":3000";
    enum { ORDERS = 12 };
    char *answers[2]; // outlive the studies
    int64_t orders[ORDERS];
    open_limit(_i, terms);
    for (int way = 0; way < 2; way++) {
        run(3); // the data
        for (int i = 0; i < ORDERS; i++)
            orders[i] = ask();
        for (int i = 0; i < ORDERS; i++)
            must_send(work(orders[way ? ORDERS - 1 - i : i]));
        answers[way] = memory_text(strstr(answer_of(live), "\"curves\":"));
        if (way == 1)
            break;
        close_study();
        open_limit(_i, terms);
    }
    ck_assert_str_eq(answers[0], answers[1]);
    free(answers[0]);
    free(answers[1]);
    close_limit();
}
END_TEST

// ---- tells ------------------------------------------------------------------

START_TEST(test_what_is_no_statistic_has_failed)
{
    static const double q[] = {1, NAN, -0.005, -0.02, INFINITY, 0, 3};
    open_limit(_i, "\"high\":4");
    int64_t number = ask_toys();
    struct tell tell = toys_tell(number, q, 7, 1);
    must_send(tell);
    const struct limit_toys *toys = &site_at(errand_of(number).mu)->sb;
    ck_assert_uint_eq(toys->total, 4);   // 0, 0, 1, 3
    ck_assert_uint_eq(toys->failed, 3);  // NaN, -0.02, infinity
    ck_assert_uint_eq(toys->clipped, 1); // -0.005
    ck_assert_uint_eq(live->limit->failed, 3);
    ck_assert_uint_eq(live->limit->toys[0], 4);
    close_limit();
}
END_TEST

START_TEST(test_where_the_left_tail_is_unlikely_signs_change)
{
    static const double q[] = {-5, -1, 2};
    open_limit(_i, "\"high\":4,\"tail\":\"left\",\"test_stat\":\"lep\"");
    int64_t data = ask();
    must_send(data_tell(data, -1.5));
    double mu = errand_of(data).mu;
    ck_assert_double_eq(site_at(mu)->q, 1.5);
    int64_t number = ask_toys();
    while (errand_of(number).mu != mu ||
           errand_of(number).kind != LIMIT_ERRAND_SB)
        number = ask_toys();
    must_send(toys_tell(number, q, 3, 1));
    ck_assert_uint_eq(site_at(mu)->sb.reached, 1); // 5 alone is beyond 1.5
    close_limit();
}
END_TEST

START_TEST(test_a_repeat_is_harmless_and_a_contradiction_refused)
{
    static const double q[] = {1, 2, 3}, permuted[] = {3, 1, 2},
                        other[] = {1, 2, 4};
    open_limit(_i, "\"high\":4");
    int64_t data = ask();
    must_send(data_tell(data, 1.5));
    must_send(data_tell(data, 1.5));
    struct tell again = data_tell(data, 1.25);
    ck_assert_int_eq(send(&again), -1);
    check_refusal(ERROR_CONFLICT, "other data");
    int64_t number = ask_toys();
    must_send(toys_tell(number, q, 3, 1));
    const char *before = answer_of(live);
    must_send(toys_tell(number, permuted, 3, 1));
    again = toys_tell(number, other, 3, 1);
    ck_assert_int_eq(send(&again), -1);
    check_refusal(ERROR_CONFLICT, "other toys");
    ck_assert_str_eq(answer_of(live), before);
    close_limit();
}
END_TEST

START_TEST(test_tells_that_make_no_sense_are_refused)
{
    static const double q[] = {1, 2, 3, 4};
    open_limit(_i, "\"high\":4");
    int64_t data = ask(), toys = ask_toys();
    struct tell tells[] = {
        message(data, -1, 1),     bare(data, -1),
        toys_tell(data, q, 4, 1), bare(toys, -1),
        data_tell(toys, 1),       toys_tell(toys, q, 2, 2),
        toys_tell(toys, q, 0, 1), bare(toys, TRIAL_PRUNED),
        toys_tell(toys, q, 4, 1), toys_tell(toys, q, 4, 1),
    };
    static const char *const words[] = {"value",
                                        "obs is required",
                                        "obs is required",
                                        "toys is required",
                                        "toys is required",
                                        "toys.q must have 1",
                                        "toys.q is empty",
                                        "state",
                                        "complete",
                                        "overwrite"};
    tells[8].state = TRIAL_FAILED;
    tells[9].overwrite = true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        ck_assert_int_eq(send(&tells[i]), -1);
        check_refusal(ERROR_INVALID, words[i]);
    }
    struct tell both = toys_tell(data, q, 4, 1);
    both.data = data_tell(data, 1).data;
    ck_assert_int_eq(send(&both), -1);
    check_refusal(ERROR_INVALID, "toys were not asked");
    close_limit();
}
END_TEST

START_TEST(test_data_that_are_no_statistic_are_a_failure)
{
    open_limit(_i, "\"high\":4");
    int64_t nan = ask(), negative = ask(), failed = ask();
    must_send(data_tell(nan, NAN));
    must_send(data_tell(negative, -3));
    give_up(failed);
    ck_assert_int_eq(state_of(nan), TRIAL_FAILED);
    ck_assert_int_eq(state_of(negative), TRIAL_FAILED);
    ck_assert_ptr_nonnull(strstr(row_of(nan).error, "obs.q"));
    // They are asked for again.
    ck_assert_double_eq(errand_of(ask()).mu, errand_of(nan).mu);
    close_limit();
}
END_TEST

START_TEST(test_only_limit_studies_are_told_of_toys)
{
    static const double q[] = {1};
    open_study(_i, "");
    struct tell tell = toys_tell(ask(), q, 1, 1);
    ck_assert_int_eq(send(&tell), -1);
    check_refusal(ERROR_INVALID, "kind limit");
    close_study();
}
END_TEST

// ---- lost and late ----------------------------------------------------------

START_TEST(test_a_late_tell_of_toys_counts_once_beside_its_retry)
{
    open_limit(_i, "\"high\":4");
    int64_t lost = ask_toys();
    lose(lost);
    int64_t twin = ask();
    ck_assert_int_eq(live->trials[twin].retry_of, lost);
    ck_assert_uint_ne(trial_seed(live->definition, (uint64_t)lost),
                      trial_seed(live->definition, (uint64_t)twin));
    must_send(work(lost));
    must_send(work(lost));
    ck_assert_int_eq(state_of(twin), TRIAL_RUNNING);
    ck_assert_uint_eq(live->limit->toys[0], 300);
    must_send(work(twin));
    ck_assert_uint_eq(live->limit->toys[0], 600);
    close_limit();
}
END_TEST

START_TEST(test_a_late_tell_of_data_cancels_its_retry)
{
    open_limit(_i, "\"high\":4");
    int64_t lost = ask();
    lose(lost);
    int64_t twin = ask();
    ck_assert_int_eq(live->trials[twin].retry_of, lost);
    must_send(work(lost));
    ck_assert_int_eq(state_of(twin), TRIAL_CANCELLED);
    close_limit();
}
END_TEST

START_TEST(test_data_that_disagree_are_pointed_out)
{
    open_limit(_i, "\"high\":4");
    int64_t lost = ask();
    lose(lost);
    int64_t twin = ask();
    must_send(data_tell(lost, 1.5));
    must_send(data_tell(twin, 1.6)); // work that was done counts
    double mu = errand_of(lost).mu;
    ck_assert(site_at(mu)->inconsistent);
    ck_assert_ptr_nonnull(strstr(answer_of(live), "inconsistent_qobs"));
    check_newcomer();
    ck_assert_uint_eq(site_at(mu)->n_data, 2);
    close_limit();
}
END_TEST

// ---- withdrawn --------------------------------------------------------------

static void invalidate(int64_t number, int invalid)
{
    struct amend amend = {.tell = bare(number, -1),
                          .invalid = invalid,
                          .revision = -1,
                          .arena = &arena};
    begin();
    end_well(amend_trial(live, store, &amend, &err));
}

START_TEST(test_a_withdrawn_result_takes_its_toys_along)
{
    open_limit(_i, "\"high\":4");
    int64_t number = ask_toys();
    must_send(work(number));
    const char *before = strstr(answer_of(live), "\"curves\":");
    struct live *other = newcomer();
    invalidate(number, true);
    ck_assert_uint_eq(live->limit->toys[0], 0);
    check_newcomer();
    live_begin(&other, store, live->id); // hears of it
    store_rollback(store);
    ck_assert_str_eq(answer_of(live), answer_of(other));
    invalidate(number, false);
    ck_assert_str_eq(strstr(answer_of(live), "\"curves\":"), before);
    live_begin(&other, store, live->id);
    store_rollback(store);
    ck_assert_str_eq(answer_of(live), answer_of(other));
    live_free(other);
    begin();
    end_well(amend_delete(live, store, number, owner, &err));
    ck_assert_uint_eq(live->limit->toys[0], 0);
    close_limit();
}
END_TEST

static int count_rows(void *context, const struct limit_toys_row *row,
                      struct error *error)
{
    (void)row;
    (void)error;
    ++*(int *)context;
    return 0;
}

START_TEST(test_what_is_deleted_leaves_no_toys_behind)
{
    int rows = 0;
    open_limit(_i, "\"high\":4");
    int64_t number = ask_toys();
    must_send(work(number));
    must(store_limit_toys_of(store, live->id, number, count_rows, &rows, &err));
    ck_assert_int_eq(rows, 1);
    begin();
    end_well(amend_delete(live, store, number, owner, &err));
    rows = 0;
    must(store_limit_toys_of(store, live->id, number, count_rows, &rows, &err));
    ck_assert_int_eq(rows, 0);
    close_limit();
}
END_TEST

START_TEST(test_data_after_toys_find_exact_counts)
{
    enum { N = 45000 };
    open_limit(_i, "\"high\":4,\"batch_max\":50000");
    int64_t data = ask();
    must_send(data_tell(data, 1.5));
    double mu = errand_of(data).mu;
    int64_t number = ask_toys();
    while (errand_of(number).mu != mu ||
           errand_of(number).kind != LIMIT_ERRAND_SB)
        number = ask_toys();
    // More distinct values than are kept exactly, a third of them from 2 on.
    double *q = arena_doubles(&arena, N);
    for (size_t i = 0; i < N; i++)
        q[i] = 3.0 * (double)(N - i) / N;
    must_send(toys_tell(number, q, N, 1));
    ck_assert_uint_gt(site_at(mu)->sb.cleared, 0);
    ck_assert_uint_eq(site_at(mu)->sb.reached, N / 2 + 1 + 2); // tie_tol
    invalidate(data, true);
    int64_t again = ask();
    while (errand_of(again).mu != mu)
        again = ask();
    ck_assert_int_eq(errand_of(again).kind, LIMIT_ERRAND_DATA);
    must_send(data_tell(again, 2 + 1e-3));
    // q = 3 k / N >= (2 + 1e-3) (1 - 1e-4)
    ck_assert_uint_eq(site_at(mu)->sb.reached,
                      (uint64_t)(N - ceil(2.001 * (1 - 1e-4) / 3 * N) + 1));
    close_limit();
}
END_TEST

// ---- shared toys ------------------------------------------------------------

START_TEST(test_shared_toys_are_evaluated_everywhere_and_count_once)
{
    open_limit(_i, "\"high\":4,\"share_b\":true");
    int64_t number = ask_toys();
    while (errand_of(number).kind != LIMIT_ERRAND_B) {
        must_send(work(number));
        number = ask_toys();
    }
    size_t sites[LIMIT_MAX_POINTS];
    size_t k = live_limit_points(live, (size_t)number, sites);
    ck_assert_uint_eq(k, 3);
    ck_assert_double_eq(live->limit->sites[sites[0]].mu, errand_of(number).mu);
    must_send(work(number));
    for (size_t i = 0; i < 3; i++)
        ck_assert_uint_eq(live->limit->sites[i].b.total, 300);
    ck_assert_uint_eq(live->limit->toys[1], 300);
    live_limit_look(live);
    ck_assert_double_eq_tol(live->limit->summaries[1].share_b, 1.0 / 3, 1e-15);
    run(12);
    close_limit();
}
END_TEST

// ---- the end, and after it --------------------------------------------------

START_TEST(test_a_study_that_knows_enough_is_finished_until_more_is_wanted)
{
    open_limit(_i, "\"high\":4,\"rel_tol\":0.1,\"curves\":[\"obs\"]");
    while (live->state == STUDY_RUNNING)
        run(1);
    ck_assert(budget_is_reason(live->reason));
    struct ask one = ask_many(1);
    ck_assert_str_eq(one.reason, "converged");
    const struct limit *limit = &live_limit_look(live)->curve[0].curve.limit;
    ck_assert_double_le(fabs(limit->mu - counting_limit(3, 3, 0.05) / 3),
                        4 * limit_total_error(limit));
    ck_assert_int_eq(patch("{\"limit\":{\"rel_tol\":0.005}}"), 0);
    ck_assert_int_eq(live->state, STUDY_RUNNING);
    run(1);
    ck_assert_int_eq(patch("{\"limit\":{\"max_toys\":500}}"), 0);
    ck_assert_int_eq(live->state, STUDY_FINISHED);
    ck_assert_str_eq(ask_many(1).reason, "budget");
    close_limit();
}
END_TEST

static void check_no_patch(const char *changes, const char *word)
{
    json_t *json = wire_parse(changes, strlen(changes), &arena, &err);
    ck_assert_ptr_null(wire_definition_patch(live->definition, json, &err));
    ck_assert_msg(strstr(err.message, word) != NULL, "%s", err.message);
    error_clear(&err);
    json_decref(json);
}

START_TEST(test_what_was_told_keeps_its_meaning)
{
    open_limit(_i, "\"high\":4");
    check_no_patch("{\"limit\":{\"poi\":\"r\"}}", "limit.poi");
    check_no_patch("{\"limit\":{\"cl\":0.9}}", "limit.cl");
    check_no_patch("{\"limit\":{\"batch_max\":100}}", "batch_min");
    check_no_patch("{\"space\":{\"x\":{\"type\":\"float\"}}}", "space");
    check_no_patch("{\"sampler\":\"tpe\"}", "sampler");
    close_limit();
}
END_TEST

START_TEST(test_nobody_brings_trials_of_his_own)
{
    open_limit(_i, "\"high\":4");
    struct bring bring = {.n = 0, .user_id = owner};
    begin();
    ck_assert_int_eq(end(bring_trials(live, store, &bring, &err)), -1);
    check_refusal(ERROR_INVALID, "ordered by the service");
    close_limit();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limit");
    TCase *tc = tcase_create("both databases");
    const TTest *const tests[] = {
        test_an_order_is_the_point_of_a_trial,
        test_who_asks_while_data_are_computed_is_told_to_wait,
        test_batches_are_sized_by_seconds_per_toy,
        test_a_restart_changes_no_suggestion_and_no_bit,
        test_the_order_of_tells_changes_no_count,
        test_what_is_no_statistic_has_failed,
        test_where_the_left_tail_is_unlikely_signs_change,
        test_a_repeat_is_harmless_and_a_contradiction_refused,
        test_tells_that_make_no_sense_are_refused,
        test_data_that_are_no_statistic_are_a_failure,
        test_only_limit_studies_are_told_of_toys,
        test_a_late_tell_of_toys_counts_once_beside_its_retry,
        test_a_late_tell_of_data_cancels_its_retry,
        test_data_that_disagree_are_pointed_out,
        test_a_withdrawn_result_takes_its_toys_along,
        test_what_is_deleted_leaves_no_toys_behind,
        test_data_after_toys_find_exact_counts,
        test_shared_toys_are_evaluated_everywhere_and_count_once,
        test_a_study_that_knows_enough_is_finished_until_more_is_wanted,
        test_what_was_told_keeps_its_meaning,
        test_nobody_brings_trials_of_his_own,
        NULL,
    };
    for (size_t i = 0; tests[i] != NULL; i++)
        tcase_add_loop_test(tc, tests[i], 0, DATABASES);
    tcase_set_timeout(tc, 120);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
