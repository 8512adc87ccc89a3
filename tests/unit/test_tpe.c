// SPDX-License-Identifier: GPL-3.0-or-later
// test_tpe.c - the tree-structured Parzen estimator learns and does not break

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "hypervolume.h"
#include "rng.h"
#include "sampler.h"
#include "spaces.h"

static struct arena arena;
static struct history history;
static double options[OPTION_MAX];
static const struct sampler *tpe;

static void setup(void)
{
    arena_init(&arena);
    space_init(&space);
    history_init(&history, &space);
    tpe = sampler_find("tpe");
    option_defaults(tpe->options, tpe->n_options, options);
}

static void teardown(void)
{
    history_done(&history);
    space_done(&space);
    arena_done(&arena);
}

static void set(const char *name, double value)
{
    struct error err = {0};
    ck_assert_msg(option_set(tpe->options, tpe->n_options, name, value, options,
                             &err) == 0,
                  "%s", err.message);
}

static struct sampler_task task(uint64_t seed)
{
    return (struct sampler_task){
        .space = &space, .history = &history, .options = options, .seed = seed};
}

// Writes a suggestion and checks that it is a point of the space.
static void suggest(const struct sampler *sampler, uint64_t seed,
                    uint64_t number, double *point)
{
    struct error err = {0};
    struct sampler_task t = task(seed);
    int status = sampler_suggest(sampler, &t, number, &arena,
                                 &(struct suggestion){.point = point}, &err);
    ck_assert_msg(status == 0, "%s", err.message);
    ck_assert_msg(space_check(&space, point, &err) == 0, "%s", err.message);
    arena_reset(&arena);
}

static size_t tell(const double *point, enum trial_state state, double value)
{
    size_t number = history_append(&history, TRIAL_RUNNING, point);
    history_move(&history, number, state, value);
    return number;
}

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

// Of 200 suggestions, how many have their first coordinate in [low, high].
static int count_between(double low, double high)
{
    struct sampler_task t = task(1);
    size_t n = tpe->fit_length(&t, history.n_ended);
    struct model *model = tpe->fit(&t, n, NULL);
    int count = 0;
    for (uint64_t i = 0; i < 200; i++) {
        double point[6];
        struct error err = {0};
        tpe->suggest(&t, model, history.n + i, &arena,
                     &(struct suggestion){.point = point}, &err);
        count += point[0] >= low && point[0] <= high;
        arena_reset(&arena);
    }
    tpe->model_free(model);
    return count;
}

// ---- quality ----------------------------------------------------------------

static double sphere(const double *x)
{
    const double centre[] = {0.2, 0.7, 0.35, 0.81, 0.55};
    double sum = 0;
    for (int k = 0; k < 5; k++)
        sum += (x[k] - centre[k]) * (x[k] - centre[k]);
    return sum;
}

// Least value 0.39788735772973816 (Surjanovic and Bingham, "Virtual library
// of simulation experiments").
static double branin(const double *u)
{
    double x = -5 + 15 * u[0], y = 15 * u[1];
    double a = y - 5.1 / (4 * M_PI * M_PI) * x * x + 5 / M_PI * x - 6;
    return a * a + 10 * (1 - 1 / (8 * M_PI)) * cos(x) + 10 -
           0.39788735772973816;
}

// Least value -3.32236801141551 (ibid.).
static double hartmann6(const double *u)
{
    static const double alpha[4] = {1, 1.2, 3, 3.2};
    static const double a[4][6] = {{10, 3, 17, 3.5, 1.7, 8},
                                   {0.05, 10, 17, 0.1, 8, 14},
                                   {3, 3.5, 1.7, 10, 17, 8},
                                   {17, 8, 0.05, 10, 0.1, 14}};
    static const double p[4][6] = {{1312, 1696, 5569, 124, 8283, 5886},
                                   {2329, 4135, 8307, 3736, 1004, 9991},
                                   {2348, 1451, 3522, 2883, 3047, 6650},
                                   {4047, 8828, 8732, 5743, 1091, 381}};
    double value = 3.32236801141551;
    for (int i = 0; i < 4; i++) {
        double sum = 0;
        for (int k = 0; k < 6; k++)
            sum += a[i][k] * (u[k] - 1e-4 * p[i][k]) * (u[k] - 1e-4 * p[i][k]);
        value -= alpha[i] * exp(-sum);
    }
    return value;
}

