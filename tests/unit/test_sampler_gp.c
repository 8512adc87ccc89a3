// SPDX-License-Identifier: GPL-3.0-or-later
// test_sampler_gp.c - the gp sampler learns, waits for nobody and never breaks

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "rng.h"
#include "sampler.h"
#include "spaces.h"

void openblas_set_num_threads(int threads);

enum { SEEDS = 7 };

static struct arena arena;
static struct history history;
static double options[OPTION_MAX];
static const struct sampler *gp;

static void setup(void)
{
    arena_init(&arena);
    space_init(&space);
    history_init(&history, &space);
    gp = sampler_find("gp");
    option_defaults(gp->options, gp->n_options, options);
}

static void teardown(void)
{
    history_done(&history);
    space_done(&space);
    arena_done(&arena);
}

static size_t tell(const double *point, enum trial_state state, double value)
{
    size_t number = history_append(&history, TRIAL_RUNNING, point);
    history_move(&history, number, state, value);
    return number;
}

// Writes a suggestion and checks that it is a point of the space.
static void suggest(const struct sampler *sampler, uint64_t seed,
                    uint64_t number, double *point)
{
    struct error err = {0};
    double standard[OPTION_MAX];
    option_defaults(sampler->options, sampler->n_options, standard);
    struct sampler_task task = {.space = &space,
                                .history = &history,
                                .options = sampler == gp ? options : standard,
                                .seed = seed};
    int status = sampler_suggest(sampler, &task, number, &arena,
                                 &(struct suggestion){.point = point}, &err);
    ck_assert_msg(status == 0, "%s", err.message);
    ck_assert_msg(space_check(&space, point, &err) == 0, "%s", err.message);
    arena_reset(&arena);
}

// ---- quality ----------------------------------------------------------------

// Least values 0.39788735772973816 and -3.32236801141551 (Surjanovic and
// Bingham, "Virtual library of simulation experiments", 2013); both are moved
// to 0.
static double branin(const double *u)
{
    double x = -5 + 15 * u[0], y = 15 * u[1];
    double a = y - 5.1 / (4 * M_PI * M_PI) * x * x + 5 / M_PI * x - 6;
    return a * a + 10 * (1 - 1 / (8 * M_PI)) * cos(x) + 10 -
           0.39788735772973816;
}

