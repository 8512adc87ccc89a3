// SPDX-License-Identifier: MIT
// preempted.c - a worker with a time limit that hands its trial back in time
//
// A batch system sends SIGTERM some time before it ends a job. This worker then
// hands its trial back with the place of its checkpoint, and the next worker
// gets the same point at once. It also asks for no trial that is expected to
// last longer than the seconds that are left to it, its argument.
//
//     make examples && build/release/examples/preempted 3600

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../c/cumae.h"

enum { STEPS = 20, STEP_US = 50000 };

static const char definition[] =
    "{\"name\": \"preempted\","
    " \"objectives\": [{\"name\": \"loss\", \"direction\": \"minimize\"}],"
    " \"space\": {\"x\": {\"type\": \"float\", \"low\": -5, \"high\": 5}}}";

static volatile sig_atomic_t preempted;

static void on_signal(int signal)
{
    (void)signal;
    preempted = 1;
}

// Runs one trial to its end; 0, or -1 when the service is lost.
static int run(struct cumae_trial *trial, struct cumae_error *err)
{
    double x = cumae_trial_double(trial, "x", err);
    for (int step = 1; step < STEPS; step++) {
        if (preempted) {
            char meta[80];
            snprintf(meta, sizeof meta, "{\"checkpoint\": \"/scratch/%lld\"}",
                     (long long)cumae_trial_number(trial));
            return cumae_trial_release(trial, "SIGTERM", meta, err) < 0 ? -1
                                                                        : 0;
        }
        usleep(STEP_US);
        if (cumae_heartbeat(trial, err) < 0)
            return -1;
    }
    return cumae_tell(trial, x * x, err);
}

int main(int argc, char **argv)
{
    struct cumae_error err = {0};
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 3600;
    struct cumae *service = cumae_open(NULL, NULL, &err);
    struct cumae_study *study =
        service ? cumae_study(service, definition, &err) : NULL;
    struct cumae_trial *trial;
    int failed = 0;
    signal(SIGTERM, on_signal);
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (study && !failed && !preempted &&
           (trial = cumae_ask_within(study, seconds, &err))) {
        printf("trial %lld of %lld\n", (long long)cumae_trial_number(trial),
               (long long)cumae_trial_retry_of(trial));
        failed = run(trial, &err);
        cumae_trial_free(trial);
    }
    cumae_study_free(study);
    cumae_close(service);
    fprintf(stderr, "%s\n", err.message);
    return !failed && (preempted || err.code == CUMAE_ENDED) ? 0 : 1;
}
