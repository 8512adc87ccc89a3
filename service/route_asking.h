// SPDX-License-Identifier: GPL-3.0-or-later
// route_asking.h - an ask on its way, also to a study that may not exist yet
//
// Both faces let a worker describe a study and ask it in one call. What was
// sent is known to the directory by a digest, so all but the first of a
// thousand such asks go straight to the study's mailbox. The first finds or
// creates the study, in a transaction of no study, and then asks it.

#ifndef CUMAE_ROUTE_ASKING_H
#define CUMAE_ROUTE_ASKING_H

#include "auth.h"
#include "route.h"
#include "study.h"
#include "trial.h"

struct asking {
    struct command command;
    struct call *call;
    struct ask ask;
    json_t *body;                  // owned, freed after the answer
    char digest[AUTH_BASE64_SIZE]; // of the description of the study
    char key[AUTH_BASE64_SIZE];    // public id for a new study
    struct study_wanted wanted;
    struct sharing sharing; // of a new study
    uint64_t generation;    // of the permissions when the ask came

    // Fills `wanted` from the body: definition, identity and key. NULL when
    // the study was named and not described.
    int (*describe)(struct asking *asking, struct error *err);

    // Fills the reply after success; the study is still held.
    void (*answer)(struct asking *asking, const struct live *live);
};

// An ask of this call, in the request's arena.
struct asking *route_asking_new(struct call *call,
                                void (*answer)(struct asking *asking,
                                               const struct live *live));

// The same of zeros, for asks that go a way of their own: without a command.
void route_asking_init(struct asking *asking, struct call *call);

// Reads n, lease_s, max_seconds, worker and the Idempotency-Key into
// asking->ask; the body is asking->body from now on, also on failure. `known`
// as in fields_open.
int route_asking_read(struct asking *asking, const char *const *known,
                      struct error *err);

// Answers with the trials, or with why there are none.
void route_asking_answer(struct asking *asking, const struct live *live);

// Appends the members "trials", "reason" ... of such an answer. Without trials
// `live` may be NULL.
void route_asking_trials(struct text *text, const struct ask *ask,
                         const struct live *live);

// Counts what an ask handed out and how long the sampler took.
void route_asking_count(struct service *service, const struct ask *ask);

// Sends the ask to the study whose id is in asking->command.
enum route_outcome route_asking_submit(struct asking *asking);

// Finds the study by what was sent, creating it where it is new, and asks it.
// Takes care of asking->body from now on, also on failure.
enum route_outcome
route_asking_find(struct asking *asking, const char *description,
                  int (*describe)(struct asking *asking, struct error *err),
                  struct error *err);

// The digest of a text in the name of the caller: no two users share one.
void route_asking_digest(const struct call *call, const char *text,
                         char name[AUTH_BASE64_SIZE]);

#endif
