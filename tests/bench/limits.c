// SPDX-License-Identifier: GPL-3.0-or-later
// limits.c - how well toys are spent, and what it costs to say how
//
// Usage: limits FIRST LAST, the seeds. Prints "name value" lines: limits of two
// experiments with known answers (tests/unit/toy_study.h) from adaptive studies
// with 1, 8 and 10 workers and, with the same number of toys, from 20 points
// that share them evenly, by linear interpolation of CLs and by our fit; then
// the times for a study of ten million toys.

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../unit/toy_study.h"

enum { POINTS = 20, HEIGHT = 5, MILLIONS = 10, REPEATS = 20 };

struct problem {
    const char *name;
    struct toy_experiment experiment;
    double exact;
};

// Sums over studies.
struct score {
    double n, bias, squares, pulls, pulls_squared, quoted;
};

static void add(struct score *score, double limit, double error, double exact)
{
    double miss = limit / exact - 1;
    double pull = error > 0 ? (limit - exact) / error : 0;
    score->n++;
    score->bias += miss;
    score->squares += miss * miss;
    score->pulls += pull;
    score->pulls_squared += pull * pull;
    score->quoted += error / exact;
}

static void report(const char *name, const char *method, int toys,
                   const struct score *score)
{
    double n = score->n, mean = score->pulls / n;
    const struct {
        const char *name;
        double value;
    } figures[] = {
        {"rmse", 100 * sqrt(score->squares / n)},
        {"bias", 100 * score->bias / n},
        {"quoted", 100 * score->quoted / n},
        {"pull_mean", mean},
        {"pull_width", sqrt(score->pulls_squared / n - mean * mean)},
    };
    // Linear interpolation quotes no error.
    size_t known = score->quoted > 0 ? sizeof figures / sizeof *figures : 2;
    for (size_t i = 0; i < known; i++)
        printf("%s.%d.%s.%s %.6g\n", name, toys, method, figures[i].name,
               figures[i].value);
    fflush(stdout);
}

static const struct limit_estimate *observed(const struct toy_study *study)
{
    return &study->look.curve[LIMIT_OBSERVED];
}

static void adaptive(const struct problem *problem, int toys, size_t workers,
                     const uint64_t seeds[2])
{
    struct score score = {0};
    struct limit_plan plan = toy_plan(0, HEIGHT, (uint64_t)toys);
    for (uint64_t seed = seeds[0]; seed <= seeds[1]; seed++) {
        struct toy_study study;
        toy_open(&study, &problem->experiment, &plan, seed);
        toy_work(&study, workers);
        add(&score, observed(&study)->curve.limit.mu,
            observed(&study)->total_error, problem->exact);
        toy_close(&study);
    }
    char method[32];
    snprintf(method, sizeof method, "adaptive_%zu", workers);
    report(problem->name, method, toys, &score);
}

// As many toys of each hypothesis at each point.
static void grid(const struct problem *problem, int toys,
                 const uint64_t seeds[2])
{
    struct score linear = {0}, probit = {0};
    struct limit_plan plan = toy_plan(0, HEIGHT, (uint64_t)toys);
    for (uint64_t seed = seeds[0]; seed <= seeds[1]; seed++) {
        struct toy_study study;
        toy_open(&study, &problem->experiment, &plan, seed);
        for (int i = 1; i <= POINTS; i++) {
            size_t at = toy_site(&study, HEIGHT * (double)i / POINTS);
            toy_observe(&study, at);
            toy_throw(&study, at, true, (size_t)toys / POINTS / 2, 0);
            toy_throw(&study, at, false, (size_t)toys / POINTS / 2, 0);
        }
        toy_look(&study);
        add(&linear, observed(&study)->linear, 0, problem->exact);
        add(&probit, observed(&study)->curve.limit.mu,
            observed(&study)->total_error, problem->exact);
        toy_close(&study);
    }
    report(problem->name, "grid_linear", toys, &linear);
    report(problem->name, "grid_probit", toys, &probit);
}

// ---- cost -------------------------------------------------------------------

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

// n values of q~ in the asymptotic limit, mu / sigma apart.
static void pour(struct rng *rng, struct limit_toys *toys, double mean,
                 size_t n)
{
    enum { BATCH = 50000 };
    static double q[BATCH];
    const struct limit_toys_rule rule = {.bounded = true, .tolerance = 0.01};
    for (size_t done = 0; done < n; done += BATCH) {
        for (size_t i = 0; i < BATCH; i++) {
            double z = rng_normal(rng) + mean;
            q[i] = z > 0 ? z * z : 0;
        }
        limit_toys_add(toys, &rule, q, BATCH);
    }
}

static void fill(struct toy_study *study)
{
    for (int i = 1; i <= POINTS; i++) {
        double mu = 0.15 * i;
        size_t at = toy_site(study, mu);
        toy_observe(study, at);
        size_t toys = MILLIONS * 1000000 / POINTS;
        pour(&study->rng, &study->sb[at], 0, toys * 4 / 5);
        pour(&study->rng, &study->b[at], mu, toys / 5);
        toy_summarise(study, at);
    }
}

static void cost(void)
{
    const struct toy_experiment on_off = {6, 9, 9, 9, 9};
    struct limit_plan plan = toy_plan(0, HEIGHT, UINT64_C(100000000));
    plan.settings.hint = 1.5;
    for (unsigned c = 0; c < LIMIT_CURVES; c++)
        plan.wanted[c] = true;
    struct toy_study study;
    toy_open(&study, &on_off, &plan, 1);
    fill(&study);
    double begin = milliseconds();
    for (int i = 0; i < REPEATS; i++)
        toy_summarise(&study, (size_t)i);
    double site = milliseconds();
    for (int i = 0; i < REPEATS; i++)
        toy_look(&study);
    double look = milliseconds();
    for (uint64_t i = 0; i < REPEATS; i++) {
        struct rng rng = rng_at(1, i);
        limit_study_next(&plan, &study.look, study.running, &rng,
                         &study.scratch);
        arena_reset(&study.scratch);
    }
    double next = milliseconds();
    printf("cost.site_ms %.4g\n", (site - begin) / REPEATS);
    printf("cost.study_ms %.4g\n", (look - site) / REPEATS);
    printf("cost.next_ms %.4g\n", (next - look) / REPEATS);
    printf("cost.toys %.0f\n", study.look.toys_sb + study.look.toys_b);
    toy_close(&study);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: limits FIRST LAST\n");
        return EXIT_FAILURE;
    }
    const uint64_t seeds[2] = {strtoull(argv[1], NULL, 10),
                               strtoull(argv[2], NULL, 10)};
    const struct problem problems[] = {
        {"counting", {3, 3, 0, 3, 0}, counting_limit(3, 3, 0.05) / 3},
        {"on_off", {6, 9, 9, 9, 9}, 1.48152},
    };
    const int toys[] = {10000, 40000};
    const size_t workers[] = {1, 8, 10};
    cost();
    for (int p = 0; p < 2; p++)
        for (int t = 0; t < 2; t++) {
            for (int w = 0; w < 3; w++)
                adaptive(&problems[p], toys[t], workers[w], seeds);
            grid(&problems[p], toys[t], seeds);
        }
    return EXIT_SUCCESS;
}
