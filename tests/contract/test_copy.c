// SPDX-License-Identifier: GPL-3.0-or-later
// test_copy.c - trials copied from study to study, on both databases
//
// `live` is the study that gets the trials and `other` a second instance, which
// hears of them; `source` has them. Values are x * 10, so that a value says
// which trial it is.

#include "amend.h"
#include "bring.h"
#include "clock.h"
#include "copy.h"
#include "store_copy.h"
#include "studies.h"

static struct database database;
static struct store *store;
static int64_t owner;
static struct live *source, *live, *other;
static struct error err;
static struct arena arena;

#define ANY_FLOAT "\"sampler\":\"random\"," ONE_FLOAT

static struct live *open_study(const char *name, const char *json)
{
    struct live *opened = NULL;
    live_begin(&opened, store, study_in(store, owner, name, json));
    store_rollback(store);
    return opened;
}

static void open_both(int kind, const char *from, const char *to)
{
    arena_init(&arena);
    store = database_ready(&database, kind);
    owner = new_user(store, "anna");
    source = open_study("source", from);
    live = open_study("target", to);
    other = NULL;
}

static void close_both(void)
{
    live_begin(&other, store, live->id);
    store_rollback(store);
    check_same_live(live, other);
    check_stored(live, store);
    live_free(source);
    live_free(live);
    live_free(other);
    store_close(store);
    database_remove(&database);
    arena_done(&arena);
}

// Brings n results into the source, with these outputs and as many reports.
static void fill(size_t n, const char *outputs, size_t n_reports)
{
    struct brought *trials = arena_zeros(&arena, n, sizeof *trials);
    struct bring_report *reports =
        arena_zeros(&arena, n_reports + 1, sizeof *reports);
    struct bring call = {.trials = trials, .n = n};
    for (size_t i = 0; i < n_reports; i++)
        reports[i] = (struct bring_report){(int64_t)i, (double)i};
    for (size_t i = 0; i < n; i++) {
        double x = (double)(source->history.n + i) / 1e4;
        trials[i].point = arena_doubles(&arena, 1);
        *trials[i].point = x;
        trials[i].imported = true;
        trials[i].reports = reports;
        trials[i].n_reports = n_reports;
        trials[i].tell = (struct tell){
            .state = -1,
            .numbers = {.n_values = 1, .values = {10 * x}, .uncertainty = NAN},
            .wall_s = NAN,
            .outputs = outputs};
    }
    live_begin(&source, store, source->id);
    must(bring_trials(source, store, &call, &err));
    live_commit(source, store);
}

static struct copy everything(void)
{
    return (struct copy){.source_id = source->id,
                         .source_key = "source",
                         .filter = {.states = copy_states_ended(),
                                    .value_min = NAN,
                                    .value_max = NAN},
                         .last = INT64_MAX};
}

static struct copy planned(void)
{
    struct copy copy = everything();
    must(copy_plan(store, &copy, live->definition, &err));
    return copy;
}

// One step, as the engine makes it.
static struct copy_step step_at(const struct copy *copy, size_t at)
{
    struct copy_step step = {.at = at};
    live_begin(&live, store, live->id);
    must(copy_some(live, store, copy, &step, &err));
    live_commit(live, store);
    return step;
}

// Copies all that was planned. Returns the number of steps.
static size_t finish(struct copy *copy, struct copy_step *sum)
{
    size_t steps = 0, at = 0;
    *sum = (struct copy_step){0};
    for (; at < copy->n; steps++) {
        struct copy_step step = step_at(copy, at);
        ck_assert_uint_gt(step.next, at);
        at = step.next;
        sum->n_new += step.n_new;
        sum->n_there += step.n_there;
        sum->n_unfit += step.n_unfit;
    }
    copy_done(copy);
    return steps;
}

static void check_copied(size_t number, size_t from, size_t n_reports)
{
    double x = (double)from / 1e4;
    ck_assert_double_eq(*history_point(&live->history, number), x);
    ck_assert_double_eq(live_value(live, number), 10 * x);
    ck_assert_uint_eq(live->history.series[number].n, n_reports);
    ck_assert_int_eq(live->trials[number].started_ms, 0);
}

// ---- steps ------------------------------------------------------------------

START_TEST(test_a_copy_comes_in_order_and_another_instance_hears_of_it)
{
    struct copy_step sum;
    open_both(_i, ANY_FLOAT, ANY_FLOAT);
    fill(COPY_STEP + 20, NULL, 2);
    struct copy copy = planned();
    ck_assert_uint_eq(finish(&copy, &sum), 2);
    ck_assert_uint_eq(sum.n_new, COPY_STEP + 20);
    ck_assert_uint_eq(live->history.n, COPY_STEP + 20);
    for (size_t i = 0; i < live->history.n; i++)
        check_copied(i, i, 2);
    ck_assert_int_eq(live->progress.started, 0);
    close_both();
}
END_TEST

