// SPDX-License-Identifier: GPL-3.0-or-later
// test_hook.c - webhooks in the store, and what changes them

#include "hook.h"
#include "studies.h"

static struct database database;
static struct store *store;
static struct arena arena;
static struct error err;
static int64_t study_id;
static struct live *live;

static void open_database(int kind)
{
    store = database_ready(&database, kind);
    arena_init(&arena);
    live = NULL;
    study_id = study_in(store, new_user(store, "anna"), "s", ONE_FLOAT);
}

static void close_database(void)
{
    live_free(live);
    arena_done(&arena);
    store_close(store);
    database_remove(&database);
}

// ---- changes by users -------------------------------------------------------

// Runs a change of the study in a transaction of its own.
#define in_transaction(call)                                                   \
    do {                                                                       \
        live_begin(&live, store, study_id);                                    \
        must(call);                                                            \
        live_commit(live, store);                                              \
    } while (0)

static struct hook_row add(const char *url, const char *kinds)
{
    struct hook_row hook = {.url = url, .kinds = kinds, .secret = "whsec_x"};
    bool created;
    in_transaction(hook_add(live, store, &arena, &hook, 1, &created, &err));
    ck_assert(created);
    return hook;
}

static struct hook_row get(int64_t id)
{
    struct hook_row hook;
    must(store_hook_get(store, study_id, id, &arena, &hook, &err));
    return hook;
}

// Adds n events to the study.
static void happen(int n, const char *kind)
{
    live_begin(&live, store, study_id);
    for (int i = 0; i < n; i++) {
        struct event_row event = {.study_id = study_id,
                                  .revision = live_revise(live),
                                  .kind = kind,
                                  .number = -1,
                                  .at_ms = 1};
        must(store_event_add(store, &event, &err));
    }
    live_commit(live, store);
}

static const char *last_event(void)
{
    struct event_page page = {.study_id = study_id, .limit = 1000};
    must(store_event_page(store, &page, &arena, &err));
    return page.events[page.n - 1].kind;
}

START_TEST(test_a_webhook_is_stored_as_it_was_made)
{
    open_database(_i);
    struct hook_row hook = add("https://a", " x y "), found = get(hook.id);
    ck_assert_str_eq(found.url, "https://a");
    ck_assert_str_eq(found.kinds, " x y ");
    ck_assert_str_eq(found.secret, "whsec_x");
    ck_assert_str_eq(found.study_key, "s");
    ck_assert_int_eq(found.delivered, live->progress.revision);
    ck_assert_int_eq(found.disabled_ms, 0);
    ck_assert_int_eq(found.last_status, 0);
    ck_assert_ptr_null(found.last_error);
    ck_assert_ptr_null(get(add("https://b", NULL).id).kinds);
    ck_assert_str_eq(last_event(), "webhook_created");
    struct hook_page page = {.limit = HOOK_MAX};
    must(store_hook_list(store, study_id, &page, &arena, &err));
    ck_assert_uint_eq(page.n, 2);
    ck_assert_int_eq(page.hooks[0].id, hook.id);
    must_fail(ERROR_NOT_FOUND, store_hook_get(store, study_id + 1, hook.id,
                                              &arena, &found, &err));
    close_database();
}
END_TEST

START_TEST(test_the_same_webhook_is_made_once_and_another_with_its_url_never)
{
    open_database(_i);
    struct hook_row first = add("https://a", NULL);
    struct hook_row again = {.url = "https://a", .secret = "whsec_x"};
    bool created = true;
    in_transaction(hook_add(live, store, &arena, &again, 1, &created, &err));
    ck_assert(!created);
    ck_assert_int_eq(again.id, first.id);
    struct hook_row others[] = {
        {.url = "https://a", .secret = "whsec_y"},
        {.url = "https://a", .secret = "whsec_x", .kinds = " x "},
    };
    for (size_t i = 0; i < 2; i++) {
        live_begin(&live, store, study_id);
        must_fail(ERROR_CONFLICT,
                  hook_add(live, store, &arena, &others[i], 1, &created, &err));
        live_commit(live, store);
    }
    close_database();
}
END_TEST

