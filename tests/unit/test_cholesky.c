// SPDX-License-Identifier: GPL-3.0-or-later
// test_cholesky.c - factors and inverses of matrices of every small size

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cholesky.h"
#include "rng.h"

void openblas_set_num_threads(int threads);

enum { MOST = 130, STRIDE = 136 };

static double matrix[MOST * STRIDE], factor[MOST * STRIDE];

#define AT(a, i, j) ((a)[(size_t)(j)*STRIDE + (size_t)(i)])

// A symmetric matrix with a dominant diagonal, which makes it positive
// definite; NaN below the diagonal, which must not be read.
static void fill(size_t n)
{
    struct rng rng = rng_at(1, n);
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i < n; i++)
            AT(matrix, i, j) = i > j    ? NAN
                               : i == j ? (double)n
                                        : rng_uniform(&rng) - 0.5;
    memcpy(factor, matrix, sizeof matrix);
}

static double entry(const double *a, size_t i, size_t j)
{
    return i <= j ? AT(a, i, j) : AT(a, j, i);
}

START_TEST(test_the_factor_times_its_transpose_is_the_matrix)
{
    for (size_t n = 1; n <= MOST; n += 1 + n / 5) {
        fill(n);
        ck_assert(cholesky_factor(factor, n, STRIDE));
        for (size_t j = 0; j < n; j++)
            for (size_t i = 0; i <= j; i++) {
                double sum = 0;
                for (size_t k = 0; k <= i; k++)
                    sum += AT(factor, k, i) * AT(factor, k, j);
                ck_assert_double_eq_tol(sum, AT(matrix, i, j), 1e-12);
            }
    }
}
END_TEST

START_TEST(test_the_inverse_times_the_matrix_is_one)
{
    for (size_t n = 1; n <= MOST; n += 1 + n / 5) {
        fill(n);
        ck_assert(cholesky_factor(factor, n, STRIDE));
        cholesky_invert(factor, n, STRIDE);
        for (size_t j = 0; j < n; j++)
            for (size_t i = 0; i < n; i++) {
                double sum = 0;
                for (size_t k = 0; k < n; k++)
                    sum += entry(factor, i, k) * entry(matrix, k, j);
                ck_assert_double_eq_tol(sum, i == j, 1e-12);
            }
    }
}
END_TEST

START_TEST(test_solving_twice_applies_the_inverse)
{
    double x[MOST], several[2 * STRIDE];
    size_t n = 97;
    fill(n);
    ck_assert(cholesky_factor(factor, n, STRIDE));
    for (size_t i = 0; i < n; i++)
        several[i] = several[STRIDE + i] = x[i] = cos((double)i);
    cholesky_solve(factor, n, STRIDE, true, x);
    cholesky_solve_many(factor, n, STRIDE, 2, several);
    for (size_t i = 0; i < n; i++)
        ck_assert_double_eq_tol(several[STRIDE + i], x[i], 1e-14);
    cholesky_solve(factor, n, STRIDE, false, x);
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t k = 0; k < n; k++)
            sum += entry(matrix, i, k) * x[k];
        ck_assert_double_eq_tol(sum, cos((double)i), 1e-12);
    }
}
END_TEST

START_TEST(test_a_matrix_that_is_not_positive_definite_is_refused)
{
    for (size_t n = 2; n <= MOST; n += 1 + n / 5)
        for (size_t at = 0; at < n; at += 1 + n / 4) {
            fill(n);
            AT(factor, at, at) = -1e-3;
            ck_assert(!cholesky_factor(factor, n, STRIDE));
            fill(n);
            AT(factor, at, at) = NAN;
            ck_assert(!cholesky_factor(factor, n, STRIDE));
        }
}
END_TEST

int main(void)
{
    openblas_set_num_threads(1);
    TCase *tests = tcase_create("cholesky");
    tcase_set_timeout(tests, 10);
    tcase_add_test(tests, test_the_factor_times_its_transpose_is_the_matrix);
    tcase_add_test(tests, test_the_inverse_times_the_matrix_is_one);
    tcase_add_test(tests, test_solving_twice_applies_the_inverse);
    tcase_add_test(tests,
                   test_a_matrix_that_is_not_positive_definite_is_refused);
    Suite *suite = suite_create("cholesky");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
