// SPDX-License-Identifier: GPL-3.0-or-later
// ask.c - milliseconds per suggestion of the samplers that have a model
//
// For several numbers of parameters and results: with a model fitted for this
// one suggestion, and with a model that is kept. The results crowd around one
// point with some spread, as those of a study under way do. Processor time,
// median of the suggestions.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rng.h"
#include "sampler.h"

void openblas_set_num_threads(int threads);

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *times, size_t n)
{
    qsort(times, n, sizeof *times, by_size);
    return times[n / 2];
}

static void fill(struct history *history, size_t d, size_t n)
{
    struct rng rng = rng_at(7, 0);
    double point[64];
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

static void measure(const char *name, size_t d, size_t n)
{
    const struct sampler *sampler = sampler_find(name);
    bool slow = strcmp(name, "gp") == 0 && n > 100;
    struct space space;
    space_init(&space);
    struct error err = {0};
    for (size_t k = 0; k < d; k++) {
        char text[16];
        snprintf(text, sizeof text, "x%zu", k);
        struct param param = {.name = text, .kind = PARAM_FLOAT, .high = 1};
        if (space_add(&space, &param, &err))
            fprintf(stderr, "%s\n", err.message);
    }
    struct history history;
    history_init(&history, &space);
    fill(&history, d, n);
    double options[OPTION_MAX], point[64];
    option_defaults(sampler->options, sampler->n_options, options);
    struct sampler_task task = {
        .space = &space, .history = &history, .options = options, .seed = 1};
    struct arena arena;
    arena_init(&arena);

    double times[200] = {0};
    size_t repeats = n < 10000 && !slow ? 200 : 5;
    for (size_t i = 0; i < repeats; i++) {
        double start = now_ms();
        sampler_suggest(sampler, &task, n + i, &arena,
                        &(struct suggestion){.point = point}, &err);
        times[i] = now_ms() - start;
        arena_reset(&arena);
    }
    double fresh = median(times, repeats);

    struct model *model =
        sampler->fit(&task, sampler->fit_length(&task, n), NULL);
    for (size_t i = 0; i < 200; i++) {
        double start = now_ms();
        sampler->suggest(&task, model, n + i, &arena,
                         &(struct suggestion){.point = point}, &err);
        times[i] = now_ms() - start;
        arena_reset(&arena);
    }
    double kept = median(times, 200);
    printf("%-8s %4zu %8zu %10.3f %10.3f\n", name, d, n, fresh, kept);
    sampler->model_free(model);
    arena_done(&arena);
    history_done(&history);
    space_done(&space);
}

int main(void)
{
    openblas_set_num_threads(1);
    printf("sampler     d        n   fresh/ms    kept/ms\n");
    for (size_t d = 5; d <= 20; d += 15)
        for (size_t n = 100; n <= 100000; n *= 10) {
            measure("tpe", d, n);
            measure("gp", d, n);
        }
    return 0;
}
