// SPDX-License-Identifier: GPL-3.0-or-later
// test_store_trial.c - trials in every store

#include "databases.h"
#include "store_log.h"
#include "store_prior.h"

static struct database database;
static struct store *store;
static struct arena arena;
static struct error err;

static void open_database(int kind)
{
    arena_init(&arena);
    store = database_ready(&database, kind);
}

static void close_database(void)
{
    store_close(store);
    arena_done(&arena);
    database_remove(&database);
}

// ---- trials -----------------------------------------------------------------

static void check_doubles(const double *found, size_t n, const double *expected,
                          size_t n_expected)
{
    ck_assert_uint_eq(n, n_expected);
    for (size_t i = 0; i < n; i++)
        if (isnan(expected[i]))
            ck_assert_double_nan(found[i]);
        else
            ck_assert_double_eq(found[i], expected[i]);
}

// What the engine keeps, which trials_since reads too.
static void check_core(const struct trial_row *found,
                       const struct trial_row *trial)
{
    ck_assert_int_eq(found->study_id, trial->study_id);
    ck_assert_int_eq(found->number, trial->number);
    ck_assert_int_eq(found->state, trial->state);
    check_doubles(found->point, found->n_point, trial->point, trial->n_point);
    check_doubles(found->values, found->n_values, trial->values,
                  trial->n_values);
    check_doubles(found->constraint_values, found->n_constraint_values,
                  trial->constraint_values, trial->n_constraint_values);
    check_doubles(&found->uncertainty, 1, &trial->uncertainty, 1);
    ck_assert_int_eq(found->stopped, trial->stopped);
    ck_assert_pstr_eq(found->stop_reason, trial->stop_reason);
    ck_assert_int_eq(found->attempt, trial->attempt);
    ck_assert_int_eq(found->retry_of, trial->retry_of);
    ck_assert_int_eq(found->lease_ms, trial->lease_ms);
    ck_assert_int_eq(found->created_ms, trial->created_ms);
    ck_assert_int_eq(found->started_ms, trial->started_ms);
    ck_assert_int_eq(found->ended_ms, trial->ended_ms);
    ck_assert_int_eq(found->revision, trial->revision);
    ck_assert_int_eq(found->ended_revision, trial->ended_revision);
    ck_assert_mem_eq(found->ask_key, trial->ask_key, STORE_ASK_KEY_BYTES);
    ck_assert_mem_eq(found->client_key, trial->client_key,
                     STORE_CLIENT_KEY_BYTES);
    ck_assert_int_eq(found->brought, trial->brought);
    ck_assert_int_eq(found->priority, trial->priority);
    ck_assert_int_eq(found->withdrawn, trial->withdrawn);
}

static void check_trial(const struct trial_row *found,
                        const struct trial_row *trial)
{
    check_core(found, trial);
    check_doubles(&found->wall_s, 1, &trial->wall_s, 1);
    check_doubles(&found->cost, 1, &trial->cost, 1);
    ck_assert_int_eq(found->iteration, trial->iteration);
    ck_assert_int_eq(found->seen_revision, trial->seen_revision);
    ck_assert_pstr_eq(found->sampler, trial->sampler);
    ck_assert_pstr_eq(found->worker, trial->worker);
    ck_assert_pstr_eq(found->constants, trial->constants);
    ck_assert_pstr_eq(found->special, trial->special);
    ck_assert_pstr_eq(found->error, trial->error);
    ck_assert_pstr_eq(found->outputs, trial->outputs);
    ck_assert_pstr_eq(found->meta, trial->meta);
    ck_assert_pstr_eq(found->env, trial->env);
    ck_assert_pstr_eq(found->tags, trial->tags);
    ck_assert_pstr_eq(found->notes, trial->notes);
    ck_assert_pstr_eq(found->why, trial->why);
    ck_assert_pstr_eq(found->client_id, trial->client_id);
    ck_assert_pstr_eq(found->withdrawn_reason, trial->withdrawn_reason);
}

