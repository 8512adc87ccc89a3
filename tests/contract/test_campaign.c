// SPDX-License-Identifier: GPL-3.0-or-later
// test_campaign.c - campaigns in the store, and whose turn it is, on both
// databases
//
// `wanted` is a campaign with segments s0, s1 ..., built as the engine does it.

#include "campaign.h"
#include "roster.h"
#include "studies.h"

static struct database database;
static struct store *store;
static int64_t owner;
static struct error err;
static struct arena arena;
static struct rosters *rosters;

static void open_all(int kind)
{
    arena_init(&arena);
    store = database_ready(&database, kind);
    owner = new_user(store, "anna");
    rosters = rosters_new();
}

static void close_all(void)
{
    rosters_free(rosters);
    store_close(store);
    database_remove(&database);
    arena_done(&arena);
}

static struct definition *define(const struct campaign_wanted *wanted, size_t i,
                                 struct error *fault)
{
    (void)fault;
    return definition_of(
        arena_print(&arena, "%s/%s", wanted->name, wanted->segments[i].name),
        "\"sampler\":\"random\"," ONE_FLOAT);
}

static struct campaign_wanted wants(const char *key, size_t n)
{
    struct campaign_segment *segments =
        arena_zeros(&arena, n, sizeof *segments);
    for (size_t i = 0; i < n; i++)
        segments[i] =
            (struct campaign_segment){.name = arena_print(&arena, "s%zu", i),
                                      .x = (double)i,
                                      .overrides = "{}"};
    return (struct campaign_wanted){.owner_id = owner,
                                    .key = key,
                                    .name = "scan",
                                    .template_ = "{}",
                                    .segments = segments,
                                    .n = n,
                                    .missing =
                                        arena_alloc(&arena, n * sizeof(size_t)),
                                    .define = define};
}

static void begin(struct campaign_wanted *wanted)
{
    must(store_begin(store, &err));
    must(campaign_begin(store, wanted, &err));
    must(store_commit(store, &err));
}

// Builds to the end. Returns the number of steps.
static size_t build(struct campaign_wanted *wanted)
{
    size_t steps = 0;
    for (; wanted->built < wanted->n_missing; steps++) {
        must(store_begin(store, &err));
        must(campaign_build(store, wanted, &err));
        must(store_commit(store, &err));
        ck_assert_uint_gt(wanted->next, wanted->built);
        wanted->built = wanted->next;
    }
    return steps;
}

static void publish(struct campaign_wanted *wanted)
{
    must(store_begin(store, &err));
    must(campaign_publish(store, wanted, &err));
    must(store_commit(store, &err));
}

static struct campaign_wanted made(size_t n)
{
    struct campaign_wanted wanted = wants("campaign", n);
    begin(&wanted);
    build(&wanted);
    publish(&wanted);
    ck_assert(wanted.made);
    return wanted;
}

static int count_study(void *context, const struct study_row *row,
                       struct error *fault)
{
    (void)row, (void)fault;
    ++*(size_t *)context;
    return 0;
}

static size_t studies_seen(void)
{
    size_t n = 0;
    const struct study_filter filter = {
        .user_id = owner, .state = -1, .limit = 2000};
    must(store_study_list(store, &filter, count_study, &n, &err));
    return n;
}

static int keep_segment(void *context, const struct segment_row *row,
                        struct error *fault)
{
    struct seen *seen = context;
    (void)fault;
    seen->id[seen->n++] = row->study_id;
    return 0;
}

static struct seen segments_of(int64_t id)
{
    struct seen seen = {.n = 0};
    must(store_segment_list(store, id, -1, 1000, keep_segment, &seen, &err));
    return seen;
}

// ---- building ---------------------------------------------------------------

START_TEST(test_nobody_finds_a_campaign_before_it_is_published)
{
    struct campaign_row row;
    open_all(_i);
    struct campaign_wanted wanted = wants("campaign", 60);
    begin(&wanted);
    ck_assert_uint_ge(build(&wanted), 60 / CAMPAIGN_STEP);
    must_fail(ERROR_NOT_FOUND,
              store_campaign_find(store, "campaign", &arena, &row, &err));
    ck_assert_uint_eq(studies_seen(), 0);
    publish(&wanted);
    must(store_campaign_find(store, "campaign", &arena, &row, &err));
    ck_assert_int_eq(row.id, wanted.id);
    ck_assert_int_eq(row.n_segments, 60);
    ck_assert_uint_eq(studies_seen(), 60);
    close_all();
}
END_TEST

