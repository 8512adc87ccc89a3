// SPDX-License-Identifier: GPL-3.0-or-later
// sampler_tpe.c - tree-structured Parzen estimator
//
// Splits the results into good and bad ones, learns a density of each (l and
// g, see parzen.h) and suggests, of some points drawn from l, the one of
// largest l / g. After S. Watanabe, "Tree-structured Parzen estimator:
// understanding its algorithm components and their roles for better empirical
// performance", arXiv:2304.11127:
//   split       the best min(ceil(gamma n), 25) of n results with a value are
//               good
//   weights     l: see elite.h; g: 1 each
//   bandwidths  see parzen.h; at least 0.5 / (good ones + 2) of the range in l,
//               at least 0.05 in g
//
// The first n_startup_trials trials, and those before there are half as many
// results, one of them with a value, are scrambled Sobol points. Later every
// fifth one takes wide kernels in l (see parzen.h): the others settle where
// the best results are, this one sees to it that there is no better place.
//
// Results are ordered as in elite.h; those without a value are always bad.
// While less than half of the results meet the constraints, a second pair of
// densities says where they do (contrast.h). Good points of other studies are
// good here too, with a weight that fades as results come in; every second of
// the first points remains a Sobol point then.
//
// The model holds the densities of a prefix of the results. A suggestion
// appends to g the results since then and, with less weight, the pending trials
// (constant liar), both narrowly; when one of those is among the good, l is
// rebuilt from the best of both, which is cheap.

#include "sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "contrast.h"
#include "elite.h"
#include "even.h"
#include "lent.h"
#include "memory.h"
#include "merit.h"
#include "parzen.h"
#include "repair.h"
#include "rng.h"
#include "rows.h"
#include "tried.h"

enum {
    MAX_BAD = 500,  // kernels in g
    KEPT_BAD = 250, // of these, the best ones always
    WIDE_EVERY = 5, // every fifth suggestion looks further
};

static const double WIDTH_BAD = 0.05; // least bandwidth in g
static const double PENDING = 0.3;    // weight of a pending trial in g
// Results after which other studies count nothing.
static const double FADE = 20;

enum { STARTUP, CANDIDATES, MULTIVARIATE, MAGIC_CLIP, GAMMA };

static const struct option options[] = {
    {"n_startup_trials", OPTION_INT, 10, 0, 1e6,
     "even points at first; a model needs half as many results"},
    {"n_ei_candidates", OPTION_INT, 24, 1, 10000,
     "points drawn from the good density, of which the best is suggested"},
    {"multivariate", OPTION_BOOL, 1, 0, 1,
     "model all parameters together, not each alone"},
    {"consider_magic_clip", OPTION_BOOL, 1, 0, 1,
     "keep bandwidths above 2 to 5 % of the range, else above 0.1 %"},
    {"gamma", OPTION_REAL, 0.15, 0.001, 0.999,
     "share of the results that counts as good, up to 25 of them"},
};

struct model {
    struct arena arena;
    size_t n_ended, n_usable; // results that it has seen, those with a value
    size_t n_good, n_best;    // n_best: good ones and the best bad one, if any
    struct merit best[ELITE_MOST + 1];
    struct rows lent;         // good points of other studies
    double floor_good;        // least bandwidth in l
    size_t n_pairs;           // 0: too few results
    struct contrast pairs[2]; // good and bad; feasible and not
};

// ---- what is good -----------------------------------------------------------

// The least bandwidth, where it should be `width`.
static double least_width(const struct sampler_task *task, double width)
{
    return task->options[MAGIC_CLIP] != 0 ? width : 0.001;
}

// The least bandwidth among n points that are wanted.
static double sharp(size_t n)
{
    return fmax(0.015, 0.5 / ((double)n + 2));
}

static struct outcomes outcomes(const struct history *history)
{
    return (struct outcomes){.m = history->n_objectives,
                             .value = history->value};
}

static struct parzen *build_good(const struct sampler_task *task,
                                 const struct model *model,
                                 const struct merit *best, bool wide,
                                 struct arena *arena)
{
    double weight[ELITE_MOST], sum = 0;
    struct outcomes of = outcomes(task->history);
    size_t n = model->n_good;
    elite_weigh(&of, best, n, model->n_best, arena, weight);
    struct rows rows = rows_for(n + model->lent.n, arena);
    rows.wide = wide;
    for (size_t i = 0; i < n; i++) {
        rows_push(&rows, history_unit(task->history, best[i].number),
                  weight[i]);
        sum += weight[i];
    }
    for (size_t i = 0; i < model->lent.n; i++)
        rows_push(&rows, model->lent.unit[i], model->lent.weight[i]);
    return rows_density(&rows, task->space, n ? sum / (double)n : 1,
                        model->floor_good, arena);
}