static struct trial_row full_trial(int64_t study)
{
    static const double point[] = {0.1, NAN, -0.0, 1e308, 5e-324, INFINITY, -1};
    static const double values[] = {-3.5, NAN};
    static const double constraints[] = {20.5, -1e-300, 0};
    struct trial_row trial = {
        .study_id = study,
        .number = 7,
        .state = TRIAL_PRUNED,
        .point = point,
        .n_point = sizeof point / sizeof *point,
        .values = values,
        .n_values = 2,
        .constraint_values = constraints,
        .n_constraint_values = 3,
        .uncertainty = 0.25,
        .stopped = true,
        .stop_reason = "median",
        .sampler = "tpe",
        .seen_revision = 41,
        .attempt = 2,
        .retry_of = 5,
        .lease_ms = 1700000000123,
        .created_ms = 1700000000001,
        .started_ms = 1700000000002,
        .ended_ms = 1700000000003,
        .revision = 42,
        .ended_revision = 43,
        .wall_s = 12.5,
        .cost = 0.75,
        .iteration = 3,
        .ask_key = {1, 0, 2, 0xff},
        .worker = "naïve ' worker",
        .constants = "{\"a\":\"\\\"\"}",
        .special = "[]",
        .error = "line 1\nline 2\t;'--",
        .outputs = "",
        .meta = "{\"emoji\":\"\xf0\x9f\x8c\xbf\"}",
        .env = large_text(&arena, 300000),
        .tags = "[\"x\"]",
        .notes = "$1 ?1 %s",
        .why = "the best of 24 draws",
        .client_id = "run \"7\"",
        .client_key = {0, 7, 0xff},
        .brought = true,
        .priority = -3,
        .withdrawn = WITHDRAWN_INVALID,
        .withdrawn_reason = "wrong 'sample'",
    };
    return trial;
}

START_TEST(test_trial_keeps_every_field)
{
    open_database(_i);
    int64_t study = new_study(store, new_user(store, "anna"), "s");
    struct trial_row full = full_trial(study), bare = trial_of(study, 8, 44);
    struct trial_row found;
    bare.n_point = 0;
    bare.point = NULL;
    must(store_begin(store, &err));
    must(store_trial_add(store, &full, &err));
    must(store_trial_add(store, &bare, &err));
    must(store_commit(store, &err));
    must(store_trial_get(store, study, 7, &arena, &found, &err));
    check_trial(&found, &full);
    ck_assert(signbit(found.point[2]));
    must(store_trial_get(store, study, 8, &arena, &found, &err));
    check_trial(&found, &bare);
    must_fail(ERROR_NOT_FOUND,
              store_trial_get(store, study, 9, &arena, &found, &err));
    must_fail(ERROR_CONFLICT, store_trial_add(store, &full, &err));
    full.study_id = study + 1;
    must_fail(ERROR_NOT_FOUND, store_trial_add(store, &full, &err));
    close_database();
}
END_TEST

START_TEST(test_end_of_a_trial_leaves_null_texts_alone_but_an_old_error)
{
    open_database(_i);
    static const double value = 0.75;
    int64_t study = new_study(store, new_user(store, "anna"), "s");
    struct trial_row trial = full_trial(study), found;
    must(store_trial_add(store, &trial, &err));
    struct trial_row end = {
        .study_id = study,
        .number = 7,
        .state = TRIAL_COMPLETE,
        .values = &value,
        .n_values = 1,
        .constraint_values = &value,
        .n_constraint_values = 1,
        .uncertainty = NAN,
        .lease_ms = 9,
        .ended_ms = 8,
        .revision = 50,
        .ended_revision = 51,
        .wall_s = NAN,
        .cost = NAN,
        .outputs = "{\"loss\":[1,2]}",
    };
    must(store_trial_end(store, &end, &err));
    trial.state = end.state;
    trial.error = NULL;
    trial.values = end.values;
    trial.n_values = 1;
    trial.constraint_values = &value;
    trial.n_constraint_values = 1;
    trial.uncertainty = NAN;
    trial.stopped = false;
    trial.lease_ms = 9;
    trial.ended_ms = 8;
    trial.revision = 50;
    trial.ended_revision = 51;
    trial.wall_s = NAN;
    trial.outputs = end.outputs;
    must(store_trial_get(store, study, 7, &arena, &found, &err));
    check_trial(&found, &trial);
    close_database();
}
END_TEST