// Best at choice 2, 13, 40 and 10^-3.3.
static double mixed(const double *x)
{
    double value = x[0] == 2 ? 0 : 0.3 + 0.1 * x[0];
    value += (x[1] - 13) * (x[1] - 13) / 100;
    value += log(x[2] / 40) * log(x[2] / 40) / 4;
    return value + (log10(x[3]) + 3.3) * (log10(x[3]) + 3.3) / 4;
}

// Each kind has its own parameters; the second one's are the better ones.
static double conditional(const double *x)
{
    double value = (x[1] - 0.6) * (x[1] - 0.6);
    if (x[0] == 0)
        return value + 0.05 + (x[2] - 0.2) * (x[2] - 0.2);
    return value + (x[3] - 0.75) * (x[3] - 0.75) +
           (x[4] - 0.25) * (x[4] - 0.25);
}

static void mixed_space(void)
{
    char *choices[] = {"\"a\"", "\"b\"", "\"c\"", "\"d\""};
    add((struct param){.name = "choice",
                       .kind = PARAM_CATEGORICAL,
                       .n_choices = 4,
                       .choices = choices});
    add_int("i", 1, 20, false);
    add_int("j", 1, 1000, true);
    add((struct param){
        .name = "x", .kind = PARAM_FLOAT, .low = 1e-6, .high = 1, .log = true});
}

static void conditional_space(void)
{
    double kinds[] = {0, 1};
    struct condition zero = {.n = 1, .values = kinds};
    struct condition one = {.n = 1, .values = kinds + 1};
    add((struct param){.name = "kind", .kind = PARAM_BOOL});
    add((struct param){.name = "shared", .kind = PARAM_FLOAT, .high = 1});
    add((struct param){.name = "left",
                       .kind = PARAM_FLOAT,
                       .high = 1,
                       .n_conditions = 1,
                       .conditions = &zero});
    add((struct param){.name = "right",
                       .kind = PARAM_FLOAT,
                       .high = 1,
                       .n_conditions = 1,
                       .conditions = &one});
    add((struct param){.name = "further",
                       .kind = PARAM_FLOAT,
                       .high = 1,
                       .n_conditions = 1,
                       .conditions = &one});
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

// Median over seeds of the least value among n results.
static double regret(const struct sampler *sampler, double (*f)(const double *),
                     size_t n)
{
    enum { SEEDS = 15 };
    double best[SEEDS];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        history_done(&history);
        history_init(&history, &space);
        for (size_t i = 0; i < n; i++) {
            double point[6];
            suggest(sampler, seed, i, point);
            tell(point, TRIAL_COMPLETE, f(point));
        }
        best[seed] = history.value[history.best];
    }
    qsort(best, SEEDS, sizeof *best, by_size);
    return best[SEEDS / 2];
}

// Checks that tpe's regret after 60 results is below random's, divided.
static void beats_random(double (*f)(const double *), double factor)
{
    double ours = regret(tpe, f, 60);
    double random = regret(sampler_find("random"), f, 60);
    ck_assert_msg(ours * factor < random, "%g * %g >= %g", ours, factor,
                  random);
}

START_TEST(test_it_beats_random_search_on_a_sphere)
{
    add_floats(5);
    beats_random(sphere, 3);
}
END_TEST

START_TEST(test_it_beats_random_search_on_branin)
{
    add_floats(2);
    beats_random(branin, 3);
}
END_TEST

START_TEST(test_it_beats_random_search_on_hartmann6)
{
    add_floats(6);
    beats_random(hartmann6, 2);
}
END_TEST

START_TEST(test_it_beats_random_search_on_a_mixed_space)
{
    mixed_space();
    beats_random(mixed, 3);
}
END_TEST

START_TEST(test_it_beats_random_search_on_a_conditional_space)
{
    conditional_space();
    beats_random(conditional, 2);
}
END_TEST