START_TEST(test_long_texts_make_short_steps)
{
    // 200 of 100,000 bytes are five times what a step takes.
    struct copy_step sum;
    open_both(_i, ANY_FLOAT, ANY_FLOAT);
    char *outputs = arena_zeros(&arena, 100000, 1);
    memset(outputs, 'x', 99999);
    outputs[0] = outputs[99998] = '"';
    fill(200, outputs, 0);
    struct copy copy = planned();
    ck_assert_uint_ge(finish(&copy, &sum), 5);
    ck_assert_uint_eq(sum.n_new, 200);
    struct trial_row row;
    must(store_trial_get(store, live->id, 199, &arena, &row, &err));
    ck_assert_str_eq(row.outputs, outputs);
    close_both();
}
END_TEST

START_TEST(test_many_reports_make_short_steps)
{
    // 45,000 reports, of which a step takes 20,000.
    struct copy_step sum;
    open_both(_i, ANY_FLOAT, ANY_FLOAT);
    for (int i = 0; i < 9; i++)
        fill(1, NULL, 5000);
    struct copy copy = planned();
    ck_assert_uint_eq(finish(&copy, &sum), 3);
    ck_assert_uint_eq(sum.n_new, 9);
    for (size_t i = 0; i < 9; i++)
        check_copied(i, i, 5000);
    close_both();
}
END_TEST

START_TEST(test_what_was_not_chosen_is_passed_over)
{
    struct copy_step sum;
    open_both(_i, ANY_FLOAT, ANY_FLOAT);
    for (int i = 0; i < 5; i++)
        fill(1000, NULL, 0);
    struct copy copy = everything();
    copy.filter.value_min = 4.5; // x from 0.45 on: trials 4500 ...
    copy.last = 4600;
    must(copy_plan(store, &copy, live->definition, &err));
    ck_assert_uint_eq(copy.n, 101);
    // One far before: a step reads 2,000 rows and no more, and the
    // next one begins at what is wanted.
    copy.numbers[0] = 7;
    ck_assert_uint_eq(finish(&copy, &sum), 2);
    check_copied(0, 7, 0);
    check_copied(1, 4501, 0);
    check_copied(100, 4600, 0);
    close_both();
}
END_TEST

// ---- once -------------------------------------------------------------------

START_TEST(test_a_second_copy_of_the_same_trials_brings_none)
{
    struct copy_step sum;
    open_both(_i, ANY_FLOAT, ANY_FLOAT);
    fill(5, NULL, 1);
    struct copy copy = planned();
    finish(&copy, &sum);
    fill(2, NULL, 1);
    copy = planned();
    finish(&copy, &sum);
    ck_assert_uint_eq(sum.n_new, 2);
    ck_assert_uint_eq(sum.n_there, 5);
    ck_assert_uint_eq(live->history.n, 7);
    close_both();
}
END_TEST

START_TEST(test_fault_at_any_call_of_a_step_copies_all_or_nothing)
{
    unsigned n = 1, unanswered = 0;
    open_both(_i, ANY_FLOAT, ANY_FLOAT);
    for (bool failed = true; failed; n++) {
        fill(3, NULL, 2);
        size_t before = live->history.n;
        struct copy copy = planned();
        struct copy_step step = {0}, sum;
        struct error error = {0};
        live_begin(&live, store, live->id);
        store_fail_at(store, n);
        failed =
            copy_some(live, store, &copy, &step, &error) ||
            store_study_advance(store, live->id, &live->progress, 1, &error) ||
            store_commit(store, &error);
        store_fail_at(store, 0);
        if (failed) {
            store_rollback(store);
            live_free(live);
            live = NULL;
            live_begin(&live, store, source->id + 1);
            store_rollback(store);
        }
        live->changed = false;
        ck_assert(live->history.n == before || live->history.n == before + 3);
        unanswered += failed && live->history.n > before;
        finish(&copy, &sum);
        ck_assert_uint_eq(live->history.n, before + 3);
        check_copied(before + 2, before + 2, 2);
    }
    ck_assert_uint_eq(unanswered, 1); // the answer to the commit
    ck_assert_uint_gt(n, 8);
    close_both();
}
END_TEST

// ---- the source changes in between ------------------------------------------