// Sorts result[0..n) so that the good ones are the first, then the bad ones
// that g keeps always.
static void order(struct model *model, const struct sampler_task *task,
                  struct merit *result, size_t n, struct arena *scratch)
{
    struct outcomes of = outcomes(task->history);
    size_t good = model->n_good, bad = n - good;
    size_t kept = bad < KEPT_BAD ? bad : KEPT_BAD;
    if (of.m == 1) {
        merit_select(result, n, good + kept);
        model->n_best = bad ? good + 1 : good;
    } else {
        elite_select(&of, result, n, good, scratch);
        merit_select(result + good, bad, kept);
        model->n_best = good;
    }
    memcpy(model->best, result, model->n_best * sizeof *result);
}

// What a point of another study weighs next to one of ours.
static double discount(size_t usable)
{
    return fmax(0, 1 - (double)usable / FADE);
}

// ---- constraints ------------------------------------------------------------

// How far a result is from being feasible: 0 when it is, NaN when that is not
// known or it failed.
static double excess(const struct history *history, uint32_t number)
{
    return history->state[number] == TRIAL_FAILED
               ? NAN
               : history_violation(history, number);
}

// Learns where results are feasible, if fewer than half of them are. When none
// is, the one that comes nearest counts as such.
static void learn_feasible(struct model *model, const struct sampler_task *task,
                           struct arena *scratch)
{
    const struct history *history = task->history;
    size_t n = model->n_ended, nearest = 0;
    double least = HUGE_VAL;
    struct rows met = rows_for(n, scratch), unmet = rows_for(n, scratch);
    for (size_t i = 0; i < n; i++) {
        uint32_t number = history->ended[i];
        double over = excess(history, number);
        if (over > 0 && over < least) {
            least = over;
            nearest = unmet.n;
        }
        rows_push(over <= 0 ? &met : &unmet, history_unit(history, number), 1);
    }
    if (met.n == 0 && least < HUGE_VAL) {
        rows_push(&met, unmet.unit[nearest], 1);
        unmet.unit[nearest] = unmet.unit[--unmet.n];
    }
    if (met.n == 0 || met.n >= unmet.n)
        return;
    struct contrast *pair = &model->pairs[model->n_pairs++];
    pair->share = (double)met.n / (double)n;
    rows_thin(&met, 0, MAX_BAD, rng_at(task->seed, RNG_STUDY + met.n));
    rows_thin(&unmet, 0, MAX_BAD, rng_at(task->seed, RNG_STUDY + unmet.n));
    pair->good.base = rows_density(
        &met, task->space, 1, least_width(task, sharp(met.n)), &model->arena);
    pair->bad.base =
        rows_density(&unmet, task->space, 1, least_width(task, sharp(unmet.n)),
                     &model->arena);
}

// ---- model ------------------------------------------------------------------

static void learn(struct model *model, const struct sampler_task *task,
                  struct merit *result, struct arena *scratch)
{
    double weight = discount(model->n_usable);
    size_t n = model->n_ended;
    size_t lent = task->prior && weight > 0 ? task->prior->n : 0;
    model->n_good = elite_count(task->options[GAMMA], model->n_usable);
    order(model, task, result, n, scratch);
    struct rows bad = rows_for(n + lent, scratch);
    for (size_t i = model->n_good; i < n; i++)
        rows_push(&bad, history_unit(task->history, result[i].number), 1);
    rows_thin(&bad, KEPT_BAD, MAX_BAD, rng_at(task->seed, RNG_STUDY + bad.n));
    model->lent = rows_for(lent, &model->arena);
    if (lent)
        lent_deal(&(struct lent_plan){.prior = task->prior,
                                      .d = task->space->n,
                                      .m = task->history->n_objectives,
                                      .share = task->options[GAMMA],
                                      .weight = weight,
                                      .seed = task->seed},
                  scratch, &model->lent, &bad);
    model->floor_good = least_width(task, sharp(model->n_good + model->lent.n));
    struct contrast *pair = &model->pairs[model->n_pairs++];
    pair->good.base =
        build_good(task, model, model->best, false, &model->arena);
    pair->bad.base = rows_density(&bad, task->space, 1,
                                  least_width(task, WIDTH_BAD), &model->arena);
    pair->share = ((double)model->n_good + 0.5) / ((double)n + 1);
    if (task->history->n_constraints)
        learn_feasible(model, task, scratch);
}

// Every result up to 63, then steps of 1/64 to 1/32 of the number of results,
// at most 64: a fit is cheap, and what came since is appended in `look`.
static size_t fit_length(const struct sampler_task *task, size_t n_ended)
{
    (void)task;
    size_t step = 1;
    while (n_ended / step >= 64 && step < 64)
        step *= 2;
    return n_ended / step * step;
}