START_TEST(test_univariate_beats_random_search_on_a_sphere)
{
    add_floats(5);
    set("multivariate", 0);
    beats_random(sphere, 1.5);
}
END_TEST

// ---- several objectives -----------------------------------------------------

// E. Zitzler, K. Deb and L. Thiele, Evol. Comput. 8, 2000, with the optimum of
// the other coordinates at 0.3: the front is f1 = 1 - sqrt(f0), f0 in [0, 1].
static void zdt1(const double *x, double *value)
{
    double g = 1;
    for (int k = 1; k < 6; k++)
        g += 9 * fabs(x[k] - 0.3) / 5;
    value[0] = x[0];
    value[1] = g * (1 - sqrt(x[0] / g));
}

// K. Deb et al., CEC 2002, for three objectives: the front is an eighth of the
// unit sphere.
static void dtlz2(const double *x, double *value)
{
    double g = 1;
    for (int k = 2; k < 6; k++)
        g += (x[k] - 0.5) * (x[k] - 0.5);
    double a = x[0] * M_PI_2, b = x[1] * M_PI_2;
    value[0] = g * cos(a) * cos(b);
    value[1] = g * cos(a) * sin(b);
    value[2] = g * sin(a);
}

// Mean over seeds of the volume that n results leave undominated, of the box
// up to `edge` in each objective; `front` is what the front itself leaves.
static double undominated(const struct sampler *sampler,
                          void (*f)(const double *, double *), size_t m,
                          size_t n, double edge, double front)
{
    enum { SEEDS = 5 };
    double sum = 0, reference[] = {edge, edge, edge};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        history_done(&history);
        history_init_for(&history, &space, m, 0);
        for (size_t i = 0; i < n; i++) {
            double point[6], value[3];
            suggest(sampler, seed, i, point);
            f(point, value);
            size_t number = history_append(&history, TRIAL_RUNNING, point);
            history_enter(&history, number,
                          &(struct result){.state = TRIAL_COMPLETE,
                                           .values = value,
                                           .variance = NAN});
        }
        struct hypervolume_task task = {
            .n = n, .m = m, .value = history.value, .reference = reference};
        sum += pow(edge, (double)m) - front - hypervolume(&task, &arena);
        arena_reset(&arena);
    }
    return sum / SEEDS;
}

START_TEST(test_it_finds_the_front_of_zdt1)
{
    // Below the front is the integral of 1 - sqrt(x) over [0, 1]: 1/3.
    add_floats(6);
    double ours = undominated(tpe, zdt1, 2, 200, 5, 1.0 / 3);
    double random =
        undominated(sampler_find("random"), zdt1, 2, 200, 5, 1.0 / 3);
    ck_assert_msg(ours * 1.2 < random, "%g, %g", ours, random);
}
END_TEST

START_TEST(test_it_finds_the_front_of_dtlz2)
{
    // Below the front is an eighth of the unit ball: pi / 6.
    add_floats(6);
    double ours = undominated(tpe, dtlz2, 3, 120, 2, M_PI / 6);
    double random =
        undominated(sampler_find("random"), dtlz2, 3, 120, 2, M_PI / 6);
    ck_assert_msg(ours * 1.5 < random, "%g, %g", ours, random);
}
END_TEST

// ---- constraints ------------------------------------------------------------

// Appends a result with one constraint.
static void tell_constrained(const double *point, double value, double excess)
{
    size_t number = history_append(&history, TRIAL_RUNNING, point);
    history_enter(&history, number,
                  &(struct result){.state = excess > 0 ? TRIAL_INFEASIBLE
                                                       : TRIAL_COMPLETE,
                                   .values = &value,
                                   .constraints = &excess,
                                   .variance = NAN});
}