START_TEST(test_queued_trial_is_started_and_its_lease_renewed)
{
    open_database(_i);
    int64_t study = new_study(store, new_user(store, "anna"), "s");
    struct trial_row trial = trial_of(study, 0, 1), found;
    trial.state = TRIAL_QUEUED;
    must(store_trial_add(store, &trial, &err));
    trial.state = TRIAL_RUNNING;
    trial.started_ms = 30;
    trial.lease_ms = 40;
    trial.worker = "w";
    trial.special = "{\"_a\":1}";
    trial.ask_key[5] = 9;
    trial.revision = 2;
    must(store_trial_start(store, &trial, &err));
    must(store_trial_lease(store, study, 0, 55, &err));
    trial.lease_ms = 55;
    must(store_trial_get(store, study, 0, &arena, &found, &err));
    check_trial(&found, &trial);
    close_database();
}
END_TEST

START_TEST(test_trial_amend_writes_what_people_change)
{
    open_database(_i);
    int64_t study = new_study(store, new_user(store, "anna"), "s");
    struct trial_row trial = trial_of(study, 7, 1), found;
    struct trial_row full = full_trial(study);
    must(store_trial_add(store, &trial, &err));
    must(store_trial_amend(store, &full, &err));
    trial.state = full.state;
    trial.values = full.values;
    trial.n_values = full.n_values;
    trial.constraint_values = full.constraint_values;
    trial.n_constraint_values = full.n_constraint_values;
    trial.uncertainty = full.uncertainty;
    trial.wall_s = full.wall_s;
    trial.cost = full.cost;
    trial.error = full.error;
    trial.outputs = full.outputs;
    trial.meta = full.meta;
    trial.env = full.env;
    trial.tags = full.tags;
    trial.notes = full.notes;
    trial.withdrawn = full.withdrawn;
    trial.withdrawn_reason = full.withdrawn_reason;
    trial.revision = full.revision;
    must(store_trial_get(store, study, 7, &arena, &found, &err));
    check_trial(&found, &trial);
    close_database();
}
END_TEST

static int see_report(void *context, const struct report_row *row,
                      struct error *error)
{
    (void)error;
    struct seen *seen = context;
    seen->id[seen->n++] = row->number;
    return 0;
}

START_TEST(test_trial_erase_leaves_number_point_and_keys)
{
    open_database(_i);
    int64_t study = new_study(store, new_user(store, "anna"), "s");
    struct trial_row full = full_trial(study), found;
    struct trial_row gone = {.study_id = study,
                             .number = 7,
                             .ended_ms = 5,
                             .ended_revision = 6,
                             .revision = 60};
    struct trial_filter all = {.study_id = study,
                               .after_number = -1,
                               .since_revision = -1,
                               .value_min = NAN,
                               .value_max = NAN,
                               .limit = 10};
    struct seen seen = {0};
    must(store_trial_add(store, &full, &err));
    for (int64_t number = 7; number < 9; number++) {
        struct report_row report = {.study_id = study, .number = number};
        must(store_report_put(store, &report, &err));
    }
    must(store_trial_list(store, &all, see_trial, &seen, &err));
    ck_assert_uint_eq(seen.n, 1);
    must(store_trial_erase(store, &gone, &err));
    gone = full;
    gone.n_values = gone.n_constraint_values = 0;
    gone.uncertainty = gone.wall_s = NAN;
    gone.stop_reason = gone.worker = gone.constants = gone.special = NULL;
    gone.error = gone.outputs = gone.meta = gone.env = gone.tags = NULL;
    gone.notes = gone.why = gone.withdrawn_reason = NULL;
    gone.withdrawn = WITHDRAWN_DELETED;
    gone.ended_ms = 5;
    gone.ended_revision = 6;
    gone.revision = 60;
    must(store_trial_get(store, study, 7, &arena, &found, &err));
    check_trial(&found, &gone);
    all.since_revision = 59;
    for (int deleted = 0; deleted < 2; deleted++) {
        seen.n = 0;
        all.deleted = deleted;
        must(store_trial_list(store, &all, see_trial, &seen, &err));
        ck_assert_uint_eq(seen.n, (size_t)deleted);
    }
    seen.n = 0;
    must(store_reports_of(store, study, 0, 9, see_report, &seen, &err));
    ck_assert_uint_eq(seen.n, 1);
    ck_assert_int_eq(seen.id[0], 8);
    close_database();
}
END_TEST

