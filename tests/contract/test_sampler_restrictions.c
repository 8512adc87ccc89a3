// SPDX-License-Identifier: GPL-3.0-or-later
// test_sampler_restrictions.c - no sampler suggests what is forbidden
//
// Each sampler meets each kind of parameter, 1 to 20 of them, with restrictions
// that a witness meets, after results of all kinds, most of which are forbidden
// points; parts of a space that chance alone would never find; and spaces of
// which nothing is left.

#include "samplers.h"

#include <float.h>
#include <time.h>

struct study {
    struct space space;
    struct history history;
    struct question question;
    struct rng rng;
};

static bool start(struct study *study, const struct sampler *sampler)
{
    history_init(&study->history, &study->space);
    question_init(&study->question, sampler, &study->history);
    study->rng = rng_at(5, study->space.n);
    return served(&study->question);
}

static void end(struct study *study)
{
    history_done(&study->history);
    space_done(&study->space);
}

static void restrict_by(struct study *study, const char *text)
{
    struct error err = {0};
    ck_assert_msg(restriction_add(&study->space, text, &err) == 0, "%s: %s",
                  text, err.message);
}

static void append_int(struct study *study, const char *name, double high)
{
    struct error err = {0};
    char copy[8];
    snprintf(copy, sizeof copy, "%s", name);
    struct param p = {.name = copy, .kind = PARAM_INT, .high = high};
    ck_assert_int_eq(space_add(&study->space, &p, &err), 0);
}

// Hands out the answer and tells the value of its point.
static void tell_answer(struct study *study, const struct answer *answer,
                        double value)
{
    size_t number =
        history_append(&study->history, TRIAL_RUNNING, answer->point);
    history_move(&study->history, number, TRIAL_COMPLETE, value);
}

// ---- every kind of parameter ------------------------------------------------

// Trials of all states, some of huge values, at points of the whole space.
static void append_any(struct study *study, size_t n)
{
    static const double extremes[] = {DBL_MAX, -DBL_MAX, INFINITY, 0, NAN};
    struct rng *rng = &study->rng;
    for (; n > 0; n--) {
        size_t number = append_random(&study->history, rng);
        double value =
            rng_below(rng, 5) ? rng_normal(rng) : extremes[rng_below(rng, 5)];
        enum trial_state state =
            rng_below(rng, 2) ? TRIAL_COMPLETE
                              : (enum trial_state)rng_below(rng, TRIAL_STATES);
        history_move(&study->history, number, state, value);
    }
}

static void restrict_at_random(struct study *study, size_t n)
{
    double unit[MOST_PARAMS], witness[MOST_PARAMS];
    struct error err = {0};
    struct rng rng = rng_at(77, study->space.n);
    for (size_t k = 0; k < study->space.n; k++)
        unit[k] = rng_uniform(&rng);
    space_decode(&study->space, unit, witness);
    for (; n > 0; n--)
        ck_assert_msg(
            random_restriction_add(&study->space, &rng, witness, &err) == 0,
            "%s", err.message);
}

// _i: a sampler and a kind of parameter.
START_TEST(test_every_kind_of_parameter_can_be_restricted)
{
    static const size_t sizes[] = {1, 2, 5, 20};
    const struct sampler *sampler = samplers[_i / SHAPES];
    for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
        struct study study;
        fill_space(&study.space, (enum shape)(_i % SHAPES), sizes[j]);
        restrict_at_random(&study, 1 + sizes[j] / 2);
        if (start(&study, sampler)) {
            study.question.about = "restrictions at random";
            ask(&study.question, 0);
            append_any(&study, 3);
            ask(&study.question, study.history.n);
            append_any(&study, sampler->slow ? 27 : 60);
            for (uint64_t i = 0; i < (sampler->slow ? 1 : 8); i++)
                ask(&study.question, study.history.n + i);
        }
        end(&study);
    }
}
END_TEST

// ---- what chance would not find ---------------------------------------------

// _i: a sampler. All pairs of two numbers from 0 to 4 whose sum is 4, once each
// where the sampler minds.
START_TEST(test_an_equation_of_integers_is_met_by_five_points)
{
    struct study study;
    space_init(&study.space);
    append_int(&study, "a", 4);
    append_int(&study, "b", 4);
    restrict_by(&study, "a + b == 4");
    ck_assert(start(&study, samplers[_i]));
    for (int i = 0; i < 5; i++) {
        struct answer answer = ask(&study.question, study.history.n);
        ck_assert_int_eq(answer.status, 0);
        ck_assert_double_eq(answer.point[0] + answer.point[1], 4);
        tell_answer(&study, &answer, answer.point[0]);
    }
    struct answer answer = ask(&study.question, study.history.n);
    bool is_grid = strcmp(samplers[_i]->name, "grid") == 0;
    ck_assert(answer.status == 0 || is_grid ||
              strcmp(samplers[_i]->name, "auto") == 0);
    ck_assert(!is_grid || answer.err.code == ERROR_EXHAUSTED);
    end(&study);
}
END_TEST

// Twenty numbers of [0, 1], or twenty integers up to 10.
static void fill_twenty(struct study *study, bool integers)
{
    struct error err = {0};
    space_init(&study->space);
    for (int k = 0; k < 20; k++) {
        char name[16];
        snprintf(name, sizeof name, "p%d", k);
        struct param p = {.name = name,
                          .kind = integers ? PARAM_INT : PARAM_FLOAT,
                          .high = integers ? 10 : 1};
        ck_assert_int_eq(space_add(&study->space, &p, &err), 0);
    }
}