static struct model *fit(const struct sampler_task *task, size_t n_ended,
                         const struct model *before)
{
    (void)before;
    struct model *model = memory_resize(NULL, 1, sizeof *model);
    *model = (struct model){.n_ended = n_ended};
    arena_init(&model->arena);
    struct arena scratch;
    arena_init(&scratch);
    struct merit *result = arena_alloc(&scratch, n_ended * sizeof *result);
    for (size_t i = 0; i < n_ended; i++) {
        result[i] = merit_of(task->history, task->history->ended[i]);
        model->n_usable += result[i].rank != MERIT_NONE;
    }
    size_t lent = task->prior ? task->prior->n : 0;
    if (model->n_usable + lent > 0 &&
        2 * (double)(n_ended + lent) >= task->options[STARTUP])
        learn(model, task, result, &scratch);
    arena_done(&scratch);
    return model;
}

static void model_free(struct model *model)
{
    if (!model)
        return;
    arena_done(&model->arena);
    free(model);
}

// ---- what happened since the fit --------------------------------------------

// Writes the best of the model's best and of the results since then to `best`,
// and to `bad` the rows that g lacks: other results since then, formerly good
// ones, and the pending trials.
static void renew(const struct history *history, const struct model *model,
                  uint64_t number, struct merit *best, struct rows *bad,
                  struct arena *arena)
{
    size_t n = model->n_best, since = history->n_ended - model->n_ended;
    struct merit *pool = arena_alloc(arena, (n + since) * sizeof *pool);
    memcpy(pool, model->best, n * sizeof *pool);
    for (size_t i = model->n_ended; i < history->n_ended; i++)
        if (history->ended[i] < number)
            pool[n++] = merit_of(history, history->ended[i]);
    struct outcomes of = outcomes(history);
    if (n > model->n_best)
        elite_select(&of, pool, n, model->n_best, arena);
    memcpy(best, pool, model->n_best * sizeof *pool);
    bool seen = model->n_best > model->n_good; // g has the best bad one
    for (size_t i = model->n_good; i < n; i++)
        if (!seen || pool[i].number != model->best[model->n_good].number)
            rows_push(bad, history_unit(history, pool[i].number), 1);
    for (size_t i = 0; i < history->count[TRIAL_RUNNING]; i++)
        if (history->running[i] < number)
            rows_push(bad, history_unit(history, history->running[i]), PENDING);
}

// Is the set of the good ones still the model's?
static bool unchanged(const struct model *model, const struct merit *best)
{
    for (size_t i = 0; i < model->n_good; i++)
        if (best[i].number != model->best[i].number)
            return false;
    return true;
}

// Adds what came since to where results are feasible and where not.
static void renew_feasible(const struct sampler_task *task,
                           const struct model *model, uint64_t number,
                           struct contrast *pair, struct arena *arena)
{
    const struct history *history = task->history;
    size_t since = history->n_ended - model->n_ended;
    struct rows met = rows_for(since, arena), unmet = rows_for(since, arena);
    for (size_t i = model->n_ended; i < history->n_ended; i++) {
        uint32_t result = history->ended[i];
        if (result < number)
            rows_push(excess(history, result) <= 0 ? &met : &unmet,
                      history_unit(history, result), 1);
    }
    double floor = least_width(task, sharp(model->n_ended));
    pair->good.extra = rows_addition(&met, pair->good.base, floor, arena);
    pair->bad.extra = rows_addition(&unmet, pair->bad.base, floor, arena);
}

// Writes the model's pairs of densities as one suggestion sees them.
static void look(const struct sampler_task *task, const struct model *model,
                 uint64_t number, struct arena *arena, struct contrast *pairs)
{
    const struct history *history = task->history;
    struct merit best[ELITE_MOST + 1];
    struct rows bad =
        rows_for(model->n_best + history->n_ended - model->n_ended +
                     history->count[TRIAL_RUNNING],
                 arena);
    memcpy(pairs, model->pairs, sizeof model->pairs);
    renew(history, model, number, best, &bad, arena);
    bool wide = number % WIDE_EVERY == 0;
    if (wide || !unchanged(model, best))
        pairs[0].good.base = build_good(task, model, best, wide, arena);
    // narrow: a place was tried, which says little about its surroundings
    pairs[0].bad.extra =
        rows_addition(&bad, pairs[0].bad.base, model->floor_good, arena);
    if (model->n_pairs > 1)
        renew_feasible(task, model, number, &pairs[1], arena);
}

// ---- choosing ---------------------------------------------------------------