START_TEST(test_a_study_has_a_bounded_number_of_webhooks)
{
    open_database(_i);
    bool created;
    struct hook_row more = {.url = "https://more", .secret = "whsec_x"};
    for (int i = 0; i < HOOK_MAX; i++)
        add(arena_print(&arena, "https://%d", i), NULL);
    live_begin(&live, store, study_id);
    must_fail(ERROR_CONFLICT,
              hook_add(live, store, &arena, &more, 1, &created, &err));
    live_commit(live, store);
    close_database();
}
END_TEST

START_TEST(test_enabling_forgets_failures_and_keeps_the_place)
{
    open_database(_i);
    struct hook_row hook = add("https://a", NULL), now;
    in_transaction(hook_give_up(live, store, hook.id, "gone", &err));
    ck_assert_str_eq(last_event(), "webhook_disabled");
    now = get(hook.id);
    ck_assert_int_ne(now.disabled_ms, 0);
    ck_assert_str_eq(now.reason, "gone");
    int64_t revision = live->progress.revision;
    in_transaction(hook_give_up(live, store, hook.id, "again", &err));
    in_transaction(hook_give_up(live, store, hook.id + 1, "again", &err));
    ck_assert_int_eq(live->progress.revision, revision);
    ck_assert_str_eq(get(hook.id).reason, "gone");
    struct hook_change change = {.enabled = 1};
    in_transaction(
        hook_change(live, store, &arena, hook.id, &change, 1, &now, &err));
    ck_assert_str_eq(last_event(), "webhook_enabled");
    now = get(hook.id);
    ck_assert_int_eq(now.disabled_ms, 0);
    ck_assert_ptr_null(now.reason);
    ck_assert_int_eq(now.delivered, hook.delivered);
    close_database();
}
END_TEST

START_TEST(test_a_url_belongs_to_one_webhook)
{
    open_database(_i);
    struct hook_row a = add("https://a", NULL), now;
    add("https://b", NULL);
    struct hook_change change = {.url = "https://b", .enabled = -1};
    live_begin(&live, store, study_id);
    must_fail(ERROR_CONFLICT,
              hook_change(live, store, &arena, a.id, &change, 1, &now, &err));
    live_commit(live, store);
    change = (struct hook_change){
        .url = "https://a", .has_kinds = true, .kinds = " z ", .enabled = -1};
    in_transaction(
        hook_change(live, store, &arena, a.id, &change, 1, &now, &err));
    ck_assert_str_eq(get(a.id).kinds, " z ");
    ck_assert_int_eq(get(a.id).tried, 0);
    ck_assert_str_eq(last_event(), "webhook_changed");
    close_database();
}
END_TEST

START_TEST(test_a_webhook_is_removed_once_and_goes_with_its_study)
{
    open_database(_i);
    struct hook_row a = add("https://a", NULL), b = add("https://b", NULL);
    in_transaction(hook_remove(live, store, a.id, 1, &err));
    ck_assert_str_eq(last_event(), "webhook_deleted");
    live_begin(&live, store, study_id);
    must_fail(ERROR_NOT_FOUND, hook_remove(live, store, a.id, 1, &err));
    must(study_delete(live, store, &err));
    must(store_commit(store, &err));
    must_fail(ERROR_NOT_FOUND,
              store_hook_get(store, study_id, b.id, &arena, &a, &err));
    close_database();
}
END_TEST

// ---- deliveries -------------------------------------------------------------

static size_t due(int64_t now_ms, int64_t *first)
{
    struct hook_page page = {.limit = 10};
    must(store_hooks_due(store, now_ms, &page, &arena, &err));
    *first = page.n ? page.hooks[0].id : 0;
    return page.n;
}

