// SPDX-License-Identifier: GPL-3.0-or-later
// test_wire_csv.c - lines of CSV with different columns, under one head

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "wire_csv.h"

static struct arena arena;
static struct columns columns;
static struct text text;

static void setup(void)
{
    arena_init(&arena);
    columns_init(&columns, &arena);
    text_init(&text, &arena);
}

static void teardown(void)
{
    arena_done(&arena);
}

static void add(const char *head)
{
    columns_add(&columns, head, strlen(head));
}

static void check_line(const char *head, const char *line, const char *expected)
{
    text_init(&text, &arena);
    columns_take(&columns, head, strlen(head));
    columns_line(&columns, &text, line, strlen(line));
    ck_assert_str_eq(text.data, expected);
}

START_TEST(test_each_name_comes_once_in_the_order_in_which_it_came_first)
{
    add("number,x,y\r\n");
    add("number,z,x\r\n");
    columns_head(&columns, &text);
    ck_assert_str_eq(text.data, "number,x,y,z");
}
END_TEST

START_TEST(test_a_line_leaves_the_columns_of_others_empty)
{
    add("number,x,y\r\n");
    add("number,z,x\r\n");
    check_line("number,x,y\r\n", "0,1,2\r\n", "0,1,2,");
    check_line("number,z,x\r\n", "0,1,2\r\n", "0,2,,1");
    check_line("number,z,x\r\n", "0,,\r\n", "0,,,");
}
END_TEST

START_TEST(test_a_quoted_cell_is_taken_as_it_is)
{
    add("a,\"b,\"\"c\"\"\",d\r\n");
    columns_head(&columns, &text);
    ck_assert_str_eq(text.data, "a,\"b,\"\"c\"\"\",d");
    check_line("d,a\r\n", "\"x,\r\n\"\"y\"\"\",1\r\n",
               "1,,\"x,\r\n\"\"y\"\"\"");
}
END_TEST

START_TEST(test_many_names_are_told_apart)
{
    struct text head, line;
    text_init(&head, &arena);
    text_init(&line, &arena);
    for (int i = 0; i < 1000; i++) {
        text_print(&head, "%sp%d", i ? "," : "", i);
        text_print(&line, "%s%d", i ? "," : "", i);
    }
    add(head.data);
    add(head.data);
    ck_assert_uint_eq(columns.n, 1000);
    check_line(head.data, line.data, line.data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wire_csv");
    TCase *tcase = tcase_create("columns");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(
        tcase, test_each_name_comes_once_in_the_order_in_which_it_came_first);
    tcase_add_test(tcase, test_a_line_leaves_the_columns_of_others_empty);
    tcase_add_test(tcase, test_a_quoted_cell_is_taken_as_it_is);
    tcase_add_test(tcase, test_many_names_are_told_apart);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