static void check_trials(struct trial_filter filter, size_t n,
                         const int64_t *expected)
{
    struct seen seen = {0};
    must(store_trial_list(store, &filter, see_trial, &seen, &err));
    ck_assert_uint_eq(seen.n, n);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(seen.id[i], expected[i]);
}

START_TEST(test_trial_list_filters_in_either_order)
{
    open_database(_i);
    int64_t anna = new_user(store, "anna");
    int64_t study = new_study(store, anna, "s");
    struct trial_row stray = trial_of(new_study(store, anna, "t"), 0, 99);
    must(store_trial_add(store, &stray, &err));
    // Trial i has revision 10 - i; the even ones are complete.
    for (int64_t i = 0; i < 6; i++) {
        struct trial_row trial = trial_of(study, i, 10 - i);
        trial.state = i % 2 == 0 ? TRIAL_COMPLETE : TRIAL_RUNNING;
        must(store_trial_add(store, &trial, &err));
    }
    struct trial_filter all = {.study_id = study,
                               .after_number = -1,
                               .since_revision = -1,
                               .value_min = NAN,
                               .value_max = NAN,
                               .deleted = true,
                               .limit = 10},
                        some = all;
    check_trials(all, 6, (int64_t[]){0, 1, 2, 3, 4, 5});
    some.states = 1u << TRIAL_COMPLETE;
    check_trials(some, 3, (int64_t[]){0, 2, 4});
    some.after_number = 0;
    some.limit = 1;
    check_trials(some, 1, (int64_t[]){2});
    some = all;
    some.since_revision = 7;
    check_trials(some, 3, (int64_t[]){0, 1, 2});
    some.after_number = 0;
    check_trials(some, 2, (int64_t[]){1, 2});
    some.newest_first = true;
    some.after_number = -1;
    check_trials(some, 3, (int64_t[]){2, 1, 0});
    some.after_number = 2;
    check_trials(some, 2, (int64_t[]){1, 0});
    some.since_revision = -1;
    some.after_number = -1;
    some.limit = 2;
    check_trials(some, 2, (int64_t[]){5, 4});
    some.after_number = 4;
    check_trials(some, 2, (int64_t[]){3, 2});
    some.after_number = 0;
    check_trials(some, 0, NULL);
    close_database();
}
END_TEST

static int keep_trial(void *context, const struct trial_row *row,
                      struct error *error)
{
    (void)error;
    check_core(row, context);
    return 0;
}

START_TEST(test_second_session_catches_up_with_what_changed)
{
    open_database(_i);
    int64_t study = new_study(store, new_user(store, "anna"), "s");
    struct store *second = session(&database);
    struct seen seen = {0};
    must(store_begin(store, &err));
    for (int64_t i = 0; i < 5; i++) {
        struct trial_row trial = trial_of(study, i, i + 1);
        must(store_trial_add(store, &trial, &err));
    }
    must(store_commit(store, &err));
    must(store_trials_since(second, study, -1, see_trial, &seen, &err));
    ck_assert_uint_eq(seen.n, 5);

    struct trial_row full = full_trial(study), end = trial_of(study, 1, 6);
    must(store_begin(store, &err));
    must(store_trial_end(store, &end, &err));
    must(store_trial_add(store, &full, &err));
    must(store_trial_lease(store, study, 0, 99, &err));
    seen.n = 0;
    must(store_trials_since(second, study, 5, see_trial, &seen, &err));
    ck_assert_uint_eq(seen.n, 0);
    must(store_commit(store, &err));
    must(store_trials_since(second, study, 5, see_trial, &seen, &err));
    ck_assert_uint_eq(seen.n, 2);
    ck_assert_int_eq(seen.id[0], 1);
    ck_assert_int_eq(seen.id[1], 7);
    must(store_trials_since(second, study, 6, keep_trial, &full, &err));
    store_close(second);
    close_database();
}
END_TEST

static int see_values(void *context, int64_t number, const double *values,
                      size_t n, struct error *error)
{
    struct seen *seen = context;
    (void)error;
    ck_assert_uint_eq(n, number == 3 ? 2 : 1);
    ck_assert_double_eq(values[0], (double)number / 4);
    ck_assert_double_eq(values[n - 1], number == 3 ? -8 : (double)number / 4);
    seen->id[seen->n++] = number;
    return 0;
}