// Takes a random untried point instead, if one is found.
static void replace(const struct sampler_task *task, uint64_t number,
                    struct rng *rng, struct arena *arena,
                    struct suggestion *out)
{
    double *other = arena_doubles(arena, task->space->n);
    if (!tried_random_other(task->history, number, rng, arena, other))
        return;
    memcpy(out->point, other, task->space->n * sizeof *other);
    out->why = "a random new point: what the model prefers was tried";
}

// Before there is a model: scrambled Sobol points.
static void start(const struct sampler_task *task, uint64_t number,
                  struct rng *rng, struct arena *arena, struct suggestion *out)
{
    out->why = even_untried(task, number, rng, arena, out->point)
                   ? "a point of an even spread: too few results for a model"
                   : "a random new point: the even one was tried";
}

// Is an even point due although there is a model? With one from other studies
// only half of the first ones are.
static bool starting(double startup, const struct model *model, uint64_t number)
{
    double enough = fmin((double)number, 2 * (double)model->n_ended);
    return enough < startup && (model->lent.n == 0 || number % 2);
}

static size_t largest(const double *score, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (score[i] > score[best])
            best = i;
    return best;
}

// What a search for the best candidate works with.
struct search {
    const struct sampler_task *task;
    uint64_t number;
    const struct contrast *pairs;
    size_t n_pairs;
    size_t n;      // candidates
    double *unit;  // [n x d]
    double *score; // [n]
    struct rng *rng;
    struct arena *arena;
};

// The best candidate that is new; false: there was none, and
// `point` is the best one.
static bool choose(const struct search *s, double *point)
{
    size_t d = s->task->space->n, best = largest(s->score, s->n);
    for (size_t i = 0; i < s->n; i++) {
        size_t next = largest(s->score, s->n);
        space_decode(s->task->space, s->unit + next * d, point);
        if (tried_not(s->task->history, s->number, point))
            return true;
        s->score[next] = -HUGE_VAL;
    }
    space_decode(s->task->space, s->unit + best * d, point);
    return false;
}

static bool suggest_joint(const struct search *s, double *point)
{
    contrast_draw(s->pairs, s->n, s->rng, s->arena, s->unit);
    contrast_score(s->pairs, s->n_pairs, s->unit, s->n, s->arena, s->score);
    return choose(s, point);
}

// Each parameter's best candidate, whatever the others are, unless together
// they are not allowed.
static bool suggest_apart(const struct search *s, double *point)
{
    size_t d = s->task->space->n;
    double *chosen = arena_doubles(s->arena, d);
    struct contrast one[2];
    for (size_t k = 0; k < d; k++) {
        for (size_t p = 0; p < s->n_pairs; p++)
            one[p] = contrast_marginal(&s->pairs[p], k, s->arena);
        contrast_draw(one, s->n, s->rng, s->arena, s->unit);
        contrast_score(one, s->n_pairs, s->unit, s->n, s->arena, s->score);
        chosen[k] = s->unit[largest(s->score, s->n) * d + k];
    }
    space_decode(s->task->space, chosen, point);
    repair_near(s->task->space, s->rng, s->arena, point);
    return tried_not(s->task->history, s->number, point);
}

static const char *explain(const struct model *model, const struct search *s)
{
    return arena_print(s->arena,
                       "best of %zu draws near the %zu best of %zu results%s%s",
                       s->n, model->n_good ? model->n_good : model->lent.n,
                       model->n_good ? model->n_ended : s->task->prior->n,
                       model->n_good ? "" : " of other studies",
                       s->n_pairs > 1 ? ", and where constraints are met" : "");
}

static int suggest(const struct sampler_task *task, const struct model *model,
                   uint64_t number, struct arena *arena, struct suggestion *out,
                   struct error *err)
{
    (void)err;
    struct rng rng = rng_at(task->seed, number);
    if (model->n_pairs == 0 ||
        starting(task->options[STARTUP], model, number)) {
        start(task, number, &rng, arena, out);
        return 0;
    }
    struct contrast pairs[2];
    look(task, model, number, arena, pairs);
    size_t n = (size_t)task->options[CANDIDATES];
    struct search s = {
        .task = task,
        .number = number,
        .pairs = pairs,
        .n_pairs = model->n_pairs,
        .n = n,
        .unit = arena_doubles(arena, n * task->space->n),
        .score = arena_doubles(arena, n),
        .rng = &rng,
        .arena = arena,
    };
    bool joint = task->options[MULTIVARIATE] != 0;
    out->why = explain(model, &s);
    if (!(joint ? suggest_joint : suggest_apart)(&s, out->point))
        replace(task, number, &rng, arena, out);
    return 0;
}

const struct sampler sampler_tpe = {
    .name = "tpe",
    .help = "tree-structured Parzen estimator: a good default for any space",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .several = true,
    .fit_length = fit_length,
    .fit = fit,
    .model_free = model_free,
    .suggest = suggest,
};
