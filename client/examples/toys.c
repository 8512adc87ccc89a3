// SPDX-License-Identifier: MIT
// toys.c - a worker in C that throws toys of a counting experiment
//
// n events were seen where b were expected, and s more for a signal of strength
// 1: what strength is excluded? Start as many as you like.
//
//     export CUMAE_URL=http://127.0.0.1:8080 CUMAE_TOKEN=cum_...
//     make examples && build/release/examples/toys [STUDY]

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../c/cumae_order.h"

static const double SIGNAL = 3, BACKGROUND = 3, SEEN = 3;

static const char definition[] =
    "{\"name\": \"%s\", \"kind\": \"limit\","
    " \"limit\": {\"low\": 0, \"high\": 6, \"rel_tol\": 0.05,"
    "             \"curves\": [\"obs\", \"exp0\"],"
    "             \"batch_max\": 1000, \"max_toys\": 60000}}";

// ---- random numbers ---------------------------------------------------------

// SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number
// generators", OOPSLA 2014. Any state will do to begin with.
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

// Uniform in (0, 1).
static double uniform(uint64_t *state)
{
    return ((double)(next(state) >> 11) + 0.5) * 0x1p-53;
}

// A Poisson number of any mean, in time proportional to it: how many factors
// uniform in (0, 1) until their product is below exp(-mean) (Knuth, The Art of
// Computer Programming 2, 3.4.1). A sum of Poisson numbers is one again, so
// large means come in pieces, for which exp does not underflow.
static double poisson(uint64_t *state, double mean)
{
    double count = 0;
    for (; mean > 0; mean -= 30) {
        double least = exp(-fmin(mean, 30));
        for (double product = uniform(state); product > least; count++)
            product *= uniform(state);
    }
    return count;
}

// ---- the experiment ---------------------------------------------------------

// x ln(x / y) - (x - y), which is not negative, also where x is near y: there
// it is y ((1 + t) ln(1 + t) - t) with t = (x - y) / y.
static double deviance(double x, double y)
{
    if (x <= 0)
        return y;
    double t = (x - y) / y;
    if (fabs(t) < 1e-4) // the next term is below 1e-12 of the first
        return y * t * t * (0.5 - t / 6 + t * t / 12);
    return fmax(0, y * ((1 + t) * log1p(t) - t));
}

// q-tilde of n events at signal strength mu: eq. 16 of Cowan, Cranmer, Gross,
// Vitells, Eur. Phys. J. C 71 (2011) 1554, with a known background.
static double q_tilde(double n, double mu)
{
    double expected = mu * SIGNAL + BACKGROUND;
    if (n >= expected)
        return 0;
    return 2 * (deviance(n, expected) -
                (n < BACKGROUND ? deviance(n, BACKGROUND) : 0));
}

static int tell_data(struct cumae_trial *trial, double mu,
                     struct cumae_error *err)
{
    struct cumae_data data = {.q = q_tilde(SEEN, mu),
                              .q_asimov = q_tilde(BACKGROUND, mu),
                              .muhat = (SEEN - BACKGROUND) / SIGNAL};
    return cumae_tell_data(trial, &data, err);
}

static int throw_toys(struct cumae_trial *trial,
                      const struct cumae_order *order, struct cumae_error *err)
{
    bool signal = order->want == CUMAE_WANT_SIGNAL;
    double mean = BACKGROUND + (signal ? order->mu * SIGNAL : 0);
    uint64_t state = (uint64_t)order->seed << 1 | signal;
    size_t n = order->n_toys < CUMAE_MAX_TOLD ? order->n_toys : CUMAE_MAX_TOLD;
    double *q = malloc(n * sizeof *q);
    if (!q)
        return cumae_fail(trial, "out of memory", err);
    for (size_t i = 0; i < n; i++)
        q[i] = q_tilde(poisson(&state, mean), order->mu);
    struct cumae_toys toys = {.q = q, .n = n};
    int failed = cumae_tell_toys(trial, &toys, err);
    free(q);
    return failed;
}

static int run(struct cumae_trial *trial, struct cumae_error *err)
{
    struct cumae_order order;
    if (cumae_order(trial, &order, err) != 0)
        return -1;
    printf("order %lld: %zu toys at %g\n", (long long)cumae_trial_number(trial),
           order.n_toys, order.mu);
    return order.want == CUMAE_WANT_DATA ? tell_data(trial, order.mu, err)
                                         : throw_toys(trial, &order, err);
}

int main(int argc, char **argv)
{
    struct cumae_error err = {0};
    char text[512];
    snprintf(text, sizeof text, definition, argc > 1 ? argv[1] : "counting");
    struct cumae *service = cumae_open(NULL, NULL, &err);
    struct cumae_study *study =
        service ? cumae_study(service, text, &err) : NULL;
    struct cumae_trial *trial;
    int failed = 0;
    while (study && !failed && (trial = cumae_ask(study, &err))) {
        failed = run(trial, &err);
        cumae_trial_free(trial);
    }
    cumae_study_free(study);
    cumae_close(service);
    fprintf(stderr, "%s\n", err.message);
    return err.code == CUMAE_ENDED ? 0 : 1;
}