START_TEST(test_values_are_read_by_state_and_number)
{
    open_database(_i);
    int64_t study = new_study(store, new_user(store, "anna"), "s");
    for (int64_t i = 4; i >= 0; i--) {
        double values[] = {(double)i / 4, -8};
        struct trial_row trial = trial_of(study, i, i + 1);
        trial.state = i % 2 ? TRIAL_COMPLETE : TRIAL_INFEASIBLE;
        trial.values = values;
        trial.n_values = i == 3 ? 2 : 1;
        must(store_trial_add(store, &trial, &err));
    }
    struct seen seen = {0};
    must(store_trial_values(store, study, TRIAL_COMPLETE, see_values, &seen,
                            &err));
    ck_assert_uint_eq(seen.n, 2);
    ck_assert_int_eq(seen.id[0], 1);
    ck_assert_int_eq(seen.id[1], 3);
    close_database();
}
END_TEST

static int see_expired(void *context, int64_t study_id, int64_t number,
                       struct error *error)
{
    (void)error;
    struct seen *seen = context;
    ck_assert_int_gt(study_id, 0);
    seen->id[seen->n++] = number;
    return 0;
}

START_TEST(test_expired_leases_are_those_of_running_trials_oldest_first)
{
    open_database(_i);
    int64_t study = new_study(store, new_user(store, "anna"), "s");
    const int64_t lease[5] = {50, 30, 40, 10, 20};
    for (int64_t i = 0; i < 5; i++) {
        struct trial_row trial = trial_of(study, i, i + 1);
        trial.lease_ms = lease[i];
        trial.state = i == 3 ? TRIAL_COMPLETE : TRIAL_RUNNING;
        must(store_trial_add(store, &trial, &err));
    }
    struct seen seen = {0};
    must(store_trials_expired(store, 41, 10, see_expired, &seen, &err));
    ck_assert_uint_eq(seen.n, 3);
    ck_assert_int_eq(seen.id[0], 4);
    ck_assert_int_eq(seen.id[1], 1);
    ck_assert_int_eq(seen.id[2], 2);
    seen.n = 0;
    must(store_trials_expired(store, 40, 1, see_expired, &seen, &err));
    ck_assert_uint_eq(seen.n, 1);
    ck_assert_int_eq(seen.id[0], 4);
    seen.n = 0;
    must(store_trials_leased_beyond(store, 30, see_expired, &seen, &err));
    ck_assert_uint_eq(seen.n, 2);
    ck_assert_int_eq(seen.id[0], 2);
    ck_assert_int_eq(seen.id[1], 0);
    close_database();
}
END_TEST

START_TEST(test_all_open_trials_of_one_study_are_cancelled)
{
    static const enum trial_state states[] = {TRIAL_QUEUED, TRIAL_RUNNING,
                                              TRIAL_COMPLETE, TRIAL_LOST};
    open_database(_i);
    int64_t anna = new_user(store, "anna");
    int64_t study = new_study(store, anna, "s");
    int64_t other = new_study(store, anna, "t");
    for (int64_t i = 0; i < 4; i++) {
        struct trial_row trial = trial_of(study, i, i + 1);
        trial.state = states[i];
        must(store_trial_add(store, &trial, &err));
        trial.study_id = other;
        must(store_trial_add(store, &trial, &err));
    }
    must(store_trials_cancel(store, study, 77, 9, "over", &err));
    for (int64_t i = 0; i < 4; i++) {
        struct trial_row row;
        must(store_trial_get(store, study, i, &arena, &row, &err));
        ck_assert_int_eq(row.state, i < 2 ? TRIAL_CANCELLED : states[i]);
        ck_assert_int_eq(row.revision, i < 2 ? 9 : i + 1);
        if (i < 2) {
            ck_assert_int_eq(row.ended_ms, 77);
            ck_assert_int_eq(row.ended_revision, 9);
            ck_assert_str_eq(row.error, "over");
        }
        must(store_trial_get(store, other, i, &arena, &row, &err));
        ck_assert_int_eq(row.state, states[i]);
    }
    close_database();
}
END_TEST

START_TEST(test_an_id_of_a_user_is_unique_in_its_study)
{
    open_database(_i);
    int64_t anna = new_user(store, "anna"), study = new_study(store, anna, "s");
    struct trial_row one = trial_of(study, 0, 1);
    one.client_id = "a";
    must(store_trial_add(store, &one, &err));
    one.number = 1;
    must_fail(ERROR_CONFLICT, store_trial_add(store, &one, &err));
    one.client_id = NULL;
    must(store_trial_add(store, &one, &err));
    one.study_id = new_study(store, anna, "t");
    one.client_id = "a";
    must(store_trial_add(store, &one, &err));
    close_database();
}
END_TEST