// Median over seeds of the least feasible value, 5 where there is none, of the
// sum of 5 coordinates inside a ball: 0.5 % of the cube is feasible. The best
// is where the ball ends in the direction of the corner.
static double constrained_regret(const struct sampler *sampler, size_t n)
{
    enum { SEEDS = 9 };
    double best[SEEDS];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        history_done(&history);
        history_init_for(&history, &space, 1, 1);
        best[seed] = 5;
        for (size_t i = 0; i < n; i++) {
            double x[5], value = 0;
            suggest(sampler, seed, i, x);
            for (int k = 0; k < 5; k++)
                value += x[k] - (0.6 - 0.25 / sqrt(5));
            double excess = -0.25 * 0.25;
            for (int k = 0; k < 5; k++)
                excess += (x[k] - 0.6) * (x[k] - 0.6);
            tell_constrained(x, value, excess);
            if (excess <= 0)
                best[seed] = fmin(best[seed], value);
        }
    }
    qsort(best, SEEDS, sizeof *best, by_size);
    return best[SEEDS / 2];
}

START_TEST(test_it_finds_the_best_that_meets_the_constraints)
{
    // The ball has the volume 8 pi^2 / 15 * 0.25^5 = 0.5 %.
    add_floats(5);
    double ours = constrained_regret(tpe, 80);
    double random = constrained_regret(sampler_find("random"), 80);
    ck_assert_msg(ours < 0.3 && ours * 3 < random, "%g, %g", ours, random);
}
END_TEST

START_TEST(test_what_is_nearer_to_the_constraints_is_better)
{
    // Nothing is feasible; it would be beyond 1.
    add_floats(1);
    history_done(&history);
    history_init_for(&history, &space, 1, 1);
    for (int i = 0; i < 60; i++) {
        double x = (i * 37 % 60 + 0.5) / 60;
        tell_constrained(&x, x, 2 - x);
    }
    ck_assert_int_gt(count_between(0.85, 1), 150);
}
END_TEST

// ---- other studies ----------------------------------------------------------

static double shifted(const double *x)
{
    double near[5];
    for (int k = 0; k < 5; k++)
        near[k] = x[k] + (k % 2 ? 0.05 : -0.05);
    return 100 + 7 * sphere(near);
}

static double mirrored(const double *x)
{
    double far[5];
    for (int k = 0; k < 5; k++)
        far[k] = 1 - x[k];
    return sphere(far);
}

// Median regret on the sphere after n results, with 60 results on another
// function known (NULL: none).
static double warm_regret(double (*other)(const double *), size_t n)
{
    enum { SEEDS = 15, LENT = 60 };
    double best[SEEDS], unit[5 * LENT], value[LENT];
    uint32_t source[LENT] = {0};
    struct prior prior = {.n = LENT,
                          .n_sources = 1,
                          .unit = unit,
                          .value = value,
                          .source = source};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sampler_task t = task(seed);
        for (int run = other ? 0 : 1; run < 2; run++) {
            history_done(&history);
            history_init(&history, &space);
            t.prior = other && run == 1 ? &prior : NULL;
            t.seed = seed + (run ? 0 : 1000);
            for (size_t i = 0; i < (run ? n : LENT); i++) {
                double x[5];
                struct error err = {0};
                sampler_suggest(tpe, &t, i, &arena,
                                &(struct suggestion){.point = x}, &err);
                arena_reset(&arena);
                tell(x, TRIAL_COMPLETE, run ? sphere(x) : other(x));
            }
            for (size_t i = 0; i < LENT && run == 0; i++) {
                for (size_t k = 0; k < 5; k++)
                    unit[5 * i + k] = history_unit(&history, i)[k];
                value[i] = history.value[i];
            }
        }
        best[seed] = history.value[history.best];
    }
    qsort(best, SEEDS, sizeof *best, by_size);
    return best[SEEDS / 2];
}

START_TEST(test_a_similar_study_helps)
{
    add_floats(5);
    double cold = warm_regret(NULL, 20), warm = warm_regret(shifted, 20);
    ck_assert_msg(warm * 3 < cold, "%g, %g", warm, cold);
}
END_TEST

START_TEST(test_an_unrelated_study_is_overcome)
{
    add_floats(5);
    double cold = warm_regret(NULL, 80), warm = warm_regret(mirrored, 80);
    ck_assert_msg(warm < 2.5 * cold, "%g, %g", warm, cold);
}
END_TEST

// ---- a pure function --------------------------------------------------------

