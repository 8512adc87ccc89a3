// SPDX-License-Identifier: GPL-3.0-or-later
// route_study.h - what the routes that find or create a study share

#ifndef CUMAE_ROUTE_STUDY_H
#define CUMAE_ROUTE_STUDY_H

#include "route.h"
#include "study.h"
#include "trial.h"

// Fills what study_find_or_create needs for the study of that name. `key` is
// the public id that a new one gets.
void route_study_wanted(const struct principal *principal,
                        struct definition *definition, struct arena *arena,
                        char key[24], struct study_wanted *wanted);

// May this caller create studies? ERROR_FORBIDDEN for a token that is bound
// to one.
int route_may_create(const struct principal *principal, struct error *err);

// Counts what an ask handed out and how long the sampler took.
void route_count_ask(struct service *service, const struct ask *ask);

// A copy of the call that lives as long as the request.
struct call *route_keep(const struct call *call);

#endif