struct seen_prior {
    size_t n;
    int64_t position[4], source[4];
    double point[4][2], values[4][2];
};

static int see_prior(void *context, const struct prior_row *row,
                     struct error *error)
{
    struct seen_prior *seen = context;
    size_t i = seen->n++;
    (void)error;
    ck_assert_uint_eq(row->n_point, 2);
    ck_assert_uint_eq(row->n_values, 2);
    seen->position[i] = row->position;
    seen->source[i] = row->source;
    memcpy(seen->point[i], row->point, sizeof seen->point[i]);
    memcpy(seen->values[i], row->values, sizeof seen->values[i]);
    return 0;
}

START_TEST(test_priors_come_back_in_order_and_go_with_their_study)
{
    open_database(_i);
    int64_t study = new_study(store, new_user(store, "anna"), "s");
    static const double point[] = {0.1, NAN}, values[] = {-1e308, 5e-324};
    struct study_row row;
    struct seen_prior seen = {0};
    for (int64_t i = 2; i-- > 0;) {
        struct prior_row prior = {study, i, 7 + i, point, 2, values, 2};
        must(store_prior_add(store, &prior, &err));
    }
    must(store_prior_list(store, study, see_prior, &seen, &err));
    ck_assert_uint_eq(seen.n, 2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(seen.position[i], (int64_t)i);
        ck_assert_int_eq(seen.source[i], 7 + (int64_t)i);
        check_doubles(seen.point[i], 2, point, 2);
        check_doubles(seen.values[i], 2, values, 2);
    }
    must(store_study_warm_start(store, study, "[1,1]", &err));
    must(store_study_get(store, study, &arena, &row, &err));
    ck_assert_str_eq(row.warm_start, "[1,1]");
    must(store_study_delete(store, study, &err));
    must(store_prior_list(store, study, see_prior, &seen, &err));
    ck_assert_uint_eq(seen.n, 2);
    close_database();
}
END_TEST

START_TEST(test_results_are_those_of_complete_trials)
{
    open_database(_i);
    int64_t study = new_study(store, new_user(store, "anna"), "s");
    static const double point[] = {0.25, 3}, values[] = {0.5, -2};
    struct seen_prior seen = {0};
    for (int64_t i = 0; i < 4; i++) {
        struct trial_row trial = trial_of(study, i, 1 + i);
        trial.state = i % 2 ? TRIAL_COMPLETE : TRIAL_INFEASIBLE;
        trial.point = point;
        trial.values = values;
        trial.n_point = trial.n_values = 2;
        must(store_trial_add(store, &trial, &err));
    }
    must(store_trial_results(store, study, see_prior, &seen, &err));
    ck_assert_uint_eq(seen.n, 2);
    ck_assert_int_eq(seen.source[0], 1);
    ck_assert_int_eq(seen.source[1], 3);
    check_doubles(seen.point[1], 2, point, 2);
    check_doubles(seen.values[1], 2, values, 2);
    close_database();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store trial");
    TCase *tc = tcase_create("both databases");
    const TTest *const tests[] = {
        test_trial_keeps_every_field,
        test_end_of_a_trial_leaves_null_texts_alone_but_an_old_error,
        test_queued_trial_is_started_and_its_lease_renewed,
        test_trial_amend_writes_what_people_change,
        test_trial_erase_leaves_number_point_and_keys,
        test_trial_list_filters_in_either_order,
        test_second_session_catches_up_with_what_changed,
        test_values_are_read_by_state_and_number,
        test_expired_leases_are_those_of_running_trials_oldest_first,
        test_all_open_trials_of_one_study_are_cancelled,
        test_an_id_of_a_user_is_unique_in_its_study,
        test_priors_come_back_in_order_and_go_with_their_study,
        test_results_are_those_of_complete_trials,
        NULL,
    };
    tcase_set_timeout(tc, 60);
    for (size_t i = 0; tests[i] != NULL; i++)
        tcase_add_loop_test(tc, tests[i], 0, DATABASES);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
