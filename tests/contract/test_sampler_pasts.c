// SPDX-License-Identifier: GPL-3.0-or-later
// test_sampler_pasts.c - whatever has happened, the next point is valid and new
//
// Each sampler meets each kind of parameter, alone and a hundred times, and a
// tree of conditions, with each kind of past of one objective.

#include "samplers.h"

#include <float.h>

// ---- pasts ------------------------------------------------------------------

// What becomes of trial i.
static void leave(struct history *h, size_t i, struct rng *rng)
{
    (void)h, (void)i, (void)rng;
}

static void complete(struct history *h, size_t i, struct rng *rng)
{
    history_move(h, i, TRIAL_COMPLETE, rng_normal(rng));
}

static void be_failed(struct history *h, size_t i, struct rng *rng)
{
    (void)rng;
    history_move(h, i, TRIAL_FAILED, NAN);
}

static void tie(struct history *h, size_t i, struct rng *rng)
{
    history_move(h, i, TRIAL_COMPLETE, floor(rng_normal(rng)));
}

static void be_constant(struct history *h, size_t i, struct rng *rng)
{
    (void)rng;
    history_move(h, i, TRIAL_COMPLETE, 7);
}

static void tell_nan(struct history *h, size_t i, struct rng *rng)
{
    history_move(h, i, TRIAL_COMPLETE, i % 3 ? rng_normal(rng) : NAN);
}

static void tell_only_nan(struct history *h, size_t i, struct rng *rng)
{
    (void)rng;
    history_move(h, i, TRIAL_COMPLETE, NAN);
}

static void tell_extreme(struct history *h, size_t i, struct rng *rng)
{
    static const double extremes[] = {INFINITY, -INFINITY, DBL_MAX,
                                      -DBL_MAX, DBL_MIN,   0};
    history_move(h, i, TRIAL_COMPLETE, extremes[rng_below(rng, 6)]);
}

static void tell_infinite(struct history *h, size_t i, struct rng *rng)
{
    (void)rng;
    history_move(h, i, TRIAL_COMPLETE, INFINITY);
}

static void be_infeasible(struct history *h, size_t i, struct rng *rng)
{
    (void)rng;
    history_move(h, i, TRIAL_INFEASIBLE, NAN);
}

static void be_infeasible_with_value(struct history *h, size_t i,
                                     struct rng *rng)
{
    history_move(h, i, i % 4 ? TRIAL_INFEASIBLE : TRIAL_COMPLETE,
                 rng_normal(rng));
}

static void be_pruned(struct history *h, size_t i, struct rng *rng)
{
    for (int64_t step = 0; step < (int64_t)(i % 5); step++)
        history_report(h, i, step, rng_normal(rng));
    history_move(h, i, TRIAL_PRUNED, rng_normal(rng));
}

static void keep_one_pending(struct history *h, size_t i, struct rng *rng)
{
    if (i != 30)
        complete(h, i, rng);
}

static void keep_most_pending(struct history *h, size_t i, struct rng *rng)
{
    if (i <= 20)
        complete(h, i, rng);
}

// Trials that users enqueued have no suggestion in them.
static void queue(struct history *h, size_t i, struct rng *rng)
{
    if (i % 2)
        history_move(h, i, TRIAL_QUEUED, NAN);
    else
        complete(h, i, rng);
}

static void be_anything(struct history *h, size_t i, struct rng *rng)
{
    enum trial_state state = (enum trial_state)rng_below(rng, TRIAL_STATES);
    double value = rng_normal(rng);
    history_report(h, i, (int64_t)(i % 7), value);
    history_move(h, i, state, i % 11 ? value : -INFINITY);
}

enum where { RANDOM, OFTEN_ONE_POINT, ONE_POINT };

struct past {
    const char *name;
    size_t n;
    void (*tell)(struct history *h, size_t i, struct rng *rng);
    enum where where;
    bool large;
};

static const struct past pasts[] = {
    {.name = "nothing", .n = 0, .tell = leave},
    {.name = "one result", .n = 1, .tell = complete},
    {.name = "one pending trial", .n = 1, .tell = leave},
    {.name = "failures", .n = 40, .tell = be_failed},
    {.name = "ties", .n = 60, .tell = tie},
    {.name = "a constant", .n = 60, .tell = be_constant},
    {.name = "NaN", .n = 60, .tell = tell_nan},
    {.name = "only NaN", .n = 20, .tell = tell_only_nan},
    {.name = "extremes", .n = 60, .tell = tell_extreme},
    {.name = "infinity", .n = 30, .tell = tell_infinite},
    {.name = "infeasible", .n = 40, .tell = be_infeasible},
    {.name = "values of infeasible", .n = 40, .tell = be_infeasible_with_value},
    {.name = "pruned", .n = 40, .tell = be_pruned},
    {.name = "one of many pending", .n = 60, .tell = keep_one_pending},
    {.name = "100 pending", .n = 121, .tell = keep_most_pending},
    {.name = "1000 pending",
     .n = 1021,
     .tell = keep_most_pending,
     .large = true},
    {.name = "queued", .n = 60, .tell = queue},
    {.name = "all states", .n = 200, .tell = be_anything},
    {.name = "duplicates", .n = 60, .tell = complete, .where = OFTEN_ONE_POINT},
    {.name = "one point", .n = 60, .tell = complete, .where = ONE_POINT},
    {.name = "one point, a constant",
     .n = 60,
     .tell = be_constant,
     .where = ONE_POINT},
    {.name = "3000 of all states",
     .n = 3000,
     .tell = be_anything,
     .large = true},
};
enum { PASTS = sizeof pasts / sizeof *pasts };

