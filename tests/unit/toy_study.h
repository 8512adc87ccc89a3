// SPDX-License-Identifier: GPL-3.0-or-later
// toy_study.h - a limit study with workers that throw real toys
//
// The experiment counts n events where mu s + gamma b are expected. gamma is 1,
// or known from m events in a control region where gamma tau are expected
// ("on/off"); all maximum-likelihood estimates have closed forms. Toys are
// thrown at the conditional estimates of the data. The statistic is q~_mu,
// equation 16 of Cowan et al., arXiv:1007.1727.
//
// Any number of workers ask one after the other, and what they do takes a
// random time of a virtual clock.

#ifndef CUMAE_TEST_TOY_STUDY_H
#define CUMAE_TEST_TOY_STUDY_H

#include <math.h>
#include <stdlib.h>

#include "counting.h"
#include "limit_study.h"

enum { TOY_SITES = 60, TOY_WORKERS = 16 };

struct toy_experiment {
    double s, b;
    double tau; // 0: gamma is 1
    double n, m;
};

struct toy_job {
    struct limit_order order;
    double ends;
    size_t sites; // where toys are evaluated
};

struct toy_study {
    struct toy_experiment experiment;
    struct limit_plan plan;
    uint64_t seed, asks;
    struct rng rng; // of toys and times
    struct arena arena, scratch;
    size_t n;
    struct limit_told told[TOY_SITES];
    struct limit_toys sb[TOY_SITES], b[TOY_SITES];
    struct limit_summary site[TOY_SITES];
    struct limit_running running[TOY_SITES];
    struct limit_study look;
};

// ---- the experiment ---------------------------------------------------------

// The best gamma for a given mu: the positive root of a quadratic.
static inline double toy_gamma(const struct toy_experiment *e, double n,
                               double m, double mu)
{
    if (e->tau <= 0)
        return 1;
    double a = e->b * (e->b + e->tau), c = -mu * e->s * m;
    double b = mu * e->s * (e->b + e->tau) - e->b * (n + m);
    double root = sqrt(b * b - 4 * a * c);
    if (b < 0)
        return (-b + root) / (2 * a);
    return b + root > 0 ? -2 * c / (b + root) : 0;
}

static inline double toy_loss(double n, double expected)
{
    return n > 0 ? expected - n + n * log(n / expected) : expected;
}

static inline double toy_q(const struct toy_experiment *e, double n, double m,
                           double mu)
{
    if (e->tau <= 0)
        return counting_q(n, mu * e->s + e->b, e->b, true);
    double best = fmax((n - m / e->tau * e->b) / e->s, 0);
    if (best > mu)
        return 0;
    double free = best > 0 ? m / e->tau : (n + m) / (e->b + e->tau);
    double fixed = toy_gamma(e, n, m, mu);
    double loss =
        toy_loss(n, mu * e->s + fixed * e->b) + toy_loss(m, fixed * e->tau) -
        toy_loss(n, best * e->s + free * e->b) - toy_loss(m, free * e->tau);
    return fmax(2 * loss, 0);
}

// Of the most likely data without signal, given the data.
static inline double toy_q_asimov(const struct toy_experiment *e, double mu)
{
    double gamma = toy_gamma(e, e->n, e->m, 0);
    return toy_q(e, gamma * e->b, gamma * e->tau, mu);
}

// ---- the study --------------------------------------------------------------

// A plan as most are: the observed limit, CLs at 95 %, batches of 300.
static inline struct limit_plan toy_plan(double low, double high, uint64_t toys)
{
    return (struct limit_plan){
        .wanted = {true},
        .alpha = 0.05,
        .reading = {.tie_tolerance = 1e-4, .asymptotic = true, .bounded = true},
        .settings = {.low = low,
                     .high = high,
                     .relative_error = 1e-4,
                     .max_toys = toys,
                     .max_points = 40,
                     .min_batch = 300,
                     .max_batch = 300},
    };
}

static inline void toy_look(struct toy_study *study)
{
    arena_reset(&study->arena);
    study->look =
        limit_study_look(&study->plan, study->site, study->n, &study->arena);
}

static inline void toy_summarise(struct toy_study *study, size_t i)
{
    study->site[i] =
        limit_site_look(&study->told[i], &study->plan.reading, &study->scratch);
    arena_reset(&study->scratch);
}

static inline void toy_open(struct toy_study *study,
                            const struct toy_experiment *experiment,
                            const struct limit_plan *plan, uint64_t seed)
{
    *study = (struct toy_study){.experiment = *experiment,
                                .plan = *plan,
                                .seed = seed,
                                .rng = rng_at(seed, RNG_STUDY)};
    arena_init(&study->arena);
    arena_init(&study->scratch);
    toy_look(study);
}

static inline void toy_close(struct toy_study *study)
{
    for (size_t i = 0; i < study->n; i++) {
        limit_toys_done(&study->sb[i]);
        limit_toys_done(&study->b[i]);
    }
    arena_done(&study->arena);
    arena_done(&study->scratch);
}