START_TEST(test_a_second_builder_finds_the_first_ones_campaign)
{
    open_all(_i);
    struct campaign_wanted second = wants("second", 3);
    begin(&second);
    build(&second);
    struct campaign_wanted first = made(3);
    publish(&second);
    ck_assert(!second.made);
    ck_assert_int_eq(second.id, first.id);
    ck_assert_uint_eq(studies_seen(), 3);
    close_all();
}
END_TEST

START_TEST(test_what_was_given_up_is_not_gone_on_with_and_removed)
{
    bool abandoned, gone = false;
    int64_t id;
    open_all(_i);
    struct campaign_wanted wanted = wants("campaign", 60);
    begin(&wanted);
    build(&wanted);
    must(store_begin(store, &err));
    must(store_campaign_abandon(store, wanted.building_id, &abandoned, &err));
    must(store_commit(store, &err));
    ck_assert(abandoned);
    must(store_begin(store, &err));
    must_fail(ERROR_CONFLICT, campaign_publish(store, &wanted, &err));
    store_rollback(store);
    must(store_campaign_abandoned(store, 1, &id, &err));
    ck_assert_int_eq(id, wanted.building_id);
    for (int steps = 0; !gone; steps++) {
        ck_assert_int_lt(steps, 5);
        must(store_begin(store, &err));
        must(campaign_dismantle(store, id, &gone, &err));
        must(store_commit(store, &err));
    }
    must(store_campaign_abandoned(store, 1, &id, &err));
    ck_assert_int_eq(id, 0);
    ck_assert_uint_eq(segments_of(wanted.building_id).n, 0);
    close_all();
}
END_TEST

START_TEST(test_a_campaign_that_is_complete_is_not_dismantled)
{
    bool gone;
    open_all(_i);
    struct campaign_wanted wanted = made(3);
    must(store_begin(store, &err));
    must(campaign_dismantle(store, wanted.id, &gone, &err));
    must(store_commit(store, &err));
    ck_assert(gone);
    ck_assert_uint_eq(studies_seen(), 3);
    close_all();
}
END_TEST

START_TEST(test_added_segments_come_after_those_that_are_there)
{
    open_all(_i);
    struct campaign_wanted first = made(3);
    struct seen before = segments_of(first.id);
    struct campaign_wanted more = wants("more", 5);
    more.into_id = first.id;
    begin(&more);
    ck_assert_uint_eq(more.n_missing, 2);
    build(&more);
    publish(&more);
    struct seen after = segments_of(first.id);
    ck_assert_uint_eq(after.n, 5);
    ck_assert_mem_eq(after.id, before.id, 3 * sizeof *after.id);
    struct campaign_wanted again = wants("again", 5);
    again.into_id = first.id;
    begin(&again);
    ck_assert_int_eq(again.id, first.id);
    close_all();
}
END_TEST

START_TEST(test_an_answered_ask_is_written_down_once)
{
    const unsigned char key[STORE_ASK_KEY_BYTES] = {1};
    bool added;
    int64_t study;
    open_all(_i);
    struct campaign_wanted wanted = made(2);
    struct seen seen = segments_of(wanted.id);
    must(store_begin(store, &err));
    must(store_campaign_ask_add(store, wanted.id, key, seen.id[0], &added,
                                &err));
    ck_assert(added);
    must(store_campaign_ask_add(store, wanted.id, key, seen.id[1], &added,
                                &err));
    ck_assert(!added);
    must(store_commit(store, &err));
    must(store_campaign_ask_find(store, wanted.id, key, &study, &err));
    ck_assert_int_eq(study, seen.id[0]);
    close_all();
}
END_TEST

// ---- whose turn it is -------------------------------------------------------

static struct turn take(int64_t campaign, int expected, struct ask *ask)
{
    struct turn turn = {.campaign_id = campaign, .n = 1};
    err = (struct error){0};
    ck_assert_int_eq(roster_take(rosters, &turn, ask, &err), expected);
    return turn;
}

// Asks the study as a writer of the engine does, and says so before and after.
static void ask_there(struct turn *turn, struct ask *ask)
{
    struct live *live = NULL;
    size_t number;
    *ask = (struct ask){.n = 1, .numbers = &number, .arena = &arena};
    live_begin(&live, store, turn->study_id);
    must(trial_ask(live, store, ask, &err));
    roster_applied(rosters, turn, ask->n_numbers);
    live_commit(live, store);
    roster_note(rosters, live);
    roster_leave(rosters, turn, ask, live);
    live_free(live);
}

