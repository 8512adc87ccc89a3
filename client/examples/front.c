// SPDX-License-Identifier: MIT
// front.c - a worker in C for two objectives and a bound
//
// A beam of a given width and height should be light and bend little, and must
// not be higher than it may be. Start as many as you like.
//
//     export CUMAE_URL=http://127.0.0.1:8080 CUMAE_TOKEN=cum_...
//     make examples && build/release/examples/front

#include <math.h>
#include <stdio.h>

#include "../c/cumae.h"

static const char definition[] =
    "{\"name\": \"beam\","
    " \"objectives\": [{\"name\": \"mass\", \"direction\": \"minimize\"},"
    "                  {\"name\": \"stiffness\","
    "                   \"direction\": \"maximize\"}],"
    " \"outcome_constraints\": [{\"name\": \"ratio\", \"upper\": 4}],"
    " \"space\": {"
    "   \"width\": {\"type\": \"float\", \"low\": 0.5, \"high\": 4},"
    "   \"height\": {\"type\": \"float\", \"low\": 0.5, \"high\": 8}},"
    " \"sampler\": {\"name\": \"random\"},"
    " \"budget\": {\"max_trials\": 60}}";

static int run(struct cumae_trial *trial, struct cumae_error *err)
{
    double width = cumae_trial_double(trial, "width", err);
    double height = cumae_trial_double(trial, "height", err);
    double values[] = {width * height, width * pow(height, 3) / 12};
    double ratio = height / width;
    struct cumae_result result = {.values = values,
                                  .n_values = 2,
                                  .constraints = &ratio,
                                  .n_constraints = 1,
                                  .uncertainty = NAN};
    return cumae_tell_result(trial, &result, err);
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
        failed = run(trial, &err);
        cumae_trial_free(trial);
    }
    cumae_study_free(study);
    cumae_close(service);
    fprintf(stderr, "%s\n", err.message);
    return err.code == CUMAE_ENDED ? 0 : 1;
}
