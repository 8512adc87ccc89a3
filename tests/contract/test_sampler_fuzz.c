// SPDX-License-Identifier: GPL-3.0-or-later
// test_sampler_fuzz.c - studies at random
//
// Spaces of all kinds, restricted or not, points that come again or are all the
// same, values that are constant, infinite, NaN or the largest double,
// corrected and revoked results, options within their limits. Whatever comes,
// the sampler ends with a valid point that does not depend on what it kept.
// CUMAE_FUZZ_TELLS is how many results the samplers get to see together: 200
// 000 if it is not set.

#include "samplers.h"

#include <float.h>

enum { MOST_TELLS = 400, MOST_TELLS_SLOW = 40, SOURCES = 3, LENT = 30 };

struct fuzz {
    struct space space;
    struct history history;
    struct question question;
    struct rng rng;
    struct prior prior;
    double lent_unit[LENT * MOST_PARAMS], lent_value[LENT * MOST_OBJECTIVES];
    uint32_t lent_source[LENT];
    double scale;       // of values; 0: they are constant
    uint64_t wild;      // one number in so many is
    bool one_point;     // all trials are at the same point
    size_t tells, most; // so far; in this study
};

static uint64_t below(struct fuzz *fuzz, uint64_t n)
{
    return rng_below(&fuzz->rng, n);
}

static double draw_number(struct fuzz *fuzz)
{
    static const double wild[] = {NAN,      INFINITY, -INFINITY, DBL_MAX,
                                  -DBL_MAX, DBL_MIN,  0,         -1};
    if (below(fuzz, fuzz->wild) == 0)
        return wild[below(fuzz, sizeof wild / sizeof *wild)];
    return fuzz->scale * rng_normal(&fuzz->rng) + 1;
}

// ---- a study ----------------------------------------------------------------

static void draw_space(struct fuzz *fuzz)
{
    struct error err = {0};
    size_t d = 1 + (size_t)below(fuzz, 6);
    bool finite = below(fuzz, 3) == 0;
    space_init(&fuzz->space);
    while (fuzz->space.n < d)
        if (below(fuzz, 3)) {
            ck_assert_int_eq(
                random_param_add(&fuzz->space, &fuzz->rng, finite, &err), 0);
        } else {
            char name[24];
            snprintf(name, sizeof name, "q%zu", fuzz->space.n);
            struct param p = shapes[below(fuzz, MIXED)];
            p.name = name;
            ck_assert_int_eq(space_add(&fuzz->space, &p, &err), 0);
        }
    double unit[6], witness[6];
    for (size_t k = 0; k < d; k++)
        unit[k] = rng_uniform(&fuzz->rng);
    space_decode(&fuzz->space, unit, witness);
    for (uint64_t n = below(fuzz, 2) * below(fuzz, 4); n > 0; n--)
        ck_assert_msg(random_restriction_add(&fuzz->space, &fuzz->rng, witness,
                                             &err) == 0,
                      "%s", err.message);
}

// Within the limits, and not what makes the work thousandfold.
static void draw_options(struct fuzz *fuzz)
{
    const struct sampler *sampler = fuzz->question.sampler;
    for (size_t i = 0; i < sampler->n_options; i++) {
        const struct option *o = &sampler->options[i];
        double high = fmin(o->high, 40);
        double value = o->low + rng_uniform(&fuzz->rng) * (high - o->low);
        if (o->kind != OPTION_REAL)
            value = rint(value);
        if (below(fuzz, 3) == 0)
            fuzz->question.options[i] = value;
    }
}

static void draw_prior(struct fuzz *fuzz)
{
    size_t d = fuzz->space.n, n = 1 + (size_t)below(fuzz, LENT);
    double point[MOST_PARAMS];
    for (size_t i = 0; i < n; i++) {
        double *unit = fuzz->lent_unit + i * d;
        for (size_t k = 0; k < d; k++)
            unit[k] = rng_uniform(&fuzz->rng);
        space_decode(&fuzz->space, unit, point);
        space_encode(&fuzz->space, point, unit);
        fuzz->lent_source[i] = (uint32_t)below(fuzz, SOURCES);
    }
    for (size_t i = 0; i < n * fuzz->history.n_objectives; i++)
        fuzz->lent_value[i] = fuzz->scale * rng_normal(&fuzz->rng);
    fuzz->prior = (struct prior){.n = n,
                                 .n_sources = SOURCES,
                                 .unit = fuzz->lent_unit,
                                 .value = fuzz->lent_value,
                                 .source = fuzz->lent_source};
    fuzz->question.task.prior = &fuzz->prior;
}

