// SPDX-License-Identifier: GPL-3.0-or-later
// test_fair.c - whose turn it is

#include <check.h>
#include <stdlib.h>

#include "fair.h"

static struct fair *fair;

static void begin(const struct fair_limits *limits)
{
    fair = fair_new(limits);
}

static void put(int64_t user, const char *work)
{
    ck_assert_int_eq(fair_put(fair, user, (void *)(uintptr_t)work), 0);
}

// Takes a piece, which must be this one, and does it in so many seconds.
static void do_next(const char *work, double seconds)
{
    struct fair_lane *lane;
    ck_assert_str_eq(fair_take(fair, &lane), work);
    fair_done(fair, lane, seconds);
}

START_TEST(test_work_of_one_user_is_done_in_order)
{
    begin(&(struct fair_limits){.waiting = 0});
    put(1, "a");
    put(1, "b");
    put(1, "c");
    ck_assert_uint_eq(fair_waiting(fair), 3);
    do_next("a", 5);
    do_next("b", 0);
    do_next("c", 1);
    ck_assert_ptr_null(fair_take(fair, &(struct fair_lane *){NULL}));
    ck_assert_uint_eq(fair_waiting(fair), 0);
    fair_free(fair);
}
END_TEST

START_TEST(test_who_comes_last_with_little_is_next_after_one_piece_of_much)
{
    begin(&(struct fair_limits){.waiting = 0});
    for (int i = 0; i < 1000; i++)
        put(1, "much");
    do_next("much", 1);
    put(2, "little");
    do_next("little", 0.001);
    do_next("much", 1);
    fair_free(fair);
}
END_TEST

// Pieces of 30 ms against pieces of 10 ms: in the long run three of the cheap
// ones for each dear one, which gives both users half the time.
START_TEST(test_users_get_the_same_time_not_the_same_number)
{
    int n[3] = {0};
    begin(&(struct fair_limits){.waiting = 0});
    for (int i = 0; i < 400; i++) {
        put(1, "1");
        put(2, "2");
    }
    for (int i = 0; i < 400; i++) {
        struct fair_lane *lane;
        int user = *(const char *)fair_take(fair, &lane) - '0';
        n[user]++;
        fair_done(fair, lane, user == 1 ? 0.03 : 0.01);
    }
    ck_assert_int_ge(n[2], 299);
    ck_assert_int_le(n[2], 301);
    fair_free(fair);
}
END_TEST

START_TEST(test_nobody_saves_up_turns_by_waiting)
{
    begin(&(struct fair_limits){.waiting = 0});
    put(2, "early");
    do_next("early", 0);
    for (int i = 0; i < 10; i++) {
        put(1, "busy");
        do_next("busy", 1);
    }
    put(1, "busy");
    for (int i = 0; i < 20; i++)
        put(2, "late");
    // It begins where the others are, a second behind them at most.
    do_next("late", 1);
    struct fair_lane *lane;
    int busy = 0;
    for (int i = 0; i < 2; i++) {
        busy += *(const char *)fair_take(fair, &lane) == 'b';
        fair_done(fair, lane, 1);
    }
    ck_assert_int_eq(busy, 1);
    fair_free(fair);
}
END_TEST

START_TEST(test_threads_that_take_at_once_take_from_different_users)
{
    struct fair_lane *a, *b;
    begin(&(struct fair_limits){.waiting = 0});
    put(1, "x");
    put(1, "x");
    put(2, "y");
    const char *first = fair_take(fair, &a), *second = fair_take(fair, &b);
    ck_assert_ptr_ne(a, b);
    ck_assert_str_ne(first, second);
    fair_free(fair);
}
END_TEST

START_TEST(test_only_the_lane_that_is_full_refuses)
{
    begin(&(struct fair_limits){.waiting = 2});
    put(1, "a");
    put(1, "b");
    ck_assert_int_eq(fair_put(fair, 1, "c"), -1);
    put(2, "d");
    do_next("a", 0);
    put(1, "e");
    fair_free(fair);
}
END_TEST

