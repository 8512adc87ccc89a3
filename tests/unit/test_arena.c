// SPDX-License-Identifier: GPL-3.0-or-later
// test_arena.c - scratch memory that is thrown away in one piece

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_done(&arena);
}

START_TEST(test_pieces_are_aligned_and_do_not_overlap)
{
    enum { PIECES = 2000 };
    unsigned char *piece[PIECES];
    for (size_t i = 0; i < PIECES; i++) {
        piece[i] = arena_alloc(&arena, i % 97);
        ck_assert_uint_eq((uintptr_t)piece[i] % _Alignof(max_align_t), 0);
        memset(piece[i], (int)(i % 251), i % 97);
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t j = 0; j < i % 97; j++)
            ck_assert_uint_eq(piece[i][j], i % 251);
}
END_TEST

START_TEST(test_a_piece_may_be_larger_than_any_block)
{
    char *small = arena_copy(&arena, "kept", 4);
    char *large = arena_alloc(&arena, 10 << 20);
    memset(large, 'x', 10 << 20);
    char *after = arena_copy(&arena, "next", 4);
    ck_assert_str_eq(small, "kept");
    ck_assert_str_eq(after, "next");
}
END_TEST

START_TEST(test_an_arena_knows_what_memory_it_holds)
{
    ck_assert_uint_eq(arena_bytes(&arena), 0);
    arena_alloc(&arena, 100);
    size_t few = arena_bytes(&arena);
    ck_assert_uint_ge(few, 100);
    arena_alloc(&arena, 10 << 20);
    ck_assert_uint_ge(arena_bytes(&arena), few + (10 << 20));
    arena_reset(&arena);
    ck_assert_uint_eq(arena_bytes(&arena), few);
}
END_TEST

START_TEST(test_reset_reuses_the_first_block)
{
    void *first = arena_alloc(&arena, 100);
    for (int i = 0; i < 100; i++)
        arena_alloc(&arena, 5000);
    arena_reset(&arena);
    ck_assert_ptr_eq(arena_alloc(&arena, 100), first);
}
END_TEST

START_TEST(test_an_unused_arena_can_be_reset)
{
    arena_reset(&arena);
    ck_assert_ptr_null(arena.block);
}
END_TEST

START_TEST(test_zeros_are_zero_in_reused_memory)
{
    memset(arena_alloc(&arena, 4096), 0xff, 4096);
    arena_reset(&arena);
    unsigned char *zeros = arena_zeros(&arena, 512, 8);
    for (size_t i = 0; i < 4096; i++)
        ck_assert_uint_eq(zeros[i], 0);
}
END_TEST

START_TEST(test_doubles_hold_n_numbers)
{
    double *numbers = arena_doubles(&arena, 10000);
    for (int i = 0; i < 10000; i++)
        numbers[i] = i;
    arena_alloc(&arena, 100);
    for (int i = 0; i < 10000; i++)
        ck_assert_double_eq(numbers[i], i);
}
END_TEST

START_TEST(test_copy_ends_with_nul)
{
    char *copy = arena_copy(&arena, "abcdef", 3);
    ck_assert_str_eq(copy, "abc");
    ck_assert_str_eq(arena_copy(&arena, NULL, 0), "");
}
END_TEST

START_TEST(test_print_takes_any_length)
{
    ck_assert_str_eq(arena_print(&arena, "%d-%s", 7, "x"), "7-x");
    char *text = arena_print(&arena, "%0100000d", 1);
    ck_assert_uint_eq(strlen(text), 100000);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("arena");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, test_pieces_are_aligned_and_do_not_overlap);
    tcase_add_test(cases, test_a_piece_may_be_larger_than_any_block);
    tcase_add_test(cases, test_an_arena_knows_what_memory_it_holds);
    tcase_add_test(cases, test_reset_reuses_the_first_block);
    tcase_add_test(cases, test_an_unused_arena_can_be_reset);
    tcase_add_test(cases, test_zeros_are_zero_in_reused_memory);
    tcase_add_test(cases, test_doubles_hold_n_numbers);
    tcase_add_test(cases, test_copy_ends_with_nul);
    tcase_add_test(cases, test_print_takes_any_length);
    Suite *suite = suite_create("arena");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
