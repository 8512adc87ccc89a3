// SPDX-License-Identifier: GPL-3.0-or-later
// test_store_log.c - reports, events and transactions in every store

#include "databases.h"
#include "store_log.h"

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

// ---- reports and events -----------------------------------------------------

struct reports {
    size_t n;
    struct report_row row[16];
};

static int see_report(void *context, const struct report_row *row,
                      struct error *error)
{
    (void)error;
    struct reports *reports = context;
    reports->row[reports->n++] = *row;
    return 0;
}

START_TEST(test_report_of_the_same_step_is_replaced)
{
    open_database(_i);
    int64_t study = new_study(store, new_user(store, "anna"), "s");
    const struct report_row rows[] = {
        {study, 2, 1, 0.2, 10, 1}, {study, 0, -5, NAN, 11, 2},
        {study, 2, 0, 0.4, 12, 3}, {study, 2, 1, 0.6, 13, 4},
        {study, 5, 0, 0.8, 14, 5},
    };
    must(store_begin(store, &err));
    for (int i = 0; i < 5; i++)
        must(store_report_put(store, &rows[i], &err));
    must(store_commit(store, &err));

    struct reports found = {0};
    must(store_reports_since(store, study, -1, see_report, &found, &err));
    ck_assert_uint_eq(found.n, 4);
    ck_assert_int_eq(found.row[0].number, 0);
    ck_assert_int_eq(found.row[0].step, -5);
    ck_assert_double_nan(found.row[0].value);
    ck_assert_int_eq(found.row[1].step, 0);
    ck_assert_int_eq(found.row[2].step, 1);
    ck_assert_double_eq(found.row[2].value, 0.6);
    ck_assert_int_eq(found.row[2].at_ms, 13);
    ck_assert_int_eq(found.row[2].revision, 4);
    ck_assert_int_eq(found.row[2].study_id, study);

    found.n = 0;
    must(store_reports_since(store, study, 3, see_report, &found, &err));
    ck_assert_uint_eq(found.n, 2);
    found.n = 0;
    must(store_reports_of(store, study, 1, 5, see_report, &found, &err));
    ck_assert_uint_eq(found.n, 3);
    ck_assert_int_eq(found.row[2].number, 5);
    close_database();
}
END_TEST

static void check_event(const struct event_row *row)
{
    bool odd = row->revision % 2 != 0;
    ck_assert_str_eq(row->kind, odd ? "odd ' one" : "even");
    ck_assert_int_eq(row->number, odd ? -1 : row->revision);
    if (odd)
        ck_assert(row->user_id == 0 && row->user == NULL);
    else
        ck_assert_str_eq(row->user, "anna");
    // Trial 4 is there, and lost by now; the others are not.
    ck_assert_int_eq(row->state, row->revision == 4 ? TRIAL_LOST : -1);
    ck_assert_int_eq(row->at_ms, 10 * row->revision);
}

// How many events there are after this one, which follow each other.
static size_t count_events(int64_t study, int64_t after, size_t limit)
{
    struct event_page page = {
        .study_id = study, .after = after, .limit = limit};
    must(store_event_page(store, &page, &arena, &err));
    for (size_t i = 0; i < page.n; i++) {
        ck_assert_int_eq(page.events[i].revision, after + 1 + (int64_t)i);
        check_event(&page.events[i]);
    }
    return page.n;
}

START_TEST(test_events_are_listed_by_revision)
{
    enum { N = 1500 };
    open_database(_i);
    int64_t anna = new_user(store, "anna");
    int64_t study = new_study(store, anna, "s");
    struct trial_row trial = trial_of(study, 4, 1);
    trial.state = TRIAL_LOST;
    must(store_trial_add(store, &trial, &err));
    must(store_begin(store, &err));
    for (int64_t i = 1; i <= N; i++) {
        char kind[16];
        snprintf(kind, sizeof kind, "%s", i % 2 ? "odd ' one" : "even");
        struct event_row row = {
            .study_id = study,
            .revision = i,
            .kind = kind,
            .number = i % 2 ? -1 : i,
            .at_ms = 10 * i,
            .user_id = i % 2 ? 0 : anna,
        };
        must(store_event_add(store, &row, &err));
        memset(kind, 'x', sizeof kind);
    }
    ck_assert_uint_eq(count_events(study, N - 2, 10), 2);
    must(store_commit(store, &err));
    ck_assert_uint_eq(count_events(study, 0, N + 1), N);
    ck_assert_uint_eq(count_events(study, 700, 3), 3);

    struct event_row again = {
        .study_id = study, .revision = 7, .kind = "odd ' one", .number = -1};
    must(store_begin(store, &err));
    must(store_event_add(store, &again, &err));
    must_fail(ERROR_CONFLICT, store_commit(store, &err));
    close_database();
}
END_TEST

struct revisions {
    size_t n;
    int64_t id[4], revision[4];
};

static int see_revision(void *context, int64_t id, int64_t revision,
                        struct error *error)
{
    struct revisions *seen = context;
    (void)error;
    seen->id[seen->n] = id;
    seen->revision[seen->n++] = revision;
    return 0;
}