START_TEST(test_a_thousand_asks_at_once_are_spread_evenly)
{
    static struct turn turns[1000];
    size_t counts[300] = {0};
    int64_t id;
    struct ask ask;
    open_all(_i);
    struct campaign_wanted wanted = made(300);
    struct seen seen = segments_of(wanted.id);
    must(rosters_open(rosters, store, "campaign", &id, &err));
    for (size_t i = 0; i < 1000; i++) {
        turns[i] = take(id, 0, &ask);
        for (size_t k = 0; k < 300; k++)
            counts[k] += turns[i].study_id == seen.id[k];
    }
    for (size_t k = 0; k < 300; k++) {
        ck_assert_uint_ge(counts[k], 3);
        ck_assert_uint_le(counts[k], 4);
    }
    // Half of them are answered. They count no more and no less than before.
    for (size_t i = 0; i < 500; i++)
        ask_there(&turns[i], &ask);
    for (size_t i = 0; i < 200; i++) {
        struct turn turn = take(id, 0, &ask);
        for (size_t k = 0; k < 300; k++)
            counts[k] += turn.study_id == seen.id[k];
    }
    for (size_t k = 0; k < 300; k++)
        ck_assert_uint_eq(counts[k], 4);
    close_all();
}
END_TEST

START_TEST(test_what_was_refused_is_passed_over_until_the_study_changes)
{
    int64_t id;
    struct ask none = {.reason = "budget"}, ask = {.arena = &arena};
    struct live *live = NULL;
    open_all(_i);
    struct campaign_wanted wanted = made(2);
    must(rosters_open(rosters, store, "campaign", &id, &err));
    struct turn first = take(id, 0, &ask), turn;
    int64_t closed = first.study_id;
    live_begin(&live, store, closed);
    store_rollback(store);
    roster_leave(rosters, &first, &none, live);
    for (int i = 0; i < 3; i++) {
        turn = take(id, 0, &ask);
        ck_assert_int_ne(turn.study_id, closed);
    }
    live->progress.revision++;
    roster_note(rosters, live);
    turn = take(id, 0, &ask);
    ck_assert_int_eq(turn.study_id, closed);
    live->state = STUDY_PAUSED;
    live->progress.revision++;
    roster_note(rosters, live);
    roster_gone(rosters, segments_of(wanted.id).id[0] == closed
                             ? segments_of(wanted.id).id[1]
                             : segments_of(wanted.id).id[0]);
    take(id, 1, &ask);
    ck_assert_str_eq(ask.reason, "paused");
    ck_assert_str_eq(ask.detail, "2 segments: 1 paused, 1 finished");
    ck_assert_double_gt(ask.retry_after_s, 0);
    live_free(live);
    close_all();
}
END_TEST

START_TEST(test_an_ask_that_fails_counts_nowhere)
{
    int64_t id;
    struct ask ask = {.arena = &arena};
    open_all(_i);
    made(2);
    must(rosters_open(rosters, store, "campaign", &id, &err));
    struct turn lost = take(id, 0, &ask);
    int64_t study = lost.study_id;
    roster_applied(rosters, &lost, 1);
    roster_leave(rosters, &lost, NULL, NULL);
    struct turn a = take(id, 0, &ask), b = take(id, 0, &ask);
    ck_assert_int_ne(a.study_id, b.study_id);
    ck_assert(a.study_id == study || b.study_id == study);
    roster_drop(rosters, id);
    must_fail(ERROR_NOT_FOUND, roster_take(rosters, &a, &ask, &err));
    close_all();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("campaign");
    TCase *building = tcase_create("building");
    TCase *turns = tcase_create("turns");
    tcase_set_timeout(building, 60);
    tcase_set_timeout(turns, 60);
    tcase_add_loop_test(building,
                        test_nobody_finds_a_campaign_before_it_is_published, 0,
                        DATABASES);
    tcase_add_loop_test(building,
                        test_a_second_builder_finds_the_first_ones_campaign, 0,
                        DATABASES);
    tcase_add_loop_test(building,
                        test_what_was_given_up_is_not_gone_on_with_and_removed,
                        0, DATABASES);
    tcase_add_loop_test(building,
                        test_a_campaign_that_is_complete_is_not_dismantled, 0,
                        DATABASES);
    tcase_add_loop_test(building,
                        test_added_segments_come_after_those_that_are_there, 0,
                        DATABASES);
    tcase_add_loop_test(building, test_an_answered_ask_is_written_down_once, 0,
                        DATABASES);
    tcase_add_loop_test(turns, test_a_thousand_asks_at_once_are_spread_evenly,
                        0, DATABASES);
    tcase_add_loop_test(
        turns, test_what_was_refused_is_passed_over_until_the_study_changes, 0,
        DATABASES);
    tcase_add_loop_test(turns, test_an_ask_that_fails_counts_nowhere, 0,
                        DATABASES);
    suite_add_tcase(suite, building);
    suite_add_tcase(suite, turns);
    return databases_run(suite);
}
