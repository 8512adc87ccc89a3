// SPDX-License-Identifier: MIT
// cumae_trial.h - what the files of the library know of a trial
//
// Private to the library.

#ifndef CUMAE_CLIENT_TRIAL_H
#define CUMAE_CLIENT_TRIAL_H

#include <jansson.h>

#include "cumae.h"

struct cumae_trial {
    struct cumae *service;
    json_t *json;  // as the service handed it out
    char *params;  // its parameters as text
    char *context; // what came with an order, as text; NULL: nothing
    char *path;    // "studies/ID/trials/NUMBER/", and room for a verb
    double begun;  // when it was handed out, by cumae_now
};

// Tells the trial; takes over the body, JSON text, which may be NULL when
// memory ran out. Returns 0, or -1.
int cumae_trial_tell(struct cumae_trial *trial, char *body,
                     struct cumae_error *err);

#endif