START_TEST(test_a_lane_at_its_limit_lets_others_pass)
{
    struct fair_lane *first, *other;
    begin(&(struct fair_limits){.running = 1});
    put(1, "a");
    put(1, "b");
    ck_assert_str_eq(fair_take(fair, &first), "a");
    ck_assert_ptr_null(fair_take(fair, &other));
    put(2, "c");
    ck_assert_str_eq(fair_take(fair, &other), "c");
    fair_done(fair, first, 1);
    ck_assert_str_eq(fair_take(fair, &first), "b");
    fair_free(fair);
}
END_TEST

START_TEST(test_what_is_held_counts_until_it_is_let_go)
{
    struct fair_lane *one, *two, *none;
    begin(&(struct fair_limits){.held = 1, .all_held = 2});
    for (int64_t user = 1; user <= 3; user++)
        put(user, "x");
    put(1, "y");
    fair_take(fair, &one);
    fair_done(fair, one, 0);
    fair_take(fair, &two);
    fair_done(fair, two, 0);
    ck_assert_ptr_ne(one, two);
    ck_assert_ptr_null(fair_take(fair, &none));
    fair_let_go(fair, one);
    ck_assert_str_eq(fair_take(fair, &none), "x");
    fair_free(fair);
}
END_TEST

START_TEST(test_pieces_that_are_joined_count_as_one)
{
    struct fair_lane *lane, *none;
    begin(&(struct fair_limits){.running = 1});
    put(1, "a");
    fair_take(fair, &lane);
    fair_join(fair, lane);
    put(1, "b");
    ck_assert_str_eq(fair_take(fair, &lane), "b");
    put(1, "c");
    ck_assert_ptr_null(fair_take(fair, &none));
    fair_done(fair, lane, 1);
    fair_done_joined(fair, lane, 1);
    do_next("c", 1);
    fair_free(fair);
}
END_TEST

START_TEST(test_work_that_does_not_fit_stays_and_keeps_its_turn)
{
    struct fair_lane *lane;
    begin(&(struct fair_limits){.waiting = 0});
    put(1, "long");
    fair_take(fair, &lane);
    // A quarter of the last size: 4 s after nothing.
    fair_note_size(lane, 4);
    fair_done(fair, lane, 4);
    put(1, "long again");
    ck_assert_ptr_null(fair_take_within(fair, 0.9, &lane));
    ck_assert_uint_eq(fair_waiting(fair), 1);
    ck_assert_str_eq(fair_take_within(fair, 1.1, &lane), "long again");
    ck_assert(fair_size(lane) > 0.9);
    fair_free(fair);
}
END_TEST

START_TEST(test_a_tally_is_kept_while_it_is_not_zero)
{
    begin(&(struct fair_limits){.waiting = 0});
    *fair_tally(fair, 7) = 3;
    for (int64_t user = 0; user < 5000; user++)
        ck_assert_uint_eq(*fair_tally(fair, user), user == 7 ? 3 : 0);
    fair_free(fair);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fair");
    TCase *all = tcase_create("all");
    tcase_add_test(all, test_work_of_one_user_is_done_in_order);
    tcase_add_test(
        all, test_who_comes_last_with_little_is_next_after_one_piece_of_much);
    tcase_add_test(all, test_users_get_the_same_time_not_the_same_number);
    tcase_add_test(all, test_nobody_saves_up_turns_by_waiting);
    tcase_add_test(all,
                   test_threads_that_take_at_once_take_from_different_users);
    tcase_add_test(all, test_only_the_lane_that_is_full_refuses);
    tcase_add_test(all, test_a_lane_at_its_limit_lets_others_pass);
    tcase_add_test(all, test_what_is_held_counts_until_it_is_let_go);
    tcase_add_test(all, test_work_that_does_not_fit_stays_and_keeps_its_turn);
    tcase_add_test(all, test_pieces_that_are_joined_count_as_one);
    tcase_add_test(all, test_a_tally_is_kept_while_it_is_not_zero);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