static bool claim(const struct hook_row *hook, int64_t now_ms, int64_t tried,
                  int64_t lease_ms)
{
    struct hook_claim wanted = {.id = hook->id,
                                .was_delivered = hook->delivered,
                                .now_ms = now_ms,
                                .delivered = hook->delivered,
                                .tried = tried,
                                .lease_ms = lease_ms};
    bool granted;
    must(store_begin(store, &err));
    must(store_hook_claim(store, &wanted, &granted, &err));
    must(store_commit(store, &err));
    return granted;
}

static bool settle(const struct hook_row *hook)
{
    bool held;
    must(store_begin(store, &err));
    must(store_hook_settle(store, hook, &held, &err));
    must(store_commit(store, &err));
    return held;
}

START_TEST(test_a_webhook_is_due_when_it_has_events_and_nobody_delivers)
{
    int64_t id;
    open_database(_i);
    struct hook_row hook = add("https://a", NULL);
    ck_assert_uint_eq(due(100, &id), 0);
    happen(1, "x");
    ck_assert_uint_eq(due(100, &id), 1);
    ck_assert_int_eq(id, hook.id);
    ck_assert(claim(&hook, 100, hook.delivered + 1, 130));
    ck_assert_uint_eq(due(129, &id), 0);
    ck_assert_uint_eq(due(130, &id), 1);
    in_transaction(hook_give_up(live, store, hook.id, "gone", &err));
    ck_assert_uint_eq(due(1000, &id), 0);
    close_database();
}
END_TEST

START_TEST(test_one_of_two_claims_is_granted)
{
    open_database(_i);
    struct hook_row hook = add("https://a", NULL);
    happen(2, "x");
    ck_assert(claim(&hook, 100, hook.delivered + 2, 130));
    ck_assert(!claim(&hook, 101, hook.delivered + 2, 131));
    ck_assert_int_eq(get(hook.id).tried, hook.delivered + 2);
    ck_assert(claim(&hook, 130, hook.delivered + 2, 160));
    close_database();
}
END_TEST

START_TEST(test_a_success_moves_on_and_a_failure_keeps_what_was_tried)
{
    open_database(_i);
    struct hook_row hook = add("https://a", NULL), now;
    happen(2, "x");
    int64_t last = hook.delivered + 2, id;
    ck_assert(claim(&hook, 100, last, 130));
    hook = get(hook.id);
    hook.failures = 1;
    hook.failing_ms = hook.last_ms = 110;
    hook.due_ms = 150;
    hook.last_error = "no route";
    ck_assert(settle(&hook));
    now = get(hook.id);
    ck_assert_int_eq(now.tried, last);
    ck_assert_int_eq(now.lease_ms, 0);
    ck_assert_int_eq(now.failures, 1);
    ck_assert_int_eq(now.last_status, 0);
    ck_assert_str_eq(now.last_error, "no route");
    ck_assert_uint_eq(due(149, &id), 0);
    ck_assert(!claim(&now, 149, last, 180));
    ck_assert(claim(&now, 150, last, 180));
    hook = get(hook.id);
    hook.delivered = last;
    hook.failures = hook.failing_ms = hook.due_ms = 0;
    hook.last_status = 200;
    hook.last_error = NULL;
    ck_assert(settle(&hook));
    now = get(hook.id);
    ck_assert_int_eq(now.delivered, last);
    ck_assert_int_eq(now.tried, 0);
    ck_assert_int_eq(now.last_status, 200);
    ck_assert_ptr_null(now.last_error);
    ck_assert_uint_eq(due(1000, &id), 0);
    close_database();
}
END_TEST

START_TEST(test_whose_claim_ran_out_settles_nothing)
{
    open_database(_i);
    struct hook_row hook = add("https://a", NULL), late;
    happen(1, "x");
    ck_assert(claim(&hook, 100, hook.delivered + 1, 130));
    late = get(hook.id);
    ck_assert(claim(&hook, 140, hook.delivered + 1, 170));
    late.delivered++;
    ck_assert(!settle(&late));
    ck_assert_int_eq(get(hook.id).delivered, hook.delivered);
    ck_assert_int_eq(get(hook.id).lease_ms, 170);
    close_database();
}
END_TEST