START_TEST(test_a_kept_model_gives_the_same_suggestion)
{
    add_floats(3);
    fill(150);
    struct sampler_task t = task(5);
    struct model *model = tpe->fit(&t, tpe->fit_length(&t, 150), NULL);
    for (uint64_t number = 150; number < 160; number++) {
        double fresh[3], kept[3];
        struct error err = {0};
        suggest(tpe, 5, number, fresh);
        ck_assert_int_eq(tpe->suggest(&t, model, number, &arena,
                                      &(struct suggestion){.point = kept},
                                      &err),
                         0);
        ck_assert_mem_eq(fresh, kept, sizeof fresh);
    }
    tpe->model_free(model);
}
END_TEST

START_TEST(test_rows_from_its_number_on_are_ignored)
{
    add_floats(2);
    fill(150);
    history_append(&history, TRIAL_RUNNING, (double[]){0.3, 0.3});
    double before[2], after[2];
    suggest(tpe, 5, 151, before);
    for (int i = 0; i < 20; i++)
        history_append(&history, TRIAL_RUNNING, (double[]){0.31, 0.31});
    suggest(tpe, 5, 151, after);
    ck_assert_mem_eq(before, after, sizeof before);
    suggest(tpe, 5, 171, after);
    ck_assert(before[0] != after[0]);
}
END_TEST

START_TEST(test_the_fit_length_grows_by_small_steps)
{
    struct sampler_task t = task(1);
    for (size_t n = 0; n <= 63; n++)
        ck_assert_uint_eq(tpe->fit_length(&t, n), n);
    size_t last = 0;
    for (size_t n = 0; n < 100000; n++) {
        size_t length = tpe->fit_length(&t, n);
        ck_assert(length >= last && length <= n);
        ck_assert_uint_le(n - length, 63);
        ck_assert_uint_le(32 * (n - length), n);
        last = length;
    }
}
END_TEST

START_TEST(test_good_results_since_the_fit_count_as_good)
{
    // A model of 200 results serves up to 203. The three new ones are the
    // best by far, and far from the old optimum at 0.3.
    add_floats(1);
    fill(200);
    ck_assert_uint_eq(tpe->fit_length(&(struct sampler_task){0}, 203), 200);
    int before = count_between(0.85, 0.95);
    for (int i = 0; i < 3; i++)
        tell((double[]){0.9 + 0.001 * i}, TRIAL_COMPLETE, -10);
    int after = count_between(0.85, 0.95);
    ck_assert_msg(before < 20 && after > 100, "%d, %d", before, after);
}
END_TEST

START_TEST(test_pending_trials_keep_others_away)
{
    // Two equal optima, at 0.2 and 0.8; the preferred one is being tried.
    add_floats(1);
    for (int i = 0; i < 60; i++) {
        double x = (i * 37 % 60 + 0.5) / 60;
        double distance = fmin(fabs(x - 0.2), fabs(x - 0.8));
        tell(&x, TRIAL_COMPLETE, distance);
    }
    bool left = count_between(0.1, 0.3) > 100;
    double optimum = left ? 0.2 : 0.8;
    ck_assert_int_gt(count_between(optimum - 0.1, optimum + 0.1), 100);
    for (int i = 0; i < 10; i++)
        history_append(&history, TRIAL_RUNNING,
                       (double[]){optimum + 0.002 * i});
    ck_assert_int_lt(count_between(optimum - 0.1, optimum + 0.1), 50);
}
END_TEST

// ---- order of merit ---------------------------------------------------------

START_TEST(test_pruned_trials_with_more_steps_are_better)
{
    // All pruned; those near 0.8 got further, though their values are worse.
    add_floats(1);
    for (int i = 0; i < 60; i++) {
        bool far = i % 6 == 0;
        double x = (far ? 0.8 : 0.2) + 0.001 * i;
        size_t number = tell(&x, TRIAL_PRUNED, far ? 5 : 1);
        history_report(&history, number, far ? 9 : 3, far ? 5 : 1);
    }
    ck_assert_int_gt(count_between(0.7, 1), 100);
}
END_TEST