static void append(struct history *history, const struct past *past,
                   struct rng *rng)
{
    bool again = past->where == ONE_POINT ||
                 (past->where == OFTEN_ONE_POINT && rng_below(rng, 3));
    double point[MOST_PARAMS]; // rows move when one is appended
    if (again && history->n)
        memcpy(point, history_point(history, 0),
               history->space->n * sizeof *point);
    size_t i = again && history->n
                   ? history_append(history, TRIAL_RUNNING, point)
                   : append_random(history, rng);
    past->tell(history, i, rng);
}

static void fill_history(struct history *history, const struct space *space,
                         const struct past *past)
{
    struct rng rng = rng_at(2, (uint64_t)(past - pasts));
    history_init(history, space);
    while (history->n < past->n)
        append(history, past, &rng);
}

// ---- tests ------------------------------------------------------------------

// Asks: twice, or just once, without a kept model, what takes long; not at all
// if it is to be spared.
static void meet(const struct sampler *sampler, const struct space *space,
                 const struct past *past, bool spared)
{
    struct history history;
    struct question question;
    struct answer answer;
    fill_history(&history, space, past);
    question_init(&question, sampler, &history);
    question.about = past->name;
    bool long_one = slow(&question);
    if (served(&question) && long_one && past->large && !spared) {
        ask_model(&question, NULL, history.n, &answer);
        check_answer(&question, history.n, &answer);
    } else if (served(&question) && !(long_one && spared)) {
        for (uint64_t seed = 0; seed < (long_one ? 1 : 2); seed++) {
            question.task.seed = seed;
            ask(&question, history.n);
        }
    }
    history_done(&history);
}

// What is left out where a model takes long: most of a hundred parameters, and
// most pasts of shapes that are not typical.
static bool spares(enum shape shape, size_t d, size_t past)
{
    if (shape == FLOAT_LINEAR || shape == MIXED)
        return d > 1 &&
               (pasts[past].large || (past % 2 == 0) == (shape == MIXED));
    return d > 1 || pasts[past].large || (past + shape) % 4;
}

// _i: a sampler and a shape.
START_TEST(test_any_past_leads_to_a_valid_new_point)
{
    const struct sampler *sampler = samplers[_i / SHAPES];
    enum shape shape = (enum shape)(_i % SHAPES);
    bool typical = shape == FLOAT_LINEAR || shape == MIXED;
    for (size_t d = 1; d <= MOST_PARAMS; d += MOST_PARAMS - 1) {
        struct space space;
        fill_space(&space, shape, d);
        for (size_t p = 0; p < PASTS; p++)
            if (d == 1 || typical || !pasts[p].large)
                meet(sampler, &space, &pasts[p], spares(shape, d, p));
        space_done(&space);
    }
}
END_TEST

// _i: a sampler. Models of that many are not what a slow one is for, but it
// answers.
START_TEST(test_a_huge_past_leads_to_a_valid_new_point)
{
    static const struct past huge[] = {
        {.name = "100 000 results",
         .n = 100000,
         .tell = complete,
         .large = true},
        {.name = "100 000 ties", .n = 100000, .tell = tie, .large = true},
    };
    struct space space;
    fill_space(&space, MIXED, 5);
    if (!samplers[_i]->check)
        meet(samplers[_i], &space, &huge[0], false);
    space_done(&space);
    fill_space(&space, FLOAT_LINEAR, 3);
    meet(samplers[_i], &space, &huge[1], true);
    space_done(&space);
}
END_TEST

// _i: a sampler. Trials that were handed out after this one do not change it,
// in a space where their points would be avoided.
START_TEST(test_rows_at_or_above_the_number_are_ignored)
{
    static const struct past some = {.name = "ties", .n = 60, .tell = tie};
    for (int shape = 0; shape < SHAPES; shape++) {
        struct space space;
        struct history history;
        struct question question;
        struct rng rng = rng_at(3, 0);
        fill_space(&space, (enum shape)shape, 3);
        fill_history(&history, &space, &some);
        question_init(&question, samplers[_i], &history);
        question.task.seed = 5;
        if (served(&question)) {
            struct answer before = ask(&question, some.n);
            for (int i = 0; i < 2 && before.status == 0; i++)
                history_append(&history, TRIAL_RUNNING, before.point);
            for (int i = 0; i < 30; i++) {
                size_t number = append_random(&history, &rng);
                if (i % 2)
                    history_move(&history, number, TRIAL_QUEUED, NAN);
            }
            struct answer after = ask(&question, some.n);
            ck_assert_msg(equal(&before, &after, 3), "%s, shape %d",
                          samplers[_i]->name, shape);
        }
        history_done(&history);
        space_done(&space);
    }
}
END_TEST

static void fill(TCase *tests)
{
    int n = (int)n_samplers;
    tcase_add_loop_test(tests, test_any_past_leads_to_a_valid_new_point, 0,
                        n * SHAPES);
    tcase_add_loop_test(tests, test_a_huge_past_leads_to_a_valid_new_point, 0,
                        n);
    tcase_add_loop_test(tests, test_rows_at_or_above_the_number_are_ignored, 0,
                        n);
}

int main(void)
{
    return run_case("pasts of samplers", fill);
}
