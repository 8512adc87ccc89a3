// SPDX-License-Identifier: GPL-3.0-or-later
// test_sampler_repeats.c - no point comes twice while there is another one
//
// Finite spaces are asked for until they are exhausted, with trials that are
// queued, pending or have any result, and for longer: a sampler that is no grid
// repeats itself then. Nothing is ever repeated where a coordinate is
// continuous.

#include "samplers.h"

// What becomes of a trial: pending ones remain, lost ones give their point
// back.
static void tell_any(struct history *history, size_t number, struct rng *rng)
{
    static const enum trial_state ends[] = {
        TRIAL_COMPLETE,   TRIAL_COMPLETE, TRIAL_PRUNED, TRIAL_FAILED,
        TRIAL_INFEASIBLE, TRIAL_RUNNING,  TRIAL_QUEUED, TRIAL_LOST};
    history_move(history, number,
                 ends[rng_below(rng, sizeof ends / sizeof *ends)],
                 rng_normal(rng));
}

// Asks `n` times, or until the sampler says that there is no new point.
static void go_on(struct question *question, struct history *history, size_t n,
                  struct rng *rng)
{
    for (size_t i = 0; i < n; i++) {
        struct answer answer = ask(question, history->n);
        if (answer.status)
            return;
        size_t number = history_append(history, TRIAL_RUNNING, answer.point);
        tell_any(history, number, rng);
    }
}

static void exhaust(const struct sampler *sampler, const struct space *space,
                    size_t asks, const char *about)
{
    struct history history;
    struct question question;
    struct rng rng = rng_at(21, asks);
    history_init(&history, space);
    question_init(&question, sampler, &history);
    question.about = about;
    if (served(&question))
        go_on(&question, &history, asks, &rng);
    history_done(&history);
}

// _i: a sampler.
START_TEST(test_finite_spaces_are_exhausted_before_points_repeat)
{
    static const struct {
        enum shape shape;
        size_t d, asks;
        const char *name;
    } spaces[] = {
        {FLOAT_FIXED, 3, 3, "one point"},
        {BOOL, 3, 20, "8 points"},
        {INT_LOG, 1, 20, "9 points of unequal width"},
        {CATEGORICAL, 3, 45, "27 points"},
        {INT_STEP, 2, 90, "64 points"},
    };
    for (size_t j = 0; j < sizeof spaces / sizeof *spaces; j++) {
        struct space space;
        fill_space(&space, spaces[j].shape, spaces[j].d);
        exhaust(samplers[_i], &space, spaces[j].asks, spaces[j].name);
        space_done(&space);
    }
}
END_TEST

// _i: a sampler. What is left of 1000 levels of a logarithm is drawn once in
// 20 000 times.
START_TEST(test_rare_points_are_found_when_the_others_are_taken)
{
    static char on[] = "on", n[] = "n";
    struct error err = {0};
    struct space space;
    struct history history;
    struct question question;
    struct rng rng = rng_at(22, 0);
    struct condition condition = {.n = 1, .values = (double[]){1}};
    space_init(&space);
    space_add(&space, &(struct param){.name = on, .kind = PARAM_BOOL}, &err);
    space_add(&space,
              &(struct param){.name = n,
                              .kind = PARAM_INT,
                              .low = 1,
                              .high = 1000,
                              .log = true,
                              .n_conditions = samplers[_i]->check ? 0 : 1,
                              .conditions = &condition},
              &err);
    history_init(&history, &space);
    question_init(&question, samplers[_i], &history);
    double point[2] = {0, NAN};
    if (space_check(&space, point, &err) == 0)
        history_append(&history, TRIAL_QUEUED, point);
    for (int i = 0; i < 1998; i++) {
        point[0] = i < 999 ? 0 : 1;
        point[1] = 1 + i % 999;
        if (space_check(&space, point, &err) == 0)
            history_move(
                &history, history_append(&history, TRIAL_RUNNING, point),
                i % 30 ? TRIAL_FAILED : TRIAL_COMPLETE, rng_normal(&rng));
    }
    ck_assert(served(&question));
    go_on(&question, &history, 2, &rng);
    history_done(&history);
    space_done(&space);
}
END_TEST

// _i: a sampler. A study that goes its way, in the corners too: with a single
// place where the values are best, at which samplers that follow them meet.
START_TEST(test_continuous_points_never_repeat)
{
    struct space space;
    struct history history;
    struct question question;
    struct rng rng = rng_at(23, 0);
    fill_space(&space, FLOAT_LINEAR, 2);
    history_init(&history, &space);
    question_init(&question, samplers[_i], &history);
    question.about = "an optimum in a corner";
    for (int i = 0; i < 60 && served(&question); i++) {
        struct answer answer = ask(&question, history.n);
        size_t number = history_append(&history, TRIAL_RUNNING, answer.point);
        if (rng_below(&rng, 4))
            history_move(&history, number, TRIAL_COMPLETE,
                         answer.point[0] + answer.point[1]);
    }
    history_done(&history);
    space_done(&space);
}
END_TEST

static void fill(TCase *tests)
{
    int n = (int)n_samplers;
    tcase_add_loop_test(
        tests, test_finite_spaces_are_exhausted_before_points_repeat, 0, n);
    tcase_add_loop_test(
        tests, test_rare_points_are_found_when_the_others_are_taken, 0, n);
    tcase_add_loop_test(tests, test_continuous_points_never_repeat, 0, n);
}

int main(void)
{
    return run_case("repetitions of samplers", fill);
}