static double hartmann6(const double *u)
{
    static const double height[4] = {1, 1.2, 3, 3.2};
    static const double a[4][6] = {{10, 3, 17, 3.5, 1.7, 8},
                                   {0.05, 10, 17, 0.1, 8, 14},
                                   {3, 3.5, 1.7, 10, 17, 8},
                                   {17, 8, 0.05, 10, 0.1, 14}};
    static const double p[4][6] = {
        {0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
        {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
        {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
        {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}};
    double sum = 3.32236801141551;
    for (int i = 0; i < 4; i++) {
        double square = 0;
        for (int k = 0; k < 6; k++)
            square += a[i][k] * (u[k] - p[i][k]) * (u[k] - p[i][k]);
        sum -= height[i] * exp(-square);
    }
    return sum;
}

// Two categories, a log int and a bool that matters for one category only;
// least value 0 at (b, 0.37, 64, true).
static double mixed(const double *x)
{
    double off = x[1] - 0.37, octaves = log2(x[2] / 64);
    double wrong = isnan(x[3]) ? 0.3 : x[3] == 1 ? 0 : 0.4;
    return (x[0] == 1 ? 0 : 0.5) + wrong + 6 * off * off +
           0.1 * octaves * octaves;
}

static void mixed_space(void)
{
    char *choices[] = {"\"a\"", "\"b\"", "\"c\""};
    double one = 1;
    struct condition condition = {.parent = 0, .n = 1, .values = &one};
    add((struct param){.name = "kind",
                       .kind = PARAM_CATEGORICAL,
                       .n_choices = 3,
                       .choices = choices});
    add_floats(1);
    add((struct param){.name = "width",
                       .kind = PARAM_INT,
                       .low = 1,
                       .high = 1024,
                       .log = true});
    add((struct param){.name = "flag",
                       .kind = PARAM_BOOL,
                       .n_conditions = 1,
                       .conditions = &condition});
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

// Median over the seeds of the least value after n results; `workers` trials
// run at any time.
static double regret(const char *name, double (*f)(const double *), size_t n,
                     size_t workers)
{
    double best[SEEDS];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        history_done(&history);
        history_init(&history, &space);
        for (size_t i = 0; i < n; i++) {
            double point[6];
            suggest(sampler_find(name), seed, i, point);
            history_append(&history, TRIAL_RUNNING, point);
            if (history.count[TRIAL_RUNNING] == workers) {
                uint32_t first = history.running[0];
                history_move(&history, first, TRIAL_COMPLETE,
                             f(history_point(&history, first)));
            }
        }
        best[seed] = history.value[history.best];
    }
    qsort(best, SEEDS, sizeof *best, by_size);
    return best[SEEDS / 2];
}

// Checks that gp's regret after 50 results is below that of tpe and of random,
// divided by the factors.
static void beats(double (*f)(const double *), double tpe_factor,
                  double random_factor)
{
    double ours = regret("gp", f, 50, 1), tpe = regret("tpe", f, 50, 1);
    double random = regret("random", f, 50, 1);
    ck_assert_msg(ours * tpe_factor < tpe && ours * random_factor < random,
                  "gp %g, tpe %g, random %g", ours, tpe, random);
}

START_TEST(test_it_beats_tpe_and_random_search_on_branin)
{
    add_floats(2);
    beats(branin, 20, 100);
}
END_TEST

START_TEST(test_it_beats_tpe_and_random_search_on_hartmann6)
{
    add_floats(6);
    beats(hartmann6, 10, 20);
}
END_TEST

START_TEST(test_it_beats_tpe_and_random_search_on_a_mixed_space)
{
    mixed_space();
    beats(mixed, 2, 10);
}
END_TEST

START_TEST(test_eight_workers_still_beat_one_of_tpe)
{
    add_floats(6);
    double ours = regret("gp", hartmann6, 60, 8);
    double tpe = regret("tpe", hartmann6, 60, 1);
    ck_assert_msg(ours < tpe, "gp %g, tpe %g", ours, tpe);
}
END_TEST

// ---- a pure function --------------------------------------------------------

// n results at random points, with the squared distance to 0.3 as values.
static void fill(size_t n)
{
    struct rng rng = rng_at(99, 0);
    for (size_t i = 0; i < n; i++) {
        double unit[6], point[6], value = 0;
        for (size_t k = 0; k < space.n; k++) {
            unit[k] = rng_uniform(&rng);
            value += (unit[k] - 0.3) * (unit[k] - 0.3);
        }
        space_decode(&space, unit, point);
        tell(point, TRIAL_COMPLETE, value);
    }
}

static double bowl(const double *u)
{
    double sum = 0;
    for (int k = 0; k < 4; k++)
        sum += (u[k] - 0.37) * (u[k] - 0.37);
    return sum;
}

START_TEST(test_the_bottom_of_a_bowl_is_found_to_eight_digits)
{
    // A model that allows for noise of 1e-6 of the variance stops at 1e-7.
    add_floats(4);
    double left = regret("gp", bowl, 60, 1);
    ck_assert_msg(left < 1e-8, "%g", left);
}
END_TEST

START_TEST(test_a_leap_from_a_bottom_changes_two_coordinates)
{
    add_floats(4);
    size_t leaps = 0;
    for (size_t i = 0; i < 75; i++) {
        double point[4];
        suggest(gp, 5, i, point);
        size_t changed = 0, best = (size_t)history.best;
        double farthest = 0;
        for (size_t k = 0; k < 4 && i >= 45 && i % 3 != 2; k++) {
            double step = point[k] - history_point(&history, best)[k];
            changed += fabs(step) > 1e-12;
            farthest = fmax(farthest, fabs(step));
        }
        if (farthest > 0.3) {
            ck_assert_uint_le(changed, 2);
            leaps++;
        }
        tell(point, TRIAL_COMPLETE, bowl(point));
    }
    ck_assert_uint_gt(leaps, 0);
}
END_TEST

START_TEST(test_the_fit_length_follows_its_schedule)
{
    struct sampler_task any = {0};
    for (size_t n = 0; n <= 30; n++)
        ck_assert_uint_eq(gp->fit_length(&any, n), n);
    size_t last = 0;
    for (size_t n = 0; n < 20000; n++) {
        size_t length = gp->fit_length(&any, n), lag = n - length;
        ck_assert(length >= last && length <= n);
        size_t step = n <= 200 ? n / 40 : n / 20;
        step = step < 2 ? 2 : step > 50 ? 50 : step;
        ck_assert_uint_lt(lag, step);
        last = length;
    }
}
END_TEST

START_TEST(test_results_since_the_fit_are_used)
{
    // The model of 202 results serves 211 as well; what came since is the best
    // by far, and where no result was.
    add_floats(1);
    for (size_t i = 0; i < 202; i++) {
        double u = 0.7 * (double)i / 201;
        tell(&u, TRIAL_COMPLETE, (u - 0.3) * (u - 0.3));
    }
    ck_assert_uint_eq(gp->fit_length(&(struct sampler_task){0}, 211), 202);
    double before, after;
    suggest(gp, 1, 211, &before);
    for (int i = 0; i < 9; i++)
        tell((double[]){0.85 + 0.01 * i}, TRIAL_COMPLETE,
             -1 + 10 * pow(0.01 * i - 0.045, 2));
    suggest(gp, 1, 211, &after);
    ck_assert_double_lt(before, 0.7);
    ck_assert_double_gt(after, 0.8);
}
END_TEST

START_TEST(test_pending_trials_keep_others_away)
{
    // 16 suggestions, none of which has ended when the next one is asked for.
    add_floats(2);
    fill(30);
    for (size_t i = 30; i < 46; i++) {
        double point[2];
        suggest(gp, 4, i, point);
        for (size_t j = 0; j < i; j++) {
            const double *other = history_point(&history, j);
            ck_assert_double_gt(
                fmax(fabs(point[0] - other[0]), fabs(point[1] - other[1])),
                1e-6);
        }
        history_append(&history, TRIAL_RUNNING, point);
    }
}
END_TEST

START_TEST(test_the_startup_can_be_chosen)
{
    // Sobol points depend on the number alone.
    struct error err = {0};
    double early[2], later[2], modelled[2];
    add_floats(2);
    suggest(gp, 1, 20, early);
    fill(20);
    suggest(gp, 1, 20, modelled);
    ck_assert(option_set(gp->options, gp->n_options, "n_startup_trials", 21,
                         options, &err) == 0);
    suggest(gp, 1, 20, later);
    ck_assert_mem_eq(early, later, sizeof early);
    ck_assert(early[0] != modelled[0]);
}
END_TEST

START_TEST(test_with_many_workers_the_model_does_not_wait_for_the_start)
{
    // Of 16 trials two have ended, and then three: no Sobol point is next.
    double design[2], two[2], three[2];
    add_floats(2);
    suggest(gp, 1, 16, design);
    for (uint64_t i = 0; i < 16; i++) {
        double point[2];
        suggest(gp, 1, i, point);
        history_append(&history, TRIAL_RUNNING, point);
    }
    history_move(&history, 3, TRIAL_COMPLETE, 1);
    history_move(&history, 7, TRIAL_COMPLETE, 2);
    suggest(gp, 1, 16, two);
    history_move(&history, 5, TRIAL_COMPLETE, 3);
    suggest(gp, 1, 16, three);
    ck_assert_mem_eq(design, two, sizeof design);
    ck_assert(design[0] != three[0]);
}
END_TEST

START_TEST(test_three_results_of_few_trials_are_no_model_yet)
{
    double design[2], point[2];
    add_floats(2);
    suggest(gp, 1, 9, design);
    fill(9);
    suggest(gp, 1, 9, point);
    ck_assert_mem_eq(design, point, sizeof design);
}
END_TEST

// ---- results of every kind --------------------------------------------------

START_TEST(test_regions_that_fail_are_avoided)
{
    // Everything below 0.5 fails; the rest gets better towards it.
    add_floats(1);
    for (int i = 0; i < 30; i++) {
        double x = (i * 7 % 30 + 0.5) / 30;
        tell(&x, x < 0.5 ? TRIAL_FAILED : TRIAL_COMPLETE, x);
    }
    int failing = 0;
    for (int i = 0; i < 12; i++) {
        double x;
        suggest(gp, 2, history.n, &x);
        failing += x < 0.5;
        tell(&x, x < 0.5 ? TRIAL_FAILED : TRIAL_COMPLETE, x);
    }
    ck_assert_int_le(failing, 8);
}
END_TEST

START_TEST(test_pruned_trials_are_no_better_than_the_median)
{
    // Pruned at 0.8 with the least values of all; complete ones improve
    // towards 0.2.
    add_floats(1);
    for (int i = 0; i < 30; i++) {
        double x = (i * 7 % 30 + 0.5) / 30;
        bool pruned = x > 0.7;
        tell(&x, pruned ? TRIAL_PRUNED : TRIAL_COMPLETE,
             pruned ? -5 : fabs(x - 0.2));
    }
    for (uint64_t i = 30; i < 40; i++) {
        double x;
        suggest(gp, 2, i, &x);
        ck_assert_double_lt(x, 0.7);
    }
}
END_TEST

START_TEST(test_noise_is_no_obstacle)
{
    // Values around (x - 0.3)^2 with noise of sd 0.05: one lucky value far
    // from the optimum does not attract.
    add_floats(1);
    struct rng rng = rng_at(3, 0);
    for (int i = 0; i < 60; i++) {
        double x = (i * 37 % 60 + 0.5) / 60;
        tell(&x, TRIAL_COMPLETE,
             (x - 0.3) * (x - 0.3) + 0.05 * rng_normal(&rng));
    }
    tell((double[]){0.95}, TRIAL_COMPLETE, -0.1);
    int near = 0;
    for (uint64_t i = 61; i < 81; i++) {
        double x;
        suggest(gp, 2, i, &x);
        near += x < 0.7;
    }
    ck_assert_int_ge(near, 15);
}
END_TEST

START_TEST(test_equal_points_never_break_a_suggestion)
{
    add_floats(2);
    for (size_t i = 0; i < 80; i++)
        tell((double[]){i % 2 ? 0 : 1, 1}, TRIAL_COMPLETE, (double)i);
    double point[2];
    for (uint64_t i = 80; i < 100; i++)
        suggest(gp, 1, i, point);
}
END_TEST

START_TEST(test_a_long_history_still_leads_to_the_optimum)
{
    // More results than the model sees.
    add_floats(2);
    fill(3000);
    double point[2];
    suggest(gp, 3, 3000, point);
    ck_assert_double_eq_tol(point[0], 0.3, 0.02);
    ck_assert_double_eq_tol(point[1], 0.3, 0.02);
}
END_TEST

int main(void)
{
    openblas_set_num_threads(1);
    TCase *tests = tcase_create("sampler gp");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_it_beats_tpe_and_random_search_on_branin);
    tcase_add_test(tests, test_it_beats_tpe_and_random_search_on_hartmann6);
    tcase_add_test(tests, test_it_beats_tpe_and_random_search_on_a_mixed_space);
    tcase_add_test(tests, test_eight_workers_still_beat_one_of_tpe);
    tcase_add_test(tests, test_the_bottom_of_a_bowl_is_found_to_eight_digits);
    tcase_add_test(tests, test_a_leap_from_a_bottom_changes_two_coordinates);
    tcase_add_test(tests, test_the_fit_length_follows_its_schedule);
    tcase_add_test(tests, test_results_since_the_fit_are_used);
    tcase_add_test(tests, test_pending_trials_keep_others_away);
    tcase_add_test(tests, test_the_startup_can_be_chosen);
    tcase_add_test(
        tests, test_with_many_workers_the_model_does_not_wait_for_the_start);
    tcase_add_test(tests, test_three_results_of_few_trials_are_no_model_yet);
    tcase_add_test(tests, test_regions_that_fail_are_avoided);
    tcase_add_test(tests, test_pruned_trials_are_no_better_than_the_median);
    tcase_add_test(tests, test_noise_is_no_obstacle);
    tcase_add_test(tests, test_equal_points_never_break_a_suggestion);
    tcase_add_test(tests, test_a_long_history_still_leads_to_the_optimum);
    Suite *suite = suite_create("sampler gp");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