START_TEST(test_complete_trials_are_better_than_pruned_ones)
{
    add_floats(1);
    for (int i = 0; i < 60; i++) {
        bool complete = i % 6 == 0;
        double x = (complete ? 0.8 : 0.2) + 0.001 * i;
        tell(&x, complete ? TRIAL_COMPLETE : TRIAL_PRUNED, complete ? 5 : 1);
    }
    ck_assert_int_gt(count_between(0.7, 1), 100);
}
END_TEST

START_TEST(test_regions_that_fail_are_avoided)
{
    // Everything below 0.6 fails; the rest is flat.
    add_floats(1);
    for (int i = 0; i < 60; i++) {
        double x = (i * 37 % 60 + 0.5) / 60;
        bool fails = x < 0.6;
        tell(&x, fails ? TRIAL_FAILED : TRIAL_COMPLETE, 1);
    }
    ck_assert_int_gt(count_between(0.55, 1), 150);
}
END_TEST

START_TEST(test_one_success_among_failures_leads_to_a_model)
{
    // Fifteen trials, of which the one at 0.9 did not fail.
    add_floats(1);
    for (int i = 0; i < 15; i++) {
        double x = i ? (i + 0.5) / 20 : 0.9;
        tell(&x, i ? TRIAL_FAILED : TRIAL_COMPLETE, 1);
    }
    ck_assert_int_gt(count_between(0.75, 1), 150);
}
END_TEST

START_TEST(test_it_says_why)
{
    add_floats(1);
    struct error err = {0};
    struct sampler_task t = task(1);
    double point[1];
    struct suggestion out = {.point = point};
    sampler_suggest(tpe, &t, 0, &arena, &out, &err);
    ck_assert_str_eq(out.why,
                     "a point of an even spread: too few results for a model");
    fill(100);
    sampler_suggest(tpe, &t, 100, &arena, &out, &err);
    ck_assert_str_eq(out.why,
                     "best of 24 draws near the 15 best of 100 results");
}
END_TEST

// Is trial `number` a point of the even spread?
static bool even(uint64_t number)
{
    double point[6];
    struct error err = {0};
    struct sampler_task t = task(1);
    struct suggestion out = {.point = point};
    sampler_suggest(tpe, &t, number, &arena, &out, &err);
    return strstr(out.why, "even spread");
}

START_TEST(test_the_model_comes_after_ten_trials_with_half_as_many_results)
{
    add_floats(2);
    fill(4);
    ck_assert(even(16));
    fill(1);
    ck_assert(!even(16));
    ck_assert(even(9));
    ck_assert(!even(10));
}
END_TEST

START_TEST(test_every_fifth_suggestion_looks_further)
{
    // One good result among six, at 0.3 between 0 and the prior's 1/2: a kernel
    // of deviation 1/6, the floor, or of 1/2.
    add_floats(3);
    for (int i = 0; i < 6; i++) {
        double at = i ? 0.4 + 0.1 * i : 0.3;
        tell((double[]){at, at, at}, TRIAL_COMPLETE, i);
    }
    double far[2] = {0};
    for (uint64_t i = 20; i < 520; i++) {
        double point[6];
        suggest(tpe, 1, i, point);
        for (size_t k = 0; k < 3; k++)
            far[i % 5 == 0] += (point[k] - 0.3) * (point[k] - 0.3);
    }
    // there are four times as many of the others
    ck_assert_double_gt(4 * far[1], 1.5 * far[0]);
}
END_TEST

// ---- robustness -------------------------------------------------------------

START_TEST(test_odd_values_of_several_objectives_never_break_a_suggestion)
{
    const double odd[] = {NAN, INFINITY, -INFINITY, 1e308, -1e308, 0, 1, 1};
    conditional_space();
    for (size_t m = 1; m <= 3; m++) {
        history_done(&history);
        history_init_for(&history, &space, m, 2);
        struct rng rng = rng_at(8, m);
        for (size_t i = 0; i < 100; i++) {
            double point[5], value[3], excess[2];
            suggest(tpe, 1, i, point);
            for (int j = 0; j < 3; j++)
                value[j] = odd[rng_below(&rng, 8)];
            for (int j = 0; j < 2; j++)
                excess[j] = odd[rng_below(&rng, 8)];
            const enum trial_state ends[] = {TRIAL_COMPLETE, TRIAL_INFEASIBLE,
                                             TRIAL_FAILED, TRIAL_PRUNED};
            size_t number = history_append(&history, TRIAL_RUNNING, point);
            history_enter(&history, number,
                          &(struct result){.state = ends[rng_below(&rng, 4)],
                                           .values = value,
                                           .constraints = excess,
                                           .variance = NAN});
        }
    }
}
END_TEST