static void begin(struct fuzz *fuzz, const struct sampler *sampler)
{
    static const double scales[] = {0, 1, 1, 1, 1e-300, 1e300};
    draw_space(fuzz);
    bool several = sampler->several && below(fuzz, 3) == 0;
    history_init_for(&fuzz->history, &fuzz->space,
                     several ? 2 + (size_t)below(fuzz, 4) : 1,
                     below(fuzz, 3) ? 0 : 1 + (size_t)below(fuzz, 3));
    fuzz->scale = scales[below(fuzz, sizeof scales / sizeof *scales)];
    fuzz->wild = below(fuzz, 2) ? 4 : 1000;
    fuzz->one_point = below(fuzz, 10) == 0;
    question_init(&fuzz->question, sampler, &fuzz->history);
    fuzz->question.about = "fuzz";
    fuzz->question.task.seed = rng_u64(&fuzz->rng);
    fuzz->question.task.max_trials = (int64_t)below(fuzz, 2) * 300;
    if (below(fuzz, 4) == 0)
        draw_prior(fuzz);
    draw_options(fuzz);
    fuzz->tells = 0;
    fuzz->most =
        1 + (size_t)below(fuzz, sampler->slow ? MOST_TELLS_SLOW : MOST_TELLS);
}

static void end(struct fuzz *fuzz)
{
    history_done(&fuzz->history);
    space_done(&fuzz->space);
}

// ---- what happens -----------------------------------------------------------

static void append(struct fuzz *fuzz)
{
    struct history *history = &fuzz->history;
    double point[MOST_PARAMS];
    bool again = history->n && (fuzz->one_point || below(fuzz, 8) == 0);
    if (!again) {
        append_random(history, &fuzz->rng);
        return;
    }
    size_t old = fuzz->one_point ? 0 : (size_t)below(fuzz, history->n);
    memcpy(point, history_point(history, old), fuzz->space.n * sizeof *point);
    history_append(history, below(fuzz, 4) ? TRIAL_RUNNING : TRIAL_QUEUED,
                   point);
}

// Moves a trial to any state, with numbers or without.
static void tell(struct fuzz *fuzz, size_t number)
{
    double numbers[MOST_OBJECTIVES + 3];
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        numbers[k] = draw_number(fuzz);
    for (uint64_t i = below(fuzz, 3); i > 0; i--)
        history_report(&fuzz->history, number, (int64_t)below(fuzz, 9),
                       draw_number(fuzz));
    history_enter(
        &fuzz->history, number,
        &(struct result){
            .state = below(fuzz, 3)
                         ? TRIAL_COMPLETE
                         : (enum trial_state)below(fuzz, TRIAL_STATES),
            .values = below(fuzz, 8) ? numbers : NULL,
            .constraints = below(fuzz, 8) ? numbers + MOST_OBJECTIVES : NULL,
            .variance = below(fuzz, 4) ? NAN : fabs(draw_number(fuzz))});
    fuzz->tells++;
}

// Trials come and go, with a question now and then and one at the end.
static void live(struct fuzz *fuzz)
{
    const struct history *history = &fuzz->history;
    while (fuzz->tells < fuzz->most) {
        append(fuzz);
        if (below(fuzz, 10))
            tell(fuzz, history->n - 1);
        if (below(fuzz, 20) == 0)
            tell(fuzz, (size_t)below(fuzz, history->n));
        if (below(fuzz, 30) == 0)
            ask(&fuzz->question, history->n);
    }
    ask(&fuzz->question, history->n);
}

// ---- the test ---------------------------------------------------------------

// Its share of the results: a slow sampler's asks cost many times as much.
static size_t share_of(const struct sampler *sampler)
{
    const char *wanted = getenv("CUMAE_FUZZ_TELLS");
    double all = wanted ? atof(wanted) : 200000, slow = 0;
    for (size_t i = 0; i < n_samplers; i++)
        slow += samplers[i]->slow != NULL;
    double cheap = (double)n_samplers - slow;
    double share = all / (cheap + slow / 20);
    return (size_t)ceil(sampler->slow ? share / 20 : share);
}

// _i: a sampler.
START_TEST(test_no_study_breaks_a_sampler)
{
    static struct fuzz fuzz;
    size_t share = share_of(samplers[_i]), told = 0;
    fuzz.rng = rng_at(31, (uint64_t)_i);
    while (told < share) {
        begin(&fuzz, samplers[_i]);
        if (served(&fuzz.question)) {
            live(&fuzz);
            told += fuzz.tells;
        }
        end(&fuzz);
    }
}
END_TEST

static void fill(TCase *tests)
{
    tcase_set_timeout(tests, getenv("CUMAE_FUZZ_TELLS") ? 7200 : 120);
    tcase_add_loop_test(tests, test_no_study_breaks_a_sampler, 0,
                        (int)n_samplers);
}

int main(void)
{
    return run_case("fuzz of samplers", fill);
}
