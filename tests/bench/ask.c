// SPDX-License-Identifier: GPL-3.0-or-later
// ask.c - milliseconds per suggestion, and bytes per trial, of every sampler
//
// usage: ask [SAMPLER|all [D [N]]]
//
// For several numbers D of parameters and N of results, a line: the sampler, D,
// N, the milliseconds of a fit without anything kept, of a suggestion with the
// model at hand (median and 99th percentile), and the bytes per trial of the
// history and of the model. The results crowd around one point with some
// spread, as those of a study under way do. Processor time.

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rng.h"
#include "sampler.h"

void openblas_set_num_threads(int threads);

enum {
    MAX_D = 64,
    SUGGESTIONS = 200,
    FITS = 25,      // at most
    FITS_MS = 2000, // no further fit once they took this long
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return (double)info.uordblks + (double)info.hblkhd;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double quantile(double *times, size_t n, double q)
{
    qsort(times, n, sizeof *times, by_size);
    return times[(size_t)(q * (double)(n - 1))];
}

static void fill(struct history *history, size_t d, size_t n)
{
    struct rng rng = rng_at(7, 0);
    double point[MAX_D];
    for (size_t i = 0; i < n; i++) {
        double value = 0, width = i % 4 ? 0.1 : 10;
        for (size_t k = 0; k < d; k++) {
            double u;
            do
                u = 0.37 + width * rng_normal(&rng);
            while (u < 0 || u > 1);
            point[k] = u;
            value += (u - 0.37) * (u - 0.37);
        }
        size_t number = history_append(history, TRIAL_RUNNING, point);
        history_move(history, number, TRIAL_COMPLETE, value);
    }
}

static void make_space(struct space *space, size_t d)
{
    struct error err = {0};
    space_init(space);
    for (size_t k = 0; k < d; k++) {
        char text[16];
        snprintf(text, sizeof text, "x%zu", k);
        struct param param = {.name = text, .kind = PARAM_FLOAT, .high = 1};
        if (space_add(space, &param, &err))
            fprintf(stderr, "%s\n", err.message);
    }
}

struct cost {
    double fit_ms, ask_ms, ask_p99_ms, model_bytes;
};

static struct model *fit(const struct sampler *sampler,
                         const struct sampler_task *task, struct cost *cost)
{
    size_t n = task->history->n_ended;
    if (!sampler->fit_length)
        return NULL;
    double times[FITS], total = 0, before = heap_bytes();
    struct model *model = NULL;
    size_t i = 0;
    while (i < FITS && total < FITS_MS) {
        if (model)
            sampler->model_free(model);
        double start = now_ms();
        model = sampler->fit(task, sampler->fit_length(task, n), NULL);
        times[i] = now_ms() - start;
        total += times[i++];
    }
    cost->fit_ms = quantile(times, i, 0.5);
    cost->model_bytes = heap_bytes() - before;
    return model;
}

static void suggest(const struct sampler *sampler,
                    const struct sampler_task *task, const struct model *model,
                    struct cost *cost)
{
    double times[SUGGESTIONS], point[MAX_D];
    struct error err = {0};
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < SUGGESTIONS; i++) {
        double start = now_ms();
        sampler_ask(sampler, task, model, task->history->n + i, &arena,
                    &(struct suggestion){.point = point}, &err);
        times[i] = now_ms() - start;
        arena_reset(&arena);
    }
    arena_done(&arena);
    cost->ask_ms = quantile(times, SUGGESTIONS, 0.5);
    cost->ask_p99_ms = quantile(times, SUGGESTIONS, 0.99);
}

static void measure(const struct sampler *sampler, size_t d, size_t n)
{
    struct space space;
    make_space(&space, d);
    double options[OPTION_MAX];
    option_defaults(sampler->options, sampler->n_options, options);
    struct error err = {0};
    if (sampler->check && sampler->check(&space, options, &err)) {
        space_done(&space); // a sampler for other spaces
        return;
    }
    struct history history;
    double before = heap_bytes();
    history_init(&history, &space);
    fill(&history, d, n);
    double bytes = (heap_bytes() - before) / (double)n;
    struct sampler_task task = {
        .space = &space, .history = &history, .options = options, .seed = 1};
    struct cost cost = {0};
    struct model *model = fit(sampler, &task, &cost);
    suggest(sampler, &task, model, &cost);
    printf("%-8s %4zu %8zu %11.4f %10.4f %10.4f %10.0f %10.0f\n", sampler->name,
           d, n, cost.fit_ms, cost.ask_ms, cost.ask_p99_ms, bytes,
           cost.model_bytes / (double)n);
    fflush(stdout);
    if (model)
        sampler->model_free(model);
    history_done(&history);
    space_done(&space);
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "all";
    size_t only_d = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    size_t only_n = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
    openblas_set_num_threads(1);
    printf("sampler     d        n      fit/ms     ask/ms     p99/ms   "
           "B/trial    B model\n");
    for (size_t i = 0; i < n_samplers; i++) {
        if (strcmp(only, "all") != 0 && strcmp(only, samplers[i]->name) != 0)
            continue;
        for (size_t d = 5; d <= 20; d += 15)
            for (size_t n = 100; n <= 100000; n *= 10)
                if ((!only_d || only_d == d) && (!only_n || only_n == n))
                    measure(samplers[i], d, n);
    }
    return 0;
}
