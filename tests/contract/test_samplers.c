// SPDX-License-Identifier: GPL-3.0-or-later
// test_samplers.c - what every sampler of the registry promises
//
// Its entry in the registry, its schedule of models, and what becomes of seeds,
// numbers and the smallest space. Pasts, tasks, repetitions and chance have
// files of their own, test_sampler_*.c.

#include "samplers.h"

START_TEST(test_registry_finds_every_sampler_by_name)
{
    ck_assert_uint_ge(n_samplers, 4);
    for (size_t i = 0; i < n_samplers; i++) {
        const struct sampler *sampler = samplers[i];
        ck_assert_ptr_eq(sampler_find(sampler->name), sampler);
        ck_assert_str_ne(sampler->help, "");
        ck_assert_uint_le(sampler->n_options, OPTION_MAX);
        for (size_t j = 0; j < sampler->n_options; j++) {
            const struct option *o = &sampler->options[j];
            double values[OPTION_MAX];
            struct error err = {0};
            option_defaults(o, 1, values);
            ck_assert_msg(
                option_set(o, 1, o->name, o->standard, values, &err) == 0, "%s",
                err.message);
        }
    }
    ck_assert_ptr_null(sampler_find("no such sampler"));
}
END_TEST

START_TEST(test_every_sampler_serves_some_finite_space)
{
    struct space space;
    struct history history;
    struct question question;
    fill_space(&space, INT_LINEAR, 1);
    history_init(&history, &space);
    question_init(&question, samplers[_i], &history);
    ck_assert(served(&question));
    history_done(&history);
    space_done(&space);
}
END_TEST

START_TEST(test_seeds_and_numbers_give_different_points)
{
    // 11 levels in each of 8 parameters: two equal points among 40 have a
    // probability of 780 / 11^8 where they are uniform, and of 780 * 0.13^8,
    // about 0.01 %, where they are normal with a fifth of the range as sd.
    struct space space;
    struct history history;
    struct question question;
    struct answer answers[40];
    fill_space(&space, FLOAT_STEP, 8);
    history_init(&history, &space);
    question_init(&question, samplers[_i], &history);
    for (uint64_t i = 0; i < 40; i++) {
        question.task.seed = i < 20 ? i : 4711;
        answers[i] = ask(&question, i < 20 ? 0 : i - 20);
    }
    for (int i = 0; i < 40; i++)
        for (int j = 0; j < i; j++) {
            // The grid's order depends on the past alone, not the number.
            bool order =
                i >= 20 && j >= 20 && strcmp(samplers[_i]->name, "grid") == 0;
            ck_assert(order ||
                      !space_same(&space, answers[i].point, answers[j].point));
        }
    history_done(&history);
    space_done(&space);
}
END_TEST

// _i: a sampler. With no parameters, few points, and without end.
START_TEST(test_how_much_a_model_has_seen_never_decreases)
{
    static const struct {
        enum shape shape;
        size_t n;
    } spaces[] = {{BOOL, 0}, {BOOL, 3}, {FLOAT_LINEAR, 5}, {CATEGORICAL, 5}};
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        struct space space;
        struct history history;
        struct question question;
        fill_space(&space, spaces[i].shape, spaces[i].n);
        history_init(&history, &space);
        question_init(&question, samplers[_i], &history);
        size_t last = 0;
        for (size_t n = 0; samplers[_i]->fit_length && n < 20000; n++) {
            size_t seen = samplers[_i]->fit_length(&question.task, n);
            ck_assert_uint_le(seen, n);
            ck_assert_uint_ge(seen, last);
            last = seen;
        }
        history_done(&history);
        space_done(&space);
    }
}
END_TEST

// Appends a trial of any end, with a value that others have too.
static void append_any(struct history *history, struct rng *rng)
{
    static const enum trial_state ends[] = {
        TRIAL_COMPLETE, TRIAL_COMPLETE,   TRIAL_COMPLETE, TRIAL_PRUNED,
        TRIAL_FAILED,   TRIAL_INFEASIBLE, TRIAL_LOST,     TRIAL_RUNNING};
    history_move(history, append_random(history, rng),
                 ends[rng_below(rng, sizeof ends / sizeof *ends)],
                 floor(rng_normal(rng)));
}

// Each model of a study that grows goes on from the one before, and is used for
// as long as fit_length asks for it: the answer is that of a fresh one.
START_TEST(test_a_kept_model_answers_like_a_fresh_one)
{
    const struct sampler *sampler = samplers[_i];
    if (!sampler->fit_length)
        return;
    struct space space;
    struct history history;
    struct question question;
    fill_space(&space, INT_STEP, 4);
    history_init(&history, &space);
    question_init(&question, sampler, &history);
    struct model *kept = sampler->fit(&question.task, 0, NULL);
    size_t seen = 0, limit = sampler->slow ? 60 : 300;
    struct rng rng = rng_at(4, 0);
    while (history.n < limit) {
        append_any(&history, &rng);
        size_t wanted = sampler->fit_length(&question.task, history.n_ended);
        if (wanted != seen) {
            struct model *next = sampler->fit(&question.task, wanted, kept);
            sampler->model_free(kept);
            kept = next;
            seen = wanted;
        }
        struct answer fresh, cached;
        ask_model(&question, NULL, history.n, &fresh);
        ask_model(&question, kept, history.n, &cached);
        ck_assert(equal(&fresh, &cached, space.n));
    }
    sampler->model_free(kept);
    history_done(&history);
    space_done(&space);
}
END_TEST

START_TEST(test_a_space_without_parameters_is_served)
{
    struct space space;
    struct history history;
    struct question question;
    space_init(&space);
    history_init(&history, &space);
    question_init(&question, samplers[_i], &history);
    ck_assert_int_eq(ask(&question, 0).status, 0);
    history_done(&history);
    space_done(&space);
}
END_TEST

static void fill(TCase *tests)
{
    int n = (int)n_samplers;
    tcase_add_test(tests, test_registry_finds_every_sampler_by_name);
    tcase_add_loop_test(tests, test_every_sampler_serves_some_finite_space, 0,
                        n);
    tcase_add_loop_test(tests, test_seeds_and_numbers_give_different_points, 0,
                        n);
    tcase_add_loop_test(tests, test_how_much_a_model_has_seen_never_decreases,
                        0, n);
    tcase_add_loop_test(tests, test_a_kept_model_answers_like_a_fresh_one, 0,
                        n);
    tcase_add_loop_test(tests, test_a_space_without_parameters_is_served, 0, n);
}

int main(void)
{
    return run_case("samplers", fill);
}