static void expect_points(struct study *study, const struct sampler *sampler)
{
    int n = sampler->slow ? 16 : 40;
    if (!start(study, sampler))
        return;
    study->question.about = "a small part";
    for (int i = 0; i < n; i++) {
        struct answer answer = ask(&study->question, study->history.n);
        ck_assert_msg(answer.status == 0, "%s: %s", sampler->name,
                      answer.err.message);
        tell_answer(study, &answer, answer.point[0]);
    }
}

// _i: a sampler. A sum of at most 1 is met by one point of 20! = 2.4e18.
START_TEST(test_a_simplex_in_20_dimensions_is_found)
{
    struct study study;
    fill_twenty(&study, false);
    restrict_by(&study, "p0 + p1 + p2 + p3 + p4 + p5 + p6 + p7 + p8 + p9 + p10 "
                        "+ p11 + p12 + p13 + p14 + p15 + p16 + p17 + p18 + p19 "
                        "<= 1");
    expect_points(&study, samplers[_i]);
    end(&study);
}
END_TEST

// _i: a sampler. Ten sums of 4 are met by one point of (121 / 5)^10 = 7e13.
START_TEST(test_ten_equations_of_integers_are_met)
{
    struct study study;
    fill_twenty(&study, true);
    for (int k = 0; k < 20; k += 2) {
        char text[40];
        snprintf(text, sizeof text, "p%d + p%d == 4", k, k + 1);
        restrict_by(&study, text);
    }
    expect_points(&study, samplers[_i]);
    end(&study);
}
END_TEST

// ---- nothing is left --------------------------------------------------------

static double seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void expect_none(struct study *study, const char *about)
{
    struct answer answer;
    double before = seconds();
    study->question.about = about;
    ask_model(&study->question, NULL, study->history.n, &answer);
    ck_assert_msg(answer.status && answer.err.code == ERROR_EXHAUSTED,
                  "%s, %s: %s", study->question.sampler->name, about,
                  answer.why);
    ck_assert_msg(strstr(answer.err.message, "constraints"), "%s",
                  answer.err.message);
    ck_assert_double_lt(seconds() - before, 5);
}

// _i: a sampler. With sanitizers it takes longer than the second it may take.
START_TEST(test_where_nothing_is_allowed_the_answer_is_soon_that)
{
    static const char *const texts[] = {"p0 > p0", "p1 - p1 > p0 - p0",
                                        "p0 < 0.5 and p0 > 0.5 and p1 >= 0",
                                        "sqrt(p0 - 100) > 0"};
    static const enum shape kinds[] = {FLOAT_LINEAR, INT_LINEAR};
    for (size_t i = 0; i < 2 * sizeof texts / sizeof *texts; i++) {
        struct study study;
        fill_space(&study.space, kinds[i % 2], 5);
        restrict_by(&study, texts[i / 2]);
        if (start(&study, samplers[_i])) {
            expect_none(&study, "an empty past");
            append_complete(&study.history, 30, &study.rng);
            expect_none(&study, "results that are all forbidden");
        }
        end(&study);
    }
}
END_TEST

// ---- how good ---------------------------------------------------------------

static double bowl(const double *point)
{
    double x = point[0] - 0.5, y = point[1] - 1.2;
    return x * x + 2 * y * y;
}

// The least value of 40 trials.
static double run(const struct sampler *sampler, const char *restriction,
                  uint64_t seed)
{
    struct study study;
    double best = INFINITY;
    fill_space(&study.space, FLOAT_LINEAR, 2);
    if (restriction)
        restrict_by(&study, restriction);
    ck_assert(start(&study, sampler));
    study.question.task.seed = seed;
    for (int i = 0; i < 40; i++) {
        struct answer answer;
        ask_model(&study.question, NULL, study.history.n, &answer);
        ck_assert_int_eq(answer.status, 0);
        best = fmin(best, bowl(answer.point));
        tell_answer(&study, &answer, bowl(answer.point));
    }
    end(&study);
    return best;
}

// _i: a sampler. Two thirds of the space are forbidden, the optimum is not: the
// geometric mean of what is found over five seeds is no worse.
START_TEST(test_a_restriction_that_spares_the_optimum_does_no_harm)
{
    const struct sampler *sampler = samplers[_i];
    double with = 0, without = 0;
    if (strcmp(sampler->name, "grid") == 0) // takes no continuous parameters
        return;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        without += log(run(sampler, NULL, seed) + 1e-6) / 5;
        with += log(run(sampler, "p0 * p1 >= 0.1 and p1 > 0", seed) + 1e-6) / 5;
    }
    ck_assert_msg(with <= without + log(2), "%s: %g with, %g without",
                  sampler->name, exp(with), exp(without));
}
END_TEST

static void fill(TCase *tests)
{
    int n = (int)n_samplers;
    tcase_add_loop_test(tests, test_every_kind_of_parameter_can_be_restricted,
                        0, n * SHAPES);
    tcase_add_loop_test(
        tests, test_an_equation_of_integers_is_met_by_five_points, 0, n);
    tcase_add_loop_test(tests, test_a_simplex_in_20_dimensions_is_found, 0, n);
    tcase_add_loop_test(tests, test_ten_equations_of_integers_are_met, 0, n);
    tcase_add_loop_test(
        tests, test_where_nothing_is_allowed_the_answer_is_soon_that, 0, n);
    tcase_add_loop_test(
        tests, test_a_restriction_that_spares_the_optimum_does_no_harm, 0, n);
}

int main(void)
{
    return run_case("restrictions and samplers", fill);
}