START_TEST(test_claims_of_a_process_that_ended_are_released)
{
    int64_t id;
    open_database(_i);
    struct hook_row hook = add("https://a", NULL);
    happen(1, "x");
    ck_assert(claim(&hook, 100, hook.delivered + 1, 130));
    must(store_hooks_release(store, &err));
    ck_assert_uint_eq(due(100, &id), 1);
    close_database();
}
END_TEST

START_TEST(test_who_was_served_least_recently_comes_first)
{
    int64_t id;
    open_database(_i);
    struct hook_row a = add("https://a", NULL), b = add("https://b", NULL);
    happen(1, "x");
    ck_assert_uint_eq(due(100, &id), 2);
    ck_assert_int_eq(id, a.id);
    ck_assert(claim(&a, 100, a.delivered + 1, 130));
    a = get(a.id);
    a.last_ms = 110;
    ck_assert(settle(&a));
    ck_assert_uint_eq(due(200, &id), 2);
    ck_assert_int_eq(id, b.id);
    close_database();
}
END_TEST

START_TEST(test_pending_events_are_those_of_the_wanted_kinds)
{
    int64_t pending;
    open_database(_i);
    struct hook_row all = add("https://a", NULL),
                    some = add("https://b", " x ");
    happen(3, "x");
    happen(4, "xx");
    must(store_hook_pending(store, &all, 100, &pending, &err));
    ck_assert_int_eq(pending, 1 + 7); // the other one was made after it
    must(store_hook_pending(store, &all, 5, &pending, &err));
    ck_assert_int_eq(pending, 5);
    must(store_hook_pending(store, &some, 100, &pending, &err));
    ck_assert_int_eq(pending, 3);
    close_database();
}
END_TEST

START_TEST(test_another_url_is_tried_at_once_and_from_the_same_place)
{
    int64_t id;
    open_database(_i);
    struct hook_row hook = add("https://a", NULL), now;
    happen(1, "x");
    ck_assert(claim(&hook, 100, hook.delivered + 1, 130));
    hook = get(hook.id);
    hook.failures = 5;
    hook.failing_ms = hook.last_ms = 110;
    hook.due_ms = 100000;
    ck_assert(settle(&hook));
    ck_assert_uint_eq(due(200, &id), 0);
    struct hook_change change = {.url = "https://c", .enabled = -1};
    in_transaction(
        hook_change(live, store, &arena, hook.id, &change, 1, &now, &err));
    ck_assert_uint_eq(due(200, &id), 1);
    now = get(hook.id);
    ck_assert_int_eq(now.tried, 0);
    ck_assert_int_eq(now.failures, 0);
    ck_assert_int_eq(now.delivered, hook.delivered);
    close_database();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hook");
    TCase *tc = tcase_create("both databases");
    const TTest *const tests[] = {
        test_a_webhook_is_stored_as_it_was_made,
        test_the_same_webhook_is_made_once_and_another_with_its_url_never,
        test_a_study_has_a_bounded_number_of_webhooks,
        test_enabling_forgets_failures_and_keeps_the_place,
        test_a_url_belongs_to_one_webhook,
        test_a_webhook_is_removed_once_and_goes_with_its_study,
        test_a_webhook_is_due_when_it_has_events_and_nobody_delivers,
        test_one_of_two_claims_is_granted,
        test_a_success_moves_on_and_a_failure_keeps_what_was_tried,
        test_whose_claim_ran_out_settles_nothing,
        test_claims_of_a_process_that_ended_are_released,
        test_who_was_served_least_recently_comes_first,
        test_pending_events_are_those_of_the_wanted_kinds,
        test_another_url_is_tried_at_once_and_from_the_same_place,
        NULL,
    };
    tcase_set_timeout(tc, 60);
    for (size_t i = 0; tests[i] != NULL; i++)
        tcase_add_loop_test(tc, tests[i], 0, DATABASES);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