START_TEST(test_what_was_taken_away_since_the_plan_is_left_out)
{
    struct copy_step sum;
    open_both(_i, ANY_FLOAT, ANY_FLOAT);
    fill(4, NULL, 1);
    struct copy copy = planned();
    ck_assert_uint_eq(copy.n, 4);
    live_begin(&source, store, source->id);
    must(amend_delete(source, store, 1, 0, &err));
    struct amend amend = {.tell = {.number = 2,
                                   .state = -1,
                                   .wall_s = NAN,
                                   .numbers.uncertainty = NAN},
                          .invalid = true,
                          .revision = -1,
                          .arena = &arena};
    must(amend_trial(source, store, &amend, &err));
    live_commit(source, store);
    finish(&copy, &sum);
    ck_assert_uint_eq(sum.n_new, 2);
    check_copied(0, 0, 1);
    check_copied(1, 3, 1);
    copy = planned(); // and is not planned any more
    ck_assert_uint_eq(copy.n, 2);
    copy_done(&copy);
    close_both();
}
END_TEST

static const char *const colours =
    "\"sampler\":\"random\",\"space\":{\"c\":{\"type\":\"categorical\","
    "\"choices\":[\"red\",\"blue\"]}}";

START_TEST(test_a_choice_that_is_new_since_the_plan_does_not_fit)
{
    struct copy_step sum;
    open_both(_i, colours, colours);
    double blue = 1, green = 2;
    struct brought trial = {
        .point = &blue,
        .imported = true,
        .tell = {.state = -1,
                 .numbers = {.n_values = 1, .uncertainty = NAN},
                 .wall_s = NAN}};
    struct bring call = {.trials = &trial, .n = 1};
    live_begin(&source, store, source->id);
    must(bring_trials(source, store, &call, &err));
    must(study_redefine(
        source, store,
        definition_of("source",
                      "\"sampler\":\"random\",\"space\":{\"c\":{\"type\":"
                      "\"categorical\",\"choices\":[\"red\",\"blue\","
                      "\"green\"]}}"),
        0, &err));
    trial.point = &green;
    must(bring_trials(source, store, &call, &err));
    live_commit(source, store);
    struct copy copy = everything();
    must_fail(ERROR_INVALID, copy_plan(store, &copy, live->definition, &err));
    ck_assert_msg(strstr(err.message, "trial 1") &&
                      strstr(err.message, "green"),
                  "%s", err.message);
    copy_done(&copy);
    // As if it had been brought after the plan.
    int64_t numbers[] = {0, 1};
    copy = everything();
    copy.numbers = memcpy(malloc(sizeof numbers), numbers, sizeof numbers);
    copy.n = 2;
    finish(&copy, &sum);
    ck_assert_uint_eq(sum.n_new, 1);
    ck_assert_uint_eq(sum.n_unfit, 1);
    close_both();
}
END_TEST

// ---- clones -----------------------------------------------------------------

static struct study_wanted wanted_clone(const char *key, unsigned char mark)
{
    return (struct study_wanted){.owner_id = owner,
                                 .key = key,
                                 .identity = "name:clone",
                                 .definition =
                                     definition_of("clone", ANY_FLOAT),
                                 .copied_from = "{\"study\":\"source\"}",
                                 .copy_key = {mark, 1}};
}

static void begin_clone(struct study_wanted *wanted)
{
    must(store_begin(store, &err));
    must(copy_begin(store, wanted, &err));
    must(store_commit(store, &err));
}

// Publishes the study that is built; 0, or the error.
static int publish(int64_t id, struct study_wanted *wanted)
{
    struct live *built = NULL;
    err = (struct error){0};
    live_begin(&built, store, id);
    int result = copy_publish(built, store, wanted, &err);
    if (result)
        store_rollback(store);
    else
        live_commit(built, store);
    live_free(built);
    return result;
}

static bool is_found(const char *key)
{
    struct study_row row;
    err = (struct error){0};
    return store_study_find(store, key, &arena, &row, &err) == 0;
}

START_TEST(test_nobody_finds_a_clone_before_it_is_published)
{
    struct study_wanted wanted = wanted_clone("k1", 1);
    open_both(_i, ANY_FLOAT, ANY_FLOAT);
    wanted.owner_id = owner;
    begin_clone(&wanted);
    ck_assert(wanted.created && !is_found("k1"));
    ck_assert_int_eq(copy_find(store, &wanted, &err), 1);
    must(publish(wanted.id, &wanted));
    ck_assert(is_found("k1"));
    // The same call again, and one that wants something else.
    struct study_wanted again = wanted_clone("k2", 1);
    struct study_wanted another = wanted_clone("k3", 2);
    again.owner_id = another.owner_id = owner;
    begin_clone(&again);
    ck_assert(!again.created);
    ck_assert_int_eq(again.id, wanted.id);
    must_fail(ERROR_CONFLICT, copy_find(store, &another, &err));
    definition_free(wanted.definition);
    definition_free(again.definition);
    definition_free(another.definition);
    close_both();
}
END_TEST