START_TEST(test_revisions_of_many_studies_come_in_the_order_of_their_ids)
{
    open_database(_i);
    if (store_is_shared(database.url)) {
        int64_t anna = new_user(store, "anna");
        int64_t a = new_study(store, anna, "a"),
                b = new_study(store, anna, "b");
        struct study_progress progress = {.revision = 7, .best_number = -1};
        must(store_study_advance(store, b, &progress, 1, &err));
        int64_t asked[] = {b, b + 100, a};
        struct revisions seen = {0};
        must(store_study_revisions(store, asked, 3, see_revision, &seen, &err));
        ck_assert_uint_eq(seen.n, 2);
        ck_assert_int_eq(seen.id[0], a);
        ck_assert_int_eq(seen.id[1], b);
        ck_assert_int_eq(seen.revision[1], 7);
    }
    close_database();
}
END_TEST

// ---- transactions -----------------------------------------------------------

START_TEST(test_rollback_leaves_nothing)
{
    open_database(_i);
    int64_t study = new_study(store, new_user(store, "anna"), "s");
    struct trial_row trial = trial_of(study, 0, 1), found;
    struct event_row event = {
        .study_id = study, .revision = 1, .kind = "trial_started"};
    must(store_begin(store, &err));
    must(store_trial_add(store, &trial, &err));
    must(store_event_add(store, &event, &err));
    store_rollback(store);
    store_rollback(store);
    must_fail(ERROR_NOT_FOUND,
              store_trial_get(store, study, 0, &arena, &found, &err));
    must(store_begin(store, &err));
    must(store_commit(store, &err));
    ck_assert_uint_eq(count_events(study, 0, 10), 0);
    close_database();
}
END_TEST

START_TEST(test_failed_transaction_cannot_be_committed)
{
    open_database(_i);
    int64_t study = new_study(store, new_user(store, "anna"), "s");
    struct trial_row trial = trial_of(study, 0, 1),
                     other = trial_of(study, 1, 2);
    struct trial_row found;
    struct user_row anna = {.name = "anna", .created_ms = 1};
    must(store_begin(store, &err));
    must(store_trial_add(store, &trial, &err));
    must_fail(ERROR_CONFLICT, store_user_add(store, &anna, &err));
    must_fail(ERROR_CONFLICT, store_trial_add(store, &other, &err));
    must_fail(ERROR_CONFLICT,
              store_trial_get(store, study, 0, &arena, &found, &err));
    must_fail(ERROR_CONFLICT, store_commit(store, &err));
    must_fail(ERROR_NOT_FOUND,
              store_trial_get(store, study, 0, &arena, &found, &err));
    must(store_begin(store, &err));
    must(store_trial_add(store, &trial, &err));
    must(store_commit(store, &err));
    close_database();
}
END_TEST

static int stop_at_once(void *context, const struct trial_row *row,
                        struct error *error)
{
    (void)row;
    ++*(int *)context;
    return error_set(error, ERROR_EXHAUSTED, "enough");
}

START_TEST(test_visitor_stops_a_read_and_the_transaction_goes_on)
{
    open_database(_i);
    int visits = 0;
    int64_t study = new_study(store, new_user(store, "anna"), "s");
    must(store_begin(store, &err));
    for (int64_t i = 0; i < 3; i++) {
        struct trial_row trial = trial_of(study, i, i + 1);
        must(store_trial_add(store, &trial, &err));
    }
    must_fail(ERROR_EXHAUSTED, store_trials_since(store, study, -1,
                                                  stop_at_once, &visits, &err));
    ck_assert_int_eq(visits, 1);
    must(store_commit(store, &err));
    struct seen seen = {0};
    must(store_trials_since(store, study, -1, see_trial, &seen, &err));
    ck_assert_uint_eq(seen.n, 3);
    close_database();
}
END_TEST

// Far more than the buffers of a socket hold, in both directions.
START_TEST(test_large_transaction_passes_through)
{
    enum { TRIALS = 3000, BYTES = 4000 };
    open_database(_i);
    int64_t study = new_study(store, new_user(store, "anna"), "s");
    struct seen seen = {0};
    must(store_begin(store, &err));
    for (int64_t i = 0; i < TRIALS; i++) {
        struct trial_row trial = trial_of(study, i, i + 1);
        trial.env = large_text(&arena, BYTES);
        must(store_trial_add(store, &trial, &err));
    }
    must(store_commit(store, &err));
    struct trial_filter all = {.study_id = study,
                               .after_number = -1,
                               .since_revision = -1,
                               .value_min = NAN,
                               .value_max = NAN,
                               .deleted = true,
                               .limit = TRIALS};
    must(store_trial_list(store, &all, see_trial, &seen, &err));
    ck_assert_uint_eq(seen.n, TRIALS);
    must(store_ping(store, &err));
    close_database();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store log");
    TCase *tc = tcase_create("both databases");
    const TTest *const tests[] = {
        test_report_of_the_same_step_is_replaced,
        test_events_are_listed_by_revision,
        test_revisions_of_many_studies_come_in_the_order_of_their_ids,
        test_rollback_leaves_nothing,
        test_failed_transaction_cannot_be_committed,
        test_visitor_stops_a_read_and_the_transaction_goes_on,
        test_large_transaction_passes_through,
        NULL,
    };
    tcase_set_timeout(tc, 60);
    for (size_t i = 0; tests[i] != NULL; i++)
        tcase_add_loop_test(tc, tests[i], 0, DATABASES);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