// Makes a site that nothing is told of; returns its index.
static inline size_t toy_site(struct toy_study *study, double mu)
{
    size_t i = study->n++;
    limit_toys_init(&study->sb[i]);
    limit_toys_init(&study->b[i]);
    study->told[i] = (struct limit_told){.mu = mu,
                                         .q_asimov = NAN,
                                         .muhat = NAN,
                                         .sb = &study->sb[i],
                                         .b = &study->b[i],
                                         .share_b = 1};
    study->running[i] = (struct limit_running){0};
    toy_summarise(study, i);
    return i;
}

static inline void toy_observe(struct toy_study *study, size_t i)
{
    const struct toy_experiment *e = &study->experiment;
    struct limit_told *told = &study->told[i];
    told->observed = true;
    told->q = toy_q(e, e->n, e->m, told->mu);
    told->q_asimov = toy_q_asimov(e, told->mu);
    double ties = study->plan.reading.tie_tolerance;
    limit_toys_watch(&study->sb[i], limit_toys_threshold(told->q, ties));
    limit_toys_watch(&study->b[i], limit_toys_threshold(told->q, ties));
    toy_summarise(study, i);
}

// The toys of one hypothesis, evaluated at the first `sites`, or at `at` alone
// if there are none.
static inline void toy_throw(struct toy_study *study, size_t at, bool sb,
                             size_t toys, size_t sites)
{
    const struct toy_experiment *e = &study->experiment;
    const struct limit_toys_rule rule = {.bounded = true, .tolerance = 0.01};
    double mu = sb ? study->told[at].mu : 0;
    double gamma = toy_gamma(e, e->n, e->m, mu);
    size_t begin = sites > 0 ? 0 : at, end = sites > 0 ? sites : at + 1;
    double *n = malloc(3 * toys * sizeof *n), *m = n + toys, *q = m + toys;
    for (size_t i = 0; i < toys; i++) {
        n[i] = counting_throw(&study->rng, mu * e->s + gamma * e->b);
        m[i] = e->tau > 0 ? counting_throw(&study->rng, gamma * e->tau) : 0;
    }
    for (size_t j = begin; j < end; j++) {
        for (size_t i = 0; i < toys; i++)
            q[i] = toy_q(e, n[i], m[i], study->told[j].mu);
        struct limit_toys *into = sb ? &study->sb[j] : &study->b[j];
        double before = (double)into->total * study->told[j].share_b;
        limit_toys_add(into, &rule, q, toys);
        if (!sb && toys > 0)
            study->told[j].share_b =
                (before + (double)toys / (double)(end - begin)) /
                (double)into->total;
        toy_summarise(study, j);
    }
    free(n);
}

// ---- workers ----------------------------------------------------------------

// Counts what a job has out, with sign 1 when it begins and -1 when it ends.
static inline void toy_run(struct toy_study *study, const struct toy_job *job,
                           double sign)
{
    const struct limit_order *order = &job->order;
    struct limit_running *at = &study->running[order->site];
    double toys = sign * (double)order->toys;
    if (order->want == LIMIT_WANT_DATA)
        at->data = sign > 0;
    else if (order->want == LIMIT_WANT_TOYS_SB)
        at->sb += toys;
    else if (job->sites == 0)
        at->b += toys;
    for (size_t j = 0; j < job->sites; j++)
        study->running[j].b += toys / (double)job->sites;
}

// Asks; false: there is nothing to do for now.
static inline bool toy_ask(struct toy_study *study, double clock,
                           struct toy_job *job)
{
    struct rng rng = rng_at(study->seed, study->asks++);
    job->order = limit_study_next(&study->plan, &study->look, study->running,
                                  &rng, &study->scratch);
    arena_reset(&study->scratch);
    bool data = job->order.want == LIMIT_WANT_DATA;
    if (!data && job->order.toys == 0)
        return false;
    if (data && job->order.site == study->n) {
        toy_site(study, job->order.mu);
        toy_look(study);
    }
    bool shared = study->plan.shared && job->order.want == LIMIT_WANT_TOYS_B;
    job->sites = shared ? study->n : 0;
    job->ends = clock + (data ? 50 : (double)job->order.toys) *
                            (0.5 + rng_uniform(&study->rng));
    toy_run(study, job, 1);
    return true;
}

static inline void toy_tell(struct toy_study *study, const struct toy_job *job)
{
    const struct limit_order *order = &job->order;
    toy_run(study, job, -1);
    if (order->want == LIMIT_WANT_DATA)
        toy_observe(study, order->site);
    else
        toy_throw(study, order->site, order->want == LIMIT_WANT_TOYS_SB,
                  order->toys, job->sites);
    toy_look(study);
}

// Works until nobody has anything to do; returns what the last ask said.
static inline enum limit_want toy_work(struct toy_study *study, size_t workers)
{
    struct toy_job jobs[TOY_WORKERS], job;
    size_t busy = 0;
    double clock = 0;
    for (;;) {
        while (busy < workers && toy_ask(study, clock, &job))
            jobs[busy++] = job;
        if (busy == 0)
            return job.order.want;
        size_t first = 0;
        for (size_t i = 1; i < busy; i++)
            if (jobs[i].ends < jobs[first].ends)
                first = i;
        clock = jobs[first].ends;
        job = jobs[first];
        jobs[first] = jobs[--busy];
        toy_tell(study, &job);
    }
}

#endif