START_TEST(test_equal_points_never_break_a_suggestion)
{
    add_floats(2);
    for (size_t i = 0; i < 80; i++)
        tell((double[]){i % 2 ? 0 : 1, 1}, TRIAL_COMPLETE, (double)i);
    double point[2];
    for (uint64_t i = 80; i < 100; i++)
        suggest(tpe, 1, i, point);
}
END_TEST

START_TEST(test_spaces_of_one_point_or_none_are_served)
{
    double point[1] = {0};
    for (int i = 0; i < 30; i++) {
        suggest(tpe, 1, (uint64_t)i, point);
        tell(point, TRIAL_COMPLETE, 1);
    }
    history_done(&history);
    add((struct param){.name = "x", .kind = PARAM_FLOAT, .low = 2, .high = 2});
    history_init(&history, &space);
    for (int i = 0; i < 30; i++) {
        suggest(tpe, 1, (uint64_t)i, point);
        ck_assert_double_eq(point[0], 2);
        tell(point, TRIAL_COMPLETE, 1);
    }
}
END_TEST

START_TEST(test_a_long_history_still_leads_to_the_optimum)
{
    // More results than kernels: g is thinned out.
    add_floats(2);
    fill(20000);
    ck_assert_int_gt(count_between(0.2, 0.4), 150);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("tpe");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_it_beats_random_search_on_a_sphere);
    tcase_add_test(tests, test_it_beats_random_search_on_branin);
    tcase_add_test(tests, test_it_beats_random_search_on_hartmann6);
    tcase_add_test(tests, test_it_beats_random_search_on_a_mixed_space);
    tcase_add_test(tests, test_it_beats_random_search_on_a_conditional_space);
    tcase_add_test(tests, test_univariate_beats_random_search_on_a_sphere);
    tcase_add_test(tests, test_it_finds_the_front_of_zdt1);
    tcase_add_test(tests, test_it_finds_the_front_of_dtlz2);
    tcase_add_test(tests, test_it_finds_the_best_that_meets_the_constraints);
    tcase_add_test(tests, test_what_is_nearer_to_the_constraints_is_better);
    tcase_add_test(tests, test_a_similar_study_helps);
    tcase_add_test(tests, test_an_unrelated_study_is_overcome);
    tcase_add_test(tests, test_a_kept_model_gives_the_same_suggestion);
    tcase_add_test(tests, test_rows_from_its_number_on_are_ignored);
    tcase_add_test(tests, test_the_fit_length_grows_by_small_steps);
    tcase_add_test(tests, test_good_results_since_the_fit_count_as_good);
    tcase_add_test(tests, test_pending_trials_keep_others_away);
    tcase_add_test(tests, test_pruned_trials_with_more_steps_are_better);
    tcase_add_test(tests, test_complete_trials_are_better_than_pruned_ones);
    tcase_add_test(tests, test_regions_that_fail_are_avoided);
    tcase_add_test(tests, test_one_success_among_failures_leads_to_a_model);
    tcase_add_test(tests, test_it_says_why);
    tcase_add_test(
        tests, test_odd_values_of_several_objectives_never_break_a_suggestion);
    tcase_add_test(
        tests, test_the_model_comes_after_ten_trials_with_half_as_many_results);
    tcase_add_test(tests, test_every_fifth_suggestion_looks_further);
    tcase_add_test(tests, test_equal_points_never_break_a_suggestion);
    tcase_add_test(tests, test_spaces_of_one_point_or_none_are_served);
    tcase_add_test(tests, test_a_long_history_still_leads_to_the_optimum);
    Suite *suite = suite_create("tpe");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
