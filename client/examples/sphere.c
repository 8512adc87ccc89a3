// SPDX-License-Identifier: MIT
// sphere.c - a worker that minimises a function with the C client
//
// Start as many as you like: they share the study.
//
//     export CUMAE_URL=http://127.0.0.1:8080 CUMAE_TOKEN=cum_...
//     make examples && build/release/examples/sphere

#include <math.h>
#include <stdio.h>

#include "../c/cumae.h"

enum { STEPS = 10 };

static const char definition[] =
    "{\"name\": \"sphere\","
    " \"objectives\": [{\"name\": \"loss\", \"direction\": \"minimize\"}],"
    " \"space\": {"
    "   \"x\": {\"type\": \"float\", \"low\": -5, \"high\": 5},"
    "   \"n\": {\"type\": \"int\", \"low\": 0, \"high\": 4},"
    "   \"shift\": {\"type\": \"bool\"},"
    "   \"shape\": {\"type\": \"categorical\","
    "               \"choices\": [\"bowl\", \"cone\"]}},"
    " \"pruner\": {\"name\": \"median\"},"
    " \"budget\": {\"max_trials\": 60}}";

// The loss after `step` steps of a training that ends at STEPS; its minimum is
// 0, at x = 0 or, shifted, at x = 1, with n = 2.
static double loss(const struct cumae_trial *trial, int step,
                   struct cumae_error *err)
{
    double x = cumae_trial_double(trial, "x", err);
    double n = (double)cumae_trial_int(trial, "n", err) - 2;
    const char *shape = cumae_trial_text(trial, "shape", err);
    if (cumae_trial_bool(trial, "shift", err))
        x -= 1;
    double far = shape && shape[0] == 'c' ? fabs(x) : x * x;
    return far + n * n + 4.0 * (STEPS - step) / STEPS;
}

// Runs one trial to its end; 0, or -1 when the service is lost.
static int run(struct cumae_trial *trial, struct cumae_error *err)
{
    for (int step = 1; step < STEPS; step++) {
        int stop = cumae_report(trial, step, loss(trial, step, err), err);
        if (stop < 0)
            return -1;
        if (stop)
            return cumae_prune(trial, err);
    }
    return cumae_tell(trial, loss(trial, STEPS, err), err);
}

int main(void)
{
    struct cumae_error err = {0};
    struct cumae *service = cumae_open(NULL, NULL, &err);
    struct cumae_study *study =
        service ? cumae_study(service, definition, &err) : NULL;
    struct cumae_trial *trial;
    int failed = 0;
    while (study && !failed && (trial = cumae_ask(study, &err))) {
        printf("trial %lld: %s\n", (long long)cumae_trial_number(trial),
               cumae_trial_params(trial));
        failed = run(trial, &err);
        cumae_trial_free(trial);
    }
    cumae_study_free(study);
    cumae_close(service);
    fprintf(stderr, "%s\n", err.message);
    return err.code == CUMAE_ENDED ? 0 : 1;
}
