// SPDX-License-Identifier: GPL-3.0-or-later
// test_transfer.c - results of other studies are thinned out and made
// comparable

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "rng.h"
#include "transfer.h"

enum { N = 1000, D = 2, M = 2, SOURCES = 4 };

static struct arena arena;
static double unit[N * D], value[N * M];
static uint32_t source[N];
static struct prior prior;

// Source s has values around 1000 s in units of 10^s; the second objective is
// minus the first. Sources are of 10, 330, 330 and 330 results, mixed.
static void setup(void)
{
    arena_init(&arena);
    struct rng rng = rng_at(1, 0);
    for (size_t i = 0; i < N; i++) {
        source[i] = i % 100 == 0 ? 0 : (uint32_t)(1 + i % 3);
        unit[i * D] = (double)i / N;
        unit[i * D + 1] = rng_uniform(&rng);
        value[i * M] = 1000 * source[i] + pow(10, source[i]) * rng_normal(&rng);
        value[i * M + 1] = -value[i * M];
    }
    prior = (struct prior){N, SOURCES, unit, value, source};
}

static void teardown(void)
{
    arena_done(&arena);
}

START_TEST(test_without_other_studies_there_is_nothing)
{
    ck_assert_uint_eq(transfer_of(NULL, D, M, &arena).n, 0);
    prior.n = 0;
    ck_assert_uint_eq(transfer_of(&prior, D, M, &arena).n, 0);
}
END_TEST

START_TEST(test_studies_have_equal_shares_of_300)
{
    // 75 each; the first has only ten.
    struct transfer transfer = transfer_of(&prior, D, M, &arena);
    size_t count[SOURCES] = {0};
    for (size_t i = 0; i < transfer.n; i++) {
        size_t row = (size_t)lround(*transfer.unit[i] * N);
        ck_assert_uint_eq(source[row], transfer.source[i]);
        count[transfer.source[i]]++;
    }
    ck_assert_uint_eq(count[0], 10);
    for (size_t s = 1; s < SOURCES; s++)
        ck_assert_uint_eq(count[s], 75);
}
END_TEST

START_TEST(test_the_best_results_are_kept)
{
    struct transfer transfer = transfer_of(&prior, D, M, &arena);
    double least[SOURCES], kept[SOURCES];
    for (size_t s = 0; s < SOURCES; s++)
        least[s] = kept[s] = INFINITY;
    for (size_t i = 0; i < N; i++)
        least[source[i]] = fmin(least[source[i]], value[i * M]);
    for (size_t i = 0; i < transfer.n; i++) {
        size_t row = (size_t)lround(*transfer.unit[i] * N);
        kept[source[row]] = fmin(kept[source[row]], value[row * M]);
    }
    for (size_t s = 0; s < SOURCES; s++)
        ck_assert_double_eq(kept[s], least[s]);
}
END_TEST

START_TEST(test_values_are_standardised_study_by_study)
{
    // 72 or 73 of each: all of them are kept, with mean 0 and variance 1.
    prior.n = 220;
    struct transfer transfer = transfer_of(&prior, D, M, &arena);
    for (size_t j = 0; j < M; j++)
        for (size_t s = 1; s < SOURCES; s++) {
            double n = 0, sum = 0, squares = 0;
            for (size_t i = 0; i < transfer.n; i++) {
                double y = transfer.y[j * TRANSFER_MOST + i];
                if (transfer.source[i] != s)
                    continue;
                n++;
                sum += y;
                squares += y * y;
            }
            ck_assert_double_eq_tol(sum / n, 0, 1e-12);
            ck_assert_double_eq_tol(squares / n, 1, 1e-12);
        }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("transfer");
    tcase_set_timeout(tests, 10);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_without_other_studies_there_is_nothing);
    tcase_add_test(tests, test_studies_have_equal_shares_of_300);
    tcase_add_test(tests, test_the_best_results_are_kept);
    tcase_add_test(tests, test_values_are_standardised_study_by_study);
    Suite *suite = suite_create("transfer");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