START_TEST(test_the_first_of_two_that_are_built_is_the_clone)
{
    struct study_wanted first = wanted_clone("k1", 1);
    struct study_wanted second = wanted_clone("k2", 1);
    struct study_wanted third = wanted_clone("k3", 3);
    open_both(_i, ANY_FLOAT, ANY_FLOAT);
    first.owner_id = second.owner_id = third.owner_id = owner;
    begin_clone(&first);
    begin_clone(&second);
    begin_clone(&third);
    int64_t built = second.id;
    ck_assert_int_ne(first.id, built);
    must(publish(first.id, &first));
    must(publish(built, &second));
    ck_assert_int_eq(second.id, first.id);
    ck_assert_int_eq(publish(third.id, &third), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    ck_assert(is_found("k1") && !is_found("k2") && !is_found("k3"));
    definition_free(first.definition);
    definition_free(second.definition);
    definition_free(third.definition);
    close_both();
}
END_TEST

static int see_abandoned(void *context, int64_t id, struct error *error)
{
    (void)error;
    *(int64_t *)context = id;
    return 0;
}

// The study that is to be removed, 0: none.
static int64_t abandoned(int64_t before_ms)
{
    int64_t id = 0;
    must(
        store_studies_abandoned(store, before_ms, 1, see_abandoned, &id, &err));
    return id;
}

START_TEST(test_what_was_given_up_is_not_gone_on_with_and_is_removed)
{
    struct study_wanted wanted = wanted_clone("k1", 1);
    bool gone = false;
    size_t steps = 0;
    open_both(_i, ANY_FLOAT, ANY_FLOAT);
    wanted.owner_id = owner;
    fill(25, NULL, 2);
    begin_clone(&wanted);
    struct live *built = NULL;
    live_begin(&built, store, wanted.id);
    struct copy copy = planned();
    struct copy_step step = {0};
    must(store_study_build(store, built->id, clock_wall_ms(), &err));
    must(copy_some(built, store, &copy, &step, &err));
    live_commit(built, store);
    copy_done(&copy);
    live_free(built);
    ck_assert_int_eq(abandoned(clock_wall_ms() - 60000), 0);
    must(store_begin(store, &err));
    must(store_study_abandon(store, wanted.id, &err));
    must(store_commit(store, &err));
    ck_assert_int_eq(abandoned(clock_wall_ms() - 60000), wanted.id);
    must_fail(ERROR_NOT_FOUND,
              store_study_build(store, wanted.id, clock_wall_ms(), &err));
    for (; !gone; steps++) {
        must(store_begin(store, &err));
        must(store_study_dismantle(store, wanted.id, 10, &gone, &err));
        must(store_commit(store, &err));
    }
    ck_assert_uint_eq(steps, 3); // 25, 15, 5
    ck_assert_int_eq(abandoned(INT64_MAX), 0);
    struct study_row row;
    must_fail(ERROR_NOT_FOUND,
              store_study_get(store, wanted.id, &arena, &row, &err));
    definition_free(wanted.definition);
    close_both();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("copy");
    TCase *tc = tcase_create("both databases");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(
        tc, test_a_copy_comes_in_order_and_another_instance_hears_of_it, 0,
        DATABASES);
    tcase_add_loop_test(tc, test_long_texts_make_short_steps, 0, DATABASES);
    tcase_add_loop_test(tc, test_many_reports_make_short_steps, 0, DATABASES);
    tcase_add_loop_test(tc, test_what_was_not_chosen_is_passed_over, 0,
                        DATABASES);
    tcase_add_loop_test(tc, test_a_second_copy_of_the_same_trials_brings_none,
                        0, DATABASES);
    tcase_add_loop_test(tc,
                        test_fault_at_any_call_of_a_step_copies_all_or_nothing,
                        0, DATABASES);
    tcase_add_loop_test(tc, test_what_was_taken_away_since_the_plan_is_left_out,
                        0, DATABASES);
    tcase_add_loop_test(tc,
                        test_a_choice_that_is_new_since_the_plan_does_not_fit,
                        0, DATABASES);
    tcase_add_loop_test(tc, test_nobody_finds_a_clone_before_it_is_published, 0,
                        DATABASES);
    tcase_add_loop_test(tc, test_the_first_of_two_that_are_built_is_the_clone,
                        0, DATABASES);
    tcase_add_loop_test(
        tc, test_what_was_given_up_is_not_gone_on_with_and_is_removed, 0,
        DATABASES);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
